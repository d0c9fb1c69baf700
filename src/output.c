/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIPE_BYTES = 1 << 20, KEEP_BYTES = 1 << 20 };

static int fail(struct output *out, const char *what, struct gd_error *e) {
    const char *to = out->path ? out->path : "standard output";
    if (errno == EPIPE) {
        return gd_error_set(e, GD_FAIL_CLOSED, "nobody reads %s any more", to);
    }
    gd_error_set(e, GD_FAIL_OUTPUT, "cannot %s %s: %s", what, to, strerror(errno));
    return errno == ENOSPC ? gd_error_hint(e, "free some space, or write elsewhere") : -1;
}

int output_open(struct output *out, const char *path, bool atomic, struct gd_error *e) {
    out->fd = STDOUT_FILENO;
    if (!path) {
        fcntl(out->fd, F_SETPIPE_SZ, PIPE_BYTES);
        return 0;
    }
    struct stat st;
    bool regular = stat(path, &st) != 0 || S_ISREG(st.st_mode);
    out->path = gd_strdup(path);
    if (atomic && regular) {
        GD_AUTO_BUF name = {0};
        gd_buf_printf(&name, "%s.%ld.tmp", path, (long)getpid());
        out->temporary = gd_strdup(gd_buf_terminate(&name));
    }
    const char *opened = out->temporary ? out->temporary : path;
    out->fd = open(opened, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (out->fd < 0) {
        int failed = fail(out, "open", e);
        e->failure = GD_FAIL_USAGE;
        return failed;
    }
    return 0;
}

/* A file keeps what it held until there is something to put in its place. */
static void begin(struct output *out) {
    if (out->path && !out->begun) {
        int truncated = ftruncate(out->fd, 0); /* fails for what is no file, and need not be then */
        (void)truncated;
    }
    out->begun = true;
}

int output_flush(struct output *out, struct gd_error *e) {
    if (out->buf.n) {
        begin(out);
    }
    const char *p = out->buf.p;
    size_t left = out->buf.n;
    while (left) {
        ssize_t n = write(out->fd, p, left);
        if (n < 0 && errno == EAGAIN) {
            struct pollfd writable = {.fd = out->fd, .events = POLLOUT};
            poll(&writable, 1, -1);
        } else if (n < 0 && errno != EINTR) {
            gd_buf_clear(&out->buf);
            return fail(out, "write to", e);
        } else if (n > 0) {
            p += n;
            left -= (size_t)n;
        }
    }
    gd_buf_clear(&out->buf);
    if (out->buf.cap > KEEP_BYTES) {
        gd_buf_free(&out->buf);
    }
    return 0;
}

int output_close(struct output *out, bool abandon, struct gd_error *e) {
    int status = output_flush(out, e);
    gd_buf_free(&out->buf);
    if (!status && !abandon) {
        begin(out);
    }
    if (out->temporary) {
        if (!status && !abandon && (fsync(out->fd) || rename(out->temporary, out->path))) {
            status = fail(out, "write to", e);
        }
        if (status || abandon) {
            unlink(out->temporary);
        }
    }
    if (out->fd >= 0 && close(out->fd) && !status && errno != EBADF) {
        status = fail(out, "close", e);
    }
    free(out->path);
    free(out->temporary);
    out->path = out->temporary = NULL;
    out->fd = -1;
    return status;
}

bool output_is_closed(const struct output *out) {
    struct pollfd p = {.fd = out->fd};
    return poll(&p, 1, 0) > 0 && p.revents & (POLLERR | POLLHUP);
}
