/* SPDX-License-Identifier: MIT */
/* dialect_rustic.c - RusticAI's wire form. What encode() would not rebuild to the same JSON value
 * also goes to extra, and comes back from there. */
#include "dialect.h"

#include <stdlib.h>

#include "json_scan.h"
#include "json_write.h"

/* The fields that this dialect writes somewhere itself, or may leave out when they hold a default.
 */
#define OWN                                                                                       \
    (GD_BIT(GD_F_ID) | GD_BIT(GD_F_SENDER) | GD_BIT(GD_F_TOPICS) |                                \
     GD_BIT(GD_F_TOPIC_PUBLISHED_TO) | GD_BIT(GD_F_RECIPIENT_LIST) | GD_BIT(GD_F_PAYLOAD) |       \
     GD_BIT(GD_F_FORMAT) | GD_BIT(GD_F_PRIORITY) | GD_BIT(GD_F_TIMESTAMP) | GD_BIT(GD_F_TTL) |    \
     GD_BIT(GD_F_THREAD) | GD_BIT(GD_F_IN_RESPONSE_TO) | GD_BIT(GD_F_CONVERSATION_ID) |           \
     GD_BIT(GD_F_PROCESS_STATUS) | GD_BIT(GD_F_IS_ERROR_MESSAGE) | GD_BIT(GD_F_MESSAGE_HISTORY) | \
     GD_BIT(GD_F_ROUTING_SLIP) | GD_BIT(GD_F_TRACEPARENT))
#define OFTEN_EMPTY                                                                                \
    (GD_BIT(GD_F_FORWARD_HEADER) | GD_BIT(GD_F_SESSION_STATE) | GD_BIT(GD_F_ENRICH_WITH_HISTORY) | \
     GD_BIT(GD_F_ORIGIN_GUILD_STACK))

struct writing {
    const struct gd_message *m;
    const struct gd_fields *f;
    struct gd_buf *out;
    uint64_t verbatim; /* wire fields that must stand in extra as they came */
    uint64_t suppress; /* wire fields that are absent and would be rebuilt */
};

static bool claims(const struct gd_fields *f) {
    const uint64_t all = GD_BIT(GD_F_SENDER) | GD_BIT(GD_F_TOPICS) | GD_BIT(GD_F_PAYLOAD);
    return (f->present & all) == all;
}

/* An ID as canonical text, without quotes: a whole number, or a string. *exact: encode() rebuilds
 * it. */
static struct gd_slice id_text(struct gd_slice value, bool integer, bool *exact) {
    *exact = integer;
    if (integer) {
        return value;
    }
    if (gd_json_type(value) == GD_JSON_STRING) {
        struct gd_slice inner = {value.p + 1, value.n - 2};
        *exact = !gd_json_is_integer(inner);
        return inner;
    }
    return (struct gd_slice){0};
}

static bool is_integer(const struct gd_fields *f, enum gd_field field) {
    return f->present & f->integers & GD_BIT(field);
}

static struct gd_slice id_of_field(const struct gd_fields *f, enum gd_field field, bool *exact) {
    return id_text(gd_fields_get(f, field), is_integer(f, field), exact);
}

/* The same of any value, such as an element of thread. */
static struct gd_slice id_of_element(struct gd_slice v, bool *exact) {
    bool number = gd_json_type(v) == GD_JSON_NUMBER;
    return id_text(v, number && gd_json_is_integer(v), exact);
}

/* A time in whole milliseconds; *exact when the number says no more than that. */
static bool time_of(const struct gd_fields *f, int64_t *time_ms, bool *exact) {
    struct gd_slice value = gd_fields_get(f, GD_F_TIMESTAMP);
    *exact = false;
    if (gd_json_type(value) != GD_JSON_NUMBER) {
        return false;
    }
    const int64_t last = INT64_C(253402300799999), first = INT64_C(-62167219200000);
    if (is_integer(f, GD_F_TIMESTAMP) && value.n < 15) {
        gd_json_int64(value, time_ms);
        return *exact = *time_ms >= first && *time_ms <= last;
    }
    const char *dot = memchr(value.p, '.', value.n);
    struct gd_slice whole = {value.p, dot ? (size_t)(dot - value.p) : value.n};
    if (gd_json_int64(whole, time_ms) && !memchr(value.p, 'e', value.n) &&
        !memchr(value.p, 'E', value.n)) {
        bool in_range = *time_ms >= first && *time_ms <= last;
        *exact = in_range && (!dot || strspn(dot + 1, "0") >= value.n - whole.n - 1);
        return in_range;
    }
    double ms = gd_json_double(value);
    bool in_range = ms >= (double)first && ms <= (double)last;
    *time_ms = in_range ? (int64_t)ms : 0;
    return in_range;
}

/* The topic's JSON string: the one published to, else the first of topics. */
static struct gd_slice topic_value(const struct gd_fields *f) {
    struct gd_slice topic = gd_fields_get(f, GD_F_TOPIC_PUBLISHED_TO), last;
    if (gd_json_type(topic) == GD_JSON_STRING) {
        return topic;
    }
    topic = gd_fields_get(f, GD_F_TOPICS);
    if (gd_json_type(topic) == GD_JSON_ARRAY) {
        gd_json_ends(topic, &topic, &last);
    }
    return gd_json_type(topic) == GD_JSON_STRING ? topic : (struct gd_slice){0};
}

static struct gd_slice status_value(const struct gd_fields *f) {
    struct gd_slice status = gd_fields_get(f, GD_F_PROCESS_STATUS);
    if (gd_json_type(gd_fields_get(f, GD_F_IS_ERROR_MESSAGE)) == GD_JSON_TRUE) {
        return GD_SLICE("\"error\"");
    }
    return gd_json_type(status) == GD_JSON_STRING ? status : (struct gd_slice){0};
}

/* The steps of a routing slip; *exact when it holds nothing else. */
static struct gd_slice steps_of(const struct gd_fields *f, bool *exact) {
    struct gd_slice steps = gd_fields_get(f, GD_F_SLIP_STEPS);
    if (gd_json_type(steps) != GD_JSON_ARRAY || gd_json_is_default(steps)) {
        steps = (struct gd_slice){0};
    }
    *exact = steps.n && !(f->repeated & GD_BIT(GD_F_SLIP_STEPS));
    for (size_t i = 0; i < f->others; i++) {
        *exact = *exact && f->other[i].shape != GD_SHAPE_SLIP;
    }
    return steps;
}

/* Sixteen lower-case hexadecimal digits. */
static bool is_hex16(const char *p) {
    typedef uint8_t bytes __attribute__((vector_size(16)));
    bytes v;
    memcpy(&v, p, sizeof v);
    bytes fits = (bytes)((v - '0' <= 9) | (v - 'a' <= 5));
    uint64_t half[2];
    memcpy(half, &fits, sizeof half);
    return (half[0] & half[1]) == UINT64_MAX;
}

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool gd_rustic_is_traceparent(struct gd_slice v) {
    const char *p = v.p + 1;
    return v.n == 57 && memcmp(p, "00-", 3) == 0 && is_hex16(p + 3) && is_hex16(p + 19) &&
           p[35] == '-' && is_hex16(p + 36) && p[52] == '-' && is_hex(p[53]) && is_hex(p[54]);
}

static struct gd_value get_id(const struct gd_message *m, struct gd_slice json) {
    bool exact;
    struct gd_slice text = id_of_element(json, &exact);
    if (gd_json_type(json) == GD_JSON_STRING) {
        return gd_value_of(json, &m->scratch->arena);
    }
    return (struct gd_value){text.p ? GD_JSON_STRING : GD_JSON_ABSENT, text};
}

static struct gd_value get(const struct gd_message *m, enum gd_member member) {
    const struct gd_fields *f = m->fields;
    struct gd_slice v, first, last;
    switch (member) {
    case GD_M_ID:
        v = gd_fields_get(f, GD_F_ID);
        return gd_json_type(v) == GD_JSON_NUMBER ? get_id(m, v) : (struct gd_value){0};
    case GD_M_TOPIC:
        return gd_value_of(topic_value(f), &m->scratch->arena);
    case GD_M_AGENT:
        return gd_dialect_agent(gd_fields_get(f, GD_F_SENDER), &m->scratch->arena);
    case GD_M_TYPE:
        return (struct gd_value){GD_JSON_STRING, GD_SLICE("json")};
    case GD_M_FORMAT:
        v = gd_fields_get(f, GD_F_FORMAT);
        return gd_json_type(v) == GD_JSON_STRING ? gd_value_of(v, &m->scratch->arena)
                                                 : (struct gd_value){0};
    case GD_M_BODY:
        return gd_value_of(gd_fields_get(f, GD_F_PAYLOAD), &m->scratch->arena);
    case GD_M_THREAD_ID:
    case GD_M_ROOT_THREAD_ID:
        gd_json_ends(gd_fields_get(f, GD_F_THREAD), &first, &last);
        return get_id(m, member == GD_M_THREAD_ID ? last : first);
    case GD_M_PARENT_ID:
        return get_id(m, gd_fields_get(f, GD_F_IN_RESPONSE_TO));
    case GD_M_STATUS:
        return gd_value_of(status_value(f), &m->scratch->arena);
    case GD_M_PRIORITY:
        v = gd_fields_get(f, GD_F_PRIORITY);
        return gd_json_type(v) == GD_JSON_NUMBER ? gd_value_of(v, &m->scratch->arena)
                                                 : (struct gd_value){0};
    default:
        return (struct gd_value){0};
    }
}

static bool time_ms_of(const struct gd_message *m, int64_t *time_ms) {
    bool exact;
    return time_of(m->fields, time_ms, &exact);
}

static void keep(struct writing *w, enum gd_field field) {
    w->verbatim |= GD_BIT(field);
}

/* A field that goes nowhere else: kept unless it holds its default. */
static inline void keep_unless_default(struct writing *w, enum gd_field field) {
    bool kept = gd_fields_has(w->f, field) && !gd_json_is_default(w->f->value[field]);
    w->verbatim |= kept ? GD_BIT(field) : 0;
}

static void write_topic(struct writing *w) {
    struct gd_slice topic = topic_value(w->f), topics = gd_fields_get(w->f, GD_F_TOPICS);
    struct gd_slice published = gd_fields_get(w->f, GD_F_TOPIC_PUBLISHED_TO);
    if (!topic.n) {
        gd_dialect_write_key_topic(w->m, w->out);
        keep(w, GD_F_TOPICS);
        keep(w, GD_F_TOPIC_PUBLISHED_TO);
        if (gd_message_name(w->m).topic.p) {
            w->suppress |= GD_BIT(GD_F_TOPIC_PUBLISHED_TO);
        }
        return;
    }
    struct gd_slice text = gd_json_string(topic, &w->m->scratch->arena);
    struct gd_slice bare = gd_dialect_bare_topic(w->m, text);
    if (bare.p != text.p) {
        gd_buf_add_lit(w->out, "\"topic\":");
        gd_json_write_string(w->out, bare);
        gd_buf_add_char(w->out, ',');
        keep(w, GD_F_TOPICS);
        keep(w, GD_F_TOPIC_PUBLISHED_TO);
        w->suppress |= GD_BIT(GD_F_TOPIC_PUBLISHED_TO);
        return;
    }
    gd_buf_add_lit(w->out, "\"topic\":");
    gd_buf_add_padded(w->out, topic);
    gd_buf_add_char(w->out, ',');
    if (!gd_slice_equal(topics, topic)) {
        keep(w, GD_F_TOPICS);
    }
    if (!gd_slice_equal(published, topic)) {
        keep(w, GD_F_TOPIC_PUBLISHED_TO);
        w->suppress |= GD_BIT(GD_F_TOPIC_PUBLISHED_TO);
    }
}

static void write_identity(struct writing *w) {
    struct gd_slice id = gd_fields_get(w->f, GD_F_ID), sender = gd_fields_get(w->f, GD_F_SENDER);
    if (is_integer(w->f, GD_F_ID)) {
        gd_buf_add_lit(w->out, "\"id\":\"");
        gd_buf_add_padded(w->out, id);
        gd_buf_add_lit(w->out, "\",");
    } else {
        keep_unless_default(w, GD_F_ID);
    }
    write_topic(w);
    gd_dialect_write_guild(w->m, w->out);
    if (gd_json_type(sender) == GD_JSON_OBJECT) {
        gd_buf_add_lit(w->out, "\"agent_tag\":");
        gd_buf_add_padded(w->out, sender);
        gd_buf_add_char(w->out, ',');
    } else {
        keep_unless_default(w, GD_F_SENDER);
    }
}

static void write_content(struct writing *w) {
    struct gd_slice format = gd_fields_get(w->f, GD_F_FORMAT);
    gd_buf_add_lit(w->out, "\"content\":{\"type\":\"json\",");
    if (gd_json_type(format) == GD_JSON_STRING) {
        gd_buf_add_lit(w->out, "\"format\":");
        gd_buf_add_padded(w->out, format);
        gd_buf_add_char(w->out, ',');
    } else {
        keep_unless_default(w, GD_F_FORMAT);
    }
    gd_buf_add_lit(w->out, "\"body\":");
    gd_buf_add_padded(w->out, w->f->value[GD_F_PAYLOAD]);
    gd_buf_add_lit(w->out, "},");
}

/* "name":"id", */
static void add_id(struct gd_buf *out, struct gd_slice name, struct gd_slice text) {
    gd_buf_add_slice(out, name);
    gd_buf_add_padded(out, text);
    gd_buf_add_lit(out, "\",");
}

static void write_id(struct writing *w, enum gd_field field, struct gd_slice name) {
    bool exact;
    struct gd_slice text = id_of_field(w->f, field, &exact);
    if (text.p) {
        add_id(w->out, name, text);
    }
    if (!exact) {
        keep_unless_default(w, field);
    }
}

static size_t count_digits(const char *p) {
    size_t n = gd_digits16(p);
    return n < 16 ? n : n + gd_digits16(p + 16);
}

/* The ends of [ID] and [ID,ID] written without blanks, as threads nearly always are. Returns how
 * many IDs there are; 0 for any other value. */
static size_t plain_ends(struct gd_slice thread, struct gd_slice *root, struct gd_slice *last) {
    if (gd_json_type(thread) != GD_JSON_ARRAY) {
        return 0;
    }
    *root = *last = gd_slice_of(thread.p + 1, count_digits(thread.p + 1));
    const char *p = root->p + root->n;
    size_t n = 1;
    if (*p == ',') {
        *last = gd_slice_of(p + 1, count_digits(p + 1));
        p = last->p + last->n;
        n = 2;
    }
    return root->n && last->n && *p == ']' ? n : 0;
}

static void write_thread(struct writing *w) {
    struct gd_slice value = gd_fields_get(w->f, GD_F_THREAD), root, thread;
    bool exact_first = true, exact_last = true;
    size_t n = plain_ends(value, &root, &thread);
    if (n == 0) {
        n = gd_json_ends(value, &root, &thread);
        root = id_of_element(root, &exact_first);
        thread = id_of_element(thread, &exact_last);
    }
    if (thread.p) {
        add_id(w->out, GD_SLICE("\"thread_id\":\""), thread);
    }
    if (root.p) {
        add_id(w->out, GD_SLICE("\"root_thread_id\":\""), root);
    }
    bool same = gd_slice_equal(root, thread);
    if (!exact_first || !exact_last || n > 2 || (n == 2 && same)) {
        keep_unless_default(w, GD_F_THREAD);
    }
}

static void write_status(struct writing *w) {
    const struct gd_fields *f = w->f;
    struct gd_slice value = status_value(f), status = gd_fields_get(f, GD_F_PROCESS_STATUS);
    struct gd_slice flag = gd_fields_get(f, GD_F_IS_ERROR_MESSAGE);
    bool error = gd_slice_equal(value, GD_SLICE("\"error\""));
    if (value.n) {
        gd_buf_add_lit(w->out, "\"status\":");
        gd_buf_add_slice(w->out, value);
        gd_buf_add_char(w->out, ',');
    }
    if (value.n && !gd_slice_equal(status, value)) {
        keep(w, GD_F_PROCESS_STATUS);
        w->suppress |= GD_BIT(GD_F_PROCESS_STATUS);
    } else if (!value.n) {
        keep_unless_default(w, GD_F_PROCESS_STATUS);
    }
    if (error && gd_json_type(flag) != GD_JSON_TRUE) {
        keep(w, GD_F_IS_ERROR_MESSAGE);
        w->suppress |= GD_BIT(GD_F_IS_ERROR_MESSAGE);
    } else if (!error) {
        keep_unless_default(w, GD_F_IS_ERROR_MESSAGE);
    }
}

static void write_number(struct writing *w, enum gd_field field, struct gd_slice name) {
    struct gd_slice v = gd_fields_get(w->f, field);
    if (gd_json_type(v) == GD_JSON_NUMBER) {
        gd_buf_add_slice(w->out, name);
        gd_buf_add_padded(w->out, v);
        gd_buf_add_char(w->out, ',');
    } else {
        keep_unless_default(w, field);
    }
}

static void write_metadata(struct writing *w) {
    size_t start = w->out->n;
    int64_t time_ms;
    bool exact;
    gd_buf_add_lit(w->out, "\"metadata\":{");
    if (time_of(w->f, &time_ms, &exact)) {
        gd_buf_add_lit(w->out, "\"timestamp\":\"");
        gd_time_format(gd_buf_reserve(w->out, GD_TIME_TEXT), time_ms, &w->m->scratch->time);
        w->out->n += GD_TIME_TEXT;
        gd_buf_add_lit(w->out, "\",");
    }
    if (!exact) {
        keep_unless_default(w, GD_F_TIMESTAMP);
    }
    write_thread(w);
    write_id(w, GD_F_IN_RESPONSE_TO, GD_SLICE("\"parent_id\":\""));
    write_id(w, GD_F_CONVERSATION_ID, GD_SLICE("\"correlation_id\":\""));
    write_status(w);
    write_number(w, GD_F_PRIORITY, GD_SLICE("\"priority\":"));
    write_number(w, GD_F_TTL, GD_SLICE("\"ttl\":"));
    if (w->out->p[w->out->n - 1] == '{') {
        w->out->n = start;
    } else {
        w->out->p[w->out->n - 1] = '}';
        gd_buf_add_char(w->out, ',');
    }
}

/* An array that is passed on whole under another name. */
static void write_array(struct writing *w, enum gd_field field, struct gd_slice name) {
    struct gd_slice v = gd_fields_get(w->f, field);
    if (gd_json_is_default(v)) {
        return;
    }
    if (gd_json_type(v) != GD_JSON_ARRAY) {
        keep(w, field);
        return;
    }
    gd_buf_add_slice(w->out, name);
    gd_buf_add_padded(w->out, v);
    gd_buf_add_char(w->out, ',');
}

static void write_routing(struct writing *w) {
    bool exact;
    struct gd_slice steps = steps_of(w->f, &exact);
    if (steps.n) {
        gd_buf_add_lit(w->out, "\"routing_rules\":");
        gd_buf_add_padded(w->out, steps);
        gd_buf_add_char(w->out, ',');
    }
    if (!exact) {
        keep_unless_default(w, GD_F_ROUTING_SLIP);
    }
}

static void write_trace(struct writing *w) {
    struct gd_slice v = gd_fields_get(w->f, GD_F_TRACEPARENT);
    if (gd_json_type(v) != GD_JSON_STRING || !gd_rustic_is_traceparent(v)) {
        keep_unless_default(w, GD_F_TRACEPARENT);
        return;
    }
    char hex[3] = {v.p[54], v.p[55], 0};
    gd_buf_add_lit(w->out, "\"trace\":{\"trace_id\":\"");
    gd_buf_add(w->out, v.p + 4, 32);
    gd_buf_add_lit(w->out, "\",\"span_id\":\"");
    gd_buf_add(w->out, v.p + 37, 16);
    gd_buf_add_lit(w->out, "\",\"flags\":");
    gd_buf_add_u64(w->out, strtoul(hex, NULL, 16));
    gd_buf_add_lit(w->out, "},");
}

static void write(const struct gd_message *m, struct gd_buf *out) {
    struct writing w = {m, m->fields, out, m->fields->repeated, 0};
    write_identity(&w);
    write_content(&w);
    write_metadata(&w);
    write_array(&w, GD_F_RECIPIENT_LIST, GD_SLICE("\"recipients\":"));
    write_routing(&w);
    write_array(&w, GD_F_MESSAGE_HISTORY, GD_SLICE("\"history\":"));
    write_trace(&w);
    for (uint64_t set = w.f->present & OFTEN_EMPTY; set; set &= set - 1) {
        keep_unless_default(&w, (enum gd_field)__builtin_ctzll(set));
    }
    for (uint64_t set = w.f->present & ~(OWN | OFTEN_EMPTY); set; set &= set - 1) {
        enum gd_field field = (enum gd_field)__builtin_ctzll(set);
        keep(&w, field);
    }
    if (w.verbatim | w.suppress | w.f->others) {
        gd_dialect_write_extra(m, out, w.verbatim, w.suppress);
    }
}

const struct gd_dialect gd_dialect_rustic = {
    .name = "rustic",
    .claims = claims,
    .get = get,
    .time = time_ms_of,
    .write = write,
    .encode = gd_rustic_encode,
};
