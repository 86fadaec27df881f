//! From the number of a state back to the story of how it came about.
//!
//! Ordinals of successors depend on the order in which values were discovered, so what a person
//! keeps is the rank of each step among its alternatives in value order: it means the same in a
//! fresh exploration that has discovered nothing yet.

use crate::explorer::act::Act;
use crate::explorer::moves::{Kind, Move, Successors};
use crate::explorer::node::{Envelope, Explorable};
use crate::explorer::perform::perform;
use crate::explorer::report::{Story, Violation};
use crate::explorer::search::{Found, NO_PARENT, Root, Search};
use crate::explorer::system::System;
use avouch_promise::{Blame, Error, NodeId, invariant};
use std::hash::Hash;

/// One step by value: what a trace is made of. Its order does not depend on the exploration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step<P: Explorable> {
    Act { node: NodeId, act: Act<P>, again: bool, choices: Vec<u32> },
    Lose(Envelope<P>),
    Tick,
}

impl<P: Explorable, H: Clone + Eq + Hash> Search<'_, P, H> {
    pub(super) fn step(&self, words: &[u32], step: Move) -> Step<P> {
        let store = &self.moves.store;
        let (act, again) = match step.kind {
            Kind::Tick => return Step::Tick,
            Kind::Lose { at } => return Step::Lose(store.messages.value(words[at]).clone()),
            Kind::Receive { at, again } => {
                let envelope = store.messages.value(words[at]);
                (Act::Receive(envelope.from, envelope.message.clone()), again)
            }
            Kind::Command { index } => (self.moves.command(index), false),
            Kind::Own { act } => (self.moves.own_act(words[step.slot], act).clone(), false),
        };
        let choices = self.moves.outcomes[step.outcome].choices.clone();
        Step::Act { node: NodeId(step.slot as u32 + 1), act, again, choices }
    }

    /// The line that tells a step taken from `words`.
    pub(super) fn line(&self, number: usize, step: &Step<P>, words: &[u32]) -> String {
        match step {
            Step::Tick => format!("{number:>3}  the clock advances"),
            Step::Lose(Envelope { from, to, message }) => {
                format!("{number:>3}  {from} -> {to} is lost: {message:?}")
            }
            Step::Act { node, act, again, choices } => {
                let place = self.moves.store.nodes.value(words[node.0 as usize - 1]);
                let performed = perform(&self.explorer.world(true), place, act);
                let ours = performed.into_iter().find(|done| done.choices == *choices);
                let effects = ours.map_or_else(Vec::new, |done| done.story).join("; ");
                let what = match act {
                    Act::Start => "starts".to_owned(),
                    Act::Receive(from, message) if *again => {
                        format!("receives {message:?} from {from}, and will once more")
                    }
                    Act::Receive(from, message) => format!("receives {message:?} from {from}"),
                    Act::Command(id, command) => format!("is asked #{} {command:?}", id.0),
                    Act::Fire(key) => format!("timer {key:?}"),
                    Act::Sync(to) => format!("records up to {} are durable", to.0),
                    Act::Checkpoint => "checkpoint is durable".to_owned(),
                    Act::Load(id, served) => format!("load {} comes back: {served:?}", id.0),
                    Act::Crash(survives, _) => format!("crashes, keeping up to {}", survives.0),
                    Act::Tick(now) => format!("clock shows {now}"),
                };
                let chose = match choices.as_slice() {
                    [] => String::new(),
                    _ => format!(" (chose {choices:?})"),
                };
                let arrow = if effects.is_empty() { "" } else { " -> " };
                format!("{number:>3}  {node} {what}{chose}{arrow}{effects}")
            }
        }
    }

    /// Goes back from a state to the start and tells the steps from there.
    pub(super) fn violation(
        &mut self,
        roots: &[Root<P>],
        (id, property, detail): Found,
    ) -> Violation {
        let (mut ordinals, mut at) = (Vec::new(), id);
        let root = loop {
            let (parent, ordinal) = self.visited.from(at);
            if parent == NO_PARENT {
                break ordinal;
            }
            ordinals.push(ordinal);
            at = parent;
        };
        let mut choices = vec![root];
        let root = &roots[root as usize];
        let (mut story, mut words) = (root.lines.clone(), root.words.clone());
        let mut out = Successors::default();
        for (ordinal, number) in ordinals.into_iter().rev().zip(1..) {
            self.moves.successors(&words, &mut out);
            invariant!(I2, (ordinal as usize) < out.len(), "a parent has lost its successor");
            let order = self.by_value(&words, &out);
            let rank = order.iter().position(|(_, at)| *at == ordinal as usize);
            choices.push(rank.map_or(u32::MAX, |rank| rank as u32));
            let (step, successor) = out.step(ordinal as usize);
            story.push(self.line(number, &self.step(&words, step), &words));
            words = self.canonical(successor);
        }
        story.extend(self.ending(&words));
        Violation { property, detail, story, choices }
    }

    /// What each node knows at the end.
    fn ending(&self, words: &[u32]) -> Vec<String> {
        let system = System { store: &self.moves.store, words };
        let told = system.nodes().map(|node| match &node.state {
            Some(state) => format!("end  {} knows {state:?}", node.id),
            None => format!("end  {} is down", node.id),
        });
        told.collect()
    }

    /// The successors in the order of their steps' values, each with its ordinal.
    fn by_value(&self, words: &[u32], out: &Successors) -> Vec<(Step<P>, usize)> {
        let steps = (0..out.len()).map(|at| (self.step(words, out.step(at).0), at));
        let mut steps: Vec<_> = steps.collect();
        steps.sort();
        steps
    }

    /// Follows the choices of an earlier violation.
    pub(super) fn replay(mut self, choices: &[u32]) -> Result<Story, Error> {
        let wrong = |number: usize, count: usize| {
            let expected = format!("step {number} to be one of 0..{count}");
            Error::new(Blame::Caller, expected, format!("{:?}", choices.get(number)))
                .hint("choices hold for the exploration that printed them: same model, same bounds")
        };
        let roots = self.roots();
        let root = choices.first().and_then(|at| roots.get(*at as usize));
        let Some(root) = root else { return Err(wrong(0, roots.len())) };
        let mut lines = root.lines.clone();
        let mut words = root.words.clone();
        let mut trouble = root.trouble.clone();
        let mut out = Successors::default();
        for (rank, number) in choices.iter().skip(1).zip(1..) {
            self.moves.successors(&words, &mut out);
            let order = self.by_value(&words, &out);
            let Some((by_value, ordinal)) = order.get(*rank as usize) else {
                return Err(wrong(number, out.len()));
            };
            lines.push(self.line(number, by_value, &words));
            let (step, successor) = out.step(*ordinal);
            trouble = self.trouble(step);
            words = self.canonical(successor);
        }
        let judged = self.explorer.judge(&System { store: &self.moves.store, words: &words });
        let violated = trouble.map(|detail| ("protocol".to_owned(), detail)).or(judged);
        lines.extend(self.ending(&words));
        Ok(Story { lines, violated })
    }
}
