//! Why each claim has its status, for a person and as JSON.

use std::fmt;
use std::ops::Range;

use serde::Serialize;
use wire::claim::{SourceClass, Status, StatusDetail};
use wire::tagged::Relevance;
use wire::{Claim, Language};

use crate::analysis::Analysis;
use crate::claim::Decided;
use crate::cue::Hit;
use crate::facts::{Facts, Voice};
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
    /// Every cue that bears on it, with how far it reaches.
    pub cues: Vec<Cue>,
    /// Everybody who speaks in it; whose cue decided is its attribution.
    pub candidates: Vec<Candidate>,
    /// The rows that matched, in the order of the table; the first decided.
    pub rows: Vec<Row>,
}

/// A cue that bears on a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cue {
    /// The cue's id.
    pub id: String,
    /// The cue's category.
    pub category: String,
    /// Its words in the text.
    pub words: String,
    /// How far it reaches: `clause`, `sentence`, `previous_sentence`.
    pub scope: String,
    /// Which way: `forward`, `left`, `both`, `previous`.
    pub direction: String,
    /// True where a negation turns it round.
    pub negated: bool,
}

/// Somebody who may be the source of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The words that name them.
    pub words: String,
    /// What they are for this claim.
    pub class: SourceClass,
    /// The entity they resolve to, if to any.
    pub entity: Option<String>,
    /// The words by which they speak.
    pub by: String,
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
        .map(|one| {
            let facts = Facts::new(analysis, one.segment);
            Trace {
                text: characters(&analysis.text.text, one.claim.start, one.claim.end),
                cues: facts.hits.iter().map(|hit| cue(analysis, hit)).collect(),
                candidates: facts
                    .voices
                    .iter()
                    .map(|voice| candidate(analysis, voice))
                    .collect(),
                rows: one
                    .matches
                    .iter()
                    .map(|row| self::row(analysis, row))
                    .collect(),
                claim: one.claim,
            }
        })
        .collect()
}

fn cue(analysis: &Analysis<'_>, hit: &Hit) -> Cue {
    let cue = analysis.cues.get(hit);
    Cue {
        id: cue.id.clone(),
        category: cue.category.name().to_owned(),
        words: words(analysis, &hit.tokens),
        scope: name(&cue.reach),
        direction: name(&cue.direction),
        negated: hit.negated,
    }
}

fn candidate(analysis: &Analysis<'_>, voice: &Voice<'_>) -> Candidate {
    Candidate {
        words: words(analysis, &voice.attributed.source),
        class: voice.class,
        entity: voice.entity.clone(),
        by: words(analysis, &voice.attributed.hit.tokens),
    }
}

fn words(analysis: &Analysis<'_>, tokens: &Range<usize>) -> String {
    analysis.text.text[analysis.text.bytes(tokens)].to_owned()
}

fn row(analysis: &Analysis<'_>, row: &Match) -> Row {
    let cue = row.hit.as_ref().map(|hit| analysis.cues.get(hit));
    Row {
        rule: row.rule.to_owned(),
        status: row.status,
        status_detail: row.detail,
        cue: cue.map(|cue| cue.id.clone()),
        category: cue.map(|cue| cue.category.name().to_owned()),
        words: words(analysis, &row.tokens),
    }
}

fn characters(text: &str, start: u32, end: u32) -> String {
    text.chars()
        .skip(start as usize)
        .take((end - start) as usize)
        .collect()
}

/// For a person; in colour when written as `{:#}`. Nothing of the text that a terminal would obey is shown.
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
        self.claims.iter().try_for_each(|trace| show(trace, f))
    }
}

fn show(trace: &Trace, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let colour = f.alternate();
    let paint = |style: &str, text: &str| {
        let text = visible(text);
        if colour {
            format!("\x1b[{style}m{text}\x1b[0m")
        } else {
            text
        }
    };
    let claim = &trace.claim;
    let style = match claim.status {
        Status::Confirmed => "32",
        Status::Unconfirmed => "33",
        Status::Denied => "31",
        Status::Disputed => "35",
        Status::NotAClaim => "90",
    };
    writeln!(f, "\n{}", paint("1", &trace.text))?;
    writeln!(
        f,
        "  {} / {}, score {:.2}{}",
        paint(style, &name(&claim.status)),
        paint(style, &name(&claim.status_detail)),
        claim.score,
        if claim.review { ", for review" } else { "" }
    )?;
    for cue in &trace.cues {
        let not = if cue.negated { "not " } else { "" };
        writeln!(
            f,
            "  cue: {not}\"{}\" {} {}, {} {}",
            paint("1;4", &cue.words),
            cue.category,
            paint("90", &cue.id),
            cue.scope,
            cue.direction
        )?;
    }
    for candidate in &trace.candidates {
        let decided = claim
            .attribution
            .as_ref()
            .is_some_and(|attribution| attribution.source.surface == candidate.words);
        writeln!(
            f,
            "  {}: {} ({}, {}), by \"{}\"",
            if decided { "source" } else { "speaker" },
            paint("36", &candidate.words),
            name(&candidate.class),
            candidate.entity.as_deref().unwrap_or("unresolved"),
            visible(&candidate.by)
        )?;
    }
    for (index, row) in trace.rows.iter().enumerate() {
        let mark = if index == 0 { ">" } else { " " };
        let cue = row.cue.as_deref().unwrap_or("the author's own voice");
        let style = if index == 0 { "1" } else { "90" };
        let line = format!(
            "{mark} {:<4} {:<22} {cue}: \"{}\"",
            row.rule,
            name(&row.status_detail),
            row.words
        );
        writeln!(f, "  {}", paint(style, &line))?;
    }
    Ok(())
}

/// `text` without control characters and marks that turn the direction of what follows.
fn visible(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' | '\r' | '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => None,
        c if c.is_control() => None,
        c => Some(c),
    };
    text.chars().filter_map(shown).collect()
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
