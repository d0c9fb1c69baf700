/* SPDX-License-Identifier: MIT */
#include "redis_reply.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

/* What a buffer may keep for good; above it, memory that a reply does not need is given back. */
#define KEEP_BYTES ((size_t)1 << 20)
#define SHORT_BYTES 64
#define KEEP_ITEMS (KEEP_BYTES / sizeof(struct gd_reply_item))

struct gd_reply_parser {
    redisReplyObjectFunctions functions; /* outlives the reader, which points to it */
    redisReader *reader;
    struct gd_reply *reply; /* the one being filled */
    bool partial;           /* it has items already, and more are to come */
};

void gd_reply_free(struct gd_reply *r) {
    free(r->item);
    gd_buf_free(&r->bytes);
    *r = (struct gd_reply){0};
}

/* Makes the reply empty. Only what was used to less than a quarter is given back, so that a run of
 * large replies does not allocate for each. */
static void reset(struct gd_reply *r) {
    if (r->bytes.cap > KEEP_BYTES && r->bytes.n < r->bytes.cap / 4) {
        gd_buf_free(&r->bytes);
    }
    if (r->item_cap > KEEP_ITEMS && r->count < r->item_cap / 4) {
        free(r->item);
        r->item = NULL;
        r->item_cap = 0;
    }
    r->count = 0;
    r->cut = false;
    gd_buf_clear(&r->bytes);
}

static struct gd_reply_item *add_item(struct gd_reply_parser *p, enum gd_reply_type type) {
    struct gd_reply *r = p->reply;
    if (r->count == r->item_cap) {
        r->item_cap += r->item_cap < KEEP_ITEMS ? r->item_cap + 16 : r->item_cap / 8;
        r->item = gd_realloc(r->item, r->item_cap * sizeof *r->item);
    }
    p->partial = true;
    struct gd_reply_item *item = &r->item[r->count++];
    *item = (struct gd_reply_item){.type = type};
    return item;
}

/* The bytes may still move: until the reply is complete, `integer` holds the offset of the text. */
static void add_text(struct gd_reply_parser *p, enum gd_reply_type type, struct gd_slice text) {
    struct gd_reply_item *item = add_item(p, type);
    struct gd_buf *bytes = &p->reply->bytes;
    item->integer = (long long)bytes->n;
    item->text.n = text.n;
    if (text.n > SHORT_BYTES && p->reply->limit_bytes && bytes->n >= p->reply->limit_bytes) {
        item->integer = -1;
        p->reply->cut = true;
        return;
    }
    char *to = gd_buf_reserve(bytes, text.n + 1);
    memcpy(to, text.p, text.n);
    to[text.n] = '\0';
    bytes->n += text.n + 1;
}

static bool has_text(const struct gd_reply_item *item) {
    return item->type == GD_REPLY_STRING || item->type == GD_REPLY_STATUS ||
           item->type == GD_REPLY_ERROR;
}

static void point_texts(struct gd_reply *r) {
    for (struct gd_reply_item *item = r->item; item < r->item + r->count; item++) {
        if (has_text(item)) {
            item->text.p = item->integer < 0 ? NULL : r->bytes.p + item->integer;
            item->integer = 0;
        }
    }
}

/* The callbacks return any object that is not NULL, which would mean out of memory. */

static void *on_string(const redisReadTask *task, char *s, size_t n) {
    enum gd_reply_type type = task->type == REDIS_REPLY_STATUS  ? GD_REPLY_STATUS
                              : task->type == REDIS_REPLY_ERROR ? GD_REPLY_ERROR
                                                                : GD_REPLY_STRING;
    add_text(task->privdata, type, gd_slice_of(s, n));
    return task->privdata;
}

static void *on_integer(const redisReadTask *task, long long value) {
    add_item(task->privdata, GD_REPLY_INTEGER)->integer = value;
    return task->privdata;
}

static void *on_nil(const redisReadTask *task) {
    add_item(task->privdata, GD_REPLY_NIL);
    return task->privdata;
}

#if HIREDIS_MAJOR >= 1
static void *on_array(const redisReadTask *task, size_t elements) {
#else
static void *on_array(const redisReadTask *task, int elements) {
#endif
    add_item(task->privdata, GD_REPLY_ARRAY)->integer = (long long)elements;
    return task->privdata;
}

/* RESP3 is never asked for, but what sends it all the same must not leave an item out. */
#if HIREDIS_MAJOR >= 1
static void *on_double(const redisReadTask *task, double value, char *s, size_t n) {
    (void)value;
    return on_string(task, s, n);
}

static void *on_bool(const redisReadTask *task, int value) {
    return on_integer(task, value);
}
#endif

struct gd_reply_parser *gd_reply_parser_new(void) {
    struct gd_reply_parser *p = gd_calloc(1, sizeof *p);
    p->functions = (redisReplyObjectFunctions) {
        .createString = on_string, .createArray = on_array, .createInteger = on_integer,
        .createNil = on_nil,
#if HIREDIS_MAJOR >= 1
        .createDouble = on_double, .createBool = on_bool,
#endif
    };
    p->reader = redisReaderCreateWithFunctions(&p->functions);
    if (!p->reader) {
        abort();
    }
    p->reader->privdata = p;
    /* The default is what one read brings: its buffer would be allocated anew for each. */
    p->reader->maxbuf = KEEP_BYTES;
    return p;
}

void gd_reply_parser_free(struct gd_reply_parser *p) {
    if (p) {
        redisReaderFree(p->reader);
        free(p);
    }
}

void gd_reply_parser_feed(struct gd_reply_parser *p, const char *bytes, size_t n) {
    /* A failure is kept by the reader, and gd_reply_parser_next() tells. */
    (void)redisReaderFeed(p->reader, bytes, n);
}

int gd_reply_parser_next(struct gd_reply_parser *p, struct gd_reply *reply) {
    if (!p->partial) {
        reset(reply);
        p->reply = reply;
    } else if (p->reply != reply) {
        return -1;
    }
    void *complete = NULL;
    if (redisReaderGetReply(p->reader, &complete) != REDIS_OK) {
        return -1;
    }
    if (!complete) {
        return 0;
    }
    p->partial = false;
    point_texts(reply);
    return 1;
}

const char *gd_reply_parser_error(const struct gd_reply_parser *p) {
    return p->reader->err ? p->reader->errstr : "a reply was left before its end";
}

/* Error replies for people. */

static const char *hint_for(struct gd_slice text) {
    static const struct {
        const char *start, *hint;
    } hints[] = {
        {"NOAUTH", "the server wants a password: give user and password in --url"},
        {"WRONGPASS", "check user and password in --url"},
        {"ERR invalid password", "check the password in --url"},
        {"ERR Client sent AUTH", "the server has no password: leave it out of --url"},
        {"ERR AUTH", "the server has no password: leave it out of --url"},
        {"ERR wrong number of arguments for 'auth'",
         "the server knows no users: leave the user out"},
        {"ERR DB index is out of range", "servers have databases 0 to 15 unless set up otherwise"},
        {"ERR invalid DB index", "servers have databases 0 to 15 unless set up otherwise"},
        {"ERR max number of clients", "try again later, or raise maxclients"},
        {"NOPERM",
         "this user lacks the permission: see ACL GETUSER, or give another user in --url"},
        {"WRONGTYPE", "is it the right key? redis-cli TYPE shows what it holds"},
        {"LOADING", "the server is still loading its data set: try again later"},
        {"OOM", "the server is at its maxmemory: make room, or raise it"},
        {"READONLY", "this is a replica: give its master in --url"},
        {"MASTERDOWN", "this replica has lost its master: give another server in --url"},
        {"MISCONF", "the server cannot save its data to disk: see its log"},
        {"BUSY ", "a script is running on the server: try again later"},
        {"DENIED", "connect from the server's own host, or give the server a password"},
        {"MOVED", "this is a Redis Cluster, which is not supported yet"},
        {"CROSSSLOT", "this is a Redis Cluster, which is not supported yet"},
    };
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        if (gd_slice_starts(text, gd_slice_str(hints[i].start))) {
            return hints[i].hint;
        }
    }
    return "";
}

static struct gd_slice trim_end(struct gd_slice s) {
    while (s.n && strchr(". \r\n", s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

int gd_redis_reply_error(struct gd_error *e, struct gd_slice text, struct gd_slice command,
                         struct gd_slice key) {
    GD_AUTO_BUF message = {0};
    gd_error_quote(&message, command, 60);
    if (key.n) {
        gd_buf_add_char(&message, ' ');
        gd_error_quote(&message, key, 120);
    }
    if (message.n) {
        gd_buf_add_lit(&message, ": ");
    }
    gd_error_quote(&message, trim_end(text), 250);
    gd_error_set(e, GD_FAIL_REDIS, "%s", message.p);
    return gd_error_hint(e, "%s", hint_for(text));
}
