#!/bin/sh
# The cheap checks: form, vet, an untidy module file, scripts that do not parse.
set -e
GO=${GO:-go}
unformatted=$(gofmt -l bench cmd e2e internal pkg release)
if [ -n "$unformatted" ]; then
	echo "gofmt would change:"
	echo "$unformatted"
	exit 1
fi
$GO vet -tags urfave_cli_no_docs ./...
$GO mod tidy -diff
$GO mod verify >/dev/null
(cd release && $GO vet . && $GO mod tidy -diff && $GO test .)
for script in scripts/*.sh e2e/run.sh .ci/run; do
	sh -n "$script"
done
echo "check: form, vet, modules and scripts are in order"
