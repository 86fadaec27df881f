//! What `avouch clock` takes. Each help ends with examples, which a test runs as they stand.

use clap::{Args, Subcommand};
use std::path::PathBuf;

pub(crate) const EXAMPLES: &str = "\
Examples:
  avouch clock explain 6a28ec5b1eb80003
  avouch clock explain 2026-11-27T16:57:06Z
  avouch clock audit --source 127.0.0.1:11123 --samples 2
  avouch clock simulate gps-jamming";

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

Anybody on the way can answer for a plain source. One named nts://HOST agrees on keys over TLS first, by
a certificate that this host's own clock finds in date, and what is not sealed with them counts for nothing.

What chronyd or a ClockBound segment claims stands beside it, and is refuted where the measurement
excludes all of it. With --format prometheus the report is metrics: avouch_clock_* and, if chronyd was
asked, chrony_* as chrony_exporter names them.

Exit codes:
  0 this host's clock is known (and within --within, if given)
  1 it is surely off by more, or by more than somebody claims
  2 nobody can tell   3 usage   4 environment

Examples:
  avouch clock audit --source 127.0.0.1:11123 --samples 2
  avouch clock audit --source 127.0.0.1:11123 --interval 100ms --drift-bound 15 --within 250ms
  avouch clock audit --source 127.0.0.1:11123 --source 127.0.0.2:11123 --source 127.0.0.3:11123 --samples 2 --format json
  avouch clock audit --source 127.0.0.1:11123 --samples 2 --interval 100ms --watch --publish clock.segment
  avouch clock audit --segment clock.segment --within 1s
  avouch clock audit --source 127.0.0.1:11123 --samples 2 --interval 100ms --format prometheus";

const SIMULATE: &str = "\
A host on a quartz asks three grandmasters every 16 s, whose oscillators satellites steer, with the
interval clock that `clock audit` and the nodes run. It is looked at once a second: is the true time in
its reading? Without a name the faults are listed. AVOUCH_SEED names another run of the same.

Exit codes:
  0 it was, each time   1 not always: the fault broke what the bound rests on   3 usage

Examples:
  avouch clock simulate
  avouch clock simulate gps-outage --oscillator rubidium --hours 30
  avouch clock simulate leap-step --format json
  avouch clock simulate falsetickers --drift-bound 50";

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
    /// Play a fault of clocks in the simulated world, against the clock that is shipped
    #[command(after_help = SIMULATE)]
    Simulate(Simulate),
}

/// `avouch clock simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    /// The fault; without it all are listed
    #[arg(value_name = "FAULT")]
    pub fault: Option<String>,
    /// What the grandmasters' oscillators are: quartz, tcxo, ocxo, good-ocxo or rubidium
    #[arg(long, default_value = "ocxo", value_name = "CLASS")]
    pub oscillator: String,
    /// By how much the host's clock assumes that its own is off, in parts per million
    #[arg(long, default_value_t = 15.0, value_name = "PPM")]
    pub drift_bound: f64,
    /// How long, from 2 to 720
    #[arg(long, default_value_t = 24, value_name = "HOURS", value_parser = clap::value_parser!(u64).range(2..=720))]
    pub hours: u64,
}

/// `avouch clock audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// An NTP server; port 123 if none is given. Several, and more than two, outvote a liar. One
    /// named `nts://HOST` has to vouch for its time (RFC 8915; port 4460)
    #[arg(long = "source", required_unless_present_any = ["chrony", "segment"], value_name = "HOST[:PORT]")]
    pub sources: Vec<String>,
    /// Whose word counts for the keys of `nts://` sources: certificates in PEM, instead of this machine's
    #[arg(long, value_name = "PATH", requires = "sources")]
    pub nts_authority: Option<PathBuf>,
    /// How often each is asked, from 1 to 1000; 4 unless it is watched
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub samples: Option<u32>,
    /// How long from one asking to the next
    #[arg(long, default_value = "2s", value_name = "TIME")]
    pub interval: String,
    /// By how much this host's oscillator may be off, in parts per million, from 0.001 to 1000
    #[arg(long, default_value_t = 50.0, value_name = "PPM")]
    pub drift_bound: f64,
    /// How far off this host's clock may be
    #[arg(long, value_name = "TIME")]
    pub within: Option<String>,
    /// Report after each poll until Ctrl-C: a view that is drawn anew, or a line of JSON
    #[arg(long)]
    pub watch: bool,
    /// Ask chronyd what it claims, too: at a port (127.0.0.1:323 if none is given) or its socket
    #[arg(long, num_args = 0..=1, default_missing_value = "127.0.0.1:323", value_name = "HOST[:PORT] or PATH")]
    pub chrony: Option<String>,
    /// Read what a ClockBound segment claims, too, such as /var/run/clockbound/shm0
    #[arg(long, value_name = "PATH")]
    pub segment: Option<PathBuf>,
    /// Write what is known to a ClockBound segment after each report
    #[arg(long, value_name = "PATH", requires = "sources")]
    pub publish: Option<PathBuf>,
}

/// `avouch clock explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Stamps: 16 hexadecimal digits (or 0x and fewer), a number, or a time such as
    /// 2026-11-27T16:57:06Z, which is the first stamp of its unit
    #[arg(required = true, value_name = "STAMP")]
    pub stamps: Vec<String>,
}
