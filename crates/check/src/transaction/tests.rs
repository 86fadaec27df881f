//! The judge against its oracle, on histories at random and on the published examples.

use super::cycle::{Cycle, Edge, Why};
use super::exhaustive::holds;
use super::judge::decide_with;
use super::mutant::Mutant;
use super::sources::{INITIAL, Sources};
use super::verify::accepts;
use super::verify_claims::accepts_claims;
use super::verify_order::accepts_order;
use super::{Access, Builder, Level, Transactions, decide, judge};
use crate::campaign::{cases, counted};
use crate::limits::Budget;
use crate::report::{Finding, Part, Report, Word};
use crate::{Input, Limits};
use avouch_promise::Random;
use std::collections::BTreeSet;

/// A small history: values are those that a store under no discipline might return, half the time
/// the last one written, so that every level holds in some and is violated in others.
pub(crate) fn at_random(random: &mut Random) -> Transactions {
    let mut history = Builder::default();
    let (sessions, keys) = (1 + random.below(3), 1 + random.below(3));
    let mut written: Vec<Vec<i64>> = vec![Vec::new(); 3];
    let mut next = 0;
    for _ in 0..=random.below(5) {
        history.begin(random.below(sessions));
        if random.chance(0.03) {
            history.abort();
        }
        // Now and then a long one, whose reads are looked up by key.
        let steps = if random.chance(0.1) { 40 } else { random.below(4) };
        for _ in 0..=steps {
            let key = random.below(keys);
            let values = &mut written[key as usize];
            let name = format!("k{key}");
            if random.chance(0.5) {
                next += 1;
                values.push(next);
                history.write(name, next);
            } else if random.chance(0.1) || values.is_empty() {
                history.read_initial(name);
            } else if random.chance(0.4) {
                history.read(name, values.last().copied().unwrap_or(0));
            } else if random.chance(0.01) {
                history.read(name, 1_000);
            } else if random.chance(0.03) {
                // What is written later, if it is.
                history.read(name, next + 1);
            } else {
                history.read(name, values[random.below(values.len() as u64) as usize]);
            }
        }
    }
    history.build()
}

/// Up to eight transactions that nothing orders but what is read: blind writers, and readers who
/// see some of them. Many pairs of writers stay open, and some cannot be ordered.
fn unordered(random: &mut Random) -> Transactions {
    let mut history = Builder::default();
    let (writers, keys, readers) = (3 + random.below(2), 2 + random.below(2), 2 + random.below(3));
    let value = |writer: u64, key: u64| i64::try_from(writer * 10 + key).expect("a small number");
    let mut written: Vec<Vec<i64>> = vec![Vec::new(); 4];
    for writer in 1..=writers {
        history.begin(writer);
        let apart = random.below(keys);
        for key in BTreeSet::from([writer % keys, (writer + apart) % keys]) {
            history.write(format!("k{key}"), value(writer, key));
            written[key as usize].push(value(writer, key));
        }
    }
    for reader in 1..=readers {
        history.begin(writers + reader);
        for key in 0..keys {
            let values = &written[key as usize];
            if random.chance(0.9) && !values.is_empty() {
                history.read(format!("k{key}"), values[random.below(values.len() as u64) as usize]);
            }
        }
    }
    history.build()
}

/// The same with few values, so that most were written twice.
fn repeated(random: &mut Random) -> Transactions {
    let mut history = unordered(random);
    for step in history.all_steps_mut() {
        step.value %= 20;
    }
    history
}

/// Two writers of each of two keys, and four readers: each saw one of the four, and the two of the
/// other key. No pair is decided by itself, and no two orders of both go together.
fn crossed() -> Transactions {
    let mut history = Builder::default();
    history.begin(1).write("x", 1).write("a", 1).begin(2).write("x", 2).write("b", 1);
    history.begin(3).write("y", 1).write("c", 1).begin(4).write("y", 2).write("d", 1);
    history.begin(5).read("x", 1).read("c", 1).read("d", 1);
    history.begin(6).read("x", 2).read("c", 1).read("d", 1);
    history.begin(7).read("y", 1).read("a", 1).read("b", 1);
    history.begin(8).read("y", 2).read("a", 1).read("b", 1);
    history.build()
}

/// One reads from another the same key over and over, and then from a third, which must be later
/// and was read by the second.
fn over_and_over() -> Transactions {
    let mut history = Builder::default();
    history.begin(1).write("x", 1).write("z", 1);
    history.begin(2).read("z", 1).write("x", 2);
    history.begin(3);
    for _ in 0..20 {
        history.read("x", 2);
    }
    history.read("x", 1);
    history.build()
}

//= §2.3.2 serializability decided test
//= §2.3.2 snapshot isolation (SI) decided test
/// Each planted bug gives another verdict than the exhaustive decider, or one that the judge's own
/// verifier does not accept.
#[test]
fn every_planted_bug_of_registers_is_caught() {
    let root = Random::new(Random::seed_from_environment());
    let of = |history: &Transactions, mutant, level| {
        let word = decide_with(history, level, &Limits::default(), mutant).word();
        word != if holds(history, level) { Word::Holds } else { Word::Violated }
    };
    let is_wrong = |history: &Transactions, mutant| {
        Level::REGISTERS.into_iter().any(|level| of(history, mutant, level))
    };
    let strong_is_wrong = |history: &Transactions, mutant| match mutant {
        Mutant::FirstWriterOnly => of(history, mutant, Level::Serializable),
        Mutant::ForgetChosen => of(history, mutant, Level::ConsistentView),
        _ => false,
    };
    assert!(!is_wrong(&over_and_over(), Mutant::None));
    assert!(!is_wrong(&crossed(), Mutant::None));
    for mutant in Mutant::ALL {
        let by_hand = is_wrong(&over_and_over(), mutant) || is_wrong(&crossed(), mutant);
        let at_random = |case| {
            is_wrong(&at_random(&mut root.fork(case)), mutant)
                || strong_is_wrong(&repeated(&mut root.fork(case)), mutant)
        };
        let caught = if by_hand { None } else { (0..20_000).find(|case| at_random(*case)) };
        println!("{mutant:?} is caught by hand: {by_hand}, else by case {caught:?}");
        assert!(by_hand || caught.is_some(), "{mutant:?} is not caught");
    }
}

/// What is said of the levels that ask for no order of the whole.
fn words(report: &Report) -> Vec<Word> {
    let of = |level: Level| report.parts.iter().find(|part| part.guarantee == level.name());
    Level::WEAK.into_iter().filter_map(of).map(|part| part.finding.word()).collect()
}

#[test]
fn every_verdict_on_registers_is_the_exhaustive_deciders() {
    const LEVELS: usize = Level::REGISTERS.len();
    let seed = Random::seed_from_environment();
    let root = Random::new(seed);
    let count = counted(cases(10_000), |case, count: &mut [[u64; 2]; LEVELS]| {
        let random = &mut root.fork(case);
        let history = if case % 20 == 0 { unordered(random) } else { at_random(random) };
        let report = judge(&history, None, &Limits::default());
        for (place, part) in report.parts.iter().enumerate() {
            let level: Level = part.guarantee.parse().expect("a level");
            let word = part.finding.word();
            let expected = if holds(&history, level) { Word::Holds } else { Word::Violated };
            count[place][usize::from(expected == Word::Holds)] += 1;
            let repro = format!("repro: AVOUCH_SEED={seed}, case {case}, {level}");
            assert_eq!(word, expected, "{repro}: {history:?}\n{report}");
            let finding = &report.parts[place].finding;
            assert!(!matches!(finding, Finding::Holds { checked: false, .. }), "{report}");
        }
    });
    println!("violated and holding, by level: {count:?}");
    assert!(count.iter().flatten().all(|count| *count > 300), "{count:?}");
}

/// The map says of registers what is so, and no more: each edge on every history, each pair without
/// one on some history that keeps the first and breaks the second.
#[test]
fn levels_of_registers_imply_what_they_say_and_no_more() {
    const LEVELS: usize = Level::REGISTERS.len();
    let root = Random::new(Random::seed_from_environment()).fork(9);
    let count = counted(20_000, |case, apart: &mut [[u64; LEVELS]; LEVELS]| {
        let random = &mut root.fork(case);
        let history = if case % 4 == 0 { unordered(random) } else { at_random(random) };
        let word = Level::REGISTERS.map(|level| decide(&history, level, &Limits::default()).word());
        for (_, apart) in apart.iter_mut().enumerate().filter(|(one, _)| word[*one] == Word::Holds)
        {
            (0..LEVELS)
                .filter(|other| word[*other] != Word::Holds)
                .for_each(|other| apart[other] += 1);
        }
    });
    for (one, apart) in Level::REGISTERS.into_iter().zip(count) {
        for (other, count) in Level::REGISTERS.into_iter().zip(apart) {
            if one.implies(other) {
                assert_eq!(count, 0, "{one} does not imply {other}");
            } else if one != Level::RepeatableRead && !other.reads_dirty() {
                // Nothing but a read by predicate parts repeatable read from serializability, and
                // nothing but an order of versions read uncommitted from its form with sessions.
                assert!(count > 0, "{one} seems to imply {other}");
            }
        }
    }
}

/// What the verifier of orders says.
fn accepted(history: &Transactions, level: Level, order: &[u32]) -> bool {
    let mut budget = Budget::default();
    let sources = Sources::find(history, &mut budget, Mutant::None).expect("possible reads");
    accepts_claims(history, &sources, &mut budget) == Ok(true)
        && accepts_order(history, &sources, (level, order), &mut budget) == Ok(true)
}

/// Every order of so many.
fn orders(count: u32) -> Vec<Vec<u32>> {
    let Some(last) = count.checked_sub(1) else { return vec![Vec::new()] };
    let with_last = |order: Vec<u32>| {
        (0..count as usize).map(move |at| {
            let mut order = order.clone();
            order.insert(at, last);
            order
        })
    };
    orders(last).into_iter().flat_map(with_last).collect()
}

/// The verifier accepts some order exactly of the histories in which the level holds.
#[test]
fn orders_are_accepted_exactly_where_there_is_one() {
    let root = Random::new(Random::seed_from_environment());
    let mut count = [[0_u32; 2]; 3];
    for case in 0..3_000 {
        let history = at_random(&mut root.fork(case));
        let sources = Sources::find(&history, &mut Budget::default(), Mutant::None);
        if history.len() > 5 || !sources.is_ok_and(|sources| sources.ambiguous.is_empty()) {
            continue;
        }
        let orders = orders(history.len() as u32);
        for (level, count) in Level::WEAK.into_iter().zip(&mut count) {
            let is_accepted = orders.iter().any(|order| accepted(&history, level, order));
            assert_eq!(is_accepted, holds(&history, level), "case {case}, {level}");
            count[usize::from(is_accepted)] += 1;
        }
    }
    assert!(count.iter().flatten().all(|count| *count > 20), "{count:?}");
}

/// Sources that are bent are refused: the verifier takes none of them on trust.
#[test]
fn claims_that_are_not_true_are_refused() {
    let history = parsed("w 0 1\nw 1 5\n=====\nr 0 1\nw 0 2\n=====\nr 0 2\nr 1 5\n");
    let of = |history: &Transactions| {
        Sources::find(history, &mut Budget::default(), Mutant::None).expect("possible reads")
    };
    let is_true = |sources: &Sources| accepts_claims(&history, sources, &mut Budget::default());
    assert_eq!(is_true(&of(&history)), Ok(true));
    for bent in [
        "w 0 1\nw 1 5\n=====\nr 0 1\nw 0 2\n=====\nr 0 1\nr 1 5\n",
        "w 0 1\nw 1 5\n=====\nr 0 1\nw 0 2\n=====\nr 0 2\nr 1 0\n",
        "w 0 1\nw 1 5\n=====\nr 0 1\nw 1 2\n=====\nr 1 2\nr 0 1\n",
        "w 0 1\nw 1 5\n=====\nr 0 1\nw 0 2\n=====\nr 0 2\n",
    ] {
        assert_eq!(is_true(&of(&parsed(bent))), Ok(false), "{bent}");
    }
}

/// Orders of many transactions are checked again, too.
#[test]
fn long_orders_are_checked_again() {
    let mut history = Builder::default();
    for at in 0..20_000_i64 {
        let key = format!("k{}", at % 10);
        history.begin((at % 7).cast_unsigned());
        if at >= 10 {
            history.read(key.clone(), at - 10);
        }
        history.write(key, at);
    }
    let history = history.build();
    for level in Level::WEAK {
        let found = decide(&history, level, &Limits::default());
        let Finding::Holds { order, checked: true } = found else { panic!("{level}: {found:?}") };
        assert_eq!(order.len(), 20_000);
    }
}

/// The verifier is no rubber stamp: of a history in which everything is read in order, the reverse
/// order is refused, and so are witnesses that are bent.
#[test]
fn the_verifier_refuses_what_does_not_follow() {
    let history = parsed("w 0 1\n=====\nr 0 1\nw 0 2\n=====\nr 0 2\n=====\nr 0 1\n");
    for level in Level::WEAK {
        assert!(accepted(&history, level, &[0, 1, 2, 3]));
        for order in [&[3, 2, 1, 0][..], &[0, 1, 2], &[0, 1, 2, 2], &[0, 1, 2, 3, 4]] {
            assert!(!accepted(&history, level, order), "{level}: {order:?}");
        }
    }
    let fractured = parsed("w 0 1\nw 1 1\n=====\nr 0 1\nr 1 0\n");
    let seen = |key, path: &[u32]| Why::Seen { reader: 1, key, path: path.to_vec() };
    let cycle = |key, path| Cycle {
        edges: vec![
            Edge { from: 0, to: INITIAL, why: seen(key, path) },
            Edge { from: INITIAL, to: 0, why: Why::Initial },
        ],
        shortest: true,
    };
    for level in Level::WEAK {
        assert!(accepts(&fractured, level, &cycle(1, &[0, 1])));
        assert!(!accepts(&fractured, level, &cycle(0, &[0, 1])), "0 was read from T0");
        assert!(!accepts(&fractured, level, &cycle(1, &[1])), "no way from T0");
        let open = Cycle { edges: cycle(1, &[0, 1]).edges[..1].to_vec(), shortest: true };
        assert!(!accepts(&fractured, level, &open));
    }
}

fn parsed(text: &str) -> Transactions {
    match Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}")) {
        Input::Transactions(history) => history,
        _ => panic!("not transactions"),
    }
}

fn judged(text: &str) -> Report {
    judge(&parsed(text), None, &Limits::default())
}

/// Each is told as a cycle of the transactions that it needs, which the verifier has accepted.
#[test]
//= §2.3.1 fractured reads test
//= §2.3.1 causality violation test
fn a_violation_is_told_by_the_transactions_that_it_needs() {
    let fractured = "w 0 1\nw 1 1\n=====\nr 0 1\nr 1 0\n";
    let report = judged(fractured);
    assert_eq!(words(&report), [Word::Violated; 3], "{report}");
    let told = |part: &&Part| part.finding.word() == Word::Violated;
    let first = report.parts.iter().find(told).map(|part| &part.finding);
    let Some(Finding::Violated(story)) = first else { panic!("{report}") };
    assert_eq!(story.lines.len(), 2, "{report}");
    let told = report.to_string();
    assert!(told.contains("T0 writes 1, and T1 had seen T0 but reads 1 from the initial state"));

    let long_fork = "w 0 1\n=====\nw 1 1\n=====\nr 0 1\nr 1 0\n=====\nr 1 1\nr 0 0\n";
    assert_eq!(words(&judged(long_fork)), [Word::Holds; 3]);

    let causal = "w 0 1\n=====\nr 0 1\nw 1 1\n=====\nr 1 1\nr 0 0\n";
    let report = judged(causal);
    assert_eq!(words(&report), [Word::Holds, Word::Holds, Word::Violated], "{report}");
    assert!(report.to_string().contains("(T0 -> T1 -> T2)"), "{report}");
    let told = report.to_string();
    assert!(told.contains("strongest that hold: update-atomic\n"), "{told}");
    assert!(
        told.contains("weakest that are violated: causal, consistent-view, repeatable-read\n"),
        "{told}"
    );
}

#[test]
//= §2.3.1 aborted or dirty read G1a test
//= §2.3.1 intermediate read G1b test
fn reads_that_no_level_allows_are_named() {
    for (text, title) in [
        ("r 0 7\n", "thin air"),
        ("w 0 1\nw 0 2\n=====\nr 0 1\n", "G1b, intermediate read"),
        ("w 0 1\nr 0 2\n=====\nw 0 2\n", "internal"),
        ("r 0 1\nw 0 1\n", "internal"),
    ] {
        let report = judged(text);
        assert_eq!(words(&report), [Word::Violated; 3], "{text}");
        assert!(report.to_string().contains(title), "{text}: {report}");
    }
    let mut history = Builder::default();
    history.begin(1).write("x", 1).abort().begin(2).read("x", 1);
    let report = judge(&history.build(), None, &Limits::default());
    assert!(report.to_string().contains("G1a, aborted read"), "{report}");
}

/// Textbook histories, and the levels that each breaks.
#[test]
//= §2.3.1 write skew A5B test
//= §2.3.1 lost update P4 test
//= §2.3.1 long fork test
fn textbook_anomalies_break_the_levels_that_forbid_them() {
    use Level::StrongSessionSerializable;
    use Level::StrongSessionSnapshotIsolation as StrongSessionSnapshot;
    use Level::{ConsistentView, CursorStability, ParallelSnapshotIsolation};
    use Level::{Prefix, RepeatableRead, Serializable, SnapshotIsolation};
    use Level::{UpdateAtomic, UpdateSerializable};
    let skew = "w 0 1\nw 1 1\n=====\nr 0 1\nr 1 1\nw 0 2\n=====\nr 0 1\nr 1 1\nw 1 3\n";
    let lost = "w 0 1\n=====\nr 0 1\nw 0 2\n=====\nr 0 1\nw 0 3\n";
    let fork = "w 0 1\n=====\nw 1 1\n=====\nr 0 1\nr 1 0\n=====\nr 1 1\nr 0 0\n";
    let serial = vec![RepeatableRead, Serializable, StrongSessionSerializable];
    let snapshot = [serial.clone(), vec![SnapshotIsolation, StrongSessionSnapshot]].concat();
    let prefix = [snapshot.clone(), vec![Prefix]].concat();
    let views = vec![
        CursorStability,
        UpdateAtomic,
        ConsistentView,
        ParallelSnapshotIsolation,
        UpdateSerializable,
    ];
    let skewed = [serial, vec![UpdateSerializable]].concat();
    for (text, violated) in [(skew, skewed), (lost, [snapshot, views].concat()), (fork, prefix)] {
        for level in Level::REGISTERS {
            let word = decide(&parsed(text), level, &Limits::default()).word();
            let expected = if violated.contains(&level) { Word::Violated } else { Word::Holds };
            assert_eq!(word, expected, "{level}: {text}");
        }
    }
}

/// What cannot be ordered is told by cases, each with its cycle.
#[test]
fn pairs_without_an_order_are_told_by_cases() {
    let report = judge(&crossed(), Some(Level::Serializable), &Limits::default());
    assert_eq!(report.verdict(), Word::Violated, "{report}");
    let told = report.to_string();
    println!("{told}");
    assert!(told.contains("2 pairs of writers that cannot all be ordered"), "{told}");
    assert!(told.contains("or if T"), "{told}");
}

/// Where values repeat, each writer is tried: the verdict is the one of trying every interleaving
/// on values alone.
#[test]
fn every_verdict_on_registers_of_repeated_values_is_the_exhaustive_deciders() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(2);
    let [count, [ambiguous, _]] = counted(cases(2_000), |case, counts: &mut [[u64; 2]; 2]| {
        let [count, [ambiguous, _]] = counts;
        let history = repeated(&mut root.fork(case));
        let writes: Vec<_> =
            history.all_steps().iter().filter(|step| step.access == Access::Write).collect();
        *ambiguous +=
            u64::from(writes.iter().enumerate().any(|(at, one)| writes[..at].contains(one)));
        let needs_writers =
            |level: &Level| Level::WEAK.contains(level) || *level == Level::UpdateAtomic;
        for level in Level::REGISTERS.into_iter().filter(|level| !needs_writers(level)) {
            let expected = if holds(&history, level) { Word::Holds } else { Word::Violated };
            count[usize::from(expected == Word::Holds)] += 1;
            let finding = decide(&history, level, &Limits::default());
            let repro = format!("repro: AVOUCH_SEED={seed}, case {case}, {level}");
            assert_eq!(finding.word(), expected, "{repro}: {history:?} {finding:?}");
        }
    });
    assert!(ambiguous > 1_000 && count.iter().all(|count| *count > 500), "{ambiguous} {count:?}");
}

#[test]
fn a_value_written_twice_leaves_it_open_whose_it_is() {
    let history = parsed("w 0 1\n=====\nw 0 1\n=====\nr 0 1\n");
    let Finding::Unknown { reason, .. } = decide(&history, Level::Causal, &Limits::default())
    else {
        panic!("causal consistency needs to know the writers")
    };
    assert!(reason.contains("incomplete information"), "{reason}");
    // Some order of the whole explains it, and so it is causal, too.
    let report = judge(&history, None, &Limits::default());
    assert_eq!(report.verdict(), Word::Holds, "{report}");
    assert_eq!(judged("w 0 1\n=====\nw 0 1\n").verdict(), Word::Holds);
}

#[test]
fn bounds_are_kept_and_named() {
    let history = parsed("w 0 1\n=====\nr 0 1\n");
    let report = judge(&history, None, &Limits { steps: 1, ..Limits::default() });
    assert_eq!(report.verdict(), Word::Unknown, "{report}");
    let report = judge(&history, None, &Limits { memory_bytes: 8, ..Limits::default() });
    assert!(report.to_string().contains("memory bound"), "{report}");
    // One write takes a table of two slots.
    let report = judge(&history, None, &Limits { memory_bytes: 31, ..Limits::default() });
    assert_eq!(words(&report), [Word::Unknown; 3], "{report}");
}

#[test]
fn one_level_can_be_asked_for_and_the_others_are_noted() {
    let history = parsed("w 0 1\n=====\nr 0 1\nw 1 1\n=====\nr 1 1\nr 0 0\n");
    let report = judge(&history, Some(Level::ReadAtomic), &Limits::default());
    assert_eq!((report.verdict(), report.parts.len()), (Word::Holds, 1), "{report}");
    assert!(report.to_string().contains("note: causal: violated"), "{report}");
    for level in Level::WEAK {
        // What implication says is what each says for itself.
        let root = Random::new(Random::seed_from_environment()).fork(7);
        for case in 0..500 {
            let history = at_random(&mut root.fork(case));
            let whole = judge(&history, None, &Limits::default());
            let part = whole.parts.iter().find(|part| part.guarantee == level.name());
            let whole = part.expect("a part").finding.word();
            let asked = judge(&history, Some(level), &Limits::default());
            assert_eq!(asked.verdict(), whole, "{asked}");
            let told = |other: &Level| {
                asked.notes.iter().any(|note| note.starts_with(&format!("{other}: ")))
            };
            let others = Level::REGISTERS.iter().filter(|other| **other != level);
            assert!(others.into_iter().all(told), "{asked}");
            assert_eq!(decide(&history, level, &Limits::default()).word(), whole);
        }
    }
    assert_eq!("causal".parse(), Ok(Level::Causal));
    let hint = |asked: &str| asked.parse::<Level>().expect_err("no level").hint;
    assert_eq!(hint("serial"), "did you mean `serializable`?");
    assert!(hint("wrong").contains("read-atomic"));
}

#[test]
fn a_line_that_is_in_neither_form_is_an_error_at_its_place() {
    for (text, told) in [
        ("w 0 1\nx 0 1\n", "line 2, column 1: a read `r` or a write `w`"),
        ("w 0 1\nr 0\n", "line 2, column 4: a value"),
        ("w 0 one\n", "line 1, column 5: a value: a whole number"),
        ("w 0 1 2\n", "line 1, column 7: the end of the line"),
        ("w(0,1,0,0)\nr(0,1,1\n", "line 2, column 8: `)`"),
        ("w(0,1,0,0)\nr 0 1\n", "line 2, column 1: the form of the lines above"),
        ("w(0,1,0,0)\nw(0,2,1,0)\nw(0,3,0,0)\n", "line 3, column 1: the steps of a transaction"),
        ("w(0,1,-1,0)\n", "line 1, column 7: a number from 0"),
    ] {
        let error = Input::parse(text.as_bytes()).expect_err("neither form").to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn both_forms_say_the_same() {
    let people = parsed("w 0 1\n-----\nr 1 2\n=====\nw 1 2\n");
    let plume = parsed("w(0,1,5,0)\nr(1,2,5,3)\nw(1,2,9,1)\n");
    assert_eq!(people.len(), 3);
    for place in 0..3 {
        assert_eq!(people.steps(place), plume.steps(place));
    }
    assert_eq!(people.sessions(), plume.sessions());
}
