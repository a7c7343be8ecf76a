//! How old a revision is when its tagged records are on the topics: the two freshness metrics, and the span
//! of its tagging.

use jiff::Timestamp;
use sink::envelope::Trace;
use wire::{ItemId, Revision};

use crate::telemetry::spans::{Spans, Step};

/// When each step of one revision's way was done.
pub(super) struct Age {
    item: ItemId,
    revision: u32,
    published: Option<Timestamp>,
    fetched: Timestamp,
    begun: Timestamp,
    trace: Trace,
}

impl Age {
    /// That of a revision whose tagging began at `begun`.
    pub(super) fn new(revision: &Revision, trace: Trace, begun: Timestamp) -> Self {
        Self {
            item: revision.item.clone(),
            revision: revision.revision,
            // An edit is published when it is made, which few feeds say.
            published: revision.published.filter(|_| revision.revision == 1),
            fetched: revision.fetched,
            begun,
            trace,
        }
    }

    /// Exposes it, given that the tagged records are committed `now`.
    pub(super) fn expose(self, now: Timestamp, spans: &Spans) {
        let since = |then: Timestamp| now.duration_since(then).as_secs_f64();
        metrics::histogram!("claimwire_served_to_topic_seconds")
            .record(since(self.fetched).max(0.0));
        // A date in the future says nothing of how long it took.
        if let Some(age) = self.published.map(since).filter(|age| *age >= 0.0) {
            metrics::histogram!("claimwire_published_to_topic_seconds").record(age);
        }
        if spans.are_collected() {
            spans.record(Step {
                name: "tag",
                trace: self.trace,
                begun: self.begun,
                ended: now,
                about: vec![
                    ("claimwire.item", self.item.to_string()),
                    ("claimwire.revision", self.revision.to_string()),
                ],
                failure: None,
            });
        }
    }
}
