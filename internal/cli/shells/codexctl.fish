# Completion of codexctl for fish. What may be typed is known to codexctl itself; this only
# asks it.
function __codexctl_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l plain (string unescape -- "$current")
    or set plain "$current"
    set -l lines (command codexctl __complete fish $words "$plain" 2>/dev/null </dev/null)
    set -q lines[1]
    or return
    set -l head (string split -m 1 \t -- $lines[1])
    set -e lines[1]
    set -q lines[1]
    and printf '%s\n' $lines
    set -l before ""
    set -q head[2]
    and set before $head[2]
    set -l path (string sub -s (math (string length -- "$before") + 1) -- "$current")
    switch $head[1]
        case files
            for found in (__fish_complete_path "$path")
                printf '%s\n' "$before$found"
            end
        case folders
            for found in (__fish_complete_directories "$path" "")
                printf '%s\n' "$before$found"
            end
        case commands
            complete -C "$path"
        case line
            # The words behind -- are another program's line.
            set -l rest $words[(math $before + 1)..-1]
            complete -C "$(string escape -- $rest | string join ' ') $current"
    end
end
complete -c codexctl -f -a '(__codexctl_complete)'
