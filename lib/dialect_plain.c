/* SPDX-License-Identifier: MIT */
/* dialect_plain.c - payloads without an envelope: any JSON object, text, and bytes. What they are
 * is content.type, and the whole of them is content.body; bytes stand there as base64. */
#include "dialect.h"

#include "base64.h"
#include "json_write.h"

static struct gd_value get_plain(const struct gd_message *m, const char *type,
                                 enum gd_member member, struct gd_value body) {
    struct gd_slice topic = gd_message_name(m).topic;
    switch (member) {
    case GD_M_TYPE:
        return (struct gd_value){GD_JSON_STRING, gd_slice_str(type)};
    case GD_M_BODY:
        return body;
    case GD_M_TOPIC:
        return (struct gd_value){topic.p ? GD_JSON_STRING : GD_JSON_ABSENT, topic};
    default:
        return (struct gd_value){0};
    }
}

static struct gd_value get_json(const struct gd_message *m, enum gd_member member) {
    return get_plain(m, "json", member, (struct gd_value){GD_JSON_OBJECT, m->fields->object});
}

static struct gd_value get_text(const struct gd_message *m, enum gd_member member) {
    return get_plain(m, "text", member, (struct gd_value){GD_JSON_STRING, m->payload});
}

static struct gd_value get_binary(const struct gd_message *m, enum gd_member member) {
    struct gd_value body = {0};
    if (member == GD_M_BODY) {
        GD_AUTO_BUF base64 = {0};
        gd_base64_encode(&base64, m->payload);
        body = (struct gd_value){GD_JSON_STRING,
                                 gd_arena_copy(&m->scratch->arena, gd_buf_slice(&base64))};
    }
    return get_plain(m, "binary", member, body);
}

static bool no_time(const struct gd_message *m, int64_t *time_ms) {
    (void)m;
    (void)time_ms;
    return false;
}

static void write_json(const struct gd_message *m, struct gd_buf *out) {
    gd_dialect_write_key_topic(m, out);
    gd_dialect_write_guild(m, out);
    gd_buf_add_lit(out, "\"content\":{\"type\":\"json\",\"body\":");
    gd_buf_add_slice(out, m->fields->object);
    gd_buf_add_lit(out, "},");
}

static void write_text(const struct gd_message *m, struct gd_buf *out) {
    gd_dialect_write_key_topic(m, out);
    gd_dialect_write_guild(m, out);
    gd_buf_add_lit(out, "\"content\":{\"type\":\"text\",\"body\":");
    gd_json_write_string(out, m->payload);
    gd_buf_add_lit(out, "},");
}

static void write_binary(const struct gd_message *m, struct gd_buf *out) {
    gd_dialect_write_key_topic(m, out);
    gd_dialect_write_guild(m, out);
    gd_buf_add_lit(out, "\"content\":{\"type\":\"binary\",\"body\":\"");
    gd_base64_encode(out, m->payload);
    gd_buf_add_lit(out, "\"},");
}

static int encode_json(const struct gd_message *m, struct gd_buf *out, struct gd_error *e) {
    struct gd_slice body = gd_fields_get(m->fields, GD_F_CONTENT_BODY);
    if (!body.n) {
        return gd_error_set(e, GD_FAIL_INPUT, "the message has no content.body");
    }
    gd_buf_add_slice(out, body);
    return 0;
}

static int encode_text(const struct gd_message *m, struct gd_buf *out, struct gd_error *e) {
    struct gd_slice body = gd_fields_get(m->fields, GD_F_CONTENT_BODY);
    if (gd_json_type(body) != GD_JSON_STRING) {
        return gd_error_set(e, GD_FAIL_INPUT, "its content.body is not a string, as text needs");
    }
    gd_buf_add_slice(out, gd_json_string(body, &m->scratch->arena));
    return 0;
}

static int encode_binary(const struct gd_message *m, struct gd_buf *out, struct gd_error *e) {
    struct gd_slice body = gd_fields_get(m->fields, GD_F_CONTENT_BODY);
    if (gd_json_type(body) != GD_JSON_STRING ||
        !gd_base64_decode(out, gd_json_string(body, &m->scratch->arena))) {
        return gd_error_set(e, GD_FAIL_INPUT, "its content.body is not base64, as binary needs");
    }
    return 0;
}

const struct gd_dialect gd_dialect_json = {
    .name = "json",
    .get = get_json,
    .time = no_time,
    .write = write_json,
    .encode = encode_json,
};

const struct gd_dialect gd_dialect_text = {
    .name = "text",
    .get = get_text,
    .time = no_time,
    .write = write_text,
    .encode = encode_text,
};

const struct gd_dialect gd_dialect_binary = {
    .name = "binary",
    .get = get_binary,
    .time = no_time,
    .write = write_binary,
    .encode = encode_binary,
};
