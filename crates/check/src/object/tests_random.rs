//! Every judge of objects on histories at random, against oracles that try every order, or that say
//! once more, on plain numbers, what the workload's guarantee is.
//!
//! `cargo xtask seeds objects` runs these over as many histories as one asks for.

use super::mutant::Mutant;
use super::played::{What, explained, play};
use super::tests::{anomalies, random};
use super::{Anomaly, Datum, Kind, Objects, Operation, Workload, verify};
use crate::campaign::{cases, counted};
use crate::dependency::Fate;
use crate::report::Word;
use crate::{Limits, Model};
use avouch_promise::Random;
use std::collections::BTreeMap;

/// A history of which half the answers' histories are right.
fn half_right(what: What, random: &mut Random, count: usize) -> Vec<Operation> {
    let bent = if random.chance(0.5) { 0.0 } else { 0.3 };
    play(what, random, count, bent)
}

/// A grow-only set is decided exactly: by its anomalies alone, as by every order.
#[test]
fn sets_are_judged_as_by_every_order() {
    const KINDS: [Kind; 6] = [
        Kind::Lost,
        Kind::Stale,
        Kind::Duplicated,
        Kind::Unexpected,
        Kind::LongFork,
        Kind::CausalReverse,
    ];
    let (seed, root) = random(21);
    let [words, kinds] = counted(cases(4_000), |case, [words, kinds]: &mut [[u64; 6]; 2]| {
        let all = half_right(What::Set, &mut root.fork(case), 6);
        let found = anomalies(Workload::Set, &all, Mutant::None);
        let holds = explained(What::Set, &all);
        words[usize::from(holds)] += 1;
        let repro = || format!("repro: AVOUCH_SEED={seed}, case {case}: {all:#?}\n{found:?}");
        assert_eq!(found.is_empty(), holds, "{}", repro());
        assert!(found.iter().all(|one| verify::accepts(&all, one)), "{}", repro());
        for (kind, count) in KINDS.iter().zip(kinds) {
            *count += u64::from(found.iter().any(|one| one.kind == *kind));
        }
    });
    println!("set: violated and holding: {:?}, of {KINDS:?}: {kinds:?}", &words[..2]);
    assert!(words[..2].iter().all(|count| *count > 300), "{words:?}");
    assert!(kinds.iter().all(|count| *count > 0), "{kinds:?}");
}

/// No false alarm where some order explains all; and what the bounds of a counter or the contents
/// of a queue say is broken fits in no order.
#[test]
fn no_alarm_where_an_order_explains_all() {
    let (seed, root) = random(22);
    for (what, workload) in [(What::Counter, Workload::Counter), (What::Bag, Workload::Queue)] {
        let [count] = counted(cases(4_000), |case, [count]: &mut [[u64; 2]; 1]| {
            let all = half_right(what, &mut root.fork(case), 6);
            let found = anomalies(workload, &all, Mutant::None);
            count[usize::from(found.is_empty())] += 1;
            let repro = || format!("repro: AVOUCH_SEED={seed}, case {case}: {all:#?}\n{found:?}");
            assert!(found.is_empty() || !explained(what, &all), "{}", repro());
            assert!(found.iter().all(|one| verify::accepts(&all, one)), "{}", repro());
        });
        println!("{what:?}: violated and not: {count:?}");
        assert!(count.iter().all(|count| *count > 200), "{what:?}: {count:?}");
    }
}

/// The bounds of a counter are those of every choice of which additions took effect.
#[test]
fn counters_are_bounded_by_every_choice() {
    let (seed, root) = random(23);
    counted(cases(4_000), |case, _: &mut [[u64; 1]; 1]| {
        let all = play(What::Counter, &mut root.fork(case), 7, 0.4);
        for (place, read) in all.iter().enumerate().filter(|(_, one)| one.is("read")) {
            let Some(value) = read.answer().and_then(Datum::integer) else { continue };
            let adds: Vec<&Operation> = all
                .iter()
                .filter(|one| one.is("add") && one.fate != Fate::Aborted && one.began < read.ended)
                .collect();
            let must = |one: &Operation| one.fate == Fate::Committed && one.is_before(read);
            let sums = (0..1_u32 << adds.len()).filter_map(|chosen| {
                let is_in = |at: usize| chosen >> at & 1 == 1;
                let is_right = adds.iter().enumerate().all(|(at, one)| is_in(at) || !must(one));
                let values = adds.iter().enumerate().filter(|(at, _)| is_in(*at));
                is_right.then(|| values.filter_map(|(_, one)| one.asked.integer()).sum::<i64>())
            });
            let sums: Vec<i64> = sums.collect();
            let within = sums.iter().min() <= Some(&value) && Some(&value) <= sums.iter().max();
            let found = anomalies(Workload::Counter, &all, Mutant::None);
            let is_told = found.iter().any(|one| one.operations == [place]);
            assert_eq!(is_told, !within, "repro: AVOUCH_SEED={seed}, case {case}: {all:#?}");
        }
    });
}

/// Each model's verdict is that of trying every order on the oracle's own objects.
#[test]
fn models_are_judged_as_by_every_order() {
    let (seed, root) = random(24);
    for (what, model) in [
        (What::Mutex, Model::Mutex),
        (What::Counter, Model::Counter),
        (What::Set, Model::Set),
        (What::Fifo, Model::FifoQueue),
        (What::Priority, Model::PriorityQueue),
        (What::Stack, Model::Stack),
        (What::Log, Model::Log),
        (What::Registers, Model::MultiRegister),
    ] {
        let [count] = counted(cases(4_000), |case, [count]: &mut [[u64; 2]; 1]| {
            let mut random = root.fork(case);
            let mut all = half_right(what, &mut random, 6);
            if random.chance(0.3) {
                claim_refused(what, &mut all);
            }
            let holds = explained(what, &all);
            count[usize::from(holds)] += 1;
            let objects = Objects::new(all);
            let report = objects.judge_by_model(model, &Limits::default()).expect("its functions");
            let expected = if holds { Word::Holds } else { Word::Violated };
            let repro = format!("repro: AVOUCH_SEED={seed}, case {case}, {model}");
            assert_eq!(report.verdict(), expected, "{repro}: {report}");
        });
        println!("{model}: violated and holding: {count:?}");
        assert!(count.iter().all(|count| *count > 200), "{model}: {count:?}");
    }
}

/// What was refused is claimed to be done: two hold a lock, and so on.
fn claim_refused(what: What, all: &mut [Operation]) {
    // (What a counter is read as is a number.)
    let can_be = |one: &Operation| match what {
        What::Counter => !one.is("read"),
        What::Registers => false,
        _ => true,
    };
    let refused = all.iter_mut().filter(|one| one.fate == Fate::Aborted && can_be(one));
    refused.for_each(|one| (one.fate, one.got) = (Fate::Committed, Some(Datum::Nil)));
}

/// Whether the reads of a bank keep the first one's accounts and total, and none is below zero.
fn keeps_total(all: &[Operation]) -> bool {
    let mut reads: Vec<&Operation> =
        all.iter().filter(|one| one.is("read") && one.answer().is_some()).collect();
    reads.sort_by_key(|one| one.ended);
    let of = |one: &Operation| -> BTreeMap<Datum, Option<i64>> {
        let map = one.answer().and_then(Datum::map).unwrap_or_default();
        map.iter().map(|(name, held)| (name.clone(), held.integer())).collect()
    };
    let total = |all: &BTreeMap<Datum, Option<i64>>| all.values().copied().sum::<Option<i64>>();
    let Some(first) = reads.first().map(|one| of(one)) else { return true };
    reads.into_iter().map(of).all(|read| {
        let is_same = total(&first).is_none() || total(&first) == total(&read);
        is_same
            && read.keys().all(|name| first.contains_key(name))
            && read.values().all(|held| held.is_some_and(|held| held >= 0))
    })
}

/// Whether no identity was given out twice.
fn are_unique(all: &[Operation]) -> bool {
    let mut ids: Vec<i64> = all.iter().filter_map(|one| one.answer()?.integer()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    ids.len() == count
}

/// What a read of registers says of each.
fn seen(one: &Operation) -> BTreeMap<i64, bool> {
    let steps = one.answer().filter(|_| one.is("read")).and_then(Datum::list).unwrap_or_default();
    let seen = |step: &Datum| {
        let [_, key, value] = step.list()? else { return None };
        Some((key.integer()?, *value != Datum::Nil))
    };
    steps.iter().filter_map(seen).collect()
}

/// Whether some order of the registers' writes explains every read, each at a moment of its own.
fn are_a_chain(all: &[Operation]) -> bool {
    let reads: Vec<BTreeMap<i64, bool>> = all.iter().map(seen).collect();
    [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].iter().any(|order| {
        reads.iter().all(|read| {
            (0..=order.len()).any(|written| {
                read.iter().all(|(key, is_seen)| order[..written].contains(key) == *is_seen)
            })
        })
    })
}

/// Whether nobody saw a later write without one that had been answered before it began.
fn never_reversed(all: &[Operation]) -> bool {
    let sees = |read: &Operation, write: &Operation| {
        let list = read.answer().filter(|_| read.is("read")).and_then(Datum::list);
        list.map(|list| list.contains(&write.asked))
    };
    let may = |one: &&Operation| one.is("write") && one.fate != Fate::Aborted;
    all.iter().all(|read| {
        all.iter().filter(may).all(|later| {
            sees(read, later) != Some(true)
                || all
                    .iter()
                    .filter(may)
                    .all(|earlier| !earlier.is_before(later) || sees(read, earlier) == Some(true))
        })
    })
}

/// A workload is judged exactly as its guarantee says; where some order explains all, nothing is
/// wrong; and each kind of anomaly is found.
fn judged_as_defined(
    (what, workload): (What, Workload),
    is_right: impl Fn(&[Operation]) -> bool + Sync,
    kinds: &[Kind],
) {
    let (seed, root) = random(26);
    let [words, of_kinds] = counted(cases(4_000), |case, count: &mut [[u64; 4]; 2]| {
        let all = half_right(what, &mut root.fork(case), 7);
        let found = anomalies(workload, &all, Mutant::None);
        let [words, of_kinds] = count;
        words[usize::from(found.is_empty())] += 1;
        let repro = || format!("repro: AVOUCH_SEED={seed}, case {case}: {all:#?}\n{found:?}");
        assert_eq!(found.is_empty(), is_right(&all), "{}", repro());
        assert!(found.is_empty() || !explained(what, &all), "{}", repro());
        assert!(found.iter().all(|one| verify::accepts(&all, one)), "{}", repro());
        for (kind, count) in kinds.iter().zip(of_kinds) {
            *count += u64::from(found.iter().any(|one: &Anomaly| one.kind == *kind));
        }
    });
    let of_kinds = &of_kinds[..kinds.len()];
    println!("{workload:?}: violated and holding: {:?}, {kinds:?}: {of_kinds:?}", &words[..2]);
    assert!(words[..2].iter().all(|count| *count > 100), "{workload:?}: {words:?}");
    assert!(of_kinds.iter().all(|count| *count > 20), "{of_kinds:?}");
}

#[test]
fn banks_are_judged_as_they_are_defined() {
    let kinds =
        [Kind::WrongTotal, Kind::NegativeBalance, Kind::MissingBalance, Kind::UnexpectedAccount];
    judged_as_defined((What::Bank, Workload::Bank), keeps_total, &kinds);
}

#[test]
fn identities_are_judged_as_they_are_defined() {
    judged_as_defined((What::Ids, Workload::Ids), are_unique, &[Kind::DuplicateId]);
}

#[test]
fn long_forks_are_judged_as_they_are_defined() {
    judged_as_defined((What::Forks, Workload::LongFork), are_a_chain, &[Kind::LongFork]);
}

#[test]
fn causal_reverses_are_judged_as_they_are_defined() {
    let kinds = [Kind::CausalReverse];
    judged_as_defined((What::Reverse, Workload::CausalReverse), never_reversed, &kinds);
}
