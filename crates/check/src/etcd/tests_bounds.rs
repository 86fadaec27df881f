//! The judge of runs and its bounds: it ends by them, keeps what it had found, and says nothing
//! else than it would without them.

use super::mutant::Mutant;
use super::played::played;
use super::read;
use super::run::{Got, Run};
use crate::limits::Limits;
use crate::report::Word;
use avouch_promise::Random;
use std::collections::BTreeMap;

fn random(fork: u64) -> (u64, Random) {
    let seed = Random::seed_from_environment();
    (seed, Random::new(seed).fork(fork))
}

fn run(random: &mut Random, count: u64) -> Run {
    let (files, _) = played(random, count, false);
    read::parse(&files).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn tables_count_against_the_bound_on_memory() {
    let (_, root) = random(75);
    let run = run(&mut root.fork(0), 60);
    assert_eq!(run.judge(&Limits::default()).verdict(), Word::Holds);
    let limits = Limits { memory_bytes: 1_000, ..Limits::default() };
    let told = run.judge(&limits);
    assert_eq!(told.verdict(), Word::Unknown, "{told}");
    assert!(told.to_string().contains("the memory bound of 1000 bytes was reached"), "{told}");
    assert!(told.to_string().contains("were looked at, with "), "{told}");
    let blind = run.judge_with(&limits, Mutant::ForgetTables);
    assert_eq!(blind.verdict(), Word::Holds, "the planted bug takes no account of tables: {blind}");
}

/// By any bound each part is judged as without one, or unknown; what was found stays found.
#[test]
fn no_bound_makes_another_verdict() {
    let (seed, root) = random(76);
    let mut count: BTreeMap<(Word, Word), u64> = BTreeMap::new();
    let mut more = 0;
    for case in 0..1_000 {
        let mut random = root.fork(case);
        let mut run = run(&mut random, 40);
        if random.chance(0.5) {
            // A read leaves out a key early on, and one late.
            let mut reads = run.operations.iter_mut().filter_map(|one| match &mut one.answer {
                Some(answer) => match &mut answer.got {
                    Got::Range(found) if found.entries.len() > 1 => Some(found),
                    _ => None,
                },
                None => None,
            });
            for found in reads.by_ref().take(2) {
                found.entries.remove(0);
            }
        }
        let whole = run.judge(&Limits::default());
        let (steps, memory_bytes) = (random.below(1_500), random.below(60_000) as usize);
        for limits in
            [Limits { steps, ..Limits::default() }, Limits { memory_bytes, ..Limits::default() }]
        {
            let told = run.judge(&limits);
            more += u64::from(told.to_string().contains("there may be more: "));
            let repro =
                format!("repro: AVOUCH_SEED={seed}, case {case}, {limits:?}: {told}{whole}");
            for (part, whole) in told.parts.iter().zip(&whole.parts) {
                let (word, whole) = (part.finding.word(), whole.finding.word());
                assert!(word == Word::Unknown || word == whole, "{repro}");
                *count.entry((word, whole)).or_default() += 1;
            }
        }
    }
    println!("with a bound, and without: {count:?}; {more} violated before the end");
    assert!(count.len() >= 4 && count.values().all(|count| *count > 20), "{count:?}");
    assert!(more > 5, "{more}");
}
