/* SPDX-License-Identifier: MIT */
/* gen - reads nothing; writes the messages of a simulated guild to standard output, or with --to to
 * a Redis as RusticAI does. Ends after --count messages, or by a signal. Exit codes: 0; 2 a time
 * that IDs cannot hold; 3 Redis; 5 Redis refused some; 6 output. */
#include <poll.h>

#include "clock.h"
#include "command.h"
#include "guild.h"
#include "publisher.h"
#include "run.h"
#include "signals.h"

enum { COUNT = 1000, RATE_PER_S = 50, SEED = 1, TTL_S = 3600, LOOK_MS = 500, NS_PER_MS = 1000000 };
#define START_MS INT64_C(1767999600000)     /* 2026-01-09T23:00:00Z */
#define TOO_MANY UINT64_C(1000000000000000) /* to have been sent since IDs began */

struct gen_options {
    struct common_options common;
    uint64_t count, seed;
    double rate_per_s;
    const char *guild, *dialect, *to;
    struct time_option start;
};

static const char *const dialects[] = {"rustic", "debug", "json", "text", NULL};
static const char *const outputs[] = {"json", "text", "raw", "wire", NULL};
static const struct option_spec options_table[] = {
    OPTION(gen, 'c', "count", NUMBER, "N", count,
           "stop after N messages (default 1000; with --rate: by a signal)"),
    OPTION(gen, 0, "rate", RATE, "N/s", rate_per_s, "so many a second, in real time"),
    OPTION(gen, 0, "seed", NUMBER, "N", seed, "the same N gives the same messages (default 1)"),
    OPTION(gen, 'g', "guild", STRING, "NAME", guild, "the guild's name (default research)"),
    OPTION_OF(gen, 0, "dialect", "DIALECT", dialect,
              "the wire form: rustic (the default), debug, json or text", dialects),
    OPTION(gen, 0, "start", TIME, "TIME", start,
           "when the first message is sent (default 2026-01-09T23:00:00Z; with --to: so that the "
           "last is sent now)"),
    OPTION(gen, 0, "to", STRING, "URL", to,
           "publish and store them in this Redis; standard output then needs --output"),
    {0},
};

struct generating {
    const struct gen_options *options;
    struct gd_slice name;
    uint64_t count;   /* 0: no limit */
    int64_t start_ms; /* simulated */
    int64_t begin_ms; /* monotonic, of the same moment */
    bool writes;      /* to standard output */
    struct gd_guild *guild;
    struct gd_decoder *decoder;
    struct gd_publisher *publisher; /* NULL without --to */
};

static int64_t spacing_ns(const struct gen_options *o) {
    double ns = 1e9 / (o->rate_per_s > 0 ? o->rate_per_s : RATE_PER_S);
    return ns < 1 ? 1 : ns < 1e15 ? (int64_t)ns : INT64_C(1000000000000000);
}

static int64_t start_ms(const struct generating *g) {
    const struct gen_options *o = g->options;
    if (o->start.given) {
        return o->start.ms;
    }
    if (!o->to) {
        return START_MS;
    }
    uint64_t spacings = (g->count < TOO_MANY ? g->count : TOO_MANY) + GD_GUILD_AHEAD;
    return gd_now_ms() - (o->rate_per_s > 0 ? 0 : (int64_t)spacings * 1000 / RATE_PER_S);
}

static bool is_interrupted(const struct context *ctx) {
    return ctx->error.failure == GD_FAIL_INTERRUPTED && signals_stop();
}

static int sleep_for(struct context *ctx, const struct generating *g, int64_t duration_ms) {
    struct pollfd wake = {.fd = signals_wake_fd(), .events = POLLIN};
    if (g->publisher) {
        return gd_publisher_pause(g->publisher, duration_ms, &ctx->error);
    }
    poll(&wake, 1, (int)duration_ms);
    return 0;
}

/* Sleeps until a message is due. Returns 0, 1 when somebody wants an end, or -1. */
static int wait_for(struct context *ctx, const struct generating *g, int64_t time_ms) {
    int64_t due_ms = g->begin_ms + (time_ms - g->start_ms), left_ms;
    while ((left_ms = due_ms - gd_monotonic_ms()) > 0) {
        if (signals_stop() || (g->writes && output_is_closed(&ctx->out))) {
            return 1;
        }
        if (output_flush(&ctx->out, &ctx->error) ||
            sleep_for(ctx, g, left_ms < LOOK_MS ? left_ms : LOOK_MS)) {
            return is_interrupted(ctx) ? 1 : -1;
        }
    }
    return 0;
}

static int publish(struct context *ctx, const struct generating *g,
                   const struct gd_guild_message *m) {
    GD_AUTO_BUF score = {0};
    gd_buf_add_i64(&score, m->time_ms);
    const struct gd_publication publication = {.key = m->key,
                                               .guild = g->name,
                                               .id = m->id,
                                               .score = gd_buf_slice(&score),
                                               .payload = m->payload,
                                               .ttl_s = TTL_S};
    return gd_publisher_add(g->publisher, &publication, &ctx->error);
}

static int write_out(struct context *ctx, const struct generating *g,
                     const struct gd_guild_message *made) {
    if (ctx->out.form == OUTPUT_WIRE) {
        gd_buf_add_slice(&ctx->out.buf, made->payload);
        gd_buf_add_char(&ctx->out.buf, '\n');
        return output_commit(&ctx->out, &ctx->error);
    }
    const struct gd_origin origin = {.via = "gen", .key = made->key};
    struct gd_message m;
    gd_decoder_payload(g->decoder, made->payload, &origin, &m);
    return write_message(ctx, &m);
}

/* Returns 0 at the end, or -1. */
static int generate(struct context *ctx, const struct generating *g) {
    struct gd_guild_message m;
    for (uint64_t n = 0; !signals_stop() && (g->count == 0 || n < g->count); n++) {
        if (gd_guild_next(g->guild, &m, &ctx->error)) {
            return -1;
        }
        int stop = g->options->rate_per_s > 0 ? wait_for(ctx, g, m.time_ms) : 0;
        if (stop) {
            return stop < 0 ? -1 : 0;
        }
        if (g->publisher && publish(ctx, g, &m)) {
            return is_interrupted(ctx) ? 0 : -1;
        }
        if (g->writes && write_out(ctx, g, &m)) {
            return -1;
        }
    }
    return 0;
}

static void report_refusal(void *state, const struct gd_refusal *refusal) {
    struct gd_error e;
    gd_error_set(&e, GD_FAIL_REDIS, "Redis refused %s of message %llu: %.*s", refusal->command,
                 (unsigned long long)refusal->number, GD_SLICE_FMT(refusal->text));
    report(state, &e);
}

/* Waits for what is still on its way, and says how much arrived. */
static int finish(struct context *ctx, const struct generating *g) {
    GD_AUTO_BUF name = {0};
    if (gd_publisher_finish(g->publisher, &ctx->error)) {
        return -1;
    }
    uint64_t refused = gd_publisher_refused(g->publisher);
    uint64_t written = gd_publisher_confirmed(g->publisher) - refused;
    unsigned topics = gd_guild_topics(g->guild);
    note(ctx, "wrote %llu message%s to %u topic%s of guild %s", (unsigned long long)written,
         written == 1 ? "" : "s", topics, topics == 1 ? "" : "s",
         gd_error_quote(&name, g->name, 80));
    return refused ? EXIT_LOSS : EXIT_DONE;
}

static int gen_run(struct context *ctx, const void *options, int argc, char **argv) {
    const struct gen_options *o = options;
    struct generating g = {.options = o,
                           .name = gd_slice_str(o->guild ? o->guild : "research"),
                           .count = o->count || o->rate_per_s > 0 ? o->count : COUNT,
                           .writes = !o->to || o->common.output || o->common.output_file};
    GD_AUTO(redis) redis = NULL;
    if (no_operands(ctx, argc, argv) || (o->to && connect_to(ctx, o->to, &redis))) {
        return -1;
    }
    g.start_ms = start_ms(&g);
    g.begin_ms = gd_monotonic_ms();
    const struct gd_guild_options guild_options = {
        .name = g.name,
        .dialect = gd_dialect_find(gd_slice_str(o->dialect ? o->dialect : "rustic")),
        .seed = o->seed ? o->seed : SEED,
        .start_ms = g.start_ms,
        .spacing_ns = spacing_ns(o)};
    GD_AUTO(guild) guild = gd_guild_new(&guild_options);
    GD_AUTO(decoder) decoder = gd_decoder_new();
    GD_AUTO(publisher) publisher = redis ? gd_publisher_new(redis, report_refusal, ctx) : NULL;
    g.guild = guild;
    g.decoder = decoder;
    g.publisher = publisher;
    int status = generate(ctx, &g);
    return status || !publisher ? status : finish(ctx, &g);
}

const struct command cmd_gen = {
    .name = "gen",
    .summary = "make up the messages of a simulated guild",
    .operands = "",
    .kind = COMMAND_SOURCE,
    .groups = OPTIONS_OUTPUT,
    .options = options_table,
    .options_size = sizeof(struct gen_options),
    .outputs = outputs,
    .run = gen_run,
};
