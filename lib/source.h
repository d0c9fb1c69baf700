/* SPDX-License-Identifier: MIT */
/* source.h - one cursor over messages, wherever they are: lines of a file or pipe, channels, stored
 * topics. Whether a source is live or recorded is no concern of whoever reads it.
 *
 *     for (;;) switch (gd_source_next(source, &message, &error)) {
 *     case GD_NEXT_MESSAGE: ...; case GD_NEXT_IDLE: flush; gd_source_wait(source, -1, &error); ...
 */
#ifndef GD_SOURCE_H
#define GD_SOURCE_H

#include "error.h"
#include "input.h"
#include "message.h"
#include "redis.h"

enum gd_next {
    GD_NEXT_MESSAGE, /* *m is a message, valid until the next call */
    GD_NEXT_EVENT,   /* *m is what a gdbg upstream had to say (form GD_FORM_EVENT) */
    GD_NEXT_TEXT,    /* m->line is a line that is no object; only where the options ask for it */
    GD_NEXT_BAD,     /* bad input, described in *e; it has been passed over, go on */
    GD_NEXT_IDLE,    /* nothing now: flush what is written, then gd_source_wait() */
    GD_NEXT_END,
    GD_NEXT_FAILED, /* *e says why; the source is over */
};

struct gd_source;
enum gd_next gd_source_next(struct gd_source *s, struct gd_message *m, struct gd_error *e);

/* Blocks until there may be something to read, a signal arrives, or timeout_ms (-1: no limit) is
 * over. Returns 0, or -1 when waiting itself failed or the connection's wake_fd interrupted it. */
int gd_source_wait(struct gd_source *s, int64_t timeout_ms, struct gd_error *e);
void gd_source_free(struct gd_source *s);
GD_DEFINE_AUTO(source)

/* For implementations: put this first in the struct. */
struct gd_source_ops {
    enum gd_next (*next)(struct gd_source *s, struct gd_message *m, struct gd_error *e);
    int (*wait)(struct gd_source *s, int64_t timeout_ms, struct gd_error *e);
    void (*free)(struct gd_source *s);
};
struct gd_source {
    const struct gd_source_ops *ops;
};

/* Lines of a file or pipe, in any form of the stream (lines.c). */
struct gd_lines_options {
    size_t max_bytes;    /* a longer line is bad input, and is not held; 0: 64 MiB */
    bool text;           /* lines that do not start with '{' are given as GD_NEXT_TEXT */
    bool structure_only; /* leave UTF-8 unchecked */
};
/* Takes *in over and nulls it. Never fails. */
struct gd_source *gd_lines_open(struct gd_input **in, const struct gd_lines_options *options);
const char *gd_lines_name(const struct gd_source *s); /* of the file */
uint64_t gd_lines_number(const struct gd_source *s);  /* of the line last given, from 1 */

/* A stored topic: a zset "<guild>:<topic>" (store.c). */
struct gd_topic {
    struct gd_slice key, guild, topic;
    uint64_t messages;
};
struct gd_topics; /* opaque list */
/* Finds the stored topics that the selection may hold: with a literal guild and topic the one key
 * is looked at, otherwise the keys are SCANned. A zset is a topic when it has a ':' in its key and
 * its first member is a JSON object. guild and topic are split by the first member. Sorted by
 * guild, then topic (bytes). Returns 0, or -1. */
int gd_topics_find(struct gd_topics **out, struct gd_redis *r, const struct gd_selection *selection,
                   struct gd_error *e);
size_t gd_topics_count(const struct gd_topics *t);
const struct gd_topic *gd_topics_at(const struct gd_topics *t, size_t i);
void gd_topics_free(struct gd_topics *t);
GD_DEFINE_AUTO(topics)

/* Times that bound a history: since inclusive, until exclusive; INT64_MIN and INT64_MAX for none.
 */
struct gd_range {
    int64_t since_ms, until_ms;
};

/* Stored messages of all selected topics, merged by (score, then key, then bytes), via "zset"
 * (source_zset.c). r is borrowed and must not be used otherwise until the source is freed. Memory:
 * at most a few hundred KiB a topic, or one message where that is more. */
int gd_history_open(struct gd_source **out, struct gd_redis *r,
                    const struct gd_selection *selection, struct gd_range range,
                    struct gd_error *e);

/* Published messages, via "pubsub" (source_channel.c). Returns when the subscription is confirmed.
 * A literal guild and topic subscribe to that channel, anything else to a pattern; what the pattern
 * lets through beyond the selection is left out, and channels that begin with "__" are heard only
 * when named. A lost connection is GD_NEXT_FAILED ("connection closed by server"). */
int gd_channel_open(struct gd_source **out, struct gd_redis *r,
                    const struct gd_selection *selection, struct gd_error *e);

/* History from since_ms first, then live, with nothing missed and nothing twice at the seam
 * (source_seam.c): subscribes, then reads the stored messages while published ones wait aside (in
 * memory, beyond 1 MiB in an unlinked temporary file), then gives those that the history has not
 * given, then goes on live. A message is the same when its key and payload bytes are; what the
 * history gave with a score no older than overlap_ms before the start is remembered, for overlap_ms
 * after the history's end. */
struct gd_seam_options {
    struct gd_selection selection;
    int64_t since_ms;
    int64_t overlap_ms; /* 0: 60000 */
};
int gd_seam_open(struct gd_source **out, struct gd_redis *channels, struct gd_redis *store,
                 const struct gd_seam_options *options, struct gd_error *e);
uint64_t gd_seam_dropped(const struct gd_source *s); /* repeats left out so far */

#endif
