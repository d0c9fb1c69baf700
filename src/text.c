/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "utf8.h"

#define RED "\x1b[31m"
#define GREEN "\x1b[32m"
#define BLUE "\x1b[34m"
#define BOLD "\x1b[1m"
#define DIM "\x1b[2m"
#define RESET "\x1b[0m"

/* Characters that a terminal would act upon, or that reorder what stands around them. */
static bool is_unsafe(uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x2028 ||
           c == 0x2029 || c == 0xFEFF;
}

/* Columns of a character: none for combining marks, two for wide East Asian ones and emoji. */
static size_t columns_of(uint32_t c) {
    if ((c >= 0x0300 && c <= 0x036F) || (c >= 0x20D0 && c <= 0x20FF) ||
        (c >= 0xFE00 && c <= 0xFE0F) || c == 0x200B || c == 0x200D) {
        return 0;
    }
    bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF && c != 0x303F) ||
                (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1F64F) ||
                (c >= 0x1F680 && c <= 0x1F6FF) || (c >= 0x1F900 && c <= 0x1F9FF) ||
                (c >= 0x20000 && c <= 0x3FFFD);
    return wide ? 2 : 1;
}

static size_t add_escaped(struct gd_buf *out, const char *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        gd_buf_printf(out, "\\x%02x", (unsigned char)p[i]);
    }
    return 4 * n;
}

/* Appends bytes made safe; returns the columns they take. */
static size_t add_safe(struct gd_buf *out, struct gd_slice s) {
    size_t columns = 0;
    for (size_t i = 0; i < s.n;) {
        size_t n = gd_utf8_length(s.p + i, s.n - i);
        uint32_t c = n ? gd_utf8_get(s.p + i, n) : 0;
        if (!n || is_unsafe(c)) {
            columns += add_escaped(out, s.p + i, n ? n : 1);
        } else {
            gd_buf_add(out, s.p + i, n);
            columns += columns_of(c);
        }
        i += n ? n : 1;
    }
    return columns;
}

static void fill(struct gd_buf *out, size_t columns, size_t width) {
    for (; columns < width; columns++) {
        gd_buf_add_char(out, ' ');
    }
}

void text_write_cell(struct gd_buf *out, struct gd_slice bytes, size_t width) {
    fill(out, add_safe(out, bytes), width);
}

static void add_colored(struct gd_buf *out, const char *color, struct gd_slice s, size_t width) {
    if (color) {
        gd_buf_add_str(out, color);
    }
    size_t columns = add_safe(out, s);
    if (color) {
        gd_buf_add_lit(out, RESET);
    }
    fill(out, columns, width);
    gd_buf_add_char(out, ' ');
}

static struct gd_slice or_dash(struct gd_slice s) {
    return s.n ? s : GD_SLICE("-");
}

static void add_place(struct gd_buf *out, const struct gd_message *m, bool color) {
    struct gd_value guild = gd_message_get(m, GD_M_GUILD), topic = gd_message_get(m, GD_M_TOPIC);
    GD_AUTO_BUF place = {0};
    gd_buf_add_slice(&place, guild.text);
    if (guild.text.n) {
        gd_buf_add_char(&place, '/');
    }
    gd_buf_add_slice(&place, topic.text);
    add_colored(out, color ? BLUE : NULL, or_dash(gd_buf_slice(&place)), 28);
}

static void add_event(struct gd_buf *out, const struct gd_message *m, bool color) {
    add_colored(out, color ? RED : NULL, m->line, 0);
    out->p[out->n - 1] = '\n';
}

void text_write_message(struct gd_buf *out, const struct gd_message *m, bool color) {
    if (m->form == GD_FORM_EVENT) {
        add_event(out, m, color);
        return;
    }
    char time[GD_TIME_TEXT];
    int64_t time_ms;
    bool has_time = gd_message_time(m, &time_ms);
    if (has_time) {
        gd_time_format(time, time_ms, &m->scratch->time);
    }
    struct gd_slice when = has_time ? gd_slice_of(time, sizeof time) : GD_SLICE("-");
    struct gd_value status = gd_message_get(m, GD_M_STATUS);
    bool error = gd_slice_equal(status.text, GD_SLICE("error"));
    add_colored(out, color ? DIM : NULL, when, GD_TIME_TEXT);
    add_colored(out, NULL, or_dash(gd_message_get(m, GD_M_ID).text), GD_ID_TEXT_MAX);
    add_place(out, m, color);
    add_colored(out, color ? BOLD : NULL, or_dash(gd_message_get(m, GD_M_AGENT).text), 14);
    add_colored(out, !color ? NULL : error ? RED : GREEN, or_dash(status.text), 9);
    add_colored(out, NULL, or_dash(gd_message_get(m, GD_M_FORMAT).text), 14);
    add_safe(out, gd_message_get(m, GD_M_BODY).text);
    gd_buf_add_char(out, '\n');
}

void text_write_id_head(struct gd_buf *out) {
    gd_buf_add_lit(out,
                   "ID                   LAYOUT  TIME                      AGE         PRIORITY"
                   "        MACHINE  SEQUENCE\n");
}

static void add_age(struct gd_buf *out, int64_t age_ms) {
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    char text[32];
    int64_t left_ms = age_ms < 0 ? -age_ms : age_ms;
    size_t i = 0;
    while (i < 4 && left_ms < units[i].ms) {
        i++;
    }
    int n = snprintf(text, sizeof text, "%s%lld%s", age_ms < 0 ? "in " : "",
                     (long long)(left_ms / units[i].ms), units[i].unit);
    text_write_cell(out, gd_slice_of(text, (size_t)n), 12);
}

static void add_id_row(struct gd_buf *out, struct gd_slice text, const struct gd_id *id,
                       int64_t now_ms, bool first) {
    char time[GD_TIME_TEXT], cell[64];
    struct gd_time_cache cache = {0};
    gd_time_format(time, id->timestamp_ms, &cache);
    text_write_cell(out, first ? text : GD_SLICE("  or"), 21);
    text_write_cell(out, gd_slice_str(gd_layout_name(id->layout)), 8);
    text_write_cell(out, gd_slice_of(time, sizeof time), 26);
    add_age(out, now_ms - id->timestamp_ms);
    const char *name = id->layout == GD_LAYOUT_INT ? gd_priority_name(id->priority) : NULL;
    snprintf(cell, sizeof cell, "%u %s", id->priority, name ? name : "");
    text_write_cell(out, gd_slice_str(cell), 16);
    bool has_machine = id->layout == GD_LAYOUT_INT;
    snprintf(cell, sizeof cell, "%u%s", id->machine, id->machine > 255 ? "!" : "");
    text_write_cell(out, has_machine ? gd_slice_str(cell) : GD_SLICE("-"), 9);
    gd_buf_printf(out, "%u%s\n", id->sequence,
                  gd_id_implausible(id, now_ms) ? "  (implausible time)" : "");
}

void text_write_id(struct gd_buf *out, struct gd_slice text, const struct gd_id_readings *readings,
                   int64_t now_ms) {
    for (int i = 0; i < readings->count; i++) {
        add_id_row(out, text, &readings->id[i], now_ms, i == 0);
    }
}

struct cell {
    size_t start, length, columns;
    bool right;
};

struct text_table {
    size_t columns, count, cap;
    struct cell *cell;
    struct gd_buf text;
};

struct text_table *text_table_new(size_t columns) {
    struct text_table *t = gd_calloc(1, sizeof *t);
    t->columns = columns;
    return t;
}

void text_table_add(struct text_table *t, struct gd_slice s, bool right) {
    if (t->count == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->cell = gd_realloc(t->cell, t->cap * sizeof *t->cell);
    }
    struct cell *c = &t->cell[t->count++];
    c->start = t->text.n;
    c->columns = add_safe(&t->text, s);
    c->length = t->text.n - c->start;
    c->right = right;
}

static size_t width_of(const struct text_table *t, size_t column) {
    size_t width = 0;
    for (size_t i = column; i < t->count; i += t->columns) {
        width = t->cell[i].columns > width ? t->cell[i].columns : width;
    }
    return width;
}

static void write_row(const struct text_table *t, const size_t *width, size_t row,
                      struct gd_buf *out) {
    for (size_t k = 0; k < t->columns && row + k < t->count; k++) {
        const struct cell *c = &t->cell[row + k];
        size_t blanks = width[k] - c->columns;
        fill(out, 0, c->right ? blanks : 0);
        gd_buf_add(out, t->text.p + c->start, c->length);
        if (k + 1 < t->columns) {
            fill(out, 0, (c->right ? 0 : blanks) + 2);
        }
    }
}

void text_table_write(const struct text_table *t, struct gd_buf *out, bool color) {
    size_t *width = gd_calloc(t->columns, sizeof *width);
    for (size_t k = 0; k < t->columns; k++) {
        width[k] = width_of(t, k);
    }
    for (size_t row = 0; row < t->count; row += t->columns) {
        bool head = color && row == 0;
        gd_buf_add_str(out, head ? BOLD : "");
        write_row(t, width, row, out);
        gd_buf_add_str(out, head ? RESET "\n" : "\n");
    }
    free(width);
}

void text_table_free(struct text_table *t) {
    if (t) {
        free(t->cell);
        gd_buf_free(&t->text);
        free(t);
    }
}
