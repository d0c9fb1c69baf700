/* SPDX-License-Identifier: MIT */
/* dialect.h - the wire forms of messages, as a table (dialect.c). A new one is one file and one
 * row. */
#ifndef GD_DIALECT_H
#define GD_DIALECT_H

#include "error.h"
#include "message.h"

struct gd_dialect {
    const char *name;

    /* Whether an object with these fields speaks this dialect; asked in the table's order. NULL:
     * never by its members. */
    bool (*claims)(const struct gd_fields *f);

    /* One canonical member of a payload in this dialect (not GD_M_GUILD: the key says that). */
    struct gd_value (*get)(const struct gd_message *m, enum gd_member member);
    bool (*time)(const struct gd_message *m, int64_t *time_ms);

    /* Appends the canonical members but source, each followed by ','. */
    void (*write)(const struct gd_message *m, struct gd_buf *out);

    /* Appends the wire form of a canonical message (form GD_FORM_CANONICAL, whatever it came from).
     */
    int (*encode)(const struct gd_message *m, struct gd_buf *out, struct gd_error *e);
};

extern const struct gd_dialect gd_dialect_rustic, gd_dialect_debug, gd_dialect_json,
    gd_dialect_text, gd_dialect_binary;
extern const struct gd_dialect
    gd_canonical; /* the same face for canonical lines; not in the table */

/* The dialect of an object; json when no other claims it. */
const struct gd_dialect *gd_dialect_detect(const struct gd_fields *f);

/* By name; NULL when there is none. */
const struct gd_dialect *gd_dialect_find(struct gd_slice name);

/* Names in the table's order, NULL at the end. */
const char *gd_dialect_name(size_t i);

/* For the dialects' own files. */

/* A member that stands under its canonical name. */
struct gd_value gd_canonical_get(const struct gd_message *m, enum gd_member member);

int gd_rustic_encode(const struct gd_message *m, struct gd_buf *out, struct gd_error *e);
/* Whether a string value is "00-<32 digits>-<16>-<2>", quotes included. */
bool gd_rustic_is_traceparent(struct gd_slice value);

/* A member's value as gd_message_get() gives it. */
static inline struct gd_value gd_value_of(struct gd_slice json, struct gd_arena *arena) {
    enum gd_json_type type = gd_json_type(json);
    struct gd_slice text = type == GD_JSON_STRING ? gd_json_string(json, arena) : json;
    return (struct gd_value){type, text};
}

/* "guild_id":"...", of a message with a key; nothing when there is no guild. */
void gd_dialect_write_guild(const struct gd_message *m, struct gd_buf *out);
/* "topic":"...", as the key has it. */
void gd_dialect_write_key_topic(const struct gd_message *m, struct gd_buf *out);

/* A topic without the guild before it that the key has too: where it is the whole key
 * "<guild>:...", or the key is "msg:<guild>:...". */
struct gd_slice gd_dialect_bare_topic(const struct gd_message *m, struct gd_slice topic);

/* An agent's name, else its id, out of {"id":...,"name":...}. */
struct gd_value gd_dialect_agent(struct gd_slice agent, struct gd_arena *arena);

/* Writes "extra":{...}, : every occurrence of the fields in `verbatim`, null for those in
 * `suppress`, and all members without a field. Nothing at all when there is none. */
void gd_dialect_write_extra(const struct gd_message *m, struct gd_buf *out, uint64_t verbatim,
                            uint64_t suppress);

/* The other way round: what a canonical message's extra holds, and the wire object under
 * construction. */
struct gd_rebuild {
    struct gd_buf *out;
    struct gd_fields extra;
    uint64_t done; /* fields that need no second look */
    bool any;
};
/* Opens the object and reads extra. Free extra with gd_fields_free(). */
void gd_rebuild_open(struct gd_rebuild *r, const struct gd_message *m, struct gd_buf *out);
/* Whether the wire member is to be rebuilt: false when extra has it, which is then written instead
 * (an explicit null is not: it suppresses). */
bool gd_rebuild_wanted(struct gd_rebuild *r, enum gd_field wire);
/* "name": after a comma where needed. */
void gd_rebuild_name(struct gd_rebuild *r, enum gd_field wire);
/* wanted, name and a verbatim value in one; an absent value writes nothing. */
void gd_rebuild_member(struct gd_rebuild *r, enum gd_field wire, struct gd_slice value);
/* The rest of extra, and '}'. */
void gd_rebuild_close(struct gd_rebuild *r);

#endif
