//! Names that the dictionary does not have, by their shape: a title or a given name before a surname, the
//! head noun of an organisation, a preposition of place; and the jobs that people hold.
//!
//! They are output alone. No rule rests on a name that nobody curated, so an analysis never sees them.

mod jobs;
mod read;

use std::collections::HashMap;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use toml::Spanned;
use wire::Language;

use crate::files::{File, RuleError, RuleFiles};
use crate::inflection::Inflection;
use crate::text::fold;
use crate::wordset::WordSet;

pub(crate) use read::{Name, find};

type Words = Vec<Spanned<String>>;

/// A file of `config/names/`. Words inflect as the dictionary's names do.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Listed {
    /// Whether every noun has a capital, so that a capital alone shows no name.
    capital_nouns: bool,
    /// Given names.
    given: Words,
    /// Words before a person's name: *senator*.
    titles: Words,
    /// Small words inside a person's name: *van*.
    particles: Words,
    /// Words that close an organisation's name: *party*.
    organisation_ends: Words,
    /// Words that open one: *ministry*, where more follows.
    organisation_starts: Words,
    /// Words that join two parts of an organisation's name: *of*.
    links: Words,
    /// Words before a possessive inside an organisation's name: *People's Party*.
    possessed: Words,
    /// Words that close the name of an event, a law or a work, which is none of a person.
    event_ends: Words,
    /// Words that close a place's name: *County*.
    place_ends: Words,
    /// Words that open one: *Lake*.
    place_starts: Words,
    /// Prepositions that a place follows.
    place_prepositions: Words,
    /// Whole names of places and organisations.
    places: Words,
    organisations: Words,
    /// Words that open a sentence and are in no name.
    openers: Words,
    /// Words with a capital that name nobody by themselves, and what such words end in.
    no_names: Words,
    no_name_endings: Vec<String>,
    /// *election* and its like, and what stands before it: *federal*.
    elections: Words,
    election_kinds: Words,
    /// Jobs, and what may stand before one: *deputy*, *народний*.
    jobs: Words,
    job_openers: Words,
    /// What may be put before a job in the same word, and phrases in front of one: *екс-*, *в. о.*
    job_prefixes: Vec<String>,
    job_phrases: Vec<String>,
    /// Endings of a job of at least seven letters.
    job_endings: Vec<String>,
}

/// What one language's names look like; every word folded.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    capital_nouns: bool,
    given: WordSet,
    titles: WordSet,
    particles: WordSet,
    organisation_ends: WordSet,
    organisation_starts: WordSet,
    links: WordSet,
    possessed: WordSet,
    event_ends: WordSet,
    place_ends: WordSet,
    place_starts: WordSet,
    place_prepositions: WordSet,
    places: WordSet,
    organisations: WordSet,
    openers: WordSet,
    no_names: WordSet,
    no_name_endings: Vec<String>,
    elections: WordSet,
    election_kinds: WordSet,
    /// Jobs by their first word, the rest of the words behind it.
    jobs: FxHashMap<String, Vec<String>>,
    job_openers: WordSet,
    job_prefixes: Vec<String>,
    job_phrases: Vec<Vec<String>>,
    job_endings: Vec<String>,
}

impl Shapes {
    /// The shapes of the six languages.
    pub(crate) fn all(files: &RuleFiles) -> Result<HashMap<Language, Self>, RuleError> {
        let inflection = Inflection::new(files)?;
        let mut all = HashMap::new();
        for language in Language::TAGGED {
            let path = format!("names/{language}.toml");
            all.insert(
                language,
                Self::new(files.one(&path), language, &inflection)?,
            );
        }
        Ok(all)
    }

    fn new(file: File<'_>, language: Language, inflection: &Inflection) -> Result<Self, RuleError> {
        let listed: Listed = file.parse()?;
        let language = language.to_string();
        let set = |words: Words| -> Result<WordSet, RuleError> {
            let mut all = Vec::new();
            for word in words {
                let forms = inflection
                    .expand(&language, word.get_ref())
                    .map_err(|what| file.error(&word.span(), what))?;
                all.extend(forms.iter().map(|form| fold(form)));
            }
            Ok(all.into_iter().collect())
        };
        let mut jobs: FxHashMap<String, Vec<String>> = FxHashMap::default();
        for job in set(listed.jobs)?.iter() {
            let (first, rest) = job.split_once(' ').unwrap_or((job, ""));
            jobs.entry(first.to_owned())
                .or_default()
                .push(rest.to_owned());
        }
        for rest in jobs.values_mut() {
            rest.sort_by_key(|rest| std::cmp::Reverse(rest.len()));
        }
        Ok(Self {
            capital_nouns: listed.capital_nouns,
            given: set(listed.given)?,
            titles: set(listed.titles)?,
            particles: set(listed.particles)?,
            organisation_ends: set(listed.organisation_ends)?,
            organisation_starts: set(listed.organisation_starts)?,
            links: set(listed.links)?,
            possessed: set(listed.possessed)?,
            event_ends: set(listed.event_ends)?,
            place_ends: set(listed.place_ends)?,
            place_starts: set(listed.place_starts)?,
            place_prepositions: set(listed.place_prepositions)?,
            places: set(listed.places)?,
            organisations: set(listed.organisations)?,
            openers: set(listed.openers)?,
            no_names: set(listed.no_names)?,
            no_name_endings: listed
                .no_name_endings
                .iter()
                .map(|ending| fold(ending))
                .collect(),
            elections: set(listed.elections)?,
            election_kinds: set(listed.election_kinds)?,
            jobs,
            job_openers: set(listed.job_openers)?,
            job_prefixes: listed.job_prefixes,
            job_phrases: listed
                .job_phrases
                .iter()
                .map(|phrase| phrase.split(' ').map(fold).collect())
                .collect(),
            job_endings: listed
                .job_endings
                .iter()
                .map(|ending| fold(ending))
                .collect(),
        })
    }
}
