#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Measures gdbg beside its peers, in the same run and by turns, and prints a table; README.md says how
# to read it. Needs what is built in $BUILD, and redis-server, redis-cli, jq, zstd and python3.
#
#   bench/run.sh [tail | stats | decode | start | replay | memory]...     (nothing: all of them)
#
# BUILD          the build directory (default: the top of the tree)
# BENCH_MB       megabytes of messages (default 500); the number of messages sent follows it
# BENCH_ROUNDS   how often each side of a comparison runs (default 5)
# BENCH_LIMIT_S  seconds that one run may take (default 60)
# BENCH_KEEP     1: the temporary directory stays
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${BUILD:-$here/..}" && pwd)
gdbg=$build/gdbg
mb=${BENCH_MB:-500}
rounds=${BENCH_ROUNDS:-5}
limit_s=${BENCH_LIMIT_S:-60}
# Where `bootstrap` puts a redis-server if the system has it under another name only.
PATH=$PATH:$here/../build/bin
unset GDBG_URL GDBG_CONTEXT REDISCLI_AUTH

die() {
    echo "bench: $*" >&2
    exit 1
}

say() {
    echo "bench: $*" >&2
}

clean_up() {
    local pid
    for pid in $(jobs -p); do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    [[ ${BENCH_KEEP-} == 1 ]] || rm -rf "$dir"
}

wait_until() { # COMMAND...
    local deadline=$((SECONDS + limit_s))
    until "$@"; do
        ((SECONDS < deadline)) || die "not within $limit_s s: $*"
        sleep 0.02
    done
}

limited() { # COMMAND...
    timeout -k 5 "$limit_s" "$@"
}

# --- Measuring: every run adds a line to a file: wall s, user s, system s, peak KiB.

measure() { # NAME COMMAND...
    limited "$build/bench/measure" "$dir/results/$1" "${@:2}" >/dev/null || die "failed ($?): ${*:2}"
}

# For a command that ends only by failing.
measure_endless() { # NAME COMMAND...
    measure "$@" 2>/dev/null
}

measure_many() { # RUNS NAME COMMAND...
    limited "$build/bench/measure" -n "$1" "$dir/results/$2" "${@:3}" >/dev/null || die "failed ($?): ${*:3}"
}

# The median over the rounds of what awk makes of $1 wall, $2 user, $3 system, $4 peak.
median() { # NAME EXPRESSION
    awk "{ printf \"%.9g\n\", $2 }" "$dir/results/$1" | sort -g |
        awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

by_turns() { # FUNCTION: does one round
    local round
    for ((round = 0; round < rounds; round++)); do
        "$1"
    done
}

# --- The table: what gdbg and a peer need, in the same unit, and gdbg's figure by the peer's.

layout='%-47s %9s %-10s %-24s %9s %8s  %-17s %s\n'

head_line() {
    # shellcheck disable=SC2059 # one layout for all lines
    printf "$layout" MEASURED GDBG UNIT PEER "PEER'S" RATIO TARGET MET
}

compare() { # TEXT UNIT GDBG-FIGURE PEER-NAME PEER-FIGURE [TARGET-FOR-RATIO]
    local ratio target=${6-}
    need_figures "$3" "$5"
    ratio=$(awk -v a="$3" -v b="$5" 'BEGIN { printf "%.4f", a / b }')
    # shellcheck disable=SC2059
    printf "$layout" "$1" "$(short "$3")" "$2" "$4" "$(short "$5")" "$(printf %.3f "$ratio")" \
        "${target:+ratio $target}" "$(met "$ratio" "$target")"
}

alone() { # TEXT UNIT FIGURE [TARGET]
    need_figures "$3"
    # shellcheck disable=SC2059
    printf "$layout" "$1" "$(short "$3")" "$2" - - - "${4:+$4 $2}" "$(met "$3" "${4-}")"
}

short() { # FIGURE: three digits that count
    awk -v x="$1" 'BEGIN { printf((x >= 100) ? "%.0f" : (x >= 10) ? "%.1f" : (x >= 0.1) ? "%.2f" : "%.3f", x) }'
}

met() { # FIGURE TARGET, as in "<= 1.8"
    [[ -z $2 ]] || awk "BEGIN { print(($1 $2) ? \"yes\" : \"NO\") }"
}

# No run may count as good for want of a figure.
need_figures() { # FIGURE...
    local figure
    for figure; do
        [[ $figure =~ ^[0-9.]+(e[+-]?[0-9]+)?$ ]] || die "'$figure' is no figure"
    done
}

file_bytes() {
    stat -L -c %s "$dir/$1"
}

gb_per_s() { # NAME FILE
    median "$1" "$(file_bytes "$2") / 1e9 / \$1"
}

# --- What is measured on

make_data() {
    local sample
    sample=$("$gdbg" gen -c 10000 --output wire | wc -c)
    messages=$((mb * 10000 * 1000000 / sample))
    say "making $messages messages in $dir"
    local form
    for form in wire json raw; do
        limited "$gdbg" gen -c "$messages" --output "$form" -o "$dir/$form"
    done
    # Of what jq gets, it shall get enough, but not all.
    head -n $((messages / 25 + 1)) "$dir/wire" >"$dir/wire.part"
    limited zstd -q -3 "$dir/wire" -o "$dir/wire.zst"
}

# A server of our own, that drops no subscriber for being slow.
start_server() {
    redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no --dir "$dir" \
        --client-output-buffer-limit 'pubsub 0 0 0' --logfile "$dir/server.log" &
    wait_until answers
}

answers() {
    redis ping >/dev/null 2>&1
}

redis() {
    limited redis-cli -s "$socket" "$@"
}

is_heard() {
    [[ $(redis pubsub numpat) -gt 0 ]]
}

is_unheard() {
    [[ $(redis pubsub numpat) == 0 ]]
}

# Nothing is left in the server that a subscriber has not been sent.
is_drained() {
    ! redis client list type pubsub | grep -q 'obl=[1-9]\|oll=[1-9]'
}

# --- tail: processor time of a subscriber that writes what is published

# hear COMMANDS-FILE MEASURING...: publishes while what measures a subscriber runs.
hear() {
    local commands=$1
    wait_until is_unheard
    "${@:2}" &
    local hearing=$!
    wait_until is_heard
    redis --pipe <"$commands" >/dev/null
    if [[ $2 == measure_endless ]]; then
        # What is in its socket it still reads.
        wait_until is_drained
        redis client kill type pubsub >/dev/null
        wait "$hearing" 2>/dev/null || true
    else
        wait "$hearing" || die "a subscriber has not heard everything: ${*:2}"
    fi
}

tail_round() {
    hear "$dir/publish" measure tail "$gdbg" tail -g research -c "$heard" -u "unix://$socket"
    hear "$dir/publish" measure bare "$build/bench/bare_subscriber" "$socket" 'research:*' "$heard"
    hear "$dir/publish.part" measure_endless cli redis-cli -s "$socket" psubscribe 'research:*'
    [[ -z $python ]] || hear "$dir/publish.part" measure python \
        "$python" "$here/python_subscriber.py" "$socket" 'research:*' "$heard_part"
}

count_heard() {
    "$gdbg" tail -g research -c "$heard" -u "unix://$socket" | wc -l >"$dir/heard"
}

bench_tail() {
    local heard=$((mb * 600)) heard_part=$((mb * 120))
    head -n "$heard" "$dir/raw" | python3 "$here/publish_commands.py" >"$dir/publish"
    head -n "$heard_part" "$dir/raw" | python3 "$here/publish_commands.py" >"$dir/publish.part"
    hear "$dir/publish" count_heard
    [[ $(cat "$dir/heard") == "$heard" ]] || die "tail: $(cat "$dir/heard") lines of $heard"
    by_turns tail_round
    local cpu="(\$2 + \$3) * 1e6" text='tail, CPU for each message'
    compare "$text" us "$(median tail "$cpu / $heard")" 'bare hiredis loop' \
        "$(median bare "$cpu / $heard")" '<= 1.8'
    compare "$text" us "$(median tail "$cpu / $heard")" 'redis-cli psubscribe' \
        "$(median cli "$cpu / $heard_part")"
    [[ -z $python ]] || compare "$text" us "$(median tail "$cpu / $heard")" 'python3 redis' \
        "$(median python "$cpu / $heard_part")"
    rm "$dir/publish" "$dir/publish.part"
}

# --- stats: one core

stats_round() {
    local form
    for form in wire json raw; do
        measure "stats.$form" "${pinned[@]}" "$gdbg" stats --by topic,status "$dir/$form"
    done
    measure wc "${pinned[@]}" wc -l "$dir/wire"
    measure stats.zst "${pinned[@]}" "$gdbg" stats --by topic,status "$dir/wire.zst"
    measure zstd "${pinned[@]}" zstd -dc "$dir/wire.zst"
    measure stats.zst.free "$gdbg" stats --by topic,status "$dir/wire.zst"
    measure zstd.free zstd -dc "$dir/wire.zst"
    measure jq.stats "${pinned[@]}" jq -n "$jq_stats" "$dir/wire.part"
}

bench_stats() {
    # shellcheck disable=SC2016 # jq's own
    local jq_stats='reduce inputs as $m ({}; .["\($m.topic_published_to) \($m.process_status)"] += 1)'
    by_turns stats_round
    local by='stats --by topic,status' rate
    rate=$(gb_per_s stats.wire wire)
    alone "$by, wire lines" GB/s "$rate" '>= 1.5'
    alone "$by, canonical lines" GB/s "$(gb_per_s stats.json json)"
    alone "$by, raw records" GB/s "$(gb_per_s stats.raw raw)"
    compare "$by, wire lines" GB/s "$rate" 'jq, the same' "$(gb_per_s jq.stats wire.part)"
    compare "$by, wire lines" GB/s "$rate" 'wc -l' "$(gb_per_s wc wire)"
    # shellcheck disable=SC2016 # awk's own
    compare "$by, .zst" s "$(median stats.zst '$1')" 'zstd -dc' "$(median zstd '$1')" '<= 1.6'
    # shellcheck disable=SC2016
    compare "$by, .zst, any core" s "$(median stats.zst.free '$1')" 'zstd -dc' "$(median zstd.free '$1')"
}

# --- decode: one core

decode_round() {
    local form
    for form in wire json raw; do
        measure "decode.$form" "${pinned[@]}" "$gdbg" decode --output json "$dir/$form"
    done
    measure jq.decode "${pinned[@]}" jq -c . "$dir/wire.part"
    measure ids "${pinned[@]}" "$gdbg" decode --output json <"$dir/ids"
}

bench_decode() {
    local ids=$((messages * 2)) rate
    cat "$dir/json" "$dir/json" | cut -d '"' -f 4 >"$dir/ids"
    by_turns decode_round
    rate=$(gb_per_s decode.wire wire)
    alone 'decode, wire lines' GB/s "$rate"
    alone 'decode, canonical lines' GB/s "$(gb_per_s decode.json json)"
    alone 'decode, raw records' GB/s "$(gb_per_s decode.raw raw)"
    compare 'decode, wire lines' GB/s "$rate" 'jq -c .' "$(gb_per_s jq.decode wire.part)"
    alone 'decode, IDs from stdin' s/million "$(median ids "\$1 * 1e6 / $ids")" '<= 0.15'
}

# --- Starting up

start_round() {
    measure_many "$starts" start "$gdbg" decode 9623797206574182417
    measure_many "$starts" start.cli redis-cli --version
}

bench_start() {
    local starts=200
    by_turns start_round
    compare 'decode of one ID, a whole run' ms "$(median start "\$1 * 1e3 / $starts")" \
        'redis-cli --version' "$(median start.cli "\$1 * 1e3 / $starts")" '<= 1'
}

# --- replay: against sending the very commands that it sends

replay_to() { # SOCKET FILE
    echo "$gdbg" replay --speed max --output json --to "unix://$1" --to-guild other "$2"
}

empty_server() {
    redis flushall sync >/dev/null
}

capture_replay() {
    python3 "$here/capture.py" "$dir/relay" "$socket" "$dir/commands" &
    local relay=$!
    wait_until test -S "$dir/relay"
    # shellcheck disable=SC2046 # words are meant
    limited $(replay_to "$dir/relay" "$dir/replay") >/dev/null
    wait "$relay"
    stored=$(redis dbsize)
}

same_stored() {
    [[ $(redis dbsize) == "$stored" ]] || die "$1 has stored something else than replay"
}

replay_round() {
    empty_server
    # shellcheck disable=SC2046
    measure replay $(replay_to "$socket" "$dir/replay")
    same_stored replay
    empty_server
    measure pipe redis-cli -s "$socket" --pipe <"$dir/commands"
    same_stored redis-cli
}

bench_replay() {
    local replayed=$((mb * 400)) stored
    head -n "$replayed" "$dir/raw" >"$dir/replay"
    empty_server
    capture_replay
    by_turns replay_round
    compare 'replay --speed max' messages/s "$(median replay "$replayed / \$1")" \
        'redis-cli --pipe' "$(median pipe "$replayed / \$1")" '>= 0.9'
    empty_server
    rm "$dir/replay" "$dir/commands"
}

# --- Memory

peak() { # TEXT NAME
    # shellcheck disable=SC2016 # awk's own
    alone "peak memory: $1" MiB "$(median "$2" '$4 / 1024')" '<= 16'
}

# Every command over NAME.wire, NAME.json, NAME.raw and NAME.zst, which hold COUNT messages.
measure_memory() { # NAME GUILD COUNT
    local name=$1 guild=$2 count=$3
    local to=(--to "unix://$socket" --same-target --speed max)
    empty_server
    wait_until is_unheard
    measure "$name.tail" "$gdbg" tail -g "$guild" -c "$count" -u "unix://$socket" &
    local hearing=$!
    wait_until is_heard
    measure "$name.replay" "$gdbg" replay "${to[@]}" "$dir/$name.raw"
    wait "$hearing"
    measure "$name.history" "$gdbg" history -g "$guild" -u "unix://$socket"
    measure "$name.decode" "$gdbg" decode --output json "$dir/$name.raw"
    measure "$name.encode" "$gdbg" encode "$dir/$name.json"
    measure "$name.stats" "$gdbg" stats --by topic,status "$dir/$name.wire"
    measure "$name.stats.zst" "$gdbg" stats --by topic,status "$dir/$name.zst"
    empty_server
}

bench_memory() {
    local form name command big=300
    for form in wire json raw; do
        ln -s "$dir/$form" "$dir/1 KB.$form"
    done
    ln -s "$dir/wire.zst" "$dir/1 KB.zst"
    python3 "$here/big_messages.py" "$big" >"$dir/1 MiB.raw"
    limited "$gdbg" decode --output json "$dir/1 MiB.raw" >"$dir/1 MiB.json"
    limited "$gdbg" encode "$dir/1 MiB.json" >"$dir/1 MiB.wire"
    limited zstd -q -3 "$dir/1 MiB.wire" -o "$dir/1 MiB.zst"
    measure_memory '1 KB' research "$messages"
    measure_memory '1 MiB' big "$big"
    measure '1 KB.gen' "$gdbg" gen -c "$messages" --output json
    for name in '1 KB' '1 MiB'; do
        for command in tail history decode encode stats stats.zst replay gen; do
            [[ ! -e $dir/results/$name.$command ]] ||
                peak "${command/stats.zst/stats of .zst}, messages of $name" "$name.$command"
        done
    done
}

# --- All of it

check_tools() {
    local tool
    for tool in redis-server redis-cli jq zstd python3 timeout; do
        command -v "$tool" >/dev/null || die "$tool is needed, and is not installed"
    done
    for tool in "$gdbg" "$build"/bench/{measure,bare_subscriber}; do
        [[ -x $tool ]] || die "there is no $tool: use 'make bench'"
    done
}

# The first on PATH need not be the one that the system's packages are for.
python_with_redis() {
    local candidate
    for candidate in python3 /usr/bin/python3; do
        if "$candidate" -c 'import redis' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    say "python3's redis module is not installed: left out"
}

# One core, the last of those that we may use.
pin() {
    local core
    core=$(sed -n 's/^Cpus_allowed_list:.*[^0-9]\([0-9]*\)$/\1/p' /proc/self/status 2>/dev/null || true)
    if [[ -n $core ]] && command -v taskset >/dev/null; then
        pinned=(taskset -c "$core")
    else
        say "cannot keep to one core here"
    fi
}

load() {
    uptime | sed 's/.*load average[s]*: *\([0-9.]*\).*/\1/'
}

check_tools
sections=("${@:-}")
[[ -n ${sections[*]} ]] || sections=(tail stats decode start replay memory)
for section in "${sections[@]}"; do
    declare -F "bench_$section" >/dev/null || die "there is no $section"
done

dir=$(mktemp -d "${TMPDIR:-/tmp}/gdbg-bench.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
mkdir "$dir/results"
socket=$dir/socket
python=$(python_with_redis)
pinned=()
pin
make_data
start_server

echo "gdbg $("$gdbg" --version | sed 's/^gdbg //;q'), medians of $rounds rounds over $mb MB ($messages messages)," \
    "$(redis-server --version | sed 's/.*v=\([^ ]*\).*/redis-server \1/'), $(nproc) cores, load $(load)"
head_line
for section in "${sections[@]}"; do
    say "$section"
    "bench_$section"
done
echo "load at the end $(load)"
