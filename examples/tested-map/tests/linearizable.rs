//! The map, asked by threads at once: one order must explain every answer.

use avouch_check::model::{Next, Sequential};
use avouch_check::operation::Operation;
use avouch_check::recorder::{Recorded, Recorder};
use std::collections::BTreeMap;
use tested_map::{Care, SharedMap};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Asked {
    Get(&'static str),
    Remove(&'static str),
    GetOrInsert(&'static str, u64),
}

impl Asked {
    fn key(&self) -> &'static str {
        match self {
            Self::Get(key) | Self::Remove(key) | Self::GetOrInsert(key, _) => key,
        }
    }
}

/// What a map is.
#[derive(Clone, Debug)]
struct Map;

impl Sequential for Map {
    type Input = Asked;
    type Output = Option<u64>;
    type State = BTreeMap<&'static str, u64>;

    fn initial(&self) -> Self::State {
        BTreeMap::new()
    }

    fn step(
        &self,
        state: &Self::State,
        asked: &Asked,
        answer: Option<&Option<u64>>,
    ) -> Next<Self::State> {
        let mut next = state.clone();
        let own = match asked {
            Asked::Get(key) => next.get(key).copied(),
            Asked::Remove(key) => next.remove(key),
            Asked::GetOrInsert(key, value) => Some(*next.entry(key).or_insert(*value)),
        };
        if answer.is_some_and(|seen| *seen != own) {
            Next::Impossible
        } else if next == *state {
            Next::Same
        } else {
            Next::One(next)
        }
    }

    /// Calls of different keys have nothing to do with each other, and are ordered apart.
    fn partition(&self, operations: &[Operation<Asked, Option<u64>>]) -> Vec<Vec<usize>> {
        let mut keys: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, operation) in operations.iter().enumerate() {
            keys.entry(operation.input.key()).or_default().push(place);
        }
        keys.into_values().collect()
    }
}

/// Four threads ask a map of two keys.
fn round(care: Care) -> Recorded<Map> {
    let (map, recorder) = (SharedMap::new(care), Recorder::new());
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (map, client) = (&map, recorder.client());
            scope.spawn(move || {
                for step in 0..6 {
                    let key = if (thread + step) % 2 == 0 { "left" } else { "right" };
                    let value = thread * 10 + step;
                    let asked = Asked::GetOrInsert(key, value);
                    client.call(asked, || Some(map.get_or_insert(key, value)));
                    client.call(Asked::Get(key), || map.get(key));
                    if step == 3 {
                        client.call(Asked::Remove(key), || map.remove(key));
                    }
                }
            });
        }
    });
    recorder.history(Map)
}

#[test]
fn a_careful_map_is_linearizable() {
    for _ in 0..200 {
        round(Care::Careful).assert_linearizable();
    }
}

#[test]
fn a_hurried_map_is_not_and_the_panic_says_why() {
    let caught = (0..2_000).find_map(|_| {
        let recorded = round(Care::Hurried);
        std::panic::catch_unwind(move || recorded.assert_linearizable()).err()
    });
    let caught = caught.expect("two threads between looking and inserting");
    let told = caught.downcast_ref::<String>().expect("words");
    assert!(told.starts_with("not linearizable: "), "{told}");
    assert!(told.contains("GetOrInsert("), "{told}");
    println!("{told}");
}
