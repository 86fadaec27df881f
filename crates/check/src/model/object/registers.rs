//! Several registers read and written at once: a transaction as a list of steps. A register that
//! nobody has written reads as `nil` (Knossos takes a read of `nil` for one that tells nothing).

use crate::object::Datum;
use std::collections::BTreeMap;

/// One step.
struct Step<'a> {
    is_write: bool,
    key: &'a Datum,
    value: &'a Datum,
}

fn step(datum: &Datum) -> Option<Step<'_>> {
    let (name, key, value) = match datum {
        Datum::List(parts) => match &parts[..] {
            [name, key, value] => (name, key, value),
            [name, key] => (name, key, &Datum::Nil),
            _ => return None,
        },
        _ => return None,
    };
    let is_any = |names: [&str; 2]| names.iter().any(|one| name.is_name(one));
    match (is_any(["write", "w"]), is_any(["read", "r"])) {
        (true, _) if *value != Datum::Nil => Some(Step { is_write: true, key, value }),
        (_, true) => Some(Step { is_write: false, key, value }),
        _ => None,
    }
}

/// What a transaction has to be asked.
pub(super) fn form(asked: &Datum) -> Result<(), &'static str> {
    let all_are = |steps: &[Datum]| steps.iter().all(|one| step(one).is_some());
    match asked {
        Datum::List(steps) if all_are(steps) => Ok(()),
        _ => Err("a list of `[:read key value]` and `[:write key value]`"),
    }
}

/// Whether a transaction writes nothing.
pub(super) fn only_reads(asked: &Datum) -> bool {
    let steps = asked.list().unwrap_or_default();
    steps.iter().all(|one| step(one).is_some_and(|step| !step.is_write))
}

/// Takes all steps, one after another, and tells them with what the reads found.
pub(super) fn apply(held: &mut BTreeMap<Datum, Datum>, asked: &Datum) -> Option<Datum> {
    let mut told = Vec::new();
    for one in asked.list()? {
        let Step { is_write, key, value } = step(one)?;
        let value = if is_write {
            held.insert(key.clone(), value.clone());
            value.clone()
        } else {
            held.get(key).cloned().unwrap_or(Datum::Nil)
        };
        told.push(Datum::List(vec![Datum::Word(":".to_owned()), key.clone(), value]));
    }
    Some(Datum::List(told))
}

/// Whether what was told repeats what was asked, but for what reads found.
pub(super) fn repeats(asked: &Datum, told: &Datum) -> bool {
    let (Datum::List(asked), Datum::List(told)) = (asked, told) else { return false };
    let is_same = |(one, other): (&Datum, &Datum)| match (step(one), step(other)) {
        (Some(one), Some(other)) => {
            one.is_write == other.is_write
                && one.key == other.key
                && (!one.is_write || one.value == other.value)
        }
        _ => false,
    };
    asked.len() == told.len() && asked.iter().zip(told).all(is_same)
}

/// Whether steps were told as they were taken: the same keys and values, whatever they are called.
pub(super) fn is_same(taken: &Datum, told: &Datum) -> bool {
    let (Datum::List(taken), Datum::List(told)) = (taken, told) else { return false };
    let value = |one: &Datum| match one.list() {
        Some([_, key, value]) => Some((key.clone(), value.clone())),
        Some([_, key]) => Some((key.clone(), Datum::Nil)),
        _ => None,
    };
    taken.len() == told.len()
        && taken.iter().zip(told).all(|(one, other)| value(one) == value(other))
}
