//! Who is said to have said, thought or wanted what: the attributions that `tag --all` lists.

use std::sync::LazyLock;

use classifier::{Classifier, RuleFiles, Scope, Text};
use wire::Language;
use wire::claim::Attribution;

static CLASSIFIER: LazyLock<Classifier> =
    LazyLock::new(|| Classifier::new(&RuleFiles::builtin()).expect("the built-in rules are sound"));

fn attributions(text: &str) -> Vec<Attribution> {
    let text = Text {
        text: text.to_owned(),
        language: Some(Language::En),
        ..Text::default()
    };
    let tagged = CLASSIFIER.tag(&text, Scope::All);
    tagged.attributions.expect("all were asked for")
}

/// The source, cue and content of the attribution whose cue holds `cue`.
fn by(text: &str, cue: &str) -> [String; 3] {
    let all = attributions(text);
    let one = all
        .iter()
        .find(|one| one.cue.surface.contains(cue))
        .unwrap_or_else(|| panic!("no cue {cue:?} in {all:?}"));
    let (start, end) = (one.content.start as usize, one.content.end as usize);
    let content = text.chars().skip(start).take(end - start).collect();
    [one.source.surface.clone(), one.cue.surface.clone(), content]
}

#[test]
fn a_report_is_split_into_its_source_its_cue_and_its_content() {
    let [source, cue, content] = by(
        "The minister said on Monday that the bridge would be closed for a year.",
        "said",
    );
    assert_eq!(source, "The minister");
    assert!(cue.starts_with("said"), "{cue}");
    assert!(
        content.contains("the bridge would be closed for a year"),
        "{content}"
    );
}

#[test]
fn a_source_may_stand_after_what_it_said() {
    let [source, _, content] = by(
        "The bridge will be closed for a year, according to the mayor of the town.",
        "according",
    );
    assert!(source.contains("the mayor"), "{source}");
    assert!(
        content.starts_with("The bridge will be closed"),
        "{content}"
    );
}

#[test]
fn beliefs_are_attributions_in_the_wide_sense() {
    let [source, _, content] = by(
        "Many voters believe that the economy is getting worse.",
        "believe",
    );
    assert!(source.contains("voters"), "{source}");
    assert!(
        content.contains("the economy is getting worse"),
        "{content}"
    );
}

#[test]
fn a_quotation_goes_on_through_the_sentences_after_it() {
    let text = "“We are ready,” the mayor said. “The bridge is safe. Nobody has to worry.”\n\nThe town lies on a river.";
    let [_, _, content] = by(text, "said");
    assert!(content.starts_with("“We are ready"), "{content}");
    assert!(content.contains("Nobody has to worry"), "{content}");
    assert!(!content.contains("river"), "{content}");
}

#[test]
fn a_text_without_anybody_in_it_has_no_attribution() {
    assert_eq!(
        attributions("The bridge is eighty metres long and four metres wide."),
        []
    );
}
