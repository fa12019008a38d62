#!/bin/sh
# Two releases of the last commit, from clones in two folders with a build cache of
# their own each, must be the same in every byte. TARGETS=linux/amd64,… builds less.
set -e
GO=${GO:-go}
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
for place in one another/place; do
	mkdir -p "$dir/$place"
	git clone -q . "$dir/$place/tree"
	(cd "$dir/$place/tree/release" && GOCACHE=$dir/$place/cache $GO run . -root .. -out ../dist ${TARGETS:+-targets "$TARGETS"})
done
diff "$dir/one/tree/dist/SHA256SUMS" "$dir/another/place/tree/dist/SHA256SUMS"
cat "$dir/one/tree/dist/SHA256SUMS"
echo "dist-verify: both releases are the same"
