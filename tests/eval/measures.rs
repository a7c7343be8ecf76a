//! The measures that have a bar, for the one table at the end of `make eval`.

use std::fmt::Write as _;
use std::ops::{Bound, RangeBounds};
use std::path::Path;

/// Rows of the table: measure, figure, bar, whether it holds, and what to compare it with.
#[derive(Debug, Default)]
pub(crate) struct Measures(String);

impl Measures {
    /// Adds a figure that holds within `bar`: from a bound up, up to one, or `..` for a part of another figure, which
    /// has none.
    pub(crate) fn add(
        &mut self,
        measure: &str,
        figure: f64,
        bar: impl RangeBounds<f64>,
        beside: &str,
    ) {
        let shown = match (bar.start_bound(), bar.end_bound()) {
            (Bound::Included(least), _) => format!(">= {least:.2}"),
            (_, Bound::Included(most)) => format!("<= {most:.2}"),
            _ => String::new(),
        };
        let verdict = match (shown.as_str(), bar.contains(&figure)) {
            ("", _) => "",
            (_, true) => "holds",
            (_, false) => "SHORT",
        };
        let row = writeln!(
            self.0,
            "{measure}\t{figure:.3}\t{shown}\t{verdict}\t{beside}"
        );
        row.expect("a string takes it");
    }

    /// Writes the rows to `target/eval/measures/NAME.tsv` under `root`, from where the table is put together.
    pub(crate) fn write(&self, root: &Path, name: &str) {
        let folder = root.join("target/eval/measures");
        std::fs::create_dir_all(&folder).expect("target/ is writable");
        std::fs::write(folder.join(format!("{name}.tsv")), &self.0).expect("target/ is writable");
    }
}
