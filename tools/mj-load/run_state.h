/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The inside of a run, shared by run.c, agency.c, probe.c and report.c. */
#ifndef MJ_LOAD_RUN_STATE_H
#define MJ_LOAD_RUN_STATE_H

#include "hist.h"
#include "history.h"
#include "options.h"
#include "places.h"

enum load_probe_kind { LOAD_RESEND, LOAD_CONFLICT, LOAD_GAP, LOAD_PROBE_KINDS };
#define RECENT 16                        /* events of an agency that may be sent again on purpose */

struct load_counts {
    uint64_t events, acknowledged, starts, accepted, warned, duplicates, unmatched, rejected, conflicts,
             early, unexpected, resends, conflict_probes, gaps, put_off, unknown, troubles;
};

struct load_line {                       /* the connection of one ETT, for all of its agencies */
    struct mj_client *client;
    uint64_t outstanding;                /* events not acknowledged yet */
};

struct load_pending { enum load_expect expect; enum mj_event_outcome got; bool resend, warned; uint64_t sent_ns; };
struct load_recent { uint64_t number; size_t len; enum load_expect expect; uint8_t bytes[LOAD_EVENT_ROOM]; };

struct load_probe;
struct load_agency {
    struct load_run *run;
    struct load_line *line;
    struct mj_stream *stream;
    struct load_agenda *agenda;
    unsigned number;                     /* in the world */
    char siret[MJ_SIRET_LEN + 1], region[MJ_REGION_TEXT];
    bool placed, told_all, failed;       /* placed: it is known which event comes next */
    uint64_t reopen_ms;                  /* 0: not waiting to be opened again */
    struct load_pending *pending;        /* a ring; number first + i at (head + i) % room */
    uint64_t first;
    unsigned head, count, room;
    struct load_recent recent[RECENT];
    struct load_draw chance;             /* of probes */
    struct load_probe *waiting;
    unsigned probes;                     /* waiting or outstanding */
    unsigned owed[LOAD_PROBE_KINDS];     /* drawn, and not made yet: nothing was acknowledged to send again */
};

struct load_run {
    struct load_options own;
    const struct load_options *o;        /* own, for reading */
    struct load_world *world;
    struct load_shares shares;
    struct mj_loop *loop;
    struct mj_timer *tick, *second;
    struct mj_defer *turn;
    struct load_history *history;
    struct load_places *places;
    struct load_line *lines;             /* by ETT; client NULL where no agency of it takes part */
    struct load_agency *agencies;
    unsigned count, turn_at;             /* turn_at: who is first in the next turn */
    double tokens;                       /* events that the rate allows now */
    uint64_t token_ms, began_ns, probe_id, shown;
    unsigned interrupts;
    bool over;
    mj_error err;                        /* what ended it, where something did */
    struct load_counts counts;
    struct load_hist latency;
};

/* agency.c */
int load_agency_open(struct load_agency *a, struct load_run *run, unsigned number, mj_error *err);
void load_agency_close(struct load_agency *a);
/* Sends what there is room for, up to n events; answers how many. */
unsigned load_agency_tell(struct load_agency *a, unsigned n);
bool load_agency_is_done(const struct load_agency *a);
void load_agency_again(struct load_agency *a);   /* opens its stream again where it waits for that */
/* probe.c */
void load_probe_draw(struct load_agency *a);     /* after an event: now and then a probe is owed */
void load_probe_send(struct load_agency *a);     /* those that wait, as far as credit goes */
bool load_probe_none(const struct load_agency *a);       /* none owed, waiting or outstanding */
void load_probe_drop(struct load_agency *a);     /* those that have not left */
/* run.c */
void load_run_soon(struct load_run *run);        /* a turn at the end of this turn of the loop */
void load_run_fail(struct load_run *run, const mj_error *err);
void load_run_unexpected(struct load_run *run, const char *stream, uint64_t number, const char *expected,
                         const char *got, const char *reason);
/* report.c */
void load_report_progress(struct load_run *run);
int load_report_end(struct load_run *run);       /* the exit status */

#endif
