/* SPDX-License-Identifier: MIT */
/* completion - writes the completion script of a shell. With --for, which is what the scripts ask,
 * it reads the words of a command line and writes what the last one may become, one candidate a
 * line, each with a tab and a description behind; nothing where file names may stand. Exit codes:
 * 0; 1 nothing may stand there, or gdbg cannot know what; 2 an unknown shell. */
#include "completions.h"

#include <ctype.h>

#include "command.h"

struct completion_options {
    struct common_options common;
    bool candidates;
};

static const struct option_spec options_table[] = {
    OPTION(completion, 0, "for", FLAG, NULL, candidates,
           "show instead what the last WORD of a command line may become; the words follow a --"),
    {0},
};

/* The word being completed, and what was offered for it. */
struct offers {
    struct gd_buf *out;
    struct gd_slice word;
    size_t count;
};

static void offer(struct offers *o, struct gd_slice before, struct gd_slice name,
                  const char *help) {
    struct gd_buf *out = o->out;
    size_t start = out->n;
    gd_buf_add_slice(out, before);
    gd_buf_add_slice(out, name);
    if (!gd_slice_starts(gd_slice_of(out->p + start, out->n - start), o->word)) {
        out->n = start;
        return;
    }
    gd_buf_printf(out, "\t%s\n", help);
    o->count++;
}

static void offer_commands(struct offers *o) {
    for (size_t i = 0; commands[i]; i++) {
        offer(o, GD_SLICE(""), gd_slice_str(commands[i]->name), commands[i]->summary);
    }
}

static int offer_option(const struct option_spec *spec, void *state) {
    struct offers *o = state;
    offer(o, GD_SLICE("--"), gd_slice_str(spec->long_name), spec->help);
    if (spec->short_name && o->word.n) {
        offer(o, GD_SLICE("-"), gd_slice_of(&spec->short_name, 1), spec->help);
    }
    return 0;
}

/* The fixed words among a command's operands: "[guilds|topics]" has two. COMMAND stands for the
 * name of any. */
static void offer_operands(struct offers *o, const struct command *c) {
    for (const char *p = c->operands; *p;) {
        struct gd_slice word = {p, 0};
        while (isalpha((unsigned char)p[word.n])) {
            word.n++;
        }
        if (gd_slice_equal(word, GD_SLICE("COMMAND"))) {
            offer_commands(o);
        } else if (islower((unsigned char)*p)) {
            offer(o, GD_SLICE(""), word, "");
        }
        p += word.n ? word.n : 1;
    }
}

/* An option that takes a value, by its letter or else by its long name. */
struct wanted {
    char letter;
    struct gd_slice name;
    struct option_spec found;
};

static int is_wanted(const struct option_spec *spec, void *state) {
    struct wanted *w = state;
    bool same = w->letter ? w->letter == spec->short_name
                          : gd_slice_equal(w->name, gd_slice_str(spec->long_name));
    if (same && spec->type != OPTION_FLAG) {
        w->found = *spec;
    }
    return same;
}

static struct option_spec find_long(const struct command *c, struct gd_slice name) {
    struct wanted w = {.name = name};
    options_each(c, is_wanted, &w);
    return w.found;
}

/* The option whose value is the word behind this one; {0} when there is none. */
static struct option_spec awaiting(const struct command *c, const char *word) {
    if (word[1] == '-') {
        return find_long(c, gd_slice_str(word + 2));
    }
    for (const char *p = word + 1; *p; p++) {
        struct wanted w = {.letter = *p};
        options_each(c, is_wanted, &w);
        if (w.found.long_name) {
            return p[1] ? (struct option_spec){0} : w.found;
        }
    }
    return (struct option_spec){0};
}

/* Where a word stands in a command line. */
struct place {
    struct option_spec option; /* whose value it is; long_name NULL: none */
    struct gd_slice attached;  /* "--option=", where the value is only the rest */
    bool ended;                /* by "--": no option follows */
    int operands;              /* before it */
};

static struct place find_place(const struct command *c, struct gd_slice word, int argc,
                               char **argv) {
    struct place at = {0};
    for (int i = 0; i < argc; i++) {
        if (at.option.long_name) {
            at.option.long_name = NULL;
        } else if (at.ended || argv[i][0] != '-' || !argv[i][1]) {
            at.operands++;
        } else if (strcmp(argv[i], "--") == 0) {
            at.ended = true;
        } else {
            at.option = awaiting(c, argv[i]);
        }
    }
    const char *equals = memchr(word.p, '=', word.n);
    if (!at.option.long_name && !at.ended && equals && gd_slice_starts(word, GD_SLICE("--"))) {
        at.attached = gd_slice_of(word.p, (size_t)(equals + 1 - word.p));
        at.option = find_long(c, gd_slice_of(word.p + 2, at.attached.n - 3));
    }
    return at;
}

/* Returns whether a file name may stand there. */
static bool offer_for_command(struct offers *o, const struct command *c, int argc, char **argv) {
    struct place at = find_place(c, o->word, argc, argv);
    if (at.option.long_name) {
        for (const char *const *choice = at.option.choices; choice && *choice; choice++) {
            offer(o, at.attached, gd_slice_str(*choice), "");
        }
        return strcmp(at.option.argument, "FILE") == 0;
    }
    bool file = strstr(c->operands, "FILE") != NULL;
    bool option = !at.ended && gd_slice_starts(o->word, GD_SLICE("-"));
    if (at.operands == 0 && !option) {
        offer_operands(o, c);
    }
    if (option || (!at.ended && !o->word.n && !o->count && !file)) {
        options_each(c, offer_option, o);
    }
    return file && !option;
}

static int show_candidates(struct context *ctx, int argc, char **argv) {
    const char *word = argc ? argv[argc - 1] : "";
    struct offers o = {.out = &ctx->out.buf, .word = gd_slice_str(word)};
    bool file = false;
    if (argc <= 1) {
        offer_commands(&o);
        offer(&o, GD_SLICE("--"), GD_SLICE("help"), "list the commands");
        offer(&o, GD_SLICE("--"), GD_SLICE("version"), "show the version");
    } else {
        const struct command *c = command_find(argv[0]);
        file = c && offer_for_command(&o, c, argc - 2, argv + 1);
    }
    return o.count || file ? EXIT_DONE : EXIT_NO;
}

static int completion_run(struct context *ctx, const void *options, int argc, char **argv) {
    static const struct {
        const char *shell, *script;
    } scripts[] = {
        {"bash", gd_completion_bash}, {"zsh", gd_completion_zsh}, {"fish", gd_completion_fish}};
    const struct completion_options *o = options;
    if (o->candidates) {
        return show_candidates(ctx, argc, argv);
    }
    for (size_t i = 0; argc == 1 && i < sizeof scripts / sizeof *scripts; i++) {
        if (strcmp(argv[0], scripts[i].shell) == 0) {
            gd_buf_add_str(&ctx->out.buf, scripts[i].script);
            return EXIT_DONE;
        }
    }
    if (argc == 1) {
        gd_error_set(&ctx->error, GD_FAIL_USAGE, "there is no completion for '%s'", argv[0]);
    } else {
        gd_error_set(&ctx->error, GD_FAIL_USAGE, argc ? "one shell at a time" : "for which shell?");
    }
    return gd_error_hint(&ctx->error, "gdbg completion bash, zsh or fish");
}

const struct command cmd_completion = {
    .name = "completion",
    .summary = "show the completion script for a shell",
    .operands = "bash|zsh|fish",
    .kind = COMMAND_OTHER,
    .options = options_table,
    .options_size = sizeof(struct completion_options),
    .run = completion_run,
};
