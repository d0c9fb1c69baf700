#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# get: single messages by their IDs, wherever they are stored.

load helper

setup_file() {
    start_redis
}

setup() {
    redis flushall >/dev/null
}

teardown_file() {
    stop_redis
}

message() { # ID TOPIC
    printf '{"id":%s,"sender":{},"topics":"%s","payload":{},"topic_published_to":"%s"}' "$1" "$2" "$2"
}

# Only in this form an ID need not be a number.
debug_message() { # ID TOPIC
    printf '{"id":"%s","topic":"%s","agent_tag":{},"content":{"type":"text","body":"x"}}' "$1" "$2"
}

ids() {
    jq -r .id | tr '\n' ' '
}

@test "get: from msg:, without a look at the topics" {
    redis set msg:g:5 "$(message 5 t)"
    redis zadd g:t 1 "$(message 6 t)"
    run_gdbg get -g g 5
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [ "$(jq -c '[.id, .guild_id, .topic, .source.via, .source.key]' <<<"$output")" = '["5","g","t","string","msg:g:5"]' ]
    [ "$(gdbg get 5 | ids)" = "5 " ]
}

@test "get: from a topic, when msg: is gone" {
    for id in 9623797206574182417 Y0NUI_ABRNI abc 18446744073706405887; do
        redis del g:t
        if [[ $id == [0-9]* ]]; then
            redis zadd g:t 3 "$(message "$id" t)"
        else
            redis zadd g:t 3 "$(debug_message "$id" t)"
        fi
        run_gdbg get "$id"
        [ "$status" -eq 0 ]
        [ "$(jq -c '[.id, .guild_id, .topic, .source.via]' <<<"$output")" = "[\"$id\",\"g\",\"t\",\"zset\"]" ]
    done
}

@test "get: in the order of the operands, each as often as it is asked for" {
    for id in 5 6 7; do redis set "msg:g:$id" "$(message $id t)"; done
    redis zadd g:t 1 "$(message 8 t)"
    [ "$(gdbg get 7 8 5 7 6 | ids)" = "7 8 5 7 6 " ]
    [ "$(gdbg get -g g 7 8 5 7 6 | ids)" = "7 8 5 7 6 " ]
}

@test "get: a message that was published to several topics is shown once" {
    redis set msg:g:5 "$(message 5 t)"
    redis zadd g:t 1 "$(message 5 t)"
    redis zadd g:u 1 "$(message 5 u)"
    [ "$(gdbg get 5 | wc -l)" -eq 1 ]
    redis del msg:g:5
    [ "$(gdbg get 5 | wc -l)" -eq 1 ]
    [ "$(gdbg get -t u 5 | jq -r .topic)" = u ]
}

@test "get: -g and -t select" {
    redis set msg:g:5 "$(message 5 t)"
    redis set msg:h:5 "$(message 5 u)"
    redis zadd g:t 1 "$(message 5 t)"
    redis zadd h:u 1 "$(message 5 u)"
    [ "$(gdbg get -g h 5 | jq -r .guild_id)" = h ]
    [ "$(gdbg get -g '[h]' 5 | jq -r .guild_id)" = h ]
    [ "$(gdbg get -t u 5 | jq -r .guild_id)" = h ]
    run_gdbg get -g g -t u 5
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    [[ $stderr == *"no message with the ID 5 (try without -g and -t)"* ]]
}

@test "get: the text of an ID is compared as it stands" {
    redis zadd g:t 1 "$(message 5 t)"
    for id in 05 5.0 +5 '5 ' '"5"' ''; do
        run_gdbg get "$id"
        [ "$status" -eq 1 ]
        [ -z "$output" ]
    done
}

@test "get: an ID that begins with '-'" {
    redis set msg:g:-AAAAAAAAAA "$(debug_message -AAAAAAAAAA t)"
    run_gdbg get -g g -AAAAAAAAAA
    [ "$status" -eq 2 ]
    [ "$(gdbg get -g g -- -AAAAAAAAAA | jq -r .id)" = -AAAAAAAAAA ]
}

@test "get: an ID that is a pattern, or worse, finds only itself" {
    redis set msg:g:5 "$(message 5 t)"
    redis zadd g:t 1 "$(message 5 t)"
    for id in '*' '?' '[5]' $'5\r\nFLUSHALL\r\n' '../5' $'\xff'; do
        run_gdbg get "$id"
        [ "$status" -eq 1 ]
        [ -z "$output" ]
        [[ $stderr != *$'\xff'* ]]
    done
    [ "$(redis dbsize)" = 2 ]
}

@test "get: raw gives the stored bytes" {
    redis set msg:g:5 '{ "id" : 5 ,"sender":{},"topics":"t","payload":{} }'
    gdbg get -g g 5 --output raw | gdbg encode | cmp - <(redis get msg:g:5)
}

@test "get: one among many" {
    gdbg gen -q -c 5000 --to "$GDBG_URL"
    id=$(gdbg history | sed -n 2500p | jq -r .id)
    [ "$(gdbg get "$id" | ids)" = "$id " ]
    redis del "msg:research:$id"
    [ "$(gdbg get "$id" | jq -r '.source.via')" = zset ]
    [ "$(gdbg get -g research "$id" | ids)" = "$id " ]
}
