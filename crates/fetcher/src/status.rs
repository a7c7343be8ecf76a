//! How each feed is doing, for `/v1/feeds`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use url::Url;
use wire::{FeedId, FeedSpec};

use crate::poll::{Outcome, Poll};

/// How a feed is doing.
#[derive(Clone, Debug, Serialize)]
pub struct FeedStatus {
    /// The feed.
    pub feed: FeedId,
    /// Its address, without credentials and query.
    pub url: String,
    /// Who publishes it.
    pub publisher: String,
    /// When it was last polled by this process.
    pub last_poll: Option<Timestamp>,
    /// When a poll last succeeded.
    pub last_success: Option<Timestamp>,
    /// When it is due.
    pub next_poll: Timestamp,
    /// Failed polls since the last success.
    pub failures: u32,
    /// How the last poll ended, for a person.
    pub last_outcome: Option<String>,
    /// Items in the last document that was read.
    pub items: usize,
    /// The learned polling interval in seconds.
    pub cadence_seconds: u32,
}

/// The feeds that this process follows.
#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<BTreeMap<FeedId, FeedStatus>>);

impl Board {
    pub(crate) fn all(&self) -> Vec<FeedStatus> {
        self.lock().values().cloned().collect()
    }

    pub(crate) fn polled(&self, spec: &FeedSpec, poll: &Poll, at: Timestamp) {
        let mut feeds = self.lock();
        let items = match poll.outcome {
            Outcome::Document { items, .. } => items,
            _ => feeds.get(&spec.id).map_or(0, |status| status.items),
        };
        let status = FeedStatus {
            feed: spec.id.clone(),
            url: redacted(&spec.url),
            publisher: spec.publisher.clone(),
            last_poll: Some(at),
            last_success: poll.state.last_success,
            next_poll: poll.state.next_poll,
            failures: poll.state.failures,
            last_outcome: Some(poll.outcome.to_string()),
            items,
            cadence_seconds: poll.state.cadence_seconds,
        };
        feeds.insert(spec.id.clone(), status);
        let failing = feeds.values().filter(|status| status.failures > 0).count();
        metrics::gauge!("claimwire_feed_failures").set(failing as f64);
    }

    /// Shows a feed that is followed and was not polled yet.
    pub(crate) fn waiting(&self, spec: &FeedSpec, state: &wire::FeedState, next_poll: Timestamp) {
        self.lock().insert(
            spec.id.clone(),
            FeedStatus {
                feed: spec.id.clone(),
                url: redacted(&spec.url),
                publisher: spec.publisher.clone(),
                last_poll: None,
                last_success: state.last_success,
                next_poll,
                failures: state.failures,
                last_outcome: None,
                items: state.seen.iter().filter(|seen| seen.present).count(),
                cadence_seconds: state.cadence_seconds,
            },
        );
    }

    pub(crate) fn forget(&self, feed: &FeedId) {
        self.lock().remove(feed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<FeedId, FeedStatus>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An address as it may be shown and logged: credentials and query strings hold keys.
pub(crate) fn redacted(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else {
        return url.split(['?', '#']).next().unwrap_or_default().to_owned();
    };
    url.set_query(None);
    url.set_fragment(None);
    // An address that cannot hold credentials has none to take away.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}
