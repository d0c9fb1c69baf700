/* SPDX-License-Identifier: MIT */
/* publisher.h - writing messages to Redis as RusticAI's backend does: SET msg:<guild>:<id> with a
 * time to live, ZADD <key>, PUBLISH <key>, in that order; pipelined, with a bounded number of bytes
 * on the way. */
#ifndef GD_PUBLISHER_H
#define GD_PUBLISHER_H

#include "error.h"
#include "redis.h"

/* One message to be written. Slices are borrowed during the call only. */
struct gd_publication {
    struct gd_slice key;     /* zset and channel: "<guild>:<topic>" */
    struct gd_slice guild;   /* for the msg: key; p NULL: no SET */
    struct gd_slice id;      /* p NULL: no SET */
    struct gd_slice score;   /* decimal text of the zset's score; p NULL: no ZADD */
    struct gd_slice payload; /* exactly these bytes */
    uint64_t ttl_s;          /* of the msg: key; 0: it does not expire */
    void *tag;               /* the caller's own; comes back in a refusal */
};

/* What Redis refused. */
struct gd_refusal {
    uint64_t number;      /* of the message, in the order of adding, from 1 */
    const char *command;  /* "SET", "ZADD", "PUBLISH" */
    struct gd_slice id;   /* cut at 40 bytes; p NULL when it had none */
    struct gd_slice text; /* Redis' words */
    void *tag;            /* the publication's */
};

struct gd_publisher;

/* r is borrowed; no replies may be outstanding on it. refused (may be NULL) is called for every
 * command that Redis refuses, from within the calls below. */
struct gd_publisher *
gd_publisher_new(struct gd_redis *r, void (*refused)(void *state, const struct gd_refusal *refusal),
                 void *state);
void gd_publisher_free(struct gd_publisher *p);
GD_DEFINE_AUTO(publisher)

/* How long the calls below wait while nothing moves, before the connection counts as lost; 0, as
 * without this call: 30000. */
void gd_publisher_set_timeout(struct gd_publisher *p, int64_t timeout_ms);

/* The calls return 0, or -1 when the connection is lost, saying how many messages were confirmed;
 * it stays lost. All but finish also return -1 (GD_FAIL_INTERRUPTED) when r's wake_fd asks to stop;
 * the message to be added is then not, and finish may be called. */

/* Queues one message's commands, sends when a batch is together, and takes in replies that are
 * there; waits only while more than the window (1 MiB, or one message) is on its way. */
int gd_publisher_add(struct gd_publisher *p, const struct gd_publication *m, struct gd_error *e);

/* Sends what is queued without waiting for replies (those that are there it takes in): before the
 * caller waits for something else. */
int gd_publisher_flush(struct gd_publisher *p, struct gd_error *e);

/* Sends what is queued and lets duration_ms pass; takes in replies and notices a lost connection
 * meanwhile. */
int gd_publisher_pause(struct gd_publisher *p, int64_t duration_ms, struct gd_error *e);

/* Waits until everything is confirmed. Afterwards r is free for other commands, until the next add.
 * Pays no heed to wake_fd: whoever is asked to stop still wants to know what came of the last
 * messages. */
int gd_publisher_finish(struct gd_publisher *p, struct gd_error *e);

uint64_t gd_publisher_confirmed(
    const struct gd_publisher *p); /* messages whose every command was answered */
uint64_t
gd_publisher_refused(const struct gd_publisher *p); /* messages of which a command was refused */
uint64_t
gd_publisher_received(const struct gd_publisher *p); /* sum of what PUBLISH returned: deliveries */

#endif
