//! The labelled corpus as a whole: agreement by language, and what is missed, in words.

use std::collections::BTreeMap;
use std::path::Path;

use classifier::{Classifier, RuleFiles, Scope, Text};
use serde::Deserialize;
use wire::claim::StatusDetail;

#[derive(Deserialize)]
struct Corpus {
    sentence: Vec<Labelled>,
}

#[derive(Deserialize)]
struct Labelled {
    text: String,
    expect: StatusDetail,
}

/// Sentences in a hundred that must agree, by language.
const LEAST: [(&str, usize); 6] = [
    ("en", 90),
    ("uk", 85),
    ("ru", 85),
    ("de", 85),
    ("fr", 85),
    ("pl", 85),
];

#[test]
fn the_corpus_agrees_in_every_language() {
    let classifier = Classifier::new(&RuleFiles::builtin()).expect("the shipped rules are sound");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut wrong = Vec::new();
    let mut shares = BTreeMap::new();
    for (language, least) in LEAST {
        let content = std::fs::read_to_string(folder.join(format!("{language}.toml")))
            .expect("a corpus file");
        let corpus: Corpus = toml::from_str(&content).expect("a sound corpus file");
        let mut right = 0;
        for labelled in &corpus.sentence {
            let text = Text {
                id: "corpus".to_owned(),
                text: labelled.text.clone(),
                published: Some("2025-03-10T12:00:00Z".parse().expect("a timestamp")),
                ..Text::default()
            };
            let tagged = classifier.tag(&text, Scope::All);
            let found = tagged.claims.first().map(|claim| claim.status_detail);
            if found == Some(labelled.expect) {
                right += 1;
            } else {
                wrong.push(format!(
                    "{} {found:?}, not {:?}: {}",
                    tagged.language, labelled.expect, labelled.text
                ));
            }
        }
        shares.insert(language, (right, corpus.sentence.len(), least));
    }
    println!("{shares:?}\n{}", wrong.join("\n"));
    for (language, (right, all, least)) in shares {
        assert!(
            right * 100 >= least * all,
            "{language}: {right} of {all}\n{}",
            wrong.join("\n")
        );
    }
}
