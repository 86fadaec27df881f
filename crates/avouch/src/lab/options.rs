//! What the lab is told on the command line.

use clap::{Args, Subcommand};

/// The examples at the end of `avouch lab --help`.
pub const EXAMPLES: &str = "\
Examples:
  avouch lab list
  avouch lab show split-brain-attempt
  avouch lab divergence --seconds 2s
  avouch lab synchrony --heartbeats 2000";

/// `avouch lab`.
#[derive(Debug, Args)]
pub struct Lab {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// What the lab does.
#[derive(Debug, Subcommand)]
pub enum What {
    /// List the shipped scenarios, one line each
    #[command(after_help = "Examples:\n  avouch lab list")]
    List,
    /// Print a shipped scenario's file, to read or to change
    #[command(after_help = "Examples:\n  avouch lab show split-brain-attempt > my-incident.toml")]
    Show(Show),
    /// Meter how many keys differ between which replicas, through faults and after them
    #[command(after_help = super::divergence::EXAMPLES)]
    Divergence(super::divergence::Options),
    /// Measure what monitoring does to a real cluster, and what that cost does to schedules
    #[command(after_help = super::observer::EXAMPLES)]
    Observer(super::observer::Options),
    /// Compare what may be assumed of time on a network, and what failure detectors make of it
    #[command(after_help = super::synchrony::EXAMPLES)]
    Synchrony(super::synchrony::Options),
}

/// `avouch lab show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The scenario's name, as `avouch lab list` prints it
    pub name: String,
}
