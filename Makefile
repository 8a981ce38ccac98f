# Carnet's commands. `make run` and `make test` are the two that a newcomer needs.
# Built things live outside the checkout, so that a fresh clone finds them warm.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/carnet/target
export PATH := $(CARGO_TARGET_DIR)/tools/bin:$(PATH)
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help run demo test lint prove bench leaks crash fuzz screenshot ui

help: ## what you can do here
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

run: ## open the wallet beside a clinic's station, both on this machine
	@scripts/setup run
	@node scripts/run.mjs

demo: ## the whole story in the terminal: real processes, loopback only
	@scripts/setup run
	@node scripts/demo.mjs

test: ## everything that is checked, from format to the real window
	@scripts/setup test
	@scripts/test

lint: ## format, clippy, licences and sources only
	@scripts/setup test
	@scripts/test lint

prove: ## prove the ledger's contract, break it on purpose, print what notices
	@scripts/setup prove
	@scripts/prove

bench: ## measure: prints figures beside their bare primitives or peers
	@scripts/setup test
	@scripts/bench

leaks: ## whether proving takes as long for one value as for another (SECONDS=… a line, 120 else)
	@scripts/setup run
	@cargo build --workspace --all-targets --all-features --locked --quiet
	@"$(CARGO_TARGET_DIR)/debug/examples/leaks" $(or $(SECONDS),120)

crash: ## strike store and ledger down: 2,000 kills for each engine (KILLS=…), then every fault
	@scripts/setup run
	@cargo build --workspace --all-targets --all-features --locked --quiet
	@"$(CARGO_TARGET_DIR)/debug/carnet-crash" --kills $(or $(KILLS),2000)
	@"$(CARGO_TARGET_DIR)/debug/carnet-crash-ledger" --kills $(or $(KILLS),2000)
	@"$(CARGO_TARGET_DIR)/debug/carnet-crash" --faults

fuzz: ## throw altered bytes at every parser of what strangers bring (SECONDS=… for each, 60 else)
	@scripts/setup run
	@scripts/fuzz $(or $(SECONDS),60)

screenshot: ## take the README's picture anew, from the real app
	@scripts/setup test
	@scripts/test screenshot

ui: ## build the two front ends
	@scripts/setup run
	@cd ui && npm run --silent build
