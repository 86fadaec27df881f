//! The breadth-first search.
//!
//! - I1 A state is expanded at most once, and its properties are checked as it is found, so the
//!   first violation found has a shortest trace.
//! - I2 Successors come in an order that depends only on the explorer's description, so a state is
//!   named by its parent and an ordinal (story.rs goes back along these).

use crate::explorer::Explorer;
use crate::explorer::act::Act;
use crate::explorer::moves::{Kind, Move, Moves, Successors};
use crate::explorer::node::Explorable;
use crate::explorer::report::{Report, Taken, Violation};
use crate::explorer::story::Step;
use crate::explorer::system::System;
use crate::explorer::table::Visited;
use std::hash::Hash;

/// A state from which the search begins.
#[derive(Clone)]
pub(super) struct Root<P: Explorable> {
    pub(super) words: Vec<u32>,
    pub(super) steps: Vec<Step<P>>,
    pub(super) lines: Vec<String>,
    pub(super) trouble: Option<String>,
}

/// The parent of a root.
pub(super) const NO_PARENT: u32 = u32::MAX;

/// A search under way.
pub(super) struct Search<'a, P: Explorable, H> {
    pub(super) explorer: &'a Explorer<P, H>,
    pub(super) moves: Moves<'a, P, H>,
    pub(super) visited: Visited,
    reached: Vec<bool>,
    outside: Vec<u64>,
    overfull: u64,
    generated: u64,
    per_depth: Vec<u64>,
    taken: Taken,
}

/// The states of one distance that are to be expanded.
#[derive(Default)]
struct Frontier {
    words: Vec<u32>,
    /// The state's number, and where its words end.
    ends: Vec<(u32, usize)>,
}

impl Frontier {
    fn push(&mut self, id: u32, words: &[u32]) {
        self.words.extend_from_slice(words);
        self.ends.push((id, self.words.len()));
    }
    fn clear(&mut self) {
        self.words.clear();
        self.ends.clear();
    }
}

/// A state that violates a property: where, which and how.
pub(super) type Found = (u32, String, String);

impl<'a, P: Explorable, H: Clone + Eq + Hash> Search<'a, P, H> {
    pub(super) fn new(explorer: &'a Explorer<P, H>) -> Self {
        Self {
            explorer,
            moves: Moves::new(explorer),
            visited: Visited::default(),
            reached: vec![false; explorer.goals.len()],
            outside: vec![0; explorer.within.len()],
            overfull: 0,
            generated: 0,
            per_depth: Vec::new(),
            taken: Taken::default(),
        }
    }

    pub(super) fn run(mut self) -> Report {
        let roots = self.roots();
        let mut frontier = Frontier::default();
        let mut next = Frontier::default();
        let mut found = None;
        for (root, ordinal) in roots.iter().zip(0..) {
            let trouble = root.trouble.clone();
            found = found.or(self.reach(&root.words, NO_PARENT, ordinal, trouble, &mut next));
        }
        self.per_depth.push(self.visited.len());
        let (mut frontier_max, mut left) = (0, false);
        while found.is_none() && !next.ends.is_empty() {
            if self.per_depth.len() as u64 > u64::from(self.explorer.bounds.depth) {
                left = true;
                break;
            }
            std::mem::swap(&mut frontier, &mut next);
            next.clear();
            frontier_max = frontier_max.max(frontier.ends.len() as u64);
            let before = self.visited.len();
            found = self.level(&frontier, &mut next, &mut left);
            self.per_depth.push(self.visited.len() - before);
            if left {
                break;
            }
        }
        let deepest = self.per_depth.iter().rposition(|new| *new > 0).unwrap_or(0);
        self.per_depth.truncate(deepest + 1);
        let exhausted = found.is_none() && !left;
        let open = if left { next.ends.len() as u64 } else { 0 };
        let violation = found.map(|found| self.violation(&roots, found));
        self.report(violation, exhausted, open, frontier_max)
    }

    /// Expands one level.
    fn level(
        &mut self,
        frontier: &Frontier,
        next: &mut Frontier,
        left: &mut bool,
    ) -> Option<Found> {
        let mut out = Successors::default();
        let mut start = 0;
        for (parent, end) in &frontier.ends {
            let words = &frontier.words[start..*end];
            start = *end;
            self.moves.successors(words, &mut out);
            self.generated += out.len() as u64 + out.idle;
            self.taken.received += out.idle;
            self.overfull += out.overfull;
            for ordinal in 0..out.len() {
                let (step, successor) = out.step(ordinal);
                self.count(words, step);
                let trouble = self.trouble(step);
                let found = if self.explorer.canonical.is_some() {
                    let canonical = self.canonical(successor);
                    self.reach(&canonical, *parent, ordinal as u32, trouble, next)
                } else {
                    self.reach(successor, *parent, ordinal as u32, trouble, next)
                };
                if found.is_some() {
                    return found;
                }
            }
            if self.visited.len() >= self.explorer.bounds.states {
                *left = true;
                return None;
            }
        }
        None
    }

    /// Visits a state: known or not, right or wrong, to be expanded or cut off.
    fn reach(
        &mut self,
        words: &[u32],
        parent: u32,
        ordinal: u32,
        trouble: Option<String>,
        next: &mut Frontier,
    ) -> Option<Found> {
        let visit = self.visited.add(words, parent, ordinal);
        if let (Some(detail), None) = (&trouble, visit) {
            // The state is known, the step to it is wrong all the same: name it by a copy.
            let mut copy = words.to_vec();
            copy.push(u32::MAX);
            let id = self.visited.add(&copy, parent, ordinal)?;
            return Some((id, "protocol".to_owned(), detail.clone()));
        }
        let id = visit?;
        if let Some(detail) = trouble {
            return Some((id, "protocol".to_owned(), detail));
        }
        let system = System { store: &self.moves.store, words };
        if let Some((name, detail)) = self.explorer.judge(&system) {
            return Some((id, name, detail));
        }
        for (reached, goal) in self.reached.iter_mut().zip(&self.explorer.goals) {
            *reached = *reached || (goal.holds)(&system);
        }
        for (outside, constraint) in self.outside.iter_mut().zip(&self.explorer.within) {
            if !(constraint.holds)(&system) {
                *outside += 1;
                return None;
            }
        }
        next.push(id, words);
        None
    }

    pub(super) fn canonical(&mut self, words: &[u32]) -> Vec<u32> {
        let Some(canonical) = &self.explorer.canonical else { return words.to_vec() };
        let mut snapshot = self.moves.store.snapshot(words);
        canonical(&mut snapshot);
        self.moves.store.restore(self.explorer.network, snapshot)
    }

    pub(super) fn trouble(&self, step: Move) -> Option<String> {
        match step.kind {
            Kind::Lose { .. } | Kind::Tick => None,
            _ => self.moves.outcomes[step.outcome].trouble.clone(),
        }
    }

    fn count(&mut self, words: &[u32], step: Move) {
        let taken = &mut self.taken;
        match step.kind {
            Kind::Receive { again: false, .. } => taken.received += 1,
            Kind::Receive { again: true, .. } => taken.duplicated += 1,
            Kind::Lose { .. } => taken.lost += 1,
            Kind::Command { .. } => taken.commands += 1,
            Kind::Tick => taken.ticks += 1,
            Kind::Own { act } => match self.moves.own_act(words[step.slot], act) {
                Act::Start => taken.starts += 1,
                Act::Fire(_) => taken.timers += 1,
                Act::Sync(_) => taken.syncs += 1,
                Act::Checkpoint => taken.checkpoints += 1,
                Act::Load(..) => taken.loads += 1,
                Act::Crash(survives, _) => {
                    taken.crashes += 1;
                    let node = self.moves.store.nodes.value(words[step.slot]);
                    taken.lost_syncs += u64::from(*survives < node.disk.last());
                }
                Act::Receive(..) | Act::Command(..) | Act::Tick(_) => {}
            },
        }
    }

    /// The states in which the search begins: all nodes started, under every choice; or none.
    pub(super) fn roots(&mut self) -> Vec<Root<P>> {
        let words = self.moves.origin();
        let none = Root { words, steps: Vec::new(), lines: Vec::new(), trouble: None };
        let mut roots = vec![none];
        let mut out = Successors::default();
        let started = if self.explorer.interleaved { 0 } else { self.explorer.configs.len() };
        for slot in 0..started {
            for root in std::mem::take(&mut roots) {
                self.moves.starts(&root.words, slot, &mut out);
                for ordinal in 0..out.len() {
                    let (step, successor) = out.step(ordinal);
                    let mut next = Root { words: successor.to_vec(), ..root.clone() };
                    let by_value = self.step(&root.words, step);
                    next.lines.push(self.line(0, &by_value, &root.words));
                    next.steps.push(by_value);
                    next.trouble = next.trouble.or(self.trouble(step));
                    roots.push(next);
                }
            }
        }
        for root in &mut roots {
            root.words = self.canonical(&root.words);
        }
        roots.sort_by(|a, b| a.steps.cmp(&b.steps));
        roots
    }

    fn report(
        self,
        violation: Option<Violation>,
        exhausted: bool,
        open: u64,
        frontier_max: u64,
    ) -> Report {
        let names = self.explorer.within.iter().map(|constraint| constraint.name.clone());
        let mut cut: Vec<(String, u64)> = names.zip(self.outside).collect();
        cut.push(("messages in flight".to_owned(), self.overfull));
        cut.push(("depth or states".to_owned(), open));
        cut.retain(|(_, count)| *count > 0);
        let goals = self.explorer.goals.iter().map(|goal| goal.name.clone());
        let store = &self.moves.store;
        Report {
            unique: self.visited.len(),
            generated: self.generated,
            depth: self.per_depth.len() as u32 - 1,
            per_depth: self.per_depth,
            exhausted,
            cut,
            bounds: self.explorer.describe(),
            taken: self.taken,
            goals: goals.zip(self.reached).collect(),
            properties: self.explorer.properties.iter().map(|each| each.name.clone()).collect(),
            violation,
            node_states: store.nodes.len() as u64,
            messages: store.messages.len() as u64,
            visited_bytes: self.visited.bytes(),
            frontier_max,
        }
    }
}
