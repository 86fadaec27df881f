//! The shipped histories that do not compose, and that linearizability always does.

use super::{Composition, Mutant, compose};
use crate::append::Builder;
use crate::{Input, Level, Limits, Word};
use avouch_promise::Random;

const LINEARIZABLE: &str = include_str!("../../histories/linearizable-objects.edn");
const STORE_BUFFER: &str = include_str!("../../histories/store-buffer.edn");

fn composed(text: &str) -> Composition {
    let input = Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let limits = Limits::default();
    let whole = input.judge(None, &limits).unwrap_or_else(|error| panic!("{error}"));
    compose(&input, &whole, None, &limits).unwrap_or_else(|error| panic!("{error}"))
}

fn row(composition: &Composition, level: Level) -> (Word, Word) {
    let found = composition.rows.iter().find(|row| row.guarantee == level.name());
    found.map_or_else(|| panic!("{composition}"), |row| (row.objects, row.whole))
}

//= §2.3.2 composition limits test
#[test]
fn every_object_is_linearizable_and_the_store_is_not_strictly_serializable() {
    let found = composed(LINEARIZABLE);
    assert_eq!(row(&found, Level::StrictSerializable), (Word::Holds, Word::Violated));
    assert_eq!(row(&found, Level::StrongSnapshotIsolation), (Word::Holds, Word::Holds));
    assert!(found.spanning && found.objects == 2, "{found}");
    assert!(
        found
            .to_string()
            .contains("lost in the whole: update-serializable, repeatable-read, serializable, "),
        "{found}"
    );
}

//= §2.3.2 sequential consistency does not compose test
#[test]
fn each_object_is_sequentially_consistent_and_the_whole_is_not() {
    let found = composed(STORE_BUFFER);
    // Each transaction is one operation: this is sequential consistency.
    assert_eq!(row(&found, Level::StrongSessionSerializable), (Word::Holds, Word::Violated));
    // Linearizability would have composed, and neither object has it.
    assert_eq!(row(&found, Level::StrictSerializable), (Word::Violated, Word::Violated));
    assert!(!found.spanning && found.to_string().contains("this does not compose"), "{found}");
}

/// Single operations on two lists: three processes, some overlapping, each read some start of the
/// list that is not far from what had been appended.
fn single(random: &mut Random) -> Input {
    let mut built = Builder::default();
    let mut lists = [Vec::new(), Vec::new()];
    let mut open: Vec<Option<(usize, Option<i64>)>> = vec![None; 3];
    let mut next = 0;
    for _ in 0..16 {
        let process = random.below(3) as usize;
        let number = i64::from(process as u32);
        match open[process].take() {
            None => {
                let object = random.below(2) as usize;
                let key = ["x", "y"][object];
                if random.below(2) == 0 {
                    next += 1;
                    lists[object].push(next);
                    built.append(key, next).invoke(number);
                    open[process] = Some((object, Some(next)));
                } else {
                    built.read(key, &[]).invoke(number);
                    open[process] = Some((object, None));
                }
            }
            Some((object, Some(value))) => {
                built.append(["x", "y"][object], value).ok(number);
            }
            Some((object, None)) => {
                let list = &lists[object];
                let least = list.len().saturating_sub(2);
                let seen = least + random.below((list.len() - least + 1) as u64) as usize;
                built.read(["x", "y"][object], &list[..seen]).ok(number);
            }
        }
    }
    Input::Appends(Box::new(built.build()))
}

/// By the judge alone, to whom a history without answers holds.
fn holds(input: &Input) -> bool {
    let level = Level::StrictSerializable;
    let report = input.judge_quietly(Some(level), &Limits::default());
    report.unwrap_or_else(|error| panic!("{error}")).verdict() == Word::Holds
}

/// Histories of single operations in which the whole and its objects disagree, of how many that
/// hold and how many that do not.
fn disagreements(mutant: Mutant) -> (usize, [usize; 2]) {
    let mut random = Random::new(Random::seed_from_environment());
    let (mut wrong, mut seen) = (0, [0; 2]);
    for _ in 0..3_000 {
        let input = single(&mut random);
        let whole = holds(&input);
        let objects = input.objects(mutant).iter().all(|(_, object)| holds(object));
        wrong += usize::from(whole != objects);
        seen[usize::from(whole)] += 1;
    }
    (wrong, seen)
}

/// Herlihy and Wing's theorem, as a test of how objects are taken out of a history.
//= §2.3.2 linearizability composes over objects test
#[test]
fn linearizability_of_single_operations_composes() {
    let (wrong, [violated, held]) = disagreements(Mutant::None);
    assert_eq!(wrong, 0);
    assert!(violated > 300 && held > 300, "{violated} violated, {held} held");
    let (wrong, _) = disagreements(Mutant::OneAfterAnother);
    assert!(wrong > 100, "an object without its spans is judged otherwise: {wrong}");
}

/// Splitting takes what the history takes, not that for each of its objects.
#[test]
fn the_calls_of_all_objects_are_as_large_as_the_history() {
    let line = |at: usize| {
        let (key, kind) = (at / 2 % 20, ["invoke", "ok"][at % 2]);
        let (value, time) = (at / 2, at * 10);
        format!(
            "{{:process 0, :type :{kind}, :f :write, :key \"k{key}\", :value {value}, :time {time}}}"
        )
    };
    let text = (0..120).map(line).collect::<Vec<_>>().join("\n");
    let input = Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let Input::Calls(whole) = &input else { panic!("{input:?}") };
    assert_eq!((whole.calls.len(), whole.times.len()), (60, 120));
    let (mut calls, mut times) = (0, 0);
    let objects = input.objects(Mutant::None);
    assert_eq!(objects.len(), 20);
    for (name, object) in &objects {
        let Input::Calls(object) = object else { panic!("{name}") };
        for call in &object.calls {
            let ended = call.ended.map(|ended| (ended.moment, ended.time));
            for (moment, time) in
                [Some((call.began.moment, call.began.time)), ended].into_iter().flatten()
            {
                assert_eq!(object.times.get(moment.0 as usize / 2).copied(), time, "{name}");
            }
        }
        calls += object.calls.len();
        times += object.times.len();
    }
    assert_eq!((calls, times), (60, 120));
}
