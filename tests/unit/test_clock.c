/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "../../lib/clock.h"

#define DAY_MS INT64_C(86400000)
#define FIRST_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define LAST_MS INT64_C(253402300799999)  /* 9999-12-31T23:59:59.999Z */
#define NOW_MS INT64_C(1768000000001)     /* 2026-01-09T23:06:40.001Z */

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void assert_formats(int64_t time_ms, struct gd_time_cache *cache, const char *expected) {
    char text[GD_TIME_TEXT + 1] = {0};
    gd_time_format(text, time_ms, cache);
    assert_string_equal(text, expected);
}

static void assert_reads(const char *text, int64_t expected_ms) {
    int64_t time_ms = INT64_MIN;
    if (!gd_time_read_rfc3339(gd_slice_str(text), &time_ms) || time_ms != expected_ms) {
        fail_msg("'%s' read as %lld, not %lld", text, (long long)time_ms, (long long)expected_ms);
    }
}

static void assert_parses(const char *text, int64_t expected_ms) {
    struct gd_error e = {0};
    int64_t time_ms = INT64_MIN;
    if (gd_time_parse(text, NOW_MS, &time_ms, &e) != 0 || time_ms != expected_ms) {
        fail_msg("'%s' parsed as %lld, not %lld: %s", text, (long long)time_ms,
                 (long long)expected_ms, e.message);
    }
}

static void assert_time_refused(const char *text, const char *message_part) {
    struct gd_error e = {0};
    int64_t time_ms;
    assert_int_equal(gd_time_parse(text, NOW_MS, &time_ms, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_USAGE);
    assert_non_null(strstr(e.message, "not a time: "));
    assert_non_null(strstr(e.message, message_part));
}

/* Clocks */

static void wall_clock_agrees_with_the_system(void **state) {
    (void)state;
    int64_t before_ms = (int64_t)time(NULL) * 1000 - 1000;
    int64_t now_ms = gd_now_ms();
    assert_true(now_ms >= before_ms);
    assert_true(now_ms <= ((int64_t)time(NULL) + 2) * 1000);
}

static void monotonic_clock_never_steps_back(void **state) {
    (void)state;
    int64_t last_us = gd_monotonic_us(), last_ms = gd_monotonic_ms();
    for (int i = 0; i < 10000; i++) {
        int64_t us = gd_monotonic_us(), ms = gd_monotonic_ms();
        assert_true(us >= last_us && ms >= last_ms);
        last_us = us;
        last_ms = ms;
    }
    assert_true(last_ms - last_us / 1000 <= 1);
}

/* Formatting */

static void time_is_written_as_rfc3339_utc_with_milliseconds(void **state) {
    (void)state;
    struct gd_time_cache cache = {0};
    assert_formats(NOW_MS, &cache, "2026-01-09T23:06:40.001Z");
    assert_formats(0, &cache, "1970-01-01T00:00:00.000Z");
    assert_formats(1705325400000, &cache, "2024-01-15T13:30:00.000Z");
    assert_formats(951868799999, &cache, "2000-02-29T23:59:59.999Z");
    assert_formats(4107542400000, &cache, "2100-03-01T00:00:00.000Z");
}

static void times_before_1970_round_towards_the_past(void **state) {
    (void)state;
    struct gd_time_cache cache = {0};
    assert_formats(-1, &cache, "1969-12-31T23:59:59.999Z");
    assert_formats(-1000, &cache, "1969-12-31T23:59:59.000Z");
    assert_formats(-1001, &cache, "1969-12-31T23:59:58.999Z");
}

static void years_outside_four_digits_are_clamped(void **state) {
    (void)state;
    struct gd_time_cache cache = {0};
    assert_formats(FIRST_MS, &cache, "0000-01-01T00:00:00.000Z");
    assert_formats(FIRST_MS - 1, &cache, "0000-01-01T00:00:00.000Z");
    assert_formats(INT64_MIN, &cache, "0000-01-01T00:00:00.000Z");
    assert_formats(LAST_MS, &cache, "9999-12-31T23:59:59.999Z");
    assert_formats(LAST_MS + 1, &cache, "9999-12-31T23:59:59.999Z");
    assert_formats(INT64_MAX, &cache, "9999-12-31T23:59:59.999Z");
}

static void cached_second_never_leaks_into_another(void **state) {
    (void)state;
    struct gd_time_cache cache = {0};
    assert_formats(NOW_MS, &cache, "2026-01-09T23:06:40.001Z");
    assert_formats(NOW_MS + 998, &cache, "2026-01-09T23:06:40.999Z");
    assert_formats(NOW_MS + 999, &cache, "2026-01-09T23:06:41.000Z");
    assert_formats(NOW_MS, &cache, "2026-01-09T23:06:40.001Z");
}

static void every_day_of_ten_millennia_reads_back(void **state) {
    (void)state;
    struct gd_time_cache cache = {0};
    char text[GD_TIME_TEXT];
    for (int64_t time_ms = FIRST_MS + 45296789; time_ms <= LAST_MS; time_ms += DAY_MS) {
        int64_t again_ms = 0;
        gd_time_format(text, time_ms, &cache);
        if (!gd_time_read_rfc3339(gd_slice_of(text, sizeof text), &again_ms) ||
            again_ms != time_ms) {
            fail_msg("%.*s reads as %lld, not %lld", GD_TIME_TEXT, text, (long long)again_ms,
                     (long long)time_ms);
        }
    }
}

static void dates_agree_with_the_c_library(void **state) {
    (void)state;
    struct gd_time_cache cache = {0};
    for (int64_t time_ms = FIRST_MS; time_ms <= LAST_MS; time_ms += 97 * DAY_MS + 1234567) {
        time_t second = (time_t)((time_ms - FIRST_MS) / 1000 + FIRST_MS / 1000);
        struct tm tm;
        char expected[64];
        gmtime_r(&second, &tm);
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                 (int)((time_ms - FIRST_MS) % 1000));
        assert_formats(time_ms, &cache, expected);
    }
}

/* RFC 3339 */

static void fraction_is_cut_to_milliseconds(void **state) {
    (void)state;
    assert_reads("2026-01-09T23:06:40Z", NOW_MS - 1);
    assert_reads("2026-01-09T23:06:40.5Z", NOW_MS + 499);
    assert_reads("2026-01-09T23:06:40.05Z", NOW_MS + 49);
    assert_reads("2026-01-09T23:06:40.001Z", NOW_MS);
    assert_reads("2026-01-09T23:06:40.0019Z", NOW_MS);
    assert_reads("2026-01-09T23:06:40.001999999999999999999999Z", NOW_MS);
}

static void offset_is_taken_off(void **state) {
    (void)state;
    assert_reads("2026-01-10T00:06:40.001+01:00", NOW_MS);
    assert_reads("2026-01-10T04:51:40.001+05:45", NOW_MS);
    assert_reads("2026-01-09T15:06:40.001-08:00", NOW_MS);
    assert_reads("2026-01-09T23:06:40.001+00:00", NOW_MS);
    assert_reads("2026-01-09T23:06:40.001-00:00", NOW_MS);
    assert_reads("2026-01-09T23:06:40+00:00", NOW_MS - 1);
}

static void missing_zone_is_utc(void **state) {
    (void)state;
    assert_reads("2026-01-09T23:06:40.001", NOW_MS);
    assert_reads("2026-01-09T23:06:40", NOW_MS - 1);
}

static void small_letters_and_a_blank_are_accepted(void **state) {
    (void)state;
    assert_reads("2026-01-09t23:06:40.001z", NOW_MS);
    assert_reads("2026-01-09 23:06:40.001", NOW_MS);
}

static void leap_second_is_the_last_millisecond_before_it_ends(void **state) {
    (void)state;
    assert_reads("2016-12-31T23:59:60Z", 1483228799999);
    assert_reads("2016-12-31T23:59:60.750Z", 1483228799999);
    assert_reads("2017-01-01T00:59:60+01:00", 1483228799999);
}

static void leap_days_exist_in_leap_years_only(void **state) {
    (void)state;
    int64_t time_ms;
    assert_reads("2024-02-29T00:00:00Z", 1709164800000);
    assert_reads("2000-02-29T00:00:00Z", 951782400000);
    assert_false(gd_time_read_rfc3339(GD_SLICE("2023-02-29T00:00:00Z"), &time_ms));
    assert_false(gd_time_read_rfc3339(GD_SLICE("1900-02-29T00:00:00Z"), &time_ms));
}

static void what_is_not_rfc3339_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        "2026-01-09",
        "2026-01-09T23:06",
        "2026-01-09T23:06:4",
        "2026-01-09T23:06:40.",
        "2026-01-09T23:06:40.Z",
        "2026-01-09T23:06:40.001ZZ",
        "2026-01-09T23:06:40.001 ",
        "2026-01-09T23:06:40.001X",
        "2026-01-09T23:06:40.001+0100",
        "2026-01-09T23:06:40.001+01",
        "2026-01-09T23:06:40.001+24:00",
        "2026-01-09T23:06:40.001+01:60",
        "2026-01-09T23:06:40.001+0a:00",
        "2026-01-09T23:06:40,001Z",
        "2026-01-09_23:06:40.001Z",
        "2026-00-09T23:06:40.001Z",
        "2026-13-09T23:06:40.001Z",
        "2026-01-00T23:06:40.001Z",
        "2026-01-32T23:06:40.001Z",
        "2026-04-31T23:06:40.001Z",
        "2026-06-31T23:06:40.001Z",
        "2026-01-09T24:00:00.000Z",
        "2026-01-09T23:60:40.001Z",
        "2026-01-09T23:06:61.001Z",
        "2026/01/09T23:06:40.001Z",
        "2026-01-09T23-06-40.001Z",
        "+026-01-09T23:06:40.001Z",
        "2026-01-09T23:06:4\xB0.001Z",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        int64_t time_ms;
        if (gd_time_read_rfc3339(gd_slice_str(wrong[i]), &time_ms)) {
            fail_msg("'%s' was accepted", wrong[i]);
        }
    }
}

static void no_other_byte_passes_for_a_character_of_the_form(void **state) {
    (void)state;
    static const char good[] = "2026-01-09T23:06:40.001Z";
    for (size_t at = 0; at < 20; at++) {
        for (int c = 0; c < 256; c++) {
            char text[sizeof good];
            memcpy(text, good, sizeof good);
            text[at] = (char)c;
            int64_t time_ms;
            bool digit = c >= '0' && c <= '9';
            bool same = text[at] == good[at] || (at == 10 && (c == 't' || c == ' '));
            bool read = gd_time_read_rfc3339(gd_slice_of(text, sizeof good - 1), &time_ms);
            if (same ? !read : read && !(digit && good[at] >= '0' && good[at] <= '9')) {
                fail_msg("byte 0x%02x at %zu: %d", (unsigned)c, at, read);
            }
        }
    }
}

/* Times as options give them */

static void option_time_is_rfc3339_or_a_date_or_now(void **state) {
    (void)state;
    assert_parses("2026-01-09T23:06:40.001Z", NOW_MS);
    assert_parses("2026-01-10 00:06:40.001+01:00", NOW_MS);
    assert_parses("2026-01-09", 1767916800000);
    assert_parses("1969-12-31", -DAY_MS);
    assert_parses("now", NOW_MS);
}

static void option_time_is_an_age(void **state) {
    (void)state;
    assert_parses("5m", NOW_MS - 300000);
    assert_parses("1h30m", NOW_MS - 5400000);
    assert_parses("250ms", NOW_MS - 250);
    assert_parses("2w", NOW_MS - 14 * DAY_MS);
    assert_parses("1h30m20s10m", NOW_MS - 6020000); /* as long as a base64 ID */
}

static void option_time_is_digits_by_their_number(void **state) {
    (void)state;
    assert_parses("0", 0);
    assert_parses("1768000000", 1768000000000);
    assert_parses("17680000000", 17680000000000);
    assert_parses("176800000000", 176800000000);
    assert_parses("1768000000001", NOW_MS);
    assert_parses("17680000000001", 17680000000001);
    assert_time_refused("176800000000012", "wrong number of digits");
    assert_time_refused("176800000000012345678", "wrong number of digits");
}

static void option_time_is_an_id(void **state) {
    (void)state;
    assert_parses("9623797206574182417", NOW_MS);
    assert_parses("18446744073706405887", 2222287013887);
    assert_parses("10000000000000000", 1674915385791);
    assert_parses("018d0d508fc054d2", 1705325400000);
    assert_parses("018D0D508FC054D2", 1705325400000);
    assert_parses("0190000000000000", 1717986918400);
    assert_parses("1234567890123456", 20015998341138);
    assert_parses("ZulAxABBQAA", NOW_MS);
    assert_parses("ZulAxABBQAA=", NOW_MS);
    assert_parses("-ulAxABBQAA", 4310620639233);
}

static void option_time_that_is_nothing_is_refused(void **state) {
    (void)state;
    assert_time_refused("", "''");
    assert_time_refused("yesterday", "'yesterday' is none of");
    assert_time_refused("2026-02-30", "'2026-02-30'");
    assert_time_refused("2026-1-9", "'2026-1-9'");
    assert_time_refused("-5m", "'-5m'");
    assert_time_refused("5x", "'5x'");
    assert_time_refused("99999999999w", "'99999999999w'");
    assert_time_refused("ZulAxABBQAB", "'ZulAxABBQAB'");
    assert_time_refused("00000000000000001", "begins with 0");
    assert_time_refused("99999999999999999999", "is above 18446744073709551615");
    assert_time_refused("\xFF\n", "'\\xff\\x0a'");
}

/* Durations */

static void durations_are_read_in_milliseconds(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {{"250ms", 250},
                {"5m", 300000},
                {"1h30m", 5400000},
                {"1.5s", 1500},
                {"0.001s", 1},
                {"0.25ms", 0},
                {"1m30s500ms", 90500},
                {"2d", 172800000},
                {"1w", 604800000},
                {"0.5w", 302400000},
                {"10", 10000},
                {"0.5", 500},
                {"0", 0},
                {"0s", 0},
                {"9223372036854775807ms", INT64_MAX}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gd_error e = {0};
        int64_t ms = -1;
        if (gd_duration_parse(rows[i].text, &ms, &e) != 0 || ms != rows[i].ms) {
            fail_msg("'%s' is %lld: %s", rows[i].text, (long long)ms, e.message);
        }
    }
}

static void what_is_no_duration_is_refused_with_its_reason(void **state) {
    (void)state;
    static const struct {
        const char *text, *reason;
    } rows[] = {{"", "'' is not complete"},
                {"-5s", "is not a number"},
                {"+5s", "is not a number"},
                {"s", "is not a number"},
                {".5s", "is not a number"},
                {"5.s", "has no digit behind its point"},
                {"5x", "has an unknown unit"},
                {"5M", "has an unknown unit"},
                {"5 m", "has an unknown unit"},
                {"1h30", "ends without a unit"},
                {"9223372036854775808ms", "is too large"},
                {"99999999999999999999999s", "is too large"},
                {"15250284453w", "is too large"},
                {"15250284452w1w", "is too large"},
                {"18446744073709551615ms18446744073709551615ms", "is too large"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gd_error e = {0};
        int64_t ms;
        if (gd_duration_parse(rows[i].text, &ms, &e) != -1 || e.failure != GD_FAIL_USAGE ||
            !strstr(e.message, "not a duration: ") || !strstr(e.message, rows[i].reason)) {
            fail_msg("'%s': '%s' does not say '%s'", rows[i].text, e.message, rows[i].reason);
        }
    }
}

/* Sizes and rates */

static void sizes_are_read_in_bytes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } rows[] = {{"512", 512},
                {"0", 0},
                {"7B", 7},
                {"10k", 10000},
                {"10kB", 10000},
                {"10KiB", 10240},
                {"64MiB", 67108864},
                {"64mib", 67108864},
                {"3M", 3000000},
                {"3MB", 3000000},
                {"1GiB", 1073741824},
                {"1.5GiB", 1610612736},
                {"2G", 2000000000},
                {"2GB", 2000000000},
                {"1TiB", 1099511627776},
                {"1T", 1000000000000},
                {"1tb", 1000000000000},
                {"18446744073709551615", UINT64_MAX}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gd_error e = {0};
        uint64_t bytes = 99;
        if (gd_size_parse(rows[i].text, &bytes, &e) != 0 || bytes != rows[i].bytes) {
            fail_msg("'%s' is %llu: %s", rows[i].text, (unsigned long long)bytes, e.message);
        }
    }
}

static void what_is_no_size_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "", "-1", "MiB", "10X", "10 k", "1e3", "10KiBs", "18446744073709551616", "16777216TiB"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct gd_error e = {0};
        uint64_t bytes;
        if (gd_size_parse(wrong[i], &bytes, &e) != -1 || e.failure != GD_FAIL_USAGE ||
            !strstr(e.message, "not a size: ")) {
            fail_msg("'%s': %s", wrong[i], e.message);
        }
    }
}

static void rates_are_read_per_second(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double per_second;
    } rows[] = {{"1000/s", 1000}, {"60/m", 1},    {"0.5/s", 0.5}, {"42", 42},
                {"7200/h", 2},    {"86400/d", 1}, {"3/ms", 3000}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gd_error e = {0};
        double rate = -1;
        double difference;
        assert_int_equal(gd_rate_parse(rows[i].text, &rate, &e), 0);
        difference = rate - rows[i].per_second;
        assert_true(difference < 1e-9 && difference > -1e-9);
    }
}

static void what_is_no_rate_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {"", "0", "0/s", "0.0", "-1/s", "10/", "10/x", "10s", "/s"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct gd_error e = {0};
        double rate;
        if (gd_rate_parse(wrong[i], &rate, &e) != -1 || e.failure != GD_FAIL_USAGE ||
            !strstr(e.message, "not a rate: ")) {
            fail_msg("'%s': %s", wrong[i], e.message);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_clock_agrees_with_the_system),
        cmocka_unit_test(monotonic_clock_never_steps_back),
        cmocka_unit_test(time_is_written_as_rfc3339_utc_with_milliseconds),
        cmocka_unit_test(times_before_1970_round_towards_the_past),
        cmocka_unit_test(years_outside_four_digits_are_clamped),
        cmocka_unit_test(cached_second_never_leaks_into_another),
        cmocka_unit_test(every_day_of_ten_millennia_reads_back),
        cmocka_unit_test(dates_agree_with_the_c_library),
        cmocka_unit_test(fraction_is_cut_to_milliseconds),
        cmocka_unit_test(offset_is_taken_off),
        cmocka_unit_test(missing_zone_is_utc),
        cmocka_unit_test(small_letters_and_a_blank_are_accepted),
        cmocka_unit_test(leap_second_is_the_last_millisecond_before_it_ends),
        cmocka_unit_test(leap_days_exist_in_leap_years_only),
        cmocka_unit_test(what_is_not_rfc3339_is_refused),
        cmocka_unit_test(no_other_byte_passes_for_a_character_of_the_form),
        cmocka_unit_test(option_time_is_rfc3339_or_a_date_or_now),
        cmocka_unit_test(option_time_is_an_age),
        cmocka_unit_test(option_time_is_digits_by_their_number),
        cmocka_unit_test(option_time_is_an_id),
        cmocka_unit_test(option_time_that_is_nothing_is_refused),
        cmocka_unit_test(durations_are_read_in_milliseconds),
        cmocka_unit_test(what_is_no_duration_is_refused_with_its_reason),
        cmocka_unit_test(sizes_are_read_in_bytes),
        cmocka_unit_test(what_is_no_size_is_refused),
        cmocka_unit_test(rates_are_read_per_second),
        cmocka_unit_test(what_is_no_rate_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
