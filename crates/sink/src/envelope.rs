//! How each value stands on its topic: key, partition, CloudEvents 1.0 headers in Kafka binary
//! mode, W3C trace context, and the tags again as headers.

use wire::{ClaimRecord, DeadLetter, FeedSpec, FeedState, ItemRecord, Revision};

use crate::record::Record;

/// The place of a record in a trace (W3C Trace Context, `traceparent`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Names the trace: one poll.
    pub trace: u128,
    /// Names the step that wrote the record.
    pub span: u64,
}

impl Trace {
    /// A new trace.
    #[must_use]
    pub fn start() -> Self {
        todo!()
    }

    /// The next step of the trace that `headers` carry, or a new trace where they carry none.
    #[must_use]
    pub fn next(_headers: &[(String, Vec<u8>)]) -> Self {
        todo!()
    }
}

/// A feed definition on `feeds`, partitioned by `site`, the registrable domain of its host.
#[must_use]
pub fn feed(_spec: &FeedSpec, _site: &str) -> Record {
    todo!()
}

/// The end of a feed on `feeds`: a tombstone where its definition stands.
#[must_use]
pub fn feed_removed(_feed: &wire::FeedId, _site: &str) -> Record {
    todo!()
}

/// A feed's state on `feed-state`, in the partition of its definition.
#[must_use]
pub fn feed_state(_state: &FeedState, _site: &str) -> Record {
    todo!()
}

/// A revision on `raw`.
#[must_use]
pub fn revision(_revision: &Revision, _trace: Trace) -> Record {
    todo!()
}

/// A tagged item on `items.confirmed` or `items.unconfirmed`.
#[must_use]
pub fn item(_item: &ItemRecord, _trace: Trace) -> Record {
    todo!()
}

/// A claim on `claims.confirmed` or `claims.unconfirmed`.
#[must_use]
pub fn claim(_claim: &ClaimRecord, _trace: Trace) -> Record {
    todo!()
}

/// A dead letter on `dead`.
#[must_use]
pub fn dead(_letter: &DeadLetter, _trace: Trace) -> Record {
    todo!()
}
