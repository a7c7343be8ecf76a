//! How each value stands on its topic: key, partition, CloudEvents 1.0 headers in Kafka binary
//! mode, W3C trace context, and the tags again as headers.
//!
//! The headers follow the CloudEvents Kafka protocol binding 1.0.2 (§3.2) and W3C Trace Context.
//! What identifies a record is made from the value alone, so a replay writes the same `ce_id`.

use std::borrow::Cow;
use std::cell::RefCell;

use jiff::Timestamp;
use serde::Serialize;
use wire::claim::Status;
use wire::record::Origin;
use wire::tagged::ItemStanding;
use wire::{
    ClaimRecord, DeadLetter, Entity, FeedId, FeedSpec, FeedState, ItemRecord, Revision, StoryRecord,
};

use crate::record::{Headers, Record};

/// Bytes of the buffer for JSON that are kept from one value to the next.
const KEPT: usize = 1 << 16;

/// The place of a record in a trace (W3C Trace Context, `traceparent`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Names the trace: one poll.
    pub trace: u128,
    /// Names the step that wrote the record.
    pub span: u64,
    /// The step that this one follows, if it is not the trace's first.
    pub parent: Option<u64>,
}

/// The names of all headers that are written here.
const NAMES: [&str; 14] = [
    "ce_specversion",
    "ce_id",
    "ce_source",
    "ce_type",
    "ce_time",
    "content-type",
    "ce_subject",
    "traceparent",
    "claim-status",
    "status-detail",
    "entities",
    "lang",
    "story-id",
    "replay",
];

impl Trace {
    /// A new trace.
    #[must_use]
    pub fn start() -> Self {
        // Zero is no id in W3C Trace Context.
        Self {
            trace: rand::random::<u128>() | 1,
            span: span(),
            parent: None,
        }
    }

    /// The next step of the trace that `headers` carry, or a new trace where they carry none.
    #[must_use]
    pub fn next(headers: &Headers) -> Self {
        let carried = headers.iter().find(|(name, _)| name == "traceparent");
        match carried.and_then(|(_, value)| traceparent(value)) {
            None => Self::start(),
            Some((trace, parent)) => Self {
                trace,
                span: span(),
                parent: Some(parent),
            },
        }
    }

    fn header(self) -> String {
        format!("00-{:032x}-{:016x}-01", self.trace, self.span)
    }
}

/// A feed definition on `feeds`, partitioned by `site`, the registrable domain of its host.
#[must_use]
pub fn feed(spec: &FeedSpec, site: &str) -> Record {
    let now = Timestamp::now();
    // A definition has no revision of its own: what it says is what names it.
    let value = json(spec);
    let said = String::from_utf8_lossy(&value);
    let id = format!("{}/{}", spec.id, wire::id::digest(&[said.as_ref()]));
    let mut headers = event("claimwire.feed.v1", id, &spec.id, now);
    push(&mut headers, "lang", spec.language.code());
    Record {
        partition_key: Some(site.as_bytes().to_vec()),
        ..record("feeds", &spec.id.0, value, headers, now)
    }
}

/// The end of a feed on `feeds`: a tombstone where its definition stands.
#[must_use]
pub fn feed_removed(feed: &FeedId, site: &str) -> Record {
    Record {
        topic: "feeds".to_owned(),
        key: feed.0.as_bytes().to_vec(),
        partition_key: Some(site.as_bytes().to_vec()),
        value: None,
        headers: Vec::new(),
        timestamp: Timestamp::now(),
    }
}

/// A feed's state on `feed-state`, in the partition of its definition.
#[must_use]
pub fn feed_state(state: &FeedState, site: &str) -> Record {
    let now = Timestamp::now();
    let value = json(state);
    let said = String::from_utf8_lossy(&value);
    let id = format!("{}/{}", state.feed, wire::id::digest(&[said.as_ref()]));
    let headers = event("claimwire.feed-state.v1", id, &state.feed, now);
    Record {
        partition_key: Some(site.as_bytes().to_vec()),
        ..record("feed-state", &state.feed.0, value, headers, now)
    }
}

/// A revision on `raw`.
#[must_use]
pub fn revision(revision: &Revision, trace: Trace) -> Record {
    let id = format!("{}/{}", revision.item, revision.revision);
    let mut headers = event(
        "claimwire.raw.v1",
        id,
        &revision.source.feed,
        revision.fetched,
    );
    push(&mut headers, "ce_subject", revision.item.0.clone());
    push(&mut headers, "traceparent", trace.header());
    push(&mut headers, "lang", revision.source.language.code());
    let value = json(revision);
    record("raw", &revision.item.0, value, headers, revision.fetched)
}

/// A tagged item on `items.confirmed` or `items.unconfirmed`.
#[must_use]
pub fn item(item: &ItemRecord, trace: Trace) -> Record {
    let id = format!("{}/{}", item.item, item.revision);
    let standing = item.tags.claim_status.as_ref().map(|status| status.status);
    // An item without a claim stands behind nothing.
    let (topic, status) = match standing {
        Some(ItemStanding::Confirmed) => ("items.confirmed", "confirmed"),
        Some(ItemStanding::Unconfirmed) | None => ("items.unconfirmed", "unconfirmed"),
    };
    let mut headers = event("claimwire.item.v1", id, &item.source.feed, item.fetched);
    push(&mut headers, "ce_subject", item.item.0.clone());
    push(&mut headers, "traceparent", trace.header());
    push(&mut headers, "claim-status", status);
    push(&mut headers, "entities", entities(&item.tags.entities));
    push(&mut headers, "lang", item.tags.language.code());
    push(&mut headers, "story-id", item.story.id.0.clone());
    mark_replay(&mut headers, item.replay);
    record(topic, &item.item.0, json(item), headers, item.fetched)
}

/// A claim on `claims.confirmed` or `claims.unconfirmed`.
#[must_use]
pub fn claim(claim: &ClaimRecord, trace: Trace) -> Record {
    let topic = match claim.claim.status {
        Status::Confirmed => "claims.confirmed",
        Status::Unconfirmed | Status::Denied | Status::Disputed | Status::NotAClaim => {
            "claims.unconfirmed"
        }
    };
    let feed = &claim.source.feed;
    let mut headers = event("claimwire.claim.v1", claim.id.clone(), feed, claim.fetched);
    push(&mut headers, "ce_subject", claim.item.0.clone());
    push(&mut headers, "traceparent", trace.header());
    push(&mut headers, "claim-status", claim.claim.status.name());
    let detail = wire::name(&claim.claim.status_detail);
    push(&mut headers, "status-detail", detail);
    push(&mut headers, "entities", entities(&claim.entities));
    push(&mut headers, "lang", claim.language.code());
    push(&mut headers, "story-id", claim.story.id.0.clone());
    mark_replay(&mut headers, claim.replay);
    record(topic, &claim.item.0, json(claim), headers, claim.fetched)
}

/// Which story an item tells, on `stories`.
#[must_use]
pub fn story(told: &StoryRecord, trace: Trace) -> Record {
    let mut headers = event(
        "claimwire.story.v1",
        told.item.0.clone(),
        &told.feed,
        told.seen,
    );
    push(&mut headers, "ce_subject", told.item.0.clone());
    push(&mut headers, "traceparent", trace.header());
    push(&mut headers, "story-id", told.story.id.0.clone());
    record("stories", &told.item.0, json(told), headers, told.seen)
}

/// A dead letter on `dead`, keyed by its origin.
#[must_use]
pub fn dead(letter: &DeadLetter, trace: Trace) -> Record {
    let (origin, source) = match &letter.origin {
        Origin::Feed { feed, .. } => (feed.0.clone(), format!("/feeds/{feed}")),
        Origin::Record {
            topic,
            partition,
            offset,
        } => (
            format!("{topic}/{partition}/{offset}"),
            format!("/topics/{topic}"),
        ),
        Origin::Output { topic, key } => (format!("{topic}/{key}"), format!("/topics/{topic}")),
    };
    // The same bytes fail for the same reason on every replay, whenever that is.
    let digest = wire::id::digest(&[&letter.reason, &letter.bytes]);
    let id = format!("{origin}/{digest}");
    let mut headers = event_from("claimwire.dead.v1", id, source, letter.at);
    push(&mut headers, "traceparent", trace.header());
    record("dead", &origin, json(letter), headers, letter.at)
}

/// What takes the place of a record that the log does not take: a dead letter, without its bytes
/// where a dead letter was refused itself.
pub(crate) fn undeliverable(refused: &Record, reason: String) -> Record {
    let origin = Origin::Output {
        topic: refused.topic.clone(),
        key: String::from_utf8_lossy(&refused.key).into_owned(),
    };
    let bytes = match refused.topic.as_str() {
        "dead" => &[],
        _ => refused.value.as_deref().unwrap_or_default(),
    };
    let letter = DeadLetter::new(origin, reason, bytes, refused.timestamp);
    dead(&letter, Trace::next(&refused.headers))
}

fn record(
    topic: &str,
    key: &str,
    value: Vec<u8>,
    headers: Headers,
    timestamp: Timestamp,
) -> Record {
    Record {
        topic: topic.to_owned(),
        key: key.as_bytes().to_vec(),
        partition_key: None,
        value: Some(value),
        headers,
        timestamp,
    }
}

fn event(kind: &'static str, id: String, feed: &FeedId, time: Timestamp) -> Headers {
    event_from(kind, id, format!("/feeds/{feed}"), time)
}

fn event_from(kind: &'static str, id: String, source: String, time: Timestamp) -> Headers {
    let mut headers = Headers::with_capacity(NAMES.len());
    push(&mut headers, "ce_specversion", "1.0");
    push(&mut headers, "ce_id", id);
    push(&mut headers, "ce_source", source);
    push(&mut headers, "ce_type", kind);
    push(&mut headers, "ce_time", time.to_string());
    push(&mut headers, "content-type", "application/json");
    headers
}

/// A header's name as read, without memory of its own where it is one of ours: a record has a dozen.
pub(crate) fn header_name(name: &str) -> Cow<'static, str> {
    match NAMES.iter().find(|ours| **ours == name) {
        Some(ours) => Cow::Borrowed(ours),
        None => Cow::Owned(name.to_owned()),
    }
}

fn push(headers: &mut Headers, name: &'static str, value: impl Into<Cow<'static, str>>) {
    let value = match value.into() {
        Cow::Borrowed(value) => Cow::Borrowed(value.as_bytes()),
        Cow::Owned(value) => Cow::Owned(value.into_bytes()),
    };
    headers.push((name.into(), value));
}

/// What was tagged again says so, that a consumer can leave it out.
fn mark_replay(headers: &mut Headers, replay: bool) {
    if replay {
        push(headers, "replay", "true");
    }
}

/// The dictionary's ids of what is mentioned, each once, comma-separated. Amounts, dates and names that the
/// dictionary does not have are left to the record.
fn entities(mentions: &[Entity]) -> String {
    let named = mentions.iter().filter(|mention| mention.is_linked());
    let mut ids: Vec<&str> = named.map(|mention| mention.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.join(",")
}

/// The JSON of a value, in as much memory as it is long: batches hold thousands.
fn json(value: &impl Serialize) -> Vec<u8> {
    thread_local!(static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });
    BUFFER.with_borrow_mut(|buffer| {
        buffer.clear();
        serde_json::to_writer(&mut *buffer, value)
            .expect("the wire types have string keys and no failing serializer");
        let json = buffer.clone();
        buffer.shrink_to(KEPT);
        json
    })
}

/// Names a new step.
fn span() -> u64 {
    rand::random::<u64>() | 1
}

/// Trace and step of a `traceparent` of any version (W3C Trace Context §3.2); `None` when it is invalid.
fn traceparent(value: &[u8]) -> Option<(u128, u64)> {
    let mut fields = std::str::from_utf8(value).ok()?.split('-').skip(1);
    let trace = fields.next().filter(|trace| trace.len() == 32)?;
    let span = fields.next().filter(|span| span.len() == 16)?;
    let trace = u128::from_str_radix(trace, 16).ok()?;
    let span = u64::from_str_radix(span, 16).ok()?;
    (trace != 0 && span != 0).then_some((trace, span))
}

#[cfg(test)]
mod tests;
