#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# history: what is stored, in the order of its times, between two of them.
# shellcheck disable=SC2154 # bats sets stderr

load helper

setup_file() {
    start_redis
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    redis flushall >/dev/null
}

teardown_file() {
    stop_redis
}

# add KEY SCORE ID: a small message.
add() {
    echo "zadd $1 $2 '{\"id\":$3,\"sender\":{},\"topics\":\"${1#*:}\",\"payload\":{},\"topic_published_to\":\"${1#*:}\"}'"
}

ids() {
    jq -r .id | tr '\n' ' '
}

# Messages 0 to 4 at five consecutive milliseconds; 2 is at 2026-01-09T23:06:40.001Z.
five() {
    for n in {0..4}; do add g:t $((1767999999999 + n)) "$n"; done | redis >/dev/null
}

@test "history: merges topics by score, then key, then bytes" {
    {
        add g:b 2 1
        add g:a 2 2
        add g:a 2 3
        add g:c 1 4
        add f:z 2 5
        add g:a 10 6
        add g:a -1 7
        add g:a 1.5 8
    } | redis >/dev/null
    [ "$(gdbg history | ids)" = "7 4 8 5 2 3 1 6 " ]
    [ "$(gdbg history -g g -t a | ids)" = "7 8 2 3 6 " ]
}

@test "history: infinite scores are shown, as strings" {
    { add g:t +inf 2 && add g:t -inf 1; } | redis >/dev/null
    [ "$(gdbg history | jq -c .source.score | tr '\n' ' ')" = '"-inf" "inf" ' ]
    [ "$(gdbg history --since 1970-01-01 | ids)" = "2 " ]
}

@test "history: --since is inclusive and --until exclusive" {
    five
    [ "$(gdbg history --since 2026-01-09T23:06:40.001Z | ids)" = "2 3 4 " ]
    [ "$(gdbg history --until 2026-01-09T23:06:40.001Z | ids)" = "0 1 " ]
    [ "$(gdbg history --since 2026-01-09T23:06:40Z --until 2026-01-09T23:06:40.002Z | ids)" = "1 2 " ]
    [ -z "$(gdbg history --since 2026-01-09T23:06:40.001Z --until 2026-01-09T23:06:40.001Z)" ]
    [ -z "$(gdbg history --since now --until 2026-01-01)" ]
}

@test "history: a score between two milliseconds belongs to the first" {
    { add g:t 1000 1 && add g:t 1000.5 2 && add g:t 1001 3; } | redis >/dev/null
    [ "$(gdbg history --since 1970-01-01T00:00:01Z --until 1970-01-01T00:00:01.001Z | ids)" = "1 2 " ]
}

@test "history: a time in all its forms" {
    five
    for time in 2026-01-09T23:06:40.001Z 2026-01-09T23:06:40.001 2026-01-10T00:06:40.001+01:00 \
        2026-01-09T18:36:40.001-04:30 2026-01-09t23:06:40.001z 1768000000001 9623797206574182417 \
        ZulAxABBQAA "$(printf '%012x5000' 1768000000001)"; do
        [ "$(gdbg history --since "$time" | ids)" = "2 3 4 " ]
        [ "$(gdbg history --until="$time" | ids)" = "0 1 " ]
    done
    for time in 1768000000 2026-01-09T23:06:40Z 2026-01-09T23:06:40; do
        [ "$(gdbg history --since "$time" | ids)" = "1 2 3 4 " ]
    done
    [ "$(gdbg history --since 2026-01-09 --until 2026-01-10 | ids)" = "0 1 2 3 4 " ]
    [ -z "$(gdbg history --since 2026-01-10)" ]
    for time in yesterday '' 2026-01-09T25:00:00Z 2026-02-30 123456789012345 123456789012345678901 1h30 5x -5m; do
        run_gdbg history --since="$time"
        [ "$status" -eq 2 ]
        [[ $stderr == "gdbg history: --since: not a time"* ]]
    done
}

@test "history: ages" {
    now_ms=$(date +%s%3N)
    {
        add g:t $((now_ms - 7200000)) 1
        add g:t $((now_ms - 600000)) 2
        add g:t $((now_ms - 100)) 3
        add g:t $((now_ms + 600000)) 4
    } | redis >/dev/null
    [ "$(gdbg history --since 5m | ids)" = "3 4 " ]
    [ "$(gdbg history --since 1h30m | ids)" = "2 3 4 " ]
    [ "$(gdbg history --since 1d --until 5m | ids)" = "1 2 " ]
    [ "$(gdbg history --since now | ids)" = "4 " ]
    [ "$(gdbg history --until now | ids)" = "1 2 3 " ]
    [ "$(gdbg history --since 1w --until 1h59m59s500ms | ids)" = "1 " ]
}

@test "history: -c stops" {
    five
    [ "$(gdbg history -c 2 | ids)" = "0 1 " ]
    [ "$(gdbg history -c2 | ids)" = "0 1 " ]
    [ "$(gdbg history --count=2 --since 1767999999999 | ids)" = "0 1 " ]
    [ "$(gdbg history --count 99 | ids)" = "0 1 2 3 4 " ]
    [ "$(gdbg history -qc1 | ids)" = "0 " ]
}

@test "history: page after page, all of them, in the order of the zset" {
    for n in {1..3000}; do add g:t $((n / 700)) "$n"; done | redis >/dev/null
    gdbg history --output raw | gdbg encode >got
    redis zrange g:t 0 -1 | cmp - got
}

@test "history: pages of large and small messages" {
    {
        for n in {1..40}; do
            printf "zadd g:t %d '{\"n\":%d,\"s\":\"%0*d\"}'\n" "$n" "$n" $((n % 7 == 0 ? 300000 : 10)) 0
        done
    } | redis >/dev/null
    gdbg history | jq -r .content.body.n | cmp - <(seq 40)
}

@test "history: a thousand topics" {
    for n in {1..1000}; do add "g:t$n" $((2000 - n)) "$n" && add "g:t$n" $((4000 - n)) $((n + 1000)); done | redis >/dev/null
    gdbg history | jq -r .id | cmp - <(seq 1000 -1 1 && seq 2000 -1 1001)
}

@test "history: what lies in a topic and is no JSON is a message too" {
    add g:t 5 5 | redis >/dev/null
    redis zadd g:t 6 'plain text' 7 $'\xff\x00' 8 '[1]' 9 $'{"broken":\n}' 10 '' >/dev/null
    redis -x zadd g:t 11 < <(printf '{\n "a": 1,\r\n "b":\t2\n}') >/dev/null
    gdbg history >out
    [ "$(jq -c .content.type out | tr '\n' ' ')" = '"json" "text" "binary" "text" "text" "text" "json" ' ]
    [ "$(wc -l <out)" -eq 7 ]
    jq -e 'select(.source.score == 11) | .content.body == {a: 1, b: 2}' out
    gdbg history --output raw | gdbg decode | cmp - out
    [ "$(gdbg history --output text | wc -l)" -eq 7 ]
}

@test "history: the database is the URL's" {
    five
    [ "$(gdbg history -u "$GDBG_URL?db=0" | ids)" = "0 1 2 3 4 " ]
    [ -z "$(gdbg history -u "$GDBG_URL?db=3")" ]
    add g:t 1 9 | redis -n 3 >/dev/null
    [ "$(gdbg history -u"$GDBG_URL?db=3" | ids)" = "9 " ]
    redis-cli -s "$REDIS_SOCKET" -n 3 flushdb
}

@test "history: a source says where it comes from" {
    add g:t 1768000000001.5 5 | redis >/dev/null
    server=$(redis info server | sed -n 's/^run_id:\(.\{12\}\).*/\1/p')
    [ "$(gdbg history | jq -c .source)" = '{"via":"zset","key":"g:t","score":1768000000001.5,"dialect":"rustic","bytes":71,"server":"'"$server"'"}' ]
}

@test "history: members that go while it reads end nothing" {
    # Much more than a pipe takes.
    for n in {1..4000}; do printf "zadd g:t $n '{\"n\":$n,\"s\":\"%01000d\"}'\n" 0; done | redis >/dev/null
    mkfifo slow
    "$GDBG" history --output raw >slow 3>&- &
    pid=$!
    exec 4<slow
    read -r line <&4
    redis zremrangebyscore g:t 3500 3600 >/dev/null
    { echo "$line" && cat <&4; } >got
    exec 4<&-
    wait "$pid"
    gdbg encode got | jq .n >ids
    # Some of those that went may have been read before.
    comm -3 <(sort ids) <(seq 4000 | sort) | tr -d '\t' | sort -n >missing
    (($(head -n 1 missing) >= 3500 && $(tail -n 1 missing) <= 3600))
    sort -ncu ids
}

@test "history: output in a file" {
    five
    gdbg history >expected
    gdbg history -o file
    cmp expected file
    gdbg history --output-file=file --output raw
    gdbg decode file | cmp - expected
}
