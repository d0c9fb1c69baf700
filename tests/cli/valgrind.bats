#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Every command, briefly, under valgrind: no access to what is not there, and nothing lost.
# shellcheck disable=SC2016,SC2094 # code for others to expand; words that are also names of files

load helper

setup_file() {
    ! grep -q __asan_init "$GDBG" || return 0
    start_redis
    "$GDBG" gen -q -c 40 --to "$GDBG_URL"
    redis zadd g:odd 1 'no object' 2 $'\xff' 3 '{"n":1}' 0 '{"first":1}' >/dev/null
}

setup() {
    skip_if_sanitized
    cd "$BATS_TEST_TMPDIR" || return
    "$GDBG" gen -c 30 >canonical
    "$GDBG" gen -c 5 --dialect debug --output raw >raw
    {
        cat raw
        "$GDBG" gen -c 5 --output wire
        printf '{"a":\n{"a":"\\u00e9\\ud83d\\ude00\303\244"}\nnonsense\n{"a":"\377"}\n{"\\u0069d":1,"id":2}\r\n'
        printf '{"event":"gap","lost":null,"source":{"via":"gdbg"}}\n'
        printf '{"source":{"via":"pubsub","key_base64":"/zp0"},"raw_base64":"/w=="}\n'
        printf '{"source":{"via":"pubsub","key":"g:t"},"raw_text":"{\\"x\\":\\n1}"}\n{"last":1}'
    } >mixed
}

teardown() {
    [[ -z ${pid-} ]] || kill -KILL "$pid" 2>/dev/null || true
}

teardown_file() {
    stop_redis
}

# checked STATUS ARGUMENT...: runs gdbg under valgrind.
checked() {
    local expected=$1 status=0
    shift
    valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect \
        --log-file=valgrind.log "$GDBG" "$@" >out 2>err 3>&- || status=$?
    if [[ $status != "$expected" || -s valgrind.log ]]; then
        echo "status $status: gdbg $*"
        cat valgrind.log err
        return 1
    fi
}

@test "valgrind: decode" {
    checked 0 decode mixed canonical
    checked 0 decode --output text <mixed
    checked 0 decode --output raw mixed
    checked 2 decode 0 Y0NUI_ABRNI 018d0d508fc054d2 1234567890123456 nonsense
}

@test "valgrind: encode" {
    checked 0 encode mixed canonical
    checked 0 encode --dialect debug --output raw mixed
    checked 4 encode --strict mixed
}

@test "valgrind: stats" {
    checked 5 stats --by guild,topic,agent,status,format,priority mixed canonical
    checked 5 stats --output text --color always mixed
    checked 2 stats --by nonsense
}

@test "valgrind: compressed files" {
    zstd -q <mixed >mixed.zst
    gzip <canonical >canonical.gz
    head -c 500 canonical.gz >cut.gz
    checked 5 stats mixed.zst canonical.gz
    checked 5 decode cut.gz
}

@test "valgrind: lines longer than what is allowed, and than the buffer" {
    { printf '{"a":"%0600000d"}\n{"b":1}\n' 0 && cat canonical; } >long
    checked 0 decode long
    checked 0 encode --max-size 1000 long
}

@test "valgrind: history" {
    checked 0 history
    checked 0 history -g 'res*' -t '[!x]*' --since 1h --until now --output text
    checked 0 history -g g -t odd --output raw -c 3
}

@test "valgrind: ls" {
    checked 0 ls
    checked 0 ls topics --output text -t '*:*'
}

@test "valgrind: get" {
    checked 1 get "$("$GDBG" history -g research -c 1 | jq -r .id)" 5 abc
    checked 1 get -g research 5
}

@test "valgrind: tail" {
    checked 0 tail --since 1970-01-01 --duration 300ms -v
    valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect "$GDBG" \
        tail >out 2>err 3>&- &
    pid=$!
    wait_until '[ "$(redis pubsub numpat)" -eq 1 ]'
    redis publish g:t '{"n":1}'
    redis publish g:t $'\xff'
    wait_until '[ "$(wc -l <out)" -eq 2 ]'
    kill "$pid"
    wait "$pid"
    pid=
    [ ! -s err ]
}

@test "valgrind: gen and replay" {
    checked 0 gen -c 20 --output raw
    checked 0 gen -q -c 20 -g vg --to "$GDBG_URL"
    checked 5 replay --to "$GDBG_URL" --to-guild copy --to-topic t --speed max --same-target mixed
    checked 0 replay --to "$GDBG_URL" --dry-run --to-guild copy canonical
}

@test "valgrind: failures" {
    checked 3 ls -u unix:///nowhere/s
    checked 2 tail --frobnicate
    checked 2 decode ./missing -
    checked 0 completion bash
    checked 0 --help
    checked 0 stats --help
}
