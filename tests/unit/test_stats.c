/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../lib/stats.h"
#include "json_reference.h"
#include "messages.h"

static void add_line(struct gd_stats *s, const char *line) {
    AUTO_SAMPLE sample = {0};
    open_line(&sample, gd_slice_str(line));
    gd_stats_add(s, &sample.m);
}

/* A canonical message of these figures. */
static void add(struct gd_stats *s, const char *topic, const char *status, int bytes) {
    GD_AUTO_BUF line = {0};
    gd_buf_printf(
        &line,
        "{\"topic\":%s,\"metadata\":{\"status\":%s},\"source\":{\"via\":\"zset\",\"bytes\":%d}}",
        topic, status, bytes);
    add_line(s, gd_buf_terminate(&line));
}

static void add_at(struct gd_stats *s, const char *time, const char *processing_time) {
    GD_AUTO_BUF line = {0};
    gd_buf_printf(&line,
                  "{\"metadata\":{\"timestamp\":\"%s\",\"processing_time_ms\":%s},\"source\":{"
                  "\"via\":\"zset\"}}",
                  time, processing_time);
    add_line(s, gd_buf_terminate(&line));
}

static const struct gd_group *only_group(struct gd_stats *s) {
    size_t count;
    const struct gd_group *const *groups = gd_stats_groups(s, &count);
    assert_int_equal(count, 1);
    return groups[0];
}

/* All groups as JSON Lines. */
static const char *written(struct gd_stats *s, const char *const *names, size_t count,
                           struct gd_buf *out) {
    size_t groups;
    const struct gd_group *const *g = gd_stats_groups(s, &groups);
    for (size_t i = 0; i < groups; i++) {
        AUTO_TREE tree = {0};
        size_t start = out->n;
        gd_group_write_json(g[i], names, count, out);
        assert_true(read_tree(&tree, gd_slice_of(out->p + start, out->n - start)));
        gd_buf_add_char(out, '\n');
    }
    return gd_buf_terminate(out);
}

static void members_to_group_by_have_names(void **state) {
    (void)state;
    static const enum gd_member members[] = {GD_M_GUILD,  GD_M_TOPIC,  GD_M_AGENT,
                                             GD_M_STATUS, GD_M_FORMAT, GD_M_PRIORITY};
    enum gd_member member;
    for (size_t i = 0; i < 6; i++) {
        assert_true(gd_stats_by_parse(gd_slice_str(gd_stats_by_names[i]), &member));
        assert_int_equal(member, members[i]);
    }
    assert_null(gd_stats_by_names[6]);
    assert_false(gd_stats_by_parse(GD_SLICE("body"), &member));
    assert_false(gd_stats_by_parse(GD_SLICE("guil"), &member));
    assert_false(gd_stats_by_parse((struct gd_slice){0}, &member));
}

static void without_members_there_is_one_group_even_of_nothing(void **state) {
    (void)state;
    GD_AUTO(stats) s = gd_stats_new(NULL, 0);
    GD_AUTO_BUF out = {0};
    assert_string_equal(written(s, NULL, 0, &out),
                        "{\"by\":{},\"messages\":0,\"bytes\":0,\"errors\":0,\"error_rate\":0}\n");
    assert_true(gd_group_rate_per_s(only_group(s)) == 0);
    assert_int_equal(gd_group_value(only_group(s), 0).type, GD_JSON_ABSENT);
    assert_true(gd_stats_messages(s) == 0);
    gd_stats_free(NULL);
}

static void messages_bytes_and_errors_are_counted(void **state) {
    (void)state;
    GD_AUTO(stats) s = gd_stats_new(NULL, 0);
    GD_AUTO_BUF out = {0};
    for (int i = 0; i < 1200; i++) {
        add(s, "\"t\"", i % 100 ? "\"completed\"" : "\"error\"", 700 + i);
    }
    assert_string_equal(
        written(s, NULL, 0, &out),
        "{\"by\":{},\"messages\":1200,\"bytes\":1559400,\"errors\":12,\"error_rate\":0.01}\n");
    assert_true(gd_stats_messages(s) == 1200);
}

static void groups_come_in_descending_order_ties_by_name(void **state) {
    (void)state;
    const enum gd_member by[] = {GD_M_TOPIC};
    GD_AUTO(stats) s = gd_stats_new(by, 1);
    size_t count;
    static const char *const topics[] = {"\"b\"", "\"a\"",       "\"c\"", "\"c\"",
                                         "null",  "\"\\u0061\"", "\"b\"", "\"z\""};
    static const char *const expected[] = {"a", "b", "c", "", "z"};
    for (size_t i = 0; i < 8; i++) {
        add(s, topics[i], "null", 1);
    }
    const struct gd_group *const *groups = gd_stats_groups(s, &count);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++) {
        struct gd_slice name = gd_group_value(groups[i], 0).text;
        assert_true(gd_slice_equal(name, gd_slice_str(expected[i])));
        assert_int_equal(groups[i]->messages, i < 3 ? 2 : 1);
    }
    assert_int_equal(gd_group_value(groups[3], 0).type, GD_JSON_ABSENT);
    assert_int_equal(gd_group_value(groups[0], 1).type, GD_JSON_ABSENT);
}

static void a_missing_value_is_null_and_a_number_stays_one(void **state) {
    (void)state;
    const enum gd_member by[] = {GD_M_GUILD, GD_M_PRIORITY, GD_M_STATUS, GD_M_AGENT};
    static const char *const names[] = {"guild", "priority", "status", "agent"};
    GD_AUTO(stats) s = gd_stats_new(by, 4);
    GD_AUTO_BUF out = {0};
    add_line(s, "{\"guild_id\":\"g\\n\",\"agent_tag\":{\"id\":7},\"metadata\":{\"priority\":4,"
                "\"status\":null},"
                "\"source\":{\"via\":\"x\",\"bytes\":2}}");
    add_line(s, "{\"guild_id\":\"g\\n\",\"agent_tag\":{\"id\":7},\"metadata\":{\"priority\":4},"
                "\"source\":{\"via\":\"x\",\"bytes\":3}}");
    assert_string_equal(
        written(s, names, 4, &out),
        "{\"by\":{\"guild\":\"g\\n\",\"priority\":4,\"status\":null,\"agent\":7},\"messages\":2,"
        "\"bytes\":5,\"errors\":0,\"error_rate\":0}\n");
}

static void values_are_kept_apart_by_where_they_end_and_by_type(void **state) {
    (void)state;
    const enum gd_member by[] = {GD_M_TOPIC, GD_M_STATUS};
    GD_AUTO(stats) s = gd_stats_new(by, 2);
    size_t count;
    add(s, "\"ab\"", "\"c\"", 1);
    add(s, "\"a\"", "\"bc\"", 1);
    add(s, "\"abc\"", "\"\"", 1);
    add(s, "\"abc\"", "null", 1);
    add(s, "\"a\"", "5", 1);
    add(s, "\"a\"", "\"5\"", 1);
    gd_stats_groups(s, &count);
    assert_int_equal(count, 6);
}

static void all_six_members_can_be_combined_and_no_more(void **state) {
    (void)state;
    const enum gd_member by[] = {GD_M_GUILD,  GD_M_TOPIC,    GD_M_AGENT, GD_M_STATUS,
                                 GD_M_FORMAT, GD_M_PRIORITY, GD_M_BODY};
    GD_AUTO(stats) s = gd_stats_new(by, 7);
    add_line(s, "{\"guild_id\":\"g\",\"topic\":\"t\",\"agent_tag\":{\"name\":\"a\"},\"content\":{"
                "\"format\":\"f\",\"body\":1},"
                "\"metadata\":{\"status\":\"s\",\"priority\":3},\"source\":{\"via\":\"x\"}}");
    static const char *const expected[] = {"g", "t", "a", "s", "f", "3"};
    const struct gd_group *g = only_group(s);
    for (size_t i = 0; i < 6; i++) {
        assert_true(gd_slice_equal(gd_group_value(g, i).text, gd_slice_str(expected[i])));
    }
    assert_int_equal(gd_group_value(g, 6).type, GD_JSON_ABSENT);
}

static void any_number_of_groups_is_kept(void **state) {
    (void)state;
    const enum gd_member by[] = {GD_M_TOPIC};
    GD_AUTO(stats) s = gd_stats_new(by, 1);
    AUTO_SAMPLE sample = {0};
    size_t count;
    for (int i = 0; i < 30000; i++) {
        GD_AUTO_BUF line = {0};
        gd_buf_printf(&line, "{\"topic\":\"t%d\",\"source\":{\"via\":\"x\"}}", i % 10000);
        open_line(&sample, gd_buf_slice(&line));
        gd_stats_add(s, &sample.m);
    }
    const struct gd_group *const *groups = gd_stats_groups(s, &count);
    assert_int_equal(count, 10000);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(groups[i]->messages, 3);
    }
    assert_true(gd_slice_equal(gd_group_value(groups[9999], 0).text, GD_SLICE("t9999")));
}

static void a_rate_is_messages_over_the_time_between_first_and_last(void **state) {
    (void)state;
    GD_AUTO(stats) s = gd_stats_new(NULL, 0);
    GD_AUTO_BUF out = {0};
    add_at(s, "2026-01-09T23:06:45Z", "null");
    add_at(s, "2026-01-09T23:06:40Z", "null");
    add_at(s, "no time", "null");
    add_at(s, "2026-01-09T23:06:50Z", "null");
    const struct gd_group *g = only_group(s);
    assert_true(g->first_ms == 1768000000000 && g->last_ms == 1768000010000);
    assert_true(gd_group_rate_per_s(g) == 0.4);
    assert_non_null(strstr(written(s, NULL, 0, &out),
                           "\"rate_per_s\":0.4,\"first\":\"2026-01-09T23:06:40.000Z\","
                           "\"last\":\"2026-01-09T23:06:50.000Z\"}"));
}

static void without_a_span_there_is_no_rate(void **state) {
    (void)state;
    GD_AUTO(stats) s = gd_stats_new(NULL, 0);
    GD_AUTO_BUF out = {0};
    add_at(s, "1960-01-09T23:06:45Z", "null");
    add_at(s, "1960-01-09T23:06:45Z", "null");
    assert_true(gd_group_rate_per_s(only_group(s)) == 0);
    assert_null(strstr(written(s, NULL, 0, &out), "rate_per_s"));
    assert_non_null(strstr(out.p, "\"first\":\"1960-01-09T23:06:45.000Z\""));
}

static void processing_times_have_percentiles(void **state) {
    (void)state;
    GD_AUTO(stats) s = gd_stats_new(NULL, 0);
    GD_AUTO_BUF out = {0};
    for (int i = 1; i <= 100; i++) {
        char text[16];
        snprintf(text, sizeof text, i % 2 ? "%d" : "%d.0", i);
        add_at(s, "2026-01-09T23:06:40Z", text);
    }
    add_at(s, "2026-01-09T23:06:40Z", "\"12\"");
    add_at(s, "2026-01-09T23:06:40Z", "null");
    const struct gd_sketch *sketch = &only_group(s)->processing_ms;
    assert_int_equal(sketch->count, 100);
    assert_true(sketch->sum == 5050 && sketch->max == 100);
    written(s, NULL, 0, &out);
    const char *times =
        strstr(out.p, "\"processing_time_ms\":{\"count\":100,\"mean\":50.5,\"p50\":");
    assert_non_null(times);
    double p50, p95, p99, max;
    assert_int_equal(
        sscanf(times,
               "\"processing_time_ms\":{\"count\":100,\"mean\":50.5,\"p50\":%lf,\"p95\":%lf,"
               "\"p99\":%lf,\"max\":%lf}}",
               &p50, &p95, &p99, &max),
        4);
    assert_true(p50 >= 49.5 && p50 <= 50.5 && p95 >= 94 && p95 <= 96 && p99 >= 98 && p99 <= 100);
    assert_true(max == 100);
}

static void without_processing_times_they_are_left_out(void **state) {
    (void)state;
    GD_AUTO(stats) s = gd_stats_new(NULL, 0);
    GD_AUTO_BUF out = {0};
    add(s, "\"t\"", "null", 1);
    assert_null(strstr(written(s, NULL, 0, &out), "processing_time_ms"));
}

static void raw_records_and_canonical_lines_count_as_one(void **state) {
    (void)state;
    const enum gd_member by[] = {GD_M_GUILD,  GD_M_TOPIC,  GD_M_AGENT,
                                 GD_M_STATUS, GD_M_FORMAT, GD_M_PRIORITY};
    GD_AUTO(stats) s = gd_stats_new(by, 6);
    AUTO_SAMPLE raw = {0};
    GD_AUTO_BUF canonical = {0};
    open_line(
        &raw,
        GD_SLICE("{\"source\":{\"via\":\"zset\",\"key\":\"g:t\"},\"raw\":{\"sender\":{\"id\":\"a\"}"
                 ",\"topics\":\"t\","
                 "\"topic_published_to\":\"g:t\",\"payload\":{},\"format\":\"f\",\"priority\":4,"
                 "\"is_error_message\":true,\"timestamp\":1768000000000}}"));
    gd_stats_add(s, &raw.m);
    add_line(s, canonical_of(&raw, &canonical));
    const struct gd_group *g = only_group(s);
    assert_int_equal(g->messages, 2);
    assert_int_equal(g->errors, 2);
    assert_int_equal(g->bytes, 2 * raw.m.payload.n);
    assert_true(g->first_ms == 1768000000000 && g->last_ms == 1768000000000);
}

/* Read with structure only, a value may be anything; what is written is JSON nevertheless. */
static void values_that_are_not_utf8_are_written_as_json(void **state) {
    (void)state;
    const enum gd_member by[] = {GD_M_TOPIC, GD_M_STATUS};
    static const char *const names[] = {"topic", "status"};
    GD_AUTO(stats) s = gd_stats_new(by, 2);
    GD_AUTO_BUF out = {0};
    AUTO_SAMPLE sample = {.decoder = gd_decoder_new()};
    gd_decoder_structure_only(sample.decoder, true);
    open_line(&sample, GD_SLICE("{\"topic\":\"\xFF\",\"metadata\":{\"status\":[\"\xFE\"]},"
                                "\"source\":{\"via\":\"x\"}}"));
    gd_stats_add(s, &sample.m);
    written(s, names, 2, &out);
    assert_non_null(
        strstr(out.p, "\"by\":{\"topic\":\"\xEF\xBF\xBD\",\"status\":\"[\\\"\xEF\xBF\xBD\\\"]\"}"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_to_group_by_have_names),
        cmocka_unit_test(without_members_there_is_one_group_even_of_nothing),
        cmocka_unit_test(messages_bytes_and_errors_are_counted),
        cmocka_unit_test(groups_come_in_descending_order_ties_by_name),
        cmocka_unit_test(a_missing_value_is_null_and_a_number_stays_one),
        cmocka_unit_test(values_are_kept_apart_by_where_they_end_and_by_type),
        cmocka_unit_test(all_six_members_can_be_combined_and_no_more),
        cmocka_unit_test(any_number_of_groups_is_kept),
        cmocka_unit_test(a_rate_is_messages_over_the_time_between_first_and_last),
        cmocka_unit_test(without_a_span_there_is_no_rate),
        cmocka_unit_test(processing_times_have_percentiles),
        cmocka_unit_test(without_processing_times_they_are_left_out),
        cmocka_unit_test(raw_records_and_canonical_lines_count_as_one),
        cmocka_unit_test(values_that_are_not_utf8_are_written_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
