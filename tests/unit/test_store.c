/* SPDX-License-Identifier: MIT */
#include "stored.h"

#include <stdio.h>

static struct gd_topics *find(struct gd_redis *r, const char *guild, const char *topic) {
    struct gd_topics *topics = NULL;
    struct gd_error e = {0};
    struct gd_selection selection = select_names(guild, topic);
    if (gd_topics_find(&topics, r, &selection, &e)) {
        fail_msg("%s", e.message);
    }
    return topics;
}

/* expected: keys, each ended by a blank. */
static void assert_keys(struct gd_redis *r, const char *guild, const char *topic,
                        const char *expected) {
    GD_AUTO(topics) topics = find(r, guild, topic);
    GD_AUTO_BUF keys = {0};
    for (size_t i = 0; i < gd_topics_count(topics); i++) {
        gd_buf_add_slice(&keys, gd_topics_at(topics, i)->key);
        gd_buf_add_char(&keys, ' ');
    }
    assert_slice(gd_buf_slice(&keys), expected);
}

static void sorts_topics_by_guild_then_topic(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "b:x", "1", "{}");
    zadd(r, "a:y", "1", "{}");
    zadd(r, "a:x", "1", "{}");
    zadd(r, "a-:x", "1", "{}");
    assert_keys(r, NULL, NULL, "a:x a:y a-:x b:x ");
}

static void counts_a_topics_messages(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "g:t", "1", "{}");
    zadd(r, "g:t", "2", "{\"n\":2}");
    zadd(r, "g:t", "3", "not an object");
    GD_AUTO(topics) topics = find(r, NULL, NULL);
    assert_int_equal(gd_topics_count(topics), 1);
    assert_int_equal(gd_topics_at(topics, 0)->messages, 3);
}

static void knows_topics_from_all_other_keys(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    tell(r, ARGS("SET", "msg:g:1", "{}"));
    tell(r, ARGS("HSET", "g:hash", "a", "{}"));
    tell(r, ARGS("RPUSH", "g:list", "{}"));
    tell(r, ARGS("SADD", "g:set", "{}"));
    zadd(r, "no-colon", "1", "{}");
    zadd(r, "g:ids", "1", "018d0d508fc054d2");
    zadd(r, "g:broken", "1", "{\"a\":");
    zadd(r, "g:array", "1", "[{}]");
    zadd(r, "g:late", "1", "text");
    zadd(r, "g:late", "2", "{}");
    zadd(r, "g:topic", "1", "{}");
    assert_keys(r, NULL, NULL, "g:topic ");
    assert_keys(r, "g", NULL, "g:topic ");
}

static void splits_a_key_by_what_its_first_message_says(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "a:b:c", "1", JSON("c", "1"));
    zadd(r, "a:d:e", "1", JSON("d:e", "1"));
    zadd(r, "a:f:g", "1", "{}");
    GD_AUTO(topics) topics = find(r, NULL, NULL);
    assert_int_equal(gd_topics_count(topics), 3);
    assert_slice(gd_topics_at(topics, 0)->guild, "a");
    assert_slice(gd_topics_at(topics, 0)->topic, "d:e");
    assert_slice(gd_topics_at(topics, 1)->guild, "a");
    assert_slice(gd_topics_at(topics, 1)->topic, "f:g");
    assert_slice(gd_topics_at(topics, 2)->guild, "a:b");
    assert_slice(gd_topics_at(topics, 2)->topic, "c");
}

static void tells_a_guild_from_one_that_begins_with_its_name(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "a:x", "1", JSON("x", "1"));
    zadd(r, "a:b:x", "1", JSON("x", "1"));
    zadd(r, "ab:x", "1", JSON("x", "1"));
    assert_keys(r, "a", NULL, "a:x ");
    assert_keys(r, "a:b", NULL, "a:b:x ");
    assert_keys(r, NULL, "x", "a:x a:b:x ab:x ");
    assert_keys(r, "a*", "x", "a:x a:b:x ab:x ");
}

static void selects_by_globs(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "g1:ax", "1", "{}");
    zadd(r, "g2:bx", "1", "{}");
    zadd(r, "g3:bx", "1", "{}");
    zadd(r, "h1:ax", "1", "{}");
    assert_keys(r, "g?", "b*", "g2:bx g3:bx ");
    assert_keys(r, "g[!2]", NULL, "g1:ax g3:bx ");
    assert_keys(r, NULL, "a[w-y]", "g1:ax h1:ax ");
    assert_keys(r, "g1", "*", "g1:ax ");
    assert_keys(r, "x*", "*", "");
}

static void takes_names_of_any_bytes(void **state) {
    static const char *const guilds[] = {
        "with space", "*",        "a?b", "[x]",    "back\\slash", "\"quoted'",
        "new\nline",  "\xff\xfe", "msg", "co:lon", "tab\tcr\r",   "\x01",
    };
    GD_AUTO(redis) r = open_at(shared_url(state));
    for (size_t i = 0; i < sizeof guilds / sizeof *guilds; i++) {
        GD_AUTO_BUF key = {0};
        gd_buf_printf(&key, "%s:t", guilds[i]);
        zadd_bytes(r, gd_buf_slice(&key), "1", GD_SLICE(JSON("t", "1")));
    }
    GD_AUTO(topics) all = find(r, NULL, NULL);
    assert_int_equal(gd_topics_count(all), sizeof guilds / sizeof *guilds);
    for (size_t i = 0; i < sizeof guilds / sizeof *guilds; i++) {
        GD_AUTO_BUF selector = {0};
        gd_buf_add_lit(&selector, "[?]");
        for (const char *p = guilds[i] + 1; *p; p++) {
            if (strchr("*?[]\\", *p)) {
                gd_buf_add_char(&selector, '\\');
            }
            gd_buf_add_char(&selector, *p);
        }
        selector.p[1] = *guilds[i];
        gd_buf_terminate(&selector);
        GD_AUTO(topics) one = find(r, selector.p, "t");
        assert_int_equal(gd_topics_count(one), 1);
        assert_slice(gd_topics_at(one, 0)->guild, guilds[i]);
    }
}

static void takes_keys_with_zero_bytes(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd_bytes(r, BYTES("g\0:t\0"), "1", GD_SLICE("{}"));
    GD_AUTO(topics) topics = find(r, NULL, NULL);
    assert_int_equal(gd_topics_count(topics), 1);
    assert_true(gd_slice_equal(gd_topics_at(topics, 0)->guild, BYTES("g\0")));
    assert_true(gd_slice_equal(gd_topics_at(topics, 0)->topic, BYTES("t\0")));
}

static void looks_at_the_one_key_that_a_literal_selection_names(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "a:b:c", "1", "not an object");
    GD_AUTO(topics) topics = find(r, "a:b", "c");
    assert_int_equal(gd_topics_count(topics), 1);
    assert_slice(gd_topics_at(topics, 0)->key, "a:b:c");
    assert_slice(gd_topics_at(topics, 0)->guild, "a:b");
    assert_slice(gd_topics_at(topics, 0)->topic, "c");
    assert_int_equal(gd_topics_at(topics, 0)->messages, 1);
    assert_keys(r, "a:b", "d", "");
}

static void refuses_a_literal_key_of_another_type(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(topics) topics = NULL;
    struct gd_error e = {0};
    struct gd_selection selection = select_names("g", "t\n");
    tell(r, ARGS("SET", "g:t\n", "{}"));
    assert_int_equal(gd_topics_find(&topics, r, &selection, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_REDIS);
    assert_contains(e.message, shared_url(state));
    assert_contains(e.message, "g:t\\x0a");
    assert_contains(e.message, "string");
    assert_true(*e.hint);
}

static void finds_each_of_thousands_once_and_sends_no_keys(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO_REPLY reply = {0};
    tell(r, ARGS("CONFIG", "RESETSTAT"));
    tell(r, ARGS("EVAL",
                 "for i = 1, 5000 do redis.call('ZADD', 'g:' .. i, 1, '{}') "
                 "redis.call('SET', 'msg:' .. i, '{}') end",
                 "0"));
    GD_AUTO(topics) topics = find(r, "g", NULL);
    assert_int_equal(gd_topics_count(topics), 5000);
    call(r, &reply, ARGS("INFO", "commandstats"));
    assert_null(strstr(reply.item[0].text.p, "cmdstat_keys:"));
    assert_non_null(strstr(reply.item[0].text.p, "cmdstat_scan:"));
}

static void says_who_refused_what(void **state) {
    GD_AUTO(redis) admin = open_at(shared_url(state));
    tell(admin, ARGS("ACL", "SETUSER", "blind", "on", "nopass", "~*", "+@all", "-zcard"));
    zadd(admin, "g:t", "1", "{}");
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(topics) topics = NULL;
    struct gd_error e = {0};
    struct gd_selection selection = {0};
    tell(r, ARGS("AUTH", "blind", "any"));
    assert_int_equal(gd_topics_find(&topics, r, &selection, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_REDIS);
    assert_contains(e.message, "ZCARD g:t: NOPERM");
    assert_true(*e.hint);
}

/* Such a server says that it does not know INFO either, and has no run_id then. */
static void asks_a_server_without_scan_type_for_each_keys_type(void **state) {
    static const char *const answers[] = {
        "+PONG\r\n",
        "-ERR unknown\r\n",
        "-ERR syntax error\r\n",
        "*2\r\n$1\r\n7\r\n*2\r\n$3\r\ng:t\r\n$3\r\ng:s\r\n",
        "*2\r\n$1\r\n0\r\n*2\r\n$3\r\ng:t\r\n$3\r\ng:u\r\n",
        "+string\r\n+zset\r\n+zset\r\n",
        ":3\r\n*1\r\n$2\r\n{}\r\n"
        "-WRONGTYPE Operation against a key\r\n-WRONGTYPE Operation against a key\r\n",
        NULL,
    };
    (void)state;
    AUTO_FAKE f = {0};
    assert_int_equal(fake_start(&f, answers), 0);
    GD_AUTO(redis) r = open_at(f.url);
    assert_keys(r, "g", NULL, "g:t ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(sorts_topics_by_guild_then_topic),
        TEST(counts_a_topics_messages),
        TEST(knows_topics_from_all_other_keys),
        TEST(splits_a_key_by_what_its_first_message_says),
        TEST(tells_a_guild_from_one_that_begins_with_its_name),
        TEST(selects_by_globs),
        TEST(takes_names_of_any_bytes),
        TEST(takes_keys_with_zero_bytes),
        TEST(looks_at_the_one_key_that_a_literal_selection_names),
        TEST(refuses_a_literal_key_of_another_type),
        TEST(finds_each_of_thousands_once_and_sends_no_keys),
        TEST(says_who_refused_what),
        TEST(asks_a_server_without_scan_type_for_each_keys_type),
    };
    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
