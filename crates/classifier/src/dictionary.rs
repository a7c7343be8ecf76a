//! The entity dictionary: the files of `config/entities/`, every form of every name.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use serde::Deserialize;
use toml::Spanned;
use wire::Language;
use wire::entity::EntityType;

use crate::catalogue;
use crate::files::{RuleError, RuleFiles};
use crate::inflection::Inflection;
use crate::text::fold;

mod forms;

use forms::Forms;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntityFile {
    #[serde(default)]
    pub(crate) entity: Vec<Listed>,
}

pub(crate) type PerLanguage = BTreeMap<String, Vec<Spanned<String>>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listed {
    pub(crate) id: Spanned<String>,
    #[serde(rename = "type")]
    pub(crate) kind: EntityType,
    pub(crate) qid: Option<String>,
    country: Option<String>,
    #[serde(default)]
    pub(crate) names: PerLanguage,
    #[serde(default)]
    pub(crate) short: PerLanguage,
    #[serde(default)]
    short_alone: bool,
    #[serde(default)]
    pub(crate) competent_for: Vec<String>,
    #[serde(default)]
    pub(crate) party_to: Vec<String>,
    pub(crate) member_of: Option<String>,
    #[serde(default)]
    pub(crate) roles: Vec<Office>,
    pub(crate) government: Option<String>,
    #[serde(default)]
    state: bool,
    #[serde(default)]
    self_declared: bool,
    #[serde(default)]
    pub(crate) refers_to: Vec<Spanned<String>>,
    #[serde(default)]
    refers_by_country: bool,
    #[serde(default)]
    pub(crate) requires: PerLanguage,
    #[serde(default)]
    requires_digit: bool,
    #[serde(default)]
    pub(crate) excludes: PerLanguage,
    case_sensitive: Option<bool>,
}

/// An office somebody holds or held.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Office {
    pub(crate) role: String,
    pub(crate) of: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) until: Option<String>,
}

/// An entity of the dictionary.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) kind: EntityType,
    pub(crate) qid: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) short_alone: bool,
    pub(crate) competent_for: Vec<String>,
    pub(crate) party_to: Vec<String>,
    pub(crate) member_of: Option<String>,
    pub(crate) roles: Vec<Office>,
    pub(crate) government: Option<String>,
    /// Whether it is a state rather than one of its places.
    pub(crate) is_country: bool,
    pub(crate) self_declared: bool,
    /// For a word such as *the Alliance*, the entities that it can stand for.
    pub(crate) refers_to: Vec<String>,
    /// Whether the country that governs settles which of them, where none was named.
    pub(crate) refers_by_country: bool,
    pub(crate) requires: Vec<String>,
    pub(crate) requires_digit: bool,
    pub(crate) excludes: Vec<String>,
    /// Itself, the bodies above it, its country.
    pub(crate) speaks_for: BTreeSet<String>,
}

/// One form of one name.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) entry: usize,
    pub(crate) language: Option<Language>,
    pub(crate) short: bool,
    pub(crate) case: Case,
}

/// What the text's capitals must be like for a name to be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Any,
    /// First letter capital: *Patriot*.
    First,
    /// All capitals: *US*, never *us*.
    All,
}

/// Every entity, and every form of every name.
#[derive(Debug)]
pub(crate) struct Dictionary {
    pub(crate) entries: Vec<Entry>,
    by_id: FxHashMap<String, usize>,
    forms: Forms,
    /// The names that share each form.
    pub(crate) names: Vec<Vec<Name>>,
    /// Whoever holds or held each role, by the numbers of the entry and of its office.
    offices: FxHashMap<String, Vec<(usize, usize)>>,
}

impl Dictionary {
    pub(crate) fn new(files: &RuleFiles) -> Result<Self, RuleError> {
        catalogue::validate(files)?;
        let inflection = Inflection::new(files)?;
        let mut entries: Vec<Entry> = Vec::new();
        let mut by_id = FxHashMap::default();
        let mut forms: BTreeMap<String, Vec<Name>> = BTreeMap::new();
        for file in files.under("entities/") {
            let listed: EntityFile = file.parse()?;
            for entity in listed.entity {
                let at = entity.id.span();
                let entry = entries.len();
                if by_id.insert(entity.id.get_ref().clone(), entry).is_some() {
                    let what = format!("the entity id `{}` is used twice", entity.id.get_ref());
                    return Err(file.error(&at, what));
                }
                for (names, short) in [(&entity.names, false), (&entity.short, true)] {
                    for (language, names) in names {
                        for name in names {
                            let expanded = inflection
                                .expand(language, name.get_ref())
                                .map_err(|what| file.error(&name.span(), what))?;
                            for form in expanded {
                                let folded = fold_name(&form);
                                if folded.is_empty() {
                                    return Err(file.error(&name.span(), "an empty name"));
                                }
                                let names = forms.entry(folded).or_default();
                                let known = names.iter().any(|other| {
                                    other.entry == entry
                                        && other.short == short
                                        && other.language == language.parse().ok()
                                });
                                if !known {
                                    names.push(Name {
                                        entry,
                                        language: language.parse().ok(),
                                        short,
                                        case: case(&form, entity.case_sensitive),
                                    });
                                }
                            }
                        }
                    }
                }
                entries.push(Entry {
                    id: entity.id.into_inner(),
                    kind: entity.kind,
                    qid: entity.qid,
                    country: entity.country,
                    short_alone: entity.short_alone,
                    competent_for: entity.competent_for,
                    party_to: entity.party_to,
                    member_of: entity.member_of,
                    roles: entity.roles,
                    government: entity.government,
                    is_country: entity.state,
                    self_declared: entity.self_declared,
                    refers_by_country: entity.refers_by_country,
                    refers_to: entity
                        .refers_to
                        .into_iter()
                        .map(Spanned::into_inner)
                        .collect(),
                    requires: words(entity.requires),
                    requires_digit: entity.requires_digit,
                    excludes: words(entity.excludes),
                    speaks_for: BTreeSet::new(),
                });
            }
        }
        let spheres: Vec<BTreeSet<String>> = entries
            .iter()
            .map(|entry| speaks_for(entry, &entries, &by_id))
            .collect();
        for (entry, sphere) in entries.iter_mut().zip(spheres) {
            entry.speaks_for = sphere;
        }
        let mut offices: FxHashMap<String, Vec<(usize, usize)>> = FxHashMap::default();
        for (number, entry) in entries.iter().enumerate() {
            for (place, office) in entry.roles.iter().enumerate() {
                let all = offices.entry(office.role.clone()).or_default();
                all.push((number, place));
            }
        }
        Ok(Self {
            offices,
            forms: Forms::new(forms.keys().map(String::as_str)),
            entries,
            by_id,
            names: forms.into_values().collect(),
        })
    }

    /// Every form of a name that begins at byte `at` of a folded text: its number and where it ends.
    pub(crate) fn forms_at(&self, folded: &str, at: usize) -> impl Iterator<Item = (usize, usize)> {
        self.forms.at(folded, at)
    }

    pub(crate) fn entry(&self, id: &str) -> Option<&Entry> {
        self.by_id.get(id).map(|&at| &self.entries[at])
    }

    /// The number of an entity.
    pub(crate) fn number(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The body that an office belongs to; none where several have one of the name.
    pub(crate) fn body(&self, role: &str) -> Option<&str> {
        let mut bodies = self.offices(role).map(|(_, office)| office.of.as_deref());
        let first = bodies.next()??;
        bodies.all(|body| body == Some(first)).then_some(first)
    }

    /// Everybody who holds the office `role` on `date` (ISO 8601), with the office.
    pub(crate) fn holders<'a>(
        &'a self,
        role: &'a str,
        date: &'a str,
    ) -> impl Iterator<Item = (&'a Entry, &'a Office)> {
        let mut last = None;
        self.offices(role).filter(move |(entry, office)| {
            let holds = office.from.as_deref().is_none_or(|from| from <= date)
                && office.until.as_deref().is_none_or(|until| date < until);
            // Who holds it twice over holds it once.
            holds && last.replace(entry.id.as_str()) != Some(entry.id.as_str())
        })
    }

    /// Every time that somebody holds or held a role, in the order of the files.
    fn offices(&self, role: &str) -> impl Iterator<Item = (&Entry, &Office)> {
        let all = self.offices.get(role).into_iter().flatten();
        all.map(|&(entry, office)| {
            let entry = &self.entries[entry];
            (entry, &entry.roles[office])
        })
    }
}

fn speaks_for(
    entry: &Entry,
    entries: &[Entry],
    by_id: &FxHashMap<String, usize>,
) -> BTreeSet<String> {
    let mut all = BTreeSet::from([entry.id.clone()]);
    all.extend(entry.competent_for.iter().cloned());
    all.extend(entry.roles.iter().filter_map(|office| office.of.clone()));
    all.extend(entry.government.clone());
    let mut above = entry.member_of.as_deref();
    let mut country = entry.country.as_deref();
    for _ in 0..4 {
        let Some(id) = above else { break };
        all.insert(id.to_owned());
        let body = by_id.get(id).map(|&at| &entries[at]);
        // Whoever speaks for a body speaks for its country, not for the one they come from.
        country = body.and_then(|body| body.country.as_deref());
        above = body.and_then(|body| body.member_of.as_deref());
    }
    all.extend(country.map(str::to_owned));
    all
}

fn words(listed: PerLanguage) -> Vec<String> {
    let all = listed.into_values().flatten();
    all.map(|word| fold(word.get_ref())).collect()
}

/// A name as the text's folded tokens spell it: a possessive and a point stand apart there.
fn fold_name(name: &str) -> String {
    let text = crate::text::Text::new(None, name);
    text.folded
}

fn case(form: &str, sensitive: Option<bool>) -> Case {
    let letters = || form.chars().filter(|char| char.is_alphabetic());
    let capital = letters().next().is_some_and(char::is_uppercase);
    if !sensitive.unwrap_or(capital) || !capital {
        Case::Any
    } else if letters().count() <= 3 && letters().all(char::is_uppercase) {
        Case::All
    } else {
        Case::First
    }
}
