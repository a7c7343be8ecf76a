//! What polling has taught of when and where to ask for a feed: parts of [`FeedState`](crate::FeedState).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the last document asks of those who poll it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Asked {
    /// The least seconds between two polls, by RSS `ttl` or `sy:updatePeriod`; 0 where nothing is said.
    pub seconds: u32,
    /// Hours of the day in GMT in which not to ask, from 0 to 23, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip_hours: Vec<u8>,
    /// Days of the week in GMT on which not to ask, from 1 for Monday to 7 (ISO 8601), in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip_days: Vec<u8>,
}

/// How often a feed publishes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Rhythm {
    /// Seconds that usually lie between two publications; 0 while unknown.
    pub gap_seconds: u32,
    /// The most seconds that lay between two recent ones; 0 while unknown.
    pub longest_gap_seconds: u32,
    /// When the newest item was published by its own date, or found where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub newest: Option<Timestamp>,
}

/// Where a feed says that it has moved for good (301, 308).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moved {
    /// The address that it names.
    pub to: String,
    /// How many polls in a row were sent there; counting ends once it is acted upon.
    pub sightings: u32,
}
