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

use super::history::{Act, Appends, Operation};
use super::mutant::Mutant;
use super::versions::Versions;
use crate::dependency::{Edge, Edges, Fate, Inferred, Kind, ViewsMutant, Writer};
use crate::limits::{Budget, Exhausted};

/// The places at which a transaction's own appends stand among others of a list.
fn own_places(writers: &[u32], who: u32) -> impl Iterator<Item = usize> + '_ {
    (0..writers.len()).filter(move |place| writers[*place] == who)
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
    for (number, frame) in (0..).zip(frames).filter(|(_, one)| one.fate == Fate::Committed) {
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
                let own = own_places(before, number).next().unwrap_or(before.len());
                if own > 0 {
                    edges.add(seen + own as u32 - 1, number, Kind::WriteRead);
                }
                for writer in before[own..].iter().filter(|one| is_in(**one)) {
                    edges.add(*writer, number, Kind::WriteRead);
                }
            }
            // What comes after its own append comes after itself.
            match own_places(after, number).next() {
                None if after.is_empty() => {}
                None => edges.add(number, missed + length, Kind::ReadWrite),
                Some(own) => {
                    for writer in after[..own].iter().filter(|one| is_in(**one)) {
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
        let other = |one: &&u32| **one != number && is_in(**one);
        for (at, operation) in history.operations(frame).iter().enumerate() {
            budget.step(edges.all.len() * size_of::<Edge>())?;
            let (key, node) = (operation.key, nodes.node(number, at));
            let writers = versions.writers(key);
            match operation.act {
                Act::Append(value) => {
                    let place = versions.place(number, key, value).unwrap_or(u32::MAX) as usize;
                    let before = &writers[..place.min(writers.len())];
                    if let Some(before) = before.iter().rfind(other) {
                        edges.add(*before, node, Kind::WriteWrite);
                    }
                }
                Act::Read(length) if frame.fate == Fate::Committed => {
                    let (before, after) = writers.split_at(length as usize);
                    if let Some(writer) = before.iter().rfind(other) {
                        edges.add(*writer, node, Kind::WriteRead);
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
    let several = versions.unread_by_key().filter(|(_, range)| range.len() > 1);
    let unordered = several.map(|(key, range)| {
        let of_key = |(_, one): &(u32, u32)| {
            let operations = history.operations(&frames[*one as usize]);
            let is_its = |one: &Operation| one.key == key && matches!(one.act, Act::Append(_));
            let at = operations.iter().position(is_its).unwrap_or(0);
            Writer { transaction: *one, node: nodes.node(*one, at) }
        };
        versions.unread[range].iter().map(of_key).collect()
    });
    let unordered = unordered.collect();
    Ok((edges, unordered))
}

/// Of those that wrote one key, read by nobody: one that misses another's write, of that key or of
/// another, is before it.
pub(super) fn forced(
    history: &Appends,
    edges: &mut Edges,
    budget: &mut Budget,
) -> Result<(), Exhausted> {
    let versions = Versions::find(history, Mutant::None);
    let frames = history.frames.all();
    for (key, range) in versions.unread_by_key().filter(|(_, range)| range.len() > 1) {
        let among: Vec<u32> = versions.unread[range].iter().map(|(_, one)| *one).collect();
        // What these appended elsewhere: key, place, who.
        let mut appended: Vec<(u32, u32, u32)> = Vec::new();
        for one in &among {
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
        let mut readers: Vec<u32> = Vec::new();
        for one in &among {
            let frame = &frames[*one as usize];
            for operation in history.operations(frame) {
                let Act::Read(length) = operation.act else { continue };
                if operation.key == key {
                    readers.push(*one);
                    continue;
                }
                let wanted = (operation.key, length);
                let from = appended.partition_point(|(key, place, _)| (*key, *place) < wanted);
                let missed = appended[from..].iter().take_while(|(key, ..)| *key == operation.key);
                for (.., other) in missed {
                    edges.add(*one, *other, Kind::ReadWrite);
                }
                budget.step(edges.all.len() * size_of::<Edge>())?;
            }
        }
        readers.dedup();
        edges.fan(&readers, &among, Kind::ReadWrite);
    }
    Ok(())
}
