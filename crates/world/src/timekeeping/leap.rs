//! A leap second in the world: when it is, and what a server makes of it.

use avouch_promise::{Nanos, WallTime};
use avouch_time::calendar;
use avouch_time::interval::Warning;

const SECOND: Nanos = Nanos::from_secs(1);
/// A smear takes so long, half of it before the leap.
const SMEAR_NS: i64 = 86_400_000_000_000;

/// True time as POSIX counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth {
    /// At the start.
    pub start: WallTime,
    /// What happens at the first end of a month.
    pub leap: Warning,
}

/// What a server makes of a leap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// Its clock steps when it should.
    #[default]
    Steps,
    /// Its clock steps when it should, which it did not announce.
    StepsUnannounced,
    /// It does not know of it, and goes on.
    Misses,
    /// It spreads the second over the 12 hours before and after.
    Smears,
    /// It has one where there is none.
    Invents,
}

impl Truth {
    /// When the leap is, or would be.
    pub fn end(&self) -> WallTime {
        calendar::month_end(self.start)
    }

    /// So many nanoseconds after the start, without any leap.
    pub fn even(&self, true_ns: u64) -> WallTime {
        self.start.plus(Nanos(true_ns))
    }

    /// So many nanoseconds after the start.
    pub fn at(&self, true_ns: u64) -> WallTime {
        let even = self.even(true_ns);
        match self.leap {
            Warning::Insertion if even >= self.end() => even.minus(SECOND),
            Warning::Deletion if even >= self.end().minus(SECOND) => even.plus(SECOND),
            _ => even,
        }
    }

    /// The same as a server has it.
    pub fn by(&self, manner: Manner, true_ns: u64) -> WallTime {
        let even = self.even(true_ns);
        match manner {
            Manner::Steps | Manner::StepsUnannounced => self.at(true_ns),
            Manner::Misses => even,
            Manner::Invents => Self { leap: Warning::Insertion, ..*self }.at(true_ns),
            Manner::Smears => {
                let into = even.0.saturating_sub(self.end().0).saturating_add(SMEAR_NS / 2);
                let whole = self.at(u64::MAX / 4).0.saturating_sub(self.even(u64::MAX / 4).0);
                let part = i128::from(whole) * i128::from(into.clamp(0, SMEAR_NS));
                WallTime(even.0 + (part / i128::from(SMEAR_NS)) as i64)
            }
        }
    }

    /// What a server says of the end of this month.
    pub fn warning(&self, manner: Manner, true_ns: u64) -> Warning {
        let even = self.even(true_ns);
        let is_close = even < self.end() && even >= self.end().minus(Nanos::from_secs(86_400));
        match manner {
            Manner::Steps if is_close => self.leap,
            Manner::Invents if is_close => Warning::Insertion,
            _ => Warning::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000_000_000;

    /// 2016-12-31T12:00:00Z, half a day before the last leap second so far.
    fn truth(leap: Warning) -> Truth {
        Truth { start: WallTime(1_483_185_600_000_000_000), leap }
    }

    #[test]
    fn a_second_is_repeated_left_out_or_spread() {
        let (noon, second) = (DAY / 2, 1_000_000_000);
        let inserted = truth(Warning::Insertion);
        assert_eq!(inserted.at(noon - 1).0 - inserted.end().0, -1);
        assert_eq!(inserted.at(noon), inserted.end().minus(SECOND));
        assert_eq!(inserted.at(noon + second), inserted.end());
        let deleted = truth(Warning::Deletion);
        assert_eq!(deleted.at(noon - second), deleted.end());
        assert_eq!(deleted.at(noon - second - 1).0 - deleted.end().0, -1_000_000_001);
        // Half a second off at midnight, and right at both ends.
        for (at, off) in [(0, 0), (noon - 1, -500_000_000), (noon + second, 500_000_000), (DAY, 0)]
        {
            let found = inserted.by(Manner::Smears, at).0 - inserted.at(at).0;
            assert!((found - off).abs() < 20_000, "{at}: {found}");
        }
        assert_eq!(inserted.by(Manner::Misses, DAY).0 - inserted.at(DAY).0, 1_000_000_000);
        let none = truth(Warning::None);
        assert_eq!(none.by(Manner::Invents, DAY).0 - none.at(DAY).0, -1_000_000_000);
        assert_eq!(none.by(Manner::Smears, noon), none.at(noon));
    }
}
