//! What a node writes to disk, and how its memory is rebuilt from it.
//!
//! Folding rules, in order of the records: a promise only rises; an append cuts the log after its
//! previous place, extends it and sets the ballot in which the log was accepted; a restatement
//! repeats what earlier, released records said.
//!
//! A record that is missing in between (it rotted, and the host left it out) makes everything it
//! may have said unknown. What stands behind it is then only heard for what can do no harm:
//! promises, and known incarnations. The log is what it was before the gap, and the node is in
//! doubt.

use super::crash_vector::CrashVector;
use super::entry::{Entries, SharedEntry, decode_entries, encode_entries};
use super::image::{Image, Snapshot};
use super::tail::{Place, Tail};
use crate::membership::Membership;
use crate::mutant::Mutant;
use avouch_machine::Seq;
use avouch_promise::{
    Ballot, Decode, DecodeError, Encode, Incarnation, LogIndex, NodeId, Reader, Writer,
};

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Record {
    /// A promise.
    Promise(Ballot),
    /// Entries accepted.
    Append {
        /// In which ballot the whole log is accepted from now on.
        ballot: Ballot,
        /// The place that the entries continue; what stood after it is gone.
        previous: Place,
        /// The entries.
        entries: Entries,
        /// How far the node knew the log to be decided.
        decided: LogIndex,
    },
    /// What records before this one said, so that they can be released.
    Restate {
        /// What is promised.
        promised: Ballot,
        /// The ballot in which the log was accepted.
        accepted: Ballot,
        /// The decided point.
        decided: LogIndex,
        /// Whose word counts only from which incarnation on.
        known: CrashVector,
        /// Whether the log may lack a tail that had been durable.
        doubtful: bool,
    },
    /// A node rejoined: what it said in earlier incarnations does not count.
    Known(NodeId, Incarnation),
}

impl Encode for Record {
    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Promise(ballot) => {
                out.u8(1);
                ballot.encode(out);
            }
            Self::Append { ballot, previous, entries, decided } => {
                out.u8(2);
                ballot.encode(out);
                previous.encode(out);
                encode_entries(entries, out);
                decided.encode(out);
            }
            Self::Restate { promised, accepted, decided, known, doubtful } => {
                out.u8(3);
                promised.encode(out);
                accepted.encode(out);
                decided.encode(out);
                known.encode(out);
                out.bool(*doubtful);
            }
            Self::Known(node, incarnation) => {
                out.u8(4);
                node.encode(out);
                incarnation.encode(out);
            }
        }
    }
}

impl Decode for Record {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = input.error("the tag of a record");
        Ok(match input.u8()? {
            1 => Self::Promise(Ballot::decode(input)?),
            2 => Self::Append {
                ballot: Ballot::decode(input)?,
                previous: Place::decode(input)?,
                entries: decode_entries(input)?.into(),
                decided: LogIndex::decode(input)?,
            },
            3 => {
                let promised = Ballot::decode(input)?;
                let accepted = Ballot::decode(input)?;
                let decided = LogIndex::decode(input)?;
                let known = CrashVector::decode(input)?;
                Self::Restate { promised, accepted, decided, known, doubtful: input.bool()? }
            }
            4 => Self::Known(NodeId::decode(input)?, Incarnation::decode(input)?),
            _ => return Err(error),
        })
    }
}

/// What the disk says, folded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Folded {
    /// The configuration.
    pub membership: Membership,
    /// What is promised.
    pub promised: Ballot,
    /// The ballot in which the log was accepted.
    pub accepted: Ballot,
    /// The log.
    pub tail: Tail,
    /// The decided point.
    pub decided: LogIndex,
    /// Whose word counts only from which incarnation on.
    pub known: CrashVector,
    /// Whether the log may lack a tail that had been durable.
    pub doubtful: bool,
}

impl Folded {
    /// Starts from a checkpoint, or from nothing.
    pub fn from_image<I: Snapshot>(image: Option<&Image<I>>, founding: &Membership) -> Self {
        let place = image.map(|image| image.place).unwrap_or_default();
        Self {
            membership: image.map_or_else(|| founding.clone(), |image| image.membership.clone()),
            promised: Ballot::default(),
            accepted: Ballot::default(),
            tail: Tail::after(place),
            decided: place.index,
            known: CrashVector::default(),
            doubtful: false,
        }
    }

    /// Takes every record in, in order; `covered` is the first that the checkpoint does not cover.
    pub fn fold_all(&mut self, covered: Seq, records: &[(Seq, Record)], mutant: Option<Mutant>) {
        let mut expected = covered;
        let mut whole = true;
        for (seq, record) in records {
            if *seq > expected && mutant != Some(Mutant::FoldAcrossGap) {
                whole = false;
                self.doubtful = true;
            }
            expected = expected.max(seq.next());
            if whole {
                self.fold(*seq, record, mutant);
            } else {
                self.hear(record);
            }
        }
    }

    /// Takes from a record behind a gap what can do no harm.
    fn hear(&mut self, record: &Record) {
        match record {
            Record::Promise(ballot) | Record::Append { ballot, .. } => {
                self.promised = self.promised.max(*ballot);
            }
            Record::Restate { promised, known, .. } => {
                self.promised = self.promised.max(*promised);
                self.known.merge(known);
            }
            Record::Known(node, incarnation) => {
                self.known.raise(*node, *incarnation);
            }
        }
    }

    fn fold(&mut self, seq: Seq, record: &Record, mutant: Option<Mutant>) {
        match record {
            Record::Promise(ballot) => {
                if mutant != Some(Mutant::ForgetPromise) {
                    self.promised = self.promised.max(*ballot);
                }
            }
            Record::Append { ballot, previous, entries, decided } => {
                self.promised = self.promised.max(*ballot);
                self.accepted = *ballot;
                // A record that was unreadable at an earlier start may be back: what was decided
                // by it reaches further than what the node wrote without it.
                let base = self.tail.base().index;
                let below = mutant == Some(Mutant::FoldBelowDecided);
                let floor = if below { base } else { self.decided.max(base) };
                self.append(seq, previous, entries, floor);
                self.decided = self.decided.max((*decided).min(self.tail.end().index));
            }
            Record::Restate { promised, accepted, decided, known, doubtful } => {
                if mutant != Some(Mutant::ForgetPromise) {
                    self.promised = self.promised.max(*promised);
                }
                self.accepted = *accepted;
                self.decided = self.decided.max((*decided).min(self.tail.end().index));
                self.known.merge(known);
                self.doubtful = *doubtful;
            }
            Record::Known(node, incarnation) => {
                self.known.raise(*node, *incarnation);
            }
        }
    }

    /// Entries up to the decided point are skipped, for those stay; entries that do not continue
    /// the log contradict what the checkpoint says is decided and are dropped.
    fn append(&mut self, seq: Seq, previous: &Place, entries: &[SharedEntry], floor: LogIndex) {
        if previous.index >= floor {
            match self.tail.at(previous.index) {
                Some(at) if at.chain == previous.chain => self.tail.truncate(previous.index),
                Some(_) => return self.tail.truncate(floor),
                None => return,
            }
        } else {
            self.tail.truncate(floor);
        }
        for entry in entries.iter().filter(|entry| entry.index() > floor) {
            let end = self.tail.end();
            if entry.index() != end.index.next() || entry.header().previous != end.chain {
                return;
            }
            self.tail.push(entry.clone(), seq);
        }
    }
}
