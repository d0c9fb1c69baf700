/* SPDX-License-Identifier: MIT */
/* decode - reads raw records, foreign messages and IDs from files or standard input, or IDs as
 * operands; writes canonical messages and decoded IDs. Ends with its input. Exit codes: 0; 2 an
 * operand is no ID or cannot be opened; 4 bad input under --strict. */
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "gemstone.h"
#include "run.h"
#include "text.h"

struct decode_options {
    struct common_options common;
    const char *layout;
    uint64_t count;
};

static const char *const layouts[] = {"base64", "int", "hex", NULL};
static const char *const outputs[] = {"json", "text", "raw", NULL};
static const struct option_spec options_table[] = {
    OPTION_OF(decode, 0, "layout", "LAYOUT", layout,
              "take every ID for one of this layout: base64, int or hex", layouts),
    OPTION(decode, 'c', "count", NUMBER, "N", count, "stop after N"),
    {0},
};

struct decoding {
    const struct decode_options *options;
    int64_t now_ms; /* for ages and what is implausible; read once */
    bool head_written;
};

static int read_id(const struct decoding *d, struct gd_slice text, struct gd_id_readings *readings,
                   struct gd_error *e) {
    enum gd_layout layout;
    if (!d->options->layout) {
        return gd_id_read_any(text, readings, e);
    }
    gd_layout_parse(gd_slice_str(d->options->layout), &layout);
    readings->count = 1;
    return gd_id_read(text, layout, &readings->id[0], e);
}

static int write_id(struct context *ctx, struct decoding *d, struct gd_slice text,
                    const struct gd_id_readings *readings) {
    if (text.n && text.p[text.n - 1] == '=') {
        text.n--;
    }
    if (ctx->out.form == OUTPUT_TEXT) {
        if (!d->head_written) {
            text_write_id_head(&ctx->out.buf);
            d->head_written = true;
        }
        text_write_id(&ctx->out.buf, text, readings, d->now_ms);
    } else {
        gd_id_write_json(&ctx->out.buf, text, readings, d->now_ms);
        gd_buf_add_char(&ctx->out.buf, '\n');
    }
    return output_commit(&ctx->out, &ctx->error);
}

/* An ID on a line of its own may stand in quotes, as jq prints it. */
static struct gd_slice without_quotes(struct gd_slice s) {
    bool quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';
    return quoted ? gd_slice_of(s.p + 1, s.n - 2) : s;
}

static int decode_line(struct context *ctx, void *state, const struct gd_message *m, bool is_text) {
    struct decoding *d = state;
    struct gd_id_readings readings;
    struct gd_error e;
    if (is_text) {
        struct gd_slice text = without_quotes(m->line);
        if (read_id(d, text, &readings, &e) == 0) {
            return write_id(ctx, d, text, &readings);
        }
        return run_bad(ctx, &e);
    }
    return write_message(ctx, m);
}

static int decode_operands(struct context *ctx, struct decoding *d, int argc, char **argv) {
    int status = EXIT_DONE;
    uint64_t left = d->options->count ? d->options->count : UINT64_MAX;
    for (int i = 0; i < argc && left; i++) {
        struct gd_id_readings readings;
        struct gd_error e;
        struct gd_slice text = gd_slice_str(argv[i]);
        if (read_id(d, text, &readings, &e)) {
            report(ctx, &e);
            status = EXIT_USAGE;
        } else if (write_id(ctx, d, text, &readings)) {
            return -1;
        } else {
            left--;
        }
    }
    return status;
}

/* Operands are IDs or files: files when the first one is there or is "-". */
static bool are_files(int argc, char **argv) {
    struct gd_id_readings readings;
    for (int i = 0; i < argc; i++) {
        bool is_id = gd_id_read_any(gd_slice_str(argv[i]), &readings, NULL) == 0;
        if (strcmp(argv[i], "-") == 0 || (!is_id && access(argv[i], F_OK) == 0)) {
            return true;
        }
    }
    return argc == 0;
}

static int decode_run(struct context *ctx, const void *options, int argc, char **argv) {
    struct decoding d = {options, gd_now_ms(), false};
    const struct run run = {
        .each = decode_line, .state = &d, .text = true, .count = d.options->count};
    return are_files(argc, argv) ? run_files(ctx, argc, argv, &run)
                                 : decode_operands(ctx, &d, argc, argv);
}

const struct command cmd_decode = {
    .name = "decode",
    .summary = "turn raw records, foreign messages and IDs into readable ones",
    .operands = "[ID...|FILE...]",
    .kind = COMMAND_FILTER,
    .groups = OPTIONS_INPUT | OPTIONS_OUTPUT,
    .options = options_table,
    .options_size = sizeof(struct decode_options),
    .outputs = outputs,
    .run = decode_run,
};
