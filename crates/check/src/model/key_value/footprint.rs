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
    let touches: Vec<Vec<Touch<'_>>> = operations
        .iter()
        .map(|operation| {
            let mut touches = Vec::new();
            touched(&operation.input, &mut touches);
            operation.output.iter().for_each(|output| seen(output, &mut touches));
            touches
        })
        .collect();
    // Operations are the classes' first members; keys come after them.
    let mut classes = Classes((0..operations.len()).collect());
    let mut keys = BTreeMap::new();
    for touch in touches.iter().flatten() {
        if let Touch::Key(key) = touch {
            keys.entry(*key).or_insert_with(|| classes.add());
        }
    }
    for (index, touch) in
        touches.iter().enumerate().flat_map(|(index, list)| list.iter().map(move |t| (index, t)))
    {
        match touch {
            Touch::Key(key) => {
                if let Some(class) = keys.get(*key) {
                    classes.unite(index, *class);
                }
            }
            Touch::Range(from, to) if to.is_none_or(|to| *from < to) => {
                for (key, class) in keys.range::<&Bytes, _>(*from..) {
                    if to.is_some_and(|to| *key >= to) {
                        break;
                    }
                    classes.unite(index, *class);
                }
            }
            Touch::Range(..) => {}
        }
    }
    let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for index in 0..operations.len() {
        parts.entry(classes.name(index)).or_default().push(index);
    }
    parts.into_values().collect()
}
