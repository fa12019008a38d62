#!/bin/sh
# All tests, with the race detector where a C compiler is found, and the coverage of
# what is shipped. The scripts start the program many hundred times; those processes
# run with the detector too, and are not counted.
set -e
GO=${GO:-go}
race=
if command -v "$($GO env CC)" >/dev/null 2>&1; then
	race=-race
else
	echo "test: no C compiler, so without the race detector"
fi
# Many tests wait more than they work, so more of them run at a time than there are
# processors.
flags="-tags=urfave_cli_no_docs -timeout=15m -parallel=16"
# shellcheck disable=SC2086 # each of them is one word or several
$GO test $race $flags -covermode=atomic -coverprofile=coverage.out -coverpkg=./pkg/...,./internal/... ./pkg/... ./internal/...
# shellcheck disable=SC2086
$GO test $race $flags ./cmd/... ./bench/...
if [ -n "$race" ]; then
	# Under the detector it asks a fifth of its records.
	# shellcheck disable=SC2086
	$GO test $flags -run '^TestBatchKilledAndResumed$' ./cmd/codexctl
fi
$GO tool cover -func=coverage.out | awk '/^total:/ { print "coverage of pkg and internal: " $NF }'
