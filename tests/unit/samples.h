/* SPDX-License-Identifier: MIT */
/* samples.h - texts for tests of readers: in memory of exactly their size, and changed at random
 * from a seed. To be included behind cmocka.h. */
#ifndef GD_TEST_SAMPLES_H
#define GD_TEST_SAMPLES_H

#include <stdlib.h>

#include "../../lib/bytes.h"

/* A copy with a 0 and GD_PADDING bytes behind it, as scanners want it, and nothing beyond. What is
 * behind the 0 looks like more of the text, so that whoever reads it is found out. */
static inline struct gd_slice padded(struct gd_slice text) {
    char *p = gd_malloc(text.n + GD_PADDING);
    if (text.n) {
        memcpy(p, text.p, text.n);
    }
    for (size_t i = 0; i < GD_PADDING; i++) {
        p[text.n + i] = "\"}],:0e\\u"[i % 9];
    }
    p[text.n] = '\0';
    return gd_slice_of(p, text.n);
}

static inline void free_padded(struct gd_slice *text) {
    free((void *)text->p);
}

#define AUTO_PADDED __attribute__((cleanup(free_padded))) struct gd_slice

/* Marsaglia's xorshift64: the same numbers everywhere. */
struct random {
    uint64_t state;
};

static inline uint64_t next_random(struct random *r) {
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return r->state;
}

/* 0 to n - 1 */
static inline size_t pick(struct random *r, size_t n) {
    return (size_t)((next_random(r) >> 11) % n);
}

static inline void insert(struct gd_buf *b, size_t at, struct gd_slice s) {
    gd_buf_reserve(b, s.n);
    memmove(b->p + at + s.n, b->p + at, b->n - at);
    memcpy(b->p + at, s.p, s.n);
    b->n += s.n;
}

static inline void cut(struct gd_buf *b, size_t at, size_t n) {
    memmove(b->p + at, b->p + at + n, b->n - at - n);
    b->n -= n;
}

/* Changes a text a little, in a way that often matters to JSON. */
static inline void mutate(struct gd_buf *b, struct random *r) {
    static const char *const bits[] = {
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "0",
        "-",
        ".",
        "e",
        "E+",
        "\n",
        "\t",
        " ",
        "\x01",
        "\x7F",
        "\\u00",
        "\\ud83d",
        "\\uDE00",
        "\\ud800",
        "\\n",
        "true",
        "nul",
        "NaN",
        "00",
        "\xC3\xA9",
        "\xF0\x9F",
        "\xED\xA0\x80",
        "\xE2\x82\xAC",
        "\xFF",
        "\x80",
        "\xC0\x80",
        "1e9",
    };
    struct gd_slice bit = gd_slice_str(bits[pick(r, sizeof bits / sizeof *bits)]);
    size_t at = pick(r, b->n + 1), n = pick(r, 4);
    switch (pick(r, 4)) {
    case 0:
        insert(b, at, bit);
        break;
    case 1:
        cut(b, at, n < b->n - at ? n : b->n - at);
        break;
    case 2:
        if (at < b->n) {
            b->p[at] = (char)next_random(r);
        }
        break;
    default:
        cut(b, at, n < b->n - at ? n : b->n - at);
        insert(b, at, bit);
    }
}

#endif
