//! Every predicate of a text with its factuality: what `tag --all` shows beside the claims.

use std::ops::Range;

use wire::claim::Span;
use wire::tagged::Clause;

use crate::analysis::Analysis;
use crate::commitment::Commitment;
use crate::cue::{Category, FutureKind};
use crate::grammar::{Grammar, Tag};
use crate::lexicon::Form;
use crate::predicate::Sentence;
use crate::text::Text;
use crate::{factuality, features};

/// Tokens before a predicate in which a governing word is looked for.
const GOVERNOR_REACH: usize = 6;

/// A word and what is known of it as a predicate, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The word, in code points.
    pub head: Span,
    /// Named features, sorted.
    pub features: Vec<String>,
}

/// Every word of an English text as a predicate.
pub(crate) fn observe(
    text: &Text,
    sentences: &[Range<usize>],
    grammar: &Grammar,
    commitment: &Commitment,
) -> Vec<Observed> {
    let mut all = Vec::new();
    for range in sentences {
        let words = &grammar.read(text, range);
        let sentence = Sentence { words, grammar };
        let heads = (0..words.len()).filter(|&at| sentence.tag(at) != Tag::Mark);
        all.extend(heads.map(|at| Observed {
            head: text.span(&(words[at].token..words[at].token + 1)),
            features: features::of(&sentence, &commitment.signatures, at),
        }));
    }
    all
}

/// The clauses of an English text in order of their heads, each with the value that the model gives it.
pub(crate) fn weighed(
    text: &Text,
    sentences: &[Range<usize>],
    grammar: &Grammar,
    commitment: &Commitment,
) -> Vec<Clause> {
    let mut clauses = Vec::new();
    for range in sentences {
        let words = &grammar.read(text, range);
        let sentence = Sentence { words, grammar };
        let is_event = |form: &str| commitment.knows(grammar.lemma(form));
        for at in (0..words.len()).filter(|&at| sentence.is_predicate(at, is_event)) {
            let value = commitment.value(&features::of(&sentence, &commitment.signatures, at));
            let span = text.span(&extent(&sentence, at));
            clauses.push(Clause {
                start: span.start,
                end: span.end,
                head: text.span(&(words[at].token..words[at].token + 1)),
                factuality: factuality::nearest(value),
                value: Some(value),
            });
        }
    }
    clauses
}

/// The tokens of a predicate's clause: with its auxiliaries or its noun phrase, up to the next border.
fn extent(sentence: &Sentence<'_>, at: usize) -> Range<usize> {
    let words = sentence.words;
    let start = if sentence.tag(at).is_verb() {
        sentence.group(at).start.min(at)
    } else {
        let phrase = (at.saturating_sub(4)..at).rev().take_while(|&before| {
            let tag = sentence.tag(before);
            tag.is_noun()
                || matches!(
                    tag,
                    Tag::Determiner | Tag::Adjective | Tag::Attribute | Tag::Number | Tag::Name
                )
        });
        phrase.last().unwrap_or(at)
    };
    let verb = sentence.tag(at).is_verb();
    let end = (at + 1..words.len())
        .take_while(|_| verb)
        .find(|&after| {
            sentence.tag(after) == Tag::Mark
                || sentence.grammar.is_clause_mark(sentence.form(after))
        })
        .map_or(if verb { words.len() } else { at + 1 }, |end| end);
    words[start].token..words[end - 1].token + 1
}

/// The predicates of a text in any other language, by what stands before each.
pub(crate) fn all(analysis: &Analysis<'_>) -> Vec<Clause> {
    let mut clauses = Vec::new();
    for segment in &analysis.segments {
        for at in segment
            .tokens
            .clone()
            .filter(|&at| is_predicate(analysis, at, segment.tokens.start))
        {
            let (certainty, negative) = commitment(analysis, at, segment.tokens.start);
            let factuality = factuality::of(certainty, negative);
            let span = analysis.text.span(&segment.tokens);
            clauses.push(Clause {
                start: span.start,
                end: span.end,
                head: analysis.text.span(&(at..at + 1)),
                factuality,
                value: Some(factuality::value(factuality)),
            });
        }
    }
    clauses
}

/// A finite verb that is no auxiliary of the next, an infinitive or gerund, or an event noun that
/// a verb governs.
fn is_predicate(analysis: &Analysis<'_>, at: usize, start: usize) -> bool {
    let word = analysis.text.word(at);
    let lexicon = analysis.lexicon;
    if lexicon.auxiliary(word).is_some() {
        let next = (at + 1..at + 4).map(|next| analysis.text.word(next));
        return !next
            .take_while(|word| !matches!(*word, "," | "." | ";"))
            .any(|word| lexicon.form(word).is_some());
    }
    if analysis.is_finite(at) {
        return true;
    }
    let before = if at > start {
        analysis.text.word(at - 1)
    } else {
        ""
    };
    match lexicon.form(word) {
        Some(Form::Base) => {
            before == "to"
                || (at.saturating_sub(3).max(start)..at)
                    .any(|near| lexicon.auxiliary(analysis.text.word(near)).is_some())
        }
        Some(Form::Gerund | Form::PastOrParticiple) => !lexicon.determiners.contains(before),
        _ => lexicon.events.contains(word),
    }
}

/// Certainty from 0 to 3 and polarity, by what stands before the predicate in its clause.
fn commitment(analysis: &Analysis<'_>, at: usize, start: usize) -> (u8, bool) {
    let from = at.saturating_sub(GOVERNOR_REACH).max(start);
    let mut certainty = 3;
    for hit in analysis.hits_in(&(from..at)) {
        let cue = analysis.cues.get(hit);
        certainty = certainty.min(match cue.category {
            Category::Modal | Category::Distancing => 1,
            Category::Future if cue.future == Some(FutureKind::Expected) => 1,
            Category::Future | Category::Hearsay => 2,
            Category::ExplicitUnverified => 0,
            _ => 3,
        });
    }
    let conditional = (start..at).any(|near| {
        analysis
            .lexicon
            .conditions
            .contains(analysis.text.word(near))
    });
    if conditional {
        certainty = certainty.min(1);
    }
    (certainty, analysis.is_negated(at, start))
}
