# SPDX-License-Identifier: MIT
# Completion of gdbg for fish. It knows no command and no option: it asks the program.
#
#     gdbg completion fish | source

function __gdbg_candidates
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    # Fails where nothing may stand, and gives nothing where file names may.
    set -l candidates (command $program completion --for -- $words "$word" 2>/dev/null)
    or return
    if set -q candidates[1]
        printf '%s\n' $candidates
    else
        set -l option (string match -r -- '^--[^=]*=' $word)
        __fish_complete_path (string replace -- "$option" '' $word) | string replace -r -- '^' "$option"
    end
end

complete -c gdbg -f -a '(__gdbg_candidates)'
