//! The same history as others see it: without its stamps, or each of its keys alone.

use super::history::{Access, Stamp, Stamped, Transaction};
use super::story;
use crate::append;
use crate::input::Input;
use crate::transaction;
use avouch_promise::{Blame, Error};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Stamped {
    /// The smallest start stamp.
    pub(crate) fn first_start(&self) -> Stamp {
        self.first
    }

    /// A transaction's steps in words.
    pub(crate) fn told(&self, one: &Transaction) -> String {
        story::steps(self, one, None)
    }

    /// Whether a transaction touches two keys.
    pub(crate) fn spans_keys(&self) -> bool {
        let differ = |one: &Transaction| one.steps.windows(2).any(|two| two[0].key != two[1].key);
        self.all.iter().any(differ)
    }

    /// Each key alone, with its name.
    pub(crate) fn objects(&self) -> Vec<(String, Input)> {
        let keys: BTreeSet<u32> =
            self.all.iter().flat_map(|one| one.steps.iter().map(|step| step.key)).collect();
        let of = |key: u32| {
            let mut history = Self { all: Vec::new(), notes: Vec::new(), ..self.clone() };
            for one in &self.all {
                let steps: Vec<_> =
                    one.steps.iter().filter(|step| step.key == key).cloned().collect();
                if !steps.is_empty() {
                    let mut who = (*one.who).clone();
                    who.place = history.all.len() as u64;
                    history.all.push(Transaction { who: Arc::new(who), steps });
                }
            }
            (format!("key {}", self.key(key)), Input::Stamped(Box::new(history)))
        };
        keys.into_iter().map(of).collect()
    }

    /// The same transactions without their stamps.
    pub(crate) fn without_stamps(&self) -> Result<Input, Error> {
        let steps = || self.all.iter().flat_map(|one| one.steps.iter());
        let has = |is: fn(&Access) -> bool| steps().any(|step| is(&step.access));
        let lists = has(|access| matches!(access, Access::Append(_) | Access::ReadList(_)));
        let registers = has(|access| matches!(access, Access::Write(_) | Access::Read(Some(_))));
        let refused = |expected: &str, got: &str| {
            Err(Error::new(Blame::Caller, expected, got).hint("judge it by its stamps"))
        };
        if lists && registers {
            return refused("lists alone or values alone, to judge without stamps", "both");
        }
        if has(|access| matches!(access, Access::Write(None))) {
            return refused("values written, to judge without stamps", "a write of nothing");
        }
        Ok(if lists {
            Input::Appends(Box::new(self.appends()))
        } else {
            Input::Transactions(self.registers()?)
        })
    }

    fn registers(&self) -> Result<transaction::Transactions, Error> {
        let mut builder = transaction::Builder::default();
        for one in &self.all {
            builder.begin_at(u64::from(one.who.session), one.who.line as usize);
            for step in &one.steps {
                if builder.is_full() {
                    return Err(Error::new(
                        Blame::Caller,
                        "a history of at most 2^29 steps",
                        "more",
                    ));
                }
                let key = self.key(step.key);
                match step.access {
                    Access::Write(Some(value)) => builder.write(key, value),
                    Access::Read(Some(value)) => builder.read(key, value),
                    _ => builder.read_initial(key),
                };
            }
        }
        let mut history = builder.build();
        history.format = "transactions, whatever their stamps";
        crate::history::plume::take_zero_as_initial(&mut history);
        Ok(history)
    }

    fn appends(&self) -> append::Appends {
        let mut builder = append::Builder::default();
        for one in &self.all {
            let process = i64::from(one.who.session);
            let add = |builder: &mut append::Builder| {
                for step in &one.steps {
                    let key = self.key(step.key);
                    match &step.access {
                        Access::Append(value) => builder.append(&key, *value),
                        Access::ReadList(list) => builder.read(&key, list),
                        Access::Read(_) | Access::Write(_) => builder.read(&key, &[]),
                    };
                }
            };
            add(&mut builder);
            builder.invoke(process);
            add(&mut builder);
            builder.ok(process);
        }
        let mut history = builder.build();
        history.format = "appends, whatever their stamps";
        history.untimed = true;
        history
    }
}
