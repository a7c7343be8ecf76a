//! Why a claim has its status, as a person and as a program reads it.

use classifier::{Classifier, Explanation, RuleFiles, Text};

fn explain(text: &str) -> Explanation {
    let classifier = Classifier::new(&RuleFiles::builtin()).expect("the shipped rules are sound");
    classifier.explain(&Text {
        id: "t".to_owned(),
        text: text.to_owned(),
        ..Text::default()
    })
}

#[test]
fn a_claim_is_explained_by_its_cues_their_reach_its_speakers_and_the_rule_that_won() {
    let explanation = explain(
        "Russia claimed its troops had reportedly captured a village near Pokrovsk, Kyiv said.",
    );
    let json = serde_json::to_value(&explanation).expect("an explanation is JSON");
    let claim = &json["claims"][0];
    let cues: Vec<&str> = claim["cues"]
        .as_array()
        .expect("cues")
        .iter()
        .filter_map(|cue| cue["id"].as_str())
        .collect();
    assert!(cues.contains(&"en.hearsay.reportedly"), "{cues:?}");
    assert!(cues.contains(&"en.say.say"), "{cues:?}");
    assert_eq!(claim["cues"][0]["scope"], "clause");
    let speakers = claim["candidates"].as_array().expect("speakers");
    assert!(speakers.len() > 1, "{speakers:?}");
    assert_eq!(
        claim["rows"][0]["rule"],
        claim["claim"]["evidence"][0]["rule"]
    );
    let shown = explanation.to_string();
    for part in ["cue: \"reportedly\" HEARSAY", "clause", "> R", "R15"] {
        assert!(shown.contains(part), "{part} is not in:\n{shown}");
    }
}

#[test]
fn colour_is_ours_and_never_the_text_s() {
    let explanation = explain("NATO said \u{1b}[31mUkraine\u{202e} lost a tank.");
    assert!(!explanation.to_string().contains('\u{1b}'));
    let coloured = format!("{explanation:#}");
    assert!(coloured.contains("\u{1b}[1m"));
    assert!(!coloured.contains("\u{1b}[31m"));
    assert!(!coloured.contains('\u{202e}'));
}
