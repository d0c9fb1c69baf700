/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stdlib.h>

#include "clock.h"
#include "command.h"
#include "utf8.h"

#define COMMON(short, long, type, argument, member, help) \
    { short, long, OPTION_##type, argument, offsetof(struct common_options, member), help, NULL }

static const struct option_spec url_options[] = {
    COMMON('u', "url", STRING, "URL", url,
           "the Redis to talk to: redis://user:password@host:port/db or unix:///path?db=N "
           "(default: $GDBG_URL, else redis://localhost:6379)"),
    {0},
};
static const struct option_spec timeout_options[] = {
    COMMON(0, "connect-timeout", DURATION, "TIME", connect_timeout_ms,
           "give up connecting after TIME (default 5s)"),
    COMMON(0, "timeout", DURATION, "TIME", timeout_ms,
           "give up waiting for a reply after TIME (default 30s)"),
    {0},
};
static const struct option_spec select_options[] = {
    COMMON('g', "guild", STRING, "GUILD", guild,
           "only this guild; a glob where it holds * ? or [, in which \\ escapes"),
    COMMON('t', "topic", STRING, "TOPIC", topic, "only this topic; a glob likewise"),
    {0},
};
static const struct option_spec input_options[] = {
    COMMON(0, "strict", FLAG, NULL, strict, "stop at the first bad line, with exit status 4"),
    COMMON(0, "max-size", SIZE, "SIZE", max_bytes,
           "a line longer than SIZE is bad input (default 64MiB)"),
    {0},
};
static const char *const color_choices[] = {"auto", "always", "never", NULL};
static const struct option_spec output_options[] = {
    COMMON(0, "output", CHOICE, "FORM", output, "the form of the output"),
    {0, "color", OPTION_CHOICE, "WHEN", offsetof(struct common_options, color),
     "colours in text: auto, always or never", color_choices},
    COMMON('o', "output-file", STRING, "FILE", output_file, "write to FILE"),
    {0},
};
static const struct option_spec general_options[] = {
    COMMON('q', "quiet", FLAG, NULL, quiet, "no warnings and summaries on standard error"),
    COMMON('v', "verbose", FLAG, NULL, verbose, "say more on standard error"),
    COMMON('h', "help", FLAG, NULL, help, "show this help"),
    COMMON('V', "version", FLAG, NULL, version, "show the version"),
    {0},
};

static int each_in(const struct command *c, const struct option_spec *table,
                   int (*each)(const struct option_spec *, void *), void *state) {
    for (; table && table->long_name; table++) {
        struct option_spec spec = *table;
        if (table == &output_options[0]) {
            spec.choices = c->outputs;
        }
        int stop = each(&spec, state);
        if (stop) {
            return stop;
        }
    }
    return 0;
}

int options_each(const struct command *c, int (*each)(const struct option_spec *, void *),
                 void *state) {
    const struct option_spec *const tables[] = {
        c->options,
        c->groups & OPTIONS_SELECT ? select_options : NULL,
        c->groups & OPTIONS_URL ? url_options : NULL,
        c->groups & OPTIONS_TIMEOUT ? timeout_options : NULL,
        c->groups & OPTIONS_INPUT ? input_options : NULL,
        c->groups & OPTIONS_OUTPUT ? output_options : NULL,
        general_options,
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        int stop = each_in(c, tables[i], each, state);
        if (stop) {
            return stop;
        }
    }
    return 0;
}

struct wanted {
    char short_name;
    const char *long_name;
    size_t length;
    struct option_spec found;
};

static int is_wanted(const struct option_spec *spec, void *state) {
    struct wanted *w = state;
    bool same = w->short_name ? spec->short_name == w->short_name
                              : strlen(spec->long_name) == w->length &&
                                    memcmp(spec->long_name, w->long_name, w->length) == 0;
    if (same) {
        w->found = *spec;
    }
    return same;
}

static int parse_choice(const struct option_spec *spec, const char *value, const char **choice,
                        struct gd_error *e) {
    GD_AUTO_BUF all = {0};
    for (const char *const *c = spec->choices; c && *c; c++) {
        if (strcmp(*c, value) == 0) {
            *choice = *c;
            return 0;
        }
        gd_buf_printf(&all, "%s%s", all.n ? ", " : "", *c);
    }
    return gd_error_set(e, GD_FAIL_USAGE, "'%s' is none of: %s", value, gd_buf_terminate(&all));
}

static int add_strings(const struct option_spec *spec, struct string_list *list, char *value,
                       struct gd_error *e) {
    for (char *next = value; next;) {
        char *item = next;
        next = strchr(item, ',');
        if (next) {
            *next++ = '\0';
        }
        if (list->count == STRING_LIST_MAX) {
            return gd_error_set(e, GD_FAIL_USAGE, "more than %d values", STRING_LIST_MAX);
        }
        const char *known = item;
        if (spec->choices && parse_choice(spec, item, &known, e)) {
            return -1;
        }
        list->item[list->count++] = known;
    }
    return 0;
}

static int parse_number(const char *text, uint64_t *number, struct gd_error *e) {
    char *end;
    if (*text < '0' || *text > '9') {
        return gd_error_set(e, GD_FAIL_USAGE, "'%s' is not a whole number", text);
    }
    unsigned long long value = strtoull(text, &end, 10);
    if (*end) {
        return gd_error_set(e, GD_FAIL_USAGE, "'%s' is not a whole number", text);
    }
    if (strlen(text) > 18) {
        return gd_error_set(e, GD_FAIL_USAGE, "'%s' is too large", text);
    }
    if (value == 0) {
        return gd_error_set(e, GD_FAIL_USAGE, "must be at least 1");
    }
    *number = value;
    return 0;
}

/* In the struct of options, 0 stands for what was not given. */
static int refuse_zero(bool is_zero, struct gd_error *e) {
    return is_zero ? gd_error_set(e, GD_FAIL_USAGE, "must be above 0") : 0;
}

static int set_value(const struct option_spec *spec, char *options, char *value,
                     struct gd_error *e) {
    void *member = options + spec->offset;
    switch (spec->type) {
    case OPTION_FLAG:
        *(bool *)member = true;
        return 0;
    case OPTION_STRING:
        *(const char **)member = value;
        return 0;
    case OPTION_STRINGS:
        return add_strings(spec, member, value, e);
    case OPTION_NUMBER:
        return parse_number(value, member, e);
    case OPTION_TIME:
        ((struct time_option *)member)->given = true;
        return gd_time_parse(value, gd_now_ms(), &((struct time_option *)member)->ms, e);
    case OPTION_DURATION:
        return gd_duration_parse(value, member, e) || refuse_zero(*(int64_t *)member == 0, e) ? -1
                                                                                              : 0;
    case OPTION_SIZE:
        return gd_size_parse(value, member, e) || refuse_zero(*(uint64_t *)member == 0, e) ? -1 : 0;
    case OPTION_RATE:
        return gd_rate_parse(value, member, e);
    case OPTION_CHOICE:
        return parse_choice(spec, value, member, e);
    }
    return 0;
}

struct parsing {
    const struct command *c;
    char *options;
    int argc;
    char **argv;
    int at; /* the word looked at */
    struct gd_error *e;
};

static int unknown(const struct parsing *p, const char *dashes, const char *name, size_t length) {
    gd_error_set(p->e, GD_FAIL_USAGE, "unknown option %s%.*s", dashes, (int)length, name);
    return gd_error_hint(p->e,
                         "gdbg %s --help lists the options; an operand that begins with - goes "
                         "behind --",
                         p->c->name);
}

/* Sets an option whose value is `attached`, or else the next word. */
static int take(struct parsing *p, const struct option_spec *spec, char *attached) {
    char *value = attached;
    if (spec->type != OPTION_FLAG && !value) {
        if (p->at + 1 >= p->argc) {
            return gd_error_set(p->e, GD_FAIL_USAGE, "--%s needs a value: --%s %s", spec->long_name,
                                spec->long_name, spec->argument);
        }
        value = p->argv[++p->at];
    }
    if (set_value(spec, p->options, value, p->e)) {
        return gd_error_prefix(p->e, "--%s", spec->long_name);
    }
    return 0;
}

static int parse_long(struct parsing *p, char *word) {
    char *name = word + 2, *equals = strchr(name, '=');
    struct wanted w = {.long_name = name,
                       .length = equals ? (size_t)(equals - name) : strlen(name)};
    if (!options_each(p->c, is_wanted, &w)) {
        return unknown(p, "--", name, w.length);
    }
    if (w.found.type == OPTION_FLAG && equals) {
        return gd_error_set(p->e, GD_FAIL_USAGE, "--%s takes no value", w.found.long_name);
    }
    return take(p, &w.found, equals ? equals + 1 : NULL);
}

static int parse_short(struct parsing *p, char *word) {
    for (char *c = word + 1; *c; c++) {
        struct wanted w = {.short_name = *c};
        if (!options_each(p->c, is_wanted, &w)) {
            size_t length = gd_utf8_length(c, strlen(c));
            return unknown(p, "-", c, length ? length : 1);
        }
        if (w.found.type != OPTION_FLAG) {
            return take(p, &w.found, c[1] ? c + 1 : NULL);
        }
        if (take(p, &w.found, NULL)) {
            return -1;
        }
    }
    return 0;
}

int options_parse(const struct command *c, void *options, int *argc, char **argv,
                  struct gd_error *e) {
    struct parsing p = {c, options, *argc, argv, 0, e};
    int operands = 0;
    bool ended = false;
    for (; p.at < p.argc; p.at++) {
        char *word = argv[p.at];
        if (ended || word[0] != '-' || word[1] == '\0') {
            argv[operands++] = word;
        } else if (strcmp(word, "--") == 0) {
            ended = true;
        } else if (word[1] == '-' ? parse_long(&p, word) : parse_short(&p, word)) {
            return -1;
        }
    }
    *argc = operands;
    return 0;
}
