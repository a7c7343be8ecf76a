//! Speed and memory of the real binary, each next to a baseline of the same run. A table for people
//! goes to standard error, JSON to `target/bench.json` and to standard output. With the argument `polling`
//! only what following feeds costs is measured, with `parsing` only what reading documents costs, with `tagging`
//! only what `claimwire tag` costs, with `scaling` only what tagging on Kafka costs.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "figures are what this is for"
)]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts here are far from the limits of f64"
)]

use std::path::Path;

use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

mod growth;
mod idle;
mod latency;
mod parsing;
mod polls;
mod process;
mod scaling;
mod store;
mod tagging;
mod throughput;

#[path = "../support"]
mod support {
    pub(crate) mod daemon;
    pub(crate) mod feed;
    pub(crate) mod feed_server;
    pub(crate) mod follow;
    pub(crate) mod kafka;
    pub(crate) mod loopback;
    pub(crate) mod topics;
}

use support::daemon::Backend;

/// The daemon's, so that what the classifier does alone is what it does there.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let mut figures = Figures::default();
    if std::env::args().any(|argument| argument == "polling") {
        let runtime = Runtime::new().expect("a runtime");
        runtime.block_on(polling(&mut figures));
        return;
    }
    if std::env::args().any(|argument| argument == "parsing") {
        parsing(&mut figures);
        return;
    }
    if std::env::args().any(|argument| argument == "tagging") {
        tagging(&mut figures);
        return;
    }
    let brokers = support::kafka::brokers();
    if std::env::args().any(|argument| argument == "scaling") {
        let brokers = brokers.expect("scaling is measured on Kafka");
        let runtime = Runtime::new().expect("a runtime");
        runtime.block_on(scaling(&brokers, &mut figures));
        return;
    }
    if brokers.is_none() {
        let why = support::kafka::missing().unwrap_or_default();
        eprintln!("left out: everything on Kafka, for {why}");
    }
    Runtime::new()
        .expect("a runtime")
        .block_on(measure(brokers, &mut figures));
    tagging(&mut figures);
    figures.write();
}

async fn measure(brokers: Option<String>, figures: &mut Figures) {
    if let Some(brokers) = &brokers {
        let run = throughput::pipeline(Backend::Kafka(brokers.clone())).await;
        let count = run.records.len();
        let bare = throughput::bare_producer(brokers, run.records).await;
        let (ours, theirs) = (run.items as f64 / run.seconds, run.items as f64 / bare);
        figures.add("kafka_to_bare_producer", ours / theirs, "ratio");
        figures.add("kafka_items", ours, "items/s");
        figures.add("bare_producer_items", theirs, "items/s");
        figures.add("kafka_run", run.seconds, "s");
        figures.add("bare_producer_run", bare, "s");
        figures.add("records_each", count as f64, "records");
        figures.add("kafka_restart_after_kill", run.restart_seconds, "s");
    }
    let run = throughput::pipeline(Backend::Local).await;
    figures.add("local_items", run.items as f64 / run.seconds, "items/s");
    figures.add("local_run", run.seconds, "s");
    figures.add("local_restart_after_kill", run.restart_seconds, "s");

    let scaled = brokers.clone();
    let kafka = brokers.map(|brokers| ("kafka", Backend::Kafka(brokers)));
    for (name, backend) in kafka.into_iter().chain([("local", Backend::Local)]) {
        let milliseconds = latency::served_to_readable(backend).await;
        figures.add(
            &format!("{name}_latency_median"),
            latency::quantile(&milliseconds, 0.5),
            "ms",
        );
        figures.add(
            &format!("{name}_latency_p99"),
            latency::quantile(&milliseconds, 0.99),
            "ms",
        );
    }

    polling(figures).await;
    parsing(figures);
    if let Some(brokers) = &scaled {
        scaling(brokers, figures).await;
    }

    let commits = store::durable_commits().await;
    figures.add("local_commits_of_100_records", commits, "commits/s");
}

/// What following feeds costs.
async fn polling(figures: &mut Figures) {
    let idle = idle::thousand_feeds().await;
    figures.add("resident_with_1000_idle_feeds", idle.resident_mib, "MiB");
    figures.add("resident_after_first_polls", idle.busy_mib, "MiB");
    figures.add("idle_cpu", idle.cpu * 1000.0, "ms/s");
    figures.add(
        "resident_with_10000_idle_feeds",
        idle::ten_thousand_feeds().await,
        "MiB",
    );
    let rates = polls::not_modified().await;
    figures.add("polls_to_bare_client", rates.polls / rates.bare, "ratio");
    figures.add("polls", rates.polls, "polls/s");
    figures.add("bare_client", rates.bare, "requests/s");
    let (cost, polls) = idle::not_modified(idle.cpu).await;
    figures.add("cpu_per_304", cost, "us");
    figures.add("polls_answered_304", polls as f64, "polls");
}

/// What tagging costs on Kafka.
async fn scaling(brokers: &str, figures: &mut Figures) {
    for (name, texts, items) in scaling::Texts::kinds() {
        let core = scaling::one_core(brokers, texts, items).await;
        let mut add = |what: &str, figure, unit| {
            figures.add(&format!("one_core_{what}_{name}"), figure, unit);
        };
        add("committed_to_tagged", core.committed / core.tagged, "ratio");
        add(
            "committed_to_classified",
            core.committed / core.classified,
            "ratio",
        );
        add("committed", core.committed, "items/s");
        add("tagged", core.tagged, "items/s");
        add("classified", core.classified, "items/s");
        add("used", core.used, "ratio");
    }
    for count in [1, 2, 4] {
        let (rate, cpu) = scaling::instances(brokers, count, 30_000).await;
        figures.add(&format!("tagged_by_{count}"), rate, "items/s");
        figures.add(&format!("cpu_of_each_by_{count}"), cpu, "us");
    }
    // The most that `CLAIMWIRE_BENCH_ITEMS` allows: a million takes minutes.
    let most = std::env::var("CLAIMWIRE_BENCH_ITEMS")
        .map_or(1_000_000, |most| most.parse().expect("a number of items"));
    let counts = [10_000, 100_000, 1_000_000];
    let counts: Vec<usize> = counts.into_iter().filter(|count| *count <= most).collect();
    let costs = scaling::items(brokers, &counts).await;
    for (count, (rate, cpu)) in counts.iter().zip(costs) {
        figures.add(&format!("tagged_of_{count}"), rate, "items/s");
        figures.add(&format!("cpu_of_each_of_{count}"), cpu, "us");
    }
}

/// What reading documents costs.
fn parsing(figures: &mut Figures) {
    for rate in parsing::rates() {
        let parse = format!("parse_{}", rate.name);
        figures.add(
            &format!("{parse}_to_feed_rs"),
            rate.ours / rate.feed_rs,
            "ratio",
        );
        figures.add(&parse, rate.ours, "MB/s");
        figures.add(&format!("feed_rs_{}", rate.name), rate.feed_rs, "MB/s");
    }
}

/// What `claimwire tag` costs on one core.
fn tagging(figures: &mut Figures) {
    let texts = tagging::texts();
    for kind in &texts {
        let speed = tagging::speed(kind);
        figures.add(&format!("tag_{}", kind.name), speed.bytes / 1e6, "MB/s");
        if let Some(spacy) = speed.spacy {
            // On the same text, so that tokens a second are to each other as bytes are.
            figures.add(
                &format!("tag_{}_to_spacy", kind.name),
                speed.bytes / spacy.bytes,
                "ratio",
            );
            figures.add(&format!("spacy_{}", kind.name), spacy.tokens, "tokens/s");
        }
    }
    for (text, growth) in growth::growth() {
        figures.add(&format!("tag_growth_{text}"), growth, "ratio");
    }
    let memory = tagging::memory(&texts[0]);
    figures.add("resident_tagging_64_mib", memory.warm, "MiB");
    figures.add("resident_tagging_1_gib", memory.most, "MiB");
}

/// Figures in the order in which they were measured, shown as they come.
#[derive(Default)]
struct Figures(Map<String, Value>);

impl Figures {
    fn add(&mut self, name: &str, value: f64, unit: &str) {
        eprintln!("{name:<34} {value:>12.3} {unit}");
        self.0
            .insert(name.to_owned(), json!({ "value": value, "unit": unit }));
    }

    fn write(self) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench.json");
        let json = serde_json::to_string_pretty(&self.0).expect("figures are JSON");
        std::fs::create_dir_all(file.parent().expect("it is in target"))
            .expect("target is writable");
        std::fs::write(&file, &json).expect("target is writable");
        println!("{json}");
    }
}
