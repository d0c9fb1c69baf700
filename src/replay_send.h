/* SPDX-License-Identifier: MIT */
/* replay_send.h - a replay under way: each message is addressed, checked against the place that it
 * comes from, waited for and sent, or only shown. */
#ifndef GDBG_REPLAY_SEND_H
#define GDBG_REPLAY_SEND_H

#include "command.h"
#include "pacing.h"
#include "replay_target.h"

/* {0} but for what is set by whoever starts it: all up to `redis`. */
struct replay {
    struct context *ctx;
    struct replay_route route;
    uint64_t ttl_s;
    bool same_target; /* leave out the check */
    struct pacing pacing;
    struct gd_redis *redis;         /* owned; NULL: a dry run that could not reach it */
    struct gd_publisher *publisher; /* owned; NULL: a dry run */
    struct replay_address address;
    struct replay_targets targets;
    struct gd_buf payload, score;
    uint64_t sent;     /* messages */
    uint64_t refusals; /* commands */
};
void replay_free(struct replay *r); /* its fields */

/* Makes the publisher: from now on messages are written, and not only shown. */
void replay_start(struct replay *r);

/* One message. Returns a run_step, or -1 with the context's error. */
int replay_send(struct replay *r, const struct gd_message *m);

/* Waits for what is on its way, says what became of all that was sent, and returns the exit status,
 * or -1 with the context's error. status is what the reading came to. */
int replay_conclude(struct replay *r, int status);

/* Where Redis' modules advise to use --url, replay's user has --to. */
void replay_advise(struct gd_error *e);

#endif
