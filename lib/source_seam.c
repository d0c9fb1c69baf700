/* SPDX-License-Identifier: MIT */
/* source_seam.c - the cursor that goes from stored messages over to live ones. A message is stored
 * before it is published, and the subscription stands before the first stored one is read: whatever
 * the history came too early for is heard live, and what is heard twice is dropped. */
#include <stdlib.h>

#include "clock.h"
#include "seen.h"
#include "source_channel.h"
#include "source_zset.h"
#include "spool.h"

enum {
    DEFAULT_OVERLAP_MS = 60000,
    SPOOL_MEMORY_BYTES = 1024 * 1024,
    DRAIN_EVERY = 16, /* messages given */
    DRAIN_BYTES = 16 * 1024 * 1024,
};

struct seam {
    struct gd_source base;
    struct gd_source *channel;
    struct gd_source *history; /* NULL when it is over */
    struct gd_spool *spool;    /* NULL when it is empty for good */
    struct gd_seen *seen;      /* NULL when the overlap is over */
    int64_t overlap_ms;
    int64_t forget_after_ms; /* what is received later is no repeat */
    double remember_from;    /* scores */
    uint64_t dropped;
    unsigned since_drain; /* messages given */
    bool is_lost;         /* the channel, or the spool */
    struct gd_error loss;
};

/* What stands before the channel's name and the payload in a record. */
struct record {
    int64_t received_at_ms;
    size_t channel_n;
};

static int put(struct gd_spool *spool, const struct gd_delivery *d, struct gd_error *e) {
    struct record record = {d->received_at_ms, d->channel.n};
    struct gd_slice parts[] = {{(const char *)&record, sizeof record}, d->channel, d->payload};
    return gd_spool_put(spool, 3, parts, e);
}

static int take(struct gd_spool *spool, struct gd_delivery *d, struct gd_error *e) {
    struct gd_slice bytes;
    struct record record;
    int got = gd_spool_take(spool, &bytes, e);
    if (got > 0) {
        memcpy(&record, bytes.p, sizeof record);
        d->received_at_ms = record.received_at_ms;
        d->channel = gd_slice_of(bytes.p + sizeof record, record.channel_n);
        d->payload = gd_slice_of(d->channel.p + record.channel_n,
                                 bytes.n - sizeof record - record.channel_n);
    }
    return got;
}

/* Puts aside what was published, so that the server need not hold it: it drops those who are slow.
 * A connection that has nothing may have something the next moment, when the server finds room
 * again, so it is asked twice. What goes wrong is told when everything received before has been
 * given. */
static void drain(void *arg) {
    struct seam *s = arg;
    struct gd_delivery d;
    s->since_drain = 0;
    for (size_t bytes = 0, dry = 0; bytes < DRAIN_BYTES && dry < 2 && !s->is_lost;) {
        int got = gd_channel_take(s->channel, &d, &s->loss);
        if (got > 0) {
            s->is_lost = put(s->spool, &d, &s->loss);
            bytes += sizeof(struct record) + d.channel.n + d.payload.n;
        }
        s->is_lost |= got < 0;
        dry = got == 0 ? dry + 1 : 0;
    }
}

static void drain_now_and_then(struct seam *s) {
    if (++s->since_drain >= DRAIN_EVERY) {
        drain(s);
    }
}

static void forget_after(struct seam *s, int64_t now_ms) {
    if (s->seen && now_ms > s->forget_after_ms) {
        gd_seen_free(s->seen);
        s->seen = NULL;
    }
}

static bool is_repeat(struct seam *s, const struct gd_delivery *d) {
    forget_after(s, d->received_at_ms);
    bool repeat = s->seen && gd_seen_has(s->seen, d->channel, d->payload);
    s->dropped += repeat;
    return repeat;
}

static void end_history(struct seam *s) {
    gd_source_free(s->history);
    s->history = NULL;
    s->forget_after_ms = gd_now_ms() + s->overlap_ms;
    drain(s);
}

static enum gd_next next_stored(struct seam *s, struct gd_message *m, struct gd_error *e) {
    drain_now_and_then(s);
    enum gd_next next = gd_source_next(s->history, m, e);
    if (next == GD_NEXT_MESSAGE && gd_history_score(s->history) >= s->remember_from) {
        gd_seen_add(s->seen, m->origin.key, m->payload);
    }
    return next;
}

/* GD_NEXT_END: from now on, what is received is given at once. */
static enum gd_next next_spooled(struct seam *s, struct gd_message *m, struct gd_error *e) {
    struct gd_delivery d;
    for (;;) {
        drain_now_and_then(s);
        int got = take(s->spool, &d, e);
        if (got <= 0) {
            return got < 0 ? GD_NEXT_FAILED : GD_NEXT_END;
        }
        if (!is_repeat(s, &d) && gd_channel_read(s->channel, &d, m)) {
            return GD_NEXT_MESSAGE;
        }
    }
}

static enum gd_next next_live(struct seam *s, struct gd_message *m, struct gd_error *e) {
    struct gd_delivery d;
    int got;
    while ((got = gd_channel_take(s->channel, &d, e)) > 0) {
        if (!is_repeat(s, &d) && gd_channel_read(s->channel, &d, m)) {
            return GD_NEXT_MESSAGE;
        }
    }
    forget_after(s, gd_now_ms());
    return got < 0 ? GD_NEXT_FAILED : GD_NEXT_IDLE;
}

static enum gd_next next(struct gd_source *source, struct gd_message *m, struct gd_error *e) {
    struct seam *s = (struct seam *)source;
    if (s->history) {
        enum gd_next next = next_stored(s, m, e);
        if (next != GD_NEXT_END) {
            return next;
        }
        end_history(s);
    }
    if (s->spool) {
        enum gd_next next = next_spooled(s, m, e);
        if (next != GD_NEXT_END) {
            return next;
        }
        gd_spool_free(s->spool);
        s->spool = NULL;
    }
    if (s->is_lost) {
        *e = s->loss;
        return GD_NEXT_FAILED;
    }
    return next_live(s, m, e);
}

static int wait(struct gd_source *source, int64_t timeout_ms, struct gd_error *e) {
    const struct seam *s = (const struct seam *)source;
    return s->history || s->spool ? 0 : gd_source_wait(s->channel, timeout_ms, e);
}

static void free_seam(struct gd_source *source) {
    struct seam *s = (struct seam *)source;
    gd_source_free(s->channel);
    gd_source_free(s->history);
    gd_spool_free(s->spool);
    gd_seen_free(s->seen);
    free(s);
}

uint64_t gd_seam_dropped(const struct gd_source *source) {
    return ((const struct seam *)source)->dropped;
}

int gd_seam_open(struct gd_source **out, struct gd_redis *channels, struct gd_redis *store,
                 const struct gd_seam_options *options, struct gd_error *e) {
    static const struct gd_source_ops ops = {next, wait, free_seam};
    struct seam *s = gd_calloc(1, sizeof *s);
    GD_AUTO(source) source = &s->base;
    struct gd_range range = {options->since_ms, INT64_MAX};
    s->base.ops = &ops;
    s->overlap_ms = options->overlap_ms ? options->overlap_ms : DEFAULT_OVERLAP_MS;
    s->spool = gd_spool_new(SPOOL_MEMORY_BYTES);
    s->seen = gd_seen_new();
    if (gd_channel_open(&s->channel, channels, &options->selection, e)) {
        return -1;
    }
    s->remember_from = (double)(gd_now_ms() - s->overlap_ms);
    if (gd_history_open_with(&s->history, store, &options->selection, range,
                             (struct gd_meanwhile){drain, s}, e)) {
        return -1;
    }
    *out = source;
    source = NULL;
    return 0;
}
