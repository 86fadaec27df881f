//! Distributions of delays in words: `log-normal 3ms 8ms`.

use crate::quantity::{exact, nanos_of};
use avouch_world::Delay;

/// A distribution from its words; none for others.
pub(super) fn hear(text: &str) -> Option<Delay> {
    let words: Vec<_> = text.split_whitespace().collect();
    match *words {
        ["constant", delay] => nanos_of(delay).map(Delay::Constant),
        ["uniform", low, high] => {
            let (low, high) = (nanos_of(low)?, nanos_of(high)?);
            (low <= high).then_some(Delay::Uniform { low, high })
        }
        ["log-normal", p50, p90] => {
            let (p50, p90) = (nanos_of(p50)?, nanos_of(p90)?);
            (p50 <= p90).then(|| Delay::log_normal(p50, p90))
        }
        ["pareto", minimum, alpha] => {
            let alpha =
                alpha.parse().ok().filter(|alpha: &f64| alpha.is_finite() && *alpha > 0.0)?;
            Some(Delay::Pareto { minimum: nanos_of(minimum)?, alpha })
        }
        ["normal", mean, deviation, floor] => {
            Some(Delay::normal(nanos_of(mean)?, nanos_of(deviation)?, nanos_of(floor)?))
        }
        ["adversarial", minimum] => Some(Delay::Adversarial { minimum: nanos_of(minimum)? }),
        _ => None,
    }
}

/// A distribution in words.
pub(super) fn speak(delay: &Delay) -> String {
    match delay {
        Delay::Constant(delay) => format!("constant {}", exact(*delay)),
        Delay::Uniform { low, high } => format!("uniform {} {}", exact(*low), exact(*high)),
        Delay::LogNormal(log_normal) => {
            let (p50, p90) = log_normal.p50_p90();
            format!("log-normal {} {}", exact(p50), exact(p90))
        }
        Delay::Pareto { minimum, alpha } => format!("pareto {} {alpha:?}", exact(*minimum)),
        Delay::Normal(normal) => {
            let [mean, deviation, floor] = normal.made_from().map(exact);
            format!("normal {mean} {deviation} {floor}")
        }
        Delay::Adversarial { minimum } => format!("adversarial {}", exact(*minimum)),
        // No fault of a script has one: a path is a link's own nature, said by its regions.
        Delay::Path(path) => format!("path {path:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::Nanos;

    #[test]
    fn a_delay_of_nothing_is_read_back_as_it_is_written() {
        for delay in [
            Delay::Constant(Nanos::ZERO),
            Delay::Uniform { low: Nanos::ZERO, high: Nanos(1_500) },
            Delay::normal(Nanos::from_millis(5), Nanos::ZERO, Nanos::ZERO),
            Delay::Adversarial { minimum: Nanos::ZERO },
        ] {
            assert_eq!(hear(&speak(&delay)), Some(delay), "{}", speak(&delay));
        }
        assert_eq!(speak(&Delay::Constant(Nanos::ZERO)), "constant 0s");
    }
}
