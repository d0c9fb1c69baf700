/* SPDX-License-Identifier: MIT */
/* names.h - guilds, topics and keys: bytes of any kind, globs over them, and how a key splits.
 *
 * A selector is literal unless it holds '*', '?' or '['; then it is a glob, in which '\' takes the
 * meaning from * ? [ ] \ (before any other byte it stands for itself). '*' any run of bytes, '?'
 * one byte, [abc] [a-z] [!a] [^a] one of a set; ']' first in a set is a member; an unclosed '[' is
 * literal. */
#ifndef GD_NAMES_H
#define GD_NAMES_H

#include "bytes.h"

bool gd_glob_is(struct gd_slice selector);                       /* holds * ? or [ */
bool gd_glob_match(struct gd_slice selector, struct gd_slice s); /* literal selectors compare equal;
                                                                    never exponential in time */

/* Appends a pattern for Redis' MATCH and PSUBSCRIBE that matches at least what the selector does
 * (sets become '?'), with everything that Redis would take for special escaped. */
void gd_glob_to_redis(struct gd_buf *out, struct gd_slice selector);

struct gd_name {
    struct gd_slice guild, topic; /* guild.p NULL when there is none */
};

/* Splits a key or channel "<guild>:<topic>". published_to (p NULL when the message has none) is the
 * message's own topic, decoded: where the key is "<something>:" published_to, the guild is that
 * something and the topic is published_to; where published_to is the whole key ("<guild>:" stands
 * before it already), and in all other cases, the first ':' splits; without one there is only a
 * topic. Slices point into key. */
struct gd_name gd_name_split(struct gd_slice key, struct gd_slice published_to);

/* Guild of a "msg:<guild>:<id>" key: between "msg:" and the last ':'; p NULL when it is not such a
 * key. */
struct gd_slice gd_name_guild_of_msg_key(struct gd_slice key);

/* -g and -t of a command. Either may be absent (p NULL: everything). */
struct gd_selection {
    struct gd_slice guild, topic;
};

/* Whether a split name is selected. An absent guild matches only an absent selector or "*". */
bool gd_selection_match(const struct gd_selection *s, struct gd_name name);

/* The Redis pattern, or the literal key, that preselects: "<guild>:<topic>". Returns true when both
 * are literal: then *out holds the exact key and not a pattern. */
bool gd_selection_key(const struct gd_selection *s, struct gd_buf *out);

#endif
