/* SPDX-License-Identifier: MIT */
/* replay_target.h - where messages are replayed to, what was sent there, and whether that is the
 * very place where they come from. */
#ifndef GDBG_REPLAY_TARGET_H
#define GDBG_REPLAY_TARGET_H

#include "message.h"
#include "publisher.h"

/* --to-guild and --to-topic; p NULL where not given. */
struct replay_route {
    struct gd_slice guild, topic;
};

/* Where one message comes from and goes to. {0} is valid, and is used from message to message; the
 * slices hold until the message is gone. */
struct replay_address {
    struct gd_slice from;  /* the key that it was published to; p NULL when it does not say */
    struct gd_slice key;   /* the one that it goes to */
    struct gd_slice guild; /* of that; p NULL when it has none */
    struct gd_buf from_bytes, key_bytes;
};
void replay_address_free(struct replay_address *a);

/* Returns 0, or -1 with an input error when the message's target cannot be known. */
int replay_address_find(struct replay_address *a, const struct gd_message *m,
                        const struct replay_route *route, struct gd_error *e);

/* A key that is written to. */
struct replay_target {
    struct gd_slice key;
    uint64_t hash;
    uint64_t messages, bytes, refused;
    uint64_t last_refused; /* number of a message, which may be refused more than once */
    bool looked;           /* whether it already holds its first message was looked up */
};

struct replay_targets {
    struct replay_target **item; /* in the order in which they were met; they stay where they are */
    size_t count, cap;
    size_t *index; /* places in item, from 1; 0 is free */
    size_t index_cap;
};
void replay_targets_free(struct replay_targets *t);

/* The target of that key, made when it is new; the key is copied. */
struct replay_target *replay_target_of(struct replay_targets *t, struct gd_slice key);

/* For a message whose target is the key that it comes from: whether it is on the same server too,
 * or already holds it. The latter is looked up at the first message, once p (may be NULL) has
 * finished. Returns 0 when it is another place, 1 when that cannot be known, -1 with a usage error
 * when it is the same, or with another when Redis cannot be asked. */
int replay_target_check(struct replay_target *t, const struct gd_message *m,
                        struct gd_slice payload, struct gd_redis *r, struct gd_publisher *p,
                        struct gd_error *e);

#endif
