//! Eventual reads: for each key, a value that some write gave it, invoked before the answer came.
//!
//! Nothing is said of order or age, and keys are judged apart. An absent key always fits: every key
//! was absent at the start. A value made by appending fits if distinct appends, after one put or
//! none, spell it.

use super::span::Obligation;
use crate::history::{Call, History};
use crate::model::key_value::{Absent, Action, Outcome};
use crate::operation::Moment;
use crate::report::{Finding, Story};
use bytes::Bytes;
use std::collections::BTreeMap;

/// What writes may have done to one key.
#[derive(Default)]
struct Given<'a> {
    /// Values that it was given, and when each was first asked for.
    whole: BTreeMap<&'a [u8], Moment>,
    /// What was added to it, and when.
    added: Vec<(&'a Bytes, Moment)>,
}

fn collect<'a>(action: &'a Action, at: Moment, keys: &mut BTreeMap<&'a Bytes, Given<'a>>) {
    match action {
        Action::Put { key, value } | Action::CompareAndSwap { key, value, .. } => {
            let moment = keys.entry(key).or_default().whole.entry(&value[..]).or_insert(at);
            *moment = at.min(*moment);
        }
        Action::Append { key, value } => keys.entry(key).or_default().added.push((value, at)),
        Action::Transaction { then, otherwise, .. } => {
            then.iter().chain(otherwise).for_each(|action| collect(action, at, keys));
        }
        Action::Get { .. }
        | Action::Range { .. }
        | Action::Delete { .. }
        | Action::DeleteRange { .. } => {}
    }
}

/// The values that an answer shows, by key.
fn shown<'a>(action: &'a Action, answer: &'a Outcome) -> Vec<(&'a Bytes, &'a Bytes)> {
    match (action, answer) {
        (Action::Get { key }, Outcome::Value(Some(value))) => vec![(key, value)],
        (_, Outcome::Entries(entries)) => entries.iter().map(|(key, value)| (key, value)).collect(),
        (
            Action::Transaction { then, otherwise, .. },
            Outcome::Transaction { succeeded, outcomes },
        ) => {
            let branch = if *succeeded { then } else { otherwise };
            branch.iter().zip(outcomes).flat_map(|(action, answer)| shown(action, answer)).collect()
        }
        _ => Vec::new(),
    }
}

impl Given<'_> {
    /// Whether the key may have held `value` by writes asked for before `end`.
    fn may_hold(&self, value: &[u8], end: Moment) -> bool {
        self.spells(value, end, &mut vec![false; self.added.len()])
    }

    fn spells(&self, value: &[u8], end: Moment, used: &mut Vec<bool>) -> bool {
        if value.is_empty() && used.contains(&true)
            || self.whole.get(value).is_some_and(|at| *at < end)
        {
            return true;
        }
        for (number, (last, at)) in self.added.iter().enumerate() {
            let Some(before) = value.strip_suffix(&last[..]) else { continue };
            if used[number] || *at >= end || last.is_empty() {
                continue;
            }
            used[number] = true;
            if self.spells(before, end, used) {
                return true;
            }
            used[number] = false;
        }
        false
    }
}

//= §2.3.3 eventual
/// The first eventual read that shows a value which nobody had written.
pub fn judge(history: &History) -> Finding {
    let mut keys: BTreeMap<&Bytes, Given<'_>> = BTreeMap::new();
    for call in &history.calls {
        collect(&call.action, call.began.moment, &mut keys);
    }
    let is_read = |call: &Call| Obligation::of(call) == Some(Obligation::Written);
    for (place, call) in history.calls.iter().enumerate().filter(|(_, call)| is_read(call)) {
        let (Some(answer), Some(ended)) = (&call.answer, call.ended) else { continue };
        let from_nowhere = shown(&call.action, answer).into_iter().find(|(key, value)| {
            let absent = value.is_empty() && history.model.absent == Absent::Empty;
            !absent && !keys.get(key).is_some_and(|given| given.may_hold(value, ended.moment))
        });
        if let Some((key, value)) = from_nowhere {
            return Finding::Violated(Story::of_one(history, place, key, value));
        }
    }
    Finding::Holds { order: Vec::new(), checked: true }
}
