/* SPDX-License-Identifier: MIT */
/* server.h - servers for one test program: a private redis-server in a directory of its own, and a
 * fake one that says what the test wants. */
#ifndef SERVER_H
#define SERVER_H

#include <pthread.h>
#include <sys/types.h>

struct server {
    pid_t pid;        /* 0 when it does not run */
    int port;         /* on 127.0.0.1; 0 when it listens on the socket only */
    char dir[80];     /* made by mkdtemp, removed by server_stop() */
    char socket[100]; /* path of its unix socket */
    char url[120];    /* unix://<socket>, or redis://127.0.0.1:<port> */
};

/* Starts one and waits until it answers. extra: further arguments for redis-server, ended by NULL;
 * or NULL. Returns 0, or -1 with the reason on stderr and nothing left behind. The server dies with
 * the thread that started it. */
int server_start(struct server *s, const char *const *extra);
int server_start_tcp(struct server *s, const char *const *extra); /* on a free TCP port as well */

void server_kill(struct server *s); /* SIGKILL, and waits for its end; the directory stays */
void server_stop(struct server *s); /* ends it if it runs, and removes its directory */

/* Makes a private directory below $TMPDIR or /tmp, short enough for sockets in it. 0 or -1. */
int server_make_dir(char *dir, size_t size);
void server_remove_dir(const char *dir);

/* A listener on 127.0.0.1. It accepts one connection, answers each request with the next of its
 * answers, then closes. */
struct fake_server {
    int fd;
    char url[40];
    const char *const *answers; /* ended by NULL; NULL: never answers, and never closes */
    pthread_t thread;
};
int fake_start(struct fake_server *f, const char *const *answers); /* 0 or -1 */
void fake_stop(struct fake_server *f);

#endif
