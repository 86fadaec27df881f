//! A receiver of satellite navigation (GNSS): jammed, spoofed, or pulled off slowly.
//!
//! ```text
//!            no fix and noise                     the receiver says so, or its pulse leaves
//!   clear ------------------> jammed     any ------------------------------------> spoofed
//!     ^                          |         what the oscillator alone allows            |
//!     +---- a fix is back -------+         +---- somebody acknowledges ----------------+
//! ```
//!
//! A jammed receiver knows no time, and says so. A spoofed one knows a wrong time. u-blox reports
//! spoofing (`UBX-NAV-STATUS`, `spoofDetState`: 0 unknown, 1 none, 2 indicated, 3 several
//! indications) mainly at the transition from genuine signals to others, and returns to unknown
//! while the spoofing goes on; so an alarm stays until somebody acknowledges it.
//!
//! A pulse that is pulled off slowly shows nothing in the status. It is held against an oscillator
//! that does not follow it: since any trusted moment of the last day the two may part by that
//! oscillator's budget and no more. Not seen: a pull within the budget (for rubidium about 1 us a
//! day); one that was there from the beginning; what an oscillator shows that is steered by the
//! pulse.

//= §3.1.1 gps-jamming
//= §3.1.1 gps-spoofing

use super::holdover::Budget;
use super::{Alarm, Difference, Mutant};
use avouch_promise::Nanos;
use std::collections::VecDeque;

/// Moments are trusted this long, and kept this far apart.
const DAY: Nanos = Nanos::from_secs(86_400);
const APART: Nanos = Nanos::from_secs(3_600);

/// Where a receiver's noise shows jamming: u-blox's `jamInd` is 0 to 255.
const JAMMING_LEAST: u8 = 128;

/// By so much less carrier to noise the satellites fade together, in dB.
const FADING: u8 = 10;

/// What a receiver says of spoofing, as u-blox's `spoofDetState`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spoofing {
    /// It does not know, or has stopped looking.
    #[default]
    Unknown,
    /// None is indicated.
    None,
    /// It is indicated.
    Indicated,
    /// By several indications.
    Several,
}

impl Spoofing {
    /// By its number; others than 0 to 3 are unknown.
    pub fn of(state: u8) -> Self {
        match state {
            1 => Self::None,
            2 => Self::Indicated,
            3 => Self::Several,
            _ => Self::Unknown,
        }
    }
}

/// What a receiver says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whether it has a fix, of its time at least.
    pub has_fix: bool,
    /// Satellites that it uses.
    pub satellites: u8,
    /// Carrier to noise of those that it hears best, in dB Hz.
    pub carrier_to_noise: u8,
    /// How strong a narrow carrier is, 0 to 255.
    pub jamming: u8,
    /// Whether somebody imitates satellites.
    pub spoofing: Spoofing,
}

/// A receiver, and an oscillator that does not follow it.
#[derive(Clone, Debug)]
pub struct Gnss {
    budget: Budget,
    /// What the pulse was ahead of the oscillator at trusted moments.
    trusted: VecDeque<(Nanos, Difference)>,
    /// Carrier to noise with the last fix.
    clear: Option<u8>,
    lost: Option<Alarm>,
    spoofed: Option<Alarm>,
    mutant: Mutant,
}

impl Gnss {
    /// A receiver beside an oscillator of such a budget.
    pub fn new(budget: Budget) -> Self {
        let (trusted, clear, lost, spoofed) = (VecDeque::new(), None, None, None);
        Self { budget, trusted, clear, lost, spoofed, mutant: Mutant::None }
    }

    /// What the receiver says, and by how much its pulse is ahead of the oscillator's, if there is
    /// one: the alarms that stand.
    pub fn look(&mut self, now: Nanos, status: &Status, pulse: Option<Difference>) -> Vec<Alarm> {
        self.reception(*status);
        let indicated = matches!(status.spoofing, Spoofing::Indicated | Spoofing::Several);
        if indicated {
            let several = status.spoofing == Spoofing::Several;
            self.spoofed = Some(Alarm::Spoofed { several });
        } else if self.mutant == Mutant::SpoofingClears {
            self.spoofed = None;
        }
        if let Some(pulse) = pulse.filter(|_| status.has_fix) {
            self.pulse(now, pulse);
        }
        self.lost.iter().chain(&self.spoofed).cloned().collect()
    }

    /// Somebody looked into it: the spoofing alarm ends, and trust begins anew.
    pub fn acknowledge(&mut self) {
        self.spoofed = None;
        self.trusted.clear();
    }

    fn reception(&mut self, status: Status) {
        if status.has_fix {
            self.clear = Some(status.carrier_to_noise);
            if self.mutant != Mutant::JammingLatches {
                self.lost = None;
            }
            return;
        }
        let faded = |clear: u8| clear.saturating_sub(status.carrier_to_noise) >= FADING;
        let noisy = status.jamming >= JAMMING_LEAST;
        // An antenna that is cut off hears nothing, and no carrier either.
        let hears = status.carrier_to_noise > 0;
        let jammed = noisy || (hears && self.clear.is_some_and(faded));
        self.lost = Some(if jammed {
            Alarm::Jammed { indicator: status.jamming, carrier_to_noise: status.carrier_to_noise }
        } else {
            Alarm::FixLost { satellites: status.satellites }
        });
    }

    fn pulse(&mut self, now: Nanos, pulse: Difference) {
        let expired = |at: &Nanos| now.minus(*at) > DAY;
        while self.trusted.front().is_some_and(|(at, _)| expired(at)) {
            self.trusted.pop_front();
        }
        for (at, before) in &self.trusted {
            let (since, gone) = (now.minus(*at), pulse.since(before));
            let allowed = self.budget.error(since);
            if gone.least_amount() > allowed && self.spoofed.is_none() {
                self.spoofed = Some(Alarm::PulledOff { by: gone, allowed, since });
            }
        }
        let apart = if self.mutant == Mutant::ComparesWithTheLook { Nanos(0) } else { APART };
        let due = self.trusted.back().is_none_or(|(at, _)| now.minus(*at) >= apart);
        if due && self.spoofed.is_none() {
            if self.mutant == Mutant::ComparesWithTheLook {
                self.trusted.clear();
            }
            self.trusted.push_back((now, pulse));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Gnss, Spoofing, Status};
    use crate::detect::holdover::{Budget, Oscillator};
    use crate::detect::{Alarm, Difference, Mutant};
    use avouch_promise::Nanos;

    const GOOD: Status = Status {
        has_fix: true,
        satellites: 11,
        carrier_to_noise: 44,
        jamming: 12,
        spoofing: Spoofing::None,
    };

    fn receiver(mutant: Mutant) -> Gnss {
        Gnss { mutant, ..Gnss::new(Budget::of(Oscillator::Rubidium)) }
    }

    fn jamming_is_told(mutant: Mutant) -> bool {
        let mut gnss = receiver(mutant);
        let mut look = |status: Status| gnss.look(Nanos(1), &status, None);
        let lost = Status { has_fix: false, satellites: 0, ..GOOD };
        look(GOOD).is_empty()
            && look(Status { jamming: 200, ..lost })
                == [Alarm::Jammed { indicator: 200, carrier_to_noise: 44 }]
            && look(GOOD).is_empty()
            && look(Status { carrier_to_noise: 20, ..lost })
                == [Alarm::Jammed { indicator: 12, carrier_to_noise: 20 }]
            && look(GOOD).is_empty()
            // Near misses: noise with a fix; satellites that set; an antenna that is cut off.
            && look(Status { jamming: 200, ..GOOD }).is_empty()
            && look(Status { carrier_to_noise: 38, satellites: 2, ..lost })
                == [Alarm::FixLost { satellites: 2 }]
            && look(Status { carrier_to_noise: 0, ..lost }) == [Alarm::FixLost { satellites: 0 }]
            && look(GOOD).is_empty()
    }

    #[test]
    //= §3.1.1 gps-jamming test
    fn jamming_lasts_until_there_is_a_fix() {
        assert!(jamming_is_told(Mutant::None));
        assert!(!jamming_is_told(Mutant::JammingLatches));
    }

    fn spoofing_latches(mutant: Mutant) -> bool {
        let mut gnss = receiver(mutant);
        let mut states = |states: &[u8]| {
            let mut last = Vec::new();
            for state in states {
                let status = Status { spoofing: Spoofing::of(*state), ..GOOD };
                last = gnss.look(Nanos(1), &status, None);
            }
            last
        };
        let latched = states(&[0, 1, 0, 1, 9]).is_empty()
            && states(&[2, 0, 0, 1]) == [Alarm::Spoofed { several: false }]
            && states(&[3, 0]) == [Alarm::Spoofed { several: true }];
        gnss.acknowledge();
        latched && gnss.look(Nanos(2), &GOOD, None).is_empty()
    }

    #[test]
    //= §3.1.1 gps-spoofing test
    fn spoofing_lasts_until_somebody_acknowledges_it() {
        assert!(spoofing_latches(Mutant::None));
        assert!(!spoofing_latches(Mutant::SpoofingClears));
    }

    /// A pulse, give or take 20 ns, that leaves the oscillator by so many nanoseconds an hour, each
    /// minute of two days: when that is told.
    fn pulled(mutant: Mutant, an_hour: i64) -> Option<u64> {
        let mut gnss = receiver(mutant);
        (0..2 * 1_440_u64).find(|minute| {
            let gone = minute.cast_signed() * an_hour / 60;
            let pulse = Difference::around(gone, Nanos(20));
            let told = gnss.look(Nanos::from_secs(minute * 60), &GOOD, Some(pulse));
            matches!(told.as_slice(), [Alarm::PulledOff { .. }])
        })
    }

    fn a_slow_pull_is_told(mutant: Mutant) -> bool {
        // Rubidium may drift by 50 ns an hour.
        pulled(mutant, 60).is_some_and(|minute| (60..1_440).contains(&minute))
            && pulled(mutant, -1_000).is_some_and(|minute| minute <= 10)
            && pulled(mutant, 49).is_none()
            && pulled(mutant, 0).is_none()
    }

    #[test]
    fn a_pulse_may_leave_the_oscillator_by_its_budget() {
        assert!(a_slow_pull_is_told(Mutant::None));
        assert!(!a_slow_pull_is_told(Mutant::ComparesWithTheLook));
        // It latches, though the pulse comes back.
        let mut gnss = receiver(Mutant::None);
        let pulse = |at| Some(Difference::around(at, Nanos(20)));
        assert!(gnss.look(Nanos(0), &GOOD, pulse(0)).is_empty());
        assert_eq!(gnss.look(Nanos::from_secs(1), &GOOD, pulse(5_000)).len(), 1);
        assert_eq!(gnss.look(Nanos::from_secs(2), &GOOD, pulse(0)).len(), 1);
        gnss.acknowledge();
        assert!(gnss.look(Nanos::from_secs(3), &GOOD, pulse(0)).is_empty());
    }
}
