//! `claimwire explain`: why each claim of a text has its status.

use std::io::{self, Write as _};
use std::path::Path;

use classifier::{Classifier, Text};

use super::{Failure, read};

/// Explains the documents of a file: JSON lines as `tag` takes them, else one plain text.
/// For a person, in colour on a terminal, or as JSON lines.
pub(super) fn explain(file: &Path, json: bool, classifier: &Classifier) -> Result<(), Failure> {
    let bytes = read(file).map_err(Failure::NotStarted)?;
    let content = String::from_utf8_lossy(&bytes);
    let colour = crate::output::colour();
    let mut out = io::stdout().lock();
    for text in texts(&content) {
        let explanation = classifier.explain(&text);
        if json {
            serde_json::to_writer(&mut out, &explanation)?;
            writeln!(out)?;
        } else if colour {
            write!(out, "{explanation:#}")?;
        } else {
            write!(out, "{explanation}")?;
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
