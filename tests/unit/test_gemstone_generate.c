/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../lib/gemstone.h"

#define NOW_MS INT64_C(1768000000001) /* 2026-01-09T23:06:40.001Z */

static void assert_same_id(const struct gd_id *got, const struct gd_id *expected) {
    assert_int_equal(got->layout, expected->layout);
    assert_int_equal(got->timestamp_ms, expected->timestamp_ms);
    assert_int_equal(got->priority, expected->priority);
    assert_int_equal(got->machine, expected->machine);
    assert_int_equal(got->sequence, expected->sequence);
}

static bool is_later(const struct gd_id *a, const struct gd_id *b) {
    return a->timestamp_ms > b->timestamp_ms ||
           (a->timestamp_ms == b->timestamp_ms && a->sequence > b->sequence);
}

static void each_millisecond_starts_a_sequence(void **state) {
    (void)state;
    struct gd_id_generator g = {0};
    struct gd_id id = {.layout = GD_LAYOUT_INT, .priority = 4, .machine = 3};
    assert_int_equal(gd_id_generate(&g, NOW_MS, &id, NULL), 0);
    assert_same_id(&id, &(struct gd_id){GD_LAYOUT_INT, NOW_MS, 4, 3, 0});
    assert_int_equal(gd_id_generate(&g, NOW_MS, &id, NULL), 0);
    assert_same_id(&id, &(struct gd_id){GD_LAYOUT_INT, NOW_MS, 4, 3, 1});
    assert_int_equal(gd_id_generate(&g, NOW_MS + 1, &id, NULL), 0);
    assert_same_id(&id, &(struct gd_id){GD_LAYOUT_INT, NOW_MS + 1, 4, 3, 0});
}

static void ids_grow_when_the_clock_steps_back(void **state) {
    (void)state;
    for (int layout = 0; layout < GD_LAYOUTS; layout++) {
        struct gd_id_generator g = {0};
        struct gd_id id = {.layout = (enum gd_layout)layout};
        assert_int_equal(gd_id_generate(&g, NOW_MS, &id, NULL), 0);
        for (int64_t back_ms = 1; back_ms < 100000; back_ms *= 3) {
            struct gd_id last = id;
            assert_int_equal(gd_id_generate(&g, NOW_MS - back_ms, &id, NULL), 0);
            assert_true(is_later(&id, &last));
            assert_int_equal(id.timestamp_ms, NOW_MS);
        }
    }
}

static void ids_grow_when_the_sequence_overflows(void **state) {
    (void)state;
    static const uint32_t sequences[GD_LAYOUTS] = {
        [GD_LAYOUT_BASE64] = 16384, [GD_LAYOUT_INT] = 4096, [GD_LAYOUT_HEX] = 4096};
    for (int layout = 0; layout < GD_LAYOUTS; layout++) {
        struct gd_id_generator g = {0};
        struct gd_id id = {.layout = (enum gd_layout)layout}, last;
        assert_int_equal(gd_id_generate(&g, NOW_MS, &id, NULL), 0);
        for (uint32_t i = 1; i < 2 * sequences[layout] + 1; i++) {
            last = id;
            assert_int_equal(gd_id_generate(&g, NOW_MS, &id, NULL), 0);
            assert_true(is_later(&id, &last));
            assert_int_equal(id.sequence, i % sequences[layout]);
        }
        assert_int_equal(id.timestamp_ms, NOW_MS + 2);
        last = id;
        assert_int_equal(gd_id_generate(&g, NOW_MS + 1, &id, NULL), 0);
        assert_true(is_later(&id, &last));
    }
}

static void time_that_does_not_fit_is_refused_and_changes_nothing(void **state) {
    (void)state;
    struct gd_id_generator g = {0};
    struct gd_id id = {.layout = GD_LAYOUT_INT, .priority = 4};
    struct gd_error e = {0};
    assert_int_equal(gd_id_generate(&g, GD_INT_LAST_MS + 1, &id, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_USAGE);
    assert_non_null(strstr(e.message, "2040-06-02T21:56:53.888Z"));
    assert_non_null(strstr(e.message, "2023-01-01T00:00:00.000Z to 2040-06-02T21:56:53.887Z"));
    assert_int_equal(gd_id_generate(&g, GD_INT_EPOCH_MS - 1, &id, &e), -1);
    assert_false(g.used);
    assert_int_equal(gd_id_generate(&g, GD_INT_LAST_MS, &id, &e), 0);
    assert_same_id(&id, &(struct gd_id){GD_LAYOUT_INT, GD_INT_LAST_MS, 4, 0, 0});
}

static void sequence_that_overflows_at_the_last_time_is_refused(void **state) {
    (void)state;
    struct gd_id_generator g = {.used = true, .last_ms = GD_INT_LAST_MS, .sequence = 4094};
    struct gd_id id = {.layout = GD_LAYOUT_INT};
    assert_int_equal(gd_id_generate(&g, NOW_MS, &id, NULL), 0);
    assert_int_equal(id.sequence, 4095);
    assert_int_equal(gd_id_generate(&g, NOW_MS, &id, NULL), -1);
    assert_int_equal(id.sequence, 4095);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_millisecond_starts_a_sequence),
        cmocka_unit_test(ids_grow_when_the_clock_steps_back),
        cmocka_unit_test(ids_grow_when_the_sequence_overflows),
        cmocka_unit_test(time_that_does_not_fit_is_refused_and_changes_nothing),
        cmocka_unit_test(sequence_that_overflows_at_the_last_time_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
