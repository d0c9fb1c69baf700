/* SPDX-License-Identifier: MIT */
/* What a line or a payload is, and what can be asked of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../lib/message.h"
#include "messages.h"

static void assert_form(const char *line, enum gd_form form, const char *dialect) {
    AUTO_SAMPLE s = {0};
    open_line(&s, gd_slice_str(line));
    if (s.m.form != form) {
        fail_msg("form %d: %s", (int)s.m.form, line);
    }
    if (dialect) {
        assert_string_equal(s.m.dialect->name, dialect);
    }
}

static void a_line_without_a_source_that_says_how_is_foreign(void **state) {
    (void)state;
    assert_form("{}", GD_FORM_WIRE, "json");
    assert_form("{\"source\":{}}", GD_FORM_WIRE, "json");
    assert_form("{\"source\":\"via\"}", GD_FORM_WIRE, "json");
    assert_form("{\"source\":{\"via\":null}}", GD_FORM_WIRE, "json");
    assert_form("{\"source\":{\"via\":7},\"raw\":{}}", GD_FORM_WIRE, "json");
    assert_form("{\"via\":\"zset\",\"raw\":{}}", GD_FORM_WIRE, "json");
    assert_form("{\"source\":{\"via\":\"zset\"},\"source\":{}}", GD_FORM_WIRE, "json");
    assert_form("{\"event\":\"gap\"}", GD_FORM_WIRE, "json");
}

static void a_line_of_gdbg_with_an_event_is_an_event(void **state) {
    (void)state;
    assert_form("{\"event\":\"gap\",\"source\":{\"via\":\"gdbg\"}}", GD_FORM_EVENT, NULL);
    assert_form("{\"source\":{\"v\\u0069a\":\"g\\u0064bg\"},\"event\":\"\",\"raw\":{}}",
                GD_FORM_EVENT, NULL);
    assert_form("{\"event\":5,\"source\":{\"via\":\"gdbg\"}}", GD_FORM_CANONICAL, NULL);
    assert_form("{\"event\":\"gap\",\"source\":{\"via\":\"zset\"}}", GD_FORM_CANONICAL, NULL);
    assert_form("{\"source\":{\"via\":\"gdbg\"}}", GD_FORM_CANONICAL, NULL);
}

static void a_line_with_exactly_one_raw_is_a_record(void **state) {
    (void)state;
    assert_form("{\"source\":{\"via\":\"zset\"},\"raw\":{\"a\":1}}", GD_FORM_WIRE, "json");
    assert_form("{\"raw_text\":\"hi\",\"source\":{\"via\":\"zset\"}}", GD_FORM_WIRE, "text");
    assert_form("{\"raw_base64\":\"/w==\",\"source\":{\"via\":\"zset\"}}", GD_FORM_WIRE, "binary");
    assert_form("{\"raw\":{},\"raw_text\":\"hi\",\"source\":{\"via\":\"zset\"}}", GD_FORM_CANONICAL,
                NULL);
    assert_form("{\"raw\":[1],\"source\":{\"via\":\"zset\"}}", GD_FORM_WIRE, "text");
}

static void any_other_line_with_a_source_is_canonical(void **state) {
    (void)state;
    assert_form("{\"source\":{\"via\":\"pubsub\",\"dialect\":\"json\"}}", GD_FORM_CANONICAL,
                "json");
    assert_form("{\"source\":{\"via\":\"x\",\"dialect\":\"debug\"}}", GD_FORM_CANONICAL, "debug");
    assert_form("{\"source\":{\"via\":\"x\",\"dialect\":\"what\"}}", GD_FORM_CANONICAL, "rustic");
    assert_form("{\"source\":{\"via\":\"x\"}}", GD_FORM_CANONICAL, "rustic");
}

static void dialects_are_told_by_their_members(void **state) {
    (void)state;
    assert_form("{\"sender\":1,\"topics\":2,\"payload\":3}", GD_FORM_WIRE, "rustic");
    assert_form("{\"s\\u0065nder\":1,\"payload\":3,\"topics\":2}", GD_FORM_WIRE, "rustic");
    assert_form("{\"sender\":1,\"topics\":2}", GD_FORM_WIRE, "json");
    assert_form("{\"agent_tag\":1,\"content\":{}}", GD_FORM_WIRE, "debug");
    assert_form("{\"agent_tag\":1,\"content\":[]}", GD_FORM_WIRE, "json");
    assert_form("{\"content\":{}}", GD_FORM_WIRE, "json");
    assert_form("{\"sender\":1,\"topics\":2,\"payload\":3,\"agent_tag\":1,\"content\":{}}",
                GD_FORM_WIRE, "rustic");
}

static void the_table_of_dialects_is_searched_by_name(void **state) {
    (void)state;
    static const char *const names[] = {"rustic", "debug", "json", "text", "binary"};
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(gd_dialect_name(i), names[i]);
        assert_string_equal(gd_dialect_find(gd_slice_str(names[i]))->name, names[i]);
    }
    assert_null(gd_dialect_name(5));
    assert_null(gd_dialect_find(GD_SLICE("canonical")));
    assert_null(gd_dialect_find((struct gd_slice){0}));
}

static void assert_payload(struct gd_slice payload, const char *dialect) {
    AUTO_SAMPLE s = {0};
    open_payload(&s, payload, "pubsub", GD_SLICE("g:t"));
    assert_string_equal(s.m.dialect->name, dialect);
    assert_int_equal(s.m.form, GD_FORM_WIRE);
    assert_int_equal(gd_message_bytes(&s.m), payload.n);
}

static void nothing_from_redis_is_bad_input(void **state) {
    (void)state;
    assert_payload(GD_SLICE(" {\"a\":1}\r\n"), "json");
    assert_payload(GD_SLICE("{\"a\":1} x"), "text");
    assert_payload(GD_SLICE("{\"a\":1"), "text");
    assert_payload(GD_SLICE("{\"a\":1}\0"), "text");
    assert_payload(GD_SLICE("[1,2]"), "text");
    assert_payload(GD_SLICE("\"a\""), "text");
    assert_payload(GD_SLICE(""), "text");
    assert_payload(GD_SLICE("  "), "text");
    assert_payload(GD_SLICE("{\"a\":\"\xFF\"}"), "binary");
    assert_payload(GD_SLICE("\xFF\0"), "binary");
    assert_payload(GD_SLICE("{\"a\":\"\\ud800\"}"), "text");
    assert_payload(GD_SLICE("{\"source\":{\"via\":\"zset\"},\"raw\":{}}"), "json");
}

static const char *deep_object(struct gd_buf *out, const char *before, size_t depth,
                               const char *behind) {
    gd_buf_clear(out);
    gd_buf_add_str(out, before);
    for (size_t i = 0; i < 2 * depth; i++) {
        gd_buf_add_char(out, i < depth ? '[' : ']');
    }
    gd_buf_add_str(out, behind);
    return gd_buf_terminate(out);
}

/* Deeper than that, what is made of it could not be read any more. */
static void a_wire_message_whose_members_nest_more_than_1020_levels_is_none(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    GD_AUTO_BUF text = {0};
    assert_payload(gd_slice_str(deep_object(&text, "{\"a\":", 1020, "}")), "json");
    assert_payload(gd_slice_str(deep_object(&text, "{\"a\":", 1021, "}")), "text");
    assert_true(try_line(&s, gd_slice_str(deep_object(&text, "{\"a\":", 1020, "}"))));
    assert_false(try_line(&s, gd_slice_str(deep_object(&text, "{\"a\":", 1021, "}"))));
    deep_object(&text, "{\"source\":{\"via\":\"zset\"},\"raw\":{\"a\":", 1021, "}}");
    open_line(&s, gd_buf_slice(&text));
    assert_string_equal(s.m.dialect->name, "text");
    deep_object(&text, "{\"source\":{\"via\":\"zset\"},\"x\":", 1022, ",\"raw\":{\"a\":1}}");
    open_line(&s, gd_buf_slice(&text));
    assert_string_equal(s.m.dialect->name, "json");
    deep_object(&text, "{\"source\":{\"via\":\"zset\"},\"content\":{\"body\":", 1022, "}}");
    assert_true(try_line(&s, gd_buf_slice(&text)));
    deep_object(&text, "{\"source\":{\"via\":\"zset\"},\"content\":{\"body\":", 1023, "}}");
    assert_false(try_line(&s, gd_buf_slice(&text)));
}

static void what_is_made_of_the_deepest_messages_can_be_read_again(void **state) {
    (void)state;
    static const char *const wires[] = {
        "{\"a\":",
        "{\"content\":{\"body\":",
        "{\"sender\":1,\"topics\":2,\"payload\":",
        "{\"sender\":1,\"topics\":2,\"payload\":3,\"x\":",
        "{\"sender\":1,\"topics\":2,\"payload\":3,\"metadata\":{\"a\":",
        "{\"agent_tag\":{},\"content\":{},\"metadata\":{\"thread_id\":5,\"a\":",
        "{\"agent_tag\":{},\"content\":{\"body\":"};
    for (size_t i = 0; i < sizeof wires / sizeof *wires; i++) {
        AUTO_SAMPLE wire = {0};
        AUTO_SAMPLE again = {0};
        GD_AUTO_BUF text = {0};
        GD_AUTO_BUF line = {0};
        bool two = strstr(wires[i], "\":{\"body") || strstr(wires[i], "metadata");
        deep_object(&text, wires[i], 1020, two ? "}}" : "}");
        open_payload(&wire, gd_buf_slice(&text), "pubsub", GD_SLICE("g:t"));
        assert_string_not_equal(wire.m.dialect->name, "text");
        open_line(&again, gd_slice_str(canonical_of(&wire, &line)));
        assert_int_equal(again.m.form, GD_FORM_CANONICAL);
        open_line(&again, gd_slice_str(raw_of(&wire, &line)));
        assert_ptr_equal(again.m.dialect, wire.m.dialect);
    }
}

static void a_record_whose_payload_cannot_be_had_back_is_refused(void **state) {
    (void)state;
    static const char *const lines[] = {
        "{\"source\":{\"via\":\"zset\"},\"raw_text\":5}",
        "{\"source\":{\"via\":\"zset\"},\"raw_base64\":\"?\"}",
        "{\"source\":{\"via\":\"zset\"},\"raw_base64\":null}",
    };
    for (size_t i = 0; i < 3; i++) {
        AUTO_SAMPLE s = {0};
        assert_false(try_line(&s, gd_slice_str(lines[i])));
        assert_ptr_equal(s.why.at, s.text.p);
        assert_non_null(strstr(s.why.reason, "undone"));
    }
}

static void a_record_gives_the_published_bytes_back(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    open_line(&s, GD_SLICE("{\"source\":{\"via\":\"zset\"},\"raw\":{\"a\": 1 }}"));
    assert_slice(s.m.payload, "{\"a\": 1 }");
    open_line(&s, GD_SLICE("{\"source\":{\"via\":\"zset\"},\"raw_text\":\" {\\\"a\\\":\\n1}\"}"));
    assert_slice(s.m.payload, " {\"a\":\n1}");
    assert_string_equal(s.m.dialect->name, "json");
    open_line(&s, GD_SLICE("{\"source\":{\"via\":\"zset\"},\"raw_base64\":\"eyJhIjoxfQ\"}"));
    assert_slice(s.m.payload, "{\"a\":1}");
    assert_string_equal(s.m.dialect->name, "json");
    open_line(&s, GD_SLICE("{\"source\":{\"via\":\"zset\"},\"raw_text\":\"\\u0000\"}"));
    assert_int_equal(s.m.payload.n, 1);
    open_line(&s, GD_SLICE("{\"source\":{\"via\":\"zset\"},\"raw_text\":\"\"}"));
    assert_int_equal(gd_message_bytes(&s.m), 0);
}

static const char canonical_line[] =
    "{\"id\":\"9623797206574182417\",\"topic\":\"tool-calls\",\"guild_id\":\"research\",\"agent_"
    "tag\":{"
    "\"id\":\"agent-11\",\"name\":\"Planner\"},\"content\":{\"type\":\"json\",\"format\":\"f\","
    "\"body\":{"
    "\"n\":67}},\"metadata\":{\"timestamp\":\"2026-01-09T23:06:40.001Z\",\"thread_id\":\"1\","
    "\"root_thread_id\":\"2\",\"parent_id\":\"3\",\"status\":\"error\",\"processing_time_ms\":12.5,"
    "\"priority\":4},\"source\":{\"via\":\"pubsub\",\"key\":\"research:tool-calls\",\"dialect\":"
    "\"rustic\","
    "\"bytes\":812,\"server\":\"6f0c2a9be41d\"}}";

static void the_members_of_a_canonical_line_can_be_asked_for(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    int64_t time_ms = 0;
    open_line(&s, gd_slice_str(canonical_line));
    assert_member(&s, GD_M_ID, "9623797206574182417");
    assert_member(&s, GD_M_TOPIC, "tool-calls");
    assert_member(&s, GD_M_GUILD, "research");
    assert_member(&s, GD_M_AGENT, "Planner");
    assert_member(&s, GD_M_TYPE, "json");
    assert_member(&s, GD_M_FORMAT, "f");
    assert_member(&s, GD_M_BODY, "{\"n\":67}");
    assert_member(&s, GD_M_THREAD_ID, "1");
    assert_member(&s, GD_M_ROOT_THREAD_ID, "2");
    assert_member(&s, GD_M_PARENT_ID, "3");
    assert_member(&s, GD_M_STATUS, "error");
    assert_member(&s, GD_M_PROCESSING_TIME_MS, "12.5");
    assert_member(&s, GD_M_PRIORITY, "4");
    assert_true(gd_message_time(&s.m, &time_ms));
    assert_true(time_ms == 1768000000001);
    assert_true(gd_message_is_error(&s.m));
    assert_int_equal(gd_message_bytes(&s.m), 812);
    assert_slice(gd_message_server(&s.m), "6f0c2a9be41d");
    assert_slice(gd_message_key(&s.m), "research:tool-calls");
    assert_slice(gd_message_score(&s.m), NULL);
}

static void what_a_canonical_line_lacks_is_absent(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    int64_t time_ms;
    open_line(&s, GD_SLICE("{\"source\":{\"via\":\"gen\"},\"metadata\":{\"timestamp\":5}}"));
    for (enum gd_member member = GD_M_ID; member <= GD_M_PRIORITY; member++) {
        assert_member(&s, member, NULL);
    }
    assert_false(gd_message_time(&s.m, &time_ms));
    assert_false(gd_message_is_error(&s.m));
    assert_int_equal(gd_message_bytes(&s.m), s.text.n);
    assert_slice(gd_message_key(&s.m), NULL);
    assert_slice(gd_message_server(&s.m), NULL);
    assert_slice(gd_message_name(&s.m).topic, NULL);
}

static void an_agent_is_its_name_else_its_id(void **state) {
    (void)state;
    static const char *const tags[][2] = {{"{\"name\":\"N\",\"id\":\"I\"}", "N"},
                                          {"{\"id\":\"I\",\"name\":null}", "I"},
                                          {"{\"id\":7}", "7"},
                                          {"{\"name\":\"\",\"id\":\"I\"}", ""},
                                          {"{\"id\":null}", NULL},
                                          {"{}", NULL},
                                          {"\"bob\"", NULL},
                                          {"{\"n\\u0061me\":\"\\u0062\"}", "b"}};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        AUTO_SAMPLE s = {0};
        GD_AUTO_BUF line = {0};
        gd_buf_printf(&line, "{\"source\":{\"via\":\"gen\"},\"agent_tag\":%s}", tags[i][0]);
        open_line(&s, gd_buf_slice(&line));
        assert_member(&s, GD_M_AGENT, tags[i][1]);
    }
}

static void strings_are_given_decoded(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    open_line(&s,
              GD_SLICE("{\"source\":{\"via\":\"gen\",\"key\":\"a\\u003ab\"},\"topic\":\"\\u0062\","
                       "\"content\":{\"body\":\"\\ud83d\\ude00\"}}"));
    assert_member(&s, GD_M_TOPIC, "b");
    assert_member(&s, GD_M_BODY, "\xF0\x9F\x98\x80");
    assert_slice(gd_message_key(&s.m), "a:b");
}

static void with_structure_only_strings_may_hold_anything(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    struct gd_slice line = GD_SLICE("{\"topic\":\"\xFF\\ud800\",\"source\":{\"via\":\"x\"}}");
    assert_false(try_line(&s, line));
    gd_decoder_structure_only(s.decoder, true);
    assert_true(try_line(&s, line));
    assert_member(&s, GD_M_TOPIC, "\xFF\xEF\xBF\xBD");
    open_payload(&s, GD_SLICE("{\"a\":\"\xFF\"}"), "zset", GD_SLICE("g:t"));
    assert_string_equal(s.m.dialect->name, "json");
    gd_decoder_structure_only(s.decoder, false);
    assert_false(try_line(&s, line));
}

/* At every length, with what looks like the rest of it behind its end. */
static void a_line_that_ends_too_early_fails_at_its_end(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    for (size_t n = 1; n < sizeof canonical_line - 1; n++) {
        AUTO_PADDED line = padded(gd_slice_str(canonical_line));
        char kept = line.p[n];
        *(char *)(line.p + n) = '\0';
        s.decoder = s.decoder ? s.decoder : gd_decoder_new();
        assert_null(gd_decoder_line(s.decoder, line.p, line.p + n, &s.m, &s.why));
        assert_ptr_equal(s.why.at, line.p + n);
        *(char *)(line.p + n) = kept;
        assert_non_null(gd_decoder_line(s.decoder, line.p, line.p + line.n, &s.m, &s.why));
    }
}

static void one_message_leaves_nothing_to_the_next(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    open_line(&s, gd_slice_str(canonical_line));
    open_line(&s, GD_SLICE("{\"source\":{\"via\":\"zset\"},\"raw\":{\"x\":1,\"x\":2}}"));
    open_payload(&s, GD_SLICE("text"), "zset", (struct gd_slice){0});
    assert_member(&s, GD_M_ID, NULL);
    assert_int_equal(s.m.fields->others, 0);
    open_line(&s, gd_slice_str(canonical_line));
    assert_null(s.m.payload.p);
    assert_int_equal(gd_message_bytes(&s.m), 812);
    open_payload(&s, GD_SLICE("text"), "zset", (struct gd_slice){0});
    assert_null(s.m.line.p);
    assert_slice(gd_message_key(&s.m), NULL);
    open_line(&s, GD_SLICE("{}"));
    assert_null(s.m.record);
    assert_true(s.m.fields->present == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_without_a_source_that_says_how_is_foreign),
        cmocka_unit_test(a_line_of_gdbg_with_an_event_is_an_event),
        cmocka_unit_test(a_line_with_exactly_one_raw_is_a_record),
        cmocka_unit_test(any_other_line_with_a_source_is_canonical),
        cmocka_unit_test(dialects_are_told_by_their_members),
        cmocka_unit_test(the_table_of_dialects_is_searched_by_name),
        cmocka_unit_test(nothing_from_redis_is_bad_input),
        cmocka_unit_test(a_wire_message_whose_members_nest_more_than_1020_levels_is_none),
        cmocka_unit_test(what_is_made_of_the_deepest_messages_can_be_read_again),
        cmocka_unit_test(a_record_whose_payload_cannot_be_had_back_is_refused),
        cmocka_unit_test(a_record_gives_the_published_bytes_back),
        cmocka_unit_test(the_members_of_a_canonical_line_can_be_asked_for),
        cmocka_unit_test(what_a_canonical_line_lacks_is_absent),
        cmocka_unit_test(an_agent_is_its_name_else_its_id),
        cmocka_unit_test(strings_are_given_decoded),
        cmocka_unit_test(with_structure_only_strings_may_hold_anything),
        cmocka_unit_test(a_line_that_ends_too_early_fails_at_its_end),
        cmocka_unit_test(one_message_leaves_nothing_to_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
