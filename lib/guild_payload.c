/* SPDX-License-Identifier: MIT */
/* guild_payload.c - what the simulated agents say: plausible sentences, and payloads made of them.
 */
#include "guild_write.h"

/* An example of 16, by four random bits. */
#define PICK(list, bits) ((list)[(bits)&15])

static const char *const subjects[16] = {
    "The latest survey",          "A second reading of the paper", "The field report",
    "Our own measurement",        "The archive of the institute",  "A recent preprint",
    "The public dataset",         "An independent replication",    "The interview transcript",
    "The regional office",        "A comparison of both methods",  "The long-term average",
    "Every source checked today", "The revised forecast",          "A sample of forty records",
    "The working group",
};
static const char *const verbs[16] = {
    " confirms ",         " contradicts ",     " extends ",        " narrows ",
    " does not mention ", " partly supports ", " predates ",       " relies on ",
    " calls into doubt ", " repeats ",         " is silent on ",   " corrects ",
    " summarises ",       " agrees with ",     " has to explain ", " was written before ",
};
static const char *const objects[16] = {
    "the earlier estimate",       "the cost of storage",         "the claim about battery life",
    "the number of households",   "the second hypothesis",       "the effect of rainfall on yield",
    "the role of cached results", "the published error bars",    "the supply of copper",
    "the migration of the birds", "the reading for last winter", "the definition of a fair sample",
    "the trend in energy prices", "the results of the pilot",    "the list of known outages",
    "the history of the river",
};
static const char *const endings[16] = {
    ".",
    " within two percent.",
    ", with one exception.",
    " in three regions out of five.",
    ", although the sample is small.",
    ".",
    " for the years since 2019.",
    ", so the question stays open.",
    " once outliers are removed.",
    ".",
    ", as the planner expected.",
    " and should be cited first.",
    ", but only for large cities.",
    " by a wide margin.",
    ".",
    " according to both tables.",
};
static const char *const asking[16] = {
    "How reliable is ",        "What is known about ",
    "Who has measured ",       "How should we read ",
    "Where is the source of ", "Is there independent support for ",
    "What would change ",      "Which papers discuss ",
    "How much depends on ",    "Can we reproduce ",
    "What came before ",       "Does anybody dispute ",
    "How do others define ",   "What are the limits of ",
    "What is missing from ",   "When was the last check of ",
};
static const char *const foreign_sentences[16] = {
    "Der Überblick über die Quellen in Zürich genügt für den Anfang. ",
    "Les résultats de l'été dernier sont déjà publiés à Orléans. ",
    "La señal llegó mañana y tarde, según la estación de Cádiz. ",
    "東京の研究所からの報告は信頼できます。",
    "这些数据来自三个不同的地区，需要再次核对。",
    "서울 지역의 표본은 아직 충분하지 않습니다. ",
    "Данные за прошлую зиму подтверждены двумя группами. ",
    "Τα αποτελέσματα συμφωνούν με την πρώτη υπόθεση. ",
    "Looks good to me 👍 — see the naïve baseline, too. ",
    "Ready for review 🚀 (≈ 12 % better than before). ",
    "Wyniki z Łodzi są zgodne z wcześniejszą próbą. ",
    "النتائج الأولية مشجعة وتحتاج إلى تأكيد. ",
    "Mätningen från Malmö är äldre än den från Tromsø. ",
    "नमूना छोटा है, परन्तु परिणाम स्पष्ट है। ",
    "Sıcaklık değerleri İzmir için yeniden ölçüldü. ",
    "Temperature was 21.5 °C ± 0.3 °C, in line with the ½-year mean ✅. ",
};

static void add_sentence(struct gd_buf *out, uint64_t bits) {
    gd_buf_add_str(out, PICK(subjects, bits));
    gd_buf_add_str(out, PICK(verbs, bits >> 4));
    gd_buf_add_str(out, PICK(objects, bits >> 8));
    gd_buf_add_str(out, PICK(endings, bits >> 12));
}

void gd_guild_write_prose(struct gd_buf *out, struct gd_random *r, unsigned sentences,
                          bool foreign) {
    if (foreign) {
        gd_buf_add_str(out, PICK(foreign_sentences, gd_random_next(r)));
    }
    for (unsigned i = 0; i < sentences; i++) {
        if (i > 0) {
            gd_buf_add_char(out, ' ');
        }
        add_sentence(out, gd_random_next(r));
    }
}

static void add_question(struct gd_buf *out, struct gd_random *r) {
    uint64_t bits = gd_random_next(r);
    gd_buf_add_str(out, PICK(asking, bits));
    gd_buf_add_str(out, PICK(objects, bits >> 4));
    gd_buf_add_char(out, '?');
}

/* 1 to most, mostly few: the smallest of three draws. */
static unsigned draw_few(struct gd_random *r, unsigned most) {
    unsigned few = most;
    for (int i = 0; i < 3; i++) {
        unsigned drawn = 1 + gd_random_below(r, most);
        few = drawn < few ? drawn : few;
    }
    return few;
}

static void add_hex(struct gd_buf *out, uint64_t bits, int digits) {
    char *p = gd_buf_reserve(out, 16);
    for (int i = 0; i < digits; i++, bits >>= 4) {
        p[i] = "0123456789abcdef"[bits & 15];
    }
    out->n += (size_t)digits;
}

/* 0.001 to 0.999 */
static void add_share(struct gd_buf *out, struct gd_random *r) {
    unsigned thousandths = 1 + gd_random_below(r, 999);
    char text[] = {'0', '.', (char)('0' + thousandths / 100), (char)('0' + thousandths / 10 % 10),
                   (char)('0' + thousandths % 10)};
    gd_buf_add(out, text, sizeof text);
}

/* As Python writes a time without a zone. */
static void add_isoformat(struct gd_buf *out, int64_t time_ms) {
    struct gd_time_cache cache = {0};
    gd_time_format(gd_buf_reserve(out, GD_TIME_TEXT), time_ms, &cache);
    out->n += GD_TIME_TEXT - 1;
    gd_buf_add_lit(out, "000");
}

static void write_question(struct gd_buf *out, const struct gd_guild_event *e,
                           struct gd_random *r) {
    gd_buf_add_lit(out, "{\"question\":\"");
    add_question(out, r);
    gd_buf_add_lit(out, "\",\"context\":\"");
    gd_guild_write_prose(out, r, draw_few(r, 7) - 1, e->foreign);
    gd_buf_add_lit(out, "\",\"depth\":");
    gd_buf_add_u64(out, 1 + gd_random_below(r, 4));
    gd_buf_add_lit(out, ",\"max_sources\":");
    gd_buf_add_u64(out, 5 * (1 + gd_random_below(r, 6)));
    gd_buf_add_lit(out, ",\"languages\":[\"en\",\"de\"],\"deadline\":null}");
}

static void write_task(struct gd_buf *out, const struct gd_guild_event *e, struct gd_random *r) {
    unsigned steps = draw_few(r, 5);
    gd_buf_add_lit(out, "{\"task\":\"");
    add_question(out, r);
    gd_buf_add_lit(out, "\",\"instructions\":\"");
    gd_guild_write_prose(out, r, 1, e->foreign);
    for (unsigned i = 0; i < steps; i++) {
        gd_buf_add_lit(out, "\\n- ");
        gd_guild_write_prose(out, r, 1, false);
    }
    gd_buf_add_lit(out, "\",\"attempt\":1,\"budget\":{\"tokens\":");
    gd_buf_add_u64(out, 500 * (1 + gd_random_below(r, 16)));
    gd_buf_add_lit(out, ",\"seconds\":30.0}}");
}

static void write_tool_call(struct gd_buf *out, const struct gd_guild_event *e,
                            struct gd_random *r) {
    static const char *const tools[16] = {
        "web_search", "fetch_page", "run_python", "read_table",  "web_search", "find_paper",
        "translate",  "web_search", "fetch_page", "unit_lookup", "run_python", "find_paper",
        "web_search", "read_table", "fetch_page", "geocode",
    };
    gd_buf_add_lit(out, "{\"tool_call_id\":\"call_");
    add_hex(out, e->seed, 12);
    gd_buf_add_lit(out, "\",\"name\":\"");
    gd_buf_add_str(out, PICK(tools, gd_random_next(r)));
    gd_buf_add_lit(out, "\",\"arguments\":{\"query\":\"");
    add_question(out, r);
    gd_buf_add_lit(out, "\",\"limit\":");
    gd_buf_add_u64(out, 5 + gd_random_below(r, 20));
    gd_buf_add_lit(out, ",\"site\":null,\"freshness_days\":");
    gd_buf_add_u64(out, 1 + gd_random_below(r, 365));
    gd_buf_add_lit(out, "},\"rationale\":\"");
    gd_guild_write_prose(out, r, draw_few(r, 6) - 1, e->foreign);
    gd_buf_add_lit(out, "\"}");
}

static void write_tool_result(struct gd_buf *out, const struct gd_guild_event *e,
                              struct gd_random *r) {
    unsigned results = draw_few(r, 4);
    gd_buf_add_lit(out, "{\"tool_call_id\":\"call_");
    add_hex(out, e->parent_seed, 12);
    gd_buf_add_lit(out, "\",\"results\":[");
    for (unsigned i = 0; i < results; i++) {
        gd_buf_add_str(out, i ? ",{\"title\":\"" : "{\"title\":\"");
        gd_buf_add_str(out, PICK(subjects, gd_random_next(r)));
        gd_buf_add_lit(out, "\",\"url\":\"https://example.org/records/");
        add_hex(out, gd_random_next(r), 8);
        gd_buf_add_lit(out, "\",\"score\":");
        add_share(out, r);
        gd_buf_add_lit(out, ",\"snippet\":\"");
        gd_guild_write_prose(out, r, 1, e->foreign && i == 0);
        gd_buf_add_lit(out, "\"}");
    }
    gd_buf_add_lit(out, "],\"elapsed_ms\":");
    gd_buf_add_i64(out, e->latency_ms);
    gd_buf_add_lit(out, ",\"truncated\":false}");
}

static void write_finding(struct gd_buf *out, const struct gd_guild_event *e, struct gd_random *r) {
    unsigned quotes = draw_few(r, 6) - 1;
    gd_buf_add_lit(out, "{\"summary\":\"");
    gd_guild_write_prose(out, r, draw_few(r, 5), e->foreign);
    gd_buf_add_lit(out, "\",\"confidence\":");
    add_share(out, r);
    gd_buf_add_lit(out, ",\"evidence\":[");
    for (unsigned i = 0; i < quotes; i++) {
        gd_buf_add_str(out, i ? ",{\"source\":\"doi:10.5555/" : "{\"source\":\"doi:10.5555/");
        add_hex(out, gd_random_next(r), 7);
        gd_buf_add_lit(out, "\",\"quote\":\"\\\"");
        gd_guild_write_prose(out, r, 1, false);
        gd_buf_add_lit(out, "\\\"\"}");
    }
    gd_buf_add_lit(out, "]}");
}

static void write_heartbeat(struct gd_buf *out, const struct gd_guild_event *e,
                            struct gd_random *r) {
    static const char *const statuses[16] = {"ok",      "ok",         "ok", "ok",      "ok", "ok",
                                             "ok",      "ok",         "ok", "ok",      "ok", "ok",
                                             "warning", "backlogged", "ok", "starting"};
    unsigned elapsed_ms = 1 + draw_few(r, 40);
    gd_buf_add_lit(out, "{\"checktime\":\"");
    add_isoformat(out, e->time_ms - elapsed_ms);
    gd_buf_add_lit(out, "\",\"checkstatus\":\"");
    gd_buf_add_str(out, PICK(statuses, gd_random_next(r)));
    gd_buf_add_lit(out, "\",\"responsetime\":\"");
    add_isoformat(out, e->time_ms);
    gd_buf_add_lit(out, "\",\"checkmeta\":{\"qos_latency\":null,\"observed_latency\":");
    gd_buf_add_u64(out, elapsed_ms);
    gd_buf_add_lit(out, ".0}}");
}

static void write_error(struct gd_buf *out, const struct gd_guild_event *e, struct gd_random *r) {
    static const char *const types[4] = {"TimeoutError", "ConnectionError", "ValidationError",
                                         "RateLimitError"};
    const char *type = types[gd_random_below(r, 4)];
    gd_buf_add_lit(out, "{\"agent_type\":\"research.agents.");
    gd_buf_add_slice(out, gd_guild_agent_id(e->sender));
    gd_buf_add_lit(out, "\",\"error_type\":\"");
    gd_buf_add_str(out, type);
    gd_buf_add_lit(out, "\",\"error_message\":\"");
    gd_guild_write_prose(out, r, 1, e->foreign);
    gd_buf_add_lit(out, "\",\"traceback\":\"Traceback (most recent call last):\\n  File "
                        "\\\"/app/research/agents.py\\\", line ");
    gd_buf_add_u64(out, 20 + gd_random_below(r, 400));
    gd_buf_add_lit(out, ", in process\\n    result = self.handle(ctx.payload)\\n");
    gd_buf_add_str(out, type);
    gd_buf_add_lit(out, "\"}");
}

void gd_guild_write_payload(struct gd_buf *out, const struct gd_guild_event *e) {
    static void (*const writers[])(struct gd_buf *, const struct gd_guild_event *,
                                   struct gd_random *) = {
        [GD_ACT_QUESTION] = write_question,   [GD_ACT_TASK] = write_task,
        [GD_ACT_TOOL_CALL] = write_tool_call, [GD_ACT_TOOL_RESULT] = write_tool_result,
        [GD_ACT_FINDING] = write_finding,     [GD_ACT_HEARTBEAT] = write_heartbeat,
        [GD_ACT_DEAD_LETTER] = write_error,
    };
    struct gd_random r = {e->seed};
    (e->error ? write_error : writers[e->act])(out, e, &r);
}
