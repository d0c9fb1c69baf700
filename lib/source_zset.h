/* SPDX-License-Identifier: MIT */
/* source_zset.h - private to the sources over Redis: gd_history_open() for those who have something
 * else to look after while it waits. */
#ifndef GD_SOURCE_ZSET_H
#define GD_SOURCE_ZSET_H

#include "store.h"

int gd_history_open_with(struct gd_source **out, struct gd_redis *r,
                         const struct gd_selection *selection, struct gd_range range,
                         struct gd_meanwhile meanwhile, struct gd_error *e);

/* The score of the message last given. */
double gd_history_score(const struct gd_source *history);

#endif
