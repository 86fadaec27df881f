//! What `avouch clock` takes. Each help ends with examples, which a test runs as they stand.

use clap::{Args, Subcommand};

pub(crate) const EXAMPLES: &str = "\
Examples:
  avouch clock explain 6a28ec5b1eb80003
  avouch clock explain 2026-11-27T16:57:06Z
  avouch clock audit --source 127.0.0.1:11123 --samples 2";

const EXPLAIN: &str = "\
Of two hybrid stamps the lower one is of what may have happened before; it says for certain that what
has the higher one did not happen before what has the lower one. A stamp has 32 bits of seconds: times are
from 1970-01-01T00:00:00Z until 2106-02-07T06:28:16Z.

Exit codes:
  0 explained   3 what is no stamp

Examples:
  avouch clock explain 6a28ec5b1eb80003
  avouch clock explain 6a28ec5b1eb80003 6a28ec5b1eb90000 --format json
  avouch clock explain 2026-11-27T16:57:06.25Z";

const AUDIT: &str = "\
Each source is asked over NTP from a port of its own; nothing is set, and no privilege is needed. Of n
sources (n-1)/2 may lie: the true time is where all but these agree. The bound is hard if that holds, if
the other servers are off by no more than they say, and if this host's oscillator is off by no more than
--drift-bound. What measurements contradict is not claimed.

A source whose name has no address, or that does not answer, says nothing, and still counts among n.

Exit codes:
  0 this host's clock is known (and within --within, if given)   1 it is surely off by more
  2 nobody can tell   3 usage   4 environment

Examples:
  avouch clock audit --source 127.0.0.1:11123 --samples 2
  avouch clock audit --source 127.0.0.1:11123 --interval 100ms --drift-bound 15 --within 250ms
  avouch clock audit --source 127.0.0.1:11123 --source 127.0.0.2:11123 --source 127.0.0.3:11123 --samples 2 --format json";

/// `avouch clock`.
#[derive(Debug, Args)]
pub struct Clock {
    /// What is done.
    #[command(subcommand)]
    pub what: What,
}

/// What is done.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Say what hybrid stamps say: their time, their counter, and which may be before which
    #[command(after_help = EXPLAIN)]
    Explain(Explain),
    /// Ask NTP servers how far off this host's clock is, and say what the answer rests on
    #[command(after_help = AUDIT)]
    Audit(Audit),
}

/// `avouch clock audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// An NTP server; port 123 if none is given. Several, and more than two, outvote a liar
    #[arg(long = "source", required = true, value_name = "HOST[:PORT]")]
    pub sources: Vec<String>,
    /// How often each is asked, from 1 to 1000
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub samples: u32,
    /// How long from one asking to the next
    #[arg(long, default_value = "2s", value_name = "TIME")]
    pub interval: String,
    /// By how much this host's oscillator may be off, in parts per million, from 0.001 to 1000
    #[arg(long, default_value_t = 50.0, value_name = "PPM")]
    pub drift_bound: f64,
    /// How far off this host's clock may be
    #[arg(long, value_name = "TIME")]
    pub within: Option<String>,
}

/// `avouch clock explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Stamps: 16 hexadecimal digits (or 0x and fewer), a number, or a time such as
    /// 2026-11-27T16:57:06Z, which is the first stamp of its unit
    #[arg(required = true, value_name = "STAMP")]
    pub stamps: Vec<String>,
}
