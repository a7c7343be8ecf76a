//! The measures that have a bar, for the one table at the end of `make eval`.

use std::fmt::Write as _;
use std::path::Path;

/// Rows of the table: measure, figure, bar, whether it holds, and what to compare it with.
#[derive(Debug, Default)]
pub(crate) struct Measures(String);

impl Measures {
    /// Adds a figure that holds from `bar` up.
    pub(crate) fn at_least(&mut self, measure: &str, figure: f64, bar: f64, beside: &str) {
        self.add(
            measure,
            figure,
            &format!(">= {bar:.2}"),
            figure >= bar,
            beside,
        );
    }

    /// Adds a figure that holds up to `bar`.
    #[allow(dead_code, reason = "only errors are better when smaller")]
    pub(crate) fn at_most(&mut self, measure: &str, figure: f64, bar: f64, beside: &str) {
        self.add(
            measure,
            figure,
            &format!("<= {bar:.2}"),
            figure <= bar,
            beside,
        );
    }

    /// Adds a part of a figure, which has no bar of its own.
    #[allow(dead_code, reason = "only figures over several types have parts")]
    pub(crate) fn part(&mut self, measure: &str, figure: f64) {
        let row = writeln!(self.0, "  {measure}\t{figure:.3}\t\t\t");
        row.expect("a string takes it");
    }

    fn add(&mut self, measure: &str, figure: f64, bar: &str, holds: bool, beside: &str) {
        let holds = if holds { "holds" } else { "SHORT" };
        writeln!(self.0, "{measure}\t{figure:.3}\t{bar}\t{holds}\t{beside}")
            .expect("a string takes it");
    }

    /// Writes the rows to `target/eval/measures/NAME.tsv` under `root`, from where the table is put together.
    pub(crate) fn write(&self, root: &Path, name: &str) {
        let folder = root.join("target/eval/measures");
        std::fs::create_dir_all(&folder).expect("target/ is writable");
        std::fs::write(folder.join(format!("{name}.tsv")), &self.0).expect("target/ is writable");
    }
}
