/* SPDX-License-Identifier: MIT */
/* get - reads single messages by ID from msg:<guild>:<id>, and from the stored topics where that
 * has expired; writes messages. Exit codes: 0; 1 some ID was found nowhere; 3 Redis cannot be
 * reached. */
#include "command.h"
#include "gemstone.h"
#include "run.h"

struct get_options {
    struct common_options common;
};

static const char *const outputs[] = {"json", "text", "raw", NULL};

struct getting {
    struct context *ctx;
    struct gd_redis *redis;
    struct gd_selection selection;
    struct gd_decoder *decoder;
    struct gd_topics *topics; /* where to look; found when first needed */
    bool found;
    struct gd_slice id;
};

static int find_topics(struct getting *g) {
    return g->topics ? 0 : gd_topics_find(&g->topics, g->redis, &g->selection, &g->ctx->error);
}

/* Whatever is stored there is no message. */
static bool is_of_another_type(const struct gd_reply *reply) {
    return reply->count && reply->item[0].type == GD_REPLY_ERROR &&
           gd_slice_starts(reply->item[0].text, GD_SLICE("WRONGTYPE"));
}

/* Looks at one msg: key. */
static int get_string(struct getting *g, struct gd_slice guild) {
    GD_AUTO_REPLY reply = {0};
    GD_AUTO_BUF key = {0};
    struct gd_message m;
    gd_buf_add_lit(&key, "msg:");
    gd_buf_add_slice(&key, guild);
    gd_buf_add_char(&key, ':');
    gd_buf_add_slice(&key, g->id);
    const struct gd_slice argv[] = {GD_SLICE("GET"), gd_buf_slice(&key)};
    if (gd_redis_call(g->redis, &reply, 2, argv, &g->ctx->error)) {
        return is_of_another_type(&reply) ? 0 : -1;
    }
    if (reply.item[0].type != GD_REPLY_STRING) {
        return 0;
    }
    const struct gd_origin origin = {
        .via = "string", .key = gd_buf_slice(&key), .server = gd_redis_run_id(g->redis)};
    gd_decoder_payload(g->decoder, reply.item[0].text, &origin, &m);
    if (!gd_selection_match(&g->selection, gd_message_name(&m))) {
        return 0;
    }
    g->found = true;
    return write_message(g->ctx, &m);
}

static bool is_literal(struct gd_slice selector) {
    return selector.p && !gd_glob_is(selector);
}

/* Looks at msg: of every guild that is selected. */
static int get_strings(struct getting *g) {
    if (is_literal(g->selection.guild)) {
        return get_string(g, g->selection.guild);
    }
    if (find_topics(g)) {
        return -1;
    }
    struct gd_slice last = {0};
    for (size_t i = 0; i < gd_topics_count(g->topics) && !g->found; i++) {
        struct gd_slice guild = gd_topics_at(g->topics, i)->guild;
        if (last.p && gd_slice_equal(guild, last)) {
            continue;
        }
        if (get_string(g, guild)) {
            return -1;
        }
        last = guild;
    }
    return 0;
}

static int match_stored(struct context *ctx, void *state, const struct gd_message *m,
                        bool is_text) {
    struct getting *g = state;
    (void)is_text;
    if (!gd_slice_equal(gd_message_get(m, GD_M_ID).text, g->id)) {
        return RUN_ON;
    }
    g->found = true;
    return write_message(ctx, m) ? -1 : RUN_END;
}

/* Looks through the stored topics. */
static int get_stored(struct getting *g, struct gd_range range) {
    GD_AUTO(source) source = NULL;
    const struct run run = {.each = match_stored, .state = g};
    if (gd_history_open(&source, g->redis, &g->selection, range, &g->ctx->error)) {
        return -1;
    }
    return run_source(g->ctx, source, &run);
}

static int get_one(struct getting *g) {
    struct gd_id_readings readings;
    g->found = false;
    if (get_strings(g)) {
        return -1;
    }
    if (!g->found && gd_id_read_any(g->id, &readings, NULL) == 0) {
        /* The score is the message's time, which its ID has too, give or take a second. */
        int64_t ms = readings.id[0].timestamp_ms;
        if (get_stored(g, (struct gd_range){ms - 1000, ms + 1001})) {
            return -1;
        }
    }
    if (!g->found && get_stored(g, (struct gd_range){INT64_MIN, INT64_MAX})) {
        return -1;
    }
    return 0;
}

static int get_all(struct getting *g, int argc, char **argv) {
    const struct common_options *o = g->ctx->common;
    int status = EXIT_DONE;
    for (int i = 0; i < argc; i++) {
        struct gd_error e;
        g->id = gd_slice_str(argv[i]);
        if (get_one(g)) {
            return -1;
        }
        if (!g->found) {
            gd_error_set(&e, GD_FAIL_NOT_FOUND, "no message with the ID %s", argv[i]);
            gd_error_hint(&e, o->guild || o->topic ? "try without -g and -t"
                                                   : "is it this Redis? see gdbg ls topics");
            report(g->ctx, &e);
            status = EXIT_NO;
        }
    }
    return status;
}

static int get_run(struct context *ctx, const void *options, int argc, char **argv) {
    GD_AUTO(redis) redis = NULL;
    GD_AUTO(decoder) decoder = gd_decoder_new();
    const struct get_options *o = options;
    if (argc == 0) {
        gd_error_set(&ctx->error, GD_FAIL_USAGE, "no ID given");
        return gd_error_hint(&ctx->error, "gdbg get ID...");
    }
    if (connect_redis(ctx, &redis)) {
        return -1;
    }
    struct getting g = {
        .ctx = ctx, .redis = redis, .selection = selection_of(&o->common), .decoder = decoder};
    int status = get_all(&g, argc, argv);
    gd_topics_free(g.topics);
    return status;
}

const struct command cmd_get = {
    .name = "get",
    .summary = "show single messages by their IDs",
    .operands = "ID...",
    .kind = COMMAND_SOURCE,
    .groups = OPTIONS_SELECT | OPTIONS_REDIS | OPTIONS_OUTPUT,
    .options_size = sizeof(struct get_options),
    .outputs = outputs,
    .run = get_run,
};
