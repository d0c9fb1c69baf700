/* SPDX-License-Identifier: MIT */
/* json_scan.h - the innermost loops of JSON reading, for json.c and fields.c only. Sixteen bytes at
 * a time with SSE2 or NEON, eight with plain integers elsewhere; all agree. */
#ifndef GD_JSON_SCAN_H
#define GD_JSON_SCAN_H

#include "json.h"

#if defined(__SSE2__) && !defined(GD_SCALAR)
#include <emmintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(GD_SCALAR)
#include <arm_neon.h>
#endif

#define GD_LIKELY(x) __builtin_expect(!!(x), 1)
#define GD_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* What 16 bytes hold: one flag a byte, GD_LANE bits apart, the first byte lowest. */
struct gd_lanes {
    uint64_t stop; /* a quote, a backslash or a control character */
    uint64_t high; /* not ASCII */
};

#if defined(__SSE2__) && !defined(GD_SCALAR)
enum { GD_LANE = 1, GD_LANES = 16 };
static inline struct gd_lanes gd_lanes_of(const char *p) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    __m128i stop = _mm_or_si128(control, _mm_or_si128(quote, slash));
    return (struct gd_lanes){(uint64_t)(unsigned)_mm_movemask_epi8(stop),
                             (uint64_t)(unsigned)_mm_movemask_epi8(v)};
}
static inline size_t
gd_digits16(const char *p) { /* how many of 16 bytes are digits, from the first */
    __m128i v = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), _mm_set1_epi8('0'));
    __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(9)), v);
    return (size_t)__builtin_ctz(~(unsigned)_mm_movemask_epi8(digit));
}
#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(GD_SCALAR)
enum { GD_LANE = 4, GD_LANES = 16 };
static inline uint64_t gd_nibbles(uint8x16_t flags) {
    uint8x8_t narrow = vshrn_n_u16(vreinterpretq_u16_u8(flags), 4);
    return vget_lane_u64(vreinterpret_u64_u8(narrow), 0) & 0x1111111111111111u;
}
static inline struct gd_lanes gd_lanes_of(const char *p) {
    uint8x16_t v = vld1q_u8((const uint8_t *)p);
    uint8x16_t stop =
        vorrq_u8(vcltq_u8(v, vdupq_n_u8(0x20)),
                 vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vceqq_u8(v, vdupq_n_u8('\\'))));
    return (struct gd_lanes){gd_nibbles(stop), gd_nibbles(vcgeq_u8(v, vdupq_n_u8(0x80)))};
}
static inline size_t gd_digits16(const char *p) {
    uint8x16_t v = vsubq_u8(vld1q_u8((const uint8_t *)p), vdupq_n_u8('0'));
    uint64_t other = gd_nibbles(vcgtq_u8(v, vdupq_n_u8(9)));
    return other ? (size_t)__builtin_ctzll(other) / 4 : 16;
}
#else
enum { GD_LANE = 8, GD_LANES = 8 };
static inline struct gd_lanes gd_lanes_of(const char *p) {
    struct gd_lanes lanes = {0, 0};
    for (int i = 0; i < 8; i++) {
        unsigned char c = (unsigned char)p[i];
        uint64_t flag = (uint64_t)1 << (8 * i);
        lanes.stop |= c < 0x20 || c == '"' || c == '\\' ? flag : 0;
        lanes.high |= c >= 0x80 ? flag : 0;
    }
    return lanes;
}
static inline size_t gd_digits16(const char *p) {
    size_t n = 0;
    while (n < 16 && p[n] >= '0' && p[n] <= '9') {
        n++;
    }
    return n;
}
#endif

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

/* Checks an escape at p ("\\n", a surrogate pair...) and returns what is behind it, or NULL. */
const char *gd_json_skip_escape(struct gd_json *j, const char *p);

/* Checks that p..end is UTF-8 and returns end, or NULL. */
const char *gd_json_check_utf8(struct gd_json *j, const char *p, const char *end);

/* p is behind the opening quote; returns the closing one, or NULL. *escaped is set, never cleared,
 * where there is a backslash. */
static inline const char *gd_json_scan_string(struct gd_json *j, const char *p, bool *escaped) {
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
static inline const char *gd_json_scan_guessed(struct gd_json *j, const char *p, uint8_t *length,
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
    *length = quote && quote - p <= LONGEST ? (uint8_t)(quote - p) : NO_GUESS;
    return quote;
}

/* p is at '-' or a digit; returns what is behind the number, or NULL. */
static inline const char *gd_json_scan_number(struct gd_json *j, const char *p) {
    p += *p == '-';
    size_t n = gd_digits16(p);
    if (GD_UNLIKELY(n == 0 || (*p == '0' && n > 1))) {
        return gd_json_fail(j, p + (n > 0),
                            n ? "a number with a leading zero" : "a number without digits");
    }
    for (p += n; n == 16; p += n) {
        n = gd_digits16(p);
    }
    if (GD_UNLIKELY(*p == '.')) {
        p++;
        if (!(n = gd_digits16(p))) {
            return gd_json_fail(j, p, "a fraction without digits");
        }
        for (p += n; n == 16; p += n) {
            n = gd_digits16(p);
        }
    }
    if (GD_UNLIKELY((*p | 0x20) == 'e')) {
        p++;
        p += *p == '+' || *p == '-';
        if (!(n = gd_digits16(p))) {
            return gd_json_fail(j, p, "an exponent without digits");
        }
        for (p += n; n == 16; p += n) {
            n = gd_digits16(p);
        }
    }
    return p;
}

/* Whether a checked number has neither fraction nor exponent. */
static inline bool gd_json_number_is_integer(struct gd_slice number) {
    size_t at = number.p[0] == '-', n = 16;
    while (n == 16 && at < number.n) {
        n = gd_digits16(number.p + at);
        at += n;
    }
    return at >= number.n;
}

/* Fails at p, where no value stands, or at the end where one may have begun. */
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
static inline const char *gd_json_scan_value(struct gd_json *j, const char *p, int room,
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
        return gd_json_scan_number(j, p);
    default:
        return gd_json_scan_word(j, p);
    }
}

#endif
