//! Identities that are given out, each to one who asks (Jepsen's `unique-ids`).

use super::anomaly::{Anomaly, Kind};
use super::datum::Datum;
use super::history::Operation;
use super::mutant::Mutant;
use super::{Judged, Part, push};
use crate::meter::{Meter, entry};
use std::collections::BTreeMap;

/// Judges identities.
pub(super) fn judge(all: &[Operation], meter: &mut Meter<'_>, mutant: Mutant) -> Judged {
    let mut given: BTreeMap<&Datum, usize> = BTreeMap::new();
    let mut found = Vec::new();
    meter.pass("operations", all.len(), 0..100);
    for (place, one) in all.iter().enumerate() {
        if meter.next().is_err() {
            break;
        }
        let Some(id) = one.answer().filter(|id| **id != Datum::Nil && one.is("generate")) else {
            continue;
        };
        let Some(before) = given.insert(id, place) else {
            meter.hold(entry::<(&Datum, usize)>());
            continue;
        };
        if mutant != Mutant::ForgetOthers || all[before].process == one.process {
            push(&mut found, Anomaly::new(Kind::DuplicateId, &[before, place], &[id]), meter);
        }
    }
    let notes = vec![format!("{} identities", given.len())];
    Judged { parts: vec![Part::new("unique ids", found, None, meter)], notes }
}
