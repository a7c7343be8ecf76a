//! Sentences, and the stretches of them that each make one claim.

use std::ops::Range;

use crate::lexicon::Lexicon;
use crate::text::{Kind, Text};

/// Tokens after which a sentence ends, whatever follows: no rule looks that far, and whatever a rule
/// compares within a sentence stays bounded.
const LONGEST_SENTENCE: usize = 250;

/// A stretch of a sentence that makes one claim, by tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Its sentence, by number.
    pub(crate) sentence: usize,
    /// All of it.
    pub(crate) tokens: Range<usize>,
    /// Relative clauses inside it, whose cues say nothing of the main clause.
    pub(crate) asides: Vec<Range<usize>>,
}

impl Segment {
    /// Whether a token stands in the main clause.
    pub(crate) fn is_main(&self, at: usize) -> bool {
        self.tokens.contains(&at) && !self.asides.iter().any(|aside| aside.contains(&at))
    }
}

/// The sentences of a text, by tokens. The title is one of its own.
pub(crate) fn sentences(text: &Text, lexicon: &Lexicon) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < text.len() {
        let mut end = at + 1;
        if ends_sentence(text, lexicon, at) {
            while end < text.len() && end - start < LONGEST_SENTENCE && closes(text, end) {
                end += 1;
            }
            sentences.push(start..end);
            start = end;
        } else if end - start >= LONGEST_SENTENCE
            || at + 1 < text.len() && breaks_line(text, at + 1)
        {
            sentences.push(start..end);
            start = end;
        }
        at = end;
    }
    if start < text.len() {
        sentences.push(start..text.len());
    }
    sentences
}

/// A blank line ends a sentence; a single break does unless the next line goes on in lower case.
fn breaks_line(text: &Text, next: usize) -> bool {
    match text.token(next).breaks {
        0 => false,
        1 => !text.surface(next).starts_with(char::is_lowercase),
        _ => true,
    }
}

/// A closing quote or bracket right after the end of a sentence belongs to it.
fn closes(text: &Text, at: usize) -> bool {
    let touches = text.token(at).start == text.token(at - 1).end;
    touches
        && (text.token(at).kind == Kind::Quote
            || matches!(text.word(at), ")" | "]" | "." | "!" | "?" | "…"))
}

fn ends_sentence(text: &Text, lexicon: &Lexicon, at: usize) -> bool {
    let next_starts =
        |next: usize| next >= text.len() || !text.surface(next).starts_with(char::is_lowercase);
    let mut next = at + 1;
    while next < text.len() && next < at + 8 && closes(text, next) {
        next += 1;
    }
    match text.word(at) {
        "?" | "!" | "…" => next_starts(next) && text.word(next) != ",",
        "." => {
            if at == 0 || !next_starts(next) || text.word(next) == "," {
                return false;
            }
            let before = text.word(at - 1);
            let touches = text.token(at - 1).end == text.token(at).start;
            let initial = touches
                && text.is_capitalised(at - 1)
                && before.chars().count() == 1
                && next < text.len()
                && text.token(at).breaks == 0;
            let glued =
                next < text.len() && next == at + 1 && text.token(at).end == text.token(next).start;
            !(initial || glued || touches && lexicon.abbreviations.contains(before))
        }
        // `U.S.` ends a sentence where a common word follows with a capital.
        word if word.len() > 2 && word.ends_with('.') => {
            next < text.len()
                && text.is_capitalised(next)
                && lexicon.function.contains(text.word(next))
        }
        _ => false,
    }
}

/// The claims' stretches of every sentence, in order.
pub(crate) fn segments(
    text: &Text,
    lexicon: &Lexicon,
    sentences: &[Range<usize>],
    is_finite: impl Fn(usize) -> bool,
    speech: impl Fn(usize) -> bool,
) -> Vec<Segment> {
    let mut all = Vec::new();
    for (number, sentence) in sentences.iter().enumerate() {
        let finite: Vec<usize> = sentence.clone().filter(|&at| is_finite(at)).collect();
        let mut start = sentence.start;
        for at in sentence.clone() {
            if at > start && splits(text, lexicon, sentence, &finite, start, at, &speech) {
                all.push(segment(text, lexicon, &finite, number, start..at));
                start = at;
            }
        }
        all.push(segment(text, lexicon, &finite, number, start..sentence.end));
    }
    all
}

fn splits(
    text: &Text,
    lexicon: &Lexicon,
    sentence: &Range<usize>,
    finite: &[usize],
    start: usize,
    at: usize,
    speech: &impl Fn(usize) -> bool,
) -> bool {
    let word = text.word(at);
    let count = |range: Range<usize>| {
        finite.partition_point(|&verb| verb < range.end)
            - finite.partition_point(|&verb| verb < range.start)
    };
    let both = || count(start..at) > 0 && count(at + 1..sentence.end) > 0;
    if matches!(word, ";" | "—" | "–") || word == ":" && !speech(at) {
        // What follows a colon after a speech verb or a name is what was said.
        let after_speech = (start..at).any(speech);
        return both() && (word == ";" || !after_speech);
    }
    if lexicon.split.contains(word) {
        return both() && text.word(at + 1) != "also";
    }
    if lexicon.coordinate.contains(word) {
        // A claim of its own needs a subject before its verb, or a comma before the conjunction.
        let next = finite.partition_point(|&verb| verb <= at);
        let Some(&verb) = finite.get(next) else {
            return false;
        };
        let comma = text.word(at - 1) == ",";
        let close = verb <= at + 7;
        let subject = verb > at + 1
            && (at + 1..verb).all(|between| text.word(between) != ",")
            && (text.is_capitalised(at + 1) || lexicon.determiners.contains(text.word(at + 1)));
        return count(start..at) > 0 && close && comma && (subject || verb == at + 1);
    }
    false
}

fn segment(
    text: &Text,
    lexicon: &Lexicon,
    finite: &[usize],
    sentence: usize,
    tokens: Range<usize>,
) -> Segment {
    let mut asides = Vec::new();
    let mut at = tokens.start + 1;
    while at < tokens.end {
        // The *WHO* is none.
        if lexicon.relative.contains(text.word(at)) && !text.is_capitalised(at) {
            // A relative clause after a comma ends at the next one, any other at the main verb.
            let closed = text.word(at - 1) == ",";
            let end = (at..tokens.end)
                .find(|&end| closed && text.word(end) == ",")
                .or_else(|| {
                    (!closed)
                        .then(|| main_verb(text, lexicon, finite, at))
                        .flatten()
                })
                .unwrap_or(tokens.end)
                .min(tokens.end);
            asides.push(at..end);
            at = end;
        }
        at += 1;
    }
    Segment {
        sentence,
        tokens,
        asides,
    }
}

/// The verb that goes on with the main clause after a relative clause without commas: *a driver who
/// left Pokrovsk on Saturday **said***. None where that verb has a subject or a conjunction of its own.
fn main_verb(text: &Text, lexicon: &Lexicon, finite: &[usize], relative: usize) -> Option<usize> {
    let verbs = &finite[finite.partition_point(|&verb| verb < relative)..];
    let own = *verbs.first()?;
    if own > relative + 3 {
        return None;
    }
    let next = verbs
        .iter()
        .copied()
        .find(|&verb| verb > own + 1 && lexicon.auxiliary(text.word(verb - 1)).is_none())?;
    let opens = |at: usize| {
        let word = text.word(at);
        !text.is_wordlike(at)
            || lexicon.that.contains(word)
            || lexicon.coordinate.contains(word)
            || lexicon.relative.contains(word)
            || lexicon.persons.contains(word)
    };
    (next > own + 2 && !(own + 1..next).any(opens)).then_some(next)
}
