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
    /// Its hub, where it has one and pushes are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<HubStatus>,
}

/// How the hub of a feed is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HubStatus {
    /// Its address, without credentials and query.
    pub url: String,
    /// Until when it pushes; absent while it has granted nothing.
    pub until: Option<Timestamp>,
    /// When it is asked again.
    pub next_request: Timestamp,
    /// Whether it has pushed all that polls found, so that there are few of them.
    pub delivers: bool,
}

/// The feeds that this process follows.
#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<Feeds>);

#[derive(Debug, Default)]
struct Feeds {
    by_id: BTreeMap<FeedId, Entry>,
    followers: u64,
    shown: u32,
    failing: u32,
    quiet: u32,
}

#[derive(Debug)]
struct Entry {
    status: FeedStatus,
    /// The number of whoever follows it; 0 where it was only polled.
    follower: u64,
}

/// A feed on the board, taken off when dropped, unless another follower has put it there again.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    board: &'a Board,
    feed: FeedId,
    follower: u64,
}

impl Board {
    pub(crate) fn all(&self) -> Vec<FeedStatus> {
        let feeds = self.lock();
        feeds.by_id.values().map(|it| it.status.clone()).collect()
    }

    /// Whether this process follows the feed.
    pub(crate) fn shows(&self, feed: &str) -> bool {
        self.lock().by_id.contains_key(&FeedId(feed.to_owned()))
    }

    /// Shows a feed that begins to be followed, whose last document held so many `items`.
    pub(crate) fn show(&self, spec: &FeedSpec, state: &FeedState, items: usize) -> Shown<'_> {
        let mut feeds = self.lock();
        feeds.followers += 1;
        let follower = feeds.followers;
        feeds.change(spec, |entry| {
            entry.follower = follower;
            let status = &mut entry.status;
            status.update(spec, state, Timestamp::now());
            status.url = redacted(&spec.url);
            status.items = items;
        });
        Shown {
            board: self,
            feed: spec.id.clone(),
            follower,
        }
    }

    /// Shows what a poll found.
    pub(crate) fn polled(&self, spec: &FeedSpec, poll: &Poll, at: Timestamp) {
        self.lock().change(spec, |Entry { status, .. }| {
            status.told(spec, poll, at);
            status.last_poll = Some(at);
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

    /// Shows what a hub said.
    pub(crate) fn told(&self, spec: &FeedSpec, poll: &Poll, at: Timestamp) {
        self.lock()
            .change(spec, |entry| entry.status.told(spec, poll, at));
    }

    /// Shows what is known, though nobody has said anything.
    pub(crate) fn knows(&self, spec: &FeedSpec, state: &FeedState, at: Timestamp) {
        self.lock()
            .change(spec, |entry| entry.status.update(spec, state, at));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Feeds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        let mut feeds = self.board.lock();
        let shown = feeds.by_id.get(&self.feed);
        if shown.is_some_and(|entry| entry.follower == self.follower)
            && let Some(Entry { status, .. }) = feeds.by_id.remove(&self.feed)
        {
            feeds.count(&status, u32::wrapping_sub);
        }
    }
}

impl Feeds {
    fn change(&mut self, spec: &FeedSpec, change: impl FnOnce(&mut Entry)) {
        let mut entry = match self.by_id.remove_entry(&spec.id) {
            Some((_, entry)) => {
                self.count(&entry.status, u32::wrapping_sub);
                entry
            }
            None => Entry {
                status: FeedStatus::new(spec),
                follower: 0,
            },
        };
        change(&mut entry);
        self.count(&entry.status, u32::wrapping_add);
        self.by_id.insert(spec.id.clone(), entry);
    }

    /// Adds a feed to what is counted, or takes it away.
    fn count(&mut self, status: &FeedStatus, by: fn(u32, u32) -> u32) {
        self.shown = by(self.shown, 1);
        self.failing = by(self.failing, u32::from(status.failures > 0));
        self.quiet = by(self.quiet, u32::from(status.quiet));
        metrics::gauge!("claimwire_feeds").set(f64::from(self.shown));
        metrics::gauge!("claimwire_feeds_failing").set(f64::from(self.failing));
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
            hub: None,
        }
    }

    fn told(&mut self, spec: &FeedSpec, poll: &Poll, at: Timestamp) {
        self.update(spec, &poll.state, at);
        self.last_outcome = Some(poll.outcome.to_string());
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
        self.hub = state.websub.as_ref().map(|subscription| HubStatus {
            url: redacted(&subscription.hub),
            until: subscription.until,
            next_request: subscription.next,
            delivers: subscription.delivers,
        });
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
