//! How well values of factuality agree with annotated ones.
//!
//! Events fall into three classes by thresholds on the scale of -3 to 3: they happened ([`CERTAIN`] and up), they did
//! not ([`DENIED`] and down), or it is open. The always factual baseline scores what was published for it with a
//! threshold of 2.

/// From this value on an event counts as having happened.
pub(crate) const CERTAIN: f32 = 2.0;
/// Down from this value an event counts as not having happened.
pub(crate) const DENIED: f32 = -1.0;

/// Samples drawn for an interval.
const SAMPLES: usize = 1_000;

/// Pairs of an annotated and a given value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairs(pub(crate) Vec<(f32, f32)>);

impl Pairs {
    /// The mean absolute error.
    pub(crate) fn error(&self) -> f64 {
        self.mean(|(gold, given)| f64::from((gold - given).abs()))
    }

    /// Pearson's r; 0 where either side is constant.
    pub(crate) fn correlation(&self) -> f64 {
        let gold = self.mean(|(gold, _)| f64::from(gold));
        let given = self.mean(|(_, given)| f64::from(given));
        let product = self.mean(|(a, b)| (f64::from(a) - gold) * (f64::from(b) - given));
        let spread = self.mean(|(a, _)| (f64::from(a) - gold).powi(2))
            * self.mean(|(_, b)| (f64::from(b) - given).powi(2));
        if spread > 0.0 {
            product / spread.sqrt()
        } else {
            0.0
        }
    }

    /// The unweighted mean of the three classes' F1, with classes down from `denied`.
    pub(crate) fn macro_f1(&self, denied: f32) -> f64 {
        let class = |value| class(value, denied);
        let f1 = |wanted: i8| {
            let (mut right, mut gold, mut given) = (0_u32, 0_u32, 0_u32);
            for &(annotated, value) in &self.0 {
                gold += u32::from(class(annotated) == wanted);
                given += u32::from(class(value) == wanted);
                right += u32::from(class(annotated) == wanted && class(value) == wanted);
            }
            if gold + given == 0 {
                1.0
            } else {
                f64::from(2 * right) / f64::from(gold + given)
            }
        };
        [1, 0, -1].into_iter().map(f1).sum::<f64>() / 3.0
    }

    /// Between what macro-F1 lies for 95 of 100 samples of as many pairs, drawn with replacement (Efron 1979).
    #[allow(dead_code, reason = "fitting prints none")]
    pub(crate) fn interval(&self, denied: f32) -> (f64, f64) {
        let mut random = 1_u64;
        let mut draw = || {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as usize % self.0.len()
        };
        let mut sample = || Self((0..self.0.len()).map(|_| self.0[draw()]).collect());
        let mut scores: Vec<f64> = (0..SAMPLES).map(|_| sample().macro_f1(denied)).collect();
        scores.sort_by(f64::total_cmp);
        (scores[SAMPLES / 40], scores[SAMPLES - 1 - SAMPLES / 40])
    }

    /// How many annotated events happened, are open, and are denied.
    #[allow(dead_code, reason = "fitting prints none")]
    pub(crate) fn classes(&self, denied: f32) -> [usize; 3] {
        [1, 0, -1].map(|wanted| {
            let of_class = |&&(annotated, _): &&(f32, f32)| class(annotated, denied) == wanted;
            self.0.iter().filter(of_class).count()
        })
    }

    fn mean(&self, of: impl Fn((f32, f32)) -> f64) -> f64 {
        if self.0.is_empty() {
            return 0.0;
        }
        self.0.iter().map(|&pair| of(pair)).sum::<f64>() / self.0.len() as f64
    }
}

/// 1 for what happened, -1 for what did not, 0 for what is open.
fn class(value: f32, denied: f32) -> i8 {
    i8::from(value >= CERTAIN) - i8::from(value <= denied)
}

/// What kind of mistake it is to give a value where another was annotated.
#[allow(dead_code, reason = "fitting lists none")]
pub(crate) fn mistake(annotated: f32, given: f32) -> String {
    let name = |value| match class(value, DENIED) {
        1 => "happened",
        0 => "open",
        _ => "denied",
    };
    let (annotated, given) = (name(annotated), name(given));
    if annotated == given {
        format!("{annotated}, but less or more so")
    } else {
        format!("{annotated}, read as {given}")
    }
}
