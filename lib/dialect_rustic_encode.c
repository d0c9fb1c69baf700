/* SPDX-License-Identifier: MIT */
/* dialect_rustic_encode.c - RusticAI's wire form out of a canonical message. */
#include "dialect.h"

#include <stdio.h>

/* A canonical ID: a whole number where it looks like one. */
static void rebuild_id_value(struct gd_buf *out, struct gd_slice value) {
    struct gd_slice inner = {value.p + 1, value.n >= 2 ? value.n - 2 : 0};
    bool number = gd_json_type(value) == GD_JSON_STRING && gd_json_is_integer(inner);
    gd_buf_add_slice(out, number ? inner : value);
}

static void rebuild_id(struct gd_rebuild *r, enum gd_field wire, struct gd_slice value) {
    if (gd_rebuild_wanted(r, wire) && value.n) {
        gd_rebuild_name(r, wire);
        rebuild_id_value(r->out, value);
    }
}

static void rebuild_thread(struct gd_rebuild *r, const struct gd_fields *f) {
    struct gd_slice thread = gd_fields_get(f, GD_F_META_THREAD_ID);
    struct gd_slice root = gd_fields_get(f, GD_F_META_ROOT_THREAD_ID);
    if (!gd_rebuild_wanted(r, GD_F_THREAD) || !(thread.n || root.n)) {
        return;
    }
    gd_rebuild_name(r, GD_F_THREAD);
    gd_buf_add_char(r->out, '[');
    if (root.n && !gd_slice_equal(root, thread)) {
        rebuild_id_value(r->out, root);
        if (thread.n) {
            gd_buf_add_char(r->out, ',');
        }
    }
    if (thread.n) {
        rebuild_id_value(r->out, thread);
    }
    gd_buf_add_char(r->out, ']');
}

static void rebuild_status(struct gd_rebuild *r, const struct gd_fields *f) {
    struct gd_slice status = gd_fields_get(f, GD_F_META_STATUS);
    if (gd_slice_equal(status, GD_SLICE("\"error\""))) {
        gd_rebuild_member(r, GD_F_IS_ERROR_MESSAGE, GD_SLICE("true"));
    } else {
        gd_rebuild_wanted(r, GD_F_IS_ERROR_MESSAGE);
    }
    gd_rebuild_member(r, GD_F_PROCESS_STATUS, status);
}

static void rebuild_trace(struct gd_rebuild *r, const struct gd_message *m) {
    struct gd_slice trace = gd_fields_get(m->fields, GD_F_TRACE);
    if (!gd_rebuild_wanted(r, GD_F_TRACEPARENT) || gd_json_type(trace) != GD_JSON_OBJECT) {
        return;
    }
    struct gd_slice id = gd_json_find(trace, GD_SLICE("trace_id"), &m->scratch->arena);
    struct gd_slice span = gd_json_find(trace, GD_SLICE("span_id"), &m->scratch->arena);
    struct gd_slice flags = gd_json_find(trace, GD_SLICE("flags"), &m->scratch->arena);
    int64_t bits;
    char text[58];
    if (gd_json_type(id) != GD_JSON_STRING || id.n != 34 || gd_json_type(span) != GD_JSON_STRING ||
        span.n != 18) {
        return;
    }
    bool known = gd_json_int64(flags, &bits) && bits >= 0 && bits <= 0xFF;
    snprintf(text, sizeof text, "\"00-%.32s-%.16s-%02x\"", id.p + 1, span.p + 1,
             known ? (unsigned)bits : 0);
    if (gd_rustic_is_traceparent(gd_slice_str(text))) {
        gd_rebuild_name(r, GD_F_TRACEPARENT);
        gd_buf_add_str(r->out, text);
    }
}

static void rebuild_time(struct gd_rebuild *r, const struct gd_message *m) {
    int64_t time_ms;
    if (gd_rebuild_wanted(r, GD_F_TIMESTAMP) && gd_message_time(m, &time_ms)) {
        gd_rebuild_name(r, GD_F_TIMESTAMP);
        gd_buf_add_i64(r->out, time_ms);
    }
}

static void rebuild_routing(struct gd_rebuild *r, const struct gd_fields *f) {
    struct gd_slice steps = gd_fields_get(f, GD_F_ROUTING_RULES);
    if (gd_rebuild_wanted(r, GD_F_ROUTING_SLIP) && steps.n) {
        gd_rebuild_name(r, GD_F_ROUTING_SLIP);
        gd_buf_add_lit(r->out, "{\"steps\":");
        gd_buf_add_slice(r->out, steps);
        gd_buf_add_char(r->out, '}');
    }
}

int gd_rustic_encode(const struct gd_message *m, struct gd_buf *out, struct gd_error *e) {
    const struct gd_fields *f = m->fields;
    struct gd_rebuild r;
    (void)e;
    gd_rebuild_open(&r, m, out);
    rebuild_id(&r, GD_F_ID, gd_fields_get(f, GD_F_ID));
    gd_rebuild_member(&r, GD_F_TOPICS, gd_fields_get(f, GD_F_TOPIC));
    gd_rebuild_member(&r, GD_F_SENDER, gd_fields_get(f, GD_F_AGENT_TAG));
    gd_rebuild_member(&r, GD_F_FORMAT, gd_fields_get(f, GD_F_CONTENT_FORMAT));
    gd_rebuild_member(&r, GD_F_PAYLOAD, gd_fields_get(f, GD_F_CONTENT_BODY));
    gd_rebuild_member(&r, GD_F_RECIPIENT_LIST, gd_fields_get(f, GD_F_RECIPIENTS));
    rebuild_id(&r, GD_F_IN_RESPONSE_TO, gd_fields_get(f, GD_F_META_PARENT_ID));
    gd_rebuild_member(&r, GD_F_PRIORITY, gd_fields_get(f, GD_F_META_PRIORITY));
    rebuild_time(&r, m);
    rebuild_thread(&r, f);
    rebuild_id(&r, GD_F_CONVERSATION_ID, gd_fields_get(f, GD_F_META_CORRELATION_ID));
    rebuild_routing(&r, f);
    gd_rebuild_member(&r, GD_F_MESSAGE_HISTORY, gd_fields_get(f, GD_F_HISTORY));
    gd_rebuild_member(&r, GD_F_TTL, gd_fields_get(f, GD_F_META_TTL));
    rebuild_trace(&r, m);
    gd_rebuild_member(&r, GD_F_TOPIC_PUBLISHED_TO, gd_fields_get(f, GD_F_TOPIC));
    rebuild_status(&r, f);
    gd_rebuild_close(&r);
    gd_fields_free(&r.extra);
    return 0;
}
