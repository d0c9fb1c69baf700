/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <sys/stat.h>

#include "clock.h"
#include "signals.h"
#include "text.h"

/* How often a waiting source looks whether its reader is still there. */
enum { LOOK_MS = 500 };

struct progress {
    const struct run *run;
    uint64_t count;
    int64_t deadline_ms; /* monotonic; 0: none */
};

/* A gap that somebody upstream reported: its losses are known from here on. */
static void count_event(struct context *ctx, const struct gd_message *m) {
    int64_t lost;
    struct gd_arena *arena = &m->scratch->arena;
    struct gd_slice event = gd_json_string(gd_fields_get(m->fields, GD_F_EVENT), arena);
    if (gd_slice_equal(event, GD_SLICE("gap"))) {
        ctx->gaps++;
        if (gd_json_int64(gd_json_find(m->line, GD_SLICE("lost"), arena), &lost) && lost >= 0) {
            ctx->lost += (uint64_t)lost;
        } else {
            ctx->lost_unknown = true;
        }
    }
}

int run_bad(struct context *ctx, struct gd_error *e) {
    ctx->bad++;
    if (ctx->lines) {
        gd_error_prefix(e, "%s, line %llu", gd_lines_name(ctx->lines),
                        (unsigned long long)gd_lines_number(ctx->lines));
    }
    report(ctx, e);
    return ctx->common->strict ? RUN_BAD_INPUT : RUN_SKIPPED;
}

int write_message(struct context *ctx, const struct gd_message *m) {
    struct gd_buf *out = &ctx->out.buf;
    if (ctx->out.form == OUTPUT_TEXT) {
        text_write_message(out, m, ctx->out.color);
        return output_commit(&ctx->out, &ctx->error);
    }
    if (ctx->out.form == OUTPUT_RAW) {
        struct gd_error e;
        size_t start = out->n;
        if (gd_message_write_raw(m, NULL, out, &e)) {
            out->n = start;
            return run_bad(ctx, &e);
        }
    } else {
        gd_message_write(m, out);
    }
    gd_buf_add_char(out, '\n');
    return output_commit(&ctx->out, &ctx->error);
}

/* -1 failed, 1 time is up or nobody reads, 0 go on. */
static int wait_for_more(struct context *ctx, struct gd_source *source, const struct progress *p) {
    if (output_flush(&ctx->out, &ctx->error) ||
        (p->run->idle && p->run->idle(ctx, p->run->state))) {
        return -1;
    }
    int64_t timeout_ms = LOOK_MS;
    if (p->deadline_ms) {
        int64_t left_ms = p->deadline_ms - gd_monotonic_ms();
        if (left_ms <= 0) {
            return 1;
        }
        timeout_ms = left_ms < timeout_ms ? left_ms : timeout_ms;
    }
    if (gd_source_wait(source, timeout_ms, &ctx->error)) {
        return -1;
    }
    return output_is_closed(&ctx->out);
}

static int is_over(struct progress *p) {
    if (p->run->count && p->count >= p->run->count) {
        return RUN_END;
    }
    return p->deadline_ms && gd_monotonic_ms() >= p->deadline_ms;
}

static int hand_on(struct context *ctx, const struct gd_message *m, bool is_text,
                   const struct run *run) {
    return run->each ? run->each(ctx, run->state, m, is_text) : write_message(ctx, m);
}

static int take_message(struct context *ctx, const struct gd_message *m, bool is_text,
                        struct progress *p) {
    int step = hand_on(ctx, m, is_text, p->run);
    if (step == RUN_SKIPPED) {
        return RUN_ON;
    }
    p->count++;
    return step == RUN_ON && (p->run->count || p->deadline_ms) ? is_over(p) : step;
}

static int drive(struct context *ctx, struct gd_source *source, struct progress *p) {
    struct gd_message m;
    struct gd_error bad;
    while (!signals_stop()) {
        int stop = 0;
        enum gd_next next = gd_source_next(source, &m, &bad);
        switch (next) {
        case GD_NEXT_MESSAGE:
        case GD_NEXT_TEXT:
            stop = take_message(ctx, &m, next == GD_NEXT_TEXT, p);
            break;
        case GD_NEXT_EVENT:
            count_event(ctx, &m);
            stop = hand_on(ctx, &m, false, p->run);
            break;
        case GD_NEXT_BAD:
            ctx->bad++;
            report(ctx, &bad);
            if (ctx->common->strict) {
                return EXIT_BAD_INPUT;
            }
            break;
        case GD_NEXT_IDLE:
            stop = wait_for_more(ctx, source, p);
            break;
        case GD_NEXT_END:
            return EXIT_DONE;
        case GD_NEXT_FAILED:
            ctx->error = bad;
            return -1;
        }
        if (stop) {
            return stop < 0 ? -1 : stop == RUN_BAD_INPUT ? EXIT_BAD_INPUT : EXIT_DONE;
        }
    }
    return EXIT_DONE;
}

/* A signal is no failure of the source that it interrupts. */
static int settle(struct context *ctx, int status) {
    bool stopped = status < 0 && ctx->error.failure == GD_FAIL_INTERRUPTED && signals_stop();
    return stopped ? EXIT_DONE : status;
}

int run_source(struct context *ctx, struct gd_source *source, const struct run *run) {
    struct progress p = {.run = run};
    if (run->duration_ms) {
        p.deadline_ms = gd_monotonic_ms() + run->duration_ms;
    }
    return settle(ctx, drive(ctx, source, &p));
}

/* Whether a file is the one that the output goes to: reading it would never end, or find nothing.
 */
static bool is_output(const struct context *ctx, const struct gd_input *in) {
    struct stat from, to;
    return ctx->out.path && fstat(gd_input_fd(in), &from) == 0 && S_ISREG(from.st_mode) &&
           fstat(ctx->out.fd, &to) == 0 && from.st_dev == to.st_dev && from.st_ino == to.st_ino;
}

static int open_input(const struct context *ctx, const char *path, struct gd_input **in,
                      struct gd_error *e) {
    if (gd_input_open(in, path, e)) {
        return -1;
    }
    if (is_output(ctx, *in)) {
        gd_error_set(e, GD_FAIL_USAGE, "%s is the output too", path);
        return gd_error_hint(e, "write to another file");
    }
    return 0;
}

int run_files(struct context *ctx, int argc, char **argv, const struct run *run) {
    static char *const standard_input[] = {(char *)"-"};
    struct progress p = {.run = run};
    int status = EXIT_DONE;
    if (argc == 0) {
        argc = 1;
        argv = (char **)standard_input;
    }
    for (int i = 0; i < argc && !(run->count && p.count >= run->count); i++) {
        GD_AUTO(input) in = NULL;
        struct gd_error e;
        if (open_input(ctx, argv[i], &in, &e)) {
            report(ctx, &e);
            status = EXIT_USAGE;
            continue;
        }
        struct gd_lines_options options = {.max_bytes = ctx->common->max_bytes,
                                           .text = run->text,
                                           .structure_only = run->structure_only};
        GD_AUTO(source) lines = gd_lines_open(&in, &options);
        ctx->lines = lines;
        int result = drive(ctx, lines, &p);
        ctx->lines = NULL;
        if (result < 0 && ctx->error.failure == GD_FAIL_INPUT && !ctx->common->strict) {
            report(ctx, &ctx->error);
            ctx->bad++;
            status = status ? status : EXIT_LOSS;
        } else if (result) {
            return result;
        }
    }
    return status;
}
