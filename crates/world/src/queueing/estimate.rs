//! An estimate from batches, with its confidence, sharpened by control variates.
//!
//! A queue's mean wait varies mostly because the drawn arrivals and services vary, and their means
//! are known. So each batch's wait is regressed on how far its draws were from what they should
//! have been; the regression's value where the draws are as they should be is the estimate, and its
//! error is what the draws do not explain (S. Lavenberg and P. Welch, *A perspective on the use of
//! control variables*, Management Science, 1981).

/// A mean with the half width of its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the width of the interval.
    pub half_width: f64,
}

impl Estimate {
    /// Whether a value lies in the interval.
    pub fn covers(&self, value: f64) -> bool {
        (value - self.mean).abs() <= self.half_width
    }
}

/// The 97.5 % quantile of Student's distribution with this many degrees of freedom, by Cornish and
/// Fisher's expansion: within 1 % from three on.
#[expect(clippy::cast_precision_loss, reason = "small counts")]
pub fn student(freedom: u64) -> f64 {
    let (z, n) = (1.959_963_984_540_054_f64, freedom.max(1) as f64);
    z + (z.powi(3) + z) / (4.0 * n)
        + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * n * n)
        + (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / (384.0 * n.powi(3))
}

/// The mean of batch means.
#[expect(clippy::cast_precision_loss, reason = "small counts")]
pub(super) fn plain(batches: &[f64]) -> Estimate {
    let n = batches.len().max(2) as f64;
    let mean = batches.iter().sum::<f64>() / n;
    let squares: f64 = batches.iter().map(|batch| (batch - mean).powi(2)).sum();
    let half_width =
        student(batches.len().saturating_sub(1) as u64) * (squares / (n - 1.0) / n).sqrt();
    Estimate { mean, half_width }
}

/// How many controls there are.
pub(super) const CONTROLS: usize = 4;
const WIDTH: usize = CONTROLS + 1;

/// The mean of batch means, sharpened by each batch's controls: numbers that are 0 on the average.
#[expect(clippy::cast_precision_loss, reason = "small counts")]
pub(super) fn controlled(batches: &[(f64, [f64; CONTROLS])]) -> Estimate {
    // Normal equations of y = b0 + b1 x1 + ...; a control that never varies is left out.
    let row = |controls: &[f64; CONTROLS]| {
        let mut row = [1.0; WIDTH];
        row[1..].copy_from_slice(controls);
        row
    };
    let mut products = [[0.0; WIDTH]; WIDTH];
    let mut right = [0.0; WIDTH];
    for (y, controls) in batches {
        let row = row(controls);
        for i in 0..WIDTH {
            right[i] += row[i] * y;
            for j in 0..WIDTH {
                products[i][j] += row[i] * row[j];
            }
        }
    }
    let (inverse, used) = invert(products);
    let coefficients: [f64; WIDTH] =
        std::array::from_fn(|i| (0..WIDTH).map(|j| inverse[i][j] * right[j]).sum());
    let squares: f64 = batches
        .iter()
        .map(|(y, controls)| {
            let row = row(controls);
            let fitted: f64 = (0..WIDTH).map(|i| row[i] * coefficients[i]).sum();
            (y - fitted).powi(2)
        })
        .sum();
    let freedom = batches.len().saturating_sub(used).max(1);
    let error = (squares / freedom as f64 * inverse[0][0]).sqrt();
    Estimate { mean: coefficients[0], half_width: student(freedom as u64) * error }
}

/// The inverse of a symmetric matrix, by elimination; rows that depend on those before them are 0
/// in it. Also how many rows were kept.
fn invert(mut left: [[f64; WIDTH]; WIDTH]) -> ([[f64; WIDTH]; WIDTH], usize) {
    let scale: [f64; WIDTH] = std::array::from_fn(|i| left[i][i]);
    let mut right = [[0.0; WIDTH]; WIDTH];
    for (i, row) in right.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    let mut kept = [false; WIDTH];
    for i in 0..WIDTH {
        let pivot = left[i][i];
        if pivot <= scale[i] * 1e-9 || pivot <= 0.0 {
            continue;
        }
        kept[i] = true;
        for j in 0..WIDTH {
            left[i][j] /= pivot;
            right[i][j] /= pivot;
        }
        for other in (0..WIDTH).filter(|other| *other != i) {
            let factor = left[other][i];
            for j in 0..WIDTH {
                left[other][j] -= factor * left[i][j];
                right[other][j] -= factor * right[i][j];
            }
        }
    }
    for i in 0..WIDTH {
        for j in 0..WIDTH {
            if !(kept[i] && kept[j]) {
                right[i][j] = 0.0;
            }
        }
    }
    (right, kept.iter().filter(|kept| **kept).count())
}

#[cfg(test)]
mod tests {
    use super::{CONTROLS, controlled, plain, student};
    use avouch_promise::Random;

    #[test]
    fn students_quantiles_are_the_published_ones() {
        for (freedom, published) in [(10, 2.228), (19, 2.093), (30, 2.042), (195, 1.972)] {
            assert!((student(freedom) - published).abs() < 3e-3, "{freedom}: {}", student(freedom));
        }
        for (freedom, published) in [(3, 3.182), (7, 2.365)] {
            assert!((student(freedom) / published - 1.0).abs() < 0.01, "{freedom}");
        }
    }

    /// Batches whose value is 7 plus what two controls explain plus a little noise.
    fn batches(random: &mut Random) -> Vec<(f64, [f64; CONTROLS])> {
        let mut noise = || random.unit() + random.unit() + random.unit() - 1.5;
        (0..100)
            .map(|_| {
                let (one, two) = (noise(), noise());
                (7.0 + 3.0 * one - two + 0.1 * noise(), [one, two, 0.0, 2.0 * one])
            })
            .collect()
    }

    #[test]
    fn controls_explain_what_they_can_and_the_interval_covers_as_often_as_it_says() {
        let seed = Random::seed_from_environment();
        let mut random = Random::new(seed);
        let (mut covered, mut covered_plain, runs) = (0, 0, 1_000);
        for _ in 0..runs {
            let batches = batches(&mut random);
            let values: Vec<f64> = batches.iter().map(|(value, _)| *value).collect();
            let (sharp, blunt) = (controlled(&batches), plain(&values));
            assert!(sharp.half_width < blunt.half_width / 8.0, "{sharp:?} {blunt:?}");
            covered += u32::from(sharp.covers(7.0));
            covered_plain += u32::from(blunt.covers(7.0));
        }
        for covered in [covered, covered_plain] {
            assert!(
                (915..=985).contains(&covered),
                "{covered} of {runs}; repro: AVOUCH_SEED={seed}"
            );
        }
    }
}
