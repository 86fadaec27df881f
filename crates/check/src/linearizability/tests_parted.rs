//! Bugs in how a model parts a history by key: whatever they make of it, no verdict is wrong.

use super::mutant::Parting;
use super::tests::generate;
use super::{Verdict, decide, decide_with};
use crate::limits::{Budget, Limits};
use crate::model::key_value::{Action, Contents, KeyValue, Outcome};
use crate::model::{Brings, Next, Sequential};
use crate::operation::Operation;
use avouch_promise::Random;

/// A bug of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// The last operation of the largest part stands alone.
    LastAlone,
    /// Every second operation of each part is in a part of its own with the like.
    Alternating,
}

/// A store whose partition has a bug; `tells` which object an operation touches.
struct Parted {
    store: KeyValue,
    wrong: Wrong,
    tells: bool,
}

impl Sequential for Parted {
    type Input = Action;
    type Output = Outcome;
    type State = Contents;

    fn initial(&self) -> Contents {
        self.store.initial()
    }
    fn step(&self, state: &Contents, input: &Action, output: Option<&Outcome>) -> Next<Contents> {
        self.store.step(state, input, output)
    }
    fn is_pure(&self, input: &Action, output: Option<&Outcome>) -> bool {
        self.store.is_pure(input, output)
    }
    fn needs(&self, input: &Action, output: &Outcome) -> Option<Vec<u8>> {
        self.store.needs(input, output)
    }
    fn brings(&self, input: &Action) -> Brings {
        self.store.brings(input)
    }
    fn object<'a>(&self, input: &'a Action) -> Option<&'a [u8]> {
        self.store.object(input).filter(|_| self.tells)
    }
    fn partition(&self, operations: &[Operation<Action, Outcome>]) -> Vec<Vec<usize>> {
        let mut parts = self.store.partition(operations);
        match self.wrong {
            Wrong::LastAlone => {
                let last = parts.iter_mut().max_by_key(|part| part.len()).and_then(Vec::pop);
                parts.extend(last.map(|last| vec![last]));
            }
            Wrong::Alternating => {
                let split = |part: Vec<usize>| {
                    let of = |rest| part.iter().copied().skip(rest).step_by(2).collect();
                    [of(0), of(1)]
                };
                parts = parts.into_iter().flat_map(split).collect();
            }
        }
        parts.retain(|part| !part.is_empty());
        parts
    }
}

/// What a wrong partition leads to: verdicts that are right, wrongly violated, wrongly held, and
/// refused.
fn verdicts(wrong: Wrong, tells: bool, mutant: Parting) -> [u32; 4] {
    let root = Random::new(Random::seed_from_environment());
    let mut count = [0; 4];
    for case in 0..4_000 {
        let operations = generate::key_value(&mut root.fork(case));
        let store = KeyValue::default();
        let budget = || Budget::new(Limits::default());
        let truth = decide(&store, &operations, &mut budget());
        let parted = Parted { store, wrong, tells };
        let found = decide_with(&parted, &operations, &mut budget(), mutant);
        count[match (&truth, &found) {
            (Verdict::Holds(_), Verdict::Holds(_))
            | (Verdict::Violated(_), Verdict::Violated(_)) => 0,
            (Verdict::Holds(_), Verdict::Violated(_)) => 1,
            (Verdict::Violated(_), Verdict::Holds(_)) => 2,
            (_, Verdict::Refused(_)) => 3,
            other => panic!("case {case}: {other:?} of {operations:?}"),
        }] += 1;
    }
    count
}

#[test]
fn a_wrong_partition_is_refused_for_both_verdicts() {
    for wrong in [Wrong::LastAlone, Wrong::Alternating] {
        for tells in [true, false] {
            let [right, violated, held, refused] = verdicts(wrong, tells, Parting::None);
            assert_eq!((violated, held), (0, 0), "{wrong:?} {tells}: {right} right");
            assert!(refused > 100, "{wrong:?} {tells}: {refused} refused, {right} right");
            // A judge that believes its parts says violated of what holds.
            let [_, violated, ..] = verdicts(wrong, tells, Parting::BelieveParts);
            assert!(violated > 100, "{wrong:?} {tells}: the planted bug shows in {violated} cases");
        }
    }
}
