//! A cycle with at most one *heavy* dependency, of levels that allow those with more.
//!
//! ```text
//!   consistent view (PL-2+)       heavy: every rw edge                    G1c and G-single
//!   update serializable (PL-3U)   heavy: rw edges of those that only read G1c and G-update
//! ```
//!
//! Of PL-3U: G-update is a cycle of transactions that write and at most one that only reads. Out of
//! one that only reads nothing leads but rw edges, so it is passed as often as one of these is.
//!
//! Such a cycle is a heavy edge and a way back of light ones, or a cycle of light ones alone. Each
//! way back stays within a strongly connected component of the whole graph.
//!
//! Reference: Adya, "Weak consistency: a generalized theory" (1999), chapter 4.

use super::cycle::{self, Cycle};
use super::edges::{Edge, Edges, Kind};
use super::levels::Rule;
use super::net::Net;
use super::views::Mutant;
use crate::limits::{Budget, Exhausted};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Which dependencies weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heavy {
    /// Every rw edge.
    Reads,
    /// The rw edges of transactions that write nothing.
    ReadersOnly,
}

impl Heavy {
    /// Whether a dependency weighs; `writes` says who writes.
    pub(super) fn is(self, edge: &Edge, writes: impl FnOnce(u32) -> bool) -> bool {
        edge.kind == Kind::ReadWrite && (self == Self::Reads || !writes(edge.from))
    }
}

const NONE: u32 = u32::MAX;

/// The search of one history.
pub(super) struct Search<'a> {
    pub(super) edges: &'a Edges,
    pub(super) rule: Rule,
    pub(super) heavy: Heavy,
    /// Who writes.
    pub(super) writes: &'a [bool],
    pub(super) mutant: Mutant,
}

impl Search<'_> {
    /// Whether an edge of the graph weighs: of those through joints, the one that leaves a
    /// transaction does.
    fn weighs(&self, edge: &Edge) -> bool {
        let writes = |one: u32| self.writes.get(one as usize).is_some_and(|is| *is);
        self.edges.owner(edge.from).is_some() && self.heavy.is(edge, writes)
    }

    /// An order of the nodes that keeps to the light edges, and to the others where it can; what is
    /// on a cycle of light edges, or behind one, is not in it. Each node's component comes with it.
    pub(super) fn order(&self, net: &Net) -> (Vec<u32>, Vec<u32>) {
        // Tarjan's components come last first.
        let (component, _) = cycle::components(net);
        let likely = self.likely();
        let light = |node: u32| self.light(net, node);
        let mut waits = vec![0_u32; net.nodes() as usize];
        for node in 0..net.nodes() {
            light(node).for_each(|(to, _)| waits[to as usize] += 1);
        }
        let ranked =
            |node: u32| (component[node as usize], Reverse(likely[node as usize]), Reverse(node));
        let ready = (0..net.nodes()).filter(|node| waits[*node as usize] == 0);
        let mut ready: BinaryHeap<_> = ready.map(ranked).collect();
        let mut order = Vec::with_capacity(waits.len());
        while let Some((_, _, Reverse(node))) = ready.pop() {
            order.push(node);
            for (to, _) in light(node) {
                let waits = &mut waits[to as usize];
                *waits -= 1;
                if *waits == 0 {
                    ready.push(ranked(to));
                }
            }
        }
        (order, component)
    }

    /// Where each node is likely to stand: transactions as they are numbered, what is between them
    /// with the first that it is next to.
    fn likely(&self) -> Vec<u32> {
        let mut likely = vec![NONE; self.edges.nodes as usize];
        for (node, likely) in (0..).zip(&mut likely) {
            *likely = self.edges.owner(node).unwrap_or(NONE);
        }
        for edge in &self.edges.all {
            for (node, next) in [(edge.from, edge.to), (edge.to, edge.from)] {
                if self.edges.owner(node).is_none()
                    && let Some(owner) = self.edges.owner(next)
                {
                    let likely = &mut likely[node as usize];
                    *likely = owner.min(*likely);
                }
            }
        }
        likely
    }

    fn light<'n>(&'n self, net: &'n Net, from: u32) -> impl Iterator<Item = (u32, Kind)> + 'n {
        net.edges(from).filter(move |(to, kind)| !self.weighs(&Edge { from, to: *to, kind: *kind }))
    }

    /// A cycle with at most one heavy edge.
    ///
    /// A way back keeps to an order of the light edges, so a heavy edge that agrees with the order
    /// closes none, and the others only by what stands between their ends.
    pub(super) fn cycle(
        &self,
        more: &[Edge],
        budget: &mut Budget,
    ) -> Result<Option<Cycle>, Exhausted> {
        let net = Net::new(self.edges, more, &self.rule);
        let (order, component) = self.order(&net);
        let mut rank = vec![NONE; net.nodes() as usize];
        for (place, node) in (0..).zip(&order) {
            rank[*node as usize] = place;
        }
        let inside = |from: u32, to: u32| component[from as usize] == component[to as usize];
        let is_acyclic = order.len() == rank.len();
        // Where a heavy edge ends, and whence it comes; or every transaction that may be on a cycle
        // of light edges alone.
        let mut closing: Vec<(u32, u32)> = Vec::new();
        for from in 0..net.nodes() {
            if is_acyclic {
                let is_back = |(to, kind): &(u32, Kind)| {
                    rank[*to as usize] < rank[from as usize]
                        && inside(from, *to)
                        && self.weighs(&Edge { from, to: *to, kind: *kind })
                };
                closing.extend(net.edges(from).filter(is_back).map(|(to, _)| (to, from)));
            } else if rank[from as usize] == NONE && net.transaction(from).is_some() {
                closing.push((from, from));
            }
        }
        closing.sort_unstable();
        let count = net.nodes() as usize;
        let mut breadth =
            Breadth { search: self, net: &net, rank, component, met: vec![UNMET; count] };
        let held = net.bytes() + count * (size_of::<Met>() + 8) + closing.len() * 8;
        // The shortest so far; one is enough where looking for a shorter one takes long.
        let (mut best, mut looks): (Option<Cycle>, u64) = (None, 0);
        for ends in closing.chunk_by(|one, next| one.0 == next.0) {
            let most = best.as_ref().map_or(usize::MAX, |best| best.edges.len());
            if best.is_some() && (looks > LOOKS_MAX || most <= 2) {
                break;
            }
            let before = budget.taken();
            let found = breadth.way(ends, most, held, budget)?;
            looks += budget.taken() - before;
            if let Some(from) = found {
                best = Some(self.closed(&breadth.met, ends[0].0, from));
            }
        }
        if let Some(best) = &mut best {
            best.shortest = looks <= LOOKS_MAX;
        }
        Ok(best)
    }

    /// The cycle of the way from `root` to `from` and the heavy edge back, if they differ.
    fn closed(&self, met: &[Met], root: u32, from: u32) -> Cycle {
        let mut path: Vec<(u32, Kind)> = Vec::new();
        let mut at = from;
        loop {
            let Met { before, kind, .. } = met[at as usize];
            path.push((before, kind));
            at = before;
            if at == root {
                break;
            }
        }
        path.reverse();
        if from != root {
            path.push((from, Kind::ReadWrite));
        }
        self.contract(path)
    }

    /// The dependencies of a cycle of nodes, each with the kind of the edge that leaves it.
    fn contract(&self, mut nodes: Vec<(u32, Kind)>) -> Cycle {
        nodes.retain_mut(|(node, _)| match self.edges.owner(*node) {
            Some(owner) => {
                *node = owner;
                true
            }
            None => false,
        });
        // Of operations of one transaction next to each other, what leaves the last one counts.
        let stays = |at: usize| nodes[at].0 != nodes[(at + 1) % nodes.len()].0;
        let nodes: Vec<(u32, Kind)> =
            (0..nodes.len()).filter(|at| stays(*at)).map(|at| nodes[at]).collect();
        let ends = nodes.iter().cycle().skip(1);
        let edges = nodes.iter().zip(ends).map(|((from, kind), (to, _))| Edge {
            from: *from,
            to: *to,
            kind: *kind,
        });
        Cycle { edges: edges.collect(), shortest: false }
    }
}

/// How many steps the search for a shorter cycle takes, once there is one.
const LOOKS_MAX: u64 = 2_000_000;

/// How a node was met: from where, by an edge of which kind, on the search from which root, and how
/// many dependencies away from it.
#[derive(Clone, Copy)]
struct Met {
    before: u32,
    kind: Kind,
    root: u32,
    distance: usize,
}

const UNMET: Met = Met { before: NONE, kind: Kind::Process, root: NONE, distance: usize::MAX };

/// The search for ways back.
struct Breadth<'a> {
    search: &'a Search<'a>,
    net: &'a Net,
    rank: Vec<u32>,
    component: Vec<u32>,
    met: Vec<Met>,
}

impl Breadth<'_> {
    /// The nearest of the places from which an edge leads to one root, if the cycle that it closes
    /// is shorter than `most`.
    fn way(
        &mut self,
        ends: &[(u32, u32)],
        most: usize,
        held: usize,
        budget: &mut Budget,
    ) -> Result<Option<u32>, Exhausted> {
        let root = ends[0].0;
        let last = ends.iter().map(|(_, from)| self.rank[*from as usize]).max().unwrap_or(NONE);
        let edges = self.search.edges;
        let mut queue = VecDeque::from([(root, 0)]);
        while let Some((node, distance)) = queue.pop_front() {
            budget.step(held)?;
            let far = self.search.mutant == Mutant::ShortWay && node != root;
            // The heavy edge makes one more.
            if distance + 1 >= most || far {
                continue;
            }
            for (to, kind) in self.search.light(self.net, node) {
                let is_between = self.rank[to as usize] <= last
                    && self.component[node as usize] == self.component[to as usize];
                // Joints and operations of one transaction are no way apart.
                let owner = edges.owner(node);
                let length = usize::from(owner.is_some() && owner != edges.owner(to));
                let met = &mut self.met[to as usize];
                let is_nearer = met.root != root || distance + length < met.distance;
                if is_between && is_nearer {
                    *met = Met { before: node, kind, root, distance: distance + length };
                    if length == 0 {
                        queue.push_front((to, distance));
                    } else {
                        queue.push_back((to, distance + 1));
                    }
                }
            }
        }
        let near = |(_, from): &(u32, u32)| {
            let met = &self.met[*from as usize];
            (met.root == root).then_some((met.distance, *from))
        };
        Ok(ends.iter().filter_map(near).min().map(|(_, from)| from))
    }
}
