//! Real time between transactions: what had ended before what began.
//!
//! ```text
//!   A |-----|                  A is before B, C and D; B is before D
//!        B   |-----|           edges: A -> B, A -> C, B -> D
//!        C    |---------|      A -> D follows from A -> B -> D
//!        D            |---|
//! ```
//!
//! An edge leads to what begins from whatever ended last before it: nothing began after that and
//! ended too. So each transaction has at most as many edges as ran at once.
//!
//! - I1: an edge is left out only where others lead from its first end to its second.

use super::facts::{Edge, Why};
use super::shape::Shape;
use crate::transaction::history::{Span, Transactions};
use crate::transaction::mutant::Mutant;
use std::collections::BTreeSet;

/// Those that committed, with when they ran, by their beginnings.
fn committed(history: &Transactions) -> Vec<(Span, u32)> {
    let all = (0..).zip(history.spans().unwrap_or_default());
    let mut found: Vec<(Span, u32)> =
        all.filter(|(one, _)| history.is_committed(*one)).map(|(one, span)| (*span, one)).collect();
    found.sort_unstable_by_key(|(span, _)| span.began);
    found
}

/// Every edge of real time that does not follow from others.
pub(super) fn edges(history: &Transactions, mutant: Mutant, mut add: impl FnMut(u32, u32)) {
    if mutant == Mutant::NoRealTime {
        return;
    }
    let by_beginning = committed(history);
    let mut by_end = by_beginning.clone();
    by_end.sort_unstable_by_key(|(span, _)| span.ended);
    let mut ending = by_end.into_iter().peekable();
    // Those that ended last: nothing that began after their end has ended.
    let mut last: Vec<(Span, u32)> = Vec::new();
    let mut latest_began = 0;
    for (span, one) in by_beginning {
        while let Some((ended, other)) = ending.next_if(|(ended, _)| ended.is_before(span)) {
            if ended.began > latest_began {
                latest_began = ended.began;
                last.retain(|(earlier, _)| earlier.ended >= latest_began);
            }
            if mutant == Mutant::LastEndOnly {
                last.clear();
            }
            last.push((ended, other));
        }
        for (_, other) in &last {
            add(*other, one);
        }
    }
}

/// Chain and place of each that is in one, and how many chains there are: each of a chain had ended
/// before the next began.
pub(super) fn chains(
    history: &Transactions,
    is_in: impl Fn(u32) -> bool,
    none: (u32, u32),
    mutant: Mutant,
) -> (Vec<(u32, u32)>, usize) {
    let mut at = vec![none; history.len()];
    // When each chain's last one ended.
    let mut ends: BTreeSet<(u32, u32)> = BTreeSet::new();
    let mut lengths: Vec<u32> = Vec::new();
    for (span, one) in committed(history).into_iter().filter(|(_, one)| is_in(*one)) {
        let bound = if mutant == Mutant::ChainsOverlap { span.ended } else { span.began };
        let free = ends.range(..(bound, 0)).next_back().copied();
        let chain = if let Some(end) = free {
            ends.remove(&end);
            end.1
        } else {
            lengths.push(0);
            lengths.len() as u32 - 1
        };
        let length = &mut lengths[chain as usize];
        at[one as usize] = (chain, *length);
        *length += 1;
        ends.insert((span.ended, chain));
    }
    (at, lengths.len())
}

/// A cycle with its stretches of real time drawn together, also the one that goes over its end.
pub(super) fn cycle_drawn_together(shape: Shape, mut cycle: Vec<Edge>) -> Vec<Edge> {
    let is_other = |edge: &Edge| !matches!(edge.why, Why::RealTime | Why::Inside);
    let first = cycle.iter().position(is_other).unwrap_or(0);
    cycle.rotate_left(first);
    drawn_together(shape, &cycle)
}

/// A way with its stretches of real time drawn together: what had ended before the one
/// that had ended before the other had ended before that.
pub(super) fn drawn_together(shape: Shape, way: &[Edge]) -> Vec<Edge> {
    let mut found: Vec<Edge> = Vec::with_capacity(way.len());
    for edge in way {
        let (before, inside) = match &found[..] {
            [.., before, inside] if shape.split && inside.why == Why::Inside => (before, 1),
            [.., before] if !shape.split => (before, 0),
            _ => {
                found.push(*edge);
                continue;
            }
        };
        if edge.why == Why::RealTime && before.why == Why::RealTime {
            let from = before.from;
            found.truncate(found.len() - 1 - inside);
            found.push(Edge { from, ..*edge });
        } else {
            found.push(*edge);
        }
    }
    found
}
