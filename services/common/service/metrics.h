/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* metrics: counters, gauges and fixed-bucket histograms as Prometheus text (exposition format 0.0.4). Loop thread.
 * Names are ours ("mj_acks_total"), labels are codes (region, method, reason), never ids. */
#ifndef MJ_SERVICE_METRICS_H
#define MJ_SERVICE_METRICS_H

#include <stdint.h>

#include "common/base/buf.h"

struct mj_metrics;
struct mj_metric;
struct mj_metrics *mj_metrics_create(void);
void mj_metrics_destroy(struct mj_metrics *m);
enum mj_metric_kind { MJ_COUNTER, MJ_GAUGE, MJ_HISTOGRAM };
/* labels: "region=\"52\"" or "". The same name and labels give the same metric. Histograms are in seconds. */
struct mj_metric *mj_metric(struct mj_metrics *m, enum mj_metric_kind kind, const char *name, const char *labels,
                            const char *help);
void mj_metric_add(struct mj_metric *x, double v);
void mj_metric_set(struct mj_metric *x, double v);
void mj_metric_observe(struct mj_metric *x, double seconds);
void mj_metrics_write(const struct mj_metrics *m, struct mj_buf *out);

#endif
