/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "publisher.h"

#define MIB ((size_t)1 << 20)

static struct gd_publication publication(const char *id) {
    return (struct gd_publication){
        .key = GD_SLICE("research:x"),
        .guild = GD_SLICE("research"),
        .id = gd_slice_str(id),
        .score = GD_SLICE("1768000000001"),
        .payload = GD_SLICE("{\"id\": 1}"),
        .ttl_s = 3600,
    };
}

static void must(int status, const struct gd_error *e) {
    if (status) {
        fail_msg("%s", e->message);
    }
}

static void add(struct gd_publisher *p, struct gd_publication m) {
    struct gd_error e = {0};
    must(gd_publisher_add(p, &m, &e), &e);
}

static void finish(struct gd_publisher *p) {
    struct gd_error e = {0};
    must(gd_publisher_finish(p, &e), &e);
}

static void empty(struct gd_redis *r) {
    GD_AUTO_REPLY reply = {0};
    call(r, &reply, ARGS("FLUSHALL"));
}

/* What was refused, one line each: "number command id words tag". */
static void collect(void *state, const struct gd_refusal *refusal) {
    struct gd_slice id = refusal->id.p ? refusal->id : GD_SLICE("-");
    gd_buf_printf(state, "%llu %s %.*s %.9s %s\n", (unsigned long long)refusal->number,
                  refusal->command, GD_SLICE_FMT(id), refusal->text.p,
                  refusal->tag ? (const char *)refusal->tag : "-");
}

static void sets_adds_and_publishes_in_that_order(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) monitor = open_at(shared_url(state));
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    GD_AUTO_REPLY reply = {0};
    call(monitor, &reply, ARGS("MONITOR"));
    add(p, publication("77"));
    finish(p);
    next(monitor, &reply);
    assert_contains(reply.item[0].text.p,
                    "\"SET\" \"msg:research:77\" \"{\\\"id\\\": 1}\" \"EX\" \"3600\"");
    next(monitor, &reply);
    assert_contains(reply.item[0].text.p,
                    "\"ZADD\" \"research:x\" \"1768000000001\" \"{\\\"id\\\": 1}\"");
    next(monitor, &reply);
    assert_contains(reply.item[0].text.p, "\"PUBLISH\" \"research:x\" \"{\\\"id\\\": 1}\"");
}

static void writes_any_bytes_as_they_are(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    GD_AUTO_REPLY reply = {0};
    struct gd_publication m = publication("1");
    m.key = GD_SLICE("a\0b\r\n:\xff \"t\"");
    m.guild = GD_SLICE("a\0b\r\n");
    m.payload = GD_SLICE("\0\r\n\xfe$5\r\n");
    empty(r);
    add(p, m);
    finish(p);
    const struct gd_slice zscore[] = {GD_SLICE("ZSCORE"), m.key, m.payload};
    call(r, &reply, 3, zscore);
    assert_text(&reply, 0, GD_REPLY_STRING, "1768000000001");
    const struct gd_slice get[] = {GD_SLICE("GET"), GD_SLICE("msg:a\0b\r\n:1")};
    call(r, &reply, 2, get);
    assert_true(gd_slice_equal(reply.item[0].text, m.payload));
}

static void sets_nothing_without_an_id_or_a_guild(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    GD_AUTO_REPLY reply = {0};
    struct gd_publication no_guild = publication("5");
    no_guild.guild = (struct gd_slice){0};
    empty(r);
    add(p, publication(NULL));
    add(p, no_guild);
    finish(p);
    call(r, &reply, ARGS("KEYS", "*"));
    assert_number(&reply, 0, GD_REPLY_ARRAY, 1);
    assert_text(&reply, 1, GD_REPLY_STRING, "research:x");
    assert_int_equal(gd_publisher_confirmed(p), 2);
}

static void adds_nothing_to_the_zset_without_a_score(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    GD_AUTO_REPLY reply = {0};
    struct gd_publication m = publication("5");
    m.score = (struct gd_slice){0};
    empty(r);
    add(p, m);
    finish(p);
    call(r, &reply, ARGS("KEYS", "*"));
    assert_number(&reply, 0, GD_REPLY_ARRAY, 1);
    assert_text(&reply, 1, GD_REPLY_STRING, "msg:research:5");
}

static void keeps_for_ever_with_a_ttl_of_0(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    GD_AUTO_REPLY reply = {0};
    struct gd_publication for_ever = publication("6");
    for_ever.ttl_s = 0;
    add(p, for_ever);
    add(p, publication("7"));
    finish(p);
    call(r, &reply, ARGS("TTL", "msg:research:6"));
    assert_number(&reply, 0, GD_REPLY_INTEGER, -1);
    call(r, &reply, ARGS("TTL", "msg:research:7"));
    assert_true(reply.item[0].integer > 3500 && reply.item[0].integer <= 3600);
}

static void counts_deliveries(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) one = open_at(shared_url(state));
    GD_AUTO(redis) two = open_at(shared_url(state));
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    GD_AUTO_REPLY reply = {0};
    call(one, &reply, ARGS("SUBSCRIBE", "research:x"));
    call(two, &reply, ARGS("PSUBSCRIBE", "research:*"));
    for (int i = 0; i < 5; i++) {
        add(p, publication("1"));
    }
    finish(p);
    assert_int_equal(gd_publisher_received(p), 10);
}

static void goes_on_after_refusals_and_names_each(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO_BUF refused = {0};
    GD_AUTO(publisher) p = gd_publisher_new(r, collect, &refused);
    GD_AUTO_REPLY reply = {0};
    empty(r);
    call(r, &reply, ARGS("SET", "research:x", "a string"));
    struct gd_publication other = publication("12345678901234567890123456789012345678901234");
    add(p, publication("7"));
    other.key = GD_SLICE("research:y");
    other.score = GD_SLICE("never");
    other.tag = (void *)"mine";
    add(p, other);
    add(p, publication(NULL));
    other.score = GD_SLICE("1");
    add(p, other);
    finish(p);
    assert_string_equal(gd_buf_terminate(&refused),
                        "1 ZADD 7 WRONGTYPE -\n"
                        "2 ZADD 1234567890123456789012345678901234567890 ERR value mine\n"
                        "3 ZADD - WRONGTYPE -\n");
    assert_int_equal(gd_publisher_refused(p), 3);
    assert_int_equal(gd_publisher_confirmed(p), 4);
}

static void counts_a_message_once_however_many_commands_are_refused(void **state) {
    (void)state;
    AUTO_SERVER s = {0};
    assert_int_equal(server_start(&s, (const char *[]){"--maxmemory", "1", NULL}), 0);
    GD_AUTO(redis) r = open_at(s.url);
    GD_AUTO_BUF refused = {0};
    GD_AUTO(publisher) p = gd_publisher_new(r, collect, &refused);
    add(p, publication("7"));
    finish(p);
    assert_string_equal(gd_buf_terminate(&refused), "1 SET 7 OOM comma -\n1 ZADD 7 OOM comma -\n");
    assert_int_equal(gd_publisher_refused(p), 1);
}

static void confirms_more_than_fits_the_window(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    GD_AUTO_REPLY reply = {0};
    char score[16];
    empty(r);
    for (int i = 0; i < 20000; i++) {
        struct gd_publication m = publication("1");
        snprintf(score, sizeof score, "%d", i);
        m.score = m.payload = gd_slice_str(score);
        add(p, m);
    }
    finish(p);
    call(r, &reply, ARGS("ZCARD", "research:x"));
    assert_number(&reply, 0, GD_REPLY_INTEGER, 20000);
    assert_int_equal(gd_publisher_confirmed(p), 20000);
    assert_int_equal(gd_publisher_refused(p), 0);
}

static void writes_messages_larger_than_the_window(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    GD_AUTO_REPLY reply = {0};
    GD_AUTO_BUF big = {0};
    struct gd_publication m = publication("1");
    memset(gd_buf_reserve(&big, 3 * MIB), 'x', 3 * MIB);
    m.payload = gd_slice_of(big.p, 3 * MIB);
    empty(r);
    add(p, m);
    add(p, m);
    finish(p);
    call(r, &reply, ARGS("STRLEN", "msg:research:1"));
    assert_number(&reply, 0, GD_REPLY_INTEGER, 3 * MIB);
    assert_int_equal(gd_publisher_confirmed(p), 2);
}

static void sends_nothing_of_a_small_batch_before_a_flush(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(redis) other = open_at(shared_url(state));
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    GD_AUTO_REPLY reply = {0};
    struct gd_error e = {0};
    call(other, &reply, ARGS("SUBSCRIBE", "research:x"));
    add(p, publication("1"));
    assert_int_equal(gd_redis_next(other, &reply, &e), 0);
    assert_true(gd_redis_pending_output(r) > 0);
    must(gd_publisher_flush(p, &e), &e);
    assert_int_equal(gd_redis_pending_output(r), 0);
    next(other, &reply);
    assert_text(&reply, 1, GD_REPLY_STRING, "message");
}

static void takes_replies_in_while_it_pauses(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    struct gd_error e = {0};
    int64_t start_ms = gd_monotonic_ms();
    add(p, publication("1"));
    while (gd_publisher_confirmed(p) == 0 && gd_monotonic_ms() < start_ms + 20000) {
        must(gd_publisher_pause(p, 5, &e), &e);
    }
    assert_int_equal(gd_publisher_confirmed(p), 1);
    assert_true(gd_monotonic_ms() >= start_ms + 5);
}

static void notices_in_a_pause_that_the_connection_is_lost(void **state) {
    (void)state;
    AUTO_SERVER s = {0};
    assert_int_equal(server_start(&s, NULL), 0);
    GD_AUTO(redis) r = open_at(s.url);
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    struct gd_error e = {0};
    add(p, publication("1"));
    finish(p);
    server_kill(&s);
    assert_int_equal(gd_publisher_pause(p, 20000, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_REDIS);
    assert_contains(e.message, "after 1 of 1 messages were confirmed: ");
    assert_contains(e.message, "connection closed by server");
}

static void stays_lost_and_says_the_same_again(void **state) {
    (void)state;
    AUTO_SERVER s = {0};
    assert_int_equal(server_start(&s, NULL), 0);
    GD_AUTO(redis) r = open_at(s.url);
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    struct gd_error first = {0}, second = {0};
    struct gd_publication m = publication("1");
    add(p, m);
    finish(p);
    server_kill(&s);
    add(p, m);
    assert_int_equal(gd_publisher_finish(p, &first), -1);
    assert_contains(first.message, "after 1 of 2 messages were confirmed: ");
    assert_int_equal(gd_publisher_add(p, &m, &second), -1);
    assert_string_equal(first.message, second.message);
    assert_int_equal(gd_publisher_add(p, &m, NULL), -1);
}

/* A server that is stopped keeps its connections, and answers nothing. */
static void gives_up_on_a_server_that_does_not_answer(void **state) {
    (void)state;
    AUTO_SERVER s = {0};
    assert_int_equal(server_start(&s, NULL), 0);
    GD_AUTO(redis) r = open_at(s.url);
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    struct gd_error e = {0};
    gd_publisher_set_timeout(p, 50);
    kill(s.pid, SIGSTOP);
    add(p, publication("1"));
    assert_int_equal(gd_publisher_finish(p, &e), -1);
    assert_contains(e.message, "after 0 of 1 messages were confirmed: no answer from ");
    assert_contains(e.message, " for 50 ms");
}

static void keeps_what_is_on_its_way_within_the_window(void **state) {
    (void)state;
    AUTO_SERVER s = {0};
    assert_int_equal(server_start(&s, NULL), 0);
    GD_AUTO(redis) r = open_at(s.url);
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    GD_AUTO_BUF payload = {0};
    struct gd_publication m = publication("1");
    struct gd_error e = {0};
    memset(gd_buf_reserve(&payload, 1000), 'x', 1000);
    m.payload = gd_slice_of(payload.p, 1000);
    gd_publisher_set_timeout(p, 50);
    kill(s.pid, SIGSTOP);
    int added = 0;
    while (added < 10000 && gd_publisher_add(p, &m, &e) == 0) {
        added++;
    }
    assert_in_range(added, MIB / 3300, MIB / 3000);
    assert_contains(e.message, "no answer from ");
}

/* Stopping is not losing: what was added before is still confirmed. */
static void finishes_after_its_wake_fd_interrupted_it(void **state) {
    int wake[2];
    assert_int_equal(pipe(wake), 0);
    GD_AUTO(redis) r = open_with(shared_url(state), (struct gd_redis_options){.wake_fd = wake[0]});
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    struct gd_error e = {0};
    add(p, publication("1"));
    assert_int_equal(write(wake[1], "", 1), 1);
    assert_int_equal(gd_publisher_pause(p, 20000, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_INTERRUPTED);
    finish(p);
    assert_int_equal(gd_publisher_confirmed(p), 1);
    close(wake[0]);
    close(wake[1]);
}

static void leaves_the_connection_free_after_finishing(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO(publisher) p = gd_publisher_new(r, NULL, NULL);
    GD_AUTO_REPLY reply = {0};
    for (int i = 0; i < 3; i++) {
        add(p, publication("1"));
        finish(p);
        call(r, &reply, ARGS("PING"));
        assert_text(&reply, 0, GD_REPLY_STATUS, "PONG");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_adds_and_publishes_in_that_order),
        cmocka_unit_test(writes_any_bytes_as_they_are),
        cmocka_unit_test(sets_nothing_without_an_id_or_a_guild),
        cmocka_unit_test(adds_nothing_to_the_zset_without_a_score),
        cmocka_unit_test(keeps_for_ever_with_a_ttl_of_0),
        cmocka_unit_test(counts_deliveries),
        cmocka_unit_test(goes_on_after_refusals_and_names_each),
        cmocka_unit_test(counts_a_message_once_however_many_commands_are_refused),
        cmocka_unit_test(confirms_more_than_fits_the_window),
        cmocka_unit_test(writes_messages_larger_than_the_window),
        cmocka_unit_test(sends_nothing_of_a_small_batch_before_a_flush),
        cmocka_unit_test(takes_replies_in_while_it_pauses),
        cmocka_unit_test(notices_in_a_pause_that_the_connection_is_lost),
        cmocka_unit_test(stays_lost_and_says_the_same_again),
        cmocka_unit_test(gives_up_on_a_server_that_does_not_answer),
        cmocka_unit_test(keeps_what_is_on_its_way_within_the_window),
        cmocka_unit_test(finishes_after_its_wake_fd_interrupted_it),
        cmocka_unit_test(leaves_the_connection_free_after_finishing),
    };
    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
