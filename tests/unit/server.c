/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ARGS 64
#define WAIT_STEPS 2000 /* of WAIT_STEP_NS: 10 s */
#define WAIT_STEP_NS 5000000

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void server_remove_dir(const char *dir) {
    nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int server_make_dir(char *dir, size_t size) {
    static const char pattern[] = "gdbg-test-XXXXXX";
    const char *base = getenv("TMPDIR");
    if (!base || strlen(base) + 1 + sizeof pattern > size) {
        base = "/tmp";
    }
    snprintf(dir, size, "%s/%s", base, pattern);
    if (!mkdtemp(dir)) {
        perror(dir);
        return -1;
    }
    return 0;
}

/* A socket bound to a free port of 127.0.0.1, or -1. */
static int bind_free_port(int *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) ||
        getsockname(fd, (struct sockaddr *)&address, &size)) {
        perror("socket on 127.0.0.1");
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

static int free_port(void) {
    int port = 0, fd = bind_free_port(&port);
    if (fd >= 0) {
        close(fd);
    }
    return port;
}

static void run(const struct server *s, const char *const *extra, pid_t parent) {
    char port[12];
    snprintf(port, sizeof port, "%d", s->port);
    const char *argv[MAX_ARGS] = {
        "redis-server", "--port",      port,     "--bind", "127.0.0.1",
        "--unixsocket", s->socket,     "--save", "",       "--appendonly",
        "no",           "--daemonize", "no",     "--dir",  s->dir,
    };
    size_t argc = 15;
    for (; extra && *extra && argc < MAX_ARGS - 1; extra++) {
        argv[argc++] = *extra;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || chdir(s->dir)) {
        _exit(127);
    }
    int log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
    int null = open("/dev/null", O_RDONLY);
    if (log < 0 || null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) {
        _exit(127);
    }
    execvp(argv[0], (char *const *)argv);
    perror(argv[0]);
    _exit(127);
}

/* Any answer will do: a server with a password answers -NOAUTH. */
static bool answers(const struct server *s) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", s->socket);
    struct timeval patience = {.tv_sec = 1};
    char byte;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answered = fd >= 0 &&
                    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
                    connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                    send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 && recv(fd, &byte, 1, 0) == 1;
    if (fd >= 0) {
        close(fd);
    }
    return answered;
}

static void show_log(const struct server *s) {
    char path[sizeof s->dir + 8], line[400];
    snprintf(path, sizeof path, "%s/log", s->dir);
    FILE *log = fopen(path, "r");
    while (log && fgets(line, sizeof line, log)) {
        fprintf(stderr, "redis-server: %s", line);
    }
    if (log) {
        fclose(log);
    }
}

static int wait_until_it_answers(struct server *s) {
    for (int i = 0; i < WAIT_STEPS; i++) {
        if (answers(s)) {
            return 0;
        }
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid) {
            s->pid = 0;
            break;
        }
        nanosleep(&(struct timespec){.tv_nsec = WAIT_STEP_NS}, NULL);
    }
    return -1;
}

static int start(struct server *s, int port, const char *const *extra) {
    *s = (struct server){.port = port};
    if (server_make_dir(s->dir, sizeof s->dir)) {
        return -1;
    }
    snprintf(s->socket, sizeof s->socket, "%s/s", s->dir);
    if (port) {
        snprintf(s->url, sizeof s->url, "redis://127.0.0.1:%d", port);
    } else {
        snprintf(s->url, sizeof s->url, "unix://%s", s->socket);
    }
    pid_t parent = getpid();
    s->pid = fork();
    if (s->pid == 0) {
        run(s, extra, parent);
    }
    return s->pid < 0 ? -1 : wait_until_it_answers(s);
}

static int give_up(struct server *s) {
    fprintf(stderr, "cannot start a private redis-server in %s\n", s->dir);
    show_log(s);
    server_stop(s);
    return -1;
}

int server_start(struct server *s, const char *const *extra) {
    return start(s, 0, extra) ? give_up(s) : 0;
}

/* Between finding a free port and listening on it, somebody else may take it. */
int server_start_tcp(struct server *s, const char *const *extra) {
    for (int attempt = 0; start(s, free_port(), extra); attempt++) {
        if (attempt == 4) {
            return give_up(s);
        }
        server_stop(s);
    }
    return 0;
}

static void end(struct server *s, int signal) {
    if (s->pid > 0) {
        kill(s->pid, signal);
        while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        s->pid = 0;
    }
}

void server_kill(struct server *s) {
    end(s, SIGKILL);
}

void server_stop(struct server *s) {
    end(s, SIGKILL);
    if (*s->dir) {
        server_remove_dir(s->dir);
    }
    *s->dir = '\0';
}

static void *play(void *fake) {
    struct fake_server *f = fake;
    struct timeval patience = {.tv_sec = 20};
    char request[4096];
    int fd = accept4(f->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    for (const char *const *answer = f->answers; *answer; answer++) {
        if (recv(fd, request, sizeof request, 0) <= 0) {
            break;
        }
        send(fd, *answer, strlen(*answer), MSG_NOSIGNAL);
    }
    /* Closing with a request unread would throw away answers on their way. */
    shutdown(fd, SHUT_WR);
    while (recv(fd, request, sizeof request, 0) > 0) {
    }
    close(fd);
    return NULL;
}

int fake_start(struct fake_server *f, const char *const *answers) {
    int port;
    *f = (struct fake_server){.answers = answers, .fd = bind_free_port(&port)};
    if (f->fd < 0 || listen(f->fd, 4) || (answers && pthread_create(&f->thread, NULL, play, f))) {
        perror("fake server");
        return -1;
    }
    snprintf(f->url, sizeof f->url, "redis://127.0.0.1:%d", port);
    return 0;
}

void fake_stop(struct fake_server *f) {
    shutdown(f->fd, SHUT_RDWR);
    if (f->answers) {
        pthread_join(f->thread, NULL);
    }
    close(f->fd);
}
