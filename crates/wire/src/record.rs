//! The values of the topics that consumers read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::claim::Claim;
use crate::entity::Entity;
use crate::language::Language;
use crate::revision::{Change, Revision, Source};
use crate::story::Story;
use crate::tagged::Tagged;
use crate::{FeedId, ItemId};

/// A relevant revision with its tags: the value of `items.confirmed` and `items.unconfirmed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ItemRecord {
    /// The item.
    pub item: ItemId,
    /// Which revision of it, from 1.
    pub revision: u32,
    /// Where it was read.
    pub source: Source,
    /// Title as plain text.
    pub title: String,
    /// Body as plain text.
    pub text: String,
    /// True when the text was cut.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// Where it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// When the publisher says it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub published: Option<Timestamp>,
    /// When the poll that found it was answered.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub fetched: Timestamp,
    /// How it differs from the revision before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The story that it tells, with every other item that carries its text.
    pub story: Story,
    /// True when it was tagged again from `raw`, by `claimwire replay` or from a dead letter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replay: bool,
    /// The tags. Offsets are code points over `title + "\n\n" + text`, or over `text` without a title.
    pub tags: Tagged,
}

/// One claim, self-contained: the value of `claims.confirmed` and `claims.unconfirmed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimRecord {
    /// `<item>/<revision>/<index>`: the claim's name, equal on every replay with the same rules.
    pub id: String,
    /// The item it stands in.
    pub item: ItemId,
    /// Which revision of it.
    pub revision: u32,
    /// Its place among the revision's claims, from 0.
    pub index: u32,
    /// The claim's words.
    pub text: String,
    /// What is claimed and how the text stands behind it. Offsets are code points over the item's
    /// `title + "\n\n" + text`; `text` here begins at `claim.start`.
    pub claim: Claim,
    /// The entities inside the claim's span.
    pub entities: Vec<Entity>,
    /// The language.
    pub language: Language,
    /// The item's title.
    pub title: String,
    /// Where it was read.
    pub source: Source,
    /// Where the item is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// When the publisher says the item was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub published: Option<Timestamp>,
    /// When the poll that found it was answered.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub fetched: Timestamp,
    /// How the item differs from its revision before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The story that the item tells, with every other item that carries its text.
    pub story: Story,
    /// True when it was tagged again from `raw`, by `claimwire replay` or from a dead letter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replay: bool,
    /// Digest of the rules and dictionaries that made the tags.
    pub rules: String,
}

/// Something that could not be processed: the value of `dead`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetter {
    /// Where it came from: a feed, or a record by topic, partition and offset.
    pub origin: Origin,
    /// Why it could not be processed, for a person.
    pub reason: String,
    /// Its bytes, in base64 (RFC 4648 §4), capped.
    pub bytes: String,
    /// Its whole size in bytes.
    pub size: u64,
    /// When it was given up.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// Where a dead letter came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// A document that a feed answered with.
    Feed {
        /// The feed.
        feed: FeedId,
        /// The address it was read from.
        url: String,
        /// Its declared media type.
        content_type: Option<String>,
    },
    /// A record of the log.
    Record {
        /// Topic.
        topic: String,
        /// Partition.
        partition: u32,
        /// Offset.
        offset: u64,
    },
    /// A record that the log did not take.
    Output {
        /// The topic that it was meant for.
        topic: String,
        /// Its key.
        key: String,
    },
}

/// Bytes of a dead letter that are kept.
const DEAD_BYTES: usize = 64 * 1024;

impl ItemRecord {
    /// The record of a revision, its story and its tags.
    #[must_use]
    pub fn new(revision: Revision, story: Story, tags: Tagged) -> Self {
        Self {
            item: revision.item,
            revision: revision.revision,
            source: revision.source,
            title: revision.title,
            text: revision.text,
            truncated: revision.truncated,
            link: revision.link,
            published: revision.published,
            fetched: revision.fetched,
            change: revision.change,
            story,
            replay: false,
            tags,
        }
    }

    /// The text that the tags' offsets count in.
    #[must_use]
    pub fn plain_text(&self) -> String {
        if self.title.is_empty() {
            self.text.clone()
        } else {
            format!("{}\n\n{}", self.title, self.text)
        }
    }
}

impl ClaimRecord {
    /// Every claim of an item, in text order.
    #[must_use]
    pub fn all(item: &ItemRecord) -> Vec<Self> {
        let text = item.plain_text();
        let claims = item.tags.claims.iter();
        (0..)
            .zip(claims)
            .map(|(index, claim)| Self::new(item, &text, index, claim))
            .collect()
    }

    fn new(item: &ItemRecord, text: &str, index: u32, claim: &Claim) -> Self {
        let length = claim.end.saturating_sub(claim.start);
        let entities = item.tags.entities.iter();
        Self {
            id: format!("{}/{}/{index}", item.item, item.revision),
            item: item.item.clone(),
            revision: item.revision,
            index,
            text: text
                .chars()
                .skip(claim.start as usize)
                .take(length as usize)
                .collect(),
            claim: claim.clone(),
            entities: entities
                .filter(|entity| claim.start <= entity.start && entity.end <= claim.end)
                .cloned()
                .collect(),
            language: item.tags.language,
            title: item.title.clone(),
            source: item.source.clone(),
            link: item.link.clone(),
            published: item.published,
            fetched: item.fetched,
            change: item.change.clone(),
            story: item.story.clone(),
            replay: item.replay,
            rules: item.tags.rules.clone(),
        }
    }
}

impl DeadLetter {
    /// The letter for `bytes` that came from `origin`; the first 64 KiB of them are kept.
    #[must_use]
    pub fn new(origin: Origin, reason: String, bytes: &[u8], at: Timestamp) -> Self {
        Self {
            origin,
            reason,
            bytes: STANDARD.encode(&bytes[..bytes.len().min(DEAD_BYTES)]),
            size: bytes.len() as u64,
            at,
        }
    }
}
