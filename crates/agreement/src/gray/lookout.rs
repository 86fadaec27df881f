//! A node of a log as a lookout: it watches its peers by the messages that it exchanges with them
//! anyway, tells them what it sees, and says whom it suspects.
//!
//! ```text
//!   message out  Heartbeat, Confirm --> a request from memory begins; Append --> one from disk
//!   message in   HeartbeatReply, Confirmed, Accepted --> it ends; anything --> the peer is heard
//!   each look    Probe --Probed-- whom the log had nothing to ask meanwhile
//!   every PERIOD own report, and those known of others --Seen--> all peers
//!                Seen is the heartbeat that a phi detector for each peer watches
//! ```
//!
//! Only a leader asks its peers often; of two followers neither would know the other by the log's
//! own messages. So a pair that is quiet is probed, by the same thread and over the same connection
//! as the log's messages. Looks come at drawn times, so that nothing else that has a period is in
//! step with them.
//!
//! Nothing is decided by what is said here: it is for the eye. A peer that lies about others is
//! believed no further than the majority that `combine` asks for; about its own disk it is believed
//! alone, so that it can slander nobody but itself.
//!
//! - I1 Who stood still itself accuses nobody: silence that it slept through is its own, so after
//!   a turn that comes late it suspects nobody until its peers have had the time to speak.

use super::combine::{Reports, combine};
use super::mutant::GrayMutant;
use super::observer::{DiskSight, Observer, Report};
use super::peer::{Connection, Work};
use super::verdict::Verdict;
use super::watch::{PERIOD, Watch};
use crate::detector::{self, Kind, Reach};
use crate::log::Message;
use crate::log::message::ReadRound;
use avouch_machine::Env;
use avouch_promise::{Ballot, Incarnation, LogIndex, Nanos, NodeId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A report that is older than this is missing.
const FRESH: Nanos = Nanos::from_secs(2);
/// So late, a turn shows that the node itself stood still.
const STOOD: Nanos = Nanos::from_millis(1_500);
/// And for so long after it, it accuses nobody.
const GRACE: Nanos = Nanos::from_secs(1);
/// At most one request of a kind to a peer in this time is observed, so that a busy log is not held
/// up.
const PACE: Nanos = Nanos::from_millis(5);
/// A request that was never answered is forgotten after this.
const FORGOTTEN: Nanos = Nanos::from_secs(5);

/// The time from one look to the next: at least, and how much more at most.
const LOOK: Nanos = Nanos::from_millis(50);
const LOOK_SPREAD: Nanos = Nanos::from_millis(60);

/// What is asked of a peer, by which its answer is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Probe(u64),
    Alive(u64),
    Confirm(ReadRound),
    Append(Ballot, LogIndex),
}

/// What is thought of one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspicion {
    /// The peer.
    pub peer: NodeId,
    /// The detector's level: phi.
    pub level: detector::Level,
    /// Whether it is suspected to have stopped.
    pub suspected: bool,
}

/// A lookout.
#[derive(Clone, Debug)]
pub struct Lookout {
    me: NodeId,
    incarnation: Incarnation,
    nodes: BTreeSet<NodeId>,
    observer: Observer,
    detectors: detector::Watch,
    watch: Watch,
    reports: BTreeMap<NodeId, (Nanos, Arc<Report>)>,
    asked: BTreeMap<NodeId, BTreeMap<Asked, (u64, Nanos)>>,
    /// When each peer was last asked for each kind of work.
    last: BTreeMap<(NodeId, Work), Nanos>,
    requests: u64,
    turns: u64,
    /// When the next look and the next turn are due.
    look_at: Nanos,
    turn_at: Nanos,
    quiet_until: Nanos,
    mutant: Option<GrayMutant>,
}

/// What comes of a look.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// What goes out, and to whom.
    pub sends: Vec<(NodeId, Message)>,
    /// What is named from now on.
    pub named: Vec<Verdict>,
}

impl Lookout {
    /// The lookout of `me` over these nodes, which starts at `now`.
    pub fn new(me: NodeId, incarnation: Incarnation, nodes: BTreeSet<NodeId>, now: Nanos) -> Self {
        let settings = detector::watch::Settings {
            kind: Kind::PhiLogistic,
            interval: PERIOD,
            step: PERIOD,
            reach: Reach::Everyone,
        };
        Self {
            me,
            incarnation,
            observer: Observer::new(me, nodes.iter().copied()),
            detectors: detector::Watch::new(settings, me, &nodes, now),
            nodes,
            watch: Watch::default(),
            reports: BTreeMap::new(),
            asked: BTreeMap::new(),
            last: BTreeMap::new(),
            requests: 0,
            turns: 0,
            look_at: now,
            turn_at: now,
            quiet_until: now,
            mutant: None,
        }
    }

    /// With a planted bug.
    #[must_use]
    pub fn with_mutant(self, mutant: Option<GrayMutant>) -> Self {
        Self { observer: self.observer.with_mutant(mutant), mutant, ..self }
    }

    /// When it is to [`look`](Self::look) next.
    pub const fn look_at(&self) -> Nanos {
        self.look_at
    }

    /// Those whom it watches.
    pub fn peers(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.nodes.iter().copied().filter(|node| *node != self.me)
    }

    /// A message goes out.
    pub fn sent(&mut self, now: Nanos, to: NodeId, message: &Message) {
        let (asked, work) = match message {
            Message::Probe { number } => (Asked::Probe(*number), Work::Memory),
            Message::Heartbeat { period, .. } => (Asked::Alive(*period), Work::Memory),
            Message::Confirm { round, .. } => (Asked::Confirm(*round), Work::Memory),
            Message::Append { ballot, previous, entries, .. } if !entries.is_empty() => {
                let last = LogIndex(previous.index.0 + entries.len() as u64);
                (Asked::Append(*ballot, last), Work::Durable)
            }
            _ => return,
        };
        let busy = self.was_asked(now, to, work, PACE);
        let open = self.asked.entry(to).or_default();
        if busy || open.contains_key(&asked) {
            return;
        }
        self.last.insert((to, work), now);
        self.requests += 1;
        open.insert(asked, (self.requests, now));
        self.observer.begin(now, to, self.requests, work);
    }

    /// A message came in; what is to be answered, if it asks the lookout.
    pub fn came(&mut self, now: Nanos, from: NodeId, message: &Message) -> Option<Message> {
        self.excuse_itself(now);
        self.observer.heard(now, from);
        match message {
            Message::Probe { number } => return Some(Message::Probed { number: *number }),
            Message::Probed { number } => {
                self.answered(now, from, |asked| *asked == Asked::Probe(*number));
            }
            Message::HeartbeatReply { period, .. } => {
                self.answered(now, from, |asked| *asked == Asked::Alive(*period));
            }
            Message::Confirmed { round, .. } => {
                self.answered(now, from, |asked| *asked == Asked::Confirm(*round));
            }
            Message::Accepted { ballot, index, .. } => self.answered(
                now,
                from,
                |asked| matches!(asked, Asked::Append(at, last) if at == ballot && last <= index),
            ),
            // A no is an answer, too, but not one that tells how long the work takes.
            Message::Refused { .. } | Message::Behind { .. } => {
                let counts = self.mutant == Some(GrayMutant::CountsRefusals);
                let open = self.asked.entry(from).or_default();
                open.retain(|asked, (request, _)| {
                    let kept = counts || matches!(asked, Asked::Alive(_) | Asked::Probe(_));
                    if !kept {
                        self.observer.withdraw(from, *request);
                    }
                    kept
                });
            }
            Message::Seen { incarnation, turn, reports } => {
                self.detectors.heard(from, *incarnation, *turn, now);
                let me = self.me;
                for told in reports.iter().filter(|told| told.report.observer != me) {
                    self.learn(now.minus(told.age), &told.report);
                }
            }
            _ => {}
        }
        None
    }

    /// I1: a look that is long due shows that the node itself stood still.
    fn excuse_itself(&mut self, now: Nanos) {
        if now.minus(self.look_at) < STOOD || self.mutant == Some(GrayMutant::AccusesInItsSleep) {
            return;
        }
        self.observer.woke(now, self.look_at);
        self.look_at = now;
        self.quiet_until = now.plus(GRACE);
        self.observer.excuse(now);
        self.asked.clear();
        self.reports.clear();
    }

    fn answered(&mut self, now: Nanos, from: NodeId, is: impl Fn(&Asked) -> bool) {
        let Some(open) = self.asked.get_mut(&from) else { return };
        open.retain(|asked, (request, _)| {
            let ended = is(asked);
            if ended {
                self.observer.end(now, from, *request);
            }
            !ended
        });
    }

    fn learn(&mut self, made: Nanos, report: &Arc<Report>) {
        let known = self.reports.get(&report.observer).map(|(made, _)| *made);
        if self.nodes.contains(&report.observer) && known.is_none_or(|known| known < made) {
            self.reports.insert(report.observer, (made, Arc::clone(report)));
        }
    }

    /// What the kernel tells of the connection to a peer.
    pub fn connection(&mut self, now: Nanos, peer: NodeId, told: Connection) {
        self.observer.connection(now, peer, told);
    }

    /// An own sync took so long.
    pub fn synced(&mut self, now: Nanos, took: Nanos) {
        self.observer.synced(now, took);
    }

    /// The device of the own disk has so many thousandths of an operation in its queue.
    pub fn device(&mut self, now: Nanos, queue_milli: u32) {
        self.observer.device(now, queue_milli);
    }

    /// What it last told of its own disk.
    pub fn own_disk(&self) -> Option<DiskSight> {
        self.reports.get(&self.me).map(|(_, report)| report.disk)
    }

    /// To be called when [`look_at`](Self::look_at) has come.
    pub fn look(&mut self, now: Nanos, env: &mut dyn Env) -> Look {
        self.excuse_itself(now);
        self.observer.woke(now, self.look_at);
        let spread = env.choose(LOOK_SPREAD.0 as u32);
        self.look_at = now.plus(LOOK).plus(Nanos(u64::from(spread)));
        let mut look = self.probes(now);
        if now >= self.turn_at {
            self.turn_at = now.plus(PERIOD);
            let (seen, named) = self.turn(now);
            look.sends.extend(self.peers().map(|peer| (peer, seen.clone())));
            look.named = named;
        }
        look
    }

    /// A probe for each peer that was asked nothing for a while.
    fn probes(&self, now: Nanos) -> Look {
        let quiet = self.peers().filter(|peer| !self.was_asked(now, *peer, Work::Memory, LOOK));
        let sends = quiet.map(|peer| (peer, Message::Probe { number: self.requests }));
        Look { sends: sends.collect(), named: Vec::new() }
    }

    fn was_asked(&self, now: Nanos, peer: NodeId, work: Work, lately: Nanos) -> bool {
        self.last.get(&(peer, work)).is_some_and(|last| now.minus(*last) < lately)
    }

    /// What is to be told to all peers, and what is named by it.
    fn turn(&mut self, now: Nanos) -> (Message, Vec<Verdict>) {
        self.turns += 1;
        for open in self.asked.values_mut() {
            open.retain(|_, (_, begun)| now.minus(*begun) < FORGOTTEN);
        }
        let report = Arc::new(self.observer.report(now));
        self.reports.insert(self.me, (now, report));
        if self.mutant != Some(GrayMutant::BelievesOldReports) {
            self.reports.retain(|_, (made, _)| now.minus(*made) <= FRESH);
        }
        let told = |(made, report): &(Nanos, Arc<Report>)| Told {
            age: now.minus(*made),
            report: Arc::clone(report),
        };
        let reports = self.reports.values().map(told).collect();
        let (incarnation, turn) = (self.incarnation, self.turns);
        let known: Reports =
            self.reports.iter().map(|(from, (_, report))| (*from, Arc::clone(report))).collect();
        let found =
            if self.is_quiet(now) { Vec::new() } else { combine(&self.nodes, &known, self.mutant) };
        let named = self.watch.take(found);
        (Message::Seen { incarnation, turn, reports }, named)
    }

    fn is_quiet(&self, now: Nanos) -> bool {
        now < self.quiet_until
    }

    /// What is thought of every peer at `now`.
    pub fn suspicions(&self, now: Nanos) -> Vec<Suspicion> {
        let suspects = self.detectors.suspects(now);
        let quiet = self.is_quiet(now);
        let others = self.nodes.iter().filter(|node| **node != self.me);
        let of = |peer: &NodeId| {
            let level = self.detectors.level(*peer, now)?;
            Some(Suspicion { peer: *peer, level, suspected: suspects.contains(peer) && !quiet })
        };
        others.filter_map(of).collect()
    }

    /// The faults that are named now.
    pub fn named(&self) -> impl Iterator<Item = &Verdict> {
        self.watch.named()
    }
}

/// A report, and how long ago it was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Told {
    /// How long ago.
    pub age: Nanos,
    /// The report.
    pub report: Arc<Report>,
}

#[cfg(test)]
mod tests;
