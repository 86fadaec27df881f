//! One way to a source became longer than the other.
//!
//! ```text
//!   d = d1 - d0       the least round trip of a window rose by d
//!   s = o1 - o0       the offset at it shifted by s
//!   |s| ~ d/2         all of d is on one way;  s = 0: half on each
//! ```
//!
//! An offset is half the difference of both ways, so a path can shift it by d/2 and no more: a
//! wider shift is the source's, or this host's. The offset is wrong by at most d1/2 either way, and
//! the interval clock's bound holds that already. Offsets are of the steady clock, which may drift
//! by rho between the windows. Not seen: a path that is asymmetric from the beginning; a shift that
//! rho explains (at 50 ppm and 2 s polls 0.8 ms, so a rise below 3 ms); one that comes with a step
//! of the source by the same amount.

use super::{Alarm, Mutant};
use crate::interval::Drift;
use avouch_promise::Nanos;
use std::collections::VecDeque;

/// Exchanges in a window.
pub const WINDOW: usize = 8;

/// A rise by less than this is queueing.
const RISE_LEAST: u64 = 50_000;

/// An exchange: when it was, its round trip, and by how much the source was ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// On the steady clock.
    pub at: Nanos,
    /// The round trip.
    pub delay: Nanos,
    /// By how much the source is ahead of the steady clock, if both ways take equally long.
    pub offset_ns: i64,
}

/// The path to one source.
#[derive(Clone, Debug)]
pub struct Path {
    rho: Drift,
    window: VecDeque<Look>,
    /// The quickest exchange of the path as it was.
    before: Option<Look>,
    alarmed: bool,
    mutant: Mutant,
}

impl Path {
    /// From a host whose oscillator is off by at most `rho`.
    pub fn new(rho: Drift) -> Self {
        Self { rho, window: VecDeque::new(), before: None, alarmed: false, mutant: Mutant::None }
    }

    /// Takes in an exchange; an alarm once, when a whole window of them went the longer way.
    pub fn look(&mut self, look: Look) -> Option<Alarm> {
        self.window.push_back(look);
        if self.window.len() < WINDOW {
            return None;
        }
        let least = self.window.iter().min_by_key(|look| look.delay).copied()?;
        self.window.pop_front();
        let before = *self.before.get_or_insert(least);
        let rise = least.delay.minus(before.delay);
        // The spread of delays that there was before is queueing, too.
        if rise.0 <= RISE_LEAST.max(before.delay.0 / 4) {
            self.alarmed = false;
            // The offset as it is now, so that little of a shift is drift.
            self.before = Some(Look { delay: least.delay.min(before.delay), ..least });
            return None;
        }
        let drift = self.rho.after(least.at.minus(before.at));
        let shift = least.offset_ns.abs_diff(before.offset_ns);
        let is_new = !std::mem::replace(&mut self.alarmed, true);
        let wide = match self.mutant {
            Mutant::AnyDelayIsAsymmetric => true,
            _ => shift > (rise.0 / 4).saturating_add(drift.0),
        };
        let bridged = shift <= (rise.0 / 2).saturating_add(drift.0).saturating_add(RISE_LEAST / 2)
            || self.mutant == Mutant::BlamesThePath;
        let told = Alarm::Asymmetric {
            rise,
            shift_ns: least.offset_ns.saturating_sub(before.offset_ns),
            bound: Nanos(least.delay.0.div_ceil(2)),
        };
        (is_new && wide && bridged).then_some(told)
    }
}

#[cfg(test)]
mod tests {
    use super::{Look, Path};
    use crate::detect::{Alarm, Mutant};
    use crate::interval::Drift;
    use avouch_promise::Nanos;

    /// A path of 200 us that is longer from the 20th second on: out, and back, in microseconds; the
    /// source steps then, too.
    fn path(mutant: Mutant, out: i64, back: i64, step: i64) -> Vec<Alarm> {
        let mut path = Path { mutant, ..Path::new(Drift::ppm(1)) };
        let look = |second: i64| {
            let (out, back, step) = if second >= 20 { (out, back, step) } else { (0, 0, 0) };
            // Queues, by a rule that both ways have their turn at.
            let (queue, other) = (second * 7 % 5 * 4, second * 3 % 7 * 4);
            let (out, back) = (100 + out + queue, 100 + back + other);
            Look {
                at: Nanos::from_secs(second.unsigned_abs()),
                delay: Nanos::from_micros((out + back).unsigned_abs()),
                offset_ns: ((out - back) / 2 + step) * 1_000 + second * 300,
            }
        };
        (1..60).filter_map(|second| path.look(look(second))).collect()
    }

    fn asymmetry_is_told(mutant: Mutant) -> bool {
        let longer = |out, back, sign: i64| {
            let told = path(mutant, out, back, 0);
            matches!(told.as_slice(), [Alarm::Asymmetric { rise, shift_ns, bound }]
                if (900_000..1_100_000).contains(&rise.0)
                && (400_000..600_000).contains(&(shift_ns * sign))
                && (500_000..700_000).contains(&bound.0)
                && shift_ns.unsigned_abs() <= bound.0)
        };
        longer(1_000, 0, 1)
            && longer(0, 1_000, -1)
            // Near misses: both ways, a queue's worth, and a source that steps as the path changes.
            && path(mutant, 500, 500, 0).is_empty()
            && path(mutant, 30, 0, 0).is_empty()
            && path(mutant, 500, 500, 5_000).is_empty()
            && path(mutant, 0, 0, 5_000).is_empty()
    }

    #[test]
    fn a_way_that_became_longer_is_told_with_what_it_cannot_exceed() {
        assert!(asymmetry_is_told(Mutant::None));
        for bug in [Mutant::AnyDelayIsAsymmetric, Mutant::BlamesThePath] {
            assert!(!asymmetry_is_told(bug), "{bug:?}");
        }
    }
}
