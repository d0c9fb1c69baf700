/* SPDX-License-Identifier: MIT */
/* Canonical lines, raw records and wire forms, and the names that keys give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../lib/message.h"
#include "json_reference.h"
#include "messages.h"

static const char hello[] = "{\"hello\":1}";

static void assert_canonical(struct sample *s, const char *expected) {
    GD_AUTO_BUF out = {0};
    assert_string_equal(canonical_of(s, &out), expected);
}

static void assert_raw(struct sample *s, const char *expected) {
    GD_AUTO_BUF out = {0};
    assert_string_equal(raw_of(s, &out), expected);
}

static void a_source_says_where_a_payload_was_found(void **state) {
    (void)state;
    const struct gd_origin origin = {.via = "pubsub",
                                     .key = GD_SLICE("research:tool-calls"),
                                     .pattern = GD_SLICE("research:*"),
                                     .server = "6f0c2a9be41d",
                                     .received_at_ms = 1768000000003};
    AUTO_SAMPLE s = {0};
    prepare(&s, gd_slice_str(hello));
    gd_decoder_payload(s.decoder, s.text, &origin, &s.m);
    assert_canonical(
        &s,
        "{\"topic\":\"tool-calls\",\"guild_id\":\"research\",\"content\":{\"type\":\"json\","
        "\"body\":{\"hello\":1}},\"source\":{\"via\":\"pubsub\",\"key\":\"research:tool-calls\","
        "\"pattern\":\"research:*\",\"dialect\":\"json\",\"bytes\":11,"
        "\"received_at\":\"2026-01-09T23:06:40.003Z\",\"server\":\"6f0c2a9be41d\"}}");
    assert_slice(gd_message_server(&s.m), "6f0c2a9be41d");
}

static void what_is_unknown_is_left_out(void **state) {
    (void)state;
    const struct gd_origin origin = {.via = "gen", .server = ""};
    AUTO_SAMPLE s = {0};
    prepare(&s, gd_slice_str(hello));
    gd_decoder_payload(s.decoder, s.text, &origin, &s.m);
    assert_canonical(&s, "{\"content\":{\"type\":\"json\",\"body\":{\"hello\":1}},"
                         "\"source\":{\"via\":\"gen\",\"dialect\":\"json\",\"bytes\":11}}");
    assert_slice(gd_message_server(&s.m), NULL);
}

static void a_score_is_a_number_unless_it_is_infinite(void **state) {
    (void)state;
    static const char *const scores[][2] = {{"1768000000001", "1768000000001"},
                                            {"1.7e+18", "1.7e+18"},
                                            {"inf", "\"inf\""},
                                            {"-inf", "\"-inf\""}};
    for (size_t i = 0; i < 4; i++) {
        AUTO_SAMPLE s = {0};
        AUTO_SAMPLE again = {0};
        GD_AUTO_BUF out = {0};
        const struct gd_origin origin = {.via = "zset", .score = gd_slice_str(scores[i][0])};
        prepare(&s, gd_slice_str(hello));
        gd_decoder_payload(s.decoder, s.text, &origin, &s.m);
        assert_non_null(strstr(canonical_of(&s, &out), scores[i][1]));
        open_line(&again, gd_buf_slice(&out));
        assert_slice(gd_message_score(&again.m), scores[i][0]);
        assert_same_view(&s, &again);
    }
}

static void a_key_that_is_not_utf8_is_kept_as_base64(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    AUTO_SAMPLE again = {0};
    AUTO_SAMPLE raw = {0};
    GD_AUTO_BUF out = {0};
    open_payload(&s, gd_slice_str(hello), "zset", GD_SLICE("\xFFg:t\xFE"));
    assert_string_equal(
        canonical_of(&s, &out),
        "{\"topic\":\"t\xEF\xBF\xBD\",\"guild_id\":\"\xEF\xBF\xBDg\",\"content\":{\"type\":"
        "\"json\",\"body\":{\"hello\":1}},\"source\":{\"via\":\"zset\",\"key_base64\":\"/2c6dP4=\","
        "\"dialect\":\"json\",\"bytes\":11}}");
    open_line(&again, gd_buf_slice(&out));
    assert_slice(gd_message_key(&again.m), "\xFFg:t\xFE");
    assert_slice(gd_message_name(&again.m).guild, "\xFFg");
    assert_slice(gd_message_name(&again.m).topic, "t\xFE");
    open_line(&raw, gd_slice_str(raw_of(&s, &out)));
    assert_slice(gd_message_key(&raw.m), "\xFFg:t\xFE");
}

static void a_key_in_damaged_base64_gives_way_to_the_plain_one(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    open_line(
        &s, GD_SLICE(
                "{\"source\":{\"via\":\"zset\",\"key\":\"g:t\",\"key_base64\":\"?\"},\"raw\":{}}"));
    assert_slice(gd_message_key(&s.m), "g:t");
}

static void a_canonical_line_and_an_event_stay_as_they_came(void **state) {
    (void)state;
    static const char *const lines[] = {
        "{ \"source\":{\"via\":\"zset\",\"bytes\":5}, \"content\" : {\"body\":1.50} ,\"x\":null}",
        "{\"event\":\"gap\",\"lost\":null,\"source\":{\"via\":\"gdbg\",\"key\":\"g:t\"}}"};
    for (size_t i = 0; i < 2; i++) {
        AUTO_SAMPLE s = {0};
        open_line(&s, gd_slice_str(lines[i]));
        assert_canonical(&s, lines[i]);
    }
    AUTO_SAMPLE event = {0};
    open_line(&event, gd_slice_str(lines[1]));
    assert_raw(&event, lines[1]);
}

static void line_breaks_between_tokens_become_blanks(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    open_payload(&s, GD_SLICE("\n{\"a\":\r\n[1,\n2]}\n"), "pubsub", GD_SLICE("g:t"));
    assert_canonical(
        &s, "{\"topic\":\"t\",\"guild_id\":\"g\",\"content\":{\"type\":\"json\",\"body\":{\"a\":  "
            "[1, 2]}},"
            "\"source\":{\"via\":\"pubsub\",\"key\":\"g:t\",\"dialect\":\"json\",\"bytes\":16}}");
    open_payload(&s, GD_SLICE("two\r\nlines"), "pubsub", (struct gd_slice){0});
    assert_canonical(&s, "{\"content\":{\"type\":\"text\",\"body\":\"two\\r\\nlines\"},"
                         "\"source\":{\"via\":\"pubsub\",\"dialect\":\"text\",\"bytes\":10}}");
    open_line(&s, GD_SLICE("{\"source\":{\"via\":\"x\"},\r\"id\":\"1\"}"));
    assert_canonical(&s, "{\"source\":{\"via\":\"x\"}, \"id\":\"1\"}");
}

/* Also those that a record's source holds. */
static void what_is_written_is_one_line(void **state) {
    (void)state;
    static const char *const lines[] = {
        "{\"source\":{\"via\":\"zset\",\"x\":[1,\r2]},\"raw\":{\"a\":1}}",
        "{\"source\":{\"via\":\"zset\",\"score\":{\r},\"x\":5},\"raw_text\":\"{\\n}\"}",
        "{\"source\":{\"via\":\"zset\",\"x\":{\r}},\"content\":{\"type\":\"json\",\"body\":{}}}"};
    for (size_t i = 0; i < 3; i++) {
        AUTO_SAMPLE s = {0};
        GD_AUTO_BUF out = {0};
        open_line(&s, gd_slice_str(lines[i]));
        assert_null(strpbrk(canonical_of(&s, &out), "\r\n"));
        assert_true(s.m.form == GD_FORM_WIRE || !strpbrk(raw_of(&s, &out), "\r\n"));
    }
}

static void a_raw_record_holds_an_object_as_it_is(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    open_payload(&s, GD_SLICE("{\"a\": 1.50 }"), "zset", GD_SLICE("g:t"));
    assert_raw(&s,
               "{\"source\":{\"via\":\"zset\",\"key\":\"g:t\",\"dialect\":\"json\",\"bytes\":12},"
               "\"raw\":{\"a\": 1.50 }}");
    open_line(&s, GD_SLICE("{\"a\":2}"));
    assert_raw(
        &s, "{\"source\":{\"via\":\"file\",\"dialect\":\"json\",\"bytes\":7},\"raw\":{\"a\":2}}");
}

static void assert_raw_value(struct gd_slice payload, const char *expected) {
    AUTO_SAMPLE s = {0};
    AUTO_SAMPLE again = {0};
    GD_AUTO_BUF out = {0};
    open_payload(&s, payload, "zset", GD_SLICE("g:t"));
    const char *comma = strstr(raw_of(&s, &out), "},\"raw");
    assert_non_null(comma);
    assert_string_equal(comma + 2, expected);
    open_line(&again, gd_buf_slice(&out));
    assert_true(gd_slice_equal(again.m.payload, payload));
    assert_same_view(&s, &again);
    AUTO_SAMPLE canonical = {0};
    open_line(&canonical, gd_slice_str(canonical_of(&again, &out)));
    assert_int_equal(gd_message_bytes(&canonical.m), payload.n);
}

static void what_is_no_plain_object_is_recorded_as_text_or_base64(void **state) {
    (void)state;
    assert_raw_value(GD_SLICE("{\"a\":1}"), "\"raw\":{\"a\":1}}");
    assert_raw_value(GD_SLICE(" {\"a\":1}"), "\"raw_text\":\" {\\\"a\\\":1}\"}");
    assert_raw_value(GD_SLICE("{\"a\":1}\n"), "\"raw_text\":\"{\\\"a\\\":1}\\n\"}");
    assert_raw_value(GD_SLICE("{\"a\":\r1}"), "\"raw_text\":\"{\\\"a\\\":\\r1}\"}");
    assert_raw_value(GD_SLICE("{broken}"), "\"raw_text\":\"{broken}\"}");
    assert_raw_value(GD_SLICE("[1]"), "\"raw_text\":\"[1]\"}");
    assert_raw_value(GD_SLICE(""), "\"raw_text\":\"\"}");
    assert_raw_value(GD_SLICE("a\0b"), "\"raw_text\":\"a\\u0000b\"}");
    assert_raw_value(GD_SLICE("{\"a\":\"\xFF\"}"), "\"raw_base64\":\"eyJhIjoi/yJ9\"}");
}

static void a_record_in_its_own_dialect_stays_as_it_came(void **state) {
    (void)state;
    const char *line = "{ \"raw\":{\"a\":1},\"source\":{\"via\":\"zset\"},\"note\":1}";
    AUTO_SAMPLE s = {0};
    open_line(&s, gd_slice_str(line));
    assert_raw(&s, line);
}

static void a_record_of_another_dialect_is_made_by_way_of_the_canonical_form(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    GD_AUTO_BUF out = {0};
    struct gd_error e;
    open_line(
        &s, GD_SLICE(
                "{\"source\":{\"via\":\"zset\",\"key\":\"g:t\"},\"raw\":{\"sender\":{\"id\":\"a\"},"
                "\"topics\":\"t\",\"topic_published_to\":\"t\",\"payload\":{\"n\":1}}}"));
    assert_int_equal(gd_message_write_raw(&s.m, gd_dialect_find(GD_SLICE("json")), &out, &e), 0);
    assert_string_equal(
        gd_buf_terminate(&out),
        "{\"source\":{\"via\":\"zset\",\"key\":\"g:t\",\"dialect\":\"json\",\"bytes\":7},"
        "\"raw\":{\"n\":1}}");
}

static void a_source_keeps_its_other_members(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    open_line(&s, GD_SLICE("{\"source\":{\"late\":true,\"new\":[1],\"via\":\"stream\",\"entry\":"
                           "\"1-0\",\"bytes\":99,"
                           "\"dialect\":\"rustic\",\"via\":\"zset\"},\"raw\":{}}"));
    assert_canonical(&s, "{\"content\":{\"type\":\"json\",\"body\":{}},\"source\":{\"via\":"
                         "\"zset\",\"entry\":\"1-0\","
                         "\"dialect\":\"json\",\"bytes\":2,\"late\":true,\"new\":[1]}}");
}

static void a_canonical_line_becomes_the_record_that_it_was_made_from(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    open_line(
        &s,
        GD_SLICE("{\"content\":{\"type\":\"text\",\"body\":\"{\\n\"},"
                 "\"source\":{\"via\":\"list\",\"key\":\"q\",\"dialect\":\"text\",\"bytes\":7}}"));
    assert_raw(&s, "{\"source\":{\"via\":\"list\",\"key\":\"q\",\"dialect\":\"text\",\"bytes\":2},"
                   "\"raw_text\":\"{\\n\"}");
    open_line(&s, GD_SLICE("{\"content\":{\"body\":\"{\\\"a\\\":1}\"},\"source\":{\"via\":\"x\","
                           "\"dialect\":\"text\"}}"));
    assert_raw(&s,
               "{\"source\":{\"via\":\"x\",\"dialect\":\"text\",\"bytes\":7},\"raw\":{\"a\":1}}");
    open_line(
        &s,
        GD_SLICE(
            "{\"content\":{\"body\":\"{a}\"},\"source\":{\"via\":\"x\",\"dialect\":\"text\"}}"));
    assert_raw(
        &s, "{\"source\":{\"via\":\"x\",\"dialect\":\"text\",\"bytes\":3},\"raw_text\":\"{a}\"}");
}

static void encoding_that_fails_says_why_and_names_what_is_needed(void **state) {
    (void)state;
    static const char *const lines[][2] = {
        {"{\"source\":{\"via\":\"x\",\"dialect\":\"json\"}}", "no content.body"},
        {"{\"content\":{\"body\":5},\"source\":{\"via\":\"x\",\"dialect\":\"text\"}}",
         "not a string"},
        {"{\"content\":{\"body\":\"?\"},\"source\":{\"via\":\"x\",\"dialect\":\"binary\"}}",
         "not base64"},
        {"{\"content\":{\"body\":{}},\"source\":{\"via\":\"x\",\"dialect\":\"binary\"}}",
         "not base64"}};
    for (size_t i = 0; i < 4; i++) {
        AUTO_SAMPLE s = {0};
        GD_AUTO_BUF out = {0};
        struct gd_error e = {0};
        open_line(&s, gd_slice_str(lines[i][0]));
        assert_int_equal(gd_message_encode(&s.m, NULL, &out, &e), -1);
        assert_int_equal(e.failure, GD_FAIL_INPUT);
        assert_non_null(strstr(e.message, lines[i][1]));
        assert_int_equal(gd_message_write_raw(&s.m, NULL, &out, &e), -1);
    }
}

static void what_was_not_checked_in_full_is_not_put_into_another_dialect(void **state) {
    (void)state;
    AUTO_SAMPLE s = {.decoder = gd_decoder_new()};
    GD_AUTO_BUF out = {0};
    struct gd_error e = {0};
    gd_decoder_structure_only(s.decoder, true);
    open_line(&s, GD_SLICE("{\"a\":\"\xFF\"}"));
    assert_int_equal(gd_message_encode(&s.m, gd_dialect_find(GD_SLICE("debug")), &out, &e), -1);
    assert_non_null(strstr(e.message, "cannot be read back: invalid UTF-8"));
}

static void assert_name(const char *via, const char *payload, const char *key, const char *guild,
                        const char *topic) {
    AUTO_SAMPLE s = {0};
    AUTO_SAMPLE again = {0};
    AUTO_SAMPLE raw = {0};
    GD_AUTO_BUF out = {0};
    open_payload(&s, gd_slice_str(payload), via, gd_slice_str(key));
    assert_slice(gd_message_name(&s.m).guild, guild);
    assert_slice(gd_message_name(&s.m).topic, topic);
    assert_member(&s, GD_M_GUILD, guild);
    open_line(&again, gd_slice_str(canonical_of(&s, &out)));
    assert_same_view(&s, &again);
    open_line(&raw, gd_slice_str(raw_of(&s, &out)));
    assert_same_view(&s, &raw);
}

#define RUSTIC(published) "{\"sender\":{},\"topics\":\"t\",\"payload\":1" published "}"

static void a_key_splits_where_the_message_says_that_its_topic_begins(void **state) {
    (void)state;
    assert_name("pubsub", hello, "a:b:t", "a", "b:t");
    assert_name("pubsub", hello, "plain", NULL, "plain");
    assert_name("pubsub", hello, NULL, NULL, NULL);
    assert_name("pubsub", hello, ":t", "", "t");
    assert_name("zset", RUSTIC(",\"topic_published_to\":\"t\""), "a:b:t", "a:b", "t");
    assert_name("zset", RUSTIC(",\"topic_published_to\":\"b:t\""), "a:b:t", "a", "b:t");
    assert_name("zset", RUSTIC(",\"topic_published_to\":\"a:t\""), "a:t", "a", "t");
    assert_name("zset", RUSTIC(",\"topic_published_to\":\"else\""), "a:b:t", "a", "b:t");
    assert_name("zset", RUSTIC(""), "a:b:t", "a", "b:t");
    assert_name("zset", RUSTIC(""), "a:t", "a", "t");
    assert_name("zset", "{\"agent_tag\":{},\"content\":{},\"topic\":\"t\"}", "a:b:t", "a:b", "t");
}

static void a_topic_that_is_its_whole_key_is_given_without_the_guild(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    open_payload(&s, GD_SLICE(RUSTIC(",\"topic_published_to\":\"a:t\"")), "zset", GD_SLICE("a:t"));
    assert_member(&s, GD_M_TOPIC, "t");
    open_payload(&s, GD_SLICE(RUSTIC(",\"topic_published_to\":\"a:t\"")), "zset", GD_SLICE("b:t"));
    assert_member(&s, GD_M_TOPIC, "a:t");
}

static void under_a_msg_key_the_guild_is_in_the_key_and_the_topic_in_the_message(void **state) {
    (void)state;
    assert_name("string", RUSTIC(",\"topic_published_to\":\"p\""), "msg:a:b:5", "a:b", "p");
    assert_name("string", RUSTIC(""), "msg:a:5", "a", "t");
    assert_name("string", RUSTIC(",\"topic_published_to\":\"a:p\""), "msg:a:5", "a", "p");
    assert_name("string", hello, "msg:a:5", "a", NULL);
    assert_name("string", RUSTIC(""), "other", NULL, "t");
    assert_name("zset", RUSTIC(""), "msg:a:5", "msg", "a:5");
}

static void without_a_key_the_name_is_what_the_message_says(void **state) {
    (void)state;
    static const char *const lines[][3] = {
        {RUSTIC(",\"topic_published_to\":\"p\""), NULL, "p"},
        {RUSTIC(""), NULL, "t"},
        {"{\"agent_tag\":{},\"content\":{},\"topic\":\"t\",\"guild_id\":\"g\"}", "g", "t"},
        {"{\"topic\":\"t\",\"guild_id\":\"g\"}", NULL, NULL},
        {"{\"topic\":\"t\",\"guild_id\":\"g\",\"source\":{\"via\":\"x\"}}", "g", "t"},
        {"{\"topic\":5,\"source\":{\"via\":\"x\"}}", NULL, NULL}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        AUTO_SAMPLE s = {0};
        open_line(&s, gd_slice_str(lines[i][0]));
        assert_slice(gd_message_name(&s.m).guild, lines[i][1]);
        assert_slice(gd_message_name(&s.m).topic, lines[i][2]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_says_where_a_payload_was_found),
        cmocka_unit_test(what_is_unknown_is_left_out),
        cmocka_unit_test(a_score_is_a_number_unless_it_is_infinite),
        cmocka_unit_test(a_key_that_is_not_utf8_is_kept_as_base64),
        cmocka_unit_test(a_key_in_damaged_base64_gives_way_to_the_plain_one),
        cmocka_unit_test(a_canonical_line_and_an_event_stay_as_they_came),
        cmocka_unit_test(line_breaks_between_tokens_become_blanks),
        cmocka_unit_test(what_is_written_is_one_line),
        cmocka_unit_test(a_raw_record_holds_an_object_as_it_is),
        cmocka_unit_test(what_is_no_plain_object_is_recorded_as_text_or_base64),
        cmocka_unit_test(a_record_in_its_own_dialect_stays_as_it_came),
        cmocka_unit_test(a_record_of_another_dialect_is_made_by_way_of_the_canonical_form),
        cmocka_unit_test(a_source_keeps_its_other_members),
        cmocka_unit_test(a_canonical_line_becomes_the_record_that_it_was_made_from),
        cmocka_unit_test(encoding_that_fails_says_why_and_names_what_is_needed),
        cmocka_unit_test(what_was_not_checked_in_full_is_not_put_into_another_dialect),
        cmocka_unit_test(a_key_splits_where_the_message_says_that_its_topic_begins),
        cmocka_unit_test(a_topic_that_is_its_whole_key_is_given_without_the_guild),
        cmocka_unit_test(under_a_msg_key_the_guild_is_in_the_key_and_the_topic_in_the_message),
        cmocka_unit_test(without_a_key_the_name_is_what_the_message_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
