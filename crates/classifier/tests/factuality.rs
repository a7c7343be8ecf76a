//! The factuality of single predicates, embedded ones included.

use std::sync::LazyLock;

use classifier::{Classifier, RuleFiles, Scope, Text};

static CLASSIFIER: LazyLock<Classifier> =
    LazyLock::new(|| Classifier::new(&RuleFiles::builtin()).expect("the built-in rules are right"));

/// The value of the clause headed by a word of a text.
fn value(text: &str, head: &str) -> f32 {
    let tagged = CLASSIFIER.tag(
        &Text {
            text: text.to_owned(),
            language: Some(wire::Language::En),
            ..Text::default()
        },
        Scope::All,
    );
    let letters: Vec<char> = text.chars().collect();
    let clauses = tagged.clauses.expect("all were asked for");
    let clause = clauses
        .iter()
        .find(|clause| {
            let span = clause.head.start as usize..clause.head.end as usize;
            letters[span].iter().collect::<String>() == head
        })
        .unwrap_or_else(|| panic!("no clause is headed by {head:?} in {text:?}"));
    assert!(clause.start <= clause.head.start && clause.head.end <= clause.end);
    clause.value.expect("a predicate has a value")
}

#[test]
fn what_is_told_plainly_happened() {
    assert!(value("Russian missiles killed three people in Kharkiv.", "killed") >= 2.5);
    assert!(value("The minister announced an attack on the port.", "attack") >= 2.0);
}

#[test]
fn a_negated_verb_did_not_happen() {
    assert!(value("The company did not announce a merger.", "announce") < 0.0);
    assert!(value("The company hasn't announced a merger.", "announced") < 0.0);
}

#[test]
fn what_is_wanted_is_open_and_the_wanting_is_not() {
    let text = "The president wants to send more troops to the border.";
    assert!(value(text, "wants") >= 2.5);
    assert!((-1.0..2.0).contains(&value(text, "send")));
}

#[test]
fn what_somebody_refused_to_do_is_less_than_what_they_managed_to_do() {
    let refused = value("The officials refused to provide details.", "provide");
    let managed = value("The officials managed to provide details.", "provide");
    assert!(refused < managed, "{refused} and {managed}");
}

#[test]
fn a_modal_leaves_open_what_may_happen() {
    assert!(value("The army could attack the city.", "attack") < 2.0);
    assert!(value("If the army attacks the city, it will lose.", "attacks") < 2.0);
}

#[test]
fn a_gerund_and_an_event_noun_have_clauses_of_their_own() {
    let text = "Police prevented the crowd from reaching the consulate before the election.";
    assert!(value(text, "reaching") < value(text, "prevented"));
    value(text, "election");
}
