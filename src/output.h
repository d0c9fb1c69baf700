/* SPDX-License-Identifier: MIT */
/* output.h - where results go: batched under load, flushed whenever the input would block. */
#ifndef GDBG_OUTPUT_H
#define GDBG_OUTPUT_H

#include "error.h"

enum output_form { OUTPUT_JSON, OUTPUT_TEXT, OUTPUT_RAW, OUTPUT_WIRE };

struct output {
    int fd;
    enum output_form form;
    bool color;
    struct gd_buf buf; /* append here, then output_commit() */
    char *path;        /* of --output-file; NULL: standard output */
    bool begun;        /* what the file held before is gone */
    char *temporary;   /* what is renamed to path at the end; NULL: written in place */
};

/* Standard output, or the file at path (atomic: written beside it and renamed by output_close()).
 * Returns 0, or -1 with an output error. */
int output_open(struct output *out, const char *path, bool atomic, struct gd_error *e);

/* Sends what is in buf if there is enough of it. 0, or -1: GD_FAIL_CLOSED when nobody reads any
 * more, GD_FAIL_OUTPUT otherwise. */
static inline int output_commit(struct output *out, struct gd_error *e);
int output_flush(struct output *out, struct gd_error *e);

/* Flushes and puts the file in its place; with abandon, leaves an atomic file as it was before. */
int output_close(struct output *out, bool abandon, struct gd_error *e);

/* Whether nobody reads standard output any more, found out without writing. */
bool output_is_closed(const struct output *out);

enum { OUTPUT_BATCH = 128 * 1024 };

static inline int output_commit(struct output *out, struct gd_error *e) {
    return out->buf.n < OUTPUT_BATCH ? 0 : output_flush(out, e);
}

#endif
