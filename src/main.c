/* SPDX-License-Identifier: MIT */
/* main.c - finds the command, parses its options, runs it, and says how it went. */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "signals.h"
#include "usage.h"

static int exit_status(enum gd_failure failure) {
    switch (failure) {
    case GD_FAIL_NONE:
    case GD_FAIL_CLOSED:
        return EXIT_DONE;
    case GD_FAIL_USAGE:
        return EXIT_USAGE;
    case GD_FAIL_REDIS:
        return EXIT_REDIS;
    case GD_FAIL_INPUT:
        return EXIT_BAD_INPUT;
    case GD_FAIL_OUTPUT:
        return EXIT_OUTPUT;
    case GD_FAIL_INTERRUPTED:
        return 128 + (signals_stop() ? signals_stop() : 2);
    case GD_FAIL_NOT_FOUND:
        return EXIT_NO;
    }
    return EXIT_USAGE;
}

static void print_error(const char *command, const struct gd_error *e) {
    GD_AUTO_BUF line = {0};
    gd_buf_printf(&line, "gdbg%s%s: ", command ? " " : "", command ? command : "");
    gd_error_quote(&line, gd_slice_str(e->message), sizeof e->message);
    if (e->hint[0]) {
        gd_buf_add_lit(&line, " (");
        gd_error_quote(&line, gd_slice_str(e->hint), sizeof e->hint);
        gd_buf_add_char(&line, ')');
    }
    gd_buf_add_char(&line, '\n');
    fwrite(line.p, 1, line.n, stderr);
}

void report(const struct context *ctx, const struct gd_error *e) {
    if (!ctx->common->quiet) {
        print_error(ctx->command->name, e);
    }
}

void note(const struct context *ctx, const char *format, ...) {
    if (!ctx->common->quiet) {
        struct gd_error e = {0};
        va_list args;
        va_start(args, format);
        vsnprintf(e.message, sizeof e.message, format, args);
        va_end(args);
        print_error(ctx->command->name, &e);
    }
}

int connect_to(struct context *ctx, const char *text, struct gd_redis **out) {
    struct gd_url url;
    const struct gd_redis_options options = {
        .connect_timeout_ms = ctx->common->connect_timeout_ms,
        .command_timeout_ms = ctx->common->timeout_ms,
        .wake_fd = signals_wake_fd(),
    };
    if (gd_url_parse(&url, text, &ctx->error)) {
        return -1;
    }
    const char *password = getenv("REDISCLI_AUTH");
    if (!url.password && password && *password) {
        url.password = gd_strdup(password);
    }
    int status = gd_redis_open(out, &url, &options, &ctx->error);
    if (!status && ctx->common->verbose) {
        note(ctx, "connected to %s", gd_redis_name(*out));
    }
    gd_url_free(&url);
    return status;
}

int connect_redis(struct context *ctx, struct gd_redis **out) {
    const char *text = ctx->common->url, *environment = getenv("GDBG_URL");
    if (!text) {
        text = environment && *environment ? environment : GD_URL_DEFAULT;
    }
    int status = connect_to(ctx, text, out);
    if (status && text == environment && ctx->error.failure == GD_FAIL_USAGE) {
        gd_error_prefix(&ctx->error, "GDBG_URL");
    }
    return status;
}

struct gd_selection selection_of(const struct common_options *common) {
    return (struct gd_selection){gd_slice_str(common->guild), gd_slice_str(common->topic)};
}

int no_operands(struct context *ctx, int argc, char **argv) {
    if (argc == 0) {
        return 0;
    }
    gd_error_set(&ctx->error, GD_FAIL_USAGE, "'%s' is one word too many", argv[0]);
    return gd_error_hint(&ctx->error, "-g GUILD and -t TOPIC select; gdbg %s --help",
                         ctx->command->name);
}

static enum output_form form_of(const struct command *c, const struct common_options *o) {
    const char *given = o->output;
    if (!given) {
        if (c->outputs && strcmp(c->outputs[0], "wire") == 0) {
            return OUTPUT_WIRE;
        }
        return !o->output_file && isatty(STDOUT_FILENO) ? OUTPUT_TEXT : OUTPUT_JSON;
    }
    return strcmp(given, "text") == 0   ? OUTPUT_TEXT
           : strcmp(given, "raw") == 0  ? OUTPUT_RAW
           : strcmp(given, "wire") == 0 ? OUTPUT_WIRE
                                        : OUTPUT_JSON;
}

static bool wants_color(const struct common_options *o) {
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (o->color && strcmp(o->color, "auto") != 0) {
        return strcmp(o->color, "always") == 0;
    }
    return !o->output_file && isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
           !(term && strcmp(term, "dumb") == 0);
}

/* The worst thing that happened and was survived. */
static int final_status(const struct context *ctx, int status) {
    if (status == EXIT_DONE && ctx->command->kind == COMMAND_SINK && ctx->gaps) {
        return EXIT_LOSS;
    }
    return status;
}

static int finish(struct context *ctx, int status) {
    struct gd_error e = {0};
    bool failed = status < 0;
    bool abandon = failed || status == EXIT_USAGE || status == EXIT_BAD_INPUT;
    if (output_close(&ctx->out, abandon, &e) && (!failed || ctx->error.failure == GD_FAIL_NONE)) {
        ctx->error = e;
        failed = true;
    }
    if (!failed) {
        return final_status(ctx, status);
    }
    if (ctx->error.failure != GD_FAIL_CLOSED && ctx->error.failure != GD_FAIL_INTERRUPTED) {
        print_error(ctx->command->name, &ctx->error);
    }
    status = exit_status(ctx->error.failure);
    return final_status(ctx, status);
}

static int run_command(const struct command *c, int argc, char **argv) {
    struct common_options *options = gd_calloc(1, c->options_size);
    struct context ctx = {.command = c, .common = options, .out = {.fd = -1}};
    int status;
    if (options_parse(c, options, &argc, argv, &ctx.error)) {
        print_error(c->name, &ctx.error);
        status = EXIT_USAGE;
    } else if (options->help || options->version) {
        status = options->help ? usage_of_command(c) : usage_version();
    } else {
        bool report_file = c->kind == COMMAND_SINK;
        signals_install(c->kind);
        ctx.out.form = form_of(c, options);
        ctx.out.color = wants_color(options);
        status = output_open(&ctx.out, options->output_file, report_file, &ctx.error);
        status = finish(&ctx, status ? -1 : c->run(&ctx, options, argc, argv));
    }
    free(options);
    return status;
}

/* One that is closed would be given to the next file or socket, which then got what is meant for
 * it. Opened the wrong way round, it fails as it did before. */
static void occupy_standard_descriptors(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

int main(int argc, char **argv) {
    occupy_standard_descriptors();
    signal(SIGPIPE, SIG_IGN); /* a write says it too */
    if (argc < 2) {
        usage_of_program(stderr);
        return EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        return usage_of_program(stdout);
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        return usage_version();
    }
    const struct command *c = command_find(word);
    if (!c) {
        struct gd_error e;
        gd_error_set(&e, GD_FAIL_USAGE, "there is no command '%s'", word);
        gd_error_hint(&e, "gdbg --help lists the commands");
        print_error(NULL, &e);
        return EXIT_USAGE;
    }
    return run_command(c, argc - 2, argv + 2);
}
