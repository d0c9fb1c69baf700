/* SPDX-License-Identifier: MIT */
/* history - reads what is stored in topics; writes the messages of a range of time, merged by time.
 * Ends with the range. Exit codes: 0, also when there is nothing; 3 Redis cannot be reached. */
#include "command.h"
#include "run.h"

struct history_options {
    struct common_options common;
    struct time_option since, until;
    uint64_t count;
};

static const char *const outputs[] = {"json", "text", "raw", NULL};
static const struct option_spec options_table[] = {
    OPTION(history, 0, "since", TIME, "TIME", since, "from TIME on, inclusive (1h, a date, an ID)"),
    OPTION(history, 0, "until", TIME, "TIME", until, "up to TIME, exclusive"),
    OPTION(history, 'c', "count", NUMBER, "N", count, "stop after N messages"),
    {0},
};

static int history_run(struct context *ctx, const void *options, int argc, char **argv) {
    const struct history_options *o = options;
    GD_AUTO(redis) redis = NULL;
    GD_AUTO(source) source = NULL;
    const struct gd_selection selection = selection_of(ctx->common);
    const struct gd_range range = {
        .since_ms = o->since.given ? o->since.ms : INT64_MIN,
        .until_ms = o->until.given ? o->until.ms : INT64_MAX,
    };
    const struct run run = {.count = o->count};
    if (no_operands(ctx, argc, argv) || connect_redis(ctx, &redis) ||
        gd_history_open(&source, redis, &selection, range, &ctx->error)) {
        return -1;
    }
    return run_source(ctx, source, &run);
}

const struct command cmd_history = {
    .name = "history",
    .summary = "show the stored messages of a range of time, merged by time",
    .operands = "",
    .kind = COMMAND_SOURCE,
    .groups = OPTIONS_SELECT | OPTIONS_REDIS | OPTIONS_OUTPUT,
    .options = options_table,
    .options_size = sizeof(struct history_options),
    .outputs = outputs,
    .run = history_run,
};
