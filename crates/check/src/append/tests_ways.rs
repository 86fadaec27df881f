//! How many edges and looks the ways take, and that trees of joints lead where single edges would.

use super::mutant::Mutant;
use super::{Appends, Builder, infer, ways};
use crate::dependency::{Edges, Kind, Misses};
use crate::limits::Budget;
use std::collections::{BTreeMap, BTreeSet};

/// All run at once; each appends to `x`, which nobody reads, and reads `y` before it appends there.
fn skewed(count: i64) -> Appends {
    let mut history = Builder::default();
    let list: Vec<i64> = (0..count).collect();
    let tell = |history: &mut Builder, one: i64| {
        history.append("x", one).read("y", &list[..one.unsigned_abs() as usize]).append("y", one);
        // Some append there twice.
        if one % 3 == 0 {
            history.append("z", one).append("z", count + one);
        }
        history.read("z", &[]);
    };
    for process in 0..count {
        tell(&mut history, process);
        history.invoke(process);
    }
    for process in 0..count {
        tell(&mut history, process);
        history.ok(process);
    }
    history.read("y", &[]).invoke(count).read("y", &list).ok(count);
    history.build()
}

/// What was added by `forced`.
fn forced(history: &Appends) -> Edges {
    let mut edges = Edges::new(history.frames.all().len());
    let mut budget = Budget::default();
    assert_eq!(ways::forced(history, &mut edges, Misses::SeenOrOverwritten, &mut budget), Ok(()));
    edges
}

/// The transactions that each one reaches through joints alone.
fn reached(edges: &Edges) -> BTreeSet<(u32, u32)> {
    let mut after: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for edge in &edges.all {
        assert_eq!(edge.kind, Kind::ReadWrite);
        after.entry(edge.from).or_default().push(edge.to);
    }
    let mut reached = BTreeSet::new();
    for from in 0..edges.transactions {
        let mut open = after.get(&from).cloned().unwrap_or_default();
        while let Some(to) = open.pop() {
            if to < edges.transactions {
                reached.insert((from, to));
            } else {
                open.extend(after.get(&to).into_iter().flatten());
            }
        }
    }
    reached
}

#[test]
fn what_is_forced_is_what_each_read_misses_and_no_more() {
    for count in [3, 10, 17, 40, 101] {
        let edges = forced(&skewed(count));
        let mut expected = BTreeSet::new();
        for reader in 0..count {
            // Who appended to y later, and all who appended to z.
            let later = (reader + 1..count).chain((0..count).filter(|one| one % 3 == 0));
            let others = later.filter(|one| *one != reader);
            let number = |one: i64| u32::try_from(one).expect("few transactions");
            expected.extend(others.map(|one| (number(reader), number(one))));
        }
        assert_eq!(reached(&edges), expected, "of {count}");
    }
}

#[test]
fn what_is_forced_takes_few_edges() {
    for count in [500, 4_000] {
        let edges = forced(&skewed(count)).all.len();
        // A pair of each two would be half the square.
        assert!(
            edges < 80 * count.unsigned_abs() as usize,
            "{edges} edges of {count} transactions"
        );
    }
}

/// One that appends to a list over and over looks back to the one before it once.
#[test]
fn what_operations_depend_on_takes_few_looks() {
    for count in [500, 4_000] {
        let mut history = Builder::default();
        let tell = |history: &mut Builder| {
            for value in 1..=count {
                history.append("x", value).append(&format!("y{value}"), value);
            }
        };
        let list: Vec<i64> = (0..=count).collect();
        history.append("x", 0).invoke(0).append("x", 0).ok(0);
        tell(&mut history);
        history.invoke(0);
        tell(&mut history);
        history.ok(0);
        history.read("x", &[]).invoke(0).read("x", &list).ok(0);
        for process in 1..3 {
            tell_unread(&mut history, count, process);
        }
        let history = history.build();
        let mut budget = Budget::default();
        let inferred = infer(&history, &mut budget, Mutant::None).expect("within its budget");
        assert_eq!(inferred.open, None);
        let before = budget.taken();
        let found = ways::by_operation(&history, &inferred, &mut budget);
        assert!(found.is_ok(), "{found:?}");
        let looks = budget.taken() - before;
        assert!(looks < 30 * count.unsigned_abs(), "{looks} looks of {count} appends");
    }
}

/// Appends to keys that nobody reads.
fn tell_unread(history: &mut Builder, count: i64, process: i64) {
    for ends in [false, true] {
        for key in 1..=count {
            history.append(&format!("z{key}"), key * 10 + process);
        }
        if ends {
            history.ok(process);
        } else {
            history.invoke(process);
        }
    }
}
