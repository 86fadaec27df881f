//! What the comparison is told on the command line.

use crate::quantity;
use avouch_promise::{Blame, Error, Nanos, Random};
use avouch_world::geography::Region;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// The examples at the end of `avouch lab synchrony --help`.
pub const EXAMPLES: &str = "\
A trace file has one round trip a line, in milliseconds, or `lost`; before it on the line may stand
when it was sent, in seconds. What follows # is a comment:
  # probe 17, us-east-1 to eu-west-1
  0.0  69.4
  1.0  lost
  2.0  71.02

Examples:
  avouch lab synchrony
  avouch lab synchrony --pair us-east-1:eu-west-1 --interval 200ms --heartbeats 5000 --seeds 2
  avouch lab synchrony --heartbeats 3000 --seeds 2 --html synchrony.html
  avouch lab synchrony --pair us-east-1:sa-east-1 --heartbeats 3000 --seeds 2 --format json";

/// `avouch lab synchrony`.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// A file of recorded round trips; may be repeated. Without one, files *.rtt in rtt/ of the
    /// folder that `AVOUCH_DATA` names; without those, simulated ones
    #[arg(long, value_name = "FILE", conflicts_with = "pair")]
    pub trace: Vec<PathBuf>,
    /// Two AWS regions FROM:TO whose measured p50 and p90 are simulated; may be repeated
    #[arg(long, value_name = "PAIR", value_parser = pair)]
    pub pair: Vec<(Region, Region)>,
    /// The time between heartbeats where detectors are compared
    #[arg(long, value_name = "SPAN", default_value = "100ms", value_parser = quantity::span)]
    pub interval: Duration,
    /// How many heartbeats each detector sees
    #[arg(long, value_name = "COUNT", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1_000..=1_000_000))]
    pub heartbeats: u64,
    /// The share of simulated messages that is lost
    #[arg(long, value_name = "SHARE", default_value = "0.001", value_parser = share)]
    pub loss: f64,
    /// How many nodes send heartbeats to each other, for the cost
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u64).range(2..=10_000))]
    pub nodes: u64,
    /// How many runs of the shipped log are simulated under each promise
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub seeds: u64,
    /// What simulated round trips and crashes are drawn from; without it `AVOUCH_SEED`, or 1
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// Write a report with charts into this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

impl Options {
    /// The seed that is meant.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(Random::seed_from_environment)
    }

    /// The time between heartbeats.
    pub(super) fn interval(&self) -> Nanos {
        crate::quantity::nanos(self.interval)
    }
}

/// `us-east-1:eu-west-1`.
fn pair(text: &str) -> Result<(Region, Region), Error> {
    let Some((from, to)) = text.split_once(':') else {
        return Err(Error::new(Blame::Caller, "two regions FROM:TO", format!("`{text}`"))
            .hint("write us-east-1:eu-west-1"));
    };
    Ok((Region::parse(from)?, Region::parse(to)?))
}

/// A share from 0 to below 1.
fn share(text: &str) -> Result<f64, Error> {
    text.parse().ok().filter(|share| (0.0..1.0).contains(share)).ok_or_else(|| {
        Error::new(Blame::Caller, "a share from 0 to below 1", format!("`{text}`"))
            .hint("write 0.001 for one message of a thousand")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_shares_are_read_or_refused_with_a_hint() {
        let parsed = pair("us-east-1:eu-west-1").unwrap();
        assert_eq!(parsed, (Region::US_EAST_1, Region::EU_WEST_1));
        assert_eq!(pair("us-east-1:eu-wset-1").unwrap_err().hint, "did you mean eu-west-1?");
        assert!(!pair("us-east-1").unwrap_err().hint.is_empty());
        assert_eq!((share("0").unwrap(), share("0.5").unwrap()), (0.0, 0.5));
        for wrong in ["1", "-0.1", "half", "NaN"] {
            assert!(!share(wrong).unwrap_err().hint.is_empty(), "{wrong}");
        }
    }
}
