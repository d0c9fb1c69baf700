/* SPDX-License-Identifier: MIT */
/* ls - reads which guilds or topics are stored; writes one line each, with their message counts.
 * Exit codes: 0, also when there is nothing; 3 Redis cannot be reached. */
#include "command.h"
#include "json_write.h"
#include "text.h"

struct ls_options {
    struct common_options common;
};

static const char *const outputs[] = {"json", "text", NULL};

/* One line: a topic, or a guild with all of its topics. */
struct line {
    struct gd_slice guild, topic, key;
    uint64_t topics, messages;
};

static void write_json(struct context *ctx, const struct line *l) {
    struct gd_buf *out = &ctx->out.buf;
    struct gd_json_object o = gd_json_object_open(out);
    if (l->guild.p) {
        gd_json_object_bytes(&o, "guild", l->guild);
    }
    if (l->key.p) {
        gd_json_object_bytes(&o, "topic", l->topic);
    } else {
        gd_json_object_u64(&o, "topics", l->topics);
    }
    gd_json_object_u64(&o, "messages", l->messages);
    gd_json_object_close(&o);
    gd_buf_add_char(out, '\n');
}

static void add_count(struct text_table *t, uint64_t n) {
    GD_AUTO_BUF cell = {0};
    gd_buf_add_u64(&cell, n);
    text_table_add(t, gd_buf_slice(&cell), true);
}

static void add_row(struct text_table *t, const struct line *l) {
    text_table_add(t, l->guild.p ? l->guild : GD_SLICE("-"), false);
    if (l->key.p) {
        text_table_add(t, l->topic, false);
    } else {
        add_count(t, l->topics);
    }
    add_count(t, l->messages);
}

static int write_line(struct context *ctx, struct text_table *t, const struct line *l) {
    if (ctx->out.form == OUTPUT_TEXT) {
        add_row(t, l);
        return 0;
    }
    write_json(ctx, l);
    return output_commit(&ctx->out, &ctx->error);
}

static int list_topics(struct context *ctx, struct text_table *t, const struct gd_topics *topics) {
    for (size_t i = 0; i < gd_topics_count(topics); i++) {
        const struct gd_topic *topic = gd_topics_at(topics, i);
        const struct line line = {topic->guild, topic->topic, topic->key, 0, topic->messages};
        if (write_line(ctx, t, &line)) {
            return -1;
        }
    }
    return 0;
}

/* The topics of a guild stand together. */
static int list_guilds(struct context *ctx, struct text_table *t, const struct gd_topics *topics) {
    struct line line = {0};
    for (size_t i = 0; i < gd_topics_count(topics); i++) {
        const struct gd_topic *topic = gd_topics_at(topics, i);
        if (line.topics && !gd_slice_equal(line.guild, topic->guild)) {
            if (write_line(ctx, t, &line)) {
                return -1;
            }
            line = (struct line){0};
        }
        line.guild = topic->guild;
        line.topics++;
        line.messages += topic->messages;
    }
    return line.topics ? write_line(ctx, t, &line) : 0;
}

static int ls_run(struct context *ctx, const void *options, int argc, char **argv) {
    const struct ls_options *o = options;
    const char *what = argc ? argv[0] : "guilds";
    bool topics_wanted = strcmp(what, "topics") == 0;
    GD_AUTO(redis) redis = NULL;
    GD_AUTO(topics) topics = NULL;
    const struct gd_selection selection = selection_of(&o->common);
    if (argc > 1 || !(topics_wanted || strcmp(what, "guilds") == 0)) {
        gd_error_set(&ctx->error, GD_FAIL_USAGE, "cannot list '%s'", argv[argc - 1]);
        return gd_error_hint(&ctx->error, "gdbg ls guilds, or gdbg ls topics");
    }
    if (connect_redis(ctx, &redis) || gd_topics_find(&topics, redis, &selection, &ctx->error)) {
        return -1;
    }
    TEXT_AUTO_TABLE t = text_table_new(3);
    text_table_add(t, GD_SLICE("GUILD"), false);
    text_table_add(t, topics_wanted ? GD_SLICE("TOPIC") : GD_SLICE("TOPICS"), !topics_wanted);
    text_table_add(t, GD_SLICE("MESSAGES"), true);
    if (topics_wanted ? list_topics(ctx, t, topics) : list_guilds(ctx, t, topics)) {
        return -1;
    }
    if (ctx->out.form == OUTPUT_TEXT) {
        text_table_write(t, &ctx->out.buf, ctx->out.color);
    }
    return EXIT_DONE;
}

const struct command cmd_ls = {
    .name = "ls",
    .summary = "list the stored guilds or topics, with their message counts",
    .operands = "[guilds|topics]",
    .kind = COMMAND_SOURCE,
    .groups = OPTIONS_SELECT | OPTIONS_REDIS | OPTIONS_OUTPUT,
    .options_size = sizeof(struct ls_options),
    .outputs = outputs,
    .run = ls_run,
};
