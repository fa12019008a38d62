# make demo    build, then see the program at work, without an account
# make test    all tests, and under the race detector a sample of their large tables
# make race    all tests under the race detector, in full: takes several minutes
# make check   what must pass before a change is handed in
# make lint    linters, known vulnerabilities (part of check)
# make build   the binary, in bin/
# make e2e     real third-party clients against the binary (Node, npm and Chromium where they are)
# make bench   timings beside the limits and the peers (ONLY=start,serve for a part)
# make bench-scaling  what many callers cost, into docs/scaling.md
# make dist    what is published, in dist/: archives, packages, checksums
# make fuzz    every fuzzer for a while (FUZZTIME=20s)

GO      ?= go
# Leaves out a document converter that every start would pay for.
TAGS    := urfave_cli_no_docs
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT  := $(shell git rev-parse --short=12 HEAD 2>/dev/null)
DATE    := $(shell git log -1 --format=%cI 2>/dev/null)
VARS    := github.com/codexctl/codexctl/internal/cli
LDFLAGS := -s -w -X $(VARS).version=$(VERSION) -X $(VARS).commit=$(COMMIT) -X $(VARS).date=$(DATE)
PAIRS   := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
FUZZTIME ?= 20s

.PHONY: build demo test race check lint fuzz bench bench-write bench-scaling dist dist-verify e2e cross clean

build:
	CGO_ENABLED=0 $(GO) build -trimpath -tags $(TAGS) -ldflags '$(LDFLAGS)' -o bin/codexctl ./cmd/codexctl

demo: build
	@PATH="$(CURDIR)/bin:$$PATH" codexctl emulator exec -- sh scripts/demo.sh

test:
	@sh scripts/test.sh

race:
	@GORACE=atexit_sleep_ms=0 $(GO) test -race -tags $(TAGS) -timeout 30m -parallel 16 ./pkg/... ./internal/... ./cmd/... ./bench/...

check:
	@sh scripts/check.sh
	@$(MAKE) --no-print-directory lint cross test

# The first time it builds its tools, which takes minutes.
lint:
	@sh scripts/lint.sh

# Every system and architecture that a release is built for; for each system the tests as
# well, as far as vet compiles them.
cross:
	@for t in $(PAIRS); do \
		echo "build $$t"; \
		GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 $(GO) build -tags $(TAGS) ./... || exit 1; \
	done
	@for s in darwin windows; do \
		echo "vet $$s"; \
		GOOS=$$s CGO_ENABLED=0 $(GO) vet -tags $(TAGS) ./... || exit 1; \
	done

e2e:
	@sh e2e/run.sh

bench:
	@$(GO) run ./bench -only '$(ONLY)'

# The same, and the table goes into docs/benchmarks.md.
bench-write:
	@$(GO) run ./bench -write

# What many callers cost, into docs/scaling.md.
bench-scaling:
	@$(GO) run ./bench -scaling

fuzz:
	@FUZZTIME=$(FUZZTIME) sh scripts/fuzz.sh

dist:
	rm -rf dist
	@cd release && $(GO) run . -root .. -out ../dist

# Builds the last commit twice, in two places, and compares every byte.
dist-verify:
	@sh scripts/dist_verify.sh

clean:
	rm -rf bin dist coverage.out
