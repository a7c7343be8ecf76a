//! What the attribution model sees of a text, a token at a time.

use std::ops::Range;

use rustc_hash::FxHashSet;

use super::words::{Rates, Words};
use crate::analysis::Analysis;
use crate::grammar::{Grammar, Tag};
use crate::lexicon::Form;
use crate::text::{Kind, Text};

/// Tokens to either side of a word in which the verb that it may belong to is looked for.
const VERB_REACH: usize = 6;

/// A text as the model reads it.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) text: &'a Text,
    pub(crate) sentences: &'a [Range<usize>],
    classes: Vec<&'a str>,
    stems: Vec<&'a str>,
    quoted: Vec<bool>,
    /// Where the last quotation mark up to each token stands, and the next one from it on.
    marks: Vec<[Option<usize>; 2]>,
    rates: Vec<&'static str>,
    tags: Vec<Tag>,
    hits: Vec<&'static str>,
}

impl<'a> Reading<'a> {
    /// Reads a text in which `common` words count as themselves and all others by their form.
    pub(crate) fn new(analysis: &'a Analysis<'_>, grammar: &Grammar, words: &Words) -> Self {
        Self::without(analysis, grammar, words, &Rates::default())
    }

    /// The same with counts that leave `own` out, as if the words had been counted elsewhere only.
    pub(crate) fn without(
        analysis: &'a Analysis<'_>,
        grammar: &Grammar,
        words: &Words,
        own: &Rates,
    ) -> Self {
        let text = &analysis.text;
        let classes = (0..text.len())
            .map(|at| class(analysis, &words.common, at))
            .collect();
        let stems: Vec<&str> = (0..text.len()).map(|at| stem(text.word(at))).collect();
        let rates = stems
            .iter()
            .map(|stem| words.rates.rate(stem, own))
            .collect();
        let mut tags = vec![Tag::Mark; text.len()];
        for sentence in &analysis.sentences {
            // Of a contraction the first part counts.
            for word in grammar.read(text, sentence).iter().rev() {
                tags[word.token] = word.tag;
            }
        }
        let mut hits = vec!["-"; text.len()];
        for hit in &analysis.hits {
            let category = analysis.cues.get(hit).category.name();
            hits[hit.tokens.clone()].fill(category);
        }
        Self {
            marks: marks(text),
            rates,
            tags,
            hits,
            text,
            sentences: &analysis.sentences,
            classes,
            stems,
            quoted: quoted(text),
        }
    }

    /// A common word, a mark or the form of any other word; `|` outside of `bounds`.
    pub(crate) fn class(&self, bounds: &Range<usize>, at: usize, offset: isize) -> &'a str {
        self.near(&self.classes, bounds, at, offset)
    }

    /// The word without its ending; `|` outside of `bounds`.
    pub(crate) fn stem(&self, bounds: &Range<usize>, at: usize, offset: isize) -> &'a str {
        self.near(&self.stems, bounds, at, offset)
    }

    /// The folded word; `|` outside of `bounds`.
    pub(crate) fn word(&self, bounds: &Range<usize>, at: usize, offset: isize) -> &'a str {
        at.checked_add_signed(offset)
            .filter(|at| bounds.contains(at))
            .map_or("|", |at| self.text.word(at))
    }

    /// How often the word is a cue.
    pub(crate) fn rate(&self, bounds: &Range<usize>, at: usize, offset: isize) -> &'static str {
        at.checked_add_signed(offset)
            .filter(|at| bounds.contains(at))
            .map_or("|", |at| self.rates[at])
    }

    /// What a token does in its sentence.
    pub(crate) fn tag(&self, at: usize) -> Tag {
        self.tags[at]
    }

    /// The last verb before a token in its clause, no auxiliary.
    pub(crate) fn verb_before(&self, bounds: &Range<usize>, at: usize) -> Option<usize> {
        let near = at.saturating_sub(VERB_REACH).max(bounds.start)..at;
        self.first_verb(near.rev())
    }

    /// The next verb after a token in its clause, no auxiliary.
    pub(crate) fn verb_after(&self, bounds: &Range<usize>, at: usize) -> Option<usize> {
        self.first_verb(at + 1..bounds.end.min(at + 1 + VERB_REACH))
    }

    fn first_verb(&self, tokens: impl Iterator<Item = usize>) -> Option<usize> {
        tokens
            .take_while(|&at| self.tags[at] != Tag::Mark)
            .find(|&at| self.tags[at].is_verb() && !self.tags[at].is_auxiliary())
    }

    /// The category of the cue of `config/cues/` that a token belongs to.
    pub(crate) fn hit(&self, at: usize) -> &'static str {
        self.hits[at]
    }

    fn near(&self, all: &[&'a str], bounds: &Range<usize>, at: usize, offset: isize) -> &'a str {
        at.checked_add_signed(offset)
            .filter(|at| bounds.contains(at))
            .map_or("|", |at| all[at])
    }

    /// Whether a token stands in quotation marks.
    pub(crate) fn is_quoted(&self, at: usize) -> bool {
        self.quoted[at]
    }

    /// The last quotation mark of a sentence before a token, and the next after it.
    pub(crate) fn marks(&self, sentence: &Range<usize>, at: usize) -> [Option<usize>; 2] {
        let mark = |at: Option<usize>, side: usize| {
            let mark = self.marks.get(at?)?[side]?;
            sentence.contains(&mark).then_some(mark)
        };
        [mark(at.checked_sub(1), 0), mark(Some(at + 1), 1)]
    }

    /// Whether a token is a quotation mark that opens.
    pub(crate) fn opens(&self, at: usize) -> bool {
        self.is_quote(at) && self.quoted.get(at + 1).copied().unwrap_or_default()
    }

    pub(crate) fn is_quote(&self, at: usize) -> bool {
        is_double_quote(self.text, at)
    }
}

fn class<'a>(analysis: &'a Analysis<'_>, common: &FxHashSet<String>, at: usize) -> &'a str {
    let text = &analysis.text;
    let word = text.word(at);
    match text.token(at).kind {
        Kind::Punct | Kind::Quote => return word,
        Kind::Number => return "#",
        Kind::Word if common.contains(word) => return word,
        Kind::Word => {}
    }
    if text.is_capitalised(at) {
        return "Xx";
    }
    match analysis.lexicon.form(word) {
        Some(Form::Finite(_)) => "aux",
        Some(Form::PastOrParticiple) => "-ed",
        Some(Form::PresentOrNoun) => "-vs",
        Some(Form::Base) => "-v",
        Some(Form::Gerund) => "-ing",
        None if word.ends_with("ly") => "-ly",
        None if word.ends_with("ing") => "-ing",
        None if word.ends_with("ion") || word.ends_with("ment") => "-ion",
        None if word.ends_with('s') => "-s",
        None => "x",
    }
}

/// A word without its regular ending: *criticised*, *criticising* and *criticises* alike.
pub(crate) fn stem(word: &str) -> &str {
    if word.len() < 5 || !word.is_ascii() {
        return word;
    }
    let cut = ["ing", "ied", "ies", "ed", "es", "s", "e", "y"]
        .into_iter()
        .find_map(|ending| word.strip_suffix(ending))
        .filter(|stem| stem.len() > 2)
        .unwrap_or(word);
    let bytes = cut.as_bytes();
    let doubled = cut.len() > 3
        && bytes[cut.len() - 1] == bytes[cut.len() - 2]
        && !matches!(bytes[cut.len() - 1], b's' | b'l' | b'e' | b'o');
    if doubled { &cut[..cut.len() - 1] } else { cut }
}

fn is_double_quote(text: &Text, at: usize) -> bool {
    text.token(at).kind == Kind::Quote
        && matches!(text.surface(at), "\"" | "“" | "”" | "„" | "«" | "»")
}

/// Which tokens stand in double quotation marks, these included. A quotation ends at the end of its
/// paragraph; one that goes on is opened anew.
fn quoted(text: &Text) -> Vec<bool> {
    let mut open = false;
    (0..text.len())
        .map(|at| {
            if text.token(at).breaks > 0 {
                open = false;
            }
            if !is_double_quote(text, at) {
                return open;
            }
            open = match text.surface(at) {
                "“" | "„" | "«" => true,
                "\"" => !open,
                _ => false,
            };
            true
        })
        .collect()
}

fn marks(text: &Text) -> Vec<[Option<usize>; 2]> {
    let mut marks = vec![[None; 2]; text.len()];
    let mut last = None;
    for (at, mark) in marks.iter_mut().enumerate() {
        last = is_double_quote(text, at).then_some(at).or(last);
        mark[0] = last;
    }
    let mut next = None;
    for (at, mark) in marks.iter_mut().enumerate().rev() {
        next = is_double_quote(text, at).then_some(at).or(next);
        mark[1] = next;
    }
    marks
}
