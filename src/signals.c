/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/* A handler is given nothing but the number, so this is the one place with state of the file's own.
 */
static volatile sig_atomic_t stop_signal;
static int wake_pipe[2] = {-1, -1};

static void ask_to_stop(int number) {
    int saved = errno;
    stop_signal = number;
    ssize_t written = write(wake_pipe[1], "", 1);
    (void)written;
    signal(number, SIG_DFL); /* the second one ends it at once */
    errno = saved;
}

static void let_pass(int number) {
    signal(number, SIG_DFL);
}

static void handle(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static bool reads_a_pipe(void) {
    struct stat st;
    return fstat(STDIN_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

void signals_install(enum command_kind kind) {
    if (kind == COMMAND_SOURCE) {
        if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) == 0) {
            handle(SIGINT, ask_to_stop, 0);
            handle(SIGTERM, ask_to_stop, 0);
        }
    } else if (kind != COMMAND_OTHER && reads_a_pipe()) {
        handle(SIGINT, let_pass, SA_RESTART);
    }
}

int signals_stop(void) {
    return stop_signal;
}

int signals_wake_fd(void) {
    return wake_pipe[0];
}
