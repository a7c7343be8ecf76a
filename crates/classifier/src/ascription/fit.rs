//! Fits the attribution model to annotated articles.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::chain::{self, LABELS, Row, Step};
use super::cue;
use super::features::{Scene, Sums};
use super::reading::Reading;
use super::words::{Rates, Words};
use super::{BEGINS, CONTENT, GOES_ON, SOURCE};
use crate::analysis::Analysis;
use crate::grammar::Grammar;
use crate::text::Kind;
use crate::{Classifier, Language, RuleFiles, Text};

/// An article and what people marked in it.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its text.
    pub text: String,
    /// Its attributions.
    pub attributions: Vec<Marked>,
}

/// An attribution as people marked it: pieces of each role in code points.
#[derive(Clone, Debug, Default)]
pub struct Marked {
    /// Who.
    pub source: Vec<Range<usize>>,
    /// By which words.
    pub cue: Vec<Range<usize>>,
    /// What.
    pub content: Vec<Range<usize>>,
}

/// An error of a probability below which nothing is learned.
const SMALLEST: f64 = 0.003;

/// A weight in hundredths below which a feature decides nothing.
const SMALLEST_WRITTEN: f64 = 2.0;

/// Words that count as themselves.
const COMMON: usize = 250;

/// How the weights of one chain are fitted; the figures were chosen on a tenth of PolNeAR's train articles.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Times that a feature must occur.
    least: u32,
    /// Fits whose mean is taken.
    fits: usize,
    /// Passes over the examples in each.
    passes: usize,
    /// Penalty on the sum of the weights: the greater, the fewer features are left.
    sparse: f32,
    /// Penalty on the sum of their squares.
    small: f32,
}

const CUES: Plan = Plan {
    least: 4,
    fits: 8,
    passes: 5,
    sparse: 25.0,
    small: 0.5,
};
const ROLES: Plan = Plan {
    least: 10,
    fits: 1,
    passes: 3,
    sparse: 20.0,
    small: 1.0,
};

/// A token less probable than this to be no cue is (part of) one.
const THRESHOLD: f64 = 0.7;

/// The files of `config/attribution/` that these examples give; `origin` says where they are from.
#[must_use]
pub fn fit(classifier: &Classifier, examples: &[Example], origin: &str) -> RuleFiles {
    let texts: Vec<Text> = examples
        .iter()
        .map(|example| Text {
            text: example.text.clone(),
            language: Some(Language::En),
            ..Text::default()
        })
        .collect();
    let analyses: Vec<Analysis<'_>> = texts
        .iter()
        .map(|text| classifier.analyse(text, classifier.read(text).0))
        .collect();
    let counts: Vec<Rates> = analyses
        .iter()
        .zip(examples)
        .map(|(analysis, example)| rates(analysis, &classifier.grammar, example))
        .collect();
    let words = Words {
        common: common(&analyses),
        rates: counts.iter().fold(Rates::default(), Rates::plus),
    };
    // What several people read is one article: none of them tells how the others' words are used.
    let mut by_text: HashMap<&str, Rates> = HashMap::new();
    for (example, counts) in examples.iter().zip(&counts) {
        let own = by_text.entry(&example.text).or_default();
        *own = std::mem::take(own).plus(counts);
    }
    let mut cues = Chain::default();
    let mut roles = Chain::default();
    for (analysis, example) in analyses.iter().zip(examples) {
        let own = &by_text[example.text.as_str()];
        let reading = Reading::without(analysis, &classifier.grammar, &words, own);
        let marked = Tokens::new(&reading, example);
        add_cues(&mut cues, &reading, &marked);
        add_roles(&mut roles, &reading, &marked);
    }
    let about = format!("# Fitted from {origin}.\n");
    let cues = cues.fit(CUES);
    let roles = roles.fit(ROLES);
    RuleFiles(
        [
            (
                "attribution/en.words.tsv",
                format!("{about}# stem, times in a cue, times in all; or word, common\n{words}"),
            ),
            (
                "attribution/en.cues.tsv",
                format!("{about}# feature, no cue, first word of a cue, further word\nthreshold\t{THRESHOLD}\n{cues}"),
            ),
            (
                "attribution/en.roles.tsv",
                format!("{about}# feature, neither, source, content\n{roles}"),
            ),
        ]
        .map(|(path, content)| (path.to_owned(), content))
        .into(),
    )
}

/// The words written small most often, and more often than with a capital.
fn common(analyses: &[Analysis<'_>]) -> FxHashSet<String> {
    let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
    for text in analyses.iter().map(|analysis| &analysis.text) {
        for at in (0..text.len()).filter(|&at| text.token(at).kind == Kind::Word) {
            let (small, capital) = counts.entry(text.word(at)).or_default();
            *(if text.is_capitalised(at) {
                capital
            } else {
                small
            }) += 1;
        }
    }
    let mut words: Vec<(&str, usize)> = counts
        .into_iter()
        .filter(|(word, (small, capital))| small > capital || *word == "i")
        .map(|(word, (small, capital))| (word, small + capital))
        .collect();
    words.sort_by_key(|&(word, count)| (std::cmp::Reverse(count), word));
    words
        .into_iter()
        .take(COMMON)
        .map(|(word, _)| word.to_owned())
        .collect()
}

/// How often each stem of an article is in a cue, and how often it occurs.
fn rates(analysis: &Analysis<'_>, grammar: &Grammar, example: &Example) -> Rates {
    let reading = Reading::new(analysis, grammar, &Words::default());
    let cued = Tokens::new(&reading, example).cued;
    let mut rates = Rates::default();
    for (at, is_cue) in cued.into_iter().enumerate() {
        rates.count(reading.stem(&(at..at + 1), at, 0), is_cue);
    }
    rates
}

/// What was marked, by tokens.
struct Tokens {
    /// The pieces of the source, the cue and the content of each attribution.
    attributions: Vec<[Vec<Range<usize>>; 3]>,
    /// Whether a token is in a cue.
    cued: Vec<bool>,
}

impl Tokens {
    fn new(reading: &Reading<'_>, example: &Example) -> Self {
        let length = reading.text.len();
        let starts: Vec<usize> = (0..length)
            .map(|at| reading.text.span(&(at..at + 1)).start as usize)
            .collect();
        let touched = |pieces: &[Range<usize>]| -> Vec<Range<usize>> {
            pieces
                .iter()
                .map(|piece| {
                    let first = starts.partition_point(|&start| start <= piece.start);
                    let end = starts.partition_point(|&start| start < piece.end);
                    first.saturating_sub(1)..end
                })
                .filter(|tokens| !tokens.is_empty())
                .collect()
        };
        let attributions: Vec<[Vec<Range<usize>>; 3]> = example
            .attributions
            .iter()
            .map(|one| [&one.source, &one.cue, &one.content].map(|pieces| touched(pieces)))
            .collect();
        let mut cued = vec![false; length];
        for piece in attributions.iter().flat_map(|[_, cue, _]| cue) {
            cued[piece.clone()].fill(true);
        }
        Self { attributions, cued }
    }
}

fn add_cues(chain: &mut Chain, reading: &Reading<'_>, marked: &Tokens) {
    let mut labels = vec![0; reading.text.len()];
    for piece in marked.attributions.iter().flat_map(|[_, cue, _]| cue) {
        labels[piece.clone()].fill(GOES_ON);
        labels[piece.start] = BEGINS;
    }
    for sentence in reading.sentences {
        for at in sentence.clone() {
            cue::features(reading, sentence, at, |name| {
                chain.feature(at - sentence.start, name);
            });
        }
        chain.end(&labels[sentence.clone()], |_| cue::STEP.to_owned());
    }
}

fn add_roles(chain: &mut Chain, reading: &Reading<'_>, marked: &Tokens) {
    for [source, cue, content] in &marked.attributions {
        let Some(cue) = cue.iter().max_by_key(|piece| piece.len()) else {
            continue;
        };
        let number = reading
            .sentences
            .partition_point(|sentence| sentence.end <= cue.start);
        let sentence = reading.sentences[number].clone();
        let cue = cue.start..cue.end.min(sentence.end);
        let mut labels = vec![0; sentence.len()];
        for (pieces, label) in [(content, CONTENT), (source, SOURCE)] {
            for at in pieces.iter().flat_map(Clone::clone) {
                if sentence.contains(&at) && !cue.contains(&at) {
                    labels[at - sentence.start] = label;
                }
            }
        }
        let sums = Sums::new(reading, &sentence, marked.cued[sentence.clone()].to_vec());
        let scene = Scene {
            reading,
            sums: &sums,
            cue,
        };
        scene.roles(|at, name| chain.feature(at - sentence.start, name));
        chain.end(&labels, |at| scene.step(sentence.start + at));
    }
}

/// Sentences with their features and their labels.
#[derive(Debug, Default)]
struct Chain {
    names: FxHashMap<String, u32>,
    counts: Vec<u32>,
    steps: FxHashMap<String, u32>,
    sentences: Vec<Sentence>,
    /// The features of the sentence under way.
    open: Vec<Vec<u32>>,
}

#[derive(Debug)]
struct Sentence {
    features: Vec<Vec<u32>>,
    steps: Vec<u32>,
    labels: Vec<usize>,
}

impl Chain {
    /// Notes a feature of a token of the sentence under way.
    fn feature(&mut self, at: usize, name: &str) {
        let id = self.names.get(name).copied().unwrap_or_else(|| {
            let id = self.counts.len() as u32;
            self.names.insert(name.to_owned(), id);
            self.counts.push(0);
            id
        });
        self.counts[id as usize] += 1;
        if self.open.len() <= at {
            self.open.resize(at + 1, Vec::new());
        }
        self.open[at].push(id);
    }

    /// Ends the sentence under way, whose tokens have these labels and are led to by these steps.
    fn end(&mut self, labels: &[usize], step: impl Fn(usize) -> String) {
        let steps = (1..labels.len())
            .map(|at| {
                let next = self.steps.len() as u32;
                *self.steps.entry(step(at)).or_insert(next)
            })
            .collect();
        self.sentences.push(Sentence {
            features: std::mem::take(&mut self.open),
            steps,
            labels: labels.to_vec(),
        });
    }

    /// Fits the weights by follow-the-regularised-leader (McMahan et al. 2013), and says them: the mean of several
    /// fits, each on a sample drawn with replacement (Breiman 1996), which depends less on what it happened to read.
    fn fit(mut self, plan: Plan) -> String {
        for sentence in &mut self.sentences {
            for features in &mut sentence.features {
                features.retain(|&id| self.counts[id as usize] >= plan.least);
            }
        }
        let mut features = vec![0.0; self.names.len() * LABELS];
        let mut steps = vec![0.0; self.steps.len() * LABELS * LABELS];
        let mut random = 1_u64;
        for _ in 0..plan.fits {
            let fitted = self.fit_once(plan, &mut random);
            for (sums, leader) in [(&mut features, &fitted.0), (&mut steps, &fitted.1)] {
                for (at, sum) in sums.iter_mut().enumerate() {
                    *sum += leader.weight(at) / plan.fits as f64;
                }
            }
        }
        let mut lines = String::new();
        for (name, id) in sorted(&self.names) {
            let row: Row = std::array::from_fn(|label| features[id * LABELS + label]);
            write_row(&mut lines, name, &row);
        }
        for (name, id) in sorted(&self.steps) {
            for from in 0..LABELS {
                let row: Row = std::array::from_fn(|to| steps[(id * LABELS + from) * LABELS + to]);
                write_row(&mut lines, &format!("step\t{name}\t{from}"), &row);
            }
        }
        lines
    }

    /// The weights of features and of steps after some passes over a sample of the sentences.
    fn fit_once(&self, plan: Plan, random: &mut u64) -> (Leader, Leader) {
        let mut features = Leader::new(self.names.len() * LABELS, plan.sparse, plan.small);
        let mut steps = Leader::new(self.steps.len() * LABELS * LABELS, 0.0, plan.small);
        let mut draw = |below: usize| {
            *random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (*random >> 33) as usize % below
        };
        let all = self.sentences.len();
        let mut order: Vec<usize> = match plan.fits {
            1 => (0..all).collect(),
            _ => (0..all).map(|_| draw(all)).collect(),
        };
        for _ in 0..plan.passes {
            for last in (1..order.len()).rev() {
                order.swap(last, draw(last + 1));
            }
            for &number in &order {
                learn(&mut features, &mut steps, &self.sentences[number]);
            }
        }
        (features, steps)
    }
}

fn sorted(names: &FxHashMap<String, u32>) -> Vec<(&str, usize)> {
    let mut sorted: Vec<(&str, usize)> = names
        .iter()
        .map(|(name, &id)| (name.as_str(), id as usize))
        .collect();
    sorted.sort_unstable();
    sorted
}

/// Writes a name and its weights in hundredths; nothing where all of them are next to nothing.
fn write_row(lines: &mut String, name: &str, row: &Row) {
    let hundredths = row.map(|weight| (weight * 100.0).round());
    if hundredths
        .iter()
        .all(|&weight| weight.abs() < SMALLEST_WRITTEN)
    {
        return;
    }
    lines.push_str(name);
    for weight in hundredths {
        // No `-0`.
        write!(lines, "\t{}", weight / 100.0 + 0.0).expect("a string takes it");
    }
    lines.push('\n');
}

fn learn(features: &mut Leader, steps: &mut Leader, sentence: &Sentence) {
    let length = sentence.labels.len();
    let scores: Vec<Row> = sentence
        .features
        .iter()
        .map(|ids| {
            let mut row = Row::default();
            for &id in ids {
                for (label, sum) in row.iter_mut().enumerate() {
                    *sum += features.weight(id as usize * LABELS + label);
                }
            }
            row
        })
        .collect();
    let table = |id: u32| -> Step {
        std::array::from_fn(|from| {
            std::array::from_fn(|to| steps.weight((id as usize * LABELS + from) * LABELS + to))
        })
    };
    let moves: Vec<Step> = sentence.steps.iter().map(|&id| table(id)).collect();
    let probable = chain::marginals(&scores, &moves);
    for at in 0..length {
        let is = sentence.labels[at];
        for label in 0..LABELS {
            let gradient = probable.labels[at][label] - indicator(label == is);
            if gradient.abs() > SMALLEST {
                for &id in &sentence.features[at] {
                    features.learn(id as usize * LABELS + label, gradient as f32);
                }
            }
        }
    }
    for at in 1..length {
        let (was, is) = (sentence.labels[at - 1], sentence.labels[at]);
        for from in 0..LABELS {
            for to in 0..LABELS {
                let gradient =
                    probable.steps[at - 1][from][to] - indicator(from == was && to == is);
                steps.learn(
                    (sentence.steps[at - 1] as usize * LABELS + from) * LABELS + to,
                    gradient as f32,
                );
            }
        }
    }
}

fn indicator(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

/// Weights under way, each with its own rate.
#[derive(Debug)]
struct Leader {
    cells: Vec<Cell>,
    sparse: f32,
    small: f32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    sum: f32,
    squares: f32,
    weight: f32,
}

impl Leader {
    const RATE: f32 = 0.1;

    fn new(length: usize, sparse: f32, small: f32) -> Self {
        Self {
            cells: vec![Cell::default(); length],
            sparse,
            small,
        }
    }

    fn weight(&self, at: usize) -> f64 {
        f64::from(self.cells[at].weight)
    }

    fn learn(&mut self, at: usize, gradient: f32) {
        let cell = &mut self.cells[at];
        let root = cell.squares.sqrt();
        cell.squares += gradient * gradient;
        let rate = cell.squares.sqrt();
        cell.sum += gradient - (rate - root) / Self::RATE * cell.weight;
        cell.weight = if cell.sum.abs() <= self.sparse {
            0.0
        } else {
            -(cell.sum - cell.sum.signum() * self.sparse) / ((1.0 + rate) / Self::RATE + self.small)
        };
    }
}
