//! Words that stand for what was named before: *the Alliance*, *the bloc*, *MSZ* with no country.

use wire::entity::EntityType;

use crate::dictionary::{Dictionary, Entry};
use crate::lexicon::Lexicon;
use crate::mention::{Mention, REMEMBERED};
use crate::text::Text;

/// Tokens before a name in which a preposition makes it an object.
const OBJECT_REACH: usize = 2;

/// The mentions with every such word replaced by the entity it stands for; one that stands for nothing
/// named before is left out, for it would be a guess.
pub(crate) fn resolve(
    text: &Text,
    lexicon: &Lexicon,
    dictionary: &Dictionary,
    named: Vec<Mention>,
    is_media: impl Fn(&str) -> bool,
) -> Vec<Mention> {
    let mut resolved: Vec<Mention> = Vec::with_capacity(named.len());
    for mut mention in named {
        let referring = mention
            .entry(dictionary)
            .filter(|entry| !entry.refers_to.is_empty());
        if let Some(word) = referring {
            let Some(number) = antecedent(text, lexicon, dictionary, &resolved, word) else {
                continue;
            };
            let entry = &dictionary.entries[number];
            mention.kind = entry.kind;
            mention.id.clone_from(&entry.id);
            mention.entry = Some(number);
            mention.media = is_media(&entry.id);
        }
        resolved.push(mention);
    }
    resolved
}

/// The last entity named that the word can stand for; else, for a foreign ministry, that of the country
/// which governs: the last one named that is nobody's object.
fn antecedent(
    text: &Text,
    lexicon: &Lexicon,
    dictionary: &Dictionary,
    before: &[Mention],
    word: &Entry,
) -> Option<usize> {
    let last = before.iter().rev().take(REMEMBERED).find_map(|mention| {
        let entry = mention.entry(dictionary)?;
        let body = match entry.kind {
            EntityType::NatoBody => entry.member_of.as_deref().unwrap_or(&entry.id),
            EntityType::Role => dictionary.body(&entry.id)?,
            _ => &entry.id,
        };
        let meant = word.refers_to.iter().any(|id| id == body);
        meant.then(|| dictionary.number(body)).flatten()
    });
    if last.is_some() || !word.refers_by_country {
        return last;
    }
    let country = before
        .iter()
        .rev()
        .take(REMEMBERED)
        .filter(|mention| mention.kind != EntityType::Demonym)
        .filter(|mention| {
            let from = mention.tokens.start.saturating_sub(OBJECT_REACH);
            !(from..mention.tokens.start).any(|at| lexicon.prepositions.contains(text.word(at)))
        })
        .find_map(|mention| mention.entry(dictionary)?.country.as_deref())?;
    word.refers_to
        .iter()
        .filter_map(|id| dictionary.number(id))
        .find(|&number| dictionary.entries[number].country.as_deref() == Some(country))
}
