/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../src/command.h"

struct try_options {
    struct common_options common;
    bool flag, other;
    const char *text, *choice;
    struct string_list list, choices;
    uint64_t number, size;
    struct time_option time;
    int64_t duration;
    double rate;
};

static const char *const colors[] = {"red", "green", NULL};
static const char *const outputs[] = {"json", "csv", NULL};
static const struct option_spec table[] = {
    OPTION(try, 'f', "flag", FLAG, NULL, flag, "a flag"),
    OPTION(try, 'F', "flagpole", FLAG, NULL, other, "another, whose name begins the same"),
    OPTION(try, 'x', "text", STRING, "TEXT", text, "a text"),
    OPTION(try, 0, "list", STRINGS, "A,...", list, "a list"),
    OPTION(try, 'c', "count", NUMBER, "N", number, "a number"),
    OPTION(try, 0, "since", TIME, "TIME", time, "a time"),
    OPTION(try, 0, "every", DURATION, "TIME", duration, "a duration"),
    OPTION(try, 0, "size", SIZE, "SIZE", size, "a size"),
    OPTION(try, 0, "rate", RATE, "RATE", rate, "a rate"),
    OPTION_OF(try, 0, "paint", "COLOR", choice, "one of colors", colors),
    OPTIONS_OF(try, 0, "paints", "COLOR,...", choices, "some of colors", colors),
    {0},
};
static const struct command command = {
    .name = "try",
    .groups = OPTIONS_REDIS | OPTIONS_SELECT | OPTIONS_INPUT | OPTIONS_OUTPUT,
    .options = table,
    .outputs = outputs,
};

enum { WORDS = 24 };

/* A command line, in memory of its own, since the parser moves and cuts words. */
struct line {
    struct try_options o;
    struct gd_error e;
    char *word[WORDS], *copy[WORDS];
    int count, status;
};

static void free_line(struct line *l) {
    for (int i = 0; i < WORDS; i++) {
        free(l->copy[i]);
    }
}
#define AUTO_LINE __attribute__((cleanup(free_line))) struct line

static void parse_with(const struct command *c, struct line *l, const char *const *words) {
    for (l->count = 0; words[l->count]; l->count++) {
        l->word[l->count] = l->copy[l->count] = gd_strdup(words[l->count]);
    }
    l->status = options_parse(c, &l->o, &l->count, l->word, &l->e);
}

#define PARSE(l, ...)  \
    AUTO_LINE l = {0}; \
    parse_with(&command, &l, (const char *const[]){__VA_ARGS__, NULL})

static void assert_refused(const struct line *l, const char *message) {
    assert_int_equal(l->status, -1);
    assert_int_equal(l->e.failure, GD_FAIL_USAGE);
    assert_string_equal(l->e.message, message);
}

static void options_are_set_by_their_short_and_long_names(void **state) {
    (void)state;
    PARSE(l, "-f", "--text", "a b", "--count=5", "-F");
    assert_int_equal(l.status, 0);
    assert_true(l.o.flag && l.o.other);
    assert_string_equal(l.o.text, "a b");
    assert_true(l.o.number == 5);
    assert_int_equal(l.count, 0);
}

static void what_is_not_given_stays_as_it_was(void **state) {
    (void)state;
    PARSE(l, "word");
    assert_int_equal(l.status, 0);
    assert_false(l.o.flag || l.o.time.given || l.o.common.strict);
    assert_null(l.o.text);
    assert_null(l.o.common.url);
    assert_true(l.o.number == 0 && l.o.list.count == 0);
}

static void short_flags_may_stand_together_the_last_with_a_value(void **state) {
    (void)state;
    PARSE(l, "-fFqc7", "-fxc", "-x", "-f");
    assert_int_equal(l.status, 0);
    assert_true(l.o.flag && l.o.other && l.o.common.quiet);
    assert_true(l.o.number == 7);
    assert_string_equal(l.o.text, "-f");
}

static void a_value_may_be_attached_or_empty_or_hold_an_equals_sign(void **state) {
    (void)state;
    PARSE(l, "--text=a=b");
    assert_string_equal(l.o.text, "a=b");
    PARSE(empty, "--text=");
    assert_string_equal(empty.o.text, "");
    PARSE(apart, "--text", "");
    assert_string_equal(apart.o.text, "");
    PARSE(dash, "-x=b");
    assert_string_equal(dash.o.text, "=b");
}

static void operands_come_in_their_order_from_between_options(void **state) {
    (void)state;
    PARSE(l, "a", "-f", "b", "--text", "t", "-", "", "c");
    assert_int_equal(l.status, 0);
    assert_int_equal(l.count, 5);
    static const char *const expected[] = {"a", "b", "-", "", "c"};
    for (int i = 0; i < 5; i++) {
        assert_string_equal(l.word[i], expected[i]);
    }
}

static void behind_two_dashes_all_words_are_operands(void **state) {
    (void)state;
    PARSE(l, "-f", "--", "-F", "--", "--text");
    assert_int_equal(l.status, 0);
    assert_false(l.o.other);
    assert_int_equal(l.count, 3);
    assert_string_equal(l.word[0], "-F");
    assert_string_equal(l.word[1], "--");
    PARSE(value, "--text", "--");
    assert_string_equal(value.o.text, "--");
}

static void the_last_of_an_option_wins(void **state) {
    (void)state;
    PARSE(l, "-c1", "--count", "2", "-c3");
    assert_true(l.o.number == 3);
}

static void unknown_options_are_refused_with_what_helps(void **state) {
    (void)state;
    PARSE(l, "--txt=1");
    assert_refused(&l, "unknown option --txt");
    assert_non_null(strstr(l.e.hint, "gdbg try --help"));
    PARSE(short_one, "-fz");
    assert_refused(&short_one, "unknown option -z");
    PARSE(bare, "--=x");
    assert_refused(&bare, "unknown option --");
    PARSE(letter, "-\xC3\xA9t\xC3\xA9");
    assert_refused(&letter, "unknown option -\xC3\xA9");
    PARSE(byte, "-\xFF");
    assert_refused(&byte, "unknown option -\xFF");
}

static void long_options_are_not_abbreviated(void **state) {
    (void)state;
    PARSE(l, "--fla");
    assert_refused(&l, "unknown option --fla");
    PARSE(longer, "--flags");
    assert_refused(&longer, "unknown option --flags");
    PARSE(one, "--f");
    assert_refused(&one, "unknown option --f");
}

static void a_flag_takes_no_value_and_others_need_one(void **state) {
    (void)state;
    PARSE(l, "--flag=yes");
    assert_refused(&l, "--flag takes no value");
    PARSE(none, "a", "--count");
    assert_refused(&none, "--count needs a value: --count N");
    PARSE(short_one, "-fx");
    assert_refused(&short_one, "--text needs a value: --text TEXT");
}

static void numbers_are_whole_and_at_least_one(void **state) {
    (void)state;
    PARSE(l, "-c", "999999999999999999");
    assert_true(l.o.number == 999999999999999999u);
    static const char *const bad[][2] = {
        {"", "'' is not a whole number"},
        {"-1", "'-1' is not a whole number"},
        {"+1", "'+1' is not a whole number"},
        {" 1", "' 1' is not a whole number"},
        {"1k", "'1k' is not a whole number"},
        {"1.5", "'1.5' is not a whole number"},
        {"0", "must be at least 1"},
        {"0x1", "'0x1' is not a whole number"},
        {"99999999999999999999999", "'99999999999999999999999' is too large"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        PARSE(refused, "--count", bad[i][0]);
        assert_int_equal(refused.status, -1);
        assert_non_null(strstr(refused.e.message, "--count: "));
        assert_string_equal(refused.e.message + strlen("--count: "), bad[i][1]);
    }
}

static void times_durations_sizes_and_rates_are_read(void **state) {
    (void)state;
    PARSE(l, "--since=2026-01-09", "--every", "1m30s", "--size=64MiB", "--rate", "30/m");
    assert_int_equal(l.status, 0);
    assert_true(l.o.time.given);
    assert_true(l.o.time.ms == 1767916800000);
    assert_true(l.o.duration == 90000);
    assert_true(l.o.size == 64u << 20);
    assert_true(l.o.rate == 0.5);
}

static void what_cannot_be_read_is_refused_with_its_option(void **state) {
    (void)state;
    static const char *const bad[] = {"--since=tomorrowish", "--every=5x", "--every=0",
                                      "--size=big",          "--size=0",   "--rate=0",
                                      "--rate=x/y",          "--every=-1s"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        PARSE(l, bad[i]);
        assert_int_equal(l.status, -1);
        assert_int_equal(l.e.failure, GD_FAIL_USAGE);
        assert_memory_equal(l.e.message, bad[i], strcspn(bad[i], "="));
        assert_int_equal(l.e.message[strcspn(bad[i], "=")], ':');
    }
}

static void a_choice_is_one_of_its_words(void **state) {
    (void)state;
    PARSE(l, "--paint", "green");
    assert_ptr_equal(l.o.choice, colors[1]);
    PARSE(bad, "--paint=gree");
    assert_refused(&bad, "--paint: 'gree' is none of: red, green");
}

static void lists_are_given_with_commas_or_several_times(void **state) {
    (void)state;
    PARSE(l, "--list=a,b", "--list", "c,", "--paints=green,red");
    assert_int_equal(l.status, 0);
    assert_int_equal(l.o.list.count, 4);
    assert_string_equal(l.o.list.item[1], "b");
    assert_string_equal(l.o.list.item[2], "c");
    assert_string_equal(l.o.list.item[3], "");
    assert_int_equal(l.o.choices.count, 2);
    assert_ptr_equal(l.o.choices.item[0], colors[1]);
    PARSE(bad, "--paints=red,blue");
    assert_refused(&bad, "--paints: 'blue' is none of: red, green");
}

static void lists_have_a_limit(void **state) {
    (void)state;
    PARSE(just, "--list=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16");
    assert_int_equal(just.o.list.count, STRING_LIST_MAX);
    PARSE(l, "--list=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "--list=17");
    assert_refused(&l, "--list: more than 16 values");
}

static void common_options_mean_the_same_in_every_command(void **state) {
    (void)state;
    PARSE(l, "-u", "redis://h", "--connect-timeout=1s", "--timeout=2s", "-g", "G", "-t", "T*",
          "--strict", "--max-size=1MiB", "--output=csv", "--color=never", "-o", "F", "-q", "-v",
          "-h", "-V");
    const struct common_options *c = &l.o.common;
    assert_int_equal(l.status, 0);
    assert_string_equal(c->url, "redis://h");
    assert_true(c->connect_timeout_ms == 1000 && c->timeout_ms == 2000);
    assert_string_equal(c->guild, "G");
    assert_string_equal(c->topic, "T*");
    assert_true(c->strict && c->quiet && c->verbose && c->help && c->version);
    assert_true(c->max_bytes == 1u << 20);
    assert_string_equal(c->output, "csv");
    assert_string_equal(c->color, "never");
    assert_string_equal(c->output_file, "F");
}

static void the_forms_of_output_are_those_of_the_command(void **state) {
    (void)state;
    PARSE(l, "--output=text");
    assert_refused(&l, "--output: 'text' is none of: json, csv");
    PARSE(color, "--color=json");
    assert_refused(&color, "--color: 'json' is none of: auto, always, never");
}

static void a_command_takes_the_groups_that_it_names_only(void **state) {
    (void)state;
    static const struct command bare = {.name = "bare"};
    static const struct command url_only = {.name = "url", .groups = OPTIONS_URL};
    static const char *const words[] = {"--url=x",  "--timeout=1s", "--guild=g",
                                        "--strict", "--color=auto", "--flag"};
    for (size_t i = 0; i < 6; i++) {
        AUTO_LINE l = {0};
        parse_with(&bare, &l, (const char *const[]){words[i], NULL});
        assert_int_equal(l.status, -1);
        AUTO_LINE u = {0};
        parse_with(&url_only, &u, (const char *const[]){words[i], NULL});
        assert_int_equal(u.status, i == 0 ? 0 : -1);
    }
    AUTO_LINE help = {0};
    parse_with(&bare, &help, (const char *const[]){"--help", NULL});
    assert_true(help.o.common.help);
}

struct seen {
    int count, stop_at;
    const char *last;
};

static int see(const struct option_spec *spec, void *state) {
    struct seen *s = state;
    assert_non_null(spec->long_name);
    assert_non_null(spec->help);
    assert_int_equal(spec->argument == NULL, spec->type == OPTION_FLAG);
    s->last = spec->long_name;
    return ++s->count == s->stop_at ? 42 : 0;
}

static void all_options_can_be_gone_through_one_s_own_first(void **state) {
    (void)state;
    struct seen all = {0}, some = {.stop_at = 3};
    assert_int_equal(options_each(&command, see, &all), 0);
    assert_int_equal(all.count, 11 + 2 + 3 + 2 + 3 + 4);
    assert_string_equal(all.last, "version");
    assert_int_equal(options_each(&command, see, &some), 42);
    assert_string_equal(some.last, "text");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_set_by_their_short_and_long_names),
        cmocka_unit_test(what_is_not_given_stays_as_it_was),
        cmocka_unit_test(short_flags_may_stand_together_the_last_with_a_value),
        cmocka_unit_test(a_value_may_be_attached_or_empty_or_hold_an_equals_sign),
        cmocka_unit_test(operands_come_in_their_order_from_between_options),
        cmocka_unit_test(behind_two_dashes_all_words_are_operands),
        cmocka_unit_test(the_last_of_an_option_wins),
        cmocka_unit_test(unknown_options_are_refused_with_what_helps),
        cmocka_unit_test(long_options_are_not_abbreviated),
        cmocka_unit_test(a_flag_takes_no_value_and_others_need_one),
        cmocka_unit_test(numbers_are_whole_and_at_least_one),
        cmocka_unit_test(times_durations_sizes_and_rates_are_read),
        cmocka_unit_test(what_cannot_be_read_is_refused_with_its_option),
        cmocka_unit_test(a_choice_is_one_of_its_words),
        cmocka_unit_test(lists_are_given_with_commas_or_several_times),
        cmocka_unit_test(lists_have_a_limit),
        cmocka_unit_test(common_options_mean_the_same_in_every_command),
        cmocka_unit_test(the_forms_of_output_are_those_of_the_command),
        cmocka_unit_test(a_command_takes_the_groups_that_it_names_only),
        cmocka_unit_test(all_options_can_be_gone_through_one_s_own_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
