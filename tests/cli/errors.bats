#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What goes wrong: bad input, damaged files, options that make no sense. Each with its message and its
# exit status.
# shellcheck disable=SC2094 # words that are also names of files

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    exec 4>&-
    [[ -z ${pid-} ]] || kill -KILL "$pid" 2>/dev/null || true
}

# Eight lines, of which the first and the last are good.
bad_lines() {
    printf '{"a":1}\n{"a":1\nnonsense\n\377\376\0{\n{"a":1} {"b":2}\n{"a":01}\n{"a":1,}\n{"b":2}\n'
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

expect_usage() {
    expect 2 "$@" </dev/null
    [ -z "$output" ]
}

@test "bad input: each line is reported with file and number, skipped, and counted" {
    bad_lines >bad.jsonl
    for command in decode encode stats; do
        run_gdbg "$command" bad.jsonl
        [ "$status" -eq 0 ]
        mapfile -t told <<<"$stderr"
        [ "${#told[@]}" -eq 6 ]
        for i in {0..5}; do
            [[ ${told[i]} == "gdbg $command: bad.jsonl, line $((i + 2))"[,:]* ]]
        done
    done
    [[ ${lines[0]} == '{"by":{},"messages":2,"bytes":14,'* ]]
    [ "${lines[1]}" = '{"event":"summary","gaps":0,"lost":0,"bad":6,"source":{"via":"gdbg"}}' ]
    [ "$(gdbg encode bad.jsonl 2>/dev/null)" = '{"a":1}'$'\n''{"b":2}' ]
    [ "$(gdbg decode bad.jsonl 2>/dev/null | grep -c '^{"content"')" -eq 2 ]
}

@test "bad input: --strict stops at the first, after what came before it" {
    for command in decode encode stats; do
        bad_lines >in
        run_gdbg "$command" --strict - <in
        [ "$status" -eq 4 ]
        [[ $stderr == "gdbg $command: standard input, line 2, column 7: "* ]]
        [ "$(wc -l <<<"$stderr")" -eq 1 ]
    done
    run_gdbg encode --strict <in
    [ "$output" = '{"a":1}' ]
}

@test "bad input: --quiet says nothing, and the status is the same" {
    bad_lines >in
    run_gdbg decode -q in
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    run_gdbg stats -q --strict in
    [ "$status" -eq 4 ]
    [ -z "$stderr" ]
}

@test "bad input: what is bad in UTF-8 is never written out" {
    printf '{"a":"\377"}\n{"a":"\355\240\200"}\n{"a":"\300\257"}\n{"a":"\\ud800"}\n{"\303":1}\n{"a":"\303\244"}\n' >in
    for command in decode encode; do
        run_gdbg "$command" in
        [ "$status" -eq 0 ]
        [ "${#lines[@]}" -eq 1 ]
        [[ ${lines[0]} == *'"a":"ä"'* ]]
        [ "$(grep -c 'in, line [1-5], ' <<<"$stderr")" -eq 5 ]
    done
    # Aggregators look at the structure only, unless they are strict.
    [ "$(gdbg stats in | jq .messages)" -eq 6 ]
    run_gdbg stats --strict in
    [ "$status" -eq 4 ]
}

@test "bad input: only decode takes other lines than objects, and only IDs" {
    run_gdbg stats <<<'9623797206574182417'
    [ "$status" -eq 0 ]
    [[ $stderr == *"line 1, column 1: not a JSON object"* ]]
    for line in '[1]' '"x"' null 12x; do
        run_gdbg decode <<<"$line"
        [ -z "$output" ]
        [[ $stderr == *"line 1: not an ID: "* ]]
    done
}

@test "bad input: several files each count their own lines" {
    printf '{"a":1}\nx\n' >one
    printf 'y\n{"a":1}\n' >two
    run_gdbg encode one - two <two
    [[ $stderr == *"one, line 2, "*"standard input, line 1, "*"two, line 1, "* ]]
    [ "${#lines[@]}" -eq 3 ]
}

@test "bad input: blank lines, CRLF, a byte order mark, no newline at the end, nothing at all" {
    printf '\357\273\277{"a":1}\r\n\r\n  \n\t{"b":2} \r\n{"c":3}' >in
    for command in decode encode stats; do
        run_gdbg "$command" in
        [ "$status" -eq 0 ]
        [ -z "$stderr" ]
    done
    [[ $output == '{"by":{},"messages":3,'* ]]
    [ "$(gdbg encode in)" = $'{"a":1}\n{"b":2}\n{"c":3}' ]
    printf '\357\273\277x\n\n\r\ny' >in
    run_gdbg encode in
    [[ $stderr == *"line 1, "*"line 4, "* ]]
    for bytes in '' '\n\n' '\357\273\277' '\r\n'; do
        # shellcheck disable=SC2059 # the escapes are wanted
        printf "$bytes" >in
        for command in decode encode; do
            run_gdbg "$command" in
            [ "$status" -eq 0 ]
            [ -z "$output$stderr" ]
        done
        run_gdbg stats in
        [ "$output" = '{"by":{},"messages":0,"bytes":0,"errors":0,"error_rate":0}' ]
        [ -z "$(gdbg stats --by topic in)" ]
    done
}

# zeros N: so many bytes, quickly.
letters() {
    head -c "$1" /dev/zero | tr '\0' a
}

# Feeds a line of 100 MB, with what comes before and behind, to a command that is told to give up
# earlier, and leaves its greatest size in $peak_kib.
feed_long_line() { # BEFORE BEHIND COMMAND...
    local before=$1 behind=$2
    shift 2
    rm -f pipe out err
    mkfifo pipe
    "$GDBG" "$@" <pipe >out 2>err 3>&- &
    pid=$!
    exec 4>pipe
    {
        printf %s "$before"
        letters 100000000
        printf '%s\n{"good":1}\nbad\n' "$behind"
    } >&4
    wait_until grep -q 'line 3' err
    peak_kib=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
    exec 4>&-
    wait "$pid"
    pid=
    grep -q "line 1: longer than .* (--max-size)" err
    [ "$(wc -l <err)" -eq 2 ]
}

@test "a line of 100 MB is reported and passed over, and not held" {
    skip_if_sanitized
    for command in decode encode stats; do
        feed_long_line '{"a":"' '"}' "$command"
        ((peak_kib < 150 * 1024))
        if [[ $command == stats ]]; then grep -q '"messages":1,' out; else grep -q '"good":1' out; fi
    done
}

@test "--max-size bounds the memory that lines take" {
    skip_if_sanitized
    for command in decode encode stats; do
        feed_long_line '{"a":"' '"}' "$command" --max-size 1MiB
        ((peak_kib < 16 * 1024))
    done
    feed_long_line '' '' decode --max-size 1MiB
    ((peak_kib < 16 * 1024))
}

@test "--max-size: a line of just that size is good" {
    { printf '{"a":"' && letters 92 && printf '"}\n'; } >in
    run_gdbg encode --max-size 100 in
    [ -z "$stderr" ]
    [ "${#output}" -eq 100 ]
    run_gdbg encode --max-size 99 in
    [ -z "$output" ]
    [[ $stderr == *"line 1: longer than 99 bytes (--max-size)"* ]]
    run_gdbg encode --strict --max-size 99 in
    [ "$status" -eq 4 ]
}

@test "a million brackets are refused, and what follows is read" {
    {
        printf '{"a":' && head -c 1000000 /dev/zero | tr '\0' '['
        printf '\n{"a":' && head -c 1000000 /dev/zero | tr '\0' '['
        head -c 1000000 /dev/zero | tr '\0' ']' && printf '}\n{"good":1}\n'
    } >in
    for command in decode encode stats; do
        run_gdbg "$command" in
        [ "$status" -eq 0 ]
        [[ $stderr == *"line 1, column "*"nested too deeply"*"line 2, column "*"nested too deeply"* ]]
    done
    [[ ${lines[0]} == '{"by":{},"messages":1,'* ]]
    [ "$(gdbg encode -q in)" = '{"good":1}' ]
}

@test "gzip and zstd are read as they are, several of them in one file too" {
    gdbg gen -c 50 >plain
    {
        head -n 10 plain | gzip
        sed -n 11,30p plain | gzip
        sed -n 31,50p plain | gzip
    } >in.gz
    {
        head -n 10 plain | zstd -q
        printf '\120\052\115\030\003\0\0\0abc' # a skippable frame
        tail -n +11 plain | zstd -q
    } >in.zst
    gdbg decode in.gz | cmp - plain
    gdbg decode in.zst | cmp - plain
    gdbg decode <in.zst | cmp - plain
    gdbg decode - <in.gz | cmp - plain
    gdbg stats in.gz plain in.zst | jq -e '.messages == 150'
}

@test "a truncated or damaged file gives what can be read, a message, and 5" {
    gdbg gen -c 500 >plain
    for tool in gzip zstd; do
        "$tool" -q <plain >whole
        head -c 5000 whole >short
        for command in decode encode stats; do
            run_gdbg "$command" short
            [ "$status" -eq 5 ]
            [[ ${stderr,,} == *"gdbg $command: short: "*truncated* ]]
        done
        run_gdbg stats --strict short
        [ "$status" -eq 4 ]
        run_gdbg stats short plain
        [ "$status" -eq 5 ]
        (($(jq -s '.[0].messages' <<<"$output") >= 500))
    done
    { gzip <plain && echo rubbish; } >tail.gz
    run_gdbg stats tail.gz
    [ "$status" -eq 5 ]
    [[ ${lines[0]} == '{"by":{},"messages":500,'* ]]
    [[ $stderr == *garbage* ]]
}

@test "files that cannot be opened: 2, and the others are read" {
    echo '{"a":1}' >in
    for command in decode encode stats; do
        run_gdbg "$command" ./missing in .
        [ "$status" -eq 2 ]
        [[ $stderr == *"gdbg $command: cannot open ./missing: No such file or directory"*"cannot open .: Is a directory"* ]]
    done
    [[ $output == '{"by":{},"messages":1,'* ]]
    run_gdbg stats missing
    [ "$status" -eq 2 ]
    [ -z "$output" ]
}

@test "usage: unknown commands and options, missing and needless values" {
    expect_usage frobnicate
    [[ $stderr == "gdbg: there is no command 'frobnicate'"* ]]
    expect_usage --frobnicate
    for option in --frobnicate --coun=3 --counts=3 --quie -Z -qZ -; do
        [[ $option == - ]] || expect_usage tail "$option"
    done
    [[ $stderr == *"unknown option -Z"* ]]
    expect_usage tail --count
    [[ $stderr == "gdbg tail: --count needs a value"* ]]
    expect_usage tail -qc
    expect_usage tail --quiet=yes
    [[ $stderr == *"--quiet takes no value"* ]]
    for count in 0 -1 '' x 1x 1.5 0x10 99999999999999999999; do
        expect_usage history --count="$count"
        [[ $stderr == *--count* ]]
    done
    for duration in 0 0s '' x 1y -1s 5mm; do
        expect_usage tail --duration="$duration"
    done
    for size in 0 x 1Q '' -5 99999999TiB; do
        expect_usage stats --max-size="$size"
    done
    expect_usage tail --strict
    run_gdbg
    [ "$status" -eq 2 ]
    [[ $stderr == Usage:* ]]
}

@test "usage: values that are none of those offered are named with those that are" {
    expect_usage stats --by nonsense
    [[ $stderr == *"'nonsense' is none of: guild, topic, agent, status, format, priority"* ]]
    expect_usage stats --by topic,,guild
    expect_usage stats --by ''
    expect_usage stats --by topic,guild,topic
    expect_usage history --output wire
    expect_usage encode --output json
    expect_usage ls --output raw
    expect_usage stats --output raw
    expect_usage stats --color purple
    expect_usage encode --dialect klingon
    expect_usage decode --layout octal
}

@test "usage: operands that make no sense" {
    expect_usage tail research
    expect_usage history research
    expect_usage ls research
    expect_usage ls guilds topics
    expect_usage get
    [[ $stderr == *"no ID given"* ]]
}

@test "usage: URLs that are none" {
    for url in http://localhost redis://h:0 redis://h:65536 redis://h:x redis://h/x unix:// \
        'unix:///s?db=-1' redis://:pa5sw0rd@h:1:2 rediss://:pa5sw0rd@h; do
        expect_usage ls -u "$url"
        [[ $stderr != *pa5sw0rd* ]]
    done
}

@test "-o: a file that cannot be opened is 2" {
    expect_usage decode -o ./missing/out 0
    expect_usage stats -o .
}

@test "-o: a report's file is replaced only when all is done" {
    echo before >out
    run_gdbg stats -o out missing
    [ "$status" -eq 2 ]
    [ "$(cat out)" = before ]
    run_gdbg stats -o out --strict <<<nonsense
    [ "$status" -eq 4 ]
    [ "$(cat out)" = before ]
    gdbg stats -o out <<<'{"a":1}'
    [[ $(cat out) == '{"by":{},"messages":1,'* ]]
    [ "$(echo out*)" = out ]
}
