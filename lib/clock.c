/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <strings.h>
#include <time.h>

#include "gemstone.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

#define FIRST_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define LAST_MS INT64_C(253402300799999)  /* 9999-12-31T23:59:59.999Z */

/* The Gregorian calendar repeats after this. Adding one cycle keeps year 0 clear of negative
 * numbers. */
#define CYCLE_YEARS 400
#define CYCLE_DAYS 146097
/* Days from 1 March of year -400 to 1 January 1970. Years are counted from March, so that the leap
 * day is the last of its year. */
#define MARCH_TO_UNIX_DAYS (CYCLE_DAYS + 719468)

static int64_t clock_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t gd_now_ms(void) {
    return clock_ns(CLOCK_REALTIME) / 1000000;
}

int64_t gd_monotonic_ms(void) {
    return clock_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t gd_monotonic_us(void) {
    return clock_ns(CLOCK_MONOTONIC) / 1000;
}

/* Writing */

static void put_two(char *p, uint32_t v) {
    p[0] = (char)('0' + v / 10);
    p[1] = (char)('0' + v % 10);
}

/* Days since 1 January 1970 to "YYYY-MM-DD". */
static void put_date(char *p, int64_t unix_days) {
    uint32_t days = (uint32_t)(unix_days + MARCH_TO_UNIX_DAYS);
    uint32_t century = (4 * days + 3) / CYCLE_DAYS;
    days -= century * CYCLE_DAYS / 4;
    uint32_t year = (4 * days + 3) / 1461;
    days -= year * 1461 / 4;
    uint32_t month = (5 * days + 2) / 153; /* 0 is March */
    uint32_t day = days - (153 * month + 2) / 5 + 1;
    uint32_t next_year = month >= 10;
    year += 100 * century + next_year - CYCLE_YEARS;
    put_two(p, year / 100);
    put_two(p + 2, year % 100);
    p[4] = '-';
    put_two(p + 5, month + 3 - 12 * next_year);
    p[7] = '-';
    put_two(p + 8, day);
}

static void put_clock(char *p, uint32_t second_of_day) {
    put_two(p, second_of_day / 3600);
    p[2] = ':';
    put_two(p + 3, second_of_day / 60 % 60);
    p[5] = ':';
    put_two(p + 6, second_of_day % 60);
}

/* "YYYY-MM-DDThh:mm:ss.", 20 bytes. */
static void put_second(char *p, int64_t second) {
    uint64_t from_first = (uint64_t)(second - FIRST_MS / SECOND_MS);
    put_date(p, (int64_t)(from_first / 86400) + FIRST_MS / DAY_MS);
    p[10] = 'T';
    put_clock(p + 11, (uint32_t)(from_first % 86400));
    p[19] = '.';
}

void gd_time_format(char *p, int64_t time_ms, struct gd_time_cache *cache) {
    time_ms = time_ms < FIRST_MS ? FIRST_MS : time_ms > LAST_MS ? LAST_MS : time_ms;
    uint64_t from_first_ms = (uint64_t)(time_ms - FIRST_MS);
    int64_t second = (int64_t)(from_first_ms / SECOND_MS) + FIRST_MS / SECOND_MS;
    uint32_t ms = (uint32_t)(from_first_ms % SECOND_MS);
    if (cache->used && cache->second == second) {
        memcpy(p, cache->text, sizeof cache->text);
    } else {
        put_second(p, second);
        *cache = (struct gd_time_cache){.used = true, .second = second};
        memcpy(cache->text, p, sizeof cache->text);
    }
    put_two(p + 20, ms / 10);
    p[22] = (char)('0' + ms % 10);
    p[23] = 'Z';
}

/* Reading RFC 3339 */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Whether 8 bytes are digits where the pattern has '0', and the pattern's own '-' or ':' elsewhere.
 * All are compared at once: with bytes checked one by one, reading a time takes twice as long. */
static inline bool matches(const char *p, const char *pattern) {
    uint64_t text, want;
    memcpy(&text, p, sizeof text);
    memcpy(&want, pattern, sizeof want);
    /* What may be added to the difference before its byte's highest bit is set: a digit differs
     * from '0' by up to 9, the others not at all. They have bit 3, which '0' has not. */
    uint64_t slack = 0x7676767676767676u + 9 * (want >> 3 & 0x0101010101010101u);
    uint64_t difference = text ^ want;
    return ((difference | (difference + slack)) & 0x8080808080808080u) == 0;
}

static inline uint32_t two_digits(const char *p) {
    return (uint32_t)((p[0] - '0') * 10 + (p[1] - '0'));
}

static uint32_t days_in_month(uint32_t year, uint32_t month) {
    if (month == 2) {
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static int64_t days_from_civil(uint32_t year, uint32_t month, uint32_t day) {
    uint32_t before_march = month <= 2;
    uint32_t y = year + CYCLE_YEARS - before_march, m = month + 12 * before_march - 3;
    uint32_t days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
    return (int64_t)days - MARCH_TO_UNIX_DAYS;
}

/* "YYYY-MM-DD", 10 bytes. */
static inline bool read_date(const char *p, int64_t *time_ms) {
    uint32_t year = two_digits(p) * 100 + two_digits(p + 2);
    uint32_t month = two_digits(p + 5), day = two_digits(p + 8);
    if (!matches(p, "0000-00-") || !matches(p + 2, "00-00-00") || month - 1 > 11 || day - 1 > 30 ||
        (day > 28 && day > days_in_month(year, month))) {
        return false;
    }
    *time_ms = days_from_civil(year, month, day) * DAY_MS;
    return true;
}

/* "hh:mm:ss", 8 bytes, the second up to 60. */
static inline bool read_clock(const char *p, int64_t *time_ms, bool *leap) {
    uint32_t hour = two_digits(p), minute = two_digits(p + 3), second = two_digits(p + 6);
    *leap = second == 60;
    *time_ms = (int64_t)((hour * 60 + minute) * 60 + second) * SECOND_MS;
    return matches(p, "00:00:00") && hour < 24 && minute < 60 && second <= 60;
}

/* The fraction that may stand at *p, which is moved behind it. */
static inline bool read_fraction(const char **p, const char *end, int64_t *fraction_ms) {
    *fraction_ms = 0;
    if (*p == end || **p != '.') {
        return true;
    }
    const char *start = ++*p;
    for (int64_t weight = 100; *p < end && is_digit(**p); ++*p, weight /= 10) {
        *fraction_ms += weight * (**p - '0');
    }
    return *p > start;
}

/* The zone that may stand between p and end, as what the clock there is ahead of UTC. */
static inline bool read_zone(const char *p, const char *end, int64_t *ahead_ms) {
    *ahead_ms = 0;
    if (p == end || (end - p == 1 && (*p == 'Z' || *p == 'z'))) {
        return true;
    }
    if (end - p != 6 || (*p != '+' && *p != '-') || !is_digit(p[1]) || !is_digit(p[2]) ||
        p[3] != ':' || !is_digit(p[4]) || !is_digit(p[5])) {
        return false;
    }
    uint32_t hours = two_digits(p + 1), minutes = two_digits(p + 4);
    *ahead_ms = (*p == '-' ? -MINUTE_MS : MINUTE_MS) * (int64_t)(hours * 60 + minutes);
    return hours < 24 && minutes < 60;
}

bool gd_time_read_rfc3339(struct gd_slice text, int64_t *time_ms) {
    int64_t date_ms, clock_ms, fraction_ms, ahead_ms;
    bool leap;
    if (text.n < 19 || (text.p[10] != 'T' && text.p[10] != 't' && text.p[10] != ' ') ||
        !read_date(text.p, &date_ms) || !read_clock(text.p + 11, &clock_ms, &leap)) {
        return false;
    }
    const char *p = text.p + 19, *end = text.p + text.n;
    if (!read_fraction(&p, end, &fraction_ms) || !read_zone(p, end, &ahead_ms)) {
        return false;
    }
    *time_ms = date_ms + clock_ms - ahead_ms + (leap ? -1 : fraction_ms);
    return true;
}

/* Reading what options give */

static int refuse(struct gd_error *e, const char *what, const char *text, const char *why) {
    GD_AUTO_BUF quoted = {0};
    return gd_error_set(e, GD_FAIL_USAGE, "not a %s: '%s' %s", what,
                        gd_error_quote(&quoted, gd_slice_str(text), 80), why);
}

/* whole + fraction / scale */
struct decimal {
    uint64_t whole, fraction, scale;
};

/* Moves *text behind the number there. Returns NULL, or why there is none. */
static const char *read_decimal(const char **text, struct decimal *d) {
    const char *p = *text;
    *d = (struct decimal){.scale = 1};
    if (!is_digit(*p)) {
        return *p ? "is not a number" : "is not complete";
    }
    for (; is_digit(*p); p++) {
        if (__builtin_mul_overflow(d->whole, 10u, &d->whole) ||
            __builtin_add_overflow(d->whole, (unsigned)(*p - '0'), &d->whole)) {
            return "is too large";
        }
    }
    if (*p == '.' && !is_digit(*++p)) {
        return "has no digit behind its point";
    }
    for (; is_digit(*p); p++) {
        if (d->scale < 1000000000) {
            d->fraction = d->fraction * 10 + (unsigned)(*p - '0');
            d->scale *= 10;
        }
    }
    *text = p;
    return NULL;
}

/* Adds d times the unit to *total; false where that goes above the limit. */
static bool add_scaled(const struct decimal *d, uint64_t unit, uint64_t limit, uint64_t *total) {
    __extension__ typedef unsigned __int128 wide;
    wide sum = (wide)d->whole * unit + (wide)d->fraction * unit / d->scale + *total;
    *total = (uint64_t)sum;
    return sum <= limit;
}

/* Milliseconds in a unit of time, 0 for an unknown one. */
static uint64_t unit_of_time_ms(struct gd_slice name) {
    static const struct {
        char name[3];
        uint64_t ms;
    } units[] = {{"ms", 1},      {"s", SECOND_MS}, {"m", MINUTE_MS},
                 {"h", HOUR_MS}, {"d", DAY_MS},    {"w", 7 * DAY_MS}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (gd_slice_equal(name, gd_slice_str(units[i].name))) {
            return units[i].ms;
        }
    }
    return 0;
}

int gd_duration_parse(const char *text, int64_t *duration_ms, struct gd_error *e) {
    const char *p = text;
    uint64_t total_ms = 0;
    do {
        bool first = p == text;
        struct decimal number;
        const char *why = read_decimal(&p, &number);
        if (why) {
            return refuse(e, "duration", text, why);
        }
        struct gd_slice name = gd_slice_of(p, strcspn(p, "0123456789"));
        uint64_t unit_ms = first && !*p ? SECOND_MS : unit_of_time_ms(name);
        if (!unit_ms) {
            return refuse(e, "duration", text,
                          name.n ? "has an unknown unit; expected ms, s, m, h, d or w"
                                 : "ends without a unit; expected ms, s, m, h, d or w");
        }
        if (!add_scaled(&number, unit_ms, INT64_MAX, &total_ms)) {
            return refuse(e, "duration", text, "is too large");
        }
        p += name.n;
    } while (*p);
    *duration_ms = (int64_t)total_ms;
    return 0;
}

static uint64_t unit_of_size_bytes(const char *name) {
    static const struct {
        char name[4];
        uint64_t bytes;
    } units[] = {{"", 1},
                 {"B", 1},
                 {"k", 1000},
                 {"kB", 1000},
                 {"KiB", 1024},
                 {"M", 1000000},
                 {"MB", 1000000},
                 {"MiB", 1u << 20},
                 {"G", 1000000000},
                 {"GB", 1000000000},
                 {"GiB", 1u << 30},
                 {"T", 1000000000000},
                 {"TB", 1000000000000},
                 {"TiB", UINT64_C(1) << 40}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcasecmp(name, units[i].name) == 0) {
            return units[i].bytes;
        }
    }
    return 0;
}

int gd_size_parse(const char *text, uint64_t *bytes, struct gd_error *e) {
    const char *p = text;
    struct decimal number;
    const char *why = read_decimal(&p, &number);
    if (why) {
        return refuse(e, "size", text, why);
    }
    uint64_t unit = unit_of_size_bytes(p), total = 0;
    if (!unit) {
        return refuse(e, "size", text,
                      "has an unknown unit; expected KiB, MiB, GiB, TiB, k, M, G or T");
    }
    if (!add_scaled(&number, unit, UINT64_MAX, &total)) {
        return refuse(e, "size", text, "is too large");
    }
    *bytes = total;
    return 0;
}

int gd_rate_parse(const char *text, double *per_second, struct gd_error *e) {
    const char *p = text;
    struct decimal number;
    const char *why = read_decimal(&p, &number);
    if (why) {
        return refuse(e, "rate", text, why);
    }
    uint64_t unit_ms = !*p ? SECOND_MS : *p == '/' ? unit_of_time_ms(gd_slice_str(p + 1)) : 0;
    if (!unit_ms) {
        return refuse(e, "rate", text, "has an unknown unit; expected /s, /m, /h, /d or /w");
    }
    if (number.whole == 0 && number.fraction == 0) {
        return refuse(e, "rate", text, "is not above 0");
    }
    double count = (double)number.whole + (double)number.fraction / (double)number.scale;
    *per_second = count * (double)SECOND_MS / (double)unit_ms;
    return 0;
}

static int time_of_id(struct gd_slice text, enum gd_layout layout, int64_t *time_ms,
                      struct gd_error *e) {
    struct gd_id id;
    if (gd_id_read(text, layout, &id, e) != 0) {
        return gd_error_prefix(e, "not a time");
    }
    *time_ms = id.timestamp_ms;
    return 0;
}

/* Text that is nothing but digits, whose number says what they are. */
static int parse_digits(struct gd_slice text, int64_t *time_ms, struct gd_error *e) {
    if (text.n == 16) {
        return time_of_id(text, GD_LAYOUT_HEX, time_ms, e);
    }
    if (text.n >= 17 && text.n <= 20) {
        return time_of_id(text, GD_LAYOUT_INT, time_ms, e);
    }
    if (text.n > 14) {
        return refuse(e, "time", text.p,
                      "has a wrong number of digits; up to 11 are seconds, 12 to 14 milliseconds, "
                      "16 a hex ID, 17 to 20 an int ID");
    }
    int64_t value = 0;
    for (size_t i = 0; i < text.n; i++) {
        value = value * 10 + (text.p[i] - '0');
    }
    *time_ms = text.n <= 11 ? value * SECOND_MS : value;
    return 0;
}

static bool parse_age(const char *text, int64_t now_ms, int64_t *time_ms) {
    int64_t age_ms;
    return gd_duration_parse(text, &age_ms, NULL) == 0 &&
           !__builtin_sub_overflow(now_ms, age_ms, time_ms);
}

int gd_time_parse(const char *text, int64_t now_ms, int64_t *time_ms, struct gd_error *e) {
    struct gd_slice all = gd_slice_str(text);
    if (gd_slice_equal(all, GD_SLICE("now"))) {
        *time_ms = now_ms;
        return 0;
    }
    if (all.n > 0 && strspn(text, "0123456789") == all.n) {
        return parse_digits(all, time_ms, e);
    }
    if (time_of_id(all, GD_LAYOUT_HEX, time_ms, NULL) == 0 || gd_time_read_rfc3339(all, time_ms) ||
        (all.n == 10 && read_date(text, time_ms)) || parse_age(text, now_ms, time_ms) ||
        time_of_id(all, GD_LAYOUT_BASE64, time_ms, NULL) == 0) {
        return 0;
    }
    return refuse(e, "time", text,
                  "is none of 2026-01-09T23:06:40Z, 2026-01-09, now, an age such as 5m or 1h30m, "
                  "an ID, or digits (seconds or milliseconds)");
}
