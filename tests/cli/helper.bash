# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# For the bats files: `load helper`. Gives the program under test, and Redis servers of one's own.
#
# A server that was started in a test ends with stop_redis in `teardown`, one that was started in
# `setup_file` with stop_redis in `teardown_file`. Both may exist at a time.

bats_require_minimum_version 1.5.0

if [[ -z ${GDBG-} ]]; then
    GDBG=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/gdbg
    export GDBG
fi

gdbg() {
    "$GDBG" "$@"
}

# Like bats' run, with $output, $stderr and $status.
run_gdbg() {
    run --separate-stderr "$GDBG" "$@"
}

# Waits until a command succeeds: `wait_until test -s file`, or as one word `wait_until '… | …'`.
# Fails after 20 s.
wait_until() {
    local deadline=$((SECONDS + 20))
    until if (($# == 1)); then eval "$1"; else "$@"; fi; do
        if ((SECONDS >= deadline)); then
            echo "not within 20 s: $*" >&2
            return 1
        fi
        sleep 0.05
    done
}

# redis-cli, talking to the server that GDBG_URL names.
redis() {
    case $GDBG_URL in
    unix://*) redis-cli -s "${GDBG_URL#unix://}" "$@" ;;
    *) redis-cli -u "$GDBG_URL" "$@" ;;
    esac
}

# Starts a server on a unix socket and waits until it answers. Sets GDBG_URL, REDIS_PID and
# REDIS_SOCKET; those of a server started before are the caller's to keep. Arguments go to
# redis-server.
start_redis() {
    local dir
    dir=$(redis_directory) || return
    export REDIS_SOCKET=$dir/s GDBG_URL=unix://$dir/s
    launch_redis "$dir" --port 0 --unixsocket "$REDIS_SOCKET" "$@" && return
    cat "$dir/log" >&2
    return 1
}

# The same on a free TCP port of 127.0.0.1. Sets GDBG_URL, REDIS_PID and REDIS_PORT.
start_redis_tcp() {
    local dir attempt
    dir=$(redis_directory) || return
    # Whether a port is free shows only when it is taken. Below 32768 no port is taken by chance, for
    # some outgoing connection.
    for attempt in {1..20}; do
        export REDIS_PORT=$((20000 + RANDOM % 12000))
        export GDBG_URL=redis://127.0.0.1:$REDIS_PORT
        launch_redis "$dir" --bind 127.0.0.1 --port "$REDIS_PORT" "$@" && return
    done
    echo "no server after $attempt attempts" >&2
    cat "$dir/log" >&2
    return 1
}

# Ends all servers that were started in this test, or in this file's setup_file.
stop_redis() {
    local pid dir
    [[ -f $(redis_register) ]] || return 0
    while read -r pid dir; do
        # What is in it is worth nothing, and SIGKILL ends a server that is stopped or busy too.
        kill -KILL "$pid" 2>/dev/null
        wait_until "! kill -0 $pid 2>/dev/null"
        rm -rf "$dir"
    done <"$(redis_register)"
    rm -f "$(redis_register)"
}

# The path of a unix socket must be shorter than 108 bytes, and bats' own directories are long.
redis_directory() {
    local base=${TMPDIR:-/tmp}
    ((${#base} < 80)) || base=/tmp
    mktemp -d "${base%/}/redis.XXXXXX"
}

redis_register() {
    echo "${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/redis-servers"
}

# launch_redis DIRECTORY ARGUMENT...: fails when the server ends instead of answering. The file with
# its process ID lets tests/run end it if nobody else can.
launch_redis() {
    local dir=$1
    shift
    # Bats waits for whoever holds its file descriptor 3.
    redis-server --save '' --appendonly no --dir "$dir" --pidfile "$dir/redis.pid" "$@" \
        >>"$dir/log" 2>&1 </dev/null 3>&- &
    export REDIS_PID=$!
    disown
    echo "$REDIS_PID $dir" >>"$(redis_register)"
    wait_until redis_decided && kill -0 "$REDIS_PID" 2>/dev/null
}

# Another server may answer where ours could not bind: so what counts is who answers.
redis_decided() {
    ! kill -0 "$REDIS_PID" 2>/dev/null && return
    local answer
    answer=$(redis info server 2>&1)
    [[ $answer == *"process_id:$REDIS_PID"* || $answer == *NOAUTH* || $answer == *NOPERM* ]]
}

# The Python that has the redis module: the first on PATH need not be the one that packages are for.
python_redis() {
    local python=python3
    "$python" -c 'import redis' 2>/dev/null || python=/usr/bin/python3
    "$python" "$@"
}

# For tests that cannot work on a program that was built with sanitizers, such as those of valgrind.
skip_if_sanitized() {
    if grep -q __asan_init "$GDBG"; then
        skip "$GDBG is built with sanitizers"
    fi
}
