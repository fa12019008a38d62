#!/bin/sh
# Runs real third-party clients against the program. Installs nothing on the machine;
# the tests put the official Codex CLI and the SDKs for Node into the user's cache folder.
# Arguments go to `go test`; E2E_REQUIRE=1 makes a skipped test a failed one.
set -eu
cd "$(dirname "$0")"
GO=${GO:-go}

for tool in node npm; do
	if ! command -v "$tool" >/dev/null 2>&1; then
		echo "e2e: SKIP the official Codex CLI and the SDKs for Node: $tool is not installed"
		break
	fi
done

browser=
for name in chromium chromium-browser google-chrome google-chrome-stable; do
	if command -v "$name" >/dev/null 2>&1; then
		browser=$name
		break
	fi
done
if [ -z "$browser" ]; then
	echo "e2e: SKIP the callback page: no Chromium on the PATH"
fi

# -v, since a skipped test says why only then.
exec "$GO" test -count=1 -timeout 20m -v "$@" ./...
