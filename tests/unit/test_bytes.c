/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/arena.h"
#include "../../lib/error.h"
#include "../../lib/utf8.h"
#include "samples.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
enum { ALLOCATOR_REPORTS = 1 }; /* it takes a request that it cannot meet for an error */
#else
enum { ALLOCATOR_REPORTS = 0 };
#endif

enum { ABORTED = 42 };

static void assert_text(struct gd_slice s, const char *expected) {
    assert_int_equal(s.n, strlen(expected));
    assert_memory_equal(s.p, expected, s.n);
}

static int sign(int n) {
    return (n > 0) - (n < 0);
}

static void slices_compare_as_bytes_the_shorter_first(void **state) {
    (void)state;
    const struct gd_slice rising[] = {
        {0}, GD_SLICE("\0"), GD_SLICE("a"), GD_SLICE("a\0"), GD_SLICE("ab"), GD_SLICE("\xFF"),
    };
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < 6; k++) {
            assert_int_equal(sign(gd_slice_compare(rising[i], rising[k])), sign(i - k));
            assert_int_equal(gd_slice_equal(rising[i], rising[k]), i == k);
        }
    }
}

static void a_slice_starts_with_its_prefixes_only(void **state) {
    (void)state;
    assert_true(gd_slice_starts(GD_SLICE("msg:a"), GD_SLICE("msg:")));
    assert_true(gd_slice_starts((struct gd_slice){0}, (struct gd_slice){0}));
    assert_true(gd_slice_starts(GD_SLICE("msg:"), GD_SLICE("msg:")));
    assert_false(gd_slice_starts(GD_SLICE("msg"), GD_SLICE("msg:")));
    assert_false(gd_slice_starts(GD_SLICE("mSg:a"), GD_SLICE("msg:")));
    assert_null(gd_slice_str(NULL).p);
}

static void a_hash_reads_its_bytes_only_and_depends_on_each(void **state) {
    (void)state;
    assert_true(gd_hash(NULL, 0) == gd_hash("", 0));
    for (size_t n = 1; n <= 70; n++) {
        GD_AUTO_STR bytes = gd_malloc(n);
        memset(bytes, 'x', n);
        uint64_t hash = gd_hash(bytes, n);
        assert_true(hash != gd_hash(bytes, n - 1));
        for (size_t i = 0; i < n; i++) {
            bytes[i] ^= 1;
            assert_true(gd_hash(bytes, n) != hash);
            bytes[i] ^= 1;
        }
        assert_true(gd_hash(bytes, n) == hash);
    }
}

static void a_buffer_keeps_what_was_added_while_it_grows(void **state) {
    (void)state;
    GD_AUTO_BUF b = {0};
    for (unsigned i = 0; i < 400000; i++) {
        gd_buf_add(&b, &i, sizeof i);
    }
    assert_int_equal(b.n, 1600000);
    for (unsigned i = 0; i < 400000; i++) {
        assert_memory_equal(b.p + sizeof i * i, &i, sizeof i);
    }
    assert_true(b.cap >= b.n && b.cap < 2 * b.n);
}

static void behind_a_buffer_there_is_padding(void **state) {
    (void)state;
    GD_AUTO_BUF b = {0};
    gd_buf_reserve(&b, 1);
    b.n = b.cap;
    memset(b.p, 'x', b.n);
    unsigned sum = 0;
    for (size_t i = 0; i < GD_PADDING; i++) {
        sum += (unsigned char)b.p[b.n + i];
    }
    assert_int_equal(sum, 0);
}

static void a_terminated_buffer_ends_with_a_zero_that_does_not_count(void **state) {
    (void)state;
    GD_AUTO_BUF b = {0};
    assert_string_equal(gd_buf_terminate(&b), "");
    gd_buf_add_str(&b, "ab");
    assert_string_equal(gd_buf_terminate(&b), "ab");
    b.n = b.cap;
    memset(b.p, 'y', b.n);
    assert_int_equal(strlen(gd_buf_terminate(&b)), b.n);
}

static void nothing_may_be_added_to_nothing(void **state) {
    (void)state;
    GD_AUTO_BUF b = {0};
    gd_buf_add(&b, NULL, 0);
    gd_buf_add_slice(&b, (struct gd_slice){0});
    assert_null(b.p);
    assert_non_null(gd_buf_reserve(&b, 0));
}

static void a_freed_buffer_is_empty_and_usable(void **state) {
    (void)state;
    GD_AUTO_BUF b = {0};
    gd_buf_add_char(&b, 'x');
    gd_buf_free(&b);
    assert_null(b.p);
    assert_int_equal(b.n + b.cap, 0);
    gd_buf_add_lit(&b, "y");
    assert_text(gd_buf_slice(&b), "y");
    gd_buf_clear(&b);
    assert_int_equal(b.n, 0);
}

static void numbers_are_written_in_decimal(void **state) {
    (void)state;
    GD_AUTO_BUF b = {0};
    gd_buf_add_u64(&b, 0);
    gd_buf_add_char(&b, ' ');
    gd_buf_add_u64(&b, UINT64_MAX);
    gd_buf_add_char(&b, ' ');
    gd_buf_add_i64(&b, INT64_MIN);
    gd_buf_add_char(&b, ' ');
    gd_buf_add_i64(&b, -1);
    gd_buf_add_char(&b, ' ');
    gd_buf_add_i64(&b, INT64_MAX);
    gd_buf_add_char(&b, ' ');
    gd_buf_add_i64(&b, 0);
    assert_text(gd_buf_slice(&b),
                "0 18446744073709551615 -9223372036854775808 -1 9223372036854775807 0");
}

static void printf_appends_texts_of_any_length(void **state) {
    (void)state;
    GD_AUTO_BUF b = {0};
    gd_buf_printf(&b, "%s", "");
    assert_int_equal(b.n, 0);
    gd_buf_printf(&b, "%05000d|", 1);
    gd_buf_printf(&b, "%s", "end");
    assert_int_equal(b.n, 5004);
    assert_memory_equal(b.p + 4998, "01|end", 6);
}

static void copies_are_terminated(void **state) {
    (void)state;
    GD_AUTO_STR part = gd_strndup("abc", 2);
    GD_AUTO_STR none = gd_strndup(NULL, 0);
    GD_AUTO_STR whole = gd_strdup("abc");
    assert_string_equal(part, "ab");
    assert_string_equal(none, "");
    assert_string_equal(whole, "abc");
    assert_null(gd_strdup(NULL));
}

static void zeroed_memory_is_zero_and_nothing_is_a_piece_too(void **state) {
    (void)state;
    GD_AUTO_STR zeros = gd_calloc(8, 8);
    GD_AUTO_STR nothing = gd_calloc(0, 0);
    GD_AUTO_STR empty = gd_malloc(0);
    for (int i = 0; i < 64; i++) {
        assert_int_equal(zeros[i], 0);
    }
    assert_non_null(nothing);
    assert_non_null(empty);
}

/* Leaves in an orderly way, so that what has run is counted. */
static void leave(int signal) {
    (void)signal;
    exit(ABORTED);
}

/* Whether a child that does this says why and aborts. */
static void assert_aborts(void (*act)(void)) {
    int fds[2], status;
    char said[200] = "";
    assert_int_equal(pipe(fds), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, leave);
        dup2(fds[1], STDERR_FILENO);
        act();
        _exit(0);
    }
    close(fds[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(read(fds[0], said, sizeof said - 1) > 0);
    close(fds[0]);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), ABORTED);
    assert_non_null(strstr(said, "out of memory"));
}

static void ask_malloc(void) {
    free(gd_malloc(SIZE_MAX / 2));
}
static void ask_calloc(void) {
    free(gd_calloc(SIZE_MAX / 4, 8));
}
static void ask_realloc(void) {
    free(gd_realloc(NULL, SIZE_MAX / 2));
}
static void ask_for_more_than_there_is(void) {
    struct gd_buf b = {0};
    gd_buf_reserve(&b, 16);
    b.n = 10;
    gd_buf_reserve(&b, SIZE_MAX - 5);
}

static void running_out_of_memory_is_said_and_aborts(void **state) {
    (void)state;
    assert_aborts(ask_for_more_than_there_is);
    if (!ALLOCATOR_REPORTS) {
        assert_aborts(ask_malloc);
        assert_aborts(ask_calloc);
        assert_aborts(ask_realloc);
    }
}

static void an_error_is_set_with_its_kind_and_without_a_hint(void **state) {
    (void)state;
    struct gd_error e = {.hint = "old"};
    assert_int_equal(gd_error_set(&e, GD_FAIL_INPUT, "line %d", 7), -1);
    assert_int_equal(e.failure, GD_FAIL_INPUT);
    assert_string_equal(e.message, "line 7");
    assert_string_equal(e.hint, "");
    assert_int_equal(gd_error_hint(&e, "try %s", "that"), -1);
    assert_string_equal(e.hint, "try that");
}

static void each_layer_puts_what_it_was_doing_before(void **state) {
    (void)state;
    struct gd_error e;
    gd_error_set(&e, GD_FAIL_REDIS, "refused");
    gd_error_prefix(&e, "connecting to %s", "db1");
    assert_int_equal(gd_error_prefix(&e, "tail"), -1);
    assert_string_equal(e.message, "tail: connecting to db1: refused");
}

static void nobody_has_to_want_the_error(void **state) {
    (void)state;
    assert_int_equal(gd_error_set(NULL, GD_FAIL_INPUT, "x"), -1);
    assert_int_equal(gd_error_prefix(NULL, "x"), -1);
    assert_int_equal(gd_error_hint(NULL, "x"), -1);
}

static void texts_too_long_for_an_error_are_cut_at_the_end(void **state) {
    (void)state;
    struct gd_error e;
    GD_AUTO_BUF text = {0};
    gd_buf_printf(&text, "%0900d", 1);
    gd_error_set(&e, GD_FAIL_INPUT, "%s", gd_buf_terminate(&text));
    assert_int_equal(strlen(e.message), sizeof e.message - 1);
    gd_error_hint(&e, "%s", text.p);
    assert_int_equal(strlen(e.hint), sizeof e.hint - 1);
    for (size_t n = sizeof e.message - 5; n <= sizeof e.message + 5; n++) {
        gd_error_set(&e, GD_FAIL_INPUT, "why");
        gd_error_prefix(&e, "%.*s", (int)n, text.p);
        assert_true(strlen(e.message) < sizeof e.message);
        assert_memory_equal(e.message, text.p, sizeof e.message - 6);
    }
}

static void assert_quoted(struct gd_slice bytes, size_t max, const char *expected) {
    GD_AUTO_BUF out = {0};
    gd_buf_add_lit(&out, "<");
    assert_string_equal(gd_error_quote(&out, bytes, max), expected);
    assert_int_equal(out.n, strlen(expected) + 1);
}

static void quoted_bytes_can_harm_no_terminal(void **state) {
    (void)state;
    assert_quoted(GD_SLICE("a b\xC3\xA9"), 50, "a b\xC3\xA9");
    assert_quoted(GD_SLICE("\x1B[2J\n\0\x7F"), 50, "\\x1b[2J\\x0a\\x00\\x7f");
    assert_quoted(GD_SLICE("\xC2\x9B\xC2\xA0"), 50, "\\xc2\\x9b\xC2\xA0");
    assert_quoted(GD_SLICE("\xFF\xE2\x82"), 50, "\\xff\\xe2\\x82");
    assert_quoted(GD_SLICE("abcdef"), 3, "abc...");
    assert_quoted(GD_SLICE("abc"), 3, "abc");
    assert_quoted((struct gd_slice){0}, 3, "");
}

static void pieces_of_an_arena_stay_where_they_are(void **state) {
    (void)state;
    struct gd_arena a = {0};
    char *piece[200];
    for (size_t i = 0; i < 200; i++) {
        size_t n = i % 7 == 0 ? 20000 : i * 3;
        piece[i] = gd_arena_take(&a, n);
        assert_non_null(piece[i]);
        memset(piece[i], (int)i, n);
    }
    for (size_t i = 0; i < 200; i++) {
        size_t n = i % 7 == 0 ? 20000 : i * 3;
        for (size_t k = 0; k < n; k++) {
            assert_int_equal((unsigned char)piece[i][k], i);
        }
    }
    gd_arena_free(&a);
    assert_null(a.block);
}

static void behind_a_piece_of_an_arena_there_is_padding(void **state) {
    (void)state;
    const size_t sizes[] = {1, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct gd_arena a = {0};
        char copy[GD_PADDING];
        char *p = gd_arena_take(&a, sizes[i]);
        memcpy(copy, p + sizes[i], GD_PADDING);
        gd_arena_free(&a);
    }
}

static void a_copy_in_an_arena_is_terminated(void **state) {
    (void)state;
    struct gd_arena a = {0};
    struct gd_slice none = gd_arena_copy(&a, (struct gd_slice){0});
    struct gd_slice some = gd_arena_copy(&a, GD_SLICE("a\0b"));
    assert_int_equal(none.n, 0);
    assert_string_equal(none.p, "");
    assert_int_equal(some.n, 3);
    assert_memory_equal(some.p, "a\0b", 4);
    gd_arena_free(&a);
}

static void an_arena_that_was_reset_keeps_one_ordinary_block(void **state) {
    (void)state;
    struct gd_arena a = {0};
    gd_arena_reset(&a);
    assert_null(a.block);
    gd_arena_take(&a, 1 << 20);
    gd_arena_reset(&a);
    assert_null(a.block);
    char *first = gd_arena_take(&a, 100);
    gd_arena_take(&a, 1 << 20);
    gd_arena_take(&a, 100);
    gd_arena_reset(&a);
    assert_non_null(a.block);
    assert_ptr_equal(gd_arena_take(&a, 5), first);
    gd_arena_free(&a);
}

static void every_code_point_is_written_and_read_back(void **state) {
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char p[4];
        if (c >= 0xD800 && c <= 0xDFFF) {
            continue;
        }
        size_t n = gd_utf8_put(p, c);
        assert_int_equal(n, 1 + (c > 0x7F) + (c > 0x7FF) + (c > 0xFFFF));
        assert_int_equal(gd_utf8_length(p, n), n);
        assert_int_equal(gd_utf8_length(p, n - 1), 0);
        assert_int_equal(gd_utf8_get(p, n), c);
    }
}

/* Every lead and second byte, over all classes of third and fourth: exactly as many are valid as
 * there are code points of that kind. */
static void nothing_else_is_a_character(void **state) {
    (void)state;
    size_t two = 0, three = 0, four = 0;
    for (unsigned lead = 0x80; lead <= 0xFF; lead++) {
        for (unsigned second = 0; second <= 0xFF; second++) {
            for (unsigned third = 0; third <= 0xFF; third += 0x3F) {
                const char p[4] = {(char)lead, (char)second, (char)third, (char)0x80};
                size_t n = gd_utf8_length(p, 4);
                bool tails = (second & 0xC0) == 0x80 && (n < 3 || (third & 0xC0) == 0x80);
                assert_true(n == 0 || (n > 1 && tails));
                two += n == 2 && third == 0;
                three += n == 3 && third == 0xBD;
                four += n == 4 && third == 0xBD;
            }
        }
    }
    assert_int_equal(two, 0x800 - 0x80);
    assert_int_equal(three, (0x10000 - 0x800 - 0x800) / 64);
    assert_int_equal(four, (0x110000 - 0x10000) / 64 / 64);
}

static void validity_is_that_of_every_character(void **state) {
    (void)state;
    static const char *const bad[] = {
        "\x80",     "\xC3",         "\xC0\xAF", "\xED\xA0\x80",        "\xF4\x90\x80\x80",
        "\xE2\x82", "\xF0\x9F\x98", "\xFF",     "\xF8\x88\x80\x80\x80"};
    assert_true(gd_utf8_valid((struct gd_slice){0}));
    for (size_t at = 0; at < 20; at++) {
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            GD_AUTO_BUF text = {0};
            gd_buf_add_lit(&text, "0123456789\xC3\xA9\xF0\x9F\x98\x80zyxwvut");
            assert_true(gd_utf8_valid(gd_buf_slice(&text)));
            size_t place = at < 11 ? at : text.n;
            insert(&text, place, gd_slice_str(bad[i]));
            AUTO_PADDED exact = padded(gd_buf_slice(&text));
            assert_false(gd_utf8_valid(exact));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare_as_bytes_the_shorter_first),
        cmocka_unit_test(a_slice_starts_with_its_prefixes_only),
        cmocka_unit_test(a_hash_reads_its_bytes_only_and_depends_on_each),
        cmocka_unit_test(a_buffer_keeps_what_was_added_while_it_grows),
        cmocka_unit_test(behind_a_buffer_there_is_padding),
        cmocka_unit_test(a_terminated_buffer_ends_with_a_zero_that_does_not_count),
        cmocka_unit_test(nothing_may_be_added_to_nothing),
        cmocka_unit_test(a_freed_buffer_is_empty_and_usable),
        cmocka_unit_test(numbers_are_written_in_decimal),
        cmocka_unit_test(printf_appends_texts_of_any_length),
        cmocka_unit_test(copies_are_terminated),
        cmocka_unit_test(zeroed_memory_is_zero_and_nothing_is_a_piece_too),
        cmocka_unit_test(running_out_of_memory_is_said_and_aborts),
        cmocka_unit_test(an_error_is_set_with_its_kind_and_without_a_hint),
        cmocka_unit_test(each_layer_puts_what_it_was_doing_before),
        cmocka_unit_test(nobody_has_to_want_the_error),
        cmocka_unit_test(texts_too_long_for_an_error_are_cut_at_the_end),
        cmocka_unit_test(quoted_bytes_can_harm_no_terminal),
        cmocka_unit_test(pieces_of_an_arena_stay_where_they_are),
        cmocka_unit_test(behind_a_piece_of_an_arena_there_is_padding),
        cmocka_unit_test(a_copy_in_an_arena_is_terminated),
        cmocka_unit_test(an_arena_that_was_reset_keeps_one_ordinary_block),
        cmocka_unit_test(every_code_point_is_written_and_read_back),
        cmocka_unit_test(nothing_else_is_a_character),
        cmocka_unit_test(validity_is_that_of_every_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
