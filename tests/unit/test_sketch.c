/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../lib/sketch.h"

#define AUTO_SKETCH __attribute__((cleanup(gd_sketch_free))) struct gd_sketch

enum { VALUES = 20000 };

static const double quantiles[] = {.5, .9, .95, .99, .999};

/* A number in (0, 1], the same ones for the same seed everywhere. */
static double uniform(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (double)((*seed >> 11) + 1) * 0x1p-53;
}

static double normal(uint64_t *seed) {
    double radius = sqrt(-2 * log(uniform(seed)));
    return radius * cos(6.283185307179586 * uniform(seed));
}

static double draw_uniform(uint64_t *seed) {
    return 1000 * uniform(seed);
}

static double draw_exponential(uint64_t *seed) {
    return -50 * log(uniform(seed));
}

static double draw_lognormal(uint64_t *seed) {
    return exp(3 + 2 * normal(seed));
}

static double draw_constant(uint64_t *seed) {
    (void)seed;
    return 12.5;
}

static double draw_one_of_three(uint64_t *seed) {
    double u = uniform(seed);
    return u < .6 ? 1 : u < .97 ? 30 : 7000;
}

static double draw_mostly_zero(uint64_t *seed) {
    double u = uniform(seed);
    return u < .55 ? 0 : draw_lognormal(seed);
}

static double draw_over_the_whole_range(uint64_t *seed) {
    return pow(10, 600 * uniform(seed) - 300);
}

typedef double draw_function(uint64_t *seed);

static draw_function *const distributions[] = {
    draw_uniform,     draw_exponential,          draw_lognormal, draw_constant, draw_one_of_three,
    draw_mostly_zero, draw_over_the_whole_range,
};

enum { DISTRIBUTIONS = sizeof distributions / sizeof *distributions };

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Values below 1e-9 are zeros by contract. */
static void assert_near(double got, double exact) {
    if (fabs(got - exact) > 0.01 * fabs(exact) && !(exact < 1e-9 && got <= 1e-9)) {
        fail_msg("%.17g is not within 1 %% of %.17g", got, exact);
    }
}

static void quantiles_are_within_one_percent_of_the_nearest_rank(void **state) {
    (void)state;
    double values[VALUES];
    for (int d = 0; d < DISTRIBUTIONS; d++) {
        for (uint64_t seed = 1; seed <= 3; seed++) {
            AUTO_SKETCH s = {0};
            uint64_t random = seed * 0x9E3779B97F4A7C15u;
            for (int i = 0; i < VALUES; i++) {
                gd_sketch_add(&s, values[i] = distributions[d](&random));
            }
            qsort(values, VALUES, sizeof *values, compare_doubles);
            for (size_t q = 0; q < sizeof quantiles / sizeof *quantiles; q++) {
                size_t rank = (size_t)llround(quantiles[q] * VALUES);
                assert_near(gd_sketch_quantile(&s, quantiles[q]), values[rank - 1]);
            }
        }
    }
}

static void count_sum_min_and_max_are_exact(void **state) {
    (void)state;
    AUTO_SKETCH s = {0};
    gd_sketch_add(&s, 3);
    gd_sketch_add(&s, 0);
    gd_sketch_add(&s, 1000.25);
    assert_int_equal(s.count, 3);
    assert_int_equal(s.zeros, 1);
    assert_true(s.sum == 1003.25);
    assert_true(s.min == 0);
    assert_true(s.max == 1000.25);
}

static void quantiles_stay_between_min_and_max(void **state) {
    (void)state;
    for (double value = 1e-9; value < 1e12; value *= 1.37) {
        AUTO_SKETCH s = {0};
        for (int i = 0; i < 3; i++) {
            gd_sketch_add(&s, value);
        }
        assert_true(gd_sketch_quantile(&s, .5) == value);
    }
}

static void the_first_and_the_last_rank_are_exact(void **state) {
    (void)state;
    AUTO_SKETCH s = {0};
    for (int i = 0; i < 50; i++) {
        gd_sketch_add(&s, 1000.25 + i);
    }
    assert_true(gd_sketch_quantile(&s, 0) == 1000.25);
    assert_true(gd_sketch_quantile(&s, .99) == 1049.25);
    assert_true(gd_sketch_quantile(&s, 1) == 1049.25);
}

static void the_rank_is_the_nearest_one(void **state) {
    (void)state;
    AUTO_SKETCH s = {0};
    for (int i = 1; i <= 100; i++) {
        gd_sketch_add(&s, pow(2, i));
    }
    for (int i = 1; i <= 100; i++) {
        assert_near(gd_sketch_quantile(&s, i / 100.0), pow(2, i));
        assert_near(gd_sketch_quantile(&s, (i - .5) / 100), pow(2, i));
    }
    assert_near(gd_sketch_quantile(&s, 0), 2);
}

static void nan_and_infinities_are_ignored(void **state) {
    (void)state;
    AUTO_SKETCH s = {0};
    gd_sketch_add(&s, NAN);
    gd_sketch_add(&s, INFINITY);
    gd_sketch_add(&s, -INFINITY);
    assert_int_equal(s.count, 0);
    gd_sketch_add(&s, 7);
    assert_true(s.sum == 7 && s.min == 7 && s.max == 7);
}

static void negative_values_count_as_zeros(void **state) {
    (void)state;
    AUTO_SKETCH s = {0};
    gd_sketch_add(&s, -5);
    gd_sketch_add(&s, -3);
    assert_int_equal(s.zeros, 2);
    assert_true(gd_sketch_quantile(&s, .5) == -5);
    assert_true(gd_sketch_quantile(&s, .51) == -3);
    gd_sketch_add(&s, 10);
    assert_true(gd_sketch_quantile(&s, .5) == 0);
    assert_true(gd_sketch_quantile(&s, 1) == 10);
}

static void the_largest_and_smallest_doubles_are_taken(void **state) {
    (void)state;
    AUTO_SKETCH s = {0};
    gd_sketch_add(&s, 1.7976931348623157e308);
    gd_sketch_add(&s, 1e-9);
    gd_sketch_add(&s, 4.9e-324);
    assert_true(gd_sketch_quantile(&s, 1) == s.max);
    assert_near(gd_sketch_quantile(&s, .5), 1e-9);
    assert_true(gd_sketch_quantile(&s, 0) <= 1e-9);
}

static void assert_same(const struct gd_sketch *a, const struct gd_sketch *b) {
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->zeros, b->zeros);
    assert_true(fabs(a->sum - b->sum) <= 1e-9 * fabs(a->sum));
    assert_true(a->min == b->min && a->max == b->max);
    for (int i = 0; i <= 1000; i++) {
        assert_true(gd_sketch_quantile(a, i / 1000.0) == gd_sketch_quantile(b, i / 1000.0));
    }
}

static void merging_parts_is_adding_all_to_one(void **state) {
    (void)state;
    for (int d = 0; d < DISTRIBUTIONS; d++) {
        AUTO_SKETCH whole = {0};
        AUTO_SKETCH merged = {0};
        uint64_t random = 42;
        for (int part = 0; part < 5; part++) {
            AUTO_SKETCH s = {0};
            for (int i = 0; i < 1000; i++) {
                double value = distributions[d](&random) * (part + 1);
                gd_sketch_add(&s, value);
                gd_sketch_add(&whole, value);
            }
            gd_sketch_merge(&merged, &s);
        }
        assert_same(&whole, &merged);
    }
}

static void merging_with_an_empty_sketch_changes_nothing(void **state) {
    (void)state;
    AUTO_SKETCH empty = {0};
    AUTO_SKETCH s = {0};
    AUTO_SKETCH copy = {0};
    gd_sketch_add(&s, 4);
    gd_sketch_add(&s, 0);
    gd_sketch_merge(&copy, &s);
    gd_sketch_merge(&s, &empty);
    assert_same(&s, &copy);
    assert_int_equal(s.count, 2);
}

static void a_merge_of_zeros_alone_needs_no_buckets(void **state) {
    (void)state;
    AUTO_SKETCH zeros = {0};
    AUTO_SKETCH into = {0};
    gd_sketch_add(&zeros, 0);
    gd_sketch_merge(&into, &zeros);
    assert_null(into.buckets);
    assert_true(gd_sketch_quantile(&into, .99) == 0);
}

static void a_usual_spread_takes_a_few_kib(void **state) {
    (void)state;
    AUTO_SKETCH s = {0};
    for (double ms = 0.1; ms < 60000; ms *= 1.001) {
        gd_sketch_add(&s, ms);
    }
    assert_true((size_t)s.size * sizeof *s.buckets < 8192);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_within_one_percent_of_the_nearest_rank),
        cmocka_unit_test(count_sum_min_and_max_are_exact),
        cmocka_unit_test(quantiles_stay_between_min_and_max),
        cmocka_unit_test(the_first_and_the_last_rank_are_exact),
        cmocka_unit_test(the_rank_is_the_nearest_one),
        cmocka_unit_test(nan_and_infinities_are_ignored),
        cmocka_unit_test(negative_values_count_as_zeros),
        cmocka_unit_test(the_largest_and_smallest_doubles_are_taken),
        cmocka_unit_test(merging_parts_is_adding_all_to_one),
        cmocka_unit_test(merging_with_an_empty_sketch_changes_nothing),
        cmocka_unit_test(a_merge_of_zeros_alone_needs_no_buckets),
        cmocka_unit_test(a_usual_spread_takes_a_few_kib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
