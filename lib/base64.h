/* SPDX-License-Identifier: MIT */
/* base64.h - base64 as RFC 4648 has it, sections 4 (standard) and 5 (url). */
#ifndef GD_BASE64_H
#define GD_BASE64_H

#include "bytes.h"

/* Appends bytes in the standard alphabet, with padding, without line breaks. */
void gd_base64_encode(struct gd_buf *out, struct gd_slice bytes);

/* Appends what text says. Both alphabets are read, also mixed; the padding may be missing, but not
 * be there in part. False, with nothing appended, where text holds any other byte (blanks and line
 * breaks too), has a length that no encoder writes, or has unused bits that are not 0. */
bool gd_base64_decode(struct gd_buf *out, struct gd_slice text);

#endif
