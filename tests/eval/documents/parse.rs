//! Documents through the real binary, and what others count in them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value as Json;

use super::case::Case;

/// What `claimwire parse` makes of every case, in their order, with the media type and the address that
/// each of them came with.
pub(crate) fn cases(cases: &[Case]) -> Vec<Json> {
    let mut groups = BTreeMap::<(Option<&str>, Option<&str>), Vec<usize>>::new();
    for (at, case) in cases.iter().enumerate() {
        let came_with = (case.content_type.as_deref(), case.base_url.as_deref());
        groups.entry(came_with).or_default().push(at);
    }
    let mut all = vec![Json::Null; cases.len()];
    for ((content_type, base_url), group) in groups {
        let files: Vec<PathBuf> = group.iter().map(|at| cases[*at].file.clone()).collect();
        for (at, document) in group
            .into_iter()
            .zip(documents(&files, content_type, base_url))
        {
            all[at] = document;
        }
    }
    all
}

/// The documents that `claimwire parse` makes of `files`, in their order.
pub(crate) fn documents(
    files: &[PathBuf],
    content_type: Option<&str>,
    base_url: Option<&str>,
) -> Vec<Json> {
    let names: String = files
        .iter()
        .map(|file| format!("{}\n", file.display()))
        .collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_claimwire"));
    command.args(["parse", "--json", "--batch"]);
    if let Some(content_type) = content_type {
        command.args(["--content-type", content_type]);
    }
    if let Some(base_url) = base_url {
        command.args(["--base-url", base_url]);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let writer = std::thread::spawn(move || stdin.write_all(names.as_bytes()));
    let output = child.wait_with_output().expect("the binary ends");
    writer
        .join()
        .expect("the writer ends")
        .expect("the binary reads its input");
    assert!(output.status.success(), "claimwire parse failed");
    let documents: Vec<Json> = String::from_utf8(output.stdout)
        .expect("JSON is UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect("every line is JSON"))
        .collect();
    assert_eq!(documents.len(), files.len(), "one line a document");
    documents
}

pub(crate) fn count(document: &Json) -> usize {
    document["items"].as_array().map_or(0, Vec::len)
}

/// How many entries feed-rs finds; None where it finds no feed.
pub(crate) fn feed_rs_items(bytes: &[u8]) -> Option<usize> {
    // It panics on some documents, which is its own affair.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let parsed = std::panic::catch_unwind(|| feed_rs::parser::parse(bytes));
    std::panic::set_hook(hook);
    Some(parsed.ok()?.ok()?.entries.len())
}

/// How many elements named `item` or `entry` an XML reader meets; None where it meets a mistake first, and
/// for what is not UTF-8.
pub(crate) fn items_by_events(bytes: &[u8]) -> Option<usize> {
    let mut reader = Reader::from_str(std::str::from_utf8(bytes).ok()?);
    let mut items = 0;
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) | Event::Empty(element) => {
                let name = element.local_name();
                items += usize::from(["item", "entry"].contains(&name.as_ref()));
            }
            Event::Eof => return Some(items),
            _ => {}
        }
    }
}

/// The files below `folder` with this extension, in order.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
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
