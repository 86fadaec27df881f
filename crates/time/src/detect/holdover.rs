//! What an oscillator is off once nothing disciplines it any more, and whether it was.
//!
//! ```text
//!   error(t) = (f + k * range) * t  +  a * t^2 / 2
//!     f       the rate's error right after it was disciplined
//!     k       how the rate follows the temperature, times by how much that may change
//!     a       ageing of the rate
//! ```
//!
//! | oscillator | 4 h | 24 h |
//! |---|---|---|
//! | rubidium | 0.2 us | 1.2 us |
//! | good OCXO | 0.5 us | 10 us |
//! | OCXO | 1 us | 25 us |
//! | TCXO | 12.5 us | 450 us |
//! | quartz | 8.6 ms | 52 ms |
//!
//! f and a are such that these are met, at a constant temperature: the manual of `SecureSync` has
//! 0.2 and 1, 0.5 and 10, 1 and 25, 12 and 450 us. Two of those bend the other way than ageing
//! does, so the budget is a little wider there. Of plain quartz nobody states a holdover: 600 ppb
//! is what a board's crystal does in a room that warms by some kelvin. Coefficients of temperature,
//! and ageing by the year, are what data sheets of such parts give as typical.
//!
//! A budget is no bound: what it says is likely, and a measurement afterwards says whether it was
//! so. Not seen: an excess that the measurement's own interval hides.

//= §3.1.1 rubidium-drift

use super::{Alarm, Difference, Mutant};
use avouch_promise::Nanos;
use std::fmt;

const DAY: f64 = 86_400e9;

/// Kinds of oscillators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oscillator {
    /// A rubidium standard.
    Rubidium,
    /// A crystal in a good oven.
    GoodOcxo,
    /// A crystal in an oven.
    Ocxo,
    /// A crystal whose temperature is compensated.
    Tcxo,
    /// A crystal.
    Quartz,
}

impl Oscillator {
    /// All of them, from the worst.
    pub const ALL: [Self; 5] =
        [Self::Quartz, Self::Tcxo, Self::Ocxo, Self::GoodOcxo, Self::Rubidium];

    /// The name that a command takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rubidium => "rubidium",
            Self::GoodOcxo => "good-ocxo",
            Self::Ocxo => "ocxo",
            Self::Tcxo => "tcxo",
            Self::Quartz => "quartz",
        }
    }
}

impl fmt::Display for Oscillator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rubidium => "rubidium",
            Self::GoodOcxo => "good OCXO",
            Self::Ocxo => "OCXO",
            Self::Tcxo => "TCXO",
            Self::Quartz => "quartz",
        })
    }
}

/// What an oscillator may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// The rate's error after disciplining, in parts per billion.
    pub frequency_ppb: f64,
    /// By how much the rate changes a day, in parts per billion.
    pub ageing_ppb_day: f64,
    /// And in a year, where it changes less and less.
    pub ageing_ppb_year: f64,
    /// By how much the rate changes a kelvin, in parts per billion.
    pub temperature_ppb_kelvin: f64,
    /// By how many kelvin the temperature may change.
    pub range_kelvin: f64,
    mutant: Mutant,
}

impl Budget {
    /// Of such an oscillator, at a constant temperature.
    pub fn of(oscillator: Oscillator) -> Self {
        let (frequency_ppb, ageing_ppb_day, ageing_ppb_year, temperature_ppb_kelvin) =
            match oscillator {
                Oscillator::Rubidium => (0.013_88, 0.0, 1.0, 0.005),
                Oscillator::GoodOcxo => (0.018_5, 0.194_5, 30.0, 0.02),
                Oscillator::Ocxo => (0.025_5, 0.527, 100.0, 0.2),
                Oscillator::Tcxo => (0.0, 10.417, 1_000.0, 10.0),
                Oscillator::Quartz => (600.0, 10.0, 5_000.0, 100.0),
            };
        Self {
            frequency_ppb,
            ageing_ppb_day,
            ageing_ppb_year,
            temperature_ppb_kelvin,
            range_kelvin: 0.0,
            mutant: Mutant::None,
        }
    }

    /// The same where the temperature may change by so many kelvin.
    #[must_use]
    pub fn within(self, range_kelvin: f64) -> Self {
        Self { range_kelvin: range_kelvin.max(0.0), ..self }
    }

    /// Rate and its change per nanosecond.
    fn terms(&self) -> (f64, f64) {
        let warmed = match self.mutant {
            Mutant::ForgetsTemperature => 0.0,
            _ => self.temperature_ppb_kelvin * self.range_kelvin,
        };
        let ageing = match self.mutant {
            Mutant::ForgetsAgeing => 0.0,
            _ => self.ageing_ppb_day,
        };
        ((self.frequency_ppb + warmed) / 1e9, ageing / 1e9 / DAY)
    }

    /// By how much it may be off after so long.
    #[expect(clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "a likely amount")]
    pub fn error(&self, after: Nanos) -> Nanos {
        let ((rate, ageing), span) = (self.terms(), after.0 as f64);
        Nanos((rate * span + ageing * span * span / 2.0).ceil() as u64)
    }

    /// How long it takes until `epsilon` is reached by who is off by `now` already: nothing if that
    /// is more, [`Nanos::MAX`] if it never is.
    #[expect(clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "a likely amount")]
    pub fn lasts(&self, now: Nanos, epsilon: Nanos) -> Nanos {
        let left = epsilon.minus(now).0 as f64;
        let (rate, ageing) = self.terms();
        // The root of ageing/2 t^2 + rate t - left, so written that no ageing is no trouble.
        let root = (rate * rate + 2.0 * ageing * left).sqrt();
        let lasts = if left > 0.0 { 2.0 * left / (rate + root) } else { 0.0 };
        Nanos(lasts.floor() as u64)
    }
}

/// A clock that is on its own, and what it was off when it is no more.
#[derive(Clone, Debug)]
pub struct Holdover {
    budget: Budget,
    /// The last measurement, and whether nothing was measured since.
    last: Option<(Nanos, Difference)>,
    alone: bool,
}

impl Holdover {
    /// Of such a budget.
    pub fn new(budget: Budget) -> Self {
        Self { budget, last: None, alone: false }
    }

    /// Nothing could be measured now.
    pub fn silent(&mut self) {
        self.alone = self.last.is_some();
    }

    /// The clock was set, or stood still: what it was is no measure of what it is.
    pub fn forget(&mut self) {
        (self.last, self.alone) = (None, false);
    }

    /// How long it is on its own, and what it may be off for that.
    pub fn alone(&self, now: Nanos) -> Option<(Nanos, Nanos)> {
        let (at, _) = self.last.filter(|_| self.alone)?;
        let since = now.minus(at);
        Some((since, self.budget.error(since)))
    }

    /// The clock is so far ahead of the true time; an alarm if it was on its own and left its
    /// budget for certain.
    pub fn measured(&mut self, now: Nanos, ahead: Difference) -> Option<Alarm> {
        let alone = self.alone(now);
        self.alone = false;
        let (_, before) = self.last.replace((now, ahead))?;
        let (after, allowed) = alone?;
        let gone = ahead.since(&before);
        let doubt = self.budget.mutant == Mutant::DoubtIsExcess && !gone.contains(0);
        let exceeded = gone.least_amount() > allowed || doubt;
        exceeded.then_some(Alarm::HoldoverExceeded { by: gone, allowed, after })
    }
}

/// By how much an oscillator is steered, against its ageing by the year.
#[derive(Clone, Debug)]
pub struct Steering {
    budget: Budget,
    first: Option<(Nanos, f64)>,
}

impl Steering {
    /// Of such a budget.
    pub fn new(budget: Budget) -> Self {
        Self { budget, first: None }
    }

    /// It is steered by so many parts per billion; an alarm if that changed by more than ageing and
    /// temperature explain since the first look.
    #[expect(clippy::cast_precision_loss, reason = "a likely amount")]
    pub fn look(&mut self, now: Nanos, ppb: f64) -> Option<Alarm> {
        let (at, first) = *self.first.get_or_insert((now, ppb));
        let since = now.minus(at);
        let years = since.0 as f64 / (365.25 * DAY);
        let (rate, _) = self.budget.terms();
        let aged = match self.budget.mutant {
            Mutant::ForgetsAgeing => 0.0,
            _ => self.budget.ageing_ppb_year * years,
        };
        // Each of the two rates is known to what disciplining leaves.
        let allowed = 2.0 * rate * 1e9 + aged;
        let by = ppb - first;
        (by.abs() > allowed).then_some(Alarm::DriftsBeyond { by, allowed, since })
    }
}

#[cfg(test)]
mod tests;
