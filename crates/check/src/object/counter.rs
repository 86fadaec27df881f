//! A counter: additions, and reads of the sum (Jepsen's `counter`).
//!
//! ```text
//!   at least   what had been added when the read began, with every subtraction that may have been
//!   at most    that, with every addition that was asked for before the read ended instead
//! ```
//!
//! An amount has 64 bits and a sum here 128, which no history that fits in memory exceeds.
//! Beside these bounds of each read alone, all operations are searched for one order.

use super::anomaly::{Anomaly, Kind};
use super::datum::Datum;
use super::history::Operation;
use super::mutant::Mutant;
use super::{Judged, Part, push};
use crate::dependency::Fate;
use crate::limits::Exhausted;
use crate::meter::Meter;
use avouch_promise::Error;

/// Refuses amounts and sums that are no numbers.
pub(super) fn check(all: &[Operation]) -> Result<(), Error> {
    for one in all.iter().filter(|one| one.fate != Fate::Aborted) {
        if one.is("add") && one.asked.integer().is_none() {
            return Err(one.refused("an amount to add to the counter", &one.asked, one.line));
        }
        let answer = one.answer().filter(|answer| one.is("read") && answer.integer().is_none());
        if let Some(answer) = answer {
            return Err(one.refused("the sum that the counter has", answer, one.ended_line));
        }
    }
    Ok(())
}

/// The least and the most that a read may see.
pub(super) fn bounds(all: &[Operation], read: &Operation) -> (i128, i128) {
    let may =
        |one: &&Operation| one.is("add") && one.fate != Fate::Aborted && one.began < read.ended;
    let (mut low, mut high) = (0, 0);
    for one in all.iter().filter(may) {
        let value = i128::from(one.asked.integer().unwrap_or(0));
        let must = one.fate == Fate::Committed && one.is_before(read);
        low += if must { value } else { value.min(0) };
        high += if must { value } else { value.max(0) };
    }
    (low, high)
}

/// Sums of what was added: of all of it, of what is below zero, and of what is above.
#[derive(Clone, Copy, Default)]
struct Sums {
    all: i128,
    below: i128,
    above: i128,
}

impl Sums {
    fn add(&mut self, value: i128) {
        self.all += value;
        self.below += value.min(0);
        self.above += value.max(0);
    }
}

/// What is wrong of the reads.
#[derive(Default)]
struct Counter {
    reads: usize,
    found: Vec<Anomaly>,
}

/// Judges each read by its bounds.
pub(super) fn judge(all: &[Operation], meter: &mut Meter<'_>, mutant: Mutant) -> Judged {
    let mut counter = Counter::default();
    // The bound that it may have met is asked of the meter.
    let _ = counter.look(all, meter, mutant);
    let Counter { reads, found } = counter;
    let is_unread = reads == 0 && meter.met().is_none();
    let notes = is_unread.then(|| "the counter was never read".to_owned()).into_iter().collect();
    Judged { parts: vec![Part::new("counter", found, None, meter)], notes }
}

impl Counter {
    fn look(
        &mut self,
        all: &[Operation],
        meter: &mut Meter<'_>,
        mutant: Mutant,
    ) -> Result<(), Exhausted> {
        let mut events: Vec<(u32, bool, usize)> = Vec::new();
        meter.pass("operations", all.len(), 0..20);
        for (place, one) in all.iter().enumerate() {
            meter.hold(2 * size_of::<(u32, bool, usize)>() + size_of::<Sums>());
            meter.next()?;
            events.extend([(one.began, false, place), (one.ended, true, place)]);
        }
        events.sort_unstable();
        let (mut asked, mut added) = (Sums::default(), Sums::default());
        // What had been added when each began.
        let mut before = vec![Sums::default(); all.len()];
        meter.pass("events", events.len(), 20..100);
        for (_, has_ended, place) in events {
            meter.next()?;
            let one = &all[place];
            if one.is("add") {
                let value = i128::from(one.asked.integer().unwrap_or(0));
                match (has_ended, one.fate) {
                    (false, Fate::Committed | Fate::Unknown) => asked.add(value),
                    (true, Fate::Committed) if mutant != Mutant::ForgetAdded => added.add(value),
                    _ => {}
                }
            } else if !has_ended {
                before[place] = added;
            } else if let Some(seen) = one.answer().and_then(Datum::integer) {
                let (seen, before) = (i128::from(seen), before[place]);
                let low = before.all + asked.below - before.below;
                let high = before.all + asked.above - before.above;
                self.reads += 1;
                let wrong = match seen {
                    seen if seen < low => Some((Kind::TooLow, low)),
                    seen if seen > high => Some((Kind::TooHigh, high)),
                    _ => None,
                };
                if let Some((kind, bound)) = wrong {
                    let one = Anomaly::new(kind, &[place], &[&Datum::number(bound)]);
                    push(&mut self.found, one, meter);
                }
            }
        }
        Ok(())
    }
}
