//! What the classifier says of a document: a line of `claimwire tag --json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::claim::{Attribution, Claim, Factuality, Span, Status};
use crate::entity::Entity;
use crate::language::Language;

/// The tags of one document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tagged {
    /// The document's id, as given.
    pub id: String,
    /// The language it is written in.
    pub language: Language,
    /// Whether it is about NATO or Ukraine.
    pub relevant: bool,
    /// Why.
    pub relevance: Relevance,
    /// Entity mentions in text order.
    pub entities: Vec<Entity>,
    /// Claims in text order.
    pub claims: Vec<Claim>,
    /// The item's standing as a whole; null without claims.
    pub claim_status: Option<ItemStatus>,
    /// Digest of the rules and dictionaries that made these tags.
    pub rules: String,
    /// Every clause, when all were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clauses: Option<Vec<Clause>>,
    /// Every attribution, when all were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributions: Option<Vec<Attribution>>,
}

/// Whether a document is about NATO or Ukraine, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Relevance {
    /// Weighted anchors; the threshold is in the rules.
    pub score: f32,
    /// The anchors that counted, for or against, such as `title:org.nato`.
    pub reasons: Vec<String>,
}

/// The standing of an item: confirmed only when every claim in it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItemStatus {
    /// `confirmed` or `unconfirmed`.
    pub status: ItemStanding,
    /// Claims by status.
    pub counts: BTreeMap<Status, u32>,
}

/// Which pair of topics an item goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemStanding {
    /// Every claim is confirmed.
    Confirmed,
    /// At least one is not.
    Unconfirmed,
}

/// A predicate that denotes an event or a state, with its factuality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Clause {
    /// First code point.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// The predicate's head word.
    pub head: Span,
    /// How committed the author is.
    pub factuality: Factuality,
    /// The same on -3 to 3.
    pub value: Option<f32>,
}
