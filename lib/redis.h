/* SPDX-License-Identifier: MIT */
/* redis.h - one connection to a Redis: connecting, pipelining commands, reading replies without
 * allocation. hiredis (0.14 or 1.x) connects, formats and parses; reading and waiting are
 * ours. */
#ifndef GD_REDIS_H
#define GD_REDIS_H

#include "error.h"
#include "url.h"

enum gd_reply_type {
    GD_REPLY_STRING,
    GD_REPLY_STATUS,
    GD_REPLY_ERROR,
    GD_REPLY_INTEGER,
    GD_REPLY_NIL,
    GD_REPLY_ARRAY,
};

/* One element of a reply. An array is followed by its elements, theirs directly behind them
 * (preorder). */
struct gd_reply_item {
    enum gd_reply_type type;
    struct gd_slice
        text; /* string, status, error: terminated by a 0 that is not counted, and padded */
    long long integer; /* integer; for an array its number of elements */
};

/* A reply, flattened. {0} is valid and is reused from reply to reply; free it at the end. */
struct gd_reply {
    size_t count;
    struct gd_reply_item *item;
    size_t item_cap;
    struct gd_buf bytes; /* what the items point into */
    size_t
        limit_bytes; /* set by the caller; long texts (over 64 bytes) that come when so many bytes
                        are held are left out: text.p is NULL, text.n their length; 0: no limit */
    bool cut;        /* some were left out */
};
void gd_reply_free(struct gd_reply *r);
#define GD_AUTO_REPLY __attribute__((cleanup(gd_reply_free))) struct gd_reply

struct gd_redis; /* opaque */

struct gd_redis_options {
    int64_t connect_timeout_ms; /* 0: 5000 */
    int64_t command_timeout_ms; /* 0: 30000; per blocking call, and for the whole greeting */
    int wake_fd;                /* readable means "stop": blocking calls then fail with
                                              GD_FAIL_INTERRUPTED; -1 for none */
};

/* Connects, authenticates (AUTH user password, or AUTH password), SELECTs the database when not 0,
 * and asks for the server's run_id. Returns 0 and *out, or -1 with a GD_FAIL_REDIS error and a
 * hint: cannot connect to redis://db1:6379: connection refused (is the server running? try --url)
 * Distinguished: refused, unreachable, time-out, name not found, no such socket, wrong password,
 * password needed, no permission, database out of range, server that does not speak RESP ("not a
 * Redis server"), server still loading its data set (retried until the command time-out). A server
 * where INFO is not permitted is fine; its run_id is then empty. While the socket is being
 * connected, wake_fd is looked at only when a signal arrives. */
int gd_redis_open(struct gd_redis **out, const struct gd_url *url,
                  const struct gd_redis_options *options, struct gd_error *e);
void gd_redis_free(struct gd_redis *r);
GD_DEFINE_AUTO(redis)

/* First 12 hexadecimal digits of run_id; "" when unknown. Valid while r lives. */
const char *gd_redis_run_id(const struct gd_redis *r);
const char *gd_redis_name(const struct gd_redis *r); /* its URL, without password */
int gd_redis_fd(const struct gd_redis *r);

/* Appends a command to the output buffer; sends nothing yet. Never fails. */
void gd_redis_append(struct gd_redis *r, size_t argc, const struct gd_slice *argv);
size_t gd_redis_pending_output(const struct gd_redis *r); /* bytes not yet sent */

/* Sends what the socket takes without waiting. Returns 0 (also when some is left), or -1. */
int gd_redis_flush(struct gd_redis *r, struct gd_error *e);

/* The next reply if one is there, never waiting: 1 and *reply; 0 when more bytes must arrive first
 * (then gd_redis_wait()); -1 when the connection is lost ("connection closed by server") or what
 * came is not RESP. An error reply is a reply (its first item has type GD_REPLY_ERROR), not a
 * failure. What *reply held before is gone in any case. After 0 the next call must bring the same
 * reply, which holds what is parsed so far, unless no reply was outstanding. */
int gd_redis_next(struct gd_redis *r, struct gd_reply *reply, struct gd_error *e);

/* Waits until the socket is readable (or writable too, when output is pending, which it then
 * sends), at most timeout_ms (-1 for ever). 1 ready, 0 time-out, -1 failure or interrupted. For
 * when gd_redis_next() returned 0: replies that were read already do not end the wait. */
int gd_redis_wait(struct gd_redis *r, int64_t timeout_ms, struct gd_error *e);

/* Sends one command and waits for its reply, at most the command time-out. No replies may be
 * outstanding. An error reply is returned as -1 with GD_FAIL_REDIS and a message that names the
 * server, the command and the key ("redis://db1:6379: ZRANGE research:x: WRONGTYPE Operation
 * against a key holding the wrong kind of value"), with a hint for NOAUTH, WRONGPASS, NOPERM,
 * WRONGTYPE, LOADING, OOM, READONLY, MISCONF and more. After a time-out or an interruption the
 * connection is of no further use: its reply might still come, and be taken for another's. */
int gd_redis_call(struct gd_redis *r, struct gd_reply *reply, size_t argc,
                  const struct gd_slice *argv, struct gd_error *e);

/* Fills e from an error reply's text as gd_redis_call() does, but for the server's name, which
 * gd_error_prefix() adds; command and key may be empty. Returns -1. */
int gd_redis_reply_error(struct gd_error *e, struct gd_slice text, struct gd_slice command,
                         struct gd_slice key);

#endif
