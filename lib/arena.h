/* SPDX-License-Identifier: MIT */
/* arena.h - scratch memory for what had to be decoded out of one message: taken piece by piece,
 * given back all at once. Pieces stay where they are until then. */
#ifndef GD_ARENA_H
#define GD_ARENA_H

#include "bytes.h"

struct gd_arena_block;

/* {0} is a valid empty arena. */
struct gd_arena {
    struct gd_arena_block *block; /* the newest */
};

/* n bytes, with GD_PADDING readable bytes behind them; never NULL. */
char *gd_arena_take(struct gd_arena *a, size_t n);

/* A copy of s, terminated by a 0 that is not counted. */
struct gd_slice gd_arena_copy(struct gd_arena *a, struct gd_slice s);

/* Forgets all pieces; keeps one block of ordinary size for the next message. */
void gd_arena_reset(struct gd_arena *a);
void gd_arena_free(struct gd_arena *a);

#endif
