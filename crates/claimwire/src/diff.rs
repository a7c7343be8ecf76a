//! How the tags of a revision differ under two sets of rules.

use std::collections::BTreeSet;
use std::fmt;

use wire::Tagged;

/// What goes and what comes, a line each.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    gone: Vec<String>,
    new: Vec<String>,
}

impl Change {
    /// From `before` to `after`, either of which may be missing. That the rules have another digest is no
    /// change.
    pub(crate) fn new(before: Option<&Tagged>, after: Option<&Tagged>) -> Self {
        let [before, after] = [before, after].map(lines);
        Self {
            gone: before.difference(&after).cloned().collect(),
            new: after.difference(&before).cloned().collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.new.is_empty()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gone = self.gone.iter().map(|line| ('-', line));
        let new = self.new.iter().map(|line| ('+', line));
        for (sign, line) in gone.chain(new) {
            writeln!(f, "  {sign} {line}")?;
        }
        Ok(())
    }
}

/// What the tags say, in an order that keeps what belongs together next to each other.
fn lines(tags: Option<&Tagged>) -> BTreeSet<String> {
    let Some(tags) = tags else {
        return BTreeSet::new();
    };
    let claims = tags.claims.iter().map(|claim| {
        format!(
            "claim {}..{} {} {} {}",
            claim.start,
            claim.end,
            claim.status.name(),
            wire::name(&claim.status_detail),
            wire::name(&claim.factuality)
        )
    });
    let entities = tags
        .entities
        .iter()
        .map(|entity| format!("entity {}..{} {}", entity.start, entity.end, entity.id));
    claims.chain(entities).collect()
}
