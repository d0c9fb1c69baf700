/* SPDX-License-Identifier: MIT */
#include "sieve.h"

#include "dialect.h"

static struct gd_slice keep(struct gd_sieve *s, struct gd_slice selector) {
    return selector.p ? gd_arena_copy(&s->names, selector) : selector;
}

static bool is_everything(struct gd_slice selector) {
    return !selector.p || gd_slice_equal(selector, GD_SLICE("*"));
}

void gd_sieve_init(struct gd_sieve *s, const struct gd_selection *selection) {
    GD_AUTO_BUF key = {0};
    *s = (struct gd_sieve){.decoder = gd_decoder_new()};
    s->selection.guild = keep(s, selection->guild);
    s->selection.topic = keep(s, selection->topic);
    s->everything = is_everything(selection->guild) && is_everything(selection->topic);
    s->literal = gd_selection_key(selection, &key);
}

void gd_sieve_free(struct gd_sieve *s) {
    gd_decoder_free(s->decoder);
    gd_arena_free(&s->names);
}

static bool says_where(const struct gd_message *m) {
    return m->dialect == &gd_dialect_rustic && gd_fields_has(m->fields, GD_F_TOPIC_PUBLISHED_TO);
}

bool gd_sieve_take(struct gd_sieve *s, struct gd_slice payload, const struct gd_origin *origin,
                   struct gd_message *m) {
    gd_decoder_payload(s->decoder, payload, origin, m);
    gd_message_keep_name(m);
    return s->everything || gd_selection_match(&s->selection, m->name) ||
           (s->literal && !says_where(m));
}
