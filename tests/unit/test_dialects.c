/* SPDX-License-Identifier: MIT */
/* All dialects but rustic: debug, whose names are the canonical ones already, and what comes
 * without an envelope. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "round_trip.h"

static const char *const known[] = {"id",      "topic",    "guild_id",   "agent_tag",
                                    "content", "metadata", "recipients", "routing_rules",
                                    "history", "trace",    NULL};
static const char *const known_metadata[] = {"timestamp", "thread_id",      "root_thread_id",
                                             "parent_id", "correlation_id", NULL};

static void assert_goes_there_and_back(struct gd_slice payload, const char *dialect,
                                       const char *key) {
    static const struct known names = {known, known_metadata};
    AUTO_SAMPLE wire = {0};
    GD_AUTO_BUF canonical = {0};
    GD_AUTO_BUF again = {0};
    open_payload(&wire, payload, "zset", gd_slice_str(key));
    assert_string_equal(wire.m.dialect->name, dialect);
    assert_there_and_back(&wire, &names, &canonical, &again);
}

#define DEBUG \
    "\"agent_tag\":{\"id\":\"a\",\"name\":\"N\"},\"content\":{\"type\":\"text\",\"body\":\"hi\"}"

static void debug_names_are_the_canonical_ones(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    GD_AUTO_BUF out = {0};
    open_line(
        &s,
        GD_SLICE(
            "{\"id\":\"Y0NUI_ABRNI\",\"topic\":\"t\",\"guild_id\":\"g\"," DEBUG
            ",\"metadata\":{\"timestamp\":\"2026-01-09T23:06:40.001Z\",\"status\":\"error\","
            "\"thread_id\":\"1\",\"retry_count\":2,\"x\":1},\"routing_rules\":[{\"target_topic\":"
            "\"u\"}],\"trace\":{\"trace_id\":\"T\"}}"));
    assert_string_equal(
        canonical_of(&s, &out),
        "{\"id\":\"Y0NUI_ABRNI\",\"topic\":\"t\",\"guild_id\":\"g\"," DEBUG
        ",\"metadata\":{\"timestamp\":\"2026-01-09T23:06:40.001Z\",\"thread_id\":\"1\","
        "\"status\":\"error\",\"retry_count\":2,\"x\":1},\"routing_rules\":[{\"target_topic\":"
        "\"u\"}],"
        "\"trace\":{\"trace_id\":\"T\"},\"source\":{\"via\":\"file\",\"dialect\":\"debug\","
        "\"bytes\":290}}");
    assert_member(&s, GD_M_AGENT, "N");
    assert_member(&s, GD_M_TYPE, "text");
    assert_member(&s, GD_M_STATUS, "error");
    assert_member(&s, GD_M_GUILD, "g");
    assert_true(gd_message_is_error(&s.m));
}

static void a_debug_message_without_topic_and_guild_has_those_of_its_key(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    GD_AUTO_BUF out = {0};
    open_payload(&s, GD_SLICE("{" DEBUG "}"), "zset", GD_SLICE("g:t"));
    assert_member(&s, GD_M_TOPIC, "t");
    assert_member(&s, GD_M_GUILD, "g");
    assert_non_null(strstr(canonical_of(&s, &out), "\"extra\":{\"topic\":null,\"guild_id\":null}"));
    open_line(&s, GD_SLICE("{" DEBUG "}"));
    assert_null(strstr(canonical_of(&s, &out), "extra"));
    assert_member(&s, GD_M_GUILD, NULL);
}

static void debug_messages_go_there_and_back(void **state) {
    (void)state;
    static const char *const members[] = {
        "",
        ",\"id\":5,\"metadata\":{\"thread_id\":6,\"parent_id\":18446744073709551615}",
        ",\"id\":0",
        ",\"id\":-0.0",
        ",\"id\":null,\"topic\":null,\"guild_id\":null",
        ",\"id\":true,\"topic\":5,\"guild_id\":[]",
        ",\"id\":{},\"topic\":false,\"guild_id\":{\"a\":1}",
        ",\"metadata\":null",
        ",\"metadata\":[]",
        ",\"metadata\":5",
        ",\"metadata\":{}",
        ",\"metadata\":{\"thread_id\":0,\"root_thread_id\":false,\"ttl\":0,\"priority\":null}",
        ",\"metadata\":{\"timestamp\":\"2026-01-09T23:06:40Z\"}",
        ",\"metadata\":{\"timestamp\":\"2026-01-09 23:06:40.0010+02:00\"}",
        ",\"metadata\":{\"timestamp\":\"yesterday\"}",
        ",\"metadata\":{\"timestamp\":1768000000001}",
        ",\"metadata\":{\"timestamp\":1768000000001.5}",
        ",\"metadata\":{\"timestamp\":0}",
        ",\"metadata\":{\"timestamp\":1e400}",
        ",\"metadata\":{\"timestamp\":{\"a\":1}}",
        ",\"metadata\":{\"status\":1,\"status\":2,\"x\":3,\"x\":4}",
        ",\"metadata\":{\"ttl\":1},\"metadata\":{\"ttl\":2}",
        ",\"metadata\":{\"ttl\":1},\"metadata\":null",
        ",\"content\":{\"type\":\"json\",\"type\":5,\"x\":1,\"x\":2,\"body\":null}",
        ",\"content\":{}",
        ",\"agent_tag\":null",
        ",\"agent_tag\":\"bob\",\"recipients\":{},\"history\":7",
        ",\"agent_tag\":[],\"routing_rules\":\"x\",\"trace\":[1]",
        ",\"recipients\":[],\"routing_rules\":null,\"history\":false,\"trace\":0",
        ",\"recipients\":[{\"id\":\"b\"}],\"history\":[[]],\"trace\":{}",
        ",\"sender\":1,\"topics\":[2],\"timestamp\":3,\"new\":{\"a\":[1.50]},\"\\u0069d\":\"x\"",
        ",\"extra\":{\"id\":null},\"raw\":{},\"event\":null,\"source\":{\"x\":1}",
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        GD_AUTO_BUF text = {0};
        gd_buf_printf(&text, "{" DEBUG "%s}", members[i]);
        assert_goes_there_and_back(gd_buf_slice(&text), "debug", "g:t");
        assert_goes_there_and_back(gd_buf_slice(&text), "debug", NULL);
    }
}

static void add_random_value(struct gd_buf *out, struct random *r) {
    static const char *const values[] = {
        "null",
        "false",
        "0",
        "[]",
        "{}",
        "true",
        "-0",
        "0.0",
        "1",
        "18446744073709551615",
        "1.50",
        "1795188179880.5",
        "1e400",
        "\"\"",
        "\"5\"",
        "\"x\\u0041\"",
        "\"error\"",
        "[1]",
        "[{}]",
        "{\"a\":[null]}",
        "{\"name\":\"N\",\"id\":7}",
        "\"2026-01-09T23:06:40.001Z\"",
        "\"2026-01-09T23:06:40Z\"",
        "\"\\ud83d\\ude00\"",
        "1768000000001",
    };
    gd_buf_add_str(out, values[pick(r, sizeof values / sizeof *values)]);
}

static void add_random_members(struct gd_buf *out, struct random *r, const char *const *names,
                               size_t count) {
    for (size_t n = pick(r, 6); n > 0; n--) {
        size_t i = pick(r, count + 1);
        gd_buf_printf(out, "%s\"%s\"%s:", out->p[out->n - 1] == '{' ? "" : ",",
                      i < count ? names[i] : "\\u0069d", pick(r, 9) ? "" : " ");
        add_random_value(out, r);
    }
}

static void any_debug_message_goes_there_and_back(void **state) {
    (void)state;
    static const char *const top[] = {"id",      "topic", "guild_id", "recipients", "routing_rules",
                                      "history", "trace", "x",        "sender",     "extra",
                                      "metadata"};
    static const char *const metadata[] = {
        "timestamp", "thread_id",          "root_thread_id", "parent_id", "correlation_id",
        "status",    "processing_time_ms", "retry_count",    "priority",  "ttl",
        "x"};
    static const char *const content[] = {"type", "format", "body", "encoding", "x"};
    struct random r = {20260109};
    for (int i = 0; i < 20000; i++) {
        GD_AUTO_BUF text = {0};
        gd_buf_add_lit(&text, "{");
        add_random_members(&text, &r, top, 11);
        gd_buf_printf(&text, "%s\"agent_tag\":", text.n > 1 ? "," : "");
        add_random_value(&text, &r);
        gd_buf_add_lit(&text, ",\"metadata\":{");
        add_random_members(&text, &r, metadata, 11);
        gd_buf_add_lit(&text, "},\"content\":{");
        add_random_members(&text, &r, content, 5);
        gd_buf_add_lit(&text, "}");
        add_random_members(&text, &r, top, 11);
        gd_buf_add_lit(&text, "}");
        assert_goes_there_and_back(gd_buf_slice(&text), "debug", pick(&r, 2) ? "g:t" : NULL);
    }
}

static void an_object_of_no_dialect_is_its_own_body(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    open_payload(&s, GD_SLICE("{\"id\":5,\"topic\":\"no\"}"), "pubsub", GD_SLICE("g:t"));
    assert_member(&s, GD_M_TYPE, "json");
    assert_member(&s, GD_M_BODY, "{\"id\":5,\"topic\":\"no\"}");
    assert_member(&s, GD_M_ID, NULL);
    assert_member(&s, GD_M_TOPIC, "t");
    assert_member(&s, GD_M_GUILD, "g");
    int64_t time_ms;
    assert_false(gd_message_time(&s.m, &time_ms));
    assert_goes_there_and_back(GD_SLICE("{\"id\":5,\"id\":[],\"x\":null}"), "json", "g:t");
    assert_goes_there_and_back(GD_SLICE("{}"), "json", NULL);
}

static void assert_bytes_there_and_back(struct gd_slice payload, const char *dialect) {
    AUTO_SAMPLE wire = {0};
    AUTO_SAMPLE line = {0};
    GD_AUTO_BUF canonical = {0};
    GD_AUTO_BUF again = {0};
    open_payload(&wire, payload, "list", GD_SLICE("q"));
    assert_string_equal(wire.m.dialect->name, dialect);
    open_line(&line, gd_slice_str(canonical_of(&wire, &canonical)));
    assert_same_view(&wire, &line);
    encoded(&line, NULL, &again);
    assert_int_equal(again.n, payload.n);
    assert_true(gd_slice_equal(gd_buf_slice(&again), payload));
}

static void texts_and_bytes_come_back_exactly(void **state) {
    (void)state;
    assert_bytes_there_and_back(GD_SLICE("hello\n\"world\"\\ \t\x7F\xC3\xA9"), "text");
    assert_bytes_there_and_back(GD_SLICE(""), "text");
    assert_bytes_there_and_back(GD_SLICE("a\0b\x01"), "text");
    assert_bytes_there_and_back(GD_SLICE("[1,2]"), "text");
    assert_bytes_there_and_back(GD_SLICE("{\"half"), "text");
    assert_bytes_there_and_back(GD_SLICE("\xFF\xFE\0\n"), "binary");
    struct random r = {3};
    for (int i = 0; i < 2000; i++) {
        GD_AUTO_BUF bytes = {0};
        gd_buf_add_char(&bytes, i % 2 ? '\xFF' : 'x');
        for (size_t n = pick(&r, 60); n > 0; n--) {
            gd_buf_add_char(&bytes, (char)(next_random(&r) >> 20 & (i % 2 ? 0xFF : 0x7F)));
        }
        assert_bytes_there_and_back(gd_buf_slice(&bytes), i % 2 ? "binary" : "text");
    }
}

static void bytes_are_a_body_in_base64(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    GD_AUTO_BUF out = {0};
    open_payload(&s, GD_SLICE("\xFF\0"), "list", GD_SLICE("g:t"));
    assert_member(&s, GD_M_TYPE, "binary");
    assert_member(&s, GD_M_BODY, "/wA=");
    assert_string_equal(
        canonical_of(&s, &out),
        "{\"topic\":\"t\",\"guild_id\":\"g\",\"content\":{\"type\":\"binary\",\"body\":\"/wA=\"},"
        "\"source\":{\"via\":\"list\",\"key\":\"g:t\",\"dialect\":\"binary\",\"bytes\":2}}");
}

static void a_message_can_be_put_into_another_dialect(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    GD_AUTO_BUF out = {0};
    open_line(&s,
              GD_SLICE("{\"id\":\"7\",\"topic\":\"t\"," DEBUG ",\"metadata\":{\"priority\":4}}"));
    assert_true(same_json(
        gd_slice_str(encoded(&s, "rustic", &out)),
        GD_SLICE("{\"id\":7,\"topics\":\"t\",\"topic_published_to\":\"t\",\"sender\":{\"id\":\"a\","
                 "\"name\":\"N\"},\"payload\":\"hi\",\"priority\":4}")));
    assert_string_equal(encoded(&s, "text", &out), "hi");
    open_line(&s, GD_SLICE("{\"sender\":{\"id\":\"a\"},\"topics\":\"t\",\"topic_published_to\":"
                           "\"t\",\"payload\":{}}"));
    assert_true(same_json(
        gd_slice_str(encoded(&s, "debug", &out)),
        GD_SLICE("{\"topic\":\"t\",\"agent_tag\":{\"id\":\"a\"},\"content\":{\"type\":\"json\","
                 "\"body\":{}}}")));
    assert_string_equal(encoded(&s, "json", &out), "{}");
    struct gd_error e = {0};
    assert_int_equal(gd_message_encode(&s.m, gd_dialect_find(GD_SLICE("text")), &out, &e), -1);
    assert_non_null(strstr(e.message, "not a string"));
}

static void a_wire_message_in_its_own_dialect_is_encoded_as_it_came(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    GD_AUTO_BUF out = {0};
    open_payload(&s, GD_SLICE(" {\"a\": 1}\n"), "list", GD_SLICE("q"));
    assert_string_equal(encoded(&s, NULL, &out), " {\"a\": 1}\n");
    assert_string_equal(encoded(&s, "json", &out), " {\"a\": 1}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(debug_names_are_the_canonical_ones),
        cmocka_unit_test(a_debug_message_without_topic_and_guild_has_those_of_its_key),
        cmocka_unit_test(debug_messages_go_there_and_back),
        cmocka_unit_test(any_debug_message_goes_there_and_back),
        cmocka_unit_test(an_object_of_no_dialect_is_its_own_body),
        cmocka_unit_test(texts_and_bytes_come_back_exactly),
        cmocka_unit_test(bytes_are_a_body_in_base64),
        cmocka_unit_test(a_message_can_be_put_into_another_dialect),
        cmocka_unit_test(a_wire_message_in_its_own_dialect_is_encoded_as_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
