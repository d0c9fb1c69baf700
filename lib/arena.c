/* SPDX-License-Identifier: MIT */
#include "arena.h"

#include <stdlib.h>

enum { BLOCK_BYTES = 16 * 1024 };

struct gd_arena_block {
    struct gd_arena_block *older;
    size_t used, size;
    char bytes[];
};

char *gd_arena_take(struct gd_arena *a, size_t n) {
    struct gd_arena_block *b = a->block;
    if (!b || b->size - b->used < n) {
        size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
        b = gd_malloc(sizeof *b + size + GD_PADDING);
        memset(b->bytes + size, 0, GD_PADDING);
        *b = (struct gd_arena_block){.older = a->block, .size = size};
        a->block = b;
    }
    char *p = b->bytes + b->used;
    b->used += n;
    return p;
}

struct gd_slice gd_arena_copy(struct gd_arena *a, struct gd_slice s) {
    char *p = gd_arena_take(a, s.n + 1);
    if (s.n) {
        memcpy(p, s.p, s.n);
    }
    p[s.n] = '\0';
    return gd_slice_of(p, s.n);
}

void gd_arena_reset(struct gd_arena *a) {
    struct gd_arena_block *b = a->block;
    while (b && (b->older || b->size > BLOCK_BYTES)) {
        struct gd_arena_block *older = b->older;
        free(b);
        b = older;
    }
    a->block = b;
    if (b) {
        b->used = 0;
    }
}

void gd_arena_free(struct gd_arena *a) {
    gd_arena_reset(a);
    free(a->block);
    a->block = NULL;
}
