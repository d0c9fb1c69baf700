/* SPDX-License-Identifier: MIT */
/* spool.c - records pass through `in`, then the file, then `out`; without a file `in` becomes
 * `out`. The file holds blocks, each what `in` held at some time behind its length, so that records
 * stay whole. */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct gd_spool {
    size_t memory_bytes;
    struct gd_buf in, out;
    size_t taken; /* bytes of out */
    int fd;       /* -1: none yet */
    off_t read, written;
};

struct gd_spool *gd_spool_new(size_t memory_bytes) {
    struct gd_spool *s = gd_calloc(1, sizeof *s);
    s->memory_bytes = memory_bytes;
    s->fd = -1;
    return s;
}

void gd_spool_free(struct gd_spool *s) {
    if (s) {
        if (s->fd >= 0) {
            close(s->fd);
        }
        gd_buf_free(&s->in);
        gd_buf_free(&s->out);
        free(s);
    }
}

static int fail(struct gd_error *e, const char *verb, const char *why) {
    gd_error_set(e, GD_FAIL_OUTPUT, "cannot %s a temporary file: %s", verb, why);
    return gd_error_hint(e, "TMPDIR says where it goes, and needs room there");
}

int gd_spool_open_file(struct gd_error *e) {
    const char *dir = getenv("TMPDIR");
    GD_AUTO_BUF path = {0};
    gd_buf_printf(&path, "%s/gdbg-XXXXXX", dir && *dir ? dir : "/tmp");
    gd_buf_terminate(&path);
    int fd = mkostemp(path.p, O_CLOEXEC);
    if (fd < 0) {
        return fail(e, "make", strerror(errno));
    }
    unlink(path.p);
    return fd;
}

static int write_all(struct gd_spool *s, const void *bytes, size_t n, struct gd_error *e) {
    for (const char *p = bytes; n;) {
        ssize_t wrote = pwrite(s->fd, p, n, s->written);
        if (wrote < 0 && errno != EINTR) {
            return fail(e, "write to", strerror(errno));
        }
        wrote = wrote < 0 ? 0 : wrote;
        p += wrote;
        n -= (size_t)wrote;
        s->written += wrote;
    }
    return 0;
}

static int read_all(struct gd_spool *s, void *bytes, size_t n, struct gd_error *e) {
    for (char *p = bytes; n;) {
        ssize_t got = pread(s->fd, p, n, s->read);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return fail(e, "read", got ? strerror(errno) : "it was cut short");
        }
        got = got < 0 ? 0 : got;
        p += got;
        n -= (size_t)got;
        s->read += got;
    }
    return 0;
}

static int put_block(struct gd_spool *s, struct gd_error *e) {
    if ((s->fd < 0 && (s->fd = gd_spool_open_file(e)) < 0) ||
        write_all(s, &s->in.n, sizeof s->in.n, e) || write_all(s, s->in.p, s->in.n, e)) {
        return -1;
    }
    gd_buf_clear(&s->in);
    return 0;
}

static int take_block(struct gd_spool *s, struct gd_error *e) {
    size_t n;
    gd_buf_free(&s->out);
    if (read_all(s, &n, sizeof n, e) || read_all(s, gd_buf_reserve(&s->out, n), n, e)) {
        return -1;
    }
    s->out.n = n;
    if (s->read == s->written) {
        s->read = s->written = 0;
        return ftruncate(s->fd, 0) ? fail(e, "empty", strerror(errno)) : 0;
    }
    return 0;
}

int gd_spool_put(struct gd_spool *s, size_t parts, const struct gd_slice *part,
                 struct gd_error *e) {
    size_t n = 0;
    for (size_t i = 0; i < parts; i++) {
        n += part[i].n;
    }
    size_t whole = sizeof n + n + 1;
    if (s->in.n && s->in.n + whole > s->memory_bytes && put_block(s, e)) {
        return -1;
    }
    gd_buf_reserve(&s->in, whole);
    gd_buf_add(&s->in, &n, sizeof n);
    for (size_t i = 0; i < parts; i++) {
        gd_buf_add_slice(&s->in, part[i]);
    }
    gd_buf_add_char(&s->in, '\0');
    return 0;
}

/* Fills `out`, all of which has been taken, with what comes next, if anything. */
static int refill(struct gd_spool *s, struct gd_error *e) {
    s->taken = 0;
    gd_buf_clear(&s->out);
    if (s->read < s->written) {
        return take_block(s, e);
    }
    struct gd_buf empty = s->out;
    s->out = s->in;
    s->in = empty;
    return 0;
}

int gd_spool_take(struct gd_spool *s, struct gd_slice *record, struct gd_error *e) {
    if (s->taken == s->out.n && refill(s, e)) {
        return -1;
    }
    if (s->taken == s->out.n) {
        return 0;
    }
    size_t n;
    memcpy(&n, s->out.p + s->taken, sizeof n);
    *record = gd_slice_of(s->out.p + s->taken + sizeof n, n);
    s->taken += sizeof n + n + 1;
    return 1;
}
