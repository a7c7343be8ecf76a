//! Whom a hub's requests are for: the subscriptions of this process by the word in their callback.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use wire::FeedId;
use wire::websub::{Secret, Subscription};

use super::lease;
use crate::budget::Share;

/// What may wait for one feed; a hub is told to come again rather than that more does.
const NOTES: usize = 4;

/// The subscriptions that this process answers for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(Arc<Mutex<HashMap<String, Entry>>>);

/// One of them, as whoever answers its hub needs it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    feed: FeedId,
    pub(crate) topic: String,
    pub(crate) secret: Secret,
    pub(crate) end: End,
}

/// Who is told what the hub says.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// The task that follows the feed.
    Feed(mpsc::Sender<Note>),
    /// Whoever waits for the subscription to end.
    Leaving(mpsc::Sender<()>),
}

/// What a hub says.
#[derive(Debug)]
pub(crate) enum Note {
    /// It pushes from now on, for as long as it says.
    Granted { lease: Option<Duration> },
    /// It does not push.
    Denied { reason: String },
    /// The feed has news.
    Pushed(Push),
}

/// A document whose signature is right.
#[derive(Debug)]
pub(crate) struct Push {
    pub(crate) bytes: Vec<u8>,
    pub(crate) content_type: Option<String>,
    /// What it takes of the memory for bodies.
    pub(crate) memory: Share,
    /// To be told once what it brought is committed.
    pub(crate) committed: oneshot::Sender<()>,
}

impl Lines {
    /// The subscription whose callback ends with `feed` and `word`.
    pub(crate) fn find(&self, feed: &str, word: &str) -> Option<Entry> {
        let found = self.lock().get(word).cloned();
        found.filter(|entry| entry.feed.0 == feed)
    }

    /// The end of the feed's line that its follower holds; nobody can call before [`Line::keep`].
    pub(crate) fn line(&self, feed: &FeedId) -> Line {
        Line {
            lines: self.clone(),
            feed: feed.clone(),
            open: None,
        }
    }

    /// Answers the hub of a subscription that is to end, until what is returned is dropped.
    pub(crate) fn leave(&self, feed: &FeedId, subscription: &Subscription) -> Leaving {
        let (ended, confirmed) = mpsc::channel(1);
        Leaving {
            confirmed,
            _held: self.hold(feed, subscription, End::Leaving(ended)),
        }
    }

    fn hold(&self, feed: &FeedId, subscription: &Subscription, end: End) -> Held {
        let word = lease::word(subscription);
        let entry = Entry {
            feed: feed.clone(),
            topic: subscription.topic.clone(),
            secret: subscription.secret.clone(),
            end: end.clone(),
        };
        self.lock().insert(word.clone(), entry);
        Held {
            lines: self.clone(),
            word,
            end,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A feed's end of its line.
#[derive(Debug)]
pub(crate) struct Line {
    lines: Lines,
    feed: FeedId,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    notes: mpsc::Receiver<Note>,
    secret: Secret,
    _held: Held,
}

impl Line {
    /// Makes the line one for `subscription`; what an earlier one's hub says is no longer heard.
    pub(crate) fn keep(&mut self, subscription: Option<&Subscription>) {
        let kept = self.open.as_ref().map(|open| &open.secret);
        if kept == subscription.map(|it| &it.secret) {
            return;
        }
        self.open = subscription.map(|subscription| {
            let (sender, notes) = mpsc::channel(NOTES);
            Open {
                notes,
                secret: subscription.secret.clone(),
                _held: (self.lines).hold(&self.feed, subscription, End::Feed(sender)),
            }
        });
    }

    /// What the hub says next; never ready without a subscription. Cancelling the wait loses nothing.
    pub(crate) async fn note(&mut self) -> Note {
        match &mut self.open {
            Some(open) => {
                let note = open.notes.recv().await;
                note.expect("the line holds a sender itself")
            }
            None => std::future::pending().await,
        }
    }
}

/// A subscription that is about to end.
#[derive(Debug)]
pub(crate) struct Leaving {
    confirmed: mpsc::Receiver<()>,
    _held: Held,
}

impl Leaving {
    /// Waits until its hub has asked whether it is to end.
    pub(crate) async fn confirmed(&mut self) {
        let _ = self.confirmed.recv().await;
    }
}

/// A place among the lines, given up when dropped, unless somebody else has it by then: a feed that is
/// defined anew is followed by the next task before the one before has ended.
#[derive(Debug)]
struct Held {
    lines: Lines,
    word: String,
    end: End,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut lines = self.lines.lock();
        let is_own = lines
            .get(&self.word)
            .is_some_and(|entry| match (&entry.end, &self.end) {
                (End::Feed(there), End::Feed(own)) => there.same_channel(own),
                (End::Leaving(there), End::Leaving(own)) => there.same_channel(own),
                _ => false,
            });
        if is_own {
            lines.remove(&self.word);
        }
    }
}
