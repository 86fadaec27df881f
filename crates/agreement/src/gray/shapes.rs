//! The shape of a partition, from who says whom it hears.
//!
//! ```text
//!   full            isolated        partial (triangle)     bridge            one way
//!   a - b | c - d   a | b - c - d   a - c - b, a x b       a - c - b, a x b  a --> b, b x a
//!                                   c and d reach both     only c does
//! ```
//!
//! A message's receiver is the only one who knows that it came, so an edge a -> b is what *b* says
//! of a: it takes both ends' reports to tell one direction from the other. A report that is missing
//! leaves its receiver's edges unknown, and a shape is named only if it holds whatever they are.
//!
//! Invariants:
//! - I1 A shape that is named holds in every completion of what is unknown.
//!
//! Reference: Alquraan, Takruri, Alfatafta, Al-Kiswany: An Analysis of Network-Partitioning
//! Failures in Cloud Systems (OSDI 2018), section 2: complete, partial and simplex partitions.

use avouch_promise::NodeId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is known of every directed edge.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reachability {
    nodes: BTreeSet<NodeId>,
    edges: BTreeMap<(NodeId, NodeId), bool>,
}

/// What is wrong between nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// Nothing passes between the sides in either direction.
    Full {
        /// The sides, each in order, the one with the lowest node first.
        sides: Vec<Vec<NodeId>>,
    },
    /// A full partition with one node alone on its side.
    Isolated {
        /// The node.
        node: NodeId,
    },
    /// Nothing passes between two nodes, and at least one other node exchanges with both: the
    /// triangle.
    Partial {
        /// One.
        one: NodeId,
        /// The other.
        other: NodeId,
        /// Who exchanges messages with both.
        through: Vec<NodeId>,
    },
    /// All that exchange messages do so through one node, without which they would be parted.
    Bridge {
        /// That node.
        node: NodeId,
    },
    /// One direction works, the other does not.
    OneWay {
        /// From here nothing arrives,
        from: NodeId,
        /// here; the other direction works.
        to: NodeId,
    },
}

/// What was found, and what could not be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shapes {
    /// What holds.
    pub named: BTreeSet<Shape>,
    /// The directed edges of which nobody told, so that more may hold.
    pub unknown: Vec<(NodeId, NodeId)>,
}

impl Reachability {
    /// Of these nodes; nothing is known yet.
    pub fn of(nodes: impl IntoIterator<Item = NodeId>) -> Self {
        Self { nodes: nodes.into_iter().collect(), edges: BTreeMap::new() }
    }

    /// `to` says whether it hears `from`.
    pub fn report(&mut self, from: NodeId, to: NodeId, hears: bool) {
        if from != to && self.nodes.contains(&from) && self.nodes.contains(&to) {
            self.edges.insert((from, to), hears);
        }
    }

    /// Whether messages from one node reach the other; none if nobody told.
    pub fn edge(&self, from: NodeId, to: NodeId) -> Option<bool> {
        self.edges.get(&(from, to)).copied()
    }

    fn certainly(&self, one: NodeId, other: NodeId, works: bool) -> bool {
        let is = |from, to| self.edge(from, to) == Some(works);
        is(one, other) && is(other, one)
    }

    /// The components of these nodes under a symmetric relation, each in order.
    fn components(
        nodes: &BTreeSet<NodeId>,
        joined: impl Fn(NodeId, NodeId) -> bool,
    ) -> Vec<Vec<NodeId>> {
        let mut left = nodes.clone();
        let mut components = Vec::new();
        while let Some(first) = left.pop_first() {
            let (mut component, mut at) = (vec![first], 0);
            while let Some(&node) = component.get(at) {
                let near = left.iter().copied().filter(|other| joined(node, *other));
                let near: Vec<_> = near.collect();
                left.retain(|other| !near.contains(other));
                component.extend(near);
                at += 1;
            }
            component.sort_unstable();
            components.push(component);
        }
        components
    }

    //= §4.1.2 asymmetric-partition
    //= §4.1.2 triangle-partition
    /// The shapes that hold whatever is unknown.
    pub fn shapes(&self) -> Shapes {
        let mut named = BTreeSet::new();
        let may_touch = |a, b| self.edge(a, b) != Some(false) || self.edge(b, a) != Some(false);
        let sides = Self::components(&self.nodes, may_touch);
        if sides.len() > 1 {
            for side in sides.iter().filter(|_| self.nodes.len() > 2) {
                if let [node] = side[..] {
                    named.insert(Shape::Isolated { node });
                }
            }
            named.insert(Shape::Full { sides });
        }
        named.extend(self.bridge().map(|node| Shape::Bridge { node }));
        for (&one, &other) in self.pairs() {
            if self.certainly(one, other, false) {
                let both = |via: &NodeId| {
                    self.certainly(one, *via, true) && self.certainly(*via, other, true)
                };
                let through: Vec<_> = self.nodes.iter().copied().filter(both).collect();
                if !through.is_empty() {
                    named.insert(Shape::Partial { one, other, through });
                }
            }
            for (from, to) in [(one, other), (other, one)] {
                if self.edge(from, to) == Some(false) && self.edge(to, from) == Some(true) {
                    named.insert(Shape::OneWay { from, to });
                }
            }
        }
        let every = |from: NodeId| self.nodes.iter().map(move |to| (from, *to));
        let edges = self.nodes.iter().flat_map(|from| every(*from));
        let unknown =
            edges.filter(|(from, to)| from != to && self.edge(*from, *to).is_none()).collect();
        Shapes { named, unknown }
    }

    fn pairs(&self) -> impl Iterator<Item = (&NodeId, &NodeId)> {
        self.nodes.iter().flat_map(|one| self.nodes.range(..one).map(move |other| (other, one)))
    }

    /// The node that alone holds all others together, by edges that work both ways.
    fn bridge(&self) -> Option<NodeId> {
        let joined = |a, b| self.certainly(a, b, true);
        let may = |a, b| self.edge(a, b) != Some(false) && self.edge(b, a) != Some(false);
        if self.nodes.len() < 3 || Self::components(&self.nodes, joined).len() > 1 {
            return None;
        }
        let mut cutting = self.nodes.iter().copied().filter(|node| {
            let mut others = self.nodes.clone();
            others.remove(node);
            Self::components(&others, may).len() > 1
        });
        // A chain has several such nodes: each part of it hangs on another one.
        let first = cutting.next()?;
        cutting.next().is_none().then_some(first)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list =
            |nodes: &[NodeId]| nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        match self {
            Self::Full { sides } => {
                let sides: Vec<_> = sides.iter().map(|side| list(side)).collect();
                write!(f, "partition: {}", sides.join(" | "))
            }
            Self::Isolated { node } => write!(f, "{node} is isolated"),
            Self::Partial { one, other, through } => {
                let through = list(through);
                write!(f, "partial partition: {one} x {other}, and {through} reach both")
            }
            Self::Bridge { node } => write!(f, "{node} is the only bridge between the others"),
            Self::OneWay { from, to } => {
                write!(f, "one-way partition: {from} does not reach {to}, {to} reaches {from}")
            }
        }
    }
}

#[cfg(test)]
mod tests;
