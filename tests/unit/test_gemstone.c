/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>

#include "../../lib/gemstone.h"

#define NOW_MS INT64_C(1768000000001) /* 2026-01-09T23:06:40.001Z */

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct vector {
    const char *text;
    struct gd_id id;
} vectors[] = {
    {"AAAAAAAAAAA", {GD_LAYOUT_BASE64, 0, 0, 0, 0}},
    {"Y0NUI_ABRNI", {GD_LAYOUT_BASE64, 1705325400000, 5, 0, 1234}},
    {"ZulAxABBQAA", {GD_LAYOUT_BASE64, 1768000000001, 5, 0, 0}},
    {"__________8", {GD_LAYOUT_BASE64, 4398046511103, 255, 0, 16383}},
    {"018d0d508fc054d2", {GD_LAYOUT_HEX, 1705325400000, 5, 0, 1234}},
    {"ffffffffffffffff", {GD_LAYOUT_HEX, 281474976710655, 15, 0, 4095}},
    {"0", {GD_LAYOUT_INT, 1672531200000, 0, 0, 0}},
    {"9360920881091579904", {GD_LAYOUT_INT, 1705325400000, 4, 1, 0}},
    {"9623797206574182417", {GD_LAYOUT_INT, 1768000000001, 4, 3, 17}},
    {"18446744073706405887", {GD_LAYOUT_INT, 2222287013887, 7, 255, 4095}},
    {"18446744073709551615", {GD_LAYOUT_INT, 2222287013887, 7, 1023, 4095}},
};

static void assert_same_id(const struct gd_id *got, const struct gd_id *expected) {
    assert_int_equal(got->layout, expected->layout);
    assert_int_equal(got->timestamp_ms, expected->timestamp_ms);
    assert_int_equal(got->priority, expected->priority);
    assert_int_equal(got->machine, expected->machine);
    assert_int_equal(got->sequence, expected->sequence);
}

static void assert_writes(const struct gd_id *id, const char *expected) {
    char text[GD_ID_TEXT_MAX];
    size_t n = gd_id_write(text, id);
    assert_int_equal(n, strlen(expected));
    assert_memory_equal(text, expected, n);
}

/* The layouts of all readings, in their order: "int hex". */
static void assert_readings(const char *text, const char *expected) {
    struct gd_id_readings readings;
    struct gd_error e = {0};
    GD_AUTO_BUF layouts = {0};
    if (gd_id_read_any(gd_slice_str(text), &readings, &e) != 0) {
        fail_msg("%s", e.message);
    }
    for (int i = 0; i < readings.count; i++) {
        gd_buf_printf(&layouts, "%s%s", i ? " " : "", gd_layout_name(readings.id[i].layout));
    }
    assert_string_equal(gd_buf_terminate(&layouts), expected);
}

static void assert_refused(const char *text, enum gd_layout layout, const char *message) {
    struct gd_error e = {0};
    struct gd_id id;
    assert_int_equal(gd_id_read(gd_slice_str(text), layout, &id, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_USAGE);
    assert_string_equal(e.message, message);
}

static void assert_any_refused(const char *text, const char *message) {
    struct gd_error e = {0};
    struct gd_id_readings readings;
    assert_int_equal(gd_id_read_any(gd_slice_str(text), &readings, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_USAGE);
    assert_string_equal(e.message, message);
}

static void assert_json(const char *text, const char *expected) {
    struct gd_id_readings readings;
    GD_AUTO_BUF out = {0};
    assert_int_equal(gd_id_read_any(gd_slice_str(text), &readings, NULL), 0);
    gd_id_write_json(&out, gd_slice_str(text), &readings, NOW_MS);
    assert_string_equal(gd_buf_terminate(&out), expected);
}

/* Names */

static void layouts_are_named_both_ways(void **state) {
    (void)state;
    for (int i = 0; i < GD_LAYOUTS; i++) {
        enum gd_layout layout;
        assert_true(gd_layout_parse(gd_slice_str(gd_layout_name((enum gd_layout)i)), &layout));
        assert_int_equal(layout, i);
    }
    enum gd_layout layout;
    assert_false(gd_layout_parse(GD_SLICE("base6"), &layout));
    assert_false(gd_layout_parse(GD_SLICE(""), &layout));
    assert_string_equal(gd_layout_name(GD_LAYOUT_HEX), "hex");
}

static void priorities_0_to_7_have_names(void **state) {
    (void)state;
    static const char *const names[] = {"URGENT", "IMPORTANT", "HIGH",     "ABOVE_NORMAL",
                                        "NORMAL", "LOW",       "VERY_LOW", "LOWEST"};
    for (uint32_t i = 0; i < COUNT(names); i++) {
        assert_string_equal(gd_priority_name(i), names[i]);
    }
    assert_null(gd_priority_name(8));
    assert_null(gd_priority_name(UINT32_MAX));
}

/* Reading and writing one layout */

static void vectors_are_read(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        struct gd_id id;
        struct gd_error e = {0};
        if (gd_id_read(gd_slice_str(vectors[i].text), vectors[i].id.layout, &id, &e) != 0) {
            fail_msg("%s", e.message);
        }
        assert_same_id(&id, &vectors[i].id);
    }
}

static void vectors_are_written(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        assert_writes(&vectors[i].id, vectors[i].text);
    }
}

static void every_bit_survives_each_layout(void **state) {
    (void)state;
    uint64_t value = 0x9E3779B97F4A7C15u;
    for (int i = 0; i < 30000; i++) {
        char text[GD_ID_TEXT_MAX], hex[17];
        struct gd_id id, again;
        value = value * 6364136223846793005u + 1442695040888963407u;
        snprintf(hex, sizeof hex, "%016" PRIx64, value >> i % 64);
        assert_int_equal(gd_id_read(gd_slice_str(hex), GD_LAYOUT_HEX, &id, NULL), 0);
        assert_writes(&id, hex);
        id = gd_id_from_u64(value >> i % 64);
        char digits[21];
        snprintf(digits, sizeof digits, "%" PRIu64, value >> i % 64);
        assert_writes(&id, digits);
        assert_int_equal(gd_id_read(gd_slice_str(digits), GD_LAYOUT_INT, &again, NULL), 0);
        assert_same_id(&again, &id);
        id = (struct gd_id){GD_LAYOUT_BASE64, (int64_t)(value >> 22), (value >> 14) & 255, 0,
                            value & 16383};
        size_t n = gd_id_write(text, &id);
        assert_int_equal(n, 11);
        assert_int_equal(gd_id_read(gd_slice_of(text, n), GD_LAYOUT_BASE64, &again, NULL), 0);
        assert_same_id(&again, &id);
    }
}

static void writing_stays_within_the_longest_text(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        char room[GD_ID_TEXT_MAX + 8];
        memset(room, '#', sizeof room);
        gd_id_write(room, &vectors[i].id);
        assert_memory_equal(room + GD_ID_TEXT_MAX, "########", 8);
    }
}

static void one_padding_character_is_accepted_behind_base64(void **state) {
    (void)state;
    struct gd_id id;
    assert_int_equal(gd_id_read(GD_SLICE("Y0NUI_ABRNI="), GD_LAYOUT_BASE64, &id, NULL), 0);
    assert_same_id(&id, &vectors[1].id);
    assert_int_equal(gd_id_read(GD_SLICE("Y0NUI_ABRNI=="), GD_LAYOUT_BASE64, &id, NULL), -1);
    assert_int_equal(gd_id_read(GD_SLICE("Y0NUI_ABRN="), GD_LAYOUT_BASE64, &id, NULL), -1);
}

static void capital_hex_is_read_and_written_small(void **state) {
    (void)state;
    struct gd_id id;
    assert_int_equal(gd_id_read(GD_SLICE("018D0D508FC054D2"), GD_LAYOUT_HEX, &id, NULL), 0);
    assert_writes(&id, "018d0d508fc054d2");
}

static void field_that_does_not_fit_is_not_written(void **state) {
    (void)state;
    static const struct gd_id wrong[] = {
        {GD_LAYOUT_BASE64, -1, 0, 0, 0},
        {GD_LAYOUT_BASE64, 4398046511104, 0, 0, 0},
        {GD_LAYOUT_BASE64, 0, 256, 0, 0},
        {GD_LAYOUT_BASE64, 0, 0, 1, 0},
        {GD_LAYOUT_BASE64, 0, 0, 0, 16384},
        {GD_LAYOUT_HEX, 281474976710656, 0, 0, 0},
        {GD_LAYOUT_HEX, 0, 16, 0, 0},
        {GD_LAYOUT_HEX, 0, 0, 1, 0},
        {GD_LAYOUT_HEX, 0, 0, 0, 4096},
        {GD_LAYOUT_INT, GD_INT_EPOCH_MS - 1, 0, 0, 0},
        {GD_LAYOUT_INT, GD_INT_LAST_MS + 1, 0, 0, 0},
        {GD_LAYOUT_INT, GD_INT_EPOCH_MS, 8, 0, 0},
        {GD_LAYOUT_INT, GD_INT_EPOCH_MS, 0, 1024, 0},
        {GD_LAYOUT_INT, GD_INT_EPOCH_MS, 0, 0, 4096},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char text[GD_ID_TEXT_MAX];
        assert_int_equal(gd_id_write(text, &wrong[i]), 0);
    }
}

static void u64_is_read_to_its_last_value_and_not_beyond(void **state) {
    (void)state;
    uint64_t value;
    assert_true(gd_id_read_u64(GD_SLICE("18446744073709551615"), &value));
    assert_true(value == UINT64_MAX);
    assert_true(gd_id_read_u64(GD_SLICE("18446744073709551609"), &value));
    assert_true(value == UINT64_MAX - 6);
    assert_true(gd_id_read_u64(GD_SLICE("9999999999999999999"), &value));
    assert_true(value == 9999999999999999999u);
    assert_true(gd_id_read_u64(GD_SLICE("0"), &value));
    assert_true(value == 0);
    static const char *const wrong[] = {
        "",
        "00",
        "-1",
        "+1",
        "1 ",
        "1234567:",
        "1234567/",
        "12345678a",
        "\xB1\xB2\xB3\xB4\xB5\xB6\xB7\xB8",
        "18446744073709551616",
        "18446744073709551620",
        "99999999999999999999",
        "100000000000000000000",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        if (gd_id_read_u64(gd_slice_str(wrong[i]), &value)) {
            fail_msg("'%s' was accepted", wrong[i]);
        }
    }
}

static void foreign_character_is_named_with_its_position(void **state) {
    (void)state;
    assert_refused("Y0NUI+ABRNI", GD_LAYOUT_BASE64,
                   "not a base64 ID: 'Y0NUI+ABRNI' has '+' as character 6; expected A-Z, a-z, 0-9, "
                   "- or _");
    assert_refused("018d0d508fc054g2", GD_LAYOUT_HEX,
                   "not a hex ID: '018d0d508fc054g2' has 'g' as character 15; expected 0-9 or a-f");
    assert_refused("12x", GD_LAYOUT_INT,
                   "not an int ID: '12x' has 'x' as character 3; expected digits");
    assert_refused("1\xC3\xA9", GD_LAYOUT_INT,
                   "not an int ID: '1\xC3\xA9' has '\xC3\xA9' as character 2; expected digits");
    assert_refused("1\x01", GD_LAYOUT_INT,
                   "not an int ID: '1\\x01' has '\\x01' as character 2; expected digits");
}

static void wrong_length_is_named(void **state) {
    (void)state;
    assert_refused("hello", GD_LAYOUT_BASE64,
                   "not a base64 ID: 'hello' has 5 characters; expected 11");
    assert_refused("a", GD_LAYOUT_HEX, "not a hex ID: 'a' has 1 character; expected 16");
    assert_refused("", GD_LAYOUT_INT, "not an int ID: '' has 0 characters; expected 1 to 20");
    assert_refused("111111111111111111111", GD_LAYOUT_INT,
                   "not an int ID: '111111111111111111111' has 21 characters; expected 1 to 20");
}

static void wrong_value_is_named(void **state) {
    (void)state;
    assert_refused(
        "AAAAAAAAAAB", GD_LAYOUT_BASE64,
        "not a base64 ID: 'AAAAAAAAAAB' has bits set in its last character that no ID uses");
    assert_refused("007", GD_LAYOUT_INT,
                   "not an int ID: '007' begins with 0, which an int ID never does");
    assert_refused("18446744073709551616", GD_LAYOUT_INT,
                   "not an int ID: '18446744073709551616' is above 18446744073709551615");
}

static void refusal_needs_no_error_object(void **state) {
    (void)state;
    struct gd_id id;
    struct gd_id_readings readings;
    assert_int_equal(gd_id_read(GD_SLICE("?"), GD_LAYOUT_HEX, &id, NULL), -1);
    assert_int_equal(gd_id_read_any(GD_SLICE("?"), &readings, NULL), -1);
    assert_int_equal(gd_id_read_any((struct gd_slice){0}, &readings, NULL), -1);
}

/* Guessing the layout */

static void vectors_are_recognised(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        assert_readings(vectors[i].text, gd_layout_name(vectors[i].id.layout));
    }
}

static void sixteen_digits_from_0_are_hex(void **state) {
    (void)state;
    assert_readings("0190000000000000", "hex");
    assert_readings("0000000000000000", "hex");
}

static void sixteen_other_digits_are_int_and_perhaps_hex(void **state) {
    (void)state;
    assert_readings("1234567890123456", "int hex");
}

static void sixteen_characters_with_a_letter_are_hex(void **state) {
    (void)state;
    assert_readings("123456789012345a", "hex");
    assert_readings("A234567890123456", "hex");
}

static void eleven_digits_are_int_and_perhaps_base64(void **state) {
    (void)state;
    assert_readings("12345678900", "int base64");
    assert_readings("12345678904", "int base64");
    assert_readings("12345678901", "int");
    assert_readings("00000000000", "base64");
    assert_readings("12345678900=", "base64");
}

static void base64_may_begin_with_a_dash(void **state) {
    (void)state;
    assert_readings("-ulAxABBQAA", "base64");
    assert_readings("-ulAxABBQAA=", "base64");
}

static void no_id_is_refused_with_its_character_or_length(void **state) {
    (void)state;
    assert_any_refused("hello", "not an ID: 'hello' has 5 characters; expected 11 (base64), 16 "
                                "(hex) or digits (int)");
    assert_any_refused(
        "", "not an ID: '' has 0 characters; expected 11 (base64), 16 (hex) or digits (int)");
    assert_any_refused("hello world", "not an ID: 'hello world' has ' ' as character 6; expected "
                                      "A-Z, a-z, 0-9, - or _");
    assert_any_refused("hello-world", "not an ID: 'hello-world' has bits set in its last character "
                                      "that no ID uses");
    assert_any_refused("a,b", "not an ID: 'a,b' has ',' as character 2; expected A-Z, a-z, 0-9, - "
                              "or _");
    assert_any_refused(
        "018d0d508fc054dx",
        "not an ID: '018d0d508fc054dx' has 'x' as character 16; expected 0-9 or a-f");
    assert_any_refused("99999999999999999999",
                       "not an ID: '99999999999999999999' is above 18446744073709551615");
    assert_any_refused("007", "not an ID: '007' begins with 0, which an int ID never does");
    assert_any_refused("1234567890123456789012",
                       "not an ID: '1234567890123456789012' has 22 characters; expected 1 to 20");
}

static void other_kinds_of_id_are_called_by_their_name(void **state) {
    (void)state;
    assert_any_refused("123e4567-e89b-12d3-a456-426614174000",
                       "not a GemstoneID: '123e4567-e89b-12d3-a456-426614174000' is a UUID");
    assert_any_refused("1768000000001-0",
                       "not a GemstoneID: '1768000000001-0' is a Redis stream ID");
    assert_any_refused("mhvXdrZT4jP5T8vBxuvm75",
                       "not a GemstoneID: 'mhvXdrZT4jP5T8vBxuvm75' is a short UUID");
    assert_any_refused("1768000000001-", "not an ID: '1768000000001-' has 14 characters; expected "
                                         "11 (base64), 16 (hex) or digits (int)");
}

/* JSON */

static void int_id_has_priority_name_and_machine(void **state) {
    (void)state;
    assert_json("9623797206574182417",
                "{\"id\":\"9623797206574182417\",\"layout\":\"int\",\"timestamp\":\"2026-01-09T23:"
                "06:40.001Z\",\"timestamp_ms\":1768000000001,\"priority\":4,\"priority_name\":"
                "\"NORMAL\",\"machine\":3,\"sequence\":17}");
}

static void other_layouts_have_neither(void **state) {
    (void)state;
    assert_json("Y0NUI_ABRNI",
                "{\"id\":\"Y0NUI_ABRNI\",\"layout\":\"base64\",\"timestamp\":\"2024-01-15T13:30:00."
                "000Z\",\"timestamp_ms\":1705325400000,\"priority\":5,\"sequence\":1234}");
    assert_json("018d0d508fc054d2",
                "{\"id\":\"018d0d508fc054d2\",\"layout\":\"hex\",\"timestamp\":\"2024-01-15T13:30:"
                "00.000Z\",\"timestamp_ms\":1705325400000,\"priority\":5,\"sequence\":1234}");
}

static void padding_is_not_part_of_the_id(void **state) {
    (void)state;
    assert_json("Y0NUI_ABRNI=",
                "{\"id\":\"Y0NUI_ABRNI\",\"layout\":\"base64\",\"timestamp\":\"2024-01-15T13:30:00."
                "000Z\",\"timestamp_ms\":1705325400000,\"priority\":5,\"sequence\":1234}");
}

static void invalid_machine_and_implausible_time_are_marked(void **state) {
    (void)state;
    assert_json("18446744073709551615",
                "{\"id\":\"18446744073709551615\",\"layout\":\"int\",\"timestamp\":\"2040-06-02T21:"
                "56:53.887Z\",\"timestamp_ms\":2222287013887,\"priority\":7,\"priority_name\":"
                "\"LOWEST\",\"machine\":1023,\"sequence\":4095,\"machine_valid\":false,"
                "\"implausible\":true}");
    assert_json("AAAAAAAAAAA",
                "{\"id\":\"AAAAAAAAAAA\",\"layout\":\"base64\",\"timestamp\":\"1970-01-01T00:00:00."
                "000Z\",\"timestamp_ms\":0,\"priority\":0,\"sequence\":0,\"implausible\":true}");
}

static void other_reading_is_shown_without_the_id(void **state) {
    (void)state;
    assert_json("1234567890123456",
                "{\"id\":\"1234567890123456\",\"layout\":\"int\",\"timestamp\":\"2023-01-04T09:45:"
                "43.922Z\",\"timestamp_ms\":1672825543922,\"priority\":0,\"priority_name\":"
                "\"URGENT\",\"machine\":171,\"sequence\":2752,\"ambiguous\":true,\"other\":[{"
                "\"layout\":\"hex\",\"timestamp\":\"2604-04-13T15:32:21.138Z\",\"timestamp_ms\":"
                "20015998341138,\"priority\":3,\"sequence\":1110,\"implausible\":true}]}");
}

static void json_is_appended_behind_what_is_there(void **state) {
    (void)state;
    struct gd_id_readings readings;
    GD_AUTO_BUF out = {0};
    assert_int_equal(gd_id_read_any(GD_SLICE("0"), &readings, NULL), 0);
    for (int i = 0; i < 1000; i++) {
        size_t start = out.n;
        gd_id_write_json(&out, GD_SLICE("0"), &readings, NOW_MS);
        assert_true(out.n <= out.cap);
        assert_memory_equal(out.p + start, out.p, out.n - start);
    }
    gd_buf_terminate(&out);
    assert_memory_equal(out.p, "{\"id\":\"0\",", 10);
}

static void plausible_is_from_2015_to_one_day_from_now(void **state) {
    (void)state;
    struct gd_id id = {.layout = GD_LAYOUT_HEX};
    id.timestamp_ms = 1420070399999;
    assert_true(gd_id_implausible(&id, NOW_MS));
    id.timestamp_ms = 1420070400000;
    assert_false(gd_id_implausible(&id, NOW_MS));
    id.timestamp_ms = NOW_MS + 86400000;
    assert_false(gd_id_implausible(&id, NOW_MS));
    id.timestamp_ms++;
    assert_true(gd_id_implausible(&id, NOW_MS));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_are_named_both_ways),
        cmocka_unit_test(priorities_0_to_7_have_names),
        cmocka_unit_test(vectors_are_read),
        cmocka_unit_test(vectors_are_written),
        cmocka_unit_test(every_bit_survives_each_layout),
        cmocka_unit_test(writing_stays_within_the_longest_text),
        cmocka_unit_test(one_padding_character_is_accepted_behind_base64),
        cmocka_unit_test(capital_hex_is_read_and_written_small),
        cmocka_unit_test(field_that_does_not_fit_is_not_written),
        cmocka_unit_test(u64_is_read_to_its_last_value_and_not_beyond),
        cmocka_unit_test(foreign_character_is_named_with_its_position),
        cmocka_unit_test(wrong_length_is_named),
        cmocka_unit_test(wrong_value_is_named),
        cmocka_unit_test(refusal_needs_no_error_object),
        cmocka_unit_test(vectors_are_recognised),
        cmocka_unit_test(sixteen_digits_from_0_are_hex),
        cmocka_unit_test(sixteen_other_digits_are_int_and_perhaps_hex),
        cmocka_unit_test(sixteen_characters_with_a_letter_are_hex),
        cmocka_unit_test(eleven_digits_are_int_and_perhaps_base64),
        cmocka_unit_test(base64_may_begin_with_a_dash),
        cmocka_unit_test(no_id_is_refused_with_its_character_or_length),
        cmocka_unit_test(other_kinds_of_id_are_called_by_their_name),
        cmocka_unit_test(int_id_has_priority_name_and_machine),
        cmocka_unit_test(other_layouts_have_neither),
        cmocka_unit_test(padding_is_not_part_of_the_id),
        cmocka_unit_test(invalid_machine_and_implausible_time_are_marked),
        cmocka_unit_test(other_reading_is_shown_without_the_id),
        cmocka_unit_test(json_is_appended_behind_what_is_there),
        cmocka_unit_test(plausible_is_from_2015_to_one_day_from_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
