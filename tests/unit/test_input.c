/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/input.h"
#include "compressed.h"

/* Recorded text, compressible but not trivially so, long enough for several zstd blocks. */
enum { LINES = 20000 };

static void add_text(struct gd_buf *out, int lines) {
    uint32_t random = 1;
    for (int i = 0; i < lines; i++) {
        random = random * 1664525u + 1013904223u;
        gd_buf_printf(out, "{\"id\":\"%u\",\"topic\":\"topic-%u\",\"n\":%d}\n", random, random % 7,
                      i);
    }
}

/* A regular file without a name that holds the bytes. */
static int file_of(struct gd_slice bytes) {
    int fd = memfd_create("sample", MFD_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t at = 0; at < bytes.n;) {
        ssize_t wrote = write(fd, bytes.p + at, bytes.n - at);
        assert_true(wrote > 0);
        at += (size_t)wrote;
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static struct gd_input *input_of(struct gd_slice bytes) {
    return gd_input_from_fd(file_of(bytes), true, "some.jsonl");
}

/* Reads to the end in pieces of n; gives what the last read returned. */
static ssize_t read_all(struct gd_input *in, struct gd_buf *text, size_t n, struct gd_error *e) {
    ssize_t got;
    do {
        got = gd_input_read(in, gd_buf_reserve(text, n), n, e);
        text->n += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    return got;
}

static void assert_same(const struct gd_buf *text, struct gd_slice expected) {
    assert_int_equal(text->n, expected.n);
    assert_true(gd_slice_equal(gd_buf_slice(text), expected));
}

static void assert_reads(struct gd_slice bytes, struct gd_slice expected) {
    const size_t pieces[] = {256 * 1024, 4096, 1};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        GD_AUTO(input) in = input_of(bytes);
        GD_AUTO_BUF text = {0};
        struct gd_error e = {0};
        assert_int_equal(read_all(in, &text, pieces[i], &e), 0);
        assert_same(&text, expected);
        assert_int_equal(gd_input_read(in, gd_buf_reserve(&text, 1), 1, &e), 0);
    }
}

/* All of expected, then the error, told once. */
static void assert_breaks(struct gd_slice bytes, struct gd_slice expected, const char *message) {
    const size_t pieces[] = {256 * 1024, 1};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        GD_AUTO(input) in = input_of(bytes);
        GD_AUTO_BUF text = {0};
        struct gd_error e = {0};
        assert_int_equal(read_all(in, &text, pieces[i], &e), -1);
        assert_same(&text, expected);
        assert_int_equal(e.failure, GD_FAIL_INPUT);
        assert_string_equal(e.message, message);
        assert_int_equal(gd_input_read(in, gd_buf_reserve(&text, 1), 1, &e), 0);
    }
}

static void plain_bytes_come_as_they_are(void **state) {
    (void)state;
    GD_AUTO_BUF text = {0};
    add_text(&text, LINES);
    assert_reads(gd_buf_slice(&text), gd_buf_slice(&text));
    assert_reads(GD_SLICE("\xEF\xBB\xBF\0\n"), GD_SLICE("\xEF\xBB\xBF\0\n"));
}

static void an_empty_file_ends_at_once(void **state) {
    (void)state;
    assert_reads(GD_SLICE(""), GD_SLICE(""));
}

static void the_beginning_of_a_magic_number_is_plain(void **state) {
    (void)state;
    const char *texts[] = {"(", "(\xB5/", "(\xB5/x", "P", "P*", "P*M", "P*M\n", "\x1F", "\x1Fx"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_reads(gd_slice_str(texts[i]), gd_slice_str(texts[i]));
    }
}

static void zstd_frames_in_a_row_are_one_text(void **state) {
    (void)state;
    GD_AUTO_BUF text = {0};
    GD_AUTO_BUF bytes = {0};
    add_text(&text, LINES);
    for (size_t at = 0; at < text.n; at += 300000) {
        size_t n = text.n - at < 300000 ? text.n - at : 300000;
        add_zstd(&bytes, gd_slice_of(text.p + at, n));
    }
    assert_reads(gd_buf_slice(&bytes), gd_buf_slice(&text));
}

static void skippable_frames_are_skipped_wherever_they_stand(void **state) {
    (void)state;
    GD_AUTO_BUF bytes = {0};
    add_skippable(&bytes, 0x50, 300);
    add_zstd(&bytes, GD_SLICE("one\n"));
    add_skippable(&bytes, 0x5E, 0);
    add_zstd(&bytes, GD_SLICE(""));
    add_zstd(&bytes, GD_SLICE("two\n"));
    add_skippable(&bytes, 0x50, 200000);
    add_skippable(&bytes, 0x5F, 17);
    assert_reads(gd_buf_slice(&bytes), GD_SLICE("one\ntwo\n"));
}

static void a_file_of_skippable_frames_is_empty(void **state) {
    (void)state;
    GD_AUTO_BUF bytes = {0};
    add_skippable(&bytes, 0x55, 5);
    assert_reads(gd_buf_slice(&bytes), GD_SLICE(""));
}

static void gzip_members_in_a_row_are_one_text(void **state) {
    (void)state;
    GD_AUTO_BUF text = {0};
    GD_AUTO_BUF bytes = {0};
    add_text(&text, LINES);
    add_gzip(&bytes, gd_slice_of(text.p, 700000));
    add_gzip(&bytes, GD_SLICE(""));
    add_gzip(&bytes, gd_slice_of(text.p + 700000, text.n - 700000));
    assert_reads(gd_buf_slice(&bytes), gd_buf_slice(&text));
}

static void zstd_frames_and_gzip_members_may_follow_each_other(void **state) {
    (void)state;
    GD_AUTO_BUF bytes = {0};
    add_zstd(&bytes, GD_SLICE("one\n"));
    add_gzip(&bytes, GD_SLICE("two\n"));
    add_zstd(&bytes, GD_SLICE("three\n"));
    assert_reads(gd_buf_slice(&bytes), GD_SLICE("one\ntwo\nthree\n"));
}

static void a_truncated_zstd_stream_gives_what_is_there_and_then_fails(void **state) {
    (void)state;
    GD_AUTO_BUF text = {0};
    GD_AUTO_BUF bytes = {0};
    add_text(&text, LINES);
    add_zstd(&bytes, gd_slice_of(text.p, 500000));
    add_flushed_zstd(&bytes, gd_slice_of(text.p + 500000, text.n - 500000));
    assert_breaks(gd_buf_slice(&bytes), gd_buf_slice(&text),
                  "some.jsonl: zstd stream ends in the middle of a frame (truncated?)");
}

static void a_truncated_gzip_stream_gives_what_is_there_and_then_fails(void **state) {
    (void)state;
    GD_AUTO_BUF text = {0};
    GD_AUTO_BUF bytes = {0};
    add_text(&text, LINES);
    add_deflated(&bytes, gd_buf_slice(&text), Z_SYNC_FLUSH);
    assert_breaks(gd_buf_slice(&bytes), gd_buf_slice(&text),
                  "some.jsonl: gzip stream ends in the middle of a member (truncated?)");
}

/* Cut anywhere but between frames, it is an error, and what was read is a beginning of the text. */
static void assert_no_cut_goes_unseen(struct gd_slice bytes, size_t boundary) {
    for (size_t n = 5; n < bytes.n; n++) {
        GD_AUTO(input) in = input_of(gd_slice_of(bytes.p, n));
        GD_AUTO_BUF text = {0};
        struct gd_error e = {0};
        assert_int_equal(read_all(in, &text, 4096, &e), n == boundary ? 0 : -1);
        assert_true(gd_slice_starts(GD_SLICE("first\nsecond\n"), gd_buf_slice(&text)));
        assert_true(n < boundary || gd_slice_starts(gd_buf_slice(&text), GD_SLICE("first\n")));
        assert_true(n == boundary || strstr(e.message, "(truncated?)"));
    }
}

static void no_cut_goes_unseen(void **state) {
    (void)state;
    GD_AUTO_BUF zstd = {0};
    GD_AUTO_BUF gzip = {0};
    add_zstd(&zstd, GD_SLICE("first\n"));
    size_t zstd_boundary = zstd.n;
    add_zstd(&zstd, GD_SLICE("second\n"));
    assert_no_cut_goes_unseen(gd_buf_slice(&zstd), zstd_boundary);
    add_gzip(&gzip, GD_SLICE("first\n"));
    size_t gzip_boundary = gzip.n;
    add_gzip(&gzip, GD_SLICE("second\n"));
    assert_no_cut_goes_unseen(gd_buf_slice(&gzip), gzip_boundary);
}

static void garbage_after_compressed_data_is_an_error(void **state) {
    (void)state;
    struct gd_slice garbage[] = {GD_SLICE("\n"), GD_SLICE("\0\0\0\0\0\0\0\0"),
                                 GD_SLICE("{\"n\":1}\n")};
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        GD_AUTO_BUF zstd = {0};
        GD_AUTO_BUF gzip = {0};
        add_zstd(&zstd, GD_SLICE("text\n"));
        gd_buf_add_slice(&zstd, garbage[i]);
        assert_breaks(gd_buf_slice(&zstd), GD_SLICE("text\n"),
                      "some.jsonl: garbage after the end of the compressed data");
        add_gzip(&gzip, GD_SLICE("text\n"));
        gd_buf_add_slice(&gzip, garbage[i]);
        assert_breaks(gd_buf_slice(&gzip), GD_SLICE("text\n"),
                      "some.jsonl: garbage after the end of the compressed data");
    }
}

static void assert_damaged(struct gd_buf *bytes, const char *message) {
    GD_AUTO_BUF text = {0};
    struct gd_error e = {0};
    bytes->p[bytes->n - 4] ^= 1;
    GD_AUTO(input) in = input_of(gd_buf_slice(bytes));
    assert_int_equal(read_all(in, &text, 4096, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_INPUT);
    assert_true(gd_slice_starts(gd_slice_str(e.message), gd_slice_str(message)));
}

static void damage_is_found_by_the_checksum(void **state) {
    (void)state;
    GD_AUTO_BUF zstd = {0};
    GD_AUTO_BUF gzip = {0};
    add_zstd(&zstd, GD_SLICE("a text\n"));
    assert_damaged(&zstd, "some.jsonl: cannot decode zstd stream: ");
    add_gzip(&gzip, GD_SLICE("a text\n"));
    assert_damaged(&gzip, "some.jsonl: cannot decode gzip stream: ");
}

static void a_window_above_128_mib_is_refused(void **state) {
    (void)state;
    /* Frame headers without a size, window logs 27 and 28, then one raw block of 1 byte. */
    assert_reads(GD_SLICE("\x28\xB5\x2F\xFD\0\x88\x09\0\0x"), GD_SLICE("x"));
    assert_breaks(GD_SLICE("\x28\xB5\x2F\xFD\0\x90\x09\0\0x"), GD_SLICE(""),
                  "some.jsonl: zstd stream needs a window of more than 128 MiB");
}

static void a_regular_file_never_would_block(void **state) {
    (void)state;
    char text[8];
    GD_AUTO(input) in = input_of(GD_SLICE("abc"));
    assert_false(gd_input_would_block(in));
    assert_int_equal(gd_input_read(in, text, sizeof text, NULL), 3);
    assert_false(gd_input_would_block(in));
    assert_int_equal(gd_input_read(in, text, sizeof text, NULL), 0);
    assert_false(gd_input_would_block(in));
}

static void a_file_that_cannot_be_opened_is_a_usage_error(void **state) {
    (void)state;
    struct gd_input *in = (void *)&in;
    struct gd_error e = {0};
    assert_int_equal(gd_input_open(&in, "/nonexistent/runs.jsonl", &e), -1);
    assert_null(in);
    assert_int_equal(e.failure, GD_FAIL_USAGE);
    assert_string_equal(e.message,
                        "cannot open /nonexistent/runs.jsonl: No such file or directory");
}

static void directories_are_refused(void **state) {
    (void)state;
    struct gd_input *in = NULL;
    struct gd_error e = {0};
    assert_int_equal(gd_input_open(&in, "/", &e), -1);
    assert_int_equal(e.failure, GD_FAIL_USAGE);
    assert_string_equal(e.message, "cannot open /: Is a directory");
}

static void what_a_file_holds_is_told_by_its_bytes_not_its_name(void **state) {
    (void)state;
    const char *base = getenv("TMPDIR");
    GD_AUTO_BUF path = {0};
    GD_AUTO_BUF bytes = {0};
    GD_AUTO_BUF text = {0};
    gd_buf_printf(&path, "%s/input.zst.XXXXXX", base ? base : "/tmp");
    int fd = mkstemp((char *)gd_buf_terminate(&path));
    assert_true(fd >= 0);
    add_gzip(&bytes, GD_SLICE("text\n"));
    assert_int_equal(write(fd, bytes.p, bytes.n), bytes.n);
    close(fd);
    GD_AUTO(input) in = NULL;
    int opened = gd_input_open(&in, path.p, NULL);
    unlink(path.p);
    assert_int_equal(opened, 0);
    assert_string_equal(gd_input_name(in), path.p);
    assert_int_equal(read_all(in, &text, 4096, NULL), 0);
    assert_same(&text, GD_SLICE("text\n"));
}

static void a_hyphen_is_standard_input(void **state) {
    (void)state;
    GD_AUTO(input) in = NULL;
    assert_int_equal(gd_input_open(&in, "-", NULL), 0);
    assert_string_equal(gd_input_name(in), "standard input");
    assert_int_equal(gd_input_fd(in), STDIN_FILENO);
}

static void only_an_owned_descriptor_is_closed(void **state) {
    (void)state;
    int fd = file_of(GD_SLICE("text"));
    gd_input_free(gd_input_from_fd(fd, false, "file"));
    assert_true(fcntl(fd, F_GETFD) >= 0);
    gd_input_free(gd_input_from_fd(fd, true, "file"));
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    gd_input_free(NULL);
}

static void a_descriptor_that_cannot_be_read_is_an_input_error(void **state) {
    (void)state;
    char text[8];
    struct gd_error e = {0};
    GD_AUTO(input) in = gd_input_from_fd(-1, false, "standard\x1B input");
    assert_int_equal(gd_input_read(in, text, sizeof text, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_INPUT);
    assert_string_equal(e.message, "standard\\x1b input: cannot read: Bad file descriptor");
    assert_int_equal(gd_input_read(in, text, sizeof text, &e), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_bytes_come_as_they_are),
        cmocka_unit_test(an_empty_file_ends_at_once),
        cmocka_unit_test(the_beginning_of_a_magic_number_is_plain),
        cmocka_unit_test(zstd_frames_in_a_row_are_one_text),
        cmocka_unit_test(skippable_frames_are_skipped_wherever_they_stand),
        cmocka_unit_test(a_file_of_skippable_frames_is_empty),
        cmocka_unit_test(gzip_members_in_a_row_are_one_text),
        cmocka_unit_test(zstd_frames_and_gzip_members_may_follow_each_other),
        cmocka_unit_test(a_truncated_zstd_stream_gives_what_is_there_and_then_fails),
        cmocka_unit_test(a_truncated_gzip_stream_gives_what_is_there_and_then_fails),
        cmocka_unit_test(no_cut_goes_unseen),
        cmocka_unit_test(garbage_after_compressed_data_is_an_error),
        cmocka_unit_test(damage_is_found_by_the_checksum),
        cmocka_unit_test(a_window_above_128_mib_is_refused),
        cmocka_unit_test(a_regular_file_never_would_block),
        cmocka_unit_test(a_file_that_cannot_be_opened_is_a_usage_error),
        cmocka_unit_test(directories_are_refused),
        cmocka_unit_test(what_a_file_holds_is_told_by_its_bytes_not_its_name),
        cmocka_unit_test(a_hyphen_is_standard_input),
        cmocka_unit_test(only_an_owned_descriptor_is_closed),
        cmocka_unit_test(a_descriptor_that_cannot_be_read_is_an_input_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
