/* SPDX-License-Identifier: MIT */
/* options.h - option tables: parsing, --help, completion and the drift tests all come from them. */
#ifndef GDBG_OPTIONS_H
#define GDBG_OPTIONS_H

#include "error.h"

enum option_type {
    OPTION_FLAG,     /* bool */
    OPTION_STRING,   /* const char * */
    OPTION_STRINGS,  /* struct string_list: given several times, or once with commas; of choices,
                        where there are some */
    OPTION_NUMBER,   /* uint64_t */
    OPTION_TIME,     /* struct time_option */
    OPTION_DURATION, /* int64_t, milliseconds */
    OPTION_SIZE,     /* uint64_t, bytes */
    OPTION_RATE,     /* double, per second */
    OPTION_CHOICE,   /* const char *, one of choices */
};

struct option_spec {
    char short_name;       /* 0: none */
    const char *long_name; /* NULL ends a table */
    enum option_type type;
    const char *argument; /* its name in --help; NULL for flags */
    size_t offset;        /* into the command's options struct */
    const char *help;
    const char *const *choices; /* NULL at the end */
};

/* The rows of one's own table: OPTION(tail, 'c', "count", NUMBER, "N", count, "stop after N"). */
#define OPTION(command, short, long, type, argument, member, help) \
    { short, long, OPTION_##type, argument, offsetof(struct command##_options, member), help, NULL }
#define OPTION_OF(command, short, long, argument, member, help, choices)                        \
    {                                                                                           \
        short, long, OPTION_CHOICE, argument, offsetof(struct command##_options, member), help, \
            choices                                                                             \
    }

#define OPTIONS_OF(command, short, long, argument, member, help, choices)                        \
    {                                                                                            \
        short, long, OPTION_STRINGS, argument, offsetof(struct command##_options, member), help, \
            choices                                                                              \
    }

struct time_option {
    bool given;
    int64_t ms;
};

enum { STRING_LIST_MAX = 16 };
struct string_list {
    size_t count;
    const char *item[STRING_LIST_MAX]; /* borrowed from argv, cut at commas */
};

/* Options that mean the same in every command; each command takes the groups it needs. */
struct common_options {
    bool quiet, verbose, help, version;
    const char *url;
    int64_t connect_timeout_ms, timeout_ms;
    const char *guild, *topic;
    bool strict;
    uint64_t max_bytes;
    const char *output, *color, *output_file;
};

enum {
    OPTIONS_URL = 1,      /* --url */
    OPTIONS_SELECT = 2,   /* --guild, --topic */
    OPTIONS_INPUT = 4,    /* --strict, --max-size */
    OPTIONS_OUTPUT = 8,   /* --output, --color, --output-file */
    OPTIONS_TIMEOUT = 16, /* --connect-timeout, --timeout */
    OPTIONS_REDIS = OPTIONS_URL | OPTIONS_TIMEOUT,
};

struct command;

/* Calls each(spec, state) for every option of a command: its own, its groups', the general ones.
 * Stops where it returns nonzero, and returns that. */
int options_each(const struct command *c, int (*each)(const struct option_spec *, void *),
                 void *state);

/* Parses argv[0..argc) into *options (zeroed by the caller). Operands are moved to the front of
 * argv in their order, and *argc becomes their number; "--" ends the options. Long options are not
 * abbreviated;
 * --name=value and -nvalue are understood. Returns 0, or -1 with a usage error. */
int options_parse(const struct command *c, void *options, int *argc, char **argv,
                  struct gd_error *e);

#endif
