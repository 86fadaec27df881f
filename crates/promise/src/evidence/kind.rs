//! Kinds of evidence: each is one way to prove that an answer meets its guarantee.
//!
//! Kinds that this version only knows by name decode as a kind byte; a verifier then says
//! "unknown", never "refuted": it lacks the means, the answer is not shown to be wrong.

use crate::guarantee::Guarantee;
use crate::request::Intent;
use std::num::NonZeroU64;

/// A kind of evidence; its number is its byte in the encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// The write's entry and its commit certificate.
    Write = 1,
    /// A quorum confirmed the ballot after it saw the request.
    ReadIndex = 2,
    /// The state at a committed entry.
    ConsistentPrefix = 3,
    /// The answerer's signature.
    Eventual = 4,
    /// A quorum's promises until a time that has not come.
    LeaderLease = 5,
    /// A timestamp below which nothing more is written.
    ClosedTimestamp = 6,
    /// A beacon of known age.
    StalenessByTime = 7,
    /// The leader's promise to wait for a replica.
    StalenessByVersions = 8,
    /// A commit that waited out the clock's uncertainty.
    CommitWait = 9,
    /// A point that covers the session's token.
    Session = 10,
    /// A quorum of more than two thirds, for keyspaces whose voters may lie.
    ByzantineQuorum = 11,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Write,
        Self::ReadIndex,
        Self::ConsistentPrefix,
        Self::Eventual,
        Self::LeaderLease,
        Self::ClosedTimestamp,
        Self::StalenessByTime,
        Self::StalenessByVersions,
        Self::CommitWait,
        Self::Session,
        Self::ByzantineQuorum,
    ];

    /// The kind of a byte.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::ReadIndex => "read-index",
            Self::ConsistentPrefix => "consistent-prefix",
            Self::Eventual => "eventual",
            Self::LeaderLease => "leader-lease",
            Self::ClosedTimestamp => "closed-timestamp",
            Self::StalenessByTime => "staleness-by-time",
            Self::StalenessByVersions => "staleness-by-versions",
            Self::CommitWait => "commit-wait",
            Self::Session => "session",
            Self::ByzantineQuorum => "byzantine-quorum",
        }
    }

    /// The strongest guarantee that this version accepts it for; none when it is known by name
    /// only.
    pub const fn achieves(self) -> Option<Guarantee> {
        match self {
            Self::Write | Self::ReadIndex => Some(Guarantee::Linearizable),
            Self::ConsistentPrefix => Some(Guarantee::ConsistentPrefix),
            Self::Eventual => Some(Guarantee::Eventual),
            // As tight as its readings are; the judgement tells how tight.
            Self::StalenessByTime => Some(Guarantee::StalenessByTime(NonZeroU64::MIN)),
            _ => None,
        }
    }

    /// What it is evidence of: that a write stands in the log, or that a state was read. None
    /// when it is known by name only.
    pub const fn proves(self) -> Option<Intent> {
        match self {
            Self::Write => Some(Intent::Write),
            Self::ReadIndex | Self::ConsistentPrefix | Self::StalenessByTime | Self::Eventual => {
                Some(Intent::Read)
            }
            _ => None,
        }
    }

    /// Whether this version verifies it.
    pub const fn is_verified(self) -> bool {
        self.achieves().is_some()
    }

    /// Whether the claim rests on the answering node's clock.
    pub const fn needs_clock(self) -> bool {
        matches!(self, Self::StalenessByTime)
    }

    /// Whether the claim is about freshness, so that the client's nonce must be known.
    pub const fn needs_nonce(self) -> bool {
        matches!(self, Self::Write | Self::ReadIndex | Self::StalenessByTime)
    }
}
