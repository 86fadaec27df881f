//! The edges by which a transaction comes to see others, and those to what it misses.
//!
//! ```text
//!   list of a key read, by     T1    T2    T3    T4       and T5, T6: read by nobody
//!
//!   seen by a read of [1 2]    T1 -> I1 -> I2 -> reader   I: joints, one a value
//!                              T2 --------^
//!   missed by it               reader -> M3 -> M4 -> each of T5, T6
//!                                        |     |          M: joints, one a value
//!                                        T3    T4
//! ```
//!
//! So there are as many edges as there are values read and reads.

use super::history::{Act, Appends};
use super::mutant::Mutant;
use super::versions::Versions;
use crate::dependency::{
    Edge, Edges, Fate, Frame, Inferred, Kind, Misses, Tree, ViewsMutant, Writer,
};
use crate::limits::{Budget, Exhausted};
use std::collections::BTreeMap;
use std::ops::Range;

/// Where one transaction's own appends stand in the lists: key and place, sorted; the largest place
/// is that of what nobody read.
#[derive(Default)]
struct Own(Vec<(u32, u32)>);

impl Own {
    /// Those of the next transaction.
    fn look(&mut self, history: &Appends, versions: &Versions, number: u32, frame: &Frame) {
        self.0.clear();
        for operation in history.operations(frame) {
            if let Act::Append(value) = operation.act {
                let place = versions.place(number, operation.key, value);
                self.0.push((operation.key, place.unwrap_or(u32::MAX)));
            }
        }
        self.0.sort_unstable();
    }

    /// The first of them in a part of a key's list.
    fn first(&self, key: u32, part: Range<u32>) -> Option<u32> {
        let from = self.0.partition_point(|one| *one < (key, part.start));
        let (of, place) = *self.0.get(from)?;
        (of == key && place < part.end).then_some(place)
    }
}

/// Of each key, how far one transaction looked back for somebody else's write, and who that was.
#[derive(Default)]
struct Others(BTreeMap<u32, (usize, Option<u32>)>);

impl Others {
    /// The last of `before` for which `is` holds; what was looked at is not looked at again.
    fn last(
        &mut self,
        key: u32,
        before: &[u32],
        is: impl Fn(u32) -> bool,
        budget: &mut Budget,
    ) -> Result<Option<u32>, Exhausted> {
        let known = self.0.get(&key).copied().filter(|(length, _)| *length <= before.len());
        let (length, last) = known.unwrap_or_default();
        let new = before.iter().skip(length).rev();
        let found = new.clone().position(|one| is(*one));
        budget.steps(found.unwrap_or(before.len() - length) as u64, 0)?;
        let last = new.copied().find(|one| is(*one)).or(last);
        self.0.insert(key, (before.len(), last));
        Ok(last)
    }
}

/// Of each key, its joints: the first of those by which writers are seen, and are missed.
fn joints(
    history: &Appends,
    versions: &Versions,
    is_in: &impl Fn(u32) -> bool,
    edges: &mut Edges,
) -> Vec<(u32, u32)> {
    let mut joints = Vec::with_capacity(history.longest.len());
    for key in 0..history.longest.len() as u32 {
        let writers = versions.writers(key);
        let first = edges.nodes;
        for (place, writer) in (0..).zip(writers) {
            let joint = edges.joint();
            if place > 0 {
                edges.add(joint - 1, joint, Kind::WriteRead);
            }
            if is_in(*writer) {
                edges.add(*writer, joint, Kind::WriteRead);
            }
        }
        let missed = edges.nodes;
        for (place, writer) in (0..).zip(writers) {
            let joint = edges.joint();
            if place > 0 {
                edges.add(joint - 1, joint, Kind::ReadWrite);
            }
            if is_in(*writer) {
                edges.add(joint, *writer, Kind::ReadWrite);
            }
        }
        joints.push((first, missed));
    }
    joints
}

/// What happens before what: sessions, and who is seen in a list; and what each read misses.
pub(super) fn happened(
    history: &Appends,
    inferred: &Inferred,
    budget: &mut Budget,
) -> Result<Edges, Exhausted> {
    let versions = Versions::find(history, Mutant::None);
    let frames = history.frames.all();
    let mut edges = Edges::new(frames.len());
    if inferred.views != ViewsMutant::ForgetSession {
        edges.process(&history.frames, &inferred.committed);
    }
    let is_in = |one: u32| inferred.committed.get(one as usize).is_some_and(|is| *is);
    let joints = joints(history, &versions, &is_in, &mut edges);
    let mut readers: Vec<(u32, u32)> = Vec::new();
    let mut mine = Own::default();
    for (number, frame) in (0..).zip(frames).filter(|(_, one)| one.fate == Fate::Committed) {
        mine.look(history, &versions, number, frame);
        for operation in history.operations(frame) {
            let Act::Read(length) = operation.act else { continue };
            let (seen, missed) = joints[operation.key as usize];
            let writers = versions.writers(operation.key);
            let (before, after) = writers.split_at(length as usize);
            if inferred.views == ViewsMutant::LastOnly {
                let last = before.iter().rfind(|one| **one != number && is_in(**one));
                if let Some(last) = last {
                    edges.add(*last, number, Kind::WriteRead);
                }
            } else {
                // Up to its own first append by a joint, and one by one what is between its own.
                let own = mine.first(operation.key, 0..length).unwrap_or(length);
                if own > 0 {
                    edges.add(seen + own - 1, number, Kind::WriteRead);
                }
                for writer in before[own as usize..].iter().filter(|one| is_in(**one)) {
                    edges.add(*writer, number, Kind::WriteRead);
                }
            }
            // What comes after its own append comes after itself.
            match mine.first(operation.key, length..u32::MAX) {
                None if after.is_empty() => {}
                None => edges.add(number, missed + length, Kind::ReadWrite),
                Some(own) => {
                    for writer in after[..(own - length) as usize].iter().filter(|one| is_in(**one))
                    {
                        edges.add(number, *writer, Kind::ReadWrite);
                    }
                }
            }
            readers.push((operation.key, number));
            budget.step(edges.all.len() * size_of::<Edge>())?;
        }
    }
    unread(&mut edges, &versions, readers);
    Ok(edges)
}

/// Each reader of a key misses what nobody read of it.
pub(super) fn unread(edges: &mut Edges, versions: &Versions, mut readers: Vec<(u32, u32)>) {
    readers.sort_unstable();
    readers.dedup();
    let mut readers = readers.chunk_by(|one, next| one.0 == next.0).peekable();
    for (key, range) in versions.unread_by_key() {
        while readers.next_if(|chunk| chunk[0].0 < key).is_some() {}
        if let Some(chunk) = readers.next_if(|chunk| chunk[0].0 == key) {
            let from: Vec<u32> = chunk.iter().map(|(_, one)| *one).collect();
            let to: Vec<u32> = versions.unread[range].iter().map(|(_, one)| *one).collect();
            edges.fan(&from, &to, Kind::ReadWrite);
        }
    }
}

/// Where each transaction's operations have nodes: the first of them.
struct Operations(Vec<Option<u32>>);

impl Operations {
    /// Nodes for the operations of each that reads, one after the other and then itself.
    fn new(history: &Appends, inferred: &Inferred, edges: &mut Edges) -> Self {
        let frames = history.frames.all();
        let mut firsts: Vec<Option<u32>> = vec![None; frames.len()];
        for (number, frame) in (0..).zip(frames).filter(|(_, one)| one.fate == Fate::Committed) {
            let operations = history.operations(frame);
            let reads = operations.iter().any(|one| matches!(one.act, Act::Read(_)));
            if reads && operations.len() > 1 && inferred.views != ViewsMutant::SeeAhead {
                firsts[number as usize] = Some(edges.nodes);
                for _ in operations {
                    edges.operation(number);
                }
            }
        }
        for ((first, frame), number) in firsts.iter().zip(frames).zip(0..) {
            let Some(first) = first else { continue };
            let last = first + frame.count - 1;
            for node in *first..last {
                edges.add(node, node + 1, Kind::WriteRead);
            }
            edges.add(last, number, Kind::WriteRead);
        }
        Self(firsts)
    }

    fn node(&self, number: u32, at: usize) -> u32 {
        self.0[number as usize].map_or(number, |first| first + at as u32)
    }
}

/// What each operation depends on, and what each read misses; and the writers of what nobody read.
pub(super) fn by_operation(
    history: &Appends,
    inferred: &Inferred,
    budget: &mut Budget,
) -> Result<(Edges, Vec<Vec<Writer>>), Exhausted> {
    let versions = Versions::find(history, Mutant::None);
    let frames = history.frames.all();
    let mut edges = Edges::new(frames.len());
    let nodes = Operations::new(history, inferred, &mut edges);
    let is_in = |one: u32| inferred.committed.get(one as usize).is_some_and(|is| *is);
    let mut readers: Vec<(u32, u32)> = Vec::new();
    for (number, frame) in (0..).zip(frames).filter(|(number, _)| is_in(*number)) {
        let other = |one: u32| one != number && is_in(one);
        let mut others = Others::default();
        for (at, operation) in history.operations(frame).iter().enumerate() {
            budget.step(edges.all.len() * size_of::<Edge>())?;
            let (key, node) = (operation.key, nodes.node(number, at));
            let writers = versions.writers(key);
            match operation.act {
                Act::Append(value) => {
                    let place = versions.place(number, key, value).unwrap_or(u32::MAX) as usize;
                    let before = &writers[..place.min(writers.len())];
                    if let Some(before) = others.last(key, before, other, budget)? {
                        edges.add(before, node, Kind::WriteWrite);
                    }
                }
                Act::Read(length) if frame.fate == Fate::Committed => {
                    let (before, after) = writers.split_at(length as usize);
                    if let Some(writer) = others.last(key, before, other, budget)? {
                        edges.add(writer, node, Kind::WriteRead);
                    }
                    match after.iter().find(|one| is_in(**one)) {
                        Some(next) if *next == number => {}
                        Some(next) => edges.add(node, *next, Kind::ReadWrite),
                        None => readers.push((key, node)),
                    }
                }
                _ => {}
            }
        }
    }
    unread(&mut edges, &versions, readers);
    let unordered = unordered(history, &versions, &nodes, budget)?;
    Ok((edges, unordered))
}

/// Of each key the writers of what nobody read, where there are several: each with the operation
/// that first appends to the key.
fn unordered(
    history: &Appends,
    versions: &Versions,
    nodes: &Operations,
    budget: &mut Budget,
) -> Result<Vec<Vec<Writer>>, Exhausted> {
    let several = || versions.unread_by_key().filter(|(_, range)| range.len() > 1);
    let mut whose: Vec<u32> =
        several().flat_map(|(_, range)| &versions.unread[range]).map(|(_, one)| *one).collect();
    whose.sort_unstable();
    whose.dedup();
    // Key, transaction, and the place of its first append to the key.
    let mut firsts: Vec<(u32, u32, usize)> = Vec::new();
    for one in whose {
        let Some(frame) = history.frames.all().get(one as usize) else { continue };
        let operations = history.operations(frame);
        budget.steps(operations.len() as u64, firsts.len() * size_of::<(u32, u32, usize)>())?;
        let appends = operations.iter().enumerate();
        let appends = appends.filter(|(_, operation)| matches!(operation.act, Act::Append(_)));
        firsts.extend(appends.map(|(at, operation)| (operation.key, one, at)));
    }
    firsts.sort_unstable();
    let of_key = |(key, one): &(u32, u32)| {
        let found = firsts.partition_point(|(of, who, _)| (*of, *who) < (*key, *one));
        let at = firsts.get(found).map_or(0, |(.., at)| *at);
        Writer { transaction: *one, node: nodes.node(*one, at) }
    };
    Ok(several().map(|(_, range)| versions.unread[range].iter().map(of_key).collect()).collect())
}

/// Of those that wrote one key, read by nobody: one that misses another's write, of that key or, if
/// these count, of another, is before it.
pub(super) fn forced(
    history: &Appends,
    edges: &mut Edges,
    misses: Misses,
    budget: &mut Budget,
) -> Result<(), Exhausted> {
    let versions = Versions::find(history, Mutant::None);
    let frames = history.frames.all();
    let others_count = misses == Misses::SeenOrOverwritten;
    for (key, range) in versions.unread_by_key().filter(|(_, range)| range.len() > 1) {
        let among: Vec<u32> = versions.unread[range].iter().map(|(_, one)| *one).collect();
        // What these appended elsewhere: key, place, who.
        let mut appended: Vec<(u32, u32, u32)> = Vec::new();
        for one in among.iter().filter(|_| others_count) {
            for operation in history.operations(&frames[*one as usize]) {
                if let Act::Append(value) = operation.act
                    && operation.key != key
                {
                    let place = versions.place(*one, operation.key, value).unwrap_or(u32::MAX);
                    appended.push((operation.key, place, *one));
                }
            }
        }
        appended.sort_unstable();
        let runs = Runs::new(&appended, edges);
        let mut mine = Own::default();
        let mut readers: Vec<u32> = Vec::new();
        for one in &among {
            let frame = &frames[*one as usize];
            mine.look(history, &versions, *one, frame);
            for operation in history.operations(frame) {
                let Act::Read(length) = operation.act else { continue };
                if operation.key == key {
                    readers.push(*one);
                } else if others_count {
                    runs.missed(edges, *one, &mine, (operation.key, length));
                }
                budget.step(edges.all.len() * size_of::<Edge>())?;
            }
        }
        readers.dedup();
        edges.fan(&readers, &among, Kind::ReadWrite);
    }
    Ok(())
}

/// What some transactions appended to each key, in the order of its list; a tree of joints over
/// each, so that what a read misses is reached by few edges.
struct Runs<'a> {
    /// Key, place, who.
    appended: &'a [(u32, u32, u32)],
    /// Where each key's run begins, and its tree.
    trees: Vec<(usize, Tree)>,
}

impl<'a> Runs<'a> {
    fn new(appended: &'a [(u32, u32, u32)], edges: &mut Edges) -> Self {
        let mut at = 0;
        let mut trees = Vec::new();
        for run in appended.chunk_by(|one, next| one.0 == next.0) {
            trees.push((at, edges.tree(run.iter().map(|(.., who)| *who), Kind::ReadWrite)));
            at += run.len();
        }
        Self { appended, trees }
    }

    /// Edges from one that read a key up to a length to all who appended to it later, but itself.
    fn missed(&self, edges: &mut Edges, who: u32, mine: &Own, (key, length): (u32, u32)) {
        let of = |wanted| self.appended.partition_point(|(key, place, _)| (*key, *place) < wanted);
        let (mut from, end) = (of((key, length)), of((key + 1, 0)));
        let tree = self.trees.partition_point(|(start, _)| *start <= from);
        let Some((start, tree)) = tree.checked_sub(1).and_then(|at| self.trees.get(at)) else {
            return;
        };
        // Between its own appends, and after the last of them.
        let first = mine.0.partition_point(|one| *one < (key, length));
        for (_, place) in mine.0[first..].iter().take_while(|(of, _)| *of == key) {
            let at = self.appended.partition_point(|one| *one < (key, *place, who));
            if at >= from {
                edges.add_range(who, tree, from - start..at - start);
                let own = |one: &&(u32, u32, u32)| one.0 == key && one.2 == who;
                from = at + self.appended[at..].iter().take_while(own).count();
            }
        }
        edges.add_range(who, tree, from - start..end - start);
    }
}
