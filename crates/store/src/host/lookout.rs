//! The node's lookout: whom it suspects, and what it names, for `/metrics`.

use super::device::Device;
use super::gauges::locked;
use super::stepper::Stepper;
use crate::wire::ask::Gauge;
use crate::wire::peer::kernel::tcp_info;
use crate::wire::peer::{Attempt, PeerStatus};
use avouch_agreement::gray::{Connection, DiskSight, Look, Lookout, Suspicion, Verdict};
use avouch_promise::{Incarnation, Nanos, NodeId};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// How often the kernel is asked about the connections.
const KERNEL_PERIOD: Nanos = Nanos::from_millis(250);

/// The retransmission time-out of a connection that is not even begun.
const UNANSWERED: Nanos = Nanos::from_secs(5);

/// What the lookout last said.
#[derive(Debug, Default)]
pub(super) struct Seen {
    suspicions: Vec<Suspicion>,
    named: Vec<Verdict>,
    disk: Option<DiskSight>,
    /// Whether there is a device whose queue is known.
    device: bool,
}

/// The lookout, what it asks the kernel, and when next.
pub(super) struct Post {
    pub(super) lookout: Lookout,
    device: Device,
    /// Whether the device told of its queue.
    device_tells: bool,
    /// How often a peer's kernel was found not to answer, since it last did.
    unanswered: BTreeMap<NodeId, u64>,
    kernel_at: Nanos,
}

impl Post {
    /// The post of `me`, which watches its peers from its start on.
    pub(super) fn new<'a>(
        me: NodeId,
        incarnation: Incarnation,
        peers: impl Iterator<Item = &'a NodeId>,
        folder: &Path,
    ) -> Self {
        let watched = peers.copied().chain([me]).collect();
        let lookout = Lookout::new(me, incarnation, watched, Nanos::ZERO);
        Self {
            lookout,
            device: Device::under(folder),
            device_tells: false,
            unanswered: BTreeMap::new(),
            kernel_at: Nanos::ZERO,
        }
    }

    /// What the kernel tells of the way to a peer, connected or not.
    fn connection(&mut self, peer: &PeerStatus) -> Connection {
        if let Some(info) = peer.ends.and_then(|ends| tcp_info(&ends).ok()) {
            self.unanswered.remove(&peer.node);
            let (segments, retransmits) = (info.segments.into(), info.retransmits.into());
            return Connection { segments, retransmits, rto: info.rto, refused: false };
        }
        match peer.attempt {
            Attempt::Taken => Connection::default(),
            Attempt::Refused => Connection { refused: true, ..Connection::default() },
            // Its kernel does not even say no: what asks for a connection is sent again and again.
            Attempt::Unanswered => {
                let times = self.unanswered.entry(peer.node).or_default();
                *times += 1;
                let (segments, retransmits) = (*times, *times);
                Connection { segments, retransmits, rto: UNANSWERED, refused: false }
            }
        }
    }
}

impl Stepper {
    /// Looks at the peers, if it is time to.
    //= §4.1.2 grey-detection
    pub(super) fn look(&mut self) {
        let now = self.env.now();
        if now < self.post.lookout.look_at() {
            return;
        }
        if now >= self.post.kernel_at {
            self.post.kernel_at = now.plus(KERNEL_PERIOD);
            self.ask_the_kernel(now);
        }
        let Look { sends, named } = self.post.lookout.look(now, &mut self.env);
        for (peer, message) in sends {
            self.send(peer, &message);
        }
        for verdict in named {
            self.shared.note(format!("names a fault: {verdict}"));
        }
        let suspicions = self.post.lookout.suspicions(now);
        let named = self.post.lookout.named().cloned().collect();
        let (disk, device) = (self.post.lookout.own_disk(), self.post.device_tells);
        *locked(&self.shared.seen) = Seen { suspicions, named, disk, device };
    }

    fn ask_the_kernel(&mut self, now: Nanos) {
        for peer in self.mesh.status() {
            let told = self.post.connection(&peer);
            self.post.lookout.connection(now, peer.node, told);
        }
        let queue = self.post.device.queue_milli(now);
        if let Some(queue) = queue {
            self.post.lookout.device(now, queue);
        }
        self.post.device_tells = queue.is_some();
    }
}

/// What was seen, as measurements.
pub(super) fn gauges(seen: &Seen) -> Vec<Gauge> {
    let of = |suspicion: &Suspicion, name, help, value| {
        let labels = vec![("peer", suspicion.peer.to_string())];
        Gauge { name, help, labels, value, counter: false }
    };
    let phi = "How strongly the peer is suspected to have stopped: phi, suspected from 8 on.";
    let levels = seen.suspicions.iter().map(|one| of(one, "avouch_peer_phi", phi, one.level.0));
    let help = "Whether the peer is suspected to have stopped: 1 or 0.";
    let suspected = seen
        .suspicions
        .iter()
        .map(|one| of(one, "avouch_peer_suspected", help, f64::from(u8::from(one.suspected))));
    let help = "A fault that the node names now, from a majority's reports: its kind and place.";
    let named = seen.named.iter().map(|verdict| Gauge {
        name: "avouch_fault_named",
        help,
        labels: vec![("kind", verdict.what.kind().to_owned()), ("place", verdict.what.place())],
        value: 1.0,
        counter: false,
    });
    levels.chain(suspected).chain(named).chain(of_disk(seen)).collect()
}

/// What the node tells of its own disk.
fn of_disk(seen: &Seen) -> Vec<Gauge> {
    let Some(disk) = seen.disk else { return Vec::new() };
    let one = |name, help, value| Gauge { name, help, labels: Vec::new(), value, counter: false };
    let seconds = |time: Nanos| Duration::from_nanos(time.0).as_secs_f64();
    let mut gauges = vec![
        one("avouch_log_sync_recent", "Syncs of the log in the last 5 s.", disk.syncs.into()),
        one(
            "avouch_log_sync_late",
            "Of the syncs of the last 5 s, those later than the own past's 99th percentile.",
            disk.late.into(),
        ),
        one(
            "avouch_log_sync_slowest_seconds",
            "The slowest sync of the log in the last 5 s.",
            seconds(disk.slowest),
        ),
    ];
    if seen.device {
        let help =
            "Operations in the queue of the device under the node's folder: a mean over 1.5 s.";
        gauges.push(one("avouch_disk_queue", help, f64::from(disk.queue_milli) / 1_000.0));
    }
    gauges
}

/// What the peers' kernels say to attempts at connections.
pub(super) fn of_attempts(peers: &[PeerStatus]) -> impl Iterator<Item = Gauge> + '_ {
    peers.iter().map(|peer| {
        let help =
            "Whether the peer's kernel refuses connections, so that its process is gone: 1 or 0.";
        let value = f64::from(u8::from(peer.attempt == Attempt::Refused));
        let labels = vec![("peer", peer.node.to_string())];
        Gauge { name: "avouch_peer_refused", help, labels, value, counter: false }
    })
}
