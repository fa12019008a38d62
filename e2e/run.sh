#!/bin/sh
# Runs real third-party clients against the program. Installs nothing on the machine;
# the tests put the official Codex CLI and the SDKs for Node into the user's cache folder.
# A client that cannot be had is named in a line with its reason; E2E_REQUIRE=1 makes that a
# failure. Arguments go to `go test`.
set -eu
cd "$(dirname "$0")/.."
GO=${GO:-go}
. scripts/had.sh

# All tests are one program, so without the SDK for Go there is none.
if ! had e2e "every client" "$GO" -C e2e list -deps -test ./...; then
	[ "${E2E_REQUIRE:-}" = 1 ] && exit 1
	exit 0
fi
# With no package named, go test shows what is skipped without a -v.
cd e2e
exec "$GO" test -count=1 -timeout 8m "$@"
