//! Adya's phenomena, asked of every simple cycle of the direct serialization graph of one order of
//! versions; part of the oracle.

use super::history::{Act, Appends};
use crate::dependency::{Fate, Kind};
use crate::transaction::Level;

/// Whether no cycle is one that the level forbids.
pub(super) fn is_clean(
    history: &Appends,
    chosen: &[usize],
    orders: &[Vec<(usize, i64)>],
    level: Level,
) -> bool {
    let graph = graph(history, chosen, orders);
    let mut path = Vec::new();
    chosen.iter().all(|root| !reaches(history, &graph, *root, *root, &mut path, level))
}

/// Every edge between two transactions, and its key.
type Graph = Vec<(usize, usize, Kind, Option<usize>)>;

fn graph(history: &Appends, chosen: &[usize], orders: &[Vec<(usize, i64)>]) -> Graph {
    let frames = history.frames.all();
    let mut edges = Vec::new();
    for (key, order) in orders.iter().enumerate() {
        let pairs = order.windows(2);
        edges.extend(pairs.map(|pair| (pair[0].0, pair[1].0, Kind::WriteWrite, Some(key))));
    }
    for reader in chosen {
        for operation in history.operations(&frames[*reader]) {
            let Some(list) = history.list(operation) else { continue };
            let key = Some(operation.key as usize);
            let order = &orders[operation.key as usize];
            // Each version of a list is made of those before.
            let seen = order.iter().take(list.len());
            edges.extend(seen.map(|(writer, _)| (*writer, *reader, Kind::WriteRead, key)));
            if let Some((next, _)) = order.get(list.len()) {
                edges.push((*reader, *next, Kind::ReadWrite, key));
            }
        }
        for other in chosen {
            let (one, two) = (&frames[*other], &frames[*reader]);
            if one.fate == Fate::Committed && one.ended < two.began {
                edges.push((*other, *reader, Kind::RealTime, None));
                if one.process == two.process {
                    edges.push((*other, *reader, Kind::Process, None));
                }
            }
        }
    }
    edges.retain(|(from, to, ..)| from != to);
    edges
}

/// Whether a forbidden cycle ends at the root.
fn reaches(
    history: &Appends,
    graph: &Graph,
    root: usize,
    at: usize,
    path: &mut Vec<(usize, Kind, Option<usize>)>,
    level: Level,
) -> bool {
    graph.iter().filter(|(from, ..)| *from == at).any(|(from, to, kind, key)| {
        if path.iter().any(|(met, ..)| met == to) && *to != root {
            return false;
        }
        path.push((*from, *kind, *key));
        let found = if *to == root {
            is_forbidden(history, path, level)
        } else {
            reaches(history, graph, root, *to, path, level)
        };
        path.pop();
        found
    })
}

/// Whether a level forbids a cycle of these transactions, each with the edge that leaves it and the
/// key of that.
fn is_forbidden(history: &Appends, cycle: &[(usize, Kind, Option<usize>)], level: Level) -> bool {
    let count = |kind| cycle.iter().filter(|(_, one, _)| *one == kind).count();
    let reads = count(Kind::ReadWrite);
    let (sessions, times) = (count(Kind::Process), count(Kind::RealTime));
    let only_reads = |(one, ..): &&(usize, Kind, Option<usize>)| {
        let mut all = history.operations(&history.frames.all()[*one]).iter();
        all.all(|operation| !matches!(operation.act, Act::Append(_)))
    };
    match level {
        // G1c and G-single.
        Level::ConsistentView => sessions + times == 0 && reads < 2,
        Level::ParallelSnapshotIsolation => times == 0 && reads < 2,
        // Of what a session did and what it read from, and what these overwrote, nothing is unseen:
        // an rw edge counts after one of these.
        Level::Prefix => {
            let is_seen = |place: usize| {
                let before = cycle[(place + cycle.len() - 1) % cycle.len()].1;
                cycle[place].1 != Kind::ReadWrite
                    || matches!(before, Kind::WriteRead | Kind::Process)
            };
            times == 0 && (0..cycle.len()).all(is_seen)
        }
        // G1c and G-update: transactions that write, and one more.
        Level::UpdateSerializable => {
            sessions + times == 0 && cycle.iter().filter(only_reads).count() < 2
        }
        // G1c and G2-item.
        Level::RepeatableRead => sessions + times == 0,
        // G-cursor(x): one rw edge and ww edges, all of x.
        Level::CursorStability => {
            let is_of_one = cycle.iter().all(|(.., key)| *key == cycle[0].2);
            sessions + times == 0 && reads == 1 && count(Kind::WriteRead) == 0 && is_of_one
        }
        Level::StrongSessionReadUncommitted => times + reads + count(Kind::WriteRead) == 0,
        Level::StrongReadUncommitted => reads + count(Kind::WriteRead) == 0,
        Level::StrongSessionReadCommitted => times == 0 && reads == 0,
        Level::StrongReadCommitted => reads == 0,
        _ => false,
    }
}
