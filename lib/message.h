/* SPDX-License-Identifier: MIT */
/* message.h - one message as a view: slices into the text it was read from, and an arena for what
 * had to be decoded; both hold until the decoder's next call. Members that nobody asks for stay
 * unread.
 *
 * The forms, the canonical members and their meaning are those of gdbg-stream(5). */
#ifndef GD_MESSAGE_H
#define GD_MESSAGE_H

#include "clock.h"
#include "fields.h"
#include "names.h"

enum gd_form {
    GD_FORM_WIRE,      /* what somebody published: from Redis, a raw record, or a foreign line */
    GD_FORM_CANONICAL, /* a line that gdbg wrote */
    GD_FORM_EVENT,     /* a line that gdbg wrote about itself */
};

/* Where a payload was found, when it came from Redis or was made here. */
struct gd_origin {
    const char *via;         /* "pubsub", "zset", "string", "gen"... */
    struct gd_slice key;     /* key or channel; p NULL when there is none */
    struct gd_slice score;   /* a zset's, as Redis wrote it; p NULL elsewhere */
    struct gd_slice pattern; /* the pattern that matched; p NULL elsewhere */
    const char *server;      /* first 12 digits of the run_id; "" or NULL when unknown */
    int64_t received_at_ms;  /* 0: not live */
};

/* Canonical members that can be asked for. */
enum gd_member {
    GD_M_ID,
    GD_M_TOPIC,
    GD_M_GUILD,
    GD_M_AGENT, /* the agent's name, else its id */
    GD_M_TYPE,
    GD_M_FORMAT,
    GD_M_BODY,
    GD_M_THREAD_ID,
    GD_M_ROOT_THREAD_ID,
    GD_M_PARENT_ID,
    GD_M_STATUS,
    GD_M_PROCESSING_TIME_MS,
    GD_M_PRIORITY,
};

/* A member's value. For a string: its decoded bytes. Otherwise: the JSON text. */
struct gd_value {
    enum gd_json_type type; /* GD_JSON_ABSENT when there is none */
    struct gd_slice text;
};

/* How a source began when it was last written for a key: the same few keys come again and again. */
struct gd_source_start {
    const char *via; /* NULL: not in use */
    struct gd_buf key, pattern, text;
};
enum { GD_SOURCE_STARTS = 16 };

/* What decoding and writing one message may use up; the arena is emptied when the next one is read.
 */
struct gd_scratch {
    struct gd_arena arena;
    struct gd_fields_reader *reader;     /* for what must be read once more */
    struct gd_time_cache time, received; /* two, since their seconds differ */
    struct gd_source_start start[GD_SOURCE_STARTS];
};

struct gd_dialect;

struct gd_message {
    enum gd_form form;
    const struct gd_dialect
        *dialect;                   /* of the payload; of a canonical line: what it was made from */
    struct gd_slice line;           /* line input: the object as it stands there; else p NULL */
    bool line_breaks;               /* the payload, or the line, has some between its tokens */
    struct gd_slice payload;        /* the wire form; p NULL for a canonical line or an event */
    const struct gd_fields *fields; /* of the payload, or of the canonical line or event */
    const struct gd_fields *record; /* the line that holds "source": a raw record's outer object, or
                                       a canonical line; NULL when there is none */
    struct gd_origin origin;        /* valid when record is NULL */
    struct gd_name name;            /* what gd_message_name() gives, where `named` is set */
    bool named;
    struct gd_scratch *scratch; /* the decoder's */
};

/* Reads messages; one per thread. */
struct gd_decoder;
struct gd_decoder *gd_decoder_new(void);
void gd_decoder_free(struct gd_decoder *d);
GD_DEFINE_AUTO(decoder)

/* For readers that write nothing out: leaves UTF-8 and surrogates unchecked. */
void gd_decoder_structure_only(struct gd_decoder *d, bool on);

/* Reads the line that starts at p ('{'), in any form. The text ends at end, with a 0 and padding
 * there. Returns what is behind the object, and fills *m. NULL: *why says where and what; why->at
 * == end means that the text ended within the object. */
const char *gd_decoder_line(struct gd_decoder *d, const char *p, const char *end,
                            struct gd_message *m, struct gd_json *why);

/* Takes what Redis gave (a 0 and padding behind it). Never fails: what is no JSON object is text,
 * what is not UTF-8 is binary. *origin is copied, its slices are borrowed. */
void gd_decoder_payload(struct gd_decoder *d, struct gd_slice payload,
                        const struct gd_origin *origin, struct gd_message *m);

struct gd_value gd_message_get(const struct gd_message *m, enum gd_member member);
bool gd_message_time(const struct gd_message *m, int64_t *time_ms); /* its own timestamp */
bool gd_message_is_error(const struct gd_message *m);
size_t gd_message_bytes(const struct gd_message *m);           /* of the wire payload */
struct gd_slice gd_message_key(const struct gd_message *m);    /* key or channel; p NULL */
struct gd_slice gd_message_server(const struct gd_message *m); /* 12 digits; absent when unknown */
struct gd_slice gd_message_score(const struct gd_message *m);  /* the zset's score; absent */
struct gd_name gd_message_name(const struct gd_message *m);    /* guild and topic as the key splits;
                                                                  without a key as the message says */

/* Keeps that name in the message, for whoever asks again. */
void gd_message_keep_name(struct gd_message *m);

/* Appends the canonical line, a raw record, or the wire form, without a newline. A canonical line
 * and an event stay as they came. Encoding can fail (a body that is no base64, say); dialect NULL
 * means the one that it came in. */
void gd_message_write(const struct gd_message *m, struct gd_buf *out);
int gd_message_write_raw(const struct gd_message *m, const struct gd_dialect *dialect,
                         struct gd_buf *out, struct gd_error *e);
int gd_message_encode(const struct gd_message *m, const struct gd_dialect *dialect,
                      struct gd_buf *out, struct gd_error *e);

#endif
