//! One revision of one item: the value of the `raw` topic and the input of the classifier.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::claim::Reliability;
use crate::document::{Author, Enclosure, ParseStatus};
use crate::feed::PublisherKind;
use crate::id::{FeedId, IdOrigin, ItemId};
use crate::language::Language;

/// One state of one item as a poll found it, in plain text, self-contained and bounded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    /// The item.
    pub item: ItemId,
    /// From 1, one more for every edit.
    pub revision: u32,
    /// What the item's id was made from.
    pub id_origin: IdOrigin,
    /// The feed's own id of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guid: Option<String>,
    /// Where it was read.
    pub source: Source,
    /// Title as plain text; empty when there is none.
    pub title: String,
    /// Body as plain text: the content where the feed carries it, else the summary.
    pub text: String,
    /// True when the text was cut, by the feed (an ellipsis) or by our bound.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// Where the item is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Authors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<Author>,
    /// Categories or tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Attached media.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enclosures: Vec<Enclosure>,
    /// When the publisher says it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub published: Option<Timestamp>,
    /// When the publisher says it was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub updated: Option<Timestamp>,
    /// When the poll that found this revision was answered.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub fetched: Timestamp,
    /// How this revision differs from the one before; absent on the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// How the document that held it came through.
    pub document: DocumentQuality,
}

/// The feed that an item was read from, as far as a consumer needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The feed's name.
    pub feed: FeedId,
    /// Its address.
    pub url: String,
    /// Who publishes it.
    pub publisher: String,
    /// The language that the operator says it is written in.
    pub language: Language,
    /// The publisher's country.
    pub country: String,
    /// What kind of publisher it is.
    pub kind: PublisherKind,
    /// Source reliability as the operator grades it (STANAG 2511).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admiralty: Option<Reliability>,
    /// True for the built-in sample wire, whose items are invented.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sample: bool,
}

/// What a revision changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// The publisher edited it.
    Edited(Edit),
    /// It is in the feed again after it had been reported as withdrawn, edited or not.
    Returned(Edit),
    /// It vanished from the feed while older items remained. The title is the last one known, the text
    /// is empty: the feed no longer says it.
    Withdrawn {
        /// How sure it is, from 0 to 1, that the publisher took it back: more so the more older items
        /// remained, less so when items carry no dates or several vanished at once.
        confidence: f32,
    },
}

/// How an item differs from its revision before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// The title before, where it changed; at most 256 bytes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_title: Option<String>,
    /// Whether the body changed.
    pub text_changed: bool,
    /// Which of its words; absent where it did not change or the old text is no longer known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<WordDiff>,
    /// True when the item is changed by nearly every document: only some of its revisions are reported.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub churning: bool,
    /// Edits since the revision before that were not reported, because the item churns.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped: u32,
}

/// The difference between two texts, word by word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WordDiff {
    /// Words that are new.
    pub added: u32,
    /// Words that are gone.
    pub removed: u32,
    /// The first places that differ, in text order.
    pub places: Vec<WordChange>,
    /// True when only the beginnings of the texts were compared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

/// One place where two texts differ; each side is cut where it is long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WordChange {
    /// What stood there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub removed: String,
    /// What stands there now.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub added: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(crate) fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// How the document that held an item came through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentQuality {
    /// How it came through.
    pub status: ParseStatus,
    /// From 0 to 1.
    pub quality: f32,
    /// Every repair that was made, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<String>,
    /// True when the document shares no item with the one before: items in between may have been missed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gap_suspected: bool,
}
