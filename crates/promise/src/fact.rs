//! Facts: signed statements of a node about its own local state, never conclusions.
//!
//! ```text
//! fact bytes = tag (1) | cluster (16) | keyspace (4) | group (4) | body
//! seal       = signer | index | count | path | signature over H("avouch seal", root)
//! ```
//!
//! Indices, rounds, epochs and incarnations are varints: they stay small, and a read's evidence
//! holds up to six acknowledgements, which must fit in 2048 bytes.
//!
//! A seal covers a batch: the signature is over the Merkle root of the batch's fact digests, and
//! the path places this fact under it. A fact's bytes are kept as they were signed and are never
//! encoded again.

use crate::clock::Wall;
use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::digest::{Digest, digest_of};
use crate::identity::{Ballot, ClusterId, Epoch, GroupId, Incarnation, KeyspaceId, NodeId};
use crate::log_point::{LogIndex, LogPoint};
use crate::merkle;
use crate::quantity::{Interval, WallTime};
use crate::signature::{Signature, Verifier};
use bytes::Bytes;

const TAG_ACK: u8 = 1;
const TAG_ANSWER: u8 = 2;
/// An answer whose clock says more than that an operator states its bound.
const TAG_ANSWER_BY_CLOCK: u8 = 3;

/// Which log a fact speaks of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The cluster.
    pub cluster: ClusterId,
    /// The keyspace.
    pub keyspace: KeyspaceId,
    /// The group.
    pub group: GroupId,
}
impl Encode for Scope {
    fn encode(&self, out: &mut Writer) {
        self.cluster.encode(out);
        self.keyspace.encode(out);
        self.group.encode(out);
    }
}
impl Decode for Scope {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            cluster: ClusterId::decode(input)?,
            keyspace: KeyspaceId::decode(input)?,
            group: GroupId::decode(input)?,
        })
    }
}

/// A voter's statement: "my log, accepted in this ballot and durable, reaches `accepted` with this
/// chain; I have promised no higher ballot; I say so after seeing `root`".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ack {
    /// Which log.
    pub scope: Scope,
    /// The configuration in which the voter votes.
    pub epoch: Epoch,
    /// The ballot that the voter has promised, and in which its log was accepted.
    pub ballot: Ballot,
    /// The voter.
    pub voter: NodeId,
    /// The voter's incarnation.
    pub incarnation: Incarnation,
    /// The last durable entry of the voter's log.
    pub accepted: LogIndex,
    /// The chain at that entry.
    pub chain: Digest,
    /// The Merkle root of the requests that asked for this statement; zero when none did.
    pub root: Digest,
    /// The voter promises no other ballot until then; zero promises nothing.
    pub until: WallTime,
}

/// A node's statement: "to this request I answered this response, which is the state at `point`".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Answer {
    /// Which log.
    pub scope: Scope,
    /// Who answered.
    pub node: NodeId,
    /// Its incarnation.
    pub incarnation: Incarnation,
    /// The digest of the request's bytes, which hold nonce, guarantee and token.
    pub request: Digest,
    /// The digest of the response's bytes.
    pub response: Digest,
    /// The state that the response reflects.
    pub point: LogPoint,
    /// The chain at `point.index`.
    pub chain: Digest,
    /// How far the answering node knew the log to be committed.
    pub commit: LogIndex,
    /// The answering node's wall clock when it evaluated the request, with its bound and why.
    pub wall: Wall,
}

impl Answer {
    /// Whether its clock has a bound that is stated, or no source at all: then the interval tells
    /// everything. All answers were so once.
    fn clock_is_stated(&self) -> bool {
        self.wall == Wall::stated(self.wall.interval)
    }
}

fn tagged(input: &mut Reader<'_>, tag: u8, expected: &'static str) -> Result<(), DecodeError> {
    let error = input.error(expected);
    if input.u8()? == tag { Ok(()) } else { Err(error) }
}

impl Encode for Ack {
    fn encode(&self, out: &mut Writer) {
        out.u8(TAG_ACK);
        self.scope.encode(out);
        self.epoch.encode(out);
        self.ballot.encode(out);
        self.voter.encode(out);
        self.incarnation.encode(out);
        self.accepted.encode(out);
        self.chain.encode(out);
        self.root.encode(out);
        out.u64(self.until.0.cast_unsigned());
    }
}
impl Decode for Ack {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        tagged(input, TAG_ACK, "the tag of an acknowledgement")?;
        Ok(Self {
            scope: Scope::decode(input)?,
            epoch: Epoch::decode(input)?,
            ballot: Ballot::decode(input)?,
            voter: NodeId::decode(input)?,
            incarnation: Incarnation::decode(input)?,
            accepted: LogIndex::decode(input)?,
            chain: Digest::decode(input)?,
            root: Digest::decode(input)?,
            until: WallTime(input.u64()?.cast_signed()),
        })
    }
}

impl Encode for Answer {
    fn encode(&self, out: &mut Writer) {
        out.u8(if self.clock_is_stated() { TAG_ANSWER } else { TAG_ANSWER_BY_CLOCK });
        self.scope.encode(out);
        self.node.encode(out);
        self.incarnation.encode(out);
        self.request.encode(out);
        self.response.encode(out);
        self.point.encode(out);
        self.chain.encode(out);
        self.commit.encode(out);
        if self.clock_is_stated() {
            self.wall.interval.encode(out);
        } else {
            self.wall.encode(out);
        }
    }
}
impl Decode for Answer {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = input.error("the tag of an answer");
        let by_clock = match input.u8()? {
            TAG_ANSWER => false,
            TAG_ANSWER_BY_CLOCK => true,
            _ => return Err(error),
        };
        let mut answer = Self {
            scope: Scope::decode(input)?,
            node: NodeId::decode(input)?,
            incarnation: Incarnation::decode(input)?,
            request: Digest::decode(input)?,
            response: Digest::decode(input)?,
            point: LogPoint::decode(input)?,
            chain: Digest::decode(input)?,
            commit: LogIndex::decode(input)?,
            wall: Wall::stated(Interval::UNKNOWN),
        };
        let error = input.error("a clock with more than a stated bound");
        answer.wall =
            if by_clock { Wall::decode(input)? } else { Wall::stated(Interval::decode(input)?) };
        if answer.clock_is_stated() == by_clock { Err(error) } else { Ok(answer) }
    }
}

/// The signature of a batch of facts, and this fact's place in the batch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seal {
    /// Who signed.
    pub signer: NodeId,
    /// This fact's place in the batch.
    pub index: u32,
    /// The size of the batch.
    pub count: u32,
    /// The Merkle path from this fact to the batch's root.
    pub path: Vec<Digest>,
    /// The signature over the batch's root.
    pub signature: Signature,
}
impl Encode for Seal {
    fn encode(&self, out: &mut Writer) {
        self.signer.encode(out);
        out.varint(u64::from(self.index));
        out.varint(u64::from(self.count));
        out.list(&self.path);
        self.signature.encode(out);
    }
}
impl Decode for Seal {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let signer = NodeId::decode(input)?;
        let mut small = || {
            let value = input.varint()?;
            u32::try_from(value).map_err(|_| input.error("a number of at most 32 bits"))
        };
        let (index, count) = (small()?, small()?);
        Ok(Self { signer, index, count, path: input.list()?, signature: Signature::decode(input)? })
    }
}

/// A fact as it was signed: its bytes, and the seal on them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signed {
    /// The fact's encoding.
    pub bytes: Bytes,
    /// The seal.
    pub seal: Seal,
}

/// The digest by which a fact enters its batch.
fn fact_digest(bytes: &[u8]) -> Digest {
    digest_of("avouch fact", &[bytes])
}

/// What a signer signs for a batch with this root.
fn seal_message(root: &Digest) -> Vec<u8> {
    digest_of("avouch seal", &[&root.0]).0.to_vec()
}

impl Signed {
    /// Seals a batch of facts with one signature; `sign` is the node's signing function.
    pub fn batch(
        signer: NodeId,
        facts: Vec<Bytes>,
        sign: impl FnOnce(&[u8]) -> Signature,
    ) -> Vec<Self> {
        let digests: Vec<_> = facts.iter().map(|bytes| fact_digest(bytes)).collect();
        let count = facts.len() as u32;
        let tree = merkle::Tree::new(&digests);
        let signature = sign(&seal_message(&tree.root()));
        let place = |(index, bytes)| {
            let path = tree.path(index).unwrap_or_default();
            Self { bytes, seal: Seal { signer, index: index as u32, count, path, signature } }
        };
        facts.into_iter().enumerate().map(place).collect()
    }

    /// Seals one fact.
    pub fn one(signer: NodeId, fact: &impl Encode, sign: impl FnOnce(&[u8]) -> Signature) -> Self {
        let bytes = fact.to_bytes();
        let digest = fact_digest(&bytes);
        let signature = sign(&seal_message(&merkle::root(&[digest])));
        Self { bytes, seal: Seal { signer, index: 0, count: 1, path: Vec::new(), signature } }
    }

    /// Whether the seal holds: the path leads to a root that the named signer signed.
    pub fn holds(&self, verifier: &dyn Verifier) -> bool {
        let Seal { signer, index, count, path, signature } = &self.seal;
        merkle::climb(&fact_digest(&self.bytes), *index as usize, *count as usize, path)
            .is_some_and(|root| verifier.verify(*signer, &seal_message(&root), signature))
    }
}
impl Encode for Signed {
    fn encode(&self, out: &mut Writer) {
        out.bytes(&self.bytes);
        self.seal.encode(out);
    }
}
impl Decode for Signed {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { bytes: Bytes::decode(input)?, seal: Seal::decode(input)? })
    }
}
