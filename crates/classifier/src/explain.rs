//! Why each claim has its status, for a person and as JSON.

use std::fmt;

use serde::Serialize;
use wire::claim::{Status, StatusDetail};
use wire::tagged::Relevance;
use wire::{Claim, Language};

use crate::analysis::Analysis;
use crate::claim::Decided;
use crate::rule::Match;

/// The decision trace of a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The language that the rules were taken from.
    pub language: Language,
    /// Whether it is about NATO or Ukraine.
    pub relevant: bool,
    /// Why.
    pub relevance: Relevance,
    /// Every claim, in text order.
    pub claims: Vec<Trace>,
}

/// One claim and the rows of the decision table that matched it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// The words of the claim.
    pub text: String,
    /// The claim as it is published.
    pub claim: Claim,
    /// The rows that matched, in the order of the table; the first decided.
    pub rows: Vec<Row>,
}

/// A row of the decision table that matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `R1` to `R15`.
    pub rule: String,
    /// The status it gives.
    pub status: Status,
    /// Why.
    pub status_detail: StatusDetail,
    /// The cue's id; none for R15.
    pub cue: Option<String>,
    /// The cue's category.
    pub category: Option<String>,
    /// The words that made it match.
    pub words: String,
}

pub(crate) fn traces(analysis: &Analysis<'_>, decided: Vec<Decided>) -> Vec<Trace> {
    decided
        .into_iter()
        .map(|one| Trace {
            text: characters(&analysis.text.text, one.claim.start, one.claim.end),
            rows: one
                .matches
                .iter()
                .map(|row| self::row(analysis, row))
                .collect(),
            claim: one.claim,
        })
        .collect()
}

fn row(analysis: &Analysis<'_>, row: &Match) -> Row {
    let cue = row.hit.as_ref().map(|hit| analysis.cues.get(hit));
    Row {
        rule: row.rule.to_owned(),
        status: row.status,
        status_detail: row.detail,
        cue: cue.map(|cue| cue.id.clone()),
        category: cue.map(|cue| cue.category.name().to_owned()),
        words: analysis.text.text[analysis.text.bytes(&row.tokens)].to_owned(),
    }
}

fn characters(text: &str, start: u32, end: u32) -> String {
    text.chars()
        .skip(start as usize)
        .take((end - start) as usize)
        .collect()
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.relevant {
            "about NATO or Ukraine"
        } else {
            "not about NATO or Ukraine"
        };
        writeln!(
            f,
            "{}, {about} ({:.2}: {})",
            self.language,
            self.relevance.score,
            self.relevance.reasons.join(", ")
        )?;
        for trace in &self.claims {
            let claim = &trace.claim;
            writeln!(f, "\n{}", trace.text)?;
            writeln!(
                f,
                "  {} / {}, score {:.2}{}",
                name(&claim.status),
                name(&claim.status_detail),
                claim.score,
                if claim.review { ", for review" } else { "" }
            )?;
            if let Some(attribution) = &claim.attribution {
                let entity = attribution.source.entity.as_deref().unwrap_or("unresolved");
                writeln!(
                    f,
                    "  source: {} ({}, {entity}), by \"{}\"",
                    attribution.source.surface,
                    name(&attribution.source.class),
                    attribution.cue.surface
                )?;
            }
            for (index, row) in trace.rows.iter().enumerate() {
                let mark = if index == 0 { ">" } else { " " };
                let cue = row.cue.as_deref().unwrap_or("the author's own voice");
                writeln!(
                    f,
                    "  {mark} {:<4} {:<22} {cue}: \"{}\"",
                    row.rule,
                    name(&row.status_detail),
                    row.words
                )?;
            }
        }
        Ok(())
    }
}

/// A value's name as records spell it.
fn name<T: fmt::Debug>(value: &T) -> String {
    let mut name = String::new();
    for char in format!("{value:?}").chars() {
        if char.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(char.to_lowercase());
    }
    name
}
