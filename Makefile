# One verb for each thing that a person or CI does here. `make` alone lists them.
#   CLOUD=aws     which cloud the drill fails over; `holdfast drill --help` names them
#   ARGS="..."    more options for `holdfast drill` and `holdfast bench`
#   TIME=60       seconds for each fuzz target

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CLOUD ?= aws
ARGS ?=
TIME ?= 60
PACKAGE_aws := holdfast-aws-lambda
PACKAGE_azure := holdfast-azure-function
PACKAGE_oci := holdfast-oci-function
PROGRAM_aws := bootstrap
PROGRAM_azure := handler
PROGRAM_oci := oci-function
TARGET := $(or $(CARGO_TARGET_DIR),target)
export RUSTUP_TOOLCHAIN := $(shell scripts/toolchain.sh)

.PHONY: help drill quick test test-real test-terraform test-tofu test-azurerm check simulate sabotage bench package release test-package test-packaging fuzz mutants fmt build bootstrap

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

drill: build ## A failover from alarm to lock: no account, no cluster, no network; ARGS=--list names the scenarios
	$(TARGET)/debug/holdfast drill --cloud $(CLOUD) $(ARGS)

test: build ## All tests that need nothing but cargo; those of real servers say SKIPPED
	env -u HOLDFAST_REAL cargo test --workspace --locked --no-fail-fast

test-real: build ## The tests against a real control plane, moto, Azurite, AWS's emulator of Lambda, and the SDKs of AWS, Azure and OCI; installs these first
	scripts/with-real-servers.sh cargo test --locked --no-fail-fast -p holdfast-testbed -p holdfast-tests -p holdfast-simulator \
		--test starts --test 'real_*' --test 'kubernetes_*'

test-terraform: ## The modules and examples of terraform/, offline, and checkov; with OpenTofu where there is no terraform, or where it was built before
	scripts/terraform-tests.sh $(ARGS)

test-tofu: ## The same with OpenTofu too, which is built first where it is not yet: up to 13 minutes of one core
	TOFU=build scripts/terraform-tests.sh $(ARGS)

test-azurerm: ## Validates the Azure modules against the real provider, built first where it is not yet: 8 minutes of two cores; needs terraform or tofu
	scripts/terraform-azurerm.sh

quick: ## Before each commit, under a minute when built before: format, lints of libraries and programs, unit tests
	cargo fmt --all -- --check
	cargo clippy --workspace --lib --bins --locked -- -D warnings
	env -u HOLDFAST_REAL cargo test --workspace --lib --locked --quiet

check: ## What CI runs: format, lints, docs, licences, every test, every scenario
	cargo fmt --all -- --check
	scripts/licences.py
	$(MAKE) test-packaging
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml > /dev/null
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	$(MAKE) test
	$(MAKE) test-real
	$(MAKE) test-terraform
	$(MAKE) drill ARGS=--all
	$(MAKE) drill ARGS=--all CLOUD=azure
	$(MAKE) drill ARGS=--all CLOUD=oci
	$(MAKE) simulate RUNS=100000
	$(MAKE) simulate RUNS=100000 FROM=1099511627776
	$(MAKE) simulate RUNS=100000 FROM=2199023255552

simulate: ## Stories drawn from seeds against the engine, in virtual time; RUNS= (1000000 is the long run), FROM= (from 2^40 on people also fail back and rehearse, from 2^41 on they are asked or only told), or SEED= to see one
	cargo run --quiet --locked --profile simulate -p holdfast-proof --bin simulate -- \
		$(if $(SEED),--seed $(SEED),--runs $(or $(RUNS),10000) --from $(or $(FROM),0))

sabotage: ## Breaks each promise on purpose and demands that the drill notices; half an hour and more, so no part of check
	tests/sabotage/run.py $(ARGS)

bench: build bootstrap ## Start time, memory, round trips and event-to-lock time of the function as shipped; CLOUD=azure or oci for these
	$(TARGET)/debug/holdfast bench --cloud $(CLOUD) --bootstrap $(TARGET)/release/$(PROGRAM_$(CLOUD)) $(ARGS)

package: ## What is deployed on each cloud, into dist/: two zips for Lambda, one for Azure, an image for OCI; ARGS=holdfast-azure-function.zip less
	scripts/package.sh $(ARGS)

release: ## All packages of a tag, TAG=v0.1.0, built in two folders that must give the same bytes; an hour and more of two cores
	scripts/release.sh $(TAG) $(ARGS)

test-package: ## Runs what is in dist/: Lambda's under AWS's own emulator, arm64 on an emulated processor, and a drill with each
	scripts/test-package.sh

test-packaging: ## What makes the packages, on small files
	cd scripts/packaging && "$$(../venv.sh scripts/packaging/requirements.txt)/bin/python" -W error::DeprecationWarning -m unittest --quiet

fuzz: ## Readers of foreign data under libFuzzer, TIME=60 seconds each; ARGS="event tls" for some of them
	TIME=$(TIME) scripts/fuzz.sh $(ARGS)

mutants: ## Changes core and steps in one place at a time; a test must notice. An hour and more; ARGS="--file '**/holdoff.rs'" less
	scripts/mutants.sh $(ARGS)

fmt: ## Formats the code
	cargo fmt --all

build:
	cargo build --locked $(foreach function,$(wildcard functions/*),-p holdfast-$(notdir $(function))) -p holdfast

bootstrap:
	cargo build --locked --release -p $(PACKAGE_$(CLOUD))
