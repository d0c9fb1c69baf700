/* SPDX-License-Identifier: MIT */
/* json_scan.h - the innermost loops of JSON reading, for json.c and fields.c only. */
#ifndef GD_JSON_SCAN_H
#define GD_JSON_SCAN_H

#include "json.h"
#include "json_lanes.h"

static inline const char *gd_json_fail(struct gd_json *j, const char *at, const char *reason) {
    j->at = at < j->end ? at : j->end;
    j->reason = reason;
    return NULL;
}

static inline const char *gd_json_blanks(const char *p) {
    while (GD_UNLIKELY((unsigned char)*p <= ' ') &&
           (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) {
        p++;
    }
    return p;
}

/* The same, taking note of line breaks. */
GD_INLINE const char *gd_json_space(struct gd_json *j, const char *p) {
    while (GD_UNLIKELY((unsigned char)*p <= ' ') &&
           (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) {
        j->line_breaks |= *p == '\n' || *p == '\r';
        p++;
    }
    return p;
}

/* Checks an escape at p ("\\n", a surrogate pair...) and returns what is behind it, or NULL. */
const char *gd_json_skip_escape(struct gd_json *j, const char *p);

/* Checks that p..end is UTF-8 and returns end, or NULL. */
const char *gd_json_check_utf8(struct gd_json *j, const char *p, const char *end);

/* p is behind the opening quote; returns the closing one, or NULL. *escaped is set, never cleared,
 * where there is a backslash. */
GD_INLINE const char *gd_json_scan_string(struct gd_json *j, const char *p, bool *escaped) {
    const char *start = p;
    uint64_t high = 0;
    for (;;) {
        struct gd_lanes lanes = gd_lanes_of(p);
        if (lanes.stop == 0) {
            high |= lanes.high;
            p += GD_LANES;
            continue;
        }
        int bit = __builtin_ctzll(lanes.stop);
        high |= lanes.high & (((uint64_t)1 << bit) - 1);
        p += bit / GD_LANE;
        if (GD_LIKELY(*p == '"')) {
            break;
        }
        if (*p != '\\') {
            return gd_json_fail(j, p, "control character in a string");
        }
        *escaped = true;
        if (!(p = gd_json_skip_escape(j, p))) {
            return NULL;
        }
    }
    if (GD_UNLIKELY(high != 0) && !j->structure_only) {
        return gd_json_check_utf8(j, start, p);
    }
    return p;
}

/* The same for a string of which *length is likely the length: with the guess right, what comes
 * next need not wait for the vector work, which only confirms it. Brings *length up to date. */
GD_INLINE const char *gd_json_scan_guessed(struct gd_json *j, const char *p, uint16_t *length,
                                           bool *escaped) {
    enum { LONGEST = GD_LANES - 1, NO_GUESS = LONGEST };
    struct gd_lanes lanes = gd_lanes_of(p);
    unsigned n = *length;
    uint64_t end = (uint64_t)1 << (n * GD_LANE);
    if (GD_LIKELY((lanes.stop & (end | (end - 1))) == end && p[n] == '"' &&
                  (lanes.high & (end - 1)) == 0)) {
        return p + n;
    }
    const char *quote = gd_json_scan_string(j, p, escaped);
    *length = quote && quote - p <= LONGEST ? (uint16_t)(quote - p) : NO_GUESS;
    return quote;
}

/* p is at '-' or a digit; returns what is behind the number, or NULL. */
const char *gd_json_skip_number(struct gd_json *j, const char *p);

/* The same, and *integer is set where it has neither fraction nor exponent. */
GD_INLINE const char *gd_json_scan_number(struct gd_json *j, const char *p, bool *integer) {
    size_t n = gd_digits16(p);
    n += n == 16 ? gd_digits16(p + 16) : 0;
    char first = *p, next = p[n];
    bool plain = first != '-' && (first != '0' || n == 1);
    if (GD_LIKELY(plain && next != '.' && (next | 0x20) != 'e' && n < 32)) {
        *integer = true;
        return p + n;
    }
    const char *end = gd_json_skip_number(j, p);
    for (*integer = end != NULL; p < end; p++) {
        *integer = *integer && *p != '.' && (*p | 0x20) != 'e';
    }
    return end;
}

/* Fails for a word that is none: what is wrong, or that the text ends within it. */
const char *gd_json_bad_word(struct gd_json *j, const char *p);

/* p is at the first byte of a word; returns what is behind true, false or null, or NULL. */
static inline const char *gd_json_scan_word(struct gd_json *j, const char *p) {
    if (memcmp(p, "true", 4) == 0 || memcmp(p, "null", 4) == 0) {
        return p + 4;
    }
    if (memcmp(p, "false", 5) == 0) {
        return p + 5;
    }
    return gd_json_bad_word(j, p);
}

/* p is at '{' or '['; checks the whole container, which may nest `room` levels. Sets j->deep where
 * it is within GD_JSON_MARGIN of that. */
const char *gd_json_scan_container(struct gd_json *j, const char *p, int room);

/* Any value, p at its first byte. */
GD_INLINE const char *gd_json_scan_value(struct gd_json *j, const char *p, int room,
                                         bool *escaped) {
    switch (*p) {
    case '"':
        p = gd_json_scan_string(j, p + 1, escaped);
        return p ? p + 1 : NULL;
    case '{':
    case '[':
        return gd_json_scan_container(j, p, room);
    case '-':
    case '0' ... '9':
        return gd_json_scan_number(j, p, &(bool){false});
    default:
        return gd_json_scan_word(j, p);
    }
}

#endif
