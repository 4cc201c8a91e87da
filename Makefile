# What a laptop and CI do, by name. CI calls nothing but these targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules --no-print-directory

# Pinned: another version finds other things. Change them here and nowhere else.
GOLANGCI_LINT := v2.15.0
GOFUMPT       := v0.12.0
GREMLINS      := v0.6.0
K6            := v1.0.0

# Tools are where go install puts them; they are found even when the PATH misses it.
GOBIN := $(or $(shell go env GOBIN),$(firstword $(subst :, ,$(shell go env GOPATH)))/bin)
export PATH := $(GOBIN):$(PATH)

# Programs that tests and targets call, each with the Debian packages that bring it.
# gcc is for -race, javac for java's way of running a source file. A program that is
# already there is not installed again.
PROGRAMS := openssl=openssl node=nodejs python3=python3 curl=curl jq=jq busybox=busybox gcc=gcc,libc6-dev \
	php=php-cli,php-curl javac=default-jdk-headless chromium=chromium

# STRICT=1 (ci sets it): a test that could not run here fails the build.
STRICT ?=
NOTRUN := go run ./internal/notrun $(if $(STRICT),-strict)

# TESTFLAGS is for a person, e.g. make test TESTFLAGS='-run Signer'
TESTFLAGS ?=

# How long the tests of one package may take: go's ten minutes are few on a busy machine.
TIMEOUT ?= 40m

# How much make fuzz gives each target, and FUZZ=Requests chooses one. It is a number of
# inputs and no time: Go 1.26 may fail at the end of a time for no reason (go.dev/issue/75804).
FUZZTIME ?= 2000x
FUZZ ?=

# One worker, since a mutant that hangs is known by the time it takes. Of the mock the
# store and once.go are mutated; what stands beside them is left out by name.
# -count=1 has the time of the tests measured that a mutant's is held against.
MUTATE := GOFLAGS="$$(go env GOFLAGS) -count=1" gremlins unleash --workers 1 --timeout-coefficient 10 --invert-logical --invert-loopctrl
NOT_ONCE := $(foreach f,$(filter-out %/once.go %_test.go,$(wildcard internal/mock/*.go)),-E '^$(notdir $(f))$$')

# The targets of make acceptance are the embedded mock's, whatever the shell exports.
CLEAN_ENV := env -u D24_BASE_URL -u D24_CA_FILE $(foreach v,DEPOSITS_API_KEY DEPOSITS_API_SIGNATURE READ_ONLY_KEY \
	CASHOUTS_API_KEY CASHOUTS_API_PASSPHRASE CASHOUTS_API_SIGNATURE,-u D24_$(v) -u D24_$(v)_FILE)

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/d24conform
	@mkdir -p bin
	go build -trimpath -o bin/d24conform ./cmd/d24conform

.PHONY: acceptance
acceptance: build ## Judge the embedded mock by every server rule, and print the report's path
	$(CLEAN_ENV) bin/d24conform run server

.PHONY: selftest
selftest: build ## Prove by a sample of mutants that the suite finds every defect, and for the right reason (30 s)
	$(CLEAN_ENV) bin/d24conform selftest --seed 9

.PHONY: selftest-all
selftest-all: build ## Prove it by every mutant of every role (20 min)
	$(CLEAN_ENV) bin/d24conform selftest --all

.PHONY: load-smoke
load-smoke: build ## Load the bundled mock for two seconds, and judge what became of the money
	$(CLEAN_ENV) bin/d24conform load smoke

.PHONY: test
test: ## Run all tests, then list what could not run here (STRICT=1: that fails)
	go test -json -count=1 -shuffle=on -timeout $(TIMEOUT) $(TESTFLAGS) ./... | $(NOTRUN)

.PHONY: test-quick
test-quick: ## Run the tests that are over soon: no mutant is judged, no other server and no script of a defect
	go test -short -json $(TESTFLAGS) ./... | $(NOTRUN)

.PHONY: race
race: ## Run all tests under the race detector
	CGO_ENABLED=1 go test -race -json -count=1 -shuffle=on -timeout $(TIMEOUT) $(TESTFLAGS) ./... | $(NOTRUN)

.PHONY: fuzz
fuzz: ## Try FUZZTIME (2000x) inputs on every fuzz target, two targets at once
	@go test -list '^Fuzz$(FUZZ)' $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs dirname | sort -u) | awk '/^Fuzz/ { found[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, found[i]; n = 0 }' | \
		xargs -r -P 2 -n 2 bash -c 'out=$$(go test -run "^$$" -fuzz "^$$1$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x -parallel 1 "$$0" 2>&1) || \
		{ echo "fuzz: $$1 of $$0 failed:" >&2; echo "$$out" >&2; exit 1; }; \
		echo "fuzz: $$1: $$(grep -o "execs: [0-9]*" <<< "$$out" | tail -1)"'

.PHONY: mutation
mutation: ## Change d24 and the idempotency code in every small way, and list what no test notices (10 min)
	$(MUTATE) ./internal/d24
	$(MUTATE) $(NOT_ONCE) ./internal/mock

.PHONY: bench
bench: ## Run every benchmark once
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: bench-signing
bench-signing: ## Compare signing with hmac.New and with SHA-256, the floor, in interleaved rounds on 1 and 2 threads
	go test -run '^$$' -bench 'Signing$$' -benchtime 2s ./internal/d24

# vegeta's own program is built at the version of its library in go.mod.
.PHONY: peers
peers: build ## Install what bench-peers compares with, into bin/peers; wrk is a Debian package
	@mkdir -p bin/peers
	go build -trimpath -o bin/peers/peers ./load/peers
	@case "$$(go version -m bin/peers/k6 2> /dev/null || true)" in *"$(K6)"*) ;; *) \
		set -x; GOBIN="$(CURDIR)/bin/peers" go install go.k6.io/k6@$(K6) ;; esac
	@[ -x bin/peers/vegeta ] || { set -x; cp go.mod go.sum bin/peers/; \
		go build -modfile=bin/peers/go.mod -mod=mod -o bin/peers/vegeta github.com/tsenart/vegeta/v12; }
	@command -v wrk > /dev/null || if [ "$$(id -u)" = 0 ]; then apt-get update -q; apt-get install -q -y --no-install-recommends wrk; \
		else echo "peers: not root, so please run: apt-get install -y wrk" >&2; exit 1; fi

.PHONY: bench-peers
bench-peers: peers ## Compare the load generator with k6, vegeta and wrk, in five rounds in turn, and print a table (4 min)
	bin/peers/peers

.PHONY: bench-load
bench-load: peers ## Measure every goal of the load generator, and say which are kept (9 min, on a machine without other work)
	bin/peers/peers -goals

.PHONY: verify
verify: build ## Check that ledger, scenarios, vectors and mutants are complete
	bin/d24conform rules verify

.PHONY: lint
lint: ## Check formatting, go.mod and the rules of .golangci.yml
	@for tool in "golangci-lint $(GOLANGCI_LINT)" "gofumpt $(GOFUMPT)"; do \
		set -- $$tool; \
		command -v "$$1" > /dev/null || { echo "lint: $$1 is not installed; run make tools" >&2; exit 1; }; \
		case "$$1" in golangci-lint) have=v$$(golangci-lint version --short) ;; *) have=$$(gofumpt -version) ;; esac; \
		case "$$have " in "$$2 "*) ;; *) echo "lint: $$1 is $$have and not $$2; run make tools" >&2; exit 1 ;; esac; \
	done
	@unformatted=$$(gofumpt -l .); if [ -n "$$unformatted" ]; then \
		echo "lint: not formatted (run make fmt):" >&2; echo "$$unformatted" >&2; exit 1; fi
	go mod tidy -diff
	golangci-lint run

.PHONY: fmt
fmt: ## Format the Go files
	gofumpt -w .

.PHONY: tools
tools: ## Install what is missing here: Debian packages (as root) and pinned Go tools
	@packages=; for pair in $(PROGRAMS); do \
		command -v "$${pair%%=*}" > /dev/null || packages+=" $${pair#*=}"; done; \
	packages=$${packages//,/ }; \
	if [ -z "$$packages" ]; then echo "tools: all programs are there"; \
	elif [ "$$(id -u)" != 0 ]; then \
		echo "tools: not root, so please run: apt-get update && apt-get install -y$$packages"; \
	else \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -q; apt-get install -q -y --no-install-recommends $$packages; \
	fi
	@[ "v$$(golangci-lint version --short 2> /dev/null || true)" = "$(GOLANGCI_LINT)" ] || \
		{ set -x; go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT); }
	@case "$$(gofumpt -version 2> /dev/null || true) " in "$(GOFUMPT) "*) ;; *) \
		set -x; go install mvdan.cc/gofumpt@$(GOFUMPT) ;; esac
	@case "$$(go version -m "$$(command -v gremlins || true)" 2> /dev/null || true)" in *"$(GREMLINS)"*) ;; *) \
		set -x; go install github.com/go-gremlins/gremlins/cmd/gremlins@$(GREMLINS) ;; esac

.PHONY: ci
ci: ## What CI runs after make tools; nothing may be left out
	$(MAKE) lint
	$(MAKE) test STRICT=1
	$(MAKE) race STRICT=1
	$(MAKE) fuzz
	$(MAKE) acceptance
	$(MAKE) selftest
	$(MAKE) load-smoke
	$(MAKE) verify

.PHONY: clean
clean: ## Remove what make build made (results in reports/out stay)
	rm -rf bin
