/* SPDX-License-Identifier: MIT */
/* input.h - bytes from a file, a pipe or a terminal, with zstd and gzip undone.
 *
 * What a file holds is told by its first bytes (zstd 28 B5 2F FD or a skippable frame 5x 2A 4D 18,
 * gzip 1F 8B), never by its name. Several zstd frames, skippable frames and gzip members in a row
 * are one text. Memory stays within the frame's window (at most 128 MiB, a larger one is an error)
 * and a few hundred KiB. Nothing waits longer than it must: a read returns as soon as there is any
 * byte. */
#ifndef GD_INPUT_H
#define GD_INPUT_H

#include <sys/types.h>

#include "error.h"

struct gd_input; /* opaque */

/* Opens path for reading; "-" is standard input. Directories are refused. Caller owns *out. Returns
 * 0, or -1 with a usage error ("cannot open runs.jsonl: No such file or directory"). */
int gd_input_open(struct gd_input **out, const char *path, struct gd_error *e);

/* The same over a descriptor that is already open; taken over and closed at the end if `owned`.
 * name is copied, for messages. Never fails. */
struct gd_input *gd_input_from_fd(int fd, bool owned, const char *name);
void gd_input_free(struct gd_input *in);
GD_DEFINE_AUTO(input)

const char *gd_input_name(const struct gd_input *in); /* "runs.jsonl", "standard input" */
int gd_input_fd(const struct gd_input *in);           /* for poll */

/* Reads up to n decompressed bytes to p. Returns their number; 0 at the end; -1 with an input error
 * (truncated, damaged, or a read error), told once: after that the stream is over and reads give 0.
 * Blocks like read(); restarts after signals unless *stop (may be NULL) has become nonzero, then -1
 * with GD_FAIL_INTERRUPTED. */
ssize_t gd_input_read(struct gd_input *in, char *p, size_t n, struct gd_error *e);
void gd_input_set_stop(struct gd_input *in, const volatile int *stop);

/* Whether a read now would wait for somebody: a pipe, socket or terminal in which there is nothing,
 * or only compressed bytes that do not make a byte of text yet. Looks ahead as far as that takes,
 * without waiting itself. False for regular files, and at the end. */
bool gd_input_would_block(struct gd_input *in);

#endif
