//! The table of guarantees: the whole product on one page.
//!
//! I1 The relation "implies" has no cycle.
//! I2 A row that is served lists a kind of evidence that this crate verifies.
//!
//! References: availability classes after Bailis et al., "Highly Available Transactions" (2013),
//! figure 2; session guarantees after Terry et al. (1994); causal+ after Lloyd et al. (2011).

use super::Guarantee;
use crate::evidence::Kind;

/// Over what an obligation ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extent {
    /// One object; here the keyspace's log group, which is one object to its clients.
    Object,
    /// One client session.
    Session,
    /// All keys of a keyspace.
    Keyspace,
    /// A transaction over several keys.
    Transaction,
}

/// What a partition does to operations that ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Availability {
    /// Some operations cannot be answered while a partition lasts.
    Unavailable,
    /// Answered as long as a client keeps to the replica that it used before.
    Sticky,
    /// Answered by every replica that the client reaches.
    Total,
}

/// What stands behind the `=` of a guarantee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Parameter {
    /// Nothing.
    None,
    /// A span of time.
    Time,
    /// A count of versions.
    Versions,
}

/// One guarantee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// What stands behind the name.
    pub parameter: Parameter,
    /// The guarantee itself, where it has no bound.
    pub plain: Option<Guarantee>,
    /// What the answer owes, in one sentence.
    pub obligation: &'static str,
    /// Over what the obligation ranges.
    pub extent: Extent,
    /// The names of the rows that follow from it directly.
    pub implies: &'static [(&'static str, Parameter)],
    /// What a partition does to it.
    pub availability: Availability,
    /// The kinds of evidence that can carry it.
    pub evidence: &'static [Kind],
    /// What it costs, in words: wide-area hops on the answer's causal chain.
    pub price: &'static str,
    /// The section of the outline that asks for it.
    pub section: &'static str,
    /// Whether nodes answer it in this version.
    pub served_now: bool,
}

impl Row {
    /// Whether both are the same row.
    pub fn same_as(&self, other: &Self) -> bool {
        self.name == other.name && self.parameter == other.parameter
    }

    /// The name with the shape of its bound: `bounded-staleness=TIME`.
    pub fn usage(&self) -> String {
        match self.parameter {
            Parameter::None => self.name.to_owned(),
            Parameter::Time => format!("{}=TIME", self.name),
            Parameter::Versions => format!("{}=COUNTv", self.name),
        }
    }

    /// Every row that follows from this one, nearest first, each once.
    pub fn implied(&self) -> impl Iterator<Item = &'static Self> + use<> {
        let mut found: Vec<&'static Self> = Vec::new();
        let mut edges: Vec<_> = self.implies.to_vec();
        while !edges.is_empty() {
            let step: Vec<_> = edges.iter().filter_map(|edge| find(*edge)).collect();
            edges.clear();
            for row in step {
                if !found.iter().any(|seen| seen.same_as(row)) {
                    found.push(row);
                    edges.extend_from_slice(row.implies);
                }
            }
        }
        found.into_iter()
    }
}

fn find((name, parameter): (&str, Parameter)) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name && row.parameter == parameter)
}

/// The names of the served rows, for hints about a name.
pub(super) fn served_names() -> String {
    let names = ROWS.iter().filter(|row| row.served_now).map(Row::usage);
    names.collect::<Vec<_>>().join(", ")
}

/// The served rows in words, for hints about evidence.
pub fn served_text() -> String {
    let words = ROWS.iter().filter(|row| row.served_now).map(|row| {
        let kinds: Vec<_> = row.evidence.iter().filter(|kind| kind.is_verified()).collect();
        let kinds: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        format!("{} (evidence: {})", row.usage(), kinds.join(", "))
    });
    words.collect::<Vec<_>>().join("; ")
}

const NONE: Parameter = Parameter::None;

pub(super) fn row_of(guarantee: &Guarantee) -> &'static Row {
    &ROWS[match guarantee {
        Guarantee::ByzantineStrictSerializable => 0,
        Guarantee::ByzantineLinearizable => 1,
        Guarantee::ByzantineConsistentPrefix => 2,
        Guarantee::StrictSerializable => 3,
        Guarantee::Serializable => 4,
        Guarantee::SnapshotIsolation => 5,
        Guarantee::Linearizable => 6,
        Guarantee::Sequential => 7,
        Guarantee::CausalPlus => 8,
        Guarantee::ReadYourWrites => 9,
        Guarantee::MonotonicReads => 10,
        Guarantee::MonotonicWrites => 11,
        Guarantee::WritesFollowReads => 12,
        Guarantee::StalenessByTime(_) => 13,
        Guarantee::StalenessByVersions(_) => 14,
        Guarantee::ConsistentPrefix => 15,
        Guarantee::Eventual => 16,
    }]
}

/// Every guarantee, the strongest first.
pub const ROWS: [Row; 17] = [
    Row {
        name: "byzantine-strict-serializable",
        parameter: NONE,
        plain: Some(Guarantee::ByzantineStrictSerializable),
        obligation: "As strict-serializable, while fewer than a third of the voters lie.",
        extent: Extent::Transaction,
        implies: &[("strict-serializable", NONE), ("byzantine-linearizable", NONE)],
        availability: Availability::Unavailable,
        evidence: &[Kind::ByzantineQuorum],
        price: "client to leader and back; three to seven hops among two thirds of the voters",
        section: "4.2.1",
        served_now: false,
    },
    Row {
        name: "byzantine-linearizable",
        parameter: NONE,
        plain: Some(Guarantee::ByzantineLinearizable),
        obligation: "As linearizable, while fewer than a third of the voters lie.",
        extent: Extent::Object,
        implies: &[("linearizable", NONE), ("byzantine-consistent-prefix", NONE)],
        availability: Availability::Unavailable,
        evidence: &[Kind::ByzantineQuorum],
        price: "client to leader and back; three to seven hops among two thirds of the voters",
        section: "4.2.1",
        served_now: false,
    },
    Row {
        name: "byzantine-consistent-prefix",
        parameter: NONE,
        plain: Some(Guarantee::ByzantineConsistentPrefix),
        obligation: "As consistent-prefix, while fewer than a third of the voters lie.",
        extent: Extent::Keyspace,
        implies: &[("consistent-prefix", NONE)],
        availability: Availability::Total,
        evidence: &[Kind::ByzantineQuorum],
        price: "no wide-area hop beyond the client's own",
        section: "4.2.1",
        served_now: false,
    },
    Row {
        name: "strict-serializable",
        parameter: NONE,
        plain: Some(Guarantee::StrictSerializable),
        obligation: "All transactions take effect one after another, each between its call and \
                     its return.",
        extent: Extent::Transaction,
        implies: &[("serializable", NONE), ("linearizable", NONE)],
        availability: Availability::Unavailable,
        evidence: &[Kind::Write, Kind::ReadIndex, Kind::CommitWait],
        price: "client to leader and back; leader to a quorum of every group touched and back",
        section: "2.3.2",
        served_now: false,
    },
    Row {
        name: "serializable",
        parameter: NONE,
        plain: Some(Guarantee::Serializable),
        obligation: "All transactions take effect as if one after another, in some order.",
        extent: Extent::Transaction,
        implies: &[("snapshot-isolation", NONE), ("consistent-prefix", NONE)],
        availability: Availability::Unavailable,
        evidence: &[Kind::Write, Kind::ReadIndex, Kind::ClosedTimestamp],
        price: "client to leader and back; leader to a quorum and back; read-only: none with a \
                closed timestamp",
        section: "2.3.2",
        served_now: false,
    },
    Row {
        name: "snapshot-isolation",
        parameter: NONE,
        plain: Some(Guarantee::SnapshotIsolation),
        obligation: "A transaction reads one committed snapshot, and commits only if no key that \
                     it writes was written since.",
        extent: Extent::Transaction,
        implies: &[("eventual", NONE)],
        availability: Availability::Unavailable,
        evidence: &[Kind::Write, Kind::ReadIndex, Kind::ClosedTimestamp],
        price: "client to leader and back; leader to a quorum and back; read-only: none with a \
                closed timestamp",
        section: "2.3.2",
        served_now: false,
    },
    Row {
        name: "linearizable",
        parameter: NONE,
        plain: Some(Guarantee::Linearizable),
        obligation: "The operation takes effect at one instant between its call and its return.",
        extent: Extent::Object,
        implies: &[
            ("sequential", NONE),
            ("bounded-staleness", Parameter::Time),
            ("bounded-staleness", Parameter::Versions),
        ],
        availability: Availability::Unavailable,
        evidence: &[Kind::Write, Kind::ReadIndex, Kind::LeaderLease],
        price: "client to leader and back; leader to a quorum and back",
        section: "2.3.2",
        served_now: true,
    },
    Row {
        name: "sequential",
        parameter: NONE,
        plain: Some(Guarantee::Sequential),
        obligation: "All operations take effect in one order, in which each session's own order \
                     is kept.",
        extent: Extent::Object,
        implies: &[("causal-plus", NONE), ("consistent-prefix", NONE)],
        availability: Availability::Unavailable,
        evidence: &[Kind::Write, Kind::ReadIndex, Kind::Session],
        price: "writes: as linearizable; reads: none while the replica covers the session's token",
        section: "2.3.2",
        served_now: false,
    },
    Row {
        name: "causal-plus",
        parameter: NONE,
        plain: Some(Guarantee::CausalPlus),
        obligation: "The answer reflects the causes of everything that it reflects, and replicas \
                     that know the same writes agree.",
        extent: Extent::Session,
        implies: &[
            ("read-your-writes", NONE),
            ("monotonic-reads", NONE),
            ("monotonic-writes", NONE),
            ("writes-follow-reads", NONE),
        ],
        availability: Availability::Sticky,
        evidence: &[Kind::Session],
        price: "no wide-area hop while the replica covers the session's token",
        section: "2.3.2",
        served_now: false,
    },
    Row {
        name: "read-your-writes",
        parameter: NONE,
        plain: Some(Guarantee::ReadYourWrites),
        obligation: "The answer reflects every write that its session has completed.",
        extent: Extent::Session,
        implies: &[("eventual", NONE)],
        availability: Availability::Sticky,
        evidence: &[Kind::Session],
        price: "no wide-area hop while the replica covers the session's token",
        section: "2.1.2",
        served_now: false,
    },
    Row {
        name: "monotonic-reads",
        parameter: NONE,
        plain: Some(Guarantee::MonotonicReads),
        obligation: "The answer reflects every write that its session has seen before.",
        extent: Extent::Session,
        implies: &[("eventual", NONE)],
        availability: Availability::Total,
        evidence: &[Kind::Session],
        price: "no wide-area hop while the replica covers the session's token",
        section: "2.1.2",
        served_now: false,
    },
    Row {
        name: "monotonic-writes",
        parameter: NONE,
        plain: Some(Guarantee::MonotonicWrites),
        obligation: "The write takes effect after every earlier write of its session.",
        extent: Extent::Session,
        implies: &[("eventual", NONE)],
        availability: Availability::Total,
        evidence: &[Kind::Session],
        price: "that of the write",
        section: "2.1.2",
        served_now: false,
    },
    Row {
        name: "writes-follow-reads",
        parameter: NONE,
        plain: Some(Guarantee::WritesFollowReads),
        obligation: "The write takes effect after every write that its session has seen.",
        extent: Extent::Session,
        implies: &[("eventual", NONE)],
        availability: Availability::Total,
        evidence: &[Kind::Session],
        price: "that of the write",
        section: "2.1.2",
        served_now: false,
    },
    Row {
        name: "bounded-staleness",
        parameter: Parameter::Time,
        plain: None,
        obligation: "The answer is a state that was current at most this long before the answer.",
        extent: Extent::Keyspace,
        implies: &[("consistent-prefix", NONE)],
        availability: Availability::Unavailable,
        evidence: &[Kind::ReadIndex, Kind::LeaderLease, Kind::StalenessByTime],
        price: "no wide-area hop while the replica's beacon is young enough and its clock has a \
                bound; else as linearizable",
        section: "2.3.3",
        served_now: true,
    },
    Row {
        name: "bounded-staleness",
        parameter: Parameter::Versions,
        plain: None,
        obligation: "The answer is a state that lacked at most this many writes at the call.",
        extent: Extent::Keyspace,
        implies: &[("consistent-prefix", NONE)],
        availability: Availability::Unavailable,
        evidence: &[Kind::ReadIndex, Kind::LeaderLease, Kind::StalenessByVersions],
        price: "no wide-area hop while the leader waits for the replica",
        section: "2.3.3",
        served_now: false,
    },
    Row {
        name: "consistent-prefix",
        parameter: NONE,
        plain: Some(Guarantee::ConsistentPrefix),
        obligation: "The answer is the state after some prefix of the one order of writes, all \
                     keys at one point.",
        extent: Extent::Keyspace,
        implies: &[("eventual", NONE)],
        availability: Availability::Total,
        evidence: &[Kind::ConsistentPrefix, Kind::Write, Kind::ReadIndex, Kind::LeaderLease],
        price: "no wide-area hop beyond the client's own",
        section: "2.3.3",
        served_now: true,
    },
    Row {
        name: "eventual",
        parameter: NONE,
        plain: Some(Guarantee::Eventual),
        obligation: "The answer reflects only writes that somebody submitted before it.",
        extent: Extent::Object,
        implies: &[],
        availability: Availability::Total,
        evidence: &[Kind::Eventual, Kind::ConsistentPrefix, Kind::Write, Kind::ReadIndex],
        price: "no wide-area hop beyond the client's own",
        section: "2.3.2",
        served_now: true,
    },
];
