//! The commit certificate: proof that an entry of the log can never be replaced.
//!
//! ```text
//!   entry:   i        i+1       i+2                      ballot b, one configuration
//!   chain:  [h] ----> link ---> link
//!   n1 ......ack(accepted = i)
//!   n3 ................................ack(accepted = i+2)
//!   n5 ..............ack(accepted = i+1)                 a majority, each chain through h
//! ```
//!
//! The rule: a majority of one configuration's voters acknowledged, in one ballot b, logs that
//! reach i, and each log's chain runs through the entry's chain.
//!
//! Why it holds (Sequence Paxos; Haridi, Kroll and Carbone 2020, section 3). A voter acknowledges
//! in b only while it has promised no higher ballot, and a log accepted in b is a prefix of the one
//! log of b's leader. A leader of a higher ballot collects the logs of a majority first, and takes
//! over the one that was accepted in the highest ballot, the longest of those. That majority
//! shares a voter with this one, so by induction over the ballots every later leader's log runs
//! through this entry.
//!
//! Acknowledgements reach different indices, because voters accept at different speed. The links
//! from i+1 to the highest index rebuild the chain at each; they are shared by all
//! acknowledgements and end exactly at the highest, so that no bit of them is unbound.

use super::examine::{Check, Examiner, Finding};
use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::digest::Digest;
use crate::fact::{Ack, Signed};
use crate::identity::{Ballot, Epoch, NodeId};
use crate::log_point::{EntryHeader, LogIndex};

/// What the chain binds of a following entry, besides index and previous chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// The entry's ballot.
    pub ballot: Ballot,
    /// The Merkle root of its requests.
    pub root: Digest,
    /// How many requests it holds.
    pub count: u32,
}

impl From<&EntryHeader> for Link {
    fn from(header: &EntryHeader) -> Self {
        Self { ballot: header.ballot, root: header.root, count: header.count }
    }
}
impl Encode for Link {
    fn encode(&self, out: &mut Writer) {
        self.ballot.encode(out);
        self.root.encode(out);
        out.u32(self.count);
    }
}
impl Decode for Link {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            ballot: Ballot::decode(input)?,
            root: Digest::decode(input)?,
            count: input.u32()?,
        })
    }
}

/// A majority's acknowledgements that cover one entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitCertificate {
    /// Signed [`Ack`]s in one ballot, by ascending voter.
    pub acks: Vec<Signed>,
    /// The entries after the certified one, up to the highest acknowledged.
    pub suffix: Vec<Link>,
}

impl Encode for CommitCertificate {
    fn encode(&self, out: &mut Writer) {
        out.list(&self.acks);
        out.list(&self.suffix);
    }
}
impl Decode for CommitCertificate {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { acks: input.list()?, suffix: input.list()? })
    }
}

/// Acknowledgements whose form, signers and number hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quorum {
    pub(crate) epoch: Epoch,
    pub(crate) ballot: Ballot,
    pub(crate) acks: Vec<Ack>,
}

impl Quorum {
    /// The voters, ascending.
    pub(crate) fn voters(&self) -> Vec<NodeId> {
        self.acks.iter().map(|ack| ack.voter).collect()
    }

    /// Examines acknowledgements, whatever they are to prove.
    pub(crate) fn examine(examiner: &Examiner<'_>, signed: &[Signed]) -> Result<Self, Finding> {
        let decode = |fact: &Signed| {
            Ack::from_bytes(&fact.bytes)
                .map_err(|error| Finding::new(Check::Form, format!("acknowledgement: {error}")))
        };
        let acks = signed.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = acks.first().copied() else {
            return Err(Finding::new(Check::Quorum, "there is no acknowledgement at all"));
        };
        let Ack { epoch, ballot, .. } = first;
        let trust = examiner.trust;
        examiner.require(Check::EpochKnown, trust.voters(epoch).is_some(), || {
            format!("the trust file does not know configuration {epoch}")
        })?;
        let voters = trust.voters(epoch).unwrap_or_else(|| trust.newest_voters());
        let mut last = None;
        for (ack, fact) in acks.iter().zip(signed) {
            let voter = ack.voter;
            examiner.require(Check::AckScope, ack.scope == examiner.scope, || {
                format!("{voter}'s acknowledgement is of another log")
            })?;
            examiner.require(Check::EpochOne, ack.epoch == epoch, || {
                format!("{voter} acknowledges in {}, another in {epoch}", ack.epoch)
            })?;
            examiner.require(Check::BallotOne, ack.ballot == ballot, || {
                format!("{voter} acknowledges in {}, another in {ballot}", ack.ballot)
            })?;
            examiner.require(Check::Voter, voters.contains(&voter), || {
                format!("{voter} is no voter of configuration {epoch}")
            })?;
            examiner.require(Check::VoterOnce, last < Some(voter), || {
                format!("{voter} is named twice or out of order")
            })?;
            examiner.require(Check::AckSigner, fact.seal.signer == voter, || {
                format!("{voter}'s acknowledgement is sealed by {}", fact.seal.signer)
            })?;
            examiner.require(Check::AckSeal, fact.holds(trust), || {
                format!("the signature on {voter}'s acknowledgement is wrong")
            })?;
            last = Some(voter);
        }
        let needed = voters.len() / 2 + 1;
        examiner.require(Check::Quorum, acks.len() >= needed, || {
            format!("{} acknowledgements of {} voters; {needed} needed", acks.len(), voters.len())
        })?;
        Ok(Self { epoch, ballot, acks })
    }

    /// Examines whether these acknowledgements commit the entry of this header.
    pub(crate) fn commits(
        &self,
        examiner: &Examiner<'_>,
        header: &EntryHeader,
        suffix: &[Link],
    ) -> Result<(), Finding> {
        let chains = chains(header, suffix);
        let mut highest = 0;
        for ack in &self.acks {
            let Ack { voter, accepted, .. } = *ack;
            examiner.require(Check::Covers, accepted >= header.index, || {
                format!("{voter} had accepted only up to {accepted}, not {}", header.index)
            })?;
            let Some(offset) = accepted.0.checked_sub(header.index.0) else { continue };
            examiner.require(Check::SuffixReaches, offset < chains.len() as u64, || {
                format!("no link reaches {voter}'s acknowledged entry {accepted}")
            })?;
            let Some(chain) = chains.get(offset as usize) else { continue };
            examiner.require(Check::AckChain, ack.chain == *chain, || {
                format!("{voter}'s log does not run through entry {}", header.index)
            })?;
            highest = highest.max(offset as usize);
        }
        examiner.require(Check::SuffixEnds, highest + 1 >= chains.len(), || {
            format!("{} links lead nowhere", chains.len().saturating_sub(highest + 1))
        })
    }
}

/// The chain at the header's entry and at each entry that `suffix` describes.
pub(super) fn chains(header: &EntryHeader, suffix: &[Link]) -> Vec<Digest> {
    let mut chains = vec![header.chain()];
    let mut before = (header.index, header.chain());
    for Link { ballot, root, count } in suffix {
        let index = LogIndex(before.0.0.saturating_add(1));
        let next =
            EntryHeader { index, ballot: *ballot, previous: before.1, root: *root, count: *count };
        before = (index, next.chain());
        chains.push(before.1);
    }
    chains
}

impl CommitCertificate {
    /// Examines the whole certificate of the entry of this header.
    pub(crate) fn examine(
        &self,
        examiner: &Examiner<'_>,
        header: &EntryHeader,
    ) -> Result<Quorum, Finding> {
        let quorum = Quorum::examine(examiner, &self.acks)?;
        quorum.commits(examiner, header, &self.suffix)?;
        Ok(quorum)
    }
}
