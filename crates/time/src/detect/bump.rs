//! A clock that jumps and jumps back.
//!
//! Jepsen's nemesis (`jepsen/nemesis/time.clj`) bumps a clock by up to 1.5^31 ms (288 s) either
//! way, and resets it later. Of two jumps the second one is the way back if its bounds hold the
//! first one's opposite. Between the two the clock is a falseticker; afterwards it is right again,
//! and only its contradictions were seen. Not seen: a bump within one exchange and the next.

use super::{Alarm, Difference, Mutant};
use avouch_promise::Nanos;

/// A way back is looked for this long.
const PATIENCE: Nanos = Nanos::from_secs(86_400);

/// The jumps of one clock.
#[derive(Clone, Debug, Default)]
pub struct Jumps {
    last: Option<(Nanos, Difference)>,
    mutant: Mutant,
}

impl Jumps {
    /// The clock jumped; an alarm if that leads back to where the jump before began.
    pub fn jump(&mut self, now: Nanos, by: Difference) -> Option<Alarm> {
        let before = self.last.replace((now, by));
        let (since, there) = before.filter(|(at, _)| now.minus(*at) <= PATIENCE)?;
        let turns = match self.mutant {
            Mutant::BumpsOneWay => by.meets(&there) || by.meets(&there.reversed()),
            Mutant::BumpsOfAnySize => (by.least > 0) != (there.least > 0),
            _ => by.meets(&there.reversed()),
        };
        if !turns || by.contains(0) {
            return None;
        }
        // It is back: what comes next begins anew.
        self.last = None;
        Some(Alarm::Bumped { by: there, lasted: now.minus(since) })
    }
}

#[cfg(test)]
mod tests {
    use super::{Jumps, PATIENCE};
    use crate::detect::{Alarm, Difference, Mutant};
    use avouch_promise::Nanos;

    const BUMP: i64 = 287_626_000_000;

    fn by(middle: i64) -> Difference {
        Difference::around(middle, Nanos::from_micros(50))
    }

    fn bumps_are_told(mutant: Mutant) -> bool {
        let after = |first: i64, second: i64, apart: Nanos| {
            let mut jumps = Jumps { mutant, ..Jumps::default() };
            jumps.jump(Nanos(5), by(first)).is_none()
                && jumps.jump(Nanos(5).plus(apart), by(second)).is_some()
        };
        let second = Nanos::from_secs(1);
        after(BUMP, -BUMP, second)
            && after(-BUMP, BUMP + 90_000, second)
            && !after(BUMP, BUMP, second)
            && !after(BUMP, -BUMP + 110_000, second)
            && !after(BUMP, -BUMP / 2, second)
            && !after(BUMP, -BUMP, PATIENCE.plus(second))
    }

    #[test]
    fn a_jump_there_and_back_is_a_bump() {
        assert!(bumps_are_told(Mutant::None));
        for bug in [Mutant::BumpsOneWay, Mutant::BumpsOfAnySize] {
            assert!(!bumps_are_told(bug), "{bug:?}");
        }
        let mut jumps = Jumps::default();
        let mut told = Vec::new();
        for (at, sign) in [(1, 1), (2, -1), (3, -1), (4, 1)] {
            told.extend(jumps.jump(Nanos::from_secs(at), by(sign * BUMP)));
        }
        let lasted = Nanos::from_secs(1);
        let bumped = |sign: i64| Alarm::Bumped { by: by(sign * BUMP), lasted };
        assert_eq!(told, [bumped(1), bumped(-1)]);
    }
}
