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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// The publisher edited it.
    Edited {
        /// The title before, where it changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous_title: Option<String>,
        /// Whether the body changed.
        text_changed: bool,
    },
    /// It vanished from the feed while older items remained. The title is the last one known, the text
    /// is empty: the feed no longer says it.
    Withdrawn,
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
