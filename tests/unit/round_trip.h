/* SPDX-License-Identifier: MIT */
/* round_trip.h - decode and encode give the same values back. To be included behind cmocka.h. */
#ifndef GD_TEST_ROUND_TRIP_H
#define GD_TEST_ROUND_TRIP_H

#include "json_reference.h"
#include "messages.h"

/* The members of a dialect whose defaults count as absent, NULL at the end of each. */
struct known {
    const char *const *top, *const *metadata;
};

static inline void drop_all_defaults(struct tree *t, const struct known *known) {
    int metadata = find_member(t, 0, "metadata");
    if (known->metadata && metadata != NONE && t->node[metadata].type == '{') {
        drop_defaults(t, metadata, known->metadata);
    }
    drop_defaults(t, 0, known->top);
}

/* A record of the message says the same as the message itself. */
static inline void assert_recorded(const struct sample *wire, const char *canonical) {
    AUTO_SAMPLE record = {0};
    GD_AUTO_BUF out = {0};
    open_line(&record, gd_slice_str(raw_of(wire, &out)));
    assert_ptr_equal(record.m.dialect, wire->m.dialect);
    assert_true(gd_slice_equal(record.m.payload, wire->m.payload));
    assert_same_view(wire, &record);
    assert_string_equal(canonical_of(&record, &out), canonical);
}

/* Also asks both forms for the same, and writes a record. The canonical line goes to *canonical,
 * what was encoded to *again. */
static inline void assert_there_and_back(const struct sample *wire, const struct known *known,
                                         struct gd_buf *canonical, struct gd_buf *again) {
    AUTO_SAMPLE line = {0};
    AUTO_TREE before = {0};
    AUTO_TREE after = {0};
    open_line(&line, gd_slice_str(canonical_of(wire, canonical)));
    assert_null(strpbrk(canonical->p, "\r\n"));
    assert_int_equal(line.m.form, GD_FORM_CANONICAL);
    assert_ptr_equal(line.m.dialect, wire->m.dialect);
    assert_same_view(wire, &line);
    assert_recorded(wire, canonical->p);
    encoded(&line, NULL, again);
    assert_true(read_tree(&before, wire->m.payload) && read_tree(&after, gd_buf_slice(again)));
    drop_all_defaults(&before, known);
    drop_all_defaults(&after, known);
    if (!same_value(&before, 0, &after, 0)) {
        fail_msg("%.*s\nbecame %s\nand    %s", GD_SLICE_FMT(wire->m.payload), canonical->p,
                 again->p);
    }
}

#endif
