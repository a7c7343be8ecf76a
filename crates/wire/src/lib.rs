//! The types that cross a boundary: between stages, over the log, or out to a consumer.
//!
//! Everything here is a value. What a stage does to one is in the stage's own crate; how one is
//! written to a topic is in `sink`. The JSON Schemas of what consumers read are made from these
//! types by [`schema`].

pub mod claim;
pub mod document;
pub mod entity;
pub mod feed;
pub mod id;
pub mod language;
pub mod record;
pub mod revision;
pub mod schedule;
pub mod schema;
pub mod story;
pub mod tagged;
pub mod websub;

pub use claim::Claim;
pub use document::{Document, Item};
pub use entity::Entity;
pub use feed::{FeedSpec, FeedState};
pub use id::{FeedId, ItemId};
pub use language::Language;
pub use record::{ClaimRecord, DeadLetter, ItemRecord};
pub use revision::Revision;
pub use story::{Story, StoryRecord};
pub use tagged::Tagged;

/// The name that a variant of an enum here has in records and headers; empty for what is no plain name there.
#[must_use]
pub fn name(variant: &impl serde::Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
