//! More faults, done: what strikes one node for good, its disk's manners, its clock's course, its
//! words. (The others are in `inject`.)

use crate::clock::Course;
use crate::counters::Count;
use crate::disk::Crash;
use crate::fault::{Fault, Path};
use crate::host::Pending;
use crate::link::node;
use crate::simulated::Simulated;
use crate::world::World;
use avouch_promise::{Nanos, NodeId};

impl<P: Simulated> World<P> {
    pub(crate) fn afflict(&mut self, fault: &Fault) {
        match fault {
            Fault::CrashStop { node } => self.stop_for_good(*node, false),
            Fault::FailStop { node } => self.stop_for_good(*node, true),
            Fault::Amnesia { node } => self.lose_disk(*node),
            Fault::SubsetWrite { node } => {
                if let Some(at) = self.position(*node) {
                    self.stop(at, Crash::SubsetWrite);
                }
            }
            Fault::Corrupt { path, probability } => {
                self.weather(*path, |weather| weather.corrupt = *probability);
            }
            Fault::Clog { path, duration } => self.clog(*path, *duration),
            Fault::SwizzleClog { clogged, unclogged, step } => {
                self.swizzle(clogged, unclogged, *step);
            }
            of_disk_or_clock => self.afflict_node(of_disk_or_clock),
        }
    }

    fn afflict_node(&mut self, fault: &Fault) {
        let now_ns = self.now_ns;
        match fault {
            Fault::LyingSync { node, lies } => {
                let Some(at) = self.position(*node) else { return };
                self.counters.add_many(Count::LyingSpells, u64::from(*lies));
                self.nodes[at].disk.set_lies(*lies);
            }
            Fault::LyingCheckpoint { node, lies } => {
                let Some(at) = self.position(*node) else { return };
                self.counters.add_many(Count::CheckpointLyingSpells, u64::from(*lies));
                self.nodes[at].disk.set_checkpoint_lies(*lies);
            }
            Fault::MisdirectedWrite { node, seq } => {
                let Some(at) = self.position(*node) else { return };
                let host = &mut self.nodes[at];
                let astray = host.disk.misplace(*seq, &mut host.disk_random);
                self.counters.add_many(Count::MisdirectedWrites, u64::from(astray));
            }
            Fault::MisdirectedRead { node, probability } => {
                let Some(at) = self.position(*node) else { return };
                self.nodes[at].disk.set_misreads(*probability);
            }
            Fault::ReadError { node, probability } => {
                let Some(at) = self.position(*node) else { return };
                self.nodes[at].disk.set_read_errors(*probability);
            }
            Fault::ClockWander { node, course } => {
                let Some(at) = self.position(*node) else { return };
                self.counters.add_many(Count::ClockWanders, u64::from(course.is_some()));
                self.nodes[at].clock.set_course(now_ns, *course);
            }
            Fault::ClockFreeze { node, frozen } => {
                let Some(at) = self.position(*node) else { return };
                self.counters.add_many(Count::ClockFreezes, u64::from(*frozen));
                self.nodes[at].clock.set_frozen(now_ns, *frozen);
                self.rearm(at);
            }
            Fault::ClockHoldover { node, growth_ppb } => {
                let Some(at) = self.position(*node) else { return };
                self.nodes[at].clock.set_holdover(now_ns, growth_ppb.unsigned_abs());
            }
            Fault::ClockLost { node, lost } => {
                let Some(at) = self.position(*node) else { return };
                self.nodes[at].clock.set_lost(*lost);
            }
            Fault::LeapSecond { nodes, over } => {
                for node in nodes {
                    let Some(at) = self.position(*node) else { continue };
                    self.counters.add(Count::LeapSeconds);
                    let course = Some(Course::Leap { over: *over });
                    self.nodes[at].clock.set_course(now_ns, course);
                }
            }
            Fault::Byzantine { node, probability } => {
                let Some(at) = self.position(*node) else { return };
                self.nodes[at].rewrites = *probability;
            }
            _ => {}
        }
    }

    //= §4.1.1 fail-stop
    fn stop_for_good(&mut self, node: NodeId, told: bool) {
        let Some(at) = self.position(node) else { return };
        if self.nodes[at].gone {
            return;
        }
        self.nodes[at].gone = true;
        self.counters.add(Count::StoppedForGood);
        self.stop(at, Crash::Plain);
        if told {
            self.farewells.push(at);
            for other in (0..self.nodes.len()).filter(|other| *other != at) {
                self.tell_farewells(other);
            }
        }
    }

    /// Tells a node that is up of every other that has said farewell: reliably, at once, and again
    /// whenever it starts.
    pub(crate) fn tell_farewells(&mut self, to: usize) {
        for from in self.farewells.clone() {
            if from != to
                && self.nodes.get(to).is_some_and(|host| host.running.is_some())
                && let Some(message) = P::farewell(node(from))
            {
                self.counters.add(Count::Farewells);
                self.queue.push(self.now_ns, Pending::Farewell { from, to, message });
            }
        }
    }

    fn lose_disk(&mut self, node: NodeId) {
        let Some(at) = self.position(node) else { return };
        self.stop(at, Crash::LostWrites);
        self.nodes[at].disk.lose();
        self.counters.add(Count::DisksLost);
    }

    fn clog(&mut self, path: Path, duration: Nanos) {
        self.counters.add(Count::Clogs);
        let until = Nanos(self.now_ns).plus(duration);
        self.weather(path, |weather| weather.clogged_until = weather.clogged_until.max(until));
    }

    /// Each node's links, in both directions, from its turn to be clogged to its turn to be
    /// unclogged.
    fn swizzle(&mut self, clogged: &[NodeId], unclogged: &[NodeId], step: Nanos) {
        self.counters.add(Count::SwizzleClogs);
        for (turn, node) in (0_u64..).zip(clogged) {
            let back = unclogged.iter().position(|other| other == node).unwrap_or(0);
            let from = step.times(turn);
            let until = step.times(clogged.len() as u64 + back as u64);
            let (start, duration) = (Nanos(self.now_ns).plus(from), until.minus(from));
            for path in [Path { from: Some(*node), to: None }, Path { from: None, to: Some(*node) }]
            {
                self.schedule(start, Fault::Clog { path, duration });
            }
        }
    }

    /// What a node says: a Byzantine one may say something else.
    pub(crate) fn as_said(&mut self, at: usize, message: P::Message) -> P::Message {
        let rewrites = self.nodes[at].rewrites;
        if rewrites <= 0.0 || !self.link_random.chance(rewrites) {
            return message;
        }
        match P::rewritten(node(at), &message, &mut self.link_random) {
            Some(lie) => {
                self.counters.add(Count::Rewritten);
                lie
            }
            None => message,
        }
    }

    /// What arrives of a message: bits may have been flipped on the way.
    pub(crate) fn as_heard(
        &mut self,
        at: usize,
        to: usize,
        message: P::Message,
    ) -> Option<P::Message> {
        let corrupt = self.links.link(node(at), node(to)).map_or(0.0, |link| link.weather.corrupt);
        if corrupt <= 0.0 || !self.link_random.chance(corrupt) {
            return Some(message);
        }
        self.counters.add(Count::Corrupted);
        let bit = self.link_random.bits();
        let heard = P::flipped(&message, bit, !self.options.mutants.trust_wire);
        self.counters.add_many(Count::CorruptionsSeen, u64::from(heard.is_none()));
        heard
    }
}
