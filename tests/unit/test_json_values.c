/* SPDX-License-Identifier: MIT */
/* What checked JSON holds: strings, numbers, members, elements. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../lib/json.h"
#include "samples.h"

static void assert_slice(struct gd_slice s, struct gd_slice expected) {
    assert_int_equal(s.n, expected.n);
    if (expected.n) {
        assert_memory_equal(s.p, expected.p, expected.n);
    }
}

static void a_type_is_told_by_the_first_byte(void **state) {
    (void)state;
    assert_int_equal(gd_json_type((struct gd_slice){0}), GD_JSON_ABSENT);
    assert_int_equal(gd_json_type(GD_SLICE("null")), GD_JSON_NULL);
    assert_int_equal(gd_json_type(GD_SLICE("false")), GD_JSON_FALSE);
    assert_int_equal(gd_json_type(GD_SLICE("true")), GD_JSON_TRUE);
    assert_int_equal(gd_json_type(GD_SLICE("-1")), GD_JSON_NUMBER);
    assert_int_equal(gd_json_type(GD_SLICE("0")), GD_JSON_NUMBER);
    assert_int_equal(gd_json_type(GD_SLICE("\"\"")), GD_JSON_STRING);
    assert_int_equal(gd_json_type(GD_SLICE("[]")), GD_JSON_ARRAY);
    assert_int_equal(gd_json_type(GD_SLICE("{}")), GD_JSON_OBJECT);
}

static void assert_decodes(struct gd_slice json, struct gd_slice expected) {
    struct gd_arena arena = {0};
    AUTO_PADDED exact = padded(json);
    struct gd_slice text = gd_json_string(exact, &arena);
    assert_non_null(text.p);
    assert_slice(text, expected);
    gd_arena_free(&arena);
}

static void strings_are_decoded(void **state) {
    (void)state;
    assert_decodes(GD_SLICE("\"\""), GD_SLICE(""));
    assert_decodes(GD_SLICE("\"a\xC3\xA9\""), GD_SLICE("a\xC3\xA9"));
    assert_decodes(GD_SLICE("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), GD_SLICE("\"\\/\b\f\n\r\t"));
    assert_decodes(GD_SLICE("\"\\u0000\\u007f\\u0080\\u07FF\\u0800\\uffff\""),
                   GD_SLICE("\0\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF"));
    assert_decodes(GD_SLICE("\"\\ud800\\udc00 \\uDBFF\\uDFFF\""),
                   GD_SLICE("\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"));
}

static void a_string_without_escapes_is_a_slice_of_the_source(void **state) {
    (void)state;
    struct gd_arena arena = {0};
    struct gd_slice json = GD_SLICE("\"plain\"");
    assert_ptr_equal(gd_json_string(json, &arena).p, json.p + 1);
    assert_null(arena.block);
}

static void what_is_no_string_decodes_to_nothing(void **state) {
    (void)state;
    struct gd_arena arena = {0};
    assert_null(gd_json_string((struct gd_slice){0}, &arena).p);
    assert_null(gd_json_string(GD_SLICE("12"), &arena).p);
    assert_null(gd_json_string(GD_SLICE("null"), &arena).p);
}

static void half_a_surrogate_pair_left_unchecked_becomes_a_replacement(void **state) {
    (void)state;
    assert_decodes(GD_SLICE("\"\\ud800\""), GD_SLICE("\xEF\xBF\xBD"));
    assert_decodes(GD_SLICE("\"\\udc00\\ud800\""), GD_SLICE("\xEF\xBF\xBD\xEF\xBF\xBD"));
    assert_decodes(GD_SLICE("\"\\ud800\\u0041\""), GD_SLICE("\xEF\xBF\xBD"
                                                            "A"));
}

/* Whatever they hold, slices that were never checked are read within their memory. */
static void unchecked_slices_are_read_safely(void **state) {
    (void)state;
    static const char *const starts[] = {"\"abc\\", "{\"a\":[1,\"\\u00", "[[{\"x\\", "\"\\ud83d\\"};
    struct random r = {77};
    for (int i = 0; i < 20000; i++) {
        GD_AUTO_BUF text = {0};
        struct gd_arena arena = {0};
        struct gd_json_walk w;
        struct gd_slice first, last;
        gd_buf_add_str(&text, starts[i % 4]);
        mutate(&text, &r);
        mutate(&text, &r);
        AUTO_PADDED exact = padded(gd_buf_slice(&text));
        gd_json_string(exact, &arena);
        gd_json_find(exact, GD_SLICE("a"), &arena);
        gd_json_ends(exact, &first, &last);
        size_t steps = 0;
        for (gd_json_walk(&w, exact); gd_json_step(&w); steps++) {
            assert_true(w.value.p >= exact.p && w.value.p + w.value.n <= exact.p + exact.n);
        }
        assert_true(steps <= exact.n);
        gd_json_is_default(exact);
        gd_arena_free(&arena);
    }
}

static void defaults_are_null_false_zero_and_the_empty_array(void **state) {
    (void)state;
    assert_true(gd_json_is_default((struct gd_slice){0}));
    assert_true(gd_json_is_default(GD_SLICE("null")));
    assert_true(gd_json_is_default(GD_SLICE("false")));
    assert_true(gd_json_is_default(GD_SLICE("0")));
    assert_true(gd_json_is_default(GD_SLICE("[]")));
    assert_true(gd_json_is_default(GD_SLICE("[ \n\t]")));
    assert_false(gd_json_is_default(GD_SLICE("true")));
    assert_false(gd_json_is_default(GD_SLICE("1")));
    assert_false(gd_json_is_default(GD_SLICE("\"\"")));
    assert_false(gd_json_is_default(GD_SLICE("{}")));
    assert_false(gd_json_is_default(GD_SLICE("[null]")));
}

static void integers_have_neither_fraction_nor_exponent(void **state) {
    (void)state;
    assert_true(gd_json_is_integer(GD_SLICE("0")));
    assert_true(gd_json_is_integer(GD_SLICE("-0")));
    assert_true(gd_json_is_integer(GD_SLICE("-12")));
    assert_true(gd_json_is_integer(GD_SLICE("123456789012345678901234567890")));
    assert_false(gd_json_is_integer(GD_SLICE("")));
    assert_false(gd_json_is_integer(GD_SLICE("-")));
    assert_false(gd_json_is_integer(GD_SLICE("01")));
    assert_false(gd_json_is_integer(GD_SLICE("-01")));
    assert_false(gd_json_is_integer(GD_SLICE("1.0")));
    assert_false(gd_json_is_integer(GD_SLICE("1e2")));
    assert_false(gd_json_is_integer(GD_SLICE("1\0")));
    assert_false(gd_json_is_integer(GD_SLICE("abc")));
}

static void assert_int64(const char *text, int64_t expected) {
    int64_t v = 42;
    assert_true(gd_json_int64(gd_slice_str(text), &v));
    assert_true(v == expected);
}

static void integers_of_64_bits_are_read_exactly(void **state) {
    (void)state;
    int64_t v;
    assert_int64("0", 0);
    assert_int64("-0", 0);
    assert_int64("-1", -1);
    assert_int64("9007199254740993", INT64_C(9007199254740993));
    assert_int64("9223372036854775807", INT64_MAX);
    assert_int64("-9223372036854775808", INT64_MIN);
    static const char *const beyond[] = {"9223372036854775808",
                                         "-9223372036854775809",
                                         "18446744073709551616",
                                         "99999999999999999999",
                                         "1.0",
                                         "1e3",
                                         "",
                                         "true"};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        assert_false(gd_json_int64(gd_slice_str(beyond[i]), &v));
    }
}

static void numbers_of_any_length_are_read_as_doubles(void **state) {
    (void)state;
    GD_AUTO_BUF text = {0};
    assert_true(gd_json_double(GD_SLICE("-1.5e3")) == -1500);
    assert_true(gd_json_double(GD_SLICE("0.1")) == 0.1);
    assert_true(isinf(gd_json_double(GD_SLICE("1E400"))));
    assert_true(gd_json_double(GD_SLICE("1e-400")) == 0);
    assert_true(gd_json_double(GD_SLICE("12")) == 12);
    gd_buf_printf(&text, "1%0200d.5e-200", 0);
    assert_true(fabs(gd_json_double(gd_buf_slice(&text)) - 1) < DBL_EPSILON);
    struct gd_slice part = {"129", 2};
    assert_true(gd_json_double(part) == 12);
}

static void walking_an_object_gives_its_members_verbatim(void **state) {
    (void)state;
    AUTO_PADDED object =
        padded(GD_SLICE("{ \"a\" : [1, 2] ,\"b\\u0063\":\"x\",\"a\":{\"q\":{}},\"e\":-1.5e3 }"));
    static const char *const names[] = {"\"a\"", "\"b\\u0063\"", "\"a\"", "\"e\""};
    static const char *const values[] = {"[1, 2]", "\"x\"", "{\"q\":{}}", "-1.5e3"};
    struct gd_json_walk w;
    size_t n = 0;
    for (gd_json_walk(&w, object); gd_json_step(&w); n++) {
        assert_slice(w.name, gd_slice_str(names[n]));
        assert_slice(w.value, gd_slice_str(values[n]));
    }
    assert_int_equal(n, 4);
    assert_false(gd_json_step(&w));
}

static void walking_an_array_gives_its_elements_without_names(void **state) {
    (void)state;
    AUTO_PADDED array = padded(GD_SLICE("[ \"a\" , \"b:\",{\"c\":1},[\"d\"] ,null, 5]"));
    static const char *const values[] = {"\"a\"", "\"b:\"", "{\"c\":1}", "[\"d\"]", "null", "5"};
    struct gd_json_walk w;
    size_t n = 0;
    for (gd_json_walk(&w, array); gd_json_step(&w); n++) {
        assert_null(w.name.p);
        assert_slice(w.value, gd_slice_str(values[n]));
    }
    assert_int_equal(n, 6);
}

static void there_is_nothing_to_walk_in_other_values(void **state) {
    (void)state;
    static const char *const values[] = {"{}", "[]", "{ }", "[ ]", "\"[1]\"", "5", "null", ""};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        AUTO_PADDED exact = padded(gd_slice_str(values[i]));
        struct gd_json_walk w;
        gd_json_walk(&w, exact);
        assert_false(gd_json_step(&w));
    }
}

/* The walk must not run on into what follows a slice in its text. */
static void a_walk_ends_with_its_slice(void **state) {
    (void)state;
    AUTO_PADDED text = padded(GD_SLICE("[[1,2],3,[4]]"));
    struct gd_slice inner = {text.p + 1, 5}, first, last;
    assert_int_equal(gd_json_ends(inner, &first, &last), 2);
    assert_slice(last, GD_SLICE("2"));
    struct gd_slice broken = {text.p, 4};
    struct gd_json_walk w;
    gd_json_walk(&w, broken);
    assert_false(gd_json_step(&w));
}

static void a_member_is_found_by_its_decoded_name_the_last_wins(void **state) {
    (void)state;
    struct gd_arena arena = {0};
    AUTO_PADDED object = padded(
        GD_SLICE("{\"a\":1,\"b\":{\"c\":9},\"\\u0061\":2,\"\":3,\"a\\\"\":4,\"nul\\u0000\":5}"));
    assert_slice(gd_json_find(object, GD_SLICE("a"), &arena), GD_SLICE("2"));
    assert_slice(gd_json_find(object, GD_SLICE("b"), &arena), GD_SLICE("{\"c\":9}"));
    assert_slice(gd_json_find(object, GD_SLICE(""), &arena), GD_SLICE("3"));
    assert_slice(gd_json_find(object, GD_SLICE("a\""), &arena), GD_SLICE("4"));
    assert_slice(gd_json_find(object, GD_SLICE("nul\0"), &arena), GD_SLICE("5"));
    assert_null(gd_json_find(object, GD_SLICE("c"), &arena).p);
    assert_null(gd_json_find(GD_SLICE("[\"a\"]"), GD_SLICE("a"), &arena).p);
    assert_null(gd_json_find((struct gd_slice){0}, GD_SLICE("a"), &arena).p);
    gd_arena_free(&arena);
}

static void assert_ends(const char *array, size_t count, const char *first, const char *last) {
    AUTO_PADDED exact = padded(gd_slice_str(array));
    struct gd_slice a, z;
    assert_int_equal(gd_json_ends(exact, &a, &z), count);
    assert_slice(a, gd_slice_str(first));
    assert_slice(z, gd_slice_str(last));
}

static void the_ends_of_an_array_are_its_first_and_last_element(void **state) {
    (void)state;
    assert_ends("[]", 0, NULL, NULL);
    assert_ends("[ 1 ]", 1, "1", "1");
    assert_ends("[\"a\",[2],{\"b\":[3]} ]", 3, "\"a\"", "{\"b\":[3]}");
    assert_ends("{\"a\":1}", 0, NULL, NULL);
    assert_ends("null", 0, NULL, NULL);
    assert_ends("", 0, NULL, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_is_told_by_the_first_byte),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(a_string_without_escapes_is_a_slice_of_the_source),
        cmocka_unit_test(what_is_no_string_decodes_to_nothing),
        cmocka_unit_test(half_a_surrogate_pair_left_unchecked_becomes_a_replacement),
        cmocka_unit_test(unchecked_slices_are_read_safely),
        cmocka_unit_test(defaults_are_null_false_zero_and_the_empty_array),
        cmocka_unit_test(integers_have_neither_fraction_nor_exponent),
        cmocka_unit_test(integers_of_64_bits_are_read_exactly),
        cmocka_unit_test(numbers_of_any_length_are_read_as_doubles),
        cmocka_unit_test(walking_an_object_gives_its_members_verbatim),
        cmocka_unit_test(walking_an_array_gives_its_elements_without_names),
        cmocka_unit_test(there_is_nothing_to_walk_in_other_values),
        cmocka_unit_test(a_walk_ends_with_its_slice),
        cmocka_unit_test(a_member_is_found_by_its_decoded_name_the_last_wins),
        cmocka_unit_test(the_ends_of_an_array_are_its_first_and_last_element),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
