//! Whether an order of transactions, one after another, explains every read and every predicate.
//! It looks at nothing but the steps.

use super::super::datum::Datum;
use super::steps::{Step, Transaction, founding};
use crate::limits::Exhausted;
use crate::meter::Meter;
use std::collections::BTreeMap;

/// Whether it does.
pub(super) fn explains(
    all: &[Transaction<'_>],
    order: &[usize],
    meter: &mut Meter<'_>,
) -> Result<bool, Exhausted> {
    let mut state: BTreeMap<&Datum, &Datum> = BTreeMap::new();
    if founding(all).is_some_and(|one| !runs(one, &mut state)) {
        return Ok(false);
    }
    meter.pass("transactions", order.len(), 100..100);
    for number in order {
        meter.next()?;
        let Some(one) = all.get(*number) else { return Ok(false) };
        let predicates = one.steps.iter().filter(|step| matches!(step, Step::ReadWhere(..)));
        meter.look(predicates.count() * state.len())?;
        if !runs(one, &mut state) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Runs one transaction; whether it is answered as it was.
pub(super) fn runs<'a>(one: &Transaction<'a>, state: &mut BTreeMap<&'a Datum, &'a Datum>) -> bool {
    one.steps.iter().all(|step| match step {
        Step::Write(key, value) => {
            state.insert(key, value);
            true
        }
        Step::Delete(key) => {
            state.remove(key);
            true
        }
        Step::Read(key, value) => state.get(key).copied() == *value,
        Step::ReadWhere(condition, found) => {
            let mut there = state.iter().filter(|(_, value)| condition.holds(value));
            let is_there = |(key, value): &(Datum, Datum)| state.get(key) == Some(&value);
            found.iter().all(is_there)
                && there.all(|(key, _)| found.iter().any(|(one, _)| one == *key))
                && found.iter().all(|(_, value)| condition.holds(value))
        }
    })
}
