/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "redis_reply.h"

#define MIB ((size_t)1 << 20)

/* Replies */

static void flattens_nested_replies_in_preorder(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO_REPLY reply = {0};
    call(r, &reply,
         ARGS("EVAL",
              "return {1, {'a', {redis.status_reply('OK'), false, {}}}, redis.error_reply('E x'), "
              "''}",
              "0"));
    assert_int_equal(reply.count, 10);
    assert_number(&reply, 0, GD_REPLY_ARRAY, 4);
    assert_number(&reply, 1, GD_REPLY_INTEGER, 1);
    assert_number(&reply, 2, GD_REPLY_ARRAY, 2);
    assert_text(&reply, 3, GD_REPLY_STRING, "a");
    assert_number(&reply, 4, GD_REPLY_ARRAY, 3);
    assert_text(&reply, 5, GD_REPLY_STATUS, "OK");
    assert_number(&reply, 6, GD_REPLY_NIL, 0);
    assert_null(reply.item[6].text.p);
    assert_number(&reply, 7, GD_REPLY_ARRAY, 0);
    assert_text(&reply, 8, GD_REPLY_ERROR, "E x");
    assert_text(&reply, 9, GD_REPLY_STRING, "");
}

static void reads_a_page_of_scan(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO_REPLY reply = {0};
    call(r, &reply, ARGS("SET", "scan-me", "x"));
    call(r, &reply, ARGS("SCAN", "0", "MATCH", "scan-me", "COUNT", "1000"));
    assert_number(&reply, 0, GD_REPLY_ARRAY, 2);
    assert_text(&reply, 1, GD_REPLY_STRING, "0");
    assert_number(&reply, 2, GD_REPLY_ARRAY, 1);
    assert_text(&reply, 3, GD_REPLY_STRING, "scan-me");
}

static void goes_on_with_a_reply_that_comes_byte_by_byte(void **state) {
    (void)state;
    static const char wire[] = "*3\r\n$5\r\nab\0cd\r\n*2\r\n:-7\r\n+OK\r\n$-1\r\n";
    GD_AUTO(reply_parser) p = gd_reply_parser_new();
    GD_AUTO_REPLY reply = {0};
    for (size_t i = 0; i < sizeof wire - 2; i++) {
        gd_reply_parser_feed(p, wire + i, 1);
        assert_int_equal(gd_reply_parser_next(p, &reply), 0);
    }
    gd_reply_parser_feed(p, wire + sizeof wire - 2, 1);
    assert_int_equal(gd_reply_parser_next(p, &reply), 1);
    assert_int_equal(reply.count, 6);
    assert_int_equal(reply.item[1].text.n, 5);
    assert_memory_equal(reply.item[1].text.p, "ab\0cd", 6);
    assert_number(&reply, 3, GD_REPLY_INTEGER, -7);
    assert_text(&reply, 4, GD_REPLY_STATUS, "OK");
    assert_int_equal(gd_reply_parser_next(p, &reply), 0);
}

static void refuses_another_struct_for_the_rest_of_a_reply(void **state) {
    (void)state;
    GD_AUTO(reply_parser) p = gd_reply_parser_new();
    GD_AUTO_REPLY one = {0}, other = {0};
    gd_reply_parser_feed(p, "*2\r\n:1\r\n", 8);
    assert_int_equal(gd_reply_parser_next(p, &one), 0);
    assert_int_equal(gd_reply_parser_next(p, &other), -1);
}

/* Over the unix socket, since that takes only a little at a time. */
static void passes_a_large_value_and_gives_its_memory_back(void **state) {
    char url[140];
    snprintf(url, sizeof url, "unix://%s", ((struct server *)*state)->socket);
    GD_AUTO(redis) r = open_at(url);
    GD_AUTO_REPLY reply = {0};
    GD_AUTO_BUF value = {0};
    size_t n = 5 * MIB;
    gd_buf_reserve(&value, n);
    for (; value.n < n; value.n++) {
        value.p[value.n] = (char)(value.n ^ value.n / 251 ^ value.n / 65521);
    }
    memcpy(value.p + 3 * MIB, "\r\n$1\0", 5);
    call(r, &reply, 3,
         (struct gd_slice[]){GD_SLICE("SET"), GD_SLICE("large"), gd_buf_slice(&value)});
    call(r, &reply, ARGS("GET", "large"));
    assert_int_equal(reply.count, 1);
    assert_true(gd_slice_equal(reply.item[0].text, gd_buf_slice(&value)));
    assert_int_equal(reply.item[0].text.p[n], '\0');
    assert_true(reply.bytes.cap <= n + n / 4);
    call(r, &reply, ARGS("PING"));
    call(r, &reply, ARGS("PING"));
    assert_true(reply.bytes.cap <= MIB);
}

static void pipelines_ten_thousand_commands(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO_REPLY reply = {0};
    char text[16];
    for (int i = 0; i < 10000; i++) {
        snprintf(text, sizeof text, "%d", i);
        gd_redis_append(r, ARGS("ECHO", text));
    }
    assert_true(gd_redis_pending_output(r) > 10000);
    for (int i = 0; i < 10000; i++) {
        snprintf(text, sizeof text, "%d", i);
        next(r, &reply);
        assert_int_equal(reply.count, 1);
        assert_text(&reply, 0, GD_REPLY_STRING, text);
    }
    assert_int_equal(gd_redis_pending_output(r), 0);
}

static void delivers_messages_of_any_bytes_into_the_same_memory(void **state) {
    GD_AUTO(redis) sub = open_at(shared_url(state));
    GD_AUTO(redis) pub = open_at(shared_url(state));
    GD_AUTO_REPLY reply = {0}, ignored = {0};
    char payload[1024];
    for (size_t i = 0; i < sizeof payload; i++) {
        payload[i] = (char)i;
    }
    gd_redis_append(sub, ARGS("SUBSCRIBE", "g:any"));
    next(sub, &reply);
    struct gd_slice publish[] = {GD_SLICE("PUBLISH"), GD_SLICE("g:any"), {payload, sizeof payload}};
    const void *item = NULL, *bytes = NULL;
    for (int i = 0; i < 500; i++) {
        call(pub, &ignored, 3, publish);
        next(sub, &reply);
        assert_int_equal(reply.count, 4);
        assert_text(&reply, 1, GD_REPLY_STRING, "message");
        assert_text(&reply, 2, GD_REPLY_STRING, "g:any");
        assert_int_equal(reply.item[3].text.n, sizeof payload);
        assert_memory_equal(reply.item[3].text.p, payload, sizeof payload);
        assert_true(i == 0 || (item == reply.item && bytes == reply.bytes.p));
        item = reply.item;
        bytes = reply.bytes.p;
    }
}

static void makes_no_system_call_while_replies_are_left(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO_REPLY reply = {0};
    struct gd_error e = {0};
    int arrived = 0;
    for (int i = 0; i < 3; i++) {
        gd_redis_append(r, ARGS("PING"));
    }
    assert_int_equal(gd_redis_flush(r, &e), 0);
    while (arrived < 3 * 7) {
        assert_int_equal(gd_redis_wait(r, 20000, &e), 1);
        assert_int_equal(ioctl(gd_redis_fd(r), FIONREAD, &arrived), 0);
    }
    assert_int_equal(gd_redis_next(r, &reply, &e), 1);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, gd_redis_fd(r));
    close(null);
    assert_int_equal(gd_redis_next(r, &reply, &e), 1);
    assert_int_equal(gd_redis_next(r, &reply, &e), 1);
    assert_text(&reply, 0, GD_REPLY_STATUS, "PONG");
}

/* Failures during a session */

static void names_command_and_key_of_an_error_reply(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO_REPLY reply = {0};
    struct gd_error e = {0};
    call(r, &reply, ARGS("SET", "a\nstring", "x"));
    assert_int_equal(gd_redis_call(r, &reply, ARGS("ZRANGE", "a\nstring", "0", "1"), &e), -1);
    assert_int_equal(e.failure, GD_FAIL_REDIS);
    assert_ptr_equal(strstr(e.message, shared_url(state)), e.message);
    assert_contains(e.message, ": ZRANGE a\\x0astring: WRONGTYPE Operation against a key");
    assert_contains(e.hint, "right key");
    call(r, &reply, ARGS("GET", "a\nstring"));
    assert_text(&reply, 0, GD_REPLY_STRING, "x");
}

static void notices_that_the_server_was_killed(void **state) {
    (void)state;
    AUTO_SERVER s = {0};
    assert_int_equal(server_start(&s, NULL), 0);
    GD_AUTO(redis) r = open_at(s.url);
    GD_AUTO_REPLY reply = {0};
    struct gd_error e = {0};
    assert_int_equal(gd_redis_next(r, &reply, &e), 0);
    server_kill(&s);
    assert_int_equal(gd_redis_wait(r, 20000, &e), 1);
    assert_int_equal(gd_redis_next(r, &reply, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_REDIS);
    assert_contains(e.message, "connection closed by server");
    assert_contains(e.message, s.url);
    /* Writing now would raise SIGPIPE, which would end this program. */
    for (int i = 0; i < 2; i++) {
        e = (struct gd_error){0};
        assert_int_equal(gd_redis_call(r, &reply, ARGS("PING"), &e), -1);
        assert_contains(e.message, "connection closed by server");
    }
}

static void gives_up_on_a_command_and_on_the_connection_after_the_time_out(void **state) {
    GD_AUTO(redis)
    r = open_with(shared_url(state),
                  (struct gd_redis_options){.command_timeout_ms = 250, .wake_fd = -1});
    GD_AUTO_REPLY reply = {0};
    struct gd_error e = {0};
    assert_int_equal(gd_redis_call(r, &reply, ARGS("BLPOP", "no-such-list", "0"), &e), -1);
    assert_int_equal(e.failure, GD_FAIL_REDIS);
    assert_contains(e.message, "time-out");
    assert_contains(e.message, shared_url(state));
    assert_int_equal(gd_redis_call(r, &reply, ARGS("PING"), &e), -1);
    assert_contains(e.message, "given up");
}

static void waits_no_longer_than_it_is_told(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    struct gd_error e = {0};
    int64_t start_ms = gd_monotonic_ms();
    assert_int_equal(gd_redis_wait(r, 0, &e), 0);
    assert_int_equal(gd_redis_wait(r, 30, &e), 0);
    assert_true(gd_monotonic_ms() - start_ms >= 29);
}

struct waker {
    const char *url;
    int fd;
};

/* Writes to the pipe once the server has a client that is blocked. */
static void *wake_when_blocked(void *arg) {
    struct waker *w = arg;
    GD_AUTO(redis) r = open_at(w->url);
    GD_AUTO_REPLY reply = {0};
    do {
        call(r, &reply, ARGS("INFO", "clients"));
    } while (strstr(reply.item[0].text.p, "blocked_clients:0"));
    return (void *)(intptr_t)write(w->fd, "x", 1);
}

static void stops_a_blocking_call_when_wake_fd_is_readable(void **state) {
    int wake[2];
    pthread_t thread;
    assert_int_equal(pipe2(wake, O_CLOEXEC), 0);
    GD_AUTO(redis) r = open_with(shared_url(state), (struct gd_redis_options){.wake_fd = wake[0]});
    GD_AUTO_REPLY reply = {0};
    struct gd_error e = {0};
    struct waker waker = {shared_url(state), wake[1]};
    assert_int_equal(pthread_create(&thread, NULL, wake_when_blocked, &waker), 0);
    int failed = gd_redis_call(r, &reply, ARGS("BLPOP", "no-such-list", "20"), &e);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(failed, -1);
    assert_int_equal(e.failure, GD_FAIL_INTERRUPTED);
    assert_int_equal(gd_redis_wait(r, -1, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_INTERRUPTED);
    close(wake[0]);
    close(wake[1]);
}

static void ignore_signal(int signal) {
    (void)signal;
}

static void goes_on_after_a_signal(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO_REPLY reply = {0};
    struct sigaction old, action = {.sa_handler = ignore_signal};
    struct itimerval every = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &action, &old);
    setitimer(ITIMER_REAL, &every, NULL);
    call(r, &reply, ARGS("BLPOP", "no-such-list", "0.1"));
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &old, NULL);
    assert_number(&reply, 0, GD_REPLY_NIL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flattens_nested_replies_in_preorder),
        cmocka_unit_test(reads_a_page_of_scan),
        cmocka_unit_test(goes_on_with_a_reply_that_comes_byte_by_byte),
        cmocka_unit_test(refuses_another_struct_for_the_rest_of_a_reply),
        cmocka_unit_test(passes_a_large_value_and_gives_its_memory_back),
        cmocka_unit_test(pipelines_ten_thousand_commands),
        cmocka_unit_test(delivers_messages_of_any_bytes_into_the_same_memory),
        cmocka_unit_test(makes_no_system_call_while_replies_are_left),
        cmocka_unit_test(names_command_and_key_of_an_error_reply),
        cmocka_unit_test(notices_that_the_server_was_killed),
        cmocka_unit_test(gives_up_on_a_command_and_on_the_connection_after_the_time_out),
        cmocka_unit_test(waits_no_longer_than_it_is_told),
        cmocka_unit_test(stops_a_blocking_call_when_wake_fd_is_readable),
        cmocka_unit_test(goes_on_after_a_signal),
    };
    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
