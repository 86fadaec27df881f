//! Scales shared by the pictures: virtual time across, and latency upward on a logarithmic scale.

use avouch_promise::Nanos;

/// Virtual time across a picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Across {
    pub(super) from: Nanos,
    pub(super) until: Nanos,
    pub(super) left: f64,
    pub(super) right: f64,
}

#[expect(clippy::cast_precision_loss, reason = "for the eye")]
pub(super) fn float(span: Nanos) -> f64 {
    span.0 as f64
}

impl Across {
    pub(super) fn at(&self, time: Nanos) -> f64 {
        let whole = float(self.until.minus(self.from)).max(1.0);
        let part = float(time.max(self.from).min(self.until).minus(self.from));
        self.left + (self.right - self.left) * part / whole
    }

    /// Round moments, five to thirteen of them.
    pub(super) fn ticks(&self) -> Vec<Nanos> {
        let whole = self.until.minus(self.from).0.max(1);
        let steps = [1, 2, 5].into_iter();
        let mut step = 1_000_000;
        let fits = |step: u64| whole / step <= 12;
        while !fits(step) {
            let next = steps.clone().map(|by| step * by).find(|step| fits(*step));
            step = next.unwrap_or(step * 10);
        }
        let first = self.from.0.div_ceil(step);
        (first..=self.until.0 / step).map(|at| Nanos(at * step)).collect()
    }
}

/// How a tick's text stands at its moment, so that none leaves the picture at the right.
pub(super) fn anchor(across: &Across, x: f64) -> &'static str {
    if x > across.right - 20.0 { "end" } else { "middle" }
}

/// How high a latency stands, from 0 at a tenth of a millisecond to 1 at ten seconds.
pub(super) fn height(took: Nanos) -> f64 {
    let decades = (float(took).max(1e5) / 1e5).log10();
    (decades / 5.0).clamp(0.0, 1.0)
}

/// The lines of the latency scale.
pub(super) const LATENCIES: [(u64, &str); 6] = [
    (100_000, "0.1 ms"),
    (1_000_000, "1 ms"),
    (10_000_000, "10 ms"),
    (100_000_000, "100 ms"),
    (1_000_000_000, "1 s"),
    (10_000_000_000, "10 s"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        for (from, until) in [(0, 11_000), (940, 1_840), (1_999, 2_400), (0, 1)] {
            let (from, until) = (Nanos::from_millis(from), Nanos::from_millis(until));
            let ticks = Across { from, until, left: 0.0, right: 1.0 }.ticks();
            assert!((1..=13).contains(&ticks.len()), "{ticks:?}");
            assert!(ticks.iter().all(|tick| from <= *tick && *tick <= until));
        }
    }

    #[test]
    fn a_latency_stands_where_its_line_is() {
        assert!(height(Nanos(1)) == 0.0 && height(Nanos::from_secs(100)) >= 1.0);
        assert!((height(Nanos::from_millis(10)) - 0.4).abs() < 1e-12);
    }
}
