//! A server of stratum 1: an oscillator that is steered by a receiver's pulse, and that runs on
//! without it.
//!
//! ```text
//!             pulse                    no pulse
//!   locked -----------> locked      locked --------> holdover: error grows by what the rate
//!   error = the pulse's                              differs from what it was steered to
//!
//!   claim     100 ns                100 ns + t (a + b t / 2), a and b by the budget of its class
//! ```
//!
//! - I1 While its pulse is right and its oscillator within the budget, its error is within its
//!   claim.

use super::oscillator::{Habits, Oscillator};
use super::receiver::Signal;
use avouch_promise::{Nanos, Random};
use avouch_time::detect::Difference;
use avouch_time::detect::gnss::Status;
use avouch_time::detect::holdover::{Budget, Oscillator as Class};
use avouch_time::interval::Drift;
use avouch_time::ptp::best_master::{Accuracy, Announce, ClockClass};

/// What it claims while it is locked.
pub const LOCKED: Nanos = Nanos(100);
/// What is learned of the rate, each second.
const LEARNS: f64 = 1.0 / 600.0;
/// A holdover that claims more is degraded.
const WITHIN: Nanos = Nanos(1_500);
/// Until then the receiver is taken to be right.
const TRUSTED_S: u64 = 1_800;
const DAY_S: f64 = 86_400.0;

//= §3.1.1 rubidium-drift
/// The server.
#[derive(Clone, Debug)]
pub struct Grandmaster {
    class: Class,
    oscillator: Oscillator,
    random: Random,
    /// What reaches its receiver.
    pub signal: Signal,
    /// By how many times its oscillator exceeds its budget; 1 or less keeps it.
    pub excess: f64,
    /// What an operator prefers of a PTP domain's grandmasters: less.
    pub priority: u8,
    second: u64,
    pulse: Option<f64>,
    corrected_ns: f64,
    /// An oscillator beside it that does not follow the pulse: how far it is off, the rate that it
    /// was set to, and by how much it is off that now.
    free_ns: f64,
    free_rate: f64,
    free_ppb: f64,
    learned: Option<f64>,
    error_ns: f64,
    /// The rate by which its error grows in this second.
    drifts_ppb: f64,
    holdover_s: u64,
}

impl Grandmaster {
    /// One of a class, whose receiver has a clear sky.
    pub fn new(class: Class, random: &Random) -> Self {
        let oscillator = Oscillator::new(Habits::of(class), Drift::ppm(100), random.fork(1));
        Self {
            class,
            oscillator,
            random: random.fork(2),
            signal: Signal::Clear,
            excess: 1.0,
            priority: 128,
            second: 0,
            pulse: None,
            corrected_ns: 0.0,
            free_ns: 0.0,
            free_rate: 0.0,
            free_ppb: 0.0,
            learned: None,
            error_ns: 0.0,
            drifts_ppb: 0.0,
            holdover_s: 0,
        }
    }

    /// Begins a second of true time.
    pub fn tick(&mut self, second: u64) {
        self.error_ns += self.drifts_ppb;
        self.oscillator.tick(second, false);
        let rate = self.oscillator.rate();
        let learned = *self.learned.get_or_insert(rate);
        self.second = second;
        self.pulse = self.signal.pulse_ns(second, &mut self.random);
        self.free_ns += self.free_ppb;
        if second < TRUSTED_S {
            (self.free_ns, self.free_rate) = (self.pulse.unwrap_or_default(), learned);
        }
        self.free_ppb = rate - self.free_rate;
        if let Some(pulse) = self.pulse {
            self.corrected_ns = self.error_ns - pulse;
            (self.error_ns, self.drifts_ppb, self.holdover_s) = (pulse, 0.0, 0);
            self.learned = Some(learned + LEARNS * (rate - learned));
        } else {
            self.holdover_s += 1;
            let (at_once, a_day) = self.rates();
            let most = at_once + a_day * self.holdover_s as f64 / DAY_S;
            let left = (rate - learned).clamp(-most, most);
            self.drifts_ppb = if self.excess > 1.0 { self.excess * most } else { left };
        }
    }

    /// What its oscillator may be off without a pulse, in a room within 5 degrees.
    pub fn budget(&self) -> Budget {
        Budget::of(self.class).within(5.0)
    }

    /// The rate by which that grows at once, and what a day adds.
    fn rates(&self) -> (f64, f64) {
        let budget = self.budget();
        let warmed = budget.temperature_ppb_kelvin * budget.range_kelvin;
        (budget.frequency_ppb + warmed, budget.ageing_ppb_day)
    }

    /// What its receiver says in this second.
    pub fn status(&self) -> Status {
        self.signal.status(self.second)
    }

    /// By how much the receiver's pulse is ahead of an oscillator that was set right by it in the
    /// first half hour, and not since.
    pub fn pulse(&self) -> Option<Difference> {
        let pulse = self.pulse.filter(|_| self.second >= TRUSTED_S)?;
        Some(Difference::around((pulse - self.free_ns) as i64, Nanos(60)))
    }

    /// By how much its clock was ahead of the pulse that has set it in this second, if there was
    /// one.
    pub fn corrected(&self) -> Option<Difference> {
        self.pulse.map(|_| Difference::around(self.corrected_ns as i64, Nanos(60)))
    }

    /// By how much its clock is off, so many nanoseconds into this second.
    pub fn error_ns(&self, into_ns: u64) -> i64 {
        (self.error_ns + self.drifts_ppb * into_ns as f64 / 1e9) as i64
    }

    /// By how much it says that it may be off.
    pub fn claims(&self) -> Nanos {
        if self.holdover_s == 0 {
            return LOCKED;
        }
        // The second that has begun counts whole, and the rate of each is that at its end.
        let budget = self.budget();
        LOCKED.plus(budget.error(Nanos::from_secs(self.holdover_s + 2)))
    }

    /// What it announces to a PTP domain, of which it is the member of this number.
    pub fn announces(&self, number: usize) -> Announce {
        let claims = self.claims();
        let class = match self.holdover_s {
            0 => ClockClass::LOCKED,
            _ if claims <= WITHIN => ClockClass::HOLDOVER,
            _ => ClockClass::DEGRADED,
        };
        let identity = (number as u64).to_be_bytes();
        Announce {
            priority1: self.priority,
            class,
            accuracy: Accuracy::within(claims),
            variance: 0x4e5d,
            priority2: 128,
            identity,
            steps_removed: 0,
            sender: (identity, 1),
        }
    }

    /// For how long it has had no pulse, in seconds.
    pub fn holdover_s(&self) -> u64 {
        self.holdover_s
    }

    /// The room is so many degrees off 25.
    pub fn warm(&mut self, degrees: f64) {
        self.oscillator.warm(degrees);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= §3.1.1 rubidium-drift test
    /// Days of jamming, of each class, in rooms that warm: I1, and how far off each is at 4 and 24
    /// hours.
    #[test]
    fn a_grandmaster_in_holdover_keeps_its_claim() {
        for class in Class::ALL {
            for run in 0..10 {
                let seed = Random::seed_from_environment();
                let mut master = Grandmaster::new(class, &Random::new(seed).fork(61).fork(run));
                let mut told = Vec::new();
                for second in 0..2 * 86_400 {
                    if second == 43_200 {
                        master.signal = Signal::Jammed;
                        master.warm(run as f64 - 5.0);
                    }
                    master.tick(second);
                    for into in [0, 999_999_999] {
                        let (off, claim) = (master.error_ns(into).unsigned_abs(), master.claims());
                        assert!(off <= claim.0, "AVOUCH_SEED={seed} {class:?} {second}: {off}");
                    }
                    if [43_200 + 4 * 3_600, 43_200 + 86_400].contains(&second) {
                        told.push((master.error_ns(0), master.claims()));
                    }
                }
                if run < 2 {
                    println!("{class}: {told:?}");
                }
            }
        }
    }

    /// One that is worse than its class is off by more than it claims, which is what a lie is.
    #[test]
    fn a_grandmaster_beyond_its_budget_breaks_its_claim() {
        let mut master = Grandmaster::new(Class::Rubidium, &Random::new(1));
        (master.signal, master.excess) = (Signal::Jammed, 5.0);
        (0..86_400).for_each(|second| master.tick(second));
        assert!(master.error_ns(0).unsigned_abs() > master.claims().0);
    }
}
