/* SPDX-License-Identifier: MIT */
/* Thousands of RusticAI messages made at random, from a seed: each goes there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "round_trip.h"
#include "rustic.h"

/* As RusticAI writes them. */
static const char *const usual[RUSTIC_MEMBERS] = {
    "9623797206574182417",
    "{\"id\":\"agent-11\",\"name\":\"Planner\"}",
    "\"tool-calls\"",
    "\"tool-calls\"",
    "[{\"id\":\"agent-03\",\"name\":null}]",
    "{\"text\":\"\\ud83d\\ude00 \xC3\xA9\",\"n\":1.50,\"big\":18446744073709551616}",
    "\"generic_json\"",
    "4",
    "1768000000001",
    "3600",
    "[9623797206574182400,9623797206574182417]",
    "9623797206574182400",
    "1",
    "\"completed\"",
    "false",
    "[{\"agent\":{\"id\":\"a\"},\"origin\":1,\"reason\":[\"x\"]}]",
    "{\"steps\":[{\"agent\":null}]}",
    "\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"",
    "{\"a\":[1]}",
    "{\"k\":\"v\"}",
    "5",
    "[\"g1\"]",
};

static const char *const odd[] = {
    "null",
    "false",
    "true",
    "0",
    "-0",
    "0.0",
    "[]",
    "{}",
    "[ ]",
    "{ }",
    "\"\"",
    "\"5\"",
    "5",
    "5.0",
    "1e3",
    "-1.5E-7",
    "1E400",
    "123456789012345678901234567890",
    "18446744073709551615",
    "-5",
    "1768000000001.5",
    "1768000000001.000",
    "253402300800000",
    "\"error\"",
    "\"running\"",
    "\"\\u0065rror\"",
    "\"tool-calls\"",
    "[\"tool-calls\"]",
    "[\"tool-calls\",\"u\"]",
    "\"g:tool-calls\"",
    "\"\\ud83d\\ude00\"",
    "\"\xE2\x82\xAC\"",
    "[null]",
    "[1,2,3]",
    "[7,7]",
    "[\"7\",7]",
    "[[1],{\"a\":{}}]",
    "[1,\n2]",
    "{\"steps\":[]}",
    "{\"steps\":[1],\"x\":2}",
    "{\"st\\u0065ps\":[1]}",
    "{\"steps\":[1],\"steps\":[2]}",
    "{\"id\":null,\"name\":null}",
    "{\"name\":5}",
    "{\"id\":\"x\",\"id\":\"y\"}",
    "{\"a\":1,\"a\":2}",
    "\"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"",
};

static const char *const strangers[] = {
    "new",       "",         "topic",    "guild_id",
    "agent_tag", "content",  "metadata", "recipients",
    "history",   "trace",    "extra",    "raw",
    "raw_text",  "event",    "steps",    "a_name_that_is_longer_than_any_other",
    "i\\\"d",    "\xC3\xA9",
};

static void add_blanks(struct gd_buf *out, struct random *r) {
    static const char *const blanks[] = {"", "", "", "", "", "", " ", "\t", "  ", "\r\n"};
    gd_buf_add_str(out, blanks[pick(r, 10)]);
}

/* A letter of the name is sometimes written as an escape. */
static void add_name(struct gd_buf *out, struct random *r, const char *name) {
    size_t n = strlen(name), at = pick(r, 6) || strchr(name, '\\') ? n : pick(r, n + 1);
    gd_buf_add_char(out, '"');
    for (size_t i = 0; i < n; i++) {
        if (i == at && name[i] > 0) {
            gd_buf_printf(out, "\\u%04x", (unsigned)name[i]);
        } else {
            gd_buf_add_char(out, name[i]);
        }
    }
    gd_buf_add_char(out, '"');
}

static void add_member(struct gd_buf *out, struct random *r, const char *name, const char *value) {
    if (out->p[out->n - 1] != '{') {
        gd_buf_add_char(out, ',');
    }
    add_blanks(out, r);
    add_name(out, r, name);
    add_blanks(out, r);
    gd_buf_add_char(out, ':');
    add_blanks(out, r);
    gd_buf_add_str(out, value);
    add_blanks(out, r);
}

static const char *odd_value(struct random *r) {
    return odd[pick(r, sizeof odd / sizeof *odd)];
}

/* Members of a message in this order, each left out, doubled, or given another value at times. */
static void make_message(struct gd_buf *out, struct random *r) {
    int order[RUSTIC_MEMBERS];
    bool shuffled = pick(r, 2);
    size_t oddness = 1 + pick(r, 12);
    for (int i = 0; i < RUSTIC_MEMBERS; i++) {
        order[i] = i;
    }
    gd_buf_add_str(out, "{");
    for (int i = RUSTIC_MEMBERS; i > 0; i--) {
        size_t k = shuffled ? pick(r, (size_t)i) : (size_t)(RUSTIC_MEMBERS - i);
        int member = order[k];
        order[k] = shuffled ? order[i - 1] : member;
        bool needed = member == 1 || member == 2 || member == 5;
        if (!needed && pick(r, 4) == 0) {
            continue;
        }
        add_member(out, r, rustic_members[member], pick(r, oddness) ? usual[member] : odd_value(r));
        if (pick(r, 20) == 0) {
            add_member(out, r, rustic_members[pick(r, RUSTIC_MEMBERS)], odd_value(r));
        }
        if (pick(r, 12) == 0) {
            add_member(out, r, strangers[pick(r, sizeof strangers / sizeof *strangers)],
                       odd_value(r));
        }
    }
    gd_buf_add_char(out, '}');
}

/* Objects and arrays are passed on byte for byte. */
static void assert_verbatim(const struct sample *wire, const struct gd_buf *again) {
    AUTO_TREE tree = {0};
    assert_true(read_tree(&tree, wire->m.payload));
    for (int i = tree.node[0].child; i != NONE; i = tree.node[i].next) {
        const struct node *n = &tree.node[i];
        struct gd_slice name = text_at(&tree, n->name);
        bool rebuilt = gd_slice_equal(name, GD_SLICE("thread")) ||
                       gd_slice_equal(name, GD_SLICE("routing_slip"));
        bool container = n->type == '{' || (n->type == '[' && n->child != NONE);
        if (container && !rebuilt && !memchr(n->text.p, '\n', n->text.n) &&
            !memmem(again->p, again->n, n->text.p, n->text.n)) {
            fail_msg("%.*s is not in %s", GD_SLICE_FMT(n->text), again->p);
        }
    }
}

static const char *const keys[][2] = {
    {"pubsub", "g:tool-calls"},
    {"zset", "a:g:tool-calls"},
    {"zset", "other"},
    {"string", "msg:g:9623797206574182417"},
    {"file", NULL},
};

static void any_message_goes_there_and_back(void **state) {
    (void)state;
    struct random r = {19700101};
    AUTO_SAMPLE wire = {0};
    for (int i = 0; i < 30000; i++) {
        GD_AUTO_BUF text = {0};
        GD_AUTO_BUF canonical = {0};
        GD_AUTO_BUF again = {0};
        size_t key = pick(&r, 5);
        make_message(&text, &r);
        open_payload(&wire, gd_buf_slice(&text), keys[key][0], gd_slice_str(keys[key][1]));
        assert_string_equal(wire.m.dialect->name, "rustic");
        assert_there_and_back(&wire, &rustic_names, &canonical, &again);
        assert_verbatim(&wire, &again);
    }
}

static void a_message_with_hundreds_of_unknown_members_goes_there_and_back(void **state) {
    (void)state;
    struct random r = {64};
    for (int members = 60; members < 300; members += 7) {
        AUTO_SAMPLE wire = {0};
        GD_AUTO_BUF text = {0};
        GD_AUTO_BUF canonical = {0};
        GD_AUTO_BUF again = {0};
        make_message(&text, &r);
        text.n--;
        for (int i = 0; i < members; i++) {
            gd_buf_printf(&text, ",\"unknown-%d\":%s", i % 100, odd_value(&r));
        }
        gd_buf_add_char(&text, '}');
        open_payload(&wire, gd_buf_slice(&text), "zset", GD_SLICE("g:tool-calls"));
        assert_there_and_back(&wire, &rustic_names, &canonical, &again);
        assert_verbatim(&wire, &again);
    }
}

/* Whatever bytes Redis gives, a canonical line is made of them that can be read, and a record that
 * gives them back. */
static void damaged_messages_are_still_written_as_lines(void **state) {
    (void)state;
    struct random r = {1};
    AUTO_SAMPLE wire = {0};
    for (int i = 0; i < 20000; i++) {
        AUTO_SAMPLE line = {0};
        AUTO_TREE tree = {0};
        GD_AUTO_BUF text = {0};
        GD_AUTO_BUF canonical = {0};
        make_message(&text, &r);
        mutate(&text, &r);
        mutate(&text, &r);
        open_payload(&wire, gd_buf_slice(&text), "zset", GD_SLICE("g:tool-calls"));
        open_line(&line, gd_slice_str(canonical_of(&wire, &canonical)));
        assert_true(read_tree(&tree, gd_buf_slice(&canonical)));
        assert_same_view(&wire, &line);
        assert_recorded(&wire, canonical.p);
    }
}

static void assert_json(const struct gd_buf *text) {
    AUTO_TREE tree = {0};
    if (!read_tree(&tree, gd_buf_slice(text))) {
        fail_msg("%.*s", GD_SLICE_FMT(gd_buf_slice(text)));
    }
}

/* Whatever somebody has done to a line, what is made of it is JSON. */
static void assert_writes_json(const struct sample *s) {
    GD_AUTO_BUF out = {0};
    struct gd_error e;
    canonical_of(s, &out);
    assert_json(&out);
    for (enum gd_member member = GD_M_ID; member <= GD_M_PRIORITY; member++) {
        gd_message_get(&s->m, member);
    }
    for (size_t i = 0; s->m.form != GD_FORM_EVENT && i < 3; i++) {
        const struct gd_dialect *dialect = gd_dialect_find(gd_slice_str(gd_dialect_name(i)));
        gd_buf_clear(&out);
        if (gd_message_encode(&s->m, dialect, &out, &e) == 0 && s->m.dialect->claims) {
            assert_json(&out);
        }
        gd_buf_clear(&out);
        if (gd_message_write_raw(&s->m, dialect, &out, &e) == 0) {
            assert_json(&out);
        }
    }
}

static void damaged_lines_are_survived(void **state) {
    (void)state;
    struct random r = {8};
    AUTO_SAMPLE wire = {0};
    AUTO_SAMPLE line = {0};
    size_t read = 0;
    for (int i = 0; i < 20000; i++) {
        GD_AUTO_BUF text = {0};
        GD_AUTO_BUF written = {0};
        make_message(&text, &r);
        open_payload(&wire, gd_buf_slice(&text), "zset", GD_SLICE("g:tool-calls"));
        pick(&r, 2) ? canonical_of(&wire, &written) : raw_of(&wire, &written);
        for (size_t n = pick(&r, 3); n > 0; n--) {
            mutate(&written, &r);
        }
        if (written.n && written.p[0] == '{' && try_line(&line, gd_buf_slice(&written))) {
            assert_writes_json(&line);
            read++;
        }
    }
    assert_true(read > 7000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_message_goes_there_and_back),
        cmocka_unit_test(a_message_with_hundreds_of_unknown_members_goes_there_and_back),
        cmocka_unit_test(damaged_messages_are_still_written_as_lines),
        cmocka_unit_test(damaged_lines_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
