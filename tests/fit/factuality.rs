//! `make fit`: fits the model of factuality on annotated news and on sentences of our own, and writes
//! `config/factuality/en.weights.tsv`.
//!
//! A ridge regression for each step from a level of the scale to the next: whether an event's value lies above. First
//! it is cross-validated on the training data, in blocks of neighbouring sentences, without what a block shares
//! whole phrases with (news tells its stories again), and the figures printed; then it is fitted on all of it.
//! Nothing but training data is read.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use classifier::{Classifier, RuleFiles};

#[path = "../eval/factuality/events.rs"]
mod events;
#[path = "factuality/examples.rs"]
mod examples;
#[path = "factuality/regression.rs"]
mod regression;
#[path = "../eval/factuality/score.rs"]
mod score;

use regression::Design;

/// What it is fitted on, under `CLAIMWIRE_CORPORA`.
const SETS: [&str; 2] = [
    "factuality/uw/train.jsonl",
    "factuality/meantime/train.jsonl",
];
/// Sentences of our own.
const TAUGHT: &str = "tests/fit/factuality/examples.txt";
const OUTPUT: &str = "factuality/en.weights.tsv";
/// Upper bounds of the levels on the scale; the last has none.
const BOUNDS: [f32; 8] = [-0.9, 0.3, 0.9, 1.5, 1.9, 2.3, 2.7, 2.9];
/// Features seen less often tell more of their text than of the language.
const LEAST: usize = 4;
/// The share of certainty that takes an event above each bound. A half would err least often step by step; a little more
/// errs less on the whole, and the steps to and from what counts as denied and as having happened ask for most, as
/// cross-validation showed.
const SHARES: [f64; BOUNDS.len()] = [0.58, 0.52, 0.52, 0.52, 0.64, 0.52, 0.52, 0.52];
/// Values less than half of this from a bound lie above it in part: annotators who answered a little otherwise would
/// have moved their mean across.
const MARGIN: f32 = 0.4;
/// Strength of the penalty on squared weights.
const PENALTY: f64 = 0.5;
/// Words in a row that two sentences of one story share.
const PHRASE: usize = 6;
const FOLDS: usize = 4;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpora = std::env::var_os("CLAIMWIRE_CORPORA")
        .map_or_else(|| root.join("../shared/corpora"), PathBuf::from);
    let config = root.join("config");
    let rules = rules(&config);
    let classifier = model_of(&rules, String::new());
    let mut sets: Vec<Set> = SETS
        .iter()
        .map(|name| Set::read(&classifier, &corpora.join(name), name, events::read))
        .collect();
    sets.push(Set::read(
        &classifier,
        &root.join(TAUGHT),
        TAUGHT,
        examples::read,
    ));
    for (number, set) in sets.iter().enumerate().take(SETS.len()) {
        let others = sets
            .iter()
            .enumerate()
            .filter(|&(other, _)| other != number);
        let others: Vec<&Observation> = others.flat_map(|(_, set)| &set.observed).collect();
        cross_validate(set, &others, &rules);
    }
    let all: Vec<&Observation> = sets.iter().flat_map(|set| &set.observed).collect();
    let model = Model::fit(&all);
    std::fs::write(config.join(OUTPUT), model.table(&sets)).expect("config/ is writable");
    println!("{} features written to config/{OUTPUT}", model.names.len());
}

/// The rules as they stand under `config/`.
fn rules(config: &Path) -> RuleFiles {
    let mut files = RuleFiles::builtin();
    for (path, content) in &mut files.0 {
        *content = std::fs::read_to_string(config.join(path)).expect("every rule file is there");
    }
    files
}

/// The classifier with these rules and weights.
fn model_of(rules: &RuleFiles, weights: String) -> Classifier {
    let mut files = rules.clone();
    files.0.insert(OUTPUT.to_owned(), weights);
    Classifier::new(&files).unwrap_or_else(|error| panic!("{error}"))
}

/// An event's value and features.
struct Observation {
    sentence: usize,
    value: f32,
    /// Whether it is from a sentence of our own.
    taught: bool,
    features: Vec<String>,
}

/// A training set.
struct Set {
    name: &'static str,
    digest: String,
    sentences: Vec<String>,
    observed: Vec<Observation>,
}

impl Set {
    fn read(
        classifier: &Classifier,
        file: &Path,
        name: &'static str,
        read: impl Fn(&Path) -> Option<Vec<events::Sentence>>,
    ) -> Self {
        let content = std::fs::read_to_string(file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let sentences = read(file).expect("the file was just read");
        let mut observed = Vec::new();
        for (number, sentence) in sentences.iter().enumerate() {
            let words = classifier.observe(&sentence.text);
            for event in &sentence.events {
                let word = words
                    .iter()
                    .find(|word| word.head.start < event.end && event.start < word.head.end);
                observed.extend(word.map(|word| Observation {
                    sentence: number,
                    value: event.value,
                    taught: name == TAUGHT,
                    features: word.features.clone(),
                }));
            }
        }
        Self {
            name,
            digest: wire::id::digest(&[content.as_str()]),
            sentences: sentences.into_iter().map(|one| one.text).collect(),
            observed,
        }
    }
}

fn cross_validate(set: &Set, others: &[&Observation], rules: &RuleFiles) {
    let mut pairs = score::Pairs::default();
    let fold_of = |sentence: usize| sentence * FOLDS / set.sentences.len();
    for fold in 0..FOLDS {
        let held = |one: &Observation| fold_of(one.sentence) == fold;
        let told: HashSet<String> = (0..set.sentences.len())
            .filter(|&sentence| fold_of(sentence) == fold)
            .flat_map(|sentence| phrases(&set.sentences[sentence]))
            .collect();
        let apart: Vec<bool> = set
            .sentences
            .iter()
            .map(|text| phrases(text).all(|phrase| !told.contains(&phrase)))
            .collect();
        let rest = set
            .observed
            .iter()
            .filter(|one| !held(one) && apart[one.sentence]);
        let training: Vec<&Observation> = rest.chain(others.iter().copied()).collect();
        let model = Model::fit(&training);
        let classifier = model_of(rules, model.rows());
        for one in set.observed.iter().filter(|&one| held(one)) {
            pairs
                .0
                .push((one.value, classifier.commitment(&one.features)));
        }
    }
    println!(
        "{:<32} {FOLDS} folds, n {:>5}: macro-F1 {:.3}  MAE {:.3}  r {:.3}",
        set.name,
        pairs.0.len(),
        pairs.macro_f1(score::DENIED),
        pairs.error(),
        pairs.correlation()
    );
}

/// Every [`PHRASE`] words in a row.
fn phrases(text: &str) -> impl Iterator<Item = String> {
    let words: Vec<&str> = text.split(' ').collect();
    let last = (words.len() + 1).saturating_sub(PHRASE);
    (0..last).map(move |at| words[at..at + PHRASE].join(" "))
}

/// A fitted model.
struct Model {
    /// Features by name, each with how often it was seen.
    names: Vec<(String, usize)>,
    levels: Vec<f32>,
    /// For each bound a weight for each feature, then the bias less the share asked for.
    weights: Vec<Vec<f64>>,
}

impl Model {
    fn fit(observed: &[&Observation]) -> Self {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for name in observed.iter().flat_map(|one| &one.features) {
            *seen.entry(name).or_default() += 1;
        }
        let mut names: Vec<(String, usize)> = seen
            .into_iter()
            .filter(|&(_, times)| times >= LEAST)
            .map(|(name, times)| (name.to_owned(), times))
            .collect();
        names.sort_unstable();
        let number: HashMap<&str, usize> = names
            .iter()
            .enumerate()
            .map(|(number, (name, _))| (name.as_str(), number))
            .collect();
        let numbers = |one: &&Observation| {
            let known = one.features.iter().map(String::as_str);
            known.filter_map(|name| number.get(name).copied()).collect()
        };
        let annotated = observed.iter().filter(|one| !one.taught);
        let weights = BOUNDS
            .iter()
            .zip(SHARES)
            .map(|(&bound, share)| {
                // A certain event of ours is one person's; how near to it many come in the mean is not ours to teach.
                let observed = observed
                    .iter()
                    .filter(|one| !one.taught || bound < score::CERTAIN);
                let design = Design {
                    examples: observed.clone().map(numbers).collect(),
                    features: names.len(),
                };
                let above = observed.map(|one| above(one.value, bound));
                let mut weights = regression::fit(&design, &above.collect::<Vec<f64>>(), PENALTY);
                weights[design.features] -= share;
                weights
            })
            .collect();
        let levels = (0..=BOUNDS.len())
            .map(|wanted| {
                let values = annotated.clone().map(|one| one.value);
                median(values.filter(|&value| level(value) == wanted).collect())
            })
            .collect();
        Self {
            names,
            levels,
            weights,
        }
    }

    fn table(&self, sets: &[Set]) -> String {
        let mut table =
            "# How features of an English predicate weigh for its value to lie above each level of factuality. Fitted by \
                         `make fit`; not for editing.\n"
                .to_owned();
        for set in sets {
            let events = set.observed.len();
            writeln!(
                table,
                "# Fitted on {}: {} sentences, {events} events, digest {}",
                set.name,
                set.sentences.len(),
                set.digest
            )
            .expect("a string takes it");
        }
        let day = jiff::Timestamp::now().strftime("%Y-%m-%d");
        writeln!(
            table,
            "# Fitted on {day}: L2 penalty {PENALTY}, features seen at least {LEAST} times.\n\
             # Columns: feature, times seen, then a weight for each level but the last."
        )
        .expect("a string takes it");
        table + &self.rows()
    }

    fn rows(&self) -> String {
        let mut rows = "level\t0".to_owned();
        for level in &self.levels {
            write!(rows, "\t{level:.1}").expect("a string takes it");
        }
        rows.push('\n');
        let bias = ("bias".to_owned(), 0);
        for (number, (name, times)) in self.names.iter().chain([&bias]).enumerate() {
            let hundredths: Vec<f64> = self
                .weights
                .iter()
                .map(|weights| (weights[number] * 100.0).round())
                .collect();
            if hundredths.iter().all(|&weight| weight == 0.0) {
                continue;
            }
            write!(rows, "{name}\t{times}").expect("a string takes it");
            for weight in hundredths {
                // No `-0`.
                write!(rows, "\t{}", weight / 100.0 + 0.0).expect("a string takes it");
            }
            rows.push('\n');
        }
        rows
    }
}

/// How far a value lies above a bound, from 0 to 1.
fn above(value: f32, bound: f32) -> f64 {
    f64::from(((value - bound) / MARGIN + 0.5).clamp(0.0, 1.0))
}

fn level(value: f32) -> usize {
    BOUNDS.iter().filter(|&&bound| value > bound).count()
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
