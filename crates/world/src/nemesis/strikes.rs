//! How the nemesis draws what strikes nodes for good, what breaks a disk's or a clock's manners,
//! and what clogs links. (The older families are drawn beside.)

use super::Draft;
use crate::clock::Course;
use crate::fault::{Family, Fault, Path};
use crate::link::node;
use avouch_promise::{Nanos, NodeId};

/// Neighbours in racks of so many.
pub(super) fn racks_of(nodes: usize, size: usize) -> Vec<Vec<NodeId>> {
    let all: Vec<_> = (0..nodes).map(node).collect();
    all.chunks(size.max(1)).map(<[_]>::to_vec).collect()
}

impl Draft<'_> {
    pub(super) fn strike(&mut self, at: Nanos, family: Family) {
        match family {
            Family::CrashStop | Family::FailStop | Family::Amnesia => self.end_of(at, family),
            Family::SubsetWrite => {
                let Some(node) = self.victim(at) else { return };
                if self.spend(node) {
                    self.take_down(at, node, Fault::SubsetWrite { node });
                }
            }
            Family::RackOutage => {
                let Some(rack) = self.random.pick(&self.nemesis.racks).cloned() else { return };
                self.push(at, Fault::Outage { nodes: rack.clone() });
                for node in rack {
                    let until = self.end(at);
                    self.push(until, Fault::Restart { node });
                }
            }
            Family::Corrupt => {
                let (probability, until) = (self.random.unit() * 0.2, self.end(at));
                self.push(at, Fault::Corrupt { path: Path::ALL, probability });
                self.push(until, Fault::Corrupt { path: Path::ALL, probability: 0.0 });
            }
            Family::Clog | Family::SwizzleClog | Family::Triangle => self.obstruct(at, family),
            Family::ClockWander | Family::ClockFreeze | Family::LeapSecond => {
                self.mislead(at, family);
            }
            Family::Byzantine => {
                let (node, until) = (self.any(), self.end(at));
                let probability = 0.2 + self.random.unit() * 0.8;
                self.push(at, Fault::Byzantine { node, probability });
                self.push(until, Fault::Byzantine { node, probability: 0.0 });
            }
            of_disks => self.wear(at, of_disks),
        }
    }

    /// A node that never comes back counts as down, and as spent, for ever.
    fn end_of(&mut self, at: Nanos, family: Family) {
        let Some(node) = self.victim(at) else { return };
        if !self.spend(node) {
            return;
        }
        self.dead.insert(node);
        self.down.insert(node, Nanos::MAX);
        match family {
            Family::CrashStop => self.push(at, Fault::CrashStop { node }),
            Family::FailStop => self.push(at, Fault::FailStop { node }),
            _ => {
                let until = self.end(at);
                self.push(at, Fault::Amnesia { node });
                self.push(until, Fault::Restart { node });
            }
        }
    }

    fn obstruct(&mut self, at: Nanos, family: Family) {
        if self.nemesis.nodes < 2 {
            return;
        }
        let mut some: Vec<_> = (0..self.nemesis.nodes).map(node).collect();
        self.random.shuffle(&mut some);
        let until = self.end(at);
        match (family, some.as_slice()) {
            (Family::Clog, [one, other, ..]) => {
                let to = self.random.chance(0.5).then_some(*other);
                let path = Path { from: Some(*one), to };
                self.push(at, Fault::Clog { path, duration: until.minus(at) });
            }
            (Family::Triangle, [one, other, ..]) => {
                let sides = vec![vec![*one], vec![*other]];
                self.push(at, Fault::Partition { sides: sides.clone() });
                self.push(until, Fault::Rejoin { sides });
            }
            _ => {
                let count = self.random.between(1, some.len() as u64);
                some.truncate(count as usize);
                let clogged = some.clone();
                self.random.shuffle(&mut some);
                let step = Nanos(until.minus(at).0 / (2 * count));
                self.push(at, Fault::SwizzleClog { clogged, unclogged: some, step });
            }
        }
    }

    fn mislead(&mut self, at: Nanos, family: Family) {
        let (node, until) = (self.any(), self.end(at));
        match family {
            Family::ClockWander => {
                let course = if self.random.chance(0.5) {
                    let ppb = i64::try_from(self.random.below(20_000_000)).unwrap_or(0);
                    Course::Linear { ppb: ppb - 10_000_000 }
                } else {
                    let amplitude =
                        Nanos(self.random.between(1, self.nemesis.epsilon.0.max(2) / 2));
                    let period = Nanos::from_millis(self.random.between(20, 2_000));
                    Course::Periodic { amplitude, period }
                };
                self.push(at, Fault::ClockWander { node, course: Some(course) });
                self.push(until, Fault::ClockWander { node, course: None });
            }
            Family::ClockFreeze => {
                self.push(at, Fault::ClockFreeze { node, frozen: true });
                self.push(until, Fault::ClockFreeze { node, frozen: false });
            }
            _ => {
                let (some, _) = self.sides();
                let smeared = self.random.chance(0.7);
                let over = if smeared { until.minus(at) } else { Nanos::ZERO };
                self.push(at, Fault::LeapSecond { nodes: some, over });
            }
        }
    }

    fn wear(&mut self, at: Nanos, family: Family) {
        match family {
            Family::LyingSync => {
                let (node, until) = (self.any(), self.end(at));
                self.push(at, Fault::LyingSync { node, lies: true });
                self.push(until, Fault::LyingSync { node, lies: false });
            }
            Family::BitRot => {
                let node = self.any();
                if !self.spend(node) {
                    return;
                }
                let record = self.random.chance(0.7);
                let fault = if record {
                    Fault::RotRecord { node, seq: None }
                } else {
                    Fault::RotCheckpoint { node }
                };
                self.push(at, fault);
            }
            Family::MisdirectedWrite => {
                let node = self.any();
                if self.spend(node) {
                    self.push(at, Fault::MisdirectedWrite { node, seq: None });
                }
            }
            Family::LyingCheckpoint => {
                let (node, until) = (self.any(), self.end(at));
                if self.spend(node) {
                    self.push(at, Fault::LyingCheckpoint { node, lies: true });
                    self.push(until, Fault::LyingCheckpoint { node, lies: false });
                }
            }
            Family::MisdirectedRead => {
                let (node, until) = (self.any(), self.end(at));
                if self.spend(node) {
                    let probability = 0.05 + self.random.unit() * 0.3;
                    self.push(at, Fault::MisdirectedRead { node, probability });
                    self.push(until, Fault::MisdirectedRead { node, probability: 0.0 });
                }
            }
            Family::ReadError => {
                let Some(node) = self.victim(at) else { return };
                let until = self.end(at);
                let probability = 0.1 + self.random.unit() * 0.5;
                self.down.insert(node, until);
                self.push(at, Fault::ReadError { node, probability });
                if self.random.chance(0.5) {
                    let midway = at.plus(Nanos(until.minus(at).0 / 2));
                    self.push(at, Fault::Crash { node });
                    self.push(midway, Fault::Restart { node });
                }
                self.push(until, Fault::ReadError { node, probability: 0.0 });
                self.push(until, Fault::Restart { node });
            }
            _ => {}
        }
    }
}
