//! `make eval`: how well entities are found and linked, on news that others annotated.
//!
//! Every text goes through `claimwire tag --json --all`, and only what that prints is scored. The data
//! is read from `../shared/corpora` (or `CLAIMWIRE_CORPORA`); a set that is not there is named and left
//! out. The errors made most often are written to `target/eval/`, to be read.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::path::{Path, PathBuf};

#[path = "entities/crossner.rs"]
mod crossner;
#[path = "entities/errors.rs"]
mod errors;
#[path = "entities/iob.rs"]
mod iob;
#[path = "measures.rs"]
mod measures;
#[path = "entities/ner_uk.rs"]
mod ner_uk;
#[path = "entities/slavicner.rs"]
mod slavicner;
#[path = "tag.rs"]
mod tag;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpora = std::env::var_os("CLAIMWIRE_CORPORA")
        .map_or_else(|| root.join("../shared/corpora"), PathBuf::from)
        .join("entities");
    let errors = root.join("target/eval");
    std::fs::create_dir_all(&errors).expect("target/ is writable");
    let mut measures = measures::Measures::default();
    slavicner::evaluate(
        &corpora.join("slavicner"),
        &root.join("tests/eval/entities/slavicner-ids.tsv"),
        &errors,
        &mut measures,
    );
    ner_uk::evaluate(&corpora.join("ner-uk/train.iob"), &errors, &mut measures);
    crossner::evaluate(
        &corpora.join("crossner-politics/dev.txt"),
        &errors,
        &mut measures,
    );
    measures.write(&root, "entities");
}

/// Spans found, spans annotated, and those in both.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    found: usize,
    annotated: usize,
    right: usize,
}

impl Counts {
    fn precision(self) -> f64 {
        ratio(self.right, self.found)
    }

    fn recall(self) -> f64 {
        ratio(self.right, self.annotated)
    }

    fn f1(self) -> f64 {
        ratio(2 * self.right, self.found + self.annotated)
    }

    fn print(self, name: &str, bar: &str) {
        println!(
            "  {name:<34} P {:.3}  R {:.3}  F1 {:.3}  n {:>5}  {bar}",
            self.precision(),
            self.recall(),
            self.f1(),
            self.annotated,
        );
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.found += other.found;
        self.annotated += other.annotated;
        self.right += other.right;
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    part as f64 / whole as f64
}
