//! Orders of equal stamps against the oracle, which tries them all; and that the search is led.

use super::{Checked, check};
use crate::campaign::{cases, counted};
use crate::limits::{Budget, Limits};
use crate::report::Word;
use crate::stamped::history::{Access, Stamped};
use crate::stamped::judge::{Known, LEVELS, findings, known, order};
use crate::stamped::mutant::Mutant;
use crate::stamped::store::{self, Made};
use crate::stamped::tests::{HISTORIES, decided, fault, repro};
use avouch_promise::Random;

/// A small history most of whose stamps are equal.
fn tied(random: &mut Random) -> Stamped {
    store::history(&store::tied(random))
}

/// Where stamps are equal, an order is found or there is none; what is told of it is checked again.
#[test]
fn every_order_of_equal_stamps_is_looked_for() {
    let seed = Random::seed_from_environment();
    // By level: holds as it stands, in another order, in none by a read, in none by several.
    let count = counted(cases(HISTORIES), |case, count: &mut [[u64; 4]; 4]| {
        let history = tied(&mut Random::new(seed).fork(case));
        let repro = || repro(seed, case, "every_order_of_equal_stamps_is_looked_for");
        let words = decided(&history, Mutant::None);
        let fault = fault(&history, &words);
        assert!(fault.is_none(), "{fault:?} in {:#?}\n{}", history.transactions(), repro());
        assert!(words.iter().all(|(_, word)| *word != Word::Unknown), "{words:?}\n{}", repro());
        let mut budget = Budget::new(Limits::default());
        let first = order(&history, Mutant::None);
        let known = known(&history, &mut budget, Mutant::None).expect("no bound");
        for (count, known) in count.iter_mut().zip(&known) {
            let kind = match known {
                Known::Holds(order) => usize::from(*order != first),
                Known::Violated(_) => 2,
                Known::Unserved(plan, unserved) => {
                    let checked = check(&history, *plan, unserved);
                    assert!(matches!(checked, Checked::Refused(..)), "{}", repro());
                    // Each is needed.
                    for left_out in 0..unserved.reads.len() {
                        let mut fewer = unserved.clone();
                        fewer.reads.remove(left_out);
                        let checked = check(&history, *plan, &fewer);
                        assert!(checked == Checked::Served, "{unserved:?}\n{}", repro());
                    }
                    3
                }
                Known::Unknown(reason) => panic!("{reason}\n{}", repro()),
            };
            count[kind] += 1;
        }
        for (level, found) in findings(&history, &mut budget, Mutant::None) {
            assert_ne!(found.word(), Word::Unknown, "{level}: {found:?}\n{}", repro());
        }
    });
    println!("{LEVELS:?}: as it stands, in another order, wrong alone, wrong together {count:?}");
    assert!(count.iter().flatten().all(|count| *count > 50), "{count:?}");
}

#[test]
fn every_planted_bug_of_the_search_for_an_order_is_caught() {
    let seed = Random::seed_from_environment();
    for mutant in Mutant::OF_TIES {
        let caught = (0..cases(4 * HISTORIES)).find_map(|case| {
            let history = tied(&mut Random::new(seed).fork(case));
            fault(&history, &decided(&history, mutant)).map(|fault| (case, fault))
        });
        let Some((case, fault)) = caught else { panic!("{mutant:?} was not caught") };
        println!("{mutant:?} caught by history {case}: {fault}");
    }
}

/// A clock that stands still for long: transactions one after another, a hundred at a stamp, in the
/// history in any order.
fn still(lists: bool, random: &mut Random) -> Stamped {
    let mut held: Vec<Vec<i64>> = vec![Vec::new(); 20];
    let mut made: Vec<Made> = Vec::new();
    for number in 0..600_i64 {
        let mut steps = Vec::new();
        for _ in 0..random.between(1, 3) {
            let key = random.below(20);
            let of = &mut held[key as usize];
            if steps.iter().any(|(other, _)| *other == key) {
                continue;
            }
            let seen = of.last().copied();
            if random.chance(0.7) {
                let list = of.clone().into_boxed_slice();
                steps.push((key, if lists { Access::ReadList(list) } else { Access::Read(seen) }));
            }
            if random.chance(0.6) {
                of.push(number);
                let access =
                    if lists { Access::Append(number) } else { Access::Write(Some(number)) };
                steps.push((key, access));
            }
        }
        let stamp = number / 100;
        made.push(Made { session: random.below(3_000), start: stamp, commit: stamp, steps });
    }
    for stretch in made.chunks_mut(100) {
        random.shuffle(stretch);
    }
    store::history(&made)
}

/// The search is led by what is read, and not by luck: it takes few steps where values are unlike.
#[test]
fn a_hundred_at_one_stamp_are_ordered() {
    let seed = Random::seed_from_environment();
    let mut most = 0;
    for case in 0..12 {
        let random = &mut Random::new(seed).fork(case);
        let history = still(case % 2 == 0, random);
        let limits = Limits { steps: 1_000_000, ..Limits::default() };
        let mut budget = Budget::new(limits);
        let found = findings(&history, &mut budget, Mutant::None);
        let taken = budget.taken();
        for (level, found) in found.into_iter().step_by(2) {
            let repro = repro(seed, case, "a_hundred_at_one_stamp_are_ordered");
            assert_eq!(found.word(), Word::Holds, "{level}: {found:?}, {taken} steps\n{repro}");
        }
        most = most.max(taken);
    }
    println!("at most {most} steps");
}
