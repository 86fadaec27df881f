//! A node as the observer of those it asks, and what it tells the others.
//!
//! Every request that a node makes anyway is a probe of the peer it asks (Huang et al., Capturing
//! and Enhancing In Situ System Observability for Failure Detection, OSDI 2018: Panorama). Nothing
//! here knows what a request means, only when it began and ended and whether it needed a disk.

use super::mutant::GrayMutant;
use super::past::Past;
use super::peer::{Connection, LEARNED_WHILE_LATE, Peer, Sight, WINDOW, Work};
use super::tail::is_bad_alone;
use avouch_promise::{Nanos, NodeId};
use std::collections::{BTreeMap, VecDeque};

/// Over how long the device's queue is averaged.
const QUEUE_WINDOW: Nanos = Nanos::from_millis(1_500);
/// How far back syncs are looked at: when they take seconds, there are few.
const DISK_WINDOW: Nanos = Nanos::from_secs(5);
/// Fewer syncs that took longer than usual are accidents, and so are those that took less time
/// together, unless they are too many for chance.
const LATE_MIN: u32 = 3;
const LATE_TIME: Nanos = Nanos::from_millis(1_500);

/// What a node tells of its own disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiskSight {
    /// Syncs in the window.
    pub syncs: u32,
    /// Of these, those that took longer than usual.
    pub late: u32,
    /// How long these took together.
    pub late_time: Nanos,
    /// The slowest of them.
    pub slowest: Nanos,
    /// The own past's 99th percentile; [`Nanos::MAX`] if little is known.
    pub usual: Nanos,
    /// The mean number of operations in the device's queue, in thousandths (on Linux `aqu-sz` of
    /// `iostat`).
    pub queue_milli: u32,
}

impl DiskSight {
    /// Whether so many syncs took longer than usual that chance does not bring it, or several so
    /// much longer that there was time for few. The node is the one that asks its disk, so its own
    /// word is enough, if it says so strongly.
    pub fn is_late(&self) -> bool {
        let much_time = self.late >= LATE_MIN && self.late_time >= LATE_TIME;
        much_time || is_bad_alone(self.syncs, self.late)
    }
}

/// What one observer tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Report {
    /// Who.
    pub observer: NodeId,
    /// Of whom it tells what.
    pub sights: BTreeMap<NodeId, Sight>,
    /// Its own disk.
    pub disk: DiskSight,
    /// By how much an own timer came late at most: for as long its process stood still.
    pub stalled: Nanos,
}

/// A node as an observer.
#[derive(Clone, Debug)]
pub struct Observer {
    me: NodeId,
    peers: BTreeMap<NodeId, Peer>,
    syncs: VecDeque<(Nanos, Nanos)>,
    queue: VecDeque<(Nanos, u32)>,
    sync_past: Past,
    was_late: bool,
    skipped: u32,
    /// When own timers went off, and how late.
    wakes: VecDeque<(Nanos, Nanos)>,
    mutant: Option<GrayMutant>,
}

impl Observer {
    /// One that has seen nothing yet.
    pub fn new(me: NodeId, peers: impl IntoIterator<Item = NodeId>) -> Self {
        let peers = peers.into_iter().filter(|peer| *peer != me);
        Self {
            me,
            peers: peers.map(|peer| (peer, Peer::default())).collect(),
            syncs: VecDeque::new(),
            queue: VecDeque::new(),
            sync_past: Past::default(),
            was_late: false,
            skipped: 0,
            wakes: VecDeque::new(),
            mutant: None,
        }
    }

    /// With a planted bug.
    #[must_use]
    pub fn with_mutant(self, mutant: Option<GrayMutant>) -> Self {
        Self { mutant, ..self }
    }

    /// A request to a peer begins.
    pub fn begin(&mut self, now: Nanos, peer: NodeId, request: u64, work: Work) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.begin(now, request, work);
        }
    }

    /// The answer to a request came. A request that never gets one counts as late by itself.
    pub fn end(&mut self, now: Nanos, peer: NodeId, request: u64) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.end(now, request);
        }
    }

    /// A request turned out to be none that is answered in its time: it does not count.
    pub fn withdraw(&mut self, peer: NodeId, request: u64) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.withdraw(request);
        }
    }

    /// The node itself stood still until now: nothing that it waited for meanwhile counts.
    pub fn excuse(&mut self, now: Nanos) {
        self.peers.values_mut().for_each(|peer| peer.excuse(now));
    }

    /// Anything came from a peer.
    pub fn heard(&mut self, now: Nanos, peer: NodeId) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.heard(now);
        }
    }

    /// What the kernel tells of the connection to a peer, several times a second.
    pub fn connection(&mut self, now: Nanos, peer: NodeId, told: Connection) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.connection(now, told);
        }
    }

    /// So many thousandths of an operation are in the queue of the own disk's device, several times
    /// a second.
    pub fn device(&mut self, now: Nanos, queue_milli: u32) {
        self.queue.push_back((now, queue_milli));
        while self.queue.front().is_some_and(|(at, _)| now.minus(*at) > QUEUE_WINDOW) {
            self.queue.pop_front();
        }
    }

    /// An own sync took so long.
    pub fn synced(&mut self, now: Nanos, took: Nanos) {
        self.syncs.push_back((now, took));
        while let Some((at, took)) = self.syncs.front().copied() {
            if now.minus(at) < DISK_WINDOW {
                break;
            }
            self.syncs.pop_front();
            self.skipped = (self.skipped + 1) % LEARNED_WHILE_LATE;
            if !self.was_late || self.skipped == 0 {
                self.sync_past.add(took);
            }
        }
    }

    fn disk(&mut self, now: Nanos) -> DiskSight {
        let recent = self.syncs.iter().filter(|(at, _)| now.minus(*at) < DISK_WINDOW);
        let mut seen = DiskSight { usual: self.sync_past.p99(), ..DiskSight::default() };
        for (_, took) in recent {
            seen.syncs += 1;
            if *took > seen.usual {
                seen.late += 1;
                seen.late_time = seen.late_time.plus(*took);
            }
            seen.slowest = seen.slowest.max(*took);
        }
        let queued: u64 = self.queue.iter().map(|(_, queue)| u64::from(*queue)).sum();
        let queued = queued / (self.queue.len() as u64).max(1);
        seen.queue_milli = u32::try_from(queued).unwrap_or(u32::MAX);
        self.was_late = seen.is_late();
        seen
    }

    /// An own timer went off that was set for `due`: later by as long as the process stood still.
    /// To be told of whatever goes off several times a second.
    pub fn woke(&mut self, now: Nanos, due: Nanos) {
        self.wakes.retain(|(at, _)| now.minus(*at) < WINDOW);
        self.wakes.push_back((now, now.minus(due)));
    }

    fn stalled(&self, now: Nanos) -> Nanos {
        let recent = self.wakes.iter().filter(|(at, _)| now.minus(*at) < WINDOW);
        recent.map(|(_, late)| *late).max().unwrap_or_default()
    }

    /// What is to be told to the others now.
    pub fn report(&mut self, now: Nanos) -> Report {
        let mutant = self.mutant;
        let sights = self.peers.iter_mut().map(|(node, peer)| (*node, peer.sight(now, mutant)));
        let sights = sights.collect();
        let (stalled, disk) = (self.stalled(now), self.disk(now));
        Report { observer: self.me, sights, disk, stalled }
    }
}
