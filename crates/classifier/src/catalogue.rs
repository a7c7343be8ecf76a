//! The entity dictionary as its files say it: for looking an entry up, and for refusing a wrong one.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use wire::Language;
use wire::entity::EntityType;

use crate::dictionary::{EntityFile, Listed, Office};
use crate::files::{File, RuleError, RuleFiles};
use crate::inflection::Inflection;
use crate::text::fold;

/// Every entry of `config/entities/`, in the order of the files.
#[derive(Debug)]
pub struct Catalogue {
    entries: Vec<Entry>,
    inflection: Inflection,
}

/// One entry, and where it is written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: EntityType,
    /// Its Wikidata id, where that is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qid: Option<String>,
    /// The file under `config/` and the line of its id.
    pub place: String,
    /// Its names by language as they are written, `|` before the ending that inflects.
    pub names: BTreeMap<String, Vec<String>>,
    /// Names that count where a full one stood before, or a title stands in front.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub short: BTreeMap<String, Vec<String>>,
    /// Offices with their bodies, and the days from which and until which they were held:
    /// `role.prime-minister org.gov-pl 2023-12-13/`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offices: Vec<String>,
    /// The scopes in which its word settles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub competent_for: Vec<String>,
    /// The side that it takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub party_to: Vec<String>,
}

/// A name of an entry that makes a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The name as the file has it.
    pub name: String,
    /// Its language.
    pub language: String,
    /// Whether it counts by itself.
    pub full: bool,
}

impl Catalogue {
    /// The catalogue of these files.
    ///
    /// # Errors
    /// The first entry that is wrong, by file and line.
    pub fn new(files: &RuleFiles) -> Result<Self, RuleError> {
        let parsed = parse(files)?;
        check(&parsed)?;
        let entries = parsed
            .iter()
            .flat_map(|(file, listed)| listed.iter().map(|listed| entry(*file, listed)))
            .collect();
        Ok(Self {
            entries,
            inflection: Inflection::new(files)?,
        })
    }

    /// Every entry.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries of this id or Wikidata id, or with this name in any of its forms.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Vec<&Entry> {
        let is_meant = |entry: &&Entry| {
            entry.id == name
                || entry.qid.as_deref() == Some(name)
                || !self.written(entry, name).is_empty()
        };
        self.entries.iter().filter(is_meant).collect()
    }

    /// The names of an entry that have `form` among their forms.
    #[must_use]
    pub fn written(&self, entry: &Entry, form: &str) -> Vec<Written> {
        let form = fold(form);
        let mut found = Vec::new();
        for (names, full) in [(&entry.names, true), (&entry.short, false)] {
            for (language, name) in names
                .iter()
                .flat_map(|(language, names)| names.iter().map(move |name| (language, name)))
            {
                let forms = self.inflection.expand(language, name).unwrap_or_default();
                if forms.iter().any(|one| fold(one) == form) {
                    found.push(Written {
                        name: name.clone(),
                        language: language.clone(),
                        full,
                    });
                }
            }
        }
        found
    }
}

fn entry(file: File<'_>, listed: &Listed) -> Entry {
    let plain = |names: &crate::dictionary::PerLanguage| {
        names
            .iter()
            .map(|(language, names)| {
                let names = names.iter().map(|name| name.get_ref().clone());
                (language.clone(), names.collect())
            })
            .collect()
    };
    let line = file.error(&listed.id.span(), "").line;
    Entry {
        id: listed.id.get_ref().clone(),
        kind: listed.kind,
        qid: listed.qid.clone(),
        place: format!("config/{}:{line}", file.path),
        names: plain(&listed.names),
        short: plain(&listed.short),
        offices: listed.roles.iter().map(told).collect(),
        competent_for: listed.competent_for.clone(),
        party_to: listed.party_to.clone(),
    }
}

fn told(office: &Office) -> String {
    let from = office.from.as_deref().unwrap_or("");
    let until = office.until.as_deref().unwrap_or("");
    let of = office.of.as_deref().unwrap_or("-");
    format!("{} {of} {from}/{until}", office.role)
}

type Parsed<'a> = Vec<(File<'a>, Vec<Listed>)>;

fn parse(files: &RuleFiles) -> Result<Parsed<'_>, RuleError> {
    files
        .under("entities/")
        .map(|file| Ok((file, file.parse::<EntityFile>()?.entity)))
        .collect()
}

/// Refuses what the form of a file lets through: an id that nothing has, a date that is none, a language
/// that is not one of the six, an entry without a name.
pub(crate) fn validate(files: &RuleFiles) -> Result<(), RuleError> {
    check(&parse(files)?)
}

fn check(parsed: &Parsed<'_>) -> Result<(), RuleError> {
    let ids: HashSet<&str> = parsed
        .iter()
        .flat_map(|(_, listed)| listed.iter().map(|listed| listed.id.get_ref().as_str()))
        .collect();
    for (file, listed) in parsed {
        for listed in listed {
            mistake(listed, &ids).map_or(Ok(()), |what| {
                let what = format!("{}: {what}", listed.id.get_ref());
                Err(file.error(&listed.id.span(), what))
            })?;
        }
    }
    Ok(())
}

fn mistake(listed: &Listed, ids: &HashSet<&str>) -> Option<String> {
    let offices = listed.roles.iter();
    let named = offices
        .flat_map(|office| std::iter::once(&office.role).chain(&office.of))
        .chain(&listed.member_of)
        .chain(&listed.government)
        .chain(listed.refers_to.iter().map(toml::Spanned::get_ref));
    for id in named {
        if !ids.contains(id.as_str()) {
            return Some(format!("no entity has the id `{id}`"));
        }
    }
    for office in &listed.roles {
        let dates = [office.from.as_deref(), office.until.as_deref()];
        if let Some(wrong) = dates.into_iter().flatten().find(|date| !is_date(date)) {
            return Some(format!("`{wrong}` is no date such as 2024-10-01"));
        }
        if let [Some(from), Some(until)] = dates
            && from >= until
        {
            return Some(format!("an office from {from} cannot end on {until}"));
        }
    }
    let is_item = |qid: &str| {
        let number = qid.strip_prefix('Q').unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    if let Some(qid) = listed.qid.as_deref().filter(|qid| !is_item(qid)) {
        return Some(format!("`{qid}` is no Wikidata id such as Q212"));
    }
    let per_language = [
        &listed.names,
        &listed.short,
        &listed.requires,
        &listed.excludes,
    ];
    let mut languages = per_language.iter().flat_map(|listed| listed.keys());
    if let Some(wrong) = languages.find(|code| code.parse::<Language>().is_err()) {
        return Some(format!("`{wrong}` is none of the languages"));
    }
    listed
        .names
        .values()
        .all(Vec::is_empty)
        .then(|| "an entity needs a name".to_owned())
}

/// A day, a month or a year (ISO 8601).
fn is_date(date: &str) -> bool {
    let padded = match date.len() {
        4 => format!("{date}-01-01"),
        7 => format!("{date}-01"),
        _ => date.to_owned(),
    };
    padded.parse::<jiff::civil::Date>().is_ok()
}
