/* SPDX-License-Identifier: MIT */
/* test_json_scalar includes this file, behind a reader without vector instructions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../lib/json.h"
#include "../../lib/utf8.h"
#include "json_reference.h"
#include "samples.h"

/* All kinds of values, escapes at the ends of vectors, characters of every length. */
static const char complex_text[] =
    " {\"id\":18446744073706405887,\"n\":[-0,0.5,1e-400,1E+400,-123456789012345678901234567890.5e7]"
    ",\"\\u0069\\\"\":\"\\ud83d\\ude00 \\b\\f\\n\\r\\t\\/\\\\\",\"\xC3\xA9\xE2\x82\xAC\":"
    "\"0123456789abcde\xF0\x9F\x98\x80\",\r\n\t\"e\":[],\"o\":{},\"w\":[true,false,null],"
    "\"deep\":[[[{\"a\":[{\"b\":\"0123456789abcdef0123456789abcdef\"}]}]]]} ";

static bool is_valid(struct gd_slice text, size_t *at) {
    AUTO_PADDED exact = padded(text);
    const char *p = NULL, *reason = NULL;
    bool valid = gd_json_valid(exact, &p, &reason);
    if (!valid) {
        assert_non_null(reason);
        assert_true(p >= exact.p && p <= exact.p + exact.n);
        *at = (size_t)(p - exact.p);
    }
    return valid;
}

static void assert_valid(struct gd_slice text) {
    size_t at;
    if (!is_valid(text, &at)) {
        fail_msg("refused at %zu: %.*s", at, GD_SLICE_FMT(text));
    }
}

static void assert_refused(const char *text, size_t expected_at) {
    size_t at;
    if (is_valid(gd_slice_str(text), &at)) {
        fail_msg("accepted: %s", text);
    }
    if (at != expected_at) {
        fail_msg("refused at %zu, not %zu: %s", at, expected_at, text);
    }
}

static void every_kind_of_value_is_accepted(void **state) {
    (void)state;
    static const char *const texts[] = {
        "null",
        " true ",
        "\n\r\t false",
        "0",
        "-0",
        "1.5e-7",
        "\"\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uABcd\"",
        "\"\x7F\"",
        "[1,2 , 3]",
        "{\"\":0,\"\":1}",
        "1234567890123456",
        "12345678901234567",
        "0.1234567890123456e12345678901234567",
        complex_text,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_valid(gd_slice_str(texts[i]));
    }
}

static void what_is_wrong_is_refused_where_it_stands(void **state) {
    (void)state;
    assert_refused("{\"a\":1,}", 7);
    assert_refused("{,}", 1);
    assert_refused("{\"a\" 1}", 5);
    assert_refused("{\"a\":}", 5);
    assert_refused("{\"a\":1 \"b\":2}", 7);
    assert_refused("{a:1}", 1);
    assert_refused("{1:1}", 1);
    assert_refused("[1,]", 3);
    assert_refused("[1 2]", 3);
    assert_refused("[1}", 2);
    assert_refused("{\"a\":1]", 6);
    assert_refused("[]]", 2);
    assert_refused("1 2", 2);
    assert_refused("[\"a\nb\"]", 3);
    assert_refused("\"\\x\" ", 2);
    assert_refused("\"\\u12G4\" ", 5);
    assert_refused("\"\\u 123\" ", 3);
    assert_refused("[nul]", 1);
    assert_refused("[True]", 1);
    assert_refused("[nulll]", 5);
    assert_refused("\x0C[]", 0);
    assert_refused("\xEF\xBB\xBF{}", 0);
    assert_refused("'a'", 0);
    assert_refused("//", 0);
}

static void numbers_are_those_of_the_grammar(void **state) {
    (void)state;
    assert_refused("[00]", 2);
    assert_refused("[-01.5]", 3);
    assert_refused("[012345678901234567890]", 2);
    assert_refused("[+1]", 1);
    assert_refused("[.5]", 1);
    assert_refused("[-.5]", 2);
    assert_refused("[5.]", 3);
    assert_refused("[5.e1]", 3);
    assert_refused("[1e]", 3);
    assert_refused("[1e+]", 4);
    assert_refused("[1e+-1]", 4);
    assert_refused("[1.5.5]", 4);
    assert_refused("[0x10]", 2);
    assert_refused("[-]", 2);
    assert_refused("[--1]", 2);
    assert_refused("[-Infinity]", 2);
    assert_refused("[1_000]", 2);
}

/* What is wrong already is not taken for something that goes on. */
static void what_cannot_become_right_did_not_end_too_early(void **state) {
    (void)state;
    assert_refused("00", 1);
    assert_refused("nan", 0);
    assert_refused("truth", 0);
    assert_refused("x", 0);
    assert_refused("\"\\udc00", 1);
    assert_refused("[\"\\ud800x", 2);
}

static void a_text_that_ends_too_early_fails_at_its_end(void **state) {
    (void)state;
    struct gd_slice text = gd_slice_str(complex_text);
    for (size_t n = 0; n < text.n - 1; n++) {
        size_t at = 0;
        if (is_valid(gd_slice_of(text.p, n), &at) || at != n) {
            fail_msg("%zu bytes: failed at %zu", n, at);
        }
    }
}

static void words_and_surrogates_that_end_too_early_fail_at_their_end(void **state) {
    (void)state;
    assert_refused("", 0);
    assert_refused("fals", 4);
    assert_refused("n", 1);
    assert_refused("tru", 3);
    assert_refused("\"\\ud800", 7);
    assert_refused("\"\\ud800\\", 8);
    assert_refused("\"\\ud800\\udc0", 12);
    assert_refused("-", 1);
    assert_refused("1e-", 3);
}

static void nothing_but_blanks_may_stand_around(void **state) {
    (void)state;
    size_t at;
    assert_valid(GD_SLICE(" \t\r\n0 \t\r\n"));
    assert_false(is_valid(GD_SLICE("0\0"), &at));
    assert_int_equal(at, 1);
    assert_false(is_valid(GD_SLICE("[\0]"), &at));
    assert_int_equal(at, 1);
    assert_false(is_valid(GD_SLICE("\"a\0b\""), &at));
    assert_int_equal(at, 2);
}

/* A string of n characters with one thing at each place in turn: n passes the width of vectors. */
static void each_place_in_a_string(struct gd_slice thing, bool valid) {
    for (size_t n = 0; n < 40; n++) {
        for (size_t place = 0; place <= n; place++) {
            GD_AUTO_BUF text = {0};
            size_t at;
            gd_buf_printf(&text, "\"%.*s\"", (int)n,
                          "abcdefghijklmnopqrstuvwxyz0123456789abcdefgh");
            insert(&text, place + 1, thing);
            if (is_valid(gd_buf_slice(&text), &at) != valid) {
                fail_msg("%zu of %zu: %.*s", place, n, GD_SLICE_FMT(gd_buf_slice(&text)));
            }
            if (!valid) {
                assert_true(at > place && at <= place + thing.n);
            }
        }
    }
}

static void control_characters_are_refused_at_each_place(void **state) {
    (void)state;
    for (int c = 0; c < 0x20; c++) {
        char byte = (char)c;
        each_place_in_a_string(gd_slice_of(&byte, 1), false);
    }
    each_place_in_a_string(GD_SLICE("\x7F"), true);
}

static void invalid_utf8_is_refused_at_each_place(void **state) {
    (void)state;
    static const char *const bad[] = {"\x80",
                                      "\xBF",
                                      "\xC3",
                                      "\xC1\xBF",
                                      "\xE0\x9F\xBF",
                                      "\xED\xB0\x80",
                                      "\xE2\x82",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xF0\x9F\x98",
                                      "\xFF"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        each_place_in_a_string(gd_slice_str(bad[i]), false);
    }
    each_place_in_a_string(GD_SLICE("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), true);
}

static void half_a_surrogate_pair_is_refused_at_each_place(void **state) {
    (void)state;
    each_place_in_a_string(GD_SLICE("\\ud800"), false);
    each_place_in_a_string(GD_SLICE("\\uDFFF"), false);
    each_place_in_a_string(GD_SLICE("\\udbff\\udbff"), false);
    each_place_in_a_string(GD_SLICE("\\ud800\\n"), false);
    each_place_in_a_string(GD_SLICE("\\ud800\\u0041"), false);
    each_place_in_a_string(GD_SLICE("\\ud800\\udc00\\uDBFF\\uDFFF"), true);
    each_place_in_a_string(GD_SLICE("\\ud7ff\\ue000\\uFFFF"), true);
}

static bool structure_is_valid(struct gd_slice text) {
    AUTO_PADDED exact = padded(text);
    struct gd_json j = {.end = exact.p + exact.n, .structure_only = true};
    return gd_json_skip(&j, exact.p) == j.end;
}

static void structure_only_leaves_characters_unchecked_but_nothing_else(void **state) {
    (void)state;
    assert_true(structure_is_valid(GD_SLICE("[\"\xFF\xC3\",\"\\ud800\",\"\\udc00\\ud800\"]")));
    assert_true(structure_is_valid(GD_SLICE("{\"\xED\xA0\x80\":1}")));
    assert_false(structure_is_valid(GD_SLICE("[\"\n\"]")));
    assert_false(structure_is_valid(GD_SLICE("[\"\\u12\"]")));
    assert_false(structure_is_valid(GD_SLICE("[\"\\q\"]")));
    assert_false(structure_is_valid(GD_SLICE("[\xFF]")));
    assert_false(structure_is_valid(GD_SLICE("[1,]")));
}

static struct gd_slice nested(struct gd_buf *out, size_t depth, const char *open,
                              const char *close) {
    for (size_t i = 0; i < depth; i++) {
        gd_buf_add_str(out, open);
    }
    gd_buf_add_lit(out, "0");
    for (size_t i = 0; i < depth; i++) {
        gd_buf_add_str(out, close);
    }
    return gd_buf_slice(out);
}

static void nesting_is_limited_to_1024_levels_of_any_kind(void **state) {
    (void)state;
    static const char *const kinds[][2] = {{"[", "]"}, {"{\"a\":", "}"}};
    for (size_t i = 0; i < 2; i++) {
        GD_AUTO_BUF just = {0};
        GD_AUTO_BUF beyond = {0};
        GD_AUTO_BUF mixed = {0};
        size_t at;
        assert_valid(nested(&just, GD_JSON_MAX_DEPTH, kinds[i][0], kinds[i][1]));
        nested(&beyond, GD_JSON_MAX_DEPTH + 1, kinds[i][0], kinds[i][1]);
        assert_false(is_valid(gd_buf_slice(&beyond), &at));
        assert_int_equal(at, GD_JSON_MAX_DEPTH * strlen(kinds[i][0]));
        assert_valid(nested(&mixed, GD_JSON_MAX_DEPTH / 2, "[{\"a\":", "}]"));
    }
}

static void a_million_brackets_are_refused_without_a_stack(void **state) {
    (void)state;
    GD_AUTO_BUF text = {0};
    size_t at;
    nested(&text, 1000000, "[", "]");
    assert_false(is_valid(gd_buf_slice(&text), &at));
    assert_int_equal(at, GD_JSON_MAX_DEPTH);
}

static void closed_levels_do_not_count(void **state) {
    (void)state;
    GD_AUTO_BUF text = {0};
    gd_buf_add_lit(&text, "[");
    for (int i = 0; i < 5000; i++) {
        gd_buf_add_lit(&text, "[{}],");
    }
    gd_buf_add_lit(&text, "0]");
    assert_valid(gd_buf_slice(&text));
}

static void a_value_is_skipped_up_to_what_is_behind_it(void **state) {
    (void)state;
    static const char *const values[] = {"{\"a\":[]}", "\"x\\\"\"", "-1.5e3", "true", "[]"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        GD_AUTO_BUF text = {0};
        gd_buf_printf(&text, "  %s , more", values[i]);
        AUTO_PADDED exact = padded(gd_buf_slice(&text));
        struct gd_json j = {.end = exact.p + exact.n};
        assert_ptr_equal(gd_json_skip(&j, exact.p), exact.p + 2 + strlen(values[i]));
    }
}

/* Right guesses, wrong ones, names longer than any: the verdict is the same. */
static void guessed_lengths_of_names_change_no_verdict(void **state) {
    (void)state;
    static const char *const texts[] = {
        "{\"a\":1,\"bcd\":{\"\":2},\"a_name_of_fifteen\":3}",
        "{\"abc\":1,\"d\":2}",
        "{\"sixteen letters!\":1,\"seventeen letters\":2}",
        "{\"\\u0061\":1,\"\xC3\xA9\":2}",
        "{\"a\x01\":1}",
        "{\"\xFF\":1}",
        "{\"a\\\":1}",
        "{\"abc",
    };
    __typeof__(*((struct gd_json){0}).lengths) lengths[GD_JSON_LENGTHS] = {0};
    for (size_t round = 0; round < 4; round++) {
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            AUTO_PADDED exact = padded(gd_slice_str(texts[i]));
            struct gd_json with = {.end = exact.p + exact.n, .lengths = lengths};
            struct gd_json without = {.end = exact.p + exact.n};
            assert_ptr_equal(gd_json_skip(&with, exact.p), gd_json_skip(&without, exact.p));
            assert_ptr_equal(with.at, without.at);
            assert_ptr_equal(with.reason, without.reason);
        }
    }
}

/* The library and the reference, over texts changed at random. */
static void the_verdict_is_that_of_a_plain_reader(void **state) {
    (void)state;
    struct random r = {20261120};
    size_t valid = 0;
    for (int i = 0; i < 60000; i++) {
        GD_AUTO_BUF text = {0};
        AUTO_TREE tree = {0};
        size_t at = 0, changes = 1 + pick(&r, 3);
        gd_buf_add_str(&text, complex_text);
        for (size_t k = 0; k < changes; k++) {
            mutate(&text, &r);
        }
        bool expected = read_tree(&tree, gd_buf_slice(&text));
        if (is_valid(gd_buf_slice(&text), &at) != expected) {
            fail_msg("%d: expected %d, failed at %zu: %.*s", i, expected, at,
                     GD_SLICE_FMT(gd_buf_slice(&text)));
        }
        valid += expected;
    }
    assert_true(valid > 6000 && valid < 54000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_value_is_accepted),
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(numbers_are_those_of_the_grammar),
        cmocka_unit_test(what_cannot_become_right_did_not_end_too_early),
        cmocka_unit_test(a_text_that_ends_too_early_fails_at_its_end),
        cmocka_unit_test(words_and_surrogates_that_end_too_early_fail_at_their_end),
        cmocka_unit_test(nothing_but_blanks_may_stand_around),
        cmocka_unit_test(control_characters_are_refused_at_each_place),
        cmocka_unit_test(invalid_utf8_is_refused_at_each_place),
        cmocka_unit_test(half_a_surrogate_pair_is_refused_at_each_place),
        cmocka_unit_test(structure_only_leaves_characters_unchecked_but_nothing_else),
        cmocka_unit_test(nesting_is_limited_to_1024_levels_of_any_kind),
        cmocka_unit_test(a_million_brackets_are_refused_without_a_stack),
        cmocka_unit_test(closed_levels_do_not_count),
        cmocka_unit_test(a_value_is_skipped_up_to_what_is_behind_it),
        cmocka_unit_test(guessed_lengths_of_names_change_no_verdict),
        cmocka_unit_test(the_verdict_is_that_of_a_plain_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
