/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "url.h"

#define AUTO_URL __attribute__((cleanup(gd_url_free))) struct gd_url

static void parse(struct gd_url *url, const char *text) {
    struct gd_error e = {0};
    if (gd_url_parse(url, text, &e)) {
        fail_msg("%s: %s", text, e.message);
    }
}

static void assert_tcp(const char *text, const char *host, int port, int db) {
    AUTO_URL url = {0};
    parse(&url, text);
    assert_null(url.path);
    assert_string_equal(url.host, host);
    assert_int_equal(url.port, port);
    assert_int_equal(url.db, db);
}

static void assert_login(const char *text, const char *user, const char *password) {
    AUTO_URL url = {0};
    parse(&url, text);
    assert_string_equal(url.user ? url.user : "(none)", user ? user : "(none)");
    assert_string_equal(url.password ? url.password : "(none)", password ? password : "(none)");
}

static void assert_unix(const char *text, const char *path, int db) {
    AUTO_URL url = {0};
    parse(&url, text);
    assert_null(url.host);
    assert_string_equal(url.path, path);
    assert_int_equal(url.db, db);
}

/* Refused as a usage error that has `why` in it, and neither the word "secret" nor anything owned.
 */
static void assert_refused(const char *text, const char *why) {
    struct gd_url url;
    struct gd_error e = {0};
    if (gd_url_parse(&url, text, &e) == 0) {
        gd_url_free(&url);
        fail_msg("%s is accepted", text);
    }
    assert_int_equal(e.failure, GD_FAIL_USAGE);
    if (!strstr(e.message, why)) {
        fail_msg("%s: \"%s\" does not say \"%s\"", text, e.message, why);
    }
    assert_null(strstr(e.message, "secret"));
    assert_null(strstr(e.hint, "secret"));
    assert_null(url.host);
    assert_null(url.path);
    assert_null(url.user);
    assert_null(url.password);
}

static void assert_shown(const char *text, const char *shown) {
    AUTO_URL url = {0};
    GD_AUTO_BUF out = {0};
    parse(&url, text);
    gd_buf_add_lit(&out, "at ");
    assert_string_equal(gd_url_show(&url, &out), shown);
    assert_memory_equal(out.p, "at ", 3);
    assert_int_equal(out.n, 3 + strlen(shown));
}

static void reads_host_port_and_database(void **state) {
    (void)state;
    assert_tcp("redis://db1:6380/2", "db1", 6380, 2);
    assert_tcp("redis://db1:1", "db1", 1, 0);
    assert_tcp("redis://db1:65535/", "db1", 65535, 0);
    assert_tcp("redis://db1/15", "db1", 6379, 15);
    assert_tcp("redis://db1", "db1", 6379, 0);
    assert_tcp("REDIS://db1?db=3", "db1", 6379, 3);
    assert_tcp(GD_URL_DEFAULT, "localhost", 6379, 0);
}

static void reads_short_forms(void **state) {
    (void)state;
    assert_tcp("db1", "db1", 6379, 0);
    assert_tcp("db1:6380", "db1", 6380, 0);
    assert_tcp("db1:6380/2", "db1", 6380, 2);
    assert_tcp("[::1]:6380", "::1", 6380, 0);
    assert_unix("/run/redis.sock", "/run/redis.sock", 0);
    assert_login("user:pw@db1", "user", "pw");
}

static void takes_a_bare_path_literally(void **state) {
    (void)state;
    assert_unix("/run/100%/a?db=3", "/run/100%/a?db=3", 0);
}

static void reads_ipv6_addresses_in_brackets(void **state) {
    (void)state;
    assert_tcp("redis://[::1]", "::1", 6379, 0);
    assert_tcp("redis://[2001:db8::7]:6380/1", "2001:db8::7", 6380, 1);
    assert_tcp("redis://u:p@[fe80::1%25eth0]:6380", "fe80::1%eth0", 6380, 0);
}

static void reads_user_and_password(void **state) {
    (void)state;
    assert_login("redis://db1", NULL, NULL);
    assert_login("redis://bob@db1", "bob", NULL);
    assert_login("redis://bob:pw@db1", "bob", "pw");
    assert_login("redis://:pw@db1", NULL, "pw");
    assert_login("redis://bob:@db1", "bob", "");
    assert_login("redis://bob:a:b@db1", "bob", "a:b");
    assert_login("redis://bob:p@ss@db1", "bob", "p@ss");
    assert_login("unix://bob:pw@/run/redis.sock", "bob", "pw");
}

static void decodes_percent_escapes(void **state) {
    (void)state;
    assert_login("redis://b%6Fb:p%40s%2fs%3A%25@db1", "bob", "p@s/s:%");
    assert_tcp("redis://d%62%31", "db1", 6379, 0);
    assert_unix("unix:///a%20b%3fc", "/a b?c", 0);
}

static void reads_unix_sockets(void **state) {
    (void)state;
    assert_unix("unix:///run/redis.sock", "/run/redis.sock", 0);
    assert_unix("unix:///run/redis.sock?db=7", "/run/redis.sock", 7);
    assert_unix("Unix://:pw@/run/redis.sock?db=0", "/run/redis.sock", 0);
}

static void refuses_wrong_ports(void **state) {
    (void)state;
    static const char *const wrong[] = {"db1:",    "db1:0",     "db1:65536",
                                        "db1:63x", "db1:-1",    "db1:+1",
                                        "[::1]:",  "db1: 6379", "db1:99999999999999999999",
                                        "db1:%31"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_refused(wrong[i], "the port is a number from 1 to 65535");
    }
}

static void refuses_wrong_databases(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "redis://db1/x",   "redis://db1/-1",  "redis://db1/1/",     "redis://db1/2147483648",
        "redis://db1?db=", "unix:///a?db=1x", "unix:///a?db=1&db=2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_refused(wrong[i], "the database is a number from 0");
    }
    assert_tcp("redis://db1/2147483647", "db1", 6379, 2147483647);
}

static void refuses_what_has_no_place(void **state) {
    (void)state;
    assert_refused("", "the host is missing");
    assert_refused("redis://", "the host is missing");
    assert_refused("redis://:6379", "the host is missing");
    assert_refused("redis://bob@", "the host is missing");
    assert_refused("unix://", "path of a unix socket starts with /");
    assert_refused("unix:///", "path of a unix socket starts with /");
    assert_refused("unix://run/redis.sock", "path of a unix socket starts with /");
    assert_refused("::1", "an IPv6 address stands in brackets");
    assert_refused("redis://[::1", "then ]");
    assert_refused("redis://[::1]6379", "then ]");
    assert_refused("unix:///a?database=1", "only db=N is known");
}

static void refuses_broken_escapes(void **state) {
    (void)state;
    static const char *const wrong[] = {"redis://a%",    "redis://a%4",  "redis://a%4g",
                                        "redis://a%00b", "unix:///a%g4", "redis://:secret%@db1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_refused(wrong[i], "two hexadecimal digits");
    }
}

static void refuses_other_schemes_and_says_which_are_to_come(void **state) {
    (void)state;
    assert_refused("rediss://db1", "rediss:// is not supported yet");
    assert_refused("redis+cluster://a,b", "redis+cluster:// is not supported yet");
    assert_refused("REDIS+Sentinel://a", "redis+sentinel:// is not supported yet");
    assert_refused("http://db1", "neither redis:// nor unix://");
    assert_refused("redi://db1", "neither redis:// nor unix://");
    assert_refused("://db1", "neither redis:// nor unix://");
}

static void shows_no_password_in_a_refusal(void **state) {
    (void)state;
    assert_refused("redis://:secret@db1:x", "port");
    assert_refused("redis://bob:secret", "port");
    assert_refused("redis://:secret/x@db1", "");
    assert_refused("redis://db1?password=secret", "only db=N");
    assert_refused("bob:secret://db1", "scheme");
    assert_refused("unix://:secret@run", "path");
    assert_refused("rediss://bob:secret@db1", "not supported yet");
}

static void shows_the_place_without_user_and_password(void **state) {
    (void)state;
    assert_shown("redis://bob:secret@db1", "redis://db1:6379");
    assert_shown("db1:6380/2", "redis://db1:6380/2");
    assert_shown("redis://:secret@[::1]/1", "redis://[::1]:6379/1");
    assert_shown("unix://bob:secret@/run/redis.sock", "unix:///run/redis.sock");
    assert_shown("unix:///run/redis.sock?db=3", "unix:///run/redis.sock?db=3");
}

static void shows_control_characters_escaped(void **state) {
    (void)state;
    assert_shown("redis://a%0Ab", "redis://a\\x0ab:6379");
    assert_shown("unix:///a%1b[0m", "unix:///a\\x1b[0m");
}

static void frees_a_url_twice_without_harm(void **state) {
    (void)state;
    struct gd_url url;
    parse(&url, "redis://bob:pw@db1/3");
    gd_url_free(&url);
    gd_url_free(&url);
    assert_null(url.password);
    assert_int_equal(url.db, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_host_port_and_database),
        cmocka_unit_test(reads_short_forms),
        cmocka_unit_test(takes_a_bare_path_literally),
        cmocka_unit_test(reads_ipv6_addresses_in_brackets),
        cmocka_unit_test(reads_user_and_password),
        cmocka_unit_test(decodes_percent_escapes),
        cmocka_unit_test(reads_unix_sockets),
        cmocka_unit_test(refuses_wrong_ports),
        cmocka_unit_test(refuses_wrong_databases),
        cmocka_unit_test(refuses_what_has_no_place),
        cmocka_unit_test(refuses_broken_escapes),
        cmocka_unit_test(refuses_other_schemes_and_says_which_are_to_come),
        cmocka_unit_test(shows_no_password_in_a_refusal),
        cmocka_unit_test(shows_the_place_without_user_and_password),
        cmocka_unit_test(shows_control_characters_escaped),
        cmocka_unit_test(frees_a_url_twice_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
