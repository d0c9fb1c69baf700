#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Nothing is changed on the way, nothing is lost, and nothing comes twice.
# shellcheck disable=SC2094,SC2238 # words that are also names of files

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    exec 4>&-
    # shellcheck disable=SC2086 # several words
    [[ -z ${pids-} ]] || kill -KILL $pids 2>/dev/null || true
    stop_redis
}

lines_in() { # N FILE
    [[ $(wc -l <"$2") -eq $1 ]]
}

subscribers() { # N URL
    [[ $(GDBG_URL=$2 redis client list type pubsub | grep -cE ' (sub|psub)=1 ') -eq $1 ]]
}

@test "exact: decode and encode give a guild's messages the same values" {
    gdbg gen -c 20000 --seed 11 --output wire >wire
    gdbg decode wire | gdbg encode >again
    python3 - <<'PYTHON'
import decimal, json
def read(name):
    return [json.loads(line, parse_float=decimal.Decimal) for line in open(name, encoding="utf-8")]
def known(message):
    return {k: v for k, v in message.items() if v not in (None, [], False, 0)}
before, after = read("wire"), read("again")
assert len(before) == 20000
assert [known(m) for m in before] == [known(m) for m in after]
PYTHON
}

@test "exact: what stands in slices stands there to the byte" {
    cat >wire <<'END'
{"id":9623797206574182417,"sender":{ "name" : "A" , "id":1e2},"topics":"t","payload":{"n":1.0,"m":-0,"big":123456789012345678901234567890,"e":1E+05,"s":"\u00e9\/\ud83d\ude00","dup":1,"dup":2},"recipient_list":[ {"id" :"b"} ],"message_history":[{ }],"routing_slip":{"steps":[ 1.50 ]},"mood":[ 1 ,2 ]}
END
    gdbg decode wire | gdbg encode >again
    for slice in '{ "name" : "A" , "id":1e2}' '[ {"id" :"b"} ]' '[{ }]' '[ 1.50 ]' '"mood":[ 1 ,2 ]' \
        '{"n":1.0,"m":-0,"big":123456789012345678901234567890,"e":1E+05,"s":"\u00e9\/\ud83d\ude00","dup":1,"dup":2}'; do
        grep -qF -- "$slice" again
        gdbg decode wire | grep -qF -- "$slice"
    done
}

@test "exact: all 64 bits of an ID, everywhere" {
    start_redis
    id=18446744073709551615 thread=18446744073709551614 parent=9223372036854775808 talk=18446744073709551613
    message='{"id":'$id',"sender":{},"topics":"t","payload":{"ref":'$id'},"timestamp":'$(date +%s%3N)',"thread":[1,'$thread'],"in_response_to":'$parent',"conversation_id":'$talk',"topic_published_to":"t"}'
    same() {
        grep -qF "\"id\":\"$id\"" "$1" && grep -qF "\"ref\":$id" "$1" && grep -qF "\"thread_id\":\"$thread\"" "$1" &&
            grep -qF "\"parent_id\":\"$parent\"" "$1" && grep -qF "\"correlation_id\":\"$talk\"" "$1"
    }
    "$GDBG" tail -c 1 >tail 3>&- &
    pids=$!
    wait_until subscribers 1 "$GDBG_URL"
    redis zadd g:t 5 "$message"
    redis set msg:g:$id "$message"
    redis publish g:t "$message"
    wait "$pids"
    gdbg history >history
    gdbg get $id >get
    redis del msg:g:$id
    gdbg get $id >stored
    gdbg decode <<<"$message" >decode
    gdbg tail --since 1970-01-01 -c 1 >since
    for file in tail history get stored decode since; do
        same "$file"
        [ "$(gdbg encode "$file" | tr ',{}[]' '\n' | grep -oE '[0-9]{17,}' | sort)" = \
            "$(tr ',{}[]' '\n' <<<"$message" | grep -oE '[0-9]{17,}' | sort)" ]
        gdbg decode --output text "$file" | grep -qF " $id "
    done
    gdbg replay -q --to "$GDBG_URL" --to-guild other --same-target history
    [ "$(redis exists msg:other:$id)" = 1 ]
    gdbg decode $id | jq -r .id | grep -qx $id
    [ "$(gdbg history --since $parent -c 1)" = "" ]
}

# Payloads that are easily changed on the way, and channels likewise; through Python, which is none
# of ours, on both sides.
@test "exact: tail --output raw | replay publishes the same bytes on the same channels" {
    start_redis
    from=$GDBG_URL
    start_redis
    to=$GDBG_URL
    cat >payloads.py <<'PYTHON'
pairs = [(b"g:t", p) for p in [
    b"{}", b'{"a":1}', b'{ "a" : 1.50 ,\t"b":[ ]}', b' {"a":1}', b'{"a":1} ', b'{"a":1}\n', b'{\n"a":1\r\n}', b'{"a":1}\r',
    b"", b" ", b"\n", b"\0", b"\0{}\0", b"\xff\xfe", b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}', b"\xef\xbb\xbf{}",
    b"plain", b'"quoted"', b"[1,2]", b"null", b"1e400", b'{"a":1e400}', b'{"a":01}', b'{"a":1,}', b'{"a":1}{"b":2}', b"{" * 5000,
    b'{"a":' * 900 + b"1" + b"}" * 900, b'{"a":' * 1500 + b"1" + b"}" * 1500, b'{"dup":1,"dup":2,"\\u0064up":3}', b'{"":{"":[]}}',
    b'{"id":18446744073709551615,"sender":{},"topics":"t","payload":{"x":1.0},"topic_published_to":"t"}',
    b'{"source":{"via":"pubsub"},"raw":{"a":1}}', b'{"event":"gap","source":{"via":"gdbg"}}', b'{"source":{"via":"gen"}}',
    "{\"a\":\"\u2028\u2029\U0001F600\u0085\"}".encode(), b'{"a":"\x7f"}', b'{"a":"\\u0000\\n"}', b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd",
    b'{"a":"' + b"x" * 300000 + b'"}', bytes(range(256)) * 40, b"{}", b"{}"]]
pairs += [(c, b'{"n":%d}' % n) for n, c in enumerate([
    b"nocolon", b":", b"g:", b":t", b"a:b:c", b"\xff\xfe:\x80", b"g:\0", b"new\nline:\r\n", b'say "hi":\\', b"*:?", b"[x]:\x1b[31m",
    "\u00fc:\u65e5\u672c".encode(), b" : ", b"msg:g:5", b"half\xc3:t"])]
PYTHON
    cat >hear.py <<'PYTHON'
import redis, sys
exec(open("payloads.py").read())
r = redis.Redis(unix_socket_path=sys.argv[1].removeprefix("unix://"))
p = r.pubsub(ignore_subscribe_messages=True)
p.psubscribe("*")
heard = 0
with open(sys.argv[2], "w") as out:
    while heard < len(pairs):
        m = p.get_message(timeout=10)
        if m:
            heard += 1
            print(m["channel"].hex(), m["data"].hex(), file=out, flush=True)
PYTHON
    python_redis hear.py "$from" heard.from 3>&- &
    pids=$!
    python_redis hear.py "$to" heard.to 3>&- &
    pids+=" $!"
    "$GDBG" tail -u "$from" --output raw 3>&- | tee -i captured | "$GDBG" replay -q --same-target --speed max --to "$to" >sent 2>err 3>&- &
    wait_until subscribers 2 "$from"
    wait_until subscribers 1 "$to"
    python_redis - "$from" <<'PYTHON'
import redis, sys
exec(open("payloads.py").read())
r = redis.Redis(unix_socket_path=sys.argv[1].removeprefix("unix://"))
for channel, payload in pairs:
    assert r.publish(channel, payload) == 2
PYTHON
    # shellcheck disable=SC2086
    wait $pids
    pids=
    GDBG_URL=$from redis client kill type pubsub
    cmp heard.from heard.to
    # Each record is one line, and each is strict JSON.
    lines_in "$(wc -l <heard.from)" captured
    python3 -c 'import json; [json.loads(line) for line in open("captured", encoding="utf-8", newline="\n")]'
    # What is decoded at once and what is decoded later is the same.
    gdbg decode captured >later
    gdbg decode --output raw captured | cmp - captured
    gdbg encode later >/dev/null
}

# pairs_of FILE: key, ID and body of each line.
pairs_of() {
    jq -r '[.source.key, .id, (.content.body | @json)] | @tsv' "$1" | sort
}

stored_at_least() { # COUNT
    local messages
    messages=$(gdbg ls | jq .messages)
    ((${messages:-0} >= $1))
}

@test "exact: tail --since, with a writer running, gives each stored message once" {
    start_redis
    gdbg gen -q -c 1000 --seed 1 --to "$GDBG_URL"
    "$GDBG" gen -q -c 3000 --seed 2 --rate 1500/s --to "$GDBG_URL" 2>err.writer 3>&- &
    pids=$! writer=$!
    tails=
    for n in {1..6}; do
        wait_until stored_at_least $((1000 + 350 * n))
        "$GDBG" tail --since 1h -c 4000 --duration 20s >"tail.$n" 2>"err.$n" 3>&- &
        pids+=" $!" tails+=" $!"
    done
    wait "$writer"
    for tail in $tails; do
        wait "$tail"
    done
    pids=
    gdbg history >stored
    lines_in 4000 stored
    pairs_of stored >expected
    for n in {1..6}; do
        pairs_of "tail.$n" | cmp - expected
        [ ! -s "err.$n" ]
        # Stored ones came first.
        [ "$(jq -r .source.via "tail.$n" | uniq)" = zset ] || [ "$(jq -r .source.via "tail.$n" | uniq | tr '\n' ' ')" = "zset pubsub " ]
    done
}

@test "exact: so it does for one topic, and for those that a glob selects" {
    start_redis
    "$GDBG" gen -q -c 1500 --rate 1500/s --to "$GDBG_URL" 3>&- &
    pids=$! writer=$!
    "$GDBG" tail --since 1h -g research -t findings >one 3>&- &
    pids+=" $!" one=$!
    wait_until stored_at_least 450
    "$GDBG" tail --since 1h -t 'agent_inbox:*' >some 3>&- &
    pids+=" $!" some=$!
    wait "$writer"
    gdbg history -g research -t findings >stored.one
    gdbg history -t 'agent_inbox:*' >stored.some
    wait_until lines_in "$(wc -l <stored.one)" one
    wait_until lines_in "$(wc -l <stored.some)" some
    kill "$one" "$some"
    wait "$one"
    wait "$some"
    pids=
    pairs_of stored.one | cmp - <(pairs_of one)
    pairs_of stored.some | cmp - <(pairs_of some)
}

@test "exact: so it does when its reader is slow, and what is published fills more than memory" {
    start_redis
    gdbg gen -q -c 3000 --seed 1 --to "$GDBG_URL"
    mkfifo slow
    "$GDBG" tail --since 1h -c 9000 --duration 30s >slow 2>err 3>&- &
    pids=$! tail=$!
    exec 4<slow
    wait_until subscribers 1 "$GDBG_URL"
    gdbg gen -q -c 6000 --seed 2 --to "$GDBG_URL"
    cat <&4 >got
    exec 4<&-
    wait "$tail"
    pids=
    [ ! -s err ]
    gdbg history >stored
    pairs_of stored | cmp - <(pairs_of got)
}
