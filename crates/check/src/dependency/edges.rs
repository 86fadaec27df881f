//! Dependencies between transactions, as many as there are reads and writes.
//!
//! Where many transactions each stand before many others, joints between them keep the number of
//! edges linear:
//!
//! ```text
//!   ended before:      T1 -> joint -> joint -> joint -> T4      one joint between a run of ends and
//!                      T2 ----^                ^                the next run of beginnings
//!                      T3 -------------------- +
//!
//!   all of R before all of U but itself:        r -> U      directly if they are few, else
//!     r -> first of a chain over all of U;  one in U itself -> the chains over those left and right
//! ```
//!
//! An edge out of a joint has the kind of the edges into it: together they are one dependency.

use super::frame::{Fate, Frames, NEVER};
use std::ops::Range;

/// What a dependency rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    WriteWrite,
    WriteRead,
    ReadWrite,
    Process,
    RealTime,
}

impl Kind {
    /// As it is written between two transactions.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WriteWrite => "ww",
            Self::WriteRead => "wr",
            Self::ReadWrite => "rw",
            Self::Process => "process",
            Self::RealTime => "realtime",
        }
    }
}

/// One dependency, or a part of one at a joint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Edge {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) kind: Kind,
}

/// All of them. Transactions have the numbers below `transactions`, then come their operations
/// where these are told apart, then joints.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edges {
    pub(crate) transactions: u32,
    /// The transaction of each operation that has a node.
    pub(crate) operations: Vec<u32>,
    pub(crate) nodes: u32,
    pub(crate) all: Vec<Edge>,
}

/// So many edges are drawn directly rather than through joints.
const DIRECT_MAX: usize = 16;

/// Joints over a list, as a tree of segments (de Berg et al., "Computational geometry", section
/// 10.3, from the leaves up).
pub(crate) struct Tree {
    nodes: Vec<u32>,
    kind: Kind,
}

impl Edges {
    pub(crate) fn new(transactions: usize) -> Self {
        let count = transactions as u32;
        Self { transactions: count, nodes: count, ..Self::default() }
    }

    /// A node for an operation of a transaction; before any joint.
    pub(crate) fn operation(&mut self, transaction: u32) -> u32 {
        self.operations.push(transaction);
        self.nodes += 1;
        self.nodes - 1
    }

    /// The transaction of a node; nothing of a joint.
    pub(crate) fn owner(&self, node: u32) -> Option<u32> {
        match node.checked_sub(self.transactions) {
            None => Some(node),
            Some(at) => self.operations.get(at as usize).copied(),
        }
    }

    /// Those of some kinds only.
    pub(crate) fn only(&self, kinds: &[Kind]) -> Self {
        let all = self.all.iter().filter(|edge| kinds.contains(&edge.kind)).copied().collect();
        Self { all, operations: self.operations.clone(), ..*self }
    }

    /// Adds one; what would lead from a transaction to itself is left out.
    #[inline]
    pub(crate) fn add(&mut self, from: u32, to: u32, kind: Kind) {
        if from != to {
            self.all.push(Edge { from, to, kind });
        }
    }

    /// A node between others.
    pub(crate) fn joint(&mut self) -> u32 {
        self.nodes += 1;
        self.nodes - 1
    }

    /// Each of `from` stands before each of `to` but itself. Neither names a transaction twice.
    pub(crate) fn fan(&mut self, from: &[u32], to: &[u32], kind: Kind) {
        if from.len() * to.len() <= DIRECT_MAX + from.len() + to.len() {
            for from in from {
                for to in to {
                    self.add(*from, *to, kind);
                }
            }
            return;
        }
        // left[i] leads to to[..=i], right[i] to to[i..].
        let left = self.chain(to.iter().copied(), kind);
        let mut right = self.chain(to.iter().rev().copied(), kind);
        right.reverse();
        let mut places: Vec<(u32, usize)> = to.iter().copied().zip(0..).collect();
        places.sort_unstable();
        for from in from {
            match places.binary_search_by_key(from, |(one, _)| *one) {
                Err(_) => {
                    if let Some(to) = right.first() {
                        self.add(*from, *to, kind);
                    }
                }
                Ok(found) => {
                    let place = places[found].1;
                    if let Some(to) = place.checked_sub(1).and_then(|place| left.get(place)) {
                        self.add(*from, *to, kind);
                    }
                    if let Some(to) = right.get(place + 1) {
                        self.add(*from, *to, kind);
                    }
                }
            }
        }
    }

    /// Joints over `to`, by which each range of it is reached by few edges.
    pub(crate) fn tree(&mut self, to: impl ExactSizeIterator<Item = u32>, kind: Kind) -> Tree {
        let count = to.len();
        let mut nodes = vec![u32::MAX; count];
        nodes.extend(to);
        // Leaves stand at count.., and the node at i over those at 2 i and 2 i + 1.
        for at in (1..count).rev().filter(|_| count > DIRECT_MAX) {
            let joint = self.joint();
            for child in [2 * at, 2 * at + 1] {
                self.add(joint, nodes[child], kind);
            }
            nodes[at] = joint;
        }
        Tree { nodes, kind }
    }

    /// A node stands before each in a range of what a tree is over.
    pub(crate) fn add_range(&mut self, from: u32, tree: &Tree, range: Range<usize>) {
        let Tree { nodes, kind } = tree;
        let count = nodes.len() / 2;
        let (mut start, mut end) = (range.start + count, range.end + count);
        if count <= DIRECT_MAX {
            for to in nodes.get(start..end).unwrap_or_default() {
                self.add(from, *to, *kind);
            }
            return;
        }
        while start < end {
            if start % 2 == 1 {
                self.add(from, nodes[start], *kind);
                start += 1;
            }
            if end % 2 == 1 {
                end -= 1;
                self.add(from, nodes[end], *kind);
            }
            (start, end) = (start / 2, end / 2);
        }
    }

    /// A joint for each of `to`, which leads to it and to those before it.
    fn chain(&mut self, to: impl Iterator<Item = u32>, kind: Kind) -> Vec<u32> {
        let mut joints: Vec<u32> = Vec::new();
        for to in to {
            let joint = self.joint();
            self.add(joint, to, kind);
            if let Some(last) = joints.last() {
                self.add(joint, *last, kind);
            }
            joints.push(joint);
        }
        joints
    }

    /// What ended before what began, among the transactions that committed.
    pub(crate) fn real_time(&mut self, frames: &Frames, committed: &[bool]) {
        // Who began (or ended) at each rank; the highest bit says which.
        const ENDED: u32 = 1 << 31;
        let all = frames.all();
        let mut events = vec![NEVER; all.len() * 2];
        for ((number, frame), _) in (0..).zip(all).zip(committed).filter(|(_, is)| **is) {
            if let Some(event) = events.get_mut(frame.began as usize) {
                *event = number;
            }
            if let Some(event) = events.get_mut(frame.ended as usize) {
                *event = number | ENDED;
            }
        }
        let (mut joint, mut is_fresh): (Option<u32>, bool) = (None, false);
        for event in events.into_iter().filter(|event| *event != NEVER) {
            if event & ENDED == 0 {
                is_fresh = false;
                if let Some(joint) = joint {
                    self.add(joint, event, Kind::RealTime);
                }
                continue;
            }
            if !is_fresh {
                let next = self.joint();
                if let Some(last) = joint.replace(next) {
                    self.add(last, next, Kind::RealTime);
                }
                is_fresh = true;
            }
            if let Some(joint) = joint {
                self.add(event & !ENDED, joint, Kind::RealTime);
            }
        }
    }

    /// Each process's transactions in their order. One of unknown outcome may take effect later.
    pub(crate) fn process(&mut self, frames: &Frames, committed: &[bool]) {
        let mut last: Vec<Option<u32>> = Vec::new();
        for ((number, frame), _) in (0..).zip(frames.all()).zip(committed).filter(|(_, is)| **is) {
            let process = frame.process as usize;
            if process >= last.len() {
                last.resize(process + 1, None);
            }
            if let Some(before) = last[process] {
                self.add(before, number, Kind::Process);
            }
            if frame.fate == Fate::Committed {
                last[process] = Some(number);
            }
        }
    }
}
