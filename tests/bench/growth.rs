//! How the cost of tagging grows with the length of a text, on texts made to be hard: what is linear costs the
//! same a byte in long documents as in short ones.

use std::fmt::Write as _;

use serde_json::json;

use crate::tagging;

/// Bytes of a short document and of a long one, which is as long as a line may be.
const SHORT: usize = 62_500;
const LONG: usize = 1_000_000;
/// Bytes of text in all, of each length.
const TOTAL: usize = 4 * LONG;

/// What is said over and over, after a sentence that makes it relevant.
const PIECES: [(&str, &str); 6] = [
    ("commas", ", "),
    ("one_word", "a"),
    ("quotation_marks", "“ "),
    ("pronouns", "Kyiv. He said so. "),
    ("alliances", "Kyiv told the Alliance, "),
    ("clauses", "who said that it may, if they deny it, "),
];

/// For each kind of text, what a byte costs in long documents as a multiple of that in short ones.
pub(crate) fn growth() -> impl Iterator<Item = (&'static str, f64)> {
    let folder = tempfile::tempdir().expect("a folder");
    PIECES.into_iter().map(move |(name, piece)| {
        let seconds = |length: usize| {
            let file = folder.path().join("documents.jsonl");
            std::fs::write(&file, documents(piece, length)).expect("the file is written");
            tagging::tagging_seconds(&file)
        };
        std::fs::write(folder.path().join("none.jsonl"), "").expect("the file is written");
        let start = tagging::tagging_seconds(&folder.path().join("none.jsonl"));
        (name, (seconds(LONG) - start) / (seconds(SHORT) - start))
    })
}

/// Documents of this length in bytes.
fn documents(piece: &str, length: usize) -> String {
    let text = "NATO and Ukraine met. ".to_owned() + &piece.repeat(length / piece.len());
    let mut lines = String::new();
    for number in 0..TOTAL / length {
        let line = json!({ "id": number.to_string(), "text": text });
        writeln!(lines, "{line}").expect("a string takes it");
    }
    lines
}
