#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A Redis that is not there, not willing, not a Redis, or gone the next moment; and what it is asked.
# What stands in single quotes is for others to expand; several words are wanted where no quotes are;
# each test is a process of its own; words may also be names of files.
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2094

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    exec 4>&-
    [[ -z ${pid-} ]] || kill -KILL "$pid" 2>/dev/null || true
    stop_redis
}

# expect STATUS ARGUMENT...: runs gdbg and checks its status, and that it said one line.
expect() {
    local expected=$1
    shift
    run_gdbg "$@"
    [ "$status" -eq "$expected" ]
    [ "$(grep -c '' <<<"$stderr")" -eq 1 ]
    [[ $stderr == gdbg* ]]
}

@test "redis: nobody there, on TCP and on a socket" {
    for command in tail history ls 'get 5'; do
        expect 3 $command -u redis://127.0.0.1:1
        [[ $stderr == "gdbg ${command% *}: cannot connect to redis://127.0.0.1:1: "*"(is the server running? try --url)" ]]
        expect 3 $command -u unix:///nowhere/s
        [[ $stderr == *"cannot connect to unix:///nowhere/s: "* ]]
    done
    GDBG_URL=foo://x expect 2 ls
    [[ $stderr == "gdbg ls: GDBG_URL: "* ]]
    GDBG_URL=redis://127.0.0.1:1 expect 3 ls
    [[ $stderr == "gdbg ls: cannot connect to redis://127.0.0.1:1: connection refused "* ]]
    [[ $stderr == *"redis://127.0.0.1:1"* ]]
}

@test "redis: a password that is wrong or missing, and is never shown" {
    start_redis_tcp --requirepass sesame7
    local place=127.0.0.1:$REDIS_PORT
    for command in tail history ls 'get 5'; do
        expect 3 $command -u "redis://:pa%24%24w0rd@$place"
        [[ $stderr == *WRONGPASS* ]]
        [[ $stderr != *w0rd* ]]
        REDISCLI_AUTH=pa5sw0rd expect 3 $command -v -u "redis://$place"
        [[ $stderr != *pa5sw0rd* ]]
        expect 3 $command -u "redis://$place"
        [[ $stderr == *NOAUTH* ]]
    done
    expect 3 ls -u "redis://nobody:pa5sw0rd@$place"
    [[ $stderr != *pa5sw0rd* ]]
}

@test "redis: the password comes from the URL, or else from REDISCLI_AUTH" {
    start_redis_tcp --requirepass sesame7
    local place=127.0.0.1:$REDIS_PORT
    REDISCLI_AUTH=wrong run_gdbg ls -v -u "redis://:sesame7@$place"
    [ "$status" -eq 0 ]
    [[ $stderr != *sesame7* ]]
    REDISCLI_AUTH=sesame7 run_gdbg ls -v -u "redis://$place"
    [ "$status" -eq 0 ]
    [[ $stderr != *sesame7* ]]
    # A source that is shown says where from, but never how one gets in.
    redis -a sesame7 zadd g:t 1 '{"n":1}'
    run_gdbg history -u "redis://default:sesame7@$place"
    [ "${#lines[@]}" -eq 1 ]
    [[ $output != *sesame7* ]]
}

@test "redis: a password for a server that wants none" {
    start_redis
    REDISCLI_AUTH=pa5sw0rd expect 3 ls
    [[ $stderr != *pa5sw0rd* ]]
    [[ $stderr == *password* ]]
}

@test "redis: a user who may not" {
    start_redis_tcp
    redis zadd g:t 1 '{"n":1}'
    redis acl setuser reader on '>pa5sw0rd' '~other*' '+ping' '+info' '+scan' '+type' '&other*' '+subscribe'
    local url=redis://reader:pa5sw0rd@127.0.0.1:$REDIS_PORT
    for arguments in 'history -g g -t t' 'history -g g' 'tail -g g -t t' 'tail' 'get -g g 5'; do
        expect 3 $arguments -u "$url"
        [[ $stderr == *NOPERM* ]]
        [[ $stderr != *pa5sw0rd* ]]
    done
}

@test "redis: a key of another type" {
    start_redis
    redis set a:b string
    for command in history 'tail --since 1h'; do
        expect 3 $command -g a -t b
        [[ $stderr == *"a:b is no stored topic: it is a string"* ]]
    done
    # Where it was not named it is none of our business.
    redis hset a:c f v
    redis rpush a:d x
    redis zadd a:e 1 'no object'
    redis xadd a:f '*' data x
    for arguments in history 'history -g a' 'ls topics' ls; do
        run_gdbg $arguments
        [ "$status" -eq 0 ]
        [ -z "$output$stderr" ]
    done
    redis hset msg:a:5 f v
    expect 1 get 5
    expect 1 get 5 -g a
}

# Somebody who listens on a free port, says what he is told to each who connects, and hangs up.
listen() { # BYTES
    python3 - "$1" >port 3>&- <<'PYTHON' &
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    client, _ = server.accept()
    client.recv(4096)
    client.sendall(sys.argv[1].encode().decode("unicode_escape").encode("latin-1"))
    client.close()
PYTHON
    pid=$!
    wait_until test -s port
    port=$(cat port)
}

@test "redis: somebody else's port" {
    for answer in 'HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n' 'SSH-2.0-OpenSSH\r\n' '\x00\xff\x1b[31m\r\n' ''; do
        listen "$answer"
        for command in ls tail; do
            expect 3 "$command" --timeout 5s -u "redis://127.0.0.1:$port"
            [[ $stderr == *"cannot connect to redis://127.0.0.1:$port: "* ]]
            [[ $stderr != *$'\e'* ]]
        done
        kill "$pid"
        rm port
    done
}

@test "redis: one that accepts and says nothing is given up" {
    start_redis_tcp
    kill -STOP "$REDIS_PID"
    expect 3 ls --connect-timeout 300ms --timeout 300ms
    [[ $stderr == *time-out* ]]
    kill -CONT "$REDIS_PID"
}

@test "redis: a server that dies ends tail with 3, after what was received" {
    start_redis
    "$GDBG" tail >out 2>err 3>&- &
    pid=$!
    wait_until '[ "$(redis pubsub numpat)" -eq 1 ]'
    redis publish g:t '{"n":1}'
    wait_until test -s out
    kill -KILL "$REDIS_PID"
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 3 ]
    [ "$(wc -l <out)" -eq 1 ]
    grep -q "^gdbg tail: cannot read from $GDBG_URL: connection closed by server (is the server still running?)$" err
}

@test "redis: so does a server that throws the subscriber out" {
    start_redis
    "$GDBG" tail -g g -t t >out 2>err 3>&- &
    pid=$!
    wait_until '[ "$(redis pubsub numsub g:t | tail -n 1)" -eq 1 ]'
    redis client kill type pubsub
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 3 ]
    [ "$(wc -l <err)" -eq 1 ]
}

@test "redis: a server that dies ends history with 3, after what was read" {
    start_redis
    gdbg gen -q -c 20000 --to "$GDBG_URL"
    mkfifo slow
    "$GDBG" history >slow 2>err 3>&- &
    pid=$!
    exec 4<slow
    head -n 1 <&4 >first
    kill -KILL "$REDIS_PID"
    cat <&4 >rest
    exec 4<&-
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 3 ]
    [ -s first ]
    [ "$(wc -l <err)" -eq 1 ]
}

@test "redis: gdbg reads, and never sends KEYS" {
    start_redis
    gdbg gen -q -c 300 -g lab --to "$GDBG_URL"
    local id
    id=$(gdbg history -c 1 | jq -r .id)
    redis config resetstat
    gdbg history >/dev/null
    gdbg history -g lab -t findings --since 1h >/dev/null
    gdbg history -g 'l*' -t 'f*' >/dev/null
    gdbg ls >/dev/null
    gdbg ls topics -g lab >/dev/null
    gdbg get "$id" >/dev/null
    gdbg get -g lab "$id" >/dev/null
    ! gdbg get -q 9360920881091579904 || return 1
    gdbg tail --since 1h -c 300 >/dev/null
    gdbg tail --duration 50ms
    gdbg tail -g lab -t findings --duration 50ms --since now
    redis info commandstats | sed -n 's/^cmdstat_\([^:]*\):.*/\1/p' | tr -d '\r' | sort >sent
    # resetstat itself and this info are redis-cli's.
    grep -vxE 'config\|resetstat|ping|info|scan|type|zcard|zrange|zrangebyscore|get|subscribe|psubscribe|select' sent >others || true
    [ ! -s others ]
    grep -qx zrangebyscore sent
    [ "$(redis info commandstats | grep -ciE '^cmdstat_(keys|set|zadd|publish|del|expire)')" -eq 0 ]
}

@test "redis: some IDs missing is 1, and the others are shown" {
    start_redis
    redis zadd g:t 1 '{"id":5,"sender":{},"topics":"t","payload":{},"topic_published_to":"t"}'
    run_gdbg get 6 5 7
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
    [ "$(wc -l <<<"$stderr")" -eq 2 ]
    [[ $stderr == *"no message with the ID 6"*"no message with the ID 7"* ]]
}

@test "redis: nothing to show is 0" {
    start_redis
    for arguments in history ls 'ls topics' 'history -g g -t t' 'tail --duration 50ms' \
        'tail --since 1h --duration 50ms'; do
        run_gdbg $arguments --output json
        [ "$status" -eq 0 ]
        [ -z "$output$stderr" ]
    done
}
