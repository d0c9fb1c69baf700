/* SPDX-License-Identifier: MIT */
/* json_reference.h - a second reading of JSON, slow and plain, to hold against the library's: says
 * whether a text is valid, and whether two have the same values. */
#ifndef GD_TEST_JSON_REFERENCE_H
#define GD_TEST_JSON_REFERENCE_H

#include "../../lib/bytes.h"

enum { NONE = -1 };

struct node {
    char type;            /* { [ " 0 t f n */
    struct gd_slice text; /* verbatim */
    size_t name, decoded; /* of a member, of a string: for text_at() */
    int child, next;      /* NONE at the end */
};

struct tree {
    struct node *node; /* [0] is the whole */
    int count, room;
    struct gd_buf texts; /* decoded strings, each behind its length */
    const char *p, *end;
};
void free_tree(struct tree *t);
#define AUTO_TREE __attribute__((cleanup(free_tree))) struct tree

/* Reads a text, which must outlive the tree, into an empty one. False: it is not JSON. */
bool read_tree(struct tree *t, struct gd_slice text);
struct gd_slice text_at(const struct tree *t, size_t at);

/* The first member of an object with this name, or NONE. */
int find_member(const struct tree *t, int object, const char *name);

/* Takes out of an object the members that hold null, false, [] or a zero, if they have one of these
 * names (NULL at the end) and came once only. */
void drop_defaults(struct tree *t, int object, const char *const *names);

/* Whether the values are the same: numbers exactly, strings decoded, members in any order but those
 * of one name in theirs. */
bool same_value(const struct tree *a, int i, const struct tree *b, int k);
bool same_json(struct gd_slice a, struct gd_slice b);

#endif
