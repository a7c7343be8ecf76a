//! Whether a text is about NATO or Ukraine.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use wire::entity::EntityType;
use wire::tagged::Relevance;

use crate::dictionary::Dictionary;
use crate::files::{RuleError, RuleFiles};
use crate::mention::Mention;
use crate::pattern::{PatternSet, Verbs};
use crate::text::Text;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    threshold: f32,
    title: f32,
    lead: f32,
    body: f32,
    again: f32,
    media: BTreeSet<String>,
    anchors: Anchors,
    #[serde(default)]
    negative: Vec<Negative>,
}

/// Which entities anchor a text to the subject.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Anchors {
    types: Vec<EntityType>,
    countries: Vec<String>,
    parties: Vec<String>,
    bodies: Vec<String>,
    ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Negative {
    reason: String,
    weight: f32,
    patterns: Vec<Spanned<String>>,
}

/// The weights of `config/relevance.toml`.
#[derive(Debug)]
pub(crate) struct Weights {
    file: File,
    negatives: PatternSet,
}

impl Weights {
    pub(crate) fn new(files: &RuleFiles) -> Result<Self, RuleError> {
        let source = files.one("relevance.toml");
        let file: File = source.parse()?;
        let mut negatives = PatternSet::default();
        for (owner, negative) in file.negative.iter().enumerate() {
            for pattern in &negative.patterns {
                negatives
                    .add(owner, pattern.get_ref(), &Verbs::new())
                    .map_err(|what| source.error(&pattern.span(), what))?;
            }
        }
        Ok(Self { file, negatives })
    }

    /// Whether an entity is a news outlet.
    pub(crate) fn is_media(&self, id: &str) -> bool {
        self.file.media.contains(id)
    }

    fn is_anchor(&self, mention: &Mention, dictionary: &Dictionary) -> bool {
        let anchors = &self.file.anchors;
        let Some(entry) = mention.entry(dictionary) else {
            return false;
        };
        let listed = |list: &[String], value: &Option<String>| {
            value.as_ref().is_some_and(|value| list.contains(value))
        };
        anchors.types.contains(&entry.kind)
            || anchors.ids.contains(&entry.id)
            || listed(&anchors.countries, &entry.country)
            || listed(&anchors.bodies, &entry.member_of)
            || entry
                .party_to
                .iter()
                .any(|party| anchors.parties.contains(party))
            || entry
                .roles
                .iter()
                .any(|office| listed(&anchors.bodies, &office.of))
    }

    /// The score with its reasons, and whether it reaches the threshold. Without a title the first
    /// sentence stands in for it.
    pub(crate) fn judge(
        &self,
        text: &Text,
        sentences: &[Range<usize>],
        mentions: &[Mention],
        dictionary: &Dictionary,
    ) -> (Relevance, bool) {
        let mut best: BTreeMap<&str, (f32, &str, usize)> = BTreeMap::new();
        for mention in mentions
            .iter()
            .filter(|mention| self.is_anchor(mention, dictionary))
        {
            let sentence = sentences.partition_point(|range| range.end <= mention.tokens.start);
            let (weight, place) = match sentence {
                0 => (
                    self.file.title,
                    if text.title_end > 0 { "title" } else { "lead" },
                ),
                1 | 2 if text.title_end > 0 => (self.file.lead, "lead"),
                1 => (self.file.lead, "lead"),
                _ => (self.file.body, "body"),
            };
            let entry = best.entry(&mention.id).or_insert((weight, place, 0));
            entry.2 += 1;
        }
        let mut score = 0.0;
        let mut reasons = Vec::new();
        for (id, (weight, place, times)) in &best {
            score += weight;
            if *times > 1 {
                score += self.file.again;
            }
            reasons.push((*weight, format!("{place}:{id}")));
        }
        reasons.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let mut reasons: Vec<String> = reasons.into_iter().map(|(_, reason)| reason).collect();
        let mut against = vec![false; self.file.negative.len()];
        for sentence in sentences {
            for at in sentence.clone() {
                self.negatives
                    .at(text, at, sentence.start, sentence.end, |owner, _| {
                        against[owner] = true;
                    });
            }
        }
        for (negative, _) in self
            .file
            .negative
            .iter()
            .zip(&against)
            .filter(|(_, hit)| **hit)
        {
            score -= negative.weight;
            reasons.push(format!("against:{}", negative.reason));
        }
        let relevant = score >= self.file.threshold;
        (
            Relevance {
                score: (score * 100.0).round() / 100.0,
                reasons,
            },
            relevant,
        )
    }
}
