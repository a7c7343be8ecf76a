//! `make fit`: writes `config/attribution/`, learned from the train articles of PolNeAR (Newell et al. 2018).
//!
//! With the argument `check` nothing is written: what each quarter of the articles says is found by what the others
//! teach, and the figures are printed, which choices of features rest on. The articles are read from
//! `../shared/corpora` (or `CLAIMWIRE_CORPORA`). The same articles give the same files.
#![expect(clippy::print_stdout, reason = "says what it did")]

use std::path::{Path, PathBuf};

use classifier::{Classifier, Example, Marked, RuleFiles, Scope, Text};
use wire::Language;

#[allow(dead_code, reason = "fitting lists none")]
#[path = "../eval/entities/errors.rs"]
mod errors;
#[allow(dead_code, reason = "fitting has no bars")]
#[path = "../eval/measures.rs"]
mod measures;
#[path = "../eval/attribution/polnear.rs"]
mod polnear;
#[allow(dead_code, reason = "fitting has no bars and lists no errors")]
#[path = "../eval/attribution/score.rs"]
mod score;

use polnear::Article;

const FOLDS: usize = 4;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("CLAIMWIRE_CORPORA")
        .map_or_else(|| root.join("../shared/corpora"), PathBuf::from)
        .join("attribution/polnear/train");
    let articles = polnear::read(&folder);
    if articles.is_empty() {
        println!("fit: skipped, {} is not there", folder.display());
        return;
    }
    let rules = RuleFiles::builtin();
    let classifier = Classifier::new(&rules).expect("the rules are sound");
    if std::env::args().nth(1).as_deref() == Some("check") {
        cross_validate(&classifier, &rules, &articles);
        return;
    }
    let origin = format!(
        "PolNeAR's train articles ({} readings) by `make fit`",
        articles.len()
    );
    let examples: Vec<Example> = articles.iter().map(example).collect();
    for (path, content) in classifier::fit(&classifier, &examples, &origin).0 {
        let lines = content.lines().count();
        std::fs::write(root.join("config").join(&path), content).expect("config/ is writable");
        println!("config/{path}: {lines} lines");
    }
}

/// Scores what is found in each part of the articles by what all others teach. What several people read stays
/// together: articles are sorted, and a part begins with another article.
fn cross_validate(classifier: &Classifier, rules: &RuleFiles, articles: &[Article]) {
    let mut fold = 0;
    let mut last = "";
    let folds: Vec<usize> = articles
        .iter()
        .map(|article| {
            if article.text != last {
                fold = (fold + 1) % FOLDS;
                last = &article.text;
            }
            fold
        })
        .collect();
    let mut scores = score::Scores::default();
    for held in 0..FOLDS {
        let of = |wanted: bool| {
            let folds = folds.iter().map(move |&fold| (fold == held) == wanted);
            let these = articles.iter().zip(folds).filter(|(_, is)| *is);
            these.map(|(article, _)| article)
        };
        let examples: Vec<Example> = of(false).map(example).collect();
        let mut files = rules.clone();
        files.0.extend(classifier::fit(classifier, &examples, "").0);
        let fitted = Classifier::new(&files).unwrap_or_else(|error| panic!("{error}"));
        for article in of(true) {
            let found = found(&fitted, &article.text);
            let text: Vec<char> = article.text.chars().collect();
            scores.add(&text, &article.attributions, &found);
        }
    }
    scores.print(
        &format!("{FOLDS} folds of {} articles", articles.len()),
        true,
    );
}

fn example(article: &Article) -> Example {
    Example {
        text: article.text.clone(),
        attributions: article
            .attributions
            .iter()
            .map(|one| Marked {
                source: one.source.clone(),
                cue: one.cue.clone(),
                content: one.content.clone(),
            })
            .collect(),
    }
}

/// The attributions of a text as a classifier finds them.
fn found(classifier: &Classifier, text: &str) -> Vec<polnear::Attribution> {
    let text = Text {
        text: text.to_owned(),
        language: Some(Language::En),
        ..Text::default()
    };
    let tagged = classifier.tag(&text, Scope::All);
    let piece = |start: u32, end: u32| {
        let span = start as usize..end as usize;
        Some(span)
            .filter(|span| !span.is_empty())
            .into_iter()
            .collect()
    };
    let found = tagged.attributions.unwrap_or_default();
    found
        .iter()
        .map(|one| polnear::Attribution {
            source: piece(one.source.start, one.source.end),
            cue: piece(one.cue.start, one.cue.end),
            content: piece(one.content.start, one.content.end),
        })
        .collect()
}
