/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../lib/json.h"
#include "../../lib/json_write.h"
#include "json_reference.h"
#include "samples.h"

static void assert_written(struct gd_slice s, const char *expected) {
    GD_AUTO_BUF out = {0};
    gd_json_write_string(&out, s);
    assert_string_equal(gd_buf_terminate(&out), expected);
}

static void strings_are_escaped_where_they_must_be(void **state) {
    (void)state;
    assert_written((struct gd_slice){0}, "\"\"");
    assert_written(GD_SLICE("plain /\x7F"), "\"plain /\x7F\"");
    assert_written(GD_SLICE("\"\\\b\f\n\r\t"), "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
    assert_written(GD_SLICE("\0\x01\x1F"), "\"\\u0000\\u0001\\u001f\"");
    assert_written(GD_SLICE("\xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80"),
                   "\"\xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80\"");
}

static void what_is_not_utf8_becomes_a_replacement(void **state) {
    (void)state;
    assert_written(GD_SLICE("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
    assert_written(GD_SLICE("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_written(GD_SLICE("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

/* Any bytes give valid JSON, and what was UTF-8 comes back. */
static void written_strings_read_back(void **state) {
    (void)state;
    struct random r = {5};
    for (int i = 0; i < 5000; i++) {
        GD_AUTO_BUF bytes = {0};
        GD_AUTO_BUF out = {0};
        AUTO_TREE tree = {0};
        for (size_t n = pick(&r, 40); n > 0; n--) {
            gd_buf_add_char(&bytes, (char)(i % 2 ? next_random(&r) : next_random(&r) % 128));
        }
        gd_json_write_string(&out, gd_buf_slice(&bytes));
        assert_true(read_tree(&tree, gd_buf_slice(&out)));
        if (i % 2 == 0) {
            assert_true(gd_slice_equal(text_at(&tree, tree.node[0].decoded), gd_buf_slice(&bytes)));
        }
    }
}

static void assert_double(double v, const char *expected) {
    GD_AUTO_BUF out = {0};
    gd_json_write_double(&out, v);
    assert_string_equal(gd_buf_terminate(&out), expected);
}

static void doubles_are_written_as_short_as_they_read_back(void **state) {
    (void)state;
    assert_double(0, "0");
    assert_double(12, "12");
    assert_double(-3, "-3");
    assert_double(0.1, "0.1");
    assert_double(4.25, "4.25");
    assert_double(1.0 / 3, "0.3333333333333333");
    assert_double(999999999999999, "999999999999999");
    assert_double(NAN, "0");
    assert_double(INFINITY, "0");
    assert_double(-INFINITY, "0");
}

static void every_double_reads_back(void **state) {
    (void)state;
    struct random r = {11};
    const double edges[] = {DBL_MAX, DBL_MIN, DBL_EPSILON, 5e-324, -0.0, 1e15, 1e16, -1e-5};
    for (int i = 0; i < 20000; i++) {
        GD_AUTO_BUF out = {0};
        AUTO_TREE tree = {0};
        uint64_t bits = next_random(&r);
        double v;
        memcpy(&v, &bits, sizeof v);
        v = i < 8 ? edges[i] : v;
        if (!isfinite(v)) {
            continue;
        }
        gd_json_write_double(&out, v);
        assert_true(read_tree(&tree, gd_buf_slice(&out)) && tree.node[0].type == '0');
        assert_true(gd_json_double(gd_buf_slice(&out)) == v);
    }
}

static void assert_significant(double v, int digits, const char *expected) {
    GD_AUTO_BUF out = {0};
    gd_json_write_significant(&out, v, digits);
    assert_string_equal(gd_buf_terminate(&out), expected);
}

static void significant_digits_are_enough_for_figures(void **state) {
    (void)state;
    assert_significant(4.2, 6, "4.2");
    assert_significant(12, 6, "12");
    assert_significant(13.0 / 1200, 3, "0.0108");
    assert_significant(2.0 / 3, 6, "0.666667");
    assert_significant(1234567.8, 6, "1234570");
    assert_significant(0, 6, "0");
    assert_significant(NAN, 6, "0");
}

static void bytes_are_a_string_or_else_base64(void **state) {
    (void)state;
    GD_AUTO_BUF out = {0};
    struct gd_json_object o = gd_json_object_open(&out);
    gd_json_object_bytes(&o, "key", GD_SLICE("a\n"));
    gd_json_object_bytes(&o, "key", GD_SLICE("\xFF\0"));
    gd_json_object_close(&o);
    assert_string_equal(gd_buf_terminate(&out), "{\"key\":\"a\\n\",\"key_base64\":\"/wA=\"}");
}

static void objects_have_their_commas_where_they_belong(void **state) {
    (void)state;
    GD_AUTO_BUF out = {0};
    struct gd_json_object o = gd_json_object_open(&out);
    gd_json_object_string(&o, "s", GD_SLICE("\n"));
    gd_json_object_u64(&o, "n", UINT64_MAX);
    gd_json_object_verbatim(&o, "v", GD_SLICE("[1]"));
    gd_json_object_name(&o, "o");
    struct gd_json_object inner = gd_json_object_open(&out);
    gd_json_object_close(&inner);
    gd_json_object_close(&o);
    assert_string_equal(gd_buf_terminate(&out),
                        "{\"s\":\"\\n\",\"n\":18446744073709551615,\"v\":[1],\"o\":{}}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped_where_they_must_be),
        cmocka_unit_test(what_is_not_utf8_becomes_a_replacement),
        cmocka_unit_test(written_strings_read_back),
        cmocka_unit_test(doubles_are_written_as_short_as_they_read_back),
        cmocka_unit_test(every_double_reads_back),
        cmocka_unit_test(significant_digits_are_enough_for_figures),
        cmocka_unit_test(bytes_are_a_string_or_else_base64),
        cmocka_unit_test(objects_have_their_commas_where_they_belong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
