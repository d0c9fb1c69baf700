/* SPDX-License-Identifier: MIT */
/* message_write.c - canonical lines, raw records and wire forms out of a message. */
#include "message.h"

#include "base64.h"
#include "dialect.h"
#include "json_write.h"
#include "utf8.h"

/* "name":"text", with what stands before the text given whole. */
static void add_text(struct gd_buf *out, struct gd_slice before, struct gd_slice text) {
    gd_buf_add_slice(out, before);
    gd_buf_add_slice(out, text);
    gd_buf_add_lit(out, "\",");
}

static void write_key(struct gd_buf *out, struct gd_slice key) {
    if (gd_utf8_valid(key)) {
        gd_buf_add_lit(out, "\"key\":");
        gd_json_write_string(out, key);
        gd_buf_add_char(out, ',');
    } else {
        gd_buf_add_lit(out, "\"key_base64\":\"");
        gd_base64_encode(out, key);
        gd_buf_add_lit(out, "\",");
    }
}

/* A zset's score is a number, but for the infinite ones. */
static void write_score(struct gd_buf *out, struct gd_slice score) {
    gd_buf_add_lit(out, "\"score\":");
    if (memchr(score.p, 'n', score.n)) {
        gd_json_write_string(out, score);
    } else {
        gd_buf_add_slice(out, score);
    }
    gd_buf_add_char(out, ',');
}

/* via, key and pattern. */
static void write_new_start(struct gd_buf *out, const struct gd_origin *o) {
    add_text(out, GD_SLICE("\"via\":\""), gd_slice_str(o->via));
    if (o->key.p) {
        write_key(out, o->key);
    }
    if (o->pattern.p) {
        gd_buf_add_lit(out, "\"pattern\":");
        gd_json_write_string(out, o->pattern);
        gd_buf_add_char(out, ',');
    }
}

static void set(struct gd_buf *b, struct gd_slice s) {
    gd_buf_clear(b);
    gd_buf_add_slice(b, s);
}

static void write_start(const struct gd_message *m, struct gd_buf *out) {
    enum { LONG_KEY = 512 }; /* is not worth remembering */
    const struct gd_origin *o = &m->origin;
    struct gd_source_start *start =
        &m->scratch->start[gd_hash(o->key.p, o->key.n) % GD_SOURCE_STARTS];
    if (o->key.n && start->via == o->via && gd_slice_equal(gd_buf_slice(&start->key), o->key) &&
        gd_slice_equal(gd_buf_slice(&start->pattern), o->pattern)) {
        gd_buf_add_slice(out, gd_buf_slice(&start->text));
        return;
    }
    size_t at = out->n;
    write_new_start(out, o);
    if (o->key.n && o->key.n + o->pattern.n <= LONG_KEY) {
        start->via = o->via;
        set(&start->key, o->key);
        set(&start->pattern, o->pattern);
        set(&start->text, gd_slice_of(out->p + at, out->n - at));
    }
}

static void write_origin(const struct gd_message *m, struct gd_buf *out) {
    const struct gd_origin *o = &m->origin;
    write_start(m, out);
    if (o->score.p) {
        write_score(out, o->score);
    }
    add_text(out, GD_SLICE("\"dialect\":\""), gd_slice_str(m->dialect->name));
    gd_buf_add_lit(out, "\"bytes\":");
    gd_buf_add_u64(out, m->payload.n);
    if (o->received_at_ms) {
        gd_buf_add_lit(out, ",\"received_at\":\"");
        gd_time_format(gd_buf_reserve(out, GD_TIME_TEXT), o->received_at_ms, &m->scratch->received);
        out->n += GD_TIME_TEXT;
        gd_buf_add_char(out, '"');
    }
    if (o->server && *o->server) {
        gd_buf_add_lit(out, ",\"server\":\"");
        gd_buf_add_str(out, o->server);
        gd_buf_add_char(out, '"');
    }
}

static bool has_line_break(struct gd_slice s) {
    return s.n && (memchr(s.p, '\n', s.n) || memchr(s.p, '\r', s.n));
}

/* In checked JSON, line breaks stand only between tokens, where a blank says the same. */
static void blank_line_breaks(char *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\n' || p[i] == '\r') {
            p[i] = ' ';
        }
    }
}

/* The source that a record came with, brought up to date. */
static void write_record_source(const struct gd_message *m, struct gd_buf *out) {
    const struct gd_fields *f = m->record;
    struct gd_json_object o = {out, false};
    size_t start = out->n;
    for (enum gd_field field = GD_F_SOURCE_VIA; field <= GD_F_SOURCE_LATE; field++) {
        if (field == GD_F_SOURCE_DIALECT) {
            gd_json_object_string(&o, "dialect", gd_slice_str(m->dialect->name));
        } else if (field == GD_F_SOURCE_BYTES) {
            gd_json_object_u64(&o, "bytes", m->payload.p ? m->payload.n : gd_message_bytes(m));
        } else if (gd_fields_has(f, field)) {
            gd_json_object_verbatim(&o, gd_field_name(field), f->value[field]);
        }
    }
    for (size_t i = 0; i < f->others; i++) {
        if (f->other[i].shape == GD_SHAPE_SOURCE && f->other[i].field < 0) {
            gd_buf_add_char(out, ',');
            gd_buf_add_slice(out, f->other[i].name);
            gd_buf_add_char(out, ':');
            gd_buf_add_slice(out, f->other[i].value);
        }
    }
    if (has_line_break(gd_fields_get(f, GD_F_SOURCE))) {
        blank_line_breaks(out->p + start, out->n - start);
    }
}

static void write_source(const struct gd_message *m, struct gd_buf *out) {
    gd_buf_add_lit(out, "\"source\":{");
    if (m->record) {
        write_record_source(m, out);
    } else {
        write_origin(m, out);
    }
    gd_buf_add_char(out, '}');
}

void gd_message_write(const struct gd_message *m, struct gd_buf *out) {
    size_t start = out->n;
    if (m->form != GD_FORM_WIRE) {
        gd_buf_add_slice(out, m->line);
    } else {
        gd_buf_add_char(out, '{');
        m->dialect->write(m, out);
        write_source(m, out);
        gd_buf_add_char(out, '}');
    }
    if (m->line_breaks) {
        blank_line_breaks(out->p + start, out->n - start);
    }
}

static void write_raw_value(struct gd_buf *out, struct gd_slice payload, bool is_object) {
    bool verbatim = is_object && payload.p[0] == '{' && payload.p[payload.n - 1] == '}' &&
                    !has_line_break(payload);
    if (verbatim) {
        gd_buf_add_lit(out, ",\"raw\":");
        gd_buf_add_slice(out, payload);
    } else if (gd_utf8_valid(payload)) {
        gd_buf_add_lit(out, ",\"raw_text\":");
        gd_json_write_string(out, payload);
    } else {
        gd_buf_add_lit(out, ",\"raw_base64\":\"");
        gd_base64_encode(out, payload);
        gd_buf_add_char(out, '"');
    }
}

int gd_message_write_raw(const struct gd_message *m, const struct gd_dialect *dialect,
                         struct gd_buf *out, struct gd_error *e) {
    bool same = !dialect || dialect == m->dialect;
    if (m->form == GD_FORM_EVENT || (m->form == GD_FORM_WIRE && m->record && same)) {
        gd_buf_add_slice(out, m->line);
        return 0;
    }
    GD_AUTO_BUF encoded = {0};
    struct gd_message wire = *m;
    bool is_object = m->fields->object.n > 0;
    if (m->form == GD_FORM_CANONICAL || !same) {
        if (gd_message_encode(m, dialect, &encoded, e)) {
            return -1;
        }
        gd_buf_terminate(&encoded);
        wire.payload = gd_buf_slice(&encoded);
        wire.dialect = same ? m->dialect : dialect;
        is_object = gd_json_valid(wire.payload, NULL, NULL);
    }
    is_object = is_object && wire.payload.n;
    gd_buf_add_char(out, '{');
    write_source(&wire, out);
    write_raw_value(out, wire.payload, is_object);
    gd_buf_add_char(out, '}');
    return 0;
}

/* From one dialect to another the canonical form is the bridge. */
static int convert(const struct gd_message *m, const struct gd_dialect *dialect, struct gd_buf *out,
                   struct gd_error *e) {
    GD_AUTO_BUF line = {0};
    GD_AUTO(decoder) decoder = gd_decoder_new();
    struct gd_message canonical;
    struct gd_json why;
    gd_message_write(m, &line);
    gd_buf_terminate(&line);
    if (!gd_decoder_line(decoder, line.p, line.p + line.n, &canonical, &why)) {
        return gd_error_set(e, GD_FAIL_INPUT, "it cannot be read back: %s", why.reason);
    }
    return dialect->encode(&canonical, out, e);
}

int gd_message_encode(const struct gd_message *m, const struct gd_dialect *dialect,
                      struct gd_buf *out, struct gd_error *e) {
    if (!dialect) {
        dialect = m->dialect;
    }
    if (m->form == GD_FORM_CANONICAL) {
        return dialect->encode(m, out, e);
    }
    if (dialect != m->dialect) {
        return convert(m, dialect, out, e);
    }
    gd_buf_add_slice(out, m->payload);
    return 0;
}
