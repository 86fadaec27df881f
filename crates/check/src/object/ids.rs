//! Identities that are given out, each to one who asks (Jepsen's `unique-ids`).

use super::anomaly::{Anomaly, Kind};
use super::datum::Datum;
use super::history::Operation;
use super::mutant::Mutant;
use super::{Judged, Part};
use std::collections::BTreeMap;

/// Judges identities.
pub(super) fn judge(all: &[Operation], mutant: Mutant) -> Judged {
    let mut given: BTreeMap<&Datum, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for (place, one) in all.iter().enumerate().filter(|(_, one)| one.is("generate")) {
        let Some(id) = one.answer().filter(|id| **id != Datum::Nil) else { continue };
        if let Some(before) = given.insert(id, place)
            && (mutant != Mutant::ForgetOthers || all[before].process == one.process)
        {
            found.push(Anomaly::new(Kind::DuplicateId, &[before, place], &[id]));
        }
    }
    let notes = vec![format!("{} identities", given.len())];
    Judged { parts: vec![Part::new("unique ids", found, None)], notes }
}
