/* SPDX-License-Identifier: MIT */
/* Long lines, long files, and lines that are longer than allowed: what they cost is bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "feed.h"
#include "samples.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

static const struct gd_lines_options short_lines = {.max_bytes = 100, .text = true};

/* {"a":"xxx..."}, n bytes in all. */
static void add_object(struct gd_buf *out, size_t n) {
    char *p = gd_buf_reserve(out, n);
    memset(p, 'x', n);
    memcpy(p, "{\"a\":\"", 6);
    memcpy(p + n - 2, "\"}", 2);
    out->n += n;
}

static void add_text(struct gd_buf *out, size_t n) {
    memset(gd_buf_reserve(out, n), 'x', n);
    out->n += n;
}

static size_t any_bytes(void *state) {
    return 1 + pick(state, 5000);
}

static size_t sixty_bytes(void *state) {
    (void)state;
    return 60;
}

/* A log without what the lines hold: "message 1: {\"a\":\"" and the like are enough. */
static const char *kinds_of(struct gd_buf *log) {
    size_t kept = 0;
    for (const char *p = log->p, *end = p + log->n; p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p)),
                   *colon = memchr(p, ':', (size_t)(end - p));
        bool is_long = memmem(p, (size_t)(stop - p), "longer than", 11) != NULL;
        memmove(log->p + kept, p, (size_t)(colon - p));
        kept += (size_t)(colon - p);
        log->p[kept++] = is_long ? '!' : ' ';
        p = stop + 1;
    }
    log->n = kept;
    return gd_buf_terminate(log);
}

static void assert_kinds(struct gd_slice text, struct gd_lines_options options,
                         const char *expected) {
    static size_t (*const sizes[])(void *) = {one_byte, sixty_bytes, any_bytes};
    struct random r = {9};
    GD_AUTO_BUF whole = {0};
    log_of_file(text, options, &whole);
    assert_string_equal(kinds_of(&whole), expected);
    for (size_t i = 0; i < 3; i++) {
        GD_AUTO_BUF pieces = {0};
        log_of_pieces(text, options, sizes[i], &r, &pieces);
        assert_string_equal(kinds_of(&pieces), expected);
    }
}

static void a_line_may_be_as_long_as_allowed_and_no_longer(void **state) {
    (void)state;
    for (size_t n = 98; n <= 103; n++) {
        GD_AUTO_BUF text = {0};
        add_object(&text, n);
        gd_buf_add_lit(&text, "\n");
        add_text(&text, n);
        gd_buf_add_lit(&text, "\n{}\n");
        assert_kinds(gd_buf_slice(&text), short_lines,
                     n > 100 ? "bad 1!bad 2!message 3 " : "message 1 text 2 message 3 ");
    }
}

/* Blanks and a carriage return belong to the line. */
static void all_of_a_line_counts(void **state) {
    (void)state;
    static const char *const around[][3] = {{"", "", "message 1 "},
                                            {"", "\r", "bad 1!"},
                                            {" ", "", "bad 1!"},
                                            {"", " ", "bad 1!"},
                                            {"\n", "", "message 2 "}};
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        GD_AUTO_BUF text = {0};
        gd_buf_add_str(&text, around[i][0]);
        add_object(&text, 100);
        gd_buf_add_str(&text, around[i][1]);
        gd_buf_add_lit(&text, "\n");
        assert_kinds(gd_buf_slice(&text), short_lines, around[i][2]);
    }
}

static void a_long_line_is_said_to_be_too_long_whatever_else_it_is(void **state) {
    (void)state;
    static const char *const ends[] = {"\n{}\n", "\r\n{}\n"};
    for (size_t i = 0; i < 2; i++) {
        GD_AUTO_BUF text = {0};
        gd_buf_add_lit(&text, "{\"a\":[\"");
        add_text(&text, 300);
        gd_buf_add_str(&text, ends[i]);
        assert_kinds(gd_buf_slice(&text), short_lines, "bad 1!message 2 ");
    }
    GD_AUTO_BUF last = {0};
    gd_buf_add_lit(&last, "{}\n");
    add_object(&last, 300);
    assert_kinds(gd_buf_slice(&last), short_lines, "message 1 bad 2!");
    gd_buf_add_lit(&last, "\n");
    add_text(&last, 300);
    assert_kinds(gd_buf_slice(&last), short_lines, "message 1 bad 2!bad 3!");
}

static void the_limit_is_named_with_the_option_that_sets_it(void **state) {
    (void)state;
    GD_AUTO_BUF text = {0};
    GD_AUTO_BUF log = {0};
    add_object(&text, 101);
    assert_string_equal(log_of_file(gd_buf_slice(&text), short_lines, &log),
                        "bad 1: in, line 1: longer than 100 bytes (--max-size)\n");
}

/* Lines of all lengths, many times what is read at a time, in which numbers and places must hold.
 */
static void a_file_longer_than_the_buffer_is_read_line_by_line(void **state) {
    (void)state;
    GD_AUTO_BUF text = {0};
    struct random r = {12};
    const struct gd_lines_options any = {0};
    size_t lines = 3000, at = 0;
    for (size_t i = 0; i < lines; i++) {
        add_object(&text, 20 + (pick(&r, 50) ? pick(&r, 3000) : pick(&r, 700 * KIB)));
        gd_buf_add_lit(&text, "\n");
    }
    assert_true(text.n > 10 * MIB);
    struct gd_input *in = file_of(gd_buf_slice(&text));
    GD_AUTO(source) s = gd_lines_open(&in, &any);
    for (size_t i = 1; i <= lines; i++) {
        struct gd_message m;
        struct gd_error e;
        assert_int_equal(gd_source_next(s, &m, &e), GD_NEXT_MESSAGE);
        assert_int_equal(gd_lines_number(s), i);
        assert_memory_equal(m.line.p, text.p + at, m.line.n);
        assert_int_equal(text.p[at + m.line.n], '\n');
        at += m.line.n + 1;
    }
    assert_int_equal(at, text.n);
}

static void a_line_of_five_megabytes_is_read_in_pieces_as_well(void **state) {
    (void)state;
    GD_AUTO_BUF text = {0};
    const struct gd_lines_options any = {0};
    add_object(&text, 5 * MIB);
    gd_buf_add_lit(&text, "\n{}\n");
    assert_kinds(gd_slice_of(text.p + 5 * MIB - 1000, 1004), any, "bad 1 message 2 ");
    struct random r = {6};
    GD_AUTO_BUF log = {0};
    log_of_pieces(gd_buf_slice(&text), any, any_bytes, &r, &log);
    assert_int_equal(log.n, strlen("message 1: ") + 5 * MIB + 1 + strlen("message 2: {}\n"));
    assert_memory_equal(log.p + strlen("message 1: "), text.p, 5 * MIB);
}

/* Writes this many bytes of one line, its break, and another line. */
static void write_long_line(int fd, size_t n) {
    GD_AUTO_BUF block = {0};
    add_text(&block, MIB);
    assert_int_equal(write(fd, "{\"a\":\"", 6), 6);
    for (size_t left = n; left > 0;) {
        ssize_t wrote = write(fd, block.p, left < MIB ? left : MIB);
        assert_true(wrote > 0);
        left -= (size_t)wrote;
    }
    assert_int_equal(write(fd, "\"}\n{}\n", 6), 6);
}

static long peak_kib(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* What a child that reads the lines gives back: 0 when the line was refused in little memory. */
static int read_long_line(int fd) {
    const struct gd_lines_options options = {.max_bytes = MIB};
    struct gd_input *in = gd_input_from_fd(fd, true, "pipe");
    GD_AUTO(source) s = gd_lines_open(&in, &options);
    struct gd_message m;
    struct gd_error e;
    enum gd_next got[3];
    long before = peak_kib();
    for (int i = 0; i < 3;) {
        got[i] = gd_source_next(s, &m, &e);
        if (got[i] == GD_NEXT_IDLE) {
            gd_source_wait(s, -1, &e);
        } else {
            i++;
        }
    }
    bool right = got[0] == GD_NEXT_BAD && got[1] == GD_NEXT_MESSAGE && got[2] == GD_NEXT_END;
    return !right ? 1 : peak_kib() - before > 16 * KIB ? 2 : 0;
}

static void a_line_that_is_too_long_is_passed_over_without_being_held(void **state) {
    (void)state;
    int fds[2], status;
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        close(fds[1]);
        _exit(read_long_line(fds[0]));
    }
    close(fds[0]);
    write_long_line(fds[1], 100 * (size_t)MIB);
    close(fds[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_that_is_too_long_is_passed_over_without_being_held),
        cmocka_unit_test(a_line_may_be_as_long_as_allowed_and_no_longer),
        cmocka_unit_test(all_of_a_line_counts),
        cmocka_unit_test(a_long_line_is_said_to_be_too_long_whatever_else_it_is),
        cmocka_unit_test(the_limit_is_named_with_the_option_that_sets_it),
        cmocka_unit_test(a_file_longer_than_the_buffer_is_read_line_by_line),
        cmocka_unit_test(a_line_of_five_megabytes_is_read_in_pieces_as_well),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
