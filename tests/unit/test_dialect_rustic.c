/* SPDX-License-Identifier: MIT */
/* RusticAI's wire form: how each of its members is mapped, and what must stand in extra so that all
 * of it can be had back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "round_trip.h"
#include "rustic.h"

#define CONTENT "\"content\":{\"type\":\"json\",\"body\":{\"n\":1}}"
#define SOURCE "\"source\":{\"via\":\"zset\",\"key\":\"g:t\",\"dialect\":\"rustic\",\"bytes\":"
#define TRACE "0af7651916cd43dd8448eb211c80319c"

/* A message of sender, topics and payload alone, and more members. */
static struct gd_slice message_with(struct gd_buf *out, const char *members) {
    gd_buf_clear(out);
    gd_buf_printf(out,
                  "{\"sender\":{\"id\":\"a\"},\"topics\":\"t\",\"topic_published_to\":\"t\","
                  "\"payload\":{\"n\":1}%s%s}",
                  *members ? "," : "", members);
    return gd_buf_slice(out);
}

/* What the canonical line holds between agent_tag and source, the content taken out. */
static void assert_mapped(const char *members, const char *expected) {
    AUTO_SAMPLE s = {0};
    GD_AUTO_BUF text = {0};
    GD_AUTO_BUF out = {0};
    GD_AUTO_BUF again = {0};
    GD_AUTO_BUF whole = {0};
    open_payload(&s, message_with(&text, members), "zset", GD_SLICE("g:t"));
    gd_buf_printf(&whole,
                  "{%s%s\"topic\":\"t\",\"guild_id\":\"g\",\"agent_tag\":{\"id\":\"a\"}," CONTENT
                  ",%s",
                  strncmp(expected, "\"id\"", 4) == 0 ? expected : "",
                  strncmp(expected, "\"id\"", 4) == 0 ? "," : "",
                  strncmp(expected, "\"id\"", 4) == 0 ? "" : expected);
    gd_buf_printf(&whole, "%s" SOURCE "%zu}}",
                  *expected && strncmp(expected, "\"id\"", 4) != 0 ? "," : "", text.n);
    assert_string_equal(canonical_of(&s, &out), gd_buf_terminate(&whole));
    assert_there_and_back(&s, &rustic_names, &out, &again);
}

static void an_id_is_text(void **state) {
    (void)state;
    assert_mapped("", "");
    assert_mapped("\"id\":9623797206574182417", "\"id\":\"9623797206574182417\"");
    assert_mapped("\"id\":18446744073709551615", "\"id\":\"18446744073709551615\"");
    assert_mapped("\"id\":123456789012345678901234567890",
                  "\"id\":\"123456789012345678901234567890\"");
    assert_mapped("\"id\":0", "\"id\":\"0\"");
    assert_mapped("\"id\":-0", "\"id\":\"-0\"");
    assert_mapped("\"id\":null", "");
    assert_mapped("\"id\":\"5\"", "\"extra\":{\"id\":\"5\"}");
    assert_mapped("\"id\":5.0", "\"extra\":{\"id\":5.0}");
    assert_mapped("\"id\":5e0", "\"extra\":{\"id\":5e0}");
}

static void a_timestamp_is_a_time(void **state) {
    (void)state;
    assert_mapped("\"timestamp\":1768000000001",
                  "\"metadata\":{\"timestamp\":\"2026-01-09T23:06:40.001Z\"}");
    assert_mapped("\"timestamp\":1768000000001.0",
                  "\"metadata\":{\"timestamp\":\"2026-01-09T23:06:40.001Z\"}");
    assert_mapped("\"timestamp\":0", "\"metadata\":{\"timestamp\":\"1970-01-01T00:00:00.000Z\"}");
    assert_mapped("\"timestamp\":-1", "\"metadata\":{\"timestamp\":\"1969-12-31T23:59:59.999Z\"}");
    assert_mapped("\"timestamp\":253402300799999",
                  "\"metadata\":{\"timestamp\":\"9999-12-31T23:59:59.999Z\"}");
    assert_mapped("\"timestamp\":-62167219200000",
                  "\"metadata\":{\"timestamp\":\"0000-01-01T00:00:00.000Z\"}");
}

static void a_timestamp_that_says_more_or_something_else_stays(void **state) {
    (void)state;
    assert_mapped("\"timestamp\":1768000000001.5",
                  "\"metadata\":{\"timestamp\":\"2026-01-09T23:06:40.001Z\"},\"extra\":{"
                  "\"timestamp\":1768000000001.5}");
    assert_mapped("\"timestamp\":1.768E12", "\"metadata\":{\"timestamp\":\"2026-01-09T23:06:40."
                                            "000Z\"},\"extra\":{\"timestamp\":1.768E12}");
    assert_mapped("\"timestamp\":-6.21672192E13",
                  "\"metadata\":{\"timestamp\":\"0000-01-01T00:00:00.000Z\"},\"extra\":{"
                  "\"timestamp\":-6.21672192E13}");
    assert_mapped("\"timestamp\":2.53402300799999e14",
                  "\"metadata\":{\"timestamp\":\"9999-12-31T23:59:59.999Z\"},\"extra\":{"
                  "\"timestamp\":2.53402300799999e14}");
    assert_mapped("\"timestamp\":253402300800000", "\"extra\":{\"timestamp\":253402300800000}");
    assert_mapped("\"timestamp\":-62167219200001", "\"extra\":{\"timestamp\":-62167219200001}");
    assert_mapped("\"timestamp\":1e400", "\"extra\":{\"timestamp\":1e400}");
    assert_mapped("\"timestamp\":\"2026\"", "\"extra\":{\"timestamp\":\"2026\"}");
    assert_mapped("\"timestamp\":null", "");
}

static void priority_and_ttl_are_numbers(void **state) {
    (void)state;
    assert_mapped("\"priority\":4,\"ttl\":3600", "\"metadata\":{\"priority\":4,\"ttl\":3600}");
    assert_mapped("\"ttl\":0,\"priority\":-1.5e3", "\"metadata\":{\"priority\":-1.5e3,\"ttl\":0}");
    assert_mapped("\"priority\":null,\"ttl\":false", "");
    assert_mapped("\"priority\":\"NORMAL\",\"ttl\":[1]",
                  "\"extra\":{\"priority\":\"NORMAL\",\"ttl\":[1]}");
}

static void a_thread_has_a_last_and_a_first(void **state) {
    (void)state;
    assert_mapped("\"thread\":[1,18446744073709551615]",
                  "\"metadata\":{\"thread_id\":\"18446744073709551615\",\"root_thread_id\":\"1\"}");
    assert_mapped("\"thread\":[7]", "\"metadata\":{\"thread_id\":\"7\",\"root_thread_id\":\"7\"}");
    assert_mapped("\"thread\":[\"x\",\"y\"]",
                  "\"metadata\":{\"thread_id\":\"y\",\"root_thread_id\":\"x\"}");
    assert_mapped("\"thread\":[]", "");
    assert_mapped("\"thread\":null", "");
}

static void a_thread_that_would_not_be_rebuilt_stays(void **state) {
    (void)state;
    assert_mapped("\"thread\":[1,2,3]", "\"metadata\":{\"thread_id\":\"3\",\"root_thread_id\":"
                                        "\"1\"},\"extra\":{\"thread\":[1,2,3]}");
    assert_mapped(
        "\"thread\":[5,5]",
        "\"metadata\":{\"thread_id\":\"5\",\"root_thread_id\":\"5\"},\"extra\":{\"thread\":[5,5]}");
    assert_mapped("\"thread\":[1,\"2\"]", "\"metadata\":{\"thread_id\":\"2\",\"root_thread_id\":"
                                          "\"1\"},\"extra\":{\"thread\":[1,\"2\"]}");
    assert_mapped("\"thread\":[null,2]",
                  "\"metadata\":{\"thread_id\":\"2\"},\"extra\":{\"thread\":[null,2]}");
    assert_mapped("\"thread\":[1,null]",
                  "\"metadata\":{\"root_thread_id\":\"1\"},\"extra\":{\"thread\":[1,null]}");
    assert_mapped("\"thread\":[null]", "\"extra\":{\"thread\":[null]}");
    assert_mapped("\"thread\":[1.0]", "\"extra\":{\"thread\":[1.0]}");
    assert_mapped("\"thread\":\"1\"", "\"extra\":{\"thread\":\"1\"}");
    assert_mapped("\"thread\":[\"\"]", "\"metadata\":{\"thread_id\":\"\",\"root_thread_id\":\"\"}");
}

static void what_it_answers_and_belongs_to_are_ids(void **state) {
    (void)state;
    assert_mapped("\"in_response_to\":5,\"conversation_id\":6",
                  "\"metadata\":{\"parent_id\":\"5\",\"correlation_id\":\"6\"}");
    assert_mapped("\"in_response_to\":\"a-b\",\"conversation_id\":\"\\u0061\"",
                  "\"metadata\":{\"parent_id\":\"a-b\",\"correlation_id\":\"\\u0061\"}");
    assert_mapped("\"in_response_to\":\"5\"",
                  "\"metadata\":{\"parent_id\":\"5\"},\"extra\":{\"in_response_to\":\"5\"}");
    assert_mapped("\"in_response_to\":null,\"conversation_id\":false", "");
    assert_mapped("\"conversation_id\":{}", "\"extra\":{\"conversation_id\":{}}");
}

static void an_error_is_what_either_says(void **state) {
    (void)state;
    assert_mapped("\"process_status\":\"running\"", "\"metadata\":{\"status\":\"running\"}");
    assert_mapped("\"is_error_message\":false,\"process_status\":\"completed\"",
                  "\"metadata\":{\"status\":\"completed\"}");
    assert_mapped("\"is_error_message\":true,\"process_status\":\"error\"",
                  "\"metadata\":{\"status\":\"error\"}");
    assert_mapped("\"is_error_message\":false", "");
    assert_mapped("\"process_status\":null", "");
}

static void a_status_that_would_not_be_rebuilt_stays(void **state) {
    (void)state;
    assert_mapped("\"is_error_message\":true",
                  "\"metadata\":{\"status\":\"error\"},\"extra\":{\"process_status\":null}");
    assert_mapped("\"process_status\":\"error\"",
                  "\"metadata\":{\"status\":\"error\"},\"extra\":{\"is_error_message\":null}");
    assert_mapped(
        "\"process_status\":\"completed\",\"is_error_message\":true",
        "\"metadata\":{\"status\":\"error\"},\"extra\":{\"process_status\":\"completed\"}");
    assert_mapped("\"process_status\":\"error\",\"is_error_message\":false",
                  "\"metadata\":{\"status\":\"error\"},\"extra\":{\"is_error_message\":false}");
    assert_mapped("\"is_error_message\":\"yes\"", "\"extra\":{\"is_error_message\":\"yes\"}");
    assert_mapped("\"process_status\":5,\"is_error_message\":1",
                  "\"extra\":{\"process_status\":5,\"is_error_message\":1}");
}

static void lists_and_steps_are_passed_on_as_they_are(void **state) {
    (void)state;
    assert_mapped("\"recipient_list\":[ {\"id\": null} ]", "\"recipients\":[ {\"id\": null} ]");
    assert_mapped("\"message_history\":[{\"agent\":1.50}]", "\"history\":[{\"agent\":1.50}]");
    assert_mapped("\"routing_slip\":{\"steps\":[{\"a\": 1}]}", "\"routing_rules\":[{\"a\": 1}]");
    assert_mapped("\"recipient_list\":[],\"message_history\":null,\"routing_slip\":null", "");
    assert_mapped("\"recipient_list\":{},\"message_history\":\"x\"",
                  "\"extra\":{\"recipient_list\":{},\"message_history\":\"x\"}");
}

static void a_routing_slip_that_would_not_be_rebuilt_stays(void **state) {
    (void)state;
    assert_mapped("\"routing_slip\":{}", "\"extra\":{\"routing_slip\":{}}");
    assert_mapped("\"routing_slip\":{\"steps\":[]}", "\"extra\":{\"routing_slip\":{\"steps\":[]}}");
    assert_mapped("\"routing_slip\":{\"steps\":null}",
                  "\"extra\":{\"routing_slip\":{\"steps\":null}}");
    assert_mapped("\"routing_slip\":{\"steps\":[1],\"x\":0}",
                  "\"routing_rules\":[1],\"extra\":{\"routing_slip\":{\"steps\":[1],\"x\":0}}");
    assert_mapped(
        "\"routing_slip\":{\"steps\":[1],\"steps\":[2]}",
        "\"routing_rules\":[2],\"extra\":{\"routing_slip\":{\"steps\":[1],\"steps\":[2]}}");
    assert_mapped("\"routing_slip\":[[]]", "\"extra\":{\"routing_slip\":[[]]}");
}

static void a_traceparent_is_a_trace(void **state) {
    (void)state;
    assert_mapped("\"traceparent\":\"00-" TRACE "-b7ad6b7169203331-01\"",
                  "\"trace\":{\"trace_id\":\"" TRACE
                  "\",\"span_id\":\"b7ad6b7169203331\",\"flags\":1}");
    assert_mapped("\"traceparent\":\"00-" TRACE "-b7ad6b7169203331-ff\"",
                  "\"trace\":{\"trace_id\":\"" TRACE
                  "\",\"span_id\":\"b7ad6b7169203331\",\"flags\":255}");
    assert_mapped("\"traceparent\":null", "");
}

static void a_traceparent_of_another_kind_stays(void **state) {
    (void)state;
    static const char *const others[] = {
        "\"01-" TRACE "-b7ad6b7169203331-01\"",
        "\"00-" TRACE "-b7ad6b7169203331-0A\"",
        "\"00-" TRACE "-B7ad6b7169203331-01\"",
        "\"00-" TRACE "-b7ad6b716920333g-01\"",
        "\"00-" TRACE "_b7ad6b7169203331-01\"",
        "\"00-" TRACE "-b7ad6b7169203331-01-x\"",
        "\"00-/af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"",
        "\"00-" TRACE "-b7ad6b7169203331_01\"",
        "\"00-:af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"",
        "\"\"",
        "5",
        "{}"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        GD_AUTO_BUF member = {0};
        GD_AUTO_BUF extra = {0};
        gd_buf_printf(&member, "\"traceparent\":%s", others[i]);
        gd_buf_printf(&extra, "\"extra\":{\"traceparent\":%s}", others[i]);
        assert_mapped(gd_buf_terminate(&member), gd_buf_terminate(&extra));
    }
}

static void other_members_are_kept_as_they_are(void **state) {
    (void)state;
    assert_mapped("\"new\": {\"a\" : 1.50},\"\\u006eull\":null,\"new\":[ ]",
                  "\"extra\":{\"new\":{\"a\" : 1.50},\"\\u006eull\":null,\"new\":[ ]}");
    assert_mapped("\"forward_header\":{\"a\":1},\"session_state\":{},\"enrich_with_history\":5,"
                  "\"origin_guild_stack\":[\"x\"]",
                  "\"extra\":{\"forward_header\":{\"a\":1},\"session_state\":{},\"enrich_with_"
                  "history\":5,\"origin_guild_stack\":[\"x\"]}");
    assert_mapped("\"forward_header\":null,\"session_state\":null,\"enrich_with_history\":0,"
                  "\"origin_guild_stack\":[]",
                  "");
    assert_mapped("\"topic\":\"x\",\"metadata\":{\"ttl\":1,\"ttl\":2},\"event\":null",
                  "\"extra\":{\"topic\":\"x\",\"metadata\":{\"ttl\":1,\"ttl\":2},\"event\":null}");
    assert_mapped("\"source\":{\"x\":1},\"extra\":{\"id\":null},\"raw\":{}",
                  "\"extra\":{\"extra\":{\"id\":null},\"source\":{\"x\":1},\"raw\":{}}");
}

static void a_member_that_comes_twice_stays_in_all_its_values(void **state) {
    (void)state;
    assert_mapped("\"ttl\":1,\"ttl\":null", "\"extra\":{\"ttl\":1,\"ttl\":null}");
    assert_mapped("\"priority\":1,\"priority\":2",
                  "\"metadata\":{\"priority\":2},\"extra\":{\"priority\":1,\"priority\":2}");
    assert_mapped(
        "\"session_state\":null,\"session_state\":{\"a\":1},\"session_state\":null",
        "\"extra\":{\"session_state\":null,\"session_state\":{\"a\":1},\"session_state\":null}");
}

static void a_topic_is_the_one_published_to_else_the_first_of_topics(void **state) {
    (void)state;
    static const struct {
        const char *topics, *published, *topic, *extra;
    } rows[] = {
        {"\"t\"", ",\"topic_published_to\":\"t\"", "\"topic\":\"t\",", ""},
        {"[\"t\"]", ",\"topic_published_to\":\"t\"", "\"topic\":\"t\",", "\"topics\":[\"t\"]"},
        {"[\"u\"]", ",\"topic_published_to\":\"t\"", "\"topic\":\"t\",", "\"topics\":[\"u\"]"},
        {"\"t\"", "", "\"topic\":\"t\",", "\"topic_published_to\":null"},
        {"[\"u\",\"t\"]", "", "\"topic\":\"u\",",
         "\"topics\":[\"u\",\"t\"],\"topic_published_to\":null"},
        {"[5,\"t\"]", "", "", "\"topics\":[5,\"t\"]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO_SAMPLE s = {0};
        GD_AUTO_BUF text = {0};
        GD_AUTO_BUF out = {0};
        GD_AUTO_BUF expected = {0};
        gd_buf_printf(&text, "{\"sender\":{},\"payload\":{\"n\":1},\"topics\":%s%s}",
                      rows[i].topics, rows[i].published);
        open_line(&s, gd_buf_slice(&text));
        gd_buf_printf(&expected, "{%s\"agent_tag\":{}," CONTENT ",%s%s%s\"source\":", rows[i].topic,
                      *rows[i].extra ? "\"extra\":{" : "", rows[i].extra,
                      *rows[i].extra ? "}," : "");
        canonical_of(&s, &out);
        out.n = expected.n;
        assert_string_equal(gd_buf_terminate(&out), gd_buf_terminate(&expected));
    }
}

/* Everything about topics, whatever the key. */
static void topics_go_there_and_back_under_any_key(void **state) {
    (void)state;
    static const char *const topics[] = {
        "\"t\"",   "[\"t\"]",   "[\"t\",\"u\"]", "[]", "null", "5",        "[5]",
        "\"g:t\"", "[\"g:t\"]", "\"\\u0074\"",   "{}", "\"\"", "[[\"t\"]]"};
    static const char *const published[] = {
        "",
        ",\"topic_published_to\":\"t\"",
        ",\"topic_published_to\":\"g:t\"",
        ",\"topic_published_to\":null",
        ",\"topic_published_to\":\"u\"",
        ",\"topic_published_to\":[\"t\"]",
        ",\"topic_published_to\":\"\\u0074\"",
        ",\"topic_published_to\":\"\"",
        ",\"topic_published_to\":\"t\",\"topic_published_to\":\"u\""};
    static const char *const keys[][2] = {{"zset", NULL},    {"zset", "g:t"}, {"pubsub", "t"},
                                          {"zset", "a:g:t"}, {"zset", ":t"},  {"string", "msg:g:5"},
                                          {"string", "odd"}, {"zset", ""}};
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        for (size_t k = 0; k < sizeof published / sizeof *published; k++) {
            for (size_t n = 0; n < sizeof keys / sizeof *keys; n++) {
                AUTO_SAMPLE s = {0};
                GD_AUTO_BUF text = {0};
                GD_AUTO_BUF out = {0};
                GD_AUTO_BUF again = {0};
                gd_buf_printf(&text, "{\"sender\":{},\"payload\":{},\"topics\":%s%s}", topics[i],
                              published[k]);
                open_payload(&s, gd_buf_slice(&text), keys[n][0], gd_slice_str(keys[n][1]));
                assert_there_and_back(&s, &rustic_names, &out, &again);
            }
        }
    }
}

static void senders_formats_and_payloads_of_any_kind_go_there_and_back(void **state) {
    (void)state;
    static const char *const values[] = {"null",
                                         "false",
                                         "0",
                                         "[]",
                                         "{}",
                                         "\"x\"",
                                         "[1,{\"a\":null}]",
                                         "-0.0",
                                         "1e5",
                                         "\"\"",
                                         "{\"id\":null,\"name\":null}",
                                         "{\"name\":\"\\ud83d\\ude00\"}",
                                         "{\"id\":7}"};
    enum { VALUES = sizeof values / sizeof *values };
    for (size_t i = 0; i < VALUES * VALUES * 2; i++) {
        AUTO_SAMPLE s = {0};
        GD_AUTO_BUF text = {0};
        GD_AUTO_BUF out = {0};
        GD_AUTO_BUF again = {0};
        gd_buf_printf(&text, "{\"payload\":%s,\"topics\":[],\"sender\":%s,\"format\":%s}",
                      values[i % VALUES], values[i / VALUES % VALUES], values[(i * 7) % VALUES]);
        open_payload(&s, gd_buf_slice(&text), "zset",
                     i % 2 ? GD_SLICE("g:t") : (struct gd_slice){0});
        assert_there_and_back(&s, &rustic_names, &out, &again);
    }
}

/* What a canonical line says that no wire form could. */
static void a_trace_that_makes_no_traceparent_is_left_out(void **state) {
    (void)state;
    static const char *const traces[] = {
        "{\"trace_id\":[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"],\"span_id\":\"b7ad6b7169203331\"}",
        "{\"trace_id\":1234567890123456789012345678901234,\"span_id\":\"b7ad6b7169203331\"}",
        "{\"trace_id\":\"" TRACE "\",\"span_id\":\"xxxxxxxxxxxxxxxx\"}",
        "{\"trace_id\":\"" TRACE "\"}",
        "{}",
        "5",
        "{\"trace_id\":\"" TRACE "\",\"span_id\":[\"xxxxxxxxxxxxxx\"]}"};
    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++) {
        AUTO_SAMPLE s = {0};
        GD_AUTO_BUF line = {0};
        GD_AUTO_BUF out = {0};
        gd_buf_printf(&line, "{\"trace\":%s,\"source\":{\"via\":\"x\",\"dialect\":\"rustic\"}}",
                      traces[i]);
        open_line(&s, gd_buf_slice(&line));
        assert_string_equal(encoded(&s, NULL, &out), "{}");
    }
}

static void flags_beyond_a_byte_count_as_none(void **state) {
    (void)state;
    static const char *const flags[][2] = {
        {"256", "00"}, {"-1", "00"}, {"\"1\"", "00"}, {"255", "ff"}, {"1", "01"}};
    for (size_t i = 0; i < 5; i++) {
        AUTO_SAMPLE s = {0};
        GD_AUTO_BUF line = {0};
        GD_AUTO_BUF out = {0};
        GD_AUTO_BUF expected = {0};
        gd_buf_printf(&line,
                      "{\"trace\":{\"trace_id\":\"" TRACE
                      "\",\"span_id\":\"b7ad6b7169203331\",\"flags\":%s},"
                      "\"source\":{\"via\":\"x\"}}",
                      flags[i][0]);
        gd_buf_printf(&expected, "{\"traceparent\":\"00-" TRACE "-b7ad6b7169203331-%s\"}",
                      flags[i][1]);
        open_line(&s, gd_buf_slice(&line));
        assert_string_equal(encoded(&s, NULL, &out), gd_buf_terminate(&expected));
    }
}

static void extra_goes_before_what_could_be_rebuilt(void **state) {
    (void)state;
    AUTO_SAMPLE s = {0};
    GD_AUTO_BUF out = {0};
    open_line(&s, GD_SLICE("{\"id\":\"5\",\"topic\":\"t\",\"metadata\":{\"priority\":4,\"thread_"
                           "id\":\"1\"},\"extra\":{\"priority\":null,"
                           "\"id\":\"5\",\"x\":null,\"topic_published_to\":null},\"source\":{"
                           "\"via\":\"x\",\"dialect\":\"rustic\"}}"));
    assert_string_equal(encoded(&s, NULL, &out),
                        "{\"id\":\"5\",\"topics\":\"t\",\"thread\":[1],\"x\":null}");
    open_line(&s, GD_SLICE("{\"metadata\":{\"root_thread_id\":\"x\"},\"extra\":5,\"source\":{"
                           "\"via\":\"x\",\"dialect\":\"rustic\"}}"));
    assert_string_equal(encoded(&s, NULL, &out), "{\"thread\":[\"x\"]}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_text),
        cmocka_unit_test(a_timestamp_is_a_time),
        cmocka_unit_test(a_timestamp_that_says_more_or_something_else_stays),
        cmocka_unit_test(priority_and_ttl_are_numbers),
        cmocka_unit_test(a_thread_has_a_last_and_a_first),
        cmocka_unit_test(a_thread_that_would_not_be_rebuilt_stays),
        cmocka_unit_test(what_it_answers_and_belongs_to_are_ids),
        cmocka_unit_test(an_error_is_what_either_says),
        cmocka_unit_test(a_status_that_would_not_be_rebuilt_stays),
        cmocka_unit_test(lists_and_steps_are_passed_on_as_they_are),
        cmocka_unit_test(a_routing_slip_that_would_not_be_rebuilt_stays),
        cmocka_unit_test(a_traceparent_is_a_trace),
        cmocka_unit_test(a_traceparent_of_another_kind_stays),
        cmocka_unit_test(other_members_are_kept_as_they_are),
        cmocka_unit_test(a_member_that_comes_twice_stays_in_all_its_values),
        cmocka_unit_test(a_topic_is_the_one_published_to_else_the_first_of_topics),
        cmocka_unit_test(topics_go_there_and_back_under_any_key),
        cmocka_unit_test(senders_formats_and_payloads_of_any_kind_go_there_and_back),
        cmocka_unit_test(a_trace_that_makes_no_traceparent_is_left_out),
        cmocka_unit_test(flags_beyond_a_byte_count_as_none),
        cmocka_unit_test(extra_goes_before_what_could_be_rebuilt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
