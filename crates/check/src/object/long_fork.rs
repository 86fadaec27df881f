//! Registers that are written once each, and transactions that read several (Jepsen's `long-fork`).
//!
//! ```text
//!   T1 writes x    T2 writes y    T3 reads x and no y    T4 reads y and no x
//! ```
//!
//! In one order of the writes T3 says that x came first, T4 that y did. Parallel snapshot isolation
//! allows that, snapshot isolation does not. Where reads leave keys out it may take more of them,
//! each of which has one write before the next one: in a circle they fit no order.

//= §2.3.1 long fork

use super::anomaly::{Anomaly, Kind};
use super::datum::Datum;
use super::history::Operation;
use super::mutant::Mutant;
use super::{Judged, Part, push};
use crate::dependency::Fate;
use crate::limits::Exhausted;
use crate::meter::{Meter, entry};
use avouch_promise::quantity::counted;
use std::collections::BTreeMap;

/// The keys and values of a transaction's operations of one name.
pub(super) fn steps<'a>(value: &'a Datum, name: &str) -> Vec<(&'a Datum, &'a Datum)> {
    let step = |one: &'a Datum| match one.list()? {
        [word, key, value] if word.is_name(name) => Some((key, value)),
        _ => None,
    };
    value.list().unwrap_or_default().iter().filter_map(step).collect()
}

/// What is known of registers and of who read them.
#[derive(Default)]
struct Forks<'a> {
    /// The one value of each key.
    values: BTreeMap<&'a Datum, &'a Datum>,
    /// A key that was written more than once.
    again: Option<&'a Datum>,
    /// Who first saw the first key and not the second.
    first: BTreeMap<(&'a Datum, &'a Datum), usize>,
    reads: usize,
    found: Vec<Anomaly>,
}

impl<'a> Forks<'a> {
    fn meet(&mut self, key: &'a Datum, value: &'a Datum, meter: &mut Meter<'_>) {
        let before = self.values.get(key).copied();
        if before.is_none() {
            meter.hold(entry::<(&Datum, &Datum)>());
            self.values.insert(key, value);
        } else if before != Some(value) {
            self.again = Some(key);
        }
    }

    fn look(
        &mut self,
        all: &'a [Operation],
        meter: &mut Meter<'_>,
        mutant: Mutant,
    ) -> Result<(), Exhausted> {
        meter.pass("operations", all.len(), 0..100);
        for (place, one) in all.iter().enumerate() {
            meter.next()?;
            if one.fate != Fate::Aborted {
                for (key, value) in steps(&one.asked, "w") {
                    self.meet(key, value, meter);
                }
            }
            let Some(read) = one.answer().map(|value| steps(value, "r")) else { continue };
            self.reads += usize::from(!read.is_empty());
            for (key, value) in &read {
                meter.look(read.len())?;
                if **value == Datum::Nil {
                    continue;
                }
                self.meet(key, value, meter);
                for (other, _) in read.iter().filter(|(_, value)| **value == Datum::Nil) {
                    let is_right = |reverse: usize| {
                        mutant == Mutant::ForgetPairs && all[reverse].process != one.process
                    };
                    self.sees(place, (key, other), is_right, meter);
                }
            }
        }
        Ok(())
    }

    /// One saw the first key and not the second.
    fn sees(
        &mut self,
        place: usize,
        (key, other): (&'a Datum, &'a Datum),
        is_right: impl Fn(usize) -> bool,
        meter: &mut Meter<'_>,
    ) {
        let earlier = *self.first.entry((key, other)).or_insert_with(|| {
            meter.hold(entry::<((&Datum, &Datum), usize)>());
            place
        });
        let Some(reverse) = self.first.get(&(other, key)).copied() else { return };
        if is_right(reverse) {
            return;
        }
        let (both, keys) = if earlier == place {
            ([reverse, place], [other, key])
        } else {
            ([earlier, reverse], [key, other])
        };
        push(&mut self.found, Anomaly::new(Kind::LongFork, &both, &keys), meter);
    }
}

/// Who comes after each key, and who says so.
type After<'a> = BTreeMap<&'a Datum, Vec<(&'a Datum, usize)>>;

impl<'a> Forks<'a> {
    /// The shortest circle of keys, each of which somebody saw without the next one.
    fn circle(&mut self, meter: &mut Meter<'_>) -> Result<(), Exhausted> {
        let mut after: After<'a> = BTreeMap::new();
        meter.hold(self.first.len() * entry::<(&Datum, usize)>());
        for ((key, other), place) in &self.first {
            meter.look(1)?;
            after.entry(key).or_default().push((other, *place));
        }
        let mut least: Option<Vec<(&Datum, usize)>> = None;
        for key in in_circles(&after, meter)? {
            let most = least.as_ref().map_or(usize::MAX, Vec::len);
            least = back_to(key, &after, most, meter)?.or(least);
        }
        if let Some(steps) = least {
            let (keys, reads): (Vec<&Datum>, Vec<usize>) = steps.into_iter().unzip();
            push(&mut self.found, Anomaly::new(Kind::LongFork, &reads, &keys), meter);
        }
        Ok(())
    }
}

/// The keys that are left when those are taken away that nothing comes after, over and over.
fn in_circles<'a>(after: &After<'a>, meter: &mut Meter<'_>) -> Result<Vec<&'a Datum>, Exhausted> {
    let mut before: BTreeMap<&Datum, Vec<&'a Datum>> = BTreeMap::new();
    let mut left: BTreeMap<&'a Datum, usize> = BTreeMap::new();
    for (key, all) in after {
        meter.look(all.len())?;
        left.insert(key, all.len());
        for (other, _) in all {
            before.entry(other).or_default().push(key);
        }
    }
    let mut ends: Vec<&Datum> =
        before.keys().filter(|key| !after.contains_key(*key)).copied().collect();
    while let Some(end) = ends.pop() {
        for key in before.get(end).into_iter().flatten() {
            meter.look(1)?;
            let Some(count) = left.get_mut(key) else { continue };
            *count -= 1;
            if *count == 0 {
                left.remove(key);
                ends.push(key);
            }
        }
    }
    Ok(left.into_keys().collect())
}

/// The shortest way from a key back to it, below so many steps: each key, and who saw it without
/// the next one.
fn back_to<'a>(
    root: &'a Datum,
    after: &After<'a>,
    most: usize,
    meter: &mut Meter<'_>,
) -> Result<Option<Vec<(&'a Datum, usize)>>, Exhausted> {
    let mut from: BTreeMap<&'a Datum, (&'a Datum, usize)> = BTreeMap::new();
    let mut layer = vec![root];
    for _ in 1..most {
        let mut next = Vec::new();
        for key in layer {
            for (other, place) in after.get(key).into_iter().flatten() {
                meter.look(1)?;
                if *other == root {
                    let mut steps = vec![(key, *place)];
                    while let Some(step) = steps.last().and_then(|(key, _)| from.get(key)) {
                        steps.push(*step);
                    }
                    steps.reverse();
                    return Ok(Some(steps));
                }
                if !from.contains_key(other) {
                    from.insert(other, (key, *place));
                    next.push(*other);
                }
            }
        }
        if next.is_empty() {
            return Ok(None);
        }
        layer = next;
    }
    Ok(None)
}

/// Judges reads of registers.
pub(super) fn judge(all: &[Operation], meter: &mut Meter<'_>, mutant: Mutant) -> Judged {
    let mut forks = Forks::default();
    // The bound that it may have met is asked of the meter.
    let looked = forks.look(all, meter, mutant);
    let pairs_alone = mutant == Mutant::ForgetPairs || mutant == Mutant::ForgetLongForks;
    if looked.is_ok() && forks.found.is_empty() && !pairs_alone {
        let _ = forks.circle(meter);
    }
    let Forks { values, again, reads, found, .. } = forks;
    let told = "was written more than once: its order is not known";
    let reason = again.map(|key| format!("{key} {told}"));
    let notes = vec![format!("{} of {}", counted(reads, "read"), counted(values.len(), "key"))];
    Judged { parts: vec![Part::new("no long fork", found, reason, meter)], notes }
}
