#!/bin/sh
# Every fuzzer of the module for FUZZTIME each.
set -e
GO=${GO:-go}
for package in $($GO list ./...); do
	for target in $($GO test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "fuzz $package $target"
		$GO test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-20s}" -fuzzminimizetime 5x "$package"
	done
done
