/* SPDX-License-Identifier: MIT */
#include "seen.h"

#include <stdlib.h>

struct hash {
    uint64_t a, b; /* both 0: a free place */
};

struct gd_seen {
    struct hash *table;
    size_t count, places; /* a power of two */
};

struct gd_seen *gd_seen_new(void) {
    struct gd_seen *s = gd_calloc(1, sizeof *s);
    s->places = 256;
    s->table = gd_calloc(s->places, sizeof *s->table);
    return s;
}

void gd_seen_free(struct gd_seen *s) {
    if (s) {
        free(s->table);
        free(s);
    }
}

/* One byte off, the same bytes fall into other words: the two halves know nothing of each other. */
static struct hash hash_of(struct gd_slice key, struct gd_slice payload) {
    struct gd_slice rest = payload.n ? gd_slice_of(payload.p + 1, payload.n - 1) : payload;
    uint64_t of_key = gd_hash(key.p, key.n);
    struct hash h = {gd_hash(payload.p, payload.n) ^ of_key, gd_hash(rest.p, rest.n) + of_key};
    h.a += h.a == 0 && h.b == 0;
    return h;
}

/* Where h stands, or the free place for it. */
static struct hash *place_of(const struct gd_seen *s, struct hash h) {
    for (size_t i = (size_t)h.a;; i++) {
        struct hash *at = &s->table[i & (s->places - 1)];
        if ((at->a == h.a && at->b == h.b) || (at->a == 0 && at->b == 0)) {
            return at;
        }
    }
}

static void grow(struct gd_seen *s) {
    struct gd_seen old = *s;
    s->places *= 2;
    s->table = gd_calloc(s->places, sizeof *s->table);
    for (size_t i = 0; i < old.places; i++) {
        if (old.table[i].a || old.table[i].b) {
            *place_of(s, old.table[i]) = old.table[i];
        }
    }
    free(old.table);
}

void gd_seen_add(struct gd_seen *s, struct gd_slice key, struct gd_slice payload) {
    struct hash h = hash_of(key, payload), *at = place_of(s, h);
    if (at->a == 0 && at->b == 0) {
        *at = h;
        if (++s->count > s->places / 4 * 3) {
            grow(s);
        }
    }
}

bool gd_seen_has(const struct gd_seen *s, struct gd_slice key, struct gd_slice payload) {
    const struct hash *at = place_of(s, hash_of(key, payload));
    return at->a || at->b;
}
