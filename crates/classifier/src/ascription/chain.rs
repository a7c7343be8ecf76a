//! A linear-chain conditional random field (Lafferty et al. 2001) over named features: which of three
//! labels each token of a sentence has. Every weight stands in a file beside the name of its feature.

use rustc_hash::FxHashMap;

use crate::files::{File, RuleError};

/// Labels a token can have; what they mean is up to the model.
pub(crate) const LABELS: usize = 3;

/// A number for each label.
pub(crate) type Row = [f64; LABELS];

/// What passes from one label to the next: a row of where to for each where from.
pub(crate) type Step = [Row; LABELS];

/// The weights of a model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights {
    features: FxHashMap<Box<str>, [f32; LABELS]>,
    steps: FxHashMap<Box<str>, Step>,
    /// A token less probable than this to have the first label has another one.
    pub(crate) threshold: f64,
}

impl Weights {
    /// Lines of a feature with its weight for each label; `step`, a name and the label it leads from with its
    /// weight for each label it leads to; `threshold` with its value. Columns end at tabs, `# ` opens a comment.
    pub(crate) fn new(file: File<'_>) -> Result<Self, RuleError> {
        let mut weights = Self::default();
        for (number, line) in file.content.lines().enumerate() {
            if line.is_empty() || line.starts_with("# ") {
                continue;
            }
            weights.read(line).ok_or_else(|| RuleError {
                file: file.path.to_owned(),
                line: number + 1,
                what: "no weight for each of three labels, and no threshold".to_owned(),
            })?;
        }
        Ok(weights)
    }

    fn read(&mut self, line: &str) -> Option<()> {
        let mut columns = line.split('\t');
        let name = columns.next()?;
        match name {
            "threshold" => self.threshold = columns.next()?.parse().ok()?,
            "step" => {
                let name = columns.next()?;
                let from: usize = columns.next()?.parse().ok()?;
                let step = self.steps.entry(name.into()).or_default();
                *step.get_mut(from)? = row(&mut columns)?.map(f64::from);
            }
            _ => {
                self.features.insert(name.into(), row(&mut columns)?);
            }
        }
        columns.next().is_none().then_some(())
    }

    /// Adds to a token's scores what a feature says for each label.
    pub(crate) fn add(&self, feature: &str, scores: &mut Row) {
        for (score, weight) in scores
            .iter_mut()
            .zip(self.features.get(feature).into_iter().flatten())
        {
            *score += f64::from(*weight);
        }
    }

    /// What a step says for each pair of labels.
    pub(crate) fn step(&self, name: &str) -> Step {
        self.steps.get(name).copied().unwrap_or_default()
    }
}

fn row<'a>(columns: &mut impl Iterator<Item = &'a str>) -> Option<[f32; LABELS]> {
    let mut row = [0.0; LABELS];
    for weight in &mut row {
        *weight = columns
            .next()?
            .parse()
            .ok()
            .filter(|weight: &f32| weight.is_finite())?;
    }
    Some(row)
}

/// Probabilities of labels, and of pairs of neighbouring ones.
#[derive(Debug)]
pub(crate) struct Marginals {
    /// A row for each token.
    pub(crate) labels: Vec<Row>,
    /// A table for each token but the first: from the token before.
    pub(crate) steps: Vec<Step>,
}

/// The probabilities that scores give, by the forward-backward algorithm; `steps[i]` leads to token `i + 1`.
pub(crate) fn marginals(scores: &[Row], steps: &[Step]) -> Marginals {
    let length = scores.len();
    let potentials: Vec<Row> = scores.iter().map(exponent).collect();
    let moves: Vec<Step> = steps
        .iter()
        .map(|step| step.map(|row| row.map(f64::exp)))
        .collect();
    let mut forward: Vec<Row> = Vec::with_capacity(length);
    for (at, potential) in potentials.iter().enumerate() {
        let mut row = *potential;
        if let Some(before) = at.checked_sub(1) {
            for (to, value) in row.iter_mut().enumerate() {
                *value *= (0..LABELS)
                    .map(|from| forward[before][from] * moves[before][from][to])
                    .sum::<f64>();
            }
        }
        forward.push(normalised(row));
    }
    let mut backward = vec![[1.0; LABELS]; length];
    for at in (1..length).rev() {
        let mut row = [0.0; LABELS];
        for (from, value) in row.iter_mut().enumerate() {
            *value = (0..LABELS)
                .map(|to| moves[at - 1][from][to] * potentials[at][to] * backward[at][to])
                .sum();
        }
        backward[at - 1] = normalised(row);
    }
    let labels = (0..length)
        .map(|at| {
            normalised(std::array::from_fn(|label| {
                forward[at][label] * backward[at][label]
            }))
        })
        .collect();
    let steps = (1..length)
        .map(|at| {
            let mut step: Step = std::array::from_fn(|from| {
                std::array::from_fn(|to| {
                    forward[at - 1][from]
                        * moves[at - 1][from][to]
                        * potentials[at][to]
                        * backward[at][to]
                })
            });
            let total: f64 = step.iter().flatten().sum();
            step.iter_mut().flatten().for_each(|value| *value /= total);
            step
        })
        .collect();
    Marginals { labels, steps }
}

/// The exponents of a row, its greatest being 1.
fn exponent(row: &Row) -> Row {
    let most = row.iter().copied().fold(f64::MIN, f64::max);
    row.map(|value| (value - most).exp())
}

fn normalised(row: Row) -> Row {
    let total: f64 = row.iter().sum();
    row.map(|value| value / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_all_labellings_summed() {
        let scores = [[0.3, -1.0, 0.5], [1.5, 0.2, 0.0], [-0.7, 0.9, 0.1]];
        let step = [[0.4, 0.0, -2.0], [0.1, -0.3, 1.2], [0.0, 0.6, 0.9]];
        let found = marginals(&scores, &[step, step]);
        let mut total = 0.0;
        let mut labels = [Row::default(); 3];
        let mut pairs = [Step::default(); 2];
        for number in 0..LABELS.pow(3) {
            let path = [number % 3, number / 3 % 3, number / 9];
            let sum: f64 = (0..3).map(|at| scores[at][path[at]]).sum();
            let weight = (sum + step[path[0]][path[1]] + step[path[1]][path[2]]).exp();
            total += weight;
            for at in 0..3 {
                labels[at][path[at]] += weight;
            }
            for at in 0..2 {
                pairs[at][path[at]][path[at + 1]] += weight;
            }
        }
        let found = found
            .labels
            .iter()
            .flatten()
            .chain(found.steps.iter().flatten().flatten());
        let summed = labels
            .iter()
            .flatten()
            .chain(pairs.iter().flatten().flatten());
        for (found, summed) in found.zip(summed) {
            assert!((found - summed / total).abs() < 1e-9);
        }
    }
}
