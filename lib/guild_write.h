/* SPDX-License-Identifier: MIT */
/* guild_write.h - between the simulation (guild.c) and the forms that its messages take
 * (guild_write.c, guild_payload.c). Not for others. */
#ifndef GD_GUILD_WRITE_H
#define GD_GUILD_WRITE_H

#include "dialect.h"
#include "gemstone.h"

/* splitmix64: whole numbers only, so that all machines agree. Any state is a valid start. */
struct gd_random {
    uint64_t state;
};

static inline uint64_t gd_random_mix(uint64_t x) {
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static inline uint64_t gd_random_next(struct gd_random *r) {
    r->state += 0x9E3779B97F4A7C15u;
    return gd_random_mix(r->state);
}

/* 0 to n - 1 */
static inline uint32_t gd_random_below(struct gd_random *r, uint32_t n) {
    return (uint32_t)((gd_random_next(r) >> 32) * n >> 32);
}

enum gd_guild_agent {
    GD_AGENT_USER,
    GD_AGENT_PLANNER,
    GD_AGENT_RESEARCHER,
    GD_AGENT_FACT_CHECKER,
    GD_AGENT_WEB_SEARCH,
    GD_AGENT_CODE_RUNNER,
    GD_AGENT_LIBRARIAN,
    GD_AGENT_WORKER_1,
    GD_AGENT_WORKER_2,
    GD_AGENT_WORKER_3,
    GD_AGENT_MANAGER,
    GD_AGENTS,
};

enum gd_guild_topic {
    GD_TOPIC_QUESTIONS,
    GD_TOPIC_TOOL_CALLS,
    GD_TOPIC_TOOL_RESULTS,
    GD_TOPIC_FINDINGS,
    GD_TOPIC_WORKER_1, /* the inbox of GD_AGENT_WORKER_1; the others follow */
    GD_TOPIC_WORKER_2,
    GD_TOPIC_WORKER_3,
    GD_TOPIC_HEARTBEAT,
    GD_TOPIC_DEAD_LETTERS,
    GD_TOPICS,
};

enum gd_guild_act {
    GD_ACT_QUESTION,
    GD_ACT_TASK,
    GD_ACT_TOOL_CALL,
    GD_ACT_TOOL_RESULT,
    GD_ACT_FINDING,
    GD_ACT_HEARTBEAT,
    GD_ACT_DEAD_LETTER,
};

struct gd_guild_id {
    uint8_t n; /* 0: there is none */
    char text[GD_ID_TEXT_MAX];
};

/* One message, all of it but its words: those follow from its seed. */
struct gd_guild_event {
    enum gd_guild_act act;
    enum gd_guild_agent sender, recipient;
    enum gd_guild_topic topic;
    bool error;   /* the act failed, and this is how the sender says so */
    bool foreign; /* some of its text is not ASCII */
    unsigned priority;
    int64_t time_ms;
    int64_t latency_ms; /* since the parent */
    uint64_t seed;
    struct gd_guild_id id, root; /* root: the first of the conversation, maybe this one */
    uint64_t root_seed;
    struct gd_guild_id parent; /* none: it starts a conversation */
    uint64_t parent_seed;
    enum gd_guild_topic parent_topic;
};

struct gd_slice gd_guild_agent_id(enum gd_guild_agent agent);
struct gd_slice gd_guild_topic_name(enum gd_guild_topic topic);

/* Appends the message in one of the dialects that gd_guild_options names. guild is a JSON string.
 * cause is the message answered; only dead letters look at it. */
void gd_guild_write(struct gd_buf *out, const struct gd_dialect *dialect, struct gd_slice guild,
                    const struct gd_guild_event *e, const struct gd_guild_event *cause);

/* Appends the payload, but for a dead letter's: a JSON object. */
void gd_guild_write_payload(struct gd_buf *out, const struct gd_guild_event *e);

/* Appends so many sentences; nothing in them needs an escape. */
void gd_guild_write_prose(struct gd_buf *out, struct gd_random *r, unsigned sentences,
                          bool foreign);

#endif
