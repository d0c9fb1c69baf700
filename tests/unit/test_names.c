/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "../../lib/names.h"

static void assert_slice(struct gd_slice s, const char *expected) {
    if (!expected) {
        assert_null(s.p);
        return;
    }
    assert_non_null(s.p);
    assert_int_equal(s.n, strlen(expected));
    assert_memory_equal(s.p, expected, s.n);
}

static bool matches(const char *selector, const char *s) {
    return gd_glob_match(gd_slice_str(selector), gd_slice_str(s));
}

static void a_selector_without_star_question_mark_or_bracket_is_literal(void **state) {
    (void)state;
    assert_false(gd_glob_is(GD_SLICE("research")));
    assert_false(gd_glob_is(GD_SLICE("a\\b]c")));
    assert_true(gd_glob_is(GD_SLICE("a*")));
    assert_true(gd_glob_is(GD_SLICE("a?")));
    assert_true(gd_glob_is(GD_SLICE("a[")));
    assert_true(gd_glob_is(GD_SLICE("\\*")));
}

static void literal_selectors_compare_equal(void **state) {
    (void)state;
    assert_true(matches("research", "research"));
    assert_false(matches("research", "researcher"));
    assert_true(matches("", ""));
    assert_true(matches("a\\b\\", "a\\b\\"));
    assert_true(matches("a\\]", "a\\]"));
    assert_false(matches("a\\]", "a]"));
}

static void star_matches_any_run_of_bytes(void **state) {
    (void)state;
    assert_true(matches("*", ""));
    assert_true(matches("*", "a:b\n\xff"));
    assert_true(matches("a*", "a"));
    assert_true(matches("*b", "aab"));
    assert_true(matches("a*b*c", "a--b-b--c"));
    assert_true(matches("**a**", "bab"));
    assert_false(matches("a*", "ba"));
    assert_false(matches("*b", "abc"));
    assert_false(matches("a*b", "a"));
    assert_true(matches("*ab", "aab"));
    assert_true(matches("*aab*", "aaab"));
}

static void question_mark_matches_one_byte(void **state) {
    (void)state;
    assert_true(matches("a?c", "abc"));
    assert_true(matches("?", "\n"));
    assert_false(matches("?", ""));
    assert_false(matches("?", "\xc3\xa9"));
    assert_true(matches("*?", "x"));
    assert_false(matches("*?", ""));
}

static void a_set_matches_one_of_its_members(void **state) {
    (void)state;
    assert_true(matches("[abc]", "b"));
    assert_false(matches("[abc]", "d"));
    assert_false(matches("[abc]", ""));
    assert_true(matches("x[a-cx-z]y", "xyy"));
    assert_false(matches("[a-c]", "-"));
    assert_true(matches("[\x80-\xff]", "\xe9"));
    assert_true(matches("[*?[]", "["));
}

static void a_set_is_negated_by_exclamation_mark_or_caret(void **state) {
    (void)state;
    assert_true(matches("[!a]", "b"));
    assert_false(matches("[!a]", "a"));
    assert_true(matches("[^a-c]", "d"));
    assert_false(matches("[^a-c]", "b"));
    assert_true(matches("[a!]", "!"));
    assert_false(matches("[!a]", ""));
}

static void a_closing_bracket_first_in_a_set_is_a_member(void **state) {
    (void)state;
    assert_true(matches("[]a]", "]"));
    assert_true(matches("[]a]", "a"));
    assert_true(matches("[!]]", "a"));
    assert_false(matches("[!]]", "]"));
}

static void a_hyphen_at_the_edge_of_a_set_is_a_member(void **state) {
    (void)state;
    assert_true(matches("[a-]", "-"));
    assert_true(matches("[-a]", "-"));
    assert_false(matches("[a-]", "b"));
}

static void an_unclosed_bracket_is_literal(void **state) {
    (void)state;
    assert_true(matches("[", "["));
    assert_true(matches("a[b", "a[b"));
    assert_true(matches("[]", "[]"));
    assert_true(matches("[!]", "[!]"));
    assert_true(matches("[a\\]", "[a]"));
    assert_true(matches("*[a", "x[a"));
    assert_false(matches("[ab", "a"));
}

static void a_backslash_takes_the_meaning_from_specials(void **state) {
    (void)state;
    assert_true(matches("\\*", "*"));
    assert_false(matches("\\*", "a"));
    assert_true(matches("\\?*", "?x"));
    assert_false(matches("\\?*", "ax"));
    assert_true(matches("\\[a\\]*", "[a]"));
    assert_true(matches("\\\\*", "\\x"));
    assert_true(matches("[a\\]b]", "]"));
    assert_true(matches("[\\\\]", "\\"));
    assert_false(matches("[\\\\]", "]"));
}

static void a_backslash_before_any_other_byte_stands_for_itself(void **state) {
    (void)state;
    assert_true(matches("\\a*", "\\ab"));
    assert_false(matches("\\a*", "ab"));
    assert_true(matches("*\\", "x\\"));
    assert_true(matches("[\\a]", "\\"));
    assert_true(matches("[\\a]", "a"));
}

static void globs_match_bytes_of_any_kind(void **state) {
    (void)state;
    assert_true(gd_glob_match(GD_SLICE("a?c*"), GD_SLICE("a\0c\n\xff\xfe")));
    assert_true(gd_glob_match(GD_SLICE("*\xff"), GD_SLICE("\n\xff")));
    assert_false(gd_glob_match(GD_SLICE("*\xff"), GD_SLICE("\xff\n")));
    assert_true(gd_glob_match(GD_SLICE("*\0*"), GD_SLICE("a\0b")));
    assert_false(gd_glob_match(GD_SLICE("*\0*"), GD_SLICE("ab")));
}

/* What a glob means, in the plainest way: for short ones only. */
static bool matches_plainly(const char *g, const char *s) {
    if (*g == '*') {
        return matches_plainly(g + 1, s) || (*s && matches_plainly(g, s + 1));
    }
    return *g ? *s && (*g == '?' || *g == *s) && matches_plainly(g + 1, s + 1) : !*s;
}

static void every_short_glob_agrees_with_the_definition(void **state) {
    (void)state;
    const char glob_bytes[] = "ab*?", text_bytes[] = "ab";
    for (int g = 0; g < 4 * 4 * 4 * 4 * 4; g++) {
        char glob[7] = "*";
        for (int i = 0, rest = g; i < 5; i++, rest /= 4) {
            glob[1 + i] = glob_bytes[rest % 4];
        }
        for (int t = 1; t < 128; t++) {
            char text[8] = "";
            for (int i = 0, rest = t; rest > 1; i++, rest /= 2) {
                text[i] = text_bytes[rest % 2];
            }
            assert_int_equal(matches(glob + 1, text), matches_plainly(glob + 1, text));
            assert_int_equal(matches(glob, text), matches_plainly(glob, text));
        }
    }
}

enum { LONG = 10000 };

static void fill(struct gd_buf *b, const char *unit, int times, const char *end) {
    gd_buf_clear(b);
    for (int i = 0; i < times; i++) {
        gd_buf_add_str(b, unit);
    }
    gd_buf_add_str(b, end);
}

static void pathological_globs_take_no_time(void **state) {
    (void)state;
    GD_AUTO_BUF text = {0};
    GD_AUTO_BUF glob = {0};
    const char *units[] = {"a*", "*", "*a", "?*", "*[a-z]*", "*[", "*[!b]a", "[*", "[a\\]*", "*a["};
    clock_t start = clock();
    fill(&text, "a", LONG, "");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        fill(&glob, units[i], LONG / 4, "b");
        assert_false(gd_glob_match(gd_buf_slice(&glob), gd_buf_slice(&text)));
    }
    fill(&text, "[", LONG, "");
    fill(&glob, "[", LONG, "*b");
    assert_false(gd_glob_match(gd_buf_slice(&glob), gd_buf_slice(&text)));
    fill(&glob, "*[[", LONG / 4, "b");
    assert_false(gd_glob_match(gd_buf_slice(&glob), gd_buf_slice(&text)));
    fill(&glob, "[", LONG / 2, "b");
    glob.p[0] = '*';
    assert_false(gd_glob_match(gd_buf_slice(&glob), gd_buf_slice(&text)));
    assert_true((clock() - start) / CLOCKS_PER_SEC < 3);
}

static void assert_redis(const char *selector, const char *pattern) {
    GD_AUTO_BUF out = {0};
    gd_buf_add_lit(&out, "<");
    gd_glob_to_redis(&out, gd_slice_str(selector));
    gd_buf_terminate(&out);
    assert_string_equal(out.p + 1, pattern);
    assert_int_equal(out.p[0], '<');
}

static void the_redis_pattern_keeps_stars_and_question_marks(void **state) {
    (void)state;
    assert_redis("a*b?c", "a*b?c");
}

static void sets_become_question_marks_for_redis(void **state) {
    (void)state;
    assert_redis("[abc]x[!a-z]*", "?x?*");
    assert_redis("[]]*", "?*");
}

static void what_redis_takes_for_special_is_escaped(void **state) {
    (void)state;
    assert_redis("\\*\\?\\[\\]\\\\", "\\*\\?\\[\\]\\\\");
    assert_redis("a]*", "a\\]*");
    assert_redis("a[b", "a\\[b");
    assert_redis("*\\a", "*\\\\a");
    assert_redis("*\\", "*\\\\");
}

static void a_literal_selector_is_escaped_byte_by_byte_for_redis(void **state) {
    (void)state;
    assert_redis("plain name", "plain name");
    assert_redis("a\\b]", "a\\\\b\\]");
    assert_redis("a\\]", "a\\\\\\]");
    assert_redis("^-\n\xff", "^-\n\xff");
    assert_redis("", "");
}

static void assert_split(const char *key, const char *published_to, const char *guild,
                         const char *topic) {
    struct gd_name name = gd_name_split(gd_slice_str(key), gd_slice_str(published_to));
    assert_slice(name.guild, guild);
    assert_slice(name.topic, topic);
    assert_ptr_equal(name.topic.p + name.topic.n, key + strlen(key));
}

static void without_a_topic_in_the_message_the_first_colon_splits(void **state) {
    (void)state;
    assert_split("a:b", NULL, "a", "b");
    assert_split("a:b:c", NULL, "a", "b:c");
    assert_split("msg:eo", NULL, "msg", "eo");
}

static void the_guild_is_what_precedes_the_topic_published_to(void **state) {
    (void)state;
    assert_split("a:b:c", "c", "a:b", "c");
    assert_split("a:b:c", "b:c", "a", "b:c");
    assert_split("g:agent_inbox:worker-1", "agent_inbox:worker-1", "g", "agent_inbox:worker-1");
    assert_split("g\xff:t\n", "t\n", "g\xff", "t\n");
}

static void a_topic_published_to_that_is_the_whole_key_splits_at_the_first_colon(void **state) {
    (void)state;
    assert_split("a:b:c", "a:b:c", "a", "b:c");
    assert_split("lonely", "lonely", NULL, "lonely");
}

static void a_topic_published_to_that_is_not_in_the_key_is_ignored(void **state) {
    (void)state;
    assert_split("a:b:c", "x", "a", "b:c");
    assert_split("a:b:cx", "x", "a", "b:cx");
    assert_split("a:b:c", "z:a:b:c", "a", "b:c");
    assert_split("a:b:c", "b", "a", "b:c");
    assert_split("a:b:c", "", "a", "b:c");
    assert_split("a:b:c", ":c", "a", "b:c");
}

static void parts_of_a_key_may_be_empty(void **state) {
    (void)state;
    assert_split(":t", NULL, "", "t");
    assert_split("g:", NULL, "g", "");
    assert_split(":", NULL, "", "");
    assert_split("::", NULL, "", ":");
    assert_split("::", "", ":", "");
    assert_split(":t", "t", "", "t");
    assert_split("a:b:", "", "a:b", "");
}

static void a_key_without_a_colon_has_only_a_topic(void **state) {
    (void)state;
    assert_split("lonely", NULL, NULL, "lonely");
    assert_split("lonely", "ly", NULL, "lonely");
    assert_split("", "", NULL, "");
}

static void the_guild_of_a_msg_key_ends_at_the_last_colon(void **state) {
    (void)state;
    assert_slice(gd_name_guild_of_msg_key(GD_SLICE("msg:research:42")), "research");
    assert_slice(gd_name_guild_of_msg_key(GD_SLICE("msg:a:b:42")), "a:b");
    assert_slice(gd_name_guild_of_msg_key(GD_SLICE("msg::42")), "");
    assert_slice(gd_name_guild_of_msg_key(GD_SLICE("msg:msg:42")), "msg");
}

static void other_keys_are_not_msg_keys(void **state) {
    (void)state;
    assert_slice(gd_name_guild_of_msg_key(GD_SLICE("msg:42")), NULL);
    assert_slice(gd_name_guild_of_msg_key(GD_SLICE("msg:")), NULL);
    assert_slice(gd_name_guild_of_msg_key(GD_SLICE("msg")), NULL);
    assert_slice(gd_name_guild_of_msg_key(GD_SLICE("msgs:a:1")), NULL);
    assert_slice(gd_name_guild_of_msg_key((struct gd_slice){0}), NULL);
}

static bool selects(const char *guild, const char *topic, const char *key) {
    struct gd_selection s = {gd_slice_str(guild), gd_slice_str(topic)};
    return gd_selection_match(&s, gd_name_split(gd_slice_str(key), (struct gd_slice){0}));
}

static void a_selection_matches_both_names_exactly(void **state) {
    (void)state;
    assert_true(selects("g", "t", "g:t"));
    assert_false(selects("g", "t", "g:tt"));
    assert_false(selects("g", "t", "gg:t"));
    assert_true(selects("g*", "t?", "gg:tt"));
    assert_false(selects("g*", "t", "g:x:t"));
    assert_true(selects("", "t", ":t"));
}

static void an_absent_selector_selects_everything(void **state) {
    (void)state;
    assert_true(selects(NULL, NULL, "g:t"));
    assert_true(selects(NULL, "t", "any:t"));
    assert_true(selects("g", NULL, "g:"));
    assert_false(selects("g", NULL, "h:t"));
}

static void an_absent_guild_is_selected_by_nothing_or_a_star(void **state) {
    (void)state;
    assert_true(selects(NULL, "t", "t"));
    assert_true(selects("*", "t", "t"));
    assert_false(selects("", "t", "t"));
    assert_false(selects("**", "t", "t"));
    assert_false(selects("?*", "t", "t"));
}

static void assert_key(const char *guild, const char *topic, bool literal, const char *expected) {
    GD_AUTO_BUF out = {0};
    struct gd_selection s = {gd_slice_str(guild), gd_slice_str(topic)};
    assert_int_equal(gd_selection_key(&s, &out), literal);
    assert_string_equal(gd_buf_terminate(&out), expected);
}

static void two_literal_selectors_give_the_exact_key(void **state) {
    (void)state;
    assert_key("g", "t", true, "g:t");
    assert_key("a\\b", "c]", true, "a\\b:c]");
    assert_key("", "", true, ":");
}

static void other_selections_give_a_pattern(void **state) {
    (void)state;
    assert_key("g]", NULL, false, "g\\]:*");
    assert_key("g", "*", false, "g:*");
    assert_key("g", "t*", false, "g:t*");
    assert_key("g[12]", "t", false, "g?:t");
    assert_key("?*", "t", false, "?*:t");
}

static void the_pattern_of_any_guild_finds_keys_without_one(void **state) {
    (void)state;
    assert_key(NULL, NULL, false, "*");
    assert_key("*", "*", false, "*");
    assert_key(NULL, "t", false, "*t");
    assert_key("*", "t", false, "*t");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_selector_without_star_question_mark_or_bracket_is_literal),
        cmocka_unit_test(literal_selectors_compare_equal),
        cmocka_unit_test(star_matches_any_run_of_bytes),
        cmocka_unit_test(question_mark_matches_one_byte),
        cmocka_unit_test(a_set_matches_one_of_its_members),
        cmocka_unit_test(a_set_is_negated_by_exclamation_mark_or_caret),
        cmocka_unit_test(a_closing_bracket_first_in_a_set_is_a_member),
        cmocka_unit_test(a_hyphen_at_the_edge_of_a_set_is_a_member),
        cmocka_unit_test(an_unclosed_bracket_is_literal),
        cmocka_unit_test(a_backslash_takes_the_meaning_from_specials),
        cmocka_unit_test(a_backslash_before_any_other_byte_stands_for_itself),
        cmocka_unit_test(globs_match_bytes_of_any_kind),
        cmocka_unit_test(every_short_glob_agrees_with_the_definition),
        cmocka_unit_test(pathological_globs_take_no_time),
        cmocka_unit_test(the_redis_pattern_keeps_stars_and_question_marks),
        cmocka_unit_test(sets_become_question_marks_for_redis),
        cmocka_unit_test(what_redis_takes_for_special_is_escaped),
        cmocka_unit_test(a_literal_selector_is_escaped_byte_by_byte_for_redis),
        cmocka_unit_test(without_a_topic_in_the_message_the_first_colon_splits),
        cmocka_unit_test(the_guild_is_what_precedes_the_topic_published_to),
        cmocka_unit_test(a_topic_published_to_that_is_the_whole_key_splits_at_the_first_colon),
        cmocka_unit_test(a_topic_published_to_that_is_not_in_the_key_is_ignored),
        cmocka_unit_test(parts_of_a_key_may_be_empty),
        cmocka_unit_test(a_key_without_a_colon_has_only_a_topic),
        cmocka_unit_test(the_guild_of_a_msg_key_ends_at_the_last_colon),
        cmocka_unit_test(other_keys_are_not_msg_keys),
        cmocka_unit_test(a_selection_matches_both_names_exactly),
        cmocka_unit_test(an_absent_selector_selects_everything),
        cmocka_unit_test(an_absent_guild_is_selected_by_nothing_or_a_star),
        cmocka_unit_test(two_literal_selectors_give_the_exact_key),
        cmocka_unit_test(other_selections_give_a_pattern),
        cmocka_unit_test(the_pattern_of_any_guild_finds_keys_without_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
