/* SPDX-License-Identifier: MIT */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { BUFFER_BYTES = 128 * 1024, MAGIC_BYTES = 4, WINDOW_LOG_MAX = 27 };

/* What a step returns besides a number of bytes, 0 for the end and -1 for an error. */
enum { WOULD_WAIT = -2 };

/* What the bytes at hand belong to. UNKNOWN at the start and between frames, where the next bytes
 * say what follows. */
enum coding { UNKNOWN, PLAIN, ZSTD, GZIP };

struct gd_input {
    int fd;
    bool owned, waits; /* waits: a read may have to wait for somebody (not a regular file) */
    char *name;
    const volatile int *stop;

    enum coding coding;
    bool any_frame;  /* a frame or member has begun: plain text may no longer come */
    bool more_ready; /* the decoder filled the last output, and may hold more */
    ZSTD_DStream *zstd;
    z_stream *gzip;

    char *bytes; /* read and not yet used: bytes[pos .. n); NULL until needed */
    size_t pos, n;

    char ahead; /* a byte of text that gd_input_would_block() had to decode */
    bool has_ahead;
    bool failed; /* for good: error says why */
    bool over;   /* the end has come, or the error has been told */
    struct gd_error error;
};

static int fail(struct gd_input *in, enum gd_failure failure, const char *what, const char *why) {
    GD_AUTO_BUF name = {0};
    gd_error_quote(&name, gd_slice_str(in->name), 200);
    return gd_error_set(&in->error, failure, "%s: %s%s%s", name.p, what, why ? ": " : "",
                        why ? why : "");
}

static bool is_readable(int fd, int timeout_ms) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, timeout_ms) > 0;
}

/* read(), over signals and over descriptors that somebody made non-blocking. */
static ssize_t read_some(struct gd_input *in, char *p, size_t n, bool wait) {
    for (;;) {
        if (in->stop && *in->stop) {
            return fail(in, GD_FAIL_INTERRUPTED, "interrupted", NULL);
        }
        if (!wait && in->waits && !is_readable(in->fd, 0)) {
            return WOULD_WAIT;
        }
        ssize_t got = read(in->fd, p, n);
        if (got >= 0) {
            return got;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait) {
                return WOULD_WAIT;
            }
            is_readable(in->fd, -1);
        } else if (errno != EINTR) {
            return fail(in, GD_FAIL_INPUT, "cannot read", strerror(errno));
        }
    }
}

/* Reads more behind the bytes not yet used, which are never more than a few. */
static ssize_t fill(struct gd_input *in, bool wait) {
    in->n -= in->pos;
    memmove(in->bytes, in->bytes + in->pos, in->n);
    in->pos = 0;
    ssize_t got = read_some(in, in->bytes + in->n, BUFFER_BYTES - in->n, wait);
    in->n += got > 0 ? (size_t)got : 0;
    return got;
}

/* Which coding the n bytes at p begin; UNKNOWN while more of them could still make one. */
static enum coding identify(const char *p, size_t n) {
    static const unsigned char zstd[] = {0x28, 0xB5, 0x2F, 0xFD}, gzip[] = {0x1F, 0x8B},
                               skippable[] = {0x50, 0x2A, 0x4D, 0x18};
    unsigned char head[MAGIC_BYTES] = {0};
    memcpy(head, p, n < MAGIC_BYTES ? n : MAGIC_BYTES);
    if (memcmp(head, gzip, n < sizeof gzip ? n : sizeof gzip) == 0) {
        return n < sizeof gzip ? UNKNOWN : GZIP;
    }
    size_t seen = n < MAGIC_BYTES ? n : MAGIC_BYTES;
    bool is_zstd = memcmp(head, zstd, seen) == 0;
    head[0] &= 0xF0;
    if (!is_zstd && memcmp(head, skippable, seen) != 0) {
        return PLAIN;
    }
    return n < MAGIC_BYTES ? UNKNOWN : ZSTD;
}

static int prepare_zstd(struct gd_input *in) {
    if (!in->zstd) {
        in->zstd = ZSTD_createDStream();
        if (!in->zstd) {
            return fail(in, GD_FAIL_INPUT, "cannot decode zstd stream", "not enough memory");
        }
        ZSTD_DCtx_setParameter(in->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    }
    return 0;
}

static int prepare_gzip(struct gd_input *in) {
    if (in->gzip) {
        return inflateReset(in->gzip);
    }
    in->gzip = gd_calloc(1, sizeof *in->gzip);
    int status = inflateInit2(in->gzip, 16 + MAX_WBITS);
    return status == Z_OK ? 0
                          : fail(in, GD_FAIL_INPUT, "cannot decode gzip stream", zError(status));
}

/* Finds out what comes next. 1 when known, else as a step. */
static ssize_t begin(struct gd_input *in, bool wait) {
    enum coding coding;
    if (!in->bytes) {
        in->bytes = gd_malloc(BUFFER_BYTES);
    }
    while ((coding = identify(in->bytes + in->pos, in->n - in->pos)) == UNKNOWN) {
        ssize_t got = fill(in, wait);
        if (got < 0 || (got == 0 && in->pos == in->n)) {
            return got;
        }
        if (got == 0 && in->any_frame) {
            return fail(in, GD_FAIL_INPUT,
                        "compressed data ends in the middle of a header (truncated?)", NULL);
        }
        if (got == 0) {
            coding = PLAIN;
            break;
        }
    }
    if (coding == PLAIN && in->any_frame) {
        return fail(in, GD_FAIL_INPUT, "garbage after the end of the compressed data", NULL);
    }
    if ((coding == ZSTD && prepare_zstd(in) != 0) || (coding == GZIP && prepare_gzip(in) != 0)) {
        return -1;
    }
    in->coding = coding;
    in->any_frame = coding != PLAIN;
    return 1;
}

/* What came while finding out is given first; from then on reads go straight to the caller. */
static ssize_t copy_plain(struct gd_input *in, char *p, size_t n, bool wait) {
    if (!in->bytes) {
        return read_some(in, p, n, wait);
    }
    size_t left = in->n - in->pos;
    n = n < left ? n : left;
    memcpy(p, in->bytes + in->pos, n);
    in->pos += n;
    if (in->pos == in->n) {
        free(in->bytes);
        in->bytes = NULL;
        in->pos = in->n = 0;
    }
    return (ssize_t)n;
}

static ssize_t run_zstd(struct gd_input *in, char *p, size_t n) {
    ZSTD_inBuffer from = {in->bytes, in->n, in->pos};
    ZSTD_outBuffer to = {p, n, 0};
    size_t wanted = ZSTD_decompressStream(in->zstd, &to, &from);
    in->pos = from.pos;
    if (ZSTD_getErrorCode(wanted) == ZSTD_error_frameParameter_windowTooLarge) {
        return fail(in, GD_FAIL_INPUT, "zstd stream needs a window of more than 128 MiB", NULL);
    }
    if (ZSTD_isError(wanted)) {
        return fail(in, GD_FAIL_INPUT, "cannot decode zstd stream", ZSTD_getErrorName(wanted));
    }
    in->more_ready = wanted != 0 && to.pos == n;
    in->coding = wanted == 0 ? UNKNOWN : ZSTD;
    return (ssize_t)to.pos;
}

static ssize_t run_gzip(struct gd_input *in, char *p, size_t n) {
    z_stream *z = in->gzip;
    unsigned room = n < 1u << 30 ? (unsigned)n : 1u << 30;
    z->next_in = (unsigned char *)in->bytes + in->pos;
    z->avail_in = (unsigned)(in->n - in->pos);
    z->next_out = (unsigned char *)p;
    z->avail_out = room;
    int status = inflate(z, Z_NO_FLUSH);
    ssize_t made = room - z->avail_out;
    in->pos = in->n - z->avail_in;
    bool damaged = status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR;
    if (damaged && made == 0) {
        return fail(in, GD_FAIL_INPUT, "cannot decode gzip stream",
                    z->msg ? z->msg : zError(status));
    }
    in->more_ready = status != Z_STREAM_END && (z->avail_out == 0 || damaged);
    in->coding = status == Z_STREAM_END ? UNKNOWN : GZIP;
    return made;
}

/* Decodes until there is some text. A decoder that has used all its input and has nothing in store
 * is not called: zstd takes calls that lead nowhere for an error. */
static ssize_t decode(struct gd_input *in, char *p, size_t n, bool wait) {
    bool is_zstd = in->coding == ZSTD;
    while (in->coding != UNKNOWN) {
        if (in->pos == in->n && !in->more_ready) {
            ssize_t got = fill(in, wait);
            if (got < 0) {
                return got;
            }
            if (got == 0) {
                return fail(in, GD_FAIL_INPUT,
                            is_zstd ? "zstd stream ends in the middle of a frame (truncated?)"
                                    : "gzip stream ends in the middle of a member (truncated?)",
                            NULL);
            }
        }
        ssize_t made = is_zstd ? run_zstd(in, p, n) : run_gzip(in, p, n);
        if (made != 0) {
            return made;
        }
    }
    return 0;
}

static ssize_t step(struct gd_input *in, char *p, size_t n, bool wait) {
    for (;;) {
        if (in->coding == UNKNOWN) {
            ssize_t known = begin(in, wait);
            if (known <= 0) {
                return known;
            }
        }
        if (in->coding == PLAIN) {
            return copy_plain(in, p, n, wait);
        }
        ssize_t made = decode(in, p, n, wait);
        if (made != 0) {
            return made;
        }
    }
}

/* Some text to p, n above 0: its length, 0 at the end, -1 with in->error, or WOULD_WAIT. */
static ssize_t advance(struct gd_input *in, char *p, size_t n, bool wait) {
    ssize_t got = step(in, p, n, wait);
    in->over = got == 0;
    in->failed = got == -1 && in->error.failure != GD_FAIL_INTERRUPTED;
    return got;
}

int gd_input_open(struct gd_input **out, const char *path, struct gd_error *e) {
    *out = NULL;
    if (strcmp(path, "-") == 0) {
        *out = gd_input_from_fd(STDIN_FILENO, false, "standard input");
        return 0;
    }
    GD_AUTO_BUF name = {0};
    gd_error_quote(&name, gd_slice_str(path), 200);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return gd_error_set(e, errno == EINTR ? GD_FAIL_INTERRUPTED : GD_FAIL_USAGE,
                            "cannot open %s: %s", name.p, strerror(errno));
    }
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        return gd_error_set(e, GD_FAIL_USAGE, "cannot open %s: %s", name.p, strerror(EISDIR));
    }
    *out = gd_input_from_fd(fd, true, path);
    return 0;
}

struct gd_input *gd_input_from_fd(int fd, bool owned, const char *name) {
    struct stat st;
    struct gd_input *in = gd_calloc(1, sizeof *in);
    in->fd = fd;
    in->owned = owned;
    in->waits = fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
    in->name = gd_strdup(name);
    return in;
}

void gd_input_free(struct gd_input *in) {
    if (!in) {
        return;
    }
    if (in->owned) {
        close(in->fd);
    }
    ZSTD_freeDStream(in->zstd);
    if (in->gzip) {
        inflateEnd(in->gzip);
    }
    free(in->gzip);
    free(in->bytes);
    free(in->name);
    free(in);
}

const char *gd_input_name(const struct gd_input *in) {
    return in->name;
}

int gd_input_fd(const struct gd_input *in) {
    return in->fd;
}

void gd_input_set_stop(struct gd_input *in, const volatile int *stop) {
    in->stop = stop;
}

/* The byte that was decoded ahead, and what else there is without waiting. */
static ssize_t give_ahead(struct gd_input *in, char *p, size_t n) {
    p[0] = in->ahead;
    in->has_ahead = false;
    ssize_t more = n > 1 ? advance(in, p + 1, n - 1, false) : 0;
    return more > 0 ? 1 + more : 1;
}

ssize_t gd_input_read(struct gd_input *in, char *p, size_t n, struct gd_error *e) {
    if (n == 0) {
        return 0;
    }
    if (in->has_ahead) {
        return give_ahead(in, p, n);
    }
    if (in->over) {
        return 0;
    }
    ssize_t got = in->failed ? -1 : advance(in, p, n, true);
    if (got < 0) {
        in->over = in->failed;
        if (e) {
            *e = in->error;
        }
    }
    return got;
}

bool gd_input_would_block(struct gd_input *in) {
    if (!in->waits || in->over || in->failed || in->has_ahead) {
        return false;
    }
    if (in->coding == PLAIN && !in->bytes) {
        return !is_readable(in->fd, 0);
    }
    ssize_t got = advance(in, &in->ahead, 1, false);
    in->has_ahead = got > 0;
    return got == WOULD_WAIT;
}
