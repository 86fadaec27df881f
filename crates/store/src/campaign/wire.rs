//! A message of the shipped node on the wire of the world: flipped by accident, or rewritten by a
//! Byzantine sender.
//!
//! ```text
//!   accident:  message -> frame (length, CRC-32C, payload) -> one bit flipped -> the peer's decoder
//!   lie:       message -> another message, well-formed, in a frame whose checksum is right
//! ```
//!
//! The frames and their decoder are those of the node's own links (`wire::peer::frame`). No
//! checksum tells a lie from the truth: what a lie breaks is found by evidence, by the judge of the
//! history or by an invariant, and is outside of what the log promises.

//= §4.1.3 arbitrary behaviour
//= §4.1.3 malicious: rewriting, equivocation

use crate::wire::peer::frame::{Decoder, HEADER, PAYLOAD_MAX, put};
use avouch_agreement::log::{Entry, Message, Payload, SharedEntry};
use avouch_promise::signature::{Signer, Symbolic};
use avouch_promise::{Ack, Ballot, Decode, Encode, LogIndex, NodeId, Random, Request, Signed};
use avouch_state::{Operation, PutRequest};
use bytes::{Bytes, BytesMut};
use std::sync::Arc;

/// What the receiver takes from the message's frame with one bit flipped.
//= §4.1.3 accidental
//= §4.1.3 bit flips in memory, on the wire, on disk
pub(super) fn flipped(message: &Message, bit: u64, checked: bool) -> Option<Message> {
    let mut frame = BytesMut::new();
    put(&mut frame, &message.to_bytes());
    let first = if checked { 0 } else { HEADER };
    let bits = (frame.len() - first) as u64 * 8;
    let bit = bit % bits.max(1);
    if let Some(byte) = frame.get_mut(first + (bit / 8) as usize) {
        *byte ^= 1 << (bit % 8);
    }
    let payload = if checked {
        let mut decoder = Decoder::new(PAYLOAD_MAX);
        decoder.room().extend_from_slice(&frame);
        decoder.take().ok().flatten()?
    } else {
        frame.split_off(HEADER).freeze()
    };
    Message::from_bytes(&payload).ok()
}

/// A lie of `from` in the place of a message; none where it has none.
pub(super) fn rewritten(from: NodeId, message: &Message, random: &mut Random) -> Option<Message> {
    let mut lie = message.clone();
    match &mut lie {
        // "I have more than you sent, and all of it is durable."
        Message::Accepted { index, ack, .. } => {
            *index = LogIndex(index.0 + random.between(0, 2));
            *ack = ack.as_ref().and_then(|ack| forged(from, ack).map(Box::new));
        }
        // "I have promised, and know of nothing."
        Message::Promise { vote, .. } | Message::Rejoined { vote, .. } => {
            vote.accepted = Ballot::default();
            vote.decided = LogIndex(0);
            vote.end = avouch_agreement::log::Place::default();
            vote.suffix.clear();
        }
        // Other entries than others get: to each receiver its own.
        Message::Append { entries, .. } | Message::Fetched { entries, .. } => {
            *entries = replaced(entries, random)?.into();
        }
        // "All of it is decided", and no more.
        Message::Decide { decided, .. } => decided.index = decided.index.next(),
        // "You may read from where you like."
        Message::ReadGrant { index, .. } => *index = LogIndex(index.0.saturating_sub(3)),
        // "Still yours", whatever it has promised since.
        Message::Confirmed { accepted, .. } => *accepted = LogIndex(accepted.0 + 1),
        _ => return None,
    }
    Some(lie)
}

/// The same acknowledgement for another log, signed with the node's own key.
fn forged(from: NodeId, ack: &Signed) -> Option<Signed> {
    let mut fact = Ack::from_bytes(&ack.bytes).ok()?;
    fact.accepted = fact.accepted.next();
    Some(Signed::one(from, &fact, |message| Symbolic(from).sign(message)))
}

/// The same places of the log with other requests in them, chained as they must be.
fn replaced(entries: &[SharedEntry], random: &mut Random) -> Option<Vec<SharedEntry>> {
    let mut previous = entries.first()?.header().previous;
    let mut lies = Vec::with_capacity(entries.len());
    for entry in entries {
        let requests = entry.requests().iter().map(|one| other(one, random)).collect();
        let header = entry.header();
        let lie = Entry::new(header.index, header.ballot, previous, requests);
        previous = lie.chain();
        lies.push(Arc::new(lie));
    }
    Some(lies)
}

/// Another request in a request's name: it writes what its client never asked for.
fn other(payload: &Payload, random: &mut Random) -> Payload {
    let Ok(mut request) = Request::from_bytes(payload.bytes()) else { return payload.clone() };
    let Ok(Operation::Put(put)) = Operation::from_bytes(&request.body) else {
        return payload.clone();
    };
    let value = Bytes::from(format!("lie {}", random.below(1_000)));
    let body = Operation::Put(PutRequest { value, ..put });
    request.body = body.to_bytes();
    Payload::new(request.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_agreement::log::{Place, Speaker};
    use avouch_promise::Digest;

    fn accepted() -> Message {
        let (ballot, chain) = (Ballot { round: 3, leader: NodeId(1) }, Digest([7; 32]));
        let speaker = Speaker::default();
        Message::Accepted { ballot, speaker, index: LogIndex(9), chain, ack: None }
    }

    fn append() -> Message {
        let (ballot, previous) = (Ballot { round: 3, leader: NodeId(1) }, Place::default());
        let requests = vec![Payload::new(Bytes::from_static(&[b'r'; 200]))];
        let entry = Entry::new(LogIndex(1), ballot, previous.chain, requests);
        let (entries, decided) = (vec![Arc::new(entry)].into(), LogIndex(0));
        Message::Append { ballot, previous, entries, decided, attest: false, sync: true }
    }

    fn chunk() -> Message {
        let bytes = Bytes::from_static(&[0x5a; 1_000]);
        Message::Chunk { checkpoint: 9, offset: 2_000, bytes, total: 4_000 }
    }

    //= §4.1.3 bit flips in memory, on the wire, on disk test
    #[test]
    fn every_flipped_bit_of_a_message_is_seen_and_none_is_without_the_checksum() {
        for (message, least) in [(accepted(), 200), (append(), 1_000), (chunk(), 5_000)] {
            let bits = (message.to_bytes().len() + HEADER) as u64 * 8;
            let mut believed = 0;
            for bit in 0..bits {
                assert_eq!(flipped(&message, bit, true), None, "bit {bit}");
                believed +=
                    u64::from(flipped(&message, bit, false).is_some_and(|it| it != message));
            }
            assert!(believed > least, "only {believed} of {bits} change what is heard unchecked");
        }
    }

    #[test]
    fn a_lie_is_well_formed() {
        let mut random = Random::new(1);
        let lie = rewritten(NodeId(2), &accepted(), &mut random).expect("a lie");
        assert_eq!(Message::from_bytes(&lie.to_bytes()), Ok(lie));
    }
}
