//! Stamps of events in a group that stays the same: every clock beside the vector clock, which is
//! exact.
//!
//! Each step one process has an event; of three, two are messages that arrive, each the newest of
//! another process. Sizes are of the second half; errors are of pairs of the last 256 events.

use crate::{Watch, each, head, row};
use avouch_promise::Random;
use avouch_time::logical::{
    Account, Bloom, Coalesced, Lamport, LogicalClock, Matrix, Plausible, Pruned, Relation, Tree,
    Vector, VectorStamp,
};
use std::hint::black_box;
use std::time::Duration;

/// Pairs are of so many events.
const LOOKED_AT: usize = 256;

/// A step: who has an event, and of whom a message arrives then.
type Step = (usize, Option<usize>);

fn steps(processes: u32, count: usize) -> Vec<Step> {
    let mut random = Random::new(Random::seed_from_environment()).fork(u64::from(processes));
    let mut process = || random.below(u64::from(processes)) as usize;
    let pairs: Vec<(usize, usize)> = (0..count).map(|_| (process(), process())).collect();
    let step = |(number, (at, from)): (usize, (usize, usize))| {
        (at, (number % 3 != 0 && at != from).then_some(from))
    };
    pairs.into_iter().enumerate().map(step).collect()
}

/// What a clock did.
struct Told {
    bytes: f64,
    event: Duration,
    relation: Duration,
    /// Of concurrent pairs, and of ordered ones, those told otherwise.
    wrong: [f64; 2],
}

/// Runs the steps; the truth is what the vector clock said at the last of them.
fn run<C: LogicalClock>(
    mut clocks: Vec<C>,
    steps: &[Step],
    truth: &[VectorStamp],
) -> (Told, Vec<C::Stamp>) {
    let mut newest: Vec<Option<C::Stamp>> = vec![None; clocks.len()];
    let mut kept = Vec::new();
    let (mut bytes, mut measured) = (0, 0);
    let begun = Watch::start();
    for (number, (at, from)) in steps.iter().enumerate() {
        let stamp = match from.and_then(|from| newest[from].as_ref()) {
            Some(arrived) => clocks[*at].receive(arrived),
            None => clocks[*at].event(),
        };
        if number >= steps.len() / 2 && number % 16 == 0 {
            bytes += C::bytes(&stamp);
            measured += 1;
        }
        if number + LOOKED_AT >= steps.len() {
            kept.push(stamp.clone());
        }
        newest[*at] = Some(stamp);
    }
    let event = begun.read();
    let begun = Watch::start();
    for one in &kept {
        for other in &kept {
            black_box(C::relation(black_box(one), black_box(other)));
        }
    }
    let relation = begun.read();
    let bytes = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / f64::from(measured.max(1));
    (Told { bytes, event, relation, wrong: wrong::<C>(&kept, truth) }, kept)
}

fn wrong<C: LogicalClock>(kept: &[C::Stamp], truth: &[VectorStamp]) -> [f64; 2] {
    let (mut all, mut wrong) = ([0_u32; 2], [0_u32; 2]);
    for (place, (one, first)) in kept.iter().zip(truth).enumerate() {
        for (other, second) in kept.iter().zip(truth).skip(place + 1) {
            let is = Vector::relation(first, second);
            let kind = usize::from(is != Relation::Concurrent);
            all[kind] += 1;
            wrong[kind] += u32::from(C::relation(one, other) != is);
        }
    }
    [0, 1].map(|kind| f64::from(wrong[kind]) / f64::from(all[kind].max(1)))
}

fn tell(name: &str, told: &Told, steps: usize) {
    let pairs = LOOKED_AT * LOOKED_AT;
    row(&[
        name.to_owned(),
        format!("{:.1}", told.bytes),
        format!("{:.1} %", told.wrong[0] * 100.0),
        format!("{:.1} %", told.wrong[1] * 100.0),
        format!("{:.0}", each(told.event, steps)),
        format!("{:.0}", each(told.relation, pairs)),
    ]);
}

/// A table of a group of so many.
pub(crate) fn table(processes: u32, count: usize) {
    let steps = steps(processes, count);
    let all = || 0..processes;
    let (vector, truth) = run(all().map(Vector::new).collect(), &steps, &[]);
    let columns = [
        "clock",
        "bytes of a stamp",
        "concurrent, told as ordered",
        "ordered, told as concurrent",
        "event, ns",
        "comparison, ns",
    ];
    head(&format!("### {processes} processes"), &columns);
    let told = |name: &str, told: &Told| tell(name, told, steps.len());
    told("vector", &vector);
    macro_rules! beside {
        ($name:expr, $clocks:expr) => {
            told($name, &run($clocks, &steps, &truth).0)
        };
    }
    beside!("Lamport", all().map(Lamport::new).collect::<Vec<_>>());
    beside!("matrix", all().map(|one| Matrix::new(one, processes as usize)).collect());
    beside!("interval tree", trees(processes));
    beside!("plausible, 4 entries", all().map(|one| Plausible::new(one, 4)).collect());
    beside!("bloom, 32 counters, 3 hashes", all().map(|one| Bloom::new(one, 32, 3)).collect());
    beside!("pruned to 4 entries", all().map(|one| Pruned::new(one, 4)).collect());
    let accounts: Vec<_> = (0..processes.div_ceil(4)).map(|one| Account::new(one, 8)).collect();
    let members = all().map(|one| Coalesced::new(&accounts[one as usize / 4]));
    beside!("coalesced by 4, blocks of 8", members.collect());
}

/// So many by splitting the one with the largest part.
fn trees(processes: u32) -> Vec<Tree> {
    let mut all = std::collections::VecDeque::from([Tree::seed()]);
    while all.len() < processes as usize {
        let Some(mut one) = all.pop_front() else { break };
        let other = one.fork();
        all.extend([one, other]);
    }
    all.into()
}
