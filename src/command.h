/* SPDX-License-Identifier: MIT */
/* command.h - what a subcommand is, and what it is given. A new command is one file in cmd/ with
 * one struct command, and one line in cmd/commands.def. */
#ifndef GDBG_COMMAND_H
#define GDBG_COMMAND_H

#include "error.h"
#include "options.h"
#include "output.h"
#include "source.h"

enum exit_status {
    EXIT_DONE = 0,
    EXIT_NO = 1,        /* asked for and not there */
    EXIT_USAGE = 2,     /* a wrong option or operand */
    EXIT_REDIS = 3,     /* Redis unreachable, refused, or not a Redis */
    EXIT_BAD_INPUT = 4, /* under --strict */
    EXIT_LOSS = 5,      /* done, but with a loss that was reported */
    EXIT_OUTPUT = 6,    /* output could not be written */
};

/* What a command is to a pipeline; decides what a signal does to it (signals.h). */
enum command_kind {
    COMMAND_SOURCE, /* reads Redis or makes messages: a signal ends it cleanly */
    COMMAND_FILTER, /* messages in, messages out: passes gaps on */
    COMMAND_SINK,   /* messages in, results out: a gap that it read shows in its exit status */
    COMMAND_OTHER,
};

struct command;

/* Everything a running command has. Owned by main. */
struct context {
    const struct command *command;
    const struct common_options *common; /* the parsed options' first member */
    struct output out;                   /* standard output, or --output-file */
    struct gd_error error;               /* for a run() that returns -1 */
    const struct gd_source *lines;       /* the input file being read; NULL when there is none */
    uint64_t bad;                        /* bad lines passed over */
    uint64_t gaps, lost;                 /* gap events read, messages lost as far as they say */
    bool lost_unknown;                   /* one of them could not say */
};

struct command {
    const char *name;
    const char *summary;  /* one line, for lists */
    const char *operands; /* for the usage line: "[FILE...]" */
    enum command_kind kind;
    unsigned groups;                   /* OPTIONS_... groups it takes besides its own options */
    const struct option_spec *options; /* its own, ended by {0}; NULL for none */
    size_t options_size;               /* of its options struct, which begins with common_options */
    const char *const *outputs;        /* forms for --output, NULL at the end */

    /* Returns an exit status, or -1 with ctx->error filled. options points to its own struct,
     * zeroed and then filled from the command line. argv holds the operands only. */
    int (*run)(struct context *ctx, const void *options, int argc, char **argv);
};

/* All commands, by name; NULL at the end. */
extern const struct command *const commands[];
const struct command *command_find(const char *name);

/* Prints a diagnostic that does not end the command: "gdbg tail: <message> (<hint>)". Silent under
 * --quiet. */
void report(const struct context *ctx, const struct gd_error *e);
void note(const struct context *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Connects to --url, else $GDBG_URL, else the default. With REDISCLI_AUTH as password where the URL
 * has none. Returns 0, or -1 with ctx->error filled. */
int connect_redis(struct context *ctx, struct gd_redis **out);
/* The same to a given URL. */
int connect_to(struct context *ctx, const char *url, struct gd_redis **out);

/* --guild and --topic. */
struct gd_selection selection_of(const struct common_options *common);

/* For commands without operands: 0, or -1 with a usage error that names the first one. */
int no_operands(struct context *ctx, int argc, char **argv);

#endif
