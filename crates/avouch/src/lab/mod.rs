//! `avouch lab`: named incidents in the simulated world, run by the code that ships and judged by
//! the judges that ship.
//!
//! ```text
//!   SCENARIO.toml --scenario--> world of nodes, clients, faults --one seed--> run
//!                                                                             |
//!          history, evidence, metrics, diagram, verdicts, one report <--------'
//! ```
//!
//! A subcommand is a variant of [`options::What`], an arm of `commands::lab` and a file here.

pub mod bar;
pub mod campaign;
pub mod divergence;
pub mod folder;
pub mod gray;
pub mod interrupt;
pub mod measure;
pub mod observer;
pub mod options;
pub mod plant;
pub mod plot;
pub mod report;
pub mod run;
pub mod scenario;
pub mod setup;
pub mod shipped;
pub mod shrink;
pub mod synchrony;
#[cfg(test)]
mod tests;
pub mod verdicts;
pub mod watch;
