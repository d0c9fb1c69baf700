/* SPDX-License-Identifier: MIT */
/* guild.c - who says what to whom, and when. Answers wait in a heap until they are due; whenever
 * the guild falls behind its rate, somebody starts a new conversation. */
#include "guild.h"

#include <stdlib.h>

#include "guild_write.h"
#include "json_write.h"

#define NS_PER_MS INT64_C(1000000)

/* Times beyond what IDs can hold are found out before sums overflow. */
#define SPACING_MAX_NS INT64_C(1000000000000000)

struct answer {
    int64_t due_ns;
    enum gd_guild_act act;
    bool error;
    struct gd_guild_event cause;
};

struct gd_guild {
    struct gd_random random;
    const struct gd_dialect *dialect;
    int64_t start_ms, spacing_ns;
    int64_t jitter_ns; /* of the next conversation */
    int64_t now_ns;    /* since the start */
    uint64_t count;    /* messages so far */
    struct gd_id_generator ids;
    struct answer *heap; /* the earliest first */
    size_t answers, capacity;
    struct gd_buf name_json, key[GD_TOPICS], payload;
    struct gd_guild_event event; /* the message given last */
    unsigned topics;             /* a bit for each published to */
};

/* What follows from what a message is: who gets it, where, and how that is answered. */
struct part {
    enum gd_guild_topic topic;
    enum gd_guild_agent first; /* of those who may get it */
    unsigned recipients;       /* 0: it goes back to where the question came from */
    enum gd_guild_act answers[4];
};

static const struct part parts[] = {
    [GD_ACT_QUESTION] = {GD_TOPIC_QUESTIONS,
                         GD_AGENT_RESEARCHER,
                         2,
                         {GD_ACT_TOOL_CALL, GD_ACT_TASK, GD_ACT_TOOL_CALL, GD_ACT_FINDING}},
    [GD_ACT_TASK] = {GD_TOPIC_WORKER_1,
                     GD_AGENT_WORKER_1,
                     3,
                     {GD_ACT_TOOL_CALL, GD_ACT_FINDING, GD_ACT_TOOL_CALL, GD_ACT_FINDING}},
    [GD_ACT_TOOL_CALL] = {GD_TOPIC_TOOL_CALLS,
                          GD_AGENT_WEB_SEARCH,
                          3,
                          {GD_ACT_TOOL_RESULT, GD_ACT_TOOL_RESULT, GD_ACT_TOOL_RESULT,
                           GD_ACT_TOOL_RESULT}},
    [GD_ACT_TOOL_RESULT] = {GD_TOPIC_TOOL_RESULTS,
                            0,
                            0,
                            {GD_ACT_FINDING, GD_ACT_TOOL_CALL, GD_ACT_FINDING, GD_ACT_FINDING}},
    [GD_ACT_FINDING] = {GD_TOPIC_FINDINGS,
                        0,
                        0,
                        {GD_ACT_QUESTION, GD_ACT_TASK, GD_ACT_FINDING, GD_ACT_TASK}},
    [GD_ACT_HEARTBEAT] = {GD_TOPIC_HEARTBEAT, GD_AGENT_MANAGER, 1, {0}},
    [GD_ACT_DEAD_LETTER] = {GD_TOPIC_DEAD_LETTERS, GD_AGENT_MANAGER, 1, {0}},
};

/* The heap of answers */

static void put_answer(struct gd_guild *g, const struct answer *a) {
    if (g->answers == g->capacity) {
        g->capacity = g->capacity ? 2 * g->capacity : 64;
        g->heap = gd_realloc(g->heap, g->capacity * sizeof *g->heap);
    }
    size_t i = g->answers++;
    for (; i > 0 && g->heap[(i - 1) / 2].due_ns > a->due_ns; i = (i - 1) / 2) {
        g->heap[i] = g->heap[(i - 1) / 2];
    }
    g->heap[i] = *a;
}

static struct answer take_answer(struct gd_guild *g) {
    struct answer first = g->heap[0], *last = &g->heap[--g->answers];
    size_t i = 0, child;
    while ((child = 2 * i + 1) < g->answers) {
        if (child + 1 < g->answers && g->heap[child + 1].due_ns < g->heap[child].due_ns) {
            child++;
        }
        if (g->heap[child].due_ns >= last->due_ns) {
            break;
        }
        g->heap[i] = g->heap[child];
        i = child;
    }
    g->heap[i] = *last;
    return first;
}

/* How long an answer takes: a distribution given by its quantiles. */
static int64_t draw_latency_ms(struct gd_random *r) {
    static const struct {
        uint32_t rank; /* in 1000 */
        uint32_t ms;
    } quantile[] = {{0, 12},    {100, 38},  {300, 80},   {500, 120},  {700, 190},
                    {850, 340}, {950, 900}, {990, 2600}, {1000, 7000}};
    uint32_t rank = gd_random_below(r, 1000000), i = 1;
    while (rank >= quantile[i].rank * 1000) {
        i++;
    }
    uint32_t from = quantile[i - 1].rank * 1000, to = quantile[i].rank * 1000;
    uint64_t more_ms = quantile[i].ms - quantile[i - 1].ms;
    return (int64_t)(quantile[i - 1].ms + more_ms * (rank - from) / (to - from));
}

static void plan_answer(struct gd_guild *g, const struct gd_guild_event *cause) {
    struct gd_random *r = &g->random;
    struct answer a = {.act = parts[cause->act].answers[gd_random_below(r, 4)],
                       .error = gd_random_below(r, 30) == 0,
                       .cause = *cause};
    int64_t asked_ns = (cause->time_ms - g->start_ms) * NS_PER_MS;
    a.due_ns = asked_ns + draw_latency_ms(r) * NS_PER_MS;
    put_answer(g, &a);
    if (a.error && gd_random_below(r, 4) == 0) {
        a.act = GD_ACT_DEAD_LETTER;
        a.error = false;
        a.due_ns += draw_latency_ms(r) * NS_PER_MS;
        put_answer(g, &a);
    }
}

/* 0.68 answers in the mean. Of heartbeats (every tenth message), errors and dead letters there are
 * none, which leaves 0.6 for the mean message: so large is the share of answers, whatever the rate.
 */
static void plan_answers(struct gd_guild *g, const struct gd_guild_event *e) {
    if (!e->error && e->act != GD_ACT_HEARTBEAT && e->act != GD_ACT_DEAD_LETTER) {
        uint32_t rank = gd_random_below(&g->random, 100);
        for (int n = (rank >= 42) + (rank >= 90); n > 0; n--) {
            plan_answer(g, e);
        }
    }
}

/* Messages */

/* Two uniform factors make gaps that come in bursts, as they do when people are at the other end.
 */
static int64_t draw_jitter_ns(struct gd_guild *g) {
    int64_t jitter_ns = g->spacing_ns * GD_GUILD_AHEAD;
    for (int i = 0; i < 2; i++) {
        jitter_ns = jitter_ns / 1024 * gd_random_below(&g->random, 1024) +
                    jitter_ns % 1024 * gd_random_below(&g->random, 1024) / 1024;
    }
    return jitter_ns;
}

/* An error goes back to where the question came from, on its topic. */
static void address(struct gd_guild *g, struct gd_guild_event *e, enum gd_guild_agent asker) {
    const struct part *part = &parts[e->act];
    e->recipient = asker;
    e->topic = e->error ? e->parent_topic : part->topic;
    if (e->error || !part->recipients) {
        return;
    }
    unsigned i = gd_random_below(&g->random, part->recipients);
    if (part->first + i == e->sender) {
        i = (i + 1) % part->recipients;
    }
    e->recipient = (enum gd_guild_agent)(part->first + i);
    if (e->act == GD_ACT_TASK) {
        e->topic = (enum gd_guild_topic)(GD_TOPIC_WORKER_1 + i);
    }
}

static unsigned choose_priority(struct gd_guild *g, const struct gd_guild_event *e) {
    enum { IMPORTANT = 1, HIGH = 2, ABOVE_NORMAL = 3, NORMAL = 4, LOW = 5 };
    if (e->error) {
        return IMPORTANT;
    }
    switch (e->act) {
    case GD_ACT_HEARTBEAT:
        return HIGH;
    case GD_ACT_TASK:
        return ABOVE_NORMAL + gd_random_below(&g->random, 3);
    case GD_ACT_DEAD_LETTER:
        return LOW;
    default:
        return NORMAL;
    }
}

static void draw_content(struct gd_guild *g, struct gd_guild_event *e) {
    e->priority = choose_priority(g, e);
    e->seed = gd_random_next(&g->random);
    e->foreign = e->act != GD_ACT_HEARTBEAT && gd_random_below(&g->random, 9) == 0;
}

static void start_conversation(struct gd_guild *g, struct gd_guild_event *e) {
    struct gd_random *r = &g->random;
    bool heartbeat = gd_random_below(r, 4) == 0;
    *e = (struct gd_guild_event){.act = heartbeat ? GD_ACT_HEARTBEAT : GD_ACT_QUESTION};
    e->sender = (enum gd_guild_agent)gd_random_below(r, heartbeat ? GD_AGENT_MANAGER : 2);
    address(g, e, e->sender);
    draw_content(g, e);
    e->root_seed = e->seed;
}

static void give_answer(struct gd_guild *g, struct gd_guild_event *e, const struct answer *a) {
    *e = (struct gd_guild_event){.act = a->act,
                                 .error = a->error,
                                 .root = a->cause.root,
                                 .root_seed = a->cause.root_seed,
                                 .parent = a->cause.id,
                                 .parent_seed = a->cause.seed,
                                 .parent_topic = a->cause.topic};
    e->sender = a->cause.recipient;
    address(g, e, a->cause.sender);
    draw_content(g, e);
}

static int stamp(struct gd_guild *g, struct gd_guild_event *e, struct gd_error *error) {
    bool rustic = g->dialect == &gd_dialect_rustic;
    struct gd_id id = {.layout = rustic ? GD_LAYOUT_INT : GD_LAYOUT_BASE64,
                       .priority = e->priority,
                       .machine = rustic ? e->sender + 1 : 0};
    if (gd_id_generate(&g->ids, g->start_ms + g->now_ns / NS_PER_MS, &id, error)) {
        return -1;
    }
    e->time_ms = id.timestamp_ms;
    e->id.n = (uint8_t)gd_id_write(e->id.text, &id);
    if (!e->parent.n) {
        e->root = e->id;
    }
    return 0;
}

/* The answer that is due before the guild falls behind its rate; otherwise a new conversation.
 * *cause is what is answered. Returns whether it is an answer. */
static bool advance(struct gd_guild *g, struct gd_guild_event *e, struct gd_guild_event *cause) {
    int64_t behind_ns = (int64_t)g->count * g->spacing_ns + g->jitter_ns;
    bool is_answer = g->answers && g->heap[0].due_ns <= behind_ns;
    int64_t due_ns = is_answer ? g->heap[0].due_ns : behind_ns;
    g->now_ns = due_ns > g->now_ns ? due_ns : g->now_ns;
    if (is_answer) {
        struct answer a = take_answer(g);
        *cause = a.cause;
        give_answer(g, e, &a);
    } else {
        g->jitter_ns = draw_jitter_ns(g);
        start_conversation(g, e);
    }
    return is_answer;
}

int gd_guild_next(struct gd_guild *g, struct gd_guild_message *m, struct gd_error *error) {
    struct gd_guild_event *e = &g->event, cause;
    bool is_answer = advance(g, e, &cause);
    if (stamp(g, e, error)) {
        return -1;
    }
    e->latency_ms = is_answer ? e->time_ms - cause.time_ms : 0;
    g->count++;
    g->topics |= 1u << e->topic;
    plan_answers(g, e);
    gd_buf_clear(&g->payload);
    gd_guild_write(&g->payload, g->dialect, gd_buf_slice(&g->name_json), e,
                   is_answer ? &cause : NULL);
    gd_buf_terminate(&g->payload);
    bool has_id = g->dialect == &gd_dialect_rustic || g->dialect == &gd_dialect_debug;
    *m = (struct gd_guild_message){.payload = gd_buf_slice(&g->payload),
                                   .key = gd_buf_slice(&g->key[e->topic]),
                                   .id = {has_id ? e->id.text : NULL, has_id ? e->id.n : 0},
                                   .time_ms = e->time_ms};
    return 0;
}

struct gd_guild *gd_guild_new(const struct gd_guild_options *options) {
    struct gd_guild *g = gd_calloc(1, sizeof *g);
    g->random.state = gd_random_mix(options->seed);
    g->dialect = options->dialect;
    g->start_ms = options->start_ms;
    g->spacing_ns = options->spacing_ns < 1                ? 1
                    : options->spacing_ns > SPACING_MAX_NS ? SPACING_MAX_NS
                                                           : options->spacing_ns;
    gd_json_write_string(&g->name_json, options->name);
    for (unsigned topic = 0; topic < GD_TOPICS; topic++) {
        gd_buf_add_slice(&g->key[topic], options->name);
        gd_buf_add_char(&g->key[topic], ':');
        gd_buf_add_slice(&g->key[topic], gd_guild_topic_name((enum gd_guild_topic)topic));
    }
    return g;
}

void gd_guild_free(struct gd_guild *g) {
    if (!g) {
        return;
    }
    for (unsigned topic = 0; topic < GD_TOPICS; topic++) {
        gd_buf_free(&g->key[topic]);
    }
    gd_buf_free(&g->name_json);
    gd_buf_free(&g->payload);
    free(g->heap);
    free(g);
}

unsigned gd_guild_topics(const struct gd_guild *g) {
    return (unsigned)__builtin_popcount(g->topics);
}
