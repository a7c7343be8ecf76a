# What can be done here; `make` alone lists it.

CARGO ?= cargo
CONFIG ?= config/quickstart.toml

.DEFAULT_GOAL := help
.PHONY: help run demo test ci lint doc bench eval fit replay-recorded image clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build and run the daemon on the local log, with the sample wire (CONFIG=… for another config)
	$(CARGO) run --release --locked -q -p claimwire -- --config $(CONFIG) run

demo: ## the same on a throw-away data directory
	CLAIMWIRE_LOG_DIRECTORY=$$(mktemp -d) $(CARGO) run --release --locked -q -p claimwire -- --config $(CONFIG) run

test: ## run every test; those that need Kafka start it, given Java 17 and Maven
	$(CARGO) test --workspace --locked

lint: ## formatting, clippy with warnings as errors, documentation, the crate graph, licences
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked
	tests/crate-graph

ci: ## what CI runs: lint, then every test, with nothing left out
	$(MAKE) lint
	CI=true $(MAKE) test

bench: ## speed and memory, as ratios to a baseline of the same run; JSON in target/bench.json
	$(CARGO) bench --locked -p claimwire --bench pipeline

eval: ## quality of parsing and tagging on the corpora where they are present and on our own, and politeness rule by rule
	$(CARGO) bench --locked -p claimwire --bench quality --bench entities --bench factuality --bench politeness --bench hostile
	$(CARGO) test --locked -q -p classifier --test corpus --test cues -- --nocapture

fit: ## fit the model of factuality on the training data, where it is present, and write it under config/
	$(CARGO) run --release --locked -q -p classifier --example fit_factuality

replay-recorded: ## serve recorded histories of real feeds to the daemon; count them again with Python's feedparser
	$(CARGO) bench --locked -p claimwire --bench replay_recorded

image: ## build the container image
	docker build --network host -f deploy/Dockerfile -t claimwire .

clean: ## remove what was built and what the quick start wrote
	$(CARGO) clean
	rm -rf data
