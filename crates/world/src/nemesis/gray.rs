//! How the nemesis draws gray faults: something of one node works, only not well.

use super::Draft;
use crate::fault::{Family, Fault, Path};
use avouch_promise::{Nanos, Random};

impl Draft<'_> {
    /// Something of one node works, only not well.
    pub(super) fn gray(&mut self, at: Nanos, family: Family) {
        let (node, until) = (self.any(), self.end(at));
        let random = &mut self.random;
        let some = |random: &mut Random, low, high| Nanos::from_millis(random.between(low, high));
        let outward = Path { from: Some(node), to: None };
        let inward = Path { from: None, to: Some(node) };
        let path = if random.chance(0.5) { outward } else { inward };
        let over = Nanos::ZERO;
        let (fault, end) = match family {
            Family::SlowNode => {
                let factor = random.between(10, 3_000) as u32;
                (Fault::SlowNode { node, factor }, Fault::SlowNode { node, factor: 1 })
            }
            Family::StopTheWorld => {
                let (every, lasting) = (some(random, 100, 1_000), some(random, 10, 400));
                let end = Fault::StopTheWorld { node, every, lasting: over };
                (Fault::StopTheWorld { node, every, lasting }, end)
            }
            Family::Throttle => {
                let period = some(random, 50, 400);
                let quota = Nanos(random.between(period.0 / 20, period.0 / 2));
                let end = Fault::Throttle { node, quota, period: over };
                (Fault::Throttle { node, quota, period }, end)
            }
            Family::DiskSaturated => {
                let utilisation = 0.8 + random.unit() * 0.5;
                let service = Nanos(random.between(200_000, 4_000_000));
                let end = Fault::DiskSaturated { node, utilisation: 0.0, service };
                (Fault::DiskSaturated { node, utilisation, service }, end)
            }
            Family::SegmentLoss => {
                let probability = random.unit() * 0.3;
                let end = Fault::SegmentLoss { path, probability: 0.0 };
                (Fault::SegmentLoss { path, probability }, end)
            }
            _ => {
                let (every, lasting) = (some(random, 600, 2_000), some(random, 50, 500));
                let end = Fault::Blackouts { path, every, lasting: over };
                (Fault::Blackouts { path, every, lasting }, end)
            }
        };
        self.push(at, fault);
        self.push(until, end);
    }
}
