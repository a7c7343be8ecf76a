//! Every predicate of a text with its factuality: what `tag --all` shows beside the claims.

use wire::tagged::Clause;

use crate::analysis::Analysis;
use crate::cue::{Category, FutureKind};
use crate::factuality;
use crate::lexicon::Form;

/// Tokens before a predicate in which a governing word is looked for.
const GOVERNOR_REACH: usize = 6;

/// The predicates in text order.
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
