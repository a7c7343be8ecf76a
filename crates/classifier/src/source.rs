//! What kind of source somebody is for a given claim: the status depends on both together.

use std::ops::Range;

use wire::claim::SourceClass;
use wire::entity::EntityType;

use crate::analysis::Analysis;
use crate::attribution::Attributed;
use crate::cue::{Category, Hit};
use crate::dictionary::Entry;
use crate::lexicon::Form;
use crate::mention::{self, Mention};

/// The class of an attribution's source, and the entity it resolves to.
pub(crate) fn class(
    analysis: &Analysis<'_>,
    attributed: &Attributed,
) -> (SourceClass, Option<String>) {
    let mention = attributed.mention.or(attributed.pronoun_of);
    let (source, content) = (&attributed.source, &attributed.content);
    of(analysis, mention, source, content, Some(&attributed.hit))
}

/// The class of a source for a content, and the entity that it is, given the mention that names it and the
/// cue that attributes.
pub(crate) fn of(
    analysis: &Analysis<'_>,
    mention: Option<usize>,
    source: &Range<usize>,
    content: &Range<usize>,
    cue: Option<&Hit>,
) -> (SourceClass, Option<String>) {
    let mention = mention.map(|index| &analysis.mentions[index]);
    let entry = mention.and_then(|mention| resolve(analysis, mention));
    let id = entry.map(|entry| entry.id.clone());
    let named = |kind| mention.is_some_and(|mention: &Mention| mention.kind == kind);
    let speaks = named(EntityType::Person)
        || named(EntityType::Role)
        || named(EntityType::Organisation) && entry.is_some_and(is_official);
    let stranger = || analysis.names_a_stranger(source);
    let mut unnamed = None;
    for hit in analysis.hits_in(source).chain(cue) {
        let cue = analysis.cues.get(hit);
        match cue.category {
            Category::Hearsay => return (SourceClass::Reports, id),
            // Where an official wrote it does not make it a rumour: *Syrskyi wrote on Telegram*.
            Category::SocialMedia if !speaks => unnamed = Some(SourceClass::SocialMedia),
            Category::Media if !speaks => unnamed = Some(SourceClass::Media),
            // "Officials" of a party speak for it; a weak cue leaves the entity to decide.
            Category::Anonymous
                if !named(EntityType::Person)
                    && (cue.weight >= 0.8 || entry.is_none())
                    && !stranger() =>
            {
                unnamed = Some(SourceClass::Anonymous);
            }
            _ => {}
        }
    }
    if let Some(class) = unnamed {
        return (class, id);
    }
    let Some((mention, entry)) = mention.zip(entry) else {
        return (SourceClass::NamedIndividual, id);
    };
    if mention.media {
        return (SourceClass::Media, id);
    }
    // "A Ukrainian analyst" and "activists in Minsk" speak for themselves.
    let private = matches!(mention.kind, EntityType::Demonym | EntityType::Place)
        && source
            .clone()
            .any(|at| analysis.lexicon.is_private(analysis.text.word(at)));
    if private {
        return (SourceClass::NamedIndividual, None);
    }
    // An office whose holder is not known still speaks for the body or country beside it.
    let entry = match entry.kind {
        EntityType::Role => beside(analysis, mention)
            .map(|beside| governing(analysis, beside))
            .unwrap_or(entry),
        _ => entry,
    };
    if !is_official(entry) && side(analysis, entry).is_none() {
        return (SourceClass::NamedIndividual, id);
    }
    let admits = cue.is_some_and(|cue| analysis.cues.get(cue).admission);
    (official(analysis, entry, content, admits), id)
}

/// An official's class by what it speaks of.
fn official(
    analysis: &Analysis<'_>,
    source: &Entry,
    content: &Range<usize>,
    admits: bool,
) -> SourceClass {
    let own = &source.speaks_for;
    let subject = subject(analysis, content);
    let about: Vec<&Entry> = mention::within(&analysis.mentions, content)
        .iter()
        .filter_map(|mention| mention.entry(analysis.dictionary))
        .collect();
    let side = side(analysis, source);
    let other_side = side.is_some_and(|side| {
        about
            .iter()
            .any(|entry| self::side(analysis, entry).is_some_and(|other| other != side))
    });
    let combat = content
        .clone()
        .any(|at| analysis.lexicon.is_combat(analysis.text.word(at)));
    let own_subject = match subject {
        Some(Subject::Own) => true,
        Some(Subject::OtherSide) => false,
        Some(Subject::Entity(entry)) => !own.is_disjoint(&entry.speaks_for),
        None => false,
    };
    // *The West wants*: what a party says of its opponents it does not own.
    let opponents = matches!(subject, Some(Subject::OtherSide));
    let other_subject = opponents
        || matches!(subject, Some(Subject::Entity(entry))
        if side.is_some() && self::side(analysis, entry).is_some_and(|other| Some(other) != side));
    // *Acknowledged the loss of a jet*: what is granted without a clause is one's own.
    let bare = || !content.clone().any(|at| analysis.is_finite(at));
    if admits && (own_subject || bare()) {
        return SourceClass::Owner;
    }
    if side.is_some()
        && (other_subject
            || combat && (other_side || !own_subject)
            || combat && own_subject && contested(analysis, content))
    {
        return SourceClass::InterestedParty;
    }
    if own_subject
        || subject.is_none()
            && !combat
            && about
                .iter()
                .all(|entry| !own.is_disjoint(&entry.speaks_for) || !is_governing(entry))
    {
        return if is_official(source) {
            SourceClass::Owner
        } else {
            SourceClass::ThirdPartyOfficial
        };
    }
    SourceClass::ThirdPartyOfficial
}

/// Ground taken or lost is contested, whoever reports it.
fn contested(analysis: &Analysis<'_>, content: &Range<usize>) -> bool {
    mention::within(&analysis.mentions, content)
        .iter()
        .any(|mention| matches!(mention.kind, EntityType::Place | EntityType::Quantity))
}

enum Subject<'a> {
    /// *We*, *its forces*.
    Own,
    /// *The enemy*, *the West*.
    OtherSide,
    Entity(&'a Entry),
}

/// What stands before the first verb of the content.
fn subject<'a>(analysis: &'a Analysis<'_>, content: &Range<usize>) -> Option<Subject<'a>> {
    let verb = content
        .clone()
        .find(|&at| analysis.is_finite(at))
        .unwrap_or(content.end);
    let before = content.start..verb.min(content.end);
    // *Admitted losing a jet*: who does it is who says it.
    if analysis.lexicon.form(analysis.text.word(content.start)) == Some(Form::Gerund) {
        return Some(Subject::Own);
    }
    let named = mention::within(&analysis.mentions, &before)
        .iter()
        .find_map(|mention| {
            mention
                .entry(analysis.dictionary)
                .map(|entry| (mention.tokens.start, entry))
        });
    let opponents = before.clone().any(|at| {
        let governed = at > before.start
            && analysis
                .lexicon
                .prepositions
                .contains(analysis.text.word(at - 1));
        !governed && analysis.lexicon.is_other_side(&analysis.text, at)
    });
    if opponents {
        return Some(Subject::OtherSide);
    }
    let own = before.clone().find(|&at| {
        let word = analysis.text.word(at);
        analysis.lexicon.own.contains(word) || analysis.lexicon.persons.contains(word)
    });
    match (own, named) {
        (Some(own), Some((at, entry))) if at < own => Some(Subject::Entity(entry)),
        (Some(_), _) => Some(Subject::Own),
        (None, Some((_, entry))) => Some(Subject::Entity(entry)),
        (None, None) => None,
    }
}

/// Whose word a mention is: for a role its holder on the item's date, for a place its government
/// only by metonym, so the place itself.
pub(crate) fn resolve<'a>(analysis: &'a Analysis<'_>, mention: &Mention) -> Option<&'a Entry> {
    let entry = mention.entry(analysis.dictionary)?;
    if entry.kind == EntityType::Role {
        return Some(holder(analysis, mention, entry).unwrap_or(entry));
    }
    Some(governing(analysis, entry))
}

/// The government that a country or capital stands for; anything else stands for itself.
fn governing<'a>(analysis: &'a Analysis<'_>, entry: &'a Entry) -> &'a Entry {
    let government = entry.government.as_deref();
    government
        .and_then(|id| analysis.dictionary.entry(id))
        .unwrap_or(entry)
}

/// Who holds an office on the item's date: the one holder there is, or the only one of the body or
/// country named beside it (*Germany's foreign minister*). Nobody where that leaves a choice.
fn holder<'a>(analysis: &'a Analysis<'_>, role: &Mention, entry: &'a Entry) -> Option<&'a Entry> {
    if analysis.date.is_empty() {
        return None;
    }
    let beside = beside(analysis, role);
    let mut fitting = analysis
        .dictionary
        .holders(&entry.id, &analysis.date)
        .filter(|(_, office)| {
            let body = office.of.as_deref();
            let country = body
                .and_then(|body| analysis.dictionary.entry(body))
                .and_then(|body| body.country.as_deref());
            beside.is_none_or(|beside| {
                body == Some(beside.id.as_str())
                    || country.is_some() && country == beside.country.as_deref()
            })
        });
    let only = fitting.next()?;
    fitting.next().is_none().then_some(only.0)
}

/// The body or country named directly beside an office, in front of it or behind an *of*.
fn beside<'a>(analysis: &'a Analysis<'_>, role: &Mention) -> Option<&'a Entry> {
    let text = &analysis.text;
    let mentions = &analysis.mentions;
    let governs = |mention: &&Mention| {
        matches!(
            mention.kind,
            EntityType::Place
                | EntityType::Demonym
                | EntityType::Organisation
                | EntityType::NatoBody
        )
    };
    let at = mentions.partition_point(|mention| mention.tokens.start < role.tokens.start);
    let before = mentions[..at].last().filter(governs).filter(|mention| {
        let end = mention.tokens.end;
        end <= role.tokens.start
            && (end..role.tokens.start).all(|at| matches!(text.word(at), "'s" | "'" | "-"))
    });
    let after = mentions[at..]
        .iter()
        .find(|mention| mention.tokens.start >= role.tokens.end)
        .filter(governs)
        .filter(|mention| {
            let between = role.tokens.end..mention.tokens.start;
            between.len() <= 2
                && between.into_iter().all(|at| {
                    let word = text.word(at);
                    matches!(
                        word,
                        "of" | "the" | "der" | "des" | "von" | "de" | "d'" | "la" | "l'" | "du"
                    )
                })
        });
    before.or(after)?.entry(analysis.dictionary)
}

/// Whether an entity speaks for a public body.
pub(crate) fn is_official(entry: &Entry) -> bool {
    !entry.competent_for.is_empty()
        || entry.member_of.is_some()
        || !entry.roles.is_empty()
        || entry.government.is_some()
        || entry.is_country
        || matches!(entry.kind, EntityType::Role | EntityType::NatoBody)
        || entry.kind == EntityType::Demonym && entry.country.is_some()
}

/// Whether something the entity does is an act of a state or an alliance.
fn is_governing(entry: &Entry) -> bool {
    is_official(entry) || matches!(entry.kind, EntityType::Place | EntityType::Person)
}

/// The side in the war that an entity is on.
pub(crate) fn side<'a>(analysis: &'a Analysis<'_>, entry: &'a Entry) -> Option<&'a str> {
    let own = |entry: &'a Entry| {
        entry
            .party_to
            .first()
            .map(String::as_str)
            .or(match entry.country.as_deref() {
                Some("UA") => Some("ukraine"),
                Some("RU") => Some("russia"),
                _ => None,
            })
    };
    own(entry).or_else(|| {
        let body = entry.member_of.as_ref().or(entry.government.as_ref())?;
        own(analysis.dictionary.entry(body)?)
    })
}
