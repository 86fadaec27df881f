//! What a running host counts, and what it last knew of its node.

use super::lookout::Seen;
use crate::disk::Wal;
use crate::node::{Config, State};
use crate::wire::ask::{Gauge, Status};
use crate::wire::peer::kernel::{TcpInfo, tcp_info};
use crate::wire::peer::{Mesh, PeerStatus};
use avouch_machine::Seq;
use avouch_promise::{Error, Nanos, NodeId, Wall};
use avouch_state::{AlarmMember, AlarmType};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many notes are kept.
const NOTES_MAX: usize = 64;

/// Shared between the step thread and whoever asks how the node is.
#[derive(Debug, Default)]
pub(super) struct Shared {
    status: Mutex<Status>,
    notes: Mutex<VecDeque<String>>,
    pub(super) seen: Mutex<Seen>,
    /// Syncs of the log.
    pub(super) syncs: Count,
    /// Records appended.
    pub(super) records: Count,
    /// Bytes appended.
    pub(super) bytes: Count,
    /// Events stepped.
    pub(super) events: Count,
    /// Checkpoints written.
    pub(super) checkpoints: Count,
    /// Messages of peers that were not understood.
    pub(super) garbled: Count,
    /// Messages too long to send.
    pub(super) oversize: Count,
    /// Damage found on disk while running.
    pub(super) damaged: Count,
    /// Steps that the recorder wrote down, and how long they took.
    pub(super) recorded: Count,
    pub(super) recorded_ns: Count,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }
    pub(super) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// What the node knew of itself after its last step.
    pub(super) fn status(&self) -> Status {
        locked(&self.status).clone()
    }

    /// Notes something that an operator may want to read; once, until it is read.
    pub(super) fn note(&self, note: String) {
        let mut notes = locked(&self.notes);
        if notes.contains(&note) {
            return;
        }
        notes.push_back(note);
        if notes.len() > NOTES_MAX {
            notes.pop_front();
        }
    }

    /// The notes so far, each given once.
    pub(super) fn take_notes(&self) -> Vec<String> {
        locked(&self.notes).drain(..).collect()
    }

    /// A peer's message was not understood.
    pub(super) fn garbled(&self, from: NodeId, error: &Error) {
        self.garbled.add(1);
        self.note(format!("a message of {from} was dropped: {error}"));
    }

    /// Takes over what the node knows of itself.
    pub(super) fn publish(
        &self,
        config: &Config,
        state: &State,
        (wal, checkpoint_bytes): (&Wal, u64),
        clock: Option<Wall>,
    ) {
        let (log, machine) = (state.log(), state.machine());
        let ballot = log.promised();
        let led = ballot.round > 0 && log.connected() && !log.in_doubt();
        let mut errors: Vec<String> = machine.alarms().iter().map(alarm).collect();
        if log.in_doubt() {
            errors.push(format!("{} lost the tail of its log and rejoins", config.log.me));
        } else if !led {
            errors.push("no leader".into());
        }
        if let Some(wall) = clock.filter(|wall| !wall.is_bounded()) {
            errors.push(format!("the clock of {} has {wall}", config.log.me));
        }
        let status = Status {
            leader: led.then_some(ballot.leader),
            ballot,
            commit: log.decided(),
            applied: state.applied(),
            revision: machine.store().revision(),
            size_bytes: wal.size_bytes() + checkpoint_bytes,
            size_in_use_bytes: machine.size_bytes(),
            errors,
            learner: !log.membership().contains(config.log.me),
        };
        *locked(&self.status) = status;
    }

    /// The measurements for `/metrics`.
    pub(super) fn gauges(&self, mesh: Option<&Mesh>) -> Vec<Gauge> {
        let counter =
            |name, help, count: &Count| gauge(name, help, Vec::new(), count.value(), true);
        let mut gauges = vec![
            counter("avouch_log_syncs_total", "Syncs of the log.", &self.syncs),
            counter("avouch_log_records_total", "Records appended to the log.", &self.records),
            counter("avouch_log_bytes_total", "Bytes appended to the log.", &self.bytes),
            counter("avouch_events_total", "Events that the node stepped.", &self.events),
            counter("avouch_checkpoints_total", "Checkpoints written.", &self.checkpoints),
            counter(
                "avouch_messages_garbled_total",
                "Messages of peers that were not understood.",
                &self.garbled,
            ),
            counter(
                "avouch_messages_oversize_total",
                "Messages that were too long to send.",
                &self.oversize,
            ),
            counter(
                "avouch_disk_damages_total",
                "Records and parts of checkpoints found damaged while running.",
                &self.damaged,
            ),
            counter(
                "avouch_steps_recorded_total",
                "Steps that the step recorder wrote down.",
                &self.recorded,
            ),
        ];
        let peers = mesh.map(Mesh::status).unwrap_or_default();
        let label = |node: NodeId| vec![("peer", node.to_string())];
        for peer in &peers {
            let help = "Whether there is a connection to the peer: 1 or 0.";
            let value = u64::from(peer.connected);
            gauges.push(gauge("avouch_peer_connected", help, label(peer.node), value, false));
        }
        for peer in &peers {
            let help = "Messages that wait for the peer.";
            let value = peer.waiting as u64;
            gauges.push(gauge("avouch_peer_waiting", help, label(peer.node), value, false));
        }
        for peer in &peers {
            let help = "Messages to the peer that were dropped.";
            let (name, value) = ("avouch_peer_dropped_total", peer.dropped);
            gauges.push(gauge(name, help, label(peer.node), value, true));
        }
        gauges.extend(of_connections(&peers));
        gauges.extend(super::lookout::of_attempts(&peers));
        gauges.extend(super::lookout::gauges(&locked(&self.seen)));
        gauges
    }

    /// Counts appended bytes; says whether another `every` of them is full.
    pub(super) fn appended(&self, seq: Seq, length: usize, every: u64) -> bool {
        self.records.add(1);
        let before = self.bytes.value();
        self.bytes.add(length as u64);
        seq == Seq(1) || before / every != (before + length as u64) / every
    }
}

fn gauge(
    name: &'static str,
    help: &'static str,
    labels: Vec<(&'static str, String)>,
    value: u64,
    counter: bool,
) -> Gauge {
    #[expect(clippy::cast_precision_loss, reason = "a measurement for the eye")]
    let value = value as f64;
    Gauge { name, help, labels, value, counter }
}

/// What the kernel tells of the connections to the peers; of those that it does not know, nothing.
fn of_connections(peers: &[PeerStatus]) -> Vec<Gauge> {
    let told: Vec<_> =
        peers.iter().filter_map(|peer| Some((peer.node, tcp_info(&peer.ends?).ok()?))).collect();
    let label = |node: NodeId| vec![("peer", node.to_string())];
    let seconds = |name, help, value: fn(&TcpInfo) -> Nanos| {
        told.iter().map(move |(node, info)| Gauge {
            name,
            help,
            labels: label(*node),
            value: Duration::from_nanos(value(info).0).as_secs_f64(),
            counter: false,
        })
    };
    let count = |name, help, value: fn(&TcpInfo) -> u32| {
        told.iter()
            .map(move |(node, info)| gauge(name, help, label(*node), u64::from(value(info)), false))
    };
    let rto = "TCP's retransmission time-out on the connection to the peer now, in seconds.";
    let trip = "TCP's smoothed round trip to the peer, in seconds.";
    let sent = "Segments sent on the connection to the peer, as long as it lasts.";
    let again = "Segments sent again on the connection to the peer, as long as it lasts.";
    seconds("avouch_peer_rto_seconds", rto, |info| info.rto)
        .chain(seconds("avouch_peer_round_trip_seconds", trip, |info| info.round_trip))
        .chain(count("avouch_peer_segments", sent, |info| info.segments))
        .chain(count("avouch_peer_retransmits", again, |info| info.retransmits))
        .collect()
}

/// An alarm in etcd's words.
fn alarm(raised: &AlarmMember) -> String {
    let name = match raised.alarm {
        AlarmType::NoSpace => "NOSPACE",
        AlarmType::Corrupt => "CORRUPT",
        AlarmType::None => "NONE",
    };
    format!("memberID:{} alarm:{name} ", raised.member)
}
