//! Who and which: clusters, keyspaces, groups, nodes, their incarnations, configurations and
//! ballots.

use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use std::fmt;

/// A cluster, by the digest of its founding trust file.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(pub [u8; 16]);

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
impl fmt::Debug for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
impl Encode for ClusterId {
    fn encode(&self, out: &mut Writer) {
        out.raw(&self.0);
    }
}
impl Decode for ClusterId {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array().map(Self)
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty), $prefix:literal, $put:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
        impl Encode for $name {
            fn encode(&self, out: &mut Writer) {
                out.$put(self.0);
            }
        }
        impl Decode for $name {
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                input.$put().map(Self)
            }
        }
    };
}

number!(
    /// A node of one cluster, numbered from 1; written `n3`.
    NodeId(u32), "n", u32);
number!(
    /// A keyspace of one cluster; 0 is the default one.
    KeyspaceId(u32), "k", u32);
number!(
    /// A replication group of one keyspace.
    GroupId(u32), "g", u32);
number!(
    /// How often a node has started on its disk, counted durably before it takes part.
    Incarnation(u64), "i", varint);
number!(
    /// A configuration (set of voters) of a group, counted from 1.
    Epoch(u64), "e", varint);

/// A round of leadership: ordered by round, then by node. Two nodes never share one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ballot {
    /// The round; 0 is before any leader.
    pub round: u64,
    /// The leader of this ballot.
    pub leader: NodeId,
}

impl Ballot {
    /// The last round that is read from bytes: at a thousand elections a second, one gets there in
    /// 292 million years. So a round that others name can be counted on from without overflow.
    pub const ROUND_MAX: u64 = u64::MAX >> 1;
}

impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b{}.{}", self.round, self.leader.0)
    }
}
impl Encode for Ballot {
    fn encode(&self, out: &mut Writer) {
        out.varint(self.round);
        self.leader.encode(out);
    }
}
impl Decode for Ballot {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = input.error("a round that an election can reach");
        let round = input.varint()?;
        if round > Self::ROUND_MAX {
            return Err(error);
        }
        Ok(Self { round, leader: NodeId::decode(input)? })
    }
}
