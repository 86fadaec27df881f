//! What one line of a history says.

use crate::guarantee::Guarantee;
use crate::identity::{ClusterId, NodeId};
use crate::log_point::LogPoint;
use crate::quantity::Nanos;
use bytes::Bytes;

/// The first line.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Header {
    /// What was run, in the writer's words.
    pub about: String,
    /// The cluster that was asked, if the writer knew it.
    pub cluster: Option<ClusterId>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    /// Whose operation: a client that waits for each answer before it asks again.
    pub process: u64,
    /// Which operation; its number is used once in a history.
    pub operation: u64,
    /// When, on one clock that never goes back, from any start.
    pub time: Nanos,
    /// What happened.
    pub what: What,
}

/// What happened to an operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// It is about to be asked.
    Invoke(Invocation),
    /// It was answered.
    Ok(Answered),
    /// It certainly did not take effect.
    Fail {
        /// Why.
        why: String,
    },
    /// Nobody knows whether it took effect, or will.
    Info {
        /// Why.
        why: String,
        /// Where it took effect, if evidence says so.
        point: Option<LogPoint>,
    },
}

/// What was asked, and how.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Invocation {
    /// What.
    pub action: Action,
    /// With which guarantee.
    pub guarantee: Guarantee,
    /// From where.
    pub region: Option<String>,
}

/// What was answered, and what that is worth.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Answered {
    /// What.
    pub outcome: Outcome,
    /// The guarantee that the answer achieved, if it says so.
    pub achieved: Option<Guarantee>,
    /// The state that the answer reflects, if it says so.
    pub point: Option<LogPoint>,
    /// Who answered.
    pub node: Option<NodeId>,
    /// Where the evidence is: a file's name, `#`, and the item's number from 0.
    pub evidence: Option<String>,
}

/// What a key-value store is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// What does this key hold?
    Get {
        /// The key.
        key: Bytes,
    },
    /// Let it hold this.
    Put {
        /// The key.
        key: Bytes,
        /// Its value from then on.
        value: Bytes,
    },
    /// Add this to the end of what it holds.
    Append {
        /// The key.
        key: Bytes,
        /// What is added.
        value: Bytes,
    },
    /// Let it hold nothing.
    Delete {
        /// The key.
        key: Bytes,
    },
    /// Let every key of a range hold nothing.
    DeleteRange {
        /// The first key.
        from: Bytes,
        /// The key after the last; absent: to the end.
        to: Option<Bytes>,
    },
    /// If it holds `expected`, let it hold `value`.
    CompareAndSwap {
        /// The key.
        key: Bytes,
        /// What it must hold; none: it must hold nothing.
        expected: Option<Bytes>,
        /// What it holds then.
        value: Bytes,
    },
    /// What do the keys of a range hold, all at one point?
    Range {
        /// The first key.
        from: Bytes,
        /// The key after the last; absent: to the end.
        to: Option<Bytes>,
        /// The most entries that the answer may hold.
        limit: Option<u64>,
    },
    /// If every compare holds do `then`, otherwise `otherwise`, all at one point.
    Transaction {
        /// The conditions.
        compares: Vec<Compare>,
        /// What is done if they hold.
        then: Vec<Action>,
        /// What is done if they do not.
        otherwise: Vec<Action>,
    },
}

/// A condition: the key holds `expected`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Compare {
    /// The key.
    pub key: Bytes,
    /// What it must hold; none: it must hold nothing.
    pub expected: Option<Bytes>,
}

/// What a key-value store answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It is done.
    Done,
    /// The key holds this.
    Value(Option<Bytes>),
    /// So many keys held something and now hold nothing.
    Deleted(u64),
    /// Whether the key held what was expected.
    Swapped(bool),
    /// The entries of a range, by ascending key.
    Entries(Vec<(Bytes, Bytes)>),
    /// Which branch a transaction took, and the outcomes of its actions.
    Transaction {
        /// Whether every compare held.
        succeeded: bool,
        /// The outcomes of that branch, in its order.
        outcomes: Vec<Outcome>,
    },
}
