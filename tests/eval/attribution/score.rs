//! How well attributions agree with those that people marked.
//!
//! - **Sentence**: whether a sentence holds (part of) an attribution. Two readings are reported: it holds (part
//!   of) a cue, and it holds (part of) a cue or a content; the second also asks where quotations go on. Sentences
//!   are cut by the evaluator, so that they do not depend on what is scored.
//! - **Cue tokens**: words, numbers and marks that belong to a cue.
//! - **Source and content**: one found is right when its cue overlaps that of a marked attribution and the span
//!   itself overlaps the marked one; and a marked one is found when that holds the other way round. *Exact* asks
//!   for the same first and last code point instead. A role that is not there on one side counts on the other.

use std::ops::Range;

use crate::errors::Errors;
use crate::measures::Measures;
use crate::polnear::{Attribution, Spans};

/// Found, marked, and what of each the other side has too.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    found: usize,
    marked: usize,
    right: usize,
    recalled: usize,
}

/// The counts of every measure.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scores {
    cue_sentences: Counts,
    sentences: Counts,
    tokens: Counts,
    cues: Counts,
    sources: Counts,
    exact_sources: Counts,
    contents: Counts,
    exact_contents: Counts,
}

impl Counts {
    /// Counts a unit that either side can have.
    fn unit(&mut self, found: bool, marked: bool) {
        self.found += usize::from(found);
        self.marked += usize::from(marked);
        self.right += usize::from(found && marked);
        self.recalled += usize::from(found && marked);
    }

    /// Counts attributions that have a role, those right that `same` matches with one of the other side.
    fn spans(
        &mut self,
        found: &[&Attribution],
        marked: &[&Attribution],
        same: impl Fn(&Attribution, &Attribution) -> bool,
    ) {
        self.found += found.len();
        self.marked += marked.len();
        let right = |one: &&&Attribution| marked.iter().any(|other| same(one, other));
        self.right += found.iter().filter(right).count();
        let recalled = |one: &&&Attribution| found.iter().any(|other| same(other, one));
        self.recalled += marked.iter().filter(recalled).count();
    }

    fn precision(self) -> f64 {
        ratio(self.right, self.found)
    }

    fn recall(self) -> f64 {
        ratio(self.recalled, self.marked)
    }

    fn f1(self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall > 0.0 {
            2.0 * precision * recall / (precision + recall)
        } else {
            0.0
        }
    }

    fn print(self, name: &str) {
        println!(
            "    {name:<32} P {:.3}  R {:.3}  F1 {:.3}  n {:>5}",
            self.precision(),
            self.recall(),
            self.f1(),
            self.marked
        );
    }
}

impl Scores {
    /// Adds what was found in an article where this was marked.
    pub(crate) fn add(&mut self, text: &[char], marked: &[Attribution], found: &[Attribution]) {
        let cues =
            |all: &[Attribution]| -> Spans { all.iter().flat_map(|one| one.cue.clone()).collect() };
        let contents = |all: &[Attribution]| -> Spans {
            all.iter().flat_map(|one| one.content.clone()).collect()
        };
        let (marked_cues, found_cues) = (cues(marked), cues(found));
        let (marked_contents, found_contents) = (contents(marked), contents(found));
        for sentence in sentences(text) {
            let sentence = [sentence];
            let by_cue = [&found_cues, &marked_cues].map(|cues| overlap(&sentence, cues));
            self.cue_sentences.unit(by_cue[0], by_cue[1]);
            self.sentences.unit(
                by_cue[0] || overlap(&sentence, &found_contents),
                by_cue[1] || overlap(&sentence, &marked_contents),
            );
        }
        for token in tokens(text) {
            let token = [token];
            self.tokens
                .unit(overlap(&token, &found_cues), overlap(&token, &marked_cues));
        }
        let same_cue = |one: &Attribution, other: &Attribution| overlap(&one.cue, &other.cue);
        let with = |all: &[Attribution], role: fn(&Attribution) -> &Spans| -> Vec<usize> {
            (0..all.len())
                .filter(|&at| !role(&all[at]).is_empty())
                .collect()
        };
        let count = |counts: &mut Counts, role: fn(&Attribution) -> &Spans, exact: bool| {
            let found: Vec<&Attribution> =
                with(found, role).into_iter().map(|at| &found[at]).collect();
            let marked: Vec<&Attribution> = with(marked, role)
                .into_iter()
                .map(|at| &marked[at])
                .collect();
            counts.spans(&found, &marked, |one, other| {
                let (a, b) = (role(one), role(other));
                same_cue(one, other)
                    && if exact {
                        hull(a) == hull(b)
                    } else {
                        overlap(a, b)
                    }
            });
        };
        count(&mut self.cues, |one| &one.cue, false);
        count(&mut self.sources, |one| &one.source, false);
        count(&mut self.exact_sources, |one| &one.source, true);
        count(&mut self.contents, |one| &one.content, false);
        count(&mut self.exact_contents, |one| &one.content, true);
    }

    /// Prints the table; of what only finds cues, what concerns them.
    pub(crate) fn print(&self, name: &str, roles: bool) {
        println!("  {name}");
        self.cue_sentences.print("sentence, by its cues");
        self.sentences.print("sentence, by cues or contents");
        self.tokens.print("cue tokens");
        self.cues.print("cues, overlap");
        if roles {
            self.sources.print("source, overlap");
            self.exact_sources.print("source, exact");
            self.contents.print("content, overlap");
            self.exact_contents.print("content, exact");
        }
    }

    /// Adds what the bars are for, beside what a list of verbs finds.
    pub(crate) fn note(&self, listed: &Self, measures: &mut Measures) {
        let beside = |counts: Counts, published: &str| {
            format!("our list of verbs {:.3}{published}", counts.f1())
        };
        measures.add(
            "PolNeAR dev, sentences with a cue, F1",
            self.cue_sentences.f1(),
            0.82..,
            &beside(listed.cue_sentences, "; on its test, 298 verbs 0.725"),
        );
        measures.add(
            "PolNeAR dev, tokens of cues, F1",
            self.tokens.f1(),
            0.65..,
            &beside(
                listed.tokens,
                "; on its test, 298 verbs 0.362; two people 0.69",
            ),
        );
        measures.add("PolNeAR dev, sources, F1", self.sources.f1(), 0.60.., "");
        measures.add("PolNeAR dev, contents, F1", self.contents.f1(), 0.60.., "");
    }
}

/// Notes every attribution that is missed, imagined or given to the wrong words.
pub(crate) fn note(
    errors: &mut Errors,
    text: &[char],
    marked: &[Attribution],
    found: &[Attribution],
) {
    let surface = |spans: &Spans| -> String {
        let span = hull(spans);
        text[span]
            .iter()
            .collect::<String>()
            .to_lowercase()
            .replace(['\n', '\t'], " ")
    };
    let mut say = |kind: &str, one: &Attribution| {
        let cue = hull(&one.cue);
        errors.note(kind, &surface(&one.cue), text, cue.start, cue.end);
    };
    for one in found.iter().filter(|one| !one.cue.is_empty()) {
        let Some(other) = marked.iter().find(|other| overlap(&one.cue, &other.cue)) else {
            say("imagined", one);
            continue;
        };
        for (kind, a, b) in [
            ("source", &one.source, &other.source),
            ("content", &one.content, &other.content),
        ] {
            if !overlap(a, b) && a.is_empty() != b.is_empty() || !a.is_empty() && !overlap(a, b) {
                say(kind, one);
            }
        }
    }
    for one in marked.iter().filter(|one| !one.cue.is_empty()) {
        if !found.iter().any(|other| overlap(&one.cue, &other.cue)) {
            say("missed", one);
        }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

fn overlap(one: &[Range<usize>], other: &[Range<usize>]) -> bool {
    one.iter()
        .any(|a| other.iter().any(|b| a.start < b.end && b.start < a.end))
}

/// From the first code point to the last.
fn hull(spans: &Spans) -> Range<usize> {
    let start = spans
        .iter()
        .map(|span| span.start)
        .min()
        .unwrap_or_default();
    let end = spans.iter().map(|span| span.end).max().unwrap_or_default();
    start..end
}

/// Words, with what joins them, and marks; by code points.
pub(crate) fn tokens(text: &[char]) -> Vec<Range<usize>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let start = at;
        at += 1;
        if text[start].is_whitespace() {
            continue;
        }
        let joins = |at: usize| {
            matches!(text[at], '-' | '\'' | '’')
                && text.get(at + 1).is_some_and(|next| next.is_alphanumeric())
        };
        while text[start].is_alphanumeric()
            && at < text.len()
            && (text[at].is_alphanumeric() || joins(at))
        {
            at += 1;
        }
        tokens.push(start..at);
    }
    tokens
}

/// Short words that a full stop does not end a sentence after.
const ABBREVIATIONS: [&str; 25] = [
    "mr", "mrs", "ms", "dr", "sen", "rep", "gov", "gen", "lt", "col", "st", "jan", "feb", "aug",
    "sept", "oct", "nov", "dec", "no", "jr", "vs", "sgt", "rev", "prof", "reps",
];

/// Sentences: to the end of the line, or to a stop that a capital, a figure or a quotation follows.
fn sentences(text: &[char]) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < text.len() {
        let mut end = at + 1;
        let stops = matches!(text[at], '.' | '!' | '?');
        while stops
            && end < text.len()
            && matches!(text[end], '"' | '”' | '’' | ')' | '\'' | '.' | '!' | '?')
        {
            end += 1;
        }
        let next = (end..text.len())
            .find(|&next| text[next] != ' ')
            .unwrap_or(text.len());
        let opens = next > end
            && next < text.len()
            && (text[next].is_uppercase()
                || text[next].is_numeric()
                || matches!(text[next], '“' | '"' | '‘' | '('));
        if text[at] == '\n'
            || stops && opens && !(text[at] == '.' && is_abbreviation(&text[start..at]))
        {
            sentences.push(start..end);
            start = next.min(text.len()).max(end);
            end = start;
        }
        at = end;
    }
    sentences.push(start..text.len());
    sentences.retain(|sentence| {
        text[sentence.clone()]
            .iter()
            .any(|char| char.is_alphanumeric())
    });
    sentences
}

fn is_abbreviation(before: &[char]) -> bool {
    let word: String = before
        .iter()
        .rev()
        .take_while(|char| char.is_alphanumeric() || **char == '.')
        .flat_map(|char| char.to_lowercase())
        .collect();
    let word: String = word.chars().rev().collect();
    word.chars().count() == 1 && word.chars().all(char::is_alphabetic)
        || word.contains('.')
        || ABBREVIATIONS.contains(&word.as_str())
}
