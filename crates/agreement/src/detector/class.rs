//! The classes of failure detectors, and to which one a run's suspicions belong.
//!
//! ```text
//!                                 eventual accuracy
//!                        strong: nobody who runs      weak: somebody who runs
//!                        is suspected                 is suspected by nobody
//!   completeness         by anybody who runs          who runs
//!   strong: a crash is
//!   suspected by all     eventually perfect           eventually strong
//!   weak: ... by one     eventually quasi-perfect     eventually weak
//! ```
//!
//! *Eventually* means: from some time on, for ever. A run ends, so it is judged on its rest from a
//! stated time on: it can refute that a class was reached by then, and holds only as far as the run
//! went. Whoever crashes during that rest is not judged.
//!
//! Reference: Chandra, Toueg 1996, §2.4, figure 1.

use avouch_promise::{Nanos, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// How far a property of suspicions holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extent {
    /// Not at all.
    Not,
    /// Its weak form.
    Weak,
    /// Its strong form.
    Strong,
}

/// A class whose accuracy is eventual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Strong completeness, strong accuracy.
    EventuallyPerfect,
    /// Strong completeness, weak accuracy: enough for consensus.
    EventuallyStrong,
    /// Weak completeness, strong accuracy.
    EventuallyQuasiPerfect,
    /// Weak completeness, weak accuracy: enough, too, by the reduction.
    EventuallyWeak,
}

/// What holds on the rest of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Properties {
    /// Who crashed is suspected: by everyone, or by somebody, who runs.
    pub completeness: Extent,
    /// Who runs is not suspected by anybody who runs: everyone, or somebody.
    pub accuracy: Extent,
}

impl Properties {
    /// The strongest class that has them.
    pub fn class(self) -> Option<Class> {
        match (self.completeness, self.accuracy) {
            (Extent::Strong, Extent::Strong) => Some(Class::EventuallyPerfect),
            (Extent::Strong, Extent::Weak) => Some(Class::EventuallyStrong),
            (Extent::Weak, Extent::Strong) => Some(Class::EventuallyQuasiPerfect),
            (Extent::Weak, Extent::Weak) => Some(Class::EventuallyWeak),
            (Extent::Not, _) | (_, Extent::Not) => None,
        }
    }
}

/// Who suspected whom when, and who crashed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suspicions {
    members: BTreeSet<NodeId>,
    crashed: BTreeMap<NodeId, Nanos>,
    changes: BTreeMap<NodeId, Vec<(Nanos, BTreeSet<NodeId>)>>,
}

impl Suspicions {
    /// Nobody suspects anybody yet.
    pub fn new(members: impl IntoIterator<Item = NodeId>) -> Self {
        Self { members: members.into_iter().collect(), ..Self::default() }
    }

    /// From `at` on, `node` suspects these. Told in order of time.
    pub fn changed(&mut self, node: NodeId, at: Nanos, suspects: BTreeSet<NodeId>) {
        self.changes.entry(node).or_default().push((at, suspects));
    }

    /// `node` crashed at `at`, for good.
    pub fn crashed(&mut self, node: NodeId, at: Nanos) {
        self.crashed.insert(node, at);
    }

    /// How often suspicions changed from `from` on.
    pub fn changes(&self, from: Nanos) -> usize {
        self.changes.values().flatten().filter(|(at, _)| *at >= from).count()
    }

    /// What holds from `from` on.
    //= §1.2.2 failure-detector hierarchies
    pub fn properties(&self, from: Nanos) -> Properties {
        let before = |id: &&NodeId| self.crashed.get(id).is_some_and(|at| *at < from);
        let dead: Vec<_> = self.members.iter().filter(before).collect();
        let alive: Vec<_> =
            self.members.iter().filter(|id| !self.crashed.contains_key(id)).collect();
        let always = |by: &NodeId, whom: &NodeId| {
            self.in_force(by, from).all(|suspects| suspects.is_some_and(|set| set.contains(whom)))
        };
        let never = |by: &NodeId, whom: &NodeId| {
            self.in_force(by, from).all(|suspects| suspects.is_none_or(|set| !set.contains(whom)))
        };
        let trusted = |whom: &&NodeId| alive.iter().all(|by| never(by, whom));
        let completeness = if dead.iter().all(|whom| alive.iter().all(|by| always(by, whom))) {
            Extent::Strong
        } else if dead.iter().all(|whom| alive.iter().any(|by| always(by, whom))) {
            Extent::Weak
        } else {
            Extent::Not
        };
        let accuracy = if alive.iter().copied().all(|whom| trusted(&whom)) {
            Extent::Strong
        } else if alive.iter().copied().any(|whom| trusted(&whom)) {
            Extent::Weak
        } else {
            Extent::Not
        };
        Properties { completeness, accuracy }
    }

    /// The suspicions of a node in force at `from` or later; none: it never suspected anybody.
    fn in_force(
        &self,
        node: &NodeId,
        from: Nanos,
    ) -> impl Iterator<Item = Option<&BTreeSet<NodeId>>> {
        let changes = self.changes.get(node).map_or(&[][..], Vec::as_slice);
        let later = changes.partition_point(|(at, _)| *at <= from);
        let first = later.checked_sub(1).and_then(|at| changes.get(at)).map(|(_, set)| set);
        std::iter::once(first).chain(changes.iter().skip(later).map(|(_, set)| Some(set)))
    }
}
