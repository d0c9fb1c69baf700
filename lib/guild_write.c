/* SPDX-License-Identifier: MIT */
/* guild_write.c - the simulated guild's messages in each dialect. */
#include "guild_write.h"

static const struct {
    struct gd_slice id, name;
} agents[GD_AGENTS] = {
    [GD_AGENT_USER] = {GD_SLICE("user-proxy"), GD_SLICE("User Proxy")},
    [GD_AGENT_PLANNER] = {GD_SLICE("planner"), GD_SLICE("Planner")},
    [GD_AGENT_RESEARCHER] = {GD_SLICE("researcher"), GD_SLICE("Researcher")},
    [GD_AGENT_FACT_CHECKER] = {GD_SLICE("fact-checker"), GD_SLICE("Fact Checker")},
    [GD_AGENT_WEB_SEARCH] = {GD_SLICE("web-search"), GD_SLICE("Web Search")},
    [GD_AGENT_CODE_RUNNER] = {GD_SLICE("code-runner"), GD_SLICE("Code Runner")},
    [GD_AGENT_LIBRARIAN] = {GD_SLICE("librarian"), GD_SLICE("Librarian")},
    [GD_AGENT_WORKER_1] = {GD_SLICE("worker-1"), GD_SLICE("Worker 1")},
    [GD_AGENT_WORKER_2] = {GD_SLICE("worker-2"), GD_SLICE("Worker 2")},
    [GD_AGENT_WORKER_3] = {GD_SLICE("worker-3"), GD_SLICE("Worker 3")},
    [GD_AGENT_MANAGER] = {GD_SLICE("guild-manager"), GD_SLICE("Guild Manager")},
};

static const struct gd_slice topics[GD_TOPICS] = {
    [GD_TOPIC_QUESTIONS] = GD_SLICE("research-questions"),
    [GD_TOPIC_TOOL_CALLS] = GD_SLICE("tool-calls"),
    [GD_TOPIC_TOOL_RESULTS] = GD_SLICE("tool-results"),
    [GD_TOPIC_FINDINGS] = GD_SLICE("findings"),
    [GD_TOPIC_WORKER_1] = GD_SLICE("agent_inbox:worker-1"),
    [GD_TOPIC_WORKER_2] = GD_SLICE("agent_inbox:worker-2"),
    [GD_TOPIC_WORKER_3] = GD_SLICE("agent_inbox:worker-3"),
    [GD_TOPIC_HEARTBEAT] = GD_SLICE("heartbeat"),
    [GD_TOPIC_DEAD_LETTERS] = GD_SLICE("dead_letter_queue"),
};

/* What is the same for all messages of an act. status: where it did not fail; NULL for none. */
static const struct {
    const char *name, *format, *processor, *status;
} acts[] = {
    [GD_ACT_QUESTION] = {"question", "research.messages.ResearchQuestion", "ask", "running"},
    [GD_ACT_TASK] = {"task", "generic_json", "delegate", "running"},
    [GD_ACT_TOOL_CALL] = {"tool_call", "research.messages.ToolCall", "call_tool", "running"},
    [GD_ACT_TOOL_RESULT] = {"tool_result", "research.messages.ToolResult", "run_tool", NULL},
    [GD_ACT_FINDING] = {"finding", "research.messages.Finding", "conclude", "completed"},
    [GD_ACT_HEARTBEAT] = {"heartbeat", "rustic_ai.core.guild.agent_ext.mixins.health.Heartbeat",
                          "send_heartbeat", NULL},
    [GD_ACT_DEAD_LETTER] = {"dead_letter", "research.messages.DeadLetter", "give_up", NULL},
};
#define ERROR_FORMAT "rustic_ai.core.agents.commons.message_formats.ErrorMessage"

struct gd_slice gd_guild_agent_id(enum gd_guild_agent agent) {
    return agents[agent].id;
}

struct gd_slice gd_guild_topic_name(enum gd_guild_topic topic) {
    return topics[topic];
}

/* Parts that several dialects have. A string's quotes come with it. */

static void add_string(struct gd_buf *out, struct gd_slice s) {
    gd_buf_add_char(out, '"');
    gd_buf_add_slice(out, s);
    gd_buf_add_char(out, '"');
}

/* A number, or null where there is none. */
static void add_id(struct gd_buf *out, const struct gd_guild_id *id) {
    gd_buf_add_slice(out, id->n ? gd_slice_of(id->text, id->n) : GD_SLICE("null"));
}

static bool is_same_id(const struct gd_guild_id *a, const struct gd_guild_id *b) {
    return gd_slice_equal(gd_slice_of(a->text, a->n), gd_slice_of(b->text, b->n));
}

static void add_quoted_id(struct gd_buf *out, const struct gd_guild_id *id) {
    add_string(out, gd_slice_of(id->text, id->n));
}

static void add_agent(struct gd_buf *out, enum gd_guild_agent agent) {
    gd_buf_add_lit(out, "{\"id\":\"");
    gd_buf_add_slice(out, agents[agent].id);
    gd_buf_add_lit(out, "\",\"name\":\"");
    gd_buf_add_slice(out, agents[agent].name);
    gd_buf_add_lit(out, "\"}");
}

static void add_time(struct gd_buf *out, int64_t time_ms) {
    struct gd_time_cache cache = {0};
    gd_time_format(gd_buf_reserve(out, GD_TIME_TEXT), time_ms, &cache);
    out->n += GD_TIME_TEXT;
}

static void add_hex64(struct gd_buf *out, uint64_t v) {
    char *p = gd_buf_reserve(out, 16);
    for (int i = 0; i < 16; i++) {
        p[i] = "0123456789abcdef"[v >> (60 - 4 * i) & 15];
    }
    out->n += 16;
}

/* The same for all messages of a conversation. */
static void add_trace_id(struct gd_buf *out, const struct gd_guild_event *e) {
    add_hex64(out, gd_random_mix(e->root_seed + 1));
    add_hex64(out, gd_random_mix(e->root_seed + 2));
}

static void add_span_id(struct gd_buf *out, uint64_t seed) {
    add_hex64(out, gd_random_mix(seed + 3));
}

static const char *format_of(const struct gd_guild_event *e) {
    return e->error ? ERROR_FORMAT : acts[e->act].format;
}

static const char *status_of(const struct gd_guild_event *e) {
    return e->error ? "error" : acts[e->act].status;
}

/* One message in so many has what few have. */
static bool is_special(const struct gd_guild_event *e, unsigned one_in, unsigned kind) {
    return gd_random_mix(e->seed + 16 + kind) % one_in == 0;
}

static bool is_answer(const struct gd_guild_event *e) {
    return e->parent.n > 0;
}

static void write_payload(struct gd_buf *out, const struct gd_dialect *dialect,
                          struct gd_slice guild, const struct gd_guild_event *e,
                          const struct gd_guild_event *cause) {
    if (e->act != GD_ACT_DEAD_LETTER) {
        gd_guild_write_payload(out, e);
        return;
    }
    gd_buf_add_lit(out, "{\"reason\":\"gave up after 3 attempts\",\"attempts\":3,\"failure\":");
    gd_guild_write_payload(out, e);
    gd_buf_add_lit(out, ",\"original_message\":");
    gd_guild_write(out, dialect, guild, cause, NULL);
    gd_buf_add_char(out, '}');
}

/* RusticAI: the members in the order of its model, computed ones last. */

static void write_thread(struct gd_buf *out, const struct gd_guild_event *e) {
    gd_buf_add_lit(out, ",\"thread\":[");
    add_id(out, &e->root);
    if (is_answer(e) && !is_same_id(&e->parent, &e->root)) {
        gd_buf_add_char(out, ',');
        add_id(out, &e->parent);
    }
    gd_buf_add_lit(out, "],\"conversation_id\":");
    if (e->act == GD_ACT_HEARTBEAT) {
        gd_buf_add_lit(out, "null");
    } else {
        add_id(out, &e->root);
    }
}

static void write_forward_header(struct gd_buf *out, const struct gd_guild_event *e) {
    gd_buf_add_lit(out, ",\"forward_header\":");
    if (is_answer(e) && is_special(e, 50, 0)) {
        gd_buf_add_lit(out, "{\"origin_message_id\":");
        add_id(out, &e->root);
        gd_buf_add_lit(out, ",\"on_behalf_of\":");
        add_agent(out, GD_AGENT_USER);
        gd_buf_add_char(out, '}');
    } else {
        gd_buf_add_lit(out, "null");
    }
}

static void write_routing_slip(struct gd_buf *out, const struct gd_guild_event *e) {
    gd_buf_add_lit(out, ",\"routing_slip\":");
    if (e->act == GD_ACT_QUESTION && is_special(e, 4, 1)) {
        gd_buf_add_lit(out, "{\"steps\":[{\"agent\":");
        add_agent(out, e->recipient);
        gd_buf_add_lit(out, ",\"method_name\":null,\"message_format\":null,\"destination\":{"
                            "\"topics\":\"findings\",\"recipient_list\":[],\"priority\":null},"
                            "\"route_times\":1}]}");
    } else if (e->act == GD_ACT_FINDING && is_special(e, 4, 1)) {
        gd_buf_add_lit(out, "{\"steps\":[]}");
    } else {
        gd_buf_add_lit(out, "null");
    }
}

static void write_history(struct gd_buf *out, const struct gd_guild_event *e) {
    gd_buf_add_lit(out, ",\"message_history\":[");
    if (is_answer(e)) {
        gd_buf_add_lit(out, "{\"agent\":");
        add_agent(out, e->sender);
        gd_buf_add_lit(out, ",\"origin\":");
        add_id(out, &e->parent);
        gd_buf_add_lit(out, ",\"result\":");
        add_id(out, &e->id);
        gd_buf_add_lit(out, ",\"processor\":\"");
        gd_buf_add_str(out, acts[e->act].processor);
        gd_buf_add_lit(out, "\",\"from_topic\":");
        add_string(out, topics[e->parent_topic]);
        gd_buf_add_lit(out, ",\"to_topics\":[");
        add_string(out, topics[e->topic]);
        gd_buf_add_lit(out, "],\"reason\":null}");
    }
    gd_buf_add_char(out, ']');
}

static void write_state(struct gd_buf *out, const struct gd_guild_event *e) {
    gd_buf_add_str(out, e->act == GD_ACT_QUESTION ? ",\"ttl\":3600" : ",\"ttl\":null");
    gd_buf_add_str(out, e->error ? ",\"is_error_message\":true" : ",\"is_error_message\":false");
    gd_buf_add_lit(out, ",\"traceparent\":");
    if (e->act == GD_ACT_HEARTBEAT || e->root_seed % 5 == 0) {
        gd_buf_add_lit(out, "null");
    } else {
        gd_buf_add_lit(out, "\"00-");
        add_trace_id(out, e);
        gd_buf_add_char(out, '-');
        add_span_id(out, e->seed);
        gd_buf_add_lit(out, "-01\"");
    }
    gd_buf_add_str(out, is_special(e, 20, 2) ? ",\"session_state\":{\"locale\":\"en\",\"turn\":1}"
                                             : ",\"session_state\":null");
}

static void write_publication(struct gd_buf *out, const struct gd_guild_event *e) {
    const char *status = status_of(e);
    gd_buf_add_lit(out, ",\"topic_published_to\":");
    add_string(out, topics[e->topic]);
    gd_buf_add_str(out, is_special(e, 25, 3) ? ",\"enrich_with_history\":5"
                                             : ",\"enrich_with_history\":0");
    gd_buf_add_lit(out, ",\"process_status\":");
    if (status) {
        add_string(out, gd_slice_str(status));
    } else {
        gd_buf_add_lit(out, "null");
    }
    gd_buf_add_str(out, is_special(e, 40, 4) ? ",\"origin_guild_stack\":[{\"guild_id\":"
                                               "\"front-desk\",\"saga_id\":null}]"
                                             : ",\"origin_guild_stack\":[]");
}

static void write_rustic(struct gd_buf *out, struct gd_slice guild, const struct gd_guild_event *e,
                         const struct gd_guild_event *cause) {
    gd_buf_add_lit(out, "{\"sender\":");
    add_agent(out, e->sender);
    gd_buf_add_lit(out, ",\"topics\":");
    add_string(out, topics[e->topic]);
    gd_buf_add_lit(out, ",\"recipient_list\":[");
    if (e->act == GD_ACT_TOOL_CALL || is_special(e, 4, 5)) {
        add_agent(out, e->recipient);
    }
    gd_buf_add_lit(out, "],\"payload\":");
    write_payload(out, &gd_dialect_rustic, guild, e, cause);
    gd_buf_add_lit(out, ",\"format\":\"");
    gd_buf_add_str(out, format_of(e));
    gd_buf_add_lit(out, "\",\"in_response_to\":");
    add_id(out, &e->parent);
    write_thread(out, e);
    write_forward_header(out, e);
    write_routing_slip(out, e);
    write_history(out, e);
    write_state(out, e);
    write_publication(out, e);
    gd_buf_add_lit(out, ",\"id\":");
    add_id(out, &e->id);
    gd_buf_add_lit(out, ",\"priority\":");
    gd_buf_add_u64(out, e->priority);
    gd_buf_add_lit(out, ",\"timestamp\":");
    gd_buf_add_i64(out, e->time_ms);
    gd_buf_add_char(out, '}');
}

/* Rustic Debug */

static void write_metadata(struct gd_buf *out, const struct gd_guild_event *e) {
    const char *status = status_of(e);
    gd_buf_add_lit(out, "\"metadata\":{\"timestamp\":\"");
    add_time(out, e->time_ms);
    gd_buf_add_lit(out, "\",\"thread_id\":");
    add_quoted_id(out, &e->root);
    if (is_answer(e)) {
        gd_buf_add_lit(out, ",\"parent_id\":");
        add_quoted_id(out, &e->parent);
    }
    gd_buf_add_lit(out, ",\"correlation_id\":");
    add_quoted_id(out, &e->root);
    if (status) {
        gd_buf_add_lit(out, ",\"status\":");
        add_string(out, gd_slice_str(status));
    }
    if (is_answer(e)) {
        gd_buf_add_lit(out, ",\"processing_time_ms\":");
        gd_buf_add_i64(out, e->latency_ms);
    }
    gd_buf_add_str(out, e->act == GD_ACT_DEAD_LETTER ? ",\"retry_count\":3" : ",\"retry_count\":0");
    gd_buf_add_lit(out, ",\"priority\":");
    gd_buf_add_u64(out, e->priority);
    gd_buf_add_lit(out, ",\"ttl\":3600}");
}

static void write_trace(struct gd_buf *out, const struct gd_guild_event *e) {
    gd_buf_add_lit(out, ",\"trace\":{\"trace_id\":\"");
    add_trace_id(out, e);
    gd_buf_add_lit(out, "\",\"span_id\":\"");
    add_span_id(out, e->seed);
    if (is_answer(e)) {
        gd_buf_add_lit(out, "\",\"parent_span_id\":\"");
        add_span_id(out, e->parent_seed);
    }
    gd_buf_add_lit(out, "\",\"flags\":1}");
}

static void write_debug(struct gd_buf *out, struct gd_slice guild, const struct gd_guild_event *e,
                        const struct gd_guild_event *cause) {
    gd_buf_add_lit(out, "{\"id\":");
    add_quoted_id(out, &e->id);
    gd_buf_add_lit(out, ",\"topic\":");
    add_string(out, topics[e->topic]);
    gd_buf_add_lit(out, ",\"guild_id\":");
    gd_buf_add_slice(out, guild);
    gd_buf_add_lit(out, ",\"agent_tag\":");
    add_agent(out, e->sender);
    out->n--;
    gd_buf_add_lit(out, ",\"version\":\"1.0\"},\"content\":{\"type\":\"json\",\"format\":\"");
    gd_buf_add_str(out, format_of(e));
    gd_buf_add_lit(out, "\",\"body\":");
    write_payload(out, &gd_dialect_debug, guild, e, cause);
    gd_buf_add_lit(out, "},");
    write_metadata(out, e);
    gd_buf_add_str(out, e->act == GD_ACT_QUESTION
                            ? ",\"routing_rules\":[{\"target_topic\":\"findings\",\"condition\":"
                              "\"confidence > 0.5\",\"priority\":4}]"
                            : ",\"routing_rules\":[]");
    write_trace(out, e);
    gd_buf_add_char(out, '}');
}

/* Neither: what an application logs */

static void write_json(struct gd_buf *out, struct gd_slice guild, const struct gd_guild_event *e,
                       const struct gd_guild_event *cause) {
    gd_buf_add_lit(out, "{\"time\":\"");
    add_time(out, e->time_ms);
    gd_buf_add_str(out, e->error ? "\",\"level\":\"error\"" : "\",\"level\":\"info\"");
    gd_buf_add_lit(out, ",\"service\":");
    gd_buf_add_slice(out, guild);
    gd_buf_add_lit(out, ",\"component\":");
    add_string(out, agents[e->sender].id);
    gd_buf_add_lit(out, ",\"event\":\"");
    gd_buf_add_str(out, acts[e->act].name);
    gd_buf_add_lit(out, "\",\"request_id\":");
    add_quoted_id(out, &e->root);
    gd_buf_add_lit(out, ",\"duration_ms\":");
    gd_buf_add_i64(out, e->latency_ms);
    gd_buf_add_lit(out, ",\"data\":");
    write_payload(out, &gd_dialect_json, guild, e, cause);
    gd_buf_add_char(out, '}');
}

static void write_text(struct gd_buf *out, const struct gd_guild_event *e) {
    struct gd_random r = {e->seed};
    add_time(out, e->time_ms);
    gd_buf_add_str(out, e->error ? " ERROR " : " INFO ");
    gd_buf_add_slice(out, agents[e->sender].id);
    gd_buf_add_lit(out, " [");
    add_id(out, &e->root);
    gd_buf_add_lit(out, "] ");
    gd_buf_add_str(out, acts[e->act].name);
    gd_buf_add_lit(out, " after ");
    gd_buf_add_i64(out, e->latency_ms);
    gd_buf_add_lit(out, " ms: ");
    gd_guild_write_prose(out, &r, 1, e->foreign);
}

void gd_guild_write(struct gd_buf *out, const struct gd_dialect *dialect, struct gd_slice guild,
                    const struct gd_guild_event *e, const struct gd_guild_event *cause) {
    if (dialect == &gd_dialect_rustic) {
        write_rustic(out, guild, e, cause);
    } else if (dialect == &gd_dialect_debug) {
        write_debug(out, guild, e, cause);
    } else if (dialect == &gd_dialect_json) {
        write_json(out, guild, e, cause);
    } else {
        write_text(out, e);
    }
}
