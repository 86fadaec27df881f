//! The models of single operations, and which implies which.
//!
//! ```text
//! linearizable ─┬─► sequential ─┬─► red-blue ─► causal-memory
//!               │               │                 ├─► pram ─┬─► read-your-writes
//!               │               │                 │         └─► monotonic-writes ──┐
//!               │               │                 ├─► writes-follow-reads ─────────┴► monotonic-reads
//!               │               │                 └─► causal ─► read-your-writes
//!               │               └─► causal-convergence ─► causal, monotonic-reads
//!               ├─► causal-plus ─► causal-convergence, convergent
//!               ├─► regular ─► safe, read-your-writes, consistent-prefix
//!               ├─► bounded-staleness=1v ─► =2v ─► ... ─► consistent-prefix
//!               └─► bounded-staleness=1ns ─► ... ─► consistent-prefix
//! ```
//!
//! Of transactions of one operation each, strict-serializable is linearizable,
//! strong-session-serializable and prefix are sequential, and the level causal is
//! causal-convergence (`tests/standards`). The level prefix is not consistent-prefix: this one asks
//! nothing of sessions, and no read from the future of real time, as sequential may have; so
//! neither of sequential and consistent-prefix implies the other.
//!
//! `k-atomic=K` is another name of `bounded-staleness=(K-1)v`, and `delta-atomic=T` of
//! `bounded-staleness=T`: a read may return what was the latest so many versions, or so long, ago.

use crate::report::Standard;
use crate::spelling::{unknown, wrong};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Error, Nanos};
use std::fmt;
use std::str::FromStr;

/// A model of single operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Model {
    /// Each operation at one moment between invocation and answer (Herlihy and Wing, 1990).
    Linearizable,
    /// One order of all operations that keeps each session's own (Lamport, 1979).
    Sequential,
    /// One order of the red operations, and causality; red were promised to be sequential or more
    /// (Li et al., 2012).
    RedBlue,
    /// Causal convergence, and sessions agree in the end (Lloyd et al., 2011).
    CausalPlus,
    /// `CCv`: what is seen follows causality, and one order of writes arbitrates for all.
    CausalConvergence,
    /// CM: each session has one order of all writes and its own reads that follows causality.
    CausalMemory,
    /// CC: each read alone follows causality.
    Causal,
    /// Each session sees the writes of every session in their order (Lipton and Sandberg, 1988).
    Pram,
    /// A session sees its own writes.
    ReadYourWrites,
    /// A session sees nothing older than it saw before.
    MonotonicReads,
    /// Every session sees the writes of one session in their order.
    MonotonicWrites,
    /// Every session sees a write after what its writer had read.
    WritesFollowReads,
    /// A read returns the last write before it or one that overlaps it (Lamport, 1986).
    Regular,
    /// A read that overlaps no write returns the last one (Lamport, 1986).
    Safe,
    /// Sessions that read after the last write agree in the end.
    Convergent,
    /// Every read sees some earlier state of one log of writes.
    ConsistentPrefix,
    /// A read is at most so many versions behind; with k - 1 of them, k-atomicity.
    Versions(u64),
    /// A read returns what was the latest at most so long before (Delta-atomicity).
    Time(Nanos),
}

impl Model {
    /// Every model without a bound, weakest last within its column.
    pub const PLAIN: [Self; 16] = [
        Self::Linearizable,
        Self::Sequential,
        Self::RedBlue,
        Self::CausalPlus,
        Self::CausalConvergence,
        Self::CausalMemory,
        Self::Causal,
        Self::Pram,
        Self::ReadYourWrites,
        Self::MonotonicReads,
        Self::MonotonicWrites,
        Self::WritesFollowReads,
        Self::Regular,
        Self::Safe,
        Self::Convergent,
        Self::ConsistentPrefix,
    ];

    /// The models without a bound that it implies with none of those between.
    pub fn directly_implied(self) -> &'static [Self] {
        match self {
            Self::Linearizable => &[Self::Sequential, Self::CausalPlus, Self::Regular],
            Self::Sequential => &[Self::CausalConvergence, Self::RedBlue],
            Self::RedBlue => &[Self::CausalMemory],
            Self::CausalPlus => &[Self::CausalConvergence, Self::Convergent],
            Self::CausalConvergence => &[Self::Causal, Self::MonotonicReads],
            Self::CausalMemory => &[Self::Causal, Self::Pram, Self::WritesFollowReads],
            Self::Causal => &[Self::ReadYourWrites],
            Self::Pram => &[Self::ReadYourWrites, Self::MonotonicWrites],
            Self::MonotonicWrites | Self::WritesFollowReads => &[Self::MonotonicReads],
            Self::Regular => &[Self::Safe, Self::ReadYourWrites, Self::ConsistentPrefix],
            Self::Versions(_) | Self::Time(_) => &[Self::ConsistentPrefix],
            Self::ReadYourWrites
            | Self::MonotonicReads
            | Self::Safe
            | Self::Convergent
            | Self::ConsistentPrefix => &[],
        }
    }

    /// Whether every history of this model is one of the other.
    pub fn implies(self, other: Self) -> bool {
        match (self, other) {
            (Self::Versions(own), Self::Versions(asked)) => own <= asked,
            (Self::Time(own), Self::Time(asked)) => own <= asked,
            (Self::Linearizable, Self::Versions(_) | Self::Time(_)) => true,
            _ => {
                self == other || self.directly_implied().iter().any(|weaker| weaker.implies(other))
            }
        }
    }

    /// Every name, those with a bound by an example, and those that others use.
    pub fn names() -> Vec<&'static str> {
        let bounded = ["k-atomic=2", "delta-atomic=50ms", "bounded-staleness=2s"];
        let plain = Self::PLAIN.into_iter().map(Self::name);
        plain.chain(bounded).chain(ALSO_CALLED.map(|(name, _)| name)).collect()
    }

    /// Its name without a bound.
    fn name(self) -> &'static str {
        match self {
            Self::Linearizable => "linearizable",
            Self::Sequential => "sequential",
            Self::RedBlue => "red-blue",
            Self::CausalPlus => "causal-plus",
            Self::CausalConvergence => "causal-convergence",
            Self::CausalMemory => "causal-memory",
            Self::Causal => "causal",
            Self::Pram => "pram",
            Self::ReadYourWrites => "read-your-writes",
            Self::MonotonicReads => "monotonic-reads",
            Self::MonotonicWrites => "monotonic-writes",
            Self::WritesFollowReads => "writes-follow-reads",
            Self::Regular => "regular",
            Self::Safe => "safe",
            Self::Convergent => "convergent",
            Self::ConsistentPrefix => "consistent-prefix",
            Self::Versions(_) | Self::Time(_) => "bounded-staleness",
        }
    }

    /// Its bound as a guarantee says it; of nothing, linearizability.
    pub(super) fn guarantee(self) -> Option<Guarantee> {
        match self {
            Self::Versions(bound) => Guarantee::staleness_by_versions(bound),
            Self::Time(bound) => Guarantee::staleness_by_time(bound),
            Self::ConsistentPrefix => Some(Guarantee::ConsistentPrefix),
            Self::Linearizable => Some(Guarantee::Linearizable),
            _ => None,
        }
    }
}

impl Standard for Model {
    fn all() -> Vec<Self> {
        Self::PLAIN.to_vec()
    }
    fn implies(self, other: Self) -> bool {
        self.implies(other)
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.guarantee()) {
            (Self::Versions(_) | Self::Time(_), Some(guarantee)) => guarantee.fmt(f),
            _ => f.write_str(self.name()),
        }
    }
}

const K_ATOMIC: &str = "k-atomic=2 lets a read be one version behind; k-atomic=1 is linearizable";

/// Names that others use.
const ALSO_CALLED: [(&str, Model); 7] = [
    ("cc", Model::Causal),
    ("ccv", Model::CausalConvergence),
    ("cm", Model::CausalMemory),
    ("causal+", Model::CausalPlus),
    ("atomic", Model::Linearizable),
    ("fifo", Model::Pram),
    ("eventual-convergence", Model::Convergent),
];

impl FromStr for Model {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Some(model) = Self::PLAIN.into_iter().find(|model| model.name() == text) {
            return Ok(model);
        }
        if let Some((_, model)) = ALSO_CALLED.into_iter().find(|(name, _)| *name == text) {
            return Ok(model);
        }
        if let Some(count) = text.strip_prefix("k-atomic=") {
            return match count.parse() {
                Ok(1) => Ok(Self::Linearizable),
                Ok(count @ 2_u64..) => Ok(Self::Versions(count - 1)),
                _ => Err(wrong("`k-atomic=` and a number from 1", text).hint(K_ATOMIC)),
            };
        }
        let span = text.strip_prefix("delta-atomic=");
        let bounded =
            span.map_or_else(|| text.to_owned(), |span| format!("bounded-staleness={span}"));
        match bounded.parse() {
            Ok(Guarantee::StalenessByTime(bound)) => Ok(Self::Time(Nanos(bound.get()))),
            Ok(Guarantee::StalenessByVersions(bound)) if span.is_none() => {
                Ok(Self::Versions(bound.get()))
            }
            _ => Err(match text.split_once('=').map_or(text, |(name, _)| name) {
                "k-atomic" => wrong("`k-atomic=` and a number from 1", text).hint(K_ATOMIC),
                "delta-atomic" => wrong("`delta-atomic=` and a span of time above zero", text)
                    .hint("write delta-atomic=50ms or delta-atomic=2s"),
                "bounded-staleness" => wrong("`bounded-staleness=` and a bound above zero", text)
                    .hint("write bounded-staleness=2s for time, or =5v for versions"),
                _ => unknown("a model of gets and puts", text, &Self::names(), &[]),
            }),
        }
    }
}
