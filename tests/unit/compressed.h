/* SPDX-License-Identifier: MIT */
/* compressed.h - compressed samples for tests: whole, in skippable frames, and broken off. To be
 * included behind cmocka.h. */
#ifndef GD_TEST_COMPRESSED_H
#define GD_TEST_COMPRESSED_H

#include <zlib.h>
#include <zstd.h>

#include "../../lib/bytes.h"

static inline void add_zstd(struct gd_buf *out, struct gd_slice text) {
    size_t room = ZSTD_compressBound(text.n);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    char *to = gd_buf_reserve(out, room);
    out->n += ZSTD_compress2(context, to, room, text.p, text.n);
    ZSTD_freeCCtx(context);
}

/* A frame whose text so far can be decoded, and which then breaks off. */
static inline void add_flushed_zstd(struct gd_buf *out, struct gd_slice text) {
    size_t room = ZSTD_compressBound(text.n) + 1024;
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_inBuffer from = {text.p, text.n, 0};
    ZSTD_outBuffer to = {gd_buf_reserve(out, room), room, 0};
    assert_int_equal(ZSTD_compressStream2(context, &to, &from, ZSTD_e_flush), 0);
    out->n += to.pos;
    ZSTD_freeCCtx(context);
}

static inline void add_deflated(struct gd_buf *out, struct gd_slice text, int flush) {
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, text.n) + 64;
    z.next_in = (unsigned char *)text.p;
    z.avail_in = (unsigned)text.n;
    z.next_out = (unsigned char *)gd_buf_reserve(out, room);
    z.avail_out = (unsigned)room;
    assert_int_equal(deflate(&z, flush), flush == Z_FINISH ? Z_STREAM_END : Z_OK);
    out->n += room - z.avail_out;
    deflateEnd(&z);
}

static inline void add_gzip(struct gd_buf *out, struct gd_slice text) {
    add_deflated(out, text, Z_FINISH);
}

static inline void add_skippable(struct gd_buf *out, unsigned char magic, size_t n) {
    char head[8] = {(char)magic, 0x2A, 0x4D, 0x18, (char)n, (char)(n >> 8), (char)(n >> 16), 0};
    gd_buf_add(out, head, sizeof head);
    for (size_t i = 0; i < n; i++) {
        gd_buf_add_char(out, (char)i);
    }
}

#endif
