//! The feed list on the log: what the configuration says, written to `feeds` where it is news.

use std::collections::HashMap;

use futures::future::try_join_all;
use sink::envelope;
use sink::{Entry, Error, Log, Record};
use wire::{FeedId, FeedSpec, FeedState};

/// How a published list differed from what `feeds` held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Feeds that were new or defined otherwise.
    pub(crate) written: usize,
    /// Feeds that are no longer in the list.
    pub(crate) removed: usize,
}

/// Writes what `specs` changes to the `feeds` topic, in one commit. A feed whose address moved to
/// another site takes what polling has taught along, so that nothing it showed is published again.
///
/// # Errors
/// [`Error::Fatal`] when the log cannot go on.
pub(crate) async fn publish(log: &Log, specs: &[FeedSpec]) -> Result<Changes, Error> {
    loop {
        match publish_once(log, specs).await {
            // Whether it was written is seen by comparing again.
            Err(Error::Lost) => tracing::debug!("the feed list is compared and written again"),
            outcome => return outcome,
        }
    }
}

async fn publish_once(log: &Log, specs: &[FeedSpec]) -> Result<Changes, Error> {
    let partitions = (0..log.partitions("feeds")).map(|partition| log.latest("feeds", partition));
    let stored = try_join_all(partitions).await?.into_iter().flatten();
    let mut stored: HashMap<FeedId, FeedSpec> = stored
        .filter_map(|entry| value::<FeedSpec>(&entry))
        .map(|spec| (spec.id.clone(), spec))
        .collect();

    let mut changes = Changes::default();
    let mut records = Vec::new();
    for spec in specs {
        let site = fetcher::site(&spec.url);
        match stored.remove(&spec.id) {
            Some(before) if before == *spec => continue,
            Some(before) => {
                let site_before = fetcher::site(&before.url);
                if partition(log, &site_before) != partition(log, &site) {
                    records.extend(moved(log, &before, &site_before, &site).await?);
                }
            }
            None => {}
        }
        records.push(envelope::feed(spec, &site));
        changes.written += 1;
    }
    for removed in stored.into_values() {
        records.push(envelope::feed_removed(
            &removed.id,
            &fetcher::site(&removed.url),
        ));
        changes.removed += 1;
    }
    if !records.is_empty() {
        log.append(records).await?;
    }
    Ok(changes)
}

/// The records that carry a feed from one partition to another.
async fn moved(log: &Log, feed: &FeedSpec, from: &str, to: &str) -> Result<Vec<Record>, Error> {
    let mut records = vec![envelope::feed_removed(&feed.id, from)];
    let states = log.latest("feed-state", partition(log, from)).await?;
    let state = states
        .iter()
        .filter_map(value::<FeedState>)
        .find(|state| state.feed == feed.id);
    records.extend(state.map(|state| envelope::feed_state(&state, to)));
    Ok(records)
}

fn partition(log: &Log, site: &str) -> u32 {
    log.partition("feeds", site.as_bytes())
}

fn value<T: serde::de::DeserializeOwned>(entry: &Entry) -> Option<T> {
    serde_json::from_slice(entry.value.as_deref()?).ok()
}
