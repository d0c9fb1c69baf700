/* SPDX-License-Identifier: MIT */
/* stats - reads messages in any form; writes counts, rates, errors and percentiles, one line a
 * group, at the end of its input. Exit codes: 0; 2 a file cannot be opened; 4 bad input under
 * --strict; 5 a gap was read. */
#include "stats.h"

#include <stdio.h>

#include "command.h"
#include "json_write.h"
#include "run.h"
#include "text.h"

struct stats_options {
    struct common_options common;
    struct string_list by;
};

static const char *const outputs[] = {"json", "text", NULL};
static const struct option_spec options_table[] = {
    OPTIONS_OF(stats, 0, "by", "NAME,...", by,
               "one line for each value, or combination of several, of: guild, topic, agent, "
               "status, format, priority",
               gd_stats_by_names),
    {0},
};

static int count_message(struct context *ctx, void *state, const struct gd_message *m,
                         bool is_text) {
    (void)ctx;
    (void)is_text;
    if (m->form != GD_FORM_EVENT) {
        gd_stats_add(state, m);
    }
    return RUN_ON;
}

static int parse_by(struct context *ctx, const struct string_list *by, enum gd_member *members) {
    if (by->count > GD_STATS_BY_MAX) {
        return gd_error_set(&ctx->error, GD_FAIL_USAGE, "--by takes at most %d names",
                            GD_STATS_BY_MAX);
    }
    for (size_t i = 0; i < by->count; i++) {
        gd_stats_by_parse(gd_slice_str(by->item[i]), &members[i]);
        for (size_t k = 0; k < i; k++) {
            if (members[k] == members[i]) {
                return gd_error_set(&ctx->error, GD_FAIL_USAGE, "--by names %s twice", by->item[i]);
            }
        }
    }
    return 0;
}

static void write_summary(const struct context *ctx, struct gd_buf *out) {
    struct gd_json_object o = gd_json_object_open(out);
    gd_json_object_string(&o, "event", GD_SLICE("summary"));
    gd_json_object_u64(&o, "gaps", ctx->gaps);
    if (ctx->lost_unknown) {
        gd_json_object_verbatim(&o, "lost", GD_SLICE("null"));
    } else {
        gd_json_object_u64(&o, "lost", ctx->lost);
    }
    gd_json_object_u64(&o, "bad", ctx->bad);
    gd_json_object_verbatim(&o, "source", GD_SLICE("{\"via\":\"gdbg\"}"));
    gd_json_object_close(&o);
    gd_buf_add_char(out, '\n');
}

static int write_json(struct context *ctx, struct gd_stats *stats, const struct string_list *by) {
    size_t count;
    const struct gd_group *const *groups = gd_stats_groups(stats, &count);
    for (size_t i = 0; i < count; i++) {
        gd_group_write_json(groups[i], by->item, by->count, &ctx->out.buf);
        gd_buf_add_char(&ctx->out.buf, '\n');
        if (output_commit(&ctx->out, &ctx->error)) {
            return -1;
        }
    }
    if (ctx->gaps || ctx->bad) {
        write_summary(ctx, &ctx->out.buf);
    }
    return 0;
}

static void add_number(struct text_table *t, double value, bool there) {
    GD_AUTO_BUF cell = {0};
    if (there) {
        gd_json_write_significant(&cell, value, 4);
    }
    text_table_add(t, there ? gd_buf_slice(&cell) : GD_SLICE("-"), true);
}

static void add_count(struct text_table *t, uint64_t n) {
    GD_AUTO_BUF cell = {0};
    gd_buf_add_u64(&cell, n);
    text_table_add(t, gd_buf_slice(&cell), true);
}

static void add_time(struct text_table *t, int64_t time_ms, bool there) {
    char text[GD_TIME_TEXT];
    struct gd_time_cache cache = {0};
    gd_time_format(text, time_ms, &cache);
    text_table_add(t, there ? gd_slice_of(text, sizeof text) : GD_SLICE("-"), false);
}

static void add_row(struct text_table *t, const struct gd_group *g, size_t by_count) {
    for (size_t i = 0; i < by_count; i++) {
        struct gd_value v = gd_group_value(g, i);
        text_table_add(t, v.type == GD_JSON_ABSENT ? GD_SLICE("-") : v.text, false);
    }
    bool timed = g->processing_ms.count > 0;
    add_count(t, g->messages);
    add_count(t, g->bytes);
    add_count(t, g->errors);
    add_number(t, gd_group_error_rate(g) * 100, true);
    add_number(t, gd_group_rate_per_s(g), gd_group_rate_per_s(g) > 0);
    add_number(t, timed ? gd_sketch_quantile(&g->processing_ms, 0.50) : 0, timed);
    add_number(t, timed ? gd_sketch_quantile(&g->processing_ms, 0.99) : 0, timed);
    add_time(t, g->first_ms, g->has_time);
    add_time(t, g->last_ms, g->has_time);
}

static void add_head(struct text_table *t, const char *name) {
    char head[32];
    size_t n = 0;
    for (; name[n] && n < sizeof head; n++) {
        head[n] = (char)(name[n] & ~0x20);
    }
    text_table_add(t, gd_slice_of(head, n), false);
}

static void write_text(struct context *ctx, struct gd_stats *stats, const struct string_list *by) {
    static const char *const heads[] = {"MESSAGES", "BYTES",  "ERRORS", "ERROR %", "PER SECOND",
                                        "P50 MS",   "P99 MS", "FIRST",  "LAST"};
    enum { HEADS = sizeof heads / sizeof *heads, NUMBERS = HEADS - 2 };
    TEXT_AUTO_TABLE t = text_table_new(by->count + HEADS);
    size_t count;
    const struct gd_group *const *groups = gd_stats_groups(stats, &count);
    for (size_t i = 0; i < by->count; i++) {
        add_head(t, by->item[i]);
    }
    for (size_t i = 0; i < HEADS; i++) {
        text_table_add(t, gd_slice_str(heads[i]), i < NUMBERS);
    }
    for (size_t i = 0; i < count; i++) {
        add_row(t, groups[i], by->count);
    }
    text_table_write(t, &ctx->out.buf, ctx->out.color);
    if (ctx->gaps || ctx->bad) {
        gd_buf_printf(&ctx->out.buf, "\nbad lines: %llu, gaps: %llu\n",
                      (unsigned long long)ctx->bad, (unsigned long long)ctx->gaps);
    }
}

static int stats_run(struct context *ctx, const void *options, int argc, char **argv) {
    const struct stats_options *o = options;
    enum gd_member members[GD_STATS_BY_MAX];
    if (parse_by(ctx, &o->by, members)) {
        return -1;
    }
    GD_AUTO(stats) stats = gd_stats_new(members, o->by.count);
    const struct run run = {
        .each = count_message, .state = stats, .structure_only = !ctx->common->strict};
    int status = run_files(ctx, argc, argv, &run);
    if (status < 0 || (status == EXIT_USAGE && gd_stats_messages(stats) == 0)) {
        return status;
    }
    if (ctx->out.form == OUTPUT_TEXT) {
        write_text(ctx, stats, &o->by);
    } else if (write_json(ctx, stats, &o->by)) {
        return -1;
    }
    return status;
}

const struct command cmd_stats = {
    .name = "stats",
    .summary = "count messages, bytes and errors; rates and percentiles, by what you like",
    .operands = "[FILE...]",
    .kind = COMMAND_SINK,
    .groups = OPTIONS_INPUT | OPTIONS_OUTPUT,
    .options = options_table,
    .options_size = sizeof(struct stats_options),
    .outputs = outputs,
    .run = stats_run,
};
