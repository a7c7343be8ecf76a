//! Stories: one text, carried by several feeds.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::digest;
use crate::{FeedId, ItemId};

/// 128 bits in lower-case hexadecimal that name a story.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct StoryId(pub String);

/// The story that an item tells: every item that carries substantially the same text has its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Story {
    /// Made from the first item's id.
    pub id: StoryId,
    /// Who was first seen to carry it.
    pub first: FirstSeen,
}

/// Where a story was first seen. That is not where it was first published: feeds are polled at
/// different times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirstSeen {
    /// The feed.
    pub feed: FeedId,
    /// Who publishes it.
    pub publisher: String,
    /// The item.
    pub item: ItemId,
    /// When the poll that found it was answered.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// Which story an item tells, and what later items are compared with: the value of `stories`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoryRecord {
    /// The item.
    pub item: ItemId,
    /// The feed that carries it.
    pub feed: FeedId,
    /// The story that it tells.
    pub story: Story,
    /// When it was published, as far as the publisher can be believed; else when it was seen.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub published: Timestamp,
    /// When the poll that found it was answered.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub seen: Timestamp,
    /// What is kept of its text.
    pub sketch: Sketch,
}

/// What is kept of a text to know it again: hashes, each once and in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sketch {
    /// Of every four words in a row of its lead.
    #[serde(with = "packed")]
    #[schemars(with = "String")]
    pub shingles: Vec<u32>,
    /// Of the numbers in its lead.
    #[serde(with = "packed")]
    #[schemars(with = "String")]
    pub numbers: Vec<u32>,
    /// Of the ids of the dictionary's entities that it mentions.
    #[serde(with = "packed")]
    #[schemars(with = "String")]
    pub entities: Vec<u32>,
}

impl StoryId {
    /// The id of the story that `first` opens.
    #[must_use]
    pub fn new(first: &ItemId) -> Self {
        Self(digest(&["story", &first.0]))
    }
}

impl fmt::Display for StoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Numbers of 32 bits, little-endian, in base64 without padding (RFC 4648 §4).
mod packed {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    use serde::de::{Deserialize as _, Deserializer, Error as _};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(words: &[u32], to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        to.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u32>, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)?;
        let (words, rest) = bytes.as_chunks();
        if !rest.is_empty() {
            return Err(D::Error::custom("not a whole number of 32-bit words"));
        }
        Ok(words.iter().map(|word| u32::from_le_bytes(*word)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sketch_comes_back_as_it_was_written() {
        let sketch = Sketch {
            shingles: vec![0, 1, u32::MAX],
            numbers: Vec::new(),
            entities: vec![0x0102_0304],
        };
        let written = serde_json::to_string(&sketch).unwrap();
        assert_eq!(
            written,
            r#"{"shingles":"AAAAAAEAAAD/////","numbers":"","entities":"BAMCAQ"}"#
        );
        assert_eq!(serde_json::from_str::<Sketch>(&written).unwrap(), sketch);
        assert!(serde_json::from_str::<Sketch>(&written.replace("BAMCAQ", "BAMC")).is_err());
    }
}
