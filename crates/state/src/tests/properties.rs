//! Properties of the machine on random requests.

use super::random::{LIMITS, operation, run};
use crate::{
    Machine, Operation, PutRequest, RangeRequest, Response, SortOrder, outcome_bytes,
    outcome_from_bytes, prefix_end,
};
use avouch_promise::{Decode, Encode, Random};
use bytes::Bytes;
use std::collections::BTreeMap;

/// Says how to repeat a test that fails.
struct Repro(&'static str, u64);

impl Drop for Repro {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("repro: AVOUCH_SEED={} cargo test -p avouch-state {}", self.1, self.0);
        }
    }
}

/// Runs a check on many streams of one seed.
pub(super) fn for_streams(name: &'static str, count: u64, mut check: impl FnMut(&mut Random)) {
    let seed = Random::seed_from_environment();
    let _repro = Repro(name, seed);
    for stream in 0..count {
        check(&mut Random::new(seed).fork(stream));
    }
}

fn bytes_of(machine: &Machine) -> Vec<Bytes> {
    machine.snapshot().collect()
}

#[test]
fn a_snapshot_gives_the_machine_back() {
    for_streams("a_snapshot_gives_the_machine_back", 60, |random| {
        let mut machine = Machine::new(LIMITS);
        let length = random.below(200);
        run(&mut machine, random, length);
        let mut restored = Machine::restore(machine.snapshot()).unwrap();
        assert_eq!(restored, machine);
        assert_eq!(bytes_of(&restored), bytes_of(&machine));
        // And it goes on as the first does, compactions and forgotten answers included.
        run(&mut machine, &mut random.clone(), 60);
        run(&mut restored, &mut random.clone(), 60);
        assert_eq!(restored, machine);
    });
}

#[test]
fn a_clone_stays_as_it_is() {
    for_streams("a_clone_stays_as_it_is", 40, |random| {
        let mut machine = Machine::new(LIMITS);
        run(&mut machine, random, 80);
        let (clone, snapshot) = (machine.clone(), machine.snapshot());
        let before = bytes_of(&machine);
        run(&mut machine, random, 80);
        assert_ne!(clone, machine);
        assert_eq!(bytes_of(&clone), before);
        assert_eq!(snapshot.collect::<Vec<_>>(), before);
    });
}

#[test]
fn the_past_does_not_change() {
    for_streams("the_past_does_not_change", 20, |random| {
        let mut machine = Machine::new(LIMITS);
        let mut past = BTreeMap::new();
        let all = |machine: &Machine, revision| {
            let request = RangeRequest {
                key: Bytes::from_static(b"\0"),
                range_end: Bytes::from_static(b"\0"),
                revision,
                ..RangeRequest::default()
            };
            machine.store().range(&request).map(|response| response.kvs)
        };
        for _ in 0..200 {
            let operation = operation(random, machine.store().revision());
            drop(machine.execute(&operation));
            let revision = machine.store().revision();
            past.entry(revision).or_insert_with(|| all(&machine, 0).unwrap());
            for (revision, then) in &past {
                let readable = *revision >= machine.store().compacted();
                assert_eq!(all(&machine, *revision).ok(), readable.then(|| then.clone()));
            }
        }
    });
}

#[test]
fn what_is_refused_or_only_reads_changes_nothing() {
    for_streams("what_is_refused_or_only_reads_changes_nothing", 20, |random| {
        let mut machine = Machine::new(LIMITS);
        let (mut refused, mut only_read) = (0, 0);
        for _ in 0..300 {
            let operation = operation(random, machine.store().revision());
            let before = machine.clone();
            let outcome = machine.execute(&operation);
            if operation.is_read_only() {
                assert_eq!(machine, before);
                assert_eq!(outcome, machine.read(&operation));
                only_read += 1;
            } else if outcome.is_err() {
                assert_eq!(machine, before);
                refused += 1;
            }
        }
        assert!(refused > 10 && only_read > 10);
    });
}

#[test]
fn operations_and_outcomes_have_one_encoding() {
    for_streams("operations_and_outcomes_have_one_encoding", 10, |random| {
        let mut machine = Machine::new(LIMITS);
        for _ in 0..200 {
            let operation = operation(random, machine.store().revision());
            assert_eq!(Operation::from_bytes(&operation.to_bytes()).unwrap(), operation);
            let outcome = machine.execute(&operation);
            assert_eq!(outcome_from_bytes(&outcome_bytes(&outcome)).unwrap(), outcome);
        }
    });
}

/// A reading of everything by the definition, without index, limit or early end.
#[test]
fn sorting_and_cutting_agree_with_the_definition() {
    for_streams("sorting_and_cutting_agree_with_the_definition", 20, |random| {
        let mut machine = Machine::new(LIMITS);
        run(&mut machine, random, 100);
        for _ in 0..50 {
            let mut request = super::random::range(random);
            (request.revision, request.count_only, request.keys_only) = (0, false, false);
            let Ok(response) = machine.store().range(&request) else { panic!("readable") };
            let whole = RangeRequest {
                key: request.key.clone(),
                range_end: request.range_end.clone(),
                ..RangeRequest::default()
            };
            let whole = machine.store().range(&whole).unwrap().kvs;
            assert_eq!(response.count, i64::try_from(whole.len()).unwrap());
            assert!(response.kvs.iter().all(|kv| whole.contains(kv)));
            let sort_key = |kv: &crate::KeyValue| match request.sort_target {
                crate::SortTarget::Key => (0, kv.key.clone()),
                crate::SortTarget::Version => (kv.version, Bytes::new()),
                crate::SortTarget::Create => (kv.create_revision, Bytes::new()),
                crate::SortTarget::Mod => (kv.mod_revision, Bytes::new()),
                crate::SortTarget::Value => (0, kv.value.clone()),
            };
            let ascending = request.sort_order != SortOrder::Descend;
            assert!(response.kvs.is_sorted_by(|a, b| if ascending {
                sort_key(a) <= sort_key(b)
            } else {
                sort_key(a) >= sort_key(b)
            }));
            if request.limit > 0 {
                assert!(i64::try_from(response.kvs.len()).unwrap() <= request.limit);
            }
        }
    });
}

/// Two histories that end in the same keys and values at the same revision.
pub(super) fn projections_tell_histories_apart() -> bool {
    let [mut twice, mut once] = [Machine::default(), Machine::default()];
    let key = Bytes::from_static(b"a");
    let put = Operation::Put(PutRequest { key, ..PutRequest::default() });
    let other = Operation::Put(PutRequest { key: prefix_end(b"a"), ..PutRequest::default() });
    let replace = crate::TxnRequest {
        success: vec![
            crate::TxnOperation::DeleteRange(crate::DeleteRangeRequest {
                key: prefix_end(b"a"),
                ..crate::DeleteRangeRequest::default()
            }),
            crate::TxnOperation::Put(PutRequest {
                key: Bytes::from_static(b"a"),
                ..PutRequest::default()
            }),
        ],
        ..crate::TxnRequest::default()
    };
    for operation in [&put, &put] {
        drop(twice.execute(operation));
    }
    for operation in [&other, &Operation::Txn(replace)] {
        drop(once.execute(operation));
    }
    twice.store().revision() == once.store().revision() && twice.projection() != once.projection()
}

//= §2.1.3 deterministic projections test
#[test]
fn the_projection_follows_what_can_be_read() {
    assert!(projections_tell_histories_apart());
    for_streams("the_projection_follows_what_can_be_read", 20, |random| {
        let mut machine = Machine::new(LIMITS);
        run(&mut machine, random, 100);
        let before = machine.projection();
        // Restoring computes it anew from the histories.
        let mut replica = Machine::restore(machine.snapshot()).unwrap();
        assert_eq!(replica.projection(), before);
        let key = Bytes::from_static(b"z");
        let put = Operation::Put(PutRequest { key, ..PutRequest::default() });
        assert!(matches!(replica.execute(&put), Ok(Response::Put(_))));
        assert_ne!(replica.projection(), before);
    });
}
