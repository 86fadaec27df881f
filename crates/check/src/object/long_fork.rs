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
use super::{Judged, Part};
use crate::dependency::Fate;
use std::collections::BTreeMap;

/// The keys and values of a transaction's operations of one name.
pub(super) fn steps<'a>(value: &'a Datum, name: &str) -> Vec<(&'a Datum, &'a Datum)> {
    let step = |one: &'a Datum| match one.list()? {
        [word, key, value] if word.is_name(name) => Some((key, value)),
        _ => None,
    };
    value.list().unwrap_or_default().iter().filter_map(step).collect()
}

/// Judges reads of registers.
pub(super) fn judge(all: &[Operation], mutant: Mutant) -> Judged {
    let mut values: BTreeMap<&Datum, &Datum> = BTreeMap::new();
    let mut reason = None;
    let mut meet = |key, value| {
        let before = *values.entry(key).or_insert(value);
        if before != value {
            reason = Some(format!("{key} was written more than once: its order is not known"));
        }
    };
    // Who first saw the first key and not the second.
    let mut first: BTreeMap<(&Datum, &Datum), usize> = BTreeMap::new();
    let (mut found, mut reads) = (Vec::new(), 0);
    for (place, one) in all.iter().enumerate() {
        if one.fate != Fate::Aborted {
            for (key, value) in steps(&one.asked, "w") {
                meet(key, value);
            }
        }
        let Some(read) = one.answer().map(|value| steps(value, "r")) else { continue };
        reads += usize::from(!read.is_empty());
        for (key, value) in &read {
            if **value == Datum::Nil {
                continue;
            }
            meet(key, value);
            for (other, _) in read.iter().filter(|(_, value)| **value == Datum::Nil) {
                let earlier = *first.entry((key, other)).or_insert(place);
                if let Some(reverse) = first.get(&(*other, *key))
                    && (mutant != Mutant::ForgetPairs || all[*reverse].process == one.process)
                {
                    let both =
                        if earlier == place { [*reverse, place] } else { [earlier, *reverse] };
                    let keys = if earlier == place { [*other, *key] } else { [*key, *other] };
                    found.push(Anomaly::new(Kind::LongFork, &both, &keys));
                }
            }
        }
    }
    let notes = vec![format!("{reads} reads of {} keys", values.len())];
    Judged { parts: vec![Part::new("no long fork", found, reason)], notes }
}
