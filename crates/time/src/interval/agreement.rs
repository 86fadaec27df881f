//! What sources say together, if at most so many of them lie (Marzullo, "Maintaining the time in a
//! distributed system", 1984, chapter 4).
//!
//! ```text
//!   A     |---------|             of 3 sources 1 may lie: the true time is where at least 2 agree,
//!   B          |---------|        which is from the first such point to the last, even if a third
//!   C       |--|                  one (C) makes the agreement in between tighter
//!   ------- [=======] -----
//! ```
//!
//! Deviation from RFC 5905, section 11.2.1: that takes as few falsetickers as it can find room for,
//! and so believes what the most have in common. A liar that is close enough makes that wrong; here
//! as many as may lie are taken to lie, and the interval is wider for it.

//= §3.3.2 multi-source

use super::mutant::Mutant;
use avouch_promise::{Interval, WallTime};

/// Where at least `needed` of the intervals meet, from the first such point to the last; nothing
/// where they do so nowhere. The `most` that meet are counted in any case.
pub fn agree(intervals: &[Interval], needed: usize) -> (Option<Interval>, usize) {
    agreed(intervals, needed, Mutant::None)
}

pub(super) fn agreed(
    intervals: &[Interval],
    needed: usize,
    mutant: Mutant,
) -> (Option<Interval>, usize) {
    // An interval holds both its ends: at one point, beginnings come first.
    let begins = intervals.iter().map(|interval| (interval.earliest, 0));
    let mut edges: Vec<(WallTime, u8)> =
        begins.chain(intervals.iter().map(|interval| (interval.latest, 1))).collect();
    edges.sort_unstable();
    let most = most(&edges);
    let needed = if mutant == Mutant::TrustsTheMostAgreed { most } else { needed.max(1) };
    if most < needed {
        return (None, most);
    }
    let (mut depth, mut first, mut last) = (0, None, None);
    for (at, end) in edges {
        if end == 0 {
            depth += 1;
            if depth >= needed && first.is_none() {
                first = Some(at);
            }
        } else {
            if depth >= needed {
                last = Some(at);
            }
            depth -= 1;
        }
    }
    let hull = first.zip(last).map(|(earliest, latest)| Interval { earliest, latest });
    (hull, most)
}

fn most(edges: &[(WallTime, u8)]) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    for (_, end) in edges {
        if *end == 0 {
            depth += 1;
            most = most.max(depth);
        } else {
            depth -= 1;
        }
    }
    most
}
