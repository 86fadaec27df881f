//! A history of predicates as one of registers, for the judge of those.
//!
//! ```text
//!   what a predicate found   ->  a read of that version
//!   what it did not find     ->  a read of the one version that it does not hold of: if every
//!                                other one would have been found, this one was there
//!   two or more such         ->  no read: which one it was is open
//!   none                     ->  predicate-read-miss: whatever was there would have been found
//! ```
//!
//! (Kingsbury and Alvaro's closed predicates, in Elle.) Leaving a read out only weakens what is
//! asked: what is violated then is violated. That it holds is said of an order that explains every
//! predicate, or where nothing is open.

use super::super::datum::Datum;
use super::condition::Condition;
use super::names;
use super::steps::{Step, Transaction};
use super::universe::{INITIAL, Universe, Version};
use crate::dependency::Fate;
use crate::limits::Exhausted;
use crate::meter::Meter;
use crate::transaction::{Builder, Span, Transactions};
use std::collections::{BTreeMap, BTreeSet};

/// A key that a predicate must have found and did not, or one that it must not have found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw<'a> {
    /// Who read.
    pub(super) reader: usize,
    pub(super) key: &'a Datum,
    pub(super) condition: Condition,
    /// What it gave; nothing if it left the key out.
    pub(super) got: Option<&'a Datum>,
}

/// The reduced history.
pub(super) struct Reduced<'a> {
    pub(super) registers: Transactions,
    /// The number of the transaction at each place there.
    pub(super) places: Vec<usize>,
    pub(super) flaws: Vec<Flaw<'a>>,
    /// How many predicates leave open which version of a key they saw.
    pub(super) open: usize,
    /// How many of unknown outcome were left out, as nobody read from them.
    pub(super) left_out: usize,
    /// Whether it is the whole history; else a bound was met, and only the flaws say something.
    pub(super) is_whole: bool,
}

/// What a transaction does to a register.
enum Act {
    Write(i64),
    Read(i64),
}

/// What a history is reduced to, before registers are built of it.
#[derive(Default)]
struct Acts<'a> {
    all: Vec<Vec<(&'a Datum, Act)>>,
    flaws: Vec<Flaw<'a>>,
    open: usize,
}

/// Reduces a history. Without `absences` what predicates did not find is left out.
pub(super) fn reduce<'a>(
    all: &[Transaction<'a>],
    universe: &Universe<'a>,
    absences: bool,
    meter: &mut Meter<'_>,
) -> Reduced<'a> {
    let mut acts = Acts::default();
    let is_whole = acts.look(all, universe, absences, meter).is_ok();
    let Acts { all: acts, flaws, open } = acts;
    let (registers, places, left_out) = if is_whole {
        build(all, universe, &acts)
    } else {
        (Builder::default().build(), Vec::new(), 0)
    };
    meter.release(acts.iter().map(Vec::len).sum::<usize>() * size_of::<(&Datum, Act)>());
    Reduced { registers, places, flaws, open, left_out, is_whole }
}

impl<'a> Acts<'a> {
    fn look(
        &mut self,
        all: &[Transaction<'a>],
        universe: &Universe<'a>,
        absences: bool,
        meter: &mut Meter<'_>,
    ) -> Result<(), Exhausted> {
        meter.pass("transactions", all.len(), 8..20);
        for (number, one) in all.iter().enumerate() {
            meter.next()?;
            let mut done = Reading { number, universe, own: BTreeMap::new(), acts: Vec::new() };
            for step in &one.steps {
                meter.look(1)?;
                match step {
                    Step::Write(key, _) | Step::Delete(key) => done.write(key),
                    Step::Read(key, value) => self.open += usize::from(done.read(key, *value)),
                    Step::ReadWhere(condition, found) => {
                        for (key, value) in *found {
                            if condition.holds(value) {
                                done.read(key, Some(value));
                            } else {
                                let condition = condition.clone();
                                let got = Some(value);
                                meter.hold(size_of::<Flaw<'_>>());
                                self.flaws.push(Flaw { reader: number, key, condition, got });
                            }
                        }
                        let missed = universe.keys.keys().copied();
                        for key in missed.filter(|key| !names(found, key)) {
                            meter.look(found.len() + universe.keys.get(key).map_or(0, Vec::len))?;
                            match done.candidates(key, |value| !condition.holds(value)).as_slice() {
                                [] => {
                                    let condition = condition.clone();
                                    meter.hold(size_of::<Flaw<'_>>());
                                    self.flaws.push(Flaw {
                                        reader: number,
                                        key,
                                        condition,
                                        got: None,
                                    });
                                }
                                [one] if absences => done.acts.push((key, Act::Read(one.name))),
                                [_] => {}
                                _ => self.open += usize::from(absences),
                            }
                        }
                    }
                }
            }
            meter.hold(done.acts.len() * size_of::<(&Datum, Act)>());
            self.all.push(done.acts);
        }
        Ok(())
    }
}

/// One transaction as it is reduced.
struct Reading<'a, 'b> {
    number: usize,
    universe: &'b Universe<'a>,
    /// How often it has written a key so far.
    own: BTreeMap<&'a Datum, usize>,
    acts: Vec<(&'a Datum, Act)>,
}

impl<'a, 'b> Reading<'a, 'b> {
    fn versions(&self, key: &Datum) -> impl Iterator<Item = &'b Version<'a>> {
        self.universe.keys.get(key).into_iter().flatten()
    }

    fn write(&mut self, key: &'a Datum) {
        let count = self.own.entry(key).or_default();
        *count += 1;
        let nth = *count - 1;
        let mine = self.versions(key).filter(|one| one.writer == Some(self.number)).nth(nth);
        if let Some(version) = mine {
            self.acts.push((key, Act::Write(version.name)));
        }
    }

    /// The versions that a step of this transaction may see, of those not there or of a kind.
    fn candidates(&self, key: &Datum, is: impl Fn(&Datum) -> bool) -> Vec<&'b Version<'a>> {
        let fits = |one: &&Version<'_>| one.value.is_none_or(&is);
        if let Some(count) = self.own.get(key) {
            let mine = self.versions(key).filter(|one| one.writer == Some(self.number));
            return mine.skip(count - 1).take(1).filter(fits).collect();
        }
        let is_seen = |one: &&Version<'_>| !one.is_private && one.writer != Some(self.number);
        self.versions(key).filter(is_seen).filter(fits).collect()
    }

    /// A read; whether it leaves open what it saw.
    fn read(&mut self, key: &'a Datum, value: Option<&Datum>) -> bool {
        if value.is_none() {
            match self.candidates(key, |_| false).as_slice() {
                [] => {}
                [one] => {
                    self.acts.push((key, Act::Read(one.name)));
                    return false;
                }
                _ => return true,
            }
        }
        let name = self.universe.name(key, value);
        self.acts.extend(name.map(|name| (key, Act::Read(name))));
        false
    }
}

/// The registers: those of a process stand together, as the builder has them.
fn build(
    all: &[Transaction<'_>],
    universe: &Universe<'_>,
    acts: &[Vec<(&Datum, Act)>],
) -> (Transactions, Vec<usize>, usize) {
    let mut read: BTreeSet<i64> = BTreeSet::new();
    for (one, acts) in all.iter().zip(acts) {
        if one.of.fate == Fate::Committed {
            read.extend(acts.iter().filter_map(|(_, act)| match act {
                Act::Read(name) => Some(*name),
                Act::Write(_) => None,
            }));
        }
    }
    let mut order: Vec<usize> = (0..all.len()).filter(|one| !all[*one].founds()).collect();
    // A process alone, if the outcome is unknown or an abort, or if nobody is named.
    let session = |number: usize| match all[number].of.fate {
        Fate::Committed => match all[number].of.process {
            Some(process) => (0, process, 0),
            None => (2, 0, number),
        },
        _ => (1, 0, number),
    };
    order.sort_by_key(|number| (session(*number), *number));
    let (mut builder, mut places, mut left_out) = (Builder::default(), Vec::new(), 0);
    builder.timed();
    let mut last = None;
    let mut sessions = 0;
    for number in order {
        let one = &all[number];
        let is_read =
            |act: &(&Datum, Act)| matches!(act.1, Act::Write(name) if read.contains(&name));
        if one.of.fate == Fate::Unknown && !acts[number].iter().any(is_read) {
            left_out += 1;
            continue;
        }
        if last != Some(session(number)) {
            (last, sessions) = (Some(session(number)), sessions + 1);
        }
        builder.begin_at(sessions, one.of.line);
        if let Some(process) = one.of.process {
            builder.process(process);
        }
        if one.of.fate == Fate::Aborted {
            builder.abort();
        }
        let ended = if one.of.fate == Fate::Unknown { Span::NEVER } else { one.of.ended };
        builder.ran(one.of.began, ended);
        for (key, act) in &acts[number] {
            let key = key.to_string();
            match act {
                Act::Write(name) => builder.write(key, *name),
                Act::Read(INITIAL) => builder.read_initial(key),
                Act::Read(name) if one.of.fate == Fate::Committed => builder.read(key, *name),
                Act::Read(_) => &mut builder,
            };
        }
        places.push(number);
    }
    let mut registers = builder.build();
    registers.words = Some(Box::new(universe.words.clone()));
    (registers, places, left_out)
}
