/* SPDX-License-Identifier: MIT */
/* The readers with vector instructions and without agree: in what they accept, in where and why
 * they fail, and in what they found. The second ones are compiled into this file, by other names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GD_SCALAR
#define gd_json_bad_word scalar_json_bad_word
#define gd_json_check_utf8 scalar_json_check_utf8
#define gd_json_double scalar_json_double
#define gd_json_ends scalar_json_ends
#define gd_json_find scalar_json_find
#define gd_json_int64 scalar_json_int64
#define gd_json_is_default scalar_json_is_default
#define gd_json_is_empty_array scalar_json_is_empty_array
#define gd_json_is_integer scalar_json_is_integer
#define gd_json_scan_container scalar_json_scan_container
#define gd_json_skip scalar_json_skip
#define gd_json_skip_escape scalar_json_skip_escape
#define gd_json_skip_number scalar_json_skip_number
#define gd_json_step scalar_json_step
#define gd_json_string scalar_json_string
#define gd_json_type scalar_json_type
#define gd_json_valid scalar_json_valid
#define gd_json_walk scalar_json_walk
#define gd_field_name scalar_field_name
#define gd_field_shape scalar_field_shape
#define gd_fields_free scalar_fields_free
#define gd_fields_read scalar_fields_read
#define gd_fields_reader_free scalar_fields_reader_free
#define gd_fields_reader_new scalar_fields_reader_new
#include "../../lib/json.c"
#include "../../lib/fields.c"
#undef gd_json_skip
#undef gd_fields_free
#undef gd_fields_read
#undef gd_fields_reader_free
#undef gd_fields_reader_new

#include "samples.h"

const char *gd_json_skip(struct gd_json *j, const char *p);
void gd_fields_free(struct gd_fields *f);
struct gd_fields_reader *gd_fields_reader_new(void);
void gd_fields_reader_free(struct gd_fields_reader *r);
const char *gd_fields_read(struct gd_fields_reader *r, struct gd_json *j, const char *p,
                           struct gd_fields *out, struct gd_fields *inner);

static const char *const texts[] = {
    "{\"id\":18446744073706405887,\"sender\":{\"id\":\"0123456789abcdef\"},\"topics\":[\"a\",\"b\"]"
    ","
    "\"payload\":{\"text\":\"0123456789abcdefghijklmnopq\xF0\x9F\x98\x80\xC3\xA9\\ud83d\\ude00\"},"
    "\"\\u0074tl\":-0.5E+10,\"metadata\":{\"ttl\":1,\"ttl\":2},\"raw\":{\"id\":5,\"x\":[]}}",
    "{\"n\":[0,1234567,1234567890123456,12345678901234567,-1.0000000000000001,1e0000000000000001]}",
    " \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000 \xE2\x82\xAC\" ",
    "[[[[[[[[[[[[[[[[[[{\"a\":{\"b\":{\"c\":[true,false,null,\"\",{},[]]}}}]]]]]]]]]]]]]]]]]]",
    "{\"\":{\"seven l\":1,\"eight le\":2,\"fifteen letters\":3,\"sixteen letters!\":4,\"7\":\"\"}}",
};

static void assert_same_failure(const struct gd_json *a, const struct gd_json *b) {
    assert_ptr_equal(a->at, b->at);
    assert_string_equal(a->reason, b->reason);
}

static void assert_both_skip(struct gd_slice text, bool structure_only) {
    struct gd_json vector = {.end = text.p + text.n, .structure_only = structure_only};
    struct gd_json scalar = vector;
    const char *behind = gd_json_skip(&vector, text.p);
    if (scalar_json_skip(&scalar, text.p) != behind) {
        fail_msg("they differ in %.*s", GD_SLICE_FMT(text));
    }
    if (!behind) {
        assert_same_failure(&vector, &scalar);
    }
}

static void assert_same_fields(const struct gd_fields *a, const struct gd_fields *b) {
    assert_true(a->present == b->present && a->repeated == b->repeated && a->deep == b->deep);
    assert_ptr_equal(a->object.p, b->object.p);
    assert_int_equal(a->object.n, b->object.n);
    assert_int_equal(a->others, b->others);
    for (int i = 0; i < GD_FIELDS; i++) {
        if (a->present & GD_BIT(i)) {
            assert_ptr_equal(a->value[i].p, b->value[i].p);
            assert_int_equal(a->value[i].n, b->value[i].n);
        }
    }
    for (size_t i = 0; i < a->others; i++) {
        assert_int_equal(a->other[i].field, b->other[i].field);
        assert_ptr_equal(a->other[i].name.p, b->other[i].name.p);
        assert_int_equal(a->other[i].name.n, b->other[i].name.n);
        assert_ptr_equal(a->other[i].value.p, b->other[i].value.p);
        assert_int_equal(a->other[i].value.n, b->other[i].value.n);
    }
}

/* What one of the two readers reads with, from text to text. */
struct side {
    struct gd_fields_reader *reader;
    struct gd_fields outer, inner;
};

static void assert_both_read(struct side *v, struct side *s, struct gd_slice text) {
    struct gd_json vector = {.end = text.p + text.n}, scalar = vector;
    const char *behind = gd_fields_read(v->reader, &vector, text.p, &v->outer, &v->inner);
    assert_ptr_equal(scalar_fields_read(s->reader, &scalar, text.p, &s->outer, &s->inner), behind);
    if (behind) {
        assert_same_fields(&v->outer, &s->outer);
        assert_same_fields(&v->inner, &s->inner);
    } else {
        assert_same_failure(&vector, &scalar);
    }
}

static void both_agree_on_texts_changed_at_random(void **state) {
    (void)state;
    struct side v = {.reader = gd_fields_reader_new()}, s = {.reader = scalar_fields_reader_new()};
    struct random r = {4711};
    for (int i = 0; i < 60000; i++) {
        GD_AUTO_BUF text = {0};
        gd_buf_add_str(&text, texts[pick(&r, sizeof texts / sizeof *texts)]);
        for (size_t k = pick(&r, 4); k > 0; k--) {
            mutate(&text, &r);
        }
        AUTO_PADDED exact = padded(gd_buf_slice(&text));
        assert_both_skip(exact, false);
        assert_both_skip(exact, true);
        assert_both_read(&v, &s, exact);
    }
    gd_fields_free(&v.outer);
    gd_fields_free(&v.inner);
    gd_fields_reader_free(v.reader);
    scalar_fields_free(&s.outer);
    scalar_fields_free(&s.inner);
    scalar_fields_reader_free(s.reader);
}

/* A byte of each value at each place of a string longer than two vectors. */
static void both_agree_on_every_byte_at_every_place(void **state) {
    (void)state;
    for (size_t n = 1; n < 36; n++) {
        for (size_t place = 0; place < n; place++) {
            for (int c = 0; c < 256; c++) {
                char text[40] = "\"abcdefghijklmnopqrstuvwxyz0123456789";
                text[n + 1] = '"';
                text[place + 1] = (char)c;
                AUTO_PADDED exact = padded(gd_slice_of(text, n + 2));
                assert_both_skip(exact, false);
            }
        }
    }
}

static void both_agree_on_numbers_of_every_length(void **state) {
    (void)state;
    static const char *const between[] = {"", ".", "e", "E-", ".0e+", "-", ",", "]"};
    static const char *const behind[] = {"]", "x", "", ".]", "e]"};
    for (int whole = 0; whole < 40; whole++) {
        for (int part = 0; part < 40; part++) {
            for (size_t i = 0; i < 8 * 5; i++) {
                GD_AUTO_BUF text = {0};
                gd_buf_printf(&text, "[%.*s%s%.*s%s", whole,
                              "1234567890123456789012345678901234567890", between[i / 5], part,
                              "0000000000000000123456789012345678901234", behind[i % 5]);
                AUTO_PADDED exact = padded(gd_buf_slice(&text));
                assert_both_skip(exact, false);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_agree_on_texts_changed_at_random),
        cmocka_unit_test(both_agree_on_every_byte_at_every_place),
        cmocka_unit_test(both_agree_on_numbers_of_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
