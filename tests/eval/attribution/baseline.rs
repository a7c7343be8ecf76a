//! What a plain list of reporting verbs finds.

use std::collections::HashSet;
use std::path::Path;

use crate::polnear::Attribution;
use crate::score;

/// Categories of cues by which somebody speaks.
const SPEECH: [&str; 5] = [
    "NEUTRAL_SAY",
    "CONFIRM",
    "DENIAL",
    "DISTANCING",
    "OFFICIAL_PERFORMATIVE",
];

/// Every form of some verbs.
pub(crate) struct Verbs(HashSet<String>);

impl Verbs {
    /// The single words by which somebody speaks in a cue file.
    pub(crate) fn read(file: &Path) -> Self {
        let cues =
            std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut category = "";
        let mut words = HashSet::new();
        for line in cues.lines() {
            let quoted = line.split('"').nth(1).unwrap_or_default();
            if line.starts_with("category") {
                category = quoted;
            } else if line.starts_with("pattern ")
                && SPEECH.contains(&category)
                && !quoted.contains(' ')
            {
                let forms = quoted.trim_matches(['(', ')']).split('|');
                words.extend(
                    forms
                        .filter(|form| form.chars().all(char::is_alphabetic))
                        .map(str::to_owned),
                );
            }
        }
        Self(words)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// A cue for each of the words.
    pub(crate) fn find(&self, text: &[char]) -> Vec<Attribution> {
        score::tokens(text)
            .into_iter()
            .filter(|token| {
                let word: String = text[token.clone()]
                    .iter()
                    .flat_map(|char| char.to_lowercase())
                    .collect();
                self.0.contains(&word)
            })
            .map(|token| Attribution {
                cue: vec![token],
                ..Attribution::default()
            })
            .collect()
    }
}
