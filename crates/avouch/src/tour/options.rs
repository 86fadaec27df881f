//! What a tour is told on the command line.

use crate::quantity;
use avouch_agreement::mutant::Mutant;
use avouch_promise::{Blame, Error, Random};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// The examples at the end of `avouch tour --help`.
pub const EXAMPLES: &str = "\
Examples:
  avouch tour
  avouch tour --seconds 20s --keep tour-data
  avouch tour --plant read-without-quorum --seconds 20s

Exit codes:
  0 holds   1 refuted or violated (a planted bug that was caught twice)   2 unknown
  3 usage   4 environment   5 a peer's error   6 corrupt data";

/// The shortest tour: every fault needs time for an election and for requests to run into it.
const SHORTEST: Duration = Duration::from_secs(12);

/// `avouch tour`.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Plant a bug in the tour's own cluster, to see it caught
    #[arg(long, value_enum, value_name = "BUG")]
    pub plant: Option<Plant>,
    /// How long the clients run
    #[arg(long, value_name = "SPAN", default_value = "60s", value_parser = seconds)]
    pub seconds: Duration,
    /// What the clients draw their requests from; without it `AVOUCH_SEED`, or 1
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// Keep the cluster's data, the history and the evidence in this folder, which must be empty
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

impl Options {
    /// The seed that is meant.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(Random::seed_from_environment)
    }
}

/// A span such as `20s`, or a bare number of seconds.
fn seconds(text: &str) -> Result<Duration, Error> {
    let bare = text.parse::<u64>().map(Duration::from_secs);
    let span = bare.or_else(|_| quantity::span(text))?;
    if span >= SHORTEST {
        return Ok(span);
    }
    let expected = format!("a tour of at least {} s", SHORTEST.as_secs());
    Err(Error::new(Blame::Caller, expected, format!("`{text}`"))
        .hint("each fault needs an election and some requests that run into it"))
}

/// A bug that a tour can plant in its own cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Plant {
    /// A leader grants reads without asking anyone whether it still leads
    ReadWithoutQuorum,
}

impl Plant {
    /// The bug as the protocol knows it.
    pub const fn mutant(self) -> Mutant {
        match self {
            Self::ReadWithoutQuorum => Mutant::ReadWithoutQuorum,
        }
    }
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadWithoutQuorum => "read-without-quorum",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tour_too_short_to_show_anything_is_refused_with_a_hint() {
        assert_eq!(seconds("20s"), Ok(Duration::from_secs(20)));
        assert_eq!(seconds("15"), Ok(Duration::from_secs(15)));
        for wrong in ["0", "3s", "soon", "-1"] {
            assert!(!seconds(wrong).unwrap_err().hint.is_empty(), "{wrong}");
        }
    }
}
