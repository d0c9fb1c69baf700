/* SPDX-License-Identifier: MIT */
/* help - opens a command's man page, that of the program, or that of the stream between commands;
 * where man does not have it, writes what --help does. Ends with man. Exit codes: man's; 0; 1 the
 * page of the stream is not installed; 2 an unknown command. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "usage.h"

struct help_options {
    struct common_options common;
};

/* Where systems are small, `man` may be there only to say that there is none: so what counts is
 * that it names a file. */
static bool is_installed(const char *page) {
    GD_AUTO_BUF look = {0};
    gd_buf_printf(&look, "man -w %s 2>/dev/null", page);
    FILE *answer = popen(gd_buf_terminate(&look), "r");
    bool is = answer && fgetc(answer) == '/';
    if (answer) {
        pclose(answer);
    }
    return is;
}

static int open_page(struct context *ctx, const char *page) {
    char *argv[] = {(char *)"man", (char *)page, NULL};
    /* man's pager shall be able to end it by closing the pipe. */
    signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], argv);
    return gd_error_set(&ctx->error, GD_FAIL_USAGE, "cannot run man: %s", strerror(errno));
}

static int help_run(struct context *ctx, const void *options, int argc, char **argv) {
    GD_AUTO_BUF page = {0};
    const struct command *c = argc ? command_find(argv[0]) : NULL;
    bool stream = argc && strcmp(argv[0], "stream") == 0;
    (void)options;
    if (argc > 1 || (argc && !c && !stream)) {
        gd_error_set(&ctx->error, GD_FAIL_USAGE, "there is no command '%s'", argv[argc - 1]);
        return gd_error_hint(&ctx->error, "gdbg --help lists the commands");
    }
    gd_buf_printf(&page, "gdbg%s%s", argc ? "-" : "", argc ? argv[0] : "");
    if (is_installed(gd_buf_terminate(&page))) {
        return open_page(ctx, page.p);
    }
    if (stream) {
        gd_error_set(&ctx->error, GD_FAIL_NOT_FOUND, "man has no page %s", page.p);
        return gd_error_hint(&ctx->error, "it is man/gdbg-stream.5 in gdbg's sources");
    }
    int status = c ? usage_of_command(c) : usage_of_program(stdout);
    note(ctx, "man has no page %s, so this was the short help (make install installs the pages)",
         page.p);
    return status;
}

const struct command cmd_help = {
    .name = "help",
    .summary = "open the man page of a command, or of the stream between commands",
    .operands = "[COMMAND|stream]",
    .kind = COMMAND_OTHER,
    .options_size = sizeof(struct help_options),
    .run = help_run,
};
