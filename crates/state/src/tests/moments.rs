//! Moments of a machine against clones that were taken at the same points.

use super::random::{LIMITS, operation, reading};
use super::story::request;
use crate::{
    AlarmAction, AlarmRequest, AlarmType, Machine, Moment, Operation, Outcome, PutRequest,
    RangeRequest, Response,
};
use avouch_promise::{Encode, LogIndex, LogPoint, Random, Request, RequestId};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;

/// How much of the past is held.
const HELD: usize = 12;

/// A machine with its past: as moments, and as whole clones.
struct Past {
    machine: Machine,
    moments: VecDeque<(Moment, Machine)>,
    kept: u64,
}

impl Past {
    fn new() -> Self {
        Self { machine: Machine::new(LIMITS), moments: VecDeque::new(), kept: 0 }
    }

    /// Applies operations, all of them in one log entry.
    fn apply(&mut self, operations: &[Operation]) {
        let index = LogIndex(self.machine.point().index.0 + 1);
        let (moments, kept) = (&mut self.moments, &mut self.kept);
        for (position, operation) in (1..).zip(operations) {
            let id = RequestId { client: 1, sequence: index.0 * 10 + u64::from(position) };
            let bytes = request(id, id.sequence, operation.to_bytes()).to_bytes();
            let (point, digest) = (LogPoint { index, position }, Request::digest(&bytes));
            self.machine.apply_keeping(point, &bytes, digest, |machine| {
                *kept += 1;
                let machine = Arc::new(machine.clone());
                for (moment, _) in moments.iter_mut() {
                    moment.keep(&machine);
                }
            });
        }
        self.moments.push_back((self.machine.moment(), self.machine.clone()));
        if self.moments.len() > HELD {
            self.moments.pop_front();
        }
    }

    /// What each moment answers, and what the clone of it answers.
    fn read(&self, operation: &Operation) -> impl Iterator<Item = (Outcome, Outcome)> {
        let pair = |(moment, clone): &(Moment, Machine)| {
            (moment.read(&self.machine, operation), clone.read(operation))
        };
        self.moments.iter().map(pair)
    }
}

fn alarm(random: &mut Random) -> Operation {
    let action = *random.pick(&[AlarmAction::Activate, AlarmAction::Deactivate]).unwrap();
    Operation::Alarm(AlarmRequest { action, member: random.below(2), alarm: AlarmType::NoSpace })
}

fn write(random: &mut Random, revision: i64) -> Operation {
    if random.chance(0.08) { alarm(random) } else { operation(random, revision) }
}

#[test]
fn a_moment_reads_as_the_machine_did_then() {
    let (mut kept, mut values, mut refusals, mut raised) = (0, 0, 0, 0);
    super::properties::for_streams("a_moment_reads_as_the_machine_did_then", 40, |random| {
        let mut past = Past::new();
        for _ in 0..150 {
            let revision = past.machine.store().revision();
            let count = random.below(4);
            let operations: Vec<_> = (0..count).map(|_| write(random, revision)).collect();
            past.apply(&operations);
            for _ in 0..6 {
                let asked = reading(random, past.machine.store().revision());
                for (moment, clone) in past.read(&asked) {
                    assert_eq!(moment, clone, "{asked:?}");
                    match clone {
                        Ok(Response::Range(range)) => values += range.kvs.len(),
                        Ok(Response::Alarm(alarm)) => raised += alarm.alarms.len(),
                        Ok(_) => {}
                        Err(_) => refusals += 1,
                    }
                }
            }
        }
        kept += past.kept;
    });
    println!("{kept} kept, {values} values, {refusals} refusals, {raised} alarms");
    assert!(kept > 100 && values > 1_000 && refusals > 100 && raised > 100);
}

#[test]
fn a_moment_takes_in_nothing_but_reads() {
    let machine = Machine::new(LIMITS);
    let put = Operation::Put(PutRequest::default());
    let key = Bytes::from_static(b"a");
    for operation in [put, Operation::Put(PutRequest { key, ..PutRequest::default() })] {
        assert_eq!(machine.moment().read(&machine, &operation), machine.read(&operation));
        assert!(machine.read(&operation).is_err());
    }
}

/// Whether moments on both sides of a compaction, and in the entry of it, read as they should.
pub(super) fn the_past_outlives_a_compaction() -> bool {
    let mut past = Past::new();
    let key = Bytes::from_static(b"a");
    let put = Operation::Put(PutRequest { key: key.clone(), ..PutRequest::default() });
    let revision = 4;
    let compact = crate::CompactionRequest { revision, physical: false };
    past.apply(&[put.clone(), put.clone()]);
    past.apply(&[put.clone(), Operation::Compact(compact), put]);
    let read = |revision| {
        Operation::Range(RangeRequest { key: key.clone(), revision, ..RangeRequest::default() })
    };
    (0..6).all(|revision| past.read(&read(revision)).all(|(moment, clone)| moment == clone))
}
