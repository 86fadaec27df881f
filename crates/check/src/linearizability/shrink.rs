//! The smallest reason why no order exists: few operations that no order can hold, told so that a
//! person can check them.
//!
//! Leaving a write out of a history is no proof of anything: its reader would lack it. Each step
//! here only ever *weakens* the history (a history that fits before fits after), so what is violated
//! after it was violated before:
//!
//! 1. keep the shortest violated start of the history: what had not answered by then is unknown;
//! 2. drop operations that change nothing;
//! 3. forget an answer: the operation may take effect at any later moment or never.
//!
//! What cannot be weakened any further, one at a time, is the core. The rest remains in the search as
//! free operations: the core says that wherever those are put, it does not fit.

use super::mutant::Mutant;
use super::search::Search;
use crate::limits::Budget;
use crate::model::Sequential;
use crate::operation::{Moment, Operation};

/// The smallest reason found; places in the slice of operations that was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core {
    /// The operations that fit in no order, by the moment they started.
    pub essential: Vec<usize>,
    /// Operations that may take effect at any moment after their start, or never, and do not help.
    pub free: Vec<usize>,
    /// The longest order of essential and free operations, as far as it goes.
    pub furthest: Vec<usize>,
    /// Whether every essential operation was shown to be needed; if not, a bound was met.
    pub minimal: bool,
}

/// The steps that one attempt may take: a weaker history can be much harder to decide.
const STEPS_PER_ATTEMPT: u64 = 20_000;
/// The steps that all attempts together may take.
const STEPS_IN_ALL: u64 = 2_000_000;

struct Shrinking<'a, 'b, M: Sequential> {
    model: &'a M,
    operations: &'a [Operation<M::Input, M::Output>],
    budget: &'b mut Budget,
    end: u64,
    undecided: bool,
    furthest: Vec<usize>,
}

/// Shrinks the part `part` of `operations`, which has no order.
pub(super) fn shrink<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    part: &[usize],
    budget: &mut Budget,
) -> Core
where
    Operation<M::Input, M::Output>: Clone,
{
    let end = budget.taken().saturating_add(STEPS_IN_ALL);
    let mut shrinking =
        Shrinking { model, operations, budget, end, undecided: false, furthest: Vec::new() };
    let mut essential: Vec<usize> =
        part.iter().copied().filter(|place| operations[*place].is_known()).collect();
    essential.sort_by_key(|place| operations[*place].latest);
    let mut free: Vec<usize> =
        part.iter().copied().filter(|place| !operations[*place].is_known()).collect();
    shrinking.shortest_start(&mut essential, &mut free);
    shrinking.weaken(&mut essential, &mut free);
    let furthest = shrinking.furthest(&essential, &free);
    let minimal = !shrinking.undecided;
    shrinking.budget.slice(u64::MAX);
    essential.sort_by_key(|place| operations[*place].earliest);
    free.sort_by_key(|place| operations[*place].earliest);
    Core { essential, free, furthest, minimal }
}

impl<M: Sequential> Shrinking<'_, '_, M>
where
    Operation<M::Input, M::Output>: Clone,
{
    fn is_pure(&self, place: usize) -> bool {
        let Operation { input, output, .. } = &self.operations[place];
        self.model.is_pure(input, output.as_ref())
    }

    /// Whether it is certain, within the attempt's steps, that no order exists.
    fn is_violated(&mut self, essential: &[usize], free: &[usize]) -> bool {
        let left = self.end.saturating_sub(self.budget.taken());
        if left == 0 || self.budget.is_spent() {
            self.undecided = true;
            return false;
        }
        self.budget.slice(left.min(STEPS_PER_ATTEMPT));
        let weakened: Vec<_> = free
            .iter()
            .map(|place| {
                let mut operation = self.operations[*place].clone();
                operation.weaken();
                operation
            })
            .collect();
        let all: Vec<_> =
            essential.iter().map(|place| &self.operations[*place]).chain(&weakened).collect();
        let outcome = Search::new(self.model, &all, Mutant::None).run(self.budget);
        self.undecided |= outcome.order.is_err();
        let violated = matches!(outcome.order, Ok(None));
        if violated {
            let place = |at: &usize| essential.get(*at).or(free.get(at - essential.len().min(*at)));
            self.furthest = outcome.furthest.iter().filter_map(place).copied().collect();
        }
        violated
    }

    /// Keeps the shortest violated start; `essential` is in the order of ends.
    fn shortest_start(&mut self, essential: &mut Vec<usize>, free: &mut Vec<usize>) {
        let (mut fits, mut violated) = (0, essential.len());
        while fits + 1 < violated {
            let middle = usize::midpoint(fits, violated);
            let (kept, loose) = self.start(essential, free, middle);
            if self.is_violated(&kept, &loose) {
                violated = middle;
            } else {
                fits = middle;
            }
        }
        (*essential, *free) = self.start(essential, free, violated);
    }

    /// The history up to the end of the `count`th operation: those that ended, and those that began.
    fn start(
        &self,
        essential: &[usize],
        free: &[usize],
        count: usize,
    ) -> (Vec<usize>, Vec<usize>) {
        let (kept, later) = essential.split_at(count);
        let end = kept.last().and_then(|last| self.operations[*last].latest).unwrap_or(Moment(0));
        let began = |place: &&usize| self.operations[**place].earliest <= end;
        let open = later.iter().filter(|place| !self.is_pure(**place));
        (kept.to_vec(), free.iter().chain(open).filter(began).copied().collect())
    }

    /// Weakens what can be weakened: large pieces first, then one by one until nothing changes.
    fn weaken(&mut self, essential: &mut Vec<usize>, free: &mut Vec<usize>) {
        for reads in [true, false] {
            let mut size = essential.len().div_ceil(2);
            while size > 0 {
                let mut changed = false;
                let mut at = 0;
                while at < essential.len() {
                    let of_kind = |place: &usize| self.is_pure(*place) == reads;
                    let piece: Vec<usize> = essential
                        .iter()
                        .skip(at)
                        .filter(|place| of_kind(place))
                        .take(size)
                        .copied()
                        .collect();
                    let kept: Vec<usize> =
                        essential.iter().filter(|place| !piece.contains(place)).copied().collect();
                    let mut loose = free.clone();
                    loose.extend(piece.iter().filter(|place| !self.is_pure(**place)));
                    if !piece.is_empty() && self.is_violated(&kept, &loose) {
                        (*essential, *free) = (kept, loose);
                        changed = true;
                    } else {
                        at += size;
                    }
                }
                if size > 1 || !changed {
                    size /= 2;
                }
            }
        }
        // Writes freed may have made further reads superfluous, and the other way round.
        self.undecided = false;
        let mut at = 0;
        while at < essential.len() {
            let mut kept = essential.clone();
            let place = kept.remove(at);
            let mut loose = free.clone();
            loose.extend((!self.is_pure(place)).then_some(place));
            if self.is_violated(&kept, &loose) {
                (*essential, *free) = (kept, loose);
                at = 0;
            } else {
                at += 1;
            }
        }
    }

    /// The longest order that the search of the final history met.
    fn furthest(&mut self, essential: &[usize], free: &[usize]) -> Vec<usize> {
        let undecided = self.undecided;
        self.end = u64::MAX;
        self.is_violated(essential, free);
        self.undecided = undecided;
        std::mem::take(&mut self.furthest)
    }
}
