#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What stands in several places says the same in all: the option tables, --help, completion, the man
# pages and their examples, and the lists of files. Each test goes through all commands.

load helper

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || return
}

# Every command, one a line.
commands() {
    gdbg completion --for -- '' | cut -f 1 | grep -v '^-'
}

# A command's options, long and short, one a line, as each of the places has them.
in_completion() { # COMMAND
    gdbg completion --for -- "$1" - | cut -f 1 | sort
}

in_help() { # COMMAND
    gdbg "$1" --help | sed -n 's/^  \(-.\)\{0,1\},\{0,1\} *\(--[a-z-]*\).*/\1\n\2/p' | grep . | sort
}

in_page() { # COMMAND
    sed -n 's/^\.It Fl //p' "man/gdbg-$1.1" | sed 's/ , Fl /\n/g' | sed 's/^\([^ ]*\).*/-\1/' | sort
}

# for_each_command FUNCTION: all of them, and fails when it failed for one.
for_each_command() {
    local command count=0 failed=0
    while read -r command; do
        count=$((count + 1))
        "$1" "$command" || { echo "$1: $command" && failed=1; }
    done < <(commands)
    ((count > 0 && failed == 0))
}

@test "completion knows the commands of the table" {
    diff <(sed -n 's/^COMMAND(\(.*\))$/\1/p' cmd/commands.def | sort) <(commands | sort)
}

has_help() {
    gdbg "$1" --help >"$BATS_TEST_TMPDIR/help" && [[ -s $BATS_TEST_TMPDIR/help ]] &&
        cmp "$BATS_TEST_TMPDIR/help" <(gdbg "$1" -h)
}
@test "every command has help, by --help and by -h" {
    for_each_command has_help
}

helps_as_it_completes() {
    [[ -n $(in_help "$1") ]] && diff <(in_help "$1") <(in_completion "$1")
}
@test "completion offers the very options that --help mentions" {
    for_each_command helps_as_it_completes
}

documents_its_options() {
    diff <(in_page "$1") <(in_completion "$1")
}
@test "a command's page has each of its options, and no other" {
    for_each_command documents_its_options
}

is_seen_from_the_first_page() {
    sed -n '/^\.Sh SEE ALSO/,$p' man/gdbg.1 | grep -q "^\.Xr gdbg-$1 1\( ,\)\{0,1\}$"
}
@test "gdbg(1) refers to every command's page" {
    for_each_command is_seen_from_the_first_page
}

is_in_the_readme() {
    sed -n '/^## The commands/,/^## /p' README.md | grep -qF "\`$1\`"
}
@test "README names every command" {
    for_each_command is_in_the_readme
}

@test "every page is installed" {
    local page
    for page in man/*; do
        grep -qE "^ +$page( |\$)" Makefile.am || { echo "$page is not in Makefile.am" && false; }
    done
}

@test "every page begins with an example" {
    local page
    for page in man/*; do
        awk '/^\.Bl/ { exit 1 } /^\$ gdbg/ { found = 1; exit } END { exit !found }' "$page" ||
            { echo "$page does not" && false; }
    done
}

@test "the examples in the man pages do what the pages say" {
    tests/examples man/*
}

@test "the examples in README do what it says" {
    tests/examples README.md
}

@test "an example that prints something else is found" {
    local page=$BATS_TEST_TMPDIR/page.md
    # shellcheck disable=SC2016 # it is the text of a page
    printf '%s\n' '```console' '$ echo one; echo two' 'one' '...' 'three' '```' >"$page"
    run ! tests/examples "$page"
    [[ $output == *'-three'* ]]
    sed -i 's/three/t...o/' "$page"
    tests/examples "$page"
}
