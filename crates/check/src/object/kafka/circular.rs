//! Transactions each of which polled what the next one sent, in a circle (Adya's G1c on write-read
//! edges alone: write-write cycles are usual here).

use super::super::anomaly::{Anomaly, Kind};
use super::super::history::Operation;
use super::super::mutant::Mutant;
use super::log::Logs;
use super::message::polled;
use crate::limits::Exhausted;
use crate::meter::Meter;

const NOBODY: usize = usize::MAX;

/// A shortest circle, if there is one.
pub(super) fn shortest(
    all: &[Operation],
    logs: &Logs<'_>,
    meter: &mut Meter<'_>,
    mutant: Mutant,
) -> Option<Anomaly> {
    if mutant == Mutant::ForgetCircles || logs.again.is_some() {
        return None;
    }
    let mut best = Vec::new();
    // The bound that it may have met is asked of the meter; a circle found is one.
    let _ = look(all, logs, &mut best, meter);
    (!best.is_empty()).then(|| Anomaly::new(Kind::CircularMessages, &best, &[]))
}

fn look(
    all: &[Operation],
    logs: &Logs<'_>,
    best: &mut Vec<usize>,
    meter: &mut Meter<'_>,
) -> Result<(), Exhausted> {
    // From whom each one polled, itself apart.
    let mut from: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    meter.hold(all.len() * 2 * size_of::<Vec<usize>>());
    meter.pass("operations", all.len(), 95..97);
    for (place, one) in all.iter().enumerate() {
        meter.next()?;
        let senders = polled(one).into_iter().filter_map(|one| logs.senders.get(&one.name()));
        from[place].extend(senders.copied().filter(|sender| *sender != place));
        from[place].sort_unstable();
        from[place].dedup();
        // There and back.
        meter.hold(from[place].len() * 2 * size_of::<usize>());
    }
    let left = on_circles(&from);
    let starts: Vec<usize> = (0..all.len()).filter(|place| left[*place]).collect();
    meter.pass("transactions on circles", starts.len(), 97..100);
    let mut towards = vec![NOBODY; from.len()];
    for start in starts {
        meter.next()?;
        let circle = through(start, &from, &left, &mut towards, meter)?;
        if !circle.is_empty() && (best.is_empty() || circle.len() < best.len()) {
            *best = circle;
        }
    }
    Ok(())
}

/// Those that remain when whoever polled from nobody that remains is left out, again and again.
fn on_circles(from: &[Vec<usize>]) -> Vec<bool> {
    let mut left = vec![true; from.len()];
    let mut pollers: Vec<Vec<usize>> = vec![Vec::new(); from.len()];
    let mut count: Vec<usize> = from.iter().map(Vec::len).collect();
    for (place, senders) in from.iter().enumerate() {
        for sender in senders {
            pollers[*sender].push(place);
        }
    }
    let mut done: Vec<usize> = (0..from.len()).filter(|place| count[*place] == 0).collect();
    while let Some(place) = done.pop() {
        left[place] = false;
        for poller in &pollers[place] {
            count[*poller] -= 1;
            if count[*poller] == 0 {
                done.push(*poller);
            }
        }
    }
    left
}

/// A shortest circle through one of them; empty if there is none. What it reached is forgotten
/// again in `towards`.
fn through(
    start: usize,
    from: &[Vec<usize>],
    left: &[bool],
    towards: &mut [usize],
    meter: &mut Meter<'_>,
) -> Result<Vec<usize>, Exhausted> {
    let mut reached = vec![start];
    let (mut next, mut last) = (0, None);
    while let Some(place) = reached.get(next).copied().filter(|_| last.is_none()) {
        next += 1;
        meter.look(1 + from[place].len())?;
        for sender in from[place].iter().copied().filter(|sender| left[*sender]) {
            if sender == start {
                last = Some(place);
                break;
            }
            if towards[sender] == NOBODY {
                towards[sender] = place;
                reached.push(sender);
            }
        }
    }
    let mut circle: Vec<usize> = last.into_iter().collect();
    while circle.last().is_some_and(|last| *last != start) {
        circle.extend(circle.last().map(|last| towards[*last]));
    }
    circle.reverse();
    for place in reached {
        towards[place] = NOBODY;
    }
    Ok(circle)
}
