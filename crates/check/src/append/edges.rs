//! The dependencies of a history of appends.
//!
//! ```text
//!   longest list of a key:   a   b   c   d      and e, f: appended, read by nobody
//!   by                       T1  T1  T2  T3          T4, T5
//!
//!   ww   T1 -> T2 -> T3 -> each of T4, T5
//!   wr   who reads [a b c] is after T2          (after the last that is not its own)
//!   rw   who reads [a b c] is before T3; who reads [a b c d] before each of T4, T5
//! ```
//!
//! Of T4 and T5 nobody knows which came first. For one order of all that makes no difference;
//! snapshots must not overlap (see `dependency`).

use super::history::{Act, Appends};
use super::mutant::Mutant;
use super::versions::{NOBODY, Versions};
use super::ways;
use crate::dependency::{Edges, Fate, Flaw, Inferred, Kind, ViewsMutant};

/// Everything that the judge needs.
pub(super) fn infer(
    history: &Appends,
    versions: Versions,
    flaws: Vec<Flaw>,
    mutant: Mutant,
) -> Inferred {
    let frames = &history.frames;
    let count = frames.all().len();
    // Lists that contradict each other show no order.
    let mut is_clear = vec![true; history.longest.len()];
    for operation in &history.operations {
        if let Act::Apart(_) = operation.act {
            is_clear[operation.key as usize] = mutant == Mutant::BelieveApart;
        }
    }
    let known: Vec<bool> = frames.all().iter().map(|frame| frame.fate == Fate::Committed).collect();
    let mut edges = Edges::new(count);
    write_write(&mut edges, &versions, &versions.committed, &is_clear);
    reads(&mut edges, history, &versions, mutant);
    let in_time = |edges: &mut Edges, committed: &[bool]| {
        if mutant != Mutant::NoProcess {
            edges.process(frames, committed);
        }
        if mutant != Mutant::NoRealTime {
            edges.real_time(frames, committed);
        }
    };
    in_time(&mut edges, &versions.committed);
    // What is of unknown outcome may have aborted, and read uncommitted allows to read of it.
    let differs = known != versions.committed && mutant != Mutant::UnknownDirtyWrites;
    let known = differs.then(|| {
        let mut writes = Edges::new(count);
        write_write(&mut writes, &versions, &known, &is_clear);
        in_time(&mut writes, &known);
        writes
    });
    let several = versions.unread_by_key().filter(|(_, range)| range.len() > 1);
    let unordered = several
        .filter(|_| mutant != Mutant::OverlapUnread)
        .map(|(_, range)| versions.unread[range].iter().map(|(_, one)| *one).collect())
        .collect();
    let open = versions.twice.map(|(key, value)| {
        let (key, value) = (history.keys.name(key), history.value(value));
        format!("incomplete information: {value} was appended to {key} twice")
    });
    let views = if let Mutant::Views(views) = mutant { views } else { ViewsMutant::None };
    Inferred { edges, known, committed: versions.committed, flaws, unordered, open, views }
}

/// Each key's writers in the order of their versions.
fn write_write(edges: &mut Edges, versions: &Versions, counts: &[bool], is_clear: &[bool]) {
    let is_in = |one: u32| counts.get(one as usize).is_some_and(|is| *is);
    let mut last = vec![NOBODY; is_clear.len()];
    for (key, last) in (0..).zip(&mut last).filter(|(key, _)| is_clear[*key as usize]) {
        for writer in versions.writers(key).iter().filter(|writer| is_in(**writer)) {
            if *last != NOBODY {
                edges.add(*last, *writer, Kind::WriteWrite);
            }
            *last = *writer;
        }
    }
    for (key, range) in versions.unread_by_key() {
        let last = last[key as usize];
        if is_clear[key as usize] && last != NOBODY {
            let unread = &versions.unread[range];
            let unread: Vec<u32> =
                unread.iter().map(|(_, one)| *one).filter(|one| is_in(*one)).collect();
            edges.fan(&[last], &unread, Kind::WriteWrite);
        }
    }
}

/// What each read comes after and before.
fn reads(edges: &mut Edges, history: &Appends, versions: &Versions, mutant: Mutant) {
    let is_in = |one: u32| versions.committed.get(one as usize).is_some_and(|is| *is);
    let mut last_readers: Vec<(u32, u32)> = Vec::new();
    for (number, frame) in (0..).zip(history.frames.all()) {
        if frame.fate != Fate::Committed {
            continue;
        }
        for operation in history.operations(frame) {
            let Act::Read(length) = operation.act else { continue };
            let writers = versions.writers(operation.key);
            let (before, after) = writers.split_at(length as usize);
            let other = |one: &&u32| **one != number && is_in(**one);
            if let Some(writer) = before.iter().rfind(other) {
                edges.add(*writer, number, Kind::WriteRead);
            }
            if mutant == Mutant::NoReadWrite {
                continue;
            }
            // After an own append, what comes next comes after that anyway.
            match after.iter().find(|one| is_in(**one)) {
                Some(next) => edges.add(number, *next, Kind::ReadWrite),
                None => last_readers.push((operation.key, number)),
            }
        }
    }
    if mutant == Mutant::ForgetUnread {
        return;
    }
    ways::unread(edges, versions, last_readers);
}
