//! Follows transactions in the order of their commit stamps and asks each what it had to read.
//!
//! One pass serves both levels: snapshot isolation asks for the version at the start, and
//! serializability for the last one. Time is O(log versions) for each operation.
//!
//! - I1: transactions come in groups of equal rank, the groups in ascending order.
//! - I2: a version goes only when so many transactions have committed after it was overwritten as
//!   `kept_for` says; a snapshot that old is told as late, never judged.

use super::history::{Access, Transaction, Value, Who};
use super::key::{Inner, Key, Own, Read, Version, inner};
use super::mutant::Mutant;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What has to be true of stamps, after the names of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Axiom {
    Int,
    Session,
    NoConflict,
    Ext,
}

/// Where a transaction's snapshot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    /// At its start: snapshot isolation.
    Start,
    /// At its commit: serializability.
    Commit,
}

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Initial,
    Value(Value),
    List(Vec<i64>),
}

/// A violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) axiom: Axiom,
    pub(super) at: At,
    /// The transaction that is wrong.
    pub(super) who: Arc<Who>,
    /// Who wrote what it had to read; who ran before it in its session; with whom it conflicts.
    pub(super) other: Option<Arc<Who>>,
    pub(super) key: u32,
    /// The step of the read.
    pub(super) step: usize,
    pub(super) expected: Content,
    pub(super) got: Content,
}

/// Violations of one kind: how many, and the first.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) count: usize,
    pub(super) first: Wrong,
}

/// A read that agrees with another order of equal stamps.
#[derive(Clone, Debug)]
pub(super) struct Tie {
    pub(super) who: Arc<Who>,
    pub(super) key: u32,
}

/// What was found so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) wrong: BTreeMap<(At, Axiom), Tally>,
    pub(super) ties: BTreeMap<At, Tie>,
    /// The first whose snapshot is older than what is kept.
    pub(super) late: Option<Arc<Who>>,
}

impl Found {
    fn add(&mut self, wrong: Wrong) {
        let tally = self.wrong.entry((wrong.at, wrong.axiom));
        tally.and_modify(|tally| tally.count += 1).or_insert(Tally { count: 1, first: wrong });
    }
}

/// Follows transactions; see the file's head.
#[derive(Clone, Debug)]
pub(super) struct Follow {
    keys: Vec<Key>,
    /// The last of each session.
    last: Vec<Option<Arc<Who>>>,
    /// The versions overwritten: by the transaction of which number, and of which key.
    overwritten: VecDeque<(u64, u32)>,
    kept_for: u64,
    count: u64,
    elements: usize,
    versions: usize,
    mutant: Mutant,
    pub(super) found: Found,
}

/// What a version and a key take, about.
const VERSION_BYTES: usize = 200;
const KEY_BYTES: usize = 220;

impl Follow {
    /// Keeps an overwritten version until so many transactions have committed.
    pub(super) fn new(kept_for: u64, mutant: Mutant) -> Self {
        Self {
            keys: Vec::new(),
            last: Vec::new(),
            overwritten: VecDeque::new(),
            kept_for,
            count: 0,
            elements: 0,
            versions: 0,
            mutant,
            found: Found::default(),
        }
    }

    /// The memory that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        self.versions * VERSION_BYTES + self.keys.len() * KEY_BYTES + self.elements * 8
    }

    /// The next of its session, in the order in which the session ran them.
    pub(super) fn arrived(&mut self, who: &Arc<Who>) {
        let session = who.session as usize;
        if session >= self.last.len() {
            self.last.resize(session + 1, None);
        }
        let Some(before) = self.last[session].replace(Arc::clone(who)) else { return };
        if self.mutant == Mutant::NoSession {
            return;
        }
        let mut wrong = |at| {
            self.found.add(Wrong {
                axiom: Axiom::Session,
                at,
                who: Arc::clone(who),
                other: Some(Arc::clone(&before)),
                key: 0,
                step: 0,
                expected: Content::Initial,
                got: Content::Initial,
            });
        };
        if before.commit > who.start {
            wrong(At::Start);
        }
        if before.rank() > who.rank() {
            wrong(At::Commit);
        }
    }

    /// The next group of equal rank, in the order that is tried for it.
    pub(super) fn group(&mut self, group: &[&Transaction]) {
        for one in group {
            self.count += 1;
            for (place, step) in one.steps.iter().enumerate() {
                self.step(one, place, step.key, &step.access, group);
            }
            self.install(one);
        }
        let horizon = self.count.saturating_sub(self.kept_for);
        while let Some((by, key)) = self.overwritten.front().copied()
            && by < horizon
        {
            self.overwritten.pop_front();
            let Some(key) = self.keys.get_mut(key as usize) else { continue };
            let early = self.mutant == Mutant::CollectEarly;
            for _ in 0..=usize::from(early && key.versions.len() > 1) {
                let gone = key.versions.pop_front().map(|version| version.writer.rank());
                self.versions -= usize::from(gone.is_some());
                key.gone = gone.filter(|_| !early);
            }
        }
    }

    fn step(
        &mut self,
        one: &Transaction,
        place: usize,
        number: u32,
        access: &Access,
        group: &[&Transaction],
    ) {
        let at = number as usize;
        if at >= self.keys.len() {
            self.keys.resize(at + 1, Key::default());
        }
        let key = &mut self.keys[at];
        if key.visit != self.count {
            key.visit = self.count;
            let mut appended = std::mem::take(&mut key.own.appended);
            appended.clear();
            key.own = Own { appended, ..Own::default() };
        }
        match access {
            Access::Write(_) | Access::Append(_) => {
                if !std::mem::replace(&mut key.own.is_writer, true)
                    && let Some(last) = key.versions.back()
                    && conflict(&last.writer, &one.who, self.mutant)
                {
                    let other = Some(Arc::clone(&last.writer));
                    self.found.add(Wrong {
                        axiom: Axiom::NoConflict,
                        at: At::Start,
                        who: Arc::clone(&one.who),
                        other,
                        key: number,
                        step: place,
                        expected: Content::Initial,
                        got: Content::Initial,
                    });
                }
                let own = &mut self.keys[at].own;
                match access {
                    Access::Append(value) => own.appended.push(*value),
                    Access::Write(value) => own.wrote = Some(*value),
                    Access::Read(_) | Access::ReadList(_) => {}
                }
            }
            Access::Read(value) => self.read(one, (place, number), Read::Value(*value), group),
            Access::ReadList(list) => self.read(one, (place, number), Read::List(list), group),
        }
    }

    fn read(
        &mut self,
        one: &Transaction,
        (place, number): (usize, u32),
        read: Read<'_>,
        group: &[&Transaction],
    ) {
        let key = &mut self.keys[number as usize];
        let is_first = key.own.read.is_none();
        let inner = inner(key, one, read, self.mutant);
        if is_first {
            key.own.read = Some(place);
            if matches!(inner, Inner::Snapshot(_)) {
                key.own.appended.clear();
            }
        }
        let read = match inner {
            Inner::Agrees => return,
            Inner::Wrong(expected) => {
                for at in [At::Start, At::Commit] {
                    self.found.add(Wrong {
                        axiom: Axiom::Int,
                        at,
                        who: Arc::clone(&one.who),
                        other: None,
                        key: number,
                        step: place,
                        expected: expected.clone(),
                        got: read.content(),
                    });
                }
                return;
            }
            Inner::Snapshot(read) => read,
        };
        for at in [At::Start, At::Commit] {
            let key = &self.keys[number as usize];
            let Ok(seen) = key.seen(&one.who, at, self.mutant) else {
                self.found.late.get_or_insert_with(|| Arc::clone(&one.who));
                continue;
            };
            if key.agrees(seen, read, self.mutant) {
                continue;
            }
            if key.is_open(seen, read, (one, at, number), group, self.mutant) {
                let tie = Tie { who: Arc::clone(&one.who), key: number };
                self.found.ties.entry(at).or_insert(tie);
                continue;
            }
            let version = seen.and_then(|seen| key.versions.get(seen));
            self.found.add(Wrong {
                axiom: Axiom::Ext,
                at,
                who: Arc::clone(&one.who),
                other: version.map(|version| Arc::clone(&version.writer)),
                key: number,
                step: place,
                expected: key.content(version, read),
                got: read.content(),
            });
        }
    }

    /// Makes what a transaction wrote the last versions.
    fn install(&mut self, one: &Transaction) {
        for step in &one.steps {
            let value = match step.access {
                Access::Write(value) => value,
                Access::Append(value) => {
                    self.keys[step.key as usize].list.push(value);
                    self.elements += 1;
                    None
                }
                Access::Read(_) | Access::ReadList(_) => continue,
            };
            let key = &mut self.keys[step.key as usize];
            let length = key.list.len();
            if let Some(last) = key.versions.back_mut()
                && last.writer.place == one.who.place
            {
                (last.value, last.length) = (value, length);
                continue;
            }
            if let Some(last) = key.versions.back() {
                key.is_tied |= last.writer.rank() == one.who.rank();
                self.overwritten.push_back((self.count, step.key));
            }
            key.versions.push_back(Version { writer: Arc::clone(&one.who), value, length });
            self.versions += 1;
        }
    }
}

/// Whether a transaction started before somebody who wrote the same key and commits not after it
/// had committed.
fn conflict(last: &Who, who: &Who, mutant: Mutant) -> bool {
    match mutant {
        Mutant::NoConflictAtOneStamp => last.commit > who.start && last.commit != who.commit,
        Mutant::ConflictByStart => last.start > who.start,
        _ => last.commit > who.start,
    }
}
