//! Histories of objects at random, and the oracle: every order of their operations is tried.
//!
//! It shares nothing with the judges but the operations: what an object answers is written here
//! once more, on a plain list of numbers.

use super::{Datum, Operation};
use crate::dependency::Fate;
use avouch_promise::Random;

/// An object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Set,
    Counter,
    Bag,
    Mutex,
    Stack,
    Fifo,
    Priority,
    Log,
    Registers,
}

fn list(all: &[i64]) -> Datum {
    Datum::List(all.iter().copied().map(Datum::Integer).collect())
}

/// The step of a transaction.
fn step(is_write: bool, key: i64, value: Datum) -> Datum {
    let name = if is_write { ":write" } else { ":read" };
    Datum::List(vec![Datum::Word(name.to_owned()), Datum::Integer(key), value])
}

/// What a transaction does to three registers, which hold 0 at first: nothing.
fn transact(all: &[i64], steps: &Datum) -> (Vec<i64>, Datum) {
    let mut all = if all.is_empty() { vec![0; 3] } else { all.to_vec() };
    let mut told = Vec::new();
    for one in steps.list().unwrap_or_default() {
        let Some([name, key, value]) = one.list() else { continue };
        let number = key.integer().unwrap_or(0);
        let held = &mut all[number.unsigned_abs() as usize];
        let is_write = *name == Datum::Word(":write".to_owned());
        if is_write {
            *held = value.integer().unwrap_or(0);
        }
        let found = if *held == 0 { Datum::Nil } else { Datum::Integer(*held) };
        told.push(step(is_write, number, found));
    }
    (all, Datum::List(told))
}

/// Every state and answer that one operation may lead to.
fn steps(what: What, all: &[i64], function: &str, value: &Datum) -> Vec<(Vec<i64>, Datum)> {
    let number = value.integer().unwrap_or(0);
    let with = |number: i64| [all, &[number]].concat();
    let without = |place: usize| {
        let mut rest = all.to_vec();
        let taken = rest.remove(place);
        vec![(rest, Datum::Integer(taken))]
    };
    let last = all.len().saturating_sub(1);
    let done = |all: Vec<i64>| vec![(all, Datum::Nil)];
    match (what, function) {
        (What::Registers, _) => vec![transact(all, value)],
        (What::Mutex, "acquire") if all.is_empty() => done(vec![1]),
        (What::Mutex, "release") if !all.is_empty() => done(Vec::new()),
        (What::Mutex, _) => Vec::new(),
        (What::Counter, "add") => done(with(number)),
        (What::Counter, _) => vec![(all.to_vec(), Datum::Integer(all.iter().sum()))],
        (What::Set, "add") if all.contains(&number) => done(all.to_vec()),
        (What::Set, "remove") => done(all.iter().copied().filter(|one| *one != number).collect()),
        (_, "read") => vec![(all.to_vec(), list(all))],
        (_, "add" | "append" | "push" | "enqueue") => done(with(number)),
        (What::Bag, "drain") => vec![(Vec::new(), list(all))],
        (_, "dequeue" | "pop") if all.is_empty() => done(Vec::new()),
        (What::Stack, _) => without(last),
        (What::Priority, _) => without((0..all.len()).min_by_key(|place| all[*place]).unwrap_or(0)),
        (What::Bag, _) => (0..all.len()).flat_map(without).collect(),
        _ => without(0),
    }
}

/// In an order of its own; what is empty may be read as nothing.
fn sorted(datum: &Datum) -> Datum {
    match datum {
        Datum::List(all) if all.is_empty() => Datum::Nil,
        Datum::List(all) => {
            let mut all = all.clone();
            all.sort_unstable();
            Datum::List(all)
        }
        other => other.clone(),
    }
}

/// Whether some order of operations explains every answer.
pub(crate) fn explained(what: What, all: &[Operation]) -> bool {
    let left: Vec<&Operation> = all.iter().filter(|one| one.fate != Fate::Aborted).collect();
    goes_on(what, &[], &left)
}

fn goes_on(what: What, state: &[i64], left: &[&Operation]) -> bool {
    if left.iter().all(|one| one.fate == Fate::Unknown) {
        return true;
    }
    left.iter().enumerate().any(|(place, one)| {
        if left.iter().any(|other| other.is_before(one)) {
            return false;
        }
        let rest: Vec<&Operation> = [&left[..place], &left[place + 1..]].concat();
        let counts = matches!(one.function.as_str(), "read" | "dequeue" | "pop" | "drain" | "txn");
        let fits = |answer: &Datum| match one.answer() {
            Some(seen) if counts && matches!(what, What::Set | What::Bag) => {
                sorted(answer) == sorted(seen)
            }
            Some(Datum::Nil) if counts => sorted(answer) == Datum::Nil,
            Some(seen) if counts => answer == seen,
            _ => true,
        };
        steps(what, state, &one.function, &one.asked)
            .into_iter()
            .any(|(next, answer)| fits(&answer) && goes_on(what, &next, &rest))
    })
}

fn asked(what: What, next: i64, random: &mut Random) -> (&'static str, Datum) {
    let first = random.chance(0.5);
    if what == What::Registers {
        let steps = (0..=random.below(3)).map(|_| {
            let (is_write, key) = (random.chance(0.5), random.below(3).cast_signed());
            let written = Datum::Integer(1 + random.below(3).cast_signed());
            step(is_write, key, if is_write { written } else { Datum::Nil })
        });
        return ("txn", Datum::List(steps.collect()));
    }
    let (puts, takes) = match what {
        What::Set | What::Counter => ("add", "read"),
        What::Bag | What::Fifo | What::Priority => ("enqueue", "dequeue"),
        What::Mutex => ("acquire", "release"),
        What::Stack => ("push", "pop"),
        What::Log | What::Registers => ("append", "read"),
    };
    match what {
        What::Bag if random.chance(0.15) => ("drain", Datum::Nil),
        What::Counter if first => (puts, Datum::Integer(random.below(5).cast_signed() - 1)),
        What::Mutex => (if first { puts } else { takes }, Datum::Nil),
        _ if first => (puts, Datum::Integer(next)),
        _ => (takes, Datum::Nil),
    }
}

/// So many operations, up to three at once, each taking effect at a moment of its span; now and
/// then an answer is bent.
pub(crate) fn play(what: What, random: &mut Random, count: usize, bent: f64) -> Vec<Operation> {
    let mut all: Vec<Operation> = Vec::new();
    // Under way: place, and whether it took effect.
    let mut open: Vec<(usize, bool)> = Vec::new();
    let (mut state, mut rank) = (Vec::new(), 0);
    while all.len() < count || !open.is_empty() {
        if all.len() < count && open.len() < 3 && random.chance(0.5) {
            let next = i64::try_from(all.len()).unwrap_or(0);
            let (function, asked) = asked(what, next, random);
            let process =
                (0..4).find(|one| open.iter().all(|(at, _)| all[*at].process != Some(*one)));
            open.push((all.len(), false));
            all.push(Operation {
                process: Some(process.unwrap_or(9)),
                function: function.to_owned(),
                asked,
                got: None,
                fate: Fate::Unknown,
                rebalanced: Vec::new(),
                began: rank,
                ended: u32::MAX,
                line: 0,
                ended_line: 0,
            });
        } else if !open.is_empty() {
            let at = random.below(open.len() as u64) as usize;
            let (place, is_done) = open[at];
            let one = &mut all[place];
            if is_done {
                open.remove(at);
                let is_known = random.chance(0.9);
                one.fate = if is_known { Fate::Committed } else { Fate::Unknown };
                one.ended = if is_known { rank } else { u32::MAX };
                one.got = one.got.take().filter(|_| is_known);
                if random.chance(bent) {
                    one.got = one.got.take().map(|got| bend(got, random));
                }
            } else {
                let mut ways = steps(what, &state, &one.function, &one.asked);
                if ways.is_empty() || random.chance(0.05) {
                    one.fate = if random.chance(0.5) { Fate::Aborted } else { Fate::Unknown };
                    if one.fate == Fate::Aborted {
                        one.ended = rank;
                    }
                    open.remove(at);
                } else {
                    let way = random.below(ways.len() as u64) as usize;
                    let (next, answer) = ways.swap_remove(way);
                    (state, one.got) = (next, Some(answer));
                    open[at].1 = true;
                }
            }
        }
        rank += 1;
    }
    all
}

fn bend(got: Datum, random: &mut Random) -> Datum {
    match got {
        Datum::Integer(number) => Datum::Integer(number + random.below(5).cast_signed() - 2),
        Datum::List(mut all) if matches!(all.first(), Some(Datum::List(_))) => {
            let place = random.below(all.len() as u64) as usize;
            // What is written is what was asked; what is read may be anything.
            if let Some([name, Datum::Integer(key), _]) = all[place].list()
                && *name == Datum::Word(":read".to_owned())
            {
                all[place] = step(false, *key, Datum::Integer(1 + random.below(3).cast_signed()));
            }
            Datum::List(all)
        }
        Datum::List(mut all) => {
            match random.below(3) {
                0 => drop(all.pop()),
                1 if !all.is_empty() => drop(all.remove(0)),
                _ => all.push(Datum::Integer(random.below(6).cast_signed())),
            }
            Datum::List(all)
        }
        other => other,
    }
}
