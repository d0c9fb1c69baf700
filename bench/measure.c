/* SPDX-License-Identifier: MIT */
/* measure - what a command costs: [-n RUNS] FILE COMMAND [ARGUMENT...]. Runs the command RUNS times
 * (default 1) and appends one line to FILE: seconds of wall clock, of user and of system time, all
 * runs together, and the largest resident memory of any run in KiB. Exits as the last run did.
 *
 * It is small on purpose: Linux counts what the parent holds at fork as the child's own peak. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Runs it once; the exit status as a shell would give it. */
static int run(char **command) {
    pid_t pid;
    int status, failure = posix_spawnp(&pid, command[0], NULL, NULL, command, environ);
    if (failure) {
        fprintf(stderr, "measure: cannot run %s: %s\n", command[0], strerror(failure));
        return 127;
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return 127;
        }
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int report(const char *path, double wall_s) {
    struct rusage used;
    FILE *file = fopen(path, "a");
    if (!file) {
        perror(path);
        return -1;
    }
    getrusage(RUSAGE_CHILDREN, &used);
    fprintf(file, "%.6f %.6f %.6f %ld\n", wall_s, seconds(used.ru_utime), seconds(used.ru_stime),
            used.ru_maxrss);
    return fclose(file);
}

int main(int argc, char **argv) {
    int status = 0, option;
    long runs = 1;
    while ((option = getopt(argc, argv, "+n:")) == 'n') {
        runs = atol(optarg);
    }
    if (option != -1 || argc - optind < 2) {
        fputs("usage: measure [-n RUNS] FILE COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    double start_s = now_s();
    for (long i = 0; i < runs; i++) {
        status = run(argv + optind + 1);
    }
    return report(argv[optind], now_s() - start_s) ? 2 : status;
}
