//! The verifier of cycles: small, apart from what found them. It infers nothing; each edge is asked
//! of the history, and the cycle of its shape.

use super::cycle::Cycle;
use super::edges::{Edge, Kind};
use super::frame::{Fate, Frames};
use super::judge::Subject;
use super::levels::Rule;
use super::misses::Misses;
use crate::report::Basis;

/// What a true dependency rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Because {
    /// The key; nothing for the order of a process or of time.
    pub(crate) key: Option<u32>,
    /// In words.
    pub(crate) told: String,
    /// Who read what shows it, besides the two.
    pub(crate) witness: Option<u32>,
    /// As data.
    pub(crate) basis: Basis,
}

/// What an edge rests on; nothing if it is not true.
pub(super) fn because(subject: &impl Subject, edge: &Edge) -> Option<Because> {
    let frames = subject.frames();
    match edge.kind {
        Kind::WriteWrite | Kind::WriteRead | Kind::ReadWrite => subject.because(edge),
        Kind::Process | Kind::RealTime => follows(frames, edge),
    }
}

fn follows(frames: &Frames, edge: &Edge) -> Option<Because> {
    let (from, to) = (frames.all().get(edge.from as usize)?, frames.all().get(edge.to as usize)?);
    let is_true = from.fate == Fate::Committed && from.ended < to.began;
    let told = if edge.kind == Kind::Process {
        if from.process != to.process {
            return None;
        }
        format!("process {} ran them in this order", frames.process(from.process))
    } else {
        format!("T{} had ended before T{} began", edge.from, edge.to)
    };
    is_true.then_some(Because { key: None, told, witness: None, basis: Basis::default() })
}

/// Where one read-write edge follows another: their transaction commits before it starts, which is
/// no contradiction unless it is one of two that write the same key.
pub(super) fn turns(cycle: &Cycle) -> Vec<u32> {
    let edges = &cycle.edges;
    let is_turn = |place: &usize| {
        let after = &edges[(place + 1) % edges.len()];
        edges[*place].kind == Kind::ReadWrite && after.kind == Kind::ReadWrite
    };
    (0..edges.len()).filter(is_turn).map(|at| edges[at].to).collect()
}

/// What the edges of a cycle rest on; nothing unless it shows that the rule is broken.
pub(super) fn accepts(
    subject: &impl Subject,
    rule: Rule,
    cycle: &Cycle,
) -> Option<Vec<(Kind, Because)>> {
    let edges = &cycle.edges;
    let closes = edges.first()?.from == edges.last()?.to;
    let joined = edges.windows(2).all(|pair| pair[0].to == pair[1].from);
    if !closes || !joined || !edges.iter().all(|edge| rule.kinds.contains(&edge.kind)) {
        return None;
    }
    if rule.overlaps {
        // What precedes a read of what was overwritten has to be in the reader's snapshot.
        let is_seen = |place: usize| {
            let before = edges[(place + edges.len() - 1) % edges.len()].kind;
            edges[place].kind != Kind::ReadWrite
                || !matches!(before, Kind::ReadWrite | Kind::WriteWrite)
        };
        if !(0..edges.len()).all(is_seen) {
            return None;
        }
    } else if rule.snapshots {
        let turns = turns(cycle);
        match turns[..] {
            [] => {}
            [one] => {
                let mut others = edges.iter().map(|edge| edge.to).filter(|other| *other != one);
                others.find(|other| subject.write_same(one, *other).is_some())?;
            }
            [one, other] => {
                subject.write_same(one, other)?;
            }
            _ => return None,
        }
    }
    if let Some(heavy) = rule.heavy {
        let writes = |one| subject.write_same(one, one).is_some();
        if edges.iter().filter(|edge| heavy.is(edge, writes)).count() > 1 {
            return None;
        }
    }
    if rule.misses.is_some_and(|misses| !misses.forbids(subject, cycle)) {
        return None;
    }
    let mut all: Vec<(Kind, Because)> = edges
        .iter()
        .map(|edge| because(subject, edge).map(|because| (edge.kind, because)))
        .collect::<Option<_>>()?;
    if rule.misses == Some(Misses::Overwritten) {
        let reads = edges.iter().zip(&mut all).filter(|(edge, _)| edge.kind == Kind::ReadWrite);
        for (edge, one) in reads {
            one.1 = subject.updates(edge)?;
        }
    }
    // What counts by operation is told by those that show it.
    let read = edges.iter().position(|edge| edge.kind == Kind::ReadWrite);
    if let Some(at) = read.filter(|_| rule.misses.is_some_and(Misses::by_operation)) {
        let before = (at + edges.len() - 1) % edges.len();
        let [into, out] = subject.earlier(&edges[before], &edges[at])?;
        (all[before].1, all[at].1) = (into, out);
    }
    Some(all)
}

/// Whether an order of starts (false) and commits keeps the order of processes or of real time, if
/// the rule asks for it. Without snapshots there are only commits, and each starts where it stands.
pub(super) fn in_time(frames: &Frames, rule: Rule, events: &[(u32, bool)]) -> bool {
    let of = |one: u32| frames.all().get(one as usize);
    // From the end: the earliest end among those that commit later, of all and of each process.
    let (mut earliest, mut of_process) = (u32::MAX, std::collections::BTreeMap::new());
    for (one, commits) in events.iter().rev() {
        let Some(frame) = of(*one) else { return false };
        if *commits && frame.fate == Fate::Committed {
            earliest = earliest.min(frame.ended);
            let mine = of_process.entry(frame.process).or_insert(u32::MAX);
            *mine = frame.ended.min(*mine);
        }
        if !*commits || !rule.snapshots {
            let in_process = of_process.get(&frame.process).copied().unwrap_or(u32::MAX);
            let timed = rule.kinds.contains(&Kind::RealTime);
            let sessions = rule.kinds.contains(&Kind::Process);
            if (timed && earliest < frame.began) || (sessions && in_process < frame.began) {
                return false;
            }
        }
    }
    true
}
