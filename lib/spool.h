/* SPDX-License-Identifier: MIT */
/* spool.h - a queue of records that uses little memory: what goes beyond that waits in an unlinked
 * temporary file in $TMPDIR or /tmp, whose room is given back when all of it has been read. */
#ifndef GD_SPOOL_H
#define GD_SPOOL_H

#include "error.h"

/* Opens an unlinked file in $TMPDIR or /tmp, close-on-exec. Returns its descriptor, or -1 with a
 * GD_FAIL_OUTPUT error. */
int gd_spool_open_file(struct gd_error *e);

struct gd_spool; /* opaque */

/* The file is used when more than memory_bytes wait; as much again may have been read back. One
 * record that is larger is held in memory all the same. */
struct gd_spool *gd_spool_new(size_t memory_bytes);
void gd_spool_free(struct gd_spool *s);
GD_DEFINE_AUTO(spool)

/* Appends one record, made of `parts` one behind the other. Returns 0, or -1 with a GD_FAIL_OUTPUT
 * error. */
int gd_spool_put(struct gd_spool *s, size_t parts, const struct gd_slice *part, struct gd_error *e);

/* Takes the oldest record out: 1 and *record, with a 0 and padding behind it, valid until the next
 * call; 0 when there is none; -1 when the file cannot be read. */
int gd_spool_take(struct gd_spool *s, struct gd_slice *record, struct gd_error *e);

#endif
