//! `make eval`: how well feed documents are read, by the real binary (`claimwire parse --json`), on public
//! conformance suites beside plain feed-rs on the same files. A suite that is not there is named and left out.
//!
//! Every case of the Universal Feed Parser's suite says in an expression what it expects. The expression is
//! evaluated as it is written, with its names standing for the fields that claimwire carries
//! ([`fields`]). Where it expects HTML, the text of that HTML is expected, for claimwire's text is plain.
//! The cases that ask for something claimwire does not carry are listed with the reason in
//! `documents/not-ours.tsv`; a case that is neither mapped nor listed counts as false.
//! With the argument `all`, every case that is false is printed with its expression.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

#[path = "documents"]
mod documents {
    pub(crate) mod case;
    pub(crate) mod expectation;
    pub(crate) mod fields;
    pub(crate) mod gofeed;
    pub(crate) mod parse;
    pub(crate) mod python;
    pub(crate) mod value;
}

use documents::case::Case;
use documents::value::Unmapped;
use documents::{fields, gofeed, parse, python};

const FOLDERS: [&str; 4] = ["wellformed", "illformed", "encoding", "entities"];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpora = std::env::var_os("CLAIMWIRE_CORPORA")
        .map_or_else(|| root.join("../shared/corpora"), PathBuf::from);
    println!(
        "{:<52} {:>12} {:>14}",
        "measure", "claimwire", "plain feed-rs"
    );
    feedparser(&corpora.join("feeds/feedparser"), &root);
    pairs(&corpora.join("feeds/gofeed-rss"));
}

/// The Universal Feed Parser's suite.
fn feedparser(suite: &Path, root: &Path) {
    let cases: Vec<Case> = parse::files(suite, "xml")
        .iter()
        .filter_map(|file| Case::read(suite, file))
        .collect();
    if cases.is_empty() {
        println!("feedparser: skipped, {} is not there", suite.display());
        return;
    }
    let documents = parse::cases(&cases);
    entries(&cases, &documents);
    expectations(&cases, &documents, &listed(root));
}

/// Cases that read the first entry of a well-formed document.
fn entries(cases: &[Case], documents: &[Json]) {
    let reading: Vec<(&Case, &Json)> = cases
        .iter()
        .zip(documents)
        .filter(|(case, _)| {
            case.name.starts_with("wellformed") && case.expected.contains("entries[0]")
        })
        .collect();
    let ours = reading
        .iter()
        .filter(|(_, document)| parse::count(document) > 0);
    let theirs = reading
        .iter()
        .filter(|(case, _)| parse::feed_rs_items(&case.bytes) > Some(0));
    row(
        "feedparser, well-formed: the entry is yielded",
        ours.count(),
        Some(theirs.count()),
        reading.len(),
    );
    let silent = |items: usize, case: &Case| Some(items) < parse::items_by_events(&case.bytes);
    let ours = cases.iter().zip(documents).filter(|(case, document)| {
        let silent = document["status"] == "ok" && silent(parse::count(document), case);
        if silent {
            println!("  fewer items than {} holds", case.name);
        }
        silent
    });
    let ours = ours.count();
    let theirs = cases
        .iter()
        .filter(|case| parse::feed_rs_items(&case.bytes).is_some_and(|items| silent(items, case)));
    row(
        "feedparser: reported fine with fewer items than held",
        ours,
        Some(theirs.count()),
        cases.len(),
    );
}

/// What every case expects, evaluated.
fn expectations(cases: &[Case], documents: &[Json], listed: &HashMap<String, String>) {
    let show = std::env::args().any(|argument| argument == "all");
    let mut folders = BTreeMap::<&str, Score>::new();
    for (case, document) in cases.iter().zip(documents) {
        let folder = FOLDERS
            .into_iter()
            .find(|folder| case.name.starts_with(folder));
        let score = folders.entry(folder.unwrap_or("other")).or_default();
        let verdict = verdict(case, document);
        if listed.contains_key(&case.name) {
            score.listed += 1;
            if verdict == Ok(true) {
                println!("  listed as not ours, yet true: {}", case.name);
            }
            continue;
        }
        score.all += 1;
        match verdict {
            Ok(true) => score.holds += 1,
            Ok(false) if show => println!("  false: {}\t{}\n{document}", case.name, case.expected),
            Ok(false) => println!("  false: {}", case.name),
            Err(why) => println!("  neither mapped nor listed: {}\t{why}", case.name),
        }
    }
    for (folder, score) in &folders {
        let name = format!("feedparser, {folder}: expectations that hold");
        row(&name, score.holds, None, score.all);
    }
    let (holds, all): (usize, usize) = (
        folders.values().map(|score| score.holds).sum(),
        folders.values().map(|score| score.all).sum(),
    );
    row(
        "feedparser: expectations that hold, in all",
        holds,
        None,
        all,
    );
    let listed: usize = folders.values().map(|score| score.listed).sum();
    println!("feedparser: {listed} cases ask for what is not ours, each listed with the reason");
}

#[derive(Default)]
struct Score {
    holds: usize,
    all: usize,
    listed: usize,
}

/// Whether the expectation holds; the error names what of it has no counterpart.
fn verdict(case: &Case, document: &Json) -> Result<bool, String> {
    let expression = python::read(&case.expected)?;
    expression
        .holds(&|path| fields::value(document, &case.bytes, path))
        .map_err(|Unmapped(name)| name)
}

/// The cases that ask for what claimwire does not carry, each with the reason.
fn listed(root: &Path) -> HashMap<String, String> {
    let file = root.join("tests/eval/documents/not-ours.tsv");
    let text = std::fs::read_to_string(&file).expect("the list is checked in");
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, reason) = line.split_once('\t').expect("a case and its reason");
            (name.to_owned(), reason.to_owned())
        })
        .collect()
}

/// gofeed's pairs of a document and what its authors read from it.
fn pairs(folder: &Path) {
    let files = parse::files(folder, "xml");
    if files.is_empty() {
        println!("gofeed pairs: skipped, {} is not there", folder.display());
        return;
    }
    let answers: Vec<Json> = files
        .iter()
        .map(|file| {
            let answer =
                std::fs::read(file.with_extension("json")).expect("every document has an answer");
            serde_json::from_slice(&answer).expect("an answer is JSON")
        })
        .collect();
    let documents = parse::documents(&files, None, None);
    let mut fields = gofeed::Fields::default();
    let (mut ours, mut theirs) = (0, 0);
    for ((file, document), answer) in files.iter().zip(&documents).zip(&answers) {
        let bytes = std::fs::read(file).expect("a listed file can be read");
        let expected = parse::count(answer);
        if parse::count(document) == expected {
            ours += 1;
        } else {
            println!(
                "  {} items, not {expected}: {}",
                parse::count(document),
                file.display()
            );
        }
        theirs += usize::from(parse::feed_rs_items(&bytes) == Some(expected));
        fields
            .compare(file, document, answer)
            .expect("these fields are all carried");
    }
    row(
        "gofeed: documents with the right item count",
        ours,
        Some(theirs),
        files.len(),
    );
    for difference in &fields.differences {
        println!("  {difference}");
    }
    row(
        "gofeed: id, title, link and date that are equal",
        fields.equal,
        None,
        fields.all,
    );
    row(
        "gofeed: of these, empty in its answer and in ours",
        fields.empty,
        None,
        fields.all_empty,
    );
}

fn row(name: &str, ours: usize, baseline: Option<usize>, of: usize) {
    let baseline = baseline.map_or_else(String::new, |baseline| format!("{baseline}/{of}"));
    println!("{name:<52} {:>12} {baseline:>14}", format!("{ours}/{of}"));
}
