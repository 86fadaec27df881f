//! A shortest cycle: strongly connected components first (Tarjan 1972), then from each of their
//! transactions outwards in breadth until one is met again.
//!
//! An edge's length is 1 where it leaves a transaction, and 0 out of a joint or from a start to
//! its own commit; so a cycle is as long as it has dependencies.

use super::edges::{Edge, Kind};
use super::net::Net;
use std::collections::VecDeque;

/// A cycle: each edge ends where the next begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cycle {
    pub(crate) edges: Vec<Edge>,
    /// Whether no shorter one exists.
    pub(crate) shortest: bool,
}

/// How many edges the search for a shorter cycle looks at.
const LOOKS_MAX: u64 = 20_000_000;

const NONE: u32 = u32::MAX;

/// The nodes of a way after the first, each with the kind of the edge to it.
type Path = Vec<(u32, Kind)>;

/// The number of each node's component, where it is on a cycle, and the components' sizes.
pub(super) fn components(net: &Net) -> (Vec<u32>, Vec<u32>) {
    let count = net.nodes() as usize;
    let (mut index, mut low) = (vec![NONE; count], vec![0_u32; count]);
    let (mut component, mut sizes) = (vec![NONE; count], Vec::new());
    let (mut count_met, mut open): (u32, Vec<u32>) = (0, Vec::new());
    let mut on_stack = vec![false; count];
    let mut calls: Vec<(u32, usize)> = Vec::new();
    for root in 0..net.nodes() {
        if index[root as usize] == NONE {
            calls.push((root, 0));
        }
        while let Some((node, at)) = calls.pop() {
            let here = node as usize;
            if at == 0 {
                (index[here], low[here]) = (count_met, count_met);
                count_met += 1;
                open.push(node);
                on_stack[here] = true;
            } else {
                let done = net.after(node)[at - 1] as usize;
                low[here] = low[here].min(low[done]);
            }
            let rest = net.after(node).iter().enumerate().skip(at);
            let mut deeper = None;
            for (place, to) in rest {
                let to_at = *to as usize;
                if index[to_at] == NONE {
                    deeper = Some((place, *to));
                    break;
                } else if on_stack[to_at] {
                    low[here] = low[here].min(index[to_at]);
                }
            }
            if let Some((place, to)) = deeper {
                calls.push((node, place + 1));
                calls.push((to, 0));
                continue;
            }
            if low[here] == index[here] {
                let mut size = 0;
                while let Some(member) = open.pop() {
                    on_stack[member as usize] = false;
                    component[member as usize] = sizes.len() as u32;
                    size += 1;
                    if member == node {
                        break;
                    }
                }
                sizes.push(size);
            }
        }
    }
    (component, sizes)
}

/// How a node was met.
#[derive(Clone, Copy)]
struct Met {
    before: u32,
    kind: Kind,
    search: u32,
    distance: usize,
}

const UNMET: Met = Met { before: NONE, kind: Kind::Process, search: 0, distance: 0 };

/// The search in breadth from one node.
struct Breadth<'a> {
    net: &'a Net,
    component: &'a [u32],
    met: Vec<Met>,
    search: u32,
    looks: u64,
}

impl Breadth<'_> {
    /// A shortest way from one node to another, shorter than `most`.
    fn path(&mut self, from: u32, to: u32, most: usize) -> Option<(usize, Path)> {
        self.search += 1;
        let mut queue = VecDeque::from([(from, 0_usize)]);
        while let Some((node, distance)) = queue.pop_front() {
            if node == to && distance > 0 {
                return Some((distance, self.back(from, to)));
            }
            let owner = self.net.transaction(node);
            for (next, kind) in self.net.edges(node) {
                self.looks += 1;
                let leaves = owner.is_some() && owner != self.net.transaction(next);
                let far = distance + usize::from(leaves);
                let met = &mut self.met[next as usize];
                let is_nearer = met.search != self.search || far < met.distance;
                let is_inside = self.component[next as usize] == self.component[node as usize];
                if far >= most || !is_nearer || !is_inside || (next == from && next != to) {
                    continue;
                }
                *met = Met { before: node, kind, search: self.search, distance: far };
                if leaves {
                    queue.push_back((next, far));
                } else {
                    queue.push_front((next, far));
                }
            }
        }
        None
    }

    /// The nodes of the way that was found, each with the kind of the edge to it.
    fn back(&self, from: u32, to: u32) -> Path {
        let mut path = Vec::new();
        let mut at = to;
        loop {
            let Met { before, kind, .. } = self.met[at as usize];
            path.push((at, kind));
            at = before;
            if at == from {
                break;
            }
        }
        path.reverse();
        path
    }
}

/// The dependencies along a way.
fn contract(net: &Net, from: u32, path: &[(u32, Kind)]) -> Vec<Edge> {
    let mut edges = Vec::new();
    let Some(mut last) = net.transaction(from) else { return edges };
    let mut leaving: Option<Kind> = None;
    for (node, kind) in path {
        match net.transaction(*node) {
            None => {
                leaving.get_or_insert(*kind);
            }
            Some(one) if one == last && leaving.is_none() => {}
            Some(to) => {
                let kind = leaving.take().unwrap_or(*kind);
                edges.push(Edge { from: last, to, kind });
                last = to;
            }
        }
    }
    edges
}

/// A shortest cycle of a graph that has one.
pub(super) fn find(net: &Net) -> Option<Cycle> {
    let (component, sizes) = components(net);
    let mut roots: Vec<(u32, u32)> = (0..net.nodes())
        .filter(|node| net.transaction(*node).is_some())
        // Every cycle goes through a commit; through a start unless writers overlap.
        .filter(|node| !net.snapshots || (node % 2 == 1) == net.overlaps)
        .map(|node| (sizes[component[node as usize] as usize], node))
        .filter(|(size, _)| *size > 1)
        .collect();
    roots.sort_unstable();
    let met = vec![UNMET; net.nodes() as usize];
    let mut breadth = Breadth { net, component: &component, met, search: 0, looks: 0 };
    let mut best: Option<(usize, u32, Path)> = None;
    let mut shortest = true;
    for (_, root) in roots {
        if breadth.looks > LOOKS_MAX && best.is_some() {
            shortest = false;
            break;
        }
        let most = best.as_ref().map_or(usize::MAX, |best| best.0);
        if let Some((length, path)) = breadth.path(root, root, most) {
            best = Some((length, root, path));
            if length <= 2 {
                break;
            }
        }
    }
    let (_, root, path) = best?;
    Some(Cycle { edges: contract(net, root, &path), shortest })
}

/// A shortest way between two nodes, as dependencies.
pub(super) fn way(net: &Net, from: u32, to: u32) -> Option<Vec<Edge>> {
    let all = vec![0; net.nodes() as usize];
    let met = vec![UNMET; net.nodes() as usize];
    let mut breadth = Breadth { net, component: &all, met, search: 0, looks: 0 };
    let (_, path) = breadth.path(from, to, usize::MAX)?;
    Some(contract(net, from, &path))
}
