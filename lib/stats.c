/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <stdlib.h>

#include "json_write.h"

const char *const gd_stats_by_names[] = {"guild",  "topic",    "agent", "status",
                                         "format", "priority", NULL};
static const enum gd_member members[] = {GD_M_GUILD,  GD_M_TOPIC,  GD_M_AGENT,
                                         GD_M_STATUS, GD_M_FORMAT, GD_M_PRIORITY};

struct gd_stats {
    enum gd_member by[GD_STATS_BY_MAX];
    size_t by_count;
    struct gd_group **slot; /* open addressing; a power of two of them */
    size_t slots, groups;
    uint64_t messages;
    struct gd_group **sorted;
    struct gd_buf key; /* of the message at hand */
};

bool gd_stats_by_parse(struct gd_slice name, enum gd_member *member) {
    for (size_t i = 0; gd_stats_by_names[i]; i++) {
        if (gd_slice_equal(name, gd_slice_str(gd_stats_by_names[i]))) {
            *member = members[i];
            return true;
        }
    }
    return false;
}

uint64_t gd_stats_messages(const struct gd_stats *s) {
    return s->messages;
}

/* A value in a key: its type, its length, its bytes. */
static void add_to_key(struct gd_buf *key, struct gd_value v) {
    uint32_t n = (uint32_t)v.text.n;
    char *p = gd_buf_reserve(key, 1 + sizeof n + n);
    if (v.type == GD_JSON_NULL || v.type == GD_JSON_ABSENT) {
        v.type = GD_JSON_ABSENT;
        n = 0;
    }
    p[0] = (char)v.type;
    memcpy(p + 1, &n, sizeof n);
    if (n) {
        memcpy(p + 1 + sizeof n, v.text.p, n);
    }
    key->n += 1 + sizeof n + n;
}

struct gd_value gd_group_value(const struct gd_group *g, size_t i) {
    const char *p = g->key.p, *end = p + g->key.n;
    while (p < end) {
        uint32_t n;
        memcpy(&n, p + 1, sizeof n);
        if (i-- == 0) {
            return (struct gd_value){(enum gd_json_type)p[0], {p + 1 + sizeof n, n}};
        }
        p += 1 + sizeof n + n;
    }
    return (struct gd_value){0};
}

static struct gd_group **find_slot(struct gd_group **slot, size_t slots, struct gd_slice key,
                                   uint64_t hash) {
    for (size_t i = hash & (slots - 1);; i = (i + 1) & (slots - 1)) {
        if (!slot[i] || (slot[i]->hash == hash && gd_slice_equal(slot[i]->key, key))) {
            return &slot[i];
        }
    }
}

static void grow(struct gd_stats *s) {
    size_t slots = s->slots ? 2 * s->slots : 64;
    struct gd_group **slot = gd_calloc(slots, sizeof(struct gd_group *));
    for (size_t i = 0; i < s->slots; i++) {
        if (s->slot[i]) {
            *find_slot(slot, slots, s->slot[i]->key, s->slot[i]->hash) = s->slot[i];
        }
    }
    free(s->slot);
    s->slot = slot;
    s->slots = slots;
}

static struct gd_group *group_of_key(struct gd_stats *s) {
    struct gd_slice key = gd_buf_slice(&s->key);
    uint64_t hash = gd_hash(key.p, key.n);
    struct gd_group **slot = find_slot(s->slot, s->slots, key, hash);
    if (*slot) {
        return *slot;
    }
    struct gd_group *g = gd_calloc(1, sizeof *g + key.n);
    char *copy = (char *)(g + 1);
    if (key.n) {
        memcpy(copy, key.p, key.n);
    }
    g->key = gd_slice_of(copy, key.n);
    g->hash = hash;
    *slot = g;
    if (++s->groups * 4 > s->slots * 3) {
        grow(s);
    }
    return g;
}

struct gd_stats *gd_stats_new(const enum gd_member *by, size_t count) {
    struct gd_stats *s = gd_calloc(1, sizeof *s);
    for (size_t i = 0; i < count && i < GD_STATS_BY_MAX; i++) {
        s->by[s->by_count++] = by[i];
    }
    grow(s);
    if (count == 0) {
        group_of_key(s);
    }
    return s;
}

void gd_stats_free(struct gd_stats *s) {
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->slots; i++) {
        if (s->slot[i]) {
            gd_sketch_free(&s->slot[i]->processing_ms);
            free(s->slot[i]);
        }
    }
    free(s->slot);
    free(s->sorted);
    gd_buf_free(&s->key);
    free(s);
}

static void add_processing_time(struct gd_group *g, struct gd_value v) {
    int64_t whole;
    if (v.type == GD_JSON_NUMBER) {
        gd_sketch_add(&g->processing_ms,
                      gd_json_int64(v.text, &whole) ? (double)whole : gd_json_double(v.text));
    }
}

void gd_stats_add(struct gd_stats *s, const struct gd_message *m) {
    gd_buf_clear(&s->key);
    for (size_t i = 0; i < s->by_count; i++) {
        add_to_key(&s->key, gd_message_get(m, s->by[i]));
    }
    struct gd_group *g = group_of_key(s);
    int64_t time_ms;
    s->messages++;
    g->messages++;
    g->bytes += gd_message_bytes(m);
    g->errors += gd_message_is_error(m);
    add_processing_time(g, gd_message_get(m, GD_M_PROCESSING_TIME_MS));
    if (gd_message_time(m, &time_ms)) {
        g->first_ms = g->has_time && g->first_ms < time_ms ? g->first_ms : time_ms;
        g->last_ms = g->has_time && g->last_ms > time_ms ? g->last_ms : time_ms;
        g->has_time = true;
    }
}

static int compare(const void *a, const void *b) {
    const struct gd_group *x = *(const struct gd_group *const *)a,
                          *y = *(const struct gd_group *const *)b;
    if (x->messages != y->messages) {
        return x->messages < y->messages ? 1 : -1;
    }
    for (size_t i = 0; i < GD_STATS_BY_MAX; i++) {
        int order = gd_slice_compare(gd_group_value(x, i).text, gd_group_value(y, i).text);
        if (order) {
            return order;
        }
    }
    return gd_slice_compare(x->key, y->key);
}

const struct gd_group *const *gd_stats_groups(struct gd_stats *s, size_t *count) {
    s->sorted = gd_realloc(s->sorted, s->groups * sizeof(struct gd_group *));
    size_t n = 0;
    for (size_t i = 0; i < s->slots; i++) {
        if (s->slot[i]) {
            s->sorted[n++] = s->slot[i];
        }
    }
    qsort(s->sorted, n, sizeof(struct gd_group *), compare);
    *count = n;
    return (const struct gd_group *const *)s->sorted;
}

double gd_group_error_rate(const struct gd_group *g) {
    return g->messages ? (double)g->errors / (double)g->messages : 0;
}

double gd_group_rate_per_s(const struct gd_group *g) {
    int64_t span_ms = g->last_ms - g->first_ms;
    return g->has_time && span_ms > 0 ? (double)g->messages * 1000 / (double)span_ms : 0;
}

static void write_time(struct gd_json_object *o, const char *name, int64_t time_ms) {
    char text[GD_TIME_TEXT];
    struct gd_time_cache cache = {0};
    gd_time_format(text, time_ms, &cache);
    gd_json_object_string(o, name, gd_slice_of(text, sizeof text));
}

static void write_number(struct gd_json_object *o, const char *name, double value) {
    gd_json_object_name(o, name);
    gd_json_write_significant(o->out, value, 6);
}

static void write_processing_time(struct gd_json_object *o, const struct gd_sketch *sketch) {
    if (sketch->count == 0) {
        return;
    }
    gd_json_object_name(o, "processing_time_ms");
    struct gd_json_object p = gd_json_object_open(o->out);
    gd_json_object_u64(&p, "count", sketch->count);
    write_number(&p, "mean", sketch->sum / (double)sketch->count);
    write_number(&p, "p50", gd_sketch_quantile(sketch, 0.50));
    write_number(&p, "p95", gd_sketch_quantile(sketch, 0.95));
    write_number(&p, "p99", gd_sketch_quantile(sketch, 0.99));
    gd_json_object_name(&p, "max");
    gd_json_write_double(p.out, sketch->max);
    gd_json_object_close(&p);
}

static void write_by(struct gd_json_object *o, const struct gd_group *g, const char *const *names,
                     size_t count) {
    gd_json_object_name(o, "by");
    struct gd_json_object by = gd_json_object_open(o->out);
    for (size_t i = 0; i < count; i++) {
        struct gd_value v = gd_group_value(g, i);
        if (v.type == GD_JSON_ABSENT) {
            gd_json_object_verbatim(&by, names[i], GD_SLICE("null"));
        } else if (v.type < GD_JSON_STRING) {
            gd_json_object_verbatim(&by, names[i], v.text);
        } else {
            /* Of arrays and objects the text: they may not have been checked in full. */
            gd_json_object_string(&by, names[i], v.text);
        }
    }
    gd_json_object_close(&by);
}

void gd_group_write_json(const struct gd_group *g, const char *const *names, size_t count,
                         struct gd_buf *out) {
    struct gd_json_object o = gd_json_object_open(out);
    write_by(&o, g, names, count);
    gd_json_object_u64(&o, "messages", g->messages);
    gd_json_object_u64(&o, "bytes", g->bytes);
    gd_json_object_u64(&o, "errors", g->errors);
    write_number(&o, "error_rate", gd_group_error_rate(g));
    if (gd_group_rate_per_s(g) > 0) {
        write_number(&o, "rate_per_s", gd_group_rate_per_s(g));
    }
    if (g->has_time) {
        write_time(&o, "first", g->first_ms);
        write_time(&o, "last", g->last_ms);
    }
    write_processing_time(&o, &g->processing_ms);
    gd_json_object_close(&o);
}
