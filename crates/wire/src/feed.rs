//! A feed: what the operator says of it, and what polling has taught.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::claim::Reliability;
use crate::id::{FeedId, IdOrigin, ItemId};
use crate::language::Language;
use crate::schedule::{Asked, Moved, Rhythm};
use crate::websub::Subscription;

/// What kind of publisher stands behind a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublisherKind {
    /// An international organisation: NATO, the EU, the UN.
    Alliance,
    /// A head of state, a government or a parliament.
    Government,
    /// A ministry or an agency.
    Ministry,
    /// Armed forces.
    Military,
    /// A news agency.
    Wire,
    /// A newspaper or an online paper.
    Newspaper,
    /// Radio or television.
    Broadcaster,
    /// A research institute or think tank.
    Institute,
    /// None of these.
    Other,
}

/// A feed as the operator defines it: the value of the `feeds` topic, and one entry of a feed list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeedSpec {
    /// The feed's name, unique in a list.
    pub id: FeedId,
    /// Where it is polled; `http` or `https`.
    pub url: String,
    /// Who publishes it, as it should be shown.
    pub publisher: String,
    /// The language it is written in.
    pub language: Language,
    /// The publisher's country (ISO 3166-1 alpha-2), or `EU`, or `XX` for international bodies.
    pub country: String,
    /// What kind of publisher it is.
    pub kind: PublisherKind,
    /// Source reliability as the operator grades it (STANAG 2511); absent means `F`, cannot be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admiralty: Option<Reliability>,
    /// A fixed polling interval, such as `"5m"`; absent means learned within the configured bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub interval: Option<SignedDuration>,
    /// The name of what the configuration keeps secret for this feed: a password, a header, a client
    /// certificate. The name alone is on the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// True for the built-in sample wire, whose items are invented.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sample: bool,
}

/// What polling a feed has taught: the value of the `feed-state` topic. Written in the same commit
/// as the revisions that it remembers, so it never knows of an item that is not on `raw`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedState {
    /// The feed's name.
    pub feed: FeedId,
    /// The operator's address of the feed; the rest of the state holds for it alone.
    pub url: String,
    /// Where the feed is polled instead, since it has moved for good within its site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<String>,
    /// Where it says that it has moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// `ETag` of the last document, byte for byte (RFC 9110 §8.8.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified` of the last document, byte for byte (RFC 9110 §8.8.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// SHA-256 (first 128 bits) of the last body: an equal one is not parsed again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// When the feed is due again.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub next_poll: Timestamp,
    /// When a poll last succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_success: Option<Timestamp>,
    /// Failed polls since the last success.
    #[serde(default)]
    pub failures: u32,
    /// The learned polling interval in seconds.
    #[serde(default)]
    pub cadence_seconds: u32,
    /// How often it publishes.
    #[serde(default)]
    pub rhythm: Rhythm,
    /// What it asks of those who poll it.
    #[serde(default)]
    pub asked: Asked,
    /// When it was last asked without validators though they were known, since it was silent for longer than
    /// its rhythm explains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub doubted: Option<Timestamp>,
    /// Where pushes are subscribed to, if the feed offers any and a callback is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub websub: Option<Subscription>,
    /// True once the publisher has said that the feed is gone (410); it is not polled again.
    #[serde(default)]
    pub gone: bool,
    /// The items that recent documents held, oldest first; bounded.
    #[serde(default)]
    pub seen: Vec<Seen>,
}

/// An item that the feed has shown, as far as recognising it and telling an edit from a repetition need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// The item.
    pub item: ItemId,
    /// What its id was made from when it was first seen.
    #[serde(default)]
    pub id_origin: IdOrigin,
    /// The id that would be made of it now, where the feed names it anew: the item keeps its first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<ItemId>,
    /// Digest of its link in canonical form, 64 bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Its latest revision, from 1.
    pub revision: u32,
    /// Digest of its normalised content in the latest document that held it.
    pub digest: String,
    /// The beginning of that revision's title, so that the next can say what the title was.
    pub title: String,
    /// The beginning of that revision's text, so that the next can say which words changed; kept for the
    /// newest items of the latest document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether the latest document still held it.
    pub present: bool,
    /// Whether it has been reported as withdrawn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
    /// What it gave as its publication time, to tell "fell off the end" from "was withdrawn".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub published: Option<Timestamp>,
    /// How restless it is: up by two with each document that edits it, down by one with each that does not.
    #[serde(default, skip_serializing_if = "crate::revision::is_zero")]
    pub restless: u32,
    /// Edits since its latest revision that were not reported, because it churns.
    #[serde(default, skip_serializing_if = "crate::revision::is_zero")]
    pub skipped: u32,
}
