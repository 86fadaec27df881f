//! What the comparison is told on the command line.

use crate::arguments::Switch;
use crate::quantity;
use avouch_promise::{Blame, Error, Random};
use clap::{Args, ValueEnum};
use std::time::Duration;

/// The examples at the end of `avouch lab observer --help`.
pub const EXAMPLES: &str = "\
Examples:
  avouch lab observer
  avouch lab observer --seconds 6s --rate 60 --blocks 4 --seeds 3 --format json";

/// `avouch lab observer`.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// How long to measure
    #[arg(long, value_name = "SPAN", default_value = "60s", value_parser = seconds)]
    pub seconds: Duration,
    /// How many operations a second all clients ask for together
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(5..=20_000))]
    pub rate: u32,
    /// In how many blocks, each with every level once in an order of its own
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u32).range(4..=100))]
    pub blocks: u32,
    /// Whether messages between regions take as long as measured between AWS regions
    #[arg(long, value_enum, default_value = "off")]
    pub delay: Switch,
    /// How many simulated runs are compared with and without the measured cost
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub seeds: u32,
    /// What operations, orders and simulated runs are drawn from; without it `AVOUCH_SEED`, or 1
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// Plant a bug in the cluster's monitoring, to see that the comparison finds it
    #[arg(long, value_enum, value_name = "BUG")]
    pub plant: Option<Plant>,
}

/// A bug that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Plant {
    /// A step that is recorded takes a millisecond longer
    SlowRecorder,
}

impl Options {
    /// The seed that is meant.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(Random::seed_from_environment)
    }

    /// Refuses a comparison whose windows have next to nothing to measure.
    pub(super) fn check(&self) -> Result<(), Error> {
        let due = self.window().as_secs_f64() * f64::from(self.rate);
        if due >= WINDOW_LEAST {
            return Ok(());
        }
        let expected = format!("at least {WINDOW_LEAST} operations due in each window");
        Err(Error::new(Blame::Caller, expected, format!("{due:.1}"))
            .hint("raise --rate or --seconds, or lower --blocks"))
    }

    /// How many windows there are.
    pub(super) fn windows(&self) -> u64 {
        u64::from(self.blocks) * 3
    }

    /// How long a window is.
    pub(super) fn window(&self) -> Duration {
        self.seconds / (self.blocks * 3)
    }
}

/// So many operations of a window are due at least, a part of them before it has settled.
const WINDOW_LEAST: f64 = 6.0;

/// The shortest comparison: a window needs some operations after it has settled.
const SHORTEST: Duration = Duration::from_secs(6);

/// A span such as `20s`, or a bare number of seconds.
fn seconds(text: &str) -> Result<Duration, Error> {
    let bare = text.parse::<u64>().map(Duration::from_secs);
    let span = bare.or_else(|_| quantity::span(text))?;
    if span >= SHORTEST {
        return Ok(span);
    }
    let expected = format!("a comparison of at least {} s", SHORTEST.as_secs());
    Err(Error::new(Blame::Caller, expected, format!("`{text}`"))
        .hint("each level needs several windows of some operations each"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_too_short_to_tell_anything_is_refused_with_a_hint() {
        assert_eq!(seconds("60"), Ok(Duration::from_secs(60)));
        assert_eq!(seconds("7s"), Ok(Duration::from_secs(7)));
        for wrong in ["0", "5s", "soon", "-1"] {
            assert!(!seconds(wrong).unwrap_err().hint.is_empty(), "{wrong}");
        }
    }
}
