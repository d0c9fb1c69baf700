/* SPDX-License-Identifier: MIT */
/* messages.h - messages as tests make them: decoded from memory of exactly their size, written,
 * read again. To be included behind cmocka.h. */
#ifndef GD_TEST_MESSAGES_H
#define GD_TEST_MESSAGES_H

#include "../../lib/dialect.h"
#include "samples.h"

/* A message with all that it needs. {0} is valid, and opened again it starts anew. */
struct sample {
    struct gd_decoder *decoder;
    struct gd_slice text;
    struct gd_message m;
    struct gd_json why;
};

static inline void close_sample(struct sample *s) {
    gd_decoder_free(s->decoder);
    free_padded(&s->text);
}
#define AUTO_SAMPLE __attribute__((cleanup(close_sample))) struct sample

static inline void prepare(struct sample *s, struct gd_slice text) {
    struct gd_slice old = s->text;
    s->text = padded(text);
    free_padded(&old);
    s->decoder = s->decoder ? s->decoder : gd_decoder_new();
}

/* What Redis gave. */
static inline void open_payload(struct sample *s, struct gd_slice payload, const char *via,
                                struct gd_slice key) {
    const struct gd_origin origin = {.via = via, .key = key};
    prepare(s, payload);
    gd_decoder_payload(s->decoder, s->text, &origin, &s->m);
}

/* Returns false where the text is no line of any form; s->why says why. */
static inline bool try_line(struct sample *s, struct gd_slice line) {
    prepare(s, line);
    const char *end = s->text.p + s->text.n;
    const char *behind = gd_decoder_line(s->decoder, s->text.p, end, &s->m, &s->why);
    if (!behind) {
        assert_non_null(s->why.reason);
        assert_true(s->why.at >= s->text.p && s->why.at <= end);
    }
    return behind == end;
}

static inline void open_line(struct sample *s, struct gd_slice line) {
    if (!try_line(s, line)) {
        fail_msg("%.*s: %s", GD_SLICE_FMT(line), s->why.reason);
    }
}

static inline const char *canonical_of(const struct sample *s, struct gd_buf *out) {
    gd_buf_clear(out);
    gd_message_write(&s->m, out);
    return gd_buf_terminate(out);
}

static inline const char *raw_of(const struct sample *s, struct gd_buf *out) {
    struct gd_error e;
    gd_buf_clear(out);
    assert_int_equal(gd_message_write_raw(&s->m, NULL, out, &e), 0);
    return gd_buf_terminate(out);
}

static inline const char *encoded(const struct sample *s, const char *dialect, struct gd_buf *out) {
    struct gd_error e = {0};
    gd_buf_clear(out);
    const struct gd_dialect *d = dialect ? gd_dialect_find(gd_slice_str(dialect)) : NULL;
    if (gd_message_encode(&s->m, d, out, &e)) {
        fail_msg("%s", e.message);
    }
    return gd_buf_terminate(out);
}

static inline void assert_slice(struct gd_slice s, const char *expected) {
    if (!expected) {
        assert_null(s.p);
    } else if (!s.p || !gd_slice_equal(s, gd_slice_str(expected))) {
        fail_msg("\"%.*s\", not \"%s\"", GD_SLICE_FMT(s), expected);
    }
}

/* expected NULL: absent. Strings are decoded. */
static inline void assert_member(const struct sample *s, enum gd_member member,
                                 const char *expected) {
    struct gd_value v = gd_message_get(&s->m, member);
    if (expected) {
        assert_slice(v.text, expected);
    } else {
        assert_int_equal(v.type, GD_JSON_ABSENT);
    }
}

static inline char blank(const struct gd_value *v, size_t i) {
    char c = v->text.p[i];
    return v->type != GD_JSON_STRING && (c == '\n' || c == '\r') ? ' ' : c;
}

/* The same text, but for line breaks that became blanks. */
static inline bool same_text(struct gd_value x, struct gd_value y) {
    bool same = x.type == y.type && x.text.n == y.text.n;
    for (size_t i = 0; same && i < x.text.n; i++) {
        same = blank(&x, i) == blank(&y, i);
    }
    return same;
}

/* What is asked for is the same whether a message is asked or the canonical line made of it. */
static inline void assert_same_view(const struct sample *a, const struct sample *b) {
    int64_t time_a, time_b;
    for (enum gd_member member = GD_M_ID; member <= GD_M_PRIORITY; member++) {
        struct gd_value x = gd_message_get(&a->m, member), y = gd_message_get(&b->m, member);
        if (!same_text(x, y)) {
            fail_msg("member %d: %d \"%.*s\", %d \"%.*s\"", (int)member, (int)x.type,
                     GD_SLICE_FMT(x.text), (int)y.type, GD_SLICE_FMT(y.text));
        }
    }
    bool timed = gd_message_time(&a->m, &time_a);
    assert_int_equal(gd_message_time(&b->m, &time_b), timed);
    assert_true(!timed || time_a == time_b);
    assert_int_equal(gd_message_is_error(&a->m), gd_message_is_error(&b->m));
    assert_int_equal(gd_message_bytes(&a->m), gd_message_bytes(&b->m));
    assert_true(gd_slice_equal(gd_message_key(&a->m), gd_message_key(&b->m)));
    assert_true(gd_slice_equal(gd_message_server(&a->m), gd_message_server(&b->m)));
    assert_true(gd_slice_equal(gd_message_score(&a->m), gd_message_score(&b->m)));
    struct gd_name x = gd_message_name(&a->m), y = gd_message_name(&b->m);
    if (!gd_slice_equal(x.guild, y.guild) || !gd_slice_equal(x.topic, y.topic)) {
        fail_msg("named %.*s:%.*s, and %.*s:%.*s", GD_SLICE_FMT(x.guild), GD_SLICE_FMT(x.topic),
                 GD_SLICE_FMT(y.guild), GD_SLICE_FMT(y.topic));
    }
}

#endif
