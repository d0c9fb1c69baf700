/* SPDX-License-Identifier: MIT */
/* store.c - which topics are stored. Keys are SCANned, in steps that hold the server up for no
 * longer than any other command; what they hold is asked for many at a time. */
#include "store.h"

#include <stdlib.h>

enum { BATCH_KEYS = 32, ANSWER_TIMEOUT_MS = 30000 };

struct gd_topics {
    struct gd_topic *topic;
    size_t count, cap;
    struct gd_arena names;
};

/* A search under way. */
struct search {
    struct gd_redis *r;
    const struct gd_selection *selection;
    struct gd_meanwhile meanwhile;
    struct gd_reply reply;
    struct gd_decoder *decoder;
    struct gd_topics *found;
    struct gd_slice *key; /* candidates; their bytes are found->names' */
    size_t keys, key_cap;
    bool any_type; /* the server's SCAN cannot tell types apart */
};

size_t gd_topics_count(const struct gd_topics *t) {
    return t->count;
}

const struct gd_topic *gd_topics_at(const struct gd_topics *t, size_t i) {
    return &t->topic[i];
}

void gd_topics_free(struct gd_topics *t) {
    if (t) {
        free(t->topic);
        gd_arena_free(&t->names);
        free(t);
    }
}

static void free_search(struct search *s) {
    gd_reply_free(&s->reply);
    gd_decoder_free(s->decoder);
    gd_topics_free(s->found);
    free(s->key);
}

static void add_topic(struct gd_topics *t, struct gd_topic topic) {
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 16;
        t->topic = gd_realloc(t->topic, t->cap * sizeof *t->topic);
    }
    t->topic[t->count++] = topic;
}

static int compare_topics(const void *a, const void *b) {
    const struct gd_topic *x = a, *y = b;
    int order = gd_slice_compare(x->guild, y->guild);
    return order ? order : gd_slice_compare(x->topic, y->topic);
}

static int compare_keys(const void *a, const void *b) {
    return gd_slice_compare(*(const struct gd_slice *)a, *(const struct gd_slice *)b);
}

static void add_key(struct search *s, struct gd_slice key) {
    if (!memchr(key.p, ':', key.n)) {
        return;
    }
    if (s->keys == s->key_cap) {
        s->key_cap = s->key_cap ? s->key_cap * 2 : 256;
        s->key = gd_realloc(s->key, s->key_cap * sizeof *s->key);
    }
    s->key[s->keys++] = gd_arena_copy(&s->found->names, key);
}

static int call(struct search *s, size_t argc, const struct gd_slice *argv, struct gd_error *e) {
    gd_meanwhile_run(s->meanwhile);
    return gd_redis_call(s->r, &s->reply, argc, argv, e);
}

static bool starts_with_error(const struct gd_reply *reply, struct gd_slice text) {
    return reply->count && reply->item[0].type == GD_REPLY_ERROR &&
           gd_slice_starts(reply->item[0].text, text);
}

/* One step of SCAN; *cursor is replaced by the next one. */
static int scan_step(struct search *s, struct gd_slice pattern, struct gd_buf *cursor,
                     struct gd_error *e) {
    const struct gd_slice argv[] = {
        GD_SLICE("SCAN"),  gd_buf_slice(cursor), GD_SLICE("MATCH"), pattern,
        GD_SLICE("COUNT"), GD_SLICE("1000"),     GD_SLICE("TYPE"),  GD_SLICE("zset"),
    };
    if (call(s, s->any_type ? 6 : 8, argv, e)) {
        bool knows_type = s->any_type || !starts_with_error(&s->reply, GD_SLICE("ERR syntax"));
        s->any_type = true; /* the option came with Redis 6 */
        return knows_type ? -1 : scan_step(s, pattern, cursor, e);
    }
    if (s->reply.count < 3 || s->reply.item[1].type != GD_REPLY_STRING) {
        return gd_error_set(e, GD_FAIL_REDIS, "%s: SCAN: the answer makes no sense",
                            gd_redis_name(s->r));
    }
    for (size_t i = 3; i < s->reply.count; i++) {
        add_key(s, s->reply.item[i].text);
    }
    gd_buf_clear(cursor);
    gd_buf_add_slice(cursor, s->reply.item[1].text);
    return 0;
}

/* SCAN may give a key more than once. */
static void drop_repeated_keys(struct search *s) {
    size_t kept = 0;
    if (s->keys) {
        qsort(s->key, s->keys, sizeof *s->key, compare_keys);
    }
    for (size_t i = 0; i < s->keys; i++) {
        if (kept == 0 || !gd_slice_equal(s->key[kept - 1], s->key[i])) {
            s->key[kept++] = s->key[i];
        }
    }
    s->keys = kept;
}

static int scan(struct search *s, struct gd_slice pattern, struct gd_error *e) {
    GD_AUTO_BUF cursor = {0};
    gd_buf_add_char(&cursor, '0');
    do {
        if (scan_step(s, pattern, &cursor, e)) {
            return -1;
        }
    } while (!gd_slice_equal(gd_buf_slice(&cursor), GD_SLICE("0")));
    drop_repeated_keys(s);
    return 0;
}

/* The next reply of a pipeline. */
static int await_reply(struct search *s, struct gd_error *e) {
    for (;;) {
        int got = gd_redis_next(s->r, &s->reply, e);
        if (got) {
            return got > 0 ? 0 : -1;
        }
        int ready = gd_redis_wait(s->r, ANSWER_TIMEOUT_MS, e);
        if (ready < 0) {
            return -1;
        }
        if (ready == 0) {
            gd_error_set(e, GD_FAIL_REDIS, "cannot get an answer from %s: time-out",
                         gd_redis_name(s->r));
            return gd_error_hint(e, "is the server too busy?");
        }
    }
}

/* Like await_reply(), for a command on a key. One of another type is not a failure: its reply is.
 */
static int await_answer(struct search *s, struct gd_slice command, struct gd_slice key,
                        struct gd_error *e) {
    if (await_reply(s, e)) {
        return -1;
    }
    const struct gd_reply_item *item = &s->reply.item[0];
    if (item->type == GD_REPLY_ERROR && !gd_slice_starts(item->text, GD_SLICE("WRONGTYPE"))) {
        gd_redis_reply_error(e, item->text, command, key);
        return gd_error_prefix(e, "%s", gd_redis_name(s->r));
    }
    return 0;
}

/* Leaves the sorted sets among the keys. */
static int drop_other_types(struct search *s, struct gd_error *e) {
    size_t kept = 0;
    for (size_t from = 0, to; from < s->keys; from = to) {
        to = s->keys - from < BATCH_KEYS ? s->keys : from + BATCH_KEYS;
        gd_meanwhile_run(s->meanwhile);
        for (size_t i = from; i < to; i++) {
            gd_redis_append(s->r, 2, (struct gd_slice[]){GD_SLICE("TYPE"), s->key[i]});
        }
        for (size_t i = from; i < to; i++) {
            if (await_answer(s, GD_SLICE("TYPE"), s->key[i], e)) {
                return -1;
            }
            if (gd_slice_equal(s->reply.item[0].text, GD_SLICE("zset"))) {
                s->key[kept++] = s->key[i];
            }
        }
    }
    s->keys = kept;
    return 0;
}

/* Adds the topic that the key is when its first member, in s->reply, is a JSON object. */
static void judge(struct search *s, struct gd_slice key, uint64_t messages) {
    struct gd_message first;
    struct gd_origin origin = {.via = "zset", .key = key};
    if (s->reply.count < 2 || s->reply.item[1].type != GD_REPLY_STRING) {
        return;
    }
    gd_decoder_payload(s->decoder, s->reply.item[1].text, &origin, &first);
    struct gd_name name = gd_message_name(&first);
    if (first.fields->object.p && gd_selection_match(s->selection, name)) {
        add_topic(s->found, (struct gd_topic){key, name.guild, name.topic, messages});
    }
}

static int inspect_batch(struct search *s, size_t from, size_t to, struct gd_error *e) {
    const struct gd_slice card = GD_SLICE("ZCARD"), range = GD_SLICE("ZRANGE");
    const struct gd_slice zero = GD_SLICE("0");
    gd_meanwhile_run(s->meanwhile);
    for (size_t i = from; i < to; i++) {
        gd_redis_append(s->r, 2, (struct gd_slice[]){card, s->key[i]});
        gd_redis_append(s->r, 4, (struct gd_slice[]){range, s->key[i], zero, zero});
    }
    for (size_t i = from; i < to; i++) {
        if (await_answer(s, card, s->key[i], e)) {
            return -1;
        }
        long long messages = s->reply.item[0].integer;
        if (await_answer(s, range, s->key[i], e)) {
            return -1;
        }
        judge(s, s->key[i], (uint64_t)messages);
    }
    return 0;
}

static int inspect(struct search *s, struct gd_error *e) {
    for (size_t from = 0, to; from < s->keys; from = to) {
        to = s->keys - from < BATCH_KEYS ? s->keys : from + BATCH_KEYS;
        if (inspect_batch(s, from, to, e)) {
            return -1;
        }
    }
    return 0;
}

static int refuse_type(struct search *s, struct gd_slice key, struct gd_error *e) {
    GD_AUTO_BUF name = {0};
    GD_AUTO_BUF type = {0};
    gd_error_set(e, GD_FAIL_REDIS, "%s: %s is no stored topic: it is a %s, and not a sorted set",
                 gd_redis_name(s->r), gd_error_quote(&name, key, 200),
                 gd_error_quote(&type, s->reply.item[0].text, 40));
    return gd_error_hint(e, "check --guild and --topic; gdbg ls shows what is stored");
}

/* The one key that a literal selection names. */
static int look_at(struct search *s, struct gd_slice key, struct gd_error *e) {
    if (call(s, 2, (struct gd_slice[]){GD_SLICE("TYPE"), key}, e)) {
        return -1;
    }
    struct gd_slice type = s->reply.item[0].text;
    if (gd_slice_equal(type, GD_SLICE("none"))) {
        return 0;
    }
    if (!gd_slice_equal(type, GD_SLICE("zset"))) {
        return refuse_type(s, key, e);
    }
    if (call(s, 2, (struct gd_slice[]){GD_SLICE("ZCARD"), key}, e)) {
        return -1;
    }
    if (s->reply.item[0].integer == 0) {
        return 0;
    }
    struct gd_slice own = gd_arena_copy(&s->found->names, key);
    size_t guild_n = s->selection->guild.n;
    add_topic(s->found, (struct gd_topic){
                            .key = own,
                            .guild = gd_slice_of(own.p, guild_n),
                            .topic = gd_slice_of(own.p + guild_n + 1, own.n - guild_n - 1),
                            .messages = (uint64_t)s->reply.item[0].integer,
                        });
    return 0;
}

static int find(struct search *s, struct gd_error *e) {
    GD_AUTO_BUF pattern = {0};
    if (gd_selection_key(s->selection, &pattern)) {
        return look_at(s, gd_buf_slice(&pattern), e);
    }
    if (scan(s, gd_buf_slice(&pattern), e) || (s->any_type && drop_other_types(s, e)) ||
        inspect(s, e)) {
        return -1;
    }
    if (s->found->count) {
        qsort(s->found->topic, s->found->count, sizeof *s->found->topic, compare_topics);
    }
    return 0;
}

int gd_topics_find_with(struct gd_topics **out, struct gd_redis *r,
                        const struct gd_selection *selection, struct gd_meanwhile meanwhile,
                        struct gd_error *e) {
    __attribute__((cleanup(free_search))) struct search s = {
        .r = r,
        .selection = selection,
        .meanwhile = meanwhile,
        .decoder = gd_decoder_new(),
        .found = gd_calloc(1, sizeof *s.found),
    };
    if (find(&s, e)) {
        return -1;
    }
    *out = s.found;
    s.found = NULL;
    return 0;
}

int gd_topics_find(struct gd_topics **out, struct gd_redis *r, const struct gd_selection *selection,
                   struct gd_error *e) {
    return gd_topics_find_with(out, r, selection, (struct gd_meanwhile){0}, e);
}
