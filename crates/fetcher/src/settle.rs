//! What an answer makes of a feed's state: the pure half of a poll.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use wire::document::ParseStatus;
use wire::record::Origin;
use wire::{DeadLetter, Document, FeedSpec, FeedState};

use crate::hints;
use crate::http::{Answer, Body};
use crate::parse::{self, Limits};
use crate::poll::{Outcome, Poll, PollError};
use crate::relocate::{self, Relocation};
use crate::revise::{self, Comparison, Extent};
use crate::schedule;
use crate::settings::Settings;
use crate::status::redacted;
use crate::websub::lease;
use crate::websub::offer::{self, Offered};

mod push;

/// A wait of so many shortest intervals is written down, so that a restart does not cut it short.
const WORTH_WRITING: u32 = 10;

/// A feed that is polled and the moment at which its answer came.
pub(crate) struct Settler<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) spec: &'a FeedSpec,
    pub(crate) now: Timestamp,
    /// Whether it was asked without the validators that are known.
    pub(crate) doubted: bool,
}

impl Settler<'_> {
    /// The poll that `answer` makes of `state`.
    pub(crate) fn settle(&self, mut state: FeedState, answer: Result<Answer, PollError>) -> Poll {
        if self.doubted {
            state.doubted = Some(self.now);
        }
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => return self.failed(state, error),
        };
        let relocation = match answer.body {
            Body::Gone => Relocation::None,
            _ => relocate::sighted(self.spec, &mut state, answer.moved.take()),
        };
        let mut poll = match answer.body {
            Body::Gone => self.gone(state),
            Body::NotModified => {
                // A server may renew its validators with a 304 (RFC 9110 §15.4.5).
                state.etag = answer.etag.or(state.etag);
                state.last_modified = answer.last_modified.or(state.last_modified);
                self.succeeded(&mut state, answer.fresh_for);
                plain(Outcome::NotModified, state)
            }
            Body::Document { ref bytes, .. } => {
                let body = body_digest(bytes);
                if state.body.as_ref() == Some(&body) {
                    state.etag = answer.etag;
                    state.last_modified = answer.last_modified;
                    self.succeeded(&mut state, answer.fresh_for);
                    plain(Outcome::Unchanged, state)
                } else {
                    self.document(state, answer, body)
                }
            }
        };
        self.report(&relocation, &poll.state);
        poll.learned |= relocation != Relocation::None || self.doubted;
        poll
    }

    fn document(&self, mut state: FeedState, answer: Answer, body: String) -> Poll {
        let Body::Document {
            bytes,
            content_type,
        } = &answer.body
        else {
            return plain(Outcome::NotModified, state);
        };
        let document = self.parsed(bytes, content_type.as_deref(), Some(answer.url.as_str()));
        if document.status == ParseStatus::Error {
            let reason = document.repairs.last().cloned().unwrap_or_default();
            let dead = self.dead_letter(bytes, content_type.as_deref(), &reason);
            // Without validators the next poll asks for the whole document again.
            (state.etag, state.last_modified, state.body) = (None, None, None);
            let poll = self.failed(state, PollError::Unparsable(reason));
            return Poll {
                dead: Some(dead),
                ..poll
            };
        }
        let mut found = revise::compare(
            self.spec,
            &document,
            &state.seen,
            Extent::Everything,
            self.settings,
            self.now,
        );
        for revision in &mut found.revisions {
            revision.document.gap_suspected = found.gap_suspected;
        }
        // What a partial document left out must be asked for again.
        let whole = document.status != ParseStatus::Partial;
        state.etag = answer.etag.filter(|_| whole);
        state.last_modified = answer.last_modified.filter(|_| whole);
        state.body = Some(body);
        state.seen = std::mem::take(&mut found.seen);
        state.asked = hints::of_document(&document.feed);
        state.rhythm = schedule::rhythm(&state.rhythm, &document.items, found.new, self.now);
        let offered = offer::by_document(&document.feed, &answer.url);
        let offered = answer.offered.or(offered);
        self.subscription(&mut state, offered, found.new);
        self.succeeded(&mut state, answer.fresh_for);
        let outcome = outcome(document, &found);
        Poll {
            revisions: found.revisions,
            ..plain(outcome, state)
        }
    }

    fn parsed(&self, bytes: &[u8], content_type: Option<&str>, base: Option<&str>) -> Document {
        let limits = Limits {
            max_items: self.settings.max_items,
            max_text: self.settings.max_text,
            received: Some(self.now),
        };
        parse::document_within(&limits, bytes, content_type, base, &self.spec.id)
    }

    /// Goes by the hub that the document offers; it is not relied on when a poll finds news that it should
    /// have pushed.
    fn subscription(&self, state: &mut FeedState, offered: Option<Offered>, new: usize) {
        let websub = self.settings.websub.as_ref();
        state.websub = lease::after_document(websub, state.websub.take(), offered, self.now);
        if let Some(subscription) = &mut state.websub
            && new > 0
            && std::mem::take(&mut subscription.delivers)
        {
            metrics::counter!("claimwire_pushes_missed_total").increment(new as u64);
        }
    }

    fn succeeded(&self, state: &mut FeedState, fresh_for: Option<Duration>) {
        let cadence = schedule::cadence(self.settings, self.spec, &state.rhythm, self.now);
        state.cadence_seconds = u32::try_from(cadence.as_secs()).unwrap_or(u32::MAX);
        state.failures = 0;
        state.last_success = Some(self.now);
        state.next_poll =
            schedule::after_success(self.settings, self.spec, state, fresh_for, self.now);
    }

    fn failed(&self, mut state: FeedState, error: PollError) -> Poll {
        state.failures = state.failures.saturating_add(1);
        let returned = relocate::failed(&mut state, false);
        if returned {
            self.say_returned();
        }
        state.next_poll = schedule::after_failure(
            self.settings,
            self.spec,
            &state.asked,
            state.failures,
            &error,
            self.now,
        );
        let shortest = schedule::shortest(self.settings, self.spec);
        let wait = state.next_poll.duration_since(self.now);
        let is_long = |bound: Duration| SignedDuration::try_from(bound).is_ok_and(|it| wait >= it);
        let asked = error.retry_after().is_some_and(|wait| wait > shortest);
        let learned = returned || asked || is_long(shortest.saturating_mul(WORTH_WRITING));
        Poll {
            learned,
            ..plain(Outcome::Failed(error), state)
        }
    }

    fn gone(&self, mut state: FeedState) -> Poll {
        if relocate::failed(&mut state, true) {
            // The operator's address may know where the feed is now.
            self.say_returned();
            let gone = PollError::Status {
                status: 410,
                retry_after: None,
            };
            return Poll {
                learned: true,
                ..self.failed(state, gone)
            };
        }
        state.gone = true;
        state.websub = None;
        plain(Outcome::Gone, state)
    }

    fn report(&self, relocation: &Relocation, state: &FeedState) {
        let feed = &self.spec.id;
        let url = redacted(relocate::address(self.spec, state));
        match relocation {
            Relocation::None => {}
            Relocation::Adopted => tracing::info!(
                feed.id = %feed, feed.url = url, "feed {feed} has moved for good and is polled at {url}"
            ),
            Relocation::ForOperator => {
                let to = relocate::for_operator(state).map_or_else(String::new, redacted);
                tracing::warn!(
                    feed.id = %feed, feed.url = url, feed.moved_to = to,
                    "feed {feed} says that it has moved for good to {to}, which is another site or not \
                     encrypted; if that is right, change its url in the feed list"
                );
            }
        }
    }

    fn say_returned(&self) {
        let (feed, url) = (&self.spec.id, redacted(&self.spec.url));
        tracing::warn!(
            feed.id = %feed, feed.url = url,
            "feed {feed} fails where it had moved to and is polled at {url} again"
        );
    }

    fn dead_letter(&self, bytes: &[u8], content_type: Option<&str>, reason: &str) -> DeadLetter {
        let origin = Origin::Feed {
            feed: self.spec.id.clone(),
            url: redacted(&self.spec.url),
            content_type: content_type.map(str::to_owned),
        };
        let reason = format!("the document cannot be parsed: {reason}");
        DeadLetter::new(origin, reason, bytes, self.now)
    }
}

fn outcome(document: Document, found: &Comparison) -> Outcome {
    Outcome::Document {
        status: document.status,
        quality: document.quality,
        repairs: document.repairs,
        items: document.items.len(),
        new: found.new,
        revised: found.revised,
        skipped: found.skipped,
        unchanged: found.unchanged,
        filtered: found.filtered,
        withdrawn: found.withdrawn,
        gap_suspected: found.gap_suspected,
    }
}

fn plain(outcome: Outcome, state: FeedState) -> Poll {
    Poll {
        outcome,
        state,
        revisions: Vec::new(),
        dead: None,
        learned: false,
    }
}

fn body_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests;
