//! Faults, done: what each word of the vocabulary means for links, clocks, disks and nodes.

use crate::counters::Count;
use crate::disk::{Anew, Crash};
use crate::fault::{Fault, Path};
use crate::host::Pending;
use crate::link::{Link, Weather, index};
use crate::processor::{Planned, Processor};
use crate::saturation::Saturation;
use crate::simulated::Simulated;
use crate::transport::Transport;
use crate::world::World;
use avouch_promise::{Nanos, NodeId, Random};

impl<P: Simulated> World<P> {
    pub(crate) fn disturb(&mut self, fault: Fault) {
        match fault {
            Fault::Crash { node } => self.crash(node, Crash::Plain),
            Fault::LostWrites { node } => self.crash(node, Crash::LostWrites),
            Fault::TornWrite { node } => self.crash(node, Crash::TornWrite),
            Fault::Outage { nodes } => {
                let all = nodes.len() >= self.nodes.len();
                self.counters.add(if all { Count::Outages } else { Count::RackOutages });
                for node in nodes {
                    self.crash(node, Crash::Plain);
                }
            }
            Fault::Restart { node } => {
                if let Some(at) = self.position(node) {
                    self.start(at);
                }
            }
            Fault::Pause { node, duration } => self.pause(node, duration),
            Fault::Partition { sides } => {
                let whole = self.nodes().all(|node| sides.iter().any(|side| side.contains(&node)));
                let count = if whole { Count::Partitions } else { Count::PartialPartitions };
                self.counters.add(count);
                self.each_between(&sides, Link::cut);
            }
            Fault::Rejoin { sides } => self.each_between(&sides, Link::mend),
            Fault::OneWay { from, to } => {
                self.counters.add(Count::OneWays);
                self.each_from_to(&from, &to, Link::cut);
            }
            Fault::BothWays { from, to } => self.each_from_to(&from, &to, Link::mend),
            Fault::Isolate { node } => {
                self.counters.add(Count::Partitions);
                let others: Vec<_> = self.nodes().filter(|other| *other != node).collect();
                self.each_between(&[vec![node], others], Link::cut);
            }
            Fault::Heal => self.links.each().for_each(|(.., link)| link.mend_wholly()),
            Fault::Loss { path, probability } => {
                self.counters.add_many(Count::LossSpells, u64::from(probability > 0.0));
                self.weather(path, |weather| weather.loss = probability);
            }
            Fault::Duplicate { path, probability } => {
                self.counters.add_many(Count::DuplicateSpells, u64::from(probability > 0.0));
                self.weather(path, |weather| weather.duplicate = probability);
            }
            Fault::Reorder { path, probability, by } => {
                self.counters.add_many(Count::ReorderSpells, u64::from(probability > 0.0));
                self.weather(path, |weather| {
                    (weather.reorder, weather.reorder_by) = (probability, by);
                });
            }
            Fault::Slow { path, delay } => {
                self.counters.add_many(Count::SlowSpells, u64::from(delay.is_some()));
                self.weather(path, |weather| weather.delay = delay);
                self.links.each().for_each(|(.., link)| link.forget_queue());
            }
            Fault::SegmentLoss { path, probability } => {
                self.counters.add_many(Count::SegmentLossSpells, u64::from(probability > 0.0));
                self.connections(path, |connection| connection.set_loss(probability));
            }
            Fault::Blackouts { path, every, lasting } => {
                let now_ns = self.now_ns;
                self.counters.add_many(Count::BlackoutSpells, u64::from(lasting > Nanos::ZERO));
                self.connections(path, |one| one.set_blackouts(now_ns, every, lasting));
            }
            of_one_node => self.disturb_node(&of_one_node),
        }
    }

    fn disturb_node(&mut self, fault: &Fault) {
        let now_ns = self.now_ns;
        match *fault {
            Fault::ClockOffset { node, error_ns } => {
                let Some(at) = self.position(node) else { return };
                self.counters.add(Count::ClockOffsets);
                self.nodes[at].clock.set_error(now_ns, error_ns);
            }
            Fault::ClockStep { node, by_ns } => {
                let Some(at) = self.position(node) else { return };
                self.counters.add(Count::ClockSteps);
                let clock = &mut self.nodes[at].clock;
                clock.set_error(now_ns, clock.error_ns(now_ns).saturating_add(by_ns));
            }
            Fault::ClockDrift { node, rate_ppb } => {
                let Some(at) = self.position(node) else { return };
                self.counters.add(Count::ClockDrifts);
                self.nodes[at].clock.set_drift(now_ns, rate_ppb);
                self.rearm(at);
            }
            Fault::RotRecord { node, seq } => {
                let Some(at) = self.position(node) else { return };
                let host = &mut self.nodes[at];
                let rotted = host.disk.rot_record(seq, &mut host.disk_random);
                self.counters.add_many(Count::BitRots, u64::from(rotted));
            }
            Fault::RotCheckpoint { node } => {
                let Some(at) = self.position(node) else { return };
                let host = &mut self.nodes[at];
                let rotted = host.disk.rot_checkpoint(&mut host.disk_random);
                self.counters.add_many(Count::BitRots, u64::from(rotted));
            }
            Fault::DiskSlow { node, factor } => {
                let Some(at) = self.position(node) else { return };
                self.counters.add_many(Count::DiskSlow, u64::from(factor > 1));
                self.pace_disk(at, factor, false);
            }
            Fault::DiskFull { node, full } => {
                let Some(at) = self.position(node) else { return };
                self.nodes[at].disk.set_full(full);
            }
            Fault::Calm => self.calm(),
            ref gray => self.disturb_gray(gray),
        }
    }

    /// The faults of a node that works, only not well.
    fn disturb_gray(&mut self, fault: &Fault) {
        let now = Nanos(self.now_ns);
        match *fault {
            Fault::SlowNode { node, factor } => {
                self.counters.add_many(Count::SlowNodeSpells, u64::from(factor > 1));
                self.processor(node, |processor| processor.set_slowness(now, factor));
            }
            Fault::StopTheWorld { node, every, lasting } => {
                self.counters.add_many(Count::StopSpells, u64::from(lasting > Nanos::ZERO));
                self.processor(node, |processor| processor.set_stops(now, every, lasting));
            }
            Fault::Throttle { node, quota, period } => {
                self.counters.add_many(Count::ThrottleSpells, u64::from(period > Nanos::ZERO));
                self.processor(node, |processor| processor.set_throttle(now, quota, period));
            }
            Fault::DiskSaturated { node, utilisation, service } => {
                let Some(at) = self.position(node) else { return };
                self.counters.add_many(Count::SaturationSpells, u64::from(utilisation > 0.0));
                let host = &mut self.nodes[at];
                let random = Random::new(host.disk_random.bits());
                host.saturation = (utilisation > 0.0)
                    .then(|| Box::new(Saturation::new(now, utilisation, service, random)));
                let (slowness, alone) = (host.disk.slowness(), host.saturation.is_none());
                self.pace_disk(at, slowness, alone);
            }
            ref other => self.afflict(other),
        }
    }

    /// Changes a node's processor, which is on from now.
    fn processor(&mut self, node: NodeId, change: impl FnOnce(&mut Processor) -> Option<Planned>) {
        let Some(at) = self.position(node) else { return };
        let random = Random::new(self.nodes[at].disk_random.bits());
        let host = &mut self.nodes[at];
        let planned =
            change(host.processor.get_or_insert_with(|| Box::new(Processor::new(random))));
        self.planned_anew(at, planned);
    }

    /// The step that a node works on ends at another time than it was to.
    fn planned_anew(&mut self, at: usize, planned: Option<Planned>) {
        if let Some(Planned { at: done, number }) = planned {
            let life = self.nodes[at].life;
            self.queue.push(done.0, Pending::Worked { node: at, life, plan: number });
        }
    }

    /// A node's disk is so many times as slow from now on, and others use it no more if it is
    /// `alone`: what is under way on it ends at another time.
    fn pace_disk(&mut self, at: usize, factor: u32, alone: bool) {
        let (now_ns, host) = (self.now_ns, &mut self.nodes[at]);
        let life = host.life;
        let Anew { sync, checkpoints, loads } = host.disk.change_pace(now_ns, factor, alone);
        if let Some(done) = sync {
            let synced = Pending::Synced { node: at, life, plan: done.number };
            self.queue.push(done.at_ns, synced);
        }
        for done in checkpoints {
            let written = Pending::CheckpointWritten { node: at, life, plan: done.number };
            self.queue.push(done.at_ns, written);
        }
        for done in loads {
            let read = Pending::ReadBack { node: at, life, plan: done.number };
            self.queue.push(done.at_ns, read);
        }
    }

    /// Changes the connections of links, which have one as long as it is needed.
    fn connections(&mut self, path: Path, change: impl Fn(&mut Transport)) {
        for (from, to, link) in self.links.each() {
            if path.covers(from, to) {
                link.change_transport(&change);
            }
        }
    }

    pub(crate) fn position(&self, node: NodeId) -> Option<usize> {
        index(node).filter(|at| *at < self.nodes.len())
    }

    fn crash(&mut self, node: NodeId, crash: Crash) {
        if let Some(at) = self.position(node) {
            self.stop(at, crash);
        }
    }

    fn pause(&mut self, node: NodeId, duration: Nanos) {
        let Some(at) = self.position(node) else { return };
        let host = &mut self.nodes[at];
        let Some(running) = &mut host.running else { return };
        let until_ns = self.now_ns.saturating_add(duration.0);
        if running.paused_until_ns.is_none() {
            host.paused_at_ns = self.now_ns;
        }
        running.paused_until_ns =
            Some(running.paused_until_ns.map_or(until_ns, |until| until.max(until_ns)));
        self.queue.push(until_ns, Pending::Resume { node: at, life: host.life });
        self.counters.add(Count::Pauses);
    }

    fn each_between(&mut self, sides: &[Vec<NodeId>], change: impl Fn(&mut Link)) {
        let side = |node| sides.iter().position(|side| side.contains(&node));
        for (from, to, link) in self.links.each() {
            if let (Some(one), Some(other)) = (side(from), side(to))
                && one != other
            {
                change(link);
            }
        }
    }

    fn each_from_to(&mut self, from: &[NodeId], to: &[NodeId], change: impl Fn(&mut Link)) {
        for (source, target, link) in self.links.each() {
            if from.contains(&source) && to.contains(&target) {
                change(link);
            }
        }
    }

    pub(crate) fn weather(&mut self, path: Path, change: impl Fn(&mut Weather)) {
        for (from, to, link) in self.links.each() {
            if path.covers(from, to) {
                change(&mut link.weather);
            }
        }
    }

    /// Puts everything right that can be: what rotted stays rotted.
    fn calm(&mut self) {
        self.links.each().for_each(|(.., link)| link.mend_wholly());
        for at in 0..self.nodes.len() {
            let host = &mut self.nodes[at];
            host.disk.set_full(false);
            host.saturation = None;
            let planned =
                host.processor.as_mut().and_then(|processor| processor.settle(Nanos(self.now_ns)));
            host.disk.behave();
            host.rewrites = 0.0;
            host.clock.settle(self.now_ns, &host.drawn_clock);
            self.planned_anew(at, planned);
            self.pace_disk(at, 1, true);
            self.rearm(at);
            self.start(at);
        }
    }
}
