//! Any text at all is tagged, the same way every time, with spans that point at what they say.

use std::sync::LazyLock;

use classifier::{Classifier, RuleFiles, Scope, Text};
use proptest::prelude::*;

static CLASSIFIER: LazyLock<Classifier> =
    LazyLock::new(|| Classifier::new(&RuleFiles::builtin()).expect("the shipped rules are sound"));

/// Words that the rules know, marks that split, and anything else.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "NATO",
            "Ukraine",
            "Kyiv",
            "Zelensky",
            "said",
            "claims",
            "denied",
            "it",
            "may",
            "will",
            "not",
            "confirmed",
            "that",
            ", ",
            ". ",
            "; ",
            ": ",
            "“",
            "”",
            "\n\n",
            "who",
            "but",
            "and",
            "according to",
            "U.S.",
            "F-16s",
            "Росія",
            "заявив",
            "НАТО",
            "soll",
            "l'OTAN",
            "$5bn",
            "10%",
            "’s",
            "on Monday",
            "\u{200b}",
            "\u{301}",
            "reports suggest",
            "Gen.",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
        any::<String>(),
    ]
}

fn text() -> impl Strategy<Value = (Option<String>, String)> {
    let joined = || proptest::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.join(" "));
    (proptest::option::of(joined()), joined())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_tagged_with_true_spans((title, body) in text()) {
        let full: Vec<char> = match title.as_deref() {
            Some(title) if !title.is_empty() => format!("{title}\n\n{body}").chars().collect(),
            _ => body.chars().collect(),
        };
        let text = Text { id: "t".to_owned(), title, text: body, ..Text::default() };
        let tagged = CLASSIFIER.tag(&text, Scope::All);
        let at = |start: u32, end: u32| -> Option<String> {
            full.get(start as usize..end as usize).map(|chars| chars.iter().collect())
        };
        for entity in &tagged.entities {
            prop_assert_eq!(at(entity.start, entity.end), Some(entity.surface.clone()));
        }
        for claim in &tagged.claims {
            prop_assert!(at(claim.start, claim.end).is_some_and(|text| !text.is_empty()));
            prop_assert!(!claim.evidence.is_empty());
            for evidence in &claim.evidence {
                prop_assert!(at(evidence.start, evidence.end).is_some());
            }
            if let Some(verifier) = &claim.verifier {
                prop_assert_eq!(at(verifier.start, verifier.end), Some(verifier.surface.clone()));
            }
        }
        for attribution in tagged.attributions.iter().flatten() {
            prop_assert_eq!(at(attribution.source.start, attribution.source.end), Some(attribution.source.surface.clone()));
            prop_assert_eq!(at(attribution.cue.start, attribution.cue.end), Some(attribution.cue.surface.clone()));
            prop_assert!(at(attribution.content.start, attribution.content.end).is_some());
        }
        for clause in tagged.clauses.iter().flatten() {
            prop_assert!(at(clause.head.start, clause.head.end).is_some());
        }
        prop_assert_eq!(&tagged, &CLASSIFIER.tag(&text, Scope::All));
    }
}

#[test]
fn one_enormous_sentence_is_read() {
    for piece in [
        "NATO said ",
        "a",
        ", ",
        "Ukraine denied it; ",
        "who ",
        "\" ",
        "Rutte, ",
    ] {
        let text = Text {
            id: "t".to_owned(),
            text: piece.repeat(3_000),
            ..Text::default()
        };
        let tagged = CLASSIFIER.tag(&text, Scope::All);
        assert!(tagged.clauses.is_some());
    }
}
