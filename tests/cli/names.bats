#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Names of guilds and topics are bytes of any kind, in every command.

# Backslashes are meant, and so are several words where no quotes are.
# shellcheck disable=SC1003,SC2016,SC2028,SC2086,SC2094

load helper

# Guild and topic by turns. No two make the same key.
names=(
    plain plain
    plain agent_inbox:worker-1
    plain other
    org:lab inbox:w:1
    'with space' ' lead and trail '
    '*?[x]' 'a*b'
    'back\slash' 'a\*b\'
    'say "hi"' "it's"
    $'new\nline' $'\n'
    $'tab\tret\r' $'\e[31mred\a'
    'ünï' '日本:語'
    -dash --topic
    %s%n '%d'
    '{}' '{"a":1}'
    msg eo:pos:x
    '' nameless
    nameless ''
    $'\xff\xfe' $'\x80'
    $'half\xc3' 'ok'
    $'c1\xc2\x9b' $'rtl\xe2\x80\xae'
)

setup_file() {
    start_redis
    local i
    for ((i = 0; i < ${#names[@]}; i += 2)); do
        store "$i"
    done
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    [[ -z ${pids-} ]] || kill -KILL $pids 2>/dev/null || true
}

teardown_file() {
    stop_redis
}

key_of() { # I
    printf %s "${names[$1]}:${names[$1 + 1]}"
}

# The message of each pair has ID 1000 + I, and says what topic it was published to, if it can.
message_of() { # I
    local topic=${names[$1 + 1]}
    if iconv -f UTF-8 -t UTF-8 <<<"$topic" >/dev/null 2>&1; then
        jq -cnj --arg t "$topic" '{id:'$((1000 + $1))',sender:{},topics:$t,payload:{},topic_published_to:$t}'
    else
        printf '{"id":%s,"sender":{},"topics":"x","payload":{}}' $((1000 + $1))
    fi
}

store() { # I
    local message
    message=$(message_of "$1")
    redis zadd "${names[$1]}:${names[$1 + 1]}" "$1" "$message" >/dev/null
    redis set "msg:${names[$1]}:$((1000 + $1))" "$message" >/dev/null
}

# selector NAME: what selects it and nothing else.
selector() {
    local name=$1
    if [[ $name == *[*?[]* ]]; then
        name=${name//\\/\\\\}
        name=${name//\*/\\*}
        name=${name//\?/\\?}
        name=${name//\[/\\[}
        name=${name//\]/\\]}
    fi
    printf %s "$name"
}

# With a dot at the end, since $() strips newlines there.
select_pair() { # I
    guild=$(selector "${names[$1]}" && echo .) topic=$(selector "${names[$1 + 1]}" && echo .)
    guild=${guild%.} topic=${topic%.}
}

@test "names: history by guild and topic finds the one, and nothing else" {
    for ((i = 0; i < ${#names[@]}; i += 2)); do
        select_pair "$i"
        [ "$(gdbg history "--guild=$guild" "--topic=$topic" | jq -r .id)" = $((1000 + i)) ]
        gdbg history -g "$guild" -t "$topic" --output raw | gdbg encode | cmp - <(message_of "$i" && echo)
    done
}

@test "names: so it does when a glob is all that selects" {
    for ((i = 0; i < ${#names[@]}; i += 2)); do
        select_pair "$i"
        gdbg history -g "$guild" -t '*' | jq -r .id | grep -qx $((1000 + i))
        gdbg history -t "$topic" -g '*' | jq -r .id | grep -qx $((1000 + i))
        gdbg history -g "$guild" | jq -r .id | grep -qx $((1000 + i))
        [ "$(gdbg history -g "$guild*" -t "$topic" | jq -r .id | grep -cx $((1000 + i)))" = 1 ]
    done
}

@test "names: canonical lines show them, or else have the key's bytes" {
    for ((i = 0; i < ${#names[@]}; i += 2)); do
        select_pair "$i"
        gdbg history -g "$guild" -t "$topic" >line
        key=$(key_of "$i" | base64 -w 0)
        [ "$(jq -r '.source | .key_base64 // (.key | @base64)' line)" = "$key" ]
        if jq -e .source.key line >/dev/null; then
            [ "$(jq -r '[.guild_id, .topic] | @base64' line)" = "$(
                jq -rn --arg g "${names[i]}" --arg t "${names[i + 1]}" '[$g, $t] | @base64')" ]
        fi
        # Nothing that stands there depends on who reads it again.
        gdbg decode line | cmp - line
        gdbg history -g "$guild" -t "$topic" --output raw | gdbg decode | cmp - line
    done
}

@test "names: ls lists each once, in order, and text keeps to its lines" {
    pairs=$((${#names[@]} / 2))
    gdbg ls topics >topics
    [ "$(wc -l <topics)" -eq $pairs ]
    [ "$(jq -s 'map(.messages) | add' topics)" -eq $pairs ]
    [ "$(gdbg ls topics --output text | wc -l)" -eq $((pairs + 1)) ]
    [ "$(gdbg ls --output text | wc -l)" -eq $(($(gdbg ls | wc -l) + 1)) ]
    [ "$(gdbg ls topics -g plain | jq -r .topic | tr '\n' ' ')" = "agent_inbox:worker-1 other plain " ]
    [ "$(gdbg ls -g plain | jq -c .)" = '{"guild":"plain","topics":3,"messages":3}' ]
    [ "$(gdbg ls topics -g org:lab | jq -r .topic)" = inbox:w:1 ]
    [ "$(gdbg ls topics -g $'\xff\xfe' | jq -r '.guild_base64 | @base64d | length')" -gt 0 ]
}

@test "names: text output shows none of their control characters" {
    for command in history ls 'ls topics'; do
        gdbg $command --output text >text
        ! LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]\|\xc2[\x80-\x9f]\|\xe2\x80\xae' text || return 1
        iconv -f UTF-8 -t UTF-8 text >/dev/null
    done
}

@test "names: get finds a message in whatever guild" {
    for ((i = 0; i < ${#names[@]}; i += 2)); do
        select_pair "$i"
        [ "$(gdbg get -g "$guild" $((1000 + i)) | jq -r '"\(.id) \(.source.via)"')" = "$((1000 + i)) string" ]
        [ "$(gdbg get $((1000 + i)) | jq -r .id)" = $((1000 + i)) ]
        [ "$(gdbg get -g "$guild" -t "$topic" $((1000 + i)) | jq -r .id)" = $((1000 + i)) ]
    done
}

@test "names: tail hears what is published there, by channel and by pattern" {
    pids=
    for ((i = 0; i < ${#names[@]}; i += 2)); do
        select_pair "$i"
        "$GDBG" tail -c 1 -g "$guild" -t "$topic" >"out.$i" 3>&- &
        pids+=" $!"
    done
    "$GDBG" tail -c $((${#names[@]} / 2)) >all 3>&- &
    pids+=" $!"
    "$GDBG" tail -c 3 -g plain >plain 3>&- &
    pids+=" $!"
    subscribers() {
        redis client list type pubsub | grep -c 'sub=1\|psub=1'
    }
    wait_until '[ "$(subscribers)" -eq $((${#names[@]} / 2 + 2)) ]'
    for ((i = 0; i < ${#names[@]}; i += 2)); do
        redis publish "${names[i]}:${names[i + 1]}x" '{"n":"near"}'
        redis publish "x${names[i]}:${names[i + 1]}" '{"n":"near"}'
    done >/dev/null &
    for ((i = 0; i < ${#names[@]}; i += 2)); do
        redis publish "${names[i]}:${names[i + 1]}" "$(message_of "$i")"
    done >/dev/null
    for pid in $pids; do
        wait "$pid"
    done
    pids=
    for ((i = 0; i < ${#names[@]}; i += 2)); do
        [ "$(jq -r .id "out.$i")" = $((1000 + i)) ]
    done
    [ "$(jq -r '.guild_id // "-"' plain | sort -u)" = plain ]
}

@test "names: stats groups by them" {
    gdbg history >lines
    gdbg history --output raw >raw
    gdbg stats --by guild,topic lines >groups
    [ "$(wc -l <groups)" -eq $((${#names[@]} / 2)) ]
    gdbg stats --by guild,topic raw | jq -c .by | cmp - <(jq -c .by groups)
    [ "$(jq -r 'select(.by.guild == "new\nline") | .by.topic | @json' groups)" = '"\n"' ]
    [ "$(gdbg stats --by guild,topic --output text lines | wc -l)" -eq $((${#names[@]} / 2 + 1)) ]
}

@test "names: a key with a zero byte" {
    echo 'zadd "g\x00:t\x00" 1 "{\"zero\":1}"' | redis >/dev/null
    gdbg history -g 'g?' -t 't?' >line
    [ "$(jq -r '[.guild_id, .topic] | @json' line)" = '["g\u0000","t\u0000"]' ]
    [ "$(gdbg ls topics -g 'g?' | jq -r .topic | wc -c)" -eq 3 ]
    echo 'del "g\x00:t\x00"' | redis >/dev/null
}

@test "globs: what they select, exactly" {
    selected() { # OPTION...
        gdbg ls topics "$@" | jq -r '"\(.guild)/\(.topic)"' | tr '\n' ' '
    }
    [ "$(selected -g 'pl*')" = "plain/agent_inbox:worker-1 plain/other plain/plain " ]
    [ "$(selected -g 'pl?in' -t '[op]*')" = "plain/other plain/plain " ]
    [ "$(selected -g '[!p]*' -t '[^n]h*')" = "" ]
    [ "$(selected -t 'agent_inbox:*')" = "plain/agent_inbox:worker-1 " ]
    [ "$(selected -t '*:*' -g plain)" = "plain/agent_inbox:worker-1 " ]
    [ "$(selected -g 'org?lab')" = "org:lab/inbox:w:1 " ]
    # A pattern of Redis' would let org:lab:... through for guild "org".
    [ "$(selected -g org)" = "" ]
    [ "$(selected -g 'or[g]' -t '*')" = "" ]
    [ "$(selected -g '*:*' -t 'inbox*')" = "org:lab/inbox:w:1 " ]
    [ "$(selected -g '\*\?\[x\]')" = "*?[x]/a*b " ]
    [ "$(selected -t 'a\*b')" = "*?[x]/a*b " ]
    [ "$(selected -t 'a*b' -g '\**')" = "*?[x]/a*b " ]
    [ "$(selected -g 'PLAIN*')" = "" ]
    [ "$(selected -g '')" = "/nameless " ]
    [ "$(selected -g nameless -t '')" = "nameless/ " ]
}
