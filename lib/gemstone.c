/* SPDX-License-Identifier: MIT */
#include "gemstone.h"

#include <endian.h>

#include "clock.h"
#include "utf8.h"

#define FIRST_PLAUSIBLE_MS INT64_C(1420070400000) /* 2015-01-01T00:00:00Z */
#define DAY_MS INT64_C(86400000)
#define VALID_MACHINES 256

#define BASE64_CHARS 11
#define HEX_CHARS 16

/* The longest object that put_reading() writes is shorter than this. */
#define READING_MAX 320

struct field {
    uint8_t shift, bits;
};

/* Of fixed size, so that it is copied without a call. */
struct word {
    char text[15];
    uint8_t n;
};

#define WORD(literal) \
    { literal, sizeof(literal) - 1 }

/* All that tells the layouts apart, but for their texts. */
struct shape {
    struct word name;
    int64_t epoch_ms;
    struct field time, priority, machine, sequence;
};

static const struct shape shapes[GD_LAYOUTS] = {
    [GD_LAYOUT_BASE64] = {WORD("base64"), 0, {22, 42}, {14, 8}, {0, 0}, {0, 14}},
    [GD_LAYOUT_INT] = {WORD("int"), GD_INT_EPOCH_MS, {22, 39}, {61, 3}, {12, 10}, {0, 12}},
    [GD_LAYOUT_HEX] = {WORD("hex"), 0, {16, 48}, {12, 4}, {0, 0}, {0, 12}},
};

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const char *gd_layout_name(enum gd_layout layout) {
    return shapes[layout].name.text;
}

bool gd_layout_parse(struct gd_slice name, enum gd_layout *layout) {
    for (int i = 0; i < GD_LAYOUTS; i++) {
        if (gd_slice_equal(name, gd_slice_str(shapes[i].name.text))) {
            *layout = (enum gd_layout)i;
            return true;
        }
    }
    return false;
}

static const struct word priorities[] = {WORD("URGENT"),       WORD("IMPORTANT"), WORD("HIGH"),
                                         WORD("ABOVE_NORMAL"), WORD("NORMAL"),    WORD("LOW"),
                                         WORD("VERY_LOW"),     WORD("LOWEST")};

const char *gd_priority_name(uint32_t priority) {
    return priority < sizeof priorities / sizeof *priorities ? priorities[priority].text : NULL;
}

/* Fields */

static uint64_t largest(struct field f) {
    return (UINT64_C(1) << f.bits) - 1;
}

static uint64_t take(uint64_t value, struct field f) {
    return value >> f.shift & largest(f);
}

static struct gd_id unpack(uint64_t value, enum gd_layout layout) {
    const struct shape *s = &shapes[layout];
    return (struct gd_id){.layout = layout,
                          .timestamp_ms = s->epoch_ms + (int64_t)take(value, s->time),
                          .priority = (uint32_t)take(value, s->priority),
                          .machine = (uint32_t)take(value, s->machine),
                          .sequence = (uint32_t)take(value, s->sequence)};
}

static bool pack(const struct gd_id *id, uint64_t *value) {
    const struct shape *s = &shapes[id->layout];
    uint64_t elapsed_ms = (uint64_t)id->timestamp_ms - (uint64_t)s->epoch_ms;
    *value = elapsed_ms << s->time.shift | (uint64_t)id->priority << s->priority.shift |
             (uint64_t)id->machine << s->machine.shift |
             (uint64_t)id->sequence << s->sequence.shift;
    return elapsed_ms <= largest(s->time) && id->priority <= largest(s->priority) &&
           id->machine <= largest(s->machine) && id->sequence <= largest(s->sequence);
}

/* Reading */

/* Above 15 for what is no hexadecimal digit. Tables, as the classes of characters are random and
 * branches on them would be mispredicted. */
static unsigned hex_value(char c) {
    enum { NO = 16 };
    static const uint8_t values['f' - '0' + 1] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  NO, NO, NO, NO, NO, NO, NO, 10, 11,
        12, 13, 14, 15, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
        NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 10, 11, 12, 13, 14, 15};
    unsigned i = (unsigned char)c - (unsigned)'0';
    return i < sizeof values ? values[i] : NO;
}

/* Above 63 for what is no base64url digit. */
static unsigned base64_value(char c) {
    enum { NO = 64 };
    static const uint8_t values['z' - '-' + 1] = {
        62, NO, NO, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO, NO,
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
        20, 21, 22, 23, 24, 25, NO, NO, NO, NO, 63, NO, 26, 27, 28, 29, 30, 31, 32, 33,
        34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51};
    unsigned i = (unsigned char)c - (unsigned)'-';
    return i < sizeof values ? values[i] : NO;
}

/* The value of 8 digits, joined to pairs, fours, then all; above 99999999 where they are none. */
static uint64_t eight_digits(const char *p) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
    v = le64toh(v) ^ 0x3030303030303030u;
    if (((v + 0x7676767676767676u) | v) & 0x8080808080808080u) {
        return UINT64_MAX;
    }
    v = (v * 10 + (v >> 8)) & 0x00FF00FF00FF00FFu;
    v = (v * 100 + (v >> 16)) & 0x0000FFFF0000FFFFu;
    return (v * 10000 + (v >> 32)) & 0xFFFFFFFFu;
}

bool gd_id_read_u64(struct gd_slice text, uint64_t *value) {
    if (text.n == 0 || text.n > 20 || (text.p[0] == '0' && text.n > 1)) {
        return false;
    }
    const char *p = text.p, *end = p + text.n;
    uint64_t v = 0;
    for (; end - p >= 8; p += 8) {
        uint64_t eight = eight_digits(p);
        if (eight > 99999999) {
            return false;
        }
        v = v * 100000000 + eight;
    }
    uint64_t before_last = 0;
    for (; p < end; p++) {
        unsigned digit = hex_value(*p);
        if (digit > 9) {
            return false;
        }
        before_last = v;
        v = v * 10 + digit;
    }
    *value = v;
    return text.n < 20 || before_last < UINT64_MAX / 10 ||
           (before_last == UINT64_MAX / 10 && end[-1] <= '5');
}

static bool read_hex(struct gd_slice text, uint64_t *value) {
    if (text.n != HEX_CHARS) {
        return false;
    }
    uint64_t v = 0;
    unsigned seen = 0;
    for (size_t i = 0; i < HEX_CHARS; i++) {
        unsigned digit = hex_value(text.p[i]);
        seen |= digit;
        v = v << 4 | (digit & 15);
    }
    *value = v;
    return seen < 16;
}

static struct gd_slice without_padding(struct gd_slice text) {
    bool padded = text.n == BASE64_CHARS + 1 && text.p[BASE64_CHARS] == '=';
    return gd_slice_of(text.p, text.n - padded);
}

static bool read_base64(struct gd_slice text, uint64_t *value) {
    text = without_padding(text);
    if (text.n != BASE64_CHARS) {
        return false;
    }
    uint64_t v = 0;
    unsigned seen = 0;
    for (size_t i = 0; i < BASE64_CHARS - 1; i++) {
        unsigned digit = base64_value(text.p[i]);
        seen |= digit;
        v = v << 6 | (digit & 63);
    }
    unsigned last = base64_value(text.p[BASE64_CHARS - 1]);
    *value = v << 4 | (last & 63) >> 2;
    return (seen | last) < 64 && (last & 3) == 0;
}

static bool read_value(struct gd_slice text, enum gd_layout layout, uint64_t *value) {
    switch (layout) {
    case GD_LAYOUT_BASE64:
        return read_base64(text, value);
    case GD_LAYOUT_HEX:
        return read_hex(text, value);
    default:
        return gd_id_read_u64(text, value);
    }
}

/* Saying what is wrong with a text that is no ID */

static bool in_alphabet(char c, enum gd_layout layout) {
    return layout == GD_LAYOUT_BASE64 ? base64_value(c) < 64
                                      : hex_value(c) < (layout == GD_LAYOUT_HEX ? 16u : 10u);
}

/* The index of the first character that a layout does not have, or text.n. */
static size_t first_foreign(struct gd_slice text, enum gd_layout layout) {
    size_t i = 0;
    while (i < text.n && in_alphabet(text.p[i], layout)) {
        i++;
    }
    return i;
}

static int refuse(const char *what, struct gd_slice text, const char *why, struct gd_error *e) {
    GD_AUTO_BUF quoted = {0};
    return gd_error_set(e, GD_FAIL_USAGE, "not %s: '%s' %s", what,
                        gd_error_quote(&quoted, text, 80), why);
}

static int refuse_length(const char *what, struct gd_slice text, const char *expected,
                         struct gd_error *e) {
    GD_AUTO_BUF why = {0};
    gd_buf_printf(&why, "has %zu character%s; expected %s", text.n, text.n == 1 ? "" : "s",
                  expected);
    return refuse(what, text, gd_buf_terminate(&why), e);
}

static int refuse_character(const char *what, struct gd_slice text, size_t at, const char *expected,
                            struct gd_error *e) {
    GD_AUTO_BUF why = {0};
    size_t length = gd_utf8_length(text.p + at, text.n - at);
    gd_buf_add_lit(&why, "has '");
    gd_error_quote(&why, gd_slice_of(text.p + at, length ? length : 1), 8);
    gd_buf_printf(&why, "' as character %zu; expected %s", at + 1, expected);
    return refuse(what, text, gd_buf_terminate(&why), e);
}

/* what is NULL where the layout was given. Characters come before the length, so that the length is
 * counted in ASCII only. */
static int explain(const char *what, struct gd_slice text, enum gd_layout layout,
                   struct gd_error *e) {
    static const struct {
        const char *what, *alphabet, *length;
    } expected[GD_LAYOUTS] = {
        [GD_LAYOUT_BASE64] = {"a base64 ID", "A-Z, a-z, 0-9, - or _", "11"},
        [GD_LAYOUT_INT] = {"an int ID", "digits", "1 to 20"},
        [GD_LAYOUT_HEX] = {"a hex ID", "0-9 or a-f", "16"},
    };
    what = what ? what : expected[layout].what;
    text = layout == GD_LAYOUT_BASE64 ? without_padding(text) : text;
    size_t foreign = first_foreign(text, layout);
    if (foreign < text.n) {
        return refuse_character(what, text, foreign, expected[layout].alphabet, e);
    }
    if (layout == GD_LAYOUT_INT && text.n > 1 && text.p[0] == '0') {
        return refuse(what, text, "begins with 0, which an int ID never does", e);
    }
    if (layout == GD_LAYOUT_INT && text.n == 20) {
        return refuse(what, text, "is above 18446744073709551615", e);
    }
    if (layout == GD_LAYOUT_BASE64 && text.n == BASE64_CHARS) {
        return refuse(what, text, "has bits set in its last character that no ID uses", e);
    }
    return refuse_length(what, text, expected[layout].length, e);
}

static bool is_uuid(struct gd_slice text) {
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i = 0;
    while (i < text.n && i < sizeof form - 1 &&
           (form[i] == '-' ? text.p[i] == '-' : hex_value(text.p[i]) < 16)) {
        i++;
    }
    return text.n == sizeof form - 1 && i == text.n;
}

/* "1768000000001-0" */
static bool is_stream_id(struct gd_slice text) {
    size_t dash = first_foreign(text, GD_LAYOUT_INT);
    if (dash == 0 || dash + 1 >= text.n || text.p[dash] != '-') {
        return false;
    }
    size_t n = text.n - dash - 1;
    return first_foreign(gd_slice_of(text.p + dash + 1, n), GD_LAYOUT_INT) == n;
}

static int explain_any(struct gd_slice text, struct gd_error *e) {
    struct gd_slice unpadded = without_padding(text);
    bool foreign = first_foreign(unpadded, GD_LAYOUT_BASE64) < unpadded.n;
    if (is_uuid(text) || is_stream_id(text)) {
        return refuse("a GemstoneID", text, is_uuid(text) ? "is a UUID" : "is a Redis stream ID",
                      e);
    }
    if (text.n > 0 && first_foreign(text, GD_LAYOUT_INT) == text.n) {
        return explain("an ID", text, GD_LAYOUT_INT, e);
    }
    if (text.n == 22 && !foreign) {
        return refuse("a GemstoneID", text, "is a short UUID", e);
    }
    if (text.n == HEX_CHARS) {
        return explain("an ID", text, GD_LAYOUT_HEX, e);
    }
    if (unpadded.n == BASE64_CHARS || foreign) {
        return explain("an ID", text, GD_LAYOUT_BASE64, e);
    }
    return refuse_length("an ID", text, "11 (base64), 16 (hex) or digits (int)", e);
}

int gd_id_read(struct gd_slice text, enum gd_layout layout, struct gd_id *id, struct gd_error *e) {
    uint64_t value;
    if (!read_value(text, layout, &value)) {
        return e ? explain(NULL, text, layout, e) : -1;
    }
    *id = unpack(value, layout);
    return 0;
}

struct gd_id gd_id_from_u64(uint64_t value) {
    return unpack(value, GD_LAYOUT_INT);
}

int gd_id_read_any(struct gd_slice text, struct gd_id_readings *readings, struct gd_error *e) {
    /* The preferred first. No int begins with 0, so 16 digits that do are hex without a case. */
    static const enum gd_layout order[] = {GD_LAYOUT_INT, GD_LAYOUT_HEX, GD_LAYOUT_BASE64};
    readings->count = 0;
    for (size_t i = 0; i < GD_LAYOUTS; i++) {
        uint64_t value;
        if (read_value(text, order[i], &value)) {
            readings->id[readings->count++] = unpack(value, order[i]);
        }
    }
    return readings->count ? 0 : e ? explain_any(text, e) : -1;
}

/* Writing */

static inline char *put(char *p, const char *bytes, size_t n) {
    memcpy(p, bytes, n);
    return p + n;
}

static inline char *put_word(char *p, const struct word *word) {
    memcpy(p, word->text, sizeof word->text);
    return p + word->n;
}

#define PUT(p, literal) put((p), "" literal, sizeof(literal) - 1)

/* The 8 digits of v, the first in the lowest byte: split into halves, pairs, then digits. */
static uint64_t spread_digits(uint32_t v) {
    uint64_t x = v / 10000 | (uint64_t)(v % 10000) << 32;
    uint64_t hundreds = (x * 10486 >> 20) & 0x0000007F0000007Fu;
    x = hundreds | (x - hundreds * 100) << 16;
    uint64_t tens = (x * 103 >> 10) & 0x000F000F000F000Fu;
    return tens | (x - tens * 10) << 8;
}

/* Stores 8 bytes at a time, so that up to 7 behind the digits may change, though never more than
 * GD_ID_TEXT_MAX from p. */
static char *put_u64(char *p, uint64_t v) {
    bool more = v >= 100000000;
    if (more) {
        p = put_u64(p, v / 100000000);
    }
    uint64_t digits = spread_digits((uint32_t)(v % 100000000));
    unsigned skip = more ? 0 : v == 0 ? 7 : (unsigned)__builtin_ctzll(digits) / 8;
    digits = htole64((digits + 0x3030303030303030u) >> 8 * skip);
    memcpy(p, &digits, sizeof digits);
    return p + 8 - skip;
}

static char *put_hex(char *p, uint64_t value) {
    for (int shift = 60; shift >= 0; shift -= 4) {
        *p++ = "0123456789abcdef"[value >> shift & 15];
    }
    return p;
}

static char *put_base64(char *p, uint64_t value) {
    for (int shift = 58; shift >= 4; shift -= 6) {
        *p++ = base64_digits[value >> shift & 63];
    }
    *p++ = base64_digits[value << 2 & 63];
    return p;
}

size_t gd_id_write(char *p, const struct gd_id *id) {
    uint64_t value;
    if (!pack(id, &value)) {
        return 0;
    }
    const char *end = id->layout == GD_LAYOUT_BASE64 ? put_base64(p, value)
                      : id->layout == GD_LAYOUT_HEX  ? put_hex(p, value)
                                                     : put_u64(p, value);
    return (size_t)(end - p);
}

bool gd_id_implausible(const struct gd_id *id, int64_t now_ms) {
    return id->timestamp_ms < FIRST_PLAUSIBLE_MS || id->timestamp_ms > now_ms + DAY_MS;
}

/* The members of one reading, from "layout" on. */
static char *put_reading(char *p, const struct gd_id *id, int64_t now_ms) {
    struct gd_time_cache cache = {0};
    p = PUT(p, "\"layout\":\"");
    p = put_word(p, &shapes[id->layout].name);
    p = PUT(p, "\",\"timestamp\":\"");
    gd_time_format(p, id->timestamp_ms, &cache);
    p = PUT(p + GD_TIME_TEXT, "\",\"timestamp_ms\":");
    p = put_u64(p, (uint64_t)id->timestamp_ms);
    p = PUT(p, ",\"priority\":");
    p = put_u64(p, id->priority);
    if (id->layout == GD_LAYOUT_INT) {
        p = PUT(p, ",\"priority_name\":\"");
        p = put_word(p, &priorities[id->priority]);
        p = PUT(p, "\",\"machine\":");
        p = put_u64(p, id->machine);
    }
    p = PUT(p, ",\"sequence\":");
    p = put_u64(p, id->sequence);
    if (id->machine >= VALID_MACHINES) {
        p = PUT(p, ",\"machine_valid\":false");
    }
    if (gd_id_implausible(id, now_ms)) {
        p = PUT(p, ",\"implausible\":true");
    }
    return p;
}

void gd_id_write_json(struct gd_buf *out, struct gd_slice text,
                      const struct gd_id_readings *readings, int64_t now_ms) {
    text = without_padding(text);
    char *p = gd_buf_reserve(out, text.n + (size_t)readings->count * READING_MAX);
    p = PUT(p, "{\"id\":\"");
    p = put(p, text.p, text.n);
    p = PUT(p, "\",");
    p = put_reading(p, &readings->id[0], now_ms);
    for (int i = 1; i < readings->count; i++) {
        p = i == 1 ? PUT(p, ",\"ambiguous\":true,\"other\":[{") : PUT(p, ",{");
        p = put_reading(p, &readings->id[i], now_ms);
        *p++ = '}';
    }
    p = readings->count > 1 ? PUT(p, "]}") : PUT(p, "}");
    out->n = (size_t)(p - out->p);
}

/* Generating */

static int refuse_generate(const struct gd_id *id, struct gd_error *e) {
    const struct shape *s = &shapes[id->layout];
    char wanted[GD_TIME_TEXT], first[GD_TIME_TEXT], last[GD_TIME_TEXT];
    struct gd_time_cache cache = {0};
    gd_time_format(wanted, id->timestamp_ms, &cache);
    gd_time_format(first, s->epoch_ms, &cache);
    gd_time_format(last, s->epoch_ms + (int64_t)largest(s->time), &cache);
    return gd_error_set(
        e, GD_FAIL_USAGE,
        "no ID in layout %s has time %.*s, priority %u and machine %u; it has %.*s to %.*s",
        s->name.text, GD_TIME_TEXT, wanted, id->priority, id->machine, GD_TIME_TEXT, first,
        GD_TIME_TEXT, last);
}

int gd_id_generate(struct gd_id_generator *g, int64_t now_ms, struct gd_id *id,
                   struct gd_error *e) {
    bool again = g->used && now_ms <= g->last_ms;
    struct gd_id next = *id;
    next.timestamp_ms = again ? g->last_ms : now_ms;
    next.sequence = again ? g->sequence + 1 : 0;
    if (next.sequence > largest(shapes[id->layout].sequence)) {
        next.timestamp_ms++;
        next.sequence = 0;
    }
    uint64_t value;
    if (!pack(&next, &value)) {
        return refuse_generate(&next, e);
    }
    *id = next;
    *g = (struct gd_id_generator){next.timestamp_ms, next.sequence, true};
    return 0;
}
