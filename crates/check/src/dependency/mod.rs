//! The judge of transactions whose version orders are known: Adya's dependencies as a graph, and
//! each isolation level as the cycles that it forbids.
//!
//! ```text
//!   T1 -ww-> T2   T2 installs the version after T1's
//!   T1 -wr-> T2   T2 reads T1's version
//!   T1 -rw-> T2   T2 installs a version after the one that T1 read
//!   T1 -process-> T2, T1 -real time-> T2    T1 had ended before T2 began
//! ```
//!
//! References: Adya, "Weak consistency: a generalized theory" (1999); Kingsbury and Alvaro, "Elle:
//! inferring isolation anomalies from experimental observations" (VLDB 2020); for snapshots, Cerone
//! and Gotsman, "Analysing snapshot isolation" (2018).

mod anomaly;
mod cycle;
mod edges;
mod frame;
mod heavy;
mod judge;
mod levels;
mod misses;
mod net;
mod snapshot;
mod story;
mod verify;
mod views;

pub use frame::{Fate, Frame, Frames};

pub(crate) use anomaly::name_by;
pub(crate) use edges::{Edge, Edges, Kind, Tree};
#[cfg(test)]
pub(crate) use judge::view;
pub(crate) use judge::{Flaw, Inferred, Subject, judge, report};
pub(crate) use misses::{Misses, View};
pub(crate) use verify::Because;
pub(crate) use views::{Mutant as ViewsMutant, Writer};
