//! What follows from several observers' reports together: a pure function.
//!
//! ```text
//!   nobody hears it   refused --------------------------> crashed
//!                     nothing acknowledged --------------> isolated, partition
//!                     the kernel acknowledges -----------> paused
//!   some do not hear  each direction apart --------------> one way, triangle, bridge
//!   late for most     by the pattern of what is late ----> slow node, paused, throttled
//!   late on disk only, or by its own word
//!                     the node's own queue --------------> slow disk, saturated disk
//!   late for one      segments sent again ---------------> lossy link, spikes of the time-out
//!                     none, and late both ways ----------> slow link
//! ```
//!
//! Whom one observer finds late may be well and the observer not: a node is named only when most of
//! those who ask it agree. Of its disk its own word is enough, since it alone asks it, and few of a
//! log's nodes wait for another's; but not while most find it late in general, for who gets no
//! processor finds his disk late, too. An observer that finds most of its peers late is not
//! believed, since it is itself the one they have in common; and when most observers are like that,
//! the whole population is slow (a burst of load), which is nobody's fault.
//!
//! Invariants:
//! - I1 Without the reports of a majority nothing is named: who is alone does not know whether he
//!   or the others are gone.

use super::mutant::GrayMutant;
use super::observer::{DiskSight, Report};
use super::peer::{Segments, Sight};
use super::shapes::{Reachability, Shape};
use super::tail::{Marks, Pattern, STOPPED, Tail};
use super::verdict::{Verdict, What};
use avouch_promise::{Nanos, NodeId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A timer so much later than its time is no scheduler's doing.
const STALLED: Nanos = Nanos::from_millis(50);

/// Who says nothing for so long is not heard.
pub const SILENCE: Nanos = Nanos::from_secs(2);
/// So many thousandths of an operation in a device's queue make it saturated; a node's own sync
/// alone is at most one operation.
const QUEUE_SATURATED: u32 = 1_500;

/// The reports of one moment, by observer.
pub type Reports = BTreeMap<NodeId, Arc<Report>>;

/// What follows from these reports of these nodes.
//= §4.1.2 grey-detection
pub fn combine(
    nodes: &BTreeSet<NodeId>,
    reports: &Reports,
    mutant: Option<GrayMutant>,
) -> Vec<Verdict> {
    if reports.len() * 2 <= nodes.len() {
        return Vec::new();
    }
    let mut case = Case { nodes, reports, mutant, verdicts: Vec::new() };
    let gone = case.gone();
    case.parted(&gone);
    if mutant != Some(GrayMutant::TrustsHeartbeats) {
        let believed = case.believed(&gone);
        let named = case.late_nodes(&gone, &believed);
        case.links(&gone, &named, &believed);
    }
    case.verdicts
}

struct Case<'a> {
    nodes: &'a BTreeSet<NodeId>,
    reports: &'a Reports,
    mutant: Option<GrayMutant>,
    verdicts: Vec<Verdict>,
}

impl Case<'_> {
    fn name(&mut self, what: What, evidence: Vec<String>) {
        let what = match (self.mutant, what) {
            (Some(GrayMutant::MixesDirections), What::OneWay(a, b)) => What::OneWay(b, a),
            (Some(GrayMutant::MixesDirections), What::LossyLink(a, b)) => What::LossyLink(b, a),
            (Some(GrayMutant::MixesDirections), What::RtoSpikes(a, b)) => What::RtoSpikes(b, a),
            (_, what) => what,
        };
        self.verdicts.push(Verdict { what, evidence });
    }

    /// What the others tell of a node.
    fn of(&self, node: NodeId) -> impl Iterator<Item = (NodeId, &Sight)> {
        let others = self.reports.values().filter(move |report| report.observer != node);
        others.filter_map(move |report| Some((report.observer, report.sights.get(&node)?)))
    }

    /// The nodes that nobody hears.
    fn gone(&mut self) -> BTreeSet<NodeId> {
        let mut gone = BTreeSet::new();
        let mut cut_off = BTreeSet::new();
        for &node in self.nodes {
            let seen: Vec<_> = self.of(node).map(|(observer, sight)| (observer, *sight)).collect();
            let count = |is: fn(&Sight) -> bool| seen.iter().filter(|(_, sight)| is(sight)).count();
            let most = |some: usize| some > 0 && some * 2 > seen.len();
            if most(count(|sight| sight.segments.refused)) {
                gone.insert(node);
                let who = seen.iter().filter(|(_, sight)| sight.segments.refused);
                let lines = who.map(|(who, _)| format!("{who}: connections are refused")).collect();
                self.name(What::Crashed(node), lines);
                continue;
            }
            if seen.len() < 2 || !seen.iter().all(|(_, sight)| is_silent(sight)) {
                continue;
            }
            gone.insert(node);
            if most(count(|sight| sight.segments.is_backed_off())) {
                cut_off.insert(node);
            } else {
                let lines = seen.iter().map(|(who, sight)| {
                    format!("{who}: nothing heard for {}, segments acknowledged", sight.unheard)
                });
                self.name(What::Paused(node), lines.collect());
            }
        }
        self.cut_off(&cut_off);
        gone
    }

    /// The nodes to which nothing gets through any more, either.
    fn cut_off(&mut self, nodes: &BTreeSet<NodeId>) {
        let mut lines = Vec::new();
        for &node in nodes {
            for (who, sight) in self.of(node) {
                let Sight { unheard, segments, .. } = sight;
                let rto = segments.rto;
                lines.push(format!(
                    "{who}: {node} unheard for {unheard}, time-out backed off to {rto}"
                ));
            }
        }
        let side: Vec<_> = nodes.iter().copied().collect();
        match side[..] {
            [] => {}
            [node] => self.name(What::Isolated(node), lines),
            _ => {
                let others = self.nodes.difference(nodes).copied().collect();
                self.name(What::Partition(side, others), lines);
            }
        }
    }

    /// Directions that do not work between nodes that somebody hears.
    fn parted(&mut self, gone: &BTreeSet<NodeId>) {
        let mut reach = Reachability::of(self.nodes.difference(gone).copied());
        for report in self.reports.values() {
            for (peer, sight) in &report.sights {
                reach.report(*peer, report.observer, !is_silent(sight));
            }
        }
        let named = reach.shapes().named;
        let explained = |through: &[NodeId]| match through {
            [node] => named.contains(&Shape::Bridge { node: *node }),
            _ => false,
        };
        for shape in &named {
            let told = |from: NodeId, to: NodeId| match self.unheard(from, to) {
                None => format!("{to} does not tell whether it hears {from}"),
                Some(silence) if silence < SILENCE => format!("{to} hears {from}"),
                Some(silence) => format!("{to} has not heard {from} for {silence}"),
            };
            let both = |a, b| vec![told(a, b), told(b, a)];
            match *shape {
                Shape::OneWay { from, to } if !self.is_cut(from, to) => {}
                Shape::OneWay { from, to } => self.name(What::OneWay(from, to), both(from, to)),
                Shape::Partial { ref through, .. } if explained(through) => {}
                Shape::Partial { one, other, ref through } => {
                    let mut lines = both(one, other);
                    lines.push(format!("{} others exchange messages with both", through.len()));
                    self.name(What::PartialPartition(one, other), lines);
                }
                Shape::Bridge { node } => {
                    self.name(What::Bridge(node), vec![Shape::Bridge { node }.to_string()]);
                }
                // Who hears nobody sends no report that would be heard; those were `gone`.
                Shape::Full { .. } | Shape::Isolated { .. } => {}
            }
        }
    }

    /// For how long `to` has not heard `from`, as far as it tells.
    fn unheard(&self, from: NodeId, to: NodeId) -> Option<Nanos> {
        Some(self.reports.get(&to)?.sights.get(&from)?.unheard)
    }

    /// Whether the sender's kernel, too, finds that nothing gets through, not only that some is
    /// lost. A silence alone is none: one segment that is late for seconds holds up whatever was
    /// sent after it, though nothing is lost and all of it comes.
    fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        let silence_alone = self.mutant == Some(GrayMutant::BelievesSilence);
        let only_loses = |seen: &Segments| seen.is_lossy() && !seen.is_dark();
        let segments = self.segments(from, to);
        segments.is_some_and(|seen| {
            !only_loses(&seen) && (silence_alone || seen.is_backed_off() || seen.is_dark())
        })
    }

    /// Whether the sender tells of losses at all, which explain what one observer finds late.
    fn loses(&self, from: NodeId, to: NodeId) -> bool {
        self.segments(from, to).is_some_and(|seen| seen.is_lossy())
    }

    fn segments(&self, from: NodeId, to: NodeId) -> Option<Segments> {
        Some(self.reports.get(&from)?.sights.get(&to)?.segments)
    }

    /// Whether both may be heard by each other.
    fn in_touch(&self, one: NodeId, other: NodeId) -> bool {
        let heard = |from, to| self.unheard(from, to).is_none_or(|silence| silence < SILENCE);
        heard(one, other) && heard(other, one)
    }

    /// The observers that are believed when they find somebody late; none when all are slow.
    fn believed(&self, gone: &BTreeSet<NodeId>) -> BTreeSet<NodeId> {
        let all: BTreeSet<_> = self.reports.keys().copied().collect();
        if self.mutant == Some(GrayMutant::ForgetsPopulation) {
            return all;
        }
        let is_believed = |report: &&Arc<Report>| {
            let peers = report
                .sights
                .iter()
                .filter(|(peer, _)| !gone.contains(peer) && self.in_touch(report.observer, **peer));
            let peers: Vec<_> = peers.collect();
            peers.iter().filter(|(_, sight)| sight.memory.is_raised()).count() * 2 <= peers.len()
        };
        let believed: BTreeSet<_> =
            self.reports.values().filter(is_believed).map(|report| report.observer).collect();
        if believed.len() * 2 > all.len() { believed } else { BTreeSet::new() }
    }

    /// The nodes that most find late, by the pattern of what is late.
    fn late_nodes(
        &mut self,
        gone: &BTreeSet<NodeId>,
        believed: &BTreeSet<NodeId>,
    ) -> BTreeSet<NodeId> {
        let mut named = BTreeSet::new();
        for &node in self.nodes.difference(gone) {
            let voices: Vec<_> = self
                .of(node)
                .filter(|(who, _)| believed.contains(who) && self.in_touch(node, *who))
                .filter(|(who, _)| !self.loses(*who, node) && !self.loses(node, *who))
                .map(|(who, sight)| (who, *sight))
                .collect();
            let tails = |which: fn(&Sight) -> Tail| -> Vec<(NodeId, Tail)> {
                let tails = voices.iter().map(|(who, sight)| (*who, which(sight)));
                tails.filter(|(_, tail)| tail.is_raised()).collect()
            };
            let (memory, durable) = (tails(|sight| sight.memory), tails(|sight| sight.durable));
            let enough = |accusers: &[(NodeId, Tail)], which: fn(&Sight) -> Tail| {
                let sum = voices.iter().map(|(_, sight)| which(sight));
                match self.mutant {
                    Some(GrayMutant::BelievesOne) => accusers.iter().any(|(_, tail)| tail.is_bad()),
                    _ => {
                        accusers.len() > 1
                            && accusers.len() * 2 > voices.len()
                            && Tail::is_bad_in_sum(sum)
                    }
                }
            };
            let evidence = |tails: &[(NodeId, Tail)]| tails.iter().map(told).collect();
            if enough(&memory, |sight| sight.memory) {
                named.insert(node);
                if let Some(what) = self.of_patterns(node, &voices, &memory) {
                    self.name(what, evidence(&memory));
                }
            } else if enough(&durable, |sight| sight.durable)
                || self.says_its_disk_is_late(node, &voices, &memory)
            {
                named.insert(node);
                let (what, own) = self.of_disk(node);
                let mut lines: Vec<_> = evidence(&durable);
                lines.push(own);
                self.name(what, lines);
            }
        }
        named
    }

    /// Whether a node tells that its own syncs are late, and those who ask it do not find it late
    /// in general.
    fn says_its_disk_is_late(
        &self,
        node: NodeId,
        voices: &[(NodeId, Sight)],
        accusers: &[(NodeId, Tail)],
    ) -> bool {
        let own = self.reports.get(&node).is_some_and(|report| report.disk.is_late());
        let in_general =
            accusers.len() * 2 > voices.len() && self.mutant != Some(GrayMutant::BelievesOwnDisk);
        own && voices.len() > 1 && !in_general && self.mutant != Some(GrayMutant::IgnoresOwnDisk)
    }

    /// What is wrong with a node's disk, by the node's own report, and what that says.
    fn of_disk(&self, node: NodeId) -> (What, String) {
        let Some(disk) = self.reports.get(&node).map(|report| report.disk) else {
            let line = format!("{node} does not tell whether its device has a queue");
            return (What::SlowDisk(node), line);
        };
        let DiskSight { syncs, late, slowest, usual, queue_milli, .. } = disk;
        let line = format!(
            "{node}: {late} of {syncs} syncs later than {usual}, the slowest {slowest}, {}.{:03} \
             operations in the device's queue",
            queue_milli / 1_000,
            queue_milli % 1_000
        );
        let saturated = queue_milli >= QUEUE_SATURATED;
        (if saturated { What::SaturatedDisk(node) } else { What::SlowDisk(node) }, line)
    }

    /// What makes a node late: what its accusers' late answers have in common.
    fn of_patterns(
        &self,
        node: NodeId,
        voices: &[(NodeId, Sight)],
        accusers: &[(NodeId, Tail)],
    ) -> Option<What> {
        let silent = accusers.iter().filter(|(_, tail)| tail.pattern == Pattern::Silent).count();
        if silent * 2 > accusers.len() {
            let stopped = voices.iter().all(|(_, sight)| {
                let Sight { segments, unheard, .. } = sight;
                *unheard >= STOPPED && !segments.refused && !segments.is_backed_off()
            });
            return stopped.then_some(What::Paused(node));
        }
        match Marks::sum(accusers.iter().map(|(_, tail)| tail.marks)).pattern() {
            Pattern::InStep => Some(What::Throttled(node)),
            // Paths that hiccup stop some observers, and now and then all; a stop of the process
            // stops all, and its own timers.
            Pattern::Stops => {
                let own = self.reports.get(&node).map(|report| report.stalled);
                let stood = own.is_none_or(|stalled| stalled >= STALLED)
                    || self.mutant == Some(GrayMutant::BelievesHiccups);
                (stood && accusers.len() >= voices.len()).then_some(What::Paused(node))
            }
            _ => Some(What::SlowNode(node)),
        }
    }

    /// Connections that lose segments, and pairs that find only each other late.
    fn links(
        &mut self,
        gone: &BTreeSet<NodeId>,
        named: &BTreeSet<NodeId>,
        believed: &BTreeSet<NodeId>,
    ) {
        let mut lossy = BTreeSet::new();
        for report in self.reports.values() {
            for (&to, sight) in &report.sights {
                let (from, seen) = (report.observer, sight.segments);
                let in_touch = self.in_touch(from, to);
                let cut = seen.is_dark() && !(in_touch && seen.is_dark_for_long());
                if gone.contains(&to) || !seen.is_lossy() || cut {
                    continue;
                }
                lossy.insert((from, to));
                let line = format!(
                    "{from}: {} segments to {to}, {} sent again, time-out up to {} (usually {})",
                    seen.sent, seen.again, seen.rto, seen.rto_usual
                );
                if seen.is_in_stretches() {
                    self.name(What::RtoSpikes(from, to), vec![line]);
                } else if seen.is_scattered() || seen.is_dark_for_long() {
                    self.name(What::LossyLink(from, to), vec![line]);
                }
            }
        }
        for &one in self.nodes {
            for &other in self.nodes.range(..one) {
                let lost = lossy.contains(&(one, other)) || lossy.contains(&(other, one));
                let ends = [one, other];
                let apart = ends.iter().all(|end| {
                    believed.contains(end) && !gone.contains(end) && !named.contains(end)
                });
                let told_by = |who: NodeId, of: NodeId| {
                    let tail = self.reports.get(&who)?.sights.get(&of)?.memory;
                    (tail.pattern == Pattern::Slow && tail.is_bad()).then(|| told(&(who, tail)))
                };
                if lost || !apart || !self.in_touch(one, other) {
                    continue;
                }
                if let (Some(there), Some(back)) = (told_by(other, one), told_by(one, other)) {
                    self.name(What::SlowLink(other, one), vec![there, back]);
                }
            }
        }
    }
}

fn is_silent(sight: &Sight) -> bool {
    sight.unheard >= SILENCE
}

fn told((who, tail): &(NodeId, Tail)) -> String {
    let Tail { requests, late, waiting, longest, usual, pattern, .. } = tail;
    format!(
        "{who}: {late} of {requests} requests later than {usual}, {waiting} of them unanswered, up \
         to {longest}: {pattern:?}"
    )
}

#[cfg(test)]
mod tests;
