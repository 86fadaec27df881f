//! What the names of one map are in the other, and what the session guarantees ask of an observer.

use super::expected;
use super::random::{Fate, KEYS, Plan, history, told, written};
use crate::History;
use crate::campaign::{cases, counted};
use crate::memory::Model;
use crate::memory::registers::{Registers, Source};
use crate::report::Word;
use crate::transaction::{Builder, Level, Transactions, decide};
use avouch_promise::Random;

/// Each operation as a transaction of its own; nothing where an outcome is unknown.
fn single(history: &History) -> Option<Transactions> {
    let from = Registers::new(history);
    if from.gap.is_some() || !from.unread.is_empty() {
        return None;
    }
    let mut made = Builder::default();
    for (number, one) in (1..).zip(&from.operations) {
        let key = one.key.to_string();
        made.begin(one.process);
        match one.read {
            None => made.write(key, number),
            Some(Source::Initial) => made.read_initial(key),
            Some(Source::Write(writer)) => made.read(key, i64::from(writer) + 1),
            Some(Source::Nowhere) => made.read(key, i64::MAX),
        };
        made.ran(u32::try_from(one.began.0).ok()?, u32::try_from(one.ended?.0).ok()?);
    }
    Some(made.build())
}

/// Of transactions of one operation each, on one store.
///
/// A read-only transaction reads at its start and one that writes writes at its commit, so that a
/// session's order leaves a snapshot no freedom: prefix is sequential consistency. `prefix` is
/// therefore not the model consistent-prefix, which asks no session anything and asks real time of
/// every read. Transactional causal consistency arbitrates for all: it is causal convergence.
const SAME: [(Level, Model); 5] = [
    (Level::StrictSerializable, Model::Linearizable),
    (Level::StrongSessionSerializable, Model::Sequential),
    (Level::StrongSessionSnapshotIsolation, Model::Sequential),
    (Level::Prefix, Model::Sequential),
    (Level::Causal, Model::CausalConvergence),
];

#[test]
fn levels_of_single_operations_are_these_models() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(71);
    let count = counted(cases(4_000), |case, count: &mut [[u64; 2]; SAME.len()]| {
        let history = history(&mut root.fork(case));
        let Some(transactions) = single(&history) else { return };
        for (place, (level, model)) in SAME.into_iter().enumerate() {
            let of_model = expected(&history, model);
            let of_level = decide(&transactions, level, &crate::Limits::default()).word();
            let repro = format!("repro: AVOUCH_SEED={seed}, case {case}, {level} and {model}");
            assert_eq!(of_level, of_model, "{repro}:\n{}", told(&history));
            count[place][usize::from(of_model == Word::Holds)] += 1;
        }
    });
    println!("violated and holding, by pair: {count:?}");
    assert!(count.iter().flatten().all(|count| *count > 100), "{count:?}");
}

/// Operations one after another: process, key, what it puts (`Ok`) or gets (`Err`; 0 is nothing).
fn told_apart(operations: &[(u64, usize, Result<u64, u64>)]) -> [Word; 4] {
    let plans: Vec<_> = (0..)
        .zip(operations)
        .map(|(at, (process, key, value))| {
            let (key, fate) = (KEYS[*key], Fate::Answered);
            let (began, ended) = (at * 10, at * 10 + 5);
            let (process, put) = (*process, value.ok());
            let got = value.err().filter(|got| *got > 0);
            (Plan { process, key, value: put, began, effect: began, ended, fate }, got, false)
        })
        .collect();
    let history = written(&plans);
    [Model::ReadYourWrites, Model::MonotonicReads, Model::MonotonicWrites, Model::WritesFollowReads]
        .map(|model| expected(&history, model))
}

/// Each guarantee by what it alone forbids. Monotonic writes and writes follow reads show only to
/// somebody who reads twice, and what shows them is that what was seen is gone: so they are judged
/// by reads in order, and imply monotonic reads (`view` gives the literature).
#[test]
fn each_session_guarantee_is_broken_by_the_textbook_example_of_it() {
    use Word::{Holds, Violated};
    let (x, y) = (0, 1);
    // Its own write is not there.
    assert_eq!(told_apart(&[(1, x, Ok(1)), (1, x, Err(0))]), [Violated, Holds, Holds, Holds]);
    // What it saw is gone.
    let gone = [(1, x, Ok(1)), (2, x, Err(1)), (2, x, Err(0))];
    assert_eq!(told_apart(&gone), [Holds, Violated, Violated, Violated]);
    // The second write of a session, and not its first.
    let second = [(1, x, Ok(1)), (1, y, Ok(2)), (2, y, Err(2)), (2, x, Err(0))];
    assert_eq!(told_apart(&second), [Holds, Holds, Violated, Holds]);
    // The two writes of a session in the other order.
    let swapped = [(1, x, Ok(1)), (1, x, Ok(2)), (2, x, Err(2)), (2, x, Err(1))];
    assert_eq!(told_apart(&swapped), [Holds, Holds, Violated, Holds]);
    // A reply, and not what it replies to.
    let reply = [(1, x, Ok(1)), (3, x, Err(1)), (3, y, Ok(2)), (2, y, Err(2)), (2, x, Err(0))];
    assert_eq!(told_apart(&reply), [Holds, Holds, Holds, Violated]);
    // Each of two writes after the other: nobody has to read twice.
    let circle = [(1, y, Err(2)), (1, x, Ok(1)), (2, x, Err(1)), (2, y, Ok(2))];
    assert_eq!(told_apart(&circle), [Holds, Holds, Holds, Violated]);
}

/// What a single read can show of the writes of others is nothing: any one write of its key may be
/// the last of some replica.
#[test]
fn who_reads_once_sees_no_order_of_writes() {
    for got in 0..=2 {
        let once = [(1, 0, Ok(1)), (1, 0, Ok(2)), (2, 0, Err(got))];
        assert_eq!(told_apart(&once), [Word::Holds; 4], "{got}");
    }
}
