/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

/* Cannot connect: the message starts so, says why, hints, and keeps the password to itself. */
static void assert_no_connection(const char *text, int64_t timeout_ms, const char *why,
                                 const char *hint) {
    GD_AUTO(redis) r = NULL;
    struct gd_error e = {0};
    assert_int_equal(try_open(&r, text, (struct gd_redis_options){timeout_ms, timeout_ms, -1}, &e),
                     -1);
    assert_null(r);
    assert_int_equal(e.failure, GD_FAIL_REDIS);
    assert_ptr_equal(strstr(e.message, "cannot connect to "), e.message);
    assert_contains(e.message, why);
    assert_contains(e.hint, hint);
    assert_null(strstr(e.message, "s3cret"));
    assert_null(strchr(e.message, '\n'));
}

static void connects_over_a_unix_socket(void **state) {
    struct server *s = *state;
    char url[200];
    snprintf(url, sizeof url, "unix://%s", s->socket);
    GD_AUTO(redis) r = open_at(url);
    assert_string_equal(gd_redis_name(r), url);
    assert_true(fcntl(gd_redis_fd(r), F_GETFD) & FD_CLOEXEC);
}

static void connects_over_tcp_and_learns_the_run_id(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO_REPLY reply = {0};
    char line[32];
    call(r, &reply, ARGS("INFO", "server"));
    snprintf(line, sizeof line, "\nrun_id:%s", gd_redis_run_id(r));
    assert_int_equal(strlen(gd_redis_run_id(r)), 12);
    assert_contains(reply.item[0].text.p, line);
}

static void selects_the_database(void **state) {
    GD_AUTO_REPLY reply = {0};
    char url[200];
    snprintf(url, sizeof url, "%s/3", shared_url(state));
    GD_AUTO(redis) third = open_at(url);
    GD_AUTO(redis) first = open_at(shared_url(state));
    call(third, &reply, ARGS("SET", "only-in-3", "x"));
    call(third, &reply, ARGS("EXISTS", "only-in-3"));
    assert_number(&reply, 0, GD_REPLY_INTEGER, 1);
    call(first, &reply, ARGS("EXISTS", "only-in-3"));
    assert_number(&reply, 0, GD_REPLY_INTEGER, 0);
}

static void refuses_a_database_out_of_range(void **state) {
    char url[200];
    snprintf(url, sizeof url, "%s/99", shared_url(state));
    assert_no_connection(url, 5000, "/99: ERR DB index is out of range", "0 to 15");
}

static void asks_for_a_password_and_rejects_a_wrong_one(void **state) {
    (void)state;
    AUTO_SERVER s = {0};
    assert_int_equal(server_start(&s, (const char *[]){"--requirepass", "s3cret", NULL}), 0);
    char url[200];
    assert_no_connection(s.url, 5000, ": NOAUTH", "--url");
    snprintf(url, sizeof url, "unix://:s3cret-not@%s", s.socket);
    assert_no_connection(url, 5000, ": WRONGPASS", "check user and password");
    snprintf(url, sizeof url, "unix://:s3cret@%s", s.socket);
    GD_AUTO(redis) r = open_at(url);
    assert_int_equal(strlen(gd_redis_run_id(r)), 12);
    assert_null(strstr(gd_redis_name(r), "s3cret"));
}

static void gets_by_without_permission_for_info(void **state) {
    GD_AUTO(redis) admin = open_at(shared_url(state));
    GD_AUTO_REPLY reply = {0};
    struct gd_error e = {0};
    char url[200];
    call(admin, &reply, ARGS("ACL", "SETUSER", "bob", "on", ">pw", "~*", "+get"));
    snprintf(url, sizeof url, "redis://bob:pw@%s", shared_url(state) + strlen("redis://"));
    GD_AUTO(redis) bob = open_at(url);
    assert_string_equal(gd_redis_run_id(bob), "");
    call(bob, &reply, ARGS("GET", "nothing"));
    assert_number(&reply, 0, GD_REPLY_NIL, 0);
    assert_int_equal(gd_redis_call(bob, &reply, ARGS("SET", "k", "v"), &e), -1);
    assert_contains(e.message, "SET k: NOPERM");
    assert_contains(e.hint, "permission");
}

static void says_when_nobody_listens(void **state) {
    (void)state;
    AUTO_FAKE f;
    assert_int_equal(fake_start(&f, NULL), 0);
    shutdown(f.fd, SHUT_RDWR);
    assert_no_connection(f.url, 5000, ": connection refused", "is the server running? try --url");
}

static void says_when_there_is_no_such_socket(void **state) {
    (void)state;
    char url[200] = "unix:///";
    assert_no_connection("unix:///nowhere/redis.sock", 5000,
                         "unix:///nowhere/redis.sock: no such file", "is the server running?");
    memset(url + 8, 'x', 150);
    assert_no_connection(url, 5000, "file name too long", "check the path");
}

static void says_when_the_host_has_no_address(void **state) {
    (void)state;
    assert_no_connection(
        "redis://a-label-of-more-than-sixty-three-characters-is-no-name-of-any-host.x", 5000,
        "not known", "check the host name");
}

static void recognises_what_is_not_a_redis(void **state) {
    (void)state;
    AUTO_FAKE f;
    assert_int_equal(fake_start(&f, (const char *[]){"HTTP/1.1 400 Bad Request\r\n\r\n", NULL}), 0);
    assert_no_connection(f.url, 5000, ": not a Redis server", "check host and port");
}

static void notices_a_server_that_closes_in_the_middle_of_a_reply(void **state) {
    (void)state;
    AUTO_FAKE f;
    assert_int_equal(fake_start(&f, (const char *[]){"+PONG\r\n", "$100\r\nabc", NULL}), 0);
    assert_no_connection(f.url, 5000, ": connection closed by server", "");
}

static void gives_up_on_a_server_that_never_answers(void **state) {
    (void)state;
    AUTO_FAKE f;
    assert_int_equal(fake_start(&f, NULL), 0);
    assert_no_connection(f.url, 50, ": time-out", "is it a Redis server");
}

static void shows_no_password_that_the_server_repeats(void **state) {
    (void)state;
    AUTO_FAKE f;
    char url[200];
    const char *answer = "-ERR unknown command 'AUTH', with args beginning with: 's3cret' \r\n";
    assert_int_equal(fake_start(&f, (const char *[]){answer, NULL}), 0);
    snprintf(url, sizeof url, "redis://:s3cret@%s", f.url + strlen("redis://"));
    assert_no_connection(url, 5000, ": ERR", "");
}

static void waits_while_the_server_loads(void **state) {
    (void)state;
    AUTO_FAKE f;
    assert_int_equal(fake_start(&f, (const char *[]){"-LOADING data\r\n", "-LOADING data\r\n",
                                                     "+PONG\r\n", "$-1\r\n", NULL}),
                     0);
    GD_AUTO(redis) r = open_at(f.url);
    assert_string_equal(gd_redis_run_id(r), "");
}

static void gives_up_on_a_server_that_loads_for_too_long(void **state) {
    (void)state;
    AUTO_FAKE f;
    const char *loading = "-LOADING data\r\n";
    assert_int_equal(fake_start(&f, (const char *[]){loading, loading, loading, loading, NULL}), 0);
    assert_no_connection(f.url, 300, ": LOADING data", "try again later");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_over_a_unix_socket),
        cmocka_unit_test(connects_over_tcp_and_learns_the_run_id),
        cmocka_unit_test(selects_the_database),
        cmocka_unit_test(refuses_a_database_out_of_range),
        cmocka_unit_test(asks_for_a_password_and_rejects_a_wrong_one),
        cmocka_unit_test(gets_by_without_permission_for_info),
        cmocka_unit_test(says_when_nobody_listens),
        cmocka_unit_test(says_when_there_is_no_such_socket),
        cmocka_unit_test(says_when_the_host_has_no_address),
        cmocka_unit_test(recognises_what_is_not_a_redis),
        cmocka_unit_test(notices_a_server_that_closes_in_the_middle_of_a_reply),
        cmocka_unit_test(gives_up_on_a_server_that_never_answers),
        cmocka_unit_test(shows_no_password_that_the_server_repeats),
        cmocka_unit_test(waits_while_the_server_loads),
        cmocka_unit_test(gives_up_on_a_server_that_loads_for_too_long),
    };
    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
