//! Distributions of delays in words: `log-normal 3ms 8ms`.

use super::codec::span_text;
use avouch_promise::Nanos;
use avouch_world::Delay;

/// A distribution from its words; none for others.
pub(super) fn hear(text: &str) -> Option<Delay> {
    let words: Vec<_> = text.split_whitespace().collect();
    let span = |text: &str| {
        crate::quantity::span(text)
            .ok()
            .map(|span| Nanos(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    };
    match *words {
        ["constant", delay] => span(delay).map(Delay::Constant),
        ["uniform", low, high] => {
            let (low, high) = (span(low)?, span(high)?);
            (low <= high).then_some(Delay::Uniform { low, high })
        }
        ["log-normal", p50, p90] => {
            let (p50, p90) = (span(p50)?, span(p90)?);
            (p50 <= p90).then(|| Delay::log_normal(p50, p90))
        }
        ["pareto", minimum, alpha] => {
            let alpha =
                alpha.parse().ok().filter(|alpha: &f64| alpha.is_finite() && *alpha > 0.0)?;
            Some(Delay::Pareto { minimum: span(minimum)?, alpha })
        }
        ["normal", mean, deviation, floor] => {
            Some(Delay::normal(span(mean)?, span(deviation)?, span(floor)?))
        }
        ["adversarial", minimum] => Some(Delay::Adversarial { minimum: span(minimum)? }),
        _ => None,
    }
}

/// A distribution in words.
pub(super) fn speak(delay: &Delay) -> String {
    match delay {
        Delay::Constant(delay) => format!("constant {}", span_text(*delay)),
        Delay::Uniform { low, high } => format!("uniform {} {}", span_text(*low), span_text(*high)),
        Delay::LogNormal(log_normal) => {
            let (p50, p90) = log_normal.p50_p90();
            format!("log-normal {} {}", span_text(p50), span_text(p90))
        }
        Delay::Pareto { minimum, alpha } => format!("pareto {} {alpha:?}", span_text(*minimum)),
        Delay::Normal(normal) => {
            let [mean, deviation, floor] = normal.made_from().map(span_text);
            format!("normal {mean} {deviation} {floor}")
        }
        Delay::Adversarial { minimum } => format!("adversarial {}", span_text(*minimum)),
        // No fault of a script has one: a path is a link's own nature, said by its regions.
        Delay::Path(path) => format!("path {path:?}"),
    }
}
