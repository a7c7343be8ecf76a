//! Who is meant by a word that names nobody by itself, and what stands inside a value.

use std::sync::LazyLock;

use classifier::{Classifier, RuleFiles, Scope, Text};
use wire::Tagged;
use wire::claim::{SourceClass, StatusDetail, Tense};
use wire::entity::EntityType;

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

/// The surfaces that stand for an entity, in text order.
fn surfaces(text: &str, id: &str) -> Vec<String> {
    let named = tag(text).entities.into_iter();
    named
        .filter(|entity| entity.id == id)
        .map(|entity| entity.surface)
        .collect()
}

/// The status and the source of the last claim.
fn last(text: &str) -> (StatusDetail, Option<String>) {
    let tagged = tag(text);
    let claim = tagged.claims.last().expect("a claim");
    let source = claim
        .attribution
        .clone()
        .and_then(|made| made.source.entity);
    (claim.status_detail, source)
}

#[test]
fn a_name_inside_a_quantity_is_reported_as_well() {
    let cases = [
        ("ПВО сбила 50 украинских дронов.", "украинских"),
        ("Air defences shot down 50 Ukrainian drones.", "Ukrainian"),
    ];
    for (text, demonym) in cases {
        let tagged = tag(text);
        let kinds: Vec<_> = tagged.entities.iter().map(|entity| entity.kind).collect();
        assert_eq!(kinds, [EntityType::Quantity, EntityType::Demonym], "{text}");
        assert_eq!(tagged.entities[1].surface, demonym);
        assert!(tagged.relevant, "{text}");
    }
}

#[test]
fn the_alliance_is_the_one_named_last() {
    let cases = [
        (
            "NATO met on Ukraine. The Alliance agreed.",
            "org.nato",
            "The Alliance",
        ),
        (
            "NATO and the EU met. The bloc agreed.",
            "org.eu",
            "The bloc",
        ),
        (
            "The North Atlantic Council met. The alliance agreed.",
            "org.nato",
            "The alliance",
        ),
        (
            "НАТО помогает Украине. Альянс обсудил помощь.",
            "org.nato",
            "Альянс",
        ),
        (
            "НАТО допомагає Україні. Альянс обговорив допомогу.",
            "org.nato",
            "Альянс",
        ),
        (
            "Die Nato hilft der Ukraine. Das Bündnis beriet über Hilfe.",
            "org.nato",
            "Das Bündnis",
        ),
        (
            "L'Otan soutient l'Ukraine. L'Alliance a discuté de l'aide.",
            "org.nato",
            "L'Alliance",
        ),
        (
            "NATO wspiera Ukrainę. Sojusz omówił pomoc.",
            "org.nato",
            "Sojusz",
        ),
    ];
    for (text, id, surface) in cases {
        assert_eq!(
            surfaces(text, id).last().map(String::as_str),
            Some(surface),
            "{text}"
        );
    }
}

#[test]
fn an_alliance_that_nobody_named_is_none() {
    let tagged = tag("The alliance said it will help Ukraine.");
    assert!(
        tagged
            .entities
            .iter()
            .all(|entity| entity.id == "place.ukraine")
    );
}

#[test]
fn the_alliance_owns_what_it_approves() {
    let text = "NATO announced new help. The Alliance approved 1.2 billion euros for Ukraine.";
    assert_eq!(
        last(text),
        (
            StatusDetail::OfficialAnnouncement,
            Some("org.nato".to_owned())
        )
    );
}

#[test]
fn a_ministry_without_its_country_is_the_last_one_named() {
    let cases = [
        (
            "МЗС Польщі підтвердило візит до України. МЗС назвало дату.",
            "org.mfa-pl",
            "МЗС",
        ),
        (
            "МИД Германии помогает Украине. В МИД назвали дату.",
            "org.mfa-de",
            "МИД",
        ),
        (
            "Polskie MSZ wspiera Ukrainę. MSZ podało datę.",
            "org.mfa-pl",
            "MSZ",
        ),
        ("Ukraina czeka. MSZ podało datę.", "org.mfa-ua", "MSZ"),
    ];
    for (text, id, surface) in cases {
        assert_eq!(
            surfaces(text, id).last().map(String::as_str),
            Some(surface),
            "{text}"
        );
    }
    assert!(tag("MSZ podało datę.").entities.is_empty());
}

#[test]
fn an_office_of_many_is_held_by_whom_its_country_says() {
    let holder = |subject: &str| last(&format!("{subject} said Ukraine will get tanks.")).1;
    assert_eq!(
        holder("The foreign minister").as_deref(),
        Some("role.foreign-minister")
    );
    assert_eq!(
        holder("Ukraine's foreign minister").as_deref(),
        Some("person.andrii-sybiha")
    );
    assert_eq!(
        holder("The Ukrainian foreign minister").as_deref(),
        Some("person.andrii-sybiha")
    );
    assert_eq!(
        holder("The foreign minister of Ukraine").as_deref(),
        Some("person.andrii-sybiha")
    );
    assert_eq!(holder("The president").as_deref(), Some("role.president"));
}

#[test]
fn austin_is_a_person_after_his_name_and_a_city_after_a_preposition() {
    let text = "Lloyd Austin visited Kyiv. Austin met Zelensky. He flew to Austin.";
    assert_eq!(
        surfaces(text, "person.lloyd-austin"),
        ["Lloyd Austin", "Austin"]
    );
    assert_eq!(surfaces(text, "place.austin-texas"), ["Austin"]);
    let titled = "Secretary Austin spoke about Ukraine.";
    assert_eq!(surfaces(titled, "person.lloyd-austin").len(), 1);
    assert!(surfaces("A conference on Ukraine in Austin.", "person.lloyd-austin").is_empty());
}

#[test]
fn a_proxy_republic_is_marked_as_self_declared() {
    let tagged = tag("The Donetsk People's Republic claimed shelling by Ukraine.");
    let proxy = &tagged.entities[0];
    assert_eq!(proxy.surface, "Donetsk People's Republic");
    assert!(proxy.self_declared);
    assert_eq!(
        tagged.claims[0].status_detail,
        StatusDetail::InterestedParty
    );
}

#[test]
fn a_unit_is_named_by_its_number() {
    let cases = [
        (
            "The 47th Mechanised Brigade held Avdiivka.",
            "47th Mechanised Brigade",
        ),
        ("47-ма ОМБр утримала Авдіївку.", "47-ма ОМБр"),
    ];
    for (text, surface) in cases {
        assert_eq!(surfaces(text, "org.47th-brigade"), [surface], "{text}");
    }
}

#[test]
fn the_subject_speaks_not_the_place_in_its_object() {
    let tagged = tag("Mayor describes night of strikes on Odesa");
    let made = tagged.claims[0]
        .attribution
        .as_ref()
        .expect("an attribution");
    assert_eq!(made.source.surface, "Mayor");
}

#[test]
fn a_claim_without_an_author_or_a_date_to_come_is_none_of_fact() {
    use StatusDetail as D;
    let cases = [
        (
            "Russian troops are said to have entered Kherson.",
            D::Hearsay,
        ),
        (
            "North Korean soldiers are believed to be near Ukraine.",
            D::Hearsay,
        ),
        (
            "The Ukrainian commander is reported to have resigned.",
            D::Hearsay,
        ),
        (
            "Another meeting of NATO ministers is scheduled for Friday.",
            D::Scheduled,
        ),
        (
            "NATO's new posture is a remarkable and courageous step.",
            D::Assessment,
        ),
        (
            "The criticism of Ukraine is unfair and misguided.",
            D::Assessment,
        ),
        ("Comment: Ukraine needs more tanks.", D::Opinion),
        ("Opinion: NATO must act in Ukraine.", D::Opinion),
        ("Analysis: Ukraine may lose ground.", D::Opinion),
    ];
    for (text, detail) in cases {
        assert_eq!(last(text).0, detail, "{text}");
    }
}

/// The surface and class of the source of the first claim.
fn source(text: &str) -> Option<(String, SourceClass)> {
    let claim = tag(text).claims.into_iter().next().expect("a claim");
    let made = claim.attribution?.source;
    Some((made.surface, made.class))
}

#[test]
fn a_topic_before_a_colon_says_nothing() {
    assert_eq!(source("Ukraine war latest: Drones hit Kharkiv"), None);
    assert_eq!(source("Krieg in der Ukraine: Drohnen trafen Charkiw"), None);
    let spoken = source("Stoltenberg: Ukraine has received more missiles");
    assert_eq!(
        spoken.map(|source| source.0).as_deref(),
        Some("Stoltenberg")
    );
}

#[test]
fn a_noun_that_looks_like_a_verb_of_saying_has_no_source() {
    assert_eq!(source("Her comments angered Ukraine."), None);
    assert_eq!(source("Ukraine held two men over alleged arson."), None);
}

#[test]
fn an_analyst_of_a_country_speaks_for_himself() {
    let (_, class) =
        source("Ukrainian analyst Petro Test said Russia lost ground.").expect("a source");
    assert_eq!(class, SourceClass::NamedIndividual);
}

#[test]
fn a_german_passive_is_no_future() {
    let text = "In Charkiw wird seit Tagen Infrastruktur der Ukraine beschädigt.";
    assert_eq!(last(text).0, StatusDetail::ReportedAsFact);
    let future = "Die Ukraine wird bald neue Panzer aus dem Westen erhalten.";
    assert_ne!(tag(future).claims[0].tense, Tense::Present);
}

#[test]
fn a_refusal_denies_only_what_was_claimed() {
    assert_eq!(
        last("Russia rejected the accusation over Odesa.").0,
        StatusDetail::DeniedBy
    );
    assert_ne!(
        last("France rejected the application for Ukraine.").0,
        StatusDetail::DeniedBy
    );
}
