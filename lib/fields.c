/* SPDX-License-Identifier: MIT */
#include "fields.h"

#include <stdlib.h>

#include "json_scan.h"

/* Names are compared as three words, closing quote included, under a mask of their length. */
enum { NAME_WORDS = 3, NAME_BYTES = NAME_WORDS * 8, BUCKETS = 256, GUESSES = GD_FIELDS + 1 };

struct name {
    uint64_t word[NAME_WORDS], mask[NAME_WORDS];
    uint8_t length; /* without quotes */
    int8_t child;   /* shape of its members, or -1 */
};

struct gd_fields_reader {
    struct name name[GD_FIELDS];
    uint8_t bucket[GD_SHAPES][BUCKETS]; /* field + 1, by hash; open addressing */
    uint16_t after[GD_SHAPES][GUESSES]; /* the field that came after this one the last time */
    uint64_t members[GD_SHAPES];        /* the fields of a shape */
    uint16_t lengths[GD_FIELDS][GD_JSON_LENGTHS]; /* of names in a field's value, as last seen */
    struct gd_arena arena;                        /* escaped names */
};

static const struct {
    const char *name;
    enum gd_shape shape;
    int child;
} table[GD_FIELDS] = {
#define GD_FIELD(id, shape, name, child) {name, shape, child},
#include "fields.def"
#undef GD_FIELD
};

const char *gd_field_name(enum gd_field field) {
    return table[field].name;
}

enum gd_shape gd_field_shape(enum gd_field field) {
    return table[field].shape;
}

static unsigned hash_name(const char *p, size_t n) {
    unsigned first = (unsigned char)p[0], middle = (unsigned char)p[n / 2],
             last = (unsigned char)p[n - 1];
    return (unsigned)n * 37 + first * 7 + middle * 31 + last * 3;
}

static void add_name(struct gd_fields_reader *r, unsigned field) {
    char text[NAME_BYTES] = "", mask[NAME_BYTES] = "";
    size_t n = strlen(table[field].name);
    memcpy(text, table[field].name, n);
    text[n] = '"';
    memset(mask, 0xFF, n + 1);
    memcpy(r->name[field].word, text, NAME_BYTES);
    memcpy(r->name[field].mask, mask, NAME_BYTES);
    r->name[field].length = (uint8_t)n;
    r->name[field].child = (int8_t)table[field].child;
    enum gd_shape shape = table[field].shape;
    unsigned h = hash_name(text, n);
    while (r->bucket[shape][h % BUCKETS]) {
        h++;
    }
    r->bucket[shape][h % BUCKETS] = (uint8_t)(field + 1);
    r->members[shape] |= GD_BIT(field);
}

struct gd_fields_reader *gd_fields_reader_new(void) {
    struct gd_fields_reader *r = gd_calloc(1, sizeof *r);
    for (unsigned field = 0; field < GD_FIELDS; field++) {
        add_name(r, field);
    }
    for (unsigned shape = 0; shape < GD_SHAPES; shape++) {
        for (unsigned i = 0; i < GUESSES; i++) {
            bool follows = i + 1 < GD_FIELDS && table[i + 1].shape == shape;
            r->after[shape][i] =
                (uint8_t)(follows ? (int)i + 1 : __builtin_ctzll(r->members[shape]));
        }
    }
    return r;
}

void gd_fields_reader_free(struct gd_fields_reader *r) {
    if (r) {
        gd_arena_free(&r->arena);
        free(r);
    }
}

void gd_fields_free(struct gd_fields *f) {
    free(f->other);
    *f = (struct gd_fields){0};
}

static inline uint64_t differs(const char *p, const struct name *name, int word) {
    uint64_t at;
    memcpy(&at, p + 8 * word, 8);
    return (at ^ name->word[word]) & name->mask[word];
}

/* Whether name, and then a closing quote, stands at p. */
static inline bool is_name(const char *p, const struct name *name) {
    return (differs(p, name, 0) | differs(p, name, 1) | differs(p, name, 2)) == 0;
}

/* The field with this name, or -1. */
static int look_up(const struct gd_fields_reader *r, enum gd_shape shape, struct gd_slice name) {
    if (name.n == 0 || name.n >= NAME_BYTES) {
        return -1;
    }
    char text[NAME_BYTES] = "";
    memcpy(text, name.p, name.n);
    text[name.n] = '"';
    for (unsigned h = hash_name(text, name.n);; h++) {
        int field = r->bucket[shape][h % BUCKETS] - 1;
        if (field < 0 || (r->name[field].length == name.n && is_name(text, &r->name[field]))) {
            return field;
        }
    }
}

static void add_other(struct gd_fields *f, struct gd_other other) {
    if (f->others == f->other_cap) {
        f->other_cap = f->other_cap ? 2 * f->other_cap : 16;
        f->other = gd_realloc(f->other, f->other_cap * sizeof *f->other);
    }
    f->other[f->others++] = other;
}

/* A member that came before: its earlier value goes to the others, its earlier members are
 * forgotten. */
static void repeat(const struct gd_fields_reader *r, struct gd_fields *f, int field,
                   struct gd_slice name) {
    enum gd_shape shape = table[field].shape;
    add_other(f, (struct gd_other){shape, field, name, f->value[field]});
    f->repeated |= GD_BIT(field);
    f->present &= ~GD_BIT(field);
    f->integers &= ~GD_BIT(field);
    int child = r->name[field].child;
    if (child < 0) {
        return;
    }
    f->present &= ~r->members[child];
    f->repeated &= ~r->members[child];
    size_t kept = 0;
    for (size_t i = 0; i < f->others; i++) {
        if ((int)f->other[i].shape != child) {
            f->other[kept++] = f->other[i];
        }
    }
    f->others = kept;
}

struct reading {
    struct gd_fields_reader *r;
    struct gd_json *j;
    struct gd_fields *inner;
};

static const char *read_object(const struct reading *c, const char *p, enum gd_shape shape,
                               struct gd_fields *f);

/* p is behind a name's opening quote. Finds the field (-1: none) and returns what is behind the
 * closing quote. */
static const char *read_unexpected_name(const struct reading *c, const char *p, enum gd_shape shape,
                                        int *field) {
    bool escaped = false;
    const char *end = gd_json_scan_string(c->j, p, &escaped);
    if (!end) {
        return NULL;
    }
    struct gd_slice name = {p, (size_t)(end - p)};
    if (GD_UNLIKELY(escaped)) {
        name = gd_json_string(gd_slice_of(p - 1, name.n + 2), &c->r->arena);
    }
    *field = look_up(c->r, shape, name);
    if (escaped) {
        gd_arena_reset(&c->r->arena);
    }
    return end + 1;
}

static const char *read_inner(const struct reading *c, const char *p) {
    bool outside = c->j->deep;
    c->j->deep = false;
    const char *end = gd_fields_read(c->r, c->j, p, c->inner, NULL);
    c->j->deep |= outside;
    return end;
}

static inline const char *read_value(const struct reading *c, const char *p, int field,
                                     struct gd_fields *f) {
    bool escaped = false;
    if (*p == '{' && field >= 0) {
        int child = c->r->name[field].child;
        if (child >= 0) {
            return read_object(c, p + 1, (enum gd_shape)child, f);
        }
        if (field == GD_F_RAW && c->inner) {
            return read_inner(c, p);
        }
    }
    if (field >= 0 && ((*p >= '0' && *p <= '9') || *p == '-')) {
        bool integer;
        p = gd_json_scan_number(c->j, p, &integer);
        f->integers |= (uint64_t)integer << field;
        return p;
    }
    c->j->lengths = field >= 0 ? c->r->lengths[field] : NULL;
    return gd_json_scan_value(c->j, p, GD_FIELDS_MAX_DEPTH, &escaped);
}

/* p is behind '{'. */
static const char *read_object(const struct reading *c, const char *p, enum gd_shape shape,
                               struct gd_fields *f) {
    struct gd_fields_reader *r = c->r;
    uint16_t *guess = &r->after[shape][GD_FIELDS];
    p = gd_json_space(c->j, p);
    if (GD_UNLIKELY(*p == '}')) {
        return p + 1;
    }
    for (;;) {
        if (GD_UNLIKELY(*p != '"')) {
            return gd_json_fail(c->j, p, "a member name was expected");
        }
        const char *name = p;
        int field = *guess;
        if (GD_LIKELY(is_name(p + 1, &r->name[field]))) {
            p += 2 + r->name[field].length;
        } else {
            if (!(p = read_unexpected_name(c, p + 1, shape, &field))) {
                return NULL;
            }
            *guess = field >= 0 ? (uint16_t)field : *guess;
        }
        struct gd_slice verbatim = {name, (size_t)(p - name)};
        p = gd_json_space(c->j, p);
        if (GD_UNLIKELY(*p != ':')) {
            return gd_json_fail(c->j, p, "':' was expected behind a member name");
        }
        p = gd_json_space(c->j, p + 1);
        const char *value = p;
        if (GD_UNLIKELY(field >= 0 && gd_fields_has(f, (enum gd_field)field))) {
            repeat(r, f, field, verbatim);
        }
        if (!(p = read_value(c, p, field, f))) {
            return NULL;
        }
        if (GD_LIKELY(field >= 0)) {
            guess = &r->after[shape][field];
            f->present |= GD_BIT(field);
            f->value[field] = gd_slice_of(value, (size_t)(p - value));
        } else {
            add_other(
                f, (struct gd_other){shape, -1, verbatim, gd_slice_of(value, (size_t)(p - value))});
        }
        p = gd_json_space(c->j, p);
        if (GD_LIKELY(*p == ',')) {
            p = gd_json_space(c->j, p + 1);
        } else if (GD_LIKELY(*p == '}')) {
            return p + 1;
        } else {
            return gd_json_fail(c->j, p, "',' or '}' was expected");
        }
    }
}

const char *gd_fields_read(struct gd_fields_reader *r, struct gd_json *j, const char *p,
                           struct gd_fields *out, struct gd_fields *inner) {
    const struct reading c = {r, j, inner};
    out->present = out->repeated = out->integers = 0;
    out->others = 0;
    if (GD_UNLIKELY(*p != '{')) {
        return gd_json_fail(j, p, "an object was expected");
    }
    const char *end = read_object(&c, p + 1, GD_SHAPE_TOP, out);
    out->object = gd_slice_of(p, end ? (size_t)(end - p) : 0);
    out->deep = j->deep;
    return end;
}
