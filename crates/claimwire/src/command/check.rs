//! `claimwire check`: is everything that `run` is given right?

use std::io::{self, Write as _};

use fetcher::Fetcher;

use super::{Failure, classifier};
use crate::config::Config;

/// Checks configuration, rules and feeds, a line each. The configuration and the feeds were checked
/// when they were read.
pub(super) fn check(config: &Config) -> Result<(), Failure> {
    let refused = |error: anyhow::Error| Failure::NotStarted(error.context("in [fetch]"));
    Fetcher::new(config.fetch_settings()).map_err(|error| refused(error.into()))?;
    let mut out = io::stdout().lock();
    let log = match &config.log.kafka {
        Some(brokers) => format!("Kafka at {brokers}"),
        None => format!("local log in {}", config.log.directory.display()),
    };
    writeln!(
        out,
        "configuration ok: {}; {log}, {} topics",
        config.name(),
        config.topics().len()
    )?;
    let rules = classifier(config)?;
    writeln!(out, "rules ok: digest {}", rules.digest())?;
    writeln!(out, "feeds ok: {} feeds", config.feeds().len())?;
    Ok(())
}
