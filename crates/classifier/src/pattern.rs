//! Word patterns: what the cue and guard files are written in.
//!
//! A pattern is a line of words. `word*` takes up to four more letters, `*word` any beginning,
//! `(a|b c|)` one of several wordings (an empty one makes the group optional), `{say}` any form of
//! a listed verb, `...` up to five words in between, `#` a number, `^` the start of a sentence. A
//! word with a capital must have one in the text. Quotation marks between words are skipped.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::text::{Kind, Text};
use crate::wordset::Outline;

/// Letters that `*` stands for at most, so that `confirm*` never reaches `confirmationless`.
const STEM_LETTERS: usize = 4;
/// Words that `...` stands for at most.
const GAP_WORDS: usize = 5;
/// Wordings that one pattern may expand to.
const MOST_WORDINGS: usize = 400;

/// Verb forms by lemma: what `{lemma}` expands to.
pub(crate) type Verbs = BTreeMap<String, Vec<String>>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Exact(String),
    Capital(String),
    Stem(String),
    Ending(String),
    Number,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Element {
    Word(Vec<Word>),
    Gap,
    SentenceStart,
}

/// Patterns of one language, indexed by their first two words, so that a text is read once.
#[derive(Debug, Default)]
pub(crate) struct PatternSet {
    wordings: Vec<(usize, Vec<Element>)>,
    exact: FxHashMap<String, Branch>,
    stem: FxHashMap<String, Branch>,
    stems: Outline,
    other: Branch,
}

/// The wordings that begin with one word: hundreds begin with *is*, few go on with the next word.
#[derive(Debug, Default)]
struct Branch {
    second: FxHashMap<String, Vec<usize>>,
    /// Those of one word, and those whose second is no whole word.
    rest: Vec<usize>,
}

impl Branch {
    fn add(&mut self, index: usize, second: Option<&[Word]>) {
        let whole: Option<Vec<&String>> = second.and_then(|words| {
            let whole = words.iter().map(|word| match word {
                Word::Exact(text) | Word::Capital(text) => Some(text),
                _ => None,
            });
            whole.collect()
        });
        let Some(words) = whole else {
            self.rest.push(index);
            return;
        };
        for word in words {
            let listed = self.second.entry(word.clone()).or_default();
            if listed.last() != Some(&index) {
                listed.push(index);
            }
        }
    }
}

impl PatternSet {
    /// Adds `pattern` for `owner`, or says what is wrong with it.
    pub(crate) fn add(&mut self, owner: usize, pattern: &str, verbs: &Verbs) -> Result<(), String> {
        for wording in wordings(pattern, verbs)? {
            let index = self.wordings.len();
            let begin = wording
                .iter()
                .position(|element| matches!(element, Element::Word(_)));
            let Some(begin) = begin else {
                return Err(format!("pattern `{pattern}` has no word"));
            };
            if matches!(wording[0], Element::Gap) || wording.last() == Some(&Element::Gap) {
                return Err(format!("pattern `{pattern}` begins or ends with `...`"));
            }
            let words = |at: usize| match wording.get(at) {
                Some(Element::Word(words)) => Some(words.as_slice()),
                _ => None,
            };
            let second = words(begin + 1);
            let mut listed_elsewhere = false;
            for word in words(begin).unwrap_or_default() {
                match word {
                    Word::Exact(text) | Word::Capital(text) => {
                        let branch = self.exact.entry(text.clone()).or_default();
                        branch.add(index, second);
                    }
                    Word::Stem(text) => {
                        let branch = self.stem.entry(text.clone()).or_default();
                        branch.add(index, second);
                        self.stems.add(text);
                    }
                    Word::Ending(_) | Word::Number if !listed_elsewhere => {
                        listed_elsewhere = true;
                        self.other.add(index, second);
                    }
                    Word::Ending(_) | Word::Number => {}
                }
            }
            self.wordings.push((owner, wording));
        }
        Ok(())
    }

    /// Calls `found(owner, end)` for every wording that begins at token `at` and ends before
    /// token `limit`.
    pub(crate) fn at(
        &self,
        text: &Text,
        at: usize,
        sentence_start: usize,
        limit: usize,
        mut found: impl FnMut(usize, usize),
    ) {
        let mut check = |indexes: &[usize]| {
            for &index in indexes {
                let (owner, wording) = &self.wordings[index];
                let elements = match wording.first() {
                    Some(Element::SentenceStart) if at != sentence_start => continue,
                    Some(Element::SentenceStart) => &wording[1..],
                    _ => &wording[..],
                };
                if let Some(end) = matches(text, elements, at, limit) {
                    found(*owner, end);
                }
            }
        };
        let mut next = at + 1;
        while next < limit && text.token(next).kind == Kind::Quote {
            next += 1;
        }
        let next = if next < limit { text.word(next) } else { "" };
        let mut follow = |branch: &Branch| {
            if let Some(indexes) = branch.second.get(next) {
                check(indexes);
            }
            check(&branch.rest);
        };
        let word = text.word(at);
        if let Some(branch) = self.exact.get(word) {
            follow(branch);
        }
        for prefix in prefixes(word).filter(|prefix| self.stems.may_hold(prefix)) {
            if let Some(branch) = self.stem.get(prefix) {
                follow(branch);
            }
        }
        follow(&self.other);
    }
}

/// The word itself and what is left of it without its last one to four letters.
fn prefixes(word: &str) -> impl Iterator<Item = &str> {
    let ends = word
        .char_indices()
        .rev()
        .take(STEM_LETTERS)
        .map(|(at, _)| at);
    std::iter::once(word.len())
        .chain(ends)
        .filter(|&end| end > 0)
        .map(|end| &word[..end])
}

fn matches(text: &Text, elements: &[Element], at: usize, limit: usize) -> Option<usize> {
    let Some((first, rest)) = elements.split_first() else {
        return Some(at);
    };
    match first {
        Element::SentenceStart => None,
        Element::Gap => {
            let mut position = at;
            let mut words = 0;
            while position < limit && words <= GAP_WORDS {
                if let Some(end) = matches(text, rest, position, limit) {
                    return Some(end);
                }
                match text.token(position).kind {
                    Kind::Word | Kind::Number => words += 1,
                    Kind::Punct if matches!(text.word(position), ";" | ":") => return None,
                    Kind::Punct | Kind::Quote => {}
                }
                position += 1;
            }
            None
        }
        Element::Word(words) => {
            let mut position = at;
            while position < limit && text.token(position).kind == Kind::Quote {
                position += 1;
            }
            if position < limit && words.iter().any(|word| word.fits(text, position)) {
                matches(text, rest, position + 1, limit)
            } else {
                None
            }
        }
    }
}

impl Word {
    fn parse(word: &str) -> Result<Self, String> {
        let lower = crate::text::fold(word);
        // An elided word keeps its apostrophe: `l' OTAN`.
        let letters = lower.trim_matches('*').trim_end_matches('\'');
        if Text::new(None, letters).len() > 1 {
            return Err(format!(
                "`{word}` is more than one word in a text: put spaces between them"
            ));
        }
        Ok(if word == "#" {
            Self::Number
        } else if let Some(stem) = lower.strip_suffix('*') {
            if stem.contains('*') || stem.is_empty() {
                return Err(format!(
                    "`{word}`: one `*`, at the end or the beginning of a word"
                ));
            }
            Self::Stem(stem.to_owned())
        } else if let Some(ending) = lower.strip_prefix('*') {
            Self::Ending(ending.to_owned())
        } else if word.chars().next().is_some_and(char::is_uppercase) {
            Self::Capital(lower)
        } else {
            Self::Exact(lower)
        })
    }

    fn fits(&self, text: &Text, at: usize) -> bool {
        let word = text.word(at);
        match self {
            Self::Exact(exact) => word == exact,
            Self::Capital(exact) => word == exact && text.is_capitalised(at),
            Self::Stem(stem) => word
                .strip_prefix(stem.as_str())
                .is_some_and(|rest| rest.chars().count() <= STEM_LETTERS),
            Self::Ending(ending) => word.len() > ending.len() && word.ends_with(ending.as_str()),
            Self::Number => text.token(at).kind == Kind::Number,
        }
    }
}

/// Every wording of a pattern.
fn wordings(pattern: &str, verbs: &Verbs) -> Result<Vec<Vec<Element>>, String> {
    let mut all: Vec<Vec<Element>> = vec![Vec::new()];
    for part in parts(pattern)? {
        let choices = match part {
            Part::Plain(word) => vec![vec![element(word, verbs)?]],
            Part::Group(group) => group_choices(group, verbs)?,
        };
        if all.len() * choices.len() > MOST_WORDINGS {
            return Err(format!(
                "pattern `{pattern}` has more than {MOST_WORDINGS} wordings"
            ));
        }
        all = all
            .iter()
            .flat_map(|head| {
                choices
                    .iter()
                    .map(|tail| head.iter().chain(tail).cloned().collect())
            })
            .collect();
    }
    all.retain(|wording| !wording.is_empty());
    if all.is_empty() {
        return Err("an empty pattern".to_owned());
    }
    Ok(all)
}

/// The choices of `a|b c|`: single words as one element, the rest as wordings of their own.
fn group_choices(group: &str, verbs: &Verbs) -> Result<Vec<Vec<Element>>, String> {
    let mut single = Vec::new();
    let mut choices = Vec::new();
    for choice in group.split('|') {
        let mut elements = Vec::new();
        for word in choice.split_whitespace() {
            elements.push(element(word, verbs)?);
        }
        match elements.as_slice() {
            [Element::Word(words)] => single.extend(words.iter().cloned()),
            _ => choices.push(elements),
        }
    }
    if !single.is_empty() {
        choices.push(vec![Element::Word(single)]);
    }
    Ok(choices)
}

fn element(word: &str, verbs: &Verbs) -> Result<Element, String> {
    if word == "..." {
        return Ok(Element::Gap);
    }
    if word == "^" {
        return Ok(Element::SentenceStart);
    }
    if let Some(lemma) = word
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
    {
        let forms = verbs
            .get(lemma)
            .ok_or_else(|| format!("no verb `{lemma}` is listed for this language"))?;
        let words = forms
            .iter()
            .map(|form| Word::Exact(crate::text::fold(form)));
        return Ok(Element::Word(words.collect()));
    }
    Ok(Element::Word(vec![Word::parse(word)?]))
}

enum Part<'a> {
    Plain(&'a str),
    Group(&'a str),
}

fn parts(pattern: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = pattern.trim();
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('(') {
            let end = inside
                .find(')')
                .ok_or_else(|| format!("pattern `{pattern}`: `(` is not closed"))?;
            parts.push(Part::Group(&inside[..end]));
            rest = inside[end + 1..].trim_start();
        } else {
            let end = rest
                .find(|c: char| c.is_whitespace() || c == '(')
                .unwrap_or(rest.len());
            if rest[..end].contains(['|', ')']) {
                return Err(format!(
                    "pattern `{pattern}`: `|` and `)` belong in a group"
                ));
            }
            parts.push(Part::Plain(&rest[..end]));
            rest = rest[end..].trim_start();
        }
    }
    Ok(parts)
}
