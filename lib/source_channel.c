/* SPDX-License-Identifier: MIT */
/* source_channel.c - the cursor over what is published. There is one subscription, so that nothing
 * is delivered twice. */
#include "source_channel.h"

#include <stdlib.h>

#include "sieve.h"

/* Deliveries of about one read share a look at the clock. */
enum { BATCH_BYTES = 16 * 1024 };

struct channel {
    struct gd_source base;
    struct gd_redis *r;
    struct gd_reply reply;
    struct gd_sieve sieve;
    struct gd_buf subscribed; /* the channel, or the pattern */
    struct gd_slice pattern;  /* p NULL when it is a channel */
    int64_t now_ms;
    size_t batch_bytes; /* that may still come before the clock is looked at again */
};

static void look_at_clock(struct channel *c, size_t bytes) {
    if (bytes > c->batch_bytes) {
        c->now_ms = gd_now_ms();
        c->batch_bytes = BATCH_BYTES;
    }
    c->batch_bytes -= bytes < c->batch_bytes ? bytes : c->batch_bytes;
}

/* ["message", channel, payload] or ["pmessage", pattern, channel, payload]; false for all else that
 * a subscriber is told. */
static bool is_delivery(const struct channel *c, struct gd_delivery *d) {
    const struct gd_reply *reply = &c->reply;
    struct gd_slice kind = c->pattern.p ? GD_SLICE("pmessage") : GD_SLICE("message");
    size_t count = c->pattern.p ? 5 : 4;
    if (reply->count != count || !gd_slice_equal(reply->item[1].text, kind)) {
        return false;
    }
    d->channel = reply->item[count - 2].text;
    d->payload = reply->item[count - 1].text;
    return true;
}

static int fail(const struct channel *c, struct gd_error *e) {
    struct gd_slice command = c->pattern.p ? GD_SLICE("PSUBSCRIBE") : GD_SLICE("SUBSCRIBE");
    gd_redis_reply_error(e, c->reply.item[0].text, command, gd_buf_slice(&c->subscribed));
    return gd_error_prefix(e, "%s", gd_redis_name(c->r));
}

int gd_channel_take(struct gd_source *source, struct gd_delivery *d, struct gd_error *e) {
    struct channel *c = (struct channel *)source;
    for (;;) {
        int got = gd_redis_next(c->r, &c->reply, e);
        if (got <= 0) {
            c->batch_bytes = 0;
            return got;
        }
        if (is_delivery(c, d)) {
            look_at_clock(c, c->reply.bytes.n);
            d->received_at_ms = c->now_ms;
            return 1;
        }
        if (c->reply.item[0].type == GD_REPLY_ERROR) {
            return fail(c, e);
        }
    }
}

/* The server's own channels, __keyspace@0__:... and their like, are many and none's messages. */
static bool is_uncalled(const struct channel *c, const struct gd_message *m) {
    if (!gd_slice_starts(m->origin.key, GD_SLICE("__"))) {
        return false;
    }
    struct gd_slice selector =
        gd_message_name(m).guild.p ? c->sieve.selection.guild : c->sieve.selection.topic;
    return !gd_slice_starts(selector, GD_SLICE("__")) || gd_glob_is(selector);
}

bool gd_channel_read(struct gd_source *source, const struct gd_delivery *d, struct gd_message *m) {
    struct channel *c = (struct channel *)source;
    struct gd_origin origin = {
        .via = "pubsub",
        .key = d->channel,
        .pattern = c->pattern,
        .server = gd_redis_run_id(c->r),
        .received_at_ms = d->received_at_ms,
    };
    return gd_sieve_take(&c->sieve, d->payload, &origin, m) && !is_uncalled(c, m);
}

static enum gd_next next(struct gd_source *source, struct gd_message *m, struct gd_error *e) {
    struct gd_delivery d;
    int got;
    while ((got = gd_channel_take(source, &d, e)) > 0) {
        if (gd_channel_read(source, &d, m)) {
            return GD_NEXT_MESSAGE;
        }
    }
    return got < 0 ? GD_NEXT_FAILED : GD_NEXT_IDLE;
}

static int wait(struct gd_source *source, int64_t timeout_ms, struct gd_error *e) {
    return gd_redis_wait(((struct channel *)source)->r, timeout_ms, e) < 0 ? -1 : 0;
}

static void free_channel(struct gd_source *source) {
    struct channel *c = (struct channel *)source;
    gd_sieve_free(&c->sieve);
    gd_reply_free(&c->reply);
    gd_buf_free(&c->subscribed);
    free(c);
}

int gd_channel_open(struct gd_source **out, struct gd_redis *r,
                    const struct gd_selection *selection, struct gd_error *e) {
    static const struct gd_source_ops ops = {next, wait, free_channel};
    struct channel *c = gd_calloc(1, sizeof *c);
    GD_AUTO(source) source = &c->base;
    c->base.ops = &ops;
    c->r = r;
    gd_sieve_init(&c->sieve, selection);
    if (!gd_selection_key(selection, &c->subscribed)) {
        c->pattern = gd_buf_slice(&c->subscribed);
    }
    struct gd_slice argv[] = {c->pattern.p ? GD_SLICE("PSUBSCRIBE") : GD_SLICE("SUBSCRIBE"),
                              gd_buf_slice(&c->subscribed)};
    if (gd_redis_call(r, &c->reply, 2, argv, e)) {
        return -1;
    }
    *out = source;
    source = NULL;
    return 0;
}
