/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "seen.h"

static struct gd_slice number(char (*text)[16], unsigned n) {
    return gd_slice_of(*text, (size_t)snprintf(*text, sizeof *text, "{\"n\":%u}", n));
}

static void has_nothing_at_first(void **state) {
    (void)state;
    GD_AUTO(seen) s = gd_seen_new();
    assert_false(gd_seen_has(s, GD_SLICE("k"), GD_SLICE("p")));
    assert_false(gd_seen_has(s, (struct gd_slice){0}, (struct gd_slice){0}));
}

static void has_what_was_added(void **state) {
    (void)state;
    GD_AUTO(seen) s = gd_seen_new();
    gd_seen_add(s, GD_SLICE("k"), GD_SLICE("p"));
    gd_seen_add(s, GD_SLICE("k"), GD_SLICE("p"));
    gd_seen_add(s, GD_SLICE("k"), GD_SLICE(""));
    assert_true(gd_seen_has(s, GD_SLICE("k"), GD_SLICE("p")));
    assert_true(gd_seen_has(s, GD_SLICE("k"), GD_SLICE("")));
}

static void tells_key_and_payload_apart(void **state) {
    (void)state;
    GD_AUTO(seen) s = gd_seen_new();
    gd_seen_add(s, GD_SLICE("ab"), GD_SLICE("cd"));
    assert_false(gd_seen_has(s, GD_SLICE("cd"), GD_SLICE("ab")));
    assert_false(gd_seen_has(s, GD_SLICE("abc"), GD_SLICE("d")));
    assert_false(gd_seen_has(s, GD_SLICE("a"), GD_SLICE("bcd")));
    assert_false(gd_seen_has(s, GD_SLICE("ab"), GD_SLICE("cd\n")));
    assert_false(gd_seen_has(s, GD_SLICE("ab"), GD_SLICE("dd")));
    assert_false(gd_seen_has(s, GD_SLICE("ac"), GD_SLICE("cd")));
}

static void takes_a_hundred_thousand(void **state) {
    (void)state;
    GD_AUTO(seen) s = gd_seen_new();
    char text[16];
    for (unsigned i = 0; i < 100000; i++) {
        gd_seen_add(s, GD_SLICE("g:t"), number(&text, i));
    }
    for (unsigned i = 0; i < 200000; i++) {
        assert_int_equal(gd_seen_has(s, GD_SLICE("g:t"), number(&text, i)), i < 100000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_nothing_at_first),
        cmocka_unit_test(has_what_was_added),
        cmocka_unit_test(tells_key_and_payload_apart),
        cmocka_unit_test(takes_a_hundred_thousand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
