//! The labelled corpus as a whole: agreement by language and status, and what is missed, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;

use classifier::{Classifier, RuleFiles, Scope, Text};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wire::claim::{Factuality, StatusDetail};
use wire::{Claim, Tagged};

#[path = "corpus/articles.rs"]
mod articles;
#[path = "../../../tests/eval/measures.rs"]
mod measures;

static CLASSIFIER: LazyLock<Classifier> =
    LazyLock::new(|| Classifier::new(&RuleFiles::builtin()).expect("the shipped rules are sound"));

/// First claims that must agree at least, in a hundred, by language: in status, and in why.
/// These are floors under what is measured; they may only rise.
const LEAST: [(&str, usize, usize); 6] = [
    ("en", 98, 98),
    ("uk", 96, 96),
    ("ru", 97, 97),
    ("de", 95, 90),
    ("fr", 97, 96),
    ("pl", 97, 95),
];

/// Every standing that a claim can have.
const DETAILS: [StatusDetail; 17] = [
    StatusDetail::OfficialAnnouncement,
    StatusDetail::OfficialConfirmation,
    StatusDetail::IndependentlyVerified,
    StatusDetail::ReportedAsFact,
    StatusDetail::ExplicitUnverified,
    StatusDetail::Hearsay,
    StatusDetail::AnonymousSource,
    StatusDetail::InterestedParty,
    StatusDetail::SingleSource,
    StatusDetail::Hedged,
    StatusDetail::Scheduled,
    StatusDetail::Expected,
    StatusDetail::DeniedBy,
    StatusDetail::Conflicting,
    StatusDetail::Assessment,
    StatusDetail::Opinion,
    StatusDetail::Procedural,
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentences {
    sentence: Vec<Sentence>,
}

/// One labelled sentence; the fields are told in `corpus/README.md`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentence {
    text: String,
    expect: StatusDetail,
    #[serde(default)]
    claims: Vec<StatusDetail>,
    rule: Option<String>,
    factuality: Option<Factuality>,
    source: Option<String>,
    source_id: Option<String>,
    verifier: Option<String>,
    #[serde(default)]
    entities: Vec<String>,
    #[serde(default)]
    absent: Vec<String>,
    guard: Option<String>,
    trap: Option<String>,
    pair: Option<String>,
    published: Option<String>,
}

/// Agreements of one kind, and the disagreements in words.
#[derive(Default)]
struct Tally {
    right: usize,
    all: usize,
    missed: Vec<String>,
}

impl Tally {
    fn add(&mut self, agrees: bool, missed: impl FnOnce() -> String) {
        self.all += 1;
        if agrees {
            self.right += 1;
        } else {
            self.missed.push(missed());
        }
    }

    /// In a hundred, rounded down.
    fn share(&self) -> usize {
        self.right * 100 / self.all.max(1)
    }
}

/// How often each labelled standing was found as which; none where there was no claim.
type Confusion = BTreeMap<(StatusDetail, Option<StatusDetail>), usize>;

/// Of claims scored in each tenth from 0 to 1, how many there are and how many have the right standing.
#[derive(Default)]
struct Calibration([(usize, usize); 10]);

impl Calibration {
    fn add(&mut self, score: f32, agrees: bool) {
        let tenth = ((score * 10.0) as usize).min(9);
        let (all, right) = &mut self.0[tenth];
        *all += 1;
        *right += usize::from(agrees);
    }

    /// A line for each tenth that some have.
    fn table(&self) -> String {
        let mut table =
            "score, first claims of all languages, in a hundred with the right status\n".to_owned();
        let some = self.0.iter().enumerate().filter(|(_, (all, _))| *all > 0);
        for (tenth, (all, right)) in some {
            let from = tenth as f32 / 10.0;
            let share = right * 100 / all;
            writeln!(table, "{from:.1} to {:.1} {all:>5} {share:>5}", from + 0.1)
                .expect("a string takes it");
        }
        table
    }
}

#[test]
fn the_sentences_agree_in_every_language() {
    let mut short = Vec::new();
    let mut calibration = Calibration::default();
    let mut measures = measures::Measures::default();
    for (language, least_status, least_detail) in LEAST {
        let mut first = Tally::default();
        let mut status = Tally::default();
        let mut confusion = Confusion::new();
        let mut others: BTreeMap<&str, Tally> = BTreeMap::new();
        for sentence in sentences(language) {
            let tagged = tag(&sentence.text, sentence.published.as_deref());
            let claim = tagged.claims.first();
            let found = claim.map(|claim| claim.status_detail);
            *confusion.entry((sentence.expect, found)).or_insert(0) += 1;
            first.add(found == Some(sentence.expect), || {
                let rule = claim.map(|claim| claim.evidence[0].rule.as_str());
                let (found, rule) = (name(found), rule.unwrap_or("-"));
                let expected = name(Some(sentence.expect));
                format!("{expected} <> {found} {rule}: {}", sentence.text)
            });
            status.add(
                found.map(status_of) == Some(status_of(sentence.expect)),
                String::new,
            );
            if let Some(claim) = claim {
                calibration.add(claim.score, claim.status == status_of(sentence.expect));
            }
            compare(&sentence, &tagged, &mut others);
        }
        println!("{}", table(language, &confusion));
        println!(
            "{language}: status {}/{}, detail {}/{}",
            status.right, status.all, first.right, first.all
        );
        for (kind, tally) in &others {
            println!("{language}: {kind} {}/{}", tally.right, tally.all);
        }
        let missed = others.values().flat_map(|tally| &tally.missed);
        for line in first.missed.iter().chain(missed) {
            println!("{language} {line}");
        }
        let bar = if language == "en" { 0.95 } else { 0.90 };
        let agreement = status.right as f64 / status.all.max(1) as f64;
        let measure = format!("own corpus, {language}, status");
        measures.add(&measure, agreement, bar.., "");
        let found = (status.share(), first.share());
        if found.0 < least_status || found.1 < least_detail {
            short.push(format!(
                "{language}: {found:?}, not {least_status} and {least_detail} in a hundred"
            ));
        }
    }
    println!("{}", calibration.table());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    measures.write(&root, "corpus");
    assert!(short.is_empty(), "sentences: {}", short.join("; "));
}

#[test]
fn the_corpus_holds_every_standing_in_every_language() {
    let mut all = 0;
    for (language, ..) in LEAST {
        let sentences = sentences(language);
        all += sentences.len();
        let texts: BTreeSet<&str> = sentences.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(
            texts.len(),
            sentences.len(),
            "{language}: a sentence stands twice"
        );
        let least = if language == "en" { 250 } else { 130 };
        assert!(sentences.len() >= least, "{language}: {}", sentences.len());
        for detail in DETAILS {
            let some = sentences.iter().filter(|one| one.expect == detail).count();
            assert!(some >= 2, "{language}: {some} of {detail:?}");
        }
        let mut pairs: BTreeMap<&str, Vec<StatusDetail>> = BTreeMap::new();
        for sentence in &sentences {
            if let Some(pair) = &sentence.pair {
                pairs.entry(pair).or_default().push(sentence.expect);
            }
        }
        for (pair, expected) in pairs {
            assert!(expected.len() > 1, "{language}: {pair} stands alone");
        }
    }
    assert!(all >= 900, "{all} sentences");
}

/// Everything that a sentence is labelled with beside its first standing.
fn compare<'a>(sentence: &Sentence, tagged: &Tagged, tallies: &mut BTreeMap<&'a str, Tally>) {
    let text = &sentence.text;
    let claim = tagged.claims.first();
    let mut add = |kind: &'a str, agrees: bool, found: &dyn std::fmt::Debug| {
        let tally = tallies.entry(kind).or_default();
        tally.add(agrees, || format!("{kind} <> {found:?}: {text}"));
    };
    let ids: Vec<&str> = tagged
        .entities
        .iter()
        .map(|entity| entity.id.as_str())
        .collect();
    for id in &sentence.entities {
        add("entities", ids.contains(&id.as_str()), &ids);
    }
    for id in &sentence.absent {
        add("absent", !ids.contains(&id.as_str()), &id);
    }
    if !sentence.claims.is_empty() {
        let found: Vec<_> = tagged
            .claims
            .iter()
            .map(|claim| claim.status_detail)
            .collect();
        add("claims", found == sentence.claims, &found);
    }
    if let Some(rule) = &sentence.rule {
        let found = claim.map(|claim| claim.evidence[0].rule.as_str());
        add("rule", found == Some(rule), &found);
    }
    if let Some(factuality) = sentence.factuality {
        let found = claim.map(|claim| claim.factuality);
        add("factuality", found == Some(factuality), &found);
    }
    if let Some(source) = &sentence.source {
        let found = claim.and_then(source_of);
        add("source", found == Some(source), &found);
    }
    if let Some(id) = &sentence.source_id {
        let found = claim.and_then(|claim| claim.attribution.as_ref());
        let found = found.and_then(|attribution| attribution.source.entity.as_ref());
        add("source id", found == Some(id), &found);
    }
    if let Some(verifier) = &sentence.verifier {
        let found = claim.and_then(|claim| claim.verifier.as_ref());
        let found = found.map(|verifier| verifier.surface.as_str());
        add("verifier", found == Some(verifier), &found);
    }
    let agrees = claim.map(|claim| claim.status_detail) == Some(sentence.expect);
    if sentence.guard.is_some() {
        add("guard", agrees, &sentence.guard);
    }
    if sentence.trap.is_some() {
        add("trap", agrees, &sentence.trap);
    }
    if sentence.pair.is_some() {
        add("pair", agrees, &sentence.pair);
    }
}

fn source_of(claim: &Claim) -> Option<&String> {
    let attribution = claim.attribution.as_ref()?;
    Some(&attribution.source.surface)
}

fn tag(text: &str, published: Option<&str>) -> Tagged {
    let published = published.unwrap_or("2025-03-10T12:00:00Z");
    let text = Text {
        id: "corpus".to_owned(),
        text: text.to_owned(),
        published: Some(published.parse().expect("a timestamp")),
        ..Text::default()
    };
    CLASSIFIER.tag(&text, Scope::All)
}

fn sentences(language: &str) -> Vec<Sentence> {
    read::<Sentences>(&format!("{language}.toml")).sentence
}

fn read<T: DeserializeOwned>(file: &str) -> T {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let content = std::fs::read_to_string(folder.join(file)).expect("a corpus file");
    toml::from_str(&content).unwrap_or_else(|error| panic!("corpus/{file}: {error}"))
}

/// A line for each labelled standing: how many agree, and what the others were taken for.
fn table(language: &str, confusion: &Confusion) -> String {
    let mut lines = format!("{language}: labelled, agreeing, taken for");
    for detail in DETAILS {
        let row: Vec<_> = confusion
            .iter()
            .filter(|((label, _), _)| *label == detail)
            .collect();
        let all: usize = row.iter().map(|(_, count)| **count).sum();
        let right = confusion.get(&(detail, Some(detail))).copied().unwrap_or(0);
        let label = name(Some(detail));
        write!(lines, "\n  {label:<24} {right:>3}/{all:<3}").expect("a string takes it");
        for ((_, found), count) in row.iter().filter(|((_, found), _)| *found != Some(detail)) {
            write!(lines, " {} {count}", name(*found)).expect("a string takes it");
        }
    }
    lines
}

/// A standing as it is written in records.
fn name(detail: Option<StatusDetail>) -> String {
    detail.map_or("no claim".to_owned(), |detail| {
        let name = serde_json::to_value(detail).expect("a standing is a string");
        name.as_str().expect("a standing is a string").to_owned()
    })
}

/// The status that a detail belongs to.
fn status_of(detail: StatusDetail) -> wire::claim::Status {
    use StatusDetail as D;
    use wire::claim::Status;
    match detail {
        D::OfficialAnnouncement | D::OfficialConfirmation => Status::Confirmed,
        D::IndependentlyVerified | D::ReportedAsFact => Status::Confirmed,
        D::DeniedBy => Status::Denied,
        D::Conflicting => Status::Disputed,
        D::Assessment | D::Opinion | D::Procedural => Status::NotAClaim,
        _ => Status::Unconfirmed,
    }
}
