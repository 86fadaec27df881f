//! Mixed promises, sequential ones among them, against every order.

use super::random::{history, told};
use crate::campaign::{cases, counted};
use crate::history::History;
use crate::limits::{Budget, Limits};
use crate::memory::exhaustive;
use crate::memory::model::Model;
use crate::memory::promised::{Mutant, Whose, judge_with, registers};
use crate::obligation;
use crate::report::Word;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Nanos, Random};

/// A history whose operations were promised this and that.
fn mixed(random: &mut Random) -> History {
    let mut history = history(random);
    let sequential = [1.0, 0.7, 0.3][random.below(3) as usize];
    for call in &mut history.calls {
        let weaker = [
            Guarantee::Linearizable,
            Guarantee::ConsistentPrefix,
            Guarantee::Eventual,
            Guarantee::staleness_by_time(Nanos(20)).expect("a bound"),
        ];
        call.guarantee = if random.chance(sequential) {
            Guarantee::Sequential
        } else {
            weaker[random.below(4) as usize]
        };
    }
    history
}

fn expected(history: &History) -> Option<Word> {
    let from = registers(history, Whose::All, Mutant::None);
    let told = |holds| if holds { Word::Holds } else { Word::Violated };
    exhaustive::promised(&from).filter(|_| from.gap.is_none()).map(told)
}

fn judged(history: &History, mutant: Mutant) -> Word {
    judge_with(history, Whose::All, &mut Budget::new(Limits::default()), mutant).word()
}

//= §2.3.2 sequential-consistency test
#[test]
fn mixed_promises_are_judged_as_every_order_says() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed);
    let [[holds, violated, all]] = counted(cases(5_000), |case, count: &mut [[u64; 3]; 1]| {
        let history = mixed(&mut root.fork(case));
        let repro = || format!("repro: AVOUCH_SEED={seed}, case {case}:\n{}", told(&history));
        let Some(expected) = expected(&history) else { return };
        assert_eq!(judged(&history, Mutant::None), expected, "{}", repro());
        count[0][expected as usize] += 1;
        let is_eventual = |call: &crate::history::Call| call.guarantee == Guarantee::Eventual;
        let has_sequential = history.calls.iter().any(|one| one.guarantee == Guarantee::Sequential);
        if has_sequential && !history.calls.iter().any(is_eventual) {
            let report = obligation::judge(&history, &Limits::default());
            assert_eq!(report.verdict(), expected, "{report}\n{}", repro());
        }
        // Of sequential operations alone it is sequential consistency.
        if history.calls.iter().all(|one| one.guarantee == Guarantee::Sequential) {
            let from = crate::memory::registers::Registers::new(&history);
            let by_model = exhaustive::holds(&from, Model::Sequential);
            assert_eq!(by_model, Some(expected == Word::Holds), "{}", repro());
            count[0][2] += 1;
        }
    });
    println!("{holds} hold, {violated} violated; {all} of sequential operations alone");
    assert!(holds > 1_000 && violated > 500 && all > 500, "{holds} {violated} {all}");
}

#[test]
fn every_planted_bug_of_mixed_promises_is_caught() {
    let root = Random::new(Random::seed_from_environment());
    let all =
        [Mutant::ForgetSessions, Mutant::EverySession, Mutant::InRealTime, Mutant::ForgetSpans];
    for mutant in all {
        let is_wrong = |case: &u64| {
            let history = mixed(&mut root.fork(*case));
            expected(&history).is_some_and(|expected| judged(&history, mutant) != expected)
        };
        let caught = (0..5_000).find(is_wrong);
        println!("{mutant:?} is caught by case {caught:?}");
        assert!(caught.is_some(), "{mutant:?} is not caught");
    }
}
