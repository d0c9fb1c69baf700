/* SPDX-License-Identifier: MIT */
#include "replay_write.h"

#include "json_write.h"
#include "text.h"

static void add_msg_key(struct gd_buf *out, const struct gd_publication *m) {
    gd_buf_add_lit(out, "msg:");
    gd_buf_add_slice(out, m->guild);
    gd_buf_add_char(out, ':');
    gd_buf_add_slice(out, m->id);
}

static void publication_json(struct gd_buf *out, const struct gd_publication *m, int64_t at_us) {
    GD_AUTO_BUF msg_key = {0};
    struct gd_json_object o = gd_json_object_open(out);
    gd_json_object_bytes(&o, "key", m->key);
    if (m->id.p) {
        add_msg_key(&msg_key, m);
        gd_json_object_bytes(&o, "set", gd_buf_slice(&msg_key));
        gd_json_object_u64(&o, "ttl_s", m->ttl_s);
    }
    if (m->score.p) {
        gd_json_object_string(&o, "zadd", m->score);
    }
    gd_json_object_verbatim(&o, "publish", GD_SLICE("true"));
    gd_json_object_u64(&o, "bytes", m->payload.n);
    gd_json_object_u64(&o, "at_ms", (uint64_t)at_us / 1000);
    gd_json_object_close(&o);
}

/* 1.250s  research:x  812 bytes  SET msg:research:77 EX 3600  ZADD 1768000000001  PUBLISH */
static void publication_text(struct gd_buf *out, const struct gd_publication *m, int64_t at_us) {
    GD_AUTO_BUF msg_key = {0};
    gd_buf_printf(out, "%9.3fs  ", (double)(at_us / 1000) / 1000);
    text_write_cell(out, m->key, 24);
    gd_buf_printf(out, "  %zu bytes", m->payload.n);
    if (m->id.p) {
        add_msg_key(&msg_key, m);
        gd_buf_add_lit(out, "  SET ");
        text_write_cell(out, gd_buf_slice(&msg_key), 0);
        if (m->ttl_s) {
            gd_buf_printf(out, " EX %llu", (unsigned long long)m->ttl_s);
        }
    }
    if (m->score.p) {
        gd_buf_add_lit(out, "  ZADD ");
        text_write_cell(out, m->score, 0);
    }
    gd_buf_add_lit(out, "  PUBLISH");
}

void replay_write_publication(struct output *out, const struct gd_publication *m, int64_t at_us) {
    if (out->form == OUTPUT_TEXT) {
        publication_text(&out->buf, m, at_us);
    } else {
        publication_json(&out->buf, m, at_us);
    }
    gd_buf_add_char(&out->buf, '\n');
}

static void add_number(struct text_table *t, uint64_t n) {
    GD_AUTO_BUF cell = {0};
    gd_buf_add_u64(&cell, n);
    text_table_add(t, gd_buf_slice(&cell), true);
}

static void add_row(struct text_table *t, const struct replay_target *target) {
    text_table_add(t, target->key, false);
    add_number(t, target->messages);
    add_number(t, target->bytes);
    add_number(t, target->refused);
}

static void targets_text(struct output *out, const struct replay_targets *targets) {
    TEXT_AUTO_TABLE t = text_table_new(4);
    struct replay_target total = {.key = GD_SLICE("total")};
    text_table_add(t, GD_SLICE("KEY"), false);
    text_table_add(t, GD_SLICE("MESSAGES"), true);
    text_table_add(t, GD_SLICE("BYTES"), true);
    text_table_add(t, GD_SLICE("REFUSED"), true);
    for (size_t i = 0; i < targets->count; i++) {
        const struct replay_target *target = targets->item[i];
        if (target->messages) {
            add_row(t, target);
        }
        total.messages += target->messages;
        total.bytes += target->bytes;
        total.refused += target->refused;
    }
    add_row(t, &total);
    text_table_write(t, &out->buf, out->color);
}

static void target_json(struct gd_buf *out, const struct replay_target *target) {
    struct gd_json_object o = gd_json_object_open(out);
    gd_json_object_bytes(&o, "key", target->key);
    gd_json_object_u64(&o, "messages", target->messages);
    gd_json_object_u64(&o, "bytes", target->bytes);
    gd_json_object_u64(&o, "refused", target->refused);
    gd_json_object_close(&o);
    gd_buf_add_char(out, '\n');
}

void replay_write_targets(struct output *out, const struct replay_targets *targets) {
    if (out->form == OUTPUT_TEXT) {
        targets_text(out, targets);
        return;
    }
    for (size_t i = 0; i < targets->count; i++) {
        if (targets->item[i]->messages) {
            target_json(&out->buf, targets->item[i]);
        }
    }
}
