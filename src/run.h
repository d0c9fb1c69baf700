/* SPDX-License-Identifier: MIT */
/* run.h - the one loop that all commands share: over a cursor, or over input files one after
 * another. */
#ifndef GDBG_RUN_H
#define GDBG_RUN_H

#include "command.h"

enum run_step {
    RUN_ON = 0,
    RUN_END = 1,       /* enough */
    RUN_BAD_INPUT = 2, /* bad input under --strict; it has been reported */
    RUN_SKIPPED = 3,   /* bad input, reported; does not count toward --count */
};

struct run {
    /* Called for every message, event (m->form GD_FORM_EVENT) and, where text is set, text line
     * (then only m->line is meaningful and is_text is true). Returns a run_step, or -1 with
     * ctx->error. */
    int (*each)(struct context *ctx, void *state, const struct gd_message *m, bool is_text);
    /* Called before waiting for more input, about every 500 ms while there is none; may be NULL.
     * Returns 0, or -1 with ctx->error. */
    int (*idle)(struct context *ctx, void *state);
    void *state;
    bool text;           /* lines that are no objects are given too, instead of being bad input */
    bool structure_only; /* nothing of the input is written out again */
    uint64_t count;      /* messages after which to end; 0: no limit */
    int64_t duration_ms; /* time after which to end; 0: no limit */
};

/* Drives one source to its end. Bad input is reported, counted and passed over; under --strict it
 * ends with EXIT_BAD_INPUT. Output is flushed whenever the source is idle. Returns an exit status
 * (EXIT_DONE when all is well or a signal asked to stop), or -1 with ctx->error. */
int run_source(struct context *ctx, struct gd_source *source, const struct run *run);

/* Drives the lines of every FILE operand in turn, "-" and no operand meaning standard input. A file
 * that cannot be opened is reported, the others are still read, and the status is EXIT_USAGE at the
 * end. */
int run_files(struct context *ctx, int argc, char **argv, const struct run *run);

/* For each(): bad input in the line at hand, described by *e without its place. Reports and counts
 * it; returns RUN_ON, or RUN_BAD_INPUT under --strict. */
int run_bad(struct context *ctx, struct gd_error *e);

/* For each(): writes a message or an event in the form that --output asks for. */
int write_message(struct context *ctx, const struct gd_message *m);

#endif
