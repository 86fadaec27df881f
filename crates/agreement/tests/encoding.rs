//! Messages and records survive their encoding, and no mutation of them panics a decoder.
#![allow(clippy::unwrap_used, reason = "a test may")]

use avouch_agreement::election::Status;
use avouch_agreement::gray::{Report, Told};
use avouch_agreement::log::message::Vote;
use avouch_agreement::log::{
    Certificate, CrashVector, Entries, Entry, Message, Payload, Place, ReadRound, Record, Speaker,
};
use avouch_promise::testing::mutate;
use avouch_promise::{
    Ballot, Decode, Digest, Encode, Incarnation, LogIndex, Nanos, NodeId, Random, Seal, Signature,
    Signed,
};
use bytes::Bytes;
use std::fmt::Debug;
use std::sync::Arc;

const BALLOT: Ballot = Ballot { round: 7, leader: NodeId(3) };
const STATUS: Status = Status { claimed: BALLOT, leader: BALLOT, happy: false };

fn entries() -> Vec<Arc<Entry>> {
    let payload = |text: &'static str| Payload::new(Bytes::from_static(text.as_bytes()));
    let requests = vec![payload("one"), payload("two")];
    let first = Arc::new(Entry::new(LogIndex(4), BALLOT, Digest([9; 32]), requests));
    let chain = first.chain();
    vec![first, Arc::new(Entry::new(LogIndex(5), BALLOT, chain, vec![payload("three")]))]
}

fn signed() -> Signed {
    let seal = Seal {
        signer: NodeId(2),
        index: 0,
        count: 1,
        path: Vec::new(),
        signature: Signature([5; 64]),
    };
    Signed { bytes: Bytes::from_static(b"a fact"), seal }
}

fn messages() -> Vec<Message> {
    let place = Place { index: LogIndex(3), chain: Digest([9; 32]), ballot: BALLOT };
    let round = ReadRound { node: NodeId(2), incarnation: Incarnation(4), number: 9 };
    let mut known = CrashVector::default();
    known.raise(NodeId(3), Incarnation(2));
    let speaker = Speaker { incarnation: Incarnation(4), known };
    let vote = Vote {
        speaker: speaker.clone(),
        promised: BALLOT,
        accepted: BALLOT,
        end: place,
        decided: LogIndex(3),
        suffix: entries(),
    };
    let links = vec![(BALLOT, Digest([1; 32]), 2)];
    let certificate = Certificate { covers: LogIndex(3), acks: vec![signed()], links };
    let certificate = Arc::new(certificate);
    let (decided, index, chain, root) =
        (LogIndex(3), LogIndex(5), Digest([2; 32]), Digest([3; 32]));
    let report = Arc::new(Report { observer: NodeId(2), ..Report::default() });
    let told = Told { age: Nanos(5), report };
    let ack = Some(Box::new(signed()));
    vec![
        Message::Heartbeat { period: 1 << 40, status: STATUS },
        Message::HeartbeatReply { period: 3, status: Status { happy: true, ..STATUS }, decided },
        Message::Prepare {
            ballot: BALLOT,
            speaker: speaker.clone(),
            accepted: BALLOT,
            end: index,
            decided,
        },
        Message::Promise { ballot: BALLOT, asked: Incarnation(4), vote: Box::new(vote.clone()) },
        Message::Append {
            ballot: BALLOT,
            previous: place,
            entries: entries().into(),
            decided,
            attest: true,
            sync: true,
        },
        Message::Accepted {
            ballot: BALLOT,
            speaker: speaker.clone(),
            index,
            chain,
            ack: ack.clone(),
        },
        Message::Decide { ballot: BALLOT, decided: place, certificate: Some(certificate) },
        Message::Refused { promised: BALLOT },
        Message::Behind { ballot: BALLOT, decided },
        Message::WantCertificate { ballot: BALLOT },
        Message::Fetch { after: decided },
        Message::Fetched { entries: entries().into(), decided },
        Message::FetchChunk { checkpoint: Some(5), offset: 64 },
        Message::Chunk { checkpoint: 5, offset: 64, bytes: Bytes::from_static(b"xyz"), total: 99 },
        Message::Forward { requests: vec![Payload::new(Bytes::from_static(b"r"))], attest: false },
        Message::ReadAsk { round, root, attest: true },
        Message::Confirm { ballot: BALLOT, round, root, attest: true },
        Message::Confirmed { ballot: BALLOT, speaker, round, accepted: index, ack },
        Message::ReadGrant { round, index, acks: vec![signed()] },
        Message::Rejoin { incarnation: Incarnation(4), decided },
        Message::Rejoined { incarnation: Incarnation(4), vote: Box::new(vote) },
        Message::Seen { incarnation: Incarnation(4), turn: 9, reports: vec![told] },
        Message::Probe { number: 1 << 40 },
        Message::Probed { number: 7 },
        Message::Farewell { given_up: BALLOT },
    ]
}

fn records() -> Vec<Record> {
    let mut known = CrashVector::default();
    known.raise(NodeId(1), Incarnation(8));
    let previous = Place { index: LogIndex(3), chain: Digest([9; 32]), ballot: BALLOT };
    vec![
        Record::Promise(BALLOT),
        Record::Append {
            ballot: BALLOT,
            previous,
            entries: entries().into(),
            decided: LogIndex(3),
        },
        Record::Restate {
            promised: BALLOT,
            accepted: BALLOT,
            decided: LogIndex(3),
            known,
            doubtful: true,
        },
        Record::Known(NodeId(5), Incarnation(2)),
    ]
}

fn survives<T: Encode + Decode + PartialEq + Debug>(samples: Vec<T>) {
    let seed = Random::seed_from_environment();
    let mut random = Random::new(seed);
    for sample in samples {
        let bytes = sample.to_bytes();
        assert_eq!(T::from_bytes(&bytes).unwrap(), sample);
        for _ in 0..2_000 {
            let changed = mutate(&mut random, &bytes);
            if let Ok(read) = T::from_bytes(&changed) {
                assert_eq!(
                    read.to_bytes()[..],
                    changed[..],
                    "not canonical\nrepro: AVOUCH_SEED={seed} cargo test -p avouch-agreement --test encoding"
                );
            }
        }
    }
}

#[test]
fn messages_survive_and_nothing_panics() {
    survives(messages());
}

#[test]
fn records_survive_and_nothing_panics() {
    survives(records());
}

#[test]
fn a_position_that_no_log_reaches_is_an_error_and_no_overflow() {
    let refused = |index: LogIndex| {
        let at = |index| Arc::new(Entry::new(index, BALLOT, Digest([9; 32]), Vec::new()));
        let (first, place) = (at(index), Place { index, ..Place::default() });
        let next = Arc::new(Entry::new(LogIndex(0), BALLOT, first.chain(), Vec::new()));
        let decided = LogIndex(0);
        let entries = [first, next].into();
        let append = Message::Append {
            ballot: BALLOT,
            previous: place,
            entries: Entries::default(),
            decided,
            attest: false,
            sync: false,
        };
        let said = [Message::Fetched { entries, decided }, append, Message::Fetch { after: index }];
        said.iter().all(|message| Message::from_bytes(&message.to_bytes()).is_err())
    };
    assert!(refused(LogIndex(u64::MAX)));
    assert!(refused(LogIndex(LogIndex::MAX.0 + 1)));
    let fetch = Message::Fetch { after: LogIndex::MAX };
    assert_eq!(Message::from_bytes(&fetch.to_bytes()), Ok(fetch));
}

#[test]
fn rounds_that_cannot_be_counted_on_from_are_refused() {
    let encoded = |round| Ballot { round, leader: NodeId(2) }.to_bytes();
    let last = Ballot { round: Ballot::ROUND_MAX, leader: NodeId(2) };
    assert_eq!(Ballot::from_bytes(&encoded(Ballot::ROUND_MAX)), Ok(last));
    for round in [Ballot::ROUND_MAX + 1, u64::MAX] {
        assert!(Ballot::from_bytes(&encoded(round)).is_err(), "{round}");
    }
}
