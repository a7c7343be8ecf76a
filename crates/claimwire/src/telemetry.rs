//! What the program says of itself: traces to stderr, metrics to whoever scrapes them.

use std::io::IsTerminal as _;

use anyhow::{Context as _, anyhow};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::cli::LogFormat;

mod catalogue;
pub(crate) mod spans;

/// Upper bounds, in seconds, of the histograms: from a local commit to a poll that timed out.
const SECONDS: [f64; 11] = [
    0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0,
];

/// Writes events to stderr from here on: as text for a person at a terminal, as JSON otherwise.
///
/// # Errors
/// When the filter in `CLAIMWIRE_LOG_LEVEL` or `RUST_LOG` is none.
pub(crate) fn traces(format: LogFormat) -> anyhow::Result<()> {
    let terminal = std::io::stderr().is_terminal();
    let events = tracing_subscriber::fmt()
        .with_env_filter(filter()?)
        .with_writer(std::io::stderr)
        .with_ansi(terminal && std::env::var_os("NO_COLOR").is_none());
    match format {
        LogFormat::Json => events.json().flatten_event(true).init(),
        LogFormat::Auto if !terminal => events.json().flatten_event(true).init(),
        LogFormat::Text | LogFormat::Auto => events.with_target(false).init(),
    }
    Ok(())
}

fn filter() -> anyhow::Result<EnvFilter> {
    for name in ["CLAIMWIRE_LOG_LEVEL", "RUST_LOG"] {
        if let Ok(level) = std::env::var(name) {
            return EnvFilter::try_new(&level).map_err(|_| {
                anyhow!("{name}=\"{level}\" is no log filter such as info or sink=debug")
            });
        }
    }
    // What the store says of its own housekeeping is for those who ask.
    Ok(EnvFilter::new("info,fjall=warn,lsm_tree=warn"))
}

/// The same for an item's age when it is published: news is dated minutes to days back.
const AGES: [f64; 9] = [
    10.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0, 259_200.0, 604_800.0,
];

/// Collects metrics from here on.
///
/// # Errors
/// When something else already does.
pub(crate) fn metrics() -> anyhow::Result<PrometheusHandle> {
    let published = Matcher::Full("claimwire_published_to_topic_seconds".to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(published, &AGES))
        .context("the histograms' bounds")?
        .install_recorder()
        .context("metrics are already collected")?;
    catalogue::describe();
    Ok(handle)
}
