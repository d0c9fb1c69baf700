/* SPDX-License-Identifier: MIT */
/* guild.h - a simulated guild of agents: questions, tasks, tool calls, findings, heartbeats, errors
 * and dead letters, as their wire forms. Time is simulated too; nothing is read or written.
 *
 * The same options give the same bytes on every machine. Six messages in ten answer an earlier one,
 * after 120 ms in the median and some seconds at worst; two in a hundred are errors; one in ten
 * holds text that is not ASCII. They come in the order of their times. */
#ifndef GD_GUILD_H
#define GD_GUILD_H

#include "dialect.h"
#include "error.h"

struct gd_guild_options {
    struct gd_slice name;             /* any bytes; copied */
    const struct gd_dialect *dialect; /* rustic, debug, json or text */
    uint64_t seed;
    int64_t start_ms;   /* of the first message */
    int64_t spacing_ns; /* mean time between messages, at least 1 */
};

/* What is published. Slices hold until the next call. */
struct gd_guild_message {
    struct gd_slice payload; /* without line breaks; a 0 and padding behind it */
    struct gd_slice key;     /* "<guild>:<topic>" */
    struct gd_slice id;      /* text of its ID; p NULL in dialects without one */
    int64_t time_ms;
};

struct gd_guild;
struct gd_guild *gd_guild_new(const struct gd_guild_options *options);
void gd_guild_free(struct gd_guild *g);
GD_DEFINE_AUTO(guild)

/* The next message. There is no last one, but times that the dialect's IDs cannot hold end it: -1
 * and a usage error. n messages take no longer than n + GD_GUILD_AHEAD spacings, and in the mean n.
 */
int gd_guild_next(struct gd_guild *g, struct gd_guild_message *m, struct gd_error *e);
enum { GD_GUILD_AHEAD = 4 };

/* How many topics have been published to so far. */
unsigned gd_guild_topics(const struct gd_guild *g);

#endif
