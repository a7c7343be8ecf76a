//! The cue files as a whole: how many cues a category has in each language.

use std::collections::BTreeMap;

use classifier::RuleFiles;
use serde::Deserialize;

/// Cues that a category has at least, by language. Reference: the table of categories in the README.
const LEAST: [(&str, usize); 6] = [
    ("en", 60),
    ("uk", 30),
    ("ru", 30),
    ("de", 30),
    ("fr", 30),
    ("pl", 30),
];

/// The categories that the aim is set for.
const CATEGORIES: [&str; 13] = [
    "EXPLICIT_UNVERIFIED",
    "HEARSAY",
    "ANONYMOUS",
    "DISTANCING",
    "OFFICIAL_PERFORMATIVE",
    "CONFIRM",
    "VERIFIED",
    "DENIAL",
    "NEUTRAL_SAY",
    "MODAL",
    "FUTURE",
    "NEG_COND",
    "CORRECTION",
];

#[derive(Deserialize)]
struct Cues {
    cue: Vec<Cue>,
}

/// What is counted of a cue: one pattern is one lemma or phrase, with all its forms.
#[derive(Deserialize)]
struct Cue {
    category: String,
    pattern: Option<String>,
    #[serde(default)]
    patterns: Vec<String>,
}

#[test]
fn every_category_has_its_cues_in_every_language() {
    let files = RuleFiles::builtin();
    let mut counts: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    for (language, _) in LEAST {
        let listed = &files.0[&format!("cues/{language}.toml")];
        let listed: Cues = toml::from_str(listed).expect("a cue file");
        for cue in listed.cue {
            let patterns = cue.patterns.len() + usize::from(cue.pattern.is_some());
            *counts
                .entry(cue.category)
                .or_default()
                .entry(language)
                .or_default() += patterns;
        }
    }
    let of = |category: &str, language: &str| {
        let row = counts.get(category);
        row.and_then(|row| row.get(language)).copied().unwrap_or(0)
    };
    println!(
        "{:<22} {:>4} {:>4} {:>4} {:>4} {:>4} {:>4}",
        "cues", "en", "uk", "ru", "de", "fr", "pl"
    );
    for category in counts.keys() {
        print!("{category:<22}");
        for (language, _) in LEAST {
            print!(" {:>4}", of(category, language));
        }
        println!();
    }
    let short: Vec<String> = CATEGORIES
        .iter()
        .flat_map(|category| LEAST.map(|(language, least)| (*category, language, least)))
        .filter(|(category, language, least)| of(category, language) < *least)
        .map(|(category, language, least)| {
            format!(
                "{language} {category}: {}, not {least}",
                of(category, language)
            )
        })
        .collect();
    assert!(short.is_empty(), "{}", short.join("; "));
}
