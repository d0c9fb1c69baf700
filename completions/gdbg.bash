# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Completion of gdbg for bash. It knows no command and no option: it asks the program.
#
#     source <(gdbg completion bash)

_gdbg() {
    local rest=$COMP_LINE last=$2 words=() word candidates i
    # Bash cuts words at '=' and ':' too. What had no blank before it is put together again.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        ((i == COMP_CWORD)) && [[ $word != [=:]* ]] && word=$last
        if ((i)) && [[ $rest != [[:space:]]* ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
        rest=${rest#"${rest%%[![:space:]]*}"}
        rest=${rest#"$word"}
    done

    # Fails where nothing may stand, and gives nothing where file names may.
    candidates=$("$1" completion --for -- "${words[@]:1}" 2>/dev/null) || return
    if [[ -z $candidates ]]; then
        compopt -o default 2>/dev/null
        return
    fi
    mapfile -t COMPREPLY < <(cut -f 1 <<<"$candidates")
    # Only what is behind the '=' or ':' is replaced.
    COMPREPLY=("${COMPREPLY[@]#"${words[-1]%"$last"}"}")
}

complete -F _gdbg gdbg
