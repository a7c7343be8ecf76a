//! `claimwire feeds`: the feed list, and whether each feed answers.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use fetcher::{Fetcher, Outcome, Poll};
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use wire::FeedSpec;
use wire::document::ParseStatus;

use super::Failure;
use crate::cli::Feeds;
use crate::config::Config;
use crate::opml;
use crate::output::plain;

/// Feeds that are polled at once; the fetcher keeps its own limits for each host.
const AT_ONCE: usize = 16;

/// Lists the feeds, or polls each once.
pub(super) async fn feeds(options: &Feeds, config: Arc<Config>) -> Result<(), Failure> {
    match options {
        Feeds::List { json } => list(config.feeds(), *json),
        Feeds::Check { json } => check(&config, *json).await,
        Feeds::Import { file, write, force } => import(file, write.as_deref(), *force, &config),
        Feeds::Export => Ok(io::stdout()
            .lock()
            .write_all(opml::write(config.feeds()).as_bytes())?),
    }
}

/// Prints the feeds of an OPML list as TOML, and names what it leaves out on stderr.
fn import(file: &Path, write: Option<&Path>, force: bool, config: &Config) -> Result<(), Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::NotStarted(anyhow::anyhow!("{shown} cannot be read: {error}")))?;
    let imported = opml::read(&text, config.feeds())
        .map_err(|what| Failure::NotStarted(anyhow::anyhow!("{shown}:{what}")))?;
    for left_out in &imported.left_out {
        writeln!(io::stderr(), "left out: {shown}, {left_out}")?;
    }
    let table = std::collections::BTreeMap::from([("feed", imported.feeds)]);
    let text = toml::to_string(&table).map_err(|error| Failure::Running(error.into()))?;
    let Some(path) = write else {
        return Ok(io::stdout().lock().write_all(text.as_bytes())?);
    };
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create_new(!force)
        .create(force)
        .truncate(force);
    let mut out = options.open(path).map_err(|error| {
        Failure::NotStarted(anyhow::anyhow!(
            "{} cannot be written: {error}",
            path.display()
        ))
    })?;
    Ok(out.write_all(text.as_bytes())?)
}

fn list(feeds: &[FeedSpec], json: bool) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, feeds)?;
        return Ok(writeln!(out)?);
    }
    let width = feeds
        .iter()
        .map(|feed| feed.id.0.len())
        .max()
        .unwrap_or_default();
    for feed in feeds {
        let kind = wire::name(&feed.kind);
        let (id, language, country) = (&feed.id.0, feed.language, &feed.country);
        let publisher = plain(&feed.publisher);
        writeln!(
            out,
            "{id:<width$}  {language:<3}  {country}  {kind:<11}  {publisher}  {}",
            feed.url
        )?;
    }
    Ok(())
}

async fn check(config: &Config, json: bool) -> Result<(), Failure> {
    let fetcher =
        Fetcher::new(config.fetch_settings()).map_err(|error| Failure::NotStarted(error.into()))?;
    let feeds = config.feeds();
    let width = feeds
        .iter()
        .map(|feed| feed.id.0.len())
        .max()
        .unwrap_or_default();
    let polls = stream::iter(feeds).map(async |feed| {
        let state = fetcher::new_state(feed, Timestamp::now());
        (feed, fetcher.poll(feed, &state).await)
    });
    let mut polls = std::pin::pin!(polls.buffer_unordered(AT_ONCE));
    let mut failed = 0;
    let mut done = 0;
    while let Some((feed, poll)) = polls.next().await {
        done += 1;
        failed += usize::from(!read(&poll));
        let mut out = io::stdout().lock();
        if json {
            let line = serde_json::json!({
                "feed": feed.id,
                "ok": read(&poll),
                "outcome": poll.outcome.to_string(),
                "items": items(&poll),
                "repairs": repairs(&poll),
            });
            writeln!(out, "{line}")?;
        } else {
            let verdict = if read(&poll) { "ok" } else { "FAILED" };
            let outcome = plain(&poll.outcome.to_string());
            let total = feeds.len();
            writeln!(
                out,
                "{done:>3}/{total}  {verdict:<6}  {:<width$}  {outcome}",
                feed.id.0
            )?;
        }
    }
    if failed > 0 {
        return Err(anyhow::anyhow!("{failed} of {} feeds failed", feeds.len()).into());
    }
    Ok(())
}

/// Whether a poll gave a document that could be read.
fn read(poll: &Poll) -> bool {
    match &poll.outcome {
        Outcome::Document { status, .. } => *status != ParseStatus::Error,
        Outcome::NotModified | Outcome::Unchanged | Outcome::Subscription { .. } => true,
        Outcome::Failed(_) | Outcome::Gone => false,
    }
}

fn items(poll: &Poll) -> usize {
    match &poll.outcome {
        Outcome::Document { items, .. } => *items,
        _ => 0,
    }
}

fn repairs(poll: &Poll) -> &[String] {
    match &poll.outcome {
        Outcome::Document { repairs, .. } => repairs,
        _ => &[],
    }
}
