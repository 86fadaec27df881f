//! The smallest reason why no order exists: few operations that no order can hold, told so that a
//! person can check them.
//!
//! Leaving a write out of a history is no proof of anything: its reader would lack it. Each step
//! here only ever *weakens* the history (a history that fits before fits after), so what is
//! violated after it was violated before:
//!
//! 1. keep the shortest violated start of the history: what had not answered by then is unknown;
//! 2. drop operations that change nothing;
//! 3. make an operation optional: it takes effect within its span with its answer, or not at all.
//!
//! What cannot be weakened any further, one at a time, is the core. The rest remains in the search
//! as optional operations: the core says that, whichever of those took effect, it does not fit.

use super::mutant::Mutant;
use super::search::{Search, Subject};
use crate::limits::Budget;
use crate::model::Sequential;
use crate::operation::{Moment, Operation};

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
) -> Core {
    let end = budget.taken().saturating_add(STEPS_IN_ALL);
    let mut shrinking =
        Shrinking { model, operations, budget, end, undecided: false, furthest: Vec::new() };
    let mut essential: Vec<usize> =
        part.iter().copied().filter(|place| operations[*place].is_known()).collect();
    essential.sort_by_key(|place| operations[*place].latest);
    let mut optional: Vec<usize> =
        part.iter().copied().filter(|place| !operations[*place].is_known()).collect();
    shrinking.shortest_start(&mut essential, &mut optional);
    shrinking.weaken(&mut essential, &mut optional);
    let furthest = shrinking.furthest(&essential, &optional);
    let minimal = !shrinking.undecided;
    shrinking.budget.slice(u64::MAX);
    essential.sort_by_key(|place| operations[*place].earliest);
    optional.sort_by_key(|place| operations[*place].earliest);
    Core { essential, optional, furthest, minimal }
}

impl<M: Sequential> Shrinking<'_, '_, M> {
    fn is_pure(&self, place: usize) -> bool {
        let Operation { input, output, .. } = &self.operations[place];
        self.model.is_pure(input, output.as_ref())
    }

    /// Whether it is certain, within the attempt's steps, that no order exists.
    fn is_violated(&mut self, essential: &[usize], optional: &[usize]) -> bool {
        let left = self.end.saturating_sub(self.budget.taken());
        if left == 0 || self.budget.is_spent() {
            self.undecided = true;
            return false;
        }
        self.budget.slice(left.min(STEPS_PER_ATTEMPT));
        let subject = |place: &usize, optional| {
            let operation = &self.operations[*place];
            Subject { operation, optional }
        };
        let all: Vec<_> = essential
            .iter()
            .map(|place| subject(place, false))
            .chain(optional.iter().map(|place| subject(place, true)))
            .collect();
        let outcome = Search::new(self.model, &all, Mutant::None).run(self.budget);
        self.undecided |= outcome.order.is_err();
        let violated = matches!(outcome.order, Ok(None));
        if violated {
            let places: Vec<usize> = essential.iter().chain(optional).copied().collect();
            self.furthest = outcome.furthest.iter().map(|at| places[*at]).collect();
        }
        violated
    }

    /// Keeps the shortest violated start; `essential` is in the order of ends.
    fn shortest_start(&mut self, essential: &mut Vec<usize>, optional: &mut Vec<usize>) {
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
    fn start(
        &self,
        essential: &[usize],
        optional: &[usize],
        count: usize,
    ) -> (Vec<usize>, Vec<usize>) {
        let (kept, later) = essential.split_at(count);
        let end = kept.last().and_then(|last| self.operations[*last].latest).unwrap_or(Moment(0));
        let began = |place: &&usize| self.operations[**place].earliest <= end;
        let open = later.iter().filter(|place| !self.is_pure(**place));
        (kept.to_vec(), optional.iter().chain(open).filter(began).copied().collect())
    }

    /// Weakens what can be weakened: large pieces first, then one by one until nothing changes.
    fn weaken(&mut self, essential: &mut Vec<usize>, optional: &mut Vec<usize>) {
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
                    let mut loose = optional.clone();
                    loose.extend(piece.iter().filter(|place| !self.is_pure(**place)));
                    if !piece.is_empty() && self.is_violated(&kept, &loose) {
                        (*essential, *optional) = (kept, loose);
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
        // Writes made optional may have made further reads superfluous, and the other way round.
        self.undecided = false;
        let mut at = 0;
        while at < essential.len() {
            let mut kept = essential.clone();
            let place = kept.remove(at);
            let mut loose = optional.clone();
            loose.extend((!self.is_pure(place)).then_some(place));
            if self.is_violated(&kept, &loose) {
                (*essential, *optional) = (kept, loose);
                at = 0;
            } else {
                at += 1;
            }
        }
    }

    /// The longest order that the search of the final history met.
    fn furthest(&mut self, essential: &[usize], optional: &[usize]) -> Vec<usize> {
        let undecided = self.undecided;
        self.end = u64::MAX;
        self.is_violated(essential, optional);
        self.undecided = undecided;
        std::mem::take(&mut self.furthest)
    }
}
