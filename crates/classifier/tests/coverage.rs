//! What the dictionary of entities holds, list by list: `coverage.toml` says what it must. With `--nocapture` the
//! count of each list is printed.

use std::collections::{BTreeMap, HashSet};

use classifier::{Catalogue, Entry, RuleFiles};
use serde::Deserialize;

/// The first and the last year in whose middle an office must have a known holder.
const YEARS: std::ops::RangeInclusive<u16> = 2014..=2025;

/// The offices that are looked for, and the share of country-years for which a holder must be known.
const OFFICES: [(&str, &[&str], f64); 3] = [
    (
        "heads of state or government",
        &[
            "role.prime-minister",
            "role.president",
            "role.chancellor",
            "role.president-of-ukraine",
            "role.president-of-russia",
            "role.president-of-us",
        ],
        1.0,
    ),
    (
        "foreign ministers",
        &["role.foreign-minister", "role.secretary-of-state"],
        0.96,
    ),
    ("defence ministers", &["role.defence-minister"], 0.90),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Coverage {
    member: Vec<Country>,
    party: Vec<Country>,
    list: Vec<List>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Country {
    code: String,
    place: String,
    capital: String,
    /// What goes by another id than `org.KIND-CODE`.
    #[serde(default)]
    bodies: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    name: String,
    ids: Vec<String>,
}

impl Country {
    fn body(&self, kind: &str) -> String {
        let usual = || format!("org.{kind}-{}", self.code.to_lowercase());
        self.bodies.get(kind).cloned().unwrap_or_else(usual)
    }

    /// The entries that it must have.
    fn ids(&self) -> Vec<String> {
        let mut ids = vec![
            format!("place.{}", self.place),
            format!("place.{}", self.capital),
            format!("demonym.{}", self.place),
        ];
        ids.extend(["gov", "mfa", "mod", "armed-forces"].map(|kind| self.body(kind)));
        ids
    }

    /// Whether an office is one of this country's: of its government or one of its ministries.
    fn has(&self, body: &str) -> bool {
        ["gov", "mfa", "mod"].iter().any(|kind| {
            body == self.body(kind) || body == format!("org.{kind}-{}", self.code.to_lowercase())
        })
    }
}

fn coverage() -> (Coverage, Catalogue) {
    let coverage =
        toml::from_str(include_str!("coverage.toml")).expect("the lists are well formed");
    let catalogue = Catalogue::new(&RuleFiles::builtin()).expect("the entities are well formed");
    (coverage, catalogue)
}

/// Whether somebody holds one of these roles in a country on a day.
fn is_held(entries: &[Entry], country: &Country, roles: &[&str], day: &str) -> bool {
    entries
        .iter()
        .flat_map(|entry| &entry.offices)
        .any(|office| {
            let parts: Vec<&str> = office.split([' ', '/']).collect();
            let [role, body, from, until] = parts[..] else {
                panic!("`{office}` is no office");
            };
            roles.contains(&role)
                && country.has(body)
                && (from.is_empty() || from <= day)
                && (until.is_empty() || day < until)
        })
}

#[test]
fn every_list_is_complete() {
    let (coverage, catalogue) = coverage();
    let known: HashSet<&str> = catalogue
        .entries()
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    let countries = coverage.member.iter().chain(&coverage.party);
    let states: Vec<List> = countries
        .map(|country| List {
            name: format!(
                "{}: place, capital, people, government, ministries, forces",
                country.code
            ),
            ids: country.ids(),
        })
        .collect();
    let mut missing = Vec::new();
    for list in states.iter().chain(&coverage.list) {
        let absent: Vec<&String> = list
            .ids
            .iter()
            .filter(|id| !known.contains(id.as_str()))
            .collect();
        println!(
            "{:>4} of {:>3}  {}",
            list.ids.len() - absent.len(),
            list.ids.len(),
            list.name
        );
        missing.extend(absent);
    }
    println!("{:>4} in all", known.len());
    assert!(missing.is_empty(), "not in the dictionary: {missing:?}");
}

#[test]
fn offices_have_known_holders_from_2014_on() {
    let (coverage, catalogue) = coverage();
    let countries: Vec<&Country> = coverage.member.iter().chain(&coverage.party).collect();
    for (name, roles, least) in OFFICES {
        let mut held = 0;
        let mut unknown: BTreeMap<&str, Vec<u16>> = BTreeMap::new();
        for country in &countries {
            for year in YEARS {
                if is_held(
                    catalogue.entries(),
                    country,
                    roles,
                    &format!("{year}-07-01"),
                ) {
                    held += 1;
                } else {
                    unknown.entry(country.code.as_str()).or_default().push(year);
                }
            }
        }
        let all = countries.len() * YEARS.count();
        println!("{held:>4} of {all:>3}  country-years with known {name}; not: {unknown:?}");
        assert!(held as f64 >= least * all as f64, "{name}: {held} of {all}");
    }
}

#[test]
fn every_name_is_given_in_all_six_languages() {
    let (_, catalogue) = coverage();
    let lacking: Vec<&str> = catalogue
        .entries()
        .iter()
        .filter(|entry| !entry.id.starts_with("reference."))
        // It is there to tell the city from the person, who is confused with it in English alone.
        .filter(|entry| entry.id != "place.austin-texas")
        .filter(|entry| {
            ["en", "uk", "ru", "de", "fr", "pl"]
                .iter()
                .any(|language| entry.names.get(*language).is_none_or(Vec::is_empty))
        })
        .map(|entry| entry.id.as_str())
        .collect();
    assert!(lacking.is_empty(), "names are missing: {lacking:?}");
}
