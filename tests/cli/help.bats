#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# help: man's page where man has it, and else the short help.
# shellcheck disable=SC2154 # bats sets stderr

load helper

# A man that has the pages in the tree, or none.
with_pages() {
    mkdir -p "$BATS_TEST_TMPDIR/pages"/man{1,5}
    cp "$BATS_TEST_DIRNAME"/../../man/*.1 "$BATS_TEST_TMPDIR/pages/man1"
    cp "$BATS_TEST_DIRNAME"/../../man/*.5 "$BATS_TEST_TMPDIR/pages/man5"
    export MANPATH=$BATS_TEST_TMPDIR/pages MANPAGER=cat
}

without_pages() {
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\n%s\n' "$1" >"$BATS_TEST_TMPDIR/bin/man"
    chmod +x "$BATS_TEST_TMPDIR/bin/man"
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "help opens a command's page" {
    with_pages
    run_gdbg help tail
    [ "$status" = 0 ]
    [[ $output == *gdbg-tail*'Subscribes to channels'* ]]
}

@test "help opens the pages of the stream and of the program" {
    with_pages
    run_gdbg help stream
    [[ $output == *CANONICAL*MESSAGES* ]]
    run_gdbg help
    [[ $output == *MANNERS* ]]
}

@test "where man has no page, help shows the short help and says so" {
    without_pages 'exit 16'
    run_gdbg help tail
    [ "$status" = 0 ]
    [ "$output" = "$(gdbg tail --help)" ]
    [[ $stderr == *'no page gdbg-tail'* ]]
}

@test "where man only says that it is not there, help shows the short help" {
    without_pages 'echo "This system has been minimized"'
    run_gdbg help tail
    [ "$output" = "$(gdbg tail --help)" ]
}

@test "where man has no page, help without a command lists the commands" {
    without_pages 'exit 16'
    run_gdbg help
    [ "$status" = 0 ]
    [ "$output" = "$(gdbg --help)" ]
}

@test "the page of the stream has no short help" {
    without_pages 'exit 16'
    run_gdbg help stream
    [ "$status" = 1 ]
    [[ $stderr == *gdbg-stream.5* ]]
}

@test "an unknown command, and more than one, are usage errors" {
    run_gdbg help tial
    [ "$status" = 2 ]
    [[ $stderr == *"'tial'"* ]]
    run_gdbg help tail stats
    [ "$status" = 2 ]
}
