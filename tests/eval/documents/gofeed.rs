//! gofeed's pairs: RSS documents with what its authors expect of their items.
//!
//! A field that the suite leaves empty is counted apart, so that agreement on nothing does not hide a
//! difference, and something that was read where nothing stands still shows. Items of RDF are an exception of
//! its own kind: claimwire takes the `rdf:about` that names them (RSS 1.0, 5.5), for which gofeed has no field.

use std::path::Path;

use serde_json::Value as Json;

use super::fields::{instant, prose, text};
use super::value::Unmapped;

/// How many fields are as the suite has them: those that hold something, and those that hold nothing.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) equal: usize,
    pub(crate) all: usize,
    pub(crate) empty: usize,
    pub(crate) all_empty: usize,
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
                let equal = ours.equals(&text(expected))?;
                if expected.is_null() {
                    self.all_empty += 1;
                    self.empty += usize::from(equal);
                } else {
                    self.all += 1;
                    self.equal += usize::from(equal);
                }
                if !equal {
                    let file = file.file_name().unwrap_or_default().display();
                    self.differences
                        .push(format!("{file}: {name} {expected}, not {ours:?}"));
                }
            }
        }
        Ok(())
    }
}
