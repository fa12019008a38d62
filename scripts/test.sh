#!/bin/sh
# All tests, with the race detector where a C compiler is found, and the coverage of
# what is shipped.
set -e
GO=${GO:-go}
race=
if command -v "$($GO env CC)" >/dev/null 2>&1; then
	race=-race
	CGO_ENABLED=1
	export CGO_ENABLED
else
	echo "test: no C compiler, so without the race detector"
fi
# shellcheck disable=SC2086 # $race is one word or none
$GO test $race -tags urfave_cli_no_docs -timeout 5m -coverprofile coverage.out -coverpkg ./pkg/...,./internal/... ./...
$GO tool cover -func coverage.out | awk '/^total:/ { print "coverage of pkg and internal: " $NF }'
