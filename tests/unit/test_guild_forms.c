/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../lib/guild.h"
#include "../../lib/utf8.h"

#define START_MS INT64_C(1767999600000) /* 2026-01-09T23:00:00Z */
#define SPACING_NS INT64_C(20000000)

enum { MESSAGES = 20000 };

static struct gd_guild *new_guild(const struct gd_dialect *dialect, uint64_t seed) {
    const struct gd_guild_options options = {.name = GD_SLICE("research"),
                                             .dialect = dialect,
                                             .seed = seed,
                                             .start_ms = START_MS,
                                             .spacing_ns = SPACING_NS};
    return gd_guild_new(&options);
}

static struct gd_guild_message next(struct gd_guild *g) {
    struct gd_guild_message m;
    assert_int_equal(gd_guild_next(g, &m, NULL), 0);
    return m;
}

static void each_dialect(void (*check)(const struct gd_dialect *)) {
    check(&gd_dialect_rustic);
    check(&gd_dialect_debug);
    check(&gd_dialect_json);
    check(&gd_dialect_text);
}

static void a_rustic_message_has_every_member_in_its_order(void **state) {
    static const char *const members[] = {
        "sender",
        "topics",
        "recipient_list",
        "payload",
        "format",
        "in_response_to",
        "thread",
        "conversation_id",
        "forward_header",
        "routing_slip",
        "message_history",
        "ttl",
        "is_error_message",
        "traceparent",
        "session_state",
        "topic_published_to",
        "enrich_with_history",
        "process_status",
        "origin_guild_stack",
        "id",
        "priority",
        "timestamp",
    };
    (void)state;
    GD_AUTO(guild) g = new_guild(&gd_dialect_rustic, 3);
    struct gd_arena arena = {0};
    for (int i = 0; i < 2000; i++) {
        struct gd_guild_message m = next(g);
        struct gd_json_walk w;
        size_t at = 0;
        for (gd_json_walk(&w, m.payload); gd_json_step(&w); at++) {
            assert_true(at < sizeof members / sizeof *members);
            assert_true(gd_slice_equal(gd_json_string(w.name, &arena), gd_slice_str(members[at])));
        }
        assert_int_equal(at, sizeof members / sizeof *members);
    }
    gd_arena_free(&arena);
}

static void check_one_line_of_utf8(const struct gd_dialect *dialect) {
    GD_AUTO(guild) g = new_guild(dialect, 4);
    for (int i = 0; i < 5000; i++) {
        struct gd_guild_message m = next(g);
        assert_true(gd_utf8_valid(m.payload));
        assert_null(memchr(m.payload.p, '\n', m.payload.n));
        if (dialect != &gd_dialect_text) {
            assert_true(gd_json_valid(m.payload, NULL, NULL));
        }
    }
}

static void payloads_are_valid_and_of_one_line(void **state) {
    (void)state;
    each_dialect(check_one_line_of_utf8);
}

static void check_recognised(const struct gd_dialect *dialect) {
    GD_AUTO(guild) g = new_guild(dialect, 5);
    GD_AUTO(decoder) d = gd_decoder_new();
    for (int i = 0; i < 2000; i++) {
        struct gd_guild_message made = next(g);
        const struct gd_origin origin = {.via = "gen", .key = made.key};
        struct gd_message m;
        gd_decoder_payload(d, made.payload, &origin, &m);
        assert_ptr_equal(m.dialect, dialect);
        struct gd_value id = gd_message_get(&m, GD_M_ID);
        assert_true(gd_slice_equal(id.text, made.id));
        struct gd_name name = gd_message_name(&m);
        assert_true(gd_slice_equal(name.guild, GD_SLICE("research")));
        assert_true(gd_slice_equal(gd_message_get(&m, GD_M_TOPIC).text, name.topic));
    }
}

static void each_dialect_is_recognised_as_what_it_is(void **state) {
    (void)state;
    each_dialect(check_recognised);
}

/* A member's default may have gone missing on the way; nothing else may differ. */
static void assert_same_members(struct gd_slice before, struct gd_slice after) {
    struct gd_arena arena = {0};
    struct gd_json_walk w;
    for (gd_json_walk(&w, before); gd_json_step(&w);) {
        struct gd_slice found = gd_json_find(after, gd_json_string(w.name, &arena), &arena);
        assert_true(gd_slice_equal(found, w.value) || (!found.n && gd_json_is_default(w.value)));
    }
    for (gd_json_walk(&w, after); gd_json_step(&w);) {
        assert_true(gd_json_find(before, gd_json_string(w.name, &arena), &arena).n > 0);
    }
    gd_arena_free(&arena);
}

/* To a canonical line, and back. */
static void encode_again(struct gd_decoder *d, const struct gd_guild_message *made,
                         struct gd_buf *line, struct gd_buf *encoded) {
    const struct gd_origin origin = {.via = "gen", .key = made->key};
    struct gd_message m;
    struct gd_json why;
    gd_buf_clear(line);
    gd_buf_clear(encoded);
    gd_decoder_payload(d, made->payload, &origin, &m);
    gd_message_write(&m, line);
    gd_buf_terminate(line);
    assert_non_null(gd_decoder_line(d, line->p, line->p + line->n, &m, &why));
    assert_int_equal(m.form, GD_FORM_CANONICAL);
    assert_int_equal(gd_message_encode(&m, NULL, encoded, NULL), 0);
    gd_buf_terminate(encoded);
}

static void check_round_trip(const struct gd_dialect *dialect) {
    GD_AUTO(guild) g = new_guild(dialect, 6);
    GD_AUTO(decoder) d = gd_decoder_new();
    GD_AUTO_BUF line = {0};
    GD_AUTO_BUF encoded = {0};
    for (int i = 0; i < MESSAGES; i++) {
        struct gd_guild_message m = next(g);
        encode_again(d, &m, &line, &encoded);
        if (dialect == &gd_dialect_rustic || dialect == &gd_dialect_debug) {
            assert_same_members(m.payload, gd_buf_slice(&encoded));
        } else {
            assert_true(gd_slice_equal(m.payload, gd_buf_slice(&encoded)));
        }
    }
}

static void the_canonical_form_keeps_every_message(void **state) {
    (void)state;
    each_dialect(check_round_trip);
}

static void a_dead_letter_holds_the_message_that_failed(void **state) {
    (void)state;
    GD_AUTO(guild) g = new_guild(&gd_dialect_rustic, 1);
    struct gd_arena arena = {0};
    int letters = 0;
    for (int i = 0; i < 5000; i++) {
        struct gd_guild_message m = next(g);
        struct gd_slice body = gd_json_find(m.payload, GD_SLICE("payload"), &arena);
        struct gd_slice original = gd_json_find(body, GD_SLICE("original_message"), &arena);
        struct gd_slice parent = gd_json_find(m.payload, GD_SLICE("in_response_to"), &arena);
        bool is_letter = gd_slice_equal(m.key, GD_SLICE("research:dead_letter_queue"));
        letters += is_letter;
        assert_int_equal(original.n > 0, is_letter);
        if (is_letter) {
            assert_true(gd_slice_equal(gd_json_find(original, GD_SLICE("id"), &arena), parent));
        }
    }
    assert_true(letters > 0);
    gd_arena_free(&arena);
}

static void the_guilds_name_may_be_any_bytes(void **state) {
    (void)state;
    const struct gd_guild_options options = {.name = GD_SLICE("a:b\xFF\"*"),
                                             .dialect = &gd_dialect_debug,
                                             .start_ms = START_MS,
                                             .spacing_ns = SPACING_NS};
    GD_AUTO(guild) g = gd_guild_new(&options);
    for (int i = 0; i < 100; i++) {
        struct gd_guild_message m = next(g);
        assert_true(gd_slice_starts(m.key, GD_SLICE("a:b\xFF\"*:")));
        assert_true(gd_json_valid(m.payload, NULL, NULL));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rustic_message_has_every_member_in_its_order),
        cmocka_unit_test(payloads_are_valid_and_of_one_line),
        cmocka_unit_test(each_dialect_is_recognised_as_what_it_is),
        cmocka_unit_test(the_canonical_form_keeps_every_message),
        cmocka_unit_test(a_dead_letter_holds_the_message_that_failed),
        cmocka_unit_test(the_guilds_name_may_be_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
