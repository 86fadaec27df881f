//! Lineages: the stretch of one log that an item shows once it holds.
//!
//! ```text
//!   index    i-1           i         i+1    ...    m    ...    h
//!   chain    previous -- header --- link -- ... - link - ... - link
//!            '--------- committed: every ack ---------'        |
//!            '--------- one log of ballot b: some ack ---------'
//! ```
//!
//! An answer names the chain at its own index only; but that chain binds the header, which names
//! the chain before it, and each acknowledgement binds the links up to its own index. So two
//! items need not speak of one index to contradict each other: it is enough that their stretches
//! overlap.
//!
//! - L1 Up to m, the lowest index that an acknowledgement of the certifying majority reached, the
//!   chains are committed: the majority reached each of these entries in one ballot.
//! - L2 Up to h, the highest, the chains are of the one log of that ballot. Beyond m they may
//!   still give way to a later ballot's, which is no fork.

use super::certificate::{Link, chains};
use super::{Evidence, Item, Proof, StalenessProof};
use crate::codec::Decode;
use crate::digest::Digest;
use crate::fact::{Ack, Answer, Scope, Signed};
use crate::identity::{Ballot, Epoch, Incarnation, NodeId};
use crate::log_point::{EntryHeader, LogIndex};
use crate::trust::Trust;

/// What a verified item shows of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lineage {
    pub(super) scope: Scope,
    /// The configuration and the ballot of the certifying acknowledgements.
    pub(super) epoch: Epoch,
    pub(super) ballot: Ballot,
    /// Index and chain, ascending, from the entry before the answer's up to h.
    pub(super) chains: Vec<(LogIndex, Digest)>,
    /// The answer's index, up to which its signer spoke.
    pub(super) answered: LogIndex,
    /// m: the last index that is committed.
    pub(super) committed: LogIndex,
    /// A voter whose acknowledgement reached h, and so speaks for all of it.
    pub(super) voter: (NodeId, Incarnation),
}

impl Lineage {
    /// The lineage of an item that holds; none when it does not, or shows no entry at all.
    pub(super) fn of(trust: &Trust, item: &Item, evidence: &Evidence) -> Option<Self> {
        let (header, acks, suffix) = certified(&evidence.proof)?;
        let judgement = item.verify(trust);
        let (epoch, ballot) = judgement.committed_in.filter(|_| judgement.holds())?;
        let scope = Answer::from_bytes(&evidence.answer.bytes).ok()?.scope;
        let acks: Vec<_> = acks.iter().filter_map(|ack| Ack::from_bytes(&ack.bytes).ok()).collect();
        let highest = acks.iter().max_by_key(|ack| ack.accepted)?;
        let committed = acks.iter().map(|ack| ack.accepted).min()?;
        let before = header.index.0.checked_sub(1).map(|index| (LogIndex(index), header.previous));
        let onward = (header.index.0..).map(LogIndex).zip(chains(header, suffix));
        Some(Self {
            scope,
            epoch,
            ballot,
            chains: before.into_iter().chain(onward).collect(),
            answered: header.index,
            committed,
            voter: (highest.voter, highest.incarnation),
        })
    }
}

/// The entry that a proof certifies, with the acknowledgements and links that do so.
fn certified(proof: &Proof) -> Option<(&EntryHeader, &[Signed], &[Link])> {
    let (header, certificate) = match proof {
        Proof::Write(proof) => (&proof.header, &proof.certificate),
        Proof::ConsistentPrefix(proof) => (&proof.header, &proof.certificate),
        Proof::ReadIndex(proof) | Proof::Staleness(StalenessProof { read: proof, .. }) => {
            match &proof.certificate {
                Some(certificate) => (&proof.header, certificate),
                None => return Some((&proof.header, &proof.floor.acks, &[])),
            }
        }
        Proof::Eventual => return None,
    };
    Some((header, &certificate.acks, &certificate.suffix))
}
