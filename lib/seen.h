/* SPDX-License-Identifier: MIT */
/* seen.h - which messages were there already: a set of 128-bit hashes, some 20 to 40 bytes a
 * message. */
#ifndef GD_SEEN_H
#define GD_SEEN_H

#include "bytes.h"

struct gd_seen; /* opaque */

struct gd_seen *gd_seen_new(void);
void gd_seen_free(struct gd_seen *s);
GD_DEFINE_AUTO(seen)

void gd_seen_add(struct gd_seen *s, struct gd_slice key, struct gd_slice payload);
bool gd_seen_has(const struct gd_seen *s, struct gd_slice key, struct gd_slice payload);

#endif
