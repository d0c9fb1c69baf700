/* SPDX-License-Identifier: MIT */
#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int gd_slice_compare(struct gd_slice a, struct gd_slice b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static uint64_t mix(uint64_t a, uint64_t b) {
    __extension__ unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Multiply-and-fold over 8-byte words, the idea of wyhash. */
uint64_t gd_hash(const void *bytes, size_t n) {
    const unsigned char *p = bytes;
    uint64_t h = 0x9E3779B97F4A7C15u ^ n, a, b;
    for (; n >= 16; n -= 16, p += 16) {
        memcpy(&a, p, 8);
        memcpy(&b, p + 8, 8);
        h = mix(h ^ a, b ^ 0xD6E8FEB86659FD93u) + h;
    }
    a = b = 0;
    if (n >= 8) {
        memcpy(&a, p, 8);
        memcpy(&b, p + n - 8, 8);
    } else if (n) {
        memcpy(&a, p, n);
    }
    return mix(h ^ a ^ 0xA0761D6478BD642Fu, b ^ h ^ 0xE7037ED1A0B428DBu);
}

static void out_of_memory(size_t n) {
    fprintf(stderr, "gdbg: out of memory asking for %zu bytes\n", n);
    abort();
}

void *gd_malloc(size_t n) {
    void *p = malloc(n ? n : 1);
    if (!p) {
        out_of_memory(n);
    }
    return p;
}

void *gd_calloc(size_t count, size_t size) {
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p) {
        out_of_memory(count * size);
    }
    return p;
}

void *gd_realloc(void *old, size_t n) {
    void *p = realloc(old, n ? n : 1);
    if (!p) {
        out_of_memory(n);
    }
    return p;
}

char *gd_strndup(const char *s, size_t n) {
    char *copy = gd_malloc(n + 1);
    if (n) {
        memcpy(copy, s, n);
    }
    copy[n] = '\0';
    return copy;
}

char *gd_strdup(const char *s) {
    return s ? gd_strndup(s, strlen(s)) : NULL;
}

void gd_auto_str(char **p) {
    free(*p);
}

void gd_buf_grow(struct gd_buf *b, size_t more) {
    if (more > SIZE_MAX / 2 - b->n) {
        out_of_memory(more);
    }
    size_t want = b->n + more, cap = b->cap < 256 ? 256 : b->cap;
    while (cap < want) {
        cap += cap < (1u << 20) ? cap : cap / 8;
    }
    b->p = gd_realloc(b->p, cap + GD_PADDING);
    memset(b->p + cap, 0, GD_PADDING);
    b->cap = cap;
}

void gd_buf_free(struct gd_buf *b) {
    free(b->p);
    *b = (struct gd_buf){0};
}

void gd_buf_printf(struct gd_buf *b, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n > 0) {
        vsnprintf(gd_buf_reserve(b, (size_t)n + 1), (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void gd_buf_add_u64(struct gd_buf *b, uint64_t v) {
    char digits[20], *p = digits + sizeof digits;
    do {
        *--p = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    gd_buf_add(b, p, (size_t)(digits + sizeof digits - p));
}

void gd_buf_add_i64(struct gd_buf *b, int64_t v) {
    if (v < 0) {
        gd_buf_add_char(b, '-');
    }
    gd_buf_add_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

const char *gd_buf_terminate(struct gd_buf *b) {
    *gd_buf_reserve(b, 1) = '\0';
    return b->p;
}
