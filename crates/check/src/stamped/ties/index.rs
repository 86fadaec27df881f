//! What the search for an order of equal stamps asks of a history: who stands at one stamp, who
//! wrote each key when, and which reads a snapshot has to serve.

use crate::stamped::follow::At;
use crate::stamped::history::{Access, Stamp, Stamped, Transaction, Value};
use std::collections::BTreeMap;

/// What a read has to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Want {
    /// This value.
    Value(Value),
    /// A list as long as this; what is in it is asked of its writers.
    Length(usize),
}

/// A read of what its transaction had neither read nor written before.
#[derive(Clone, Debug)]
pub(super) struct Outer {
    /// The transaction's place in the history.
    pub(super) place: usize,
    pub(super) step: usize,
    pub(super) key: u32,
    pub(super) want: Want,
    /// Of a list, what was there before the transaction's own appends.
    pub(super) list: Box<[i64]>,
}

/// Those of one rank that write a key.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The number of the group.
    pub(super) group: usize,
    /// Places in the history.
    pub(super) writers: Vec<usize>,
    /// Of a list, how long it is before and after.
    pub(super) before: usize,
    pub(super) after: usize,
}

/// Where a read finds what it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// What these left last; nothing for the initial state.
    Left(Option<usize>),
    /// Among these, of its own group, or what was there before them.
    Among(usize),
}

/// A history as the search asks it.
#[derive(Debug)]
pub(super) struct Index<'a> {
    pub(super) history: &'a Stamped,
    pub(super) at: At,
    /// The group of each transaction: those of equal rank, ascending from 0.
    pub(super) group: Vec<usize>,
    /// The commit stamp of each group.
    stamps: Vec<Stamp>,
    /// The writers of each key, by group.
    pub(super) entries: Vec<Vec<Entry>>,
    pub(super) is_list: Vec<bool>,
    pub(super) reads: Vec<Outer>,
}

/// What a transaction did with a key so far.
#[derive(Default)]
struct Own {
    is_settled: bool,
    appended: usize,
}

impl<'a> Index<'a> {
    /// Of a history in this order, which is by rank.
    pub(super) fn new(history: &'a Stamped, order: &[usize], at: At) -> Self {
        let all = history.transactions();
        let keys = all.iter().flat_map(|one| &one.steps).map(|step| step.key as usize + 1);
        let keys = keys.max().unwrap_or(0);
        let mut index = Self {
            history,
            at,
            group: vec![0; all.len()],
            stamps: Vec::new(),
            entries: vec![Vec::new(); keys],
            is_list: vec![false; keys],
            reads: Vec::new(),
        };
        for step in all.iter().flat_map(|one| &one.steps) {
            let is = matches!(step.access, Access::Append(_) | Access::ReadList(_));
            index.is_list[step.key as usize] |= is;
        }
        let mut last = None;
        for place in order.iter().copied() {
            let one = &all[place];
            if last.replace(one.who.rank()) != Some(one.who.rank()) {
                index.stamps.push(one.who.commit);
            }
            index.group[place] = index.stamps.len() - 1;
            index.enter(place, one);
        }
        index
    }

    fn enter(&mut self, place: usize, one: &Transaction) {
        let group = self.group[place];
        let mut own: BTreeMap<u32, Own> = BTreeMap::new();
        for (at, step) in one.steps.iter().enumerate() {
            let own = own.entry(step.key).or_default();
            let is_list = self.is_list[step.key as usize];
            match &step.access {
                Access::Write(_) => own.is_settled = true,
                Access::Append(_) => own.appended += 1,
                _ if own.is_settled => {}
                Access::Read(value) if !is_list => {
                    own.is_settled = true;
                    let (want, list) = (Want::Value(*value), Box::default());
                    self.reads.push(Outer { place, step: at, key: step.key, want, list });
                }
                read => {
                    own.is_settled = true;
                    let list = match read {
                        Access::ReadList(list) => &list[..],
                        _ => &[],
                    };
                    // Its own appends are at the end: INT says so.
                    let list: Box<[i64]> = list[..list.len().saturating_sub(own.appended)].into();
                    let want = Want::Length(list.len());
                    self.reads.push(Outer { place, step: at, key: step.key, want, list });
                }
            }
            if !step.is_write() {
                continue;
            }
            let entries = &mut self.entries[step.key as usize];
            if entries.last().is_none_or(|last| last.group != group) {
                let before = entries.last().map_or(0, |last| last.after);
                entries.push(Entry { group, writers: Vec::new(), before, after: before });
            }
            let Some(entry) = entries.last_mut() else { continue };
            entry.after += usize::from(matches!(step.access, Access::Append(_)));
            if entry.writers.last() != Some(&place) {
                entry.writers.push(place);
            }
        }
    }

    pub(super) fn transaction(&self, place: usize) -> &'a Transaction {
        &self.history.transactions()[place]
    }

    /// Where a read looks.
    pub(super) fn seen(&self, read: &Outer) -> Seen {
        let who = &self.transaction(read.place).who;
        let entries = &self.entries[read.key as usize];
        if self.at == At::Start && !who.is_instant() {
            let count = entries.partition_point(|one| self.stamps[one.group] <= who.start);
            return Seen::Left(count.checked_sub(1));
        }
        let group = self.group[read.place];
        let before = entries.partition_point(|one| one.group < group);
        match entries.get(before) {
            Some(own) if own.group == group && own.writers.iter().any(|by| *by != read.place) => {
                Seen::Among(before)
            }
            _ => Seen::Left(before.checked_sub(1)),
        }
    }

    /// What a transaction appends to a list.
    pub(super) fn block(&self, place: usize, key: u32) -> Vec<i64> {
        let own = self.transaction(place).steps.iter().filter(|step| step.key == key);
        own.filter_map(|step| match step.access {
            Access::Append(value) => Some(value),
            _ => None,
        })
        .collect()
    }
}
