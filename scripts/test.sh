#!/bin/sh
# All tests, with the race detector where a C compiler is found, and the coverage of
# what is shipped. The scripts start the program many hundred times; those processes
# run without the detector and write their own coverage.
set -e
GO=${GO:-go}
race=
if command -v "$($GO env CC)" >/dev/null 2>&1; then
	race=-race
else
	echo "test: no C compiler, so without the race detector"
fi
packages=./pkg/...,./internal/...
counters=$(mktemp -d)
trap 'rm -rf "$counters" coverage.*.out' EXIT

flags="-tags=urfave_cli_no_docs -timeout=5m -covermode=atomic -coverpkg=$packages"
# shellcheck disable=SC2086 # each of them is one word or several
$GO test $race $flags -coverprofile coverage.units.out ./pkg/... ./internal/...
# shellcheck disable=SC2086
GOCOVERDIR=$counters $GO test $flags ./cmd/... -args -test.gocoverdir="$counters"

$GO tool covdata textfmt -i="$counters" -o coverage.scripts.out
{
	cat coverage.units.out
	grep -v '^mode:' coverage.scripts.out
} >coverage.out
$GO tool cover -func coverage.out | awk '/^total:/ { print "coverage of pkg and internal: " $NF }'
