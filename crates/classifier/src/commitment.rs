//! How far the author is committed to an event having happened, weighed from named features.
//!
//! For each step between levels of the factuality scale, a ridge regression says whether a predicate lies above it.
//! Fitted by `make fit` and kept as a table that a person can read: a feature a row, a step a column. Before it is
//! fitted nothing is known and every predicate counts as certain.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use toml::Spanned;

use crate::files::{RuleError, RuleFiles};

const RULES: &str = "factuality/en.toml";
const WEIGHTS: &str = "factuality/en.weights.tsv";
/// The row of the table that counts for every predicate, less the share of certainty that each step asks for.
const BIAS: &str = "bias";
/// The value of what nothing speaks against.
const CERTAIN: f32 = 3.0;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Listed {
    hypothetical: Vec<String>,
    times: Vec<String>,
    signatures: BTreeMap<String, Vec<Spanned<String>>>,
}

/// What governing words imply of the event that they govern.
#[derive(Debug)]
pub(crate) struct Signatures {
    classes: FxHashMap<String, String>,
    hypothetical: FxHashSet<String>,
    times: FxHashSet<String>,
}

impl Signatures {
    /// The class of a governing word's base form.
    pub(crate) fn of(&self, lemma: &str) -> Option<&str> {
        self.classes.get(lemma).map(String::as_str)
    }

    /// A word before an event noun that says whether it has happened: *aborted*.
    pub(crate) fn is_hypothetical(&self, form: &str) -> bool {
        self.hypothetical.contains(form)
    }

    /// A word that tells when: *yesterday*, *next*.
    pub(crate) fn tells_time(&self, form: &str) -> bool {
        self.times.contains(form)
    }
}

/// By feature, a weight for each step between levels.
type Weights = FxHashMap<String, Vec<f32>>;

/// The fitted model with the word classes that its features are made of.
#[derive(Debug)]
pub(crate) struct Commitment {
    pub(crate) signatures: Signatures,
    /// The value that each level stands for, from the lowest.
    levels: Vec<f32>,
    weights: Weights,
}

impl Commitment {
    pub(crate) fn new(files: &RuleFiles) -> Result<Self, RuleError> {
        let file = files.one(RULES);
        let listed: Listed = file.parse()?;
        let mut classes = FxHashMap::default();
        for (class, words) in listed.signatures {
            for word in words {
                let at = word.span();
                if let Some(other) = classes.insert(word.into_inner(), class.clone()) {
                    return Err(file.error(&at, format!("a word of `{other}` too")));
                }
            }
        }
        let signatures = Signatures {
            classes,
            hypothetical: listed.hypothetical.into_iter().collect(),
            times: listed.times.into_iter().collect(),
        };
        let (levels, weights) = table(files.one(WEIGHTS).content)?;
        Ok(Self {
            signatures,
            levels,
            weights,
        })
    }

    /// Whether a word was seen to name an event wherever the model was fitted.
    pub(crate) fn knows(&self, lemma: &str) -> bool {
        self.weights.contains_key(&format!("lemma={lemma}"))
    }

    /// The value of a predicate on -3 to 3.
    pub(crate) fn value(&self, features: &[String]) -> f32 {
        if self.levels.is_empty() {
            return CERTAIN;
        }
        let known: Vec<&Vec<f32>> = features
            .iter()
            .filter_map(|name| self.weights.get(name))
            .collect();
        let scale = 1.0 / (known.len().max(1) as f32).sqrt();
        let bias = self.weights.get(BIAS);
        let above = (0..self.levels.len() - 1).filter(|&step| {
            let sum: f32 = known.iter().map(|weights| weights[step]).sum();
            bias.map_or(0.0, |bias| bias[step]) + sum * scale > 0.0
        });
        self.levels[above.count()]
    }
}

/// The levels, and each feature's weight for each of them. `#` opens a comment; the first row is `level` and the
/// values; every other row is a feature, how often it was seen, and a weight for each level but the last.
fn table(content: &str) -> Result<(Vec<f32>, Weights), RuleError> {
    let mut levels = Vec::new();
    let mut weights = FxHashMap::default();
    for (number, row) in content.lines().enumerate() {
        if row.is_empty() || row.starts_with('#') {
            continue;
        }
        let wrong = |what: String| RuleError {
            file: WEIGHTS.to_owned(),
            line: number + 1,
            what,
        };
        let mut cells = row.split('\t');
        let name = cells.next().unwrap_or_default();
        let _seen = cells.next();
        let values: Vec<f32> = cells
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| wrong(format!("a weight of `{name}` is no number")))?;
        if values.iter().any(|value| !value.is_finite()) {
            return Err(wrong(format!("a weight of `{name}` is not finite")));
        }
        if levels.is_empty() {
            if name != "level" || values.is_empty() || !values.is_sorted() {
                return Err(wrong(
                    "the first row is `level` and rising values".to_owned(),
                ));
            }
            levels = values;
        } else if values.len() + 1 != levels.len() {
            return Err(wrong(format!(
                "`{name}` has {} weights for {} steps between levels",
                values.len(),
                levels.len() - 1
            )));
        } else if weights.insert(name.to_owned(), values).is_some() {
            return Err(wrong(format!("`{name}` stands twice")));
        }
    }
    Ok((levels, weights))
}
