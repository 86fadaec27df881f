//! What a model says of itself beside `step`, held against `step`: a user's model that contradicts
//! itself is refused with the reason, and gets no verdict.

use super::ground::Ground;
use super::mutant::Mutant;
use super::search::{Search, Subject};
use super::shrink::Core;
use super::states::States;
use super::verify::{Fault, verify_order_by};
use crate::limits::Budget;
use crate::model::Sequential;
use crate::operation::Operation;
use crate::progress;
use avouch_promise::{Blame, Error};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt::Display;

fn refused(expected: &str, got: impl Display, hint: &str) -> Error {
    Error::new(Blame::Caller, expected, got.to_string()).hint(hint)
}

/// The parts of a history: each of its operations in one of them.
pub(super) fn parts<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
) -> Result<Vec<Vec<usize>>, Error> {
    let parts = model.partition(operations);
    let expected = "each operation in one part of the model's `partition`";
    let hint = "a part is a list of places in the operations given, from 0";
    let mut is_there = vec![false; operations.len()];
    for place in parts.iter().flatten().copied() {
        match is_there.get_mut(place) {
            None => {
                let got = format!("operation {place} of {}", operations.len());
                return Err(refused(expected, got, hint));
            }
            Some(true) => return Err(refused(expected, format!("operation {place} twice"), hint)),
            Some(is_there) => *is_there = true,
        }
    }
    match is_there.iter().position(|is| !is) {
        Some(place) => Err(refused(expected, format!("operation {place} in none"), hint)),
        None => Ok(parts),
    }
}

/// Why an order of a whole history does not hold, though it was put together of an order of each
/// part.
fn contradiction<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    orders: &[Vec<usize>],
    fault: Fault,
) -> Error {
    let alone = |order: &Vec<usize>| {
        let in_order: Vec<_> = order.iter().filter_map(|place| operations.get(*place)).collect();
        let mut states = vec![model.initial()];
        in_order.iter().all(|one| {
            let mut after = Vec::new();
            for state in states.drain(..) {
                model.follow(state, &one.input, one.output.as_ref(), &mut after);
            }
            states = after;
            !states.is_empty()
        })
    };
    if orders.iter().all(alone) {
        return refused(
            "a model whose parts have nothing to do with each other, in a state that holds them all",
            format!("one order of each part, which together do not hold: {fault}"),
            "let the state be of all objects (a map by key), or leave `partition` out",
        );
    }
    refused(
        "a model whose `register_use`, `is_pure`, `needs` and `brings` say what its `step` does",
        format!("an order by those that `step` does not allow: {fault}"),
        "leave them out: each only spares the search some work",
    )
}

/// The operations of other parts that are tried beside a core, and the steps that this may take.
const OTHERS_MAX: usize = 64;
const STEPS: u64 = 100_000;

/// Whether a part without an order stands alone: operations of other parts cannot help it.
///
/// Where operations say which object they touch that is read off. Where they do not, those of
/// other parts that began last before the core's end are tried beside it, each of which may take
/// effect or not: an order of the whole history would be one of these, too.
pub(super) fn stands_alone<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    (part, core): (&[usize], &Core),
    budget: &mut Budget,
) -> Result<(), Error> {
    let mut is_in = vec![false; operations.len()];
    for place in part {
        is_in[*place] = true;
    }
    let object = |place: usize| model.object(&operations[place].input);
    let objects: Option<BTreeSet<&[u8]>> = part.iter().map(|place| object(*place)).collect();
    let mut others: Vec<usize> = Vec::new();
    for place in (0..operations.len()).filter(|place| !is_in[*place]) {
        match (object(place), &objects) {
            (Some(of), Some(objects)) if objects.contains(of) => {
                let got = format!("operation {place} apart from others of its object");
                let hint = "operations of one object belong into one part";
                return Err(refused("parts that touch disjoint objects", got, hint));
            }
            (Some(_), Some(_)) => {}
            _ => others.push(place),
        }
    }
    let end = core.essential.iter().map(|place| operations[*place].latest).max().flatten();
    let is_early = |place: &usize| end.is_none_or(|end| operations[*place].earliest <= end);
    others.retain(is_early);
    if others.is_empty() {
        return Ok(());
    }
    others.sort_by_key(|place| operations[*place].earliest);
    let mut tried = others.split_off(others.len().saturating_sub(OTHERS_MAX));
    tried.extend(core.essential.iter().chain(&core.optional));
    tried.sort_unstable();
    let ground = Ground::new(model, operations, &tried, Mutant::None);
    let essential: BTreeSet<usize> = core.essential.iter().copied().collect();
    let subject = |number: u32| {
        let place = ground.facts[number as usize].place;
        Subject { number, optional: !essential.contains(&place) }
    };
    let subjects: Vec<_> = (0..tried.len() as u32).map(subject).collect();
    budget.slice(STEPS);
    let found = Search::new(&ground, &mut States::new(model), &subjects, Mutant::None).run(budget);
    budget.slice(u64::MAX);
    match found.order {
        Ok(Some(_)) => Err(refused(
            "parts that touch disjoint objects",
            "operations of one part that have no order, and have one beside those of others",
            "operations of one object belong into one part, or leave `partition` out",
        )),
        // No order, or none found in time: what the part says stands.
        Ok(None) | Err(_) => Ok(()),
    }
}

/// What to say where a few operations cannot be in any order by `register_use`, and are in one by
/// `step`.
pub(super) fn not_a_register() -> Error {
    refused(
        "a model whose `register_use` says what its `step` does",
        "operations that no register allows and `step` does",
        "leave `register_use` out: it only spares the search some work",
    )
}

/// The order, if it holds.
pub(super) fn verified<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    orders: &[Vec<usize>],
    order: Vec<usize>,
) -> Result<Vec<usize>, Error> {
    let mut placed = 0;
    let verified = verify_order_by(model, operations, &order, |_| {
        placed += 1;
        progress::place(placed, order.len());
        Ok::<_, Infallible>(())
    });
    let Ok(verified) = verified;
    match verified {
        Ok(()) => Ok(order),
        Err(fault) => Err(contradiction(model, operations, orders, fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::linearizability::{Verdict, decide};
    use crate::model::{Next, RegisterUse};
    use crate::operation::Moment;
    use std::borrow::Cow;

    /// A register of which nothing is true but its step.
    struct Liar {
        parts: Vec<Vec<usize>>,
        says: bool,
    }

    impl Sequential for Liar {
        type Input = u8;
        type Output = u8;
        type State = u8;
        fn initial(&self) -> u8 {
            0
        }
        fn step(&self, _: &u8, input: &u8, _: Option<&u8>) -> Next<u8> {
            Next::One(*input)
        }
        fn object<'a>(&self, _: &'a u8) -> Option<&'a [u8]> {
            self.says.then_some(b"x")
        }
        fn register_use<'a>(&self, input: &'a u8, out: Option<&'a u8>) -> Option<RegisterUse<'a>> {
            let value = Some(Cow::Owned(vec![*out?]));
            let wrote = Cow::Owned(vec![*input]);
            self.says.then_some(match input {
                0 => RegisterUse::Read { object: b"x", value },
                _ => RegisterUse::Write { object: b"x", value: wrote },
            })
        }
        fn partition(&self, _: &[Operation<u8, u8>]) -> Vec<Vec<usize>> {
            self.parts.clone()
        }
    }

    fn told(parts: &[&[usize]], says: bool) -> String {
        let at = |input, output, from: u64| Operation {
            input,
            output: Some(output),
            earliest: Moment(from),
            latest: Some(Moment(from + 1)),
        };
        // By its step anything goes; as a register the read comes too late.
        let operations = [at(1, 0, 0), at(2, 0, 2), at(0, 1, 4)];
        let parts = parts.iter().map(|part| part.to_vec()).collect();
        match decide(&Liar { parts, says }, &operations, &mut Budget::new(Limits::default())) {
            Verdict::Refused(error) => error.to_string(),
            verdict => format!("{verdict:?}"),
        }
    }

    #[test]
    fn a_model_that_contradicts_itself_is_refused() {
        assert!(told(&[&[0, 1, 2]], false).starts_with("Holds"));
        for (parts, says, expected) in [
            (&[&[0, 1, 2][..]][..], true, "leave `register_use` out"),
            (&[&[0, 1], &[2, 3]], false, "operation 3 of 3"),
            (&[&[0, 1], &[2, 0]], false, "operation 0 twice"),
            (&[&[0], &[2]], false, "operation 1 in none"),
            (&[], true, "operation 0 in none"),
        ] {
            let told = told(parts, says);
            assert!(told.starts_with("bad request") && told.contains(expected), "{told}");
        }
    }
}
