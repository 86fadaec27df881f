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
    /// Three accounts.
    Bank,
    /// Identities that were given out.
    Ids,
    /// Three registers, each written with one value only, read together.
    Forks,
    /// A set, written one by one.
    Reverse,
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

/// What a bank holds at first.
const BALANCES: [i64; 3] = [4, 3, 0];

fn accounts(balances: &[i64]) -> Datum {
    let named = (0..).zip(balances).map(|(name, held)| (Datum::Integer(name), *held));
    Datum::Map(named.map(|(name, held)| (name, Datum::Integer(held))).collect())
}

/// A transfer, if there is as much on the account; or all balances.
fn bank(all: &[i64], value: &Datum) -> Vec<(Vec<i64>, Datum)> {
    let mut balances = if all.is_empty() { BALANCES.to_vec() } else { all.to_vec() };
    let Some([from, to, amount]) = value.list() else {
        let seen = accounts(&balances);
        return vec![(balances, seen)];
    };
    let of = |one: &Datum| one.integer().unwrap_or(0);
    let (from, to) = (of(from).unsigned_abs() as usize, of(to).unsigned_abs() as usize);
    if balances[from] < of(amount) {
        return Vec::new();
    }
    balances[from] -= of(amount);
    balances[to] += of(amount);
    vec![(balances, Datum::Nil)]
}

/// The step of a transaction of Jepsen's `long-fork`.
fn fork(name: &str, key: i64, value: Datum) -> Datum {
    Datum::List(vec![Datum::Word(name.to_owned()), Datum::Integer(key), value])
}

/// Registers that were written are in the list.
fn forks(all: &[i64], steps: &Datum) -> Vec<(Vec<i64>, Datum)> {
    let (mut next, mut told) = (all.to_vec(), Vec::new());
    for one in steps.list().unwrap_or_default() {
        let Some([name, key, _]) = one.list() else { continue };
        let key = key.integer().unwrap_or(0);
        if name.is_name("w") && !next.contains(&key) {
            next.push(key);
        }
        let found = if next.contains(&key) { Datum::Integer(key) } else { Datum::Nil };
        let name = if name.is_name("w") { ":w" } else { ":r" };
        told.push(fork(name, key, found));
    }
    next.sort_unstable();
    vec![(next, Datum::List(told))]
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
        (What::Bank, _) => bank(all, value),
        (What::Forks, _) => forks(all, value),
        (What::Ids, _) => {
            let free = (0..12).filter(|id| !all.contains(id));
            free.map(|id| (with(id), Datum::Integer(id))).collect()
        }
        (What::Mutex, "acquire") if all.is_empty() => done(vec![1]),
        (What::Mutex, "release") if !all.is_empty() => done(Vec::new()),
        (What::Mutex, _) => Vec::new(),
        (What::Counter, "add") => done(with(number)),
        (What::Counter, _) => vec![(all.to_vec(), Datum::Integer(all.iter().sum()))],
        (What::Set, "add") if all.contains(&number) => done(all.to_vec()),
        (What::Set, "remove") => done(all.iter().copied().filter(|one| *one != number).collect()),
        (_, "read") => vec![(all.to_vec(), list(all))],
        (_, "add" | "append" | "push" | "enqueue" | "write") => done(with(number)),
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
        // An identity that nobody was told only takes one away from the others.
        if what == What::Ids && one.fate == Fate::Unknown {
            return false;
        }
        let rest: Vec<&Operation> = [&left[..place], &left[place + 1..]].concat();
        let counts = matches!(
            one.function.as_str(),
            "read" | "dequeue" | "pop" | "drain" | "txn" | "generate"
        );
        let fits = |answer: &Datum| match one.answer() {
            Some(seen) if counts && matches!(what, What::Set | What::Bag | What::Reverse) => {
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
    let (puts, takes) = match what {
        What::Registers => return ("txn", of_registers(random)),
        What::Ids => return ("generate", Datum::Nil),
        What::Bank => ("transfer", "read"),
        What::Forks | What::Reverse => ("write", "read"),
        What::Set | What::Counter => ("add", "read"),
        What::Bag | What::Fifo | What::Priority => ("enqueue", "dequeue"),
        What::Mutex => ("acquire", "release"),
        What::Stack => ("push", "pop"),
        What::Log => ("append", "read"),
    };
    match what {
        What::Bag if random.chance(0.15) => ("drain", Datum::Nil),
        What::Counter if first => (puts, Datum::Integer(random.below(5).cast_signed() - 1)),
        What::Mutex => (if first { puts } else { takes }, Datum::Nil),
        What::Bank if first => {
            let from = random.below(3);
            let transfer = [from, (from + 1 + random.below(2)) % 3, 1 + random.below(4)];
            (puts, list(&transfer.map(u64::cast_signed)))
        }
        What::Forks if first => {
            let key = random.below(3).cast_signed();
            (puts, Datum::List(vec![fork(":w", key, Datum::Integer(key))]))
        }
        What::Forks => {
            let keys: Vec<i64> = (0..3).filter(|_| random.chance(0.8)).collect();
            let steps = keys.into_iter().map(|key| fork(":r", key, Datum::Nil));
            (takes, Datum::List(steps.collect()))
        }
        _ if first => (puts, Datum::Integer(next)),
        _ => (takes, Datum::Nil),
    }
}

fn of_registers(random: &mut Random) -> Datum {
    let steps = (0..=random.below(3)).map(|_| {
        let (is_write, key) = (random.chance(0.5), random.below(3).cast_signed());
        let written = Datum::Integer(1 + random.below(3).cast_signed());
        step(is_write, key, if is_write { written } else { Datum::Nil })
    });
    Datum::List(steps.collect())
}

/// Where an operation that is under way has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Asked,
    Done,
    /// Its client crashed; it may take effect yet.
    Left,
}

struct Play<'a> {
    what: What,
    random: &'a mut Random,
    /// Whether values repeat.
    repeats: bool,
    bent: f64,
    state: Vec<i64>,
    rank: u32,
    all: Vec<Operation>,
    open: Vec<(usize, Stage)>,
}

/// So many operations, up to three at once, each taking effect at a moment of its span, or after
/// its client crashed, or never; now and then an answer is bent. In some histories values repeat.
pub(crate) fn play(what: What, random: &mut Random, count: usize, bent: f64) -> Vec<Operation> {
    // A later write is only known to be later where nobody writes it before.
    let repeats = what != What::Reverse && random.chance(0.3);
    let (state, all, open) = (Vec::new(), Vec::new(), Vec::new());
    let mut play = Play { what, random, repeats, bent, state, rank: 0, all, open };
    loop {
        let running = play.open.iter().filter(|(_, stage)| *stage != Stage::Left).count();
        let more = play.all.len() < count;
        if more && running < 3 && play.random.chance(0.5) {
            play.begins();
        } else if !play.open.is_empty() {
            play.goes_on();
        }
        play.rank += 1;
        if !more && running == 0 {
            return play.all;
        }
    }
}

impl Play<'_> {
    fn begins(&mut self) {
        let next = i64::try_from(self.all.len()).unwrap_or(0);
        let next = if self.repeats { next % 3 } else { next };
        let (function, asked) = asked(self.what, next, self.random);
        // A process that crashed is replaced by another one.
        let is_free = |process: &i64| {
            let mut own = self.all.iter().filter(|one| one.process == Some(*process));
            own.all(|one| one.fate != Fate::Unknown)
        };
        let process = (0..).take(self.all.len() + 1).find(is_free);
        self.open.push((self.all.len(), Stage::Asked));
        self.all.push(Operation {
            process,
            function: function.to_owned(),
            asked,
            got: None,
            fate: Fate::Unknown,
            rebalanced: Vec::new(),
            began: self.rank,
            ended: u32::MAX,
            line: 0,
            ended_line: 0,
        });
    }

    /// One of those under way takes effect, ends, fails or crashes.
    fn goes_on(&mut self) {
        let at = self.random.below(self.open.len() as u64) as usize;
        let (place, stage) = self.open[at];
        match stage {
            Stage::Done => {
                self.open.remove(at);
                self.ends(place);
            }
            Stage::Left => {
                self.open.remove(at);
                self.takes_effect(place);
                self.all[place].got = None;
            }
            Stage::Asked if self.random.chance(0.05) => self.open[at].1 = Stage::Left,
            Stage::Asked if self.random.chance(0.95) && self.takes_effect(place) => {
                self.open[at].1 = Stage::Done;
            }
            Stage::Asked => {
                self.open.remove(at);
                let one = &mut self.all[place];
                if self.random.chance(0.5) {
                    (one.fate, one.ended) = (Fate::Aborted, self.rank);
                }
            }
        }
    }

    /// Whether the object is in a state that lets it.
    fn takes_effect(&mut self, place: usize) -> bool {
        let one = &mut self.all[place];
        let mut ways = steps(self.what, &self.state, &one.function, &one.asked);
        if ways.is_empty() {
            return false;
        }
        let way = self.random.below(ways.len() as u64) as usize;
        let (next, answer) = ways.swap_remove(way);
        (self.state, one.got) = (next, Some(answer));
        true
    }

    fn ends(&mut self, place: usize) {
        let one = &mut self.all[place];
        if self.random.chance(0.1) {
            one.got = None;
            return;
        }
        (one.fate, one.ended) = (Fate::Committed, self.rank);
        if self.random.chance(self.bent) {
            one.got = one.got.take().map(|got| bend(got, self.random));
        }
    }
}

fn bend(got: Datum, random: &mut Random) -> Datum {
    match got {
        Datum::Integer(number) => Datum::Integer(number + random.below(5).cast_signed() - 2),
        Datum::Map(balances) => bend_balances(balances, random),
        Datum::List(mut all) if matches!(all.first(), Some(Datum::List(_))) => {
            let place = random.below(all.len() as u64) as usize;
            // What is written is what was asked; what is read may be anything.
            all[place] = match all[place].list() {
                Some([name, Datum::Integer(key), _]) if name.is_name("read") => {
                    step(false, *key, Datum::Integer(1 + random.below(3).cast_signed()))
                }
                Some([name, Datum::Integer(key), value]) if name.is_name("r") => {
                    let is_seen = *value == Datum::Nil;
                    let value = if is_seen { Datum::Integer(*key) } else { Datum::Nil };
                    fork(":r", *key, value)
                }
                _ => all[place].clone(),
            };
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

/// A balance is another one, goes below zero or is missing; or there is one account more.
fn bend_balances(mut balances: Vec<(Datum, Datum)>, random: &mut Random) -> Datum {
    let place = random.below(balances.len() as u64) as usize;
    match random.below(4) {
        0 => balances.push((Datum::Integer(3), Datum::Integer(0))),
        1 => balances[place].1 = Datum::Nil,
        2 => {
            // The total stays.
            let other = (place + 1) % balances.len();
            for (at, change) in [(place, -5), (other, 5)] {
                let held = balances[at].1.integer().unwrap_or(0);
                balances[at].1 = Datum::Integer(held + change);
            }
        }
        _ => balances[place].1 = Datum::Integer(random.below(9).cast_signed()),
    }
    Datum::Map(balances)
}
