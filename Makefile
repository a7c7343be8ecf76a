# What can be done here; `make` alone lists it.

CARGO ?= cargo
CONFIG ?= config/quickstart.toml
IMAGE ?= claimwire
FUZZ_SECONDS ?= 60
MINUTES ?= 15

.DEFAULT_GOAL := help
.PHONY: help run demo test ci lint doc bench soak soak-away eval fit fuzz replay-recorded image image-check stack-check sbom licences clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build and run the daemon on the local log, with the sample wire (CONFIG=… for another config)
	$(CARGO) run --release --locked -q -p claimwire -- --config $(CONFIG) run

demo: ## the same on a throw-away data directory
	CLAIMWIRE_LOG_DIRECTORY=$$(mktemp -d) $(CARGO) run --release --locked -q -p claimwire -- --config $(CONFIG) run

test: ## run every test; those that need Kafka start it, given Java 17 and Maven
	$(CARGO) test --workspace --locked

lint: ## formatting, clippy with warnings as errors, documentation, the crate graph, names of metrics, what is deployed
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked
	tests/crate-graph
	tests/metric-names
	tests/deploy-files

ci: ## what CI runs: lint, licences, then every test, with nothing left out
	$(MAKE) lint
	$(MAKE) licences
	CI=true $(MAKE) test

bench: ## speed and memory, as ratios to a baseline of the same run; JSON in target/bench.json (CLAIMWIRE_BENCH_ITEMS=100000 leaves the million out)
	$(CARGO) bench --locked -p claimwire --bench pipeline

soak: ## break everything on a cluster of three brokers, a thing every few seconds (MINUTES=15); report in target/soak.json
	$(CARGO) bench --locked -p claimwire --bench soak -- $(MINUTES)

soak-away: ## keep Kafka away for ten minutes while 2,000 feeds come due: memory, catching up, politeness
	$(CARGO) bench --locked -p claimwire --bench soak -- away

eval: ## quality of parsing and tagging on the corpora where they are present and on our own, and politeness rule by rule
	rm -rf target/eval/measures
	$(CARGO) bench --locked -p claimwire --bench documents --bench entities --bench factuality --bench attribution --bench politeness --bench hostile --bench stories
	$(CARGO) test --locked -q -p classifier --test corpus --test cues --test coverage -- --nocapture
	@cat target/eval/measures/*.tsv | awk -F '\t' '\
	  BEGIN { printf "\n%-47s %7s %8s\n", "measure of tagging", "figure", "bar" } \
	  { printf "%-47s %7s %8s  %-6s %s\n", $$1, $$2, $$3, $$4, $$5 }'

fit: ## fit the models of factuality and attribution on the training data, where it is present, and write them under config/
	$(CARGO) run --release --locked -q -p classifier --example fit_factuality
	$(CARGO) run --release --locked -q -p classifier --example fit_attribution

fuzz: ## 20,000 damaged documents, then each fuzz target for FUZZ_SECONDS (60); needs a nightly Rust and cargo-fuzz
	CLAIMWIRE_MUTATIONS=20000 $(CARGO) test --release --locked -q -p fetcher --test mutations
	@$(CARGO) +nightly fuzz --version || { \
	  echo "rustup toolchain install nightly --profile minimal, and cargo install cargo-fuzz"; exit 1; }
	@set -e; for crate in fetcher classifier; do \
	  fuzz=crates/$$crate/fuzz; \
	  for target in $$($(CARGO) +nightly fuzz list --fuzz-dir $$fuzz); do \
	    mkdir -p $$fuzz/corpus/$$target; \
	    $(CARGO) +nightly fuzz run --fuzz-dir $$fuzz --target-dir target/fuzz $$target \
	      $$fuzz/corpus/$$target $$(ls -d crates/$$crate/tests/fixtures 2>/dev/null) \
	      -- -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048; \
	  done; \
	done

replay-recorded: ## serve recorded histories of real feeds to the daemon; count them again with Python's feedparser
	$(CARGO) bench --locked -p claimwire --bench replay_recorded

image: ## build the container image (BUILD_IMAGE, RUNTIME_IMAGE and IMAGE name others)
	docker build --network host -f deploy/Dockerfile -t $(IMAGE) \
	  $(if $(BUILD_IMAGE),--build-arg BUILD_IMAGE=$(BUILD_IMAGE)) $(if $(RUNTIME_IMAGE),--build-arg RUNTIME_IMAGE=$(RUNTIME_IMAGE)) .

image-check: ## build the image and run it against a real Kafka as production does (IMAGE=… checks one that is there)
	tests/containers/image-check

stack-check: ## start the compose files and ask Prometheus every query of the dashboards and alerts; then two fetch, two tag
	tests/containers/stack-check

sbom: ## a CycloneDX bill of materials of the binary in target/claimwire.cdx.json; needs cargo-cyclonedx
	$(CARGO) cyclonedx --manifest-path crates/claimwire/Cargo.toml --format json --features tls \
	  --override-filename claimwire.cdx
	mv crates/claimwire/claimwire.cdx.json target/
	rm -f crates/*/claimwire.cdx.json # cargo-cyclonedx writes one for each crate of the workspace

licences: ## licences, sources and duplicates of every dependency; needs cargo-deny
	$(CARGO) deny --locked check licenses bans sources

clean: ## remove what was built and what the quick start wrote
	$(CARGO) clean
	rm -rf data
