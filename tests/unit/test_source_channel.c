/* SPDX-License-Identifier: MIT */
/* Published messages. */
#include "stored.h"

#include <fcntl.h>
#include <unistd.h>

static struct gd_source *channel(struct gd_redis *r, const char *guild, const char *topic) {
    struct gd_source *source = NULL;
    struct gd_error e = {0};
    struct gd_selection selection = select_names(guild, topic);
    if (gd_channel_open(&source, r, &selection, &e)) {
        fail_msg("%s", e.message);
    }
    return source;
}

/* Nothing but this message came before it. */
static void assert_last(struct gd_source *source, struct gd_redis *publisher, const char *name) {
    struct gd_message m;
    publish(publisher, name, "last");
    assert_next(source, "last");
    assert_int_equal(gd_source_next(source, &m, NULL), GD_NEXT_IDLE);
}

static void hears_a_channel_from_the_moment_it_is_open(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    GD_AUTO(source) source = channel(r, "g", "t");
    struct gd_message m;
    struct gd_error e = {0};
    assert_int_equal(gd_source_next(source, &m, &e), GD_NEXT_IDLE);
    int64_t before_ms = gd_now_ms();
    assert_int_equal(publish(publisher, "g:t", JSON("t", "1")), 1);
    assert_int_equal(await_next(source, &m, &e), GD_NEXT_MESSAGE);
    assert_slice(m.payload, JSON("t", "1"));
    assert_string_equal(m.origin.via, "pubsub");
    assert_slice(m.origin.key, "g:t");
    assert_string_equal(m.origin.server, gd_redis_run_id(r));
    assert_null(m.origin.pattern.p);
    assert_null(m.origin.score.p);
    assert_in_range(m.origin.received_at_ms, before_ms, gd_now_ms());
    assert_int_equal(gd_source_next(source, &m, &e), GD_NEXT_IDLE);
}

static void looks_at_the_clock_again_after_it_was_idle(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    GD_AUTO(source) source = channel(r, "g", "t");
    struct gd_message m;
    publish(publisher, "g:t", "1");
    assert_next(source, "1");
    int64_t first_ms = gd_now_ms();
    assert_int_equal(gd_source_next(source, &m, NULL), GD_NEXT_IDLE);
    while (gd_now_ms() == first_ms) {
    }
    publish(publisher, "g:t", "2");
    assert_int_equal(await_next(source, &m, NULL), GD_NEXT_MESSAGE);
    assert_true(m.origin.received_at_ms > first_ms);
}

static void subscribes_to_the_one_channel_that_is_named(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    GD_AUTO(source) source = channel(r, "g", "t");
    assert_int_equal(publish(publisher, "g:tt", "other"), 0);
    assert_int_equal(publish(publisher, "g:t", "mine"), 1);
    assert_next(source, "mine");
    assert_last(source, publisher, "g:t");
}

static void names_the_pattern_that_matched(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    GD_AUTO(source) source = channel(r, "g", NULL);
    struct gd_message m;
    assert_int_equal(publish(publisher, "g:t", "1"), 1);
    assert_int_equal(await_next(source, &m, NULL), GD_NEXT_MESSAGE);
    assert_slice(m.origin.pattern, "g:*");
    assert_slice(m.origin.key, "g:t");
}

static void hears_everything_without_a_selection(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    GD_AUTO(source) source = channel(r, NULL, NULL);
    publish(publisher, "g:t", "1");
    publish(publisher, "no colon", "2");
    assert_next(source, "1");
    assert_next(source, "2");
    assert_last(source, publisher, "x");
}

static void leaves_out_what_only_the_pattern_matches(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    GD_AUTO(source) source = channel(r, "[ab]", "*x");
    publish(publisher, "a:x", "1");
    publish(publisher, "c:x", "pattern ?:*x");
    publish(publisher, "a:b:x", "2");
    publish(publisher, "a:b:x", JSON("x", "\"guild a:b\""));
    publish(publisher, "b:yx", "3");
    assert_next(source, "1");
    assert_next(source, "2");
    assert_next(source, "3");
    assert_last(source, publisher, "a:x");
}

static void tells_a_guild_from_one_that_begins_with_its_name(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) q = open_at(shared_url(state));
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    GD_AUTO(source) a = channel(r, "a", NULL);
    GD_AUTO(source) ab = channel(q, "a:b", NULL);
    assert_int_equal(publish(publisher, "a:b:c", JSON("c", "1")), 2);
    assert_int_equal(publish(publisher, "a:b:c", JSON("b:c", "2")), 2);
    assert_next(a, JSON("b:c", "2"));
    assert_last(a, publisher, "a:z");
    assert_next(ab, JSON("c", "1"));
    publish(publisher, "a:b:c", JSON("c", "3"));
    assert_next(ab, JSON("c", "3"));
}

static void gives_plain_messages_of_a_channel_that_is_named(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    GD_AUTO(source) source = channel(r, "a:b", "c");
    publish(publisher, "a:b:c", "plain");
    publish(publisher, "a:b:c", JSON("b:c", "\"of guild a\""));
    assert_next(source, "plain");
    assert_last(source, publisher, "a:b:c");
}

static void takes_names_of_any_bytes(void **state) {
    static const char *const guilds[] = {"with space", "*",         "a?b",  "[x]",   "back\\slash",
                                         "\"quoted'",  "new\nline", "\xff", "co:lon"};
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    for (size_t i = 0; i < sizeof guilds / sizeof *guilds; i++) {
        GD_AUTO(redis) r = open_at(shared_url(state));
        GD_AUTO_BUF name = {0}, selector = {0};
        for (const char *p = guilds[i]; *p; p++) {
            if (strchr("*?[]\\", *p)) {
                gd_buf_add_char(&selector, '\\');
            }
            gd_buf_add_char(&selector, *p);
        }
        gd_buf_add_char(&selector, '*');
        gd_buf_terminate(&selector);
        GD_AUTO(source) source = channel(r, selector.p, "t");
        gd_buf_printf(&name, "%s:t", guilds[i]);
        gd_buf_terminate(&name);
        assert_int_equal(publish(publisher, "other:t", "other"), 0);
        assert_int_equal(publish(publisher, name.p, JSON("t", "1")), 1);
        assert_next(source, JSON("t", "1"));
    }
}

static void gives_payloads_of_any_kind(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    GD_AUTO(source) source = channel(r, "g", NULL);
    struct gd_slice binary = BYTES("\xff\0\x01{");
    struct gd_message m;
    publish_bytes(publisher, GD_SLICE("g:t"), binary);
    publish(publisher, "g:t", "");
    publish(publisher, "g:t", "{\"broken\":");
    publish(publisher, "g:t", "two\nlines");
    assert_int_equal(await_next(source, &m, NULL), GD_NEXT_MESSAGE);
    assert_true(gd_slice_equal(m.payload, binary));
    assert_next(source, "");
    assert_next(source, "{\"broken\":");
    assert_next(source, "two\nlines");
}

static void gives_equal_publishes_as_often_as_they_come(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    GD_AUTO(source) source = channel(r, "*", "*");
    publish(publisher, "g:t", "same");
    publish(publisher, "g:t", "same");
    assert_next(source, "same");
    assert_next(source, "same");
    assert_last(source, publisher, "g:t");
}

static void gives_thousands_in_order(void **state) {
    enum { COUNT = 20000 };
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    GD_AUTO(source) source = channel(r, "g", NULL);
    GD_AUTO_BUF text = {0};
    tell(publisher, ARGS("EVAL",
                         "for i = 1, 20000 do redis.call('PUBLISH', 'g:t' .. i % 7, '{\"n\":' .. i "
                         ".. ',\"pad\":\"' .. string.rep('x', i % 600) .. '\"}') end",
                         "0"));
    for (int i = 1; i <= COUNT; i++) {
        struct gd_message m;
        gd_buf_clear(&text);
        gd_buf_printf(&text, "{\"n\":%d,", i);
        assert_int_equal(await_next(source, &m, NULL), GD_NEXT_MESSAGE);
        assert_true(gd_slice_starts(m.payload, gd_buf_slice(&text)));
    }
    assert_last(source, publisher, "g:t");
}

static void hears_the_servers_own_channels_only_when_they_are_named(void **state) {
    GD_AUTO(redis) everything = open_at(shared_url(state));
    GD_AUTO(redis) globbed = open_at(shared_url(state));
    GD_AUTO(redis) named = open_at(shared_url(state));
    GD_AUTO(redis) topic = open_at(shared_url(state));
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    GD_AUTO(source) all = channel(everything, NULL, NULL);
    GD_AUTO(source) some = channel(globbed, "__*", "*");
    GD_AUTO(source) one = channel(named, "__keyspace@0__", "*");
    GD_AUTO(source) bare = channel(topic, NULL, "__x");
    assert_int_equal(publish(publisher, "__keyspace@0__:__x", "set"), 4);
    assert_int_equal(publish(publisher, "__x", "bare"), 2);
    assert_last(all, publisher, "g:t");
    assert_next(one, "set");
    assert_last(one, publisher, "__keyspace@0__:end");
    assert_next(bare, "bare");
    assert_last(bare, publisher, "__x");
    publish(publisher, "__keyspace@0__:__x", "hidden");
    struct gd_message m;
    assert_int_equal(gd_source_wait(some, 20000, NULL), 0);
    assert_int_equal(gd_source_next(some, &m, NULL), GD_NEXT_IDLE);
}

static void passes_over_what_is_no_message(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) publisher = open_at(shared_url(state));
    GD_AUTO(source) source = channel(r, "g", "t");
    struct gd_error e = {0};
    gd_redis_append(r, ARGS("SUBSCRIBE", "more"));
    gd_redis_append(r, ARGS("PING"));
    assert_int_equal(gd_redis_flush(r, &e), 0);
    while (publish(publisher, "more", "more") == 0) {
    }
    assert_next(source, "more");
}

static void waits_no_longer_than_it_is_told(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(source) source = channel(r, "g", "t");
    struct gd_message m;
    struct gd_error e = {0};
    assert_int_equal(gd_source_next(source, &m, &e), GD_NEXT_IDLE);
    assert_int_equal(gd_source_wait(source, 10, &e), 0);
    assert_int_equal(gd_source_next(source, &m, &e), GD_NEXT_IDLE);
}

static void stops_waiting_when_it_is_interrupted(void **state) {
    int wake[2];
    assert_int_equal(pipe2(wake, O_CLOEXEC), 0);
    GD_AUTO(redis) r = open_with(shared_url(state), (struct gd_redis_options){.wake_fd = wake[0]});
    GD_AUTO(source) source = channel(r, "g", "t");
    struct gd_error e = {0};
    assert_int_equal(write(wake[1], "x", 1), 1);
    assert_int_equal(gd_source_wait(source, -1, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_INTERRUPTED);
    close(wake[0]);
    close(wake[1]);
}

static void says_who_may_not_hear_what(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(source) source = NULL;
    struct gd_error e = {0};
    struct gd_selection selection = select_names("g", "t");
    tell(r, ARGS("ACL", "SETUSER", "deaf", "on", "nopass", "~*", "+@all", "resetchannels"));
    tell(r, ARGS("AUTH", "deaf", "any"));
    assert_int_equal(gd_channel_open(&source, r, &selection, &e), -1);
    assert_null(source);
    assert_int_equal(e.failure, GD_FAIL_REDIS);
    assert_contains(e.message, "SUBSCRIBE g:t: NOPERM");
    assert_true(*e.hint);
}

static void says_that_the_connection_was_closed(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) other = open_at(shared_url(state));
    GD_AUTO(source) source = channel(r, "g", NULL);
    publish(other, "g:t", "before");
    tell(other, ARGS("CLIENT", "KILL", "TYPE", "pubsub"));
    assert_next(source, "before");
    assert_closed(source);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(hears_a_channel_from_the_moment_it_is_open),
        TEST(looks_at_the_clock_again_after_it_was_idle),
        TEST(subscribes_to_the_one_channel_that_is_named),
        TEST(names_the_pattern_that_matched),
        TEST(hears_everything_without_a_selection),
        TEST(leaves_out_what_only_the_pattern_matches),
        TEST(tells_a_guild_from_one_that_begins_with_its_name),
        TEST(gives_plain_messages_of_a_channel_that_is_named),
        TEST(takes_names_of_any_bytes),
        TEST(gives_payloads_of_any_kind),
        TEST(gives_equal_publishes_as_often_as_they_come),
        TEST(gives_thousands_in_order),
        TEST(hears_the_servers_own_channels_only_when_they_are_named),
        TEST(passes_over_what_is_no_message),
        TEST(waits_no_longer_than_it_is_told),
        TEST(stops_waiting_when_it_is_interrupted),
        TEST(says_who_may_not_hear_what),
        TEST(says_that_the_connection_was_closed),
    };
    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
