#!/bin/sh
# What codexctl does, against the emulator that `codexctl emulator exec` has started:
# each command, then what it prints. Ends with 1 when a command does not do what is
# announced here, so that it is a check as well.

wrong=0

# show CODE TEXT COMMAND: the command must end with CODE and print TEXT somewhere.
show() {
	printf '\n\033[1m$ %s\033[0m\n' "$3"
	printed=$(sh -c "$3" 2>&1 </dev/null)
	code=$?
	printf '%s\n' "$printed"
	[ $code -eq 0 ] || printf '\033[2m[exit %s]\033[0m\n' $code
	case $printed in
	*"$2"*) ;;
	*)
		wrong=1
		echo "demo: wanted \"$2\" here" >&2
		;;
	esac
	if [ $code -ne "$1" ]; then
		wrong=1
		echo "demo: wanted exit code $1 here" >&2
	fi
}

show 0 'PLUS' 'codexctl auth status'
show 0 'You said: Why is the sky blue?' 'codexctl ask "Why is the sky blue?"'
show 0 'some text' 'echo "some text" | codexctl ask "summarise"'
show 0 'You said: Tell me a story' 'codexctl respond --stream "Tell me a story"'
show 0 '"status":"completed"' 'codexctl ask --json "hi"'
show 0 '44' 'codexctl ask "hi" --transform usage.total_tokens'
show 0 '"name":"multiply"' 'codexctl respond --tool '\''{"type":"function","name":"multiply","parameters":{"type":"object","properties":{"x":{"type":"integer"},"y":{"type":"integer"}},"required":["x","y"]}}'\'' "What is 5 times 4?"'

# The emulator can fail on purpose, so that scripts can be tested.
show 5 'Rate limit exceeded' 'codexctl ask -H "x-emulator-scene: usage-limit" "hi"'
show 8 'Hel' 'codexctl ask -H "x-emulator-scene: cut-after-three-deltas" "hi"'
show 8 '"code":"truncated"' 'codexctl ask --json -H "x-emulator-scene: cut-after-three-deltas" "hi" 2>/dev/null'
exit $wrong
