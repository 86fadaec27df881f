//! From a view that closed without a cycle to an order that shows it.

use super::closure::Forced;
use super::model::Model;
use super::registers::Registers;
use super::view::View;
use std::collections::BTreeMap;

/// An order of a view's operations that explains its reads; of causal consistency and convergence,
/// the order that arbitrates.
pub(super) fn of(
    from: &Registers,
    view: &View,
    model: Model,
    session: Option<u64>,
    sorted: &[u32],
    forced: &[Forced],
) -> Vec<u32> {
    let nodes = match model {
        Model::Causal | Model::CausalConvergence => sorted.to_vec(),
        Model::ReadYourWrites => by_key(from, view, session, sorted),
        _ => before_each_read(view, sorted, forced),
    };
    let is_real = |node: &u32| !view.is_joint[*node as usize];
    nodes.into_iter().filter(is_real).map(|node| view.nodes[node as usize]).collect()
}

/// Before each read, in turn, what comes before it; then the rest.
fn before_each_read(view: &View, sorted: &[u32], forced: &[Forced]) -> Vec<u32> {
    let mut entering: Vec<Vec<u32>> = vec![Vec::new(); view.nodes.len()];
    let edges = view.edges.iter().map(|edge| (edge.from, edge.to));
    for (from, to) in edges.chain(forced.iter().map(|edge| (edge.from, edge.to))) {
        entering[to as usize].push(from);
    }
    let mut rank = vec![0; view.nodes.len()];
    for (place, node) in sorted.iter().enumerate() {
        rank[*node as usize] = place;
    }
    let mut is_read = vec![false; view.nodes.len()];
    for read in &view.reads {
        is_read[read.node as usize] = true;
    }
    let mut placed = vec![false; view.nodes.len()];
    let mut order = Vec::with_capacity(sorted.len());
    for node in sorted.iter().copied().filter(|node| is_read[*node as usize]) {
        let mut past = Vec::new();
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut placed[node as usize], true) {
                past.push(node);
                open.extend(&entering[node as usize]);
            }
        }
        past.sort_unstable_by_key(|node| rank[*node as usize]);
        order.extend(past);
    }
    order.extend(sorted.iter().copied().filter(|node| !placed[*node as usize]));
    order
}

/// One order of the writes of each key, the session's own first, with each read between the write
/// that it returned and the next one.
fn by_key(from: &Registers, view: &View, session: Option<u64>, sorted: &[u32]) -> Vec<u32> {
    let is_own = |node: u32| {
        let one = from.at(view.nodes[node as usize]);
        Some(one.process) == session && one.ended.is_some()
    };
    let mut of_key: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for own in [true, false] {
        for node in sorted.iter().copied().filter(|node| !view.is_joint[*node as usize]) {
            let one = from.at(view.nodes[node as usize]);
            if one.is_write() && is_own(node) == own {
                of_key.entry(one.key).or_default().push(node);
            }
        }
    }
    let mut after: Vec<Vec<u32>> = vec![Vec::new(); view.nodes.len()];
    let mut next: BTreeMap<u32, u32> = BTreeMap::new();
    for pair in of_key.values().flat_map(|writes| writes.windows(2)) {
        after[pair[0] as usize].push(pair[1]);
        next.insert(pair[0], pair[1]);
    }
    for read in &view.reads {
        let follows = match read.source {
            Some(source) => next.get(&source).copied(),
            None => of_key.get(&read.key).and_then(|writes| writes.first()).copied(),
        };
        after[read.node as usize].extend(follows);
    }
    for edge in &view.edges {
        after[edge.from as usize].push(edge.to);
    }
    let mut waits = vec![0_u32; view.nodes.len()];
    for to in after.iter().flatten() {
        waits[*to as usize] += 1;
    }
    let mut order: Vec<u32> =
        (0..waits.len() as u32).filter(|node| waits[*node as usize] == 0).collect();
    let mut at = 0;
    while let Some(node) = order.get(at).copied() {
        at += 1;
        for to in &after[node as usize] {
            waits[*to as usize] -= 1;
            if waits[*to as usize] == 0 {
                order.push(*to);
            }
        }
    }
    order
}
