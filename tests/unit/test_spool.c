/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spool.h"

static void put(struct gd_spool *s, struct gd_slice record) {
    struct gd_error e = {0};
    if (gd_spool_put(s, 1, &record, &e)) {
        fail_msg("%s", e.message);
    }
}

static void put_number(struct gd_spool *s, unsigned number) {
    GD_AUTO_BUF text = {0};
    gd_buf_printf(&text, "%u:%*s", number, (int)(number % 100), "");
    put(s, gd_buf_slice(&text));
}

static void assert_taken(struct gd_spool *s, struct gd_slice expected) {
    struct gd_slice record;
    struct gd_error e = {0};
    if (gd_spool_take(s, &record, &e) <= 0) {
        fail_msg("no record: %s", e.message);
    }
    assert_int_equal(record.n, expected.n);
    assert_memory_equal(record.p, expected.p, expected.n);
    assert_int_equal(record.p[record.n], '\0');
}

static void assert_number_taken(struct gd_spool *s, unsigned number) {
    GD_AUTO_BUF text = {0};
    gd_buf_printf(&text, "%u:%*s", number, (int)(number % 100), "");
    assert_taken(s, gd_buf_slice(&text));
}

static void assert_empty(struct gd_spool *s) {
    struct gd_slice record;
    assert_int_equal(gd_spool_take(s, &record, NULL), 0);
}

/* The bytes of files that are open and have no name any more. */
static long long unlinked_bytes(void) {
    long long bytes = 0;
    struct stat st;
    for (int fd = 0; fd < 256; fd++) {
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0) {
            bytes += st.st_size;
        }
    }
    return bytes;
}

static void gives_records_back_in_order(void **state) {
    (void)state;
    GD_AUTO(spool) s = gd_spool_new(1 << 20);
    put(s, GD_SLICE("one"));
    put(s, GD_SLICE(""));
    put(s, gd_slice_of("a\0b", 3));
    assert_taken(s, GD_SLICE("one"));
    assert_taken(s, GD_SLICE(""));
    assert_taken(s, gd_slice_of("a\0b", 3));
    assert_empty(s);
    put(s, GD_SLICE("more"));
    assert_taken(s, GD_SLICE("more"));
    assert_empty(s);
}

static void joins_a_records_parts(void **state) {
    (void)state;
    GD_AUTO(spool) s = gd_spool_new(1 << 20);
    struct gd_slice parts[] = {GD_SLICE("a"), {0}, GD_SLICE("bc")};
    assert_int_equal(gd_spool_put(s, 3, parts, NULL), 0);
    assert_taken(s, GD_SLICE("abc"));
}

static void uses_no_file_for_little(void **state) {
    (void)state;
    GD_AUTO(spool) s = gd_spool_new(1 << 20);
    setenv("TMPDIR", "/no/such/directory", 1);
    for (unsigned i = 0; i < 1000; i++) {
        put_number(s, i);
    }
    for (unsigned i = 0; i < 1000; i++) {
        assert_number_taken(s, i);
    }
    assert_empty(s);
    assert_int_equal(unlinked_bytes(), 0);
}

static void keeps_the_order_through_a_file(void **state) {
    (void)state;
    GD_AUTO(spool) s = gd_spool_new(4096);
    unsigned in = 0, out = 0;
    for (unsigned step = 1; step < 300; step++) {
        for (unsigned i = 0; i < step * 7 % 211; i++) {
            put_number(s, in++);
        }
        for (unsigned i = 0; i < step * 5 % 97 && out < in; i++) {
            assert_number_taken(s, out++);
        }
    }
    assert_true(in > out + 5000);
    while (out < in) {
        assert_number_taken(s, out++);
    }
    assert_empty(s);
}

static void gives_the_files_room_back(void **state) {
    (void)state;
    GD_AUTO(spool) s = gd_spool_new(4096);
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 2000; i++) {
            put_number(s, i);
        }
        assert_true(unlinked_bytes() > 50000);
        for (unsigned i = 0; i < 2000; i++) {
            assert_number_taken(s, i);
        }
        assert_empty(s);
        assert_int_equal(unlinked_bytes(), 0);
    }
}

static void holds_little_in_memory(void **state) {
    (void)state;
    GD_AUTO(spool) s = gd_spool_new(64 << 10);
    GD_AUTO_BUF record = {0};
    gd_buf_reserve(&record, 10000);
    memset(record.p, 'x', 10000);
    record.n = 10000;
    struct mallinfo2 before = mallinfo2();
    for (int i = 0; i < 1000; i++) {
        put(s, gd_buf_slice(&record));
    }
    struct mallinfo2 after = mallinfo2();
    assert_true(after.uordblks + after.hblkhd < before.uordblks + before.hblkhd + (256 << 10));
    for (int i = 0; i < 1000; i++) {
        assert_taken(s, gd_buf_slice(&record));
    }
    assert_empty(s);
}

static void takes_records_larger_than_its_memory(void **state) {
    (void)state;
    GD_AUTO(spool) s = gd_spool_new(100);
    GD_AUTO_BUF large = {0};
    gd_buf_reserve(&large, 3 << 20);
    memset(large.p, 'y', 3 << 20);
    large.n = 3 << 20;
    put(s, GD_SLICE("before"));
    put(s, gd_buf_slice(&large));
    put(s, gd_buf_slice(&large));
    put(s, GD_SLICE("behind"));
    assert_taken(s, GD_SLICE("before"));
    assert_taken(s, gd_buf_slice(&large));
    assert_taken(s, gd_buf_slice(&large));
    assert_taken(s, GD_SLICE("behind"));
    assert_empty(s);
}

static void says_that_there_is_no_place_for_a_file(void **state) {
    (void)state;
    GD_AUTO(spool) s = gd_spool_new(10);
    struct gd_error e = {0};
    setenv("TMPDIR", "/no/such/directory", 1);
    put(s, GD_SLICE("twelve bytes"));
    assert_int_equal(gd_spool_put(s, 1, &GD_SLICE("twelve bytes"), &e), -1);
    assert_int_equal(e.failure, GD_FAIL_OUTPUT);
    assert_non_null(strstr(e.message, "No such file"));
    assert_non_null(strstr(e.hint, "TMPDIR"));
    assert_taken(s, GD_SLICE("twelve bytes"));
    assert_empty(s);
}

static int remember_tmpdir(void **state) {
    const char *dir = getenv("TMPDIR");
    *state = dir ? gd_strdup(dir) : NULL;
    return 0;
}

static int restore_tmpdir(void **state) {
    if (*state) {
        setenv("TMPDIR", *state, 1);
    } else {
        unsetenv("TMPDIR");
    }
    free(*state);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, remember_tmpdir, restore_tmpdir)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(gives_records_back_in_order),
        TEST(joins_a_records_parts),
        TEST(uses_no_file_for_little),
        TEST(keeps_the_order_through_a_file),
        TEST(gives_the_files_room_back),
        TEST(holds_little_in_memory),
        TEST(takes_records_larger_than_its_memory),
        TEST(says_that_there_is_no_place_for_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
