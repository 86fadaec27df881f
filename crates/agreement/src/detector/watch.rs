//! One node's view of all others: whom it suspects, by a growing detector for each.
//!
//! ```text
//!   Everyone   n1 looks at n2 n3 n4       every crash is suspected by every node that runs:
//!                                         strong completeness
//!   Next       n1 looks at n2;            every crash is suspected by the nearest node before it
//!              n2 suspected: at n3, too   that runs, and perhaps by no other: weak completeness
//! ```
//!
//! Either way, once delays are bounded, every detector stops being wrong (`growing.rs`): eventual
//! strong accuracy. So the one is eventually perfect, the other eventually quasi-perfect. Where
//! only some node's messages are ever bounded, that one is trusted for ever and others may not be:
//! eventual weak accuracy, and the classes are eventually strong and eventually weak.
//!
//! Reference: Chandra, Toueg 1996, §2.4: the eight classes.

use super::growing::Growing;
use super::kind::{Any, Kind};
use super::{Detector, Level, Verdict};
use avouch_promise::{Incarnation, Nanos, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// Whom a node looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// At everyone.
    Everyone,
    /// In the order of numbers, from the next one after itself to the first one that it trusts.
    Next,
}

/// How a node watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// By which algorithm.
    pub kind: Kind,
    /// Between two heartbeats.
    pub interval: Nanos,
    /// How much longer a node waits after each mistake; zero: it never learns.
    pub step: Nanos,
    /// Whom it looks at.
    pub reach: Reach,
}

/// One node that is watched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Watched {
    incarnation: Incarnation,
    detector: Growing<Any>,
}

/// One node's view of all others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Watch {
    settings: Settings,
    me: NodeId,
    others: BTreeMap<NodeId, Watched>,
}

impl Watch {
    /// The view of `me`, which starts at `now`.
    pub fn new(settings: Settings, me: NodeId, members: &BTreeSet<NodeId>, now: Nanos) -> Self {
        let watched = |id: &NodeId| {
            let detector = Growing::new(settings.kind.build(settings.interval, now), settings.step);
            (*id, Watched { incarnation: Incarnation::default(), detector })
        };
        let others = members.iter().filter(|id| **id != me).map(watched).collect();
        Self { settings, me, others }
    }

    /// Heartbeat number `sequence` of the life `incarnation` of `from` arrived.
    pub fn heard(&mut self, from: NodeId, incarnation: Incarnation, sequence: u64, now: Nanos) {
        let Some(watched) = self.others.get_mut(&from) else { return };
        if incarnation < watched.incarnation {
            return;
        }
        if incarnation > watched.incarnation {
            let known = watched.incarnation > Incarnation::default();
            watched.incarnation = incarnation;
            if known {
                let Settings { kind, interval, .. } = self.settings;
                let since = now.minus(interval.times(sequence));
                watched.detector = watched.detector.clone().restarted(kind.build(interval, since));
            }
        }
        watched.detector.heartbeat(sequence, now);
    }

    /// Whom this node suspects at `now`, of those at whom it looks.
    pub fn suspects(&self, now: Nanos) -> BTreeSet<NodeId> {
        self.looked_at(now)
            .filter(|(_, watched)| watched.detector.verdict(now) == Verdict::Suspect)
            .map(|(id, _)| id)
            .collect()
    }

    /// How strongly a node is suspected at `now`, by its detector's own measure.
    pub fn level(&self, node: NodeId, now: Nanos) -> Option<Level> {
        self.others.get(&node).map(|watched| watched.detector.level(now))
    }

    /// When, after `now`, it next suspects somebody, if nothing arrives before.
    pub fn deadline(&self, now: Nanos) -> Option<Nanos> {
        self.looked_at(now)
            .map(|(_, watched)| watched.detector.deadline())
            .filter(|deadline| *deadline > now)
            .min()
    }

    /// How often this node has been wrong.
    pub fn mistakes(&self) -> u64 {
        self.others.values().map(|watched| watched.detector.mistakes()).sum()
    }

    /// The longest time that it waits beyond what its detectors say, learned from mistakes.
    pub fn extra(&self) -> Nanos {
        self.others.values().map(|watched| watched.detector.extra()).max().unwrap_or_default()
    }

    fn looked_at(&self, now: Nanos) -> impl Iterator<Item = (NodeId, &Watched)> {
        let after = self.others.range(self.me..);
        let before = self.others.range(..self.me);
        let mut trusted = 0;
        after.chain(before).map(|(id, watched)| (*id, watched)).take_while(move |(_, watched)| {
            let more = trusted == 0 || self.settings.reach == Reach::Everyone;
            trusted += usize::from(watched.detector.verdict(now) == Verdict::Trust);
            more
        })
    }
}

/// Who leads, by a view of whom to suspect: the trusted node with the least number. On an
/// eventually perfect detector, from some time on all nodes that run name the same one for ever:
/// the detector Omega (Chandra, Hadzilacos, Toueg 1996).
pub fn leader(members: &BTreeSet<NodeId>, suspects: &BTreeSet<NodeId>) -> Option<NodeId> {
    members.difference(suspects).next().copied()
}
