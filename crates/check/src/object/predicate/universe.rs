//! Every version of every key: a closed universe, in which what a predicate did not find says
//! something, too.

use super::super::datum::Datum;
use super::steps::{Step, Transaction, founding};
use crate::dependency::Fate;
use crate::limits::Exhausted;
use crate::meter::{Meter, entry};
use crate::transaction::Words;
use std::collections::BTreeMap;

/// A version of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version<'a> {
    /// The number of the transaction that made it; nothing for the state before all.
    pub(super) writer: Option<usize>,
    /// Its value; nothing where the key is not there.
    pub(super) value: Option<&'a Datum>,
    /// Whether its writer aborted, or replaced it before it ended.
    pub(super) is_private: bool,
    /// What it is called in the registers that the history is reduced to.
    pub(super) name: i64,
}

/// What is there before all is called so: the value that founds the key, or that it is not there.
pub(super) const INITIAL: i64 = 0;

/// What a version's value takes in words.
const NAME_BYTES: usize = size_of::<String>() + 16;

/// Versions by key.
pub(super) struct Universe<'a> {
    pub(super) keys: BTreeMap<&'a Datum, Vec<Version<'a>>>,
    /// The versions' values in words, by name; what is there before all, by key.
    pub(super) words: Words,
    /// The names of values that were read, and that nobody wrote.
    strangers: BTreeMap<(&'a Datum, Option<&'a Datum>), i64>,
    /// A key to which two transactions gave one value, if there is such.
    pub(super) again: Option<(&'a Datum, &'a Datum)>,
}

impl<'a> Universe<'a> {
    /// The versions of a history.
    pub(super) fn of(all: &[Transaction<'a>], meter: &mut Meter<'_>) -> Result<Self, Exhausted> {
        let mut universe = Self {
            keys: BTreeMap::new(),
            words: Words { values: vec![String::new()], ..Words::default() },
            strangers: BTreeMap::new(),
            again: None,
        };
        meter.pass("transactions", all.len(), 0..2);
        for one in all {
            meter.next()?;
            meter.look(one.steps.len())?;
            for step in &one.steps {
                match step {
                    Step::Write(key, _) | Step::Delete(key) | Step::Read(key, _) => {
                        universe.keys.entry(key).or_default();
                    }
                    Step::ReadWhere(_, found) => {
                        for (key, _) in *found {
                            universe.keys.entry(key).or_default();
                        }
                    }
                }
            }
        }
        meter.pass("keys", universe.keys.len(), 2..3);
        for (key, versions) in &mut universe.keys {
            meter.hold(entry::<(&Datum, Vec<Version<'_>>)>() + size_of::<Version<'_>>());
            meter.next()?;
            meter.look(founding(all).map_or(0, |one| one.steps.len()))?;
            let value = founding(all).and_then(|one| one.last(key)?.value());
            versions.push(Version { writer: None, value, is_private: false, name: INITIAL });
            let first = value.map(|value| (key.to_string().into_bytes(), value.to_string()));
            universe.words.initial.extend(first);
        }
        meter.pass("transactions", all.len(), 3..5);
        for (number, one) in all.iter().enumerate().filter(|(_, one)| !one.founds()) {
            meter.next()?;
            for step in &one.steps {
                match step {
                    Step::Write(key, value) => {
                        universe.add(key, (number, Some(value)), one.of.fate, meter)?;
                    }
                    Step::Delete(key) => universe.add(key, (number, None), one.of.fate, meter)?,
                    Step::Read(..) | Step::ReadWhere(..) => {}
                }
            }
        }
        meter.pass("transactions", all.len(), 5..8);
        for one in all {
            meter.next()?;
            for step in &one.steps {
                match step {
                    Step::Read(key, value) => universe.meet(key, *value, meter)?,
                    Step::ReadWhere(_, found) => {
                        for (key, value) in *found {
                            universe.meet(key, Some(value), meter)?;
                        }
                    }
                    Step::Write(..) | Step::Delete(_) => {}
                }
            }
        }
        Ok(universe)
    }

    /// Gives a name to what is read and was never there.
    fn meet(
        &mut self,
        key: &'a Datum,
        value: Option<&'a Datum>,
        meter: &mut Meter<'_>,
    ) -> Result<(), Exhausted> {
        let versions = self.keys.get(key).map_or(&[][..], |all| all);
        meter.look(versions.len())?;
        if !versions.iter().any(|one| one.value == value) {
            meter.hold(NAME_BYTES + entry::<((&Datum, Option<&Datum>), i64)>());
            let name = i64::try_from(self.words.values.len()).unwrap_or(i64::MAX);
            self.words.values.push(value.map_or_else(|| "not there".to_owned(), Datum::to_string));
            self.strangers.insert((key, value), name);
        }
        Ok(())
    }

    fn add(
        &mut self,
        key: &'a Datum,
        (number, value): (usize, Option<&'a Datum>),
        fate: Fate,
        meter: &mut Meter<'_>,
    ) -> Result<(), Exhausted> {
        let name = i64::try_from(self.words.values.len()).unwrap_or(i64::MAX);
        self.words.values.push(value.map_or_else(|| "deleted".to_owned(), Datum::to_string));
        let versions = self.keys.entry(key).or_default();
        meter.hold(NAME_BYTES + size_of::<Version<'_>>());
        meter.look(versions.len())?;
        for other in versions.iter_mut() {
            if other.writer == Some(number) {
                other.is_private = true;
            }
            if value.is_some() && other.value == value {
                self.again.get_or_insert((key, value.unwrap_or(key)));
            }
        }
        let is_private = fate == Fate::Aborted;
        versions.push(Version { writer: Some(number), value, is_private, name });
        Ok(())
    }

    /// The name of the version of a key that has a value, or that nobody made.
    pub(super) fn name(&self, key: &Datum, value: Option<&Datum>) -> Option<i64> {
        let found = self.keys.get(key)?.iter().find(|one| one.value == value);
        found.map(|one| one.name).or_else(|| self.strangers.get(&(key, value)).copied())
    }
}
