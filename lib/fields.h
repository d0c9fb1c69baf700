/* SPDX-License-Identifier: MIT */
/* fields.h - one JSON object taken apart in one pass: the members that messages are known to have
 * as slices in a fixed array, all others in a list. Everything is checked (json.h) on the way.
 *
 * The names of all wire dialects, of the canonical form and of raw records stand in one table
 * (fields.def), so that a line is read once, before anybody knows what it is. */
#ifndef GD_FIELDS_H
#define GD_FIELDS_H

#include "json.h"

/* Levels that a member's value may nest, in a line and in what stands in it. A wire message has
 * GD_JSON_MARGIN less: that much deeper may its members stand in the line that is made of it. */
enum { GD_FIELDS_MAX_DEPTH = GD_JSON_MAX_DEPTH - 2 };

/* An object whose members have fields of their own. */
enum gd_shape {
    GD_SHAPE_TOP,
    GD_SHAPE_CONTENT,
    GD_SHAPE_METADATA,
    GD_SHAPE_SOURCE,
    GD_SHAPE_SLIP,
    GD_SHAPES
};

enum gd_field {
#define GD_FIELD(id, shape, name, child) GD_F_##id,
#include "fields.def"
#undef GD_FIELD
    GD_FIELDS
};
_Static_assert(GD_FIELDS <= 64, "a set of fields is one 64-bit word");

#define GD_BIT(field) ((uint64_t)1 << (field))

/* A member without a field of its own, or an earlier occurrence of one that came twice. */
struct gd_other {
    enum gd_shape shape;
    int field;             /* of a repeated member, otherwise -1 */
    struct gd_slice name;  /* verbatim, with quotes */
    struct gd_slice value; /* verbatim */
};

/* {0} is valid; reused from object to object; gd_fields_free() at the end. */
struct gd_fields {
    uint64_t present;       /* bit per field; only then is value[] meaningful */
    uint64_t integers;      /* fields whose value is a number without fraction and exponent */
    uint64_t repeated;      /* fields that occurred more than once: value[] is the last */
    struct gd_slice object; /* the whole, from { to } */
    struct gd_slice value[GD_FIELDS];
    struct gd_other *other;
    size_t others, other_cap;
    bool deep; /* too deep for a wire message */
};
void gd_fields_free(struct gd_fields *f);

static inline bool gd_fields_has(const struct gd_fields *f, enum gd_field field) {
    return f->present & GD_BIT(field);
}
/* The value's text, or an absent slice. */
static inline struct gd_slice gd_fields_get(const struct gd_fields *f, enum gd_field field) {
    return gd_fields_has(f, field) ? f->value[field] : (struct gd_slice){0};
}

/* Name and shape of a field; the shape its members have, or -1. */
const char *gd_field_name(enum gd_field field);
enum gd_shape gd_field_shape(enum gd_field field);

/* Remembers the order in which members come, since messages repeat it. Opaque; one per thread. */
struct gd_fields_reader;
struct gd_fields_reader *gd_fields_reader_new(void);
void gd_fields_reader_free(struct gd_fields_reader *r);
GD_DEFINE_AUTO(fields_reader)

/* Reads the object that starts at p ('{'). Where `inner` is not NULL and the object has a member
 * "raw" that is an object, that one is read into *inner in the same pass. Returns what is behind
 * the object, or NULL: then j says where and why. */
const char *gd_fields_read(struct gd_fields_reader *r, struct gd_json *j, const char *p,
                           struct gd_fields *out, struct gd_fields *inner);

#endif
