/* SPDX-License-Identifier: MIT */
/* replay - reads messages in any form; writes them to a Redis at the pace that their timestamps
 * have, and after the last one line for each key. Exit codes: 0; 2 usage, a file cannot be opened,
 * or the messages would go back to where they come from; 3 Redis cannot be reached, is lost, or
 * refused something; 4 bad input under --strict; 5 a gap was read. */
#include "clock.h"
#include "command.h"
#include "replay_send.h"
#include "run.h"

enum { DEFAULT_TTL_S = 3600 };

struct replay_options {
    struct common_options common;
    const char *to, *to_guild, *to_topic, *speed, *ttl;
    bool dry_run, same_target;
    uint64_t count;
};

static const char *const outputs[] = {"json", "text", NULL};
static const struct option_spec options_table[] = {
    OPTION(replay, 0, "to", STRING, "URL", to,
           "the Redis to write to: redis://host:port/db or unix:///path?db=N; must be given"),
    OPTION(replay, 0, "to-guild", STRING, "GUILD", to_guild,
           "write to this guild, instead of the one that each message has"),
    OPTION(replay, 0, "to-topic", STRING, "TOPIC", to_topic,
           "write to this topic, instead of the one that each message has"),
    OPTION(
        replay, 0, "speed", STRING, "SPEED", speed,
        "1x keeps the pace of the messages' timestamps (default), 2x and 0.5x change it, max does "
        "not wait"),
    OPTION(replay, 0, "dry-run", FLAG, NULL, dry_run, "write nothing; show what would be written"),
    OPTION(replay, 0, "ttl", STRING, "TIME", ttl,
           "how long msg: keys live, in whole seconds; 0 for ever (default 1h)"),
    OPTION(replay, 0, "same-target", FLAG, NULL, same_target,
           "write even to where the messages come from"),
    OPTION(replay, 'c', "count", NUMBER, "N", count, "stop after N messages"),
    {0},
};

static int read_ttl(struct replay *r, const char *text) {
    int64_t ms = DEFAULT_TTL_S * 1000;
    struct gd_error *e = &r->ctx->error;
    if (text && gd_duration_parse(text, &ms, e)) {
        return gd_error_prefix(e, "--ttl");
    }
    if (ms % 1000) {
        return gd_error_set(e, GD_FAIL_USAGE, "--ttl: '%s' is not a number of whole seconds", text);
    }
    r->ttl_s = (uint64_t)ms / 1000;
    return 0;
}

static int read_options(struct replay *r, const struct replay_options *o) {
    struct gd_error *e = &r->ctx->error;
    r->route = (struct replay_route){gd_slice_str(o->to_guild), gd_slice_str(o->to_topic)};
    r->same_target = o->same_target;
    if (!o->to) {
        gd_error_set(e, GD_FAIL_USAGE, "nothing is written anywhere without --to");
        return gd_error_hint(e, "say which Redis, as in --to %s, and try it with --dry-run",
                             GD_URL_DEFAULT);
    }
    if ((o->to_guild && !*o->to_guild) || (o->to_topic && !*o->to_topic)) {
        return gd_error_set(e, GD_FAIL_USAGE, "--to-guild and --to-topic must not be empty");
    }
    if (o->speed && pacing_parse(&r->pacing, o->speed, e)) {
        return gd_error_prefix(e, "--speed");
    }
    return read_ttl(r, o->ttl);
}

static int connect_target(struct replay *r, const struct replay_options *o) {
    struct context *ctx = r->ctx;
    if (connect_to(ctx, o->to, &r->redis)) {
        replay_advise(&ctx->error);
        if (!o->dry_run || ctx->error.failure != GD_FAIL_REDIS) {
            return -1;
        }
        gd_error_prefix(&ctx->error, "the target is not checked");
        report(ctx, &ctx->error);
        ctx->error = (struct gd_error){0};
    }
    if (!o->dry_run) {
        replay_start(r);
    }
    return 0;
}

static int replay_message(struct context *ctx, void *state, const struct gd_message *m,
                          bool is_text) {
    (void)ctx;
    (void)is_text;
    return m->form == GD_FORM_EVENT ? RUN_ON : replay_send(state, m);
}

static int replay_flush(struct context *ctx, void *state) {
    struct replay *r = state;
    return r->publisher ? gd_publisher_flush(r->publisher, &ctx->error) : 0;
}

static int replay_run(struct context *ctx, const void *options, int argc, char **argv) {
    const struct replay_options *o = options;
    __attribute__((cleanup(replay_free))) struct replay r = {.ctx = ctx, .pacing = {.speed = 1}};
    if (read_options(&r, o) || connect_target(&r, o)) {
        return -1;
    }
    const struct run run = {
        .each = replay_message, .idle = replay_flush, .state = &r, .count = o->count};
    return replay_conclude(&r, run_files(ctx, argc, argv, &run));
}

const struct command cmd_replay = {
    .name = "replay",
    .summary = "write messages to a Redis: paced, to another guild or topic, safely",
    .operands = "[FILE...]",
    .kind = COMMAND_SINK,
    .groups = OPTIONS_INPUT | OPTIONS_OUTPUT | OPTIONS_TIMEOUT,
    .options = options_table,
    .options_size = sizeof(struct replay_options),
    .outputs = outputs,
    .run = replay_run,
};
