/* SPDX-License-Identifier: MIT */
/* Stored messages. */
#include "stored.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

static const struct gd_range ALWAYS = {INT64_MIN, INT64_MAX};

static struct gd_source *history(struct gd_redis *r, const char *guild, const char *topic,
                                 struct gd_range range) {
    struct gd_source *source = NULL;
    struct gd_error e = {0};
    struct gd_selection selection = select_names(guild, topic);
    if (gd_history_open(&source, r, &selection, range, &e)) {
        fail_msg("%s", e.message);
    }
    return source;
}

/* Adds members <first>, <first + 1>... of one score, as numbers of five digits in order. */
static void zadd_run(struct gd_redis *r, const char *key, const char *score, int first, int count) {
    for (int i = first; i < first + count; i++) {
        char text[32];
        snprintf(text, sizeof text, "{\"n\":\"%05d\"}", i);
        gd_redis_append(r, 4,
                        (struct gd_slice[]){GD_SLICE("ZADD"), gd_slice_str(key),
                                            gd_slice_str(score), gd_slice_str(text)});
    }
    GD_AUTO_REPLY reply = {0};
    for (int i = 0; i < count; i++) {
        next(r, &reply);
    }
}

static void assert_number_next(struct gd_source *source, int number) {
    char text[32];
    snprintf(text, sizeof text, "{\"n\":\"%05d\"}", number);
    assert_next(source, text);
}

static void says_where_each_message_was(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "g:t", "1768000000001", JSON("t", "1"));
    GD_AUTO(source) source = history(r, NULL, NULL, ALWAYS);
    struct gd_message m;
    assert_int_equal(gd_source_next(source, &m, NULL), GD_NEXT_MESSAGE);
    assert_int_equal(m.form, GD_FORM_WIRE);
    assert_string_equal(m.origin.via, "zset");
    assert_slice(m.origin.key, "g:t");
    assert_slice(m.origin.score, "1768000000001");
    assert_string_equal(m.origin.server, gd_redis_run_id(r));
    assert_int_equal(strlen(m.origin.server), 12);
    assert_null(m.origin.pattern.p);
    assert_int_equal(m.origin.received_at_ms, 0);
    assert_slice(gd_message_get(&m, GD_M_TOPIC).text, "t");
    assert_end(source);
    assert_end(source);
}

static void has_an_end_where_nothing_is_stored(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(source) all = history(r, NULL, NULL, ALWAYS);
    assert_end(all);
    GD_AUTO(source) one = history(r, "g", "t", ALWAYS);
    assert_end(one);
    assert_int_equal(gd_source_wait(one, -1, NULL), 0);
}

static void gives_payloads_of_any_kind(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    struct gd_slice key = GD_SLICE("g:t"), binary = BYTES("\xff\0\x01{");
    struct gd_message m;
    zadd(r, "g:t", "1", "{}");
    zadd(r, "g:t", "2", "plain text\nof two lines");
    zadd_bytes(r, key, "3", binary);
    zadd(r, "g:t", "4", "{\"broken\":");
    zadd(r, "g:t", "5", "");
    GD_AUTO(source) source = history(r, NULL, NULL, ALWAYS);
    assert_next(source, "{}");
    assert_next(source, "plain text\nof two lines");
    assert_int_equal(gd_source_next(source, &m, NULL), GD_NEXT_MESSAGE);
    assert_true(gd_slice_equal(m.payload, binary));
    assert_next(source, "{\"broken\":");
    assert_next(source, "");
    assert_end(source);
}

static void merges_topics_by_score_then_key_then_bytes(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "g:b", "10", "{\"b\":1}");
    zadd(r, "g:a", "11", "{\"a\":1}");
    zadd(r, "g:b", "11", "{\"b\":3}");
    zadd(r, "g:b", "11", "{\"b\":2}");
    zadd(r, "g:c", "9.5", "{\"c\":1}");
    zadd(r, "g:c", "11", "{\"c\":2}");
    zadd(r, "g:a", "12", "{\"a\":2}");
    GD_AUTO(source) source = history(r, "g", NULL, ALWAYS);
    assert_next(source, "{\"c\":1}");
    assert_next(source, "{\"b\":1}");
    assert_next(source, "{\"a\":1}");
    assert_next(source, "{\"b\":2}");
    assert_next(source, "{\"b\":3}");
    assert_next(source, "{\"c\":2}");
    assert_next(source, "{\"a\":2}");
    assert_end(source);
}

static void merges_many_pages_of_three_topics(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    tell(r, ARGS("EVAL",
                 "for i = 0, 2999 do redis.call('ZADD', 'g:' .. i % 3, i, "
                 "string.format('{\"n\":\"%05d\"}', i)) end",
                 "0"));
    GD_AUTO(source) source = history(r, "g", NULL, ALWAYS);
    for (int i = 0; i < 3000; i++) {
        assert_number_next(source, i);
    }
    assert_end(source);
}

static void begins_at_since_and_ends_before_until(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "g:t", "-1", "{\"n\":-1}");
    zadd(r, "g:t", "1767999999999.5", "{\"n\":0}");
    zadd(r, "g:t", "1768000000000", "{\"n\":1}");
    zadd(r, "g:t", "1768000000001.5", "{\"n\":2}");
    zadd(r, "g:t", "1768000000002", "{\"n\":3}");
    GD_AUTO(source)
    inner = history(r, NULL, NULL, (struct gd_range){1768000000000, 1768000000002});
    assert_next(inner, "{\"n\":1}");
    assert_next(inner, "{\"n\":2}");
    assert_end(inner);
    GD_AUTO(source) late = history(r, "g", "t", (struct gd_range){1768000000002, INT64_MAX});
    assert_next(late, "{\"n\":3}");
    assert_end(late);
    GD_AUTO(source) early = history(r, "g", "t", (struct gd_range){INT64_MIN, 0});
    assert_next(early, "{\"n\":-1}");
    assert_end(early);
    GD_AUTO(source) none = history(r, "g", "t", (struct gd_range){5, 5});
    assert_end(none);
}

static void gives_scores_as_redis_writes_them(void **state) {
    static const char *const scores[] = {"-inf", "-2.5", "0", "1e+20", "inf"};
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO_REPLY reply = {0};
    for (int i = 0; i < 5; i++) {
        zadd_run(r, "g:t", scores[i], 10 * i, 7);
    }
    GD_AUTO(source) source = history(r, NULL, NULL, ALWAYS);
    GD_AUTO(redis) other = open_at(shared_url(state));
    for (int i = 0; i < 35; i++) {
        struct gd_message m;
        assert_int_equal(gd_source_next(source, &m, NULL), GD_NEXT_MESSAGE);
        call(other, &reply, 3, (struct gd_slice[]){GD_SLICE("ZSCORE"), m.origin.key, m.payload});
        assert_true(gd_slice_equal(m.origin.score, reply.item[0].text));
    }
    assert_end(source);
}

static void gives_a_thousand_members_of_one_score_once_each(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd_run(r, "g:t", "6", 0, 3);
    zadd_run(r, "g:t", "7", 3, 1000);
    zadd_run(r, "g:t", "8", 1003, 3);
    GD_AUTO(source) source = history(r, NULL, NULL, (struct gd_range){6, INT64_MAX});
    for (int i = 0; i < 1006; i++) {
        assert_number_next(source, i);
    }
    assert_end(source);
}

static void misses_nothing_when_members_go_meanwhile(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) other = open_at(shared_url(state));
    zadd_run(r, "g:t", "7", 0, 1000);
    GD_AUTO(source) source = history(r, NULL, NULL, ALWAYS);
    for (int i = 0; i < 1000; i++) {
        assert_number_next(source, i);
        /* What has been given goes, now with, now without the last one. */
        if (i % 40 == 39) {
            char stop[24];
            snprintf(stop, sizeof stop, "%d", 20 + i % 3);
            tell(other, ARGS("ZREMRANGEBYRANK", "g:t", "0", stop));
        }
    }
    assert_end(source);
}

static void repeats_nothing_when_members_come_meanwhile(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) other = open_at(shared_url(state));
    zadd_run(r, "g:t", "7", 1000, 500);
    GD_AUTO(source) source = history(r, NULL, NULL, ALWAYS);
    for (int i = 1000; i < 1500; i++) {
        assert_number_next(source, i);
        if (i % 100 == 50) {
            zadd_run(other, "g:t", "7", i - 1000, 90);
        }
    }
    assert_end(source);
}

static void gives_what_came_meanwhile_behind_the_last_one(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) other = open_at(shared_url(state));
    zadd_run(r, "g:t", "7", 0, 10);
    GD_AUTO(source) source = history(r, NULL, NULL, ALWAYS);
    for (int i = 0; i < 10; i++) {
        assert_number_next(source, i);
        if (i == 3) {
            zadd_run(other, "g:t", "7", 10, 5);
            zadd_run(other, "g:t", "8", 15, 5);
        }
    }
    for (int i = 10; i < 20; i++) {
        assert_number_next(source, i);
    }
    assert_end(source);
}

static void ends_a_topic_that_vanishes(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) other = open_at(shared_url(state));
    zadd_run(r, "g:a", "7", 0, 100);
    zadd_run(r, "g:b", "8", 100, 100);
    GD_AUTO(source) source = history(r, NULL, NULL, ALWAYS);
    assert_number_next(source, 0);
    tell(other, ARGS("DEL", "g:a"));
    for (int i = 1; i < 4; i++) {
        assert_number_next(source, i);
    }
    for (int i = 100; i < 200; i++) {
        assert_number_next(source, i);
    }
    assert_end(source);
}

static void selects_by_what_each_message_says(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "a:x", "1", JSON("x", "1"));
    zadd(r, "a:b:x", "2", JSON("x", "2"));
    zadd(r, "a:b:x", "3", JSON("b:x", "3"));
    GD_AUTO(source) a = history(r, "a", NULL, ALWAYS);
    assert_next(a, JSON("x", "1"));
    assert_end(a);
    GD_AUTO(source) b = history(r, "a:b", "*", ALWAYS);
    assert_next(b, JSON("x", "2"));
    assert_end(b);
    GD_AUTO(source) shared = history(r, "a", "b:x", ALWAYS);
    assert_next(shared, JSON("b:x", "3"));
    assert_end(shared);
    GD_AUTO(source) every = history(r, NULL, "x", ALWAYS);
    assert_next(every, JSON("x", "1"));
    assert_next(every, JSON("x", "2"));
    assert_end(every);
}

static void gives_plain_messages_of_a_key_that_is_named(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "a:b:x", "1", "plain");
    GD_AUTO(source) source = history(r, "a:b", "x", ALWAYS);
    assert_next(source, "plain");
    assert_end(source);
}

static void takes_names_of_any_bytes(void **state) {
    struct gd_slice key = BYTES("\xff\"\n[*]:a:'\0?");
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd_bytes(r, key, "1", GD_SLICE("{}"));
    GD_AUTO(source) source = history(r, "\xff\"\n\\[\\*]", "a:'*", ALWAYS);
    struct gd_message m;
    assert_int_equal(gd_source_next(source, &m, NULL), GD_NEXT_MESSAGE);
    assert_true(gd_slice_equal(m.origin.key, key));
    assert_end(source);
}

/* Adds numbers from..to, each its own score, with `pad` bytes. */
static void zadd_padded(struct gd_redis *r, const char *from, const char *to, const char *pad) {
    tell(r, ARGS("EVAL",
                 "for i = ARGV[1], ARGV[2] do redis.call('ZADD', 'g:t', i, "
                 "'{\"n\":' .. i .. ',\"x\":\"' .. string.rep('x', ARGV[3]) .. '\"}') end",
                 "0", from, to, pad));
}

static void assert_padded_next(struct gd_source *source, int number) {
    struct gd_message m;
    char start[24];
    snprintf(start, sizeof start, "{\"n\":%d,", number);
    assert_int_equal(gd_source_next(source, &m, NULL), GD_NEXT_MESSAGE);
    assert_true(gd_slice_starts(m.payload, gd_slice_str(start)));
}

/* What the server has sent so far, to whomever. */
static long long sent_mib(struct gd_redis *r) {
    GD_AUTO_REPLY reply = {0};
    call(r, &reply, ARGS("INFO", "stats"));
    return atoll(strstr(reply.item[0].text.p, "total_net_output_bytes:") + 23) >> 20;
}

/* 40 MiB: what did not fit a page is fetched again, but not over and over. */
static void goes_from_small_messages_to_large_ones_and_back(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) other = open_at(shared_url(state));
    zadd_padded(r, "1", "100", "10");
    zadd_padded(r, "101", "140", "1048576");
    zadd_padded(r, "141", "300", "1000");
    long long before_mib = sent_mib(other);
    GD_AUTO(source) source = history(r, NULL, NULL, ALWAYS);
    for (int i = 1; i <= 300; i++) {
        assert_padded_next(source, i);
    }
    assert_end(source);
    assert_in_range(sent_mib(other) - before_mib, 40, 160);
}

/* The first page, of which nobody could know how large it would be, held four. */
/* 24 topics of three messages of a MiB each, which come in turn. */
static void keeps_many_topics_of_large_messages_out_of_memory(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    tell(r, ARGS("EVAL",
                 "for t = 10, 33 do for i = 1, 3 do redis.call('ZADD', 'large:' .. t, i, "
                 "'{\"n\":' .. i .. t .. ',\"x\":\"' .. string.rep('x', 1048576) .. '\"}') end end",
                 "0"));
    struct mallinfo2 before = mallinfo2();
    size_t most_bytes = 0;
    GD_AUTO(source) source = history(r, NULL, NULL, ALWAYS);
    for (int i = 1; i <= 3; i++) {
        for (int t = 10; t < 34; t++) {
            assert_padded_next(source, i * 100 + t);
            struct mallinfo2 now = mallinfo2();
            size_t bytes = now.uordblks + now.hblkhd - before.uordblks - before.hblkhd;
            most_bytes = bytes > most_bytes ? bytes : most_bytes;
        }
    }
    assert_end(source);
    assert_true(most_bytes < 14 << 20);
}

static void holds_one_message_where_messages_are_large(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    const size_t message_bytes = 4 << 20;
    zadd_padded(r, "1", "6", "4194304");
    struct mallinfo2 before = mallinfo2();
    GD_AUTO(source) source = history(r, NULL, NULL, ALWAYS);
    for (int i = 1; i <= 6; i++) {
        assert_padded_next(source, i);
        struct mallinfo2 now = mallinfo2();
        size_t held_bytes = now.uordblks + now.hblkhd - before.uordblks - before.hblkhd;
        assert_in_range(held_bytes, 0, message_bytes * 3);
    }
    assert_end(source);
}

static void gives_all_of_a_last_page_that_was_too_large(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd_padded(r, "1", "3", "1048576");
    GD_AUTO(source) source = history(r, NULL, NULL, ALWAYS);
    for (int i = 1; i <= 3; i++) {
        assert_padded_next(source, i);
    }
    assert_end(source);
}

static void refuses_a_key_of_another_type(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(source) source = NULL;
    struct gd_error e = {0};
    struct gd_selection selection = select_names("g", "t");
    tell(r, ARGS("LPUSH", "g:t", "{}"));
    assert_int_equal(gd_history_open(&source, r, &selection, ALWAYS, &e), -1);
    assert_null(source);
    assert_int_equal(e.failure, GD_FAIL_REDIS);
    assert_contains(e.message, "g:t");
    assert_contains(e.message, "list");
    assert_true(*e.hint);
}

static void says_that_the_connection_was_closed(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) other = open_at(shared_url(state));
    zadd_run(r, "g:t", "7", 0, 100);
    GD_AUTO(source) source = history(r, NULL, NULL, ALWAYS);
    assert_number_next(source, 0);
    tell(other, ARGS("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"));
    for (int i = 1; i < 4; i++) {
        assert_number_next(source, i);
    }
    assert_closed(source);
    assert_end(source);
}

static void stops_when_it_is_interrupted(void **state) {
    int wake[2];
    assert_int_equal(pipe2(wake, O_CLOEXEC), 0);
    GD_AUTO(redis) r = open_with(shared_url(state), (struct gd_redis_options){.wake_fd = wake[0]});
    zadd_run(r, "g:t", "7", 0, 100);
    GD_AUTO(source) source = history(r, NULL, NULL, ALWAYS);
    struct gd_error e = {0};
    struct gd_message m;
    assert_int_equal(write(wake[1], "x", 1), 1);
    for (int i = 0; i < 4; i++) {
        assert_number_next(source, i);
    }
    assert_int_equal(gd_source_next(source, &m, &e), GD_NEXT_FAILED);
    assert_int_equal(e.failure, GD_FAIL_INTERRUPTED);
    close(wake[0]);
    close(wake[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(says_where_each_message_was),
        TEST(has_an_end_where_nothing_is_stored),
        TEST(gives_payloads_of_any_kind),
        TEST(merges_topics_by_score_then_key_then_bytes),
        TEST(merges_many_pages_of_three_topics),
        TEST(begins_at_since_and_ends_before_until),
        TEST(gives_scores_as_redis_writes_them),
        TEST(gives_a_thousand_members_of_one_score_once_each),
        TEST(misses_nothing_when_members_go_meanwhile),
        TEST(repeats_nothing_when_members_come_meanwhile),
        TEST(gives_what_came_meanwhile_behind_the_last_one),
        TEST(ends_a_topic_that_vanishes),
        TEST(selects_by_what_each_message_says),
        TEST(gives_plain_messages_of_a_key_that_is_named),
        TEST(takes_names_of_any_bytes),
        TEST(goes_from_small_messages_to_large_ones_and_back),
        TEST(keeps_many_topics_of_large_messages_out_of_memory),
        TEST(holds_one_message_where_messages_are_large),
        TEST(gives_all_of_a_last_page_that_was_too_large),
        TEST(refuses_a_key_of_another_type),
        TEST(says_that_the_connection_was_closed),
        TEST(stops_when_it_is_interrupted),
    };
    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
