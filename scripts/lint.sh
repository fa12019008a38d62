#!/bin/sh
# The linters of .golangci.yml over every module, known vulnerabilities, and the tidiness
# of the tools themselves. The tools are built from tools/go.mod. Where they, or the database
# of vulnerabilities, cannot be had, one line says so and the check goes on: that is no
# fault of the tree.
set -e
GO=${GO:-go}
root=$(pwd)
said=$(mktemp)
trap 'rm -f "$said"' EXIT

tool() { "$GO" tool -modfile="$root/tools/go.mod" "$@"; }

. scripts/had.sh

had lint "the tools" "$GO" -C tools list -deps tool || exit 0
"$GO" -C tools mod tidy -diff

for module in . e2e release; do
	[ -f "$module/go.mod" ] || continue
	had lint "$module" "$GO" -C "$module" list -deps -test ./... || continue
	(cd "$module" && tool golangci-lint run --config "$root/.golangci.yml" ./...)
done

code=0
tool govulncheck -tags urfave_cli_no_docs ./cmd/... ./pkg/... >"$said" 2>&1 || code=$?
if [ "$code" = 0 ]; then
	echo "lint: no known vulnerability"
elif grep -q 'fetching vulnerabilities' "$said"; then
	echo "lint: SKIP known vulnerabilities: their database cannot be reached"
else
	cat "$said"
	exit "$code"
fi
if command -v shellcheck >/dev/null 2>&1; then
	shellcheck scripts/*.sh e2e/run.sh .ci/run
fi
echo "lint: in order"
