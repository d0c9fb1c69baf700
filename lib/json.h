/* SPDX-License-Identifier: MIT */
/* json.h - reading JSON in place, on demand: texts are checked in full and skipped; what is wanted
 * stays a slice of the source.
 *
 * Strict RFC 8259, and beyond it: valid UTF-8, and no escape that stands for half a surrogate pair,
 * so that whatever was accepted can be written out as it came. A value may nest GD_JSON_MAX_DEPTH
 * levels and costs no C stack; what a member of a message may nest, fields.h says. */
#ifndef GD_JSON_H
#define GD_JSON_H

#include "arena.h"
#include "bytes.h"

enum { GD_JSON_MAX_DEPTH = 1024, GD_JSON_MARGIN = 2, GD_JSON_LENGTHS = 64 };

/* The text being read. *end is 0 and GD_PADDING bytes are readable from there. */
struct gd_json {
    const char *end;
    uint16_t
        *lengths; /* GD_JSON_LENGTHS guesses for the member names to come, in their order, which are
               brought up to date; NULL for none. Right ones save time, wrong ones cost some */
    bool structure_only; /* leave UTF-8 and surrogates unchecked: for readers that write nothing out
                          */
    bool deep;           /* set where a value nests within GD_JSON_MARGIN levels of what it may */
    bool line_breaks;    /* set, never cleared: there are some between the tokens */
    const char *at;      /* after a failure: where; at == end: the text ended too early */
    const char *reason;  /* after a failure: what is wrong there */
};

/* Checks the value that starts at p (blanks before it allowed) and returns what is behind it; NULL
 * after a failure. */
const char *gd_json_skip(struct gd_json *j, const char *p);

/* Checks that text holds exactly one JSON value with blanks around it. text must be padded as
 * above. False fills *at and *reason (either may be NULL). */
bool gd_json_valid(struct gd_slice text, const char **at, const char **reason);

/* The functions below read slices that were checked before (by gd_json_skip() with full checks, or
 * in fields.h); on others the result is undefined but memory stays safe, as long as the padding is
 * there. */

enum gd_json_type {
    GD_JSON_ABSENT,
    GD_JSON_NULL,
    GD_JSON_FALSE,
    GD_JSON_TRUE,
    GD_JSON_NUMBER,
    GD_JSON_STRING,
    GD_JSON_ARRAY,
    GD_JSON_OBJECT,
};

/* Type of a value by its first byte; absent for a slice without bytes. */
static inline enum gd_json_type gd_json_type(struct gd_slice value) {
    if (value.n == 0) {
        return GD_JSON_ABSENT;
    }
    switch (value.p[0]) {
    case '"':
        return GD_JSON_STRING;
    case '{':
        return GD_JSON_OBJECT;
    case '[':
        return GD_JSON_ARRAY;
    case 't':
        return GD_JSON_TRUE;
    case 'f':
        return GD_JSON_FALSE;
    case 'n':
        return GD_JSON_NULL;
    default:
        return GD_JSON_NUMBER;
    }
}

/* The decoded bytes of a string value ("..." with its quotes). Without escapes a slice of the
 * source, otherwise a copy in the arena. */
struct gd_slice gd_json_string(struct gd_slice value, struct gd_arena *arena);

bool gd_json_is_empty_array(struct gd_slice value);

/* null, false, 0, [] or absent: what counts as a known member's default. */
static inline bool gd_json_is_default(struct gd_slice value) {
    if (value.n == 0 || value.p[0] == 'n' || value.p[0] == 'f') {
        return true;
    }
    if (value.p[0] == '[') {
        return value.p[1] == ']' || gd_json_is_empty_array(value);
    }
    return value.n == 1 && value.p[0] == '0';
}

/* Whether a number's text is an integer without fraction and exponent ("-" allowed). */
bool gd_json_is_integer(struct gd_slice text);

/* A number's text as double; as an int64_t where it is an integer that fits. */
double gd_json_double(struct gd_slice text);
bool gd_json_int64(struct gd_slice text, int64_t *value);

/* Walks the members of an object, or the elements of an array (name stays absent). Start with
 * gd_json_walk(); each gd_json_step() gives the next, false at the end. */
struct gd_json_walk {
    const char *p;
    struct gd_json json;
    struct gd_slice name;  /* the string value with its quotes */
    struct gd_slice value; /* verbatim */
};
void gd_json_walk(struct gd_json_walk *w, struct gd_slice container);
bool gd_json_step(struct gd_json_walk *w);

/* The value of the last member of an object whose decoded name is `name`; absent if there is none,
 * or if it is no object. */
struct gd_slice gd_json_find(struct gd_slice object, struct gd_slice name, struct gd_arena *arena);

/* First and last element of an array, and how many there are. */
size_t gd_json_ends(struct gd_slice array, struct gd_slice *first, struct gd_slice *last);

#endif
