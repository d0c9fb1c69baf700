/* SPDX-License-Identifier: MIT */
/* test_fields_scalar includes this file, behind a reader without vector instructions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../lib/fields.h"
#include "json_reference.h"
#include "samples.h"

/* One reader for a test, what it has read, and the text it was in. */
struct trial {
    struct gd_fields_reader *reader;
    struct gd_fields outer, inner;
    struct gd_slice text;
    struct gd_json j;
};

static void close_trial(struct trial *r) {
    gd_fields_reader_free(r->reader);
    gd_fields_free(&r->outer);
    gd_fields_free(&r->inner);
    free_padded(&r->text);
}
#define AUTO_TRIAL __attribute__((cleanup(close_trial))) struct trial

/* Whether the whole text is an object. */
static bool read_text(struct trial *r, struct gd_slice text) {
    free_padded(&r->text);
    r->text = padded(text);
    r->reader = r->reader ? r->reader : gd_fields_reader_new();
    r->j = (struct gd_json){.end = r->text.p + r->text.n};
    const char *behind = gd_fields_read(r->reader, &r->j, r->text.p, &r->outer, &r->inner);
    if (!behind) {
        assert_non_null(r->j.reason);
        assert_true(r->j.at >= r->text.p && r->j.at <= r->j.end);
    }
    return behind == r->j.end;
}

static void read_ok(struct trial *r, const char *text) {
    if (!read_text(r, gd_slice_str(text))) {
        fail_msg("%s: %s", text, r->j.reason);
    }
}

static void assert_slice(struct gd_slice s, const char *expected) {
    if (!expected) {
        assert_null(s.p);
        return;
    }
    if (!gd_slice_equal(s, gd_slice_str(expected))) {
        fail_msg("%.*s, not %s", GD_SLICE_FMT(s), expected);
    }
}

static void assert_field(const struct gd_fields *f, enum gd_field field, const char *expected) {
    assert_slice(gd_fields_get(f, field), expected);
}

static void every_field_is_found_in_the_object_that_it_stands_in(void **state) {
    (void)state;
    static const char *const holder[GD_SHAPES] = {NULL, "content", "metadata", "source",
                                                  "routing_slip"};
    AUTO_TRIAL r = {0};
    for (enum gd_field field = 0; field < GD_FIELDS; field++) {
        GD_AUTO_BUF text = {0};
        enum gd_shape shape = gd_field_shape(field);
        if (holder[shape]) {
            gd_buf_printf(&text, "{\"%s\":{\"x\":1,\"%s\":[%d]}}", holder[shape],
                          gd_field_name(field), (int)field);
        } else {
            gd_buf_printf(&text, "{\"x\":1,\"%s\":[%d]}", gd_field_name(field), (int)field);
        }
        char expected[16];
        snprintf(expected, sizeof expected, "[%d]", (int)field);
        read_ok(&r, gd_buf_terminate(&text));
        assert_field(&r.outer, field, expected);
        assert_int_equal(r.outer.others, 1);
        assert_int_equal(r.outer.other[0].shape, shape);
        assert_int_equal(r.outer.object.n, text.n);
    }
}

static void a_field_of_one_object_is_unknown_in_another(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    read_ok(&r, "{\"via\":1,\"content\":{\"id\":2},\"metadata\":{\"via\":3},\"x\":{\"id\":4}}");
    assert_false(gd_fields_has(&r.outer, GD_F_ID));
    assert_false(gd_fields_has(&r.outer, GD_F_SOURCE_VIA));
    assert_int_equal(r.outer.others, 4);
}

static void values_are_verbatim_and_blanks_around_them_are_not(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    read_ok(&r, "{ \"id\" :\t1.50E+2 ,\r\n\"topic\" : \"\\u0061\" , \"x\" : [ 1 , {} ] }");
    assert_field(&r.outer, GD_F_ID, "1.50E+2");
    assert_field(&r.outer, GD_F_TOPIC, "\"\\u0061\"");
    assert_slice(r.outer.other[0].name, "\"x\"");
    assert_slice(r.outer.other[0].value, "[ 1 , {} ]");
}

static void escaped_names_are_the_same_names(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    read_ok(
        &r,
        "{\"\\u0069d\":1,\"t\\u006Fpic\":2,\"m\\u0065tadata\":{\"tt\\u006c\":3},\"\\u0069\":4}");
    assert_field(&r.outer, GD_F_ID, "1");
    assert_field(&r.outer, GD_F_TOPIC, "2");
    assert_field(&r.outer, GD_F_META_TTL, "3");
    assert_int_equal(r.outer.others, 1);
    assert_slice(r.outer.other[0].name, "\"\\u0069\"");
}

/* Names are compared up to their closing quote, so one within a name must not pass for it. */
static void a_quote_within_a_name_does_not_end_it(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    for (enum gd_field field = 0; field < GD_FIELDS; field++) {
        if (gd_field_shape(field) != GD_SHAPE_TOP) {
            continue;
        }
        for (int c = ' '; c < 0x7F; c++) {
            GD_AUTO_BUF text = {0};
            gd_buf_printf(&text, "{\"%s\\\"\\u%04x\":1,\"%s\\u0022%s\":2,\"%s\\\"\":3}",
                          gd_field_name(field), (unsigned)c, gd_field_name(field), "abc",
                          gd_field_name(field));
            read_ok(&r, gd_buf_terminate(&text));
            assert_true(r.outer.present == 0);
            assert_int_equal(r.outer.others, 3);
        }
    }
}

static void names_of_any_length_and_kind_may_be_unknown(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    for (size_t n = 0; n < 80; n++) {
        GD_AUTO_BUF text = {0};
        gd_buf_printf(
            &text, "{\"%.*s\":1}", (int)n,
            "enrich_with_history_and_more_abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl"
            "mnop");
        read_ok(&r, gd_buf_terminate(&text));
        assert_int_equal(r.outer.others, n != 19);
        assert_int_equal(gd_fields_has(&r.outer, GD_F_ENRICH_WITH_HISTORY), n == 19);
    }
    read_ok(&r, "{\"id\\u0000\":1,\"\xC3\xA9\":2,\"ID\":3,\" id\":4}");
    assert_int_equal(r.outer.others, 4);
}

static void any_number_of_members_may_be_unknown(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    GD_AUTO_BUF text = {0};
    gd_buf_add_lit(&text, "{");
    for (int i = 0; i < 1000; i++) {
        gd_buf_printf(&text, "\"m%d\":%d,", i, i);
    }
    gd_buf_add_lit(&text, "\"id\":7}");
    read_ok(&r, gd_buf_terminate(&text));
    assert_int_equal(r.outer.others, 1000);
    assert_slice(r.outer.other[999].name, "\"m999\"");
    assert_slice(r.outer.other[999].value, "999");
    assert_field(&r.outer, GD_F_ID, "7");
}

static void of_a_member_that_comes_twice_the_last_counts(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    read_ok(&r, "{\"id\":1,\"x\":0,\"\\u0069d\":2,\"topic\":\"t\",\"id\":3,\"x\":9}");
    assert_field(&r.outer, GD_F_ID, "3");
    assert_true(r.outer.repeated == GD_BIT(GD_F_ID));
    assert_int_equal(r.outer.others, 4);
    assert_int_equal(r.outer.other[0].field, -1);
    assert_int_equal(r.outer.other[1].field, GD_F_ID);
    assert_slice(r.outer.other[1].value, "1");
    assert_int_equal(r.outer.other[2].field, GD_F_ID);
    assert_slice(r.outer.other[2].value, "2");
}

static void of_an_object_that_comes_twice_the_earlier_members_are_forgotten(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    read_ok(&r, "{\"metadata\":{\"ttl\":1,\"ttl\":2,\"x\":3},\"metadata\":{\"status\":4,\"y\":5}}");
    assert_field(&r.outer, GD_F_META_TTL, NULL);
    assert_field(&r.outer, GD_F_META_STATUS, "4");
    assert_true(r.outer.repeated == GD_BIT(GD_F_METADATA));
    assert_int_equal(r.outer.others, 2);
    assert_slice(r.outer.other[0].value, "{\"ttl\":1,\"ttl\":2,\"x\":3}");
    assert_slice(r.outer.other[1].name, "\"y\"");
    read_ok(&r, "{\"content\":{\"type\":1,\"z\":1},\"content\":null}");
    assert_field(&r.outer, GD_F_CONTENT_TYPE, NULL);
    assert_field(&r.outer, GD_F_CONTENT, "null");
    assert_int_equal(r.outer.others, 1);
}

static void one_reading_leaves_nothing_to_the_next(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    read_ok(&r, "{\"id\":1,\"id\":2,\"x\":1,\"metadata\":{\"ttl\":1},\"raw\":{\"id\":5,\"q\":1}}");
    read_ok(&r, "{\"raw\":{}}");
    assert_true(r.outer.present == GD_BIT(GD_F_RAW));
    assert_true((r.outer.repeated | r.inner.present | r.inner.repeated) == 0);
    assert_int_equal(r.outer.others + r.inner.others, 0);
    read_ok(&r, "{}");
    assert_true(r.outer.present == 0);
    assert_slice(r.outer.object, "{}");
}

static void a_raw_object_is_read_on_the_way(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    read_ok(&r, "{\"source\":{\"via\":\"zset\"},\"raw\":{\"id\":5,\"raw\":{\"id\":6},\"x\":7}}");
    assert_field(&r.inner, GD_F_ID, "5");
    assert_field(&r.inner, GD_F_RAW, "{\"id\":6}");
    assert_slice(r.inner.object, "{\"id\":5,\"raw\":{\"id\":6},\"x\":7}");
    assert_int_equal(r.inner.others, 1);
    assert_field(&r.outer, GD_F_ID, NULL);
    assert_field(&r.outer, GD_F_SOURCE_VIA, "\"zset\"");
    read_ok(&r, "{\"raw\":{\"id\":1,\"x\":1},\"raw\":{\"topic\":2}}");
    assert_field(&r.inner, GD_F_ID, NULL);
    assert_field(&r.inner, GD_F_TOPIC, "2");
    assert_int_equal(r.inner.others, 0);
}

static void without_an_inner_a_raw_object_is_a_value(void **state) {
    (void)state;
    GD_AUTO(fields_reader) reader = gd_fields_reader_new();
    AUTO_PADDED text = padded(GD_SLICE("{\"raw\":{\"id\":5}}"));
    struct gd_json j = {.end = text.p + text.n};
    struct gd_fields f = {0};
    assert_ptr_equal(gd_fields_read(reader, &j, text.p, &f, NULL), j.end);
    assert_field(&f, GD_F_RAW, "{\"id\":5}");
    gd_fields_free(&f);
}

static void assert_fails(struct trial *r, const char *text, size_t at) {
    assert_false(read_text(r, gd_slice_str(text)));
    assert_int_equal(r->j.at - r->text.p, at);
}

static void what_is_wrong_is_refused_where_it_stands(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    assert_fails(&r, "[]", 0);
    assert_fails(&r, "", 0);
    assert_fails(&r, "{id:1}", 1);
    assert_fails(&r, "{\"id\" 1}", 6);
    assert_fails(&r, "{\"id\":1 \"x\":2}", 8);
    assert_fails(&r, "{\"id\":1,}", 8);
    assert_fails(&r, "{\"metadata\":{\"ttl\":},\"id\":1}", 19);
    assert_fails(&r, "{\"raw\":{\"id\":tru}}", 13);
    assert_fails(&r, "{\"id\":\"\xFF\"}", 7);
    assert_fails(&r, "{\"\xFF\":1}", 2);
    assert_fails(&r, "{\"i\\xd\":1}", 4);
}

static const char complex_text[] =
    "{\"id\":18446744073706405887,\"\\u0069d\":-1,\"sender\":{\"id\":\"a\",\"name\":null},"
    "\"topics\":[\"t\"],"
    "\"payload\":{\"text\":\"0123456789abcde\xF0\x9F\x98\x80\\ud83d\\ude00\",\"n\":[1.5e3,-0]},"
    "\"x\":{},"
    "\"content\":{\"type\":\"json\",\"body\":[{}],\"y\":1},\"metadata\":{\"ttl\":1,\"ttl\":2},"
    "\"raw\":{\"id\":7,\"metadata\":{\"status\":\"error\",\"z\":[]},\"content\":null},\"x\":[[]],"
    "\"source\":{\"via\":\"zset\",\"key\":\"g:t\"},\"routing_slip\":{\"steps\":[{}],\"q\":0},\"is_"
    "error_message\":true,\"content\":{\"type\":"
    "0}}";

static void a_text_that_ends_too_early_fails_at_its_end(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    for (size_t n = 0; n < sizeof complex_text - 1; n++) {
        assert_false(read_text(&r, gd_slice_of(complex_text, n)));
        assert_int_equal(r.j.at - r.text.p, n);
    }
    read_ok(&r, complex_text);
}

static const char *nested(struct gd_buf *out, const char *before, size_t depth,
                          const char *behind) {
    gd_buf_clear(out);
    gd_buf_add_str(out, before);
    for (size_t i = 0; i < 2 * depth; i++) {
        gd_buf_add_char(out, i < depth ? '[' : ']');
    }
    gd_buf_add_str(out, behind);
    return gd_buf_terminate(out);
}

static void a_member_may_nest_1022_levels_and_of_a_wire_message_1020(void **state) {
    (void)state;
    static const char *const around[][2] = {{"{\"id\":", "}"},
                                            {"{\"x\":", "}"},
                                            {"{\"content\":{\"body\":", "}}"},
                                            {"{\"raw\":{\"x\":", "}}"}};
    AUTO_TRIAL r = {0};
    for (size_t i = 0; i < 4; i++) {
        GD_AUTO_BUF text = {0};
        read_ok(&r,
                nested(&text, around[i][0], GD_FIELDS_MAX_DEPTH - GD_JSON_MARGIN, around[i][1]));
        assert_false(r.outer.deep);
        read_ok(&r, nested(&text, around[i][0], GD_FIELDS_MAX_DEPTH - 1, around[i][1]));
        assert_true(r.outer.deep);
        read_ok(&r, nested(&text, around[i][0], GD_FIELDS_MAX_DEPTH, around[i][1]));
        assert_true(r.outer.deep);
        nested(&text, around[i][0], GD_FIELDS_MAX_DEPTH + 1, around[i][1]);
        assert_false(read_text(&r, gd_buf_slice(&text)));
        assert_string_equal(r.j.reason, "nested too deeply");
    }
    assert_int_equal(GD_FIELDS_MAX_DEPTH, 1022);
    assert_int_equal(GD_JSON_MARGIN, 2);
}

static void a_raw_object_is_deep_by_its_own_members_only(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    GD_AUTO_BUF text = {0};
    read_ok(&r, nested(&text, "{\"x\":", GD_FIELDS_MAX_DEPTH, ",\"raw\":{\"id\":[]}}"));
    assert_true(r.outer.deep);
    assert_false(r.inner.deep);
    read_ok(&r, nested(&text, "{\"raw\":{\"id\":", GD_FIELDS_MAX_DEPTH, "}}"));
    assert_true(r.outer.deep && r.inner.deep);
}

/* GD_SHAPE_TOP: its members have no fields. */
static enum gd_shape shape_of_members(enum gd_field field) {
    switch (field) {
    case GD_F_CONTENT:
        return GD_SHAPE_CONTENT;
    case GD_F_METADATA:
        return GD_SHAPE_METADATA;
    case GD_F_SOURCE:
        return GD_SHAPE_SOURCE;
    case GD_F_ROUTING_SLIP:
        return GD_SHAPE_SLIP;
    default:
        return GD_SHAPE_TOP;
    }
}

/* What the fields say, against the reference's members of one object. */
static void assert_members(const struct gd_fields *f, enum gd_shape shape, const struct tree *t,
                           int object) {
    size_t members = 0, others = 0;
    for (int i = t->node[object].child; i != NONE; i = t->node[i].next, members++) {
        struct gd_slice name = text_at(t, t->node[i].name);
        for (enum gd_field field = 0; field < GD_FIELDS; field++) {
            if (gd_field_shape(field) != shape ||
                !gd_slice_equal(name, gd_slice_str(gd_field_name(field)))) {
                continue;
            }
            bool last = true;
            for (int k = t->node[i].next; k != NONE; k = t->node[k].next) {
                last &= !gd_slice_equal(text_at(t, t->node[k].name), name);
            }
            assert_int_equal(gd_slice_equal(gd_fields_get(f, field), t->node[i].text) || !last, 1);
            if (last && shape_of_members(field) != GD_SHAPE_TOP && t->node[i].type == '{') {
                assert_members(f, shape_of_members(field), t, i);
            }
        }
    }
    for (size_t i = 0; i < f->others; i++) {
        others += f->other[i].shape == shape;
    }
    for (enum gd_field field = 0; field < GD_FIELDS; field++) {
        others += gd_field_shape(field) == shape && gd_fields_has(f, field);
    }
    assert_int_equal(others, members);
}

static void the_fields_are_those_of_a_plain_reader(void **state) {
    (void)state;
    AUTO_TRIAL r = {0};
    struct random random = {31337};
    size_t valid = 0;
    for (int i = 0; i < 20000; i++) {
        GD_AUTO_BUF text = {0};
        AUTO_TREE tree = {0};
        gd_buf_add_str(&text, complex_text);
        for (size_t k = pick(&random, 3); k > 0; k--) {
            mutate(&text, &random);
        }
        bool expected =
            text.p[0] == '{' && text.p[text.n - 1] == '}' && read_tree(&tree, gd_buf_slice(&text));
        if (read_text(&r, gd_buf_slice(&text)) != expected) {
            fail_msg("%d: expected %d: %.*s", i, expected, GD_SLICE_FMT(gd_buf_slice(&text)));
        }
        if (expected) {
            AUTO_TREE own = {0};
            assert_true(read_tree(&own, r.text));
            assert_members(&r.outer, GD_SHAPE_TOP, &own, 0);
            valid++;
        }
    }
    assert_true(valid > 5000 && valid < 15000);
}

static void the_order_of_members_makes_no_difference(void **state) {
    (void)state;
    static const char *const members[] = {
        "\"id\":1",         "\"topic\":2",   "\"content\":{\"body\":3,\"type\":4}",
        "\"x\":5",          "\"sender\":6",  "\"metadata\":{\"ttl\":7,\"q\":8,\"status\":9}",
        "\"\\u0074tl\":10", "\"payload\":{}"};
    enum { MEMBERS = sizeof members / sizeof *members };
    AUTO_TRIAL r = {0};
    struct random random = {99};
    for (int round = 0; round < 2000; round++) {
        const char *order[MEMBERS];
        GD_AUTO_BUF text = {0};
        memcpy(order, members, sizeof members);
        for (size_t i = MEMBERS; i > 0; i--) {
            size_t k = pick(&random, i);
            gd_buf_printf(&text, "%c%s", i == MEMBERS ? '{' : ',', order[k]);
            order[k] = order[i - 1];
        }
        gd_buf_add_char(&text, '}');
        read_ok(&r, gd_buf_terminate(&text));
        assert_field(&r.outer, GD_F_ID, "1");
        assert_field(&r.outer, GD_F_TTL, "10");
        assert_field(&r.outer, GD_F_CONTENT_TYPE, "4");
        assert_field(&r.outer, GD_F_META_STATUS, "9");
        assert_int_equal(__builtin_popcountll(r.outer.present), 11);
        assert_int_equal(r.outer.others, 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_found_in_the_object_that_it_stands_in),
        cmocka_unit_test(a_field_of_one_object_is_unknown_in_another),
        cmocka_unit_test(values_are_verbatim_and_blanks_around_them_are_not),
        cmocka_unit_test(escaped_names_are_the_same_names),
        cmocka_unit_test(a_quote_within_a_name_does_not_end_it),
        cmocka_unit_test(names_of_any_length_and_kind_may_be_unknown),
        cmocka_unit_test(any_number_of_members_may_be_unknown),
        cmocka_unit_test(of_a_member_that_comes_twice_the_last_counts),
        cmocka_unit_test(of_an_object_that_comes_twice_the_earlier_members_are_forgotten),
        cmocka_unit_test(one_reading_leaves_nothing_to_the_next),
        cmocka_unit_test(a_raw_object_is_read_on_the_way),
        cmocka_unit_test(without_an_inner_a_raw_object_is_a_value),
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(a_text_that_ends_too_early_fails_at_its_end),
        cmocka_unit_test(a_member_may_nest_1022_levels_and_of_a_wire_message_1020),
        cmocka_unit_test(a_raw_object_is_deep_by_its_own_members_only),
        cmocka_unit_test(the_fields_are_those_of_a_plain_reader),
        cmocka_unit_test(the_order_of_members_makes_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
