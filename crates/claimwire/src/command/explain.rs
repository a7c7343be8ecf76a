//! `claimwire explain`: why each claim of a text has its status.

use std::io::{self, Write as _};
use std::path::Path;

use classifier::{Classifier, Text};

use super::{Failure, read};

/// Explains the documents of a file: JSON lines as `tag` takes them, else one plain text.
pub(super) fn explain(file: &Path, classifier: &Classifier) -> Result<(), Failure> {
    let bytes = read(file).map_err(Failure::NotStarted)?;
    let content = String::from_utf8_lossy(&bytes);
    for text in texts(&content) {
        let explanation = classifier.explain(&text).to_string();
        let mut out = io::stdout().lock();
        for line in explanation.lines() {
            writeln!(out, "{}", crate::output::plain(line))?;
        }
    }
    Ok(())
}

fn texts(content: &str) -> Vec<Text> {
    let lines = content.lines().filter(|line| !line.trim().is_empty());
    let documents: Result<Vec<Text>, _> = lines.map(serde_json::from_str).collect();
    documents.unwrap_or_else(|_| {
        vec![Text {
            id: "text".to_owned(),
            text: content.to_owned(),
            ..Text::default()
        }]
    })
}
