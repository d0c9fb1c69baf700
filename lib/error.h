/* SPDX-License-Identifier: MIT */
/* error.h - one error object, owned by the caller, filled by whoever fails, completed by each layer
 * on the way up. A fallible function returns 0 or -1 and takes a struct gd_error * last. Only the
 * program's main prints one. */
#ifndef GD_ERROR_H
#define GD_ERROR_H

#include "bytes.h"

/* What kind of failure it is; the program maps each to its exit status. */
enum gd_failure {
    GD_FAIL_NONE = 0,
    GD_FAIL_USAGE,       /* a wrong option or operand, a file that cannot be opened */
    GD_FAIL_REDIS,       /* unreachable, refused, or not a Redis */
    GD_FAIL_INPUT,       /* bad input */
    GD_FAIL_OUTPUT,      /* output could not be written */
    GD_FAIL_CLOSED,      /* nobody reads our output any more: end quietly */
    GD_FAIL_INTERRUPTED, /* a signal asked to stop */
    GD_FAIL_NOT_FOUND,   /* what was asked for is not there */
};

/* Fixed size, no ownership. Texts are cut at the end if they do not fit. */
struct gd_error {
    enum gd_failure failure;
    char message[600]; /* what was being done, to what: why it failed */
    char hint[200];    /* what to try, without brackets; may be empty */
};

/* Fills *e (NULL is allowed and ignored) and returns -1, so that `return gd_error_set(...)` works.
 * The text is without a final full stop or newline. Clears the hint. */
int gd_error_set(struct gd_error *e, enum gd_failure failure, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts what was being done before the message: "<text>: <message>". Returns -1. */
int gd_error_prefix(struct gd_error *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sets what to try: "is the server running? try --url". Returns -1. */
int gd_error_hint(struct gd_error *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes for a diagnostic: UTF-8 is kept; controls, C1 and invalid bytes are shown as \xNN; cut with
 * an ellipsis at about `max` bytes. Appends to *out, terminates it and returns the text. */
const char *gd_error_quote(struct gd_buf *out, struct gd_slice bytes, size_t max);

#endif
