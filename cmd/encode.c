/* SPDX-License-Identifier: MIT */
/* encode - reads messages in any form; writes the wire form that was published, or would be in
 * another dialect. Ends with its input. Exit codes: 0; 2 a file cannot be opened; 4 bad input under
 * --strict. */
#include "command.h"
#include "dialect.h"
#include "run.h"

struct encode_options {
    struct common_options common;
    const char *dialect;
    uint64_t count;
};

static const char *const dialects[] = {"rustic", "debug", "json", "text", "binary", NULL};
static const char *const outputs[] = {"wire", "raw", NULL};
static const struct option_spec options_table[] = {
    OPTION_OF(
        encode, 0, "dialect", "DIALECT", dialect,
        "write this dialect instead of the one each message came in: rustic, debug, json, text "
        "or binary",
        dialects),
    OPTION(encode, 'c', "count", NUMBER, "N", count, "stop after N"),
    {0},
};

static int encode_message(struct context *ctx, void *state, const struct gd_message *m,
                          bool is_text) {
    const struct gd_dialect *dialect = state;
    struct gd_buf *out = &ctx->out.buf;
    struct gd_error e;
    (void)is_text;
    if (m->form == GD_FORM_EVENT && ctx->out.form != OUTPUT_RAW) {
        note(ctx, "an event has no wire form and is left out: %.*s", GD_SLICE_FMT(m->line));
        return RUN_ON;
    }
    size_t start = out->n;
    int failed = ctx->out.form == OUTPUT_RAW ? gd_message_write_raw(m, dialect, out, &e)
                                             : gd_message_encode(m, dialect, out, &e);
    if (failed) {
        out->n = start;
        return run_bad(ctx, &e);
    }
    gd_buf_add_char(out, '\n');
    return output_commit(&ctx->out, &ctx->error);
}

static int encode_run(struct context *ctx, const void *options, int argc, char **argv) {
    const struct encode_options *o = options;
    const struct gd_dialect *dialect =
        o->dialect ? gd_dialect_find(gd_slice_str(o->dialect)) : NULL;
    const struct run run = {.each = encode_message, .state = (void *)dialect, .count = o->count};
    return run_files(ctx, argc, argv, &run);
}

const struct command cmd_encode = {
    .name = "encode",
    .summary = "turn messages back into the wire form of a dialect",
    .operands = "[FILE...]",
    .kind = COMMAND_FILTER,
    .groups = OPTIONS_INPUT | OPTIONS_OUTPUT,
    .options = options_table,
    .options_size = sizeof(struct encode_options),
    .outputs = outputs,
    .run = encode_run,
};
