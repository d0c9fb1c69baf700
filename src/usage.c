/* SPDX-License-Identifier: MIT */
#include "usage.h"

#include <errno.h>

#include "config.h"

enum { HELP_COLUMN = 28, WIDTH = 80 };

static int written(FILE *to) {
    bool all = fflush(to) == 0 && !ferror(to);
    return all || errno == EPIPE ? EXIT_DONE : EXIT_OUTPUT;
}

int usage_of_program(FILE *to) {
    fputs("Usage: gdbg COMMAND [OPTION...] [OPERAND...]\n\n"
          "Sees, decodes, counts and replays the JSON messages that flow through a Redis.\n\n"
          "Commands:\n",
          to);
    for (size_t i = 0; commands[i]; i++) {
        fprintf(to, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\ngdbg COMMAND --help lists a command's options; gdbg help COMMAND opens its page.\n",
          to);
    return written(to);
}

int usage_version(void) {
    puts("gdbg " PACKAGE_VERSION);
    return written(stdout);
}

/* Words, broken at the screen's width, from HELP_COLUMN on. */
static void print_wrapped(const char *text, int column) {
    while (*text) {
        size_t n = strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + (int)n > WIDTH) {
            printf("\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        }
        column += printf("%s%.*s", column > HELP_COLUMN ? " " : "", (int)n, text);
        text += n + strspn(text + n, " ");
    }
}

static int print_option(const struct option_spec *spec, void *state) {
    char name[64], choices[64] = "";
    (void)state;
    if (spec->argument) {
        snprintf(name, sizeof name, "--%s=%s", spec->long_name, spec->argument);
    } else {
        snprintf(name, sizeof name, "--%s", spec->long_name);
    }
    for (const char *const *c = spec->choices; c && *c; c++) {
        size_t n = strlen(choices);
        snprintf(choices + n, sizeof choices - n, "%s%s", n ? ", " : ": ", *c);
    }
    char letter[4] = {spec->short_name ? '-' : ' ', spec->short_name ? spec->short_name : ' ',
                      spec->short_name ? ',' : ' ', '\0'};
    int column = printf("  %s %s", letter, name);
    if (column >= HELP_COLUMN - 1) {
        fputc('\n', stdout);
        column = 0;
    }
    printf("%*s", HELP_COLUMN - column, "");
    print_wrapped(spec->help, HELP_COLUMN);
    bool told = strchr(spec->help, ':') != NULL;
    puts(told ? "" : choices);
    return 0;
}

int usage_of_command(const struct command *c) {
    printf("Usage: gdbg %s [OPTION...]%s%s\n\n", c->name, *c->operands ? " " : "", c->operands);
    printf("%c%s.\n\nOptions:\n", c->summary[0] & ~0x20, c->summary + 1);
    options_each(c, print_option, NULL);
    printf("\nThe whole story: gdbg help %s\n", c->name);
    return written(stdout);
}
