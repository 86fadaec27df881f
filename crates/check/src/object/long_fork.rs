//! Registers that are written once each, and transactions that read several (Jepsen's `long-fork`).
//!
//! ```text
//!   T1 writes x    T2 writes y    T3 reads x and no y    T4 reads y and no x
//! ```
//!
//! In one order of the writes T3 says that x came first, T4 that y did. Parallel snapshot isolation
//! allows that, snapshot isolation does not.

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

/// Judges reads of registers.
pub(super) fn judge(all: &[Operation], meter: &mut Meter<'_>, mutant: Mutant) -> Judged {
    let mut forks = Forks::default();
    // The bound that it may have met is asked of the meter.
    let _ = forks.look(all, meter, mutant);
    let Forks { values, again, reads, found, .. } = forks;
    let told = "was written more than once: its order is not known";
    let reason = again.map(|key| format!("{key} {told}"));
    let notes = vec![format!("{} of {}", counted(reads, "read"), counted(values.len(), "key"))];
    Judged { parts: vec![Part::new("no long fork", found, reason, meter)], notes }
}
