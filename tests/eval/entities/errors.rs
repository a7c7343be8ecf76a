//! Errors for a person to read, those made most often first.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

/// Errors of each kind that are written out.
const MOST: usize = 150;
/// Code points of context to each side of an example.
const CONTEXT: usize = 50;

/// Errors by kind and by what was misread, each with how often and one place.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    kinds: HashMap<(String, String), (usize, String)>,
}

impl Errors {
    /// Notes an error about the code points `start..end` of `text`.
    pub(crate) fn note(&mut self, kind: &str, what: &str, text: &[char], start: usize, end: usize) {
        let from = start.saturating_sub(CONTEXT);
        let to = (end + CONTEXT).min(text.len());
        let entry = self
            .kinds
            .entry((kind.to_owned(), what.to_owned()))
            .or_insert_with(|| {
                let place: String = text[from..to].iter().collect();
                (0, place.replace(['\n', '\t'], " "))
            });
        entry.0 += 1;
    }

    /// Writes the errors as `kind, times, what, place`, a line each.
    pub(crate) fn write(&self, file: &Path) {
        let mut all: Vec<_> = self.kinds.iter().collect();
        all.sort_by(|a, b| (&a.0.0, b.1.0, &a.0.1).cmp(&(&b.0.0, a.1.0, &b.0.1)));
        let mut out = String::new();
        let mut of_kind = HashMap::<&str, usize>::new();
        for ((kind, what), (times, place)) in all {
            let written = of_kind.entry(kind).or_default();
            *written += 1;
            if *written <= MOST {
                writeln!(out, "{kind}\t{times}\t{what}\t{place}").expect("a string takes it");
            }
        }
        std::fs::write(file, out).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}
