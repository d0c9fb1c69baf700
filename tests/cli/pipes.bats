#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What stands at the other end: pipes that are closed, slow or late, full disks, closed descriptors;
# and signals, which end some commands and not others.

# What stands in single quotes is for others to expand; several words are wanted where no quotes are;
# each test is a process of its own; words may also be names of files.
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2094

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    exec 4>&- 5>&-
    [[ -z ${pid-} ]] || kill -KILL "$pid" 2>/dev/null || true
    stop_redis
}

# in_background COMMAND...: from "pipe" to "out" and "err". Its process ID is in $pid. As opposed to
# what a shell puts into the background, it does not start with SIGINT ignored.
in_background() {
    env --default-signal=INT "$GDBG" "$@" <"${input-/dev/null}" >"${output_to-out}" 2>err 3>&- 4>&- 5>&- &
    pid=$!
}

tail_subscribed() {
    [[ $(redis pubsub numpat) -gt 0 ]]
}

# Waits for the end of $pid; its status is $ended_with.
await_end() {
    ended_with=0
    wait "$pid" || ended_with=$?
    pid=
}

ends_with() { # STATUS
    await_end
    [ "$ended_with" -eq "$1" ]
}

ended() { # PID
    ! kill -0 "$1" 2>/dev/null
}

lines_in() { # N FILE
    [[ $(wc -l <"$2") -eq $1 ]]
}

publish() { # N
    local n
    for ((n = 1; n <= $1; n++)); do echo "publish g:t '{\"n\":$n}'"; done | redis >/dev/null
}

letters() {
    head -c "$1" /dev/zero | tr '\0' a
}

@test "a closed pipe ends every command silently, with 0" {
    start_redis
    gdbg gen -q -c 20000 --to "$GDBG_URL"
    gdbg history >in
    export MANPATH=$PWD # so that help is the short one
    for command in history 'ls topics' 'decode in' 'decode --output raw in' 'encode in' 'history --output raw' \
        'stats --by guild,topic in' 'history --output text' --help help 'tail --since 1d' 'stats --help'; do
        run --separate-stderr bash -c '"$GDBG" "$@" 5>&- | { exec <&-; true; }; exit "${PIPESTATUS[0]}"' bash $command
        [ "$status" -eq 0 ]
        [[ -z $stderr || $command == help ]]
        run --separate-stderr bash -c '"$GDBG" "$@" | head -n 1; exit "${PIPESTATUS[0]}"' bash $command
        [ "$status" -eq 0 ]
        [[ -z $stderr || $command == help ]]
        [ "${#lines[@]}" -eq 1 ]
    done
}

@test "a closed pipe ends a filter whose input goes on" {
    run --separate-stderr bash -c 'yes "{\"a\":1}" | "$GDBG" decode | head -n 3; echo "${PIPESTATUS[@]}" >status'
    [ "$(cut -d ' ' -f 2 status)" = 0 ]
    [ -z "$stderr" ]
    [ "${#lines[@]}" -eq 3 ]
}

@test "tail | head -n 1 ends by itself, though nothing more is published" {
    start_redis
    bash -c '"$GDBG" tail | head -n 1; echo "${PIPESTATUS[0]}"' >out 2>err 3>&- &
    pid=$!
    wait_until tail_subscribed
    redis publish g:t '{"n":1}'
    wait_until ended "$pid"
    lines_in 2 out
    [ "$(tail -n 1 out)" = 0 ]
    [ ! -s err ]
}

@test "a socket whose other end has gone ends tail, too" {
    start_redis
    python3 - "$GDBG" <<'PYTHON'
import socket, subprocess, sys
ours, theirs = socket.socketpair()
child = subprocess.Popen([sys.argv[1], "tail"], stdout=theirs)
theirs.close()
ours.close()
sys.exit(child.wait(timeout=10))
PYTHON
}

@test "a filter whose reader has gone ends before its input does" {
    mkfifo pipe
    bash -c '"$GDBG" decode <pipe | head -n 1; echo "${PIPESTATUS[0]}"' >out 3>&- &
    pid=$!
    exec 4>pipe
    echo '{"a":1}' >&4
    wait_until ended "$pid"
    [ "$(tail -n 1 out)" = 0 ]
}

@test "a full disk is 6, with a message" {
    start_redis
    redis zadd g:t 1 '{"n":1}'
    echo '{"a":1}' >in
    for command in history ls 'ls topics' 'decode in' 'encode in' 'stats in' 'decode 0' 'decode --output text in' \
        'gen -c 1' 'tail --since 1970-01-01 -c 1' 'tail --since 1970-01-01'; do
        run --separate-stderr bash -c '"$GDBG" "$@" >/dev/full' bash $command
        [ "$status" -eq 6 ]
        [ "$(wc -l <<<"$stderr")" -eq 1 ]
        [[ $stderr == "gdbg ${command%% *}: cannot write to standard output: No space left on device"* ]]
    done
    run_gdbg decode -o /dev/full in
    [ "$status" -eq 6 ]
    [[ $stderr == *"cannot write to /dev/full"* ]]
    for command in --help --version 'stats --help'; do
        run bash -c '"$GDBG" "$@" >/dev/full' bash $command
        [ "$status" -eq 6 ]
    done
}

@test "closed descriptors: nothing goes where it was not meant to" {
    start_redis
    redis zadd g:t 1 '{"n":1}'
    for command in history 'tail --since 1970-01-01 -c 1' ls 'decode 0'; do
        run --separate-stderr bash -c '"$GDBG" "$@" >&-' bash $command
        [ "$status" -eq 6 ]
        run bash -c '"$GDBG" "$@" <&- >&- 2>&-' bash $command
        [ "$status" -eq 6 ]
    done
    run bash -c '"$GDBG" decode -o out 0 nonsense 2>&-'
    [ "$status" -eq 2 ]
    [ "$(jq -r .id out)" = 0 ]
    run --separate-stderr bash -c '"$GDBG" decode <&-'
    [ "$status" -ne 0 ]
    [[ $stderr == *"standard input: cannot read"* ]]
}

@test "tail prints a message at once" {
    start_redis
    for form in json text raw; do
        in_background tail --output "$form"
        wait_until tail_subscribed
        redis publish g:t '{"n":1}'
        start_ms=$(date +%s%3N)
        wait_until test -s out
        (($(date +%s%3N) - start_ms < 1000))
        lines_in 1 out
        kill "$pid"
        ends_with 0
        rm out
        wait_until "! tail_subscribed"
    done
}

@test "filters pass on what they have whenever the input pauses" {
    for command in decode encode 'decode --output text' 'decode --output raw' 'encode --output raw'; do
        mkfifo pipe
        input=pipe in_background $command
        exec 4>pipe
        for n in 1 2; do
            printf '{"a":' >&4
            echo '1}' >&4
            wait_until lines_in "$n" out
        done
        exec 4>&-
        ends_with 0
        rm pipe out
    done
}

@test "compressed input is passed on as it comes, too" {
    mkfifo pipe
    input=pipe in_background decode
    exec 4>pipe
    for n in 1 2; do
        echo '{"a":1}' | zstd -q >&4
        wait_until lines_in "$n" out
    done
    exec 4>&-
    ends_with 0
}

@test "a slow reader gets everything, in order" {
    gdbg gen -c 5000 >expected
    bash -c '"$GDBG" gen -c 5000 | "$GDBG" decode' | python3 -c '
import sys, time
with open("got", "wb") as got:
    for n in range(10 ** 9):
        block = sys.stdin.buffer.raw.read(30000)
        if not block:
            break
        got.write(block)
        if n < 20:
            time.sleep(0.01)
'
    cmp expected got
}

@test "a pipe that somebody made non-blocking loses nothing" {
    gdbg gen -c 3000 >expected
    python3 - "$GDBG" <<'PYTHON'
import os, subprocess, sys, time
reader, writer = os.pipe()
os.set_blocking(writer, False)
child = subprocess.Popen([sys.argv[1], "decode", "expected"], stdout=writer)
os.close(writer)
with open("got", "wb") as got:
    while block := os.read(reader, 50000):
        got.write(block)
        time.sleep(0.002)
sys.exit(child.wait())
PYTHON
    cmp expected got
}

@test "messages of 1 MiB go through everything" {
    start_redis
    { printf '{"id":18446744073709551615,"sender":{"name":"A"},"topics":"t","topic_published_to":"t","timestamp":1768000000001,"payload":{"s":"'; letters 1048576; printf '"}}'; } >big
    in_background tail --output raw
    wait_until tail_subscribed
    for n in 1 2 3; do
        redis -x publish g:t <big
        redis -x zadd g:t "$n" <big
        redis -x set msg:g:18446744073709551615 <big
    done
    wait_until lines_in 3 out
    kill "$pid"
    ends_with 0
    gdbg encode out | cmp - <(for n in 1 2 3; do cat big && echo; done)
    gdbg history >history
    lines_in 1 history
    gdbg get -g g 18446744073709551615 | gdbg encode | jq -S . | cmp - <(jq -S . big)
    gdbg decode history | cmp - history
    gdbg stats out history | jq -e --argjson n "$(wc -c <big)" '.messages == 4 and .bytes == 4 * $n'
}

@test "a signal ends tail cleanly, with all that was read" {
    start_redis
    for signal in INT TERM; do
        for option in --quiet --since=now; do
            in_background tail "$option"
            wait_until tail_subscribed
            publish 50
            wait_until lines_in 50 out
            kill -"$signal" "$pid"
            ends_with 0
            [ ! -s err ]
            [ "$(jq -c .content.body.n out | sort -nu | wc -l)" -eq 50 ]
            wait_until "! tail_subscribed"
        done
    done
}

@test "a signal ends history cleanly, with whole lines" {
    start_redis
    gdbg gen -q -c 20000 --to "$GDBG_URL"
    mkfifo slow
    output_to=slow in_background history
    exec 4<slow
    head -c 10000 <&4 >got
    kill -INT "$pid"
    cat <&4 >>got
    exec 4<&-
    ends_with 0
    [ "$(tail -c 1 got)" = '' ]
    jq -e .id got >/dev/null
    (($(wc -l <got) < 20000))
}

@test "tail | stats: Ctrl-C ends the one, and the other shows what it has" {
    start_redis
    # A process group, as at a terminal. The shell belongs to it, and goes on when its children do.
    env --default-signal=INT setsid bash -c '"$GDBG" tail | tee -i seen | "$GDBG" stats --by topic >out 2>err
        echo "${PIPESTATUS[@]}" >status' 3>&- &
    pid=$!
    wait_until tail_subscribed
    redis publish g:t '{"n":1}'
    redis publish g:t '{"n":2}'
    redis publish g:u '{"n":3}'
    wait_until lines_in 3 seen
    kill -INT -- "-$pid"
    await_end
    [ "$(jq -c '[.by.topic, .messages]' out | tr -d '\n')" = '["t",2]["u",1]' ]
    [ ! -s err ]
    [ "$(cat status)" = "0 0 0" ]
}

@test "the second SIGINT ends a filter or sink that reads a pipe" {
    for command in decode encode stats; do
        mkfifo pipe
        input=pipe in_background "$command"
        exec 4>pipe
        echo '{"a":1}' >&4
        [[ $command == stats ]] || wait_until test -s out
        wait_until "grep -q '^SigCgt:.*[2367abef]$' /proc/$pid/status"
        kill -INT "$pid"
        wait_until "grep -q '^SigCgt:.*[014589cd]$' /proc/$pid/status"
        echo '{"b":1}' >&4
        [[ $command == stats ]] || wait_until lines_in 2 out
        kill -INT "$pid"
        ends_with 130
        exec 4>&-
        rm pipe
    done
}

@test "after one SIGINT a sink goes on to the end of its input" {
    mkfifo pipe
    input=pipe in_background stats
    exec 4>pipe
    echo '{"a":1}' >&4
    wait_until "grep -q '^SigCgt:.*[2367abef]$' /proc/$pid/status"
    kill -INT "$pid"
    echo '{"a":1}' >&4
    exec 4>&-
    ends_with 0
    [ "$(jq .messages out)" = 2 ]
}

@test "a signal ends a tail that nobody reads, at the second time at the latest" {
    start_redis
    mkfifo slow
    output_to=slow in_background tail
    exec 4<slow
    wait_until tail_subscribed
    letters 4000000 >big
    redis -x publish g:t <big
    redis -x publish g:t <big
    # It is stuck in writing when its buffer for the pipe is full.
    wait_until "grep -q 'S (sleeping)' /proc/$pid/status"
    kill -TERM "$pid"
    wait_until "ended $pid || grep -q '^SigCgt:.*[0-3]...$' /proc/$pid/status"
    kill -TERM "$pid" || true
    wait_until ended "$pid"
    exec 4<&-
    await_end
    [[ $ended_with == 0 || $ended_with == 143 ]]
}

@test "a signal ends the attempt to connect" {
    start_redis
    kill -STOP "$REDIS_PID"
    in_background tail --connect-timeout 60s --timeout 60s
    wait_until "grep -q '^SigCgt:.*[2367abef]$' /proc/$pid/status"
    kill -INT "$pid"
    wait_until ended "$pid"
    await_end
    [[ $ended_with == 0 || $ended_with == 130 ]]
    kill -CONT "$REDIS_PID"
}

@test "a tail that is stopped and goes on has missed nothing" {
    start_redis
    in_background tail
    wait_until tail_subscribed
    kill -STOP "$pid"
    publish 500
    kill -CONT "$pid"
    wait_until lines_in 500 out
    kill "$pid"
    ends_with 0
    jq -c .content.body.n out | cmp - <(seq 500)
}

@test "a tail too slow for the server is told so, and it is 3" {
    start_redis --client-output-buffer-limit pubsub 100kb 100kb 1
    in_background tail
    wait_until tail_subscribed
    kill -STOP "$pid"
    letters 1000000 >big
    for _ in {1..8}; do redis -x publish g:t <big; done >/dev/null
    kill -CONT "$pid"
    wait_until ended "$pid"
    ends_with 3
    grep -q 'connection closed by server' err
}

@test "-o: a file is written as the messages come" {
    start_redis
    echo old >file
    in_background tail -o file
    wait_until tail_subscribed
    redis publish g:t '{"n":1}'
    wait_until 'grep -q content file'
    kill "$pid"
    ends_with 0
    lines_in 1 file
    [ ! -s out ]
}

@test "-o: an output that is an input too is refused, and keeps what it holds" {
    echo '{"a":1}' >same
    run_gdbg decode -o same same
    [ "$status" -eq 2 ]
    [[ $stderr == "gdbg decode: same is the output too"* ]]
    [ "$(cat same)" = '{"a":1}' ]
}

@test "-o: a file keeps what it holds where there is nothing to put in its place" {
    echo kept >file
    run_gdbg history -u "unix://$PWD/none" -o file
    [ "$status" -eq 3 ]
    [ "$(cat file)" = kept ]
    gdbg decode -o file </dev/null
    [ ! -s file ]
}
