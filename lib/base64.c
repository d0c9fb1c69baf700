/* SPDX-License-Identifier: MIT */
#include "base64.h"

/* 0xFF for what is in neither alphabet: no value has its high bits, so that they can be collected
 * and looked at once. */
enum { NONE = 0xFF, NONE_BITS = 0xC0 };

static const unsigned char values[256] = {
    NONE, NONE, NONE,
    NONE, NONE, NONE,
    NONE, NONE, NONE,
    NONE, NONE, NONE,
    NONE, NONE, NONE,
    NONE, NONE, NONE,
    NONE, NONE, NONE,
    NONE, NONE, NONE,
    NONE, NONE, NONE,
    NONE, NONE, NONE,
    NONE, NONE, NONE,
    NONE, NONE, NONE,
    NONE, NONE, NONE,
    NONE, NONE, NONE,
    NONE, 62,   NONE,
    62,   NONE, 63,
    52,   53,   54,
    55,   56,   57,
    58,   59,   60,
    61,   NONE, NONE,
    NONE, NONE, NONE,
    NONE, NONE, 0,
    1,    2,    3,
    4,    5,    6,
    7,    8,    9,
    10,   11,   12,
    13,   14,   15,
    16,   17,   18,
    19,   20,   21,
    22,   23,   24,
    25,   NONE, NONE,
    NONE, NONE, 63,
    NONE, 26,   27,
    28,   29,   30,
    31,   32,   33,
    34,   35,   36,
    37,   38,   39,
    40,   41,   42,
    43,   44,   45,
    46,   47,   48,
    49,   50,   51,
    NONE, NONE, NONE,
    NONE, NONE, [128 ... 255] = NONE,
};

static void put_group(char *to, uint32_t bits) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 4; i++) {
        to[i] = digits[bits >> (18 - 6 * i) & 63];
    }
}

void gd_base64_encode(struct gd_buf *out, struct gd_slice bytes) {
    const unsigned char *p = (const unsigned char *)bytes.p;
    size_t n = bytes.n;
    if (n == 0) {
        return;
    }
    char *to = gd_buf_reserve(out, (n + 2) / 3 * 4);
    out->n += (n + 2) / 3 * 4;
    for (; n >= 3; n -= 3, p += 3, to += 4) {
        put_group(to, (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]);
    }
    if (n) {
        put_group(to, (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0));
        memset(to + 1 + n, '=', 3 - n);
    }
}

static size_t without_padding(struct gd_slice text) {
    size_t n = text.n;
    if (n % 4 == 0) {
        for (int i = 0; i < 2 && n && text.p[n - 1] == '='; i++) {
            n--;
        }
    }
    return n;
}

/* The two or three characters that stand for one or two bytes; what their last character has more
 * bits for must be 0. */
static bool decode_tail(char *to, const unsigned char *p, size_t n) {
    uint32_t a = values[p[0]], b = values[p[1]], c = n == 3 ? values[p[2]] : 0;
    uint32_t bits = a << 12 | b << 6 | c;
    to[0] = (char)(bits >> 10);
    if (n == 3) {
        to[1] = (char)(bits >> 2);
    }
    return ((a | b | c) & NONE_BITS) == 0 && (bits & (n == 3 ? 0x3 : 0x3FF)) == 0;
}

bool gd_base64_decode(struct gd_buf *out, struct gd_slice text) {
    const unsigned char *p = (const unsigned char *)text.p;
    size_t n = without_padding(text), length = n / 4 * 3 + (n % 4 ? n % 4 - 1 : 0);
    if (n == 0 || n % 4 == 1) {
        return n == 0;
    }
    char *to = gd_buf_reserve(out, length);
    uint32_t seen = 0;
    for (; n >= 4; n -= 4, p += 4, to += 3) {
        uint32_t a = values[p[0]], b = values[p[1]], c = values[p[2]], d = values[p[3]];
        uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        seen |= a | b | c | d;
        to[0] = (char)(bits >> 16);
        to[1] = (char)(bits >> 8);
        to[2] = (char)bits;
    }
    if ((seen & NONE_BITS) || (n && !decode_tail(to, p, n))) {
        return false;
    }
    out->n += length;
    return true;
}
