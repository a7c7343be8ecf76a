//! Ridge regression on sparse binary features, by conjugate gradients (Hestenes and Stiefel, 1952).

const MOST_STEPS: usize = 300;
/// Ends when the residual is this share of what it was.
const ENOUGH: f64 = 1e-4;

/// Examples by the numbers of their features, each example scaled to unit length.
pub(crate) struct Design {
    pub(crate) examples: Vec<Vec<usize>>,
    pub(crate) features: usize,
}

/// A weight for each feature, then the bias.
///
/// They have least squared error on `targets` plus `penalty` times the squared weights; the bias goes free.
pub(crate) fn fit(design: &Design, targets: &[f64], penalty: f64) -> Vec<f64> {
    let mut weights = vec![0.0; design.features + 1];
    let mut residual = design.collected(targets);
    let mut direction = residual.clone();
    let mut size = dot(&residual, &residual);
    let enough = size * ENOUGH * ENOUGH;
    for _ in 0..MOST_STEPS {
        if size <= enough {
            break;
        }
        let image = design.normal(&direction, penalty);
        let step = size / dot(&direction, &image);
        add(&mut weights, step, &direction);
        add(&mut residual, -step, &image);
        let next = dot(&residual, &residual);
        for (one, rest) in direction.iter_mut().zip(&residual) {
            *one = rest + next / size * *one;
        }
        size = next;
    }
    weights
}

impl Design {
    /// What weights give each example.
    fn given(&self, weights: &[f64]) -> Vec<f64> {
        let bias = weights[self.features];
        let of = |example: &Vec<usize>| {
            let sum: f64 = example.iter().map(|&feature| weights[feature]).sum();
            bias + sum * scale(example)
        };
        self.examples.iter().map(of).collect()
    }

    /// What values of the examples give each weight: the transpose.
    fn collected(&self, values: &[f64]) -> Vec<f64> {
        let mut weights = vec![0.0; self.features + 1];
        for (example, value) in self.examples.iter().zip(values) {
            for &feature in example {
                weights[feature] += value * scale(example);
            }
            weights[self.features] += value;
        }
        weights
    }

    fn normal(&self, weights: &[f64], penalty: f64) -> Vec<f64> {
        let mut image = self.collected(&self.given(weights));
        add(
            &mut image[..self.features],
            penalty,
            &weights[..self.features],
        );
        image
    }
}

fn scale(example: &[usize]) -> f64 {
    1.0 / (example.len().max(1) as f64).sqrt()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], times: f64, more: &[f64]) {
    for (to, more) in to.iter_mut().zip(more) {
        *to += times * more;
    }
}
