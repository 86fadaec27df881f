//! A host's oscillator: by how much it is off, second by second.

use super::super::Drift;
use avouch_promise::{Nanos, Random};
use std::f64::consts::TAU;

const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// How an oscillator misbehaves; all in parts per billion.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Habits {
    /// Off by so much, all the time.
    pub(super) offset: f64,
    /// Every hour by up to so much more or less.
    pub(super) hourly_step: f64,
    /// A random walk: one step's deviation, each second.
    pub(super) wander: f64,
    /// A sine over an hour, and one over a day.
    pub(super) hourly_sine: f64,
    pub(super) daily_sine: f64,
    /// More by so much every day.
    pub(super) ageing: f64,
}

impl Habits {
    /// Some that an oscillator within rho may have.
    pub(super) fn draw(rho: Drift, random: &mut Random) -> Self {
        let most = f64::from(rho.parts());
        let mut some = |share: f64| {
            let used = if random.chance(0.5) { 2.0 * random.unit() - 1.0 } else { 0.0 };
            used * share * most
        };
        Self {
            offset: some(1.2),
            hourly_step: some(0.6).abs(),
            wander: some(0.001).abs(),
            hourly_sine: some(0.5),
            daily_sine: some(0.5),
            ageing: some(0.01),
        }
    }
}

/// The steady clock that it drives.
#[derive(Clone, Debug)]
pub(super) struct Oscillator {
    habits: Habits,
    /// It is off by no more, whatever its habits.
    most: f64,
    random: Random,
    step: f64,
    walked: f64,
    rate: f64,
    base: u64,
    part: f64,
}

fn float(count: u64) -> f64 {
    count as f64
}

impl Oscillator {
    /// One within `rho`.
    pub(super) fn new(habits: Habits, rho: Drift, random: Random) -> Self {
        // As the rate of true time over local time, which is what rho bounds.
        let most = f64::from(rho.parts());
        let most = most / (1.0 + most / 1e9) * (1.0 - 1e-9);
        Self { habits, most, random, step: 0.0, walked: 0.0, rate: 0.0, base: 1 << 40, part: 0.0 }
    }

    /// Begins a second of true time; if the clock stood still in the last one, none passed here.
    pub(super) fn tick(&mut self, second: u64, stood: bool) {
        if second > 0 && !stood {
            let passed = 1e9 * (1.0 + self.rate / 1e9) + self.part;
            self.base += passed.trunc() as u64;
            self.part = passed.fract();
        }
        let (habits, random) = (&self.habits, &mut self.random);
        if second.is_multiple_of(HOUR) {
            self.step = habits.hourly_step * (2.0 * random.unit() - 1.0);
        }
        if habits.wander > 0.0 {
            self.walked += habits.wander * (2.0 * random.unit() - 1.0) * 1.732;
        }
        let wave = |size: f64, period: u64| {
            if size == 0.0 {
                0.0
            } else {
                size * (TAU * float(second % period) / float(period)).sin()
            }
        };
        let waves = wave(habits.hourly_sine, HOUR) + wave(habits.daily_sine, DAY);
        let aged = habits.ageing * float(second) / float(DAY);
        let rate = habits.offset + self.step + self.walked + waves + aged;
        self.rate = rate.clamp(-self.most, self.most);
    }

    /// The steady clock, so many nanoseconds into this second.
    pub(super) fn steady(&self, into_ns: u64) -> Nanos {
        let passed = float(into_ns) * (1.0 + self.rate / 1e9) + self.part;
        Nanos(self.base + passed as u64)
    }
}
