/* SPDX-License-Identifier: MIT */
/* tail - reads what is published, live, and with --since what is stored first; writes messages.
 * Ends at
 * --count, --duration or a signal. Exit codes: 0; 3 Redis cannot be reached, or the connection is
 * lost. */
#include "command.h"
#include "run.h"

struct tail_options {
    struct common_options common;
    struct time_option since;
    uint64_t count;
    int64_t duration_ms;
};

static const char *const outputs[] = {"json", "text", "raw", NULL};
static const struct option_spec options_table[] = {
    OPTION(tail, 0, "since", TIME, "TIME", since,
           "first the stored messages from TIME on (5m, 2026-01-09T23:00:00Z, an ID), without a "
           "gap or a "
           "repeat where live ones begin"),
    OPTION(tail, 'c', "count", NUMBER, "N", count, "stop after N messages"),
    OPTION(tail, 0, "duration", DURATION, "TIME", duration_ms, "stop after TIME (10s, 5m)"),
    {0},
};

static int tail_live(struct context *ctx, const struct gd_selection *selection,
                     struct gd_redis *channels, const struct run *run) {
    GD_AUTO(source) source = NULL;
    if (gd_channel_open(&source, channels, selection, &ctx->error)) {
        return -1;
    }
    return run_source(ctx, source, run);
}

static int tail_since(struct context *ctx, const struct gd_selection *selection,
                      struct gd_redis *channels, const struct run *run, int64_t since_ms) {
    GD_AUTO(redis) store = NULL;
    GD_AUTO(source) source = NULL;
    const struct gd_seam_options seam = {.selection = *selection, .since_ms = since_ms};
    if (connect_redis(ctx, &store) || gd_seam_open(&source, channels, store, &seam, &ctx->error)) {
        return -1;
    }
    int status = run_source(ctx, source, run);
    if (ctx->common->verbose) {
        note(ctx, "%llu repeats left out at the seam", (unsigned long long)gd_seam_dropped(source));
    }
    return status;
}

static int tail_run(struct context *ctx, const void *options, int argc, char **argv) {
    const struct tail_options *o = options;
    GD_AUTO(redis) channels = NULL;
    const struct gd_selection selection = selection_of(ctx->common);
    const struct run run = {.count = o->count, .duration_ms = o->duration_ms};
    if (no_operands(ctx, argc, argv) || connect_redis(ctx, &channels)) {
        return -1;
    }
    return o->since.given ? tail_since(ctx, &selection, channels, &run, o->since.ms)
                          : tail_live(ctx, &selection, channels, &run);
}

const struct command cmd_tail = {
    .name = "tail",
    .summary = "show messages as they are published, and stored ones first with --since",
    .operands = "",
    .kind = COMMAND_SOURCE,
    .groups = OPTIONS_SELECT | OPTIONS_REDIS | OPTIONS_OUTPUT,
    .options = options_table,
    .options_size = sizeof(struct tail_options),
    .outputs = outputs,
    .run = tail_run,
};
