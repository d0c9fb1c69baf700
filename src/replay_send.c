/* SPDX-License-Identifier: MIT */
#include "replay_send.h"

#include "clock.h"
#include "replay_write.h"
#include "run.h"

enum { REFUSALS_TOLD = 10 };

void replay_free(struct replay *r) {
    gd_publisher_free(r->publisher);
    gd_redis_free(r->redis);
    replay_address_free(&r->address);
    replay_targets_free(&r->targets);
    gd_buf_free(&r->payload);
    gd_buf_free(&r->score);
}

void replay_advise(struct gd_error *e) {
    char *url = strstr(e->hint, "--url");
    if (url) {
        memcpy(url, "--to", 4);
        memmove(url + 4, url + 5, strlen(url + 5) + 1);
    }
}

static void on_refused(void *state, const struct gd_refusal *refusal) {
    struct replay *r = state;
    struct replay_target *target = refusal->tag;
    target->refused += target->last_refused != refusal->number;
    target->last_refused = refusal->number;
    if (r->refusals++ < REFUSALS_TOLD) {
        struct gd_error e;
        GD_AUTO_BUF id = {0};
        gd_redis_reply_error(&e, refusal->text, gd_slice_str(refusal->command), target->key);
        gd_error_prefix(&e, "refused message %llu, ID %s", (unsigned long long)refusal->number,
                        refusal->id.p ? gd_error_quote(&id, refusal->id, 60) : "none");
        replay_advise(&e);
        report(r->ctx, &e);
    }
}

void replay_start(struct replay *r) {
    r->publisher = gd_publisher_new(r->redis, on_refused, r);
    gd_publisher_set_timeout(r->publisher, r->ctx->common->timeout_ms);
}

/* Refuses what would go back to where it comes from. */
static int check(struct replay *r, struct replay_target *target, const struct gd_message *m,
                 struct gd_slice payload) {
    struct gd_error *e = &r->ctx->error;
    if (r->same_target || !r->redis || !gd_slice_equal(r->address.from, r->address.key)) {
        return 0;
    }
    int unknown = replay_target_check(target, m, payload, r->redis, r->publisher, e);
    if (unknown < 0) {
        replay_advise(e);
        return r->sent && e->failure == GD_FAIL_USAGE
                   ? gd_error_prefix(e, "after %llu messages were sent",
                                     (unsigned long long)r->sent)
                   : -1;
    }
    if (unknown) {
        GD_AUTO_BUF key = {0};
        note(r->ctx,
             "cannot know whether %s is where these messages come from (--to-guild is safer)",
             gd_error_quote(&key, target->key, 200));
    }
    return 0;
}

static struct gd_publication publication_of(struct replay *r, const struct gd_message *m,
                                            struct gd_slice payload, const int64_t *time_ms) {
    struct gd_value id = gd_message_get(m, GD_M_ID);
    bool has_id = (id.type == GD_JSON_STRING || id.type == GD_JSON_NUMBER) && id.text.n;
    struct gd_publication p = {
        .key = r->address.key,
        .guild = r->address.guild,
        .id = has_id && r->address.guild.p ? id.text : (struct gd_slice){0},
        .score = gd_message_score(m),
        .payload = payload,
        .ttl_s = r->ttl_s,
    };
    if (!p.score.p && time_ms) {
        gd_buf_clear(&r->score);
        gd_buf_add_i64(&r->score, *time_ms);
        p.score = gd_buf_slice(&r->score);
    }
    return p;
}

static int publish(struct replay *r, struct gd_publication *p, struct replay_target *target,
                   const int64_t *time_ms) {
    struct context *ctx = r->ctx;
    int64_t due_us = pacing_due_us(&r->pacing, time_ms);
    if (!r->publisher) {
        replay_write_publication(&ctx->out, p, due_us);
        return output_commit(&ctx->out, &ctx->error);
    }
    int64_t wait_ms = pacing_wait_ms(&r->pacing, gd_monotonic_us());
    p->tag = target;
    if ((wait_ms && gd_publisher_pause(r->publisher, wait_ms, &ctx->error)) ||
        gd_publisher_add(r->publisher, p, &ctx->error)) {
        return -1;
    }
    target->messages++;
    target->bytes += p->payload.n;
    r->sent++;
    return 0;
}

int replay_send(struct replay *r, const struct gd_message *m) {
    struct gd_error e;
    int64_t time_ms;
    gd_buf_clear(&r->payload);
    if (replay_address_find(&r->address, m, &r->route, &e) ||
        (!m->payload.p && gd_message_encode(m, NULL, &r->payload, &e))) {
        return run_bad(r->ctx, &e);
    }
    struct gd_slice payload = m->payload.p ? m->payload : gd_buf_slice(&r->payload);
    struct replay_target *target = replay_target_of(&r->targets, r->address.key);
    const int64_t *time = gd_message_time(m, &time_ms) ? &time_ms : NULL;
    struct gd_publication p = publication_of(r, m, payload, time);
    return check(r, target, m, payload) || publish(r, &p, target, time) ? -1 : RUN_ON;
}

int replay_conclude(struct replay *r, int status) {
    struct context *ctx = r->ctx;
    struct gd_error lost;
    if (!r->publisher) {
        return status;
    }
    if (gd_publisher_finish(r->publisher, &lost)) {
        ctx->error = lost;
        return -1;
    }
    if (r->refusals > REFUSALS_TOLD) {
        note(ctx, "%llu more commands were refused",
             (unsigned long long)(r->refusals - REFUSALS_TOLD));
    }
    if (ctx->common->verbose) {
        note(ctx, "%llu messages sent, %llu deliveries to subscribers", (unsigned long long)r->sent,
             (unsigned long long)gd_publisher_received(r->publisher));
    }
    if (status >= 0 || r->sent) {
        replay_write_targets(&ctx->out, &r->targets);
    }
    return status >= 0 && r->refusals ? EXIT_REDIS : status;
}
