/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* placements: takes agencies' numbered streams of events; every acknowledged event is on disk exactly once. */
#include "placements/service.h"

static const struct mj_service placements = {
    .name = "placements",
    .summary = "agencies stream what happens to temp missions and contracts",
    .listen = "127.0.0.1:5511",
    .http = "127.0.0.1:5611",
    .config = pl_config,
    .methods = pl_methods,
    .create = placements_create,
    .domain = &pl_domain,
    .model = &pl_model_domain,
    .follows = "registry",
    .started = placements_started,
    .not_ready = placements_not_ready,
    .metrics = placements_metrics,
    .stopping = placements_stopping,
    .destroy = placements_destroy,
};

int main(int argc, char **argv)
{
    return mj_daemon_main(&placements, argc, argv);
}
