//! `make eval`: how well claims are tagged by the real binary (`claimwire tag`) on this project's labelled
//! sentences.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    sentences(&root.join("crates/classifier/corpus"));
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
