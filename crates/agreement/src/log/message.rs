//! What the nodes of a group say to each other.

use super::crash_vector::CrashVector;
use super::entry::{Entries, Payload, SharedEntry, decode_entries, encode_entries};
use super::tail::Place;
use crate::election::Status;
use crate::gray::Told;
use avouch_promise::{
    Ballot, Decode, DecodeError, Digest, Encode, Incarnation, LogIndex, NodeId, Reader, Signed,
    Writer,
};
use bytes::Bytes;
use std::sync::Arc;

/// The name of a batch of reads: unique over every incarnation of the node that asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReadRound {
    /// Who asks.
    pub node: NodeId,
    /// Its incarnation.
    pub incarnation: Incarnation,
    /// Its count of rounds.
    pub number: u64,
}

/// Who says something that is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Speaker {
    /// The speaker's incarnation.
    pub incarnation: Incarnation,
    /// Whose word it takes only from which incarnation on.
    pub known: CrashVector,
}

/// What a node tells of its log when it promises a ballot, or to a node that rejoins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vote {
    /// The voter.
    pub speaker: Speaker,
    /// What it has promised.
    pub promised: Ballot,
    /// The ballot in which its log was accepted.
    pub accepted: Ballot,
    /// Where its log ends.
    pub end: Place,
    /// How far it knows the log to be decided.
    pub decided: LogIndex,
    /// Its entries after the larger of both sides' decided points, when its log is the newer.
    pub suffix: Vec<SharedEntry>,
}

/// A commit certificate as a leader assembles it: acknowledgements of a quorum in one ballot, and
/// the entries' headers from the decided point to the furthest acknowledged one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Certificate {
    /// Every acknowledgement reaches at least here.
    pub covers: LogIndex,
    /// The acknowledgements.
    pub acks: Vec<Signed>,
    /// The (ballot, root, count) of each entry after `covers`, to the furthest acknowledgement.
    pub links: Vec<(Ballot, Digest, u32)>,
}

/// One message. What is large and rare stands behind a pointer, for messages move from queue to
/// queue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// "Are you there?"
    Heartbeat {
        /// The asker's period.
        period: u64,
        /// The asker's status.
        status: Status,
    },
    /// "I am."
    HeartbeatReply {
        /// The asker's period.
        period: u64,
        /// The replier's status.
        status: Status,
        /// How far the replier knows the log to be decided.
        decided: LogIndex,
    },
    /// A leader asks for promises (phase 1a).
    Prepare {
        /// Its ballot.
        ballot: Ballot,
        /// The asker: a ballot may be claimed again by a node that forgot that it claimed it.
        speaker: Speaker,
        /// The ballot in which its log was accepted.
        accepted: Ballot,
        /// Where its log ends.
        end: LogIndex,
        /// How far it knows the log to be decided.
        decided: LogIndex,
    },
    /// A promise (phase 1b).
    Promise {
        /// The ballot promised.
        ballot: Ballot,
        /// The asker's incarnation: an answer to a question of another one does not count.
        asked: Incarnation,
        /// The promiser's log.
        vote: Box<Vote>,
    },
    /// Entries to accept (phase 2a).
    Append {
        /// The leader's ballot.
        ballot: Ballot,
        /// The place that the entries continue.
        previous: Place,
        /// The entries.
        entries: Entries,
        /// How far the leader has decided.
        decided: LogIndex,
        /// Whether acknowledgements shall be signed.
        attest: bool,
        /// Whether the entries reach the end of the leader's log and stand for all of it from
        /// `previous` on; else the follower must already be in this ballot.
        sync: bool,
    },
    /// The log up to here is durable here and accepted in this ballot (phase 2b).
    Accepted {
        /// The ballot.
        ballot: Ballot,
        /// The voter.
        speaker: Speaker,
        /// Up to where.
        index: LogIndex,
        /// The chain there.
        chain: Digest,
        /// The same as a signed fact, when asked for.
        ack: Option<Box<Signed>>,
    },
    /// Everything up to here is decided.
    Decide {
        /// The leader's ballot.
        ballot: Ballot,
        /// Up to where.
        decided: Place,
        /// The proof, when somebody asked for one.
        certificate: Option<Arc<Certificate>>,
    },
    /// "I cannot prove what I know to be decided: send me a certificate."
    WantCertificate {
        /// The leader's ballot.
        ballot: Ballot,
    },
    /// "I have promised a higher ballot."
    Refused {
        /// That one.
        promised: Ballot,
    },
    /// "I cannot place your entries: synchronise me from what I know to be decided."
    Behind {
        /// The ballot of the entries.
        ballot: Ballot,
        /// How far the speaker knows the log to be decided.
        decided: LogIndex,
    },
    /// "Send me decided entries."
    Fetch {
        /// After this index.
        after: LogIndex,
    },
    /// Decided entries.
    Fetched {
        /// The entries.
        entries: Entries,
        /// How far the sender knows the log to be decided.
        decided: LogIndex,
    },
    /// "Send me a part of your checkpoint."
    FetchChunk {
        /// Which checkpoint, by its sender's number; none for the newest.
        checkpoint: Option<u64>,
        /// From where.
        offset: u64,
    },
    /// A part of a checkpoint.
    Chunk {
        /// Which checkpoint, by its sender's number.
        checkpoint: u64,
        /// From where.
        offset: u64,
        /// The bytes.
        bytes: Bytes,
        /// The whole length.
        total: u64,
    },
    /// Requests for the leader to propose.
    Forward {
        /// The requests.
        requests: Vec<Payload>,
        /// Whether their commit shall be certified.
        attest: bool,
    },
    /// A node asks the leader from where on it may read.
    ReadAsk {
        /// The name of the reads.
        round: ReadRound,
        /// The Merkle root of the reads' digests.
        root: Digest,
        /// Whether acknowledgements shall be signed.
        attest: bool,
    },
    /// A leader asks whether it still leads.
    Confirm {
        /// Its ballot.
        ballot: Ballot,
        /// The reads.
        round: ReadRound,
        /// Their root.
        root: Digest,
        /// Whether to sign.
        attest: bool,
    },
    /// "You do, and my log reaches here."
    Confirmed {
        /// The ballot.
        ballot: Ballot,
        /// The voter.
        speaker: Speaker,
        /// The reads.
        round: ReadRound,
        /// Up to where the voter's log is durable in this ballot.
        accepted: LogIndex,
        /// The same as a signed fact.
        ack: Option<Box<Signed>>,
    },
    /// The leader's answer to `ReadAsk`.
    ReadGrant {
        /// The reads.
        round: ReadRound,
        /// They may be answered by any state from here on.
        index: LogIndex,
        /// The signed acknowledgements, when asked for.
        acks: Vec<Signed>,
    },
    /// "My log may have lost its tail: tell me what you know, and count no older promise of mine."
    Rejoin {
        /// The speaker's incarnation.
        incarnation: Incarnation,
        /// How far it knows the log to be decided.
        decided: LogIndex,
    },
    /// The answer to `Rejoin`.
    Rejoined {
        /// The incarnation that asked.
        incarnation: Incarnation,
        /// What the speaker has promised and accepted.
        vote: Box<Vote>,
    },
    /// "I am about to stop": by the node itself, or by whoever knows that it has stopped for good.
    Farewell {
        /// Every ballot of the speaker up to this one is given up.
        given_up: Ballot,
    },
    /// "I live, and this is what I see of others." For a lookout; the log takes no notice.
    Seen {
        /// The speaker's incarnation.
        incarnation: Incarnation,
        /// Its count of these.
        turn: u64,
        /// Its own report, and those that it has of others.
        reports: Vec<Told>,
    },
    /// "Answer at once." A lookout asks so whom the log has nothing to ask.
    Probe {
        /// The asker's count of these.
        number: u64,
    },
    /// The answer to `Probe`.
    Probed {
        /// Its number.
        number: u64,
    },
}

impl Message {
    /// Whether it is a lookout's alone; the log takes no notice of it.
    pub const fn is_of_lookout(&self) -> bool {
        matches!(self, Self::Seen { .. } | Self::Probe { .. } | Self::Probed { .. })
    }
}

impl Encode for ReadRound {
    fn encode(&self, out: &mut Writer) {
        self.node.encode(out);
        self.incarnation.encode(out);
        out.u64(self.number);
    }
}
impl Decode for ReadRound {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            node: NodeId::decode(input)?,
            incarnation: Incarnation::decode(input)?,
            number: input.u64()?,
        })
    }
}
impl Encode for Place {
    fn encode(&self, out: &mut Writer) {
        self.index.encode(out);
        self.chain.encode(out);
        self.ballot.encode(out);
    }
}
impl Decode for Place {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            index: LogIndex::decode(input)?,
            chain: Digest::decode(input)?,
            ballot: Ballot::decode(input)?,
        })
    }
}
impl Encode for Speaker {
    fn encode(&self, out: &mut Writer) {
        self.incarnation.encode(out);
        self.known.encode(out);
    }
}
impl Decode for Speaker {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { incarnation: Incarnation::decode(input)?, known: CrashVector::decode(input)? })
    }
}
impl Encode for Vote {
    fn encode(&self, out: &mut Writer) {
        self.speaker.encode(out);
        self.promised.encode(out);
        self.accepted.encode(out);
        self.end.encode(out);
        self.decided.encode(out);
        encode_entries(&self.suffix, out);
    }
}
impl Decode for Vote {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            speaker: Speaker::decode(input)?,
            promised: Ballot::decode(input)?,
            accepted: Ballot::decode(input)?,
            end: Place::decode(input)?,
            decided: LogIndex::decode(input)?,
            suffix: decode_entries(input)?,
        })
    }
}
impl Encode for Certificate {
    fn encode(&self, out: &mut Writer) {
        self.covers.encode(out);
        out.list(&self.acks);
        out.varint(self.links.len() as u64);
        for (ballot, root, count) in &self.links {
            ballot.encode(out);
            root.encode(out);
            out.u32(*count);
        }
    }
}
impl Decode for Certificate {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (covers, acks) = (LogIndex::decode(input)?, input.list()?);
        let mut links = Vec::new();
        for _ in 0..input.count()? {
            links.push((Ballot::decode(input)?, Digest::decode(input)?, input.u32()?));
        }
        Ok(Self { covers, acks, links })
    }
}

/// Writes a tag and then each field; reads them back in the same order.
macro_rules! wire {
    ($($tag:literal $name:ident { $($field:ident : $put:ident),* $(,)? })*) => {
        impl Encode for Message {
            fn encode(&self, out: &mut Writer) {
                match self {
                    $(Self::$name { $($field),* } => {
                        out.u8($tag);
                        $(wire!(@put out, $field, $put);)*
                    })*
                }
            }
        }
        impl Decode for Message {
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let error = input.error("the tag of a message");
                match input.u8()? {
                    $($tag => Ok(Self::$name { $($field: wire!(@take input, $put)),* }),)*
                    _ => Err(error),
                }
            }
        }
    };
    (@put $out:ident, $field:ident, value) => { $field.encode($out) };
    (@put $out:ident, $field:ident, u64) => { $out.u64(*$field) };
    (@put $out:ident, $field:ident, bool) => { $out.bool(*$field) };
    (@put $out:ident, $field:ident, list) => { $out.list($field) };
    (@put $out:ident, $field:ident, option) => { $out.option($field.as_ref()) };
    (@put $out:ident, $field:ident, entries) => { encode_entries($field, $out) };
    (@put $out:ident, $field:ident, maybe) => {
        $out.bool($field.is_some());
        if let Some(number) = $field { $out.u64(*number); }
    };
    (@take $in:ident, value) => { Decode::decode($in)? };
    (@take $in:ident, u64) => { $in.u64()? };
    (@take $in:ident, bool) => { $in.bool()? };
    (@take $in:ident, list) => { $in.list()? };
    (@take $in:ident, option) => { $in.option()? };
    (@take $in:ident, entries) => { decode_entries($in)?.into() };
    (@take $in:ident, maybe) => { if $in.bool()? { Some($in.u64()?) } else { None } };
}

wire! {
    1 Heartbeat { period: u64, status: value }
    2 HeartbeatReply { period: u64, status: value, decided: value }
    3 Prepare { ballot: value, speaker: value, accepted: value, end: value, decided: value }
    4 Promise { ballot: value, asked: value, vote: value }
    5 Append {
        ballot: value, previous: value, entries: entries, decided: value, attest: bool, sync: bool
    }
    6 Accepted { ballot: value, speaker: value, index: value, chain: value, ack: option }
    7 Decide { ballot: value, decided: value, certificate: option }
    8 Refused { promised: value }
    9 Behind { ballot: value, decided: value }
    10 Fetch { after: value }
    11 Fetched { entries: entries, decided: value }
    12 FetchChunk { checkpoint: maybe, offset: u64 }
    13 Chunk { checkpoint: u64, offset: u64, bytes: value, total: u64 }
    14 Forward { requests: list, attest: bool }
    15 ReadAsk { round: value, root: value, attest: bool }
    16 Confirm { ballot: value, round: value, root: value, attest: bool }
    17 Confirmed { ballot: value, speaker: value, round: value, accepted: value, ack: option }
    18 ReadGrant { round: value, index: value, acks: list }
    19 Rejoin { incarnation: value, decided: value }
    20 Rejoined { incarnation: value, vote: value }
    21 WantCertificate { ballot: value }
    22 Seen { incarnation: value, turn: u64, reports: list }
    23 Probe { number: u64 }
    24 Probed { number: u64 }
    25 Farewell { given_up: value }
}
