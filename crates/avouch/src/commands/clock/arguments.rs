//! What `avouch clock` takes. Each help ends with examples, which a test runs as they stand.

use clap::{Args, Subcommand};

pub(crate) const EXAMPLES: &str = "\
Examples:
  avouch clock explain 6a28ec5b1eb80003
  avouch clock explain 2026-11-27T16:57:06Z";

const EXPLAIN: &str = "\
Of two hybrid stamps the lower one is of what may have happened before; it says for certain that what
has the higher one did not happen before what has the lower one.

Examples:
  avouch clock explain 6a28ec5b1eb80003
  avouch clock explain 6a28ec5b1eb80003 6a28ec5b1eb90000 --format json
  avouch clock explain 2026-11-27T16:57:06.25Z";

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
}

/// `avouch clock explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Stamps: 16 hexadecimal digits (or 0x and fewer), a number, or a time such as
    /// 2026-11-27T16:57:06Z, which is the first stamp of its unit
    #[arg(required = true, value_name = "STAMP")]
    pub stamps: Vec<String>,
}
