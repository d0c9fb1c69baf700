#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# tail: what is published, and what was stored before it.
# shellcheck disable=SC2016,SC2030,SC2031 # code for others to expand; each test is a process

load helper

setup() {
    start_redis
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    [[ -z ${pid-} ]] || kill -KILL "$pid" 2>/dev/null || true
    stop_redis
}

subscriptions() {
    redis client list type pubsub | grep -cE ' (sub|psub)=1 ' || true
}

# Runs tail in the background, and waits until it is subscribed.
start_tail() {
    "$GDBG" tail "$@" >out 2>err 3>&- &
    pid=$!
    wait_until '[ "$(subscriptions)" -eq 1 ] || ! kill -0 "$pid" 2>/dev/null'
}

await_end() {
    ended_with=0
    wait "$pid" || ended_with=$?
    pid=
    [ "$ended_with" -eq 0 ]
    [ ! -s err ]
}

message() { # ID TOPIC
    printf '{"id":%s,"sender":{},"topics":"%s","payload":{},"topic_published_to":"%s"}' "$1" "$2" "$2"
}

lines_in() { # N FILE
    [[ $(wc -l <"$2") -eq $1 ]]
}

ids() {
    jq -r .id "$@" | tr '\n' ' '
}

@test "tail: a channel that is named is subscribed to" {
    start_tail -g g -t t -c 1
    [ "$(redis pubsub channels)" = g:t ]
    [ "$(redis pubsub numpat)" = 0 ]
    redis publish g:t "$(message 18446744073709551615 t)"
    await_end
    server=$(redis info server | sed -n 's/^run_id:\(.\{12\}\).*/\1/p')
    jq -e --arg s "$server" '.id == "18446744073709551615" and .guild_id == "g" and .topic == "t" and
        (.source | keys_unsorted == ["via","key","dialect","bytes","received_at","server"] and .via == "pubsub" and
            .key == "g:t" and .bytes == '"$(message 18446744073709551615 t | wc -c)"' and .server == $s)' out
    received=$(jq -r .source.received_at out)
    [[ $received =~ ^20[0-9-]{8}T[0-9:]{8}\.[0-9]{3}Z$ ]]
    age_s=$(($(date +%s) - $(date -d "$received" +%s)))
    ((0 <= age_s && age_s < 20))
}

@test "tail: otherwise a pattern, and each message comes once" {
    start_tail -c 2
    [ "$(redis pubsub numpat)" = 1 ]
    redis publish g:t "$(message 1 t)"
    redis publish no-colon "$(message 2 x)"
    await_end
    [ "$(ids out)" = "1 2 " ]
    [ "$(jq -r .source.pattern out | sort -u)" = '*' ]
    [ "$(tail -n 1 out | jq -c '[.guild_id, .source.key]')" = '[null,"no-colon"]' ]
}

@test "tail: names are matched exactly, whatever the pattern lets through" {
    start_tail -g 'a?c' -t '*' -c 2
    redis publish a:c:t '{"n":1}' # guild a, topic c:t
    redis publish abc:t "$(message 2 t)"
    redis publish xabc:t "$(message 3 t)"
    redis publish a:c:t "$(message 4 t)" # says that its topic is t, so its guild is a:c
    await_end
    [ "$(ids out)" = "2 4 " ]
}

@test "tail: the server's own channels are heard only when named" {
    redis config set notify-keyspace-events KA
    start_tail --duration 500ms
    redis set x y
    redis publish __mine '{"n":1}'
    await_end
    [ ! -s out ]
    start_tail -g '__keyspace@0__' -c 1
    redis set x z
    await_end
    [ "$(jq -r .content.body out)" = set ]
}

@test "tail: -c and --duration end it, whichever is first" {
    start_tail -c 3 --duration 60s
    for n in 1 2 3 4; do redis publish g:t "$(message $n t)"; done
    await_end
    [ "$(ids out)" = "1 2 3 " ]
    start_ms=$(date +%s%3N)
    start_tail -c 3 --duration=0.3
    redis publish g:t "$(message 5 t)"
    await_end
    (($(date +%s%3N) - start_ms >= 300))
    [ "$(ids out)" = "5 " ]
}

@test "tail: --duration ends it in the middle of traffic, too" {
    mkfifo commands
    redis <commands >/dev/null 3>&- &
    local publisher=$!
    exec 4>commands
    start_tail --duration 300ms
    while kill -0 "$pid" 2>/dev/null; do
        for _ in {1..50}; do echo "publish g:t '{\"n\":1}'"; done >&4
    done
    exec 4>&-
    wait "$publisher"
    await_end
    [ -s out ]
    [ "$(tail -c 1 out)" = '' ]
}

@test "tail: whatever is published is a message" {
    start_tail -c 5
    redis publish g:t 'plain text'
    printf '\377\0\n' | redis -x publish g:t
    printf '{\n  "a": 1\r\n}' | redis -x publish g:t
    redis publish g:t ''
    redis publish g:t '{"a":'
    await_end
    jq -c '[.content.type, .content.body]' out | diff - <(cat <<'END'
["text","plain text"]
["binary","/wA="]
["json",{"a":1}]
["text",""]
["text","{\"a\":"]
END
    ) || {
        # redis-cli -x takes a final newline off, or leaves it, by its version.
        grep -q '"/wAK"' out
    }
}

@test "tail: the database matters to what is stored, not to what is published" {
    redis -n 3 zadd g:t "$(date +%s%3N)" "$(message 1 t)"
    redis -n 0 zadd g:t "$(date +%s%3N)" "$(message 2 t)"
    "$GDBG" tail -u "$GDBG_URL?db=3" --since 1h -c 2 >out 2>err 3>&- &
    pid=$!
    wait_until lines_in 1 out
    redis -n 0 publish g:t "$(message 3 t)"
    await_end
    [ "$(ids out)" = "1 3 " ]
}

@test "tail: --since gives the stored ones first, in order, and then goes on" {
    now_ms=$(date +%s%3N)
    for n in 1 2 3 4; do
        redis zadd "g:t$((n % 2))" $((now_ms - 10000 + n)) "$(message $n t$((n % 2)))"
    done
    redis zadd g:t0 $((now_ms - 7200000)) "$(message 9 t0)"
    start_tail -g g --since 1h -c 5
    wait_until lines_in 4 out
    redis publish g:t0 "$(message 5 t0)"
    await_end
    [ "$(ids out)" = "1 2 3 4 5 " ]
    [ "$(jq -r .source.via out | uniq -c | tr -s ' \n' ' ')" = " 4 zset 1 pubsub " ]
    # -c counts both.
    [ "$(gdbg tail --since 1h -c 2 | ids)" = "1 2 " ]
    [ "$(gdbg tail --since 1h --duration 100ms | ids)" = "1 2 3 4 " ]
}

@test "tail: --since does not repeat what was stored, and -v tells how much was left out" {
    now_ms=$(date +%s%3N)
    redis zadd g:t "$now_ms" "$(message 1 t)"
    start_tail -v --since 1h -c 2
    wait_until lines_in 1 out
    redis publish g:t "$(message 1 t)"
    redis publish g:t "$(message 2 t)"
    wait "$pid"
    pid=
    [ "$(ids out)" = "1 2 " ]
    grep -q '1 repeats\? left out' err
}

@test "tail: without --since a repeat is a message" {
    start_tail -c 2
    redis publish g:t "$(message 1 t)"
    redis publish g:t "$(message 1 t)"
    await_end
    [ "$(ids out)" = "1 1 " ]
}

@test "tail: in text, in colour, and raw" {
    start_tail --output text -c 1
    redis publish g:t '{"id":5,"sender":{"name":"\u001b[31mA"},"topics":"t","payload":{"x":1},"timestamp":1768000000001}'
    await_end
    [[ $(cat out) =~ ^2026-01-09T23:06:40.001Z\ 5\ +g/t\ +\\x1b\[31mA\ .*\{\"x\":1\}$ ]]
    start_tail --output=text --color=always -c 1
    redis publish g:t "$(message 1 t)"
    await_end
    grep -q $'\e\[' out
    start_tail --output raw -c 1
    redis publish g:t '{ "a" : 1 }'
    await_end
    grep -qF '"raw":{ "a" : 1 }}' out
}

@test "tail: at a terminal it is text" {
    script -qec "$GDBG tail -c 1" shown >/dev/null 2>&1 3>&- &
    pid=$!
    wait_until '[ "$(subscriptions)" -eq 1 ]'
    printf '{"sender":{},"topics":"\\u009b\\u001b]0;owned\\u0007","payload":"\302\233\177"}' | redis -x publish g:t
    wait "$pid"
    pid=
    grep -a g/ shown | sed 's/\x1b\[[0-9]*m//g; s/\r$//' >line
    [ -s line ]
    ! LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]\|\xc2[\x80-\x9f]' line || return 1
}

@test "tail: many messages at once, none lost" {
    start_tail -c 20000
    for n in {1..20000}; do echo "publish g:t '{\"n\":$n}'"; done | redis >/dev/null
    await_end
    jq -r .content.body.n out | cmp - <(seq 20000)
}
