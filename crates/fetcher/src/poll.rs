//! What one poll of a feed found.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;
use wire::document::ParseStatus;
use wire::{DeadLetter, FeedId, FeedState, Revision};

/// One poll: what it found, and what the feed's state is after it.
#[derive(Clone, Debug)]
pub struct Poll {
    /// How it ended.
    pub outcome: Outcome,
    /// The feed's state after it, with the time of the next one.
    pub state: FeedState,
    /// What is new, oldest first.
    pub revisions: Vec<Revision>,
    /// The document that could not be parsed.
    pub dead: Option<DeadLetter>,
    /// Whether the state holds something that a restart must know though no document was read: a new
    /// address, a long wait.
    pub learned: bool,
}

/// How a poll ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// 304: nothing was sent.
    NotModified,
    /// The body was the last one's, byte for byte; it was not parsed.
    Unchanged,
    /// A document was read.
    Document {
        /// How it came through.
        status: ParseStatus,
        /// From 0 to 1.
        quality: f32,
        /// What was repaired, by name.
        repairs: Vec<String>,
        /// How many items it holds.
        items: usize,
        /// Items that were never seen.
        new: usize,
        /// Items that were edited or came back.
        revised: usize,
        /// Edits that are not reported, because the item is changed by nearly every document.
        skipped: usize,
        /// Items that say what they said before.
        unchanged: usize,
        /// Items that say nothing, or that the document repeats.
        filtered: usize,
        /// Items that vanished while older ones remain.
        withdrawn: usize,
        /// Whether it shares no item with the document before: some in between may have been missed.
        gap_suspected: bool,
    },
    /// Nothing was learned.
    Failed(PollError),
    /// 410: the publisher has ended the feed.
    Gone,
    /// The feed was not asked: its hub granted a lease of the subscription, or denied it.
    Subscription {
        /// Whether it pushes from now on.
        granted: bool,
    },
}

/// Why a poll learned nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PollError {
    /// The address, or one that it redirects to, is none that can be fetched.
    #[error("the address cannot be fetched: {0}")]
    Address(String),
    /// It leads to a host that is not on the public Internet.
    #[error("{0} is not on the public Internet; `allow` opens it")]
    Blocked(String),
    /// The connection failed or broke.
    #[error("the connection failed: {0}")]
    Connect(String),
    /// It took longer than a poll may.
    #[error("no whole answer in time")]
    Timeout,
    /// A status that carries no feed.
    #[error("the server answered {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// How long the server asked to be left alone, up to a day.
        retry_after: Option<Duration>,
    },
    /// It came slower than a body may.
    #[error("the body comes slower than allowed")]
    TooSlow,
    /// More bytes than an answer may have: its headers, or its body on the wire or decoded.
    #[error("the answer is larger than allowed")]
    TooLarge,
    /// A content coding that was not asked for, or one that is damaged.
    #[error("the body cannot be decoded: {0}")]
    Coding(String),
    /// More redirects than allowed, or one that leads nowhere.
    #[error("the redirects lead nowhere")]
    Redirects,
    /// The feed names a credential that this process does not have.
    #[error("the credential `{0}` is not configured")]
    Credential(String),
    /// The body is no feed.
    #[error("the document cannot be parsed: {0}")]
    Unparsable(String),
}

/// A poll that must be written, and the way to say that it is.
#[derive(Debug)]
pub struct Offer {
    /// The feed.
    pub feed: FeedId,
    /// When it was asked.
    pub begun: Timestamp,
    /// What was found.
    pub poll: Poll,
    /// To be sent once the revisions and the state are committed, together. Dropping it ends the
    /// following of the feed: what was not committed must be polled again from the old state.
    pub committed: oneshot::Sender<()>,
}

impl Poll {
    /// Whether it holds anything that a restart would have to know. A 304, an equal body and a failure
    /// that is soon tried again do not: after a restart they are simply met again.
    #[must_use]
    pub fn must_be_written(&self) -> bool {
        matches!(self.outcome, Outcome::Document { .. } | Outcome::Gone)
            || self.dead.is_some()
            || self.learned
    }
}

impl PollError {
    /// How long the server asks to be left alone (429 and 503, RFC 6585 §4 and RFC 9110 §15.6.4).
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status {
                status: 429 | 503,
                retry_after,
            } => *retry_after,
            _ => None,
        }
    }
}

impl Outcome {
    /// Its name in metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::NotModified => "not_modified",
            Self::Unchanged => "unchanged",
            Self::Document { .. } => "document",
            Self::Failed(_) => "failed",
            Self::Gone => "gone",
            Self::Subscription { .. } => "subscription",
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotModified => f.write_str("not modified"),
            Self::Unchanged => f.write_str("unchanged"),
            Self::Document {
                items,
                new,
                revised,
                withdrawn,
                gap_suspected,
                ..
            } => {
                write!(
                    f,
                    "{items} items: {new} new, {revised} revised, {withdrawn} withdrawn"
                )?;
                if *gap_suspected {
                    f.write_str("; none was in the document before")?;
                }
                Ok(())
            }
            Self::Failed(error) => error.fmt(f),
            Self::Gone => f.write_str("gone: the publisher has ended the feed"),
            Self::Subscription { granted: true } => f.write_str("its hub pushes"),
            Self::Subscription { granted: false } => f.write_str("its hub does not push"),
        }
    }
}
