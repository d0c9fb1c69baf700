/* SPDX-License-Identifier: MIT */
/* dialect_debug.c - the Rustic Debug design's wire form: the canonical names already, told by
 * agent_tag with content. IDs that are no strings and times in other spellings also stay in extra.
 */
#include "dialect.h"

#include "json_write.h"

#define OWN                                                                                  \
    (GD_BIT(GD_F_ID) | GD_BIT(GD_F_TOPIC) | GD_BIT(GD_F_GUILD_ID) | GD_BIT(GD_F_AGENT_TAG) | \
     GD_BIT(GD_F_CONTENT) | GD_BIT(GD_F_METADATA) | GD_BIT(GD_F_RECIPIENTS) |                \
     GD_BIT(GD_F_ROUTING_RULES) | GD_BIT(GD_F_HISTORY) | GD_BIT(GD_F_TRACE))

static bool claims(const struct gd_fields *f) {
    return gd_fields_has(f, GD_F_AGENT_TAG) &&
           gd_json_type(gd_fields_get(f, GD_F_CONTENT)) == GD_JSON_OBJECT;
}

static bool time_of(struct gd_slice value, struct gd_arena *arena, int64_t *time_ms) {
    if (gd_json_type(value) == GD_JSON_NUMBER) {
        double ms = gd_json_double(value);
        *time_ms = ms > -6e13 && ms < 2.5e14 ? (int64_t)ms : 0;
        return *time_ms != 0;
    }
    return gd_json_type(value) == GD_JSON_STRING &&
           gd_time_read_rfc3339(gd_json_string(value, arena), time_ms);
}

static bool time_ms_of(const struct gd_message *m, int64_t *time_ms) {
    return time_of(gd_fields_get(m->fields, GD_F_META_TIMESTAMP), &m->scratch->arena, time_ms);
}

struct writing {
    const struct gd_message *m;
    const struct gd_fields *f;
    struct gd_buf *out;
    uint64_t verbatim, suppress;
};

static void add(struct gd_buf *out, const char *name, struct gd_slice value) {
    gd_buf_add_char(out, '"');
    gd_buf_add_str(out, name);
    gd_buf_add_lit(out, "\":");
    gd_buf_add_slice(out, value);
    gd_buf_add_char(out, ',');
}

/* Writes the field where its value has this type; otherwise extra keeps it. */
static void write_typed(struct writing *w, enum gd_field field, enum gd_json_type type) {
    struct gd_slice v = gd_fields_get(w->f, field);
    if (gd_json_type(v) == type) {
        add(w->out, gd_field_name(field), v);
    } else if (!gd_json_is_default(v)) {
        w->verbatim |= GD_BIT(field);
    }
}

/* Returns false when the wire had the ID in another form. */
static bool write_id(struct writing *w, enum gd_field field) {
    struct gd_slice v = gd_fields_get(w->f, field);
    bool number = gd_json_type(v) == GD_JSON_NUMBER;
    if (number || gd_json_type(v) == GD_JSON_STRING) {
        gd_buf_add_char(w->out, '"');
        gd_buf_add_str(w->out, gd_field_name(field));
        gd_buf_add_str(w->out, number ? "\":\"" : "\":");
        gd_buf_add_slice(w->out, v);
        gd_buf_add_str(w->out, number ? "\"," : ",");
    }
    return gd_json_type(v) == GD_JSON_STRING || (!number && gd_json_is_default(v));
}

static void write_identity(struct writing *w) {
    if (!write_id(w, GD_F_ID)) {
        w->verbatim |= GD_BIT(GD_F_ID);
    }
    if (gd_json_type(gd_fields_get(w->f, GD_F_TOPIC)) == GD_JSON_STRING) {
        write_typed(w, GD_F_TOPIC, GD_JSON_STRING);
    } else {
        gd_dialect_write_key_topic(w->m, w->out);
        w->verbatim |= GD_BIT(GD_F_TOPIC);
        w->suppress |= gd_message_name(w->m).topic.p ? GD_BIT(GD_F_TOPIC) : 0;
    }
    struct gd_slice guild = gd_fields_get(w->f, GD_F_GUILD_ID);
    if (gd_json_type(guild) == GD_JSON_STRING) {
        write_typed(w, GD_F_GUILD_ID, GD_JSON_STRING);
    } else {
        gd_dialect_write_guild(w->m, w->out);
        w->verbatim |= GD_BIT(GD_F_GUILD_ID);
        w->suppress |= gd_message_name(w->m).guild.p ? GD_BIT(GD_F_GUILD_ID) : 0;
    }
    write_typed(w, GD_F_AGENT_TAG, GD_JSON_OBJECT);
}

/* The members of one shape that have no field, as they came. */
static void write_others(struct writing *w, enum gd_shape shape) {
    for (size_t i = 0; i < w->f->others; i++) {
        const struct gd_other *o = &w->f->other[i];
        if (o->shape == shape && o->field < 0) {
            gd_buf_add_slice(w->out, o->name);
            gd_buf_add_char(w->out, ':');
            gd_buf_add_slice(w->out, o->value);
            gd_buf_add_char(w->out, ',');
        }
    }
}

static void close_object(struct gd_buf *out, bool empty) {
    if (empty) {
        gd_buf_add_lit(out, "},");
    } else {
        out->p[out->n - 1] = '}';
        gd_buf_add_char(out, ',');
    }
}

static void write_content(struct writing *w) {
    gd_buf_add_lit(w->out, "\"content\":{");
    size_t start = w->out->n;
    for (enum gd_field field = GD_F_CONTENT_TYPE; field <= GD_F_CONTENT_BODY; field++) {
        if (gd_fields_has(w->f, field)) {
            add(w->out, gd_field_name(field), w->f->value[field]);
        }
    }
    write_others(w, GD_SHAPE_CONTENT);
    close_object(w->out, w->out->n == start);
}

/* Writes metadata.timestamp; false when it stood there in another spelling. */
static bool write_time(struct writing *w) {
    struct gd_slice v = gd_fields_get(w->f, GD_F_META_TIMESTAMP);
    int64_t time_ms;
    char text[GD_TIME_TEXT];
    if (!time_of(v, &w->m->scratch->arena, &time_ms)) {
        return gd_json_is_default(v);
    }
    gd_time_format(text, time_ms, &w->m->scratch->time);
    gd_buf_add_lit(w->out, "\"timestamp\":\"");
    gd_buf_add(w->out, text, sizeof text);
    gd_buf_add_lit(w->out, "\",");
    return v.n == sizeof text + 2 && memcmp(v.p + 1, text, sizeof text) == 0;
}

static void write_metadata(struct writing *w) {
    if (gd_json_type(gd_fields_get(w->f, GD_F_METADATA)) != GD_JSON_OBJECT) {
        w->verbatim |= GD_BIT(GD_F_METADATA);
        return;
    }
    gd_buf_add_lit(w->out, "\"metadata\":{");
    size_t start = w->out->n;
    bool exact = write_time(w);
    for (enum gd_field id = GD_F_META_THREAD_ID; id <= GD_F_META_CORRELATION_ID; id++) {
        exact &= write_id(w, id);
    }
    for (enum gd_field field = GD_F_META_STATUS; field <= GD_F_META_TTL; field++) {
        if (gd_fields_has(w->f, field)) {
            add(w->out, gd_field_name(field), w->f->value[field]);
        }
    }
    write_others(w, GD_SHAPE_METADATA);
    close_object(w->out, w->out->n == start);
    if (!exact) {
        w->verbatim |= GD_BIT(GD_F_METADATA);
    }
}

/* Members that came twice within content or metadata are kept by keeping the whole. */
static uint64_t repeated(const struct gd_fields *f) {
    uint64_t fields = 0;
    for (uint64_t set = f->repeated; set; set &= set - 1) {
        enum gd_field field = (enum gd_field)__builtin_ctzll(set);
        enum gd_shape shape = gd_field_shape(field);
        fields |= shape == GD_SHAPE_CONTENT    ? GD_BIT(GD_F_CONTENT)
                  : shape == GD_SHAPE_METADATA ? GD_BIT(GD_F_METADATA)
                                               : GD_BIT(field);
    }
    return fields;
}

static void write(const struct gd_message *m, struct gd_buf *out) {
    struct writing w = {m, m->fields, out, repeated(m->fields), 0};
    write_identity(&w);
    write_content(&w);
    write_metadata(&w);
    write_typed(&w, GD_F_RECIPIENTS, GD_JSON_ARRAY);
    write_typed(&w, GD_F_ROUTING_RULES, GD_JSON_ARRAY);
    write_typed(&w, GD_F_HISTORY, GD_JSON_ARRAY);
    write_typed(&w, GD_F_TRACE, GD_JSON_OBJECT);
    gd_dialect_write_extra(m, out, w.verbatim | (w.f->present & ~OWN), w.suppress);
}

static int encode(const struct gd_message *m, struct gd_buf *out, struct gd_error *e) {
    static const enum gd_field order[] = {
        GD_F_ID,       GD_F_TOPIC,      GD_F_GUILD_ID,      GD_F_AGENT_TAG, GD_F_CONTENT,
        GD_F_METADATA, GD_F_RECIPIENTS, GD_F_ROUTING_RULES, GD_F_HISTORY,   GD_F_TRACE,
    };
    struct gd_rebuild r;
    (void)e;
    gd_rebuild_open(&r, m, out);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        gd_rebuild_member(&r, order[i], gd_fields_get(m->fields, order[i]));
    }
    gd_rebuild_close(&r);
    gd_fields_free(&r.extra);
    return 0;
}

const struct gd_dialect gd_dialect_debug = {
    .name = "debug",
    .claims = claims,
    .get = gd_canonical_get,
    .time = time_ms_of,
    .write = write,
    .encode = encode,
};
