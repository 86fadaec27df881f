//! The judge of appends against its oracle, on histories at random and on planted anomalies.

use super::exhaustive;
use super::mutant::Mutant;
use super::{Appends, Builder, infer, judge};
use crate::campaign::{cases, counted};
use crate::dependency::{self, ViewsMutant};
use crate::limits::Budget;
use crate::report::{Finding, Word};
use crate::{Level, Limits};
use avouch_promise::Random;

/// The levels that are judged.
const LEVELS: [Level; 23] = Level::ALL;

#[derive(Clone, Copy)]
enum Step {
    Append(usize, i64),
    Read(usize),
}

/// What a store of no great discipline answers: transactions run step by step between each other,
/// on snapshots or on what is there, their appends seen at once or when they commit; now and then
/// an answer is bent.
#[derive(Default)]
struct Store {
    lists: Vec<Vec<i64>>,
}

struct Running {
    process: i64,
    steps: Vec<Step>,
    answers: Vec<Vec<i64>>,
    snapshot: Vec<Vec<i64>>,
    own: Vec<(usize, i64)>,
}

fn name(key: usize) -> String {
    format!("k{key}")
}

impl Running {
    fn tell(&self, history: &mut Builder) {
        let mut answers = self.answers.iter();
        for step in &self.steps {
            match step {
                Step::Append(key, value) => history.append(&name(*key), *value),
                Step::Read(key) => {
                    let read = answers.next().map(Vec::as_slice).unwrap_or_default();
                    history.read(&name(*key), read)
                }
            };
        }
    }

    /// Runs its steps, with so much discipline.
    fn run(&mut self, store: &mut Store, random: &mut Random, dirty: bool, snapshots: bool) {
        for step in self.steps.clone() {
            match step {
                Step::Append(key, value) if dirty => store.lists[key].push(value),
                Step::Append(key, value) => self.own.push((key, value)),
                Step::Read(key) => {
                    let from = if snapshots { &self.snapshot } else { &store.lists };
                    let mut list = from[key].clone();
                    list.extend(
                        self.own.iter().filter(|(own, _)| *own == key).map(|(_, one)| *one),
                    );
                    bend(&mut list, random);
                    self.answers.push(list);
                }
            }
        }
    }
}

/// Now and then, an answer is not what the store holds.
fn bend(list: &mut Vec<i64>, random: &mut Random) {
    if random.chance(0.04) {
        list.pop();
    }
    if random.chance(0.01) && list.len() > 1 {
        let end = list.len() - 1;
        list.swap(end, end - 1);
    }
    if random.chance(0.005) && !list.is_empty() {
        list.push(list[0]);
    }
    if random.chance(0.003) {
        list.push(1_000);
    }
}

/// Some that append one value and some that read two lists, each as it once was: what only reads
/// may see a fork that no two that write do.
fn forked(random: &mut Random) -> Appends {
    let lists: [&[i64]; 2] = [&[1, 3], &[2]];
    let readers: Vec<[&[i64]; 2]> = (0..2 + random.below(2))
        .map(|_| lists.map(|list| &list[..random.below(list.len() as u64 + 1) as usize]))
        .collect();
    let mut history = Builder::default();
    let tell = |history: &mut Builder, one: usize| match [(0, 1), (1, 2), (0, 3)].get(one) {
        Some((key, value)) => drop(history.append(&name(*key), *value)),
        None => readers[one - 3].iter().enumerate().for_each(|(key, list)| {
            history.read(&name(key), list);
        }),
    };
    let mut all: Vec<usize> = (0..3 + readers.len()).collect();
    random.shuffle(&mut all);
    let (alone, mut processes) = (random.chance(0.5), 0..);
    for one in &all {
        tell(&mut history, *one);
        if alone {
            // One after the other, in any order, which may not be that of what they saw.
            let process = random.below(3).cast_signed();
            history.invoke(process);
            tell(&mut history, *one);
            history.ok(process);
        } else {
            history.invoke(processes.next().unwrap_or_default());
        }
    }
    for (process, one) in (0..).zip(all).filter(|_| !alone) {
        tell(&mut history, one);
        history.ok(process);
    }
    history.build()
}

/// Each appends once or twice and reads lists as they once were, before that or after: whom it sees
/// and whom these saw is anybody's guess.
fn relayed(random: &mut Random) -> Appends {
    let count = 3 + random.below(3) as usize;
    let keys = 2 + random.below(2) as usize;
    let mut lists: Vec<Vec<(usize, i64)>> = vec![Vec::new(); keys];
    for value in 0..(count as u64 + random.below(3)).cast_signed() {
        let key = random.below(keys as u64) as usize;
        let place = random.below(lists[key].len() as u64 + 1) as usize;
        lists[key].insert(place, (value.unsigned_abs() as usize % count, value));
    }
    let mut history = Builder::default();
    let alone = random.chance(0.3);
    let processes: Vec<i64> = (0..)
        .take(count)
        .map(|one| if alone { random.below(2).cast_signed() } else { one })
        .collect();
    let mut steps: Vec<Vec<(usize, Option<i64>, usize)>> = vec![Vec::new(); count];
    for (key, list) in lists.iter().enumerate() {
        for (writer, value) in list {
            steps[*writer].push((key, Some(*value), 0));
        }
    }
    for (one, steps) in steps.iter_mut().enumerate() {
        steps.sort_unstable();
        for _ in 0..=random.below(2) {
            let key = random.below(keys as u64) as usize;
            let own = lists[key].iter().position(|(writer, _)| *writer == one);
            let last = lists[key].iter().rposition(|(writer, _)| *writer == one);
            if let Some(last) = last.filter(|_| random.chance(0.4)) {
                steps.push((key, None, last + 1));
                continue;
            }
            let most = own.unwrap_or(lists[key].len());
            let length = random.below(most as u64 + 1) as usize;
            let first = steps.iter().position(|(other, value, _)| *other == key && value.is_some());
            let place = random.below(first.unwrap_or(steps.len()) as u64 + 1) as usize;
            steps.insert(place, (key, None, length));
        }
    }
    let tell = |history: &mut Builder, one: usize| {
        for (key, value, length) in &steps[one] {
            let list: Vec<i64> = lists[*key][..*length].iter().map(|(_, value)| *value).collect();
            match value {
                Some(value) => history.append(&name(*key), *value),
                None => history.read(&name(*key), &list),
            };
        }
    };
    for (one, process) in processes.iter().enumerate() {
        tell(&mut history, one);
        history.invoke(*process);
        if alone {
            tell(&mut history, one);
            history.ok(*process);
        }
    }
    for (one, process) in processes.iter().enumerate().filter(|_| !alone) {
        tell(&mut history, one);
        history.ok(*process);
    }
    history.build()
}

/// A small history.
pub(crate) fn at_random(random: &mut Random) -> Appends {
    if random.chance(0.05) {
        return forked(random);
    }
    if random.chance(0.2) {
        return relayed(random);
    }
    let keys = 1 + random.below(3) as usize;
    let mut store = Store { lists: vec![Vec::new(); keys] };
    let (dirty, snapshots) = (random.chance(0.1), random.chance(0.5));
    let mut history = Builder::default();
    let mut running: Vec<Running> = Vec::new();
    let (mut left, mut value) = (2 + random.below(4), 0);
    while left > 0 || !running.is_empty() {
        if left > 0 && running.len() < 3 && random.chance(0.5) {
            left -= 1;
            let process = (0..4).find(|one| running.iter().all(|other| other.process != *one));
            let process = process.unwrap_or(9) * i64::from(random.chance(0.7));
            let process = if running.iter().any(|one| one.process == process) {
                i64::try_from(10 + left).unwrap_or(10)
            } else {
                process
            };
            let mut steps = Vec::new();
            for _ in 0..=random.below(if keys == 1 { 2 } else { 3 }) {
                let key = random.below(keys as u64) as usize;
                if random.chance(0.5) {
                    value += 1;
                    steps.push(Step::Append(key, value));
                } else {
                    steps.push(Step::Read(key));
                }
            }
            let snapshot = store.lists.clone();
            let one = Running { process, steps, answers: Vec::new(), snapshot, own: Vec::new() };
            one.tell(&mut history);
            history.invoke(process);
            running.push(one);
        } else if !running.is_empty() {
            let place = random.below(running.len() as u64) as usize;
            let mut one = running.remove(place);
            one.run(&mut store, random, dirty, snapshots);
            let fate = random.unit();
            if fate < 0.06 {
                history.fail(one.process);
                if random.chance(0.9) {
                    continue;
                }
            } else if fate < 0.14 {
                history.info(one.process);
                if random.chance(0.5) {
                    continue;
                }
            } else {
                one.tell(&mut history);
                history.ok(one.process);
            }
            for (key, value) in one.own {
                store.lists[key].push(value);
            }
        }
    }
    history.build()
}

fn words(history: &Appends, mutant: Mutant) -> Vec<(Level, Word)> {
    let mut budget = Budget::new(Limits::default());
    let Ok(inferred) = infer(history, &mut budget, mutant) else { return Vec::new() };
    let found = dependency::judge(history, &inferred, None, &mut budget);
    found.into_iter().map(|(level, finding)| (level, finding.word())).collect()
}

fn expected(history: &Appends) -> Vec<Word> {
    let word = |holds| if holds { Word::Holds } else { Word::Violated };
    exhaustive::all(history, &LEVELS).into_iter().map(word).collect()
}

#[test]
//= §2.3.2 strict serializability decided test
//= §2.3.2 serializability decided test
//= §2.3.2 snapshot isolation decided test
fn every_verdict_on_appends_is_the_exhaustive_deciders() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed);
    let count = counted(cases(22_000), |case, count: &mut [[u64; 2]; LEVELS.len()]| {
        let history = at_random(&mut root.fork(case));
        let report = judge(&history, None, &Limits::default());
        let all = expected(&history);
        for (place, (level, part)) in LEVELS.into_iter().zip(&report.parts).enumerate() {
            let expected = all[place];
            count[place][usize::from(expected == Word::Holds)] += 1;
            assert_eq!(
                part.finding.word(),
                expected,
                "repro: AVOUCH_SEED={seed}, case {case}, {level}:\n{}\n{report}",
                told(&history)
            );
            let is_checked = !matches!(part.finding, Finding::Holds { checked: false, .. });
            assert!(is_checked, "{report}");
        }
    });
    println!("violated and holding, by level: {count:?}");
    assert!(count.iter().flatten().all(|count| *count > 300), "{count:?}");
}

fn told(history: &Appends) -> String {
    let line = |(number, frame): (usize, &crate::dependency::Frame)| {
        let steps: Vec<_> =
            history.operations(frame).iter().map(|one| Appends::told(history, one)).collect();
        let (began, ended, fate) = (frame.began, frame.ended, frame.fate);
        let process = frame.process;
        format!("T{number} p{process} {began}..{ended} {fate:?}: {}", steps.join("; "))
    };
    history.frames.all().iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// Found by a campaign: the only other writer is of unknown outcome, so it may have aborted, and
/// no write of what committed is between those of another.
fn between_those_of_unknown_outcome() -> Appends {
    let mut history = Builder::default();
    history.append("k", 1).append("k", 2);
    history.invoke(0);
    history.append("k", 3).read("k", &[]);
    history.invoke(1);
    history.append("k", 3).read("k", &[1, 3, 2]);
    history.ok(1);
    history.build()
}

#[test]
fn what_may_have_aborted_writes_nothing_between() {
    let history = between_those_of_unknown_outcome();
    let report = judge(&history, None, &Limits::default());
    let words: Vec<_> = report.parts.iter().map(|part| part.finding.word()).collect();
    assert_eq!(words, expected(&history), "{report}");
    let of = |level: Level| words[LEVELS.iter().position(|one| *one == level).expect("a level")];
    assert_eq!(of(Level::StrongReadUncommitted), Word::Holds, "{report}");
    assert_eq!(of(Level::ReadCommitted), Word::Violated, "{report}");
}

/// The verifier of views stands alone: of what breaks a level it accepts no order that a weaker one
/// keeps to.
#[test]
fn the_verifier_of_views_refuses_every_order_of_what_is_violated() {
    let root = Random::new(Random::seed_from_environment()).fork(5);
    let asked = LEVELS.map(|level| (level, dependency::view(level)));
    let count = counted(4_000, |case, refused: &mut [[u64; 1]; LEVELS.len()]| {
        let history = at_random(&mut root.fork(case));
        let holds = exhaustive::all(&history, &LEVELS);
        for (at, (level, view)) in asked.iter().enumerate() {
            let Some(view) = view.filter(|_| !holds[at]) else { continue };
            let base = if level.implies(Level::StrongSessionReadCommitted) {
                Level::StrongSessionReadCommitted
            } else {
                Level::ReadCommitted
            };
            let report = judge(&history, Some(base), &Limits::default());
            let Finding::Holds { order, .. } = &report.parts[0].finding else { continue };
            let order: Vec<u32> = order.iter().map(|one| *one as u32).collect();
            let mut budget = Budget::default();
            let found = super::ancestry::misses_nothing(&history, &order, view, &mut budget);
            assert_eq!(found, Ok(false), "case {case}, {level}:\n{}\n{report}", told(&history));
            refused[at][0] += 1;
        }
    });
    for ((level, view), [refused]) in asked.into_iter().zip(count) {
        assert!(view.is_none() || refused > 20, "{level}: {refused} refused");
    }
}

/// Views of many transactions are checked again, too: of a hundred thousand whose lists grow over
/// all keys, with a cycle that the weaker levels allow.
#[test]
fn views_of_many_transactions_are_checked_again() {
    let mut history = Builder::default();
    let mut lists: Vec<Vec<i64>> = vec![Vec::new(); 1_000];
    let run = |history: &mut Builder, process: i64, steps: &[(usize, Option<&[i64]>, i64)]| {
        for ends in [false, true] {
            for (key, read, value) in steps {
                match read {
                    Some(list) => history.read(&name(*key), if ends { list } else { &[] }),
                    None => history.append(&name(*key), *value),
                };
            }
            if ends {
                history.ok(process);
            } else {
                history.invoke(process);
            }
        }
    };
    for (at, value) in (0..100_000_usize).zip(0..) {
        let (read, write) = (at * 7 % 1_000, at % 1_000);
        let list = lists[read].clone();
        run(&mut history, value % 20, &[(read, Some(&list), 0), (write, None, value)]);
        lists[write].push(value);
    }
    // Write skew: neither is before the other.
    run(&mut history, 20, &[(2_000, Some(&[]), 0), (2_001, None, 1)]);
    run(&mut history, 21, &[(2_001, Some(&[]), 0), (2_000, None, 1)]);
    run(&mut history, 22, &[(2_000, Some(&[1]), 0), (2_001, Some(&[1]), 0)]);
    let history = history.build();
    let report = judge(&history, None, &Limits::default());
    for level in [Level::ConsistentView, Level::ParallelSnapshotIsolation, Level::Causal] {
        let is_it = |part: &&crate::report::Part| part.guarantee == level.name();
        let part = report.parts.iter().find(is_it).expect("a level");
        assert!(matches!(part.finding, Finding::Holds { checked: true, .. }), "{level}: {report}");
    }
}

/// Asked for one level, the verdict is the same as among all.
#[test]
fn one_level_of_appends_can_be_asked_for() {
    let root = Random::new(Random::seed_from_environment()).fork(3);
    for case in 0..500 {
        let history = at_random(&mut root.fork(case));
        for (level, word) in words(&history, Mutant::None) {
            let report = judge(&history, Some(level), &Limits::default());
            assert_eq!((report.verdict(), report.parts.len()), (word, 1), "{report}");
            assert!(report.to_string().contains("note: "), "{report}");
        }
    }
}

/// Each planted bug gives another verdict than the oracle, or one that the verifier refuses.
#[test]
fn every_planted_bug_of_the_inference_is_caught() {
    let root = Random::new(Random::seed_from_environment());
    let of_views = ViewsMutant::ALL.map(Mutant::Views);
    for mutant in Mutant::ALL.into_iter().chain(of_views) {
        let is_wrong = |history: &Appends| {
            words(history, mutant).iter().map(|(_, word)| *word).ne(expected(history))
        };
        let by_hand = is_wrong(&between_those_of_unknown_outcome());
        let caught = (0..20_000).find(|case| is_wrong(&at_random(&mut root.fork(*case))));
        println!("{mutant:?} is caught by hand: {by_hand}, by case {caught:?}");
        assert!(by_hand || caught.is_some(), "{mutant:?} is not caught");
    }
}

/// Levels imply each other as the map says and no further: each edge on every history, each pair
/// without one on some history that keeps the first and breaks the second.
#[test]
fn levels_of_appends_imply_what_they_say_and_no_more() {
    let root = Random::new(Random::seed_from_environment()).fork(7);
    let count = counted(20_000, |case, apart: &mut [[u64; LEVELS.len()]; LEVELS.len()]| {
        let history = at_random(&mut root.fork(case));
        let holds = exhaustive::all(&history, &LEVELS);
        for (_, apart) in apart.iter_mut().enumerate().filter(|(one, _)| holds[*one]) {
            (0..LEVELS.len()).filter(|other| !holds[*other]).for_each(|other| apart[other] += 1);
        }
    });
    for (one, apart) in LEVELS.into_iter().zip(count) {
        for (other, count) in LEVELS.into_iter().zip(apart) {
            if one.implies(other) {
                assert_eq!(count, 0, "{one} does not imply {other}");
            } else if one != Level::RepeatableRead {
                // Nothing but a read by predicate parts repeatable read from serializability.
                assert!(count > 0, "{one} seems to imply {other}");
            }
        }
    }
}

/// So many that dependencies between reads and appends run through joints.
fn crowd(tell: impl Fn(&mut Builder, i64)) -> Vec<(Level, Word)> {
    let mut history = Builder::default();
    for process in 0..16 {
        tell(&mut history, process);
        history.invoke(process);
    }
    for process in 0..16 {
        tell(&mut history, process);
        history.ok(process);
    }
    words(&history.build(), Mutant::None)
}

#[test]
fn a_dependency_through_joints_weighs_once() {
    let word = |words: &[(Level, Word)], level| {
        words.iter().find(|(one, _)| *one == level).map(|(_, word)| *word)
    };
    // Eight read x and append to y, eight read y and append to x: write skew, twice heavy.
    let skewed = crowd(|history, process| {
        let (read, append) = if process % 2 == 0 { ("x", "y") } else { ("y", "x") };
        history.read(read, &[]);
        history.append(append, process);
    });
    assert_eq!(word(&skewed, Level::ConsistentView), Some(Word::Holds));
    assert_eq!(word(&skewed, Level::UpdateSerializable), Some(Word::Violated));
    // One of those that read x before all appends has seen what one of these wrote elsewhere.
    let single = crowd(|history, process| {
        if process % 2 == 0 {
            history.read("x", &[]);
        } else {
            history.append("x", process);
        }
        match process {
            0 => drop(history.read("z", &[7])),
            9 => drop(history.append("z", 7)),
            _ => {}
        }
    });
    assert_eq!(word(&single, Level::ReadCommitted), Some(Word::Holds));
    assert_eq!(word(&single, Level::ConsistentView), Some(Word::Violated));
    // Long fork of two that only read: each alone is serializable with the rest.
    let fork = crowd(|history, process| match process {
        0 => drop(history.read("x", &[1]).read("y", &[])),
        2 => drop(history.read("x", &[]).read("y", &[2])),
        1 => drop(history.append("x", 1)),
        3 => drop(history.append("y", 2)),
        _ if process % 2 == 0 => drop(history.read("w", &[])),
        _ => drop(history.append("w", process)),
    });
    assert_eq!(word(&fork, Level::UpdateSerializable), Some(Word::Holds));
    assert_eq!(word(&fork, Level::SnapshotIsolation), Some(Word::Violated));
}
