//! The node's lookout: whom it suspects, and what it names, for `/metrics`.

use super::gauges::locked;
use super::stepper::Stepper;
use crate::wire::ask::Gauge;
use crate::wire::peer::kernel::tcp_info;
use avouch_agreement::gray::{Connection, Look, Lookout, Suspicion, Verdict};
use avouch_promise::{Incarnation, Nanos, NodeId};

/// How often the kernel is asked about the connections.
const KERNEL_PERIOD: Nanos = Nanos::from_millis(250);

/// What the lookout last said.
#[derive(Debug, Default)]
pub(super) struct Seen {
    suspicions: Vec<Suspicion>,
    named: Vec<Verdict>,
}

/// The lookout, and when the kernel is next asked.
pub(super) struct Post {
    pub(super) lookout: Lookout,
    kernel_at: Nanos,
}

impl Post {
    /// The post of `me`, which watches its peers from its start on.
    pub(super) fn new<'a>(
        me: NodeId,
        incarnation: Incarnation,
        peers: impl Iterator<Item = &'a NodeId>,
    ) -> Self {
        let watched = peers.copied().chain([me]).collect();
        let lookout = Lookout::new(me, incarnation, watched, Nanos::ZERO);
        Self { lookout, kernel_at: Nanos::ZERO }
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
        *locked(&self.shared.seen) = Seen { suspicions, named };
    }

    fn ask_the_kernel(&mut self, now: Nanos) {
        for peer in self.mesh.status() {
            if let Some(info) = peer.ends.and_then(|ends| tcp_info(&ends).ok()) {
                let (segments, retransmits) = (info.segments.into(), info.retransmits.into());
                let told = Connection { segments, retransmits, rto: info.rto, refused: false };
                self.post.lookout.connection(now, peer.node, told);
            }
        }
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
    levels.chain(suspected).chain(named).collect()
}
