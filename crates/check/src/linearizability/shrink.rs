//! The smallest reason why no order exists: few operations that no order can hold, told so that a
//! person can check them.
//!
//! Leaving a write out of a history is no proof of anything: its reader would lack it. Each step
//! here only ever *weakens* the history (a history that fits before fits after), so what is
//! violated after it was violated before:
//!
//! 1. keep a start of the history: what had not answered by then is unknown;
//! 2. drop operations that change nothing;
//! 3. make an operation optional: it takes effect within its span with its answer, or not at all.
//!
//! Which start is known mostly: to the end of the operation that held up the longest order met. Of
//! that, the last few to end are violated mostly, whatever the others did; where they are not, the
//! shortest start that is violated is looked for.
//!
//! What cannot be weakened any further, one at a time, is the core. The rest remains in the search
//! as optional operations: the core says that, whichever of those took effect, it does not fit.

use super::ground::Ground;
use super::mutant::Mutant;
use super::search::{Search, Subject};
use super::states::States;
use crate::limits::Budget;
use crate::model::Sequential;
use crate::operation::{Moment, Operation};
use std::collections::BTreeSet;

/// The smallest reason found; places in the slice of operations that was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core {
    /// The operations that fit in no order, by the moment they started.
    pub essential: Vec<usize>,
    /// Operations that need not have taken effect, and do not help if they did.
    pub optional: Vec<usize>,
    /// The longest order of essential and optional operations, as far as it goes.
    pub furthest: Vec<usize>,
    /// Whether every essential operation was shown to be needed; if not, a bound was met.
    pub minimal: bool,
}

/// The steps that one attempt may take: a weaker history can be much harder to decide.
const STEPS_PER_ATTEMPT: u64 = 20_000;
/// The steps that all attempts together may take.
const STEPS_IN_ALL: u64 = 2_000_000;

/// The operations of the widest window that is tried.
const WIDTH_MAX: usize = 128;

struct Shrinking<'g, 'a, 'b, M: Sequential> {
    ground: &'g Ground<'a, M>,
    states: States<'a, M>,
    budget: &'b mut Budget,
    end: u64,
    undecided: bool,
    /// How many attempts were made.
    attempts: usize,
    /// Of the last attempt that was violated: how many operations were essential, and the longest
    /// order that it met.
    furthest: (usize, Vec<usize>),
}

/// Shrinks the part `part` of `operations`, which has no order; `furthest` is the longest start of
/// one that was met.
pub(super) fn shrink<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    (part, furthest): (&[usize], &[usize]),
    budget: &mut Budget,
) -> Core {
    shrink_counted(model, operations, (part, furthest), budget).0
}

/// The same, with the number of attempts that it took.
fn shrink_counted<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    (part, furthest): (&[usize], &[usize]),
    budget: &mut Budget,
) -> (Core, usize) {
    let end = budget.taken().saturating_add(STEPS_IN_ALL);
    let ground = &Ground::new(model, operations, part, Mutant::None);
    let states = States::new(model);
    let mut shrinking = Shrinking {
        ground,
        states,
        budget,
        end,
        undecided: false,
        attempts: 0,
        furthest: (0, Vec::new()),
    };
    let all = 0..part.len() as u32;
    let (mut essential, mut optional): (Vec<u32>, Vec<u32>) =
        all.partition(|number| shrinking.operation(*number).is_known());
    essential.sort_by_key(|number| shrinking.operation(*number).latest);
    if !shrinking.window(&mut essential, &mut optional, furthest) {
        shrinking.shortest_start(&mut essential, &mut optional);
    }
    shrinking.narrow(&mut essential, &mut optional);
    shrinking.weaken(&mut essential, &mut optional);
    let furthest = shrinking.furthest(&essential, &optional);
    let (minimal, attempts) = (!shrinking.undecided, shrinking.attempts);
    shrinking.budget.slice(u64::MAX);
    let places = |mut numbers: Vec<u32>| {
        numbers.sort_unstable();
        numbers.iter().map(|number| ground.facts[*number as usize].place).collect()
    };
    let core = Core { essential: places(essential), optional: places(optional), furthest, minimal };
    (core, attempts)
}

impl<'a, M: Sequential> Shrinking<'_, 'a, '_, M> {
    fn operation(&self, number: u32) -> &'a Operation<M::Input, M::Output> {
        self.ground.facts[number as usize].operation
    }

    fn is_pure(&self, number: u32) -> bool {
        self.ground.facts[number as usize].pure
    }

    /// Whether no attempt can be made any more.
    fn is_spent(&self) -> bool {
        self.budget.taken() >= self.end || self.budget.is_spent()
    }

    /// Whether it is certain, within the attempt's steps, that no order exists.
    fn is_violated(&mut self, essential: &[u32], optional: &[u32]) -> bool {
        if essential.is_empty() {
            return false;
        }
        self.attempts += 1;
        if self.is_spent() {
            self.undecided = true;
            return false;
        }
        let left = self.end.saturating_sub(self.budget.taken());
        self.budget.slice(left.min(STEPS_PER_ATTEMPT));
        let subject = |optional| move |number: &u32| Subject { number: *number, optional };
        let required = essential.iter().map(subject(false));
        let all: Vec<_> = required.chain(optional.iter().map(subject(true))).collect();
        let search = Search::new(self.ground, &mut self.states, &all, Mutant::None);
        let outcome = search.run(self.budget);
        self.undecided |= outcome.order.is_err();
        let violated = matches!(outcome.order, Ok(None));
        if violated {
            self.furthest = (essential.len(), outcome.furthest);
        }
        violated
    }

    /// Keeps those that are the last to end up to the one that held up the `furthest` order, if few
    /// of them are violated; `essential` is in the order of ends.
    fn window(
        &mut self,
        essential: &mut Vec<u32>,
        optional: &mut Vec<u32>,
        furthest: &[usize],
    ) -> bool {
        let placed: BTreeSet<usize> = furthest.iter().copied().collect();
        let place = |number: &u32| self.ground.facts[*number as usize].place;
        let Some(held_up) = essential.iter().position(|one| !placed.contains(&place(one))) else {
            return false;
        };
        let (start, open) = self.start(essential, optional, held_up + 1);
        let widths = std::iter::successors(Some(2), |width| Some(width * 2));
        for width in widths.take_while(|width| *width <= WIDTH_MAX) {
            let kept = start[start.len().saturating_sub(width)..].to_vec();
            let loose = self.loosened(&start, &open, &kept);
            if self.is_violated(&kept, &loose) {
                (*essential, *optional) = (kept, loose);
                return true;
            }
            if width >= start.len() || self.is_spent() {
                break;
            }
        }
        false
    }

    /// Keeps the shortest violated start; `essential` is in the order of ends.
    fn shortest_start(&mut self, essential: &mut Vec<u32>, optional: &mut Vec<u32>) {
        let (mut fits, mut violated) = (0, essential.len());
        while fits + 1 < violated {
            let middle = usize::midpoint(fits, violated);
            let (kept, loose) = self.start(essential, optional, middle);
            if self.is_violated(&kept, &loose) {
                violated = middle;
            } else {
                fits = middle;
            }
        }
        (*essential, *optional) = self.start(essential, optional, violated);
    }

    /// The history up to the end of the `count`th operation: those that ended, and those that
    /// began.
    fn start(&self, essential: &[u32], optional: &[u32], count: usize) -> (Vec<u32>, Vec<u32>) {
        let (kept, later) = essential.split_at(count);
        let end = kept.last().and_then(|last| self.operation(*last).latest).unwrap_or(Moment(0));
        let began = |number: &&u32| self.operation(**number).earliest <= end;
        let open = later.iter().filter(|number| !self.is_pure(**number));
        (kept.to_vec(), optional.iter().chain(open).filter(began).copied().collect())
    }

    /// Keeps few operations that are violated, whichever of the others took effect: the last to
    /// end first, each the one that completes the violation with those that ended after it.
    ///
    /// Where a bound is met, all that may still be needed is kept.
    fn narrow(&mut self, essential: &mut Vec<u32>, optional: &mut Vec<u32>) {
        // The operations kept and those in the pool are violated together at all times.
        let mut pool: Vec<u32> = essential.iter().rev().copied().collect();
        let mut kept = Vec::new();
        loop {
            let (mut fits, mut violated) = (None, pool.len());
            let mut count = 0;
            while fits.map_or(0, |fits| fits + 1) < violated && !self.is_spent() {
                let with: Vec<u32> = kept.iter().chain(&pool[..count]).copied().collect();
                let loose = self.loosened(essential, optional, &with);
                if self.is_violated(&with, &loose) {
                    violated = count;
                } else {
                    fits = Some(count);
                }
                // Few are enough, mostly: twice as many each time until they are, then halves.
                let least = fits.map_or(0, |fits| fits + 1);
                count = if violated == pool.len() {
                    (least * 2).clamp(1, violated.saturating_sub(1).max(1))
                } else {
                    usize::midpoint(least, violated)
                };
            }
            pool.truncate(violated);
            if self.is_spent() {
                kept.append(&mut pool);
                break;
            }
            let Some(last) = pool.pop() else { break };
            kept.push(last);
        }
        *optional = self.loosened(essential, optional, &kept);
        *essential = kept;
    }

    /// The optional operations, and those of `essential` that are not `kept` and change something.
    fn loosened(&self, essential: &[u32], optional: &[u32], kept: &[u32]) -> Vec<u32> {
        let mut is_kept = vec![false; self.ground.facts.len()];
        for number in kept {
            is_kept[*number as usize] = true;
        }
        let is_loose = |number: &&u32| !is_kept[**number as usize] && !self.is_pure(**number);
        optional.iter().chain(essential.iter().filter(is_loose)).copied().collect()
    }

    /// Weakens what can be weakened, one by one, until nothing changes or a bound is met.
    fn weaken(&mut self, essential: &mut Vec<u32>, optional: &mut Vec<u32>) {
        self.undecided = false;
        let mut at = 0;
        while at < essential.len() {
            if self.is_spent() {
                self.undecided = true;
                break;
            }
            let mut kept = essential.clone();
            let number = kept.remove(at);
            let mut loose = optional.clone();
            loose.extend((!self.is_pure(number)).then_some(number));
            if self.is_violated(&kept, &loose) {
                (*essential, *optional) = (kept, loose);
                at = 0;
            } else {
                at += 1;
            }
        }
    }

    /// The longest order that the search of the final history met.
    fn furthest(&mut self, essential: &[u32], optional: &[u32]) -> Vec<usize> {
        // What was violated last is what was kept, or had more in it.
        if self.furthest.0 != essential.len() {
            let undecided = self.undecided;
            self.end = u64::MAX;
            self.is_violated(essential, optional);
            self.undecided = undecided;
        }
        std::mem::take(&mut self.furthest.1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Core, shrink_counted};
    use crate::limits::{Budget, Limits};
    use crate::model::{Register, RegisterAnswer, RegisterInput};
    use crate::operation::{Moment, Operation};

    /// One after another, `count` writes of few values, each with a read; then a stale read.
    fn stale(count: i64) -> Vec<Operation<RegisterInput, RegisterAnswer>> {
        let value = |at: i64| at % 10;
        let pair = |at: i64| {
            let write = (RegisterInput::Write(value(at)), RegisterAnswer::Done);
            [write, (RegisterInput::Read, RegisterAnswer::Value(Some(value(at))))]
        };
        let last = (RegisterInput::Read, RegisterAnswer::Value(Some(value(count - 2))));
        let all = (0..count).flat_map(pair).chain([last]);
        let operation = |((input, output), at): ((RegisterInput, RegisterAnswer), u64)| Operation {
            input,
            output: Some(output),
            earliest: Moment(at * 2),
            latest: Some(Moment(at * 2 + 1)),
        };
        all.zip(0..).map(operation).collect()
    }

    fn shrunk(count: i64, steps: u64) -> (Core, usize) {
        let operations = stale(count);
        let part: Vec<usize> = (0..operations.len()).collect();
        let mut budget = Budget::new(Limits { steps, ..Limits::default() });
        shrink_counted(&Register, &operations, (&part, &[]), &mut budget)
    }

    #[test]
    fn a_spent_budget_ends_the_shrinking_at_once_with_what_was_reached() {
        for steps in [0, 1_000, 3_000] {
            let (core, attempts) = shrunk(500, steps);
            assert!(attempts < 30, "{attempts} attempts in {steps} steps");
            assert!(!core.minimal && core.essential.contains(&1000), "{core:?}");
            let operations = stale(500);
            let all: Vec<_> = core.essential.iter().chain(&core.optional).copied().collect();
            let order = crate::linearizability::search(
                &Register,
                &operations,
                &all,
                &mut Budget::new(Limits::default()),
                super::Mutant::None,
            );
            assert_eq!(order.order, Ok(None), "what was reached is violated");
        }
    }
}
