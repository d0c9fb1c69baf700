/* SPDX-License-Identifier: MIT */
/* text.h - what people see on a terminal. Nothing in it can move the cursor: controls, C1,
 * bidirectional overrides and invalid UTF-8 are shown escaped. All append to a buffer. */
#ifndef GDBG_TEXT_H
#define GDBG_TEXT_H

#include "gemstone.h"
#include "message.h"

/* One line, with its newline: time, ID, guild/topic, agent, status, format, body. */
void text_write_message(struct gd_buf *out, const struct gd_message *m, bool color);

/* Bytes made safe to show; at least `width` columns wide, filled with blanks (0: as long as it is).
 */
void text_write_cell(struct gd_buf *out, struct gd_slice bytes, size_t width);

/* An ID, one fact a column; first a head line where asked. */
void text_write_id_head(struct gd_buf *out);
void text_write_id(struct gd_buf *out, struct gd_slice text, const struct gd_id_readings *readings,
                   int64_t now_ms);

/* A table: cells are collected row by row and written aligned; numbers to the right. */
struct text_table;
struct text_table *text_table_new(size_t columns);
void text_table_add(struct text_table *t, struct gd_slice cell, bool right); /* copied */
void text_table_write(const struct text_table *t, struct gd_buf *out,
                      bool color); /* first row: head */
void text_table_free(struct text_table *t);

static inline void text_auto_table(struct text_table **t) {
    text_table_free(*t);
}
#define TEXT_AUTO_TABLE __attribute__((cleanup(text_auto_table))) struct text_table *

#endif
