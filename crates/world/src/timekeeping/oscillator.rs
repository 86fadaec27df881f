//! Oscillators: by how much one is off, second by second.
//!
//! ```text
//!   rate = offset + step(hour) + ageing * days + per degree * (room - 25) + white + flicker + walk
//! ```
//!
//! The noises are of frequency: white is new in each second, flicker is a sum of octaves of which
//! each changes half as often as the one before (Voss, in M. Gardner, *Scientific American*, April
//! 1978), the walk is a sum of small steps (D. Allan, "Statistics of atomic frequency standards",
//! Proc. IEEE 1966, has what they do to a clock). All in parts per billion.
//!
//! - I1 The rate is never off by more than the oscillator was made with.

use crate::arithmetic::sine;
use avouch_promise::{Nanos, Random};
use avouch_time::detect::holdover::Oscillator as Class;
use avouch_time::interval::Drift;

const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;
const OCTAVES: usize = 10;

/// How an oscillator misbehaves; all in parts per billion.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Habits {
    /// Off by so much, all the time.
    pub offset: f64,
    /// Every hour by up to so much more or less.
    pub hourly_step: f64,
    /// A random walk: one step's deviation, each second.
    pub wander: f64,
    /// A sine over an hour, and one over a day.
    pub hourly_sine: f64,
    /// The one over a day.
    pub daily_sine: f64,
    /// More by so much every day.
    pub ageing: f64,
    /// The deviation of noise that is new in each second.
    pub white: f64,
    /// The deviation of noise that lasts.
    pub flicker: f64,
    /// For each degree that the room is off 25.
    pub per_degree: f64,
}

impl Habits {
    //= §3.1.1 gnss
    /// What an oscillator of a class typically does: orders of magnitude of data sheets, none of
    /// one product.
    pub fn of(class: Class) -> Self {
        let habits = |offset, ageing, white, flicker, wander, per_degree| Self {
            offset,
            wander,
            ageing,
            white,
            flicker,
            per_degree,
            ..Self::default()
        };
        match class {
            Class::Quartz => habits(8_000.0, 10.0, 1.0, 1.0, 0.02, 100.0),
            Class::Tcxo => habits(300.0, 3.0, 0.5, 0.3, 0.002, 10.0),
            Class::Ocxo => habits(5.0, 0.5, 0.01, 0.005, 1e-5, 0.2),
            Class::GoodOcxo => habits(2.0, 0.1, 0.005, 0.002, 3e-6, 0.02),
            Class::Rubidium => habits(0.05, 0.001, 0.01, 0.000_5, 1e-6, 0.005),
        }
    }

    /// Some that an oscillator within rho may have.
    pub fn draw(rho: Drift, random: &mut Random) -> Self {
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
            white: some(0.1).abs(),
            flicker: some(0.1).abs(),
            per_degree: some(0.05),
        }
    }
}

/// The steady clock that it drives.
#[derive(Clone, Debug)]
pub struct Oscillator {
    habits: Habits,
    /// It is off by no more, whatever its habits.
    most: f64,
    random: Random,
    octaves: [f64; OCTAVES],
    step: f64,
    walked: f64,
    /// The room, in degrees off 25.
    warmer: f64,
    rate: f64,
    base: u64,
    part: f64,
}

fn float(count: u64) -> f64 {
    count as f64
}

/// Even between -sqrt(3) and sqrt(3): of deviation 1.
fn noise(random: &mut Random) -> f64 {
    (2.0 * random.unit() - 1.0) * 1.732_050_8
}

impl Oscillator {
    /// One within `rho`.
    pub fn new(habits: Habits, rho: Drift, random: Random) -> Self {
        // As the rate of true time over local time, which is what rho bounds.
        let most = f64::from(rho.parts());
        let most = most / (1.0 + most / 1e9) * (1.0 - 1e-9);
        Self {
            habits,
            most,
            random,
            octaves: [0.0; OCTAVES],
            step: 0.0,
            walked: 0.0,
            warmer: 0.0,
            rate: 0.0,
            base: 1 << 40,
            part: 0.0,
        }
    }

    /// Begins a second of true time; if the clock stood still in the last one, none passed here.
    pub fn tick(&mut self, second: u64, stood: bool) {
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
            self.walked += habits.wander * noise(random);
        }
        let wave = |size: f64, period: u64| {
            if size == 0.0 { 0.0 } else { size * sine(float(second % period) / float(period)) }
        };
        let mut rate = habits.offset + self.step + self.walked;
        rate += wave(habits.hourly_sine, HOUR) + wave(habits.daily_sine, DAY);
        rate += habits.ageing * float(second) / float(DAY) + habits.per_degree * self.warmer;
        if habits.white > 0.0 {
            rate += habits.white * noise(random);
        }
        if habits.flicker > 0.0 {
            let octave = (second.trailing_zeros() as usize).min(OCTAVES - 1);
            self.octaves[octave] = noise(random);
            rate +=
                habits.flicker * self.octaves.iter().sum::<f64>() / float(OCTAVES as u64).sqrt();
        }
        self.rate = rate.clamp(-self.most, self.most);
    }

    /// The steady clock, so many nanoseconds into this second.
    pub fn steady(&self, into_ns: u64) -> Nanos {
        let passed = float(into_ns) * (1.0 + self.rate / 1e9) + self.part;
        Nanos(self.base + passed as u64)
    }

    /// By how much it is off in this second, in parts per billion.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// The room is so many degrees off 25.
    pub fn warm(&mut self, degrees: f64) {
        self.warmer = degrees;
    }
}
