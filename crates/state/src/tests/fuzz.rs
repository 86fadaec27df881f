//! Bytes that went bad: whatever stands in a log, an answer or a snapshot, decoding ends with a
//! value or an error, and a value that is accepted has just these bytes.

use super::properties::for_streams;
use super::random::{LIMITS, operation, run};
use crate::{Machine, Operation, outcome_bytes, outcome_from_bytes};
use avouch_promise::{Decode, Encode, LogIndex, LogPoint, Random};
use bytes::Bytes;

/// Flips, cuts, lengthens, or puts a piece of one into the other.
fn damage(random: &mut Random, bytes: &[u8], other: &[u8]) -> Bytes {
    let mut bad = bytes.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bad.len() as u64 + 1) as usize;
        match random.below(5) {
            0 => bad.truncate(at),
            1 => bad.insert(at, random.bits() as u8),
            2 => {
                let from = random.below(other.len() as u64 + 1) as usize;
                let length = random.below(20) as usize;
                let piece: Vec<u8> = other.iter().skip(from).take(length).copied().collect();
                bad.splice(at..at, piece);
            }
            3 => {
                if let Some(byte) = bad.get_mut(at) {
                    *byte = *random.pick(&[0, 1, 0x7f, 0x80, 0xff]).unwrap();
                }
            }
            _ => {
                if let Some(byte) = bad.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    Bytes::from(bad)
}

#[test]
fn damaged_operations_and_outcomes_are_refused_or_canonical() {
    for_streams("damaged_operations_and_outcomes_are_refused_or_canonical", 20, |random| {
        let mut machine = Machine::new(LIMITS);
        let mut last = [Bytes::new(), Bytes::new()];
        for _ in 0..200 {
            let operation = operation(random, machine.store().revision());
            let outcome = machine.execute(&operation);
            let good = [operation.to_bytes(), outcome_bytes(&outcome)];
            for _ in 0..10 {
                let bad = damage(random, &good[0], &last[0]);
                if let Ok(read) = Operation::from_bytes(&bad) {
                    assert_eq!(read.to_bytes(), bad);
                }
                let bad = damage(random, &good[1], &last[1]);
                if let Ok(read) = outcome_from_bytes(&bad) {
                    assert_eq!(outcome_bytes(&read), bad);
                }
            }
            last = good;
        }
    });
}

#[test]
fn a_transaction_nested_without_end_is_refused() {
    // operation, txn: no comparison, one success, a txn: ...
    let mut bytes = vec![4];
    bytes.extend([0, 1, 4].repeat(500_000));
    assert!(Operation::from_bytes(&bytes).is_err());
    let mut bytes = vec![0, 4];
    bytes.extend([0, 1, 1, 4].repeat(400_000));
    assert!(outcome_from_bytes(&bytes).is_err());
}

#[test]
fn damaged_requests_are_answered() {
    for_streams("damaged_requests_are_answered", 20, |random| {
        let mut machine = Machine::new(LIMITS);
        for index in 1..200 {
            let body = operation(random, machine.store().revision()).to_bytes();
            let id = avouch_promise::RequestId { client: 1, sequence: index };
            let good = super::story::request(id, 0, body).to_bytes();
            let bad = damage(random, &good, &good);
            let point = LogPoint { index: LogIndex(index), position: 1 };
            let applied = machine.apply(point, &bad);
            assert!(outcome_from_bytes(&applied.outcome).is_ok());
        }
    });
}

#[test]
fn damaged_snapshots_are_refused_or_those_of_another_machine() {
    for_streams("damaged_snapshots_are_refused_or_those_of_another_machine", 20, |random| {
        let mut machine = Machine::new(LIMITS);
        run(&mut machine, random, 60);
        let good: Vec<u8> = machine.snapshot().flatten().collect();
        let mut accepted = 0;
        for _ in 0..300 {
            let bad = damage(random, &good, &good);
            if let Ok(other) = Machine::restore([bad.clone()]) {
                let again: Vec<u8> = other.snapshot().flatten().collect();
                assert_eq!(again, bad);
                accepted += 1;
            }
        }
        // The end of a snapshot covers the data; it does not cover limits and answers, which the
        // checkpoint's own checksums do.
        assert!(accepted < 150, "{accepted} of 300 accepted");
    });
}
