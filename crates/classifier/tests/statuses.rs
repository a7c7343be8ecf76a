//! What the shipped rules say of whole texts.

use std::sync::LazyLock;

use classifier::{Classifier, RuleFiles, Scope, Text};
use wire::Tagged;
use wire::claim::{Status, StatusDetail};

static CLASSIFIER: LazyLock<Classifier> =
    LazyLock::new(|| Classifier::new(&RuleFiles::builtin()).expect("the shipped rules are sound"));

fn tag(text: &str) -> Tagged {
    let published = Some("2025-03-10T12:00:00Z".parse().expect("a timestamp"));
    let text = Text {
        id: "t".to_owned(),
        text: text.to_owned(),
        published,
        ..Text::default()
    };
    CLASSIFIER.tag(&text, Scope::All)
}

fn first(text: &str) -> (String, StatusDetail) {
    let tagged = tag(text);
    let claim = tagged
        .claims
        .first()
        .unwrap_or_else(|| panic!("no claim in {text:?}"));
    (claim.evidence[0].rule.clone(), claim.status_detail)
}

#[test]
fn every_rule_decides_its_plain_case() {
    use StatusDetail as D;
    let cases = [
        (
            "R1",
            D::ExplicitUnverified,
            "The strike on the Kharkiv depot remains unconfirmed by Kyiv.",
        ),
        (
            "R3",
            D::DeniedBy,
            "Russia denied attacking the port of Odesa.",
        ),
        (
            "R4",
            D::IndependentlyVerified,
            "Satellite imagery shows a destroyed bridge near Kherson.",
        ),
        (
            "R5",
            D::OfficialConfirmation,
            "NATO confirmed that a Russian jet entered Estonian airspace.",
        ),
        (
            "R6",
            D::InterestedParty,
            "Ukraine's General Staff confirmed that Russia lost 30 tanks.",
        ),
        (
            "R7",
            D::Hearsay,
            "Media reports suggest Ukraine has received new missiles.",
        ),
        (
            "R7",
            D::AnonymousSource,
            "Ukraine will get more Patriot batteries, people familiar with the matter said.",
        ),
        (
            "R8",
            D::InterestedParty,
            "Russia claimed its troops captured the village near Pokrovsk.",
        ),
        (
            "R9",
            D::OfficialAnnouncement,
            "NATO announced a new training mission for Ukraine.",
        ),
        ("R10", D::Hedged, "Russia may attack Kharkiv again."),
        (
            "R11",
            D::Expected,
            "The war in Ukraine is expected to last for years.",
        ),
        (
            "R12",
            D::OfficialAnnouncement,
            "NATO said it will open an office in Kyiv.",
        ),
        (
            "R13",
            D::SingleSource,
            "Analyst John Smith said Ukraine lost ground near Pokrovsk.",
        ),
        ("R14", D::Assessment, "Support for Ukraine is vital."),
        (
            "R15",
            D::ReportedAsFact,
            "A drone hit an apartment block in Kharkiv on Monday.",
        ),
    ];
    let mut wrong = Vec::new();
    for (rule, detail, text) in cases {
        let found = first(text);
        if found != (rule.to_owned(), detail) {
            wrong.push(format!("{text}: {found:?}, not {rule} {detail:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_assertion_and_its_denial_are_disputed() {
    let tagged = tag("Russia said it seized the town of Bakhmut. Ukraine denied the claim.");
    assert!(
        tagged
            .claims
            .iter()
            .all(|claim| claim.status == Status::Disputed),
        "{:?}",
        tagged.claims
    );
}

#[test]
fn what_a_party_says_of_its_opponents_is_no_announcement() {
    for text in [
        "Putin: Zachód chce rozpadu historycznej Rosji",
        "Путин: Запад хочет развала исторической России",
        "The West has betrayed Russia, Putin said.",
    ] {
        assert_eq!(
            first(text),
            ("R13".to_owned(), StatusDetail::InterestedParty),
            "{text}"
        );
    }
}

#[test]
fn a_name_that_is_spelled_like_a_verb_says_nothing() {
    let tagged = tag("Deep State showed that Russian troops had advanced near Pokrovsk.");
    assert!(tagged.claims[0].attribution.is_none());
}

#[test]
fn withholding_something_from_somebody_is_no_denial() {
    for text in [
        "NATO is resuscitating what Washington had long spurned as outdated.",
        "Berlin was accused of denying Ukraine weapons.",
        "Poland denied a Russian diplomat entry.",
    ] {
        assert_ne!(first(text).1, StatusDetail::DeniedBy, "{text}");
    }
}

#[test]
fn an_answer_that_is_a_name_is_no_claim() {
    let tagged = tag("Asked what the hold up is, Trump said simply: “Zelenskiy.”");
    assert!(tagged.claims.is_empty(), "{:?}", tagged.claims);
}

#[test]
fn an_act_that_was_not_done_is_announced_as_not_done() {
    let tagged = tag("The plan for Ukraine was not explicitly endorsed by NATO.");
    let claim = &tagged.claims[0];
    assert_eq!(claim.status_detail, StatusDetail::OfficialAnnouncement);
    assert_eq!(claim.evidence[0].rule, "R9");
    assert_eq!(claim.factuality, wire::claim::Factuality::CertainNegative);
}
