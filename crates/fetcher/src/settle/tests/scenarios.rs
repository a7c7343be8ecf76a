//! Sequences of documents, each with what must be reported of it, as files under `tests/fixtures/scenarios`.
//!
//! A letter is an item with guid, link, date, title and text of its own, an hour younger than the letter before;
//! `[items]` describes others, as differences to one that it is `like`. `{poll}` stands for the number of the
//! poll. A label names an item by what it was called when it was new.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use wire::id::IdOrigin;
use wire::revision::{Change, Edit};
use wire::{ItemId, Revision};

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// What the feed does, for a reader.
    about: String,
    #[serde(default)]
    items: BTreeMap<String, Entry>,
    /// Elements that no item has.
    #[serde(default)]
    without: Vec<String>,
    poll: Vec<Step>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    like: Option<String>,
    guid: Option<String>,
    link: Option<String>,
    date: Option<String>,
    title: Option<String>,
    text: Option<String>,
    /// More elements.
    extra: Option<String>,
    #[serde(default)]
    without: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// In document order.
    shows: Vec<String>,
    /// Whether the document breaks off inside of its last item.
    #[serde(default)]
    cut: bool,
    #[serde(default = "once")]
    times: usize,
    says: Vec<String>,
}

fn once() -> usize {
    1
}

#[test]
fn every_scenario_is_reported_as_labelled() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scenarios");
    let files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the scenarios are there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert!(files.len() >= 36, "{} scenarios", files.len());
    let wrong: Vec<String> = files.iter().flat_map(|file| played(file)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What was not reported as labelled.
fn played(file: &Path) -> Vec<String> {
    let name = file.file_stem().expect("a name").display();
    let text = std::fs::read_to_string(file).expect("a listed file can be read");
    let scenario: Scenario =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(!scenario.about.is_empty());
    let mut state = fresh();
    let mut names = HashMap::new();
    let mut wrong = Vec::new();
    let mut number = 0;
    for step in &scenario.poll {
        for _ in 0..step.times {
            number += 1;
            let bytes = scenario.document(step, number).into_bytes();
            let body = Body::Document {
                bytes,
                content_type: None,
            };
            let poll = polled(&state, Ok(answer(body)));
            let Outcome::Document { gap_suspected, .. } = poll.outcome else {
                panic!("{name}, poll {number}: {}", poll.outcome)
            };
            let mut says: Vec<String> = gap_suspected
                .then(|| "gap".to_owned())
                .into_iter()
                .collect();
            says.extend(
                poll.revisions
                    .iter()
                    .map(|it| scenario.told(step, number, it, &mut names)),
            );
            let same = says.len() == step.says.len()
                && says
                    .iter()
                    .zip(&step.says)
                    .all(|(says, label)| is_labelled(says, label));
            if !same {
                wrong.push(format!(
                    "{name}, poll {number}: {says:?}, not {:?}",
                    step.says
                ));
            }
            state = poll.state;
        }
    }
    wrong
}

/// A label may leave out the words that differ.
fn is_labelled(says: &str, label: &str) -> bool {
    says.strip_prefix(label)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(" +"))
}

impl Scenario {
    fn entry(&self, name: &str) -> Entry {
        let Some(own) = self.items.get(name) else {
            let hour = name.bytes().next().unwrap_or_default().saturating_sub(b'a');
            return Entry {
                guid: Some(format!("guid-{name}")),
                link: Some(format!("https://news.example/{name}")),
                date: Some(format!("2026-11-24T{hour:02}:00:00Z")),
                title: Some(format!("Report {name}")),
                text: Some(format!("What the report {name} says, in its own words.")),
                without: self.without.clone(),
                ..Entry::default()
            };
        };
        let model = self.entry(own.like.as_deref().expect("an item is like another"));
        let own = own.clone();
        Entry {
            like: None,
            guid: own.guid.or(model.guid),
            link: own.link.or(model.link),
            date: own.date.or(model.date),
            title: own.title.or(model.title),
            text: own.text.or(model.text),
            extra: own.extra.or(model.extra),
            without: [model.without, own.without].concat(),
        }
    }

    fn document(&self, step: &Step, number: usize) -> String {
        let items: String = step
            .shows
            .iter()
            .map(|name| self.entry(name).element())
            .collect();
        let items = if step.cut {
            items
                .rsplit_once("</title>")
                .expect("an item to break off in")
                .0
        } else {
            &items
        };
        let end = if step.cut { "" } else { "</channel></rss>" };
        // Every document is another, so that none is taken for the last one.
        format!(
            "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom' \
             xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0'>\
             <channel><title>T</title><generator>{{poll}}</generator>{items}{end}"
        )
        .replace("{poll}", &number.to_string())
    }

    /// A revision as labels say it.
    fn told(
        &self,
        step: &Step,
        number: usize,
        revision: &Revision,
        names: &mut HashMap<ItemId, String>,
    ) -> String {
        let Some(change) = &revision.change else {
            let shown = step
                .shows
                .iter()
                .find(|name| self.entry(name).is(revision, number));
            let name = shown.expect("what is new was shown").clone();
            let by = match revision.id_origin {
                IdOrigin::Guid => "",
                IdOrigin::Link => " by link",
                IdOrigin::Content => " by content",
            };
            assert_eq!(revision.revision, 1);
            let label = format!("new {name}{by}");
            names.insert(revision.item.clone(), name);
            return label;
        };
        let name = names.get(&revision.item).map_or("unknown", String::as_str);
        match change {
            Change::Edited(edit) => format!("edited {name}{}", differences(edit)),
            Change::Returned(edit) => format!("returned {name}{}", differences(edit)),
            Change::Withdrawn { confidence } => {
                assert!((0.0..=1.0).contains(confidence) && revision.text.is_empty());
                let sure = if *confidence >= 0.5 {
                    "likely"
                } else {
                    "perhaps"
                };
                format!("withdrawn {name}, {sure}")
            }
        }
    }
}

impl Entry {
    fn element(&self) -> String {
        let mut element = "<item>".to_owned();
        let fields = [
            ("guid", &self.guid),
            ("link", &self.link),
            ("pubDate", &self.date),
            ("title", &self.title),
            ("description", &self.text),
        ];
        for (name, value) in fields {
            let called = if name == "description" { "text" } else { name };
            if let Some(value) = value
                && !self.lacks(called)
            {
                let value = value.replace('&', "&amp;").replace('<', "&lt;");
                let permanent = if name == "guid" {
                    " isPermaLink='false'"
                } else {
                    ""
                };
                write!(element, "<{name}{permanent}>{value}</{name}>")
                    .expect("a string takes everything");
            }
        }
        element + self.extra.as_deref().unwrap_or_default() + "</item>"
    }

    fn lacks(&self, element: &str) -> bool {
        self.without.iter().any(|without| without == element)
    }

    fn is(&self, revision: &Revision, number: usize) -> bool {
        let shown = |element: &str, value: &Option<String>| {
            let value = value.as_ref().filter(|_| !self.lacks(element))?;
            Some(
                value
                    .replace("{poll}", &number.to_string())
                    .trim()
                    .to_owned(),
            )
            .filter(|it| !it.is_empty())
        };
        shown("title", &self.title).as_deref() == Some(&revision.title)
            && shown("guid", &self.guid) == revision.guid
            && shown("link", &self.link) == revision.link
    }
}

fn differences(edit: &Edit) -> String {
    let mut all = Vec::new();
    if let Some(title) = &edit.previous_title {
        all.push(format!("title was '{title}'"));
    }
    if edit.churning {
        all.push("churning".to_owned());
    }
    if edit.skipped > 0 {
        all.push(format!("{} skipped", edit.skipped));
    }
    if edit.text_changed {
        let words = edit.words.as_ref().map(|words| {
            let place = |it: &wire::revision::WordChange| format!(" [{}|{}]", it.removed, it.added);
            let places: String = words.places.iter().map(place).collect();
            format!(" +{} -{}{places}", words.added, words.removed)
        });
        all.push(format!("text{}", words.unwrap_or_default()));
    }
    if all.is_empty() {
        String::new()
    } else {
        format!(": {}", all.join(", "))
    }
}
