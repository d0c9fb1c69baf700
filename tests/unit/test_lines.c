/* SPDX-License-Identifier: MIT */
/* The cursor over JSON Lines: what is a line, what is wrong with it, and that the next one is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>

#include <cmocka.h>

#include "feed.h"
#include "json_reference.h"
#include "samples.h"

static const struct gd_lines_options objects = {0}, texts = {.text = true};

/* The same, read as a file, and byte by byte. */
static void assert_reads(struct gd_slice text, struct gd_lines_options options,
                         const char *expected) {
    GD_AUTO_BUF whole = {0};
    GD_AUTO_BUF bytes = {0};
    assert_string_equal(log_of_file(text, options, &whole), expected);
    assert_string_equal(log_of_pieces(text, options, one_byte, NULL, &bytes), expected);
}

static void every_line_is_a_message(void **state) {
    (void)state;
    assert_reads(GD_SLICE("{\"a\":1}\n{\"b\":2}\n"), objects,
                 "message 1: {\"a\":1}\nmessage 2: {\"b\":2}\n");
    assert_reads(GD_SLICE("{}\n"), objects, "message 1: {}\n");
}

static void the_last_line_needs_no_break(void **state) {
    (void)state;
    assert_reads(GD_SLICE("{\"a\":1}\n{\"b\":2}"), objects,
                 "message 1: {\"a\":1}\nmessage 2: {\"b\":2}\n");
    assert_reads(GD_SLICE("x"), texts, "text 1: x\n");
}

static void empty_input_has_no_lines(void **state) {
    (void)state;
    assert_reads(GD_SLICE(""), objects, "");
    assert_reads(GD_SLICE("\n"), objects, "");
    assert_reads(GD_SLICE("\xEF\xBB\xBF"), objects, "");
    assert_reads(GD_SLICE("  \t\r"), objects, "");
    assert_reads(GD_SLICE("\xEF\xBB\xBF\r\n \n"), texts, "");
}

static void a_byte_order_mark_carriage_returns_and_blank_lines_are_passed_over(void **state) {
    (void)state;
    assert_reads(GD_SLICE("\xEF\xBB\xBF{\"a\":1}\r\n\r\n \t \n  {\"b\":2} \t\r\n\n\n{\"c\":3}\r"),
                 objects, "message 1: {\"a\":1}\nmessage 4: {\"b\":2}\nmessage 7: {\"c\":3}\n");
}

static void a_byte_order_mark_is_one_at_the_start_only(void **state) {
    (void)state;
    assert_reads(GD_SLICE("{}\n\xEF\xBB\xBF{}\n"), objects,
                 "message 1: {}\nbad 2: in, line 2, column 1: not a JSON object\n");
    assert_reads(GD_SLICE("\xEF\xBB"), objects, "bad 1: in, line 1, column 1: not a JSON object\n");
    assert_reads(GD_SLICE("\xEF\n{}"), objects,
                 "bad 1: in, line 1, column 1: not a JSON object\nmessage 2: {}\n");
}

static void events_are_told_from_messages(void **state) {
    (void)state;
    assert_reads(GD_SLICE("{\"event\":\"gap\",\"source\":{\"via\":\"gdbg\"}}\n{}\n"), objects,
                 "event 1: {\"event\":\"gap\",\"source\":{\"via\":\"gdbg\"}}\nmessage 2: {}\n");
}

static void what_is_wrong_is_said_with_line_and_column(void **state) {
    (void)state;
    assert_reads(
        GD_SLICE("{}\n\n {\"a\":tru}\n{}\n"), objects,
        "message 1: {}\nbad 3: in, line 3, column 7: a value was expected\nmessage 4: {}\n");
    assert_reads(GD_SLICE("\xEF\xBB\xBF{a}\n"), objects,
                 "bad 1: in, line 1, column 2: a member name was expected\n");
    assert_reads(GD_SLICE("{\"a\":\"\xFF\"}\n{}"), objects,
                 "bad 1: in, line 1, column 7: invalid UTF-8 in a string\nmessage 2: {}\n");
    assert_reads(GD_SLICE("{\"a\":[01]}\n"), objects,
                 "bad 1: in, line 1, column 8: a number with a leading zero\n");
    assert_reads(
        GD_SLICE("\r\n\r\n{\"raw_text\":5,\"source\":{\"via\":\"zset\"}}\r\n"), objects,
        "bad 3: in, line 3, column 1: a record whose raw_text or raw_base64 cannot be undone\n");
}

static void what_stands_behind_an_object_spoils_its_line(void **state) {
    (void)state;
    assert_reads(
        GD_SLICE("{} {}\n{},\n{}x\n{}\n"), objects,
        "bad 1: in, line 1, column 4: something stands behind the object\n"
        "bad 2: in, line 2, column 3: something stands behind the object\n"
        "bad 3: in, line 3, column 3: something stands behind the object\nmessage 4: {}\n");
    assert_reads(
        GD_SLICE("{}\0\n{}"), objects,
        "bad 1: in, line 1, column 3: something stands behind the object\nmessage 2: {}\n");
}

static void a_line_that_ends_within_its_object_does_not_swallow_the_next(void **state) {
    (void)state;
    assert_reads(GD_SLICE("{\"a\":[1,\n{\"b\":2}\n"), objects,
                 "bad 1: in, line 1, column 9: the line ends within the object (truncated?)\n"
                 "message 2: {\"b\":2}\n");
    assert_reads(GD_SLICE("{\"a\":\"b\n{}\n{\"c"), objects,
                 "bad 1: in, line 1, column 8: the line ends within the object (truncated?)\n"
                 "message 2: {}\n"
                 "bad 3: in, line 3, column 4: the line ends within the object (truncated?)\n");
}

static void a_carriage_return_that_ends_a_line_is_no_part_of_it(void **state) {
    (void)state;
    assert_reads(GD_SLICE("{\"a\":\"b\r\n{\"a\":1,\r\n{\"a\":\"\rb\"}\r\n{"), objects,
                 "bad 1: in, line 1, column 8: the line ends within the object (truncated?)\n"
                 "bad 2: in, line 2, column 8: the line ends within the object (truncated?)\n"
                 "bad 3: in, line 3, column 7: control character in a string\n"
                 "bad 4: in, line 4, column 2: the line ends within the object (truncated?)\n");
}

static void an_object_over_several_lines_is_bad_line_by_line(void **state) {
    (void)state;
    assert_reads(GD_SLICE("{\n\"a\":{}\n}\n{\"b\":1}\n"), objects,
                 "bad 1: in, line 1, column 2: the line ends within the object (truncated?)\n"
                 "bad 2: in, line 2, column 1: not a JSON object\n"
                 "bad 3: in, line 3, column 1: not a JSON object\nmessage 4: {\"b\":1}\n");
}

/* A line break between any two tokens. */
static void no_line_break_within_an_object_passes(void **state) {
    (void)state;
    static const char *const tokens[] = {"{", "\"id\"", ":",       "[", "1",
                                         ",", "{",      "\"x\"",   ":", "{",
                                         "}", "}",      "]",       ",", "\"metadata\"",
                                         ":", "{",      "\"ttl\"", ":", "5",
                                         "}", ",",      "\"q\"",   ":", "null",
                                         "}"};
    enum { TOKENS = sizeof tokens / sizeof *tokens };
    for (size_t at = 1; at < TOKENS; at++) {
        GD_AUTO_BUF text = {0};
        GD_AUTO_BUF log = {0};
        for (size_t i = 0; i < TOKENS; i++) {
            gd_buf_printf(&text, "%s%s", i == at ? "\n" : "", tokens[i]);
        }
        gd_buf_add_lit(&text, "\n{}\n");
        log_of_file(gd_buf_slice(&text), objects, &log);
        assert_int_equal(strncmp(log.p, "bad 1: ", 7), 0);
        assert_non_null(strstr(log.p, "\nmessage 3: {}\n"));
    }
}

static void a_carriage_return_between_tokens_is_a_blank(void **state) {
    (void)state;
    assert_reads(GD_SLICE("{\"a\":\r1}\n"), objects, "message 1: {\"a\":\r1}\n");
}

static void a_zero_byte_is_wrong_where_it_stands(void **state) {
    (void)state;
    assert_reads(GD_SLICE("{\"a\":\0}\n\0{}\n{\"a\0\":1}\n{}"), objects,
                 "bad 1: in, line 1, column 6: a value was expected\n"
                 "bad 2: in, line 2, column 1: not a JSON object\n"
                 "bad 3: in, line 3, column 4: control character in a string\nmessage 4: {}\n");
}

static void lines_that_are_no_objects_are_given_where_they_are_asked_for(void **state) {
    (void)state;
    assert_reads(GD_SLICE(" 018d0d508fc054d2 \r\n{}\n\"q\"\n[1]\n\n{bad\nlast"), texts,
                 "text 1: 018d0d508fc054d2\nmessage 2: {}\ntext 3: \"q\"\ntext 4: [1]\n"
                 "bad 6: in, line 6, column 2: a member name was expected\ntext 7: last\n");
    assert_reads(GD_SLICE("1\n{}\n"), objects,
                 "bad 1: in, line 1, column 1: not a JSON object\nmessage 2: {}\n");
}

static void a_line_of_brackets_is_refused_and_the_next_read(void **state) {
    (void)state;
    GD_AUTO_BUF text = {0};
    GD_AUTO_BUF log = {0};
    gd_buf_add_lit(&text, "{\"a\":");
    for (int i = 0; i < 1000000; i++) {
        gd_buf_add_char(&text, '[');
    }
    gd_buf_add_lit(&text, "\n{}\n");
    assert_string_equal(log_of_file(gd_buf_slice(&text), objects, &log),
                        "bad 1: in, line 1, column 1028: nested too deeply\nmessage 2: {}\n");
}

static void with_structure_only_strings_may_hold_anything(void **state) {
    (void)state;
    assert_reads(
        GD_SLICE("{\"a\":\"\xFF\\ud800\"}\n{\"a\":}\n"),
        (struct gd_lines_options){.structure_only = true},
        "message 1: {\"a\":\"\xFF\\ud800\"}\nbad 2: in, line 2, column 6: a value was expected\n");
}

/* A pipe is never late: a line is given as soon as its break is there. */
static void a_line_is_given_as_soon_as_it_is_whole(void **state) {
    (void)state;
    int write_fd;
    struct gd_input *in = socket_of(&write_fd);
    GD_AUTO(source) s = gd_lines_open(&in, &objects);
    GD_AUTO_BUF log = {0};
    assert_int_equal(read_on(s, &log), GD_NEXT_IDLE);
    assert_int_equal(write(write_fd, "{}\n{\"a\":1}", 10), 10);
    assert_int_equal(read_on(s, &log), GD_NEXT_IDLE);
    assert_string_equal(gd_buf_terminate(&log), "message 1: {}\n");
    assert_int_equal(write(write_fd, "\n", 1), 1);
    assert_int_equal(gd_source_wait(s, -1, NULL), 0);
    assert_int_equal(read_on(s, &log), GD_NEXT_IDLE);
    assert_string_equal(gd_buf_terminate(&log), "message 1: {}\nmessage 2: {\"a\":1}\n");
    assert_int_equal(write(write_fd, "{x", 2), 2);
    assert_int_equal(read_on(s, &log), GD_NEXT_IDLE);
    assert_non_null(strstr(gd_buf_terminate(&log), "bad 3: in, line 3, column 2"));
    assert_int_equal(write(write_fd, "x\n{}\n", 5), 5);
    assert_int_equal(read_on(s, &log), GD_NEXT_IDLE);
    assert_non_null(strstr(gd_buf_terminate(&log), "\nmessage 4: {}\n"));
    close(write_fd);
    assert_int_equal(read_on(s, &log), GD_NEXT_END);
}

static void an_input_that_fails_is_over(void **state) {
    (void)state;
    struct gd_message m;
    struct gd_error e = {0};
    /* A gzip file that is cut off. */
    struct gd_input *in = file_of(GD_SLICE("\x1F\x8B\x08\0\0\0\0\0\0\x03\xAB"));
    GD_AUTO(source) s = gd_lines_open(&in, &objects);
    assert_int_equal(gd_source_next(s, &m, &e), GD_NEXT_FAILED);
    assert_int_equal(e.failure, GD_FAIL_INPUT);
    assert_int_equal(gd_source_next(s, &m, &e), GD_NEXT_END);
}

static size_t first_then_rest(void *state) {
    size_t *n = state, first = *n;
    *n = 1000;
    return first;
}

static void a_line_may_come_in_two_pieces_cut_anywhere(void **state) {
    (void)state;
    struct gd_slice text = GD_SLICE("{\"id\":18446744073706405887,\"s\\u0065nder\":{\"id\":\"a\"},"
                                    "\"topics\":\"t\",\"payload\":[true,-1.5E+7,"
                                    "\"0123456789abcde\xF0\x9F\x98\x80\\ud83d\\ude00\"],"
                                    "\"metadata\":{\"ttl\":1,\"ttl\":null}}\r\n{\"b\":2}\n");
    GD_AUTO_BUF whole = {0};
    log_of_file(text, objects, &whole);
    assert_non_null(strstr(whole.p, "\nmessage 2: {\"b\":2}\n"));
    for (size_t n = 1; n < text.n; n++) {
        size_t first = n;
        GD_AUTO_BUF pieces = {0};
        assert_string_equal(log_of_pieces(text, objects, first_then_rest, &first, &pieces),
                            whole.p);
    }
}

static size_t few_bytes(void *state) {
    struct random *r = state;
    return pick(r, 4) ? 1 + pick(r, 12) : 1 + pick(r, 200);
}

static void add_random_line(struct gd_buf *text, struct random *r) {
    static const char *const lines[] = {
        "{\"sender\":{},\"topics\":[\"t\"],\"payload\":[1.5e3,true,null,\"\\ud83d\\ude00\"]}",
        "{\"id\":18446744073709551615,\"x\":{\"y\":\"0123456789abcdef\xC3\xA9\"},\"id\":5}",
        "{\"content\":{\"body\":\"b\"},\"metadata\":{\"ttl\":1},\"source\":{\"via\":\"zset\"}}",
        "{}",
        "",
        " ",
        "Y0NUI_ABRNI",
        "[1]",
        "{\"a\":{\"b\":",
        "{\"a\":\"",
        "{\"a\":1}}",
        "{\"a\":\"\xFF\"}",
    };
    GD_AUTO_BUF line = {0};
    gd_buf_add_str(&line, lines[pick(r, sizeof lines / sizeof *lines)]);
    gd_buf_reserve(&line, 1);
    if (pick(r, 4) == 0) {
        mutate(&line, r);
    }
    gd_buf_add_slice(text, gd_buf_slice(&line));
    gd_buf_add_str(text, pick(r, 5) ? "\n" : "\r\n");
}

/* What the log must be but for the errors' words, line by line as the text has them. */
static void predict(struct gd_slice text, struct gd_buf *log) {
    const char *p = text.p, *end = text.p + text.n;
    for (int number = 1; p < end; number++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        const char *last = stop ? stop : end, *next = stop ? stop + 1 : end;
        while (p < last && memchr(" \t\r", *p, 3)) {
            p++;
        }
        while (last > p && memchr(" \t\r", last[-1], 3)) {
            last--;
        }
        struct gd_slice line = {p, (size_t)(last - p)};
        AUTO_TREE tree = {0};
        if (line.n && *p == '{' && !read_tree(&tree, line)) {
            gd_buf_printf(log, "bad %d: ", number);
        } else if (line.n) {
            gd_buf_printf(log, "%s %d: ", *p == '{' ? "message" : "text", number);
            gd_buf_add_slice(log, line);
        }
        gd_buf_add_str(log, line.n ? "\n" : "");
        p = next;
    }
}

/* Takes out of a log what is wrong with the bad lines. */
static void forget_reasons(struct gd_buf *log) {
    for (char *p = log->p, *bad; (bad = strstr(p, ": in, line ")); p = bad) {
        size_t at = (size_t)(bad + 2 - log->p);
        cut(log, at, strcspn(bad + 2, "\n"));
        gd_buf_terminate(log);
    }
}

static void lines_in_pieces_are_the_same_lines(void **state) {
    (void)state;
    struct random r = {2026};
    for (int i = 0; i < 1500; i++) {
        GD_AUTO_BUF text = {0};
        GD_AUTO_BUF whole = {0};
        GD_AUTO_BUF pieces = {0};
        GD_AUTO_BUF expected = {0};
        for (size_t n = 1 + pick(&r, 12); n > 0; n--) {
            add_random_line(&text, &r);
        }
        for (char *zero; (zero = memchr(text.p, '\0', text.n));) {
            *zero = ' ';
        }
        text.n -= pick(&r, 2);
        log_of_file(gd_buf_slice(&text), texts, &whole);
        assert_string_equal(log_of_pieces(gd_buf_slice(&text), texts, few_bytes, &r, &pieces),
                            whole.p);
        predict(gd_buf_slice(&text), &expected);
        forget_reasons(&whole);
        assert_string_equal(whole.p, gd_buf_terminate(&expected));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_a_message),
        cmocka_unit_test(the_last_line_needs_no_break),
        cmocka_unit_test(empty_input_has_no_lines),
        cmocka_unit_test(a_byte_order_mark_carriage_returns_and_blank_lines_are_passed_over),
        cmocka_unit_test(a_byte_order_mark_is_one_at_the_start_only),
        cmocka_unit_test(events_are_told_from_messages),
        cmocka_unit_test(what_is_wrong_is_said_with_line_and_column),
        cmocka_unit_test(what_stands_behind_an_object_spoils_its_line),
        cmocka_unit_test(a_line_that_ends_within_its_object_does_not_swallow_the_next),
        cmocka_unit_test(a_carriage_return_that_ends_a_line_is_no_part_of_it),
        cmocka_unit_test(an_object_over_several_lines_is_bad_line_by_line),
        cmocka_unit_test(no_line_break_within_an_object_passes),
        cmocka_unit_test(a_carriage_return_between_tokens_is_a_blank),
        cmocka_unit_test(a_zero_byte_is_wrong_where_it_stands),
        cmocka_unit_test(lines_that_are_no_objects_are_given_where_they_are_asked_for),
        cmocka_unit_test(a_line_of_brackets_is_refused_and_the_next_read),
        cmocka_unit_test(with_structure_only_strings_may_hold_anything),
        cmocka_unit_test(a_line_is_given_as_soon_as_it_is_whole),
        cmocka_unit_test(an_input_that_fails_is_over),
        cmocka_unit_test(a_line_may_come_in_two_pieces_cut_anywhere),
        cmocka_unit_test(lines_in_pieces_are_the_same_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
