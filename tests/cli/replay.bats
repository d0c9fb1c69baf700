#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# replay: what is written, where it goes, what it refuses, and when.

load helper

setup() {
    start_redis
    to=$GDBG_URL
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    stop_redis
}

# payload ID TIME_MS [TOPIC]: a message in RusticAI's form.
payload() {
    printf '{"id":%s,"sender":{"id":"a","name":"A"},"topics":"%s","payload":{"n":1},"format":"f","timestamp":%s,"topic_published_to":"%s"}' \
        "$1" "${3-x}" "$2" "${3-x}"
}

# record KEY PAYLOAD [MORE-MEMBERS-OF-SOURCE]: a raw record.
record() {
    printf '{"source":{"via":"pubsub","key":"%s"%s},"raw":%s}\n' "$1" "${3-}" "$2"
}

run_id() {
    redis info server | sed -n 's/^run_id:\(.\{12\}\).*/\1/p'
}

# Whether a running redis-cli has subscribed, to whatever.
subscribed() {
    [[ $(redis pubsub numpat) -gt 0 ]]
}

# stored N KEY: whether the topic holds so many messages.
stored() {
    [[ $(redis zcard "$2") == "$1" ]]
}

now_ms() {
    date +%s%3N
}

@test "replay: stores the message, adds it to its topic, and says what it did" {
    message=$(payload 77 1768000000001)
    run_gdbg replay --to "$to" <<<"$(record research:x "$message")"
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [ "$output" = "{\"key\":\"research:x\",\"messages\":1,\"bytes\":${#message},\"refused\":0}" ]
    [ "$(redis get msg:research:77)" = "$message" ]
    ((3590 <= $(redis ttl msg:research:77) && $(redis ttl msg:research:77) <= 3600))
    [ "$(redis zrange research:x 0 -1 withscores)" = "$message"$'\n1768000000001' ]
}

@test "replay: publishes, and flushes when its input pauses" {
    redis-cli -s "$REDIS_SOCKET" psubscribe '*' >heard 3>&- &
    listener=$!
    wait_until subscribed
    mkfifo pipe
    "$GDBG" replay --to "$to" <pipe >/dev/null 3>&- &
    replay=$!
    exec 4>pipe
    record research:x "$(payload 77 1768000000001)" >&4
    wait_until grep -q '"id":77' heard
    grep -qx research:x heard
    kill -0 "$replay"
    exec 4>&-
    wait "$replay"
    kill "$listener"
}

@test "replay: writes nothing without --to, and says what to give" {
    run_gdbg replay <<<"$(record research:x "$(payload 77 1)")"
    [ "$status" -eq 2 ]
    [[ $stderr == *"--to redis://"* ]]
    [ -z "$output" ]
}

@test "replay: goes to another guild, another topic, or both" {
    line=$(record research:x "$(payload 77 1768000000001)")
    gdbg replay --to "$to" --to-guild staging <<<"$line"
    gdbg replay --to "$to" --to-topic y <<<"$line"
    gdbg replay --to "$to" --to-guild a:b --to-topic c:d <<<"$line"
    [ "$(redis keys '*:*' | sort | tr '\n' ' ')" = \
        "a:b:c:d msg:a:b:77 msg:research:77 msg:staging:77 research:y staging:x " ]
}

@test "replay: the topic that a message names decides where its key splits" {
    gdbg replay --to "$to" --to-guild g <<<"$(record org:research:inbox:w1 "$(payload 7 1 inbox:w1)")"
    [ "$(redis zcard g:inbox:w1)" = 1 ]
}

@test "replay: a foreign line needs guild and topic" {
    run_gdbg replay --to "$to" --to-guild g <<<$'\n{"a":1}'
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    [[ $stderr == *"standard input, line 2: "*"--to-guild and --to-topic"* ]]
    run_gdbg replay --to "$to" --to-guild g --strict <<<'{"a":1}'
    [ "$status" -eq 4 ]
    redis-cli -s "$REDIS_SOCKET" psubscribe '*' >heard 3>&- &
    wait_until subscribed
    run_gdbg replay --to "$to" --to-guild g --to-topic t <<<'{"a":1}'
    [ "$status" -eq 0 ]
    [ "$output" = '{"key":"g:t","messages":1,"bytes":7,"refused":0}' ]
    # Without an ID and a time there is nothing to store it by.
    wait_until grep -qxF '{"a":1}' heard
    kill $!
    [ "$(redis dbsize)" = 0 ]
}

@test "replay: guild_id and topic of a canonical line serve as its key" {
    gdbg replay --to "$to" \
        <<<'{"id":"5","topic":"t","guild_id":"g","content":{"body":{}},"metadata":{"timestamp":"2026-01-09T23:06:40.001Z"},"source":{"via":"gen","dialect":"rustic"}}'
    [ "$(redis zscore g:t "$(redis get msg:g:5)")" = 1768000000001 ]
}

@test "replay: what came out of a msg: key goes to the topic that it was published to" {
    line=$(record msg:research:77 "$(payload 77 1768000000001)")
    gdbg replay --to "$to" <<<"${line/pubsub/string}"
    [ "$(redis keys '*' | sort | tr '\n' ' ')" = "msg:research:77 research:x " ]
}

@test "replay: a zset's score counts before the message's time" {
    gdbg replay --to "$to" <<<"$(record research:x "$(payload 77 1768000000001)" ',"score":12.5')"
    [ "$(redis zrange research:x 0 -1 withscores | tail -n 1)" = 12.5 ]
}

@test "replay: writes the published bytes back, whatever they are" {
    printf '{"source":{"via":"pubsub","key":"g:broken","score":1},"raw_text":"{\\n \\"a\\": 1\\r\\n}\\u0000 "}\n' >in
    printf '{"source":{"via":"pubsub","key":"g:bytes","score":1},"raw_base64":"/wD+DQp7IiI="}\n' >>in
    printf '{"source":{"via":"pubsub","key":"g:empty","score":1},"raw_text":""}\n' >>in
    gdbg replay --to "$to" --speed max in
    redis --raw zrange g:broken 0 0 | cmp - <(printf '{\n "a": 1\r\n}\0 \n')
    redis --raw zrange g:bytes 0 0 | cmp - <(printf '\377\0\376\r\n{""\n')
    [ "$(redis --no-raw zrange g:empty 0 -1)" = '1) ""' ]
}

@test "replay: publishes odd spacing and escapes as they were" {
    record g:t '{ "a" : 1 ,"s":"\u00e9\/ \ud83d\ude00",  "n":1.50e+2 }' ',"score":1' >in
    gdbg replay --to "$to" in
    [ "$(redis zrange g:t 0 -1)" = '{ "a" : 1 ,"s":"\u00e9\/ \ud83d\ude00",  "n":1.50e+2 }' ]
}

@test "replay: keys are bytes" {
    record 'a \"b\"\n:c:d' "$(payload 1 1)" >in
    printf '{"source":{"via":"pubsub","key_base64":"%s"},"raw":%s}\n' \
        "$(printf '\377g:t\376' | base64)" "$(payload 2 2)" >>in
    run_gdbg replay --to "$to" in
    [ "$status" -eq 0 ]
    [ "$(redis zcard $'a "b"\n:c:d')" = 1 ]
    [ "$(redis exists $'msg:a "b"\n:1')" = 1 ]
    [ "$(redis zcard $'\377g:t\376')" = 1 ]
    [ "$(redis exists $'msg:\377g:2')" = 1 ]
    [ "${lines[1]%%,*}" = '{"key_base64":"/2c6dP4="' ]
}

@test "replay: refuses the place that the messages come from, whatever the database" {
    line=$(record research:x "$(payload 77 1768000000001)" ",\"server\":\"$(run_id)\"")
    run_gdbg replay --to "$to?db=3" <<<"$line"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ $stderr == *"research:x"*"same server"*"--to-guild"*"--same-target"* ]]
    [ "$(redis -n 3 dbsize)" = 0 ]
    run_gdbg replay --to "$to?db=3" --to-guild research <<<"$line"
    [ "$status" -eq 2 ]
    gdbg replay --to "$to?db=3" --same-target <<<"$line"
    [ "$(redis -n 3 zcard research:x)" = 1 ]
}

@test "replay: refuses a place that already holds the first message" {
    redis zadd research:x 1 "$(payload 77 1768000000001)"
    run_gdbg replay --to "$to" \
        <<<"$(record research:x "$(payload 77 1768000000001)" ',"server":"0123456789ab"')"
    [ "$status" -eq 2 ]
    [[ $stderr == *"research:x"*"already holds the first"* ]]
    [ "$(redis exists msg:research:77)" = 0 ]
}

@test "replay: does not take for a repeat what it has written itself" {
    line=$(record research:x "$(payload 77 1768000000001)" ',"server":"0123456789ab"')
    run_gdbg replay --to "$to" <<<"$line"$'\n'"$line"
    [ "$status" -eq 0 ]
    [ "$(redis zcard research:x)" = 1 ]
}

@test "replay: a key that is refused later stops it, and what was sent is told" {
    {
        record research:a "$(payload 1 1 a)"
        record research:a "$(payload 2 2 a)"
        record research:b "$(payload 3 3 b)" ",\"server\":\"$(run_id)\""
        record research:a "$(payload 4 4 a)"
    } >in
    run_gdbg replay --to "$to" --speed max in
    [ "$status" -eq 2 ]
    [[ $stderr == *"after 2 messages were sent: "*"research:b"* ]]
    [[ $output == '{"key":"research:a","messages":2,'* ]]
    [ "${#lines[@]}" -eq 1 ]
    [ "$(redis zcard research:a)" = 2 ]
    [ "$(redis exists research:b)" = 0 ]
}

@test "replay: says once a key when it cannot know whether that is the source" {
    line=$(record research:x '{"n":1}')
    run_gdbg replay --to "$to" <<<"$line"$'\n'"$line"
    [ "$status" -eq 0 ]
    [ "$(wc -l <<<"$stderr")" -eq 1 ]
    [[ $stderr == *"cannot know"*"research:x"* ]]
    run_gdbg replay --to "$to" --to-guild other <<<"$line"
    [ -z "$stderr" ]
}

@test "replay: --dry-run shows what would be sent and when, and writes nothing" {
    {
        record research:x "$(payload 77 1768000000001)"
        record research:x '{"n":1}'
        record research:x "$(payload 78 1768000003001)"
        record research:x "$(payload 79 1768000001001)"
    } >in
    run_gdbg replay --to "$to" --to-guild g --speed 2x --ttl 1m --dry-run in
    [ "$status" -eq 0 ]
    n=$(payload 77 1768000000001 | wc -c)
    [ "${lines[0]}" = '{"key":"g:x","set":"msg:g:77","ttl_s":60,"zadd":"1768000000001","publish":true,"bytes":'"$n"',"at_ms":0}' ]
    [ "${lines[1]}" = '{"key":"g:x","publish":true,"bytes":7,"at_ms":0}' ]
    [[ ${lines[2]} == *'"at_ms":1500}' ]]
    [[ ${lines[3]} == *'"at_ms":1500}' ]]
    [ "${#lines[@]}" -eq 4 ]
    [ "$(redis dbsize)" = 0 ]
}

@test "replay: --dry-run refuses what would be refused" {
    run_gdbg replay --to "$to" --dry-run \
        <<<"$(record research:x "$(payload 77 1)" ",\"server\":\"$(run_id)\"")"
    [ "$status" -eq 2 ]
}

@test "replay: --dry-run works without a server, and says what that means" {
    run_gdbg replay --to unix:///nowhere/s --dry-run <<<"$(record research:x "$(payload 77 1)")"
    [ "$status" -eq 0 ]
    [[ $output == *'"set":"msg:research:77"'* ]]
    [[ $stderr == *"not checked"*"/nowhere/s"* ]]
}

@test "replay: without a server it is 3, and the advice is --to" {
    run_gdbg replay --to unix:///nowhere/s </dev/null
    [ "$status" -eq 3 ]
    [[ $stderr == *"try --to)"* ]]
}

@test "replay: keeps the pace of the timestamps, or not" {
    {
        record research:x "$(payload 1 1768000000000)"
        record research:x "$(payload 2 1768000000400)"
    } >in
    start=$(now_ms)
    gdbg replay --to "$to" --to-guild a in
    (($(now_ms) - start >= 400))
    start=$(now_ms)
    gdbg replay --to "$to" --to-guild b --speed 2x in
    (($(now_ms) - start >= 200))
    sed -i 's/1768000000400/1799000000000/' in
    gdbg replay --to "$to" --to-guild c --speed max in
    [ "$(redis zcard c:x)" = 2 ]
}

@test "replay: what was sent is there while it waits for the next, and a lost server ends it" {
    {
        record research:x "$(payload 1 1768000000000)"
        record research:x "$(payload 2 1799000000000)"
    } >in
    "$GDBG" replay --to "$to" --to-guild a in >out 2>err 3>&- &
    replay=$!
    wait_until stored 1 a:x
    kill -KILL "$REDIS_PID"
    status=0
    wait "$replay" || status=$?
    [ "$status" -eq 3 ]
    grep -q 'after 1 of 1 messages were confirmed: .*connection closed by server' err
    [ ! -s out ]
}

@test "replay: a server lost while the input pauses ends it" {
    mkfifo pipe
    "$GDBG" replay --to "$to" <pipe 2>err 3>&- &
    replay=$!
    exec 4>pipe
    record research:x "$(payload 77 1768000000001)" >&4
    wait_until stored 1 research:x
    kill -KILL "$REDIS_PID"
    status=0
    wait "$replay" || status=$?
    exec 4>&-
    [ "$status" -eq 3 ]
    grep -q 'after 1 of 1 messages' err
}

@test "replay: refuses speeds that it does not know" {
    for speed in 1 0x -1x x 2X 1e3x fast ''; do
        run_gdbg replay --to "$to" --speed="$speed" </dev/null
        [ "$status" -eq 2 ]
        [[ $stderr == *"--speed"*"1x is the original speed"* ]]
    done
}

@test "replay: --ttl 0 keeps messages for ever, and fractions of a second are refused" {
    gdbg replay --to "$to" --ttl 0 <<<"$(record research:x "$(payload 77 1)")"
    [ "$(redis ttl msg:research:77)" = -1 ]
    run_gdbg replay --to "$to" --ttl 1500ms </dev/null
    [ "$status" -eq 2 ]
    [[ $stderr == *"--ttl"*"whole seconds"* ]]
}

@test "replay: an empty --to-guild or --to-topic is refused" {
    run_gdbg replay --to "$to" --to-guild '' </dev/null
    [ "$status" -eq 2 ]
}

@test "replay: --count ends it" {
    for id in 1 2 3; do record research:x "$(payload $id $id)"; done >in
    run_gdbg replay --to "$to" -c 2 in
    [ "$status" -eq 0 ]
    [ "$(redis zcard research:x)" = 2 ]
}

@test "replay: what Redis refuses is named, ten times in full, and makes it 3" {
    redis set g:x string
    for id in $(seq 101 112); do record research:x "$(payload "$id" 1)"; done >in
    record research:y "$(payload 113 1 y)" >>in
    run_gdbg replay --to "$to" --to-guild g --speed max in
    [ "$status" -eq 3 ]
    mapfile -t told <<<"$stderr"
    [[ ${told[0]} == *"refused message 1, ID 101: ZADD g:x: WRONGTYPE"* ]]
    [[ ${told[9]} == *"message 10, ID 110"* ]]
    [[ ${told[10]} == *"2 more commands were refused"* ]]
    [[ ${lines[0]} == '{"key":"g:x","messages":12,'*',"refused":12}' ]]
    [[ ${lines[1]} == '{"key":"g:y","messages":1,'*',"refused":0}' ]]
}

@test "replay: events are counted, not sent, and a gap makes it 5" {
    {
        record research:x "$(payload 1 1)"
        echo '{"event":"gap","lost":2,"source":{"via":"gdbg","key":"research:x"}}'
        record research:x "$(payload 2 2)"
    } >in
    run_gdbg replay --to "$to" in
    [ "$status" -eq 5 ]
    [[ $output == *'"messages":2,'* ]]
}

@test "replay: reads what zstd compressed" {
    record research:x "$(payload 77 1)" | zstd -q >in.jsonl.zst
    gdbg replay --to "$to" in.jsonl.zst
    [ "$(redis zcard research:x)" = 1 ]
}

@test "replay: --output text is a table with a total" {
    {
        record research:x "$(payload 1 1)"
        record research:longer "$(payload 2 2 longer)"
    } >in
    run_gdbg replay --to "$to" --output text in
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 4 ]
    [[ ${lines[0]} =~ ^KEY\ +MESSAGES\ +BYTES\ +REFUSED$ ]]
    [[ ${lines[2]} =~ ^research:longer\ +1\ +[0-9]+\ +0$ ]]
    [[ ${lines[3]} =~ ^total\ +2\ +[0-9]+\ +0$ ]]
}

@test "replay: a thousand keys in one run" {
    for n in $(seq 1000); do record "g:t$n" "$(payload "$n" "$n" "t$n")"; done >in
    run_gdbg replay --to "$to" --speed max in
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 1000 ]
    [ "$(redis dbsize)" = 2000 ]
}

@test "replay: in a pipe the first SIGINT passes, and all that was read is written" {
    mkfifo pipe
    env --default-signal=INT "$GDBG" replay --to "$to" --speed max <pipe >out 3>&- &
    replay=$!
    exec 4>pipe
    record research:x "$(payload 1 1)" >&4
    wait_until stored 1 research:x
    kill -INT "$replay"
    record research:x "$(payload 2 2)" >&4
    exec 4>&-
    wait "$replay"
    grep -q '"messages":2,' out
}
