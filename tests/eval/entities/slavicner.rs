//! SlavicNER: news in Ukrainian, Russian and Polish, names with cross-lingual ids.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::errors::Errors;
use crate::measures::Measures;
use crate::tag::{self, Entity};
use crate::{Counts, ratio};

/// Types that it annotates as well; roles, weapons and values are not among its.
const KINDS: [&str; 6] = [
    "person",
    "organisation",
    "place",
    "nato_body",
    "operation_or_event",
    "document",
];

struct Name {
    start: usize,
    end: usize,
    surface: String,
    id: String,
}

pub(crate) fn evaluate(folder: &Path, ids: &Path, target: &Path, measures: &mut Measures) {
    let table = std::fs::read_to_string(ids).expect("the table of ids is checked in");
    let ids: HashMap<&str, &str> = table
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .collect();
    if !folder.exists() {
        println!("SlavicNER: skipped, {} is not there", folder.display());
        return;
    }
    println!(
        "SlavicNER, all topics, mentions of entities in the dictionary; spans overlap\n  \
         precision: of all that was linked, what is a name; recall: of the names that the dictionary has;\n  \
         it annotates a people as its country, so a demonym is right there, and is no mistake elsewhere"
    );
    let mut errors = Errors::default();
    for language in ["uk", "ru", "pl"] {
        let documents = documents(folder, language);
        let tagged = tag::entities(documents.iter().map(|(text, _)| text.as_str()), language);
        let mut counts = Counts::default();
        let mut recalled = 0;
        let mut exact = 0;
        let mut identified = 0;
        for ((text, names), entities) in documents.iter().zip(&tagged) {
            let text: Vec<char> = text.chars().collect();
            let linked: Vec<&Entity> = entities
                .iter()
                .filter(|one| KINDS.contains(&one.kind.as_str()) && !one.id.starts_with("name:"))
                .collect();
            counts.found += linked.len();
            for entity in &linked {
                if names
                    .iter()
                    .any(|name| entity.overlaps(name.start, name.end))
                {
                    counts.right += 1;
                } else {
                    let what = format!("{} = {}", entity.surface, entity.id);
                    let kind = format!("{language} invented");
                    errors.note(&kind, &what, &text, entity.start, entity.end);
                }
            }
            for name in names {
                let Some(&ours) = ids.get(name.id.as_str()) else {
                    continue;
                };
                counts.annotated += 1;
                let found: Vec<&Entity> = entities
                    .iter()
                    .filter(|one| KINDS.contains(&one.kind.as_str()) || one.kind == "demonym")
                    .filter(|one| !one.id.starts_with("name:"))
                    .filter(|entity| entity.overlaps(name.start, name.end))
                    .collect();
                exact += usize::from(
                    found
                        .iter()
                        .any(|one| one.start == name.start && one.end == name.end),
                );
                recalled += usize::from(!found.is_empty());
                let kind = if found.is_empty() {
                    format!("{language} missed")
                } else if found.iter().any(|entity| is(entity, ours)) {
                    identified += 1;
                    continue;
                } else {
                    format!("{language} mistaken")
                };
                let read: Vec<&str> = found.iter().map(|entity| entity.id.as_str()).collect();
                let what = format!("{} = {} not {}", name.surface, name.id, read.join(", "));
                errors.note(&kind, &what, &text, name.start, name.end);
            }
        }
        println!(
            "  {language:<4} P {:.3}  R {:.3}  right id {:.3}  exact span {:.3}  n {:>5}",
            counts.precision(),
            ratio(recalled, counts.annotated),
            ratio(identified, recalled),
            ratio(exact, counts.annotated),
            counts.annotated,
        );
        for (measure, figure, bar) in [
            ("precision", counts.precision(), 0.95),
            ("recall", ratio(recalled, counts.annotated), 0.95),
            ("right id", ratio(identified, recalled), 0.90),
        ] {
            measures.add(
                &format!("SlavicNER {language}, {measure}"),
                figure,
                bar..,
                "",
            );
        }
    }
    errors.write(&target.join("slavicner.tsv"));
}

/// Whether a mention is of an entity, or of the people of a country.
fn is(entity: &Entity, id: &str) -> bool {
    let people = entity.id.strip_prefix("demonym.");
    entity.id == id || people.is_some_and(|country| id.strip_prefix("place.") == Some(country))
}

/// Every text of a language with its names.
fn documents(folder: &Path, language: &str) -> Vec<(String, Vec<Name>)> {
    let mut topics: Vec<PathBuf> = entries(&folder.join("ner"));
    topics.sort();
    let mut seen = HashSet::new();
    let mut documents = Vec::new();
    for topic in topics {
        let topic_name = topic.file_name().expect("a topic has a name").to_owned();
        let mut answers = entries(&topic.join(language));
        answers.sort();
        for answer in answers {
            let stem = answer
                .file_stem()
                .expect("an answer has a name")
                .to_string_lossy();
            let raw = folder.join("raw").join(&topic_name).join(language);
            let raw = raw.join(format!("{stem}.txt"));
            let text = std::fs::read_to_string(&raw).expect("an answer has its text");
            let names = std::fs::read_to_string(&answer).expect("an answer is text");
            if seen.insert(text.clone()) {
                documents.push((text, names.lines().filter_map(name).collect()));
            }
        }
    }
    documents
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect()
}

fn name(line: &str) -> Option<Name> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [start, end, surface, _, _, id] = fields.as_slice() else {
        return None;
    };
    Some(Name {
        start: start.parse().ok()?,
        end: end.parse().ok()?,
        surface: (*surface).to_owned(),
        id: id.trim().to_owned(),
    })
}
