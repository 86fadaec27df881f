//! Logarithm, exponential, sine and the normal distribution from additions, products and square
//! roots only.
//!
//! The C library's versions differ in the last bit between machines, and one bit is enough to
//! send a simulation down another path. IEEE 754 fixes every operation used here, so a seed gives
//! the same run everywhere.

/// The natural logarithm of a positive, normal number; relative error below 1e-14.
///
/// `x = m * 2^k` with m in `[sqrt(1/2), sqrt(2))`; `ln m = 2 atanh((m - 1) / (m + 1))` as a series.
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7ff).cast_signed() - 1023;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    let (mantissa, exponent) = if mantissa > std::f64::consts::SQRT_2 {
        (mantissa / 2.0, exponent + 1)
    } else {
        (mantissa, exponent)
    };
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let square = t * t;
    let mut sum = 0.0;
    let mut odd = 27.0;
    while odd >= 1.0 {
        sum = sum * square + 1.0 / odd;
        odd -= 2.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "an exponent of at most 11 bits")]
    let exponent = exponent as f64;
    2.0 * t * sum + exponent * std::f64::consts::LN_2
}

/// The exponential of a number in `-700.0..=700.0` (held there); relative error below 1e-13.
pub fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let power = (x * std::f64::consts::LOG2_E + if x < 0.0 { -0.5 } else { 0.5 }).trunc();
    let rest = x - power * std::f64::consts::LN_2;
    let sum = horner(&RECIPROCAL_FACTORIALS, rest);
    let biased = (power as i64 + 1023).cast_unsigned();
    sum * f64::from_bits(biased << 52)
}

/// 1 / k! for k from 0: enough terms for |x| <= ln 2 / 2.
const RECIPROCAL_FACTORIALS: [f64; 15] = {
    let mut terms = [1.0; 15];
    let (mut k, mut at) = (1.0, 1);
    while at < terms.len() {
        terms[at] = terms[at - 1] / k;
        (k, at) = (k + 1.0, at + 1);
    }
    terms
};

/// The quantile of the standard normal distribution at `probability` in `0.0..1.0` (held off
/// both ends by 2^-53); absolute error below 5e-9 for the central 1 - 1e-9.
///
/// Acklam's rational approximation (P. J. Acklam, 2003), relative error 1.15e-9.
pub fn normal_quantile(probability: f64) -> f64 {
    let p = probability.clamp(f64::EPSILON / 2.0, 1.0 - f64::EPSILON / 2.0);
    if p < TAIL {
        tail((-2.0 * ln(p)).sqrt())
    } else if p > 1.0 - TAIL {
        -tail((-2.0 * ln(1.0 - p)).sqrt())
    } else {
        let q = p - 0.5;
        let r = q * q;
        q * horner(&CENTRE_TOP, r) / (r * horner(&CENTRE_BOTTOM, r) + 1.0)
    }
}

/// How much of the standard normal distribution lies below `x`; absolute error below 1e-15, and 0
/// or 1 beyond nine deviations.
///
/// One half plus the density times x + x^3 / 3 + x^5 / (3 5) + ... (G. Marsaglia, *Evaluating the
/// normal distribution*, 2004).
pub fn normal_cumulative(x: f64) -> f64 {
    if x.abs() > 9.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while (term / sum).abs() > 1e-18 {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    let density = exp(-x * x / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
    (0.5 + sum * density).clamp(0.0, 1.0)
}

const TAIL: f64 = 0.02425;

fn tail(q: f64) -> f64 {
    horner(&TAIL_TOP, q) / (q * horner(&TAIL_BOTTOM, q) + 1.0)
}

fn horner(coefficients: &[f64], x: f64) -> f64 {
    let mut sum = 0.0;
    for coefficient in coefficients.iter().rev() {
        sum = sum * x + coefficient;
    }
    sum
}

// Coefficients from the constant term upward (Acklam 2003).
const CENTRE_TOP: [f64; 6] = [
    2.506_628_277_459_239,
    -30.664_798_066_147_16,
    138.357_751_867_269,
    -275.928_510_446_968_7,
    220.946_098_424_520_5,
    -39.696_830_286_653_76,
];
const CENTRE_BOTTOM: [f64; 5] = [
    -13.280_681_552_885_72,
    66.801_311_887_719_72,
    -155.698_979_859_886_6,
    161.585_836_858_040_9,
    -54.476_098_798_224_06,
];
const TAIL_TOP: [f64; 6] = [
    2.938_163_982_698_783,
    4.374_664_141_464_968,
    -2.549_732_539_343_734,
    -2.400_758_277_161_838,
    -0.322_396_458_041_136_5,
    -0.007_784_894_002_430_293,
];
const TAIL_BOTTOM: [f64; 4] = [
    3.754_408_661_907_416,
    2.445_134_137_142_996,
    0.322_467_129_070_039_8,
    0.007_784_695_709_041_462,
];

/// The sine of so many turns; absolute error below 1e-12.
pub fn sine(turns: f64) -> f64 {
    let mut part = turns - turns.floor();
    // To -0.25..=0.25, where the series is short.
    if part > 0.75 {
        part -= 1.0;
    } else if part > 0.25 {
        part = 0.5 - part;
    }
    let x = part * std::f64::consts::TAU;
    let square = x * x;
    let mut term = x;
    let mut sum = x;
    let mut next = 2.0;
    for _ in 0..9 {
        term *= -square / (next * (next + 1.0));
        sum += term;
        next += 2.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_and_exponential_agree_with_the_library() {
        for i in 1..4_000 {
            let x = f64::from(i) * 0.37;
            assert!((ln(x) - x.ln()).abs() <= 1e-14 * x.ln().abs().max(1.0), "ln {x}");
            let y = f64::from(i - 2_000) * 0.31;
            assert!((exp(y) / y.exp() - 1.0).abs() < 1e-12, "exp {y}");
        }
        assert!((ln(1e-300) - (1e-300_f64).ln()).abs() < 1e-11);
    }

    #[test]
    fn sines_agree_with_the_library() {
        for i in -4_000..4_000 {
            let turns = f64::from(i) * 0.000_731;
            let expected = (turns * std::f64::consts::TAU).sin();
            assert!((sine(turns) - expected).abs() < 1e-11, "{turns}");
        }
    }

    #[test]
    fn normal_quantiles_agree_with_published_ones() {
        let published = [
            (0.5, 0.0),
            (0.9, 1.281_551_565_544_600_4),
            (0.975, 1.959_963_984_540_054),
            (0.99, 2.326_347_874_040_841),
            (0.999, 3.090_232_306_167_813_5),
            (1e-6, -4.753_424_308_822_899),
        ];
        for (p, z) in published {
            assert!((normal_quantile(p) - z).abs() < 1e-8, "{p}: {} {z}", normal_quantile(p));
        }
        assert!(normal_quantile(0.0).is_finite() && normal_quantile(1.0).is_finite());
    }

    #[test]
    fn the_normal_distribution_is_its_quantiles_inverse() {
        for i in 1..1_000 {
            let p = f64::from(i) / 1_000.0;
            assert!((normal_cumulative(normal_quantile(p)) - p).abs() < 5e-9, "{p}");
        }
        let published =
            [(0.0, 0.5), (1.0, 0.841_344_746_068_542_9), (-2.0, 0.022_750_131_948_179_2)];
        for (x, p) in published {
            assert!((normal_cumulative(x) - p).abs() < 1e-14, "{x}: {}", normal_cumulative(x));
        }
        assert!(normal_cumulative(-40.0) <= 0.0 && normal_cumulative(40.0) >= 1.0);
    }
}
