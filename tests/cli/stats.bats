#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# stats: its figures against jq's, on the same messages.
# shellcheck disable=SC2094 # words that are also names of files

load helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    "$GDBG" gen -c 2000 --seed 3 >rustic
    "$GDBG" gen -c 2000 --seed 4 --dialect debug >debug
}

setup() {
    cd "$BATS_FILE_TMPDIR" || return
}

# What one groups by, as jq finds it in a canonical line.
jq_names='{
    guild: .guild_id, topic: .topic, agent: (.agent_tag.name // .agent_tag.id), status: .metadata.status,
    format: .content.format, priority: .metadata.priority }'

# counts_by_jq NAMES FILE: by, messages, bytes, errors, first and last of each group, in order.
counts_by_jq() {
    jq -cs --arg names "$1" '
        ($names | split(",")) as $names |
        map({by: (('"$jq_names"') as $all | $names | map({key: ., value: $all[.]}) | from_entries), m: .}) |
        group_by(.by) |
        map({by: .[0].by, messages: length, bytes: (map(.m.source.bytes) | add),
             errors: (map(select(.m.metadata.status == "error")) | length),
             first: (map(.m.metadata.timestamp) | min), last: (map(.m.metadata.timestamp) | max)}) |
        sort_by([-.messages, (.by as $by | $names | map($by[.] // "" | tostring))]) | .[]' "$2"
}

@test "stats: counts, bytes, errors, first, last and their order are jq's" {
    for file in rustic debug; do
        for names in topic agent status format priority guild,topic agent,status,priority \
            guild,topic,agent,status,format,priority; do
            gdbg stats --by "$names" "$file" | jq -c '{by,messages,bytes,errors,first,last}' >ours
            counts_by_jq "$names" "$file" | diff - ours
        done
    done
}

@test "stats: without --by there is one group" {
    run_gdbg stats rustic debug
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 1 ]
    jq -e '.by == {} and .messages == 4000' <<<"$output"
    [ "$(jq -r 'keys_unsorted | join(" ")' <<<"$output")" = \
        "by messages bytes errors error_rate rate_per_s first last processing_time_ms" ]
}

@test "stats: rates are those of their definitions" {
    gdbg stats --by topic rustic | jq -es '
        def ms: (.[0:19] + "Z" | fromdate) * 1000 + (.[20:23] | tonumber);
        def near($x): (. - $x | fabs) <= 1e-5 * ($x | fabs);
        all(.error_rate | near(.)) and
        all(. as $g | $g.error_rate | near($g.errors / $g.messages)) and
        all(. as $g | (($g.last | ms) - ($g.first | ms)) as $span |
            if $span == 0 then $g | has("rate_per_s") | not
            else $g.rate_per_s | near($g.messages * 1000 / $span) end)'
}

@test "stats: percentiles are within 1 % of the nearest rank" {
    for names in topic agent ''; do
        gdbg stats ${names:+--by $names} debug | jq -c '.processing_time_ms | values | [.count,.mean,.max,.p50,.p95,.p99]' |
            sort >ours
        jq -cs '
            def rank($p): .[(length * $p | ceil) - 1];
            group_by('"$(case $names in topic) echo .topic ;; agent) echo .agent_tag.name ;; *) echo 1 ;; esac)"') |
            .[] | map(.metadata.processing_time_ms | values) | select(length > 0) | sort |
            [length, add / length, .[-1], rank(0.5), rank(0.95), rank(0.99)]' debug | sort >theirs
        [ -s ours ]
        [ "$(wc -l <ours)" -eq "$(wc -l <theirs)" ]
        paste ours theirs | jq -es 'length as $n | [range(0; $n; 2) as $i | .[$i] as $a | .[$i + 1] as $b |
            $a[0] == $b[0] and $a[2] == $b[2] and ($a[1] - $b[1] | fabs) <= 1e-5 * $b[1] and
            ([3, 4, 5] | all(. as $k | ($a[$k] - $b[$k] | fabs) <= 0.01 * $b[$k]))] | all'
    done
}

@test "stats: processing times of all sizes; what is no number does not count" {
    for time in 0 0.25 -3 1e3 123456789012 '"12"' null true; do
        printf '{"agent_tag":{"name":"A"},"content":{"type":"json","body":1},"metadata":{"processing_time_ms":%s}}\n' "$time"
    done >in
    gdbg stats in | jq -e '.messages == 8 and .processing_time_ms.count == 5 and
        .processing_time_ms.max == 123456789012 and .processing_time_ms.p50 >= 0.2475 and .processing_time_ms.p50 <= 0.2525'
    gdbg gen -c 50 | gdbg stats | jq -e 'has("processing_time_ms") | not'
}

@test "stats: wire form, canonical lines and raw records count alike" {
    for dialect in rustic debug; do
        for form in json wire raw; do
            gdbg gen -c 1500 --dialect "$dialect" --output "$form" |
                gdbg stats --by topic,agent,status,format,priority >"$form"
        done
        [ "$(wc -l <json)" -gt 10 ]
        cmp json wire
        cmp json raw
    done
    gdbg gen -c 1500 --output raw | gdbg stats --by guild >raw
    gdbg gen -c 1500 | gdbg stats --by guild | cmp - raw
}

@test "stats: forms may be mixed" {
    { gdbg gen -c 10 && gdbg gen -c 10 --output raw && gdbg gen -c 10 --output wire; } >in
    gdbg stats --by topic in | jq -es 'map(.messages) | add == 30 and all(. % 3 == 0)'
}

@test "stats: a missing value and a null are one group, whose value is null" {
    cat >in <<'END'
{"content":{"body":1},"source":{"via":"file"}}
{"topic":null,"content":{"body":1},"source":{"via":"file"}}
{"topic":"null","content":{"body":1},"source":{"via":"file"}}
{"topic":"","content":{"body":1},"source":{"via":"file"}}
END
    [ "$(gdbg stats --by topic in | jq -c '[.by.topic, .messages]' | tr '\n' ' ')" = '[null,2] ["",1] ["null",1] ' ]
    gdbg stats --by topic --output text in | grep -qE '^- +2 '
}

@test "stats: the agent is its name, or else its ID" {
    cat >in <<'END'
{"agent_tag":{"id":"a1","name":"Ann"},"source":{"via":"file"}}
{"agent_tag":{"id":"a2","name":"Ann"},"source":{"via":"file"}}
{"agent_tag":{"id":"a3"},"source":{"via":"file"}}
{"agent_tag":{"id":"a4","name":null},"source":{"via":"file"}}
{"agent_tag":{},"source":{"via":"file"}}
END
    [ "$(gdbg stats --by agent in | jq -c '[.by.agent, .messages]' | tr '\n' ' ')" = \
        '["Ann",2] [null,1] ["a3",1] ["a4",1] ' ]
}

@test "stats: names with escapes are the names that they mean" {
    printf '{"topic":"a\\u0062","source":{"via":"file"}}\n{"\\u0074opic":"ab","source":{"via":"file"}}\n' >in
    [ "$(gdbg stats --by topic in | jq -c '[.by.topic, .messages]')" = '["ab",2]' ]
    printf '{"topic":"\\u001b[31m\\"\\n","source":{"via":"file"}}\n' >in
    [ "$(gdbg stats --by topic in | jq -c .by.topic)" = '"\u001b[31m\"\n"' ]
    [ "$(gdbg stats --by topic --output text in | wc -l)" -eq 2 ]
    ! gdbg stats --by topic --output text in | grep -q $'\e' || return 1
}

@test "stats: --by in its several ways" {
    gdbg stats --by topic,agent rustic >expected
    gdbg stats --by=topic,agent rustic | cmp - expected
    gdbg stats --by topic --by agent rustic | cmp - expected
    gdbg stats rustic --by topic,agent | cmp - expected
    gdbg stats --by topic,agent - <rustic | cmp - expected
    gdbg stats --by topic,agent <rustic | cmp - expected
    [ "$(gdbg stats --by agent,topic rustic | jq -c '.by | keys_unsorted' | sort -u)" = '["agent","topic"]' ]
}

@test "stats: many groups" {
    jq -cn 'range(20000) | {topic: "t\(. % 10000)", source: {via: "file"}}' >in
    gdbg stats --by topic in >out
    [ "$(wc -l <out)" -eq 10000 ]
    [ "$(jq -r .by.topic out | LC_ALL=C sort -c && jq -s 'map(.messages) | unique == [2]' out)" = true ]
}

@test "stats: events are counted as what they are, and a gap makes it 5" {
    {
        head -n 3 rustic
        echo '{"event":"gap","reason":"x","lost":4,"source":{"via":"gdbg","key":"g:t"}}'
        echo '{"event":"other","source":{"via":"gdbg"}}'
        echo '{"source":{"via":"gdbg"},"lost":3,"event":"gap"}'
    } >in
    run_gdbg stats in
    [ "$status" -eq 5 ]
    [[ ${lines[0]} == '{"by":{},"messages":3,'* ]]
    [ "${lines[1]}" = '{"event":"summary","gaps":2,"lost":7,"bad":0,"source":{"via":"gdbg"}}' ]
    echo '{"event":"gap","lost":null,"source":{"via":"gdbg"}}' >>in
    run_gdbg stats in
    [ "${lines[1]}" = '{"event":"summary","gaps":3,"lost":null,"bad":0,"source":{"via":"gdbg"}}' ]
    echo nonsense >>in
    run_gdbg stats --by topic in
    [ "$status" -eq 5 ]
    [ "$(tail -n 1 <<<"$output")" = '{"event":"summary","gaps":3,"lost":null,"bad":1,"source":{"via":"gdbg"}}' ]
    run_gdbg stats --output text in
    [ "$status" -eq 5 ]
    [ "$(tail -n 1 <<<"$output")" = "bad lines: 1, gaps: 3" ]
    # Its own results can be read again, and are no messages.
    gdbg stats in 2>/dev/null | tail -n 1 >summary || true
    run_gdbg stats summary
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == '{"by":{},"messages":0,'* ]]
}

@test "stats: a table has a head, and numbers stand below each other" {
    run_gdbg stats --by topic --output text rustic
    [[ ${lines[0]} =~ ^TOPIC\ +MESSAGES\ +BYTES\ +ERRORS\ +ERROR\ %\ +PER\ SECOND\ +P50\ MS\ +P99\ MS\ +FIRST\ +LAST$ ]]
    [ "${#lines[@]}" -eq $(($(gdbg stats --by topic rustic | wc -l) + 1)) ]
    position=$(awk '{ print index($0, " MESSAGES") + 9 }' <<<"${lines[0]}")
    for line in "${lines[@]:1}"; do
        [[ ${line:position-2:2} == [0-9]' '* || ${line:position-2:1} == [0-9] ]]
    done
}

@test "stats: colours when asked for, and not otherwise" {
    ! NO_COLOR='' gdbg stats --output text rustic | grep -q $'\e' || return 1
    gdbg stats --output text --color always rustic | grep -q $'\e'
    NO_COLOR=1 gdbg stats --output text --color always rustic | grep -q $'\e'
    ! gdbg stats --output json --color always rustic | grep -q $'\e' || return 1
    at_terminal() { script -qec "$GDBG stats rustic $*" /dev/null; }
    at_terminal | grep -q $'\e'
    ! NO_COLOR=1 at_terminal | grep -q $'\e' || return 1
    ! TERM=dumb at_terminal | grep -q $'\e' || return 1
    ! at_terminal --color=never | grep -q $'\e' || return 1
    at_terminal --output=json | jq -e '.messages == 2000'
}
