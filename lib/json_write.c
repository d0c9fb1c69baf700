/* SPDX-License-Identifier: MIT */
#include "json_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base64.h"
#include "utf8.h"

static void add_escape(struct gd_buf *out, unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    static const char meaning[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    const char *found = c ? strchr(meaning, c) : NULL;
    char *p = gd_buf_reserve(out, 6);
    if (found) {
        p[0] = '\\';
        p[1] = letter[found - meaning];
        out->n += 2;
    } else {
        memcpy(p, "\\u00", 4);
        p[4] = hex[c >> 4];
        p[5] = hex[c & 15];
        out->n += 6;
    }
}

static bool is_plain(unsigned char c) {
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Whether all of 8 bytes are plain. */
static bool are_plain(const char *p) {
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t v;
    memcpy(&v, p, 8);
    uint64_t quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');
    uint64_t bad = (v - ones * 0x20) | (quote - ones) | (slash - ones) | v;
    return (bad & tops) == 0;
}

void gd_json_write_string(struct gd_buf *out, struct gd_slice s) {
    gd_buf_reserve(out, s.n + 2);
    gd_buf_add_char(out, '"');
    for (size_t i = 0; i < s.n;) {
        size_t plain = i;
        while (s.n - plain >= 8 && are_plain(s.p + plain)) {
            plain += 8;
        }
        if (plain < s.n && s.n - plain < 8 && s.n >= 8 && are_plain(s.p + s.n - 8)) {
            plain = s.n; /* the last eight overlap what is known to be plain */
        }
        while (plain < s.n && is_plain((unsigned char)s.p[plain])) {
            plain++;
        }
        gd_buf_add(out, s.p + i, plain - i);
        i = plain;
        if (i == s.n) {
            break;
        }
        if ((unsigned char)s.p[i] < 0x80) {
            add_escape(out, (unsigned char)s.p[i++]);
            continue;
        }
        size_t length = gd_utf8_length(s.p + i, s.n - i);
        if (length) {
            gd_buf_add(out, s.p + i, length);
        } else {
            gd_buf_add_lit(out, "\xEF\xBF\xBD");
        }
        i += length ? length : 1;
    }
    gd_buf_add_char(out, '"');
}

void gd_json_write_double(struct gd_buf *out, double v) {
    char text[40] = "0";
    bool whole = fabs(v) < 1e15 && v == floor(v);
    if (whole) {
        snprintf(text, sizeof text, "%.0f", v);
    }
    for (int digits = 6; !whole && isfinite(v) && digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v) {
            break;
        }
    }
    gd_buf_add_str(out, text);
}

void gd_json_write_significant(struct gd_buf *out, double v, int digits) {
    char text[40];
    snprintf(text, sizeof text, "%.*g", digits, v);
    gd_json_write_double(out, strtod(text, NULL));
}

struct gd_json_object gd_json_object_open(struct gd_buf *out) {
    gd_buf_add_char(out, '{');
    return (struct gd_json_object){out, false};
}

void gd_json_object_name(struct gd_json_object *o, const char *name) {
    if (o->any) {
        gd_buf_add_char(o->out, ',');
    }
    o->any = true;
    gd_buf_add_char(o->out, '"');
    gd_buf_add_str(o->out, name);
    gd_buf_add_lit(o->out, "\":");
}

void gd_json_object_string(struct gd_json_object *o, const char *name, struct gd_slice value) {
    gd_json_object_name(o, name);
    gd_json_write_string(o->out, value);
}

void gd_json_object_bytes(struct gd_json_object *o, const char *name, struct gd_slice value) {
    if (gd_utf8_valid(value)) {
        gd_json_object_string(o, name, value);
        return;
    }
    char name_base64[32];
    snprintf(name_base64, sizeof name_base64, "%s_base64", name);
    gd_json_object_name(o, name_base64);
    gd_buf_add_char(o->out, '"');
    gd_base64_encode(o->out, value);
    gd_buf_add_char(o->out, '"');
}

void gd_json_object_u64(struct gd_json_object *o, const char *name, uint64_t value) {
    gd_json_object_name(o, name);
    gd_buf_add_u64(o->out, value);
}

void gd_json_object_verbatim(struct gd_json_object *o, const char *name, struct gd_slice json) {
    gd_json_object_name(o, name);
    gd_buf_add_slice(o->out, json);
}

void gd_json_object_close(struct gd_json_object *o) {
    gd_buf_add_char(o->out, '}');
}
