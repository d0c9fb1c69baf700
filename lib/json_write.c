/* SPDX-License-Identifier: MIT */
#include "json_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "json_scan.h"
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

void gd_json_write_string(struct gd_buf *out, struct gd_slice s) {
    gd_buf_reserve(out, s.n + 2);
    gd_buf_add_char(out, '"');
    for (size_t i = 0; i < s.n;) {
        size_t plain = i;
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
