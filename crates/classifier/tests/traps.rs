//! Every guard of the cues and every trap of the entity dictionary, in its sentence.

use std::sync::LazyLock;

use classifier::{Classifier, RuleFiles, Scope, Text};
use wire::Tagged;

static CLASSIFIER: LazyLock<Classifier> =
    LazyLock::new(|| Classifier::new(&RuleFiles::builtin()).expect("the shipped rules are sound"));

fn tag_on(text: &str, published: &str) -> Tagged {
    let published = Some(published.parse().expect("a timestamp"));
    let text = Text {
        id: "t".to_owned(),
        text: text.to_owned(),
        published,
        ..Text::default()
    };
    CLASSIFIER.tag(&text, Scope::All)
}

fn tag(text: &str) -> Tagged {
    tag_on(text, "2025-03-10T12:00:00Z")
}

fn categories(text: &str) -> Vec<String> {
    tag(text)
        .claims
        .into_iter()
        .flat_map(|claim| claim.evidence)
        .map(|evidence| evidence.category)
        .collect()
}

fn ids(text: &str) -> Vec<String> {
    tag(text)
        .entities
        .into_iter()
        .map(|entity| entity.id)
        .collect()
}

#[test]
fn a_guarded_word_is_no_cue() {
    let cases = [
        ("The summit on Ukraine took place in May 2024.", "MODAL"),
        ("Ukraine lacked the political will last year.", "FUTURE"),
        (
            "NATO published its annual report on Ukraine.",
            "NEUTRAL_SAY",
        ),
        (
            "Ukrainian recruits reported for duty in Lviv.",
            "NEUTRAL_SAY",
        ),
        (
            "Ukraine had 12 confirmed cases of cholera in Mariupol.",
            "CONFIRM",
        ),
        (
            "Poland denied entry to a Russian diplomat near Ukraine.",
            "DENIAL",
        ),
        (
            "Ukraine claimed responsibility for the blast in Crimea.",
            "DISTANCING",
        ),
        (
            "The strike on Kharkiv claimed the lives of ten people.",
            "DISTANCING",
        ),
        ("Ukraine arrested a suspected spy in Odesa.", "MODAL"),
        (
            "Ukraine's ambassador could not be reached for comment.",
            "MODAL",
        ),
        (
            "The attack on Kharkiv is no longer unconfirmed.",
            "EXPLICIT_UNVERIFIED",
        ),
        (
            "Der Nato-Plan für die Ukraine hat das Soll erfüllt.",
            "HEARSAY",
        ),
    ];
    let wrong: Vec<_> = cases
        .into_iter()
        .filter(|(text, category)| categories(text).iter().any(|found| found == category))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_same_word_unguarded_is_one() {
    let cases = [
        ("Russia may strike Kharkiv.", "MODAL"),
        ("The talks on Ukraine will begin soon.", "FUTURE"),
        ("NATO confirmed the strike on Kharkiv.", "CONFIRM"),
        ("Russia denied the strike on Kharkiv.", "DENIAL"),
        (
            "Russia claimed the village near Kharkiv fell.",
            "DISTANCING",
        ),
        (
            "The attack on Kharkiv is unconfirmed.",
            "EXPLICIT_UNVERIFIED",
        ),
    ];
    for (text, category) in cases {
        assert!(
            categories(text).iter().any(|found| found == category),
            "{text}"
        );
    }
}

#[test]
fn nato_is_not_in_the_phonetic_alphabet_or_a_calibre() {
    assert!(
        !ids("He learned the NATO phonetic alphabet at school.").contains(&"org.nato".to_owned())
    );
    assert!(!ids("The rifle fires 5.56 NATO rounds.").contains(&"org.nato".to_owned()));
    assert!(ids("NATO met in Riga.").contains(&"org.nato".to_owned()));
}

#[test]
fn a_surname_counts_once_the_person_was_named() {
    let found = ids("Mark Rutte arrived in Kyiv. Rutte met Zelensky.");
    assert_eq!(
        found.iter().filter(|id| *id == "person.mark-rutte").count(),
        2,
        "{found:?}"
    );
}

#[test]
fn the_secretary_general_is_who_held_the_office_on_the_day() {
    let who = |date| {
        let tagged = tag_on(
            "The NATO secretary general said the alliance will help Ukraine.",
            date,
        );
        tagged.claims[0]
            .attribution
            .clone()
            .and_then(|attribution| attribution.source.entity)
    };
    assert_eq!(
        who("2024-09-30T12:00:00Z").as_deref(),
        Some("person.jens-stoltenberg")
    );
    assert_eq!(
        who("2024-10-02T12:00:00Z").as_deref(),
        Some("person.mark-rutte")
    );
}

#[test]
fn a_capital_that_speaks_stands_for_its_government() {
    let metonym = |text: &str| {
        tag(text)
            .entities
            .iter()
            .find_map(|entity| entity.metonym_of.clone())
    };
    assert_eq!(
        metonym("Kyiv said the bridge was closed.").as_deref(),
        Some("org.gov-ua")
    );
    assert_eq!(metonym("A drone flew over Kyiv."), None);
    assert_eq!(
        metonym("Reports from Kyiv say the bridge was closed."),
        None
    );
}

#[test]
fn a_weapon_needs_its_word_or_digit() {
    let weapon = |text: &str| ids(text).iter().any(|id| id.starts_with("weapon."));
    assert!(weapon("Ukraine received two Patriot batteries."));
    assert!(weapon("Ukraine flew its F-16s near Odesa."));
    assert!(weapon("Russia fired Shahed-136 drones at Kyiv."));
    assert!(!weapon("A true Patriot loves Ukraine."));
}

#[test]
fn georgia_is_read_by_its_neighbours() {
    assert!(
        ids("Georgia's parliament in Tbilisi debated NATO.").contains(&"place.georgia".to_owned())
    );
    assert!(
        !ids("A senator from Georgia flew from Atlanta.").contains(&"place.georgia".to_owned())
    );
}

#[test]
fn a_headline_is_never_above_its_body() {
    let text = Text {
        id: "t".to_owned(),
        title: Some("Russia shelled the Kharkiv depot".to_owned()),
        text: "Russia reportedly shelled a depot in Kharkiv overnight.".to_owned(),
        ..Text::default()
    };
    let tagged = CLASSIFIER.tag(&text, Scope::Relevant);
    assert_eq!(
        tagged.claims[0].status_detail,
        wire::claim::StatusDetail::Hearsay
    );
}

#[test]
fn a_wrong_rule_file_is_named_with_its_line() {
    let mut files = RuleFiles::builtin();
    let cue = "\n[[cue]]\nid = \"x\"\ncategory = \"MODAL\"\npattern = \"(open\"\n";
    files.0.insert("cues/en.toml".to_owned(), cue.to_owned());
    let error = Classifier::new(&files).expect_err("an open group is a mistake");
    assert_eq!(
        error.to_string(),
        "config/cues/en.toml:5: pattern `(open`: `(` is not closed"
    );
}
