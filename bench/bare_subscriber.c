/* SPDX-License-Identifier: MIT */
/* bare_subscriber - the least that a subscriber can do with hiredis: SOCKET PATTERN COUNT; writes
 * each payload and a newline to standard output, ends after COUNT. What `gdbg tail` is measured
 * against. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    if (argc != 4) {
        fputs("usage: bare_subscriber SOCKET PATTERN COUNT\n", stderr);
        return 2;
    }
    redisContext *redis = redisConnectUnix(argv[1]);
    redisReply *reply = redis ? redisCommand(redis, "PSUBSCRIBE %s", argv[2]) : NULL;
    if (!reply) {
        fputs("bare_subscriber: cannot subscribe\n", stderr);
        return 3;
    }
    freeReplyObject(reply);
    for (long left = atol(argv[3]); left > 0; left--) {
        if (redisGetReply(redis, (void **)&reply) != REDIS_OK) {
            fprintf(stderr, "bare_subscriber: %s with %ld to come\n", redis->errstr, left);
            return 1;
        }
        fwrite(reply->element[3]->str, 1, reply->element[3]->len, stdout);
        putchar('\n');
        freeReplyObject(reply);
    }
    redisFree(redis);
    return 0;
}
