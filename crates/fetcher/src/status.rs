//! How each feed is doing, for `/v1/feeds`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use url::Url;
use wire::{FeedId, FeedSpec, FeedState};

use crate::poll::{Outcome, Poll};
use crate::relocate;
use crate::schedule;

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
    /// Whether the last document that was read shares no item with the one before it.
    pub gap_suspected: bool,
    /// Whether it has been silent for longer than its rhythm, nights and weekends explain.
    pub quiet: bool,
    /// Where it is polled since it has moved for good within its site, without credentials and query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polled_at: Option<String>,
    /// Where it says that it has moved for good, though only the operator can decide to follow it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
}

/// The feeds that this process follows.
#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<Feeds>);

#[derive(Debug, Default)]
struct Feeds {
    by_id: BTreeMap<FeedId, FeedStatus>,
    failing: u32,
    quiet: u32,
}

impl Board {
    pub(crate) fn all(&self) -> Vec<FeedStatus> {
        self.lock().by_id.values().cloned().collect()
    }

    pub(crate) fn polled(&self, spec: &FeedSpec, poll: &Poll, at: Timestamp) {
        self.lock().change(spec, |status| {
            status.update(spec, &poll.state, at);
            status.last_poll = Some(at);
            status.last_outcome = Some(poll.outcome.to_string());
            if let Outcome::Document {
                items,
                gap_suspected,
                ..
            } = poll.outcome
            {
                (status.items, status.gap_suspected) = (items, gap_suspected);
            }
        });
    }

    /// Shows a feed that is followed and was not polled yet.
    pub(crate) fn waiting(&self, spec: &FeedSpec, state: &FeedState) {
        self.lock().change(spec, |status| {
            status.update(spec, state, Timestamp::now());
            status.url = redacted(&spec.url);
            status.items = state.seen.iter().filter(|seen| seen.present).count();
        });
    }

    pub(crate) fn forget(&self, feed: &FeedId) {
        let mut feeds = self.lock();
        if let Some(status) = feeds.by_id.remove(feed) {
            feeds.failing -= u32::from(status.failures > 0);
            feeds.quiet -= u32::from(status.quiet);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Feeds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feeds {
    fn change(&mut self, spec: &FeedSpec, change: impl FnOnce(&mut FeedStatus)) {
        let status = match self.by_id.get_mut(&spec.id) {
            Some(status) => status,
            None => self
                .by_id
                .entry(spec.id.clone())
                .or_insert_with(|| FeedStatus::new(spec)),
        };
        self.failing -= u32::from(status.failures > 0);
        self.quiet -= u32::from(status.quiet);
        change(status);
        self.failing += u32::from(status.failures > 0);
        self.quiet += u32::from(status.quiet);
        metrics::gauge!("claimwire_feed_failures").set(f64::from(self.failing));
        metrics::gauge!("claimwire_feeds_quiet").set(f64::from(self.quiet));
    }
}

impl FeedStatus {
    fn new(spec: &FeedSpec) -> Self {
        Self {
            feed: spec.id.clone(),
            url: redacted(&spec.url),
            publisher: spec.publisher.clone(),
            last_poll: None,
            last_success: None,
            next_poll: Timestamp::MIN,
            failures: 0,
            last_outcome: None,
            items: 0,
            cadence_seconds: 0,
            gap_suspected: false,
            quiet: false,
            polled_at: None,
            moved_to: None,
        }
    }

    /// What the state says, and what the operator may have changed meanwhile.
    fn update(&mut self, spec: &FeedSpec, state: &FeedState, now: Timestamp) {
        if self.publisher != spec.publisher {
            self.publisher.clone_from(&spec.publisher);
        }
        self.last_success = state.last_success;
        self.next_poll = state.next_poll;
        self.failures = state.failures;
        self.cadence_seconds = state.cadence_seconds;
        self.quiet = schedule::is_quiet(&state.rhythm, now);
        self.polled_at = state.adopted.as_deref().map(redacted);
        self.moved_to = relocate::for_operator(state).map(redacted);
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
