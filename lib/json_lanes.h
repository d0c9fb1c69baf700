/* SPDX-License-Identifier: MIT */
/* json_lanes.h - what json_scan.h wants to know of 16 bytes at a time: with SSE2 or NEON, else (and
 * with GD_SCALAR) of eight with plain integers. All agree. */
#ifndef GD_JSON_LANES_H
#define GD_JSON_LANES_H

#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__) && !defined(GD_SCALAR)
#include <emmintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(GD_SCALAR)
#include <arm_neon.h>
#endif

#define GD_LIKELY(x) __builtin_expect(!!(x), 1)
#define GD_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define GD_INLINE static inline __attribute__((always_inline))

/* What 16 bytes hold: one flag a byte, GD_LANE bits apart, the first byte lowest. */
struct gd_lanes {
    uint64_t stop; /* a quote, a backslash or a control character */
    uint64_t high; /* not ASCII */
};

#if defined(__SSE2__) && !defined(GD_SCALAR)
enum { GD_LANE = 1, GD_LANES = 16 };
GD_INLINE struct gd_lanes gd_lanes_of(const char *p) {
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
GD_INLINE struct gd_lanes gd_lanes_of(const char *p) {
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
GD_INLINE struct gd_lanes gd_lanes_of(const char *p) {
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

#endif
