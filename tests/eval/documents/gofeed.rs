//! gofeed's pairs: RSS documents with what its authors expect of their items.

use std::path::Path;

use serde_json::Value as Json;

use super::fields::{instant, prose, text};
use super::value::Unmapped;

/// How many of the fields that the suite expects are equal.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) equal: usize,
    pub(crate) all: usize,
    pub(crate) differences: Vec<String>,
}

impl Fields {
    /// Compares the items of one document with those expected in `answer`.
    pub(crate) fn compare(
        &mut self,
        file: &Path,
        document: &Json,
        answer: &Json,
    ) -> Result<(), Unmapped> {
        let none = Vec::new();
        let expected = answer["items"].as_array().unwrap_or(&none);
        for (at, expected) in expected.iter().enumerate() {
            let ours = &document["items"][at];
            let pairs = [
                ("id", text(&ours["guid"]), &expected["guid"]["value"]),
                ("title", prose(&ours["title"]), &expected["title"]),
                ("link", text(&ours["link"]), &expected["link"]),
                (
                    "date",
                    instant(&ours["published"]),
                    &expected["pubDateParsed"],
                ),
            ];
            for (name, ours, expected) in pairs {
                if expected.is_null() {
                    continue;
                }
                self.all += 1;
                if ours.equals(&text(expected))? {
                    self.equal += 1;
                } else {
                    let file = file.file_name().unwrap_or_default().display();
                    self.differences
                        .push(format!("{file}: {name} {expected}, not {ours:?}"));
                }
            }
        }
        Ok(())
    }
}
