//! Forks: signed facts that cannot all be true of one log.
//!
//! Each piece of evidence may hold by itself and two of them contradict each other; then some
//! assumption is false. Only facts whose seals hold are compared, so that nobody can frame a node.
//!
//! ```text
//! F1 two answers, both at or below what the answerer knew committed, name different chains at
//!    one index                                        the committed log was forked
//! F2 two acknowledgements in one ballot name different chains at one index
//!                                                     the leader, or a voter, told two stories
//! F3 one request, one point of one log, two responses a state machine is wrong, or lied
//! F4 two writes at one point                          an entry was replaced
//! F5 one write at two points                          a retry took effect twice
//! ```
//!
//! For F1 and F2 an item that holds says more than its facts do one by one: its header names the
//! chain before the answer's entry, and its links those after it (see [`Lineage`]). Each is entered
//! as if it had been said alone, so two items that speak of unlike indices meet wherever their
//! stretches of the log overlap. Two items that contradict each other once do so at every later
//! entry; the first is told.

use super::judgement::Verdict;
use super::lineage::Lineage;
use super::{Evidence, EvidenceFile, Proof, StalenessProof};
use crate::codec::Decode;
use crate::digest::Digest;
use crate::fact::{Ack, Answer, Scope, Signed};
use crate::identity::{Ballot, Epoch, Incarnation, NodeId};
use crate::log_point::{LogIndex, LogPoint};
use crate::trust::Trust;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// In what two facts contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contradiction {
    /// F1: two committed chains at this index.
    CommittedChain(LogIndex),
    /// F2: two chains at this index, acknowledged in this ballot.
    AcknowledgedChain(Ballot, LogIndex),
    /// F3: two responses to one request at this point.
    Response(LogPoint),
    /// F4: two writes at this point.
    WritePoint(LogPoint),
    /// F5: one write at these two points.
    WrittenTwice(LogPoint, LogPoint),
}

impl Contradiction {
    /// Whether this is the same parting of two logs, at another entry.
    fn follows_from(self, earlier: Self) -> bool {
        match (self, earlier) {
            (Self::CommittedChain(_), Self::CommittedChain(_)) => true,
            (Self::AcknowledgedChain(one, _), Self::AcknowledgedChain(other, _)) => one == other,
            _ => false,
        }
    }
}

/// Who said it, and where that is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The file's label.
    pub file: Arc<str>,
    /// The item in that file, from 0.
    pub item: usize,
    /// The node that signed.
    pub node: NodeId,
    /// Its incarnation.
    pub incarnation: Incarnation,
}

impl Source {
    /// Whether both stand in one item of one file.
    fn is_beside(&self, other: &Self) -> bool {
        self.file == other.file && self.item == other.item
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, item, node, incarnation } = self;
        write!(f, "{node} (start {}) in {file}, item {item}", incarnation.0)
    }
}

/// Two signed facts that cannot both be true.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fork {
    /// In what.
    pub contradiction: Contradiction,
    /// The one.
    pub one: Source,
    /// The other.
    pub other: Source,
}

impl Fork {
    /// A fork's verdict.
    pub const fn verdict(&self) -> Verdict {
        Verdict::Refuted
    }
}

impl fmt::Display for Fork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { contradiction, one, other } = self;
        match contradiction {
            Contradiction::CommittedChain(index) => {
                write!(f, "fork: two committed logs differ at or before entry {index}")?;
            }
            Contradiction::AcknowledgedChain(ballot, index) => {
                write!(f, "fork: two logs of ballot {ballot} differ at or before entry {index}")?;
            }
            Contradiction::Response(point) => {
                write!(f, "fork: two responses to one request at log point {point}")?;
            }
            Contradiction::WritePoint(point) => {
                write!(f, "fork: two writes at log point {point}")?;
            }
            Contradiction::WrittenTwice(first, second) => {
                write!(f, "fork: one write at log points {first} and {second}")?;
            }
        }
        write!(f, ": {one}; and {other}")
    }
}

/// What was first said under one key, and by whom.
type Said<K, V> = BTreeMap<K, (V, Source)>;

/// Every fact that was read so far, by what it must agree on.
#[derive(Default)]
struct Ledger {
    committed: Said<(Scope, LogIndex), Digest>,
    acknowledged: Said<(Scope, Epoch, Ballot, LogIndex), Digest>,
    responses: Said<(Scope, Digest, LogPoint, Digest), Digest>,
    writes: Said<(Scope, LogPoint), Digest>,
    written: Said<(Scope, Digest), LogPoint>,
    forks: Vec<Fork>,
}

/// Enters a claim; returns the earlier source when it said otherwise.
fn enter<K: Ord, V: PartialEq + Copy>(
    said: &mut Said<K, V>,
    key: K,
    value: V,
    source: &Source,
) -> Option<(V, Source)> {
    let (first, earlier) = said.entry(key).or_insert_with(|| (value, source.clone()));
    (*first != value).then(|| (*first, earlier.clone()))
}

impl Ledger {
    fn fork(&mut self, contradiction: Contradiction, one: Source, other: &Source) {
        // Forks of one item stand together, at the end.
        let mut of_item = self.forks.iter().rev().take_while(|fork| fork.other.is_beside(other));
        let told = |fork: &Fork| {
            fork.contradiction.follows_from(contradiction)
                && fork.one.is_beside(&one)
                && fork.other == *other
        };
        if of_item.any(told) {
            return;
        }
        self.forks.push(Fork { contradiction, one, other: other.clone() });
    }

    /// What an item that holds says of its log besides its facts' own chains: up to the answer by
    /// the word of its signer, beyond by that of a voter.
    fn lineage(&mut self, lineage: &Lineage, answerer: &Source, voter: &Source) {
        let Lineage { scope, epoch, ballot, answered, committed, .. } = *lineage;
        for (index, chain) in lineage.chains.iter().copied() {
            let source = if index <= answered { answerer } else { voter };
            if index <= committed
                && let Some((_, one)) = enter(&mut self.committed, (scope, index), chain, source)
            {
                self.fork(Contradiction::CommittedChain(index), one, source);
            }
            let key = (scope, epoch, ballot, index);
            if let Some((_, one)) = enter(&mut self.acknowledged, key, chain, voter) {
                self.fork(Contradiction::AcknowledgedChain(ballot, index), one, voter);
            }
        }
    }

    fn answer(&mut self, answer: &Answer, is_write: bool, source: &Source) {
        let Answer { scope, request, response, point, chain, .. } = *answer;
        let index = point.index;
        if answer.commit >= index
            && let Some((_, one)) = enter(&mut self.committed, (scope, index), chain, source)
        {
            self.fork(Contradiction::CommittedChain(index), one, source);
        }
        let key = (scope, request, point, chain);
        if let Some((_, one)) = enter(&mut self.responses, key, response, source) {
            self.fork(Contradiction::Response(point), one, source);
        }
        if !is_write {
            return;
        }
        if let Some((_, one)) = enter(&mut self.writes, (scope, point), request, source) {
            self.fork(Contradiction::WritePoint(point), one, source);
        }
        if let Some((first, one)) = enter(&mut self.written, (scope, request), point, source) {
            self.fork(Contradiction::WrittenTwice(first, point), one, source);
        }
    }

    fn ack(&mut self, ack: &Ack, source: &Source) {
        let Ack { scope, epoch, ballot, accepted, chain, .. } = *ack;
        let key = (scope, epoch, ballot, accepted);
        if let Some((_, one)) = enter(&mut self.acknowledged, key, chain, source) {
            self.fork(Contradiction::AcknowledgedChain(ballot, accepted), one, source);
        }
    }
}

/// The acknowledgements that a proof carries.
fn acknowledgements(proof: &Proof) -> Vec<&Signed> {
    match proof {
        Proof::Write(proof) => proof.certificate.acks.iter().collect(),
        Proof::ConsistentPrefix(proof) => proof.certificate.acks.iter().collect(),
        Proof::ReadIndex(proof) | Proof::Staleness(StalenessProof { read: proof, .. }) => {
            let certified = proof.certificate.iter().flat_map(|certificate| &certificate.acks);
            proof.floor.acks.iter().chain(certified).collect()
        }
        Proof::Eventual => Vec::new(),
    }
}

/// Compares all signed facts of all files, each under its label; the forks, in order of reading.
///
/// Items that do not decode and facts whose seals do not hold are passed over: `verify` refutes
/// them one by one.
pub fn cross_check(trust: &Trust, files: &[(&str, &EvidenceFile)]) -> Vec<Fork> {
    let mut ledger = Ledger::default();
    for (label, file) in files {
        let label: Arc<str> = Arc::from(*label);
        for (place, item) in file.items.iter().enumerate() {
            let Ok(evidence) = Evidence::from_bytes(&item.evidence) else { continue };
            let source =
                |node, incarnation| Source { file: label.clone(), item: place, node, incarnation };
            let lineage = Lineage::of(trust, item, &evidence);
            // The seals of an item that holds were checked already.
            let trust = if lineage.is_some() { None } else { Some(trust) };
            if let Some(answer) = sealed::<Answer>(trust, &evidence.answer, |answer| answer.node) {
                let answerer = source(answer.node, answer.incarnation);
                if let Some(lineage) = &lineage {
                    let (node, incarnation) = lineage.voter;
                    ledger.lineage(lineage, &answerer, &source(node, incarnation));
                }
                let is_write = matches!(evidence.proof, Proof::Write(_));
                ledger.answer(&answer, is_write, &answerer);
            }
            for signed in acknowledgements(&evidence.proof) {
                if let Some(ack) = sealed::<Ack>(trust, signed, |ack| ack.voter) {
                    ledger.ack(&ack, &source(ack.voter, ack.incarnation));
                }
            }
        }
    }
    ledger.forks
}

/// The fact, when the node that it names sealed it; without `trust` the seal is known to hold.
fn sealed<T: Decode>(
    trust: Option<&Trust>,
    signed: &Signed,
    speaker: impl Fn(&T) -> NodeId,
) -> Option<T> {
    let fact = T::from_bytes(&signed.bytes).ok()?;
    let holds = || trust.is_none_or(|trust| signed.holds(trust));
    (speaker(&fact) == signed.seal.signer && holds()).then_some(fact)
}
