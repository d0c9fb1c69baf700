/* SPDX-License-Identifier: MIT */
#include "dialect.h"

#include "json_write.h"

static const struct gd_dialect *const table[] = {
    &gd_dialect_rustic, &gd_dialect_debug, &gd_dialect_json, &gd_dialect_text, &gd_dialect_binary,
};
enum { DIALECTS = sizeof table / sizeof *table };

const struct gd_dialect *gd_dialect_detect(const struct gd_fields *f) {
    for (size_t i = 0; i < DIALECTS; i++) {
        if (table[i]->claims && table[i]->claims(f)) {
            return table[i];
        }
    }
    return &gd_dialect_json;
}

const struct gd_dialect *gd_dialect_find(struct gd_slice name) {
    for (size_t i = 0; i < DIALECTS; i++) {
        if (gd_slice_equal(name, gd_slice_str(table[i]->name))) {
            return table[i];
        }
    }
    return NULL;
}

const char *gd_dialect_name(size_t i) {
    return i < DIALECTS ? table[i]->name : NULL;
}

void gd_dialect_write_guild(const struct gd_message *m, struct gd_buf *out) {
    struct gd_slice guild = gd_message_name(m).guild;
    if (guild.p) {
        gd_buf_add_lit(out, "\"guild_id\":");
        gd_json_write_string(out, guild);
        gd_buf_add_char(out, ',');
    }
}

void gd_dialect_write_key_topic(const struct gd_message *m, struct gd_buf *out) {
    struct gd_slice topic = gd_message_name(m).topic;
    if (topic.p) {
        gd_buf_add_lit(out, "\"topic\":");
        gd_json_write_string(out, topic);
        gd_buf_add_char(out, ',');
    }
}

struct gd_value gd_dialect_agent(struct gd_slice agent, struct gd_arena *arena) {
    struct gd_slice name = gd_json_find(agent, GD_SLICE("name"), arena);
    if (gd_json_type(name) != GD_JSON_STRING) {
        name = gd_json_find(agent, GD_SLICE("id"), arena);
    }
    return gd_json_type(name) == GD_JSON_NULL ? (struct gd_value){0} : gd_value_of(name, arena);
}

static void add_member(struct gd_buf *out, bool *any, struct gd_slice name, struct gd_slice value) {
    gd_buf_add_str(out, *any ? "," : "\"extra\":{");
    *any = true;
    gd_buf_add_slice(out, name);
    gd_buf_add_char(out, ':');
    gd_buf_add_slice(out, value);
}

static void add_field(struct gd_buf *out, bool *any, enum gd_field field, struct gd_slice value) {
    char quoted[32];
    const char *name = gd_field_name(field);
    size_t n = strlen(name);
    quoted[0] = quoted[n + 1] = '"';
    memcpy(quoted + 1, name, n);
    add_member(out, any, gd_slice_of(quoted, n + 2), value);
}

void gd_dialect_write_extra(const struct gd_message *m, struct gd_buf *out, uint64_t verbatim,
                            uint64_t suppress) {
    const struct gd_fields *f = m->fields;
    bool any = false;
    for (size_t i = 0; i < f->others; i++) {
        const struct gd_other *o = &f->other[i];
        if (o->shape == GD_SHAPE_TOP && (o->field < 0 || verbatim & GD_BIT(o->field))) {
            add_member(out, &any, o->name, o->value);
        }
    }
    for (uint64_t set = verbatim & f->present; set; set &= set - 1) {
        enum gd_field field = (enum gd_field)__builtin_ctzll(set);
        if (gd_field_shape(field) == GD_SHAPE_TOP) {
            add_field(out, &any, field, f->value[field]);
        }
    }
    for (uint64_t set = suppress & ~f->present; set; set &= set - 1) {
        add_field(out, &any, (enum gd_field)__builtin_ctzll(set), GD_SLICE("null"));
    }
    if (any) {
        gd_buf_add_lit(out, "},");
    }
}

void gd_rebuild_open(struct gd_rebuild *r, const struct gd_message *m, struct gd_buf *out) {
    struct gd_slice extra = gd_fields_get(m->fields, GD_F_EXTRA);
    *r = (struct gd_rebuild){.out = out};
    gd_buf_add_char(out, '{');
    if (gd_json_type(extra) == GD_JSON_OBJECT) {
        struct gd_json j = {.end = extra.p + extra.n};
        gd_fields_read(m->scratch->reader, &j, extra.p, &r->extra, NULL);
    }
}

static void comma(struct gd_rebuild *r) {
    if (r->any) {
        gd_buf_add_char(r->out, ',');
    }
    r->any = true;
}

void gd_rebuild_name(struct gd_rebuild *r, enum gd_field wire) {
    comma(r);
    gd_buf_add_char(r->out, '"');
    gd_buf_add_str(r->out, gd_field_name(wire));
    gd_buf_add_lit(r->out, "\":");
}

static void write_other(struct gd_rebuild *r, const struct gd_other *o) {
    comma(r);
    gd_buf_add_slice(r->out, o->name);
    gd_buf_add_char(r->out, ':');
    gd_buf_add_slice(r->out, o->value);
}

static void write_extra_field(struct gd_rebuild *r, enum gd_field field) {
    for (size_t i = 0; i < r->extra.others; i++) {
        if (r->extra.other[i].field == (int)field) {
            write_other(r, &r->extra.other[i]);
        }
    }
    gd_rebuild_name(r, field);
    gd_buf_add_slice(r->out, r->extra.value[field]);
}

bool gd_rebuild_wanted(struct gd_rebuild *r, enum gd_field wire) {
    if (!gd_fields_has(&r->extra, wire)) {
        return true;
    }
    r->done |= GD_BIT(wire);
    bool repeated = r->extra.repeated & GD_BIT(wire);
    if (repeated || gd_json_type(r->extra.value[wire]) != GD_JSON_NULL) {
        write_extra_field(r, wire);
    }
    return false;
}

void gd_rebuild_member(struct gd_rebuild *r, enum gd_field wire, struct gd_slice value) {
    if (gd_rebuild_wanted(r, wire) && value.n) {
        gd_rebuild_name(r, wire);
        gd_buf_add_slice(r->out, value);
    }
}

void gd_rebuild_close(struct gd_rebuild *r) {
    for (size_t i = 0; i < r->extra.others; i++) {
        const struct gd_other *o = &r->extra.other[i];
        if (o->shape == GD_SHAPE_TOP && o->field < 0) {
            write_other(r, o);
        }
    }
    for (uint64_t set = r->extra.present & ~r->done; set; set &= set - 1) {
        enum gd_field field = (enum gd_field)__builtin_ctzll(set);
        if (gd_field_shape(field) == GD_SHAPE_TOP) {
            write_extra_field(r, field);
        }
    }
    gd_buf_add_char(r->out, '}');
}
