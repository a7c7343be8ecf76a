//! `[[route]]`: where else claims go.

use serde::Deserialize;
use sink::Record;
use wire::claim::Status;
use wire::entity::EntityType;
use wire::{ClaimRecord, ItemRecord, Language};

/// A rule that copies claims to a topic of their own; what it does not name matches everything.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    /// The topic's name without the prefix.
    pub(crate) topic: String,
    /// The id of an entity that the claim mentions, or that a mention stands for.
    pub(crate) entity: Option<String>,
    /// The type of an entity that the claim mentions.
    pub(crate) kind: Option<EntityType>,
    /// The claim's status.
    pub(crate) status: Option<Status>,
    /// The language that the item is written in.
    pub(crate) language: Option<Language>,
}

impl Route {
    /// The records that the rule adds, where `records` are those of the item and then of its claims.
    pub(crate) fn copies(
        &self,
        item: &ItemRecord,
        claims: &[ClaimRecord],
        records: &[Record],
    ) -> Vec<Record> {
        if self
            .language
            .is_some_and(|language| language != item.tags.language)
        {
            return Vec::new();
        }
        let of_claims = records.iter().skip(1);
        claims
            .iter()
            .zip(of_claims)
            .filter(|(claim, _)| self.matches(claim))
            .map(|(_, record)| Record {
                topic: self.topic.clone(),
                ..record.clone()
            })
            .collect()
    }

    fn matches(&self, claim: &ClaimRecord) -> bool {
        if self
            .status
            .is_some_and(|status| status != claim.claim.status)
        {
            return false;
        }
        if self.entity.is_none() && self.kind.is_none() {
            return true;
        }
        claim.entities.iter().any(|mention| {
            let named = self
                .entity
                .as_ref()
                .is_none_or(|id| *id == mention.id || mention.metonym_of.as_ref() == Some(id));
            named && self.kind.is_none_or(|kind| kind == mention.kind)
        })
    }
}
