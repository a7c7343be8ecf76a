//! `make fit`: writes `config/attribution/`, learned from the train articles of PolNeAR (Newell et al. 2018).
//!
//! They are read from `../shared/corpora` (or `CLAIMWIRE_CORPORA`). The same articles give the same files.
#![expect(clippy::print_stdout, reason = "says what it did")]

use std::path::{Path, PathBuf};

use classifier::{Classifier, Example, Marked, RuleFiles};

#[path = "../eval/attribution/polnear.rs"]
mod polnear;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("CLAIMWIRE_CORPORA")
        .map_or_else(|| root.join("../shared/corpora"), PathBuf::from)
        .join("attribution/polnear/train");
    let examples: Vec<Example> = polnear::read(&folder)
        .into_iter()
        .map(|article| Example {
            text: article.text,
            attributions: article
                .attributions
                .into_iter()
                .map(|one| Marked {
                    source: one.source,
                    cue: one.cue,
                    content: one.content,
                })
                .collect(),
        })
        .collect();
    if examples.is_empty() {
        println!("fit: skipped, {} is not there", folder.display());
        return;
    }
    let rules = RuleFiles::builtin();
    let classifier = Classifier::new(&rules).expect("the rules are sound");
    let origin = format!(
        "PolNeAR's train articles ({} readings) by `make fit`",
        examples.len()
    );
    for (path, content) in classifier::fit(&classifier, &examples, &origin).0 {
        let lines = content.lines().count();
        std::fs::write(root.join("config").join(&path), content).expect("config/ is writable");
        println!("config/{path}: {lines} lines");
    }
}
