/* SPDX-License-Identifier: MIT */
/* json_write.h - JSON text out of bytes. All append to a buffer. */
#ifndef GD_JSON_WRITE_H
#define GD_JSON_WRITE_H

#include "bytes.h"

/* "..." with what must be escaped escaped. Bytes that are not UTF-8 become U+FFFD; whoever needs
 * them exactly checks gd_utf8_valid() first and writes base64. */
void gd_json_write_string(struct gd_buf *out, struct gd_slice s);

/* The shortest decimal text that reads back as v, "0" for what is not finite. */
void gd_json_write_double(struct gd_buf *out, double v);

/* v with so many significant digits at the most, never with an exponent where that is short: 4.2,
 * 12, 0.0108. */
void gd_json_write_significant(struct gd_buf *out, double v, int digits);

/* Members of an object under construction, with the commas where they belong. */
struct gd_json_object {
    struct gd_buf *out;
    bool any; /* a member has been written */
};
struct gd_json_object gd_json_object_open(struct gd_buf *out); /* { */
void gd_json_object_name(struct gd_json_object *o,
                         const char *name); /* "name": ; name needs no escapes */
void gd_json_object_string(struct gd_json_object *o, const char *name, struct gd_slice value);
/* Bytes that need not be UTF-8: where they are not, the member is "<name>_base64" (at most 24
 * letters). */
void gd_json_object_bytes(struct gd_json_object *o, const char *name, struct gd_slice value);
void gd_json_object_u64(struct gd_json_object *o, const char *name, uint64_t value);
void gd_json_object_verbatim(struct gd_json_object *o, const char *name, struct gd_slice json);
void gd_json_object_close(struct gd_json_object *o); /* } */

#endif
