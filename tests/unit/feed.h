/* SPDX-License-Identifier: MIT */
/* feed.h - lines of text given to the cursor over lines, whole or in pieces, and what came out of
 * it, written down. To be included behind cmocka.h. */
#ifndef GD_TEST_FEED_H
#define GD_TEST_FEED_H

#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../lib/source.h"

/* A regular file without a name that holds the bytes. */
static inline struct gd_input *file_of(struct gd_slice bytes) {
    int fd = memfd_create("in", MFD_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t at = 0; at < bytes.n;) {
        ssize_t wrote = write(fd, bytes.p + at, bytes.n - at);
        assert_true(wrote > 0);
        at += (size_t)wrote;
    }
    lseek(fd, 0, SEEK_SET);
    return gd_input_from_fd(fd, true, "in");
}

/* On such a socket each read gives the bytes of one write. */
static inline struct gd_input *socket_of(int *write_fd) {
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    *write_fd = fds[1];
    return gd_input_from_fd(fds[0], true, "in");
}

/* Reads until there is nothing now, and appends what came, one line each: "message 3: {...}". */
static inline enum gd_next read_on(struct gd_source *s, struct gd_buf *log) {
    static const char *const names[] = {"message", "event", "text", "bad"};
    for (;;) {
        struct gd_message m;
        struct gd_error e = {0};
        enum gd_next next = gd_source_next(s, &m, &e);
        if (next > GD_NEXT_BAD) {
            return next;
        }
        gd_buf_printf(log, "%s %d: ", names[next], (int)gd_lines_number(s));
        if (next == GD_NEXT_BAD) {
            assert_int_equal(e.failure, GD_FAIL_INPUT);
            gd_buf_add_str(log, e.message);
        } else {
            gd_buf_add_slice(log, m.line);
        }
        gd_buf_add_char(log, '\n');
    }
}

static inline const char *log_of_file(struct gd_slice text, struct gd_lines_options options,
                                      struct gd_buf *log) {
    struct gd_input *in = file_of(text);
    GD_AUTO(source) s = gd_lines_open(&in, &options);
    assert_null(in);
    assert_string_equal(gd_lines_name(s), "in");
    assert_int_equal(read_on(s, log), GD_NEXT_END);
    assert_int_equal(read_on(s, log), GD_NEXT_END);
    return gd_buf_terminate(log);
}

/* piece() says how long the next piece is to be, at least 1. */
static inline const char *log_of_pieces(struct gd_slice text, struct gd_lines_options options,
                                        size_t (*piece)(void *), void *state, struct gd_buf *log) {
    int write_fd;
    struct gd_input *in = socket_of(&write_fd);
    GD_AUTO(source) s = gd_lines_open(&in, &options);
    for (size_t at = 0; at < text.n;) {
        size_t n = piece(state);
        n = n < text.n - at ? n : text.n - at;
        assert_int_equal(write(write_fd, text.p + at, n), n);
        at += n;
        assert_int_equal(read_on(s, log), GD_NEXT_IDLE);
        assert_int_equal(gd_source_wait(s, 0, NULL), 0);
    }
    close(write_fd);
    assert_int_equal(read_on(s, log), GD_NEXT_END);
    return gd_buf_terminate(log);
}

static inline size_t one_byte(void *state) {
    (void)state;
    return 1;
}

#endif
