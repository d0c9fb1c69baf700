/* SPDX-License-Identifier: MIT */
/* connection.h - what the tests of Redis connections share. A test's *state is a running struct
 * server. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "redis.h"
#include "server.h"

#define AUTO_SERVER __attribute__((cleanup(server_stop))) struct server
#define AUTO_FAKE __attribute__((cleanup(fake_stop))) struct fake_server
#define AUTO_URL __attribute__((cleanup(gd_url_free))) struct gd_url

/* Arguments of gd_redis_append() and gd_redis_call(), from literals. */
#define ARGS(...)                                                        \
    sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),              \
        slices((const char *[]){__VA_ARGS__}, (struct gd_slice[8]){{0}}, \
               sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

static inline const struct gd_slice *slices(const char *const *from, struct gd_slice *to,
                                            size_t n) {
    for (size_t i = 0; i < n; i++) {
        to[i] = gd_slice_str(from[i]);
    }
    return to;
}

static inline int try_open(struct gd_redis **r, const char *text, struct gd_redis_options options,
                           struct gd_error *e) {
    AUTO_URL url = {0};
    return gd_url_parse(&url, text, e) ? -1 : gd_redis_open(r, &url, &options, e);
}

static inline struct gd_redis *open_with(const char *text, struct gd_redis_options options) {
    struct gd_redis *r = NULL;
    struct gd_error e = {0};
    if (try_open(&r, text, options, &e)) {
        fail_msg("%s", e.message);
    }
    return r;
}

static inline struct gd_redis *open_at(const char *text) {
    return open_with(text, (struct gd_redis_options){.wake_fd = -1});
}

static inline const char *shared_url(void **state) {
    return ((struct server *)*state)->url;
}

static inline void call(struct gd_redis *r, struct gd_reply *reply, size_t argc,
                        const struct gd_slice *argv) {
    struct gd_error e = {0};
    if (gd_redis_call(r, reply, argc, argv, &e)) {
        fail_msg("%s", e.message);
    }
}

/* The next reply, waited for. */
static inline void next(struct gd_redis *r, struct gd_reply *reply) {
    struct gd_error e = {0};
    int got;
    while ((got = gd_redis_next(r, reply, &e)) == 0) {
        if (gd_redis_wait(r, 20000, &e) <= 0) {
            fail_msg("no reply: %s", e.message);
        }
    }
    if (got < 0) {
        fail_msg("%s", e.message);
    }
}

static inline void assert_contains(const char *text, const char *part) {
    if (!strstr(text, part)) {
        fail_msg("\"%s\" does not contain \"%s\"", text, part);
    }
}

static inline void assert_text(const struct gd_reply *reply, size_t i, enum gd_reply_type type,
                               const char *text) {
    assert_true(i < reply->count);
    assert_int_equal(reply->item[i].type, type);
    assert_string_equal(reply->item[i].text.p, text);
    assert_int_equal(reply->item[i].text.n, strlen(text));
}

static inline void assert_number(const struct gd_reply *reply, size_t i, enum gd_reply_type type,
                                 long long number) {
    assert_true(i < reply->count);
    assert_int_equal(reply->item[i].type, type);
    assert_int_equal(reply->item[i].integer, number);
}

static inline int start_shared(void **state) {
    *state = gd_calloc(1, sizeof(struct server));
    return server_start_tcp(*state, NULL);
}

static inline int stop_shared(void **state) {
    server_stop(*state);
    free(*state);
    return 0;
}

#endif
