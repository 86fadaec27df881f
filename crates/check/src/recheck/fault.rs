//! A read or write that no order can mend, asked of the history.

use super::Held;
use super::claim::Fault;
use super::view::{Did, View};
use crate::dependency::Fate;
use crate::transaction::Level;

/// In words.
pub(super) fn tell(fault: &Fault) -> String {
    let Fault { key, value, reader, .. } = fault;
    let value = value.as_deref().unwrap_or("something");
    format!("what T{reader} reads of {key}: {value}")
}

/// Whether it is there, and the level forbids it.
pub(super) fn check(
    view: View<'_>,
    shown: &[usize],
    level: Level,
    title: &str,
    fault: &Fault,
) -> Held {
    let named = [Some(fault.reader), fault.writer, fault.against];
    if let Some(one) = named.into_iter().flatten().find(|one| !shown.contains(one)) {
        return Err(format!("T{one} is not among the operations shown"));
    }
    let asked = Asked { view, fault };
    let name = title.split([',', ':']).next().unwrap_or_default();
    let any_level = matches!(name, "thin air" | "duplicate elements" | "reordered appends");
    if !any_level && Level::StrongReadUncommitted.implies(level) {
        return Err(format!("{level} does not forbid `{title}`"));
    }
    asked.committed(fault.reader, name)?;
    match name {
        "thin air" => asked.thin_air(),
        "duplicate elements" => asked.twice(),
        "reordered appends" => asked.reordered(),
        "G1a" => asked.aborted(),
        "G1b" => asked.intermediate(),
        "incompatible order" => asked.incompatible(),
        "internal" if title.starts_with("internal, future read") => asked.future(),
        "internal" => asked.internal(),
        _ => Err(format!("no such fault is known: `{title}`")),
    }
}

struct Asked<'a> {
    view: View<'a>,
    fault: &'a Fault,
}

fn held(is_it: bool, or: impl FnOnce() -> String) -> Held {
    is_it.then_some(()).ok_or_else(or)
}

impl Asked<'_> {
    /// Whether a reader's reads count.
    fn committed(&self, one: usize, name: &str) -> Held {
        // What is read twice in a list, or from nowhere, is wrong whatever became of the reader.
        let is_it = self.view.fate(one) == Fate::Committed || name == "duplicate elements";
        held(is_it, || format!("T{one} did not commit"))
    }

    fn value(&self) -> Result<&str, String> {
        let Fault { value, .. } = self.fault;
        value.as_deref().ok_or_else(|| "the fault tells no value".to_owned())
    }

    fn other(&self) -> Result<&str, String> {
        let Fault { other, .. } = self.fault;
        other.as_deref().ok_or_else(|| "the fault tells no other value".to_owned())
    }

    fn writer(&self) -> Result<usize, String> {
        self.fault.writer.ok_or_else(|| "the fault tells no writer".to_owned())
    }

    /// Whether somebody wrote a value to the key.
    fn wrote(&self, one: usize, value: &str) -> Held {
        let found = self.view.write(one, &self.fault.key, value);
        held(found.is_some(), || format!("T{one} does not write {value} to {}", self.fault.key))
    }

    /// The place of a read of the value by its reader among its steps, and of the value in it.
    fn read(&self, value: &str) -> Result<usize, String> {
        let is_it = |value_read: i64| self.view.value(value_read) == value;
        let steps = self.view.steps(self.fault.reader);
        let found = steps.iter().position(|step| {
            self.view.key(step.key) == self.fault.key
                && match step.did {
                    Did::Read(read) => is_it(read),
                    Did::List(list) => list.iter().any(|one| is_it(*one)),
                    _ => false,
                }
        });
        found.ok_or_else(|| format!("T{} does not read {value}", self.fault.reader))
    }

    /// The lists of the key that somebody read.
    fn lists(&self, one: usize) -> Vec<Vec<String>> {
        let steps = self.view.on(one, &self.fault.key).into_iter();
        let list = |step: super::view::Step<'_>| match step.did {
            Did::List(list) => Some(list.iter().map(|value| self.view.value(*value)).collect()),
            _ => None,
        };
        steps.filter_map(list).collect()
    }

    fn thin_air(&self) -> Held {
        let value = self.value()?;
        self.read(value)?;
        let writer = (0..self.view.len())
            .find(|one| self.view.write(*one, &self.fault.key, value).is_some());
        held(writer.is_none(), || format!("T{} wrote it", writer.unwrap_or_default()))
    }

    fn twice(&self) -> Held {
        let value = self.value()?;
        let is_twice = |list: &Vec<String>| list.iter().filter(|one| *one == value).count() > 1;
        held(self.lists(self.fault.reader).iter().any(is_twice), || {
            format!("T{} does not read {value} twice in a list", self.fault.reader)
        })
    }

    fn reordered(&self) -> Held {
        let (earlier, later, writer) = (self.other()?, self.value()?, self.writer()?);
        let wrote: Vec<String> = self
            .view
            .on(writer, &self.fault.key)
            .into_iter()
            .filter_map(|step| match step.did {
                Did::Wrote(value) => Some(self.view.value(value)),
                _ => None,
            })
            .collect();
        let place = |all: &[String], value: &str| all.iter().position(|one| one == value);
        let (first, second) = (place(&wrote, earlier), place(&wrote, later));
        held(matches!((first, second), (Some(one), Some(two)) if one < two), || {
            format!("T{writer} does not append {earlier} and then {later}")
        })?;
        let is_reversed = |list: &Vec<String>| match (place(list, earlier), place(list, later)) {
            (None, Some(_)) => true,
            (Some(one), Some(two)) => two < one,
            _ => false,
        };
        held(self.lists(self.fault.reader).iter().any(is_reversed), || {
            format!("T{} does not read {later} before {earlier}", self.fault.reader)
        })
    }

    fn aborted(&self) -> Held {
        let (value, writer) = (self.value()?, self.writer()?);
        self.wrote(writer, value)?;
        self.read(value)?;
        held(self.view.fate(writer) == Fate::Aborted, || format!("T{writer} did not abort"))
    }

    fn intermediate(&self) -> Held {
        let (value, writer) = (self.value()?, self.writer()?);
        self.wrote(writer, value)?;
        let last = self.view.last_write(writer, &self.fault.key);
        let last = last.map(|last| self.view.value(last)).unwrap_or_default();
        let is_told = self.other()? == last && last != value && writer != self.fault.reader;
        held(is_told, || {
            format!("T{writer} does not write {} last after {value}", self.fault.key)
        })?;
        let ends = |list: &Vec<String>| list.last().is_some_and(|last| last == value);
        match self.view {
            View::Registers(_) => self.read(value).map(|_| ()),
            View::Appends(_) => held(self.lists(self.fault.reader).iter().any(ends), || {
                format!("T{} reads no list up to {value}", self.fault.reader)
            }),
        }
    }

    fn incompatible(&self) -> Held {
        let against = self.fault.against.ok_or("the fault tells nobody else who read")?;
        let (mine, theirs) = (self.lists(self.fault.reader), self.lists(against));
        let part = |one: &Vec<String>, other: &Vec<String>| {
            one.iter().zip(other).any(|(one, other)| one != other)
        };
        held(mine.iter().any(|one| theirs.iter().any(|other| part(one, other))), || {
            format!("no list that T{} read parts from one of T{against}", self.fault.reader)
        })
    }

    /// A read of what its own transaction writes later.
    fn future(&self) -> Held {
        let value = self.value()?;
        let read = self.read(value)?;
        let written = self.own(value);
        held(written.is_some_and(|written| written > read), || {
            format!("T{} does not write {value} after it read it", self.fault.reader)
        })
    }

    /// The first place at which the reader itself writes a value to the key.
    fn own(&self, value: &str) -> Option<usize> {
        let steps = self.view.steps(self.fault.reader);
        steps.iter().position(|step| {
            self.view.key(step.key) == self.fault.key
                && matches!(step.did, Did::Wrote(own) if self.view.value(own) == value)
        })
    }

    /// A read that does not see its own transaction's last write; of a list, not one of its
    /// appends.
    fn internal(&self) -> Held {
        let told = self.fault.value.as_deref();
        let is_told = |value: i64| told.is_some_and(|told| self.view.value(value) == told);
        let (mut appended, mut last) = (Vec::new(), None);
        let mut is_wrong = false;
        for step in self.view.on(self.fault.reader, &self.fault.key) {
            match step.did {
                Did::Wrote(value) => {
                    appended.push(value);
                    last = Some(value);
                }
                Did::Read(read) => {
                    is_wrong |= is_told(read) && last.is_some_and(|last| last != read);
                }
                Did::Nothing => is_wrong |= told.is_none() && last.is_some(),
                Did::List(seen) => {
                    is_wrong |= appended.iter().any(|own| is_told(*own) && !seen.contains(own));
                }
                Did::Unknown => {}
            }
        }
        let Fault { key, reader, .. } = self.fault;
        held(is_wrong, || format!("T{reader} sees what it wrote to {key}, as far as that is told"))
    }
}
