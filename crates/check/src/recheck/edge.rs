//! Each edge of a witness, asked of the history.
//!
//! | edge | must be so |
//! |---|---|
//! | `wr` | `to` reads `written` of `key`, which `from` and nobody else wrote |
//! | `rw` of lists | `from` reads a list of `key` with `length` and last element `read`, without the `next` that `to` appended |
//! | `ww` of lists | `shown_by` reads `written` before `next`; or `written`, and `next` is in no list read |
//! | `rw`, `ww` of registers | the same, and which of the two writers is first is told by `fact`; nothing is before every write |
//! | `ww` with `via` | `shown_by` came to see `from`, which writes `key`, and reads what `to` wrote |
//! | `process` | one process ran both, in this order |
//! | `realtime` | `from` was answered before `to` was invoked |
//! | `initial` | from nothing, which is before everything |
//!
//! Every transaction that an edge names must be one of those shown, and must have committed; one of
//! unknown outcome has, if somebody who committed read of it.

use super::Held;
use super::claim::{Edge, Fact};
use super::rule::{Rule, Sight};
use super::view::{Did, View};
use crate::dependency::Fate;
use crate::transaction::Level;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What edges are asked of.
pub(super) struct Ask<'a> {
    pub(super) view: View<'a>,
    pub(super) shown: &'a [usize],
    pub(super) level: Level,
    pub(super) rule: Rule,
    /// Facts that were confirmed or are assumed, by number.
    pub(super) facts: BTreeMap<u32, &'a Fact>,
    /// By key, value and writer, who else wrote it.
    others: RefCell<BTreeMap<(u32, i64, usize), Option<usize>>>,
}

/// What must be told of an edge of this kind.
pub(super) fn needed<T>(told: Option<T>, what: &str) -> Result<T, String> {
    told.ok_or_else(|| format!("the edge does not tell {what}"))
}

impl<'a> Ask<'a> {
    pub(super) fn new(view: View<'a>, shown: &'a [usize], level: Level) -> Self {
        let (facts, others) = (BTreeMap::new(), RefCell::default());
        Self { view, shown, level, rule: Rule::of(level), facts, others }
    }

    /// Whether an edge is true.
    pub(super) fn edge(&self, edge: &Edge) -> Held {
        match (edge.kind.as_str(), edge.from, edge.to) {
            ("initial", None, Some(to)) => self.took_effect(to),
            ("ww", Some(from), to) if !edge.via.is_empty() => self.seen(edge, from, to),
            (kind, Some(from), Some(to)) => {
                if from == to {
                    return Err(format!("it leads from T{from} to itself"));
                }
                self.took_effect(from)?;
                self.took_effect(to)?;
                match kind {
                    "wr" => self.write_read(edge, from, to),
                    "rw" => self.read_write(edge, from, to),
                    "ww" => self.write_write(edge, from, to),
                    "process" => self.process(edge, from, to),
                    "realtime" => self.realtime(edge, from, to),
                    _ => Err(format!("no edge has the kind `{kind}`")),
                }
            }
            (kind, ..) => Err(format!("an edge of kind `{kind}` needs two transactions")),
        }
    }

    /// Whether a transaction is shown and took effect.
    pub(super) fn took_effect(&self, one: usize) -> Held {
        if !self.shown.contains(&one) {
            return Err(format!("T{one} is not among the operations shown"));
        }
        match self.view.fate(one) {
            Fate::Committed => Ok(()),
            Fate::Aborted => Err(format!("T{one} did not commit")),
            Fate::Unknown => {
                let written = self.view.steps(one).into_iter().filter_map(|step| match step.did {
                    Did::Wrote(value) => Some((step.key, value)),
                    _ => None,
                });
                let is_read = written.into_iter().any(|of| self.view.shown_to(of).is_some());
                is_read.then_some(()).ok_or_else(|| {
                    format!("nobody knows whether T{one} committed, and nobody read of it")
                })
            }
        }
    }

    /// Whether nobody else wrote the value.
    fn alone(&self, one: usize, (key, value): (u32, i64)) -> Held {
        let mut others = self.others.borrow_mut();
        let other = others.entry((key, value, one));
        let other = other.or_insert_with(|| self.view.also_written(one, (key, value)));
        let (key, value) = (self.view.key(key), self.view.value(value));
        other.map_or(Ok(()), |other| Err(format!("T{other} wrote {value} to {key}, too")))
    }

    /// The write of a value by one and nobody else.
    pub(super) fn wrote(&self, one: usize, key: &str, value: &str) -> Result<(u32, i64), String> {
        let found = self.view.write(one, key, value);
        let found = found.ok_or_else(|| format!("T{one} does not write {value} to {key}"))?;
        self.alone(one, found)?;
        Ok(found)
    }

    /// Whether one reads a value of a key, alone or in a list.
    pub(super) fn reads(&self, one: usize, key: &str, value: i64) -> Held {
        let is_it = self.view.on(one, key).into_iter().any(|step| match step.did {
            Did::Read(read) => read == value,
            Did::List(list) => list.contains(&value),
            _ => false,
        });
        let told = || format!("T{one} does not read {} of {key}", self.view.value(value));
        is_it.then_some(()).ok_or_else(told)
    }

    fn reads_nothing(&self, one: usize, key: &str) -> Held {
        let is_it = self.view.on(one, key).iter().any(|step| step.did == Did::Nothing);
        is_it.then_some(()).ok_or_else(|| format!("T{one} does not read {key} as nothing"))
    }

    fn write_read(&self, edge: &Edge, from: usize, to: usize) -> Held {
        let key = needed(edge.key.as_deref(), "the key")?;
        let written = needed(edge.written.as_deref(), "what was written")?;
        let (_, value) = self.wrote(from, key, written)?;
        self.reads(to, key, value)
    }

    fn read_write(&self, edge: &Edge, from: usize, to: usize) -> Held {
        let key = needed(edge.key.as_deref(), "the key")?;
        let next = needed(edge.next.as_deref(), "what was written next")?;
        let read = needed(edge.read.value().ok(), "what was read")?;
        if let View::Registers(_) = self.view {
            return self.overwrites(edge, (from, to), key, (read, next));
        }
        let (_, next_value) = self.wrote(to, key, next)?;
        let length = needed(edge.length, "the length of the list")?;
        let is_it = self.view.on(from, key).into_iter().any(|step| match step.did {
            Did::List(list) => {
                list.len() == length
                    && list.last().map(|last| self.view.value(*last)).as_deref() == read
                    && !list.contains(&next_value)
            }
            _ => false,
        });
        let last = read.unwrap_or("nothing");
        is_it.then_some(()).ok_or_else(|| {
            format!("T{from} reads no list of {key} of {length} up to {last}, without {next}")
        })
    }

    /// That `to` overwrites what `from` read.
    fn overwrites(
        &self,
        edge: &Edge,
        (from, to): (usize, usize),
        key: &str,
        (read, next): (Option<&str>, &str),
    ) -> Held {
        self.wrote(to, key, next)?;
        let Some(read) = read else { return self.reads_nothing(from, key) };
        let fact = self.fact(edge)?;
        if fact.second != to || fact.key != key {
            return Err(format!("fact {} tells of T{} and {}", fact.number, fact.second, fact.key));
        }
        let (_, value) = self.wrote(fact.first, key, read)?;
        self.reads(from, key, value)
    }

    fn fact(&self, edge: &Edge) -> Result<&'a Fact, String> {
        let number = needed(edge.fact, "which fact tells the order of the writers")?;
        self.facts.get(&number).copied().ok_or_else(|| format!("no fact {number} was shown before"))
    }

    fn write_write(&self, edge: &Edge, from: usize, to: usize) -> Held {
        let key = needed(edge.key.as_deref(), "the key")?;
        let written = needed(edge.written.as_deref(), "what was written")?;
        let next = needed(edge.next.as_deref(), "what was written next")?;
        if let View::Registers(_) = self.view {
            self.wrote(from, key, written)?;
            self.wrote(to, key, next)?;
            let fact = self.fact(edge)?;
            let is_it = (fact.first, fact.second, fact.key.as_str()) == (from, to, key);
            let told = || format!("fact {} tells of other writers", fact.number);
            return is_it.then_some(()).ok_or_else(told);
        }
        let (_, first) = self.wrote(from, key, written)?;
        let (number, second) = self.wrote(to, key, next)?;
        let reader = needed(edge.shown_by, "who shows the order")?;
        if !self.shown.contains(&reader) {
            return Err(format!("T{reader} is not among the operations shown"));
        }
        if self.view.fate(reader) != Fate::Committed {
            return Err(format!("T{reader}, which shows it, did not commit"));
        }
        let is_nowhere = || self.view.shown_to((number, second)).is_none();
        let is_it = self.view.on(reader, key).into_iter().any(|step| match step.did {
            Did::List(list) => {
                let place = |value: i64| list.iter().position(|one| *one == value);
                match (place(first), place(second)) {
                    (Some(first), Some(second)) => first < second,
                    (Some(_), None) => is_nowhere(),
                    _ => false,
                }
            }
            _ => false,
        });
        let told = || format!("T{reader} does not show {written} before {next} in {key}");
        is_it.then_some(()).ok_or_else(told)
    }

    fn process(&self, edge: &Edge, from: usize, to: usize) -> Held {
        if edge.process.is_some_and(|process| !self.view.is_of(from, process)) {
            return Err(format!("another process ran T{from}"));
        }
        let told = || format!("T{from} and T{to} are no transactions of one process in this order");
        self.view.follows(from, to).then_some(()).ok_or_else(told)
    }

    fn realtime(&self, edge: &Edge, from: usize, to: usize) -> Held {
        self.view.stands_at(from, None, edge.answered)?;
        self.view.stands_at(to, edge.invoked, None)?;
        let told = || format!("T{from} had not ended when T{to} began");
        self.view.is_before(from, to).then_some(()).ok_or_else(told)
    }

    /// That somebody saw `from`, and all the same read what `to` wrote.
    fn seen(&self, edge: &Edge, from: usize, to: Option<usize>) -> Held {
        let key = needed(edge.key.as_deref(), "the key")?;
        let reader = needed(edge.shown_by, "who shows the order")?;
        self.wrote(from, key, needed(edge.written.as_deref(), "what was written")?)?;
        for one in edge.via.iter().chain([&from, &reader]).chain(&to) {
            self.took_effect(*one)?;
        }
        if to == Some(from) || edge.via.first() != Some(&from) || edge.via.last() != Some(&reader) {
            return Err(format!("its way does not lead from T{from} to T{reader}"));
        }
        match to {
            Some(to) => {
                let next = needed(edge.next.as_deref(), "what was read all the same")?;
                let (_, value) = self.wrote(to, key, next)?;
                self.reads(reader, key, value)?;
            }
            None => self.reads_nothing(reader, key)?,
        }
        for pair in edge.via.windows(2) {
            let (one, other) = (pair[0], pair[1]);
            if !self.view.follows(one, other) && self.sight(one, other).is_none() {
                return Err(format!("T{other} neither follows T{one} nor reads of it"));
            }
        }
        let is_direct = edge.via.len() == 2;
        let is_it = match self.rule.sight() {
            Some(Sight::Past) => true,
            Some(Sight::Whole) => is_direct,
            Some(Sight::Later) => is_direct && self.sees_older(edge, key, from, reader),
            _ => false,
        };
        is_it.then_some(()).ok_or_else(|| format!("{} does not forbid that", self.level))
    }

    /// Whether the reader saw the first one before it read the key as it is told.
    fn sees_older(&self, edge: &Edge, key: &str, from: usize, reader: usize) -> bool {
        let last = self.view.steps(reader).into_iter().rposition(|step| {
            self.view.key(step.key) == key
                && match step.did {
                    Did::Read(value) => Some(self.view.value(value)) == edge.next,
                    Did::Nothing => edge.next.is_none(),
                    _ => false,
                }
        });
        matches!((self.sight(from, reader), last), (Some(first), Some(last)) if first < last)
    }

    /// The first step at which one reads of another.
    fn sight(&self, from: usize, reader: usize) -> Option<usize> {
        let written: Vec<(u32, i64)> = self
            .view
            .steps(from)
            .into_iter()
            .filter_map(|step| match step.did {
                Did::Wrote(value) => Some((step.key, value)),
                _ => None,
            })
            .filter(|of| self.alone(from, *of).is_ok())
            .collect();
        self.view.steps(reader).into_iter().position(|step| match step.did {
            Did::Read(value) => written.contains(&(step.key, value)),
            _ => false,
        })
    }
}
