/* SPDX-License-Identifier: MIT */
/* canonical.c - reading members under their canonical names: of canonical lines, with the same face
 * as a dialect, and of dialects that use these names. */
#include "dialect.h"

/* An ID is a string in the canonical form, whatever the wire has. */
static struct gd_value get_id(struct gd_slice json, struct gd_arena *arena) {
    switch (gd_json_type(json)) {
    case GD_JSON_STRING:
        return gd_value_of(json, arena);
    case GD_JSON_NUMBER:
        return (struct gd_value){GD_JSON_STRING, json};
    default:
        return (struct gd_value){0};
    }
}

struct gd_value gd_canonical_get(const struct gd_message *m, enum gd_member member) {
    static const int field[] = {
        [GD_M_ID] = GD_F_ID,
        [GD_M_TOPIC] = GD_F_TOPIC,
        [GD_M_GUILD] = GD_F_GUILD_ID,
        [GD_M_AGENT] = GD_F_AGENT_TAG,
        [GD_M_TYPE] = GD_F_CONTENT_TYPE,
        [GD_M_FORMAT] = GD_F_CONTENT_FORMAT,
        [GD_M_BODY] = GD_F_CONTENT_BODY,
        [GD_M_THREAD_ID] = GD_F_META_THREAD_ID,
        [GD_M_ROOT_THREAD_ID] = GD_F_META_ROOT_THREAD_ID,
        [GD_M_PARENT_ID] = GD_F_META_PARENT_ID,
        [GD_M_STATUS] = GD_F_META_STATUS,
        [GD_M_PROCESSING_TIME_MS] = GD_F_META_PROCESSING_TIME_MS,
        [GD_M_PRIORITY] = GD_F_META_PRIORITY,
    };
    struct gd_arena *arena = &m->scratch->arena;
    struct gd_slice json = gd_fields_get(m->fields, (enum gd_field)field[member]);
    switch (member) {
    case GD_M_AGENT:
        return gd_dialect_agent(json, arena);
    case GD_M_GUILD:
    case GD_M_TOPIC:
        return gd_json_type(json) == GD_JSON_STRING ? gd_value_of(json, arena)
                                                    : (struct gd_value){0};
    case GD_M_ID:
    case GD_M_THREAD_ID:
    case GD_M_ROOT_THREAD_ID:
    case GD_M_PARENT_ID:
        return get_id(json, arena);
    default:
        return gd_value_of(json, arena);
    }
}

static bool time_ms_of(const struct gd_message *m, int64_t *time_ms) {
    struct gd_slice value = gd_fields_get(m->fields, GD_F_META_TIMESTAMP);
    return gd_json_type(value) == GD_JSON_STRING &&
           gd_time_read_rfc3339(gd_json_string(value, &m->scratch->arena), time_ms);
}

const struct gd_dialect gd_canonical = {
    .name = "canonical",
    .get = gd_canonical_get,
    .time = time_ms_of,
};
