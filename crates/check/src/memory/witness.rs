//! The smallest operations that break a model, found by leaving out, checked by trying every order,
//! and told.

use super::exhaustive;
use super::model::Model;
use super::registers::{Registers, Source};
use crate::history::History;
use crate::report::{Finding, Story};
use std::collections::BTreeSet;

/// Operations, of which none can be left out, as far as `is_violated` was asked.
pub(super) fn least(
    from: &Registers,
    found: BTreeSet<u32>,
    mut is_violated: impl FnMut(&Registers) -> Option<bool>,
) -> (BTreeSet<u32>, bool) {
    let mut kept = closed(from, found);
    let mut minimal = true;
    let mut size = kept.len().div_ceil(2);
    loop {
        // Later operations first: what led up to the contradiction tends to stay.
        let order: Vec<u32> = kept.iter().rev().copied().collect();
        for chunk in order.chunks(size.max(1)) {
            let rest = without(from, &kept, chunk);
            if rest.len() == kept.len() {
                continue;
            }
            match is_violated(&from.only(&rest)) {
                Some(true) => kept = rest,
                Some(false) => {}
                None => minimal = false,
            }
        }
        if size <= 1 {
            return (kept, minimal);
        }
        size /= 2;
    }
}

/// With what they read from.
fn closed(from: &Registers, mut found: BTreeSet<u32>) -> BTreeSet<u32> {
    for number in found.clone() {
        if let Some(Source::Write(writer)) = from.at(number).read {
            found.insert(writer);
        }
    }
    found
}

/// Without some of them, and without those that read from these.
fn without(from: &Registers, kept: &BTreeSet<u32>, gone: &[u32]) -> BTreeSet<u32> {
    let is_gone = |source| matches!(source, Some(Source::Write(writer)) if gone.contains(&writer));
    let stays = |one: &&u32| !gone.contains(one) && !is_gone(from.at(**one).read);
    kept.iter().filter(stays).copied().collect()
}

/// The finding that some operations break a model.
pub(super) fn finding(
    history: &History,
    from: &Registers,
    model: Model,
    kept: &BTreeSet<u32>,
    minimal: bool,
) -> Finding {
    let alone = from.only(kept);
    let again = exhaustive::holds(&alone, model);
    let says = format!("no order that {model} allows explains");
    let Some(mut story) = story(history, &alone, kept, (minimal, again), &says) else {
        return Finding::fault("operations that break the model");
    };
    for line in &mut story.lines {
        let is_red = alone.operations.iter().any(|one| one.call == line.call && one.is_red);
        line.guarantee = match (model, is_red) {
            (Model::RedBlue, true) => "red".to_owned(),
            (Model::RedBlue, false) => "blue".to_owned(),
            _ => model.to_string(),
        };
    }
    Finding::Violated(story)
}

/// The story of operations that stand `alone`: whether none can be left out, and what trying every
/// order of them said; nothing if they have one.
pub(super) fn story(
    history: &History,
    alone: &Registers,
    kept: &BTreeSet<u32>,
    (minimal, again): (bool, Option<bool>),
    says: &str,
) -> Option<Story> {
    let mut conclusion = Vec::new();
    match again {
        Some(true) => return None,
        Some(false) => conclusion.push(format!("{says} {}", reads(alone))),
        None => {
            conclusion.push("too many operations to try every order of them again".to_owned());
        }
    }
    if !minimal {
        conclusion.push("a smaller set may exist: the bound on shrinking was reached".to_owned());
    }
    let is_nowhere = alone.operations.iter().all(|one| one.read == Some(Source::Nowhere));
    let title = match kept.len() {
        1 if is_nowhere => "an answer that nobody wrote".to_owned(),
        1 => "this operation fits nowhere".to_owned(),
        count => format!("these {count} operations fit in no order"),
    };
    let calls: Vec<usize> = alone.operations.iter().map(|one| one.call).collect();
    let mut story = Story::of_calls(history, &title, &calls, conclusion);
    story.minimal = minimal;
    Some(story)
}

/// Whose reads cannot be explained.
fn reads(alone: &Registers) -> String {
    let processes = alone.readers();
    let names: Vec<_> = processes.iter().map(u64::to_string).collect();
    match names.as_slice() {
        [one] => format!("the reads of process {one}"),
        _ => format!("the reads of processes {}", names.join(", ")),
    }
}
