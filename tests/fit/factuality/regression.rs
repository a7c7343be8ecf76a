//! Multinomial logistic regression on sparse binary features, by L-BFGS (Nocedal, 1980).

use std::collections::VecDeque;

/// Steps remembered for the curvature.
const MEMORY: usize = 8;
const MOST_STEPS: usize = 120;
/// Ends when a step gains less than this share of the loss.
const ENOUGH: f64 = 1e-5;

/// An event by the numbers of its features.
pub(crate) struct Example {
    pub(crate) level: usize,
    pub(crate) features: Vec<usize>,
}

/// A weight for each feature and level.
pub(crate) struct Weights {
    levels: usize,
    values: Vec<f64>,
}

impl Weights {
    /// The weights of a feature, a level each.
    pub(crate) fn of(&self, feature: usize) -> &[f64] {
        &self.values[feature * self.levels..(feature + 1) * self.levels]
    }
}

/// The weights of least penalised loss.
pub(crate) fn fit(examples: &[Example], features: usize, levels: usize, penalty: f64) -> Weights {
    let mut weights = Weights {
        levels,
        values: vec![0.0; features * levels],
    };
    let (mut loss, mut gradient) = loss(&weights, examples, penalty);
    let mut memory: VecDeque<(Vec<f64>, Vec<f64>)> = VecDeque::new();
    for _ in 0..MOST_STEPS {
        let direction = direction(&gradient, &memory);
        let slope = dot(&direction, &gradient);
        let mut length = if memory.is_empty() { 1e-3 } else { 1.0 };
        let (next, next_loss, next_gradient) = loop {
            let next = Weights {
                levels,
                values: plus(&weights.values, length, &direction),
            };
            let (next_loss, next_gradient) = self::loss(&next, examples, penalty);
            if next_loss <= loss + 1e-4 * length * slope || length < 1e-8 {
                break (next, next_loss, next_gradient);
            }
            length /= 2.0;
        };
        let step = plus(&next.values, -1.0, &weights.values);
        let change = plus(&next_gradient, -1.0, &gradient);
        if dot(&step, &change) > 0.0 {
            memory.push_back((step, change));
        }
        if memory.len() > MEMORY {
            memory.pop_front();
        }
        let gain = loss - next_loss;
        (weights, loss, gradient) = (next, next_loss, next_gradient);
        if gain < ENOUGH * loss {
            break;
        }
    }
    weights
}

/// The negative log likelihood with its penalty, and the gradient of both.
fn loss(weights: &Weights, examples: &[Example], penalty: f64) -> (f64, Vec<f64>) {
    let levels = weights.levels;
    let mut loss = penalty / 2.0 * dot(&weights.values, &weights.values);
    let mut gradient: Vec<f64> = weights.values.iter().map(|one| penalty * one).collect();
    let mut scores = vec![0.0; levels];
    for example in examples {
        scores.fill(0.0);
        for &feature in &example.features {
            for (score, weight) in scores.iter_mut().zip(weights.of(feature)) {
                *score += weight;
            }
        }
        let most = scores.iter().copied().fold(f64::MIN, f64::max);
        let total: f64 = scores.iter().map(|score| (score - most).exp()).sum();
        loss += total.ln() + most - scores[example.level];
        for (level, score) in scores.iter_mut().enumerate() {
            *score = (*score - most).exp() / total - f64::from(level == example.level);
        }
        for &feature in &example.features {
            let own = &mut gradient[feature * levels..(feature + 1) * levels];
            for (one, score) in own.iter_mut().zip(&scores) {
                *one += score;
            }
        }
    }
    (loss, gradient)
}

/// Downhill, by the two loops over the remembered steps.
fn direction(gradient: &[f64], memory: &VecDeque<(Vec<f64>, Vec<f64>)>) -> Vec<f64> {
    let mut down: Vec<f64> = gradient.iter().map(|one| -one).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for (step, change) in memory.iter().rev() {
        let share = dot(step, &down) / dot(step, change);
        down = plus(&down, -share, change);
        shares.push(share);
    }
    if let Some((step, change)) = memory.back() {
        let scale = dot(step, change) / dot(change, change);
        for one in &mut down {
            *one *= scale;
        }
    }
    for ((step, change), share) in memory.iter().zip(shares.into_iter().rev()) {
        let other = dot(change, &down) / dot(step, change);
        down = plus(&down, share - other, step);
    }
    down
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn plus(a: &[f64], times: f64, b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + times * b).collect()
}
