#!/bin/sh
# What codexctl does, against the emulator that `codexctl emulator exec` has started:
# each command, then what it prints.

show() {
	printf '\n\033[1m$ %s\033[0m\n' "$*"
	sh -c "$*" </dev/null
	code=$?
	[ $code -eq 0 ] || printf '\033[2m[exit %s]\033[0m\n' $code
}

show 'codexctl auth status'
show 'codexctl ask "Why is the sky blue?"'
show 'echo "some text" | codexctl ask "summarise"'
show 'codexctl respond --stream "Tell me a story"'
show 'codexctl ask --json "hi"'
show 'codexctl ask "hi" --transform usage.total_tokens'
show 'codexctl respond --tool '\''{"type":"function","name":"multiply","parameters":{"type":"object","properties":{"x":{"type":"integer"},"y":{"type":"integer"}},"required":["x","y"]}}'\'' "What is 5 times 4?"'

# The emulator can fail on purpose, so that scripts can be tested.
show 'codexctl ask -H "x-emulator-scene: usage-limit" "hi"'
show 'codexctl ask -H "x-emulator-scene: cut-after-three-deltas" "hi"'
show 'codexctl ask --json -H "x-emulator-scene: cut-after-three-deltas" "hi" 2>/dev/null'
