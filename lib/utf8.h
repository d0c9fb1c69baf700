/* SPDX-License-Identifier: MIT */
/* utf8.h - UTF-8 as RFC 3629 has it: shortest forms, no surrogates, up to U+10FFFF. */
#ifndef GD_UTF8_H
#define GD_UTF8_H

#include "bytes.h"

/* Length in bytes (1 to 4) of the valid character at p, of which n bytes are there; 0 when what
 * stands there is not one. */
size_t gd_utf8_length(const char *p, size_t n);

/* Whether all of s is valid. */
bool gd_utf8_valid(struct gd_slice s);

/* Writes code point c (not a surrogate, at most 0x10FFFF) to p, which has room for 4; returns the
 * number of bytes. */
size_t gd_utf8_put(char *p, uint32_t c);

/* The code point at p, where gd_utf8_length() said that one of n bytes stands. */
uint32_t gd_utf8_get(const char *p, size_t n);

#endif
