//! Mentions of entities in a text: which name is meant where, and whom it stands for.

use std::ops::Range;

use rustc_hash::FxHashMap;
use wire::Language;
use wire::entity::{EntityType, Value};

use crate::dictionary::{Case, Dictionary, Entry, Name};
use crate::text::Text;
use crate::values::Found;

/// Tokens to each side in which a name's required words are looked for.
const REQUIRES_REACH: usize = 4;
/// Tokens to each side in which a name's excluded words are looked for.
const EXCLUDES_REACH: usize = 6;
/// Mentions back to which a pronoun or *the Alliance* can refer: a bound that keeps any text linear.
pub(crate) const REMEMBERED: usize = 200;

/// One mention.
#[derive(Clone, Debug)]
pub(crate) struct Mention {
    pub(crate) bytes: Range<usize>,
    pub(crate) tokens: Range<usize>,
    pub(crate) kind: EntityType,
    pub(crate) id: String,
    /// Its number in the dictionary; none for money, quantities and dates.
    pub(crate) entry: Option<usize>,
    pub(crate) value: Option<Value>,
    /// The body that a place stands for here.
    pub(crate) metonym_of: Option<String>,
    /// Whether it is a news outlet.
    pub(crate) media: bool,
}

impl Mention {
    pub(crate) fn entry<'a>(&self, dictionary: &'a Dictionary) -> Option<&'a Entry> {
        self.entry.map(|entry| &dictionary.entries[entry])
    }

    /// Whether a clause that holds it can be a claim.
    pub(crate) fn makes_claims(&self) -> bool {
        self.kind != EntityType::Date && !self.media
    }
}

struct Candidate {
    bytes: Range<usize>,
    tokens: Range<usize>,
    pattern: usize,
}

/// The dictionary's mentions in text order; none overlap.
pub(crate) fn find(
    text: &Text,
    dictionary: &Dictionary,
    language: Language,
    is_media: impl Fn(&str) -> bool,
) -> Vec<Mention> {
    let mut candidates = candidates(text, dictionary);
    candidates.sort_by_key(|found| (found.bytes.start, std::cmp::Reverse(found.bytes.end)));
    let mut mentions: Vec<Mention> = Vec::new();
    let mut named: FxHashMap<usize, usize> = FxHashMap::default();
    let mut free_from = 0;
    for found in candidates {
        if found.bytes.start < free_from {
            continue;
        }
        let previous = mentions.last();
        let names = &dictionary.names[found.pattern];
        let chosen = names
            .iter()
            .filter(|name| {
                let entry = &dictionary.entries[name.entry];
                speaks(name, language, &text.text[found.bytes.clone()])
                    && has_case(text, &found, name.case)
                    && is_meant(text, &found, entry)
                    && (!name.short
                        || entry.short_alone
                        || named.contains_key(&name.entry)
                        || has_title(previous, &found))
            })
            // A full name goes before a short one; of short ones, the entity named last.
            .min_by_key(|name| {
                let recency = named.get(&name.entry).copied().unwrap_or(0);
                (
                    place_reading(text, dictionary, &found, name),
                    is_common(text, &found, name),
                    name.short,
                    std::cmp::Reverse(recency),
                )
            });
        let Some(name) = chosen else { continue };
        let entry = &dictionary.entries[name.entry];
        named.insert(name.entry, mentions.len() + 1);
        free_from = found.bytes.end;
        mentions.push(Mention {
            bytes: found.bytes,
            tokens: found.tokens,
            kind: entry.kind,
            id: entry.id.clone(),
            entry: Some(name.entry),
            value: None,
            metonym_of: None,
            media: is_media(&entry.id),
        });
    }
    mentions
}

fn candidates(text: &Text, dictionary: &Dictionary) -> Vec<Candidate> {
    let folded = &text.folded;
    let ends = |&(_, _, end): &(usize, usize, usize)| {
        let after = folded[end..].chars().next();
        !after.is_some_and(char::is_alphanumeric)
    };
    forms(dictionary, folded)
        .filter(ends)
        .filter_map(|(pattern, begins, ends)| {
            let start = text.unfold(begins);
            let last = folded[..ends].chars().next_back()?;
            let last = text.unfold(ends - last.len_utf8());
            let end = last + text.text[last..].chars().next()?.len_utf8();
            let tokens = text.tokens_in(&(start..end));
            // A name never runs over a blank line.
            let whole = tokens.clone().skip(1).all(|at| text.token(at).breaks < 2);
            whole.then_some(Candidate {
                bytes: start..end,
                tokens,
                pattern,
            })
        })
        .collect()
}

/// Every form of a name in a folded text: its number, where it begins and where it ends.
fn forms(dictionary: &Dictionary, folded: &str) -> impl Iterator<Item = (usize, usize, usize)> {
    beginnings(folded).flat_map(|at| {
        let forms = dictionary.forms_at(folded, at);
        forms.map(move |(form, end)| (form, at, end))
    })
}

/// Where a word or a part of one begins: a name never begins within.
fn beginnings(folded: &str) -> impl Iterator<Item = usize> {
    let mut inside = false;
    folded.char_indices().filter_map(move |(at, char)| {
        let begins = !inside && char != ' ';
        inside = char.is_alphanumeric();
        begins.then_some(at)
    })
}

/// A name of another language counts where it is too distinctive to be a word of this one.
fn speaks(name: &Name, language: Language, surface: &str) -> bool {
    let same = name.language.is_none_or(|own| own == language) || language == Language::Und;
    same || surface.chars().count() >= 5
        || surface.chars().any(|char| char.is_ascii_digit())
        || surface.chars().count() >= 2 && surface.chars().all(char::is_uppercase)
}

fn has_case(text: &Text, found: &Candidate, case: Case) -> bool {
    let surface = &text.text[found.bytes.clone()];
    match case {
        Case::Any => true,
        Case::First => surface
            .chars()
            .find(|char| char.is_alphanumeric())
            .is_some_and(|char| !char.is_lowercase()),
        Case::All => surface.chars().all(|char| !char.is_lowercase()),
    }
}

/// Whether the words around allow the entity: those it requires, none that it excludes.
fn is_meant(text: &Text, found: &Candidate, entry: &Entry) -> bool {
    let digit = || {
        let surface = &text.text[found.bytes.clone()];
        let next = found.tokens.end;
        surface.chars().any(|char| char.is_ascii_digit())
            || text.text[found.bytes.end..]
                .trim_start_matches(['-', ' '])
                .starts_with(|char: char| char.is_ascii_digit())
                && next <= text.len()
    };
    let near = |words: &[String], reach: usize| {
        let window = window(text, &found.tokens, reach);
        words.iter().any(|word| holds(window, word))
    };
    let required = match (entry.requires.is_empty(), entry.requires_digit) {
        (true, false) => true,
        (true, true) => digit(),
        (false, false) => near(&entry.requires, REQUIRES_REACH),
        (false, true) => near(&entry.requires, REQUIRES_REACH) || digit(),
    };
    required && (entry.excludes.is_empty() || !near(&entry.excludes, EXCLUDES_REACH))
}

/// The folded words around a mention.
fn window<'a>(text: &'a Text, tokens: &Range<usize>, reach: usize) -> &'a str {
    text.words(&(tokens.start.saturating_sub(reach)..(tokens.end + reach).min(text.len())))
}

/// Whether a word or wording begins in the window; its plural and its cases count.
fn holds(window: &str, word: &str) -> bool {
    let word = word.strip_suffix('y').unwrap_or(word);
    window
        .match_indices(word)
        .any(|(at, _)| at == 0 || window[..at].ends_with(' '))
}

/// A role right before a surname: *Secretary Austin*.
fn has_title(previous: Option<&Mention>, found: &Candidate) -> bool {
    previous.is_some_and(|previous| {
        matches!(previous.kind, EntityType::Role | EntityType::Person)
            && previous.tokens.end == found.tokens.start
    })
}

/// 1 for a person's surname where a preposition of place stands before: *in Austin*.
fn place_reading(text: &Text, dictionary: &Dictionary, found: &Candidate, name: &Name) -> u8 {
    let before = if found.tokens.start > 0 {
        text.word(found.tokens.start - 1)
    } else {
        ""
    };
    let person = dictionary.entries[name.entry].kind == EntityType::Person;
    u8::from(person && matches!(before, "in" | "from" | "to" | "near"))
}

/// Whether a word that needs no capital has one all the same: *Polski* in mid-sentence is the country before
/// it is the adjective.
fn is_common(text: &Text, found: &Candidate, name: &Name) -> bool {
    let at = found.tokens.start;
    let opens = at == 0 || text.token(at).breaks > 0 || !text.is_wordlike(at - 1);
    name.case == Case::Any && !opens && text.is_capitalised(at)
}

/// The country or body inside the name of an office or a government: *Ukraine* in *President of Ukraine*.
pub(crate) fn inside(
    text: &Text,
    dictionary: &Dictionary,
    language: Language,
    outer: &Mention,
) -> Option<Mention> {
    let entry = outer.entry(dictionary)?;
    let holds_one = entry.kind == EntityType::Role || entry.id.starts_with("org.gov-");
    if !holds_one || outer.tokens.len() < 2 {
        return None;
    }
    let first = text.token(outer.tokens.start).folded;
    let last = outer.tokens.end - 1;
    let folded = &text.folded[first..text.token(last).folded + text.word(last).len()];
    let found = forms(dictionary, folded).filter_map(|(pattern, start, end)| {
        let tokens = outer.tokens.clone();
        let begins = tokens
            .clone()
            .find(|&at| text.token(at).folded == first + start)?;
        let ends = tokens
            .clone()
            .find(|&at| text.token(at).folded + text.word(at).len() == first + end)?;
        let candidate = Candidate {
            bytes: text.bytes(&(begins..ends + 1)),
            tokens: begins..ends + 1,
            pattern,
        };
        let name = dictionary.names[candidate.pattern].iter().find(|name| {
            let entry = &dictionary.entries[name.entry];
            let fits = entry.is_country
                || matches!(entry.kind, EntityType::Organisation | EntityType::NatoBody);
            fits && !name.short
                && speaks(name, language, &text.text[candidate.bytes.clone()])
                && has_case(text, &candidate, name.case)
        })?;
        Some((candidate, name.entry))
    });
    let (found, number) = found
        .filter(|(found, _)| found.tokens.len() < outer.tokens.len())
        .max_by_key(|(found, _)| found.tokens.len())?;
    let entry = &dictionary.entries[number];
    Some(Mention {
        bytes: found.bytes,
        tokens: found.tokens,
        kind: entry.kind,
        id: entry.id.clone(),
        entry: Some(number),
        value: None,
        metonym_of: None,
        media: false,
    })
}

/// Mentions of the dictionary and of the values grammar together, in text order. A value may hold a
/// name (*two Patriot batteries*); one that lies within a name is part of it (*47th Brigade*).
pub(crate) fn merge(named: Vec<Mention>, values: Vec<Mention>) -> Vec<Mention> {
    let mut merged = Vec::with_capacity(named.len() + values.len());
    for value in values {
        let at = named.partition_point(|name| name.bytes.end <= value.bytes.start);
        let within_name = named.get(at).is_some_and(|name| {
            name.bytes.start <= value.bytes.start && value.bytes.end <= name.bytes.end
        });
        if !within_name {
            merged.push(value);
        }
    }
    merged.extend(named);
    merged.sort_by_key(|mention| (mention.bytes.start, std::cmp::Reverse(mention.bytes.end)));
    merged
}

/// The mentions that begin in a range of tokens.
pub(crate) fn within<'a>(mentions: &'a [Mention], tokens: &Range<usize>) -> &'a [Mention] {
    let start = mentions.partition_point(|mention| mention.tokens.start < tokens.start);
    let end = mentions.partition_point(|mention| mention.tokens.start < tokens.end);
    &mentions[start..end.max(start)]
}

/// What the grammar of money, quantities and dates found.
pub(crate) fn value(text: &Text, found: Found) -> Mention {
    let bytes = found.start..found.end;
    Mention {
        tokens: text.tokens_in(&bytes),
        bytes,
        kind: found.kind,
        id: found.id,
        entry: None,
        value: found.value,
        metonym_of: None,
        media: false,
    }
}
