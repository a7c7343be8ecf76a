//! A parsed feed document: what `claimwire parse --json` prints and what polling works on.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{IdOrigin, ItemId};

/// How a document came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParseStatus {
    /// As it stood.
    Ok,
    /// Whole, after the repairs that are named.
    Repaired,
    /// Fewer items than the document holds.
    Partial,
    /// No feed could be read.
    Error,
}

/// A feed document after decoding, repair and parsing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// How it came through.
    pub status: ParseStatus,
    /// From 0, nothing could be read, to 1, no repair was needed.
    pub quality: f32,
    /// Every repair that was made, by name, each once, in the order in which they were made; for
    /// [`ParseStatus::Error`] the last one says why.
    pub repairs: Vec<String>,
    /// Control, directional and other invisible characters that were left out of its texts.
    pub dropped_characters: u32,
    /// The charset that it was read in: a name of the WHATWG Encoding Standard in lower case, `utf-32le` or
    /// `utf-32be`.
    pub encoding: String,
    /// The format's name, such as `RSS 2.0`; empty when it could not be told.
    pub format: String,
    /// The feed's own fields.
    pub feed: FeedInfo,
    /// Its items in document order.
    pub items: Vec<Item>,
}

/// What a document says of the feed itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedInfo {
    /// Title as plain text.
    pub title: Option<String>,
    /// Subtitle or description as plain text.
    pub subtitle: Option<String>,
    /// The site that the feed belongs to.
    pub link: Option<String>,
    /// The declared language tag.
    pub language: Option<String>,
    /// When it was last changed.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub updated: Option<Timestamp>,
    /// RSS `ttl` in minutes.
    pub ttl: Option<u32>,
    /// RSS `skipHours`: hours of the day, UTC, in which not to poll.
    pub skip_hours: Vec<u8>,
    /// RSS `skipDays`: English day names.
    pub skip_days: Vec<String>,
    /// `sy:updatePeriod` of the RDF Site Summary syndication module.
    pub sy_period: Option<String>,
    /// `sy:updateFrequency`: updates in a period.
    pub sy_frequency: Option<u32>,
    /// WebSub hub.
    pub hub: Option<String>,
    /// The feed's own address.
    #[serde(rename = "self")]
    pub self_link: Option<String>,
    /// The program that wrote it.
    pub generator: Option<String>,
    /// Authors of the feed.
    pub authors: Vec<Author>,
}

/// One entry of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// Our id.
    pub id: ItemId,
    /// What it was made from.
    pub id_origin: IdOrigin,
    /// The feed's own id, as given.
    pub guid: Option<String>,
    /// Title as plain text.
    pub title: Option<String>,
    /// Where the item is published.
    pub link: Option<String>,
    /// Summary or description as plain text.
    pub summary: Option<String>,
    /// Full content as plain text, where the feed carries it.
    pub content: Option<String>,
    /// Authors.
    pub authors: Vec<Author>,
    /// Categories or tags.
    pub categories: Vec<String>,
    /// Attached media.
    pub enclosures: Vec<Enclosure>,
    /// When it was first published.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub published: Option<Timestamp>,
    /// When it was last changed.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub updated: Option<Timestamp>,
}

/// A person or organisation named as author.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Author {
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Home page.
    pub uri: Option<String>,
}

/// A media file that an item points to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Enclosure {
    /// Address.
    pub url: String,
    /// Media type.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// Size in bytes.
    pub length: Option<u64>,
}
