/* SPDX-License-Identifier: MIT */
/* canonical.c - reading members of a canonical line, with the same face as a dialect. */
#include "dialect.h"

static struct gd_value get(const struct gd_message *m, enum gd_member member) {
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
    struct gd_slice value = gd_fields_get(m->fields, (enum gd_field)field[member]);
    if (member == GD_M_AGENT) {
        return gd_dialect_agent(value, &m->scratch->arena);
    }
    return gd_value_of(value, &m->scratch->arena);
}

static bool time_ms_of(const struct gd_message *m, int64_t *time_ms) {
    struct gd_slice value = gd_fields_get(m->fields, GD_F_META_TIMESTAMP);
    return gd_json_type(value) == GD_JSON_STRING &&
           gd_time_read_rfc3339(gd_json_string(value, &m->scratch->arena), time_ms);
}

const struct gd_dialect gd_canonical = {
    .name = "canonical",
    .get = get,
    .time = time_ms_of,
};
