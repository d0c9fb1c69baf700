/* SPDX-License-Identifier: MIT */
/* redis_reply.h - private to the Redis modules: bytes of RESP in, flattened replies out. hiredis'
 * reader parses; its callbacks append to a struct gd_reply instead of building objects. */
#ifndef GD_REDIS_REPLY_H
#define GD_REDIS_REPLY_H

#include "redis.h"

struct gd_reply_parser; /* opaque */

struct gd_reply_parser *gd_reply_parser_new(void);
void gd_reply_parser_free(struct gd_reply_parser *p);
GD_DEFINE_AUTO(reply_parser)

/* Hands over n bytes, which are copied. */
void gd_reply_parser_feed(struct gd_reply_parser *p, const char *bytes, size_t n);

/* The next reply from what was fed: 1 and *reply; 0 when more must be fed first, in which case the
 * next call must bring the same reply, since it holds what is parsed so far; -1 when this is not
 * RESP, or another reply was brought. */
int gd_reply_parser_next(struct gd_reply_parser *p, struct gd_reply *reply);

/* Why it was -1; valid while p lives. */
const char *gd_reply_parser_error(const struct gd_reply_parser *p);

#endif
