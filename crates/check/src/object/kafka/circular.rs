//! Transactions each of which polled what the next one sent, in a circle (Adya's G1c on write-read
//! edges alone: write-write cycles are usual here).

use super::super::anomaly::{Anomaly, Kind};
use super::super::history::Operation;
use super::super::mutant::Mutant;
use super::log::Logs;
use super::message::polled;
use std::collections::VecDeque;

const NOBODY: usize = usize::MAX;

/// A shortest circle, if there is one.
pub(super) fn shortest(all: &[Operation], logs: &Logs<'_>, mutant: Mutant) -> Option<Anomaly> {
    if mutant == Mutant::ForgetCircles || logs.again.is_some() {
        return None;
    }
    // From whom each one polled, itself apart.
    let mut from: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    for (place, one) in all.iter().enumerate() {
        let senders = polled(one).into_iter().filter_map(|one| logs.senders.get(&one.name()));
        from[place].extend(senders.copied().filter(|sender| *sender != place));
        from[place].sort_unstable();
        from[place].dedup();
    }
    let left = on_circles(&from);
    let mut best: Option<Vec<usize>> = None;
    for start in (0..all.len()).filter(|place| left[*place]) {
        let circle = through(start, &from, &left);
        if best.as_ref().is_none_or(|best| circle.len() < best.len()) && !circle.is_empty() {
            best = Some(circle);
        }
    }
    best.map(|circle| Anomaly::new(Kind::CircularMessages, &circle, &[]))
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

/// A shortest circle through one of them; empty if there is none.
fn through(start: usize, from: &[Vec<usize>], left: &[bool]) -> Vec<usize> {
    let mut towards = vec![NOBODY; from.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(place) = queue.pop_front() {
        for sender in from[place].iter().copied().filter(|sender| left[*sender]) {
            if sender == start {
                let mut circle = vec![place];
                while circle.last() != Some(&start) {
                    circle.extend(circle.last().map(|last| towards[*last]));
                }
                circle.reverse();
                return circle;
            }
            if towards[sender] == NOBODY {
                towards[sender] = place;
                queue.push_back(sender);
            }
        }
    }
    Vec::new()
}
