/* SPDX-License-Identifier: MIT */
/* Stored messages, then published ones. */
#include "stored.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOPICS = 3, COUNT = 2000, ROUNDS = 40 };

/* A source with both of its connections. */
struct seam {
    struct gd_redis *channels, *store;
    struct gd_source *source;
};

static void free_seam(struct seam *s) {
    gd_source_free(s->source);
    gd_redis_free(s->store);
    gd_redis_free(s->channels);
}
#define AUTO_SEAM __attribute__((cleanup(free_seam))) struct seam

static void open_seam(struct seam *s, const char *url, struct gd_seam_options options) {
    struct gd_error e = {0};
    s->channels = open_at(url);
    s->store = open_at(url);
    if (gd_seam_open(&s->source, s->channels, s->store, &options, &e)) {
        fail_msg("%s", e.message);
    }
}

static const char *now_score(char (*text)[24], int64_t age_ms) {
    snprintf(*text, sizeof *text, "%lld", (long long)(gd_now_ms() - age_ms));
    return *text;
}

static void zadd_now(struct gd_redis *r, const char *key, const char *member) {
    char score[24];
    zadd(r, key, now_score(&score, 0), member);
}

static void assert_idle(struct gd_source *source) {
    struct gd_message m;
    struct gd_error e = {0};
    enum gd_next next = gd_source_next(source, &m, &e);
    if (next == GD_NEXT_MESSAGE) {
        fail_msg("%.*s came", GD_SLICE_FMT(m.payload));
    }
    assert_int_equal(next, GD_NEXT_IDLE);
}

/* A writer process: stores and publishes as agents do, at full speed. */

struct writer {
    const char *url;
    int number;
    int window;  /* messages that are stored before the first of them is published */
    int gate[2]; /* a pipe: once its other end is closed, it may say that it is done */
};

static void append_message(struct gd_redis *r, const struct writer *w, int i, bool published) {
    char key[16], score[24], text[160], by_id[32];
    int pad = i % 61;
    snprintf(key, sizeof key, "g:%d", i % TOPICS);
    snprintf(by_id, sizeof by_id, "msg:g:%d-%05d", w->number, i);
    snprintf(text, sizeof text, "{\"n\":\"%05d\",\"by\":%d,\"pad\":\"%*s\"}", i, w->number, pad,
             "");
    struct gd_slice k = gd_slice_str(key), m = gd_slice_str(text);
    if (published) {
        gd_redis_append(r, 3, (struct gd_slice[]){GD_SLICE("PUBLISH"), k, m});
        return;
    }
    struct gd_slice now = gd_slice_str(now_score(&score, 0)), id = gd_slice_str(by_id);
    gd_redis_append(r, 3, (struct gd_slice[]){GD_SLICE("SET"), id, m});
    gd_redis_append(r, 4, (struct gd_slice[]){GD_SLICE("ZADD"), k, now, m});
}

/* Failures end the process, since cmocka's belong to the other one. */
static int take_replies(struct gd_redis *r, int count) {
    GD_AUTO_REPLY reply = {0};
    struct gd_error e = {0};
    for (int got; count > 0; count -= got) {
        got = gd_redis_next(r, &reply, &e);
        if (got < 0 || (got == 0 && gd_redis_wait(r, 20000, &e) <= 0)) {
            return -1;
        }
    }
    return 0;
}

static int write_window(struct gd_redis *r, const struct writer *w, int from) {
    int to = from + w->window < COUNT ? from + w->window : COUNT;
    for (int i = from; i < to; i++) {
        append_message(r, w, i, false);
    }
    if (take_replies(r, 2 * (to - from))) {
        return -1;
    }
    for (int i = from; i < to; i++) {
        append_message(r, w, i, true);
    }
    return take_replies(r, to - from);
}

static int write_messages(const struct writer *w) {
    AUTO_URL url = {0};
    GD_AUTO(redis) r = NULL;
    struct gd_error e = {0};
    struct gd_redis_options options = {.wake_fd = -1};
    char byte;
    close(w->gate[1]);
    if (gd_url_parse(&url, w->url, &e) || gd_redis_open(&r, &url, &options, &e)) {
        return -1;
    }
    for (int from = 0; from < COUNT; from += w->window) {
        if (write_window(r, w, from)) {
            return -1;
        }
    }
    gd_redis_append(r, ARGS("PUBLISH", "g:end", "end"));
    return read(w->gate[0], &byte, 1) ? -1 : take_replies(r, 1);
}

static pid_t start_writer(struct writer w) {
    pid_t pid = fork();
    if (pid == 0) {
        _exit(write_messages(&w) ? 1 : 0);
    }
    assert_true(pid > 0);
    return pid;
}

static void assert_done(pid_t pid) {
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* What was read of one writer. */
struct tally {
    unsigned char seen[COUNT];
    int last[TOPICS];
};

static void count(struct tally *tally, struct gd_slice payload, bool ordered) {
    int i = 0, by = 0;
    assert_int_equal(sscanf(payload.p, "{\"n\":\"%d\",\"by\":%d", &i, &by), 2);
    tally += by;
    if (tally->seen[i]++) {
        fail_msg("message %d of writer %d came twice", i, by);
    }
    if (ordered && i < tally->last[i % TOPICS]) {
        fail_msg("message %d came after %d", i, tally->last[i % TOPICS]);
    }
    tally->last[i % TOPICS] = i;
}

/* Reads until each writer has said that it is done. */
static void read_all(struct gd_source *source, int writers, bool ordered) {
    struct tally tally[2] = {0};
    struct gd_message m;
    struct gd_error e = {0};
    for (int ended = 0; ended < writers;) {
        enum gd_next next = await_next(source, &m, &e);
        if (next != GD_NEXT_MESSAGE) {
            fail_msg("%d: %s", (int)next, e.message);
        }
        if (gd_slice_equal(m.payload, GD_SLICE("end"))) {
            ended++;
        } else {
            count(tally, m.payload, ordered);
        }
    }
    for (int i = 0; i < writers * COUNT; i++) {
        if (!tally[i / COUNT].seen[i % COUNT]) {
            fail_msg("message %d of writer %d is missing", i % COUNT, i / COUNT);
        }
    }
}

/* Lets the writers begin, comes in when they have stored a part of all, and reads everything. */
static void come_in_while_writing(const char *url, int round, int writers, int window) {
    GD_AUTO(redis) r = open_at(url);
    GD_AUTO_REPLY reply = {0};
    struct writer w = {.url = url, .window = window};
    pid_t pid[2];
    tell(r, ARGS("FLUSHALL"));
    assert_int_equal(pipe(w.gate), 0);
    for (w.number = 0; w.number < writers; w.number++) {
        pid[w.number] = start_writer(w);
    }
    do {
        call(r, &reply, ARGS("DBSIZE"));
    } while (reply.item[0].integer < (long long)writers * COUNT * round / ROUNDS);
    AUTO_SEAM s = {0};
    open_seam(&s, url, (struct gd_seam_options){.selection = select_names("g", NULL)});
    close(w.gate[0]);
    close(w.gate[1]);
    read_all(s.source, writers, writers == 1);
    for (int i = 0; i < writers; i++) {
        assert_done(pid[i]);
    }
}

static void gives_each_message_once_and_in_order_whenever_it_begins(void **state) {
    for (int round = 0; round < ROUNDS; round++) {
        come_in_while_writing(shared_url(state), round, 1, 1 + round % 7);
    }
}

static void gives_each_message_once_with_several_writers(void **state) {
    for (int round = 0; round < ROUNDS; round += 2) {
        come_in_while_writing(shared_url(state), round, 2, 1 + round % 7);
    }
}

static void gives_each_message_once_when_it_is_published_late(void **state) {
    for (int round = 0; round < ROUNDS; round += 2) {
        come_in_while_writing(shared_url(state), round, 1, 500);
    }
}

static void drops_what_is_published_after_the_history_gave_it(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    char score[24];
    zadd(r, "g:t", now_score(&score, 50000), "{\"n\":1}");
    zadd_now(r, "g:t", "{\"n\":2}");
    AUTO_SEAM s = {0};
    open_seam(&s, shared_url(state), (struct gd_seam_options){0});
    assert_next(s.source, "{\"n\":1}");
    assert_next(s.source, "{\"n\":2}");
    assert_idle(s.source);
    publish(r, "g:t", "{\"n\":1}");
    publish(r, "g:t", "{\"n\":2}");
    publish(r, "g:t", "{\"n\":2}");
    publish(r, "g:u", "{\"n\":2}");
    assert_next(s.source, "{\"n\":2}");
    assert_idle(s.source);
    assert_int_equal(gd_seam_dropped(s.source), 3);
}

static void drops_what_was_published_while_the_history_was_read(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd_now(r, "g:t", "{\"n\":1}");
    AUTO_SEAM s = {0};
    open_seam(&s, shared_url(state), (struct gd_seam_options){0});
    publish(r, "g:t", "{\"n\":1}");
    zadd_now(r, "g:t", "{\"n\":2}");
    publish(r, "g:t", "{\"n\":2}");
    assert_next(s.source, "{\"n\":1}");
    assert_next(s.source, "{\"n\":2}");
    assert_idle(s.source);
    assert_int_equal(gd_seam_dropped(s.source), 1);
}

static void keeps_live_messages_that_are_equal(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    AUTO_SEAM s = {0};
    open_seam(&s, shared_url(state), (struct gd_seam_options){0});
    publish(r, "g:t", "same");
    publish(r, "g:t", "same");
    assert_next(s.source, "same");
    assert_next(s.source, "same");
    assert_idle(s.source);
    publish(r, "g:t", "same");
    assert_next(s.source, "same");
    assert_int_equal(gd_seam_dropped(s.source), 0);
}

static void forgets_when_the_overlap_is_over(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    char score[24];
    zadd(r, "g:t", now_score(&score, -1000), "{\"n\":1}");
    AUTO_SEAM s = {0};
    open_seam(&s, shared_url(state), (struct gd_seam_options){.overlap_ms = 20});
    assert_next(s.source, "{\"n\":1}");
    assert_idle(s.source);
    for (int64_t end_ms = gd_now_ms(); gd_now_ms() <= end_ms + 21;) {
        assert_int_equal(gd_source_wait(s.source, 1, NULL), 0);
    }
    publish(r, "g:t", "{\"n\":1}");
    assert_next(s.source, "{\"n\":1}");
    assert_int_equal(gd_seam_dropped(s.source), 0);
}

static void remembers_nothing_older_than_the_overlap(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    char score[24];
    zadd(r, "g:t", now_score(&score, 61000), "{\"n\":1}");
    AUTO_SEAM s = {0};
    open_seam(&s, shared_url(state), (struct gd_seam_options){0});
    assert_next(s.source, "{\"n\":1}");
    publish(r, "g:t", "{\"n\":1}");
    assert_next(s.source, "{\"n\":1}");
}

static void begins_at_since(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "g:t", "1", "{\"n\":1}");
    zadd(r, "g:t", "2", "{\"n\":2}");
    AUTO_SEAM s = {0};
    open_seam(&s, shared_url(state), (struct gd_seam_options){.since_ms = 2});
    assert_next(s.source, "{\"n\":2}");
    assert_idle(s.source);
}

static void says_of_each_message_where_it_came_from(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    struct gd_message m;
    zadd(r, "g:t", "5", "{}");
    AUTO_SEAM s = {0};
    open_seam(&s, shared_url(state),
              (struct gd_seam_options){.selection = select_names("g", NULL)});
    int64_t before_ms = gd_now_ms();
    publish(r, "g:u", "aside");
    assert_int_equal(gd_source_next(s.source, &m, NULL), GD_NEXT_MESSAGE);
    assert_string_equal(m.origin.via, "zset");
    assert_slice(m.origin.score, "5");
    assert_int_equal(gd_source_wait(s.source, -1, NULL), 0);
    assert_int_equal(await_next(s.source, &m, NULL), GD_NEXT_MESSAGE);
    assert_string_equal(m.origin.via, "pubsub");
    assert_slice(m.origin.key, "g:u");
    assert_slice(m.origin.pattern, "g:*");
    assert_in_range(m.origin.received_at_ms, before_ms, gd_now_ms());
    assert_idle(s.source);
    publish(r, "g:v", "live");
    assert_int_equal(await_next(s.source, &m, NULL), GD_NEXT_MESSAGE);
    assert_slice(m.origin.key, "g:v");
}

static void selects_by_what_each_message_says(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "a:b:c", "1", JSON("b:c", "1"));
    AUTO_SEAM s = {0};
    open_seam(&s, shared_url(state),
              (struct gd_seam_options){.selection = select_names("a", NULL)});
    publish(r, "a:b:c", JSON("c", "2"));
    publish(r, "a:b:c", JSON("b:c", "3"));
    assert_next(s.source, JSON("b:c", "1"));
    assert_next(s.source, JSON("b:c", "3"));
    assert_idle(s.source);
}

static void store_numbers(struct gd_redis *r, const char *count) {
    tell(r, ARGS("EVAL",
                 "for i = 1, ARGV[1] do redis.call('ZADD', 'g:t', i, '{\"n\":' .. i .. '}') end",
                 "0", count));
}

static void fill(struct gd_buf *payload, size_t bytes) {
    memset(gd_buf_reserve(payload, bytes), 'x', bytes);
    payload->n = bytes;
}

/* The server drops a subscriber for which it has to hold more than 512 KiB; a unix socket, unlike
 * one of TCP, holds little itself. */
static void is_not_too_slow_for_the_server_while_it_reads(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO_BUF payload = {0};
    enum { STORED = 3000 };
    char url[120];
    snprintf(url, sizeof url, "unix://%s", ((struct server *)*state)->socket);
    tell(r, ARGS("CONFIG", "SET", "client-output-buffer-limit", "pubsub 512kb 0 0"));
    store_numbers(r, "3000");
    fill(&payload, 4096);
    AUTO_SEAM s = {0};
    open_seam(&s, url, (struct gd_seam_options){0});
    struct gd_message m;
    for (int i = 0; i < STORED; i++) {
        assert_int_equal(gd_source_next(s.source, &m, NULL), GD_NEXT_MESSAGE);
        assert_string_equal(m.origin.via, "zset");
        assert_int_equal(publish_bytes(r, GD_SLICE("g:live"), gd_buf_slice(&payload)), 1);
    }
    for (int i = 0; i < STORED; i++) {
        assert_int_equal(await_next(s.source, &m, NULL), GD_NEXT_MESSAGE);
        assert_true(gd_slice_equal(m.payload, gd_buf_slice(&payload)));
    }
    assert_idle(s.source);
    tell(r, ARGS("CONFIG", "SET", "client-output-buffer-limit", "pubsub 32mb 8mb 60"));
}

static void gives_what_it_has_before_it_says_that_it_can_put_no_more_aside(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    GD_AUTO_STR dir = gd_strdup(getenv("TMPDIR"));
    GD_AUTO_BUF payload = {0};
    struct gd_message m;
    struct gd_error e = {0};
    enum gd_next next;
    int given = 0;
    store_numbers(r, "400");
    fill(&payload, 20000);
    setenv("TMPDIR", "/no/such/directory", 1);
    AUTO_SEAM s = {0};
    open_seam(&s, shared_url(state), (struct gd_seam_options){0});
    while ((next = await_next(s.source, &m, &e)) == GD_NEXT_MESSAGE) {
        if (given++ < 400) {
            assert_string_equal(m.origin.via, "zset");
            publish_bytes(r, GD_SLICE("g:t"), gd_buf_slice(&payload));
        }
    }
    assert_int_equal(next, GD_NEXT_FAILED);
    assert_int_equal(e.failure, GD_FAIL_OUTPUT);
    assert_in_range(given, 400 + 50, 400 + 399);
    if (dir) {
        setenv("TMPDIR", dir, 1);
    } else {
        unsetenv("TMPDIR");
    }
}

static void gives_what_it_has_before_it_says_that_the_channel_was_closed(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    zadd(r, "g:t", "1", "{\"n\":1}");
    zadd(r, "g:t", "2", "{\"n\":2}");
    AUTO_SEAM s = {0};
    open_seam(&s, shared_url(state), (struct gd_seam_options){0});
    publish(r, "g:t", "aside");
    tell(r, ARGS("CLIENT", "KILL", "TYPE", "pubsub"));
    assert_next(s.source, "{\"n\":1}");
    assert_next(s.source, "{\"n\":2}");
    assert_next(s.source, "aside");
    assert_closed(s.source);
    assert_closed(s.source);
}

static void says_that_a_connection_was_closed(void **state) {
    GD_AUTO(redis) r = open_at(shared_url(state));
    store_numbers(r, "9");
    AUTO_SEAM s = {0};
    open_seam(&s, shared_url(state), (struct gd_seam_options){0});
    tell(r, ARGS("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"));
    for (int i = 1; i < 5; i++) {
        char text[24];
        snprintf(text, sizeof text, "{\"n\":%d}", i);
        assert_next(s.source, text);
    }
    assert_closed(s.source);
    AUTO_SEAM live = {0};
    open_seam(&live, shared_url(state), (struct gd_seam_options){.since_ms = 10});
    assert_idle(live.source);
    tell(r, ARGS("CLIENT", "KILL", "TYPE", "pubsub"));
    assert_closed(live.source);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(gives_each_message_once_and_in_order_whenever_it_begins),
        TEST(gives_each_message_once_with_several_writers),
        TEST(gives_each_message_once_when_it_is_published_late),
        TEST(drops_what_is_published_after_the_history_gave_it),
        TEST(drops_what_was_published_while_the_history_was_read),
        TEST(keeps_live_messages_that_are_equal),
        TEST(forgets_when_the_overlap_is_over),
        TEST(remembers_nothing_older_than_the_overlap),
        TEST(begins_at_since),
        TEST(says_of_each_message_where_it_came_from),
        TEST(selects_by_what_each_message_says),
        TEST(is_not_too_slow_for_the_server_while_it_reads),
        TEST(gives_what_it_has_before_it_says_that_it_can_put_no_more_aside),
        TEST(gives_what_it_has_before_it_says_that_the_channel_was_closed),
        TEST(says_that_a_connection_was_closed),
    };
    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
