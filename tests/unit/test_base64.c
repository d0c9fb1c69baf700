/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../lib/base64.h"

static void assert_encodes(const char *bytes, const char *expected) {
    GD_AUTO_BUF out = {0};
    gd_base64_encode(&out, gd_slice_str(bytes));
    assert_string_equal(gd_buf_terminate(&out), expected);
}

static void assert_decodes(const char *text, const char *expected) {
    GD_AUTO_BUF out = {0};
    assert_true(gd_base64_decode(&out, gd_slice_str(text)));
    assert_string_equal(gd_buf_terminate(&out), expected);
}

static void assert_refuses(struct gd_slice text) {
    GD_AUTO_BUF out = {0};
    gd_buf_add_lit(&out, "before");
    assert_false(gd_base64_decode(&out, text));
    assert_string_equal(gd_buf_terminate(&out), "before");
}

static void encodes_the_vectors_of_rfc_4648(void **state) {
    (void)state;
    assert_encodes("", "");
    assert_encodes("f", "Zg==");
    assert_encodes("fo", "Zm8=");
    assert_encodes("foo", "Zm9v");
    assert_encodes("foob", "Zm9vYg==");
    assert_encodes("fooba", "Zm9vYmE=");
    assert_encodes("foobar", "Zm9vYmFy");
}

static void encodes_in_the_standard_alphabet(void **state) {
    (void)state;
    assert_encodes("\xFB\xEF\xBE\xFF\xFF\xFF", "++++////");
}

static void appends_behind_what_is_there(void **state) {
    (void)state;
    GD_AUTO_BUF out = {0};
    gd_buf_add_lit(&out, "x=");
    gd_base64_encode(&out, GD_SLICE("foo"));
    assert_true(gd_base64_decode(&out, GD_SLICE("Zm9v")));
    assert_string_equal(gd_buf_terminate(&out), "x=Zm9vfoo");
}

static void decodes_with_and_without_padding(void **state) {
    (void)state;
    assert_decodes("", "");
    assert_decodes("Zg==", "f");
    assert_decodes("Zg", "f");
    assert_decodes("Zm8=", "fo");
    assert_decodes("Zm8", "fo");
    assert_decodes("Zm9vYmFy", "foobar");
}

static void decodes_both_alphabets(void **state) {
    (void)state;
    assert_decodes("++++////", "\xFB\xEF\xBE\xFF\xFF\xFF");
    assert_decodes("----____", "\xFB\xEF\xBE\xFF\xFF\xFF");
    assert_decodes("+-+-/_/_", "\xFB\xEF\xBE\xFF\xFF\xFF");
}

static void refuses_padding_that_does_not_belong(void **state) {
    (void)state;
    const char *texts[] = {"=",     "==",    "===",      "====", "Zg=",      "Zg===",
                           "Zm8==", "Zm9v=", "Zm9v====", "Z===", "Zg==Zg==", "Zm=v"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_refuses(gd_slice_str(texts[i]));
    }
}

static void refuses_lengths_that_no_encoder_writes(void **state) {
    (void)state;
    assert_refuses(GD_SLICE("Z"));
    assert_refuses(GD_SLICE("Zm9vY"));
}

static void refuses_unused_bits_that_are_not_zero(void **state) {
    (void)state;
    assert_refuses(GD_SLICE("Zh=="));
    assert_refuses(GD_SLICE("Zi"));
    assert_refuses(GD_SLICE("Zk"));
    assert_refuses(GD_SLICE("Zo"));
    assert_refuses(GD_SLICE("Zm9="));
    assert_refuses(GD_SLICE("Zm+"));
}

static void refuses_every_byte_of_neither_alphabet_at_every_place(void **state) {
    (void)state;
    for (int c = 0; c < 256; c++) {
        if (c && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_", c)) {
            continue;
        }
        for (size_t at = 0; at < 6; at++) {
            char text[6] = {'A', 'A', 'A', 'A', 'A', 'A'};
            text[at] = (char)c;
            assert_refuses(gd_slice_of(text, 6));
        }
    }
}

static void gives_back_every_byte_at_every_length(void **state) {
    (void)state;
    char bytes[512];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 7 + i / 256);
    }
    for (size_t n = 0; n <= sizeof bytes; n++) {
        GD_AUTO_BUF text = {0};
        GD_AUTO_BUF back = {0};
        gd_base64_encode(&text, gd_slice_of(bytes, n));
        assert_int_equal(text.n, (n + 2) / 3 * 4);
        assert_true(gd_base64_decode(&back, gd_buf_slice(&text)));
        assert_true(gd_slice_equal(gd_buf_slice(&back), gd_slice_of(bytes, n)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_the_vectors_of_rfc_4648),
        cmocka_unit_test(encodes_in_the_standard_alphabet),
        cmocka_unit_test(appends_behind_what_is_there),
        cmocka_unit_test(decodes_with_and_without_padding),
        cmocka_unit_test(decodes_both_alphabets),
        cmocka_unit_test(refuses_padding_that_does_not_belong),
        cmocka_unit_test(refuses_lengths_that_no_encoder_writes),
        cmocka_unit_test(refuses_unused_bits_that_are_not_zero),
        cmocka_unit_test(refuses_every_byte_of_neither_alphabet_at_every_place),
        cmocka_unit_test(gives_back_every_byte_at_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
