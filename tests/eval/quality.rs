//! `make eval`: how well documents are read and claims are tagged, on data with known answers.
//!
//! Feeds are read by the real binary (`claimwire parse`) from public conformance suites, beside plain
//! feed-rs on the same files. Claims are tagged (`claimwire tag`) on this project's labelled sentences.
//! A suite that is not there is named and left out.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpora = std::env::var_os("CLAIMWIRE_CORPORA")
        .map_or_else(|| root.join("../shared/corpora"), PathBuf::from);
    println!(
        "{:<44} {:>14} {:>14}",
        "measure", "claimwire", "plain feed-rs"
    );
    well_formed(&corpora.join("feeds/feedparser/wellformed"));
    pairs(&corpora.join("feeds/gofeed-rss"));
    sentences(&root.join("crates/classifier/corpus"));
}

/// Cases of the Universal Feed Parser's suite that expect a first entry.
fn well_formed(folder: &Path) {
    let cases: Vec<PathBuf> = files(folder, "xml")
        .into_iter()
        .filter(|file| String::from_utf8_lossy(&read(file)).contains("entries[0]"))
        .collect();
    if cases.is_empty() {
        println!(
            "feedparser well-formed: skipped, {} is not there",
            folder.display()
        );
        return;
    }
    let documents = parse(&cases);
    let ours = documents
        .iter()
        .filter(|document| count(document) > 0)
        .count();
    let baseline = cases
        .iter()
        .filter(|file| feed_rs_items(file).unwrap_or(0) > 0)
        .count();
    row(
        "feedparser: cases that yield their entry",
        ours,
        baseline,
        cases.len(),
    );
    let silent = |document: &&Value| document["status"] == "ok" && count(document) == 0;
    let ours = documents.iter().filter(silent).count();
    let baseline = cases
        .iter()
        .filter(|file| feed_rs_items(file) == Some(0))
        .count();
    row(
        "feedparser: reported fine, without the entry",
        ours,
        baseline,
        cases.len(),
    );
}

/// Documents of gofeed's suite with the number of items that its authors expect.
fn pairs(folder: &Path) {
    let cases: Vec<PathBuf> = files(folder, "xml");
    if cases.is_empty() {
        println!("gofeed pairs: skipped, {} is not there", folder.display());
        return;
    }
    let expected: Vec<usize> = cases
        .iter()
        .map(|file| {
            let answer = read(&file.with_extension("json"));
            let answer: Value = serde_json::from_slice(&answer).expect("an answer is JSON");
            count(&answer)
        })
        .collect();
    let ours = parse(&cases)
        .iter()
        .map(count)
        .zip(&expected)
        .filter(|(ours, n)| ours == *n)
        .count();
    let baseline = cases
        .iter()
        .zip(&expected)
        .filter(|(file, expected)| feed_rs_items(file) == Some(**expected))
        .count();
    row(
        "gofeed: documents with the right item count",
        ours,
        baseline,
        cases.len(),
    );
}

/// This project's labelled sentences: the standing of the first claim.
fn sentences(folder: &Path) {
    for file in files(folder, "toml") {
        let text = String::from_utf8(read(&file)).expect("the corpus is UTF-8");
        let corpus: toml::Table = text.parse().expect("the corpus is TOML");
        let sentences = corpus["sentence"]
            .as_array()
            .expect("the corpus lists sentences");
        let language = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let lines: String = sentences
            .iter()
            .map(|sentence| {
                format!(
                    "{}\n",
                    json!({"id": "", "lang": language, "text": sentence["text"].as_str()})
                )
            })
            .collect();
        let tagged = claimwire(&["tag", "--json", "--all"], &lines);
        let agree = tagged
            .iter()
            .zip(sentences)
            .filter(|(tagged, sentence)| {
                let detail = tagged["claims"][0]["status_detail"]
                    .as_str()
                    .unwrap_or("none");
                Some(detail) == sentence["expect"].as_str()
            })
            .count();
        let name = format!("own sentences, {language}: status detail agrees");
        println!("{name:<44} {:>14}", format!("{agree}/{}", sentences.len()));
    }
}

fn row(name: &str, ours: usize, baseline: usize, of: usize) {
    println!(
        "{name:<44} {:>14} {:>14}",
        format!("{ours}/{of}"),
        format!("{baseline}/{of}")
    );
}

/// The documents that `claimwire parse` makes of `files`, in their order.
fn parse(files: &[PathBuf]) -> Vec<Value> {
    let names: String = files
        .iter()
        .map(|file| format!("{}\n", file.display()))
        .collect();
    claimwire(&["parse", "--json", "--batch"], &names)
}

fn claimwire(arguments: &[&str], input: &str) -> Vec<Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_claimwire"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("the binary ends");
    writer
        .join()
        .expect("the writer ends")
        .expect("the binary reads its input");
    assert!(output.status.success(), "claimwire {arguments:?} failed");
    String::from_utf8(output.stdout)
        .expect("JSON is UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect("every line is JSON"))
        .collect()
}

fn count(document: &Value) -> usize {
    document["items"].as_array().map_or(0, Vec::len)
}

fn feed_rs_items(file: &Path) -> Option<usize> {
    let bytes = read(file);
    let parsed = std::panic::catch_unwind(|| feed_rs::parser::parse(&bytes[..]));
    Some(parsed.ok()?.ok()?.entries.len())
}

fn read(file: &Path) -> Vec<u8> {
    fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The files below `folder` with this extension, in order.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
