#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ls: the guilds and topics that are stored, and how much is in them.

load helper

setup_file() {
    start_redis
    local topic
    for topic in lab:b lab:a lab:inbox:1 other:a; do
        for n in 1 2 3; do
            redis zadd "$topic" "$n" "{\"id\":$n,\"sender\":{},\"topics\":\"x\",\"payload\":\"$topic\",\"topic_published_to\":\"${topic#*:}\"}"
        done
    done >/dev/null
    redis zadd other:a 9 'no object, but not the first' >/dev/null
    # None of these is a topic.
    redis zadd nocolon 1 '{}' >/dev/null
    redis zadd no:objects 1 x >/dev/null
    redis zadd eo:pos:1 1 17 >/dev/null
    redis set lab:string '{}' >/dev/null
    redis set msg:lab:1 '{"id":1}' >/dev/null
    redis lpush lab:list '{}' >/dev/null
}

teardown_file() {
    stop_redis
}

@test "ls: guilds are the default, in order" {
    run_gdbg ls
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [ "$output" = $'{"guild":"lab","topics":3,"messages":9}\n{"guild":"other","topics":1,"messages":4}' ]
    [ "$(gdbg ls guilds)" = "$output" ]
}

@test "ls: topics, in order" {
    run_gdbg ls topics
    [ "$output" = '{"guild":"lab","topic":"a","messages":3}
{"guild":"lab","topic":"b","messages":3}
{"guild":"lab","topic":"inbox:1","messages":3}
{"guild":"other","topic":"a","messages":4}' ]
}

@test "ls: -g and -t select" {
    [ "$(gdbg ls -g lab)" = '{"guild":"lab","topics":3,"messages":9}' ]
    [ "$(gdbg ls -t a)" = $'{"guild":"lab","topics":1,"messages":3}\n{"guild":"other","topics":1,"messages":4}' ]
    [ "$(gdbg ls topics -g lab -t a)" = '{"guild":"lab","topic":"a","messages":3}' ]
    [ "$(gdbg ls topics -glab -tinbox:1)" = '{"guild":"lab","topic":"inbox:1","messages":3}' ]
    [ "$(gdbg ls topics --topic='[ab]' --guild='?ab' | wc -l)" -eq 2 ]
    [ -z "$(gdbg ls -g nobody)" ]
    [ -z "$(gdbg ls topics -g lab -t nothing)" ]
}

@test "ls: as a table" {
    run_gdbg ls topics --output text
    [ "$output" = 'GUILD  TOPIC    MESSAGES
lab    a               3
lab    b               3
lab    inbox:1         3
other  a               4' ]
    run_gdbg ls --output text
    [ "$output" = 'GUILD  TOPICS  MESSAGES
lab         3         9
other       1         4' ]
    [ "$(gdbg ls --output text -g nobody)" = 'GUILD  TOPICS  MESSAGES' ]
}

@test "ls: at a terminal it is the table, with a head in bold" {
    script -qec "$GDBG ls" /dev/null | tr -d '\r' | sed 's/\x1b\[[0-9]*m//g' | cmp - <(gdbg ls --output text)
    script -qec "$GDBG ls" /dev/null | grep -q $'\e\[1mGUILD'
    ! NO_COLOR=1 script -qec "$GDBG ls" /dev/null | grep -q $'\e' || return 1
    script -qec "$GDBG ls --output json" /dev/null | tr -d '\r' | cmp - <(gdbg ls)
}

@test "ls: operands may stand anywhere among the options" {
    [ "$(gdbg ls --guild lab topics | wc -l)" -eq 3 ]
    [ "$(gdbg ls -q -- topics | wc -l)" -eq 4 ]
}

@test "ls: many keys" {
    for n in {1..3000}; do
        echo "zadd many:t$n 1 '{}'"
        echo "set noise:$n x"
    done | redis >/dev/null
    [ "$(gdbg ls -g many)" = '{"guild":"many","topics":3000,"messages":3000}' ]
    [ "$(gdbg ls topics -g many -t 't1?' | wc -l)" -eq 10 ]
}
