/* SPDX-License-Identifier: MIT */
#include "replay_target.h"

#include <stdlib.h>

void replay_address_free(struct replay_address *a) {
    gd_buf_free(&a->from_bytes);
    gd_buf_free(&a->key_bytes);
}

static struct gd_slice join(struct gd_buf *out, struct gd_name name) {
    gd_buf_clear(out);
    gd_buf_add_slice(out, name.guild);
    gd_buf_add_char(out, ':');
    gd_buf_add_slice(out, name.topic);
    return gd_buf_slice(out);
}

static struct gd_slice via(const struct gd_message *m) {
    struct gd_slice value = {0};
    if (m->record) {
        value = gd_fields_get(m->record, GD_F_SOURCE_VIA);
    }
    return value.p ? gd_json_string(value, &m->scratch->arena) : gd_slice_str(m->origin.via);
}

static int no_target(struct gd_error *e, const char *why, const char *hint) {
    gd_error_set(e, GD_FAIL_INPUT, "cannot know where this message goes: %s", why);
    return gd_error_hint(e, "%s", hint);
}

int replay_address_find(struct replay_address *a, const struct gd_message *m,
                        const struct replay_route *route, struct gd_error *e) {
    bool stored = gd_slice_equal(via(m), GD_SLICE("string"));
    struct gd_name name = gd_message_name(m);
    a->from = stored ? (struct gd_slice){0} : gd_message_key(m);
    if (!a->from.p && m->record && name.guild.p && name.topic.p) {
        a->from = join(&a->from_bytes, name);
    }
    if (!a->from.p && !(route->guild.p && route->topic.p)) {
        return no_target(e, "it has no key", "say so with --to-guild and --to-topic");
    }
    a->key = a->from;
    a->guild = name.guild;
    if (route->guild.p || route->topic.p) {
        name.guild = route->guild.p ? route->guild : name.guild;
        name.topic = route->topic.p ? route->topic : name.topic;
        if (!name.guild.p) {
            return no_target(e, "its key has no guild", "say so with --to-guild and --to-topic");
        }
        a->guild = name.guild;
        a->key = join(&a->key_bytes, name);
    }
    return 0;
}

void replay_targets_free(struct replay_targets *t) {
    for (size_t i = 0; i < t->count; i++) {
        free(t->item[i]);
    }
    free(t->item);
    free(t->index);
}

/* The place in the index where the key is, or would be. */
static size_t *place_of(const struct replay_targets *t, struct gd_slice key, uint64_t hash) {
    for (size_t i = hash & (t->index_cap - 1);; i = (i + 1) & (t->index_cap - 1)) {
        size_t n = t->index[i];
        if (!n || (t->item[n - 1]->hash == hash && gd_slice_equal(t->item[n - 1]->key, key))) {
            return &t->index[i];
        }
    }
}

static void grow(struct replay_targets *t) {
    t->cap = t->cap ? t->cap * 2 : 16;
    t->item = gd_realloc(t->item, t->cap * sizeof *t->item);
    t->index_cap = t->cap * 2;
    free(t->index);
    t->index = gd_calloc(t->index_cap, sizeof *t->index);
    for (size_t i = 0; i < t->count; i++) {
        *place_of(t, t->item[i]->key, t->item[i]->hash) = i + 1;
    }
}

struct replay_target *replay_target_of(struct replay_targets *t, struct gd_slice key) {
    uint64_t hash = gd_hash(key.p, key.n);
    if (t->count == t->cap) {
        grow(t);
    }
    size_t *place = place_of(t, key, hash);
    if (!*place) {
        struct replay_target *target = gd_calloc(1, sizeof *target + key.n);
        if (key.n) {
            memcpy(target + 1, key.p, key.n);
        }
        target->key = gd_slice_of((const char *)(target + 1), key.n);
        target->hash = hash;
        t->item[t->count++] = target;
        *place = t->count;
    }
    return t->item[*place - 1];
}

static int refuse(const struct replay_target *t, const char *why, struct gd_error *e) {
    GD_AUTO_BUF key = {0};
    gd_error_set(e, GD_FAIL_USAGE, "refused to write to %s: %s", gd_error_quote(&key, t->key, 200),
                 why);
    return gd_error_hint(e, "use --to-guild, or --same-target if you mean it");
}

/* Whether the target not holding this very payload proves that the message was never there: it has
 * to be of the kind that is stored, and the payload the one that was. */
static bool would_be_stored(const struct gd_message *m) {
    int64_t time_ms;
    return m->payload.p && (gd_message_score(m).p || gd_message_time(m, &time_ms));
}

int replay_target_check(struct replay_target *t, const struct gd_message *m,
                        struct gd_slice payload, struct gd_redis *r, struct gd_publisher *p,
                        struct gd_error *e) {
    GD_AUTO_REPLY reply = {0};
    const struct gd_slice zscore[] = {GD_SLICE("ZSCORE"), t->key, payload};
    struct gd_slice here = gd_slice_str(gd_redis_run_id(r)), there = gd_message_server(m);
    bool servers_known = here.n && there.n;
    if (servers_known && gd_slice_equal(here, there)) {
        return refuse(t, "the messages come from there, and this is the same server", e);
    }
    if (t->looked) {
        return 0;
    }
    t->looked = true;
    if ((p && gd_publisher_finish(p, e)) || gd_redis_call(r, &reply, 3, zscore, e)) {
        return -1;
    }
    if (reply.item[0].type != GD_REPLY_NIL) {
        return refuse(t, "the messages come from there, and it already holds the first of them", e);
    }
    bool generated = gd_slice_equal(via(m), GD_SLICE("gen"));
    return servers_known || generated || would_be_stored(m) ? 0 : 1;
}
