/* SPDX-License-Identifier: MIT */
#include "publisher.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "clock.h"

enum {
    WINDOW_BYTES = 1 << 20,
    WINDOW_MESSAGES = 4096,
    BATCH_BYTES = 64 << 10,
    ID_BYTES = 40,
    TIMEOUT_MS = 30000,
};

/* A message's commands, in the order in which they are sent and answered. */
enum { SET, ZADD, PUBLISH };
static const char *const command_name[] = {"SET", "ZADD", "PUBLISH"};

/* A message on its way. */
struct slot {
    size_t bytes; /* of all its commands */
    void *tag;
    unsigned unanswered; /* a bit for each command */
    bool refused, has_id;
    uint8_t id_bytes;
    char id[ID_BYTES];
};

struct gd_publisher {
    struct gd_redis *r;
    void (*on_refused)(void *state, const struct gd_refusal *refusal);
    void *state;
    int64_t timeout_ms;
    uint64_t added, confirmed, refused, received;
    size_t bytes; /* on the way */
    bool lost;
    struct gd_error error; /* the last one; when lost, for good */
    struct gd_buf msg_key, ttl;
    struct gd_reply reply;
    struct slot slot[WINDOW_MESSAGES]; /* of message n, from 0: slot[n % WINDOW_MESSAGES] */
};

struct gd_publisher *
gd_publisher_new(struct gd_redis *r, void (*refused)(void *state, const struct gd_refusal *refusal),
                 void *state) {
    struct gd_publisher *p = gd_calloc(1, sizeof *p);
    p->r = r;
    p->on_refused = refused;
    p->state = state;
    p->timeout_ms = TIMEOUT_MS;
    return p;
}

void gd_publisher_free(struct gd_publisher *p) {
    if (p) {
        gd_buf_free(&p->msg_key);
        gd_buf_free(&p->ttl);
        gd_reply_free(&p->reply);
        free(p);
    }
}

void gd_publisher_set_timeout(struct gd_publisher *p, int64_t timeout_ms) {
    p->timeout_ms = timeout_ms ? timeout_ms : TIMEOUT_MS;
}

uint64_t gd_publisher_confirmed(const struct gd_publisher *p) {
    return p->confirmed;
}

uint64_t gd_publisher_refused(const struct gd_publisher *p) {
    return p->refused;
}

uint64_t gd_publisher_received(const struct gd_publisher *p) {
    return p->received;
}

static void tell_refusal(struct gd_publisher *p, struct slot *s, int command) {
    const struct gd_refusal refusal = {
        .number = p->confirmed + 1,
        .command = command_name[command],
        .id = gd_slice_of(s->has_id ? s->id : NULL, s->id_bytes),
        .text = p->reply.item[0].text,
        .tag = s->tag,
    };
    s->refused = true;
    if (p->on_refused) {
        p->on_refused(p->state, &refusal);
    }
}

static int take_reply(struct gd_publisher *p) {
    const struct gd_reply_item *item = &p->reply.item[0];
    if (p->confirmed == p->added) {
        GD_AUTO_BUF words = {0};
        gd_error_quote(&words, item->text, 200);
        return gd_error_set(&p->error, GD_FAIL_REDIS, "%s sent what nobody asked for: %s",
                            gd_redis_name(p->r), words.p);
    }
    struct slot *s = &p->slot[p->confirmed % WINDOW_MESSAGES];
    int command = __builtin_ctz(s->unanswered);
    if (item->type == GD_REPLY_ERROR) {
        tell_refusal(p, s, command);
    } else if (command == PUBLISH && item->type == GD_REPLY_INTEGER) {
        p->received += (uint64_t)item->integer;
    }
    s->unanswered &= s->unanswered - 1;
    if (!s->unanswered) {
        p->bytes -= s->bytes;
        p->refused += s->refused;
        p->confirmed++;
    }
    return 0;
}

/* Takes in the replies that are there. */
static int take_replies(struct gd_publisher *p) {
    int got;
    while ((got = gd_redis_next(p->r, &p->reply, &p->error)) > 0) {
        if (take_reply(p)) {
            return -1;
        }
    }
    return got;
}

/* Sends what the socket takes. */
static int send_some(struct gd_publisher *p) {
    if (gd_redis_flush(p->r, &p->error)) {
        /* Replies sent before the connection broke still say what was confirmed. */
        return take_replies(p), -1;
    }
    return 0;
}

static int ready_or_late(struct gd_publisher *p, int ready) {
    if (ready == 0) {
        gd_error_set(&p->error, GD_FAIL_REDIS, "no answer from %s for %lld ms", gd_redis_name(p->r),
                     (long long)p->timeout_ms);
        return gd_error_hint(&p->error, "is the server too busy? --timeout waits longer");
    }
    return ready < 0 ? -1 : take_replies(p);
}

/* Waits until something moves, and takes in what came. */
static int await(struct gd_publisher *p) {
    return ready_or_late(p, gd_redis_wait(p->r, p->timeout_ms, &p->error));
}

/* The same without an ear for wake_fd. */
static int await_undisturbed(struct gd_publisher *p) {
    short events = gd_redis_pending_output(p->r) ? POLLIN | POLLOUT : POLLIN;
    struct pollfd fd = {.fd = gd_redis_fd(p->r), .events = events};
    int timeout_ms = p->timeout_ms > INT_MAX ? INT_MAX : (int)p->timeout_ms, ready;
    do {
        ready = poll(&fd, 1, timeout_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready < 0) {
        return gd_error_set(&p->error, GD_FAIL_REDIS, "cannot wait for %s: %s", gd_redis_name(p->r),
                            strerror(errno));
    }
    if (ready > 0 && send_some(p)) {
        return -1;
    }
    return ready_or_late(p, ready);
}

/* What a call returns. A lost connection is told with what is known of the messages. */
static int conclude(struct gd_publisher *p, int status, struct gd_error *e) {
    if (status && !p->lost && p->error.failure == GD_FAIL_REDIS) {
        p->lost = true;
        gd_error_prefix(&p->error, "after %llu of %llu messages were confirmed",
                        (unsigned long long)p->confirmed, (unsigned long long)p->added);
    }
    if (status && e) {
        *e = p->error;
    }
    return status;
}

static void append_set(struct gd_publisher *p, const struct gd_publication *m) {
    gd_buf_clear(&p->msg_key);
    gd_buf_add_lit(&p->msg_key, "msg:");
    gd_buf_add_slice(&p->msg_key, m->guild);
    gd_buf_add_char(&p->msg_key, ':');
    gd_buf_add_slice(&p->msg_key, m->id);
    gd_buf_clear(&p->ttl);
    gd_buf_add_u64(&p->ttl, m->ttl_s);
    const struct gd_slice set[] = {GD_SLICE("SET"), gd_buf_slice(&p->msg_key), m->payload,
                                   GD_SLICE("EX"), gd_buf_slice(&p->ttl)};
    gd_redis_append(p->r, m->ttl_s ? 5 : 3, set);
}

/* Queues the commands; returns them as bits. */
static unsigned append_commands(struct gd_publisher *p, const struct gd_publication *m) {
    unsigned commands = 1u << PUBLISH;
    if (m->id.p && m->guild.p) {
        append_set(p, m);
        commands |= 1u << SET;
    }
    if (m->score.p) {
        const struct gd_slice zadd[] = {GD_SLICE("ZADD"), m->key, m->score, m->payload};
        gd_redis_append(p->r, 4, zadd);
        commands |= 1u << ZADD;
    }
    const struct gd_slice publish[] = {GD_SLICE("PUBLISH"), m->key, m->payload};
    gd_redis_append(p->r, 3, publish);
    return commands;
}

static void queue(struct gd_publisher *p, const struct gd_publication *m) {
    struct slot *s = &p->slot[p->added % WINDOW_MESSAGES];
    size_t before = gd_redis_pending_output(p->r);
    s->unanswered = append_commands(p, m);
    s->bytes = gd_redis_pending_output(p->r) - before;
    s->tag = m->tag;
    s->refused = false;
    s->has_id = m->id.p != NULL;
    s->id_bytes = (uint8_t)(m->id.n < ID_BYTES ? m->id.n : ID_BYTES);
    if (s->has_id) {
        memcpy(s->id, m->id.p, s->id_bytes);
    }
    p->bytes += s->bytes;
    p->added++;
}

static bool is_full(const struct gd_publisher *p) {
    return p->bytes > WINDOW_BYTES || p->added - p->confirmed == WINDOW_MESSAGES;
}

static int make_room(struct gd_publisher *p) {
    while (is_full(p)) {
        if (await(p)) {
            return -1;
        }
    }
    return 0;
}

static int send_batch(struct gd_publisher *p) {
    if (gd_redis_pending_output(p->r) < BATCH_BYTES) {
        return 0;
    }
    return send_some(p) ? -1 : take_replies(p);
}

int gd_publisher_add(struct gd_publisher *p, const struct gd_publication *m, struct gd_error *e) {
    if (p->lost || make_room(p)) {
        return conclude(p, -1, e);
    }
    queue(p, m);
    return conclude(p, send_batch(p), e);
}

static int send_all(struct gd_publisher *p) {
    if (send_some(p) || take_replies(p)) {
        return -1;
    }
    while (gd_redis_pending_output(p->r)) {
        if (await(p)) {
            return -1;
        }
    }
    return 0;
}

int gd_publisher_flush(struct gd_publisher *p, struct gd_error *e) {
    return conclude(p, p->lost ? -1 : send_all(p), e);
}

static int pass_time(struct gd_publisher *p, int64_t duration_ms) {
    int64_t deadline_ms = gd_monotonic_ms() + duration_ms, left_ms;
    if (send_all(p)) {
        return -1;
    }
    while ((left_ms = deadline_ms - gd_monotonic_ms()) > 0) {
        int ready = gd_redis_wait(p->r, left_ms, &p->error);
        if (ready < 0 || (ready > 0 && take_replies(p))) {
            return -1;
        }
    }
    return 0;
}

int gd_publisher_pause(struct gd_publisher *p, int64_t duration_ms, struct gd_error *e) {
    return conclude(p, p->lost ? -1 : pass_time(p, duration_ms), e);
}

static int settle_all(struct gd_publisher *p) {
    if (send_some(p) || take_replies(p)) {
        return -1;
    }
    while (p->confirmed < p->added) {
        if (await_undisturbed(p)) {
            return -1;
        }
    }
    return 0;
}

int gd_publisher_finish(struct gd_publisher *p, struct gd_error *e) {
    return conclude(p, p->lost ? -1 : settle_all(p), e);
}
