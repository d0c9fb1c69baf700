/* SPDX-License-Identifier: MIT */
/* stored.h - what the tests of the sources over Redis share. */
#ifndef STORED_H
#define STORED_H

#include "connection.h"

#include "clock.h"
#include "source.h"

/* A slice of a literal that may hold any bytes. */
#define BYTES(literal) gd_slice_of("" literal, sizeof(literal) - 1)
#define JSON(topic, rest)                                                           \
    "{\"topic_published_to\":\"" topic "\",\"topics\":\"" topic "\",\"sender\":{}," \
    "\"payload\":" rest "}"

static inline struct gd_selection select_names(const char *guild, const char *topic) {
    return (struct gd_selection){gd_slice_str(guild), gd_slice_str(topic)};
}

static inline void zadd_bytes(struct gd_redis *r, struct gd_slice key, const char *score,
                              struct gd_slice member) {
    GD_AUTO_REPLY reply = {0};
    call(r, &reply, 4, (struct gd_slice[]){GD_SLICE("ZADD"), key, gd_slice_str(score), member});
}

static inline void zadd(struct gd_redis *r, const char *key, const char *score,
                        const char *member) {
    zadd_bytes(r, gd_slice_str(key), score, gd_slice_str(member));
}

static inline long long publish_bytes(struct gd_redis *r, struct gd_slice channel,
                                      struct gd_slice payload) {
    GD_AUTO_REPLY reply = {0};
    call(r, &reply, 3, (struct gd_slice[]){GD_SLICE("PUBLISH"), channel, payload});
    return reply.item[0].integer;
}

static inline long long publish(struct gd_redis *r, const char *channel, const char *payload) {
    return publish_bytes(r, gd_slice_str(channel), gd_slice_str(payload));
}

/* Sends a command for its effect. */
static inline void tell(struct gd_redis *r, size_t argc, const struct gd_slice *argv) {
    GD_AUTO_REPLY reply = {0};
    call(r, &reply, argc, argv);
}

static inline void assert_slice(struct gd_slice got, const char *expected) {
    if (!gd_slice_equal(got, gd_slice_str(expected))) {
        fail_msg("\"%.*s\" is not \"%s\"", GD_SLICE_FMT(got), expected);
    }
}

/* The next of a source that is not idle, waited for. */
static inline enum gd_next await_next(struct gd_source *source, struct gd_message *m,
                                      struct gd_error *e) {
    int64_t deadline_ms = gd_monotonic_ms() + 30000;
    for (;;) {
        enum gd_next next = gd_source_next(source, m, e);
        if (next != GD_NEXT_IDLE) {
            return next;
        }
        int64_t left_ms = deadline_ms - gd_monotonic_ms();
        if (left_ms <= 0) {
            fail_msg("nothing came");
        }
        if (gd_source_wait(source, left_ms, e)) {
            return GD_NEXT_FAILED;
        }
    }
}

static inline void assert_next(struct gd_source *source, const char *payload) {
    struct gd_message m;
    struct gd_error e = {0};
    enum gd_next next = await_next(source, &m, &e);
    if (next != GD_NEXT_MESSAGE) {
        fail_msg("%d instead of %s: %s", (int)next, payload, e.message);
    }
    assert_slice(m.payload, payload);
}

static inline void assert_end(struct gd_source *source) {
    struct gd_message m;
    struct gd_error e = {0};
    enum gd_next next = gd_source_next(source, &m, &e);
    if (next == GD_NEXT_MESSAGE) {
        fail_msg("%.*s instead of the end", GD_SLICE_FMT(m.payload));
    }
    assert_int_equal(next, GD_NEXT_END);
}

static inline void assert_closed(struct gd_source *source) {
    struct gd_message m;
    struct gd_error e = {0};
    assert_int_equal(await_next(source, &m, &e), GD_NEXT_FAILED);
    assert_int_equal(e.failure, GD_FAIL_REDIS);
    assert_contains(e.message, "connection closed by server");
}

/* Every test of these programs begins with an empty server. */
static inline int empty_shared(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    tell(r, ARGS("FLUSHALL"));
    return 0;
}
#define TEST(f) cmocka_unit_test_setup(f, empty_shared)

#endif
