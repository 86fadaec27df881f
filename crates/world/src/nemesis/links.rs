//! How the nemesis draws what happens to links: partitions, losses, repetitions, overtaking and
//! delays.

use super::Draft;
use crate::delay::Delay;
use crate::fault::{Family, Fault, Path};
use avouch_promise::Nanos;

impl Draft<'_> {
    /// Something of the links between two sides, or of all of them.
    pub(super) fn link(&mut self, at: Nanos, family: Family) {
        let until = self.end(at);
        let (path, none) = (Path::ALL, 0.0);
        match family {
            Family::Partition => {
                if self.nemesis.nodes < 2 {
                    return;
                }
                let (one, other) = self.sides();
                let sides = vec![one, other];
                self.push(at, Fault::Partition { sides: sides.clone() });
                self.push(until, Fault::Rejoin { sides });
            }
            Family::OneWay => {
                if self.nemesis.nodes < 2 {
                    return;
                }
                let (from, to) = self.sides();
                self.push(at, Fault::OneWay { from: from.clone(), to: to.clone() });
                self.push(until, Fault::BothWays { from, to });
            }
            Family::Loss => {
                let probability = self.random.unit() * 0.3;
                self.push(at, Fault::Loss { path, probability });
                self.push(until, Fault::Loss { path, probability: none });
            }
            Family::Duplicate => {
                let probability = self.random.unit() * 0.3;
                self.push(at, Fault::Duplicate { path, probability });
                self.push(until, Fault::Duplicate { path, probability: none });
            }
            Family::Reorder => {
                let probability = self.random.unit() * 0.5;
                let by = Nanos::from_millis(self.random.between(1, 200));
                self.push(at, Fault::Reorder { path, probability, by });
                self.push(until, Fault::Reorder { path, probability: none, by });
            }
            Family::Slow => {
                let slowed = self.any();
                let minimum = Nanos::from_millis(self.random.between(5, 100));
                let delay = Some(Delay::Pareto { minimum, alpha: 1.5 });
                for path in
                    [Path { from: Some(slowed), to: None }, Path { from: None, to: Some(slowed) }]
                {
                    self.push(at, Fault::Slow { path, delay });
                    self.push(until, Fault::Slow { path, delay: None });
                }
            }
            _ => {}
        }
    }
}
