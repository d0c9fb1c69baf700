/* SPDX-License-Identifier: MIT */
/* When input waits: pipes, bytes that come in drops, signals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/input.h"
#include "compressed.h"

struct pipe {
    int read_fd, write_fd;
};

static struct pipe open_pipe(void) {
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    return (struct pipe){fds[0], fds[1]};
}

static void send_bytes(struct pipe p, const char *bytes, size_t n) {
    assert_int_equal(write(p.write_fd, bytes, n), n);
}

static void a_read_from_a_pipe_returns_what_is_there(void **state) {
    (void)state;
    char text[64];
    const char *firsts[] = {"{", "P\n", "(\xB5\n", "\x1F{"};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        struct pipe p = open_pipe();
        GD_AUTO(input) in = gd_input_from_fd(p.read_fd, true, "pipe");
        send_bytes(p, firsts[i], strlen(firsts[i]));
        assert_int_equal(gd_input_read(in, text, sizeof text, NULL), strlen(firsts[i]));
        send_bytes(p, "abc", 3);
        assert_int_equal(gd_input_read(in, text, sizeof text, NULL), 3);
        assert_memory_equal(text, "abc", 3);
        close(p.write_fd);
        assert_int_equal(gd_input_read(in, text, sizeof text, NULL), 0);
    }
}

static ssize_t read_all(struct gd_input *in, struct gd_buf *text) {
    ssize_t got;
    do {
        got = gd_input_read(in, gd_buf_reserve(text, 4096), 4096, NULL);
        text->n += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    return got;
}

static void assert_same(const struct gd_buf *text, struct gd_slice expected) {
    assert_int_equal(text->n, expected.n);
    assert_true(gd_slice_equal(gd_buf_slice(text), expected));
}

/* On such a socket each read gives the bytes of one write, so that they come one at a time. */
static void assert_reads_byte_by_byte(struct gd_slice bytes, struct gd_slice expected) {
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    for (size_t i = 0; i < bytes.n; i++) {
        assert_int_equal(write(fds[1], bytes.p + i, 1), 1);
    }
    close(fds[1]);
    GD_AUTO(input) in = gd_input_from_fd(fds[0], true, "socket");
    GD_AUTO_BUF text = {0};
    assert_int_equal(read_all(in, &text), 0);
    assert_same(&text, expected);
}

static void bytes_may_come_one_at_a_time(void **state) {
    (void)state;
    GD_AUTO_BUF bytes = {0};
    assert_reads_byte_by_byte(GD_SLICE("P*M plain\n"), GD_SLICE("P*M plain\n"));
    assert_reads_byte_by_byte(GD_SLICE("\x1F"), GD_SLICE("\x1F"));
    add_zstd(&bytes, GD_SLICE("one\n"));
    add_skippable(&bytes, 0x50, 5);
    add_zstd(&bytes, GD_SLICE("two\n"));
    assert_reads_byte_by_byte(gd_buf_slice(&bytes), GD_SLICE("one\ntwo\n"));
    gd_buf_clear(&bytes);
    add_gzip(&bytes, GD_SLICE("one\n"));
    add_gzip(&bytes, GD_SLICE("two\n"));
    assert_reads_byte_by_byte(gd_buf_slice(&bytes), GD_SLICE("one\ntwo\n"));
}

static void an_empty_pipe_would_block_until_bytes_or_the_end_come(void **state) {
    (void)state;
    char text[64];
    struct pipe p = open_pipe();
    GD_AUTO(input) in = gd_input_from_fd(p.read_fd, true, "pipe");
    for (int round = 0; round < 2; round++) {
        assert_true(gd_input_would_block(in));
        send_bytes(p, "{\n", 2);
        assert_false(gd_input_would_block(in));
        assert_int_equal(gd_input_read(in, text, 1, NULL), 1);
        send_bytes(p, "}", 1);
        assert_false(gd_input_would_block(in));
        assert_int_equal(gd_input_read(in, text + 1, 1, NULL), 1);
        assert_int_equal(gd_input_read(in, text + 2, 1, NULL), 1);
        assert_memory_equal(text, "{\n}", 3);
    }
    assert_true(gd_input_would_block(in));
    close(p.write_fd);
    assert_false(gd_input_would_block(in));
    assert_int_equal(gd_input_read(in, text, sizeof text, NULL), 0);
    assert_false(gd_input_would_block(in));
}

static void a_pipe_that_ends_empty_does_not_block(void **state) {
    (void)state;
    char text[4];
    struct pipe p = open_pipe();
    GD_AUTO(input) in = gd_input_from_fd(p.read_fd, true, "pipe");
    close(p.write_fd);
    assert_false(gd_input_would_block(in));
    assert_int_equal(gd_input_read(in, text, sizeof text, NULL), 0);
}

/* Feeds a compressed pipe byte by byte; text must be offered as soon as it can be decoded, never
 * before. */
static void assert_blocks_until_text_is_there(struct gd_slice bytes, struct gd_slice expected) {
    struct pipe p = open_pipe();
    GD_AUTO(input) in = gd_input_from_fd(p.read_fd, true, "pipe");
    GD_AUTO_BUF text = {0};
    for (size_t i = 0; i < bytes.n; i++) {
        for (int again = 0; again < 40; again++) {
            assert_true(gd_input_would_block(in));
        }
        send_bytes(p, bytes.p + i, 1);
        while (!gd_input_would_block(in)) {
            ssize_t got = gd_input_read(in, gd_buf_reserve(&text, 3), 3, NULL);
            assert_true(got > 0);
            text.n += (size_t)got;
        }
    }
    assert_same(&text, expected);
    close(p.write_fd);
    assert_false(gd_input_would_block(in));
}

static void a_compressed_pipe_would_block_until_there_is_text(void **state) {
    (void)state;
    GD_AUTO_BUF bytes = {0};
    add_zstd(&bytes, GD_SLICE("one\n"));
    add_skippable(&bytes, 0x50, 9);
    add_flushed_zstd(&bytes, GD_SLICE("two\n"));
    assert_blocks_until_text_is_there(gd_buf_slice(&bytes), GD_SLICE("one\ntwo\n"));
    gd_buf_clear(&bytes);
    add_gzip(&bytes, GD_SLICE("one\n"));
    add_deflated(&bytes, GD_SLICE("two\n"), Z_SYNC_FLUSH);
    assert_blocks_until_text_is_there(gd_buf_slice(&bytes), GD_SLICE("one\ntwo\n"));
}

static void an_error_found_while_looking_ahead_is_told_by_the_next_read(void **state) {
    (void)state;
    GD_AUTO_BUF bytes = {0};
    char text[64];
    struct gd_error e = {0};
    struct pipe p = open_pipe();
    GD_AUTO(input) in = gd_input_from_fd(p.read_fd, true, "pipe");
    add_zstd(&bytes, GD_SLICE("text\n"));
    gd_buf_add_lit(&bytes, "garbage");
    send_bytes(p, bytes.p, bytes.n);
    assert_false(gd_input_would_block(in));
    assert_int_equal(gd_input_read(in, text, sizeof text, &e), 5);
    assert_false(gd_input_would_block(in));
    assert_int_equal(gd_input_read(in, text, sizeof text, &e), -1);
    assert_string_equal(e.message, "pipe: garbage after the end of the compressed data");
    assert_false(gd_input_would_block(in));
    close(p.write_fd);
}

static volatile sig_atomic_t alarms;
static volatile int stop;
static int alarm_fd = -1;

static void on_alarm(int signal) {
    (void)signal;
    if (++alarms == 3) {
        stop = alarm_fd < 0;
        if (alarm_fd >= 0 && write(alarm_fd, "{", 1) != 1) {
            abort();
        }
    }
}

/* Sends signals that interrupt read(): the third one sets stop, or writes a byte to fd. */
static void start_alarms(int fd) {
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval often = {{0, 5000}, {0, 5000}};
    alarms = stop = 0;
    alarm_fd = fd;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
}

static void stop_alarms(void) {
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
}

static void a_blocked_read_starts_again_after_signals(void **state) {
    (void)state;
    const int flags[] = {0, O_NONBLOCK};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        char text[8];
        struct pipe p = open_pipe();
        GD_AUTO(input) in = gd_input_from_fd(p.read_fd, true, "pipe");
        gd_input_set_stop(in, &stop);
        fcntl(p.read_fd, F_SETFL, flags[i]);
        start_alarms(p.write_fd);
        assert_int_equal(gd_input_read(in, text, sizeof text, NULL), 1);
        stop_alarms();
        close(p.write_fd);
    }
}

static void a_blocked_read_ends_when_told_to_stop_and_can_go_on(void **state) {
    (void)state;
    char text[8];
    struct gd_error e = {0};
    struct pipe p = open_pipe();
    GD_AUTO(input) in = gd_input_from_fd(p.read_fd, true, "pipe");
    gd_input_set_stop(in, &stop);
    start_alarms(-1);
    assert_int_equal(gd_input_read(in, text, sizeof text, &e), -1);
    stop_alarms();
    assert_int_equal(e.failure, GD_FAIL_INTERRUPTED);
    stop = 0;
    send_bytes(p, "(go on", 6);
    assert_int_equal(gd_input_read(in, text, sizeof text, &e), 6);
    close(p.write_fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_from_a_pipe_returns_what_is_there),
        cmocka_unit_test(bytes_may_come_one_at_a_time),
        cmocka_unit_test(an_empty_pipe_would_block_until_bytes_or_the_end_come),
        cmocka_unit_test(a_pipe_that_ends_empty_does_not_block),
        cmocka_unit_test(a_compressed_pipe_would_block_until_there_is_text),
        cmocka_unit_test(an_error_found_while_looking_ahead_is_told_by_the_next_read),
        cmocka_unit_test(a_blocked_read_starts_again_after_signals),
        cmocka_unit_test(a_blocked_read_ends_when_told_to_stop_and_can_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
