#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# encode: messages in any form back into what was published, or into another dialect.
# shellcheck disable=SC2028 # backslashes are meant

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

@test "encode: what a raw record holds is what was published, byte for byte" {
    cat >in <<'END'
{"source":{"via":"pubsub","key":"g:t"},"raw":{ "a" : 1.50 ,"\u0061":[ ] }}
{"source":{"via":"pubsub","key":"g:t"},"raw_text":"line\nbreak\r\u0000\u001b"}
{"source":{"via":"pubsub","key":"g:t"},"raw_base64":"/wD+"}
{"source":{"via":"pubsub","key":"g:t"},"raw_text":""}
END
    gdbg encode in | cmp - <(printf '{ "a" : 1.50 ,"\\u0061":[ ] }\nline\nbreak\r\0\033\n\377\0\376\n\n')
    gdbg encode --output raw in | cmp - in
}

@test "encode: a foreign line is itself" {
    gdbg gen -c 500 --output wire >in
    gdbg encode in | cmp - in
    printf '{ "a" : 1 }\t\r\n' | gdbg encode | cmp - <(echo '{ "a" : 1 }')
}

@test "encode: there and back and there is the same bytes" {
    for dialect in rustic debug json text; do
        gdbg gen -c 500 --dialect "$dialect" | gdbg encode >once
        gdbg encode --output raw < <(gdbg gen -c 500 --dialect "$dialect") | gdbg decode | gdbg encode >twice
        cmp once twice
    done
}

@test "encode: what could not be rebuilt stands in extra, and comes back" {
    while read -r message; do
        gdbg decode <<<"$message" | gdbg encode | jq -cS . | cmp - <(jq -cS . <<<"$message")
    done <<'END'
{"id":"x7","sender":{},"topics":["a","b"],"payload":1,"mood":"good"}
{"id":5,"sender":{},"topics":["x"],"payload":[],"topic_published_to":"x"}
{"id":5,"sender":{},"topics":"x","payload":"","is_error_message":true,"process_status":"completed"}
{"id":5,"sender":{},"topics":"x","payload":null,"thread":[1,2,3]}
{"id":5,"sender":{},"topics":"x","payload":{},"thread":[7,7],"routing_slip":{}}
{"id":5,"sender":{},"topics":"x","payload":{},"timestamp":1768000000001.5,"traceparent":"nonsense"}
{"id":-5,"sender":{},"topics":[],"payload":{},"priority":"high","ttl":"soon"}
{"id":18446744073709551616,"sender":{"x":1},"topics":["a",2],"payload":{},"thread":"no","recipient_list":{}}
END
}

@test "encode: --dialect makes another wire form" {
    cat >in <<'END'
{"id":"5","topic":"t","guild_id":"g","agent_tag":{"id":"a","name":"A"},"content":{"type":"json","format":"f","body":{"x":1}},"metadata":{"timestamp":"2026-01-09T23:06:40.001Z","priority":4},"source":{"via":"zset","key":"g:t","dialect":"rustic"}}
END
    gdbg encode in | jq -e '.id == 5 and .sender.name == "A" and .topics == "t" and .payload.x == 1 and .timestamp == 1768000000001'
    gdbg encode --dialect debug in | jq -e '.id == "5" and .agent_tag.name == "A" and .content.body.x == 1 and .metadata.priority == 4'
    [ "$(gdbg encode --dialect json in)" = '{"x":1}' ]
    gdbg encode --dialect debug in | gdbg encode --dialect rustic | jq -e '.id == 5 and .sender.name == "A" and .payload.x == 1'
    gdbg encode --dialect=debug --output raw in | jq -e '.source.dialect == "debug" and .raw.content.body.x == 1'
}

@test "encode: what a dialect cannot hold is bad input" {
    echo '{"content":{"type":"json","body":{"x":1}},"source":{"via":"file"}}' >in
    for dialect in text binary; do
        run_gdbg encode --dialect $dialect in
        [ "$status" -eq 0 ]
        [ -z "$output" ]
        [[ $stderr == "gdbg encode: in, line 1"* ]]
        run_gdbg encode --strict --dialect $dialect in
        [ "$status" -eq 4 ]
    done
    echo '{"content":{"type":"text","body":"a\u0000\nb"},"source":{"via":"file"}}' >in
    gdbg encode --dialect text in | cmp - <(printf 'a\0\nb\n')
    echo '{"content":{"type":"binary","body":"/wD+"},"source":{"via":"file"}}' >in
    gdbg encode --dialect binary in | cmp - <(printf '\377\0\376\n')
}

@test "encode: events are left out with a notice, or kept in raw" {
    cat >in <<'END'
{"source":{"via":"file","dialect":"json"},"content":{"type":"json","body":{"a":1}}}
{"event":"gap","lost":1,"source":{"via":"gdbg"},"x":"\u009b"}
END
    run_gdbg encode in
    [ "$status" -eq 0 ]
    [ "$output" = '{"a":1}' ]
    [[ $stderr == *"an event has no wire form"*'"event":"gap"'* ]]
    run_gdbg encode -q in
    [ -z "$stderr" ]
    gdbg encode --output raw in | tail -n 1 | cmp - <(tail -n 1 in)
    printf '{"event":"\302\23331m","source":{"via":"gdbg"}}\n' >in
    run_gdbg encode in
    ! grep -q $'\xc2\x9b' <<<"$stderr" || return 1
}

@test "encode: -c counts messages" {
    gdbg gen -c 10 >in
    [ "$(gdbg encode -c 3 in | wc -l)" -eq 3 ]
    [ "$(gdbg encode -c15 in in | wc -l)" -eq 15 ]
    { head -n 1 in && echo '{"event":"x","source":{"via":"gdbg"}}' && tail -n +2 in; } >with
    [ "$(gdbg encode -q -c 3 with | wc -l)" -eq 3 ]
}

@test "encode: at a terminal it is still the wire form" {
    echo '{"a":1}' >in
    [ "$(script -qec "$GDBG encode in" /dev/null | tr -d '\r')" = '{"a":1}' ]
}
