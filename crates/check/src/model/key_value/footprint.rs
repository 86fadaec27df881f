//! Which keys operations touch, and the finest split of a history that this allows.
//!
//! Two keys belong together if one operation touches both; parts are the classes of the
//! transitive closure (union-find). A range touches every key of the history that lies in it.

use crate::operation::Operation;
use avouch_promise::history::{Action, Outcome};
use bytes::Bytes;
use std::collections::BTreeMap;

/// A key, or the range from a key to another (or to the end).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Touch<'a> {
    Key(&'a Bytes),
    Range(&'a Bytes, Option<&'a Bytes>),
}

fn touched<'a>(action: &'a Action, touches: &mut Vec<Touch<'a>>) {
    match action {
        Action::Get { key }
        | Action::Put { key, .. }
        | Action::Append { key, .. }
        | Action::Delete { key }
        | Action::CompareAndSwap { key, .. } => touches.push(Touch::Key(key)),
        Action::DeleteRange { from, to } | Action::Range { from, to, .. } => {
            touches.push(Touch::Range(from, to.as_ref()));
        }
        Action::Transaction { compares, then, otherwise } => {
            touches.extend(compares.iter().map(|compare| Touch::Key(&compare.key)));
            then.iter().chain(otherwise).for_each(|action| touched(action, touches));
        }
    }
}

/// The keys that an answer speaks of.
fn seen<'a>(answer: &'a Outcome, touches: &mut Vec<Touch<'a>>) {
    match answer {
        Outcome::Entries(entries) => touches.extend(entries.iter().map(|(key, _)| Touch::Key(key))),
        Outcome::Transaction { outcomes, .. } => {
            for outcome in outcomes {
                seen(outcome, touches);
            }
        }
        _ => {}
    }
}

/// Disjoint sets of small integers, each named by one of its members.
struct Classes(Vec<usize>);

impl Classes {
    fn add(&mut self) -> usize {
        self.0.push(self.0.len());
        self.0.len() - 1
    }
    fn name(&mut self, mut item: usize) -> usize {
        while self.0[item] != item {
            self.0[item] = self.0[self.0[item]];
            item = self.0[item];
        }
        item
    }
    fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.name(one), self.name(other));
        self.0[one.max(other)] = one.min(other);
    }
}

/// The finest split into parts that touch disjoint keys, in the order of their first operations.
pub(super) fn partition(operations: &[Operation<Action, Outcome>]) -> Vec<Vec<usize>> {
    // Operations are the classes' first members; keys come after them.
    let mut classes = Classes((0..operations.len()).collect());
    let mut keys = BTreeMap::new();
    let (mut touches, mut ranges) = (Vec::new(), Vec::new());
    for (index, operation) in operations.iter().enumerate() {
        touched(&operation.input, &mut touches);
        operation.output.iter().for_each(|output| seen(output, &mut touches));
        for touch in touches.drain(..) {
            match touch {
                Touch::Key(key) => {
                    let class = *keys.entry(key).or_insert_with(|| classes.add());
                    classes.unite(index, class);
                }
                Touch::Range(from, to) if to.is_none_or(|to| from < to) => {
                    ranges.push((index, from, to));
                }
                Touch::Range(..) => {}
            }
        }
    }
    // All keys are known now.
    for (index, from, to) in ranges {
        let within =
            keys.range::<&Bytes, _>(from..).take_while(|(key, _)| to.is_none_or(|to| **key < to));
        within.for_each(|(_, class)| classes.unite(index, *class));
    }
    // A class is named by its first operation, so parts come in the order of those.
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut part_of = vec![usize::MAX; operations.len()];
    for index in 0..operations.len() {
        let name = classes.name(index);
        if name == index {
            part_of[name] = parts.len();
            parts.push(Vec::new());
        }
        parts[part_of[name]].push(index);
    }
    parts
}
