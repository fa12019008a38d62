#!/bin/sh
# All tests: first the packages, with the coverage of what is shipped; then the program,
# which the scripts start many hundred times, not counted; then, where a C compiler is
# found, both again under the race detector. That makes everything many times as dear, so
# this run is -short: of the large tables it takes a sample. `make race` takes them whole.
set -e
GO=${GO:-go}
# Many tests wait more than they work, so more of them run at a time than there are
# processors.
flags="-tags=urfave_cli_no_docs -timeout=15m -parallel=16"
# shellcheck disable=SC2086 # each of them is one word or several
$GO test $flags -covermode=set -coverprofile=coverage.out -coverpkg=./pkg/...,./internal/... ./pkg/... ./internal/...
# What stands at a terminal or counts seconds is not to be outrun by its neighbours, so
# fewer run at a time from here on.
# shellcheck disable=SC2086
$GO test $flags -p=1 -parallel=8 ./cmd/... ./bench/...
if command -v "$($GO env CC)" >/dev/null 2>&1; then
	# Else each process sleeps for a second when it ends.
	export GORACE=atexit_sleep_ms=0
	# The longest first, beside which the others run; one package only reads the sources.
	packages=$($GO list ./cmd/... ./pkg/... ./internal/... ./bench/... | grep -v /internal/archtest)
	# shellcheck disable=SC2086
	$GO test -race -short $flags -parallel=8 $packages
else
	echo "test: no C compiler, so without the race detector"
fi
$GO tool cover -func=coverage.out | awk '/^total:/ { print "coverage of pkg and internal: " $NF }'
