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

/// Every edge between two transactions.
type Graph = Vec<(usize, usize, Kind)>;

fn graph(history: &Appends, chosen: &[usize], orders: &[Vec<(usize, i64)>]) -> Graph {
    let frames = history.frames.all();
    let mut edges = Vec::new();
    for order in orders {
        edges.extend(order.windows(2).map(|pair| (pair[0].0, pair[1].0, Kind::WriteWrite)));
    }
    for reader in chosen {
        for operation in history.operations(&frames[*reader]) {
            let Some(list) = history.list(operation) else { continue };
            let order = &orders[operation.key as usize];
            // Each version of a list is made of those before.
            let seen = order.iter().take(list.len());
            edges.extend(seen.map(|(writer, _)| (*writer, *reader, Kind::WriteRead)));
            if let Some((next, _)) = order.get(list.len()) {
                edges.push((*reader, *next, Kind::ReadWrite));
            }
        }
        for other in chosen {
            let (one, two) = (&frames[*other], &frames[*reader]);
            if one.fate == Fate::Committed && one.ended < two.began {
                edges.push((*other, *reader, Kind::RealTime));
                if one.process == two.process {
                    edges.push((*other, *reader, Kind::Process));
                }
            }
        }
    }
    edges.retain(|(from, to, _)| from != to);
    edges
}

/// Whether a forbidden cycle ends at the root.
fn reaches(
    history: &Appends,
    graph: &Graph,
    root: usize,
    at: usize,
    path: &mut Vec<(usize, Kind)>,
    level: Level,
) -> bool {
    graph.iter().filter(|(from, ..)| *from == at).any(|(from, to, kind)| {
        if path.iter().any(|(met, _)| met == to) && *to != root {
            return false;
        }
        path.push((*from, *kind));
        let found = if *to == root {
            is_forbidden(history, path, level)
        } else {
            reaches(history, graph, root, *to, path, level)
        };
        path.pop();
        found
    })
}

/// Whether a level forbids a cycle of these transactions, each with the edge that leaves it.
fn is_forbidden(history: &Appends, cycle: &[(usize, Kind)], level: Level) -> bool {
    let count = |kind| cycle.iter().filter(|(_, one)| *one == kind).count();
    let reads = count(Kind::ReadWrite);
    let (sessions, times) = (count(Kind::Process), count(Kind::RealTime));
    let only_reads = |(one, _): &&(usize, Kind)| {
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
        Level::StrongSessionReadCommitted => times == 0 && reads == 0,
        Level::StrongReadCommitted => reads == 0,
        _ => false,
    }
}
