//! Checks again that a predicate gave what it must not, or left out what it must give. It looks at
//! nothing but the steps.

use super::names;
use super::reduce::Flaw;
use super::steps::{Left, Step, Transaction, founding, last};
use crate::dependency::Fate;

/// Whether a flaw is one.
pub(super) fn accepts(all: &[Transaction<'_>], flaw: &Flaw<'_>) -> bool {
    let Some(reader) = all.get(flaw.reader) else { return false };
    if reader.of.fate != Fate::Committed {
        return false;
    }
    let Flaw { key, condition, got, .. } = flaw;
    let is_flawed = |(place, step): (usize, &Step<'_>)| {
        let Step::ReadWhere(asked, found) = step else { return false };
        if asked != condition {
            return false;
        }
        if let Some(value) = got {
            let gave = |(one, other): &(_, _)| one == *key && other == *value;
            return found.iter().any(gave) && !condition.holds(value);
        }
        !names(found, key) && {
            let own = last(&reader.steps[..place], key);
            match own {
                Some(left) => left.value().is_some_and(|value| condition.holds(value)),
                None => is_always_there(all, flaw),
            }
        }
    };
    reader.steps.iter().enumerate().any(|(place, step)| is_flawed((place, step)))
}

/// Whether, whatever others have done, the key is there with a value that the predicate holds of.
fn is_always_there(all: &[Transaction<'_>], flaw: &Flaw<'_>) -> bool {
    let others = all
        .iter()
        .enumerate()
        .filter(|(number, one)| *number != flaw.reader && one.of.fate != Fate::Aborted);
    let holds = |left: Left<'_>| left.value().is_some_and(|it| flaw.condition.holds(it));
    let mut left = others.filter_map(|(_, one)| one.last(flaw.key));
    founding(all).is_some_and(|one| one.last(flaw.key).is_some()) && left.all(holds)
}
