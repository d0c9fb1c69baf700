#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# decode: IDs taken apart, and lines in any form made canonical.
# shellcheck disable=SC2154,SC2210 # bats sets stderr; a file that is called like a number

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

# layout text timestamp_ms priority machine sequence
vectors() {
    cat <<'END'
base64 AAAAAAAAAAA 0 0 - 0
base64 Y0NUI_ABRNI 1705325400000 5 - 1234
base64 ZulAxABBQAA 1768000000001 5 - 0
base64 __________8 4398046511103 255 - 16383
hex 018d0d508fc054d2 1705325400000 5 - 1234
hex ffffffffffffffff 281474976710655 15 - 4095
int 0 1672531200000 0 0 0
int 9360920881091579904 1705325400000 4 1 0
int 9623797206574182417 1768000000001 4 3 17
int 18446744073706405887 2222287013887 7 255 4095
END
}

as_vector() {
    jq -r '[.layout, .id, .timestamp_ms, .priority, .machine // "-", .sequence] | map(tostring) | join(" ")'
}

@test "decode: IDs as operands, in all layouts" {
    # shellcheck disable=SC2046 # a word each
    gdbg decode $(vectors | cut -d ' ' -f 2) | as_vector | diff - <(vectors)
}

@test "decode: IDs as lines, quoted or not" {
    vectors | cut -d ' ' -f 2 | gdbg decode | as_vector | diff - <(vectors)
    vectors | cut -d ' ' -f 2 | sed 's/.*/"&"/' | gdbg decode | as_vector | diff - <(vectors)
    vectors | cut -d ' ' -f 2 | sed 's/.*/  &\t\r/' | gdbg decode | as_vector | diff - <(vectors)
    vectors | cut -d ' ' -f 2 | jq -R . | gzip | gdbg decode - | as_vector | diff - <(vectors)
}

@test "decode: an ID has just these members" {
    run_gdbg decode 9623797206574182417
    [ "$output" = '{"id":"9623797206574182417","layout":"int","timestamp":"2026-01-09T23:06:40.001Z","timestamp_ms":1768000000001,"priority":4,"priority_name":"NORMAL","machine":3,"sequence":17}' ]
    run_gdbg decode Y0NUI_ABRNI=
    [ "$output" = '{"id":"Y0NUI_ABRNI","layout":"base64","timestamp":"2024-01-15T13:30:00.000Z","timestamp_ms":1705325400000,"priority":5,"sequence":1234}' ]
}

@test "decode: priorities have names" {
    for priority in {0..7}; do
        printf '%u\n' $((priority << 61))
    done | gdbg decode | jq -r .priority_name | tr '\n' ' ' >names
    [ "$(cat names)" = "URGENT IMPORTANT HIGH ABOVE_NORMAL NORMAL LOW VERY_LOW LOWEST " ]
}

@test "decode: machines above 255 are read, and told" {
    gdbg decode $((256 << 12)) | jq -e '.machine == 256 and .machine_valid == false'
    gdbg decode $((255 << 12)) | jq -e '.machine == 255 and (has("machine_valid") | not)'
}

@test "decode: implausible times are told" {
    gdbg decode hello-world | jq -e '.layout == "base64" and .implausible == true'
    gdbg decode 018d0d508fc054d2 | jq -e 'has("implausible") | not'
}

@test "decode: where two layouts fit, both are shown" {
    gdbg decode 0191234567890123 | jq -e '.layout == "hex" and (has("ambiguous") | not)'
    gdbg decode 1234567890123456 | jq -e '.layout == "int" and .ambiguous == true and .other[0].layout == "hex"'
    gdbg decode 12345678904 | jq -e '.layout == "int" and .ambiguous == true and .other[0].layout == "base64"'
    gdbg decode 9623797206574182417 | jq -e 'has("ambiguous") | not'
    [ "$(gdbg decode --output text 1234567890123456 | wc -l)" -eq 3 ]
}

@test "decode: --layout forces one" {
    gdbg decode --layout hex 1234567890123456 | jq -e '.layout == "hex" and (has("ambiguous") | not)'
    gdbg decode --layout=base64 12345678904 | jq -e '.layout == "base64"'
    run_gdbg decode --layout int Y0NUI_ABRNI 5
    [ "$status" -eq 2 ]
    [ "$(jq -r .id <<<"$output")" = 5 ]
}

@test "decode: operands that are no ID are 2, and the others are decoded" {
    for bad in nope '' 18446744073709551616 00 018d0d508fc054d 018d0d508fc054dG Y0NUI_ABRN% Y0NUI_ABRNJ 'a b' $'\xff' '{"a":1}' 1.5 +1 ' 1'; do
        run_gdbg decode 0 "$bad" 1
        [ "$status" -eq 2 ]
        [ "$(jq -r .id <<<"$output" | tr '\n' ' ')" = "0 1 " ]
        [[ $stderr == "gdbg decode: not an ID: '"* ]]
        [ "$(wc -l <<<"$stderr")" -eq 1 ]
    done
}

@test "decode: what is no ID is told precisely" {
    run_gdbg decode 'Y0NUI_AB*NI'
    [[ $stderr == *"'Y0NUI_AB*NI' has '*' as character 9"* ]]
    run_gdbg decode abc
    [[ $stderr == *"has 3 characters"* ]]
    run_gdbg decode 99999999999999999999
    [[ $stderr == *99999999999999999999* ]]
}

@test "decode: IDs that begin with '-' stand behind --, or in the input" {
    run_gdbg decode -AAAAAAAAAA
    [ "$status" -eq 2 ]
    [[ $stderr == *"behind --"* ]]
    [ "$(gdbg decode -- -AAAAAAAAAA --AAAAAAAAA | jq -r .id | tr '\n' ' ')" = "-AAAAAAAAAA --AAAAAAAAA " ]
    [ "$(gdbg decode --output=json -- -AAAAAAAAAA | jq -r .id)" = -AAAAAAAAAA ]
    [ "$(gdbg decode <<<-AAAAAAAAAA | jq -r .id)" = -AAAAAAAAAA ]
    [ "$(gdbg decode - <<<-AAAAAAAAAA | jq -r .id)" = -AAAAAAAAAA ]
}

@test "decode: an operand is a file when it is there and no ID" {
    echo '{"a":1}' >file
    echo '{"a":2}' >12345
    gdbg decode file | jq -e '.content.body.a == 1'
    gdbg decode ./12345 | jq -e '.content.body.a == 2'
    gdbg decode 12345 | jq -e '.layout == "int"'
    [ "$(gdbg decode file - file <12345 | jq -c .content.body.a | tr '\n' ' ')" = "1 2 1 " ]
}

@test "decode: a canonical line or an event is that line unchanged" {
    cat >in <<'END'
{"id":"5","topic":"t","content":{"body":1},"metadata":{},"source":{"via":"zset","key":"g:t"}}
{ "source" : {"via":"pubsub","x":[ 1 , 2 ]} ,  "id":"\u0035", "new":{"a":1.50e+2}  }
{"source":{"via":"file"},"raw":1,"raw_text":"two of them"}
{"source":{"\u0076ia":"gen"}}
{"event":"gap","lost":null,"source":{"via":"gdbg","key":"g:t"},"x":1.0}
{"source":{"via":"gdbg"},  "event":"whatever"}
{"source":{"via":"gdbg"},"event":5}
END
    gdbg decode in | cmp - in
    sed 's/$/ \t\r/' in | gdbg decode | cmp - in
    gdbg gen -c 2000 >in
    gdbg decode in | cmp - in
    gdbg decode in | gdbg decode | cmp - in
}

@test "decode: a line without source.via is foreign, whatever else it has" {
    cat >in <<'END'
{"event":"gap","lost":1}
{"raw":{"a":1}}
{"source":{},"raw":{"a":1}}
{"source":"pubsub","raw":{"a":1}}
{"source":{"via":5},"raw_text":"x"}
{"source":[{"via":"pubsub"}],"event":"gap"}
END
    jq -cs 'map({content: {type: "json", body: .}, via: "file", dialect: "json"}) | .[]' in >expected
    gdbg decode in | jq -c '{content, via: .source.via, dialect: .source.dialect}' | diff - expected
}

@test "decode: raw records in their three ways" {
    cat >in <<'END'
{"source":{"via":"pubsub","key":"g:t"},"raw":{"n":1}}
{"raw_text":"{\"n\": 2}\n","source":{"via":"pubsub","key":"g:t"}}
{"source":{"via":"pubsub","key":"g:t"},"raw_base64":"eyJuIjozfQ=="}
{"source":{"via":"pubsub","key":"g:t"},"raw_text":"hello\u0000\n"}
{"source":{"via":"pubsub","key":"g:t"},"raw_base64":"/w=="}
{"source":{"via":"pubsub","key":"g:t"},"raw_text":""}
END
    gdbg decode in | jq -c '[.topic, .guild_id, .content.type, .content.body, .source.bytes]' >out
    diff out - <<'END'
["t","g","json",{"n":1},7]
["t","g","json",{"n":2},9]
["t","g","json",{"n":3},7]
["t","g","text","hello\u0000\n",7]
["t","g","binary","/w==",1]
["t","g","text","",0]
END
    run_gdbg decode <<<'{"source":{"via":"pubsub"},"raw_base64":"%%%"}'
    [[ $stderr == *"line 1, "*raw_base64* ]]
    run_gdbg decode <<<'{"source":{"via":"pubsub"},"raw_text":5}'
    [ -z "$output" ]
    gdbg decode --output raw in | cmp - in
}

@test "decode: RusticAI's members find their places" {
    cat >in <<'END'
{"id":9623797206574182417,"topics":["t","u"],"sender":{"id":"a","name":"A"},"recipient_list":[{"id":"b"}],"payload":{"x": 1.0},"format":"f","priority":4,"timestamp":1768000000001,"ttl":60,"thread":[1,18446744073709551615],"in_response_to":18446744073709551614,"conversation_id":7,"process_status":"running","is_error_message":false,"message_history":[{"agent":1}],"routing_slip":{"steps":[{"s":1}]},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","topic_published_to":"t","session_state":{"k":"v"},"mood":1e400}
END
    gdbg decode in >out
    [ "$(jq -c '[.id, .topic, .agent_tag, .recipients, .content.format, .metadata.thread_id, .metadata.root_thread_id]' out)" = \
        '["9623797206574182417","t",{"id":"a","name":"A"},[{"id":"b"}],"f","18446744073709551615","1"]' ]
    jq -e '.metadata | .parent_id == "18446744073709551614" and .correlation_id == "7" and .status == "running"
        and .priority == 4 and .ttl == 60 and .timestamp == "2026-01-09T23:06:40.001Z"' out
    jq -e '.trace == {trace_id: "0af7651916cd43dd8448eb211c80319c", span_id: "b7ad6b7169203331", flags: 1}
        and .routing_rules == [{s: 1}] and .history == [{agent: 1}] and .extra.session_state == {k: "v"}' out
    grep -qF '"body":{"x": 1.0}' out
    grep -qF '"mood":1e400' out
    [ "$(jq -r .source.bytes out)" -eq $(($(wc -c <in) - 1)) ]
}

@test "decode: errors are errors, whichever member says so" {
    base='"sender":{},"topics":"t","payload":{}'
    for members in '"process_status":"error"' '"is_error_message":true' '"is_error_message":true,"process_status":"completed"'; do
        [ "$(gdbg decode <<<"{$base,$members}" | jq -r .metadata.status)" = error ]
    done
    [ "$(gdbg decode <<<"{$base,\"process_status\":\"completed\"}" | jq -r .metadata.status)" = completed ]
}

@test "decode: debug messages keep their names; times and IDs become canonical" {
    gdbg decode <<<'{"id":18446744073709551615,"topic":"t","guild_id":"g","agent_tag":{"name":"A"},"content":{"type":"text","body":"x"},"metadata":{"timestamp":1768000000001,"processing_time_ms":12.5}}' >out
    jq -e '.id == "18446744073709551615" and .topic == "t" and .guild_id == "g" and .content.body == "x"
        and .metadata.timestamp == "2026-01-09T23:06:40.001Z" and .metadata.processing_time_ms == 12.5' out
    [ "$(jq -r .source.dialect out)" = debug ]
}

@test "decode: any other object is the body, as it stands there" {
    for object in '{}' '{"a":1,"a":2}' '{ "b" : [1 , 2.50]  }' '{"\u0000":"\ud83d\ude00/\/"}' '{"x":123456789012345678901234567890.5}'; do
        [ "$(gdbg decode <<<"$object")" = "{\"content\":{\"type\":\"json\",\"body\":$object},\"source\":{\"via\":\"file\",\"dialect\":\"json\",\"bytes\":${#object}}}" ]
    done
}

@test "decode: -c counts what was decoded" {
    printf '{"a":1}\nbad\n{"a":2}\n{"a":3}\n' >in
    [ "$(gdbg decode -q -c 2 in | jq -c .content.body.a | tr '\n' ' ')" = "1 2 " ]
    [ "$(gdbg decode -q -c2 in in | wc -l)" -eq 2 ]
    [ "$(gdbg decode --count 4 -q in in | wc -l)" -eq 4 ]
    [ "$(gdbg decode -c 1 0 1 2 | wc -l)" -eq 1 ]
    [ "$(gdbg decode -qc1 in | wc -l)" -eq 1 ]
}

@test "decode: text is a line a message, and a table of IDs" {
    gdbg gen -c 20 >in
    [ "$(gdbg decode --output text in | wc -l)" -eq 20 ]
    gdbg decode --output text in | head -n 1 | grep -q '^2026-01-09T23:00:00.000Z [0-9]* *research/'
    run_gdbg decode --output text 0 Y0NUI_ABRNI
    [ "${#lines[@]}" -eq 3 ]
    [[ ${lines[0]} =~ ^ID\ +LAYOUT\ +TIME\ +AGE\ +PRIORITY\ +MACHINE\ +SEQUENCE$ ]]
}

@test "decode: at a terminal nothing that a message holds acts upon it" {
    printf '{"agent_tag":{"name":"\\u001b[31m\\u009bA\\u0007"},"topic":"\\u202e\\r\\n","content":{"body":"\302\233x\177"},"source":{"via":"file"}}\n' >in
    script -qec "$GDBG decode in" /dev/null >shown
    # What stands there itself are colours, and the terminal's line end.
    sed 's/\x1b\[[0-9]*m//g; s/\r$//' shown >rest
    [ "$(wc -l <rest)" -eq 1 ]
    ! LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]\|\xc2[\x80-\x9f]\|\xe2\x80\xae' rest || return 1
    grep -qF '\x1b[31m' rest
    script -qec "$GDBG decode --color never in" /dev/null | tr -d '\r' | cmp - <(gdbg decode --output text in)
    script -qec "$GDBG decode -o file in" /dev/null
    cmp in file
}
