/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <stdlib.h>

#include "json_scan.h"
#include "utf8.h"

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of the four hexadecimal digits at p, or -1. Stops at the terminating 0. */
static int hex4(const char *p) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

static const char *bad_hex(struct gd_json *j, const char *p) {
    while (hex_digit(*p) >= 0) {
        p++;
    }
    return gd_json_fail(j, p, "\\u without four hexadecimal digits");
}

static const char *skip_unicode_escape(struct gd_json *j, const char *p) {
    int unit = hex4(p + 2);
    if (unit < 0) {
        return bad_hex(j, p + 2);
    }
    if (unit < 0xD800 || unit > 0xDFFF || j->structure_only) {
        return p + 6;
    }
    if (unit <= 0xDBFF && p[6] == '\\' && p[7] == 'u') {
        int low = hex4(p + 8);
        if (low < 0) {
            return bad_hex(j, p + 8);
        }
        if (low >= 0xDC00 && low <= 0xDFFF) {
            return p + 12;
        }
    }
    bool ends = p + 6 + (p[6] == '\\') >= j->end;
    return gd_json_fail(j, unit <= 0xDBFF && ends ? j->end : p,
                        "half of a surrogate pair in a string");
}

const char *gd_json_skip_escape(struct gd_json *j, const char *p) {
    switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return p + 2;
    case 'u':
        return skip_unicode_escape(j, p);
    default:
        return gd_json_fail(j, p + 1, "unknown escape in a string");
    }
}

const char *gd_json_bad_word(struct gd_json *j, const char *p) {
    static const char *const words[] = {"true", "false", "null"};
    size_t left = (size_t)(j->end - p);
    bool begun = left == 0;
    for (size_t i = 0; i < 3 && left < 5; i++) {
        begun |= strncmp(p, words[i], left) == 0;
    }
    return gd_json_fail(j, begun ? j->end : p, "a value was expected");
}

const char *gd_json_check_utf8(struct gd_json *j, const char *p, const char *end) {
    uint64_t word;
    while (p < end) {
        if (end - p >= 8 && (memcpy(&word, p, 8), (word & 0x8080808080808080u) == 0)) {
            p += 8;
            continue;
        }
        if ((unsigned char)*p < 0x80) {
            p++;
            continue;
        }
        size_t n = gd_utf8_length(p, (size_t)(end - p));
        if (n == 0) {
            return gd_json_fail(j, p, "invalid UTF-8 in a string");
        }
        p += n;
    }
    return end;
}

static const char *skip_digits(const char *p) {
    size_t n;
    do {
        n = gd_digits16(p);
        p += n;
    } while (n == 16);
    return p;
}

const char *gd_json_skip_number(struct gd_json *j, const char *p) {
    p += *p == '-';
    const char *digits = p;
    p = skip_digits(p);
    if (p == digits) {
        return gd_json_fail(j, p, "a number without digits");
    }
    if (*digits == '0' && p - digits > 1) {
        return gd_json_fail(j, digits + 1, "a number with a leading zero");
    }
    if (*p == '.') {
        digits = ++p;
        if ((p = skip_digits(p)) == digits) {
            return gd_json_fail(j, p, "a fraction without digits");
        }
    }
    if ((*p | 0x20) == 'e') {
        p++;
        digits = p += *p == '+' || *p == '-';
        if ((p = skip_digits(p)) == digits) {
            return gd_json_fail(j, p, "an exponent without digits");
        }
    }
    return p;
}

/* One bit a level: set for an object. */
struct levels {
    int depth;
    uint64_t object[GD_JSON_MAX_DEPTH / 64];
};

static inline void push(struct levels *l, bool object) {
    uint64_t bit = (uint64_t)1 << (l->depth & 63), *word = &l->object[l->depth >> 6];
    *word = object ? *word | bit : *word & ~bit;
    l->depth++;
}

static inline bool top_is_object(const struct levels *l) {
    int level = l->depth - 1;
    return l->object[level >> 6] >> (level & 63) & 1;
}

/* p behind '{' or ','; returns the first byte of the member's value. *length guesses its name's;
 * may be NULL. */
GD_INLINE const char *scan_name(struct gd_json *j, const char *p, uint16_t *length) {
    bool escaped = false;
    if (GD_UNLIKELY(*p != '"')) {
        return gd_json_fail(j, p, "a member name was expected");
    }
    p = length ? gd_json_scan_guessed(j, p + 1, length, &escaped)
               : gd_json_scan_string(j, p + 1, &escaped);
    if (!p) {
        return NULL;
    }
    p = gd_json_space(j, p + 1);
    if (GD_UNLIKELY(*p != ':')) {
        return gd_json_fail(j, p, "':' was expected behind a member name");
    }
    return gd_json_space(j, p + 1);
}

static inline uint16_t *guess_of(const struct gd_json *j, unsigned name) {
    return j->lengths ? &j->lengths[name % GD_JSON_LENGTHS] : NULL;
}

const char *gd_json_scan_container(struct gd_json *j, const char *p, int room) {
    struct levels l;
    bool object, escaped = false;
    unsigned names = 0;
    l.depth = 0;
open:
    if (GD_UNLIKELY(l.depth >= room - GD_JSON_MARGIN)) {
        j->deep = true;
        if (l.depth == room) {
            return gd_json_fail(j, p, "nested too deeply");
        }
    }
    object = *p == '{';
    push(&l, object);
    p = gd_json_space(j, p + 1);
    if (*p == (object ? '}' : ']')) {
        goto close;
    }
    if (object && !(p = scan_name(j, p, guess_of(j, names++)))) {
        return NULL;
    }
value:
    if (*p == '{' || *p == '[') {
        goto open;
    }
    if (!(p = gd_json_scan_value(j, p, 0, &escaped))) {
        return NULL;
    }
behind:
    p = gd_json_space(j, p);
    if (GD_LIKELY(*p == ',')) {
        p = gd_json_space(j, p + 1);
        if (object && !(p = scan_name(j, p, guess_of(j, names++)))) {
            return NULL;
        }
        goto value;
    }
    if (GD_UNLIKELY(*p != (object ? '}' : ']'))) {
        return gd_json_fail(j, p, object ? "',' or '}' was expected" : "',' or ']' was expected");
    }
close:
    p++;
    if (--l.depth == 0) {
        return p;
    }
    object = top_is_object(&l);
    goto behind;
}

const char *gd_json_skip(struct gd_json *j, const char *p) {
    bool escaped = false;
    return gd_json_scan_value(j, gd_json_space(j, p), GD_JSON_MAX_DEPTH, &escaped);
}

bool gd_json_valid(struct gd_slice text, const char **at, const char **reason) {
    struct gd_json j = {.end = text.p + text.n};
    const char *p = gd_json_skip(&j, text.p);
    p = p ? gd_json_blanks(p) : NULL;
    if (p && p < j.end) {
        p = gd_json_fail(&j, p, "something stands behind the value");
    }
    if (!p && at) {
        *at = j.at;
    }
    if (!p && reason) {
        *reason = j.reason;
    }
    return p != NULL;
}

static char *put_escape(char *out, const char **from) {
    static const char plain[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
    const char *p = *from, *found = strchr(plain, p[1]);
    if (p[1] != 'u' && found && *found) {
        *out = meaning[found - plain];
        *from = p + 2;
        return out + 1;
    }
    int unit = hex4(p + 2);
    uint32_t c = unit < 0 ? 0xFFFD : (uint32_t)unit;
    *from = p + 6;
    if (c >= 0xD800 && c <= 0xDBFF && p[6] == '\\' && p[7] == 'u') {
        int low = hex4(p + 8);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            c = 0x10000 + ((c - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
            *from = p + 12;
        }
    }
    return out + gd_utf8_put(out, c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c);
}

struct gd_slice gd_json_string(struct gd_slice value, struct gd_arena *arena) {
    if (value.n < 2 || value.p[0] != '"') {
        return (struct gd_slice){0};
    }
    struct gd_slice inner = {value.p + 1, value.n - 2};
    if (!memchr(inner.p, '\\', inner.n)) {
        return inner;
    }
    char *text = gd_arena_take(arena, inner.n + 1), *out = text;
    const char *p = inner.p, *end = p + inner.n;
    while (p < end) {
        if (*p == '\\') {
            out = put_escape(out, &p);
        } else {
            *out++ = *p++;
        }
    }
    *out = '\0';
    return gd_slice_of(text, (size_t)(out - text));
}

bool gd_json_is_empty_array(struct gd_slice value) {
    return value.n && value.p[0] == '[' && *gd_json_blanks(value.p + 1) == ']';
}

bool gd_json_is_integer(struct gd_slice text) {
    size_t i = text.n && text.p[0] == '-';
    if (i == text.n || (text.p[i] == '0' && text.n - i > 1)) {
        return false;
    }
    while (i < text.n && text.p[i] >= '0' && text.p[i] <= '9') {
        i++;
    }
    return i == text.n;
}

double gd_json_double(struct gd_slice text) {
    char copy[64];
    if (text.n < sizeof copy) {
        memcpy(copy, text.p, text.n);
        copy[text.n] = '\0';
        return strtod(copy, NULL);
    }
    GD_AUTO_STR all = gd_strndup(text.p, text.n);
    return strtod(all, NULL);
}

bool gd_json_int64(struct gd_slice text, int64_t *value) {
    bool negative = text.n && text.p[0] == '-';
    size_t digits = text.n - negative;
    uint64_t v = 0, limit = (uint64_t)INT64_MAX + negative;
    if (digits == 0 || (digits > 1 && text.p[negative] == '0')) {
        return false;
    }
    for (size_t i = negative; i < text.n; i++) {
        uint64_t digit = (uint64_t)(unsigned char)text.p[i] - '0';
        if (digit > 9 || (digits > 18 && v > (limit - digit) / 10)) {
            return false;
        }
        v = v * 10 + digit;
    }
    *value = (int64_t)(negative ? 0 - v : v);
    return true;
}

void gd_json_walk(struct gd_json_walk *w, struct gd_slice container) {
    *w = (struct gd_json_walk){.json = {.end = container.p + container.n, .structure_only = true}};
    if (container.n && (container.p[0] == '{' || container.p[0] == '[')) {
        w->p = gd_json_blanks(container.p + 1);
    }
}

bool gd_json_step(struct gd_json_walk *w) {
    const char *p = w->p, *end = w->json.end;
    bool escaped = false;
    w->p = NULL;
    if (!p || p >= end || *p == '}' || *p == ']') {
        return false;
    }
    w->name = (struct gd_slice){0};
    const char *close = *p == '"' ? gd_json_scan_string(&w->json, p + 1, &escaped) : NULL;
    if (close && *gd_json_blanks(close + 1) == ':') {
        w->name = gd_slice_of(p, (size_t)(close + 1 - p));
        p = gd_json_blanks(gd_json_blanks(close + 1) + 1);
    }
    const char *behind = gd_json_scan_value(&w->json, p, GD_JSON_MAX_DEPTH, &escaped);
    if (!behind || behind > end) {
        return false;
    }
    w->value = gd_slice_of(p, (size_t)(behind - p));
    p = gd_json_blanks(behind);
    w->p = *p == ',' ? gd_json_blanks(p + 1) : p;
    return true;
}

struct gd_slice gd_json_find(struct gd_slice object, struct gd_slice name, struct gd_arena *arena) {
    struct gd_slice found = {0};
    struct gd_json_walk w;
    if (gd_json_type(object) != GD_JSON_OBJECT) {
        return found;
    }
    for (gd_json_walk(&w, object); gd_json_step(&w);) {
        if (gd_slice_equal(gd_json_string(w.name, arena), name)) {
            found = w.value;
        }
    }
    return found;
}

size_t gd_json_ends(struct gd_slice array, struct gd_slice *first, struct gd_slice *last) {
    size_t n = 0;
    struct gd_json_walk w;
    *first = *last = (struct gd_slice){0};
    if (gd_json_type(array) != GD_JSON_ARRAY) {
        return 0;
    }
    for (gd_json_walk(&w, array); gd_json_step(&w); n++) {
        if (n == 0) {
            *first = w.value;
        }
        *last = w.value;
    }
    return n;
}
