# Each thing that one does with the project, in one word.

SHELL := bash
# Where rustup and `cargo install` put programs; a shell older than they are does not know of it.
export PATH := $(PATH):$(HOME)/.cargo/bin
# Queries are checked against .sqlx, so a build needs no database.
export SQLX_OFFLINE := true

# One after the other, also under `make -j`: the steps share one target folder.
.NOTPARALLEL:
# What the process tests start.
RELEASED = $(abspath $(or $(CARGO_TARGET_DIR),target))/release/selfmx

.PHONY: help run test chaos check bench fmt sqlx

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-7s %s\n", $$1, $$2}' Makefile

run: ## Start the service, and install Postgres first if the machine has none
	@scripts/ensure-rust
	@PATH="$$(scripts/ensure-postgres):$$PATH" && cargo run --release --locked -- serve

test: ## Run all tests, with a Postgres of their own
	@scripts/ensure-rust
	@scripts/ensure-curl
	@scripts/ensure-tool cargo-nextest
	cargo build --release --locked --bin selfmx
	@peers=$$(scripts/ensure-peers) && PEERS=$$peers SELFMX_PROGRAM=$(RELEASED) \
	scripts/with-postgres cargo nextest run --locked

chaos: ## Kill, pause and refuse at random under load; ROUNDS=50 SEED=7 says how often and in which order
	@scripts/ensure-rust
	@scripts/ensure-tool cargo-nextest
	cargo build --release --locked --bin selfmx
	@PATH="$$(scripts/ensure-postgres):$$PATH" CHAOS_ROUNDS=$(or $(ROUNDS),20) CHAOS_SEED=$(or $(SEED),$$RANDOM) \
	SELFMX_PROGRAM=$(RELEASED) cargo nextest run --locked --profile chaos --no-capture --test process chaos::

check: ## Everything that must hold before a commit; CI runs the same
	@scripts/ensure-rust
	@echo "== The code is formatted"
	cargo fmt --check
	@echo "== .sqlx is what Postgres says of today's queries"
	scripts/sqlx-check
	@echo "== No lint complains"
	cargo clippy --locked --all-targets -- -D warnings
	@echo "== The documentation has no broken links"
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
	@echo "== Dependencies have allowed licences and sources"
	@scripts/ensure-tool cargo-deny
	cargo deny --locked check licenses bans sources
	@echo "== No dependency is unused"
	@scripts/ensure-tool cargo-machete
	cargo machete
	@echo "== The tests pass"
	@$(MAKE) --no-print-directory test

bench: ## Measure, and print ratios; BENCH="accept deliver" measures only those
	@scripts/ensure-rust
	@tools=$$(scripts/ensure-smtp-tools) && postgres=$$(scripts/ensure-postgres) && \
	PGBENCH=$$postgres/pgbench SMTP_SINK=$$tools/smtp-sink SMTP_SOURCE=$$tools/smtp-source DURABLE=yes \
	scripts/with-postgres cargo bench --locked --bench throughput -- $(BENCH)

fmt: ## Format the code
	cargo fmt

sqlx: ## Refresh .sqlx after a query or a migration has changed
	@scripts/ensure-rust
	scripts/sqlx-prepare
