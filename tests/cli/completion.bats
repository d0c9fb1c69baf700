#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Completion: what the program offers, and what comes of it in each shell.
# shellcheck disable=SC2154 # bats sets stderr

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    touch runs.jsonl
    mkdir bin
    ln -s "$GDBG" bin/gdbg
    export PATH=$PWD/bin:$PATH
}

# What may stand for the last of these words.
offered() { # WORD...
    gdbg completion --for -- "$@" | cut -f 1 | paste -s -d ' ' -
}

@test "a script is the file that is installed" {
    local top=$BATS_TEST_DIRNAME/../..
    cmp <(gdbg completion bash) "$top/completions/gdbg.bash"
    cmp <(gdbg completion zsh) "$top/completions/_gdbg"
    cmp <(gdbg completion fish) "$top/completions/gdbg.fish"
}

@test "an unknown shell, and none, are usage errors" {
    run_gdbg completion tcsh
    [ "$status" = 2 ]
    [[ $stderr == *"'tcsh'"* ]]
    run_gdbg completion
    [ "$status" = 2 ]
}

@test "the first word is a command" {
    [ "$(offered st)" = stats ]
    [ "$(offered h)" = "help history" ]
    [ "$(offered --v)" = --version ]
}

@test "every candidate has a tab and a description behind it" {
    run -0 gdbg completion --for -- tail --since
    [[ $output == $'--since\t'?* ]]
}

@test "a dash asks for long and short options" {
    [ "$(offered stats --b)" = --by ]
    [[ " $(offered tail -) " == *' --guild -g '* ]]
    [ "$(offered tail -g)" = -g ]
}

@test "an option's value is one of its choices" {
    [ "$(offered tail --output '')" = "json text raw" ]
    [ "$(offered tail -q --output r)" = raw ]
    [ "$(offered tail --output=r)" = --output=raw ]
    [ "$(offered tail --color a)" = "auto always" ]
}

@test "a value that looks like an option, or has a word before it, is told from one" {
    [ "$(offered tail -g --output --output t)" = text ]
    [ "$(offered tail -qg x --outp)" = "--output --output-file" ]
    [ "$(offered tail -gx --color n)" = never ]
}

@test "operands that are fixed words are offered, once" {
    [ "$(offered ls '')" = "guilds topics" ]
    [ "$(offered ls -g x t)" = topics ]
    [ "$(offered ls -- t)" = topics ]
    [ "$(offered completion '')" = "bash zsh fish" ]
    [ "$(offered help st)" = "stats stream" ]
    [[ $(offered ls guilds '') != *topics* ]]
}

@test "where there is no operand, options are offered" {
    [[ $(offered tail '') == *--since* ]]
}

@test "where a file may stand, nothing is offered, and that is success" {
    local line
    for line in 'stats x' 'tail -o x' 'tail --output-file x' 'tail --output-file=x' 'decode -- -x'; do
        # shellcheck disable=SC2086 # the words of a command line
        run -0 gdbg completion --for -- $line
        [ "$output" = '' ]
    done
}

@test "where gdbg cannot know what may stand, that is no success" {
    local line
    for line in 'tail -g x' 'tail --guild=x' 'nonsense x' 'nonsense' 'tail --nonsense' 'tail -- -'; do
        # shellcheck disable=SC2086 # the words of a command line
        run -1 gdbg completion --for -- $line
        [ "$output" = '' ]
    done
}

# What bash makes of a line whose last word is being completed: bash cuts words at '=' too.
in_bash() { # LINE WORD...
    # shellcheck disable=SC2016 # for the inner shell
    bash --norc --noprofile -c '
        source <(gdbg completion bash)
        COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2)) last=${!#}
        [[ $last == "=" ]] && last=
        [[ $(complete -p gdbg) == *"-F _gdbg "* ]] && _gdbg gdbg "$last" "${COMP_WORDS[-2]}"
        echo "${COMPREPLY[@]}"' bash "$@"
}

@test "bash completes commands, options and values" {
    [ "$(in_bash 'gdbg st' gdbg st)" = stats ]
    [ "$(in_bash 'gdbg stats --b' gdbg stats --b)" = --by ]
    [ "$(in_bash 'gdbg tail --output ' gdbg tail --output '')" = "json text raw" ]
    [ "$(in_bash 'gdbg stats r' gdbg stats r)" = '' ]
}

@test "bash completes behind '=' and after words that hold ':'" {
    [ "$(in_bash 'gdbg tail --output=' gdbg tail --output =)" = "json text raw" ]
    [ "$(in_bash 'gdbg tail --output=r' gdbg tail --output = r)" = raw ]
    [ "$(in_bash 'gdbg tail -t a:b --si' gdbg tail -t a : b --si)" = --since ]
}

# The line that zsh makes of one when TAB is pressed, with all matches put into it. Every step waits
# for what the shell prints.
in_zsh() { # LINE
    command -v zsh >/dev/null || skip "there is no zsh"
    # shellcheck disable=SC2016 # for the inner shells
    timeout 60 zsh -f -c '
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell "PS1= RPROMPT= ; autoload -Uz compinit; compinit -u -D"
        zpty -w shell "source <(gdbg completion zsh)"
        zpty -w shell "zstyle \":completion:*\" completer _all_matches _complete _files"
        zpty -w shell "zstyle \":completion:*\" insert true"
        zpty -w shell "zle -N show; show() { print -r -- \"<<\$BUFFER>>\" }; bindkey ^X show"
        zpty -w shell "print rea\"\"dy"
        zpty -r shell answer "*ready*"
        zpty -n -w shell "$1"$'\''\t\x18'\''
        zpty -r shell answer "*<<*>>*"
        print -r -- ${${answer##*<<}%%>>*}' zsh "$1" 3>&-
}

@test "zsh completes commands, options, values and files" {
    [ "$(in_zsh 'gdbg st')" = "gdbg stats " ]
    [ "$(in_zsh 'gdbg stats --b')" = "gdbg stats --by " ]
    [ "$(in_zsh 'gdbg tail --output ')" = "gdbg tail --output json raw text " ]
    [ "$(in_zsh 'gdbg tail --output=r')" = "gdbg tail --output=raw " ]
    [ "$(in_zsh 'gdbg stats r')" = "gdbg stats runs.jsonl " ]
}

in_fish() { # LINE
    command -v fish >/dev/null || skip "there is no fish"
    # shellcheck disable=SC2016 # for the inner shell
    fish --no-config -c 'gdbg completion fish | source; complete -C $argv[1]' "$1" |
        cut -f 1 | paste -s -d ' ' -
}

@test "fish completes commands, options, values and files" {
    [ "$(in_fish 'gdbg st')" = stats ]
    [ "$(in_fish 'gdbg stats --b')" = --by ]
    [ "$(in_fish 'gdbg tail --output ')" = "json raw text" ]
    [ "$(in_fish 'gdbg tail --output=r')" = --output=raw ]
    [ "$(in_fish 'gdbg stats r')" = runs.jsonl ]
    [ "$(in_fish 'gdbg tail --output-file=r')" = --output-file=runs.jsonl ]
    [ "$(in_fish 'gdbg tail -g r')" = '' ]
}
