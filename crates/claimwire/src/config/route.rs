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

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(status: &str, entity: &str, kind: &str) -> ClaimRecord {
        serde_json::from_value(serde_json::json!({
            "id": "0123/1/0", "item": "0123", "revision": 1, "index": 0, "text": "", "title": "",
            "claim": {
                "start": 0, "end": 0, "status": status, "status_detail": "hearsay",
                "factuality": "PS+", "value": 1.0, "kind": "event", "polarity": "positive",
                "tense": "past", "attribution": null, "verifier": null, "evidence": [],
                "score": 0.8, "review": false, "admiralty": {"reliability": "F", "credibility": 4}
            },
            "entities": [{"start": 0, "end": 1, "surface": "", "type": kind, "id": entity}],
            "language": "en",
            "source": {"feed": "paper", "url": "https://paper.example/feed", "publisher": "The Paper",
                "language": "en", "country": "GB", "kind": "newspaper"},
            "fetched": "2026-01-01T00:00:00Z", "rules": "r",
            "story": {"id": "5", "first": {"feed": "paper", "publisher": "The Paper", "item": "0123", "at": "2026-01-01T00:00:00Z"}}
        }))
        .unwrap()
    }

    #[test]
    fn a_route_takes_what_meets_all_that_it_names() {
        let route: Route =
            toml::from_str("topic = \"tanks\"\nkind = \"weapon_system\"\nstatus = \"denied\"")
                .unwrap();
        assert!(route.matches(&claim("denied", "weapon.leopard", "weapon_system")));
        assert!(!route.matches(&claim("confirmed", "weapon.leopard", "weapon_system")));
        assert!(!route.matches(&claim("denied", "org.nato", "organisation")));
    }
}
