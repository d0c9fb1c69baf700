/* SPDX-License-Identifier: MIT */
/* bytes.h - slices, growable buffers, and the memory idioms that all of libcore shares.
 *
 * Running out of memory is not an error that anybody handles: the allocators here say so once and
 * abort. Everything else that can fail takes a struct gd_error (error.h). */
#ifndef GD_BYTES_H
#define GD_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that vector loads may touch beyond the end of any buffer that is scanned. Whoever hands
 * text to a scanner guarantees that many readable bytes behind it, the first of them 0. */
#define GD_PADDING 64

/* A borrowed run of bytes, not terminated, any value allowed. p NULL means absent. */
struct gd_slice {
    const char *p;
    size_t n;
};

#define GD_SLICE(literal) ((struct gd_slice){"" literal, sizeof(literal) - 1})
#define GD_SLICE_FMT(s) (int)(s).n, (s).p /* for "%.*s" */

static inline struct gd_slice gd_slice_of(const char *p, size_t n) {
    return (struct gd_slice){p, n};
}

static inline struct gd_slice gd_slice_str(const char *s) {
    return (struct gd_slice){s, s ? strlen(s) : 0};
}

static inline bool gd_slice_equal(struct gd_slice a, struct gd_slice b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* memcmp order, the shorter first where one is a prefix of the other. */
int gd_slice_compare(struct gd_slice a, struct gd_slice b);

static inline bool gd_slice_starts(struct gd_slice s, struct gd_slice prefix) {
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

/* A 64-bit hash of bytes, well mixed, not keyed: for tables, never for anything that must resist an
 * adversary. */
uint64_t gd_hash(const void *p, size_t n);

/* A growable run of bytes. {0} is a valid empty buffer. Behind p[n] there are always GD_PADDING
 * readable bytes once anything was reserved. */
struct gd_buf {
    char *p;
    size_t n;   /* bytes used */
    size_t cap; /* bytes usable, the padding not counted */
};

/* Makes room for `more` bytes behind p[n]; grows by doubling up to 1 MiB, then by an eighth. */
void gd_buf_grow(struct gd_buf *b, size_t more);
void gd_buf_free(struct gd_buf *b); /* and makes it {0} */

static inline char *gd_buf_reserve(struct gd_buf *b, size_t more) {
    if (__builtin_expect(b->cap - b->n < more || !b->p, 0)) {
        gd_buf_grow(b, more);
    }
    return b->p + b->n;
}

static inline void gd_buf_add(struct gd_buf *b, const void *p, size_t n) {
    if (n) {
        memcpy(gd_buf_reserve(b, n), p, n);
        b->n += n;
    }
}

static inline void gd_buf_add_slice(struct gd_buf *b, struct gd_slice s) {
    gd_buf_add(b, s.p, s.n);
}

/* The same for a slice of text that is padded (GD_PADDING): short ones are copied as if they were
 * longer, which costs no call and no branch on their length. */
static inline void gd_buf_add_padded(struct gd_buf *b, struct gd_slice s) {
    enum { SHORT = 32 };
    char *p = gd_buf_reserve(b, s.n + SHORT);
    if (__builtin_expect(s.n <= SHORT, 1)) {
        memcpy(p, s.p, SHORT);
    } else {
        memcpy(p, s.p, s.n);
    }
    b->n += s.n;
}

static inline void gd_buf_add_char(struct gd_buf *b, char c) {
    *gd_buf_reserve(b, 1) = c;
    b->n++;
}

#define gd_buf_add_lit(b, literal) gd_buf_add((b), "" literal, sizeof(literal) - 1)

static inline void gd_buf_add_str(struct gd_buf *b, const char *s) {
    gd_buf_add(b, s, strlen(s));
}

static inline void gd_buf_clear(struct gd_buf *b) {
    b->n = 0;
}

static inline struct gd_slice gd_buf_slice(const struct gd_buf *b) {
    return (struct gd_slice){b->p, b->n};
}

/* printf to the end of the buffer. */
void gd_buf_printf(struct gd_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gd_buf_add_u64(struct gd_buf *b, uint64_t v); /* decimal digits, fast */
void gd_buf_add_i64(struct gd_buf *b, int64_t v);

/* Puts a 0 behind the bytes, not counted in n, and returns p: what scanners want. Never NULL. */
const char *gd_buf_terminate(struct gd_buf *b);

/* Allocation that aborts instead of failing. Freed with free(). */
void *gd_malloc(size_t n);
void *gd_calloc(size_t count, size_t size);
void *gd_realloc(void *p, size_t n);
char *gd_strdup(const char *s);            /* NULL gives NULL */
char *gd_strndup(const char *s, size_t n); /* copies n bytes, adds a 0 */

/* Cleanup attributes. Every owning local is declared with one of them:
 *     GD_AUTO(redis) conn = NULL;       a pointer, given to gd_redis_free() at the end of the scope
 *     GD_AUTO_BUF line = {0};           a buffer by value
 * Handing over takes a T ** and nulls it. A module with an opaque type says GD_DEFINE_AUTO(type).
 */
#define GD_DEFINE_AUTO(type)                                  \
    static inline void gd_auto_##type(struct gd_##type **p) { \
        gd_##type##_free(*p);                                 \
    }
#define GD_AUTO(type) __attribute__((cleanup(gd_auto_##type))) struct gd_##type *
#define GD_AUTO_BUF __attribute__((cleanup(gd_buf_free))) struct gd_buf
#define GD_AUTO_STR __attribute__((cleanup(gd_auto_str))) char *

void gd_auto_str(char **p);

#endif
