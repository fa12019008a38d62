#!/bin/sh
# Follows README.md from the top, as a stranger with Go and make would: in a clean clone of the
# last commit, with an empty home, every block of commands as it is printed. The backend is the
# emulator. `make test`, which takes minutes, is run with FULL=1 only.
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
pids=
# shellcheck disable=SC2154 # pid is the trap's own
trap 'for pid in $pids; do kill "$pid" 2>/dev/null || :; done; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
git clone -q . "$dir/codexctl"
GOMODCACHE=$(go env GOMODCACHE) GOCACHE=$(go env GOCACHE) GOPATH=$(go env GOPATH)
export GOMODCACHE GOCACHE GOPATH
# The stranger sits at this machine, for whom sign-in starts a browser, and has set nothing.
unset CI SSH_CONNECTION SSH_TTY XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME
for name in $(env | sed -n 's/^\(CODEX[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
# A port below those that systems give away, and another one for each run.
export HOME="$dir/home" PATH="$dir/codexctl/bin:$PATH" CODEXCTL_SERVE_PORT="${PORT:-$((20000 + $$ % 10000))}"
mkdir "$HOME" "$dir/blocks"
cd "$dir/codexctl"
awk -v to="$dir/blocks" '/^```sh$/ { n++; inside = 1; next } /^```/ { inside = 0 } inside { print > sprintf("%s/%02d", to, n) }' README.md

# await LOG COMMAND...: until the command succeeds, for ten seconds; then the log says why not.
await() {
	log=$1 tries=100
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		if [ $tries = 0 ]; then
			cat "$log"
			echo "readme: waited in vain for: $*"
			exit 1
		fi
		sleep 0.1
	done
}

for block in "$dir"/blocks/*; do
	wanted=0
	[ "${FULL:-}" = 1 ] || sed -i.all '/^make test/d' "$block"
	case $(cat "$block") in
	'codexctl serve'*)
		sed 's/^codexctl/exec &/' "$block" >"$dir/serve" # so that it is the process that is ended
		sh -e "$dir/serve" >"$dir/serve.log" 2>&1 &
		pids="$pids $!"
		await "$dir/serve.log" codexctl serve --check "http://localhost:$CODEXCTL_SERVE_PORT"
		echo "readme: $(head -n 1 "$block")"
		continue
		;;
	*cut-after-three-deltas*) wanted=8 ;; # its last line shows a failure
	esac
	code=0
	sh -e "$block" >"$dir/printed" 2>&1 || code=$?
	if [ $code -ne $wanted ]; then
		cat "$block" "$dir/printed"
		echo "readme: this block ended with $code, not with $wanted"
		exit 1
	fi
	echo "readme: $(head -n 1 "$block")"
	# From the first build on there is an emulator to talk to, and a browser that signs in there.
	if [ -x bin/codexctl ] && [ ! -s "$dir/emulator.env" ]; then
		codexctl emulator start --env-file "$dir/emulator.env" >"$dir/emulator.log" 2>&1 &
		pids="$pids $!"
		await "$dir/emulator.log" test -s "$dir/emulator.env"
		# shellcheck disable=SC1091 # it is written by the emulator
		. "$dir/emulator.env"
		unset CODEXCTL_AUTH_FILE
		export BROWSER='curl -sL -o /dev/null'
	fi
done
echo "readme: followed to its end"
