/* SPDX-License-Identifier: MIT */
/* stats.h - counts, rates and percentiles of messages, by the values of some of their members.
 * Memory grows with the number of groups, never with the number of messages. */
#ifndef GD_STATS_H
#define GD_STATS_H

#include "message.h"
#include "sketch.h"

enum { GD_STATS_BY_MAX = 6 };

/* What can be grouped by: "guild", "topic", "agent", "status", "format", "priority". NULL at the
 * end. */
extern const char *const gd_stats_by_names[];

/* The member that a name stands for; false when it is none of these. */
bool gd_stats_by_parse(struct gd_slice name, enum gd_member *member);

/* All messages with the same values. */
struct gd_group {
    struct gd_slice key; /* read it with gd_group_value() */
    uint64_t hash;
    uint64_t messages, bytes, errors;
    bool has_time;
    int64_t first_ms, last_ms; /* the smallest and the largest message time */
    struct gd_sketch processing_ms;
};

struct gd_stats;                                                       /* opaque */
struct gd_stats *gd_stats_new(const enum gd_member *by, size_t count); /* at most GD_STATS_BY_MAX */
void gd_stats_free(struct gd_stats *s);
GD_DEFINE_AUTO(stats)

void gd_stats_add(struct gd_stats *s, const struct gd_message *m);
uint64_t gd_stats_messages(const struct gd_stats *s); /* added so far */

/* The groups so far, most messages first, ties by their values; valid until the next add. Without
 * members to group by there is always one group, with no messages perhaps. */
const struct gd_group *const *gd_stats_groups(struct gd_stats *s, size_t *count);

/* A group's value of the i-th member: as gd_message_get() gave it, absent where there was none. */
struct gd_value gd_group_value(const struct gd_group *g, size_t i);

/* errors / messages; messages / (last - first) per second, 0 where that is nothing. */
double gd_group_error_rate(const struct gd_group *g);
double gd_group_rate_per_s(const struct gd_group *g);

/* Appends the group's JSON object. names are those of the members grouped by, in their order. */
void gd_group_write_json(const struct gd_group *g, const char *const *names, size_t count,
                         struct gd_buf *out);

#endif
