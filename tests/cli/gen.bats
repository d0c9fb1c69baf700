#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The messages of a simulated guild, on standard output and in a Redis.

load helper

teardown() {
    [[ -z ${pid-} ]] || kill -KILL "$pid" 2>/dev/null || true
    stop_redis
}

# python_check CODE FILE...: CODE sees the lines of each file, parsed, as the lists in `files`.
python_check() {
    python3 - "$@" <<'PYTHON'
import json, sys
files = [[json.loads(line) for line in open(name, encoding='utf-8')] for name in sys.argv[2:]]
exec(sys.argv[1])
PYTHON
}

@test "gen: makes 1000 canonical messages and says nothing else" {
    run_gdbg gen
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [ "${#lines[@]}" -eq 1000 ]
    [[ ${lines[0]} == '{"id":"'*'"timestamp":"2026-01-09T23:00:00.000Z"'*'"source":{"via":"gen","key":"research:'*'","dialect":"rustic","bytes":'*'}}' ]]
}

@test "gen: the same options give the same bytes, another seed gives others" {
    local dialect
    for dialect in rustic debug json text; do
        gdbg gen -c 2000 --dialect "$dialect" --seed 5 --output wire >"$BATS_TEST_TMPDIR/a"
        gdbg gen -c 2000 --dialect "$dialect" --seed 5 --output wire >"$BATS_TEST_TMPDIR/b"
        gdbg gen -c 2000 --dialect "$dialect" --seed 6 --output wire >"$BATS_TEST_TMPDIR/c"
        cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
        ! cmp -s "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/c" || return 1
    done
}

@test "gen: a longer run begins as a shorter one does" {
    gdbg gen -c 300 >"$BATS_TEST_TMPDIR/short"
    gdbg gen -c 600 | head -n 300 | cmp - "$BATS_TEST_TMPDIR/short"
}

@test "gen: decoding and encoding give the wire form back" {
    local dialect
    for dialect in rustic debug json; do
        gdbg gen -c 20000 --dialect "$dialect" --output wire >"$BATS_TEST_TMPDIR/wire"
        gdbg gen -c 20000 --dialect "$dialect" | gdbg encode >"$BATS_TEST_TMPDIR/again"
        python_check '
known = lambda m: {k: v for k, v in m.items() if v not in (None, [], False, 0)}
assert len(files[0]) == 20000
assert [known(m) for m in files[0]] == [known(m) for m in files[1]]
' "$BATS_TEST_TMPDIR/wire" "$BATS_TEST_TMPDIR/again"
    done
}

@test "gen: text comes back from its canonical lines byte for byte" {
    gdbg gen -c 2000 --dialect text --output wire >"$BATS_TEST_TMPDIR/wire"
    gdbg gen -c 2000 --dialect text | gdbg encode | cmp - "$BATS_TEST_TMPDIR/wire"
}

@test "gen: a raw record holds the wire form" {
    gdbg gen -c 500 --output wire >"$BATS_TEST_TMPDIR/wire"
    gdbg gen -c 500 --output raw >"$BATS_TEST_TMPDIR/raw"
    python_check 'assert files[0] == [m["raw"] for m in files[1]]' \
        "$BATS_TEST_TMPDIR/wire" "$BATS_TEST_TMPDIR/raw"
    gdbg gen -c 500 >"$BATS_TEST_TMPDIR/canonical"
    gdbg decode "$BATS_TEST_TMPDIR/raw" | cmp - "$BATS_TEST_TMPDIR/canonical"
}

@test "gen: --output text is a line a message" {
    run_gdbg gen -c 5 --output text
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 5 ]
    [[ ${lines[0]} == 2026-01-09T23:00:00.000Z* ]]
}

@test "gen: -c, --guild and --start are heeded" {
    gdbg gen -c 7 -g lab --start 2026-03-01T12:00:00Z >"$BATS_TEST_TMPDIR/out"
    python_check '
assert len(files[0]) == 7
assert files[0][0]["metadata"]["timestamp"] == "2026-03-01T12:00:00.000Z"
assert {m["guild_id"] for m in files[0]} == {"lab"}
' "$BATS_TEST_TMPDIR/out"
}

@test "gen: a guild's name may be any bytes" {
    local name
    for name in 'a:b' 'say "hi"' $'new\nline' '*?[x]' ''; do
        gdbg gen -c 20 --guild "$name" >"$BATS_TEST_TMPDIR/out"
        NAME=$name python_check '
import os
name = os.environ["NAME"]
assert len(files[0]) == 20
assert all(m["source"]["key"].startswith(name + ":") for m in files[0])
' "$BATS_TEST_TMPDIR/out"
    done
    run_gdbg gen -c 1 --guild $'\xff'
    [ "$status" -eq 0 ]
    [[ $output == *'"guild_id":"'$'\xef\xbf\xbd''"'*'"key_base64":"'* ]]
}

@test "gen: unpaced, 50 messages a second are simulated" {
    gdbg gen -c 3000 >"$BATS_TEST_TMPDIR/out"
    python_check '
from datetime import datetime
first, last = (datetime.fromisoformat(files[0][i]["metadata"]["timestamp"][:-1]) for i in (0, -1))
assert 59 < (last - first).total_seconds() < 60.1
' "$BATS_TEST_TMPDIR/out"
}

@test "gen: --rate keeps real time, and the messages' times tell it" {
    local begin_ms end_ms
    begin_ms=$(date +%s%3N)
    gdbg gen --rate 100/s -c 60 >"$BATS_TEST_TMPDIR/out"
    end_ms=$(date +%s%3N)
    ((end_ms - begin_ms >= 500))
    python_check '
from datetime import datetime
first, last = (datetime.fromisoformat(files[0][i]["metadata"]["timestamp"][:-1]) for i in (0, -1))
assert 0.5 < (last - first).total_seconds() < 0.7
' "$BATS_TEST_TMPDIR/out"
}

@test "gen: --rate without -c ends by a signal, with whole lines" {
    local signal
    for signal in INT TERM; do
        "$GDBG" gen --rate 200/s >"$BATS_TEST_TMPDIR/out" 3>&- &
        pid=$!
        wait_until test -s "$BATS_TEST_TMPDIR/out"
        kill -"$signal" "$pid"
        wait "$pid"
        python_check 'assert files[0]' "$BATS_TEST_TMPDIR/out"
        rm "$BATS_TEST_TMPDIR/out"
    done
}

@test "gen: a closed pipe ends it quietly" {
    local option
    for option in --count=10000000 --rate=1000/s; do
        # shellcheck disable=SC2016 # for the inner shell to expand
        run --separate-stderr bash -c '"$GDBG" gen "$0" | head -n 1; exit "${PIPESTATUS[0]}"' "$option"
        [ "$status" -eq 0 ]
        [ "${#lines[@]}" -eq 1 ]
        [ -z "$stderr" ]
    done
}

@test "gen: usage errors" {
    run_gdbg gen --dialect klingon
    [ "$status" -eq 2 ]
    [[ $stderr == *"none of: rustic, debug, json, text"* ]]
    run_gdbg gen something
    [ "$status" -eq 2 ]
    run_gdbg gen --start 2022-12-31
    [ "$status" -eq 2 ]
    [[ $stderr == *"no ID in layout int has time 2022-12-31"* ]]
}

@test "gen: --to stores and publishes as RusticAI does, and writes nothing else" {
    start_redis
    redis psubscribe '*' >"$BATS_TEST_TMPDIR/heard" 3>&- &
    local listener=$!
    wait_until grep -q psubscribe "$BATS_TEST_TMPDIR/heard"
    run_gdbg gen -c 500 -g lab --to "$GDBG_URL"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    [[ $stderr == "gdbg gen: wrote 500 messages to "[5-9]" topics of guild lab" ]]
    # shellcheck disable=SC2016 # for wait_until to expand
    wait_until '[ "$(grep -c ^pmessage "$BATS_TEST_TMPDIR/heard")" -eq 500 ]'
    kill "$listener"
    [ "$(redis keys 'msg:lab:*' | wc -l)" -eq 500 ]
    [ "$(redis zcard lab:agent_inbox:worker-1)" -gt 0 ]
    local payload score id
    { read -r payload && read -r score; } < <(redis zrange lab:findings 0 0 withscores)
    [[ $payload == *'"topic_published_to":"findings"'*'"timestamp":'"$score}" ]]
    id=${payload##*'"id":'}
    id=${id%%,*}
    [ "$(redis get "msg:lab:$id")" = "$payload" ]
    [ "$(redis ttl "msg:lab:$id")" -gt 3500 ]
}

@test "gen: --to ends the past now" {
    start_redis
    local begin_ms end_ms last_ms
    begin_ms=$(date +%s%3N)
    gdbg gen -q -c 3000 --to "$GDBG_URL" --output json >"$BATS_TEST_TMPDIR/out"
    end_ms=$(date +%s%3N)
    python_check '
from datetime import datetime, timezone
at = lambda m: datetime.fromisoformat(m["metadata"]["timestamp"][:-1] + "+00:00").timestamp() * 1000
print(int(at(files[0][-1])))
assert 59e3 < at(files[0][-1]) - at(files[0][0]) < 60.1e3
' "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/last"
    read -r last_ms <"$BATS_TEST_TMPDIR/last"
    ((begin_ms - 500 <= last_ms && last_ms <= end_ms))
}

@test "gen: --to with --rate begins now, and a signal ends it with a summary" {
    start_redis
    local begin_ms first_ms
    begin_ms=$(date +%s%3N)
    "$GDBG" gen --rate 200/s --to "$GDBG_URL" 2>"$BATS_TEST_TMPDIR/said" 3>&- &
    pid=$!
    # shellcheck disable=SC2016 # for wait_until to expand
    wait_until '[ "$(redis exists research:research-questions)" -eq 1 ]'
    kill -INT "$pid"
    wait "$pid"
    first_ms=$(redis zrange research:research-questions 0 0 withscores | tail -n 1)
    ((begin_ms <= first_ms && first_ms <= $(date +%s%3N)))
    grep -q '^gdbg gen: wrote [0-9]* messages\? to [0-9] topics\? of guild research$' \
        "$BATS_TEST_TMPDIR/said"
}

@test "gen: what Redis refuses is reported, and shows in the exit status" {
    start_redis
    redis set research:findings "not a zset"
    run_gdbg gen -c 200 --to "$GDBG_URL"
    [ "$status" -eq 5 ]
    [[ $stderr == *"refused ZADD of message"*WRONGTYPE* ]]
    [[ $stderr == *"gdbg gen: wrote 1"[0-9][0-9]" messages to "* ]]
}

@test "gen: --to a Redis that is not there" {
    run_gdbg gen --to unix:///nonexistent/socket
    [ "$status" -eq 3 ]
}
