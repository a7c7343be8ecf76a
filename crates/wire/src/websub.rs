//! A feed's subscription at a hub (WebSub, W3C Recommendation of 23 January 2018): a part of
//! [`FeedState`](crate::FeedState).

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a hub was asked for, and what it has granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subscription {
    /// The hub that the feed names.
    pub hub: String,
    /// The address that the feed gives as its own, which is what is subscribed to.
    pub topic: String,
    /// The callback address of the instance that subscribed, without the feed's own part.
    pub callback: String,
    /// What pushes are signed with, and what the feed's own part of the callback is made from.
    pub secret: Secret,
    /// When the lease ends; absent while the hub has granted none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub until: Option<Timestamp>,
    /// When the hub is asked again.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub next: Timestamp,
    /// How often it was asked since it last granted a lease.
    #[serde(default)]
    pub attempts: u32,
    /// Whether pushes are relied on: from the first one until a poll finds what was not pushed.
    #[serde(default)]
    pub delivers: bool,
}

/// A text that no `Debug` shows. It is in the record, so whoever may read `feed-state` may read it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}
