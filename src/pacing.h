/* SPDX-License-Identifier: MIT */
/* pacing.h - when each message of a replay is due: at the distance from the first one that their
 * own timestamps have, divided by the speed. */
#ifndef GDBG_PACING_H
#define GDBG_PACING_H

#include "error.h"

struct pacing {
    double speed; /* 2 is twice as fast as it was; 0: as fast as can be */
    bool started;
    int64_t first_ms; /* time of the first message that has one */
    int64_t due_us;   /* of the last message, from the first one's turn */
    int64_t start_us; /* that turn, on the caller's clock; 0: it has not come */
};

/* Reads "1x", "0.5x", "max" into a pacing that has not started. Returns 0, or -1 with a usage
 * error. */
int pacing_parse(struct pacing *p, const char *text, struct gd_error *e);

/* Microseconds after the first message's turn at which this one, the next, is due. One without a
 * time, or with one that goes back, is due as soon as the one before it was: time_ms may be NULL.
 */
int64_t pacing_due_us(struct pacing *p, const int64_t *time_ms);

/* Milliseconds, rounded up, to wait at now_us until the message last asked about is due. The first
 * call for a message with a time is that message's turn. */
int64_t pacing_wait_ms(struct pacing *p, int64_t now_us);

#endif
