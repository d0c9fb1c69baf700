/* SPDX-License-Identifier: MIT */
#include "message.h"

#include <stdlib.h>

#include "base64.h"
#include "dialect.h"
#include "json_scan.h"
#include "json_write.h"
#include "utf8.h"

struct gd_decoder {
    struct gd_scratch scratch;
    struct gd_fields outer; /* a line */
    struct gd_fields inner; /* a payload */
    bool structure_only;
};

struct gd_decoder *gd_decoder_new(void) {
    struct gd_decoder *d = gd_calloc(1, sizeof *d);
    d->scratch.reader = gd_fields_reader_new();
    return d;
}

void gd_decoder_free(struct gd_decoder *d) {
    if (d) {
        gd_fields_reader_free(d->scratch.reader);
        gd_arena_free(&d->scratch.arena);
        for (size_t i = 0; i < GD_SOURCE_STARTS; i++) {
            gd_buf_free(&d->scratch.start[i].key);
            gd_buf_free(&d->scratch.start[i].pattern);
            gd_buf_free(&d->scratch.start[i].text);
        }
        gd_fields_free(&d->outer);
        gd_fields_free(&d->inner);
        free(d);
    }
}

void gd_decoder_structure_only(struct gd_decoder *d, bool on) {
    d->structure_only = on;
}

static struct gd_arena *arena_of(const struct gd_message *m) {
    return &m->scratch->arena;
}

static struct gd_slice string_field(const struct gd_message *m, const struct gd_fields *f,
                                    enum gd_field field) {
    struct gd_slice value = gd_fields_get(f, field);
    return gd_json_type(value) == GD_JSON_STRING ? gd_json_string(value, arena_of(m))
                                                 : (struct gd_slice){0};
}

/* What is not a JSON object is text, or else bytes. */
static void take_plain(struct gd_message *m, struct gd_fields *f, struct gd_slice payload) {
    f->present = f->repeated = 0;
    f->others = 0;
    f->object = (struct gd_slice){0};
    m->fields = f;
    m->payload = payload;
    m->line_breaks = false;
    m->dialect = gd_utf8_valid(payload) ? &gd_dialect_text : &gd_dialect_binary;
}

static void take_payload(struct gd_decoder *d, struct gd_slice payload, struct gd_message *m) {
    struct gd_json j = {.end = payload.p + payload.n, .structure_only = d->structure_only};
    const char *p = gd_json_blanks(payload.p);
    if (*p == '{' && (p = gd_fields_read(d->scratch.reader, &j, p, &d->inner, NULL)) &&
        gd_json_blanks(p) == j.end && !d->inner.deep) {
        m->fields = &d->inner;
        m->payload = payload;
        m->line_breaks = j.line_breaks;
        m->dialect = gd_dialect_detect(m->fields);
    } else {
        take_plain(m, &d->inner, payload);
    }
}

void gd_decoder_payload(struct gd_decoder *d, struct gd_slice payload,
                        const struct gd_origin *origin, struct gd_message *m) {
    if (d->scratch.arena.block) {
        gd_arena_reset(&d->scratch.arena);
    }
    m->form = GD_FORM_WIRE;
    m->named = false;
    m->line = (struct gd_slice){0};
    m->record = NULL;
    m->origin = *origin;
    m->scratch = &d->scratch;
    take_payload(d, payload, m);
}

/* Returns false when the record's payload cannot be had back. */
static bool take_record(struct gd_decoder *d, struct gd_message *m, enum gd_field raw) {
    struct gd_slice value = d->outer.value[raw];
    m->form = GD_FORM_WIRE;
    if (raw == GD_F_RAW && value.p[0] == '{' && !d->inner.deep) {
        m->fields = &d->inner;
        m->payload = d->inner.object;
        m->dialect = gd_dialect_detect(m->fields);
        return true;
    }
    if (raw == GD_F_RAW) {
        take_plain(m, &d->inner, value);
        return true;
    }
    if (gd_json_type(value) != GD_JSON_STRING) {
        return false;
    }
    GD_AUTO_BUF bytes = {0};
    struct gd_slice text = gd_json_string(value, &d->scratch.arena);
    if (raw == GD_F_RAW_BASE64) {
        if (!gd_base64_decode(&bytes, text)) {
            return false;
        }
        text = gd_buf_slice(&bytes);
    }
    take_payload(d, gd_arena_copy(&d->scratch.arena, text), m);
    return true;
}

static bool is_event(const struct gd_message *m, const struct gd_fields *f) {
    return gd_slice_equal(string_field(m, f, GD_F_SOURCE_VIA), GD_SLICE("gdbg")) &&
           gd_json_type(gd_fields_get(f, GD_F_EVENT)) == GD_JSON_STRING;
}

/* Tells the forms of a line apart. Returns NULL, or what is wrong with it. */
static const char *classify(struct gd_decoder *d, struct gd_message *m) {
    const uint64_t raws = GD_BIT(GD_F_RAW) | GD_BIT(GD_F_RAW_TEXT) | GD_BIT(GD_F_RAW_BASE64);
    const struct gd_fields *f = &d->outer;
    m->fields = f;
    if (gd_json_type(gd_fields_get(f, GD_F_SOURCE_VIA)) != GD_JSON_STRING) {
        m->form = GD_FORM_WIRE;
        m->record = NULL;
        m->payload = f->object;
        m->dialect = gd_dialect_detect(f);
        m->origin = (struct gd_origin){.via = "file"};
        return GD_UNLIKELY(f->deep) ? "nested too deeply for a message" : NULL;
    }
    uint64_t raw = f->present & raws;
    m->record = f;
    m->payload = (struct gd_slice){0};
    m->dialect = &gd_dialect_json;
    if (is_event(m, f)) {
        m->form = GD_FORM_EVENT;
    } else if (raw && (raw & (raw - 1)) == 0) {
        bool taken = take_record(d, m, (enum gd_field)__builtin_ctzll(raw));
        return taken ? NULL : "a record whose raw_text or raw_base64 cannot be undone";
    } else {
        m->form = GD_FORM_CANONICAL;
        m->dialect = gd_dialect_find(string_field(m, f, GD_F_SOURCE_DIALECT));
        if (!m->dialect) {
            m->dialect = &gd_dialect_rustic;
        }
    }
    return NULL;
}

const char *gd_decoder_line(struct gd_decoder *d, const char *p, const char *end,
                            struct gd_message *m, struct gd_json *why) {
    *why = (struct gd_json){.end = end, .structure_only = d->structure_only};
    if (d->scratch.arena.block) {
        gd_arena_reset(&d->scratch.arena);
    }
    m->scratch = &d->scratch;
    m->named = false;
    const char *behind = gd_fields_read(d->scratch.reader, why, p, &d->outer, &d->inner);
    if (!behind) {
        return NULL;
    }
    m->line = d->outer.object;
    m->line_breaks = why->line_breaks;
    const char *wrong = classify(d, m);
    return GD_LIKELY(!wrong) ? behind : gd_json_fail(why, p, wrong);
}

static const struct gd_dialect *face_of(const struct gd_message *m) {
    return m->form == GD_FORM_WIRE ? m->dialect : &gd_canonical;
}

struct gd_value gd_message_get(const struct gd_message *m, enum gd_member member) {
    struct gd_value v = {0};
    if (member != GD_M_GUILD || m->form != GD_FORM_WIRE || m->dialect == &gd_dialect_debug) {
        v = face_of(m)->get(m, member);
    }
    if (m->form != GD_FORM_WIRE) {
        return v;
    }
    if (member == GD_M_TOPIC && v.type == GD_JSON_STRING && m->dialect == &gd_dialect_rustic) {
        v.text = gd_dialect_bare_topic(m, v.text);
    }
    if (v.type == GD_JSON_ABSENT && (member == GD_M_GUILD || member == GD_M_TOPIC)) {
        struct gd_name name = gd_message_name(m);
        v.text = member == GD_M_GUILD ? name.guild : name.topic;
        v.type = v.text.p ? GD_JSON_STRING : GD_JSON_ABSENT;
    }
    return v;
}

bool gd_message_time(const struct gd_message *m, int64_t *time_ms) {
    return face_of(m)->time(m, time_ms);
}

bool gd_message_is_error(const struct gd_message *m) {
    return gd_slice_equal(gd_message_get(m, GD_M_STATUS).text, GD_SLICE("error"));
}

size_t gd_message_bytes(const struct gd_message *m) {
    int64_t n;
    if (m->payload.p) {
        return m->payload.n;
    }
    if (m->record && gd_json_int64(gd_fields_get(m->record, GD_F_SOURCE_BYTES), &n) && n >= 0) {
        return (size_t)n;
    }
    return m->line.n;
}

struct gd_slice gd_message_key(const struct gd_message *m) {
    if (!m->record) {
        return m->origin.key;
    }
    if (gd_fields_has(m->record, GD_F_SOURCE_KEY_BASE64)) {
        GD_AUTO_BUF key = {0};
        struct gd_slice text = string_field(m, m->record, GD_F_SOURCE_KEY_BASE64);
        if (text.p && gd_base64_decode(&key, text)) {
            return gd_arena_copy(arena_of(m), gd_buf_slice(&key));
        }
    }
    return string_field(m, m->record, GD_F_SOURCE_KEY);
}

struct gd_slice gd_message_server(const struct gd_message *m) {
    if (m->record) {
        return string_field(m, m->record, GD_F_SOURCE_SERVER);
    }
    return gd_slice_str(m->origin.server && *m->origin.server ? m->origin.server : NULL);
}

struct gd_slice gd_message_score(const struct gd_message *m) {
    if (!m->record) {
        return m->origin.score;
    }
    struct gd_slice score = gd_fields_get(m->record, GD_F_SOURCE_SCORE);
    return gd_json_type(score) == GD_JSON_STRING ? gd_json_string(score, arena_of(m)) : score;
}

/* Under msg:<guild>:<id>: of all keys, that one has no topic in it. */
static bool is_stored(const struct gd_message *m) {
    struct gd_slice via =
        m->record ? string_field(m, m->record, GD_F_SOURCE_VIA) : gd_slice_str(m->origin.via);
    return gd_slice_equal(via, GD_SLICE("string"));
}

/* What stands behind "<guild>:" in text; p NULL when it does not begin so. */
static struct gd_slice behind_guild(struct gd_slice text, struct gd_slice guild) {
    bool begins =
        guild.p && text.n > guild.n && text.p[guild.n] == ':' && gd_slice_starts(text, guild);
    return begins ? gd_slice_of(text.p + guild.n + 1, text.n - guild.n - 1) : (struct gd_slice){0};
}

struct gd_slice gd_dialect_bare_topic(const struct gd_message *m, struct gd_slice topic) {
    struct gd_slice key = gd_message_key(m), bare = {0};
    if (!key.p) {
        return topic;
    }
    if (gd_slice_equal(topic, key) && !is_stored(m)) {
        bare = gd_message_name(m).topic;
    } else if (gd_slice_starts(key, GD_SLICE("msg:")) && is_stored(m)) {
        bare = behind_guild(topic, gd_name_guild_of_msg_key(key));
    }
    return bare.p ? bare : topic;
}

/* The guild that the message itself names. */
static struct gd_slice own_guild(const struct gd_message *m) {
    bool names_it = m->form != GD_FORM_WIRE || m->dialect == &gd_dialect_debug;
    return names_it ? string_field(m, m->fields, GD_F_GUILD_ID) : (struct gd_slice){0};
}

/* The topic that the message itself names. A payload without an envelope has none. */
static struct gd_slice own_topic(const struct gd_message *m) {
    struct gd_value topic = {0};
    if (m->form != GD_FORM_WIRE || m->dialect->claims) {
        topic = face_of(m)->get(m, GD_M_TOPIC);
    }
    return topic.type == GD_JSON_STRING ? topic.text : (struct gd_slice){0};
}

/* The topic that it says it was published to, which is what tells where a key splits. */
static struct gd_slice published_to(const struct gd_message *m) {
    if (m->form == GD_FORM_WIRE && m->dialect == &gd_dialect_rustic) {
        return string_field(m, m->fields, GD_F_TOPIC_PUBLISHED_TO);
    }
    return own_topic(m);
}

void gd_message_keep_name(struct gd_message *m) {
    m->name = gd_message_name(m);
    m->named = true;
}

struct gd_name gd_message_name(const struct gd_message *m) {
    if (m->named) {
        return m->name;
    }
    struct gd_slice key = gd_message_key(m);
    if (!key.p) {
        return (struct gd_name){own_guild(m), own_topic(m)};
    }
    if (is_stored(m)) {
        return (struct gd_name){gd_name_guild_of_msg_key(key),
                                gd_dialect_bare_topic(m, own_topic(m))};
    }
    struct gd_slice guild = own_guild(m), topic = behind_guild(key, guild);
    if (topic.p) {
        return (struct gd_name){{key.p, guild.n}, topic};
    }
    return gd_name_split(key, published_to(m));
}
