//! Identifiers: what names a feed and an item for as long as they live.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The operator's name for a feed: lower-case letters, digits and `-`, unique in a feed list.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct FeedId(pub String);

/// 128 bits in lower-case hexadecimal that name an item across polls, restarts and instances.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct ItemId(pub String);

/// What an [`ItemId`] was made from, in falling order of trust.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdOrigin {
    /// The feed's own `guid`, `atom:id` or JSON Feed `id`.
    #[default]
    Guid,
    /// The canonical form of the item's link.
    Link,
    /// The normalised content, where the feed gives neither guid nor link.
    Content,
}

impl ItemId {
    /// The id of the item that `feed` identifies by `value`: the first 128 bits of SHA-256 over
    /// the three parts, so equal input gives an equal id on every machine and in every version.
    #[must_use]
    pub fn new(feed: &FeedId, origin: IdOrigin, value: &str) -> Self {
        let origin = match origin {
            IdOrigin::Guid => "guid",
            IdOrigin::Link => "link",
            IdOrigin::Content => "content",
        };
        Self(digest(&[feed.0.as_str(), origin, value]))
    }
}

/// The first 128 bits of SHA-256 over `parts`, each closed by a zero byte, in lower-case
/// hexadecimal (FIPS 180-4).
#[must_use]
pub fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
