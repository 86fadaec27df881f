//! What the verifier asks of a history of appends: it looks at the lists read and at nothing that
//! the judge inferred.

use super::history::{Act, Appends, Operation};
use super::{ancestry, replay, unseen, ways};
use crate::dependency::{
    Because, Edge, Edges, Fate, Frames, Inferred, Kind, Misses, Subject, View, Writer,
};
use crate::limits::{Budget, Exhausted};
use crate::report::{Basis, Version};
use std::collections::BTreeSet;

/// How many operations of a transaction are shown at most; of a longer one, those on the keys
/// needed.
const SHOWN: usize = 8;

impl Appends {
    fn of(&self, transaction: u32) -> &[Operation] {
        self.frames.all().get(transaction as usize).map_or(&[], |frame| self.operations(frame))
    }

    /// What a transaction appended: key and value.
    fn appends(&self, transaction: u32) -> impl Iterator<Item = (u32, i64)> + '_ {
        self.of(transaction).iter().filter_map(|one| match one.act {
            Act::Append(value) => Some((one.key, value)),
            _ => None,
        })
    }

    /// Whoever committed and read a list of a key of which this is true.
    fn reader_of(&self, key: u32, is: impl Fn(&[i64]) -> bool) -> Option<(u32, &[i64])> {
        let committed = (0..).zip(self.frames.all()).filter(|(_, one)| one.fate == Fate::Committed);
        let mut lists = committed.flat_map(|(number, frame)| {
            let operations = self.operations(frame).iter().filter(move |one| one.key == key);
            operations.filter_map(move |one| Some((number, self.list(one)?)))
        });
        lists.find(|(_, list)| is(list))
    }

    /// One appended after the other: a list shows it, or a list shows only the first.
    fn write_write(&self, from: u32, to: u32) -> Option<Because> {
        self.appends(to).find_map(|(key, value)| self.written_after(from, key, value))
    }

    /// A value of a key came after one that somebody appended.
    fn written_after(&self, from: u32, key: u32, value: i64) -> Option<Because> {
        for (_, earlier) in self.appends(from).filter(|(other, _)| *other == key) {
            let place = |list: &[i64], value| list.iter().position(|one| *one == value);
            let name = self.keys.name(key);
            let (one, two) = (self.value(earlier), self.value(value));
            let basis = Basis {
                key: Some(name.clone()),
                written: Some(one.clone()),
                next: Some(two.clone()),
                ..Basis::default()
            };
            let shows = |list: &[i64]| match (place(list, earlier), place(list, value)) {
                (Some(before), Some(after)) => before < after,
                _ => false,
            };
            if let Some((reader, list)) = self.reader_of(key, shows) {
                let list = self.told_list(list);
                let told = format!("in {name}, {two} comes after {one}: T{reader} reads {list}");
                let basis = Basis { shown_by: Some(reader as usize), ..basis };
                return Some(Because { key: Some(key), told, witness: Some(reader), basis });
            }
            let alone = self.reader_of(key, |list| place(list, earlier).is_some());
            if let (Some((reader, _)), true) = (alone, self.is_unread(key, value)) {
                let told = format!(
                    "in {name}, T{reader} reads {one}, and {two} is in no list read: it came later"
                );
                let basis = Basis { shown_by: Some(reader as usize), ..basis };
                return Some(Because { key: Some(key), told, witness: Some(reader), basis });
            }
        }
        None
    }

    fn is_unread(&self, key: u32, value: i64) -> bool {
        self.reader_of(key, |list| list.contains(&value)).is_none()
    }

    fn write_read(&self, from: u32, to: u32) -> Option<Because> {
        self.of(to).iter().find_map(|operation| self.shows(operation, from, to))
    }

    /// What an operation of a transaction reads of another one.
    fn shows(&self, operation: &Operation, from: u32, to: u32) -> Option<Because> {
        let list = self.list(operation)?;
        let mut appended = self.appends(from).filter(|(key, _)| *key == operation.key);
        let (key, value) = appended.find(|(_, value)| list.contains(value))?;
        let (name, value) = (self.keys.name(key), self.value(value));
        let told = format!("T{to} reads {value} in {name}, which T{from} appended");
        let basis = Basis { key: Some(name), written: Some(value), ..Basis::default() };
        Some(Because { key: Some(key), told, witness: None, basis })
    }

    fn read_write(&self, from: u32, to: u32) -> Option<Because> {
        self.of(from).iter().find_map(|operation| self.lacks(operation, from, to))
    }

    /// What an operation of a transaction does not read of another one.
    fn lacks(&self, operation: &Operation, from: u32, to: u32) -> Option<Because> {
        let list = self.list(operation)?;
        let mut appended = self.appends(to).filter(|(key, _)| *key == operation.key);
        let (key, value) = appended.find(|(_, value)| !list.contains(value))?;
        let (name, value) = (self.keys.name(key), self.value(value));
        let newest = list.last().map(|value| self.value(*value));
        let told = format!(
            "T{from} reads {} in {name}, without the {value} that T{to} appended",
            self.told_list(list)
        );
        let basis = Basis {
            key: Some(name),
            read: Some(newest.map_or(Version::Nothing, Version::Of)),
            length: Some(list.len()),
            next: Some(value),
            ..Basis::default()
        };
        Some(Because { key: Some(key), told, witness: None, basis })
    }
}

impl Subject for Appends {
    fn frames(&self) -> &Frames {
        &self.frames
    }

    fn is_timed(&self) -> bool {
        !self.untimed
    }

    fn because(&self, edge: &Edge) -> Option<Because> {
        match edge.kind {
            Kind::WriteWrite => self.write_write(edge.from, edge.to),
            Kind::WriteRead => self.write_read(edge.from, edge.to),
            Kind::ReadWrite => self.read_write(edge.from, edge.to),
            Kind::Process | Kind::RealTime => None,
        }
    }

    fn write_same(&self, one: u32, other: u32) -> Option<u32> {
        let keys: BTreeSet<u32> = self.appends(one).map(|(key, _)| key).collect();
        self.appends(other).map(|(key, _)| key).find(|key| keys.contains(key))
    }

    fn told(&self, transaction: u32, keys: &BTreeSet<u32>) -> String {
        let operations = self.of(transaction);
        let is_shown = |one: &&Operation| operations.len() <= SHOWN || keys.contains(&one.key);
        let mut told: Vec<String> =
            operations.iter().filter(is_shown).map(|one| Self::told(self, one)).collect();
        if told.len() < operations.len() {
            told.push(format!("{} more", operations.len() - told.len()));
        }
        told.join("; ")
    }

    fn effect(&self, transaction: u32, keys: &BTreeSet<u32>) -> Option<String> {
        let told = |(key, value): (u32, i64)| {
            let (reader, _) = self.reader_of(key, |list| list.contains(&value))?;
            let (name, value) = (self.keys.name(key), self.value(value));
            Some(format!("T{reader} reads {value} in {name}, which it appended"))
        };
        let needed = self.appends(transaction).filter(|(key, _)| keys.contains(key));
        needed.chain(self.appends(transaction)).find_map(told)
    }

    fn explains(&self, order: &mut dyn Iterator<Item = (u32, bool)>, overlaps: bool) -> bool {
        replay::explains(self, order, overlaps)
    }

    fn flows(&self, order: &[u32], reads: bool) -> bool {
        replay::flows(self, order, reads)
    }

    fn misses_nothing(
        &self,
        order: &[u32],
        view: View,
        budget: &mut Budget,
    ) -> Result<bool, Exhausted> {
        ancestry::misses_nothing(self, order, view, budget)
    }

    fn earlier(&self, into: &Edge, out: &Edge) -> Option<[Because; 2]> {
        let operations = self.of(out.from);
        let shows = |operation: &Operation| match (into.kind, operation.act) {
            (Kind::WriteWrite, Act::Append(value)) => {
                self.written_after(into.from, operation.key, value)
            }
            (Kind::WriteRead, _) => self.shows(operation, into.from, into.to),
            _ => None,
        };
        let lacks = |operation: &Operation| self.lacks(operation, out.from, out.to);
        let mut all = operations.iter();
        let first = all.find_map(shows)?;
        Some([first, all.find_map(lacks)?])
    }

    fn ways(
        &self,
        inferred: &Inferred,
        misses: Misses,
        budget: &mut Budget,
    ) -> Result<(Edges, Vec<Vec<Writer>>), Exhausted> {
        match misses {
            Misses::BeforeEvents => ways::by_operation(self, inferred, budget),
            _ => Ok((ways::happened(self, inferred, budget)?, Vec::new())),
        }
    }

    fn unseen(
        &self,
        inferred: &Inferred,
        misses: Misses,
        budget: &mut Budget,
    ) -> Result<Option<[Edge; 2]>, Exhausted> {
        unseen::find(self, inferred, misses, budget)
    }

    fn forced(
        &self,
        edges: &mut Edges,
        misses: Misses,
        budget: &mut Budget,
    ) -> Result<(), Exhausted> {
        ways::forced(self, edges, misses, budget)
    }

    fn updates(&self, edge: &Edge) -> Option<Because> {
        let appended: BTreeSet<u32> = self.appends(edge.from).map(|(key, _)| key).collect();
        let own = self.of(edge.from).iter().filter(|one| appended.contains(&one.key));
        let mut found = own.filter_map(|operation| self.lacks(operation, edge.from, edge.to));
        let mut because = found.next()?;
        because.told.push_str(", and appends there itself");
        Some(because)
    }
}
