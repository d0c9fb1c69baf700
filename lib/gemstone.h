/* SPDX-License-Identifier: MIT */
/* gemstone.h - GemstoneID: a 64-bit message ID with a time in it, in three layouts.
 *
 *   base64  11 characters of base64url, big-endian: timestamp ms 42 bits, priority 8, sequence 14
 *   int     decimal, unsigned: priority 3 (bit 61), ms since 2023-01-01 39 (bit 22), machine 10
 *           (bit 12, of which 8 are valid), sequence 12
 *   hex     16 hexadecimal digits: timestamp ms 48, priority 4, counter 12 */
#ifndef GD_GEMSTONE_H
#define GD_GEMSTONE_H

#include "error.h"

enum gd_layout { GD_LAYOUT_BASE64, GD_LAYOUT_INT, GD_LAYOUT_HEX };
enum { GD_LAYOUTS = 3, GD_LAYOUT_ANY = -1 };

#define GD_INT_EPOCH_MS INT64_C(1672531200000) /* 2023-01-01T00:00:00Z */
#define GD_INT_LAST_MS INT64_C(2222287013887)
#define GD_ID_TEXT_MAX 20 /* bytes of the longest text of an ID */

/* An ID taken apart. */
struct gd_id {
    enum gd_layout layout;
    int64_t timestamp_ms; /* Unix */
    uint32_t priority, machine, sequence;
};

/* The name of a layout ("base64", "int", "hex"), and the reverse; false when there is none such. */
const char *gd_layout_name(enum gd_layout layout);
bool gd_layout_parse(struct gd_slice name, enum gd_layout *layout);

/* URGENT, IMPORTANT, HIGH, ABOVE_NORMAL, NORMAL, LOW, VERY_LOW, LOWEST for 0 to 7; NULL beyond. */
const char *gd_priority_name(uint32_t priority);

/* Reads text as an ID of exactly this layout. Returns 0, or -1 with a usage error naming the
 * character or the length that is wrong. e may be NULL. */
int gd_id_read(struct gd_slice text, enum gd_layout layout, struct gd_id *id, struct gd_error *e);

/* Fast path of the above for layout int: digits only, no leading zero but "0", at most 2^64-1. */
bool gd_id_read_u64(struct gd_slice text, uint64_t *value);

/* Takes an int-layout value apart. */
struct gd_id gd_id_from_u64(uint64_t value);

/* All readings of one text, the preferred first. */
struct gd_id_readings {
    int count; /* 1 to 3 */
    struct gd_id id[GD_LAYOUTS];
};

/* Reads text in whatever layout fits. The preferred one: 16 digits starting with 0 are hex; other
 * all-digit text is int; 16 characters with a letter a-f are hex; 11 of the base64url alphabet (one
 * '=' behind is accepted) are base64. Returns 0, or -1 with a usage error that names the character
 * or the length that is wrong, and says when the text is another known kind of ID (a UUID, a Redis
 * stream ID, a 22-character short UUID). */
int gd_id_read_any(struct gd_slice text, struct gd_id_readings *readings, struct gd_error *e);

/* Writes the text of an ID in its layout to p (room for GD_ID_TEXT_MAX, not terminated) and returns
 * its length; 0 when a field does not fit the layout. */
size_t gd_id_write(char *p, const struct gd_id *id);

/* A time outside 2015-01-01 .. one day after now_ms. */
bool gd_id_implausible(const struct gd_id *id, int64_t now_ms);

/* Appends one JSON object (no newline):
 * {"id":"...","layout":"int","timestamp":"...","timestamp_ms":...,
 * "priority":4,"priority_name":"NORMAL","machine":3,"sequence":17} and where they apply
 * "machine_valid":false, "implausible":true, "ambiguous":true,"other":[{...}] (the other readings
 * in the same form without "id"). text is the ID as given, without a final '='. */
void gd_id_write_json(struct gd_buf *out, struct gd_slice text,
                      const struct gd_id_readings *readings, int64_t now_ms);

/* Makes IDs that only grow: also when the clock steps back, and when the sequence overflows (the
 * next millisecond is used, never one twice). now_ms is the time wanted; a later one may be used.
 * {0} is a valid start. One generator, one layout, one thread. */
struct gd_id_generator {
    int64_t last_ms;
    uint32_t sequence;
    bool used;
};
/* Fills *id (layout, priority and machine as they stand in it) with the next time and sequence.
 * Returns 0, or -1 when the time does not fit the layout. */
int gd_id_generate(struct gd_id_generator *g, int64_t now_ms, struct gd_id *id, struct gd_error *e);

#endif
