/* SPDX-License-Identifier: MIT */
/* clock.h - the time, and the texts that people and messages give it in.
 *
 * A time is an int64_t of milliseconds since 1970-01-01T00:00:00Z, called *_ms everywhere. */
#ifndef GD_CLOCK_H
#define GD_CLOCK_H

#include "error.h"

int64_t gd_now_ms(void);       /* wall clock */
int64_t gd_monotonic_ms(void); /* for time-outs and pacing: never steps back */
int64_t gd_monotonic_us(void); /* the same in microseconds */

/* "2026-01-09T23:06:40.001Z": 24 bytes for years 0000 to 9999 (times beyond are clamped to them).
 */
#define GD_TIME_TEXT 24

/* The second last formatted, so that messages of the same second cost a few stores. {0} is valid.
 */
struct gd_time_cache {
    bool used;
    int64_t second;
    char text[20]; /* "2026-01-09T23:06:40." */
};

/* Writes GD_TIME_TEXT bytes to p, not terminated. */
void gd_time_format(char *p, int64_t time_ms, struct gd_time_cache *cache);

/* Reads an RFC 3339 time exactly as messages carry it ("2026-01-09T23:06:40.001Z"; no fraction, or
 * one of any number of digits, cut to milliseconds; offsets +hh:mm; 't', 'z' and a blank for 'T'
 * allowed; a missing zone is UTC; leap second :60 counts as :59.999). True and *time_ms, or false.
 * Fast: it is on the hot path of readers of canonical messages. */
bool gd_time_read_rfc3339(struct gd_slice text, int64_t *time_ms);

/* Reads a time as options give it, against now_ms: RFC 3339; a date ("2026-01-09", midnight UTC);
 * "now"; an age ("5m", "1h30m": that long before now); an ID (its time, in any GemstoneID layout
 * that the table below lets through); digits: up to 11 seconds, 12 to 14 milliseconds, 17 to 20 an
 * ID in layout int, 16 an ID in layout hex; other counts are refused. 16 hexadecimal digits are a
 * hex ID; 11 characters of base64url that are nothing else above are a base64 ID. Returns 0, or -1
 * with a usage error that says what was read and what would be accepted. */
int gd_time_parse(const char *text, int64_t now_ms, int64_t *time_ms, struct gd_error *e);

/* "250ms", "5m", "1h30m", "1.5s"; units ms s m h d w; a bare number is seconds. Refuses negative
 * ones, overflow, empty text and unknown units. In milliseconds. */
int gd_duration_parse(const char *text, int64_t *duration_ms, struct gd_error *e);

/* "64MiB", "1GiB", "10k" (1000), "512" bytes; KiB MiB GiB TiB are powers of 1024, k/kB M/MB G/GB
 * T/TB of 1000; letter case is ignored, fractions are allowed ("1.5GiB"). In bytes. */
int gd_size_parse(const char *text, uint64_t *bytes, struct gd_error *e);

/* "1000/s", "10/m", "0.5/s", units as in durations; a bare number is per second. In messages per
 * second, above 0. */
int gd_rate_parse(const char *text, double *per_second, struct gd_error *e);

#endif
