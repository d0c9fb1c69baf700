/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../../lib/gemstone.h"
#include "../../lib/guild.h"

#define START_MS INT64_C(1767999600000) /* 2026-01-09T23:00:00Z */
#define SPACING_NS INT64_C(20000000)

enum { MESSAGES = 20000, SLOTS = 1 << 16 };

/* What a rustic message says of itself. */
struct told {
    uint64_t id, parent, root; /* parent 0: none */
    int64_t time_ms;
    struct gd_id parts;
    uint64_t sender, topic; /* hashes of their names */
    size_t bytes;
    bool error, foreign;
};

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

static uint64_t id_of(struct gd_value v) {
    uint64_t id = 0;
    if (v.type != GD_JSON_ABSENT) {
        assert_true(gd_id_read_u64(v.text, &id));
    }
    return id;
}

static bool is_ascii(struct gd_slice s) {
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static void listen_to(struct gd_decoder *d, const struct gd_guild_message *made, struct told *t) {
    const struct gd_origin origin = {.via = "gen", .key = made->key};
    struct gd_message m;
    gd_decoder_payload(d, made->payload, &origin, &m);
    assert_ptr_equal(m.dialect, &gd_dialect_rustic);
    t->id = id_of(gd_message_get(&m, GD_M_ID));
    t->parent = id_of(gd_message_get(&m, GD_M_PARENT_ID));
    t->root = id_of(gd_message_get(&m, GD_M_ROOT_THREAD_ID));
    assert_true(gd_message_time(&m, &t->time_ms));
    t->parts = gd_id_from_u64(t->id);
    struct gd_slice sender = gd_message_get(&m, GD_M_AGENT).text;
    struct gd_slice topic = gd_message_get(&m, GD_M_TOPIC).text;
    t->sender = gd_hash(sender.p, sender.n);
    t->topic = gd_hash(topic.p, topic.n);
    t->bytes = made->payload.n;
    t->error = gd_message_is_error(&m);
    t->foreign = !is_ascii(made->payload);
}

static int listen(void **state) {
    struct told *told = gd_calloc(MESSAGES, sizeof *told);
    GD_AUTO(guild) g = new_guild(&gd_dialect_rustic, 1);
    GD_AUTO(decoder) d = gd_decoder_new();
    for (size_t i = 0; i < MESSAGES; i++) {
        struct gd_guild_message m = next(g);
        listen_to(d, &m, &told[i]);
    }
    *state = told;
    return 0;
}

static int forget(void **state) {
    free(*state);
    return 0;
}

/* The messages by ID. */
static const struct told **slot_of(const struct told **table, uint64_t id) {
    size_t i = gd_hash(&id, sizeof id) % SLOTS;
    while (table[i] && table[i]->id != id) {
        i = (i + 1) % SLOTS;
    }
    return &table[i];
}

static size_t distinct(const uint64_t *values, size_t n) {
    uint64_t seen[64];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t known = 0;
        while (known < count && seen[known] != values[i]) {
            known++;
        }
        if (known == count) {
            assert_true(count < 64);
            seen[count++] = values[i];
        }
    }
    return count;
}

static void add_messages(struct gd_buf *out, const struct gd_dialect *dialect, uint64_t seed) {
    GD_AUTO(guild) g = new_guild(dialect, seed);
    for (int i = 0; i < 500; i++) {
        struct gd_guild_message m = next(g);
        gd_buf_add_slice(out, m.key);
        gd_buf_add_slice(out, m.payload);
    }
}

static void each_dialect(void (*check)(const struct gd_dialect *)) {
    check(&gd_dialect_rustic);
    check(&gd_dialect_debug);
    check(&gd_dialect_json);
    check(&gd_dialect_text);
}

static void check_same_seed(const struct gd_dialect *dialect) {
    GD_AUTO_BUF first = {0};
    GD_AUTO_BUF second = {0};
    add_messages(&first, dialect, 7);
    add_messages(&second, dialect, 7);
    assert_true(gd_slice_equal(gd_buf_slice(&first), gd_buf_slice(&second)));
}

static void the_same_seed_gives_the_same_bytes(void **state) {
    (void)state;
    each_dialect(check_same_seed);
}

static void check_other_seed(const struct gd_dialect *dialect) {
    GD_AUTO_BUF first = {0};
    GD_AUTO_BUF second = {0};
    add_messages(&first, dialect, 7);
    add_messages(&second, dialect, 8);
    assert_false(gd_slice_equal(gd_buf_slice(&first), gd_buf_slice(&second)));
}

static void another_seed_gives_other_bytes(void **state) {
    (void)state;
    each_dialect(check_other_seed);
}

/* On every machine, and for good: captures that people keep rely on it. */
static void a_seed_gives_what_it_always_gave(void **state) {
    (void)state;
    GD_AUTO_BUF all = {0};
    add_messages(&all, &gd_dialect_rustic, 1);
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
    for (size_t i = 0; i < all.n; i++) {
        hash = (hash ^ (unsigned char)all.p[i]) * UINT64_C(0x100000001B3);
    }
    assert_int_equal(hash, UINT64_C(0xC6014E6A9A6DF238));
}

static void six_in_ten_are_answers(void **state) {
    const struct told *told = *state;
    size_t answers = 0;
    for (size_t i = 0; i < MESSAGES; i++) {
        answers += told[i].parent != 0;
    }
    assert_in_range(answers, MESSAGES * 55 / 100, MESSAGES * 65 / 100);
}

static void two_in_a_hundred_are_errors(void **state) {
    const struct told *told = *state;
    size_t errors = 0;
    for (size_t i = 0; i < MESSAGES; i++) {
        errors += told[i].error;
    }
    assert_in_range(errors, MESSAGES * 15 / 1000, MESSAGES * 25 / 1000);
}

static void one_in_ten_is_not_ascii(void **state) {
    const struct told *told = *state;
    size_t foreign = 0;
    for (size_t i = 0; i < MESSAGES; i++) {
        foreign += told[i].foreign;
    }
    assert_in_range(foreign, MESSAGES * 8 / 100, MESSAGES * 12 / 100);
}

static void a_message_is_about_1_kilobyte(void **state) {
    const struct told *told = *state;
    size_t bytes = 0;
    for (size_t i = 0; i < MESSAGES; i++) {
        bytes += told[i].bytes;
        assert_in_range(told[i].bytes, 500, 4000);
    }
    assert_in_range(bytes / MESSAGES, 900, 1100);
}

static void there_are_many_agents_and_topics(void **state) {
    const struct told *told = *state;
    uint64_t senders[MESSAGES], topics[MESSAGES];
    for (size_t i = 0; i < MESSAGES; i++) {
        senders[i] = told[i].sender;
        topics[i] = told[i].topic;
    }
    assert_true(distinct(senders, MESSAGES) >= 8);
    assert_true(distinct(topics, MESSAGES) >= 5);
}

static void ids_are_unique_and_agree_with_the_times(void **state) {
    const struct told *told = *state;
    const struct told **table = gd_calloc(SLOTS, sizeof *table);
    for (size_t i = 0; i < MESSAGES; i++) {
        const struct told **slot = slot_of(table, told[i].id);
        assert_null(*slot);
        *slot = &told[i];
        assert_int_equal(told[i].parts.timestamp_ms, told[i].time_ms);
    }
    free(table);
}

static void messages_come_in_the_order_of_their_times(void **state) {
    const struct told *told = *state;
    assert_int_equal(told[0].time_ms, START_MS);
    for (size_t i = 1; i < MESSAGES; i++) {
        assert_true(told[i].time_ms >= told[i - 1].time_ms);
    }
}

static void the_mean_spacing_is_as_asked_for(void **state) {
    const struct told *told = *state;
    for (size_t i = 0; i < MESSAGES; i++) {
        int64_t latest_ns = (int64_t)(i + GD_GUILD_AHEAD) * SPACING_NS;
        assert_true(told[i].time_ms - START_MS <= latest_ns / 1000000);
    }
    int64_t took_ms = told[MESSAGES - 1].time_ms - START_MS;
    assert_in_range(took_ms, MESSAGES * 20 * 99 / 100, MESSAGES * 20 + 100);
}

static void answers_follow_what_they_answer_and_share_its_root(void **state) {
    const struct told *told = *state;
    const struct told **table = gd_calloc(SLOTS, sizeof *table);
    for (size_t i = 0; i < MESSAGES; i++) {
        if (told[i].parent) {
            const struct told *parent = *slot_of(table, told[i].parent);
            assert_non_null(parent);
            assert_int_equal(told[i].root, parent->root);
            assert_in_range(told[i].time_ms - parent->time_ms, 1, 15000);
        } else {
            assert_int_equal(told[i].root, told[i].id);
        }
        *slot_of(table, told[i].id) = &told[i];
    }
    free(table);
}

static int compare_latency(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void most_answers_are_quick_and_some_take_seconds(void **state) {
    const struct told *told = *state;
    const struct told **table = gd_calloc(SLOTS, sizeof *table);
    int64_t *latency_ms = gd_calloc(MESSAGES, sizeof *latency_ms);
    size_t n = 0;
    for (size_t i = 0; i < MESSAGES; i++) {
        if (told[i].parent) {
            latency_ms[n++] = told[i].time_ms - (*slot_of(table, told[i].parent))->time_ms;
        }
        *slot_of(table, told[i].id) = &told[i];
    }
    qsort(latency_ms, n, sizeof *latency_ms, compare_latency);
    assert_in_range(latency_ms[n / 2], 110, 130);
    assert_in_range(latency_ms[n * 99 / 100], 1500, 4000);
    free(latency_ms);
    free(table);
}

static void topics_are_counted_as_they_are_used(void **state) {
    (void)state;
    GD_AUTO(guild) g = new_guild(&gd_dialect_rustic, 1);
    assert_int_equal(gd_guild_topics(g), 0);
    next(g);
    assert_int_equal(gd_guild_topics(g), 1);
    for (int i = 0; i < 5000; i++) {
        next(g);
    }
    assert_int_equal(gd_guild_topics(g), 9);
}

static void more_messages_than_ids_in_a_millisecond_stay_in_order(void **state) {
    (void)state;
    const struct gd_guild_options options = {.name = GD_SLICE("busy"),
                                             .dialect = &gd_dialect_rustic,
                                             .start_ms = START_MS,
                                             .spacing_ns = 1};
    GD_AUTO(guild) g = gd_guild_new(&options);
    int64_t last_ms = START_MS;
    for (int i = 0; i < 10000; i++) {
        struct gd_guild_message m = next(g);
        struct gd_id id;
        assert_int_equal(gd_id_read(m.id, GD_LAYOUT_INT, &id, NULL), 0);
        assert_int_equal(id.timestamp_ms, m.time_ms);
        assert_true(m.time_ms >= last_ms);
        last_ms = m.time_ms;
    }
    assert_int_equal(last_ms, START_MS + 10000 / 4096);
}

static void times_that_no_id_holds_are_refused(void **state) {
    (void)state;
    const struct gd_guild_options options = {.name = GD_SLICE("early"),
                                             .dialect = &gd_dialect_rustic,
                                             .start_ms = GD_INT_EPOCH_MS - 1,
                                             .spacing_ns = SPACING_NS};
    GD_AUTO(guild) g = gd_guild_new(&options);
    struct gd_guild_message m;
    struct gd_error e;
    assert_int_equal(gd_guild_next(g, &m, &e), -1);
    assert_int_equal(e.failure, GD_FAIL_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(another_seed_gives_other_bytes),
        cmocka_unit_test(a_seed_gives_what_it_always_gave),
        cmocka_unit_test(six_in_ten_are_answers),
        cmocka_unit_test(two_in_a_hundred_are_errors),
        cmocka_unit_test(one_in_ten_is_not_ascii),
        cmocka_unit_test(a_message_is_about_1_kilobyte),
        cmocka_unit_test(there_are_many_agents_and_topics),
        cmocka_unit_test(ids_are_unique_and_agree_with_the_times),
        cmocka_unit_test(messages_come_in_the_order_of_their_times),
        cmocka_unit_test(the_mean_spacing_is_as_asked_for),
        cmocka_unit_test(answers_follow_what_they_answer_and_share_its_root),
        cmocka_unit_test(most_answers_are_quick_and_some_take_seconds),
        cmocka_unit_test(topics_are_counted_as_they_are_used),
        cmocka_unit_test(more_messages_than_ids_in_a_millisecond_stay_in_order),
        cmocka_unit_test(times_that_no_id_holds_are_refused),
    };
    return cmocka_run_group_tests(tests, listen, forget);
}
