/* SPDX-License-Identifier: MIT */
#include "redis.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "redis_reply.h"

#define READ_BYTES (64u << 10)
#define FEED_BYTES (4u << 10)
#define KEEP_OUTPUT_BYTES (1u << 20)
#define LOADING_PAUSE_MS 100

struct gd_redis {
    int fd;
    int wake_fd;
    int64_t command_timeout_ms;
    struct gd_buf name; /* the URL as messages show it, terminated */
    char run_id[13];
    bool opening;   /* failures are failures to connect */
    bool abandoned; /* a reply is outstanding that nobody waits for any more */
    bool drained;   /* the last read took all there was */
    struct gd_reply_parser *parser;
    size_t read, fed; /* bytes in `in`, and how many of them the parser has */
    struct gd_buf out;
    size_t sent; /* bytes of out that the socket has taken */
    char in[READ_BYTES];
};

/* hiredis' reader moves what it has not parsed for each KiB that it has, so it gets little at a
 * time. */
static void feed(struct gd_redis *r) {
    size_t left = r->read - r->fed, n = left < FEED_BYTES ? left : FEED_BYTES;
    gd_reply_parser_feed(r->parser, r->in + r->fed, n);
    r->fed += n;
}

void gd_redis_free(struct gd_redis *r) {
    if (!r) {
        return;
    }
    if (r->fd >= 0) {
        close(r->fd);
    }
    gd_reply_parser_free(r->parser);
    gd_buf_free(&r->out);
    gd_buf_free(&r->name);
    free(r);
}

const char *gd_redis_run_id(const struct gd_redis *r) {
    return r->run_id;
}

const char *gd_redis_name(const struct gd_redis *r) {
    return r->name.p;
}

int gd_redis_fd(const struct gd_redis *r) {
    return r->fd;
}

static int fail(const struct gd_redis *r, struct gd_error *e, const char *verb, const char *why) {
    return gd_error_set(e, GD_FAIL_REDIS, "cannot %s %s: %c%s", r->opening ? "connect to" : verb,
                        r->name.p, tolower((unsigned char)why[0]), why + (why[0] != '\0'));
}

static const char *loss(int cause) {
    bool closed = cause == 0 || cause == EPIPE || cause == ECONNRESET;
    return closed ? "connection closed by server" : strerror(cause);
}

static int fail_as_lost(const struct gd_redis *r, struct gd_error *e, const char *verb, int cause) {
    fail(r, e, verb, loss(cause));
    return r->opening ? -1 : gd_error_hint(e, "is the server still running?");
}

/* Waits for events on the socket: returns those that came, 0 after the time-out (-1 for none), or
 * -1 when that failed or wake_fd is readable. */
static int await(const struct gd_redis *r, short events, int64_t timeout_ms, struct gd_error *e) {
    struct pollfd fds[] = {{.fd = r->fd, .events = events}, {.fd = r->wake_fd, .events = POLLIN}};
    int64_t start_ms = gd_monotonic_ms(), left_ms = timeout_ms;
    while (poll(fds, 2, left_ms > INT_MAX ? INT_MAX : (int)left_ms) < 0) {
        if (errno != EINTR) {
            return fail(r, e, "wait for", strerror(errno));
        }
        if (timeout_ms >= 0) {
            int64_t passed_ms = gd_monotonic_ms() - start_ms;
            left_ms = passed_ms < timeout_ms ? timeout_ms - passed_ms : 0;
        }
    }
    if (fds[1].revents) {
        return gd_error_set(e, GD_FAIL_INTERRUPTED, "interrupted while waiting for %s", r->name.p);
    }
    return fds[0].revents;
}

void gd_redis_append(struct gd_redis *r, size_t argc, const struct gd_slice *argv) {
    gd_buf_add_char(&r->out, '*');
    gd_buf_add_u64(&r->out, argc);
    for (size_t i = 0; i < argc; i++) {
        gd_buf_add_lit(&r->out, "\r\n$");
        gd_buf_add_u64(&r->out, argv[i].n);
        gd_buf_add_lit(&r->out, "\r\n");
        gd_buf_add_slice(&r->out, argv[i]);
    }
    gd_buf_add_lit(&r->out, "\r\n");
}

size_t gd_redis_pending_output(const struct gd_redis *r) {
    return r->out.n - r->sent;
}

/* Once half of the output is sent, moving the rest costs less than what was saved up for it. */
static void drop_sent(struct gd_redis *r) {
    size_t left = gd_redis_pending_output(r);
    if (left && r->sent < left) {
        return;
    }
    if (left) {
        memcpy(r->out.p, r->out.p + r->sent, left);
    } else if (r->out.cap > KEEP_OUTPUT_BYTES) {
        gd_buf_free(&r->out);
    }
    r->out.n = left;
    r->sent = 0;
}

int gd_redis_flush(struct gd_redis *r, struct gd_error *e) {
    while (r->sent < r->out.n) {
        ssize_t n = send(r->fd, r->out.p + r->sent, r->out.n - r->sent, MSG_NOSIGNAL);
        if (n >= 0) {
            r->sent += (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else if (errno != EINTR) {
            return fail_as_lost(r, e, "write to", errno);
        }
    }
    drop_sent(r);
    return 0;
}

static int fail_to_parse(const struct gd_redis *r, struct gd_error *e) {
    const char *why = gd_reply_parser_error(r->parser);
    gd_error_set(e, GD_FAIL_REDIS, "cannot %s %s: not a Redis server, it seems: %s",
                 r->opening ? "connect to" : "read from", r->name.p, why);
    return gd_error_hint(e, "check host and port in --url");
}

static int fail_as_abandoned(const struct gd_redis *r, struct gd_error *e) {
    return fail(r, e, "use", "given up after a command without an answer");
}

int gd_redis_next(struct gd_redis *r, struct gd_reply *reply, struct gd_error *e) {
    if (r->abandoned) {
        return fail_as_abandoned(r, e);
    }
    for (;;) {
        int got = gd_reply_parser_next(r->parser, reply);
        if (got) {
            return got > 0 ? 1 : fail_to_parse(r, e);
        }
        if (r->fed < r->read) {
            feed(r);
            continue;
        }
        if (r->drained) {
            r->drained = false;
            return 0;
        }
        ssize_t n = recv(r->fd, r->in, sizeof r->in, 0);
        if (n > 0) {
            r->read = (size_t)n;
            r->fed = 0;
            r->drained = (size_t)n < sizeof r->in;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return 0;
        } else if (n == 0 || errno != EINTR) {
            return fail_as_lost(r, e, "read from", n == 0 ? 0 : errno);
        }
    }
}

int gd_redis_wait(struct gd_redis *r, int64_t timeout_ms, struct gd_error *e) {
    short wanted = gd_redis_pending_output(r) ? POLLIN | POLLOUT : POLLIN;
    int events = await(r, wanted, timeout_ms, e);
    if (events <= 0) {
        return events;
    }
    r->drained = false;
    /* A server that hangs up may have said why: that is read before a failed write counts. */
    bool readable = events & POLLIN;
    if ((events & POLLOUT) && gd_redis_flush(r, readable ? NULL : e) && !readable) {
        return -1;
    }
    return 1;
}

static int fail_to_answer(const struct gd_redis *r, struct gd_error *e) {
    fail(r, e, "get an answer from", "time-out");
    return gd_error_hint(e, r->opening ? "is it a Redis server, and not too busy?"
                                       : "is the server too busy?");
}

/* Sends one command and waits for its reply, whatever that is. */
static int exchange(struct gd_redis *r, struct gd_reply *reply, size_t argc,
                    const struct gd_slice *argv, int64_t deadline_ms, struct gd_error *e) {
    if (r->abandoned) {
        return fail_as_abandoned(r, e);
    }
    gd_redis_append(r, argc, argv);
    if (gd_redis_flush(r, e)) {
        r->drained = false;
        return gd_redis_next(r, reply, NULL) > 0 ? 0 : -1;
    }
    for (;;) {
        int64_t left_ms = deadline_ms - gd_monotonic_ms();
        int ready = gd_redis_wait(r, left_ms > 0 ? left_ms : 0, e);
        if (ready <= 0) {
            r->abandoned = true;
            return ready < 0 ? -1 : fail_to_answer(r, e);
        }
        int got = gd_redis_next(r, reply, e);
        if (got) {
            return got > 0 ? 0 : -1;
        }
    }
}

static bool is_error(const struct gd_reply *reply) {
    return reply->item[0].type == GD_REPLY_ERROR;
}

static bool is_auth(struct gd_slice command) {
    return command.n == 4 && strncasecmp(command.p, "AUTH", 4) == 0;
}

int gd_redis_call(struct gd_redis *r, struct gd_reply *reply, size_t argc,
                  const struct gd_slice *argv, struct gd_error *e) {
    if (exchange(r, reply, argc, argv, gd_monotonic_ms() + r->command_timeout_ms, e)) {
        return -1;
    }
    if (!is_error(reply)) {
        return 0;
    }
    bool secret = argc < 2 || is_auth(argv[0]);
    gd_redis_reply_error(e, reply->item[0].text, argv[0], secret ? (struct gd_slice){0} : argv[1]);
    return gd_error_prefix(e, "%s", r->name.p);
}

/* Greeting: what happens on a new connection before its owner sees it. */

static int refused(const struct gd_redis *r, struct gd_slice text, struct gd_error *e) {
    gd_redis_reply_error(e, text, (struct gd_slice){0}, (struct gd_slice){0});
    return gd_error_prefix(e, "cannot connect to %s", r->name.p);
}

static bool is_error_of(const struct gd_reply *reply, struct gd_slice code) {
    return is_error(reply) && gd_slice_starts(reply->item[0].text, code);
}

/* An unknown command's error repeats its arguments: then only its first word can be shown. */
static struct gd_slice without_arguments(struct gd_slice text, const char *password) {
    bool repeats = memmem(text.p, text.n, "with args", 9) || strstr(text.p, password);
    return repeats ? gd_slice_of(text.p, strcspn(text.p, " ")) : text;
}

static int authenticate(struct gd_redis *r, const struct gd_url *url, struct gd_reply *reply,
                        int64_t deadline_ms, struct gd_error *e) {
    struct gd_slice argv[3] = {GD_SLICE("AUTH")};
    size_t argc = 1;
    if (url->user) {
        argv[argc++] = gd_slice_str(url->user);
    }
    argv[argc++] = gd_slice_str(url->password);
    int failed = exchange(r, reply, argc, argv, deadline_ms, e);
    explicit_bzero(r->out.p, r->out.cap);
    if (!failed && is_error(reply)) {
        return refused(r, without_arguments(reply->item[0].text, url->password), e);
    }
    return failed;
}

/* PING is what a server refuses while it loads; who may not PING has come past that. */
static int await_data(struct gd_redis *r, struct gd_reply *reply, int64_t deadline_ms,
                      struct gd_error *e) {
    for (;;) {
        if (exchange(r, reply, 1, &GD_SLICE("PING"), deadline_ms, e)) {
            return -1;
        }
        if (!is_error(reply) || is_error_of(reply, GD_SLICE("NOPERM"))) {
            return 0;
        }
        if (!is_error_of(reply, GD_SLICE("LOADING")) ||
            gd_monotonic_ms() + LOADING_PAUSE_MS >= deadline_ms) {
            return refused(r, reply->item[0].text, e);
        }
        if (await(r, 0, LOADING_PAUSE_MS, e) < 0) {
            return -1;
        }
    }
}

static int select_db(struct gd_redis *r, int db, struct gd_reply *reply, int64_t deadline_ms,
                     struct gd_error *e) {
    GD_AUTO_BUF digits = {0};
    gd_buf_add_u64(&digits, (uint64_t)db);
    struct gd_slice argv[] = {GD_SLICE("SELECT"), gd_buf_slice(&digits)};
    if (exchange(r, reply, 2, argv, deadline_ms, e)) {
        return -1;
    }
    return is_error(reply) ? refused(r, reply->item[0].text, e) : 0;
}

static int learn_run_id(struct gd_redis *r, struct gd_reply *reply, int64_t deadline_ms,
                        struct gd_error *e) {
    struct gd_slice argv[] = {GD_SLICE("INFO"), GD_SLICE("server")};
    if (exchange(r, reply, 2, argv, deadline_ms, e)) {
        return -1;
    }
    const char *line =
        reply->item[0].type == GD_REPLY_STRING ? strstr(reply->item[0].text.p, "\nrun_id:") : NULL;
    if (line) {
        const char *id = line + sizeof "\nrun_id:" - 1;
        for (size_t i = 0; i < sizeof r->run_id - 1 && isxdigit((unsigned char)id[i]); i++) {
            r->run_id[i] = id[i];
        }
    }
    return 0;
}

static int greet(struct gd_redis *r, const struct gd_url *url, struct gd_error *e) {
    GD_AUTO_REPLY reply = {0};
    int64_t deadline_ms = gd_monotonic_ms() + r->command_timeout_ms;
    if (url->password && authenticate(r, url, &reply, deadline_ms, e)) {
        return -1;
    }
    if (await_data(r, &reply, deadline_ms, e)) {
        return -1;
    }
    if (url->db && select_db(r, url->db, &reply, deadline_ms, e)) {
        return -1;
    }
    return learn_run_id(r, &reply, deadline_ms, e);
}

/* Connecting. */

static void free_context(redisContext **c) {
    if (*c) {
        redisFree(*c);
    }
}

static const char *connect_hint(int cause, const struct gd_url *url) {
    switch (cause) {
    case ECONNREFUSED:
    case ENOENT:
        return "is the server running? try --url";
    case EACCES:
    case EPERM:
        return "may you use this socket?";
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
        return "is the host up, and does a firewall let you through? try --url";
    default:
        return url->path ? "check the path in --url" : "check the host name in --url";
    }
}

/* One attempt. *cause is its errno where that says more than the text. */
static int dial(struct gd_redis *r, const struct gd_url *url, int64_t timeout_ms, int *cause,
                struct gd_error *e) {
    struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    if (url->path && strlen(url->path) >= sizeof((struct sockaddr_un *)0)->sun_path) {
        *cause = ENAMETOOLONG;
        return fail(r, e, "", strerror(ENAMETOOLONG));
    }
    errno = 0;
    __attribute__((cleanup(free_context))) redisContext *c =
        url->path ? redisConnectUnixWithTimeout(url->path, timeout)
                  : redisConnectWithTimeout(url->host, url->port, timeout);
    *cause = c && c->err == REDIS_ERR_IO ? errno : 0;
    if (!c || c->err) {
        return fail(r, e, "", c ? c->errstr : "out of memory");
    }
    r->fd = redisFreeKeepFd(c);
    c = NULL;
    int flags = fcntl(r->fd, F_GETFL);
    if (flags < 0 || fcntl(r->fd, F_SETFL, flags | O_NONBLOCK) ||
        fcntl(r->fd, F_SETFD, FD_CLOEXEC)) {
        return fail(r, e, "", strerror(errno));
    }
    return 0;
}

static int connect_socket(struct gd_redis *r, const struct gd_url *url, int64_t timeout_ms,
                          struct gd_error *e) {
    int64_t deadline_ms = gd_monotonic_ms() + timeout_ms, left_ms = timeout_ms;
    int cause;
    while (dial(r, url, left_ms, &cause, e)) {
        left_ms = deadline_ms - gd_monotonic_ms();
        if (cause != EINTR || left_ms <= 0) {
            return gd_error_hint(e, "%s", connect_hint(cause, url));
        }
        if (await(r, 0, 0, e) < 0) {
            return -1;
        }
    }
    return 0;
}

int gd_redis_open(struct gd_redis **out, const struct gd_url *url,
                  const struct gd_redis_options *options, struct gd_error *e) {
    GD_AUTO(redis) r = gd_calloc(1, sizeof *r);
    r->fd = -1;
    r->wake_fd = options->wake_fd;
    r->command_timeout_ms = options->command_timeout_ms ? options->command_timeout_ms : 30000;
    r->parser = gd_reply_parser_new();
    r->opening = true;
    gd_url_show(url, &r->name);
    int64_t timeout_ms = options->connect_timeout_ms ? options->connect_timeout_ms : 5000;
    if (connect_socket(r, url, timeout_ms, e) || greet(r, url, e)) {
        return -1;
    }
    r->opening = false;
    *out = r;
    r = NULL;
    return 0;
}
