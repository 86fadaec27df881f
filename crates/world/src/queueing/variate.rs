//! Random spans with a given mean and a given squared coefficient of variation.
//!
//! | variation | distribution |
//! |---|---|
//! | 0 | constant |
//! | below 1 | k - 1 or k exponential steps of one rate (H. Tijms, *Stochastic Models*, 1994) |
//! | 1 | exponential |
//! | above 1 | two exponentials, drawn so that each carries half of the mean |
//!
//! An exponential needs a logarithm, and a simulated queue needs millions: it comes from a table of
//! 128 logarithms and a short series, from operations that IEEE 754 fixes, so that a seed gives the
//! same queue everywhere.

use crate::arithmetic::ln;
use avouch_promise::Random;
use std::sync::LazyLock;

/// 1 / m and ln m for m at the middle of each 128th of 1..2.
static TABLE: LazyLock<[(f64, f64); 128]> = LazyLock::new(|| {
    std::array::from_fn(|at| {
        #[expect(clippy::cast_precision_loss, reason = "below 128")]
        let middle = 1.0 + (at as f64 + 0.5) / 128.0;
        (1.0 / middle, ln(middle))
    })
});

/// The natural logarithm of a positive, normal number; absolute error below 1e-13.
fn quick_ln(x: f64, table: &[(f64, f64); 128]) -> f64 {
    let bits = x.to_bits();
    #[expect(clippy::cast_precision_loss, reason = "an exponent of at most 11 bits")]
    let exponent = (((bits >> 52) & 0x7ff).cast_signed() - 1023) as f64;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    let (inverse, logarithm) = table[((bits >> 45) & 127) as usize];
    let r = mantissa * inverse - 1.0;
    // |r| <= 1 / 256: five terms leave less than 1e-14.
    let series = r * (1.0 - r * (0.5 - r * (1.0 / 3.0 - r * (0.25 - r * 0.2))));
    exponent * std::f64::consts::LN_2 + logarithm + series
}

/// A distribution of spans.
#[derive(Clone, Copy, Debug)]
pub struct Variate {
    shape: Shape,
    table: &'static [(f64, f64); 128],
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Constant(f64),
    /// `steps` exponentials of mean `step`, or one fewer with this probability.
    Steps {
        steps: u32,
        fewer: f64,
        step: f64,
    },
    /// One exponential of two, the first with this probability.
    Either {
        first: f64,
        means: [f64; 2],
    },
}

impl Variate {
    /// The distribution with this mean and this squared coefficient of variation.
    pub fn new(mean: f64, variation: f64) -> Self {
        let shape = if variation < 1e-6 {
            Shape::Constant(mean)
        } else if variation <= 1.0 {
            // 1 / k <= variation <= 1 / (k - 1).
            #[expect(clippy::cast_sign_loss, reason = "at least 1")]
            let steps = ((1.0 / variation - 1e-12).ceil() as u32).max(1);
            let k = f64::from(steps);
            let root = (k * (1.0 + variation) - k * k * variation).max(0.0).sqrt();
            let fewer = ((k * variation - root) / (1.0 + variation)).clamp(0.0, 1.0);
            Shape::Steps { steps, fewer, step: mean / (k - fewer) }
        } else {
            let tilt = ((variation - 1.0) / (variation + 1.0)).sqrt();
            let first = f64::midpoint(1.0, tilt);
            let means = [mean / (2.0 * first), mean / (2.0 * (1.0 - first))];
            Shape::Either { first, means }
        };
        Self { shape, table: &TABLE }
    }

    /// One span.
    pub fn sample(&self, random: &mut Random) -> f64 {
        match self.shape {
            Shape::Constant(span) => span,
            Shape::Steps { steps, fewer, step } => {
                let less = fewer > 0.0 && random.unit() < fewer;
                let count = steps - u32::from(less);
                // The sum of logarithms is the logarithm of the product; a few factors at a time,
                // so that it does not run out of exponents.
                let (mut sum, mut product, mut held) = (0.0, 1.0, 0);
                for _ in 0..count {
                    product *= 1.0 - random.unit();
                    held += 1;
                    if held == 16 {
                        sum -= quick_ln(product, self.table);
                        (product, held) = (1.0, 0);
                    }
                }
                (sum - quick_ln(product, self.table)).max(0.0) * step
            }
            Shape::Either { first, means } => {
                let mean = means[usize::from(random.unit() >= first)];
                -quick_ln(1.0 - random.unit(), self.table).min(0.0) * mean
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{TABLE, Variate, quick_ln};
    use avouch_promise::Random;

    #[test]
    fn the_quick_logarithm_is_a_logarithm() {
        for i in 1..100_000 {
            let x = f64::from(i) * 1.37e-5;
            assert!((quick_ln(x, &TABLE) - x.ln()).abs() < 1e-13, "{x}");
        }
        let smallest = 2.0_f64.powi(-53);
        assert!((quick_ln(smallest, &TABLE) - smallest.ln()).abs() < 1e-12);
    }

    #[test]
    fn spans_have_the_mean_and_the_variation_that_were_asked_for() {
        let seed = Random::seed_from_environment();
        for variation in [0.0, 0.07, 0.25, 0.4, 0.75, 1.0, 2.0, 4.0, 16.0] {
            let (spans, mut random) = (Variate::new(3.0, variation), Random::new(seed));
            let (mut sum, mut squares, count) = (0.0, 0.0, 200_000_u32);
            for _ in 0..count {
                let span = spans.sample(&mut random);
                assert!(span >= 0.0 && span.is_finite());
                sum += span;
                squares += span * span;
            }
            let mean = sum / f64::from(count);
            let measured = squares / f64::from(count) / (mean * mean) - 1.0;
            let repro = format!("repro: AVOUCH_SEED={seed} cargo test -p avouch-world variate");
            assert!((mean / 3.0 - 1.0).abs() < 0.012 * variation.sqrt() + 1e-9, "{mean} {repro}");
            let close = 0.03 + 0.09 * variation;
            assert!((measured - variation).abs() < close, "{measured} {variation} {repro}");
        }
    }
}
