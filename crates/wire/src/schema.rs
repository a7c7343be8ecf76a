//! The JSON Schemas (draft 2020-12) of every value that crosses a boundary.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};

use crate::{
    ClaimRecord, DeadLetter, Document, FeedSpec, FeedState, ItemRecord, Revision, StoryRecord,
    Tagged,
};

/// Every schema by its name, in a fixed order: what `config/schema/<name>.json` holds.
#[must_use]
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("feed", of::<FeedSpec>()),
        ("feed-state", of::<FeedState>()),
        ("raw", of::<Revision>()),
        ("item", of::<ItemRecord>()),
        ("claim", of::<ClaimRecord>()),
        ("story", of::<StoryRecord>()),
        ("dead", of::<DeadLetter>()),
        ("document", of::<Document>()),
        ("tagged", of::<Tagged>()),
    ]
}

fn of<T: JsonSchema>() -> Schema {
    SchemaGenerator::new(SchemaSettings::draft2020_12()).into_root_schema_for::<T>()
}
