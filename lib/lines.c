/* SPDX-License-Identifier: MIT */
/* lines.c - the cursor over JSON Lines. A line ends where its object ends; a line break is searched
 * for only to get out of a bad one. */
#include "source.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "json_scan.h"

enum { READ_BYTES = 256 * 1024, DEFAULT_MAX_BYTES = 64 * 1024 * 1024 };

struct lines {
    struct gd_source base;
    struct gd_input *in;
    struct gd_decoder *decoder;
    struct gd_lines_options options;
    struct gd_buf buf;
    size_t at;       /* start of the line to be read next */
    size_t searched; /* no line break stands between at and here; 0: not searched yet */
    uint64_t number; /* of that line, from 1 */
    uint64_t given;  /* number of the line last given */
    bool started, ended, skipping;
};

const char *gd_lines_name(const struct gd_source *s) {
    return gd_input_name(((const struct lines *)s)->in);
}

uint64_t gd_lines_number(const struct gd_source *s) {
    return ((const struct lines *)s)->given;
}

static void bad(struct lines *l, struct gd_error *e, const char *at, const char *reason) {
    size_t column = at ? (size_t)(at - (l->buf.p + l->at)) + 1 : 0;
    l->given = l->number;
    if (column) {
        gd_error_set(e, GD_FAIL_INPUT, "%s, line %llu, column %zu: %s", gd_input_name(l->in),
                     (unsigned long long)l->number, column, reason);
    } else {
        gd_error_set(e, GD_FAIL_INPUT, "%s, line %llu: %s", gd_input_name(l->in),
                     (unsigned long long)l->number, reason);
    }
}

/* Reads more. 1 read something, 0 at the end, -1 failed. */
static int fill(struct lines *l, struct gd_error *e) {
    if (l->at && l->buf.n - l->at < l->at) {
        memmove(l->buf.p, l->buf.p + l->at, l->buf.n - l->at);
        l->buf.n -= l->at;
        l->searched = l->searched > l->at ? l->searched - l->at : 0;
        l->at = 0;
    }
    size_t room = l->buf.cap - l->buf.n;
    if (room < READ_BYTES / 4) {
        gd_buf_reserve(&l->buf, READ_BYTES);
        room = READ_BYTES;
    }
    ssize_t n = gd_input_read(l->in, l->buf.p + l->buf.n, room - 1, e);
    if (n < 0) {
        return -1;
    }
    l->ended = n == 0;
    l->buf.n += (size_t)n;
    gd_buf_terminate(&l->buf);
    if (!l->started && (l->buf.n >= 3 || (l->buf.n && l->buf.p[0] != '\xEF'))) {
        l->started = true;
        l->at = l->buf.n >= 3 && memcmp(l->buf.p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    }
    return n > 0;
}

/* Passes over the rest of a bad line. True when its line break was found. */
static bool skip_line(struct lines *l) {
    char *start = l->buf.p + l->at;
    char *end = memchr(start, '\n', l->buf.n - l->at);
    l->at = end ? (size_t)(end + 1 - l->buf.p) : l->buf.n;
    l->searched = 0;
    l->skipping = !end;
    l->number += end != NULL;
    return end != NULL;
}

static enum gd_next refuse(struct lines *l, struct gd_error *e, const char *at,
                           const char *reason) {
    bad(l, e, at, reason);
    skip_line(l);
    return GD_NEXT_BAD;
}

static enum gd_next refuse_long(struct lines *l, struct gd_error *e) {
    char reason[64];
    snprintf(reason, sizeof reason, "longer than %zu bytes (--max-size)", l->options.max_bytes);
    return refuse(l, e, NULL, reason);
}

static const char line_too_short[] = "the line ends within the object (truncated?)";

static bool is_long(const struct lines *l, const char *line_end) {
    return (size_t)(line_end - (l->buf.p + l->at)) > l->options.max_bytes;
}

/* A whole object was read up to `behind`. GD_NEXT_IDLE: more must be read first. */
static enum gd_next accept(struct lines *l, const char *behind, struct gd_message *m,
                           bool line_breaks, struct gd_error *e) {
    const char *end = l->buf.p + l->buf.n, *line_break;
    if (GD_UNLIKELY(line_breaks) && (line_break = memchr(m->line.p, '\n', m->line.n))) {
        return refuse(l, e, line_break, line_too_short);
    }
    while (*behind == ' ' || *behind == '\t' || *behind == '\r') {
        behind++;
    }
    if (behind == end && !l->ended) {
        return GD_NEXT_IDLE;
    }
    if (GD_UNLIKELY(*behind != '\n' && behind != end)) {
        return refuse(l, e, behind, "something stands behind the object");
    }
    if (GD_UNLIKELY(is_long(l, behind))) {
        return refuse_long(l, e);
    }
    l->at = (size_t)(behind - l->buf.p) + (behind != end);
    l->searched = 0;
    l->given = l->number++;
    return m->form == GD_FORM_EVENT ? GD_NEXT_EVENT : GD_NEXT_MESSAGE;
}

/* An object line. GD_NEXT_IDLE: more must be read first. */
static enum gd_next take_object(struct lines *l, const char *p, struct gd_message *m,
                                struct gd_error *e) {
    const char *end = l->buf.p + l->buf.n;
    struct gd_json why;
    const char *behind = gd_decoder_line(l->decoder, p, end, m, &why);
    if (GD_LIKELY(behind != NULL)) {
        return accept(l, behind, m, why.line_breaks, e);
    }
    const char *line_break = memchr(p, '\n', (size_t)(end - p));
    const char *line_end = line_break ? line_break : end;
    const char *text_end = line_end - (line_end[-1] == '\r');
    if (why.at >= text_end && !line_break && !l->ended) {
        return GD_NEXT_IDLE;
    }
    if (why.at < text_end) {
        return refuse(l, e, why.at, why.reason);
    }
    if (is_long(l, line_end)) {
        return refuse_long(l, e);
    }
    return refuse(l, e, text_end, line_too_short);
}

/* Any other line. GD_NEXT_IDLE: more must be read first. */
static enum gd_next take_text(struct lines *l, const char *p, struct gd_message *m,
                              struct gd_error *e) {
    const char *end = l->buf.p + l->buf.n, *stop = memchr(p, '\n', (size_t)(end - p));
    if (!stop && !l->ended) {
        return GD_NEXT_IDLE;
    }
    const char *last = stop ? stop : end;
    if (is_long(l, last)) {
        return refuse_long(l, e);
    }
    if (!l->options.text) {
        return refuse(l, e, p, "not a JSON object");
    }
    l->at = (size_t)(last - l->buf.p) + (stop != NULL);
    l->searched = 0;
    l->given = l->number++;
    while (last > p && (last[-1] == '\r' || last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }
    m->line = gd_slice_of(p, (size_t)(last - p));
    return GD_NEXT_TEXT;
}

/* One line out of what has been read. GD_NEXT_IDLE: more must be read first. */
static enum gd_next take_line(struct lines *l, struct gd_message *m, struct gd_error *e) {
    if (GD_UNLIKELY(l->skipping) && !skip_line(l)) {
        return GD_NEXT_IDLE;
    }
    if (l->searched > l->at && !l->ended) {
        size_t fresh = l->searched;
        l->searched = l->buf.n;
        if (!memchr(l->buf.p + fresh, '\n', l->buf.n - fresh)) {
            return GD_NEXT_IDLE;
        }
    }
    const char *p = l->buf.p + l->at, *end = l->buf.p + l->buf.n;
    while (GD_UNLIKELY(*p == '\n' || *p == ' ' || *p == '\t' || *p == '\r')) {
        if (*p++ == '\n') {
            l->at = (size_t)(p - l->buf.p);
            l->number++;
        }
    }
    if (p == end) {
        l->at = l->ended ? l->buf.n : l->at;
        return GD_NEXT_IDLE;
    }
    enum gd_next next = *p == '{' ? take_object(l, p, m, e) : take_text(l, p, m, e);
    if (next == GD_NEXT_IDLE) {
        l->searched = l->buf.n;
    }
    return next;
}

static enum gd_next next_line(struct gd_source *s, struct gd_message *m, struct gd_error *e) {
    struct lines *l = (struct lines *)s;
    for (;;) {
        if (l->at < l->buf.n) {
            enum gd_next next = take_line(l, m, e);
            if (GD_LIKELY(next != GD_NEXT_IDLE)) {
                return next;
            }
        }
        if (l->ended) {
            return GD_NEXT_END;
        }
        if (l->at == l->buf.n) {
            l->at = l->buf.n = l->searched = 0;
        }
        if (l->buf.n - l->at > l->options.max_bytes) {
            return refuse_long(l, e);
        }
        if (gd_input_would_block(l->in)) {
            return GD_NEXT_IDLE;
        }
        if (fill(l, e) < 0) {
            l->ended = true;
            l->at = l->buf.n;
            return GD_NEXT_FAILED;
        }
    }
}

static int wait_for_input(struct gd_source *s, int64_t timeout_ms, struct gd_error *e) {
    struct lines *l = (struct lines *)s;
    struct pollfd p = {.fd = gd_input_fd(l->in), .events = POLLIN};
    if (poll(&p, 1, timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms) < 0 && errno != EINTR) {
        return gd_error_set(e, GD_FAIL_INPUT, "cannot wait for %s: %s", gd_input_name(l->in),
                            strerror(errno));
    }
    return 0;
}

static void free_lines(struct gd_source *s) {
    struct lines *l = (struct lines *)s;
    gd_input_free(l->in);
    gd_decoder_free(l->decoder);
    gd_buf_free(&l->buf);
    free(l);
}

struct gd_source *gd_lines_open(struct gd_input **in, const struct gd_lines_options *options) {
    static const struct gd_source_ops ops = {next_line, wait_for_input, free_lines};
    struct lines *l = gd_calloc(1, sizeof *l);
    l->base.ops = &ops;
    l->in = *in;
    *in = NULL;
    l->options = *options;
    l->options.max_bytes = options->max_bytes ? options->max_bytes : DEFAULT_MAX_BYTES;
    l->number = 1;
    l->decoder = gd_decoder_new();
    gd_decoder_structure_only(l->decoder, options->structure_only);
    return &l->base;
}
