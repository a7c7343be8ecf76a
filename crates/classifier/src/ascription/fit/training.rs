//! The weights of a chain of labels, learned from sentences that have theirs.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;

use super::super::chain::{self, LABELS, Row, Step};

/// An error of a probability below which nothing is learned.
const SMALLEST: f64 = 0.003;

/// A weight in hundredths below which a feature decides nothing.
const SMALLEST_WRITTEN: f64 = 2.0;

/// How the weights of one chain are fitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Times that a feature must occur.
    pub(super) least: u32,
    /// Fits whose mean is taken.
    pub(super) fits: usize,
    /// Passes over the examples in each.
    pub(super) passes: usize,
    /// Penalty on the sum of the weights: the greater, the fewer features are left.
    pub(super) sparse: f32,
    /// Penalty on the sum of their squares.
    pub(super) small: f32,
}

/// Sentences with their features and their labels.
#[derive(Debug, Default)]
pub(super) struct Chain {
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
    pub(super) fn feature(&mut self, at: usize, name: &str) {
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
    pub(super) fn end(&mut self, labels: &[usize], step: impl Fn(usize) -> String) {
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
    pub(super) fn fit(mut self, plan: Plan) -> String {
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
