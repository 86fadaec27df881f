//! Looks for an order of the members of a cluster: depth first, each piece after those of later
//! groups, each of its members as soon as what it reads is there.
//!
//! - A1: whoever writes nothing that matters here and finds what it reads goes next, and nobody
//!   else is tried instead: in any order that fits it can be moved to there.
//! - A2: nobody overwrites what somebody still has to read and nobody can write again, nor goes
//!   where what the group has to leave cannot be written any more.
//! - A3: a state (who is placed, what the keys of the piece hold, what earlier groups have to
//!   leave) from which nothing was found is not entered again; it is kept whole, not as a hash.

use super::Plan;
use super::forced::{Forced, forced};
use super::index::Want;
use super::pieces::{Effect, Held, Pieces, fits};
use crate::limits::{Budget, Exhausted};
use crate::stamped::history::Value;
use crate::stamped::mutant::Mutant;
use std::collections::{BTreeMap, BTreeSet};

/// Who still writes a value of a slot, and who still reads it.
#[derive(Clone, Copy, Debug, Default)]
struct Left {
    writers: usize,
    readers: usize,
}

/// A slot as the search goes.
#[derive(Clone, Debug)]
struct State {
    held: Held,
    /// What was read of it while it was open: what the group before has to leave.
    chosen: Option<Value>,
    writers: usize,
    left: BTreeMap<Want, Left>,
}

/// A member that was placed, and what its slots were before.
type Undo = (usize, Vec<(usize, Held, Option<Value>)>);

/// A place in the order: who may stand there.
struct Frame {
    piece: usize,
    /// Who may stand there, and how many of them were tried.
    choices: Vec<usize>,
    tried: usize,
    /// The one that goes there and nobody else (A1).
    is_free: bool,
    placed: Option<Undo>,
    key: Vec<u64>,
}

struct Search<'a> {
    pieces: &'a Pieces,
    lists: &'a dyn Fn(usize) -> &'a [i64],
    plan: Plan,
    mutant: Mutant,
    cluster: &'a [usize],
    states: BTreeMap<usize, State>,
    /// By piece of the cluster: who is placed.
    is_placed: Vec<Vec<bool>>,
    /// By piece of the cluster: what is settled of its order.
    forced: Vec<Forced>,
    /// States from which nothing was found (A3).
    failed: BTreeSet<Vec<u64>>,
    /// By slot: the later slot that says what has to be left.
    settled_by: BTreeMap<usize, usize>,
}

/// An order of each piece of a cluster, as members; nothing if there is none. `lists` gives the
/// list that a read found.
pub(super) fn arrange<'a>(
    pieces: &'a Pieces,
    cluster: &'a [usize],
    lists: &'a dyn Fn(usize) -> &'a [i64],
    (plan, mutant): (Plan, Mutant),
    budget: &mut Budget,
) -> Result<Option<Vec<Vec<usize>>>, Exhausted> {
    let mut search = Search::new(pieces, cluster, lists, plan, mutant);
    let sessions = search.keeps_sessions();
    for piece in cluster {
        match forced(pieces, &pieces.all[*piece], lists, sessions, budget)? {
            Some(forced) => search.forced.push(forced),
            None => return Ok(None),
        }
    }
    search.run(budget)
}

impl<'a> Search<'a> {
    fn new(
        pieces: &'a Pieces,
        cluster: &'a [usize],
        lists: &'a dyn Fn(usize) -> &'a [i64],
        plan: Plan,
        mutant: Mutant,
    ) -> Self {
        let mut states: BTreeMap<usize, State> = BTreeMap::new();
        let mut settled_by = BTreeMap::new();
        for piece in cluster.iter().map(|piece| &pieces.all[*piece]) {
            for slot in piece.slots.iter().copied() {
                let held = pieces.slots[slot].base;
                settled_by.extend(pieces.slots[slot].from.map(|from| (from, slot)));
                states
                    .insert(slot, State { held, chosen: None, writers: 0, left: BTreeMap::new() });
            }
            for member in &piece.members {
                for (slot, want) in &member.reads {
                    let Some(state) = states.get_mut(slot) else { continue };
                    state.left.entry(*want).or_default().readers += 1;
                }
                for (slot, effect) in &member.writes {
                    let Some(state) = states.get_mut(slot) else { continue };
                    state.writers += 1;
                    if let Effect::Value(value) = effect {
                        state.left.entry(Want::Value(*value)).or_default().writers += 1;
                    }
                }
            }
        }
        let is_placed =
            cluster.iter().map(|piece| vec![false; pieces.all[*piece].members.len()]).collect();
        let (forced, failed) = (Vec::new(), BTreeSet::new());
        Self { pieces, lists, plan, mutant, cluster, states, is_placed, forced, failed, settled_by }
    }

    fn run(&mut self, budget: &mut Budget) -> Result<Option<Vec<Vec<usize>>>, Exhausted> {
        let mut bytes = 0;
        let mut stack: Vec<Frame> = self.frame(0, budget)?.into_iter().collect();
        loop {
            budget.step(bytes)?;
            let Some(mut frame) = stack.pop() else { return Ok(None) };
            if let Some(undo) = frame.placed.take() {
                self.undo(frame.piece, undo);
            }
            match self.advance(&mut frame) {
                Some(undo) => {
                    frame.placed = Some(undo);
                    let piece = self.next_piece(frame.piece);
                    stack.push(frame);
                    let Some(piece) = piece else { return Ok(Some(self.found(&stack))) };
                    if let Some(next) = self.frame(piece, budget)? {
                        stack.push(next);
                    }
                }
                None if !frame.is_free => {
                    bytes += frame.key.len() * size_of::<u64>() + 48;
                    self.failed.insert(frame.key);
                }
                None => {}
            }
        }
    }

    /// The piece that goes on once one is placed: it, the next, or none.
    fn next_piece(&self, piece: usize) -> Option<usize> {
        let is_whole = self.is_placed[piece].iter().all(|is| *is);
        if !is_whole {
            return Some(piece);
        }
        (piece + 1 < self.cluster.len()).then_some(piece + 1)
    }

    fn found(&self, stack: &[Frame]) -> Vec<Vec<usize>> {
        let mut orders = vec![Vec::new(); self.cluster.len()];
        for frame in stack {
            orders[frame.piece].extend(frame.placed.as_ref().map(|(member, _)| *member));
        }
        orders
    }

    /// A frame of the next place; nothing where what is read cannot be there any more.
    fn frame(&self, piece: usize, budget: &mut Budget) -> Result<Option<Frame>, Exhausted> {
        let of = &self.pieces.all[self.cluster[piece]];
        if self.is_placed[piece].iter().all(|is| !is)
            && !of.slots.iter().all(|slot| self.can(*slot))
        {
            return Ok(None);
        }
        let mut key = vec![piece as u64];
        key.extend(
            self.is_placed[piece]
                .chunks(64)
                .map(|chunk| chunk.iter().fold(0_u64, |bits, is| bits << 1 | u64::from(*is))),
        );
        for slot in &of.slots {
            let told = match self.states[slot].held {
                _ if self.mutant == Mutant::MemoForgetsState => [0, 0],
                Held::Initial => [0, 0],
                Held::Open => [1, 0],
                Held::Value(None) => [2, 0],
                Held::Value(Some(value)) => [3, value.cast_unsigned()],
                Held::Length(length) => [4, length as u64],
            };
            key.extend(told);
        }
        // What was chosen is asked of pieces to come.
        for (number, state) in &self.states {
            if let Some(chosen) = state.chosen {
                key.extend([
                    *number as u64,
                    u64::from(chosen.is_some()),
                    chosen.unwrap_or(0).cast_unsigned(),
                ]);
            }
        }
        let free = (0..of.members.len())
            .find(|member| of.members[*member].writes.is_empty() && self.is_free(piece, *member));
        if self.failed.contains(&key) {
            return Ok(None);
        }
        let choices = match free {
            Some(free) => Some(vec![free]),
            None => self.forced[piece].next(&self.is_placed[piece], budget)?,
        };
        let frame = |choices| Frame {
            piece,
            choices,
            tried: 0,
            is_free: free.is_some(),
            placed: None,
            key,
        };
        Ok(choices.map(frame))
    }

    /// Whether each read of a slot is there at its start, or will be written.
    fn can(&self, slot: usize) -> bool {
        let Some(state) = self.states.get(&slot) else { return true };
        state.left.iter().all(|(want, left)| {
            let is_length = matches!(want, Want::Length(_)) && state.writers > 0;
            left.readers == 0 || left.writers > 0 || is_length || self.agrees(slot, *want).is_some()
        }) && (state.writers > 0 || self.leaves_right(slot))
    }

    /// What a slot holds once this was read of it; nothing if it cannot be read there.
    fn agrees(&self, slot: usize, want: Want) -> Option<Held> {
        let held = self.states.get(&slot)?.held;
        let is = match (held, want) {
            (Held::Initial, Want::Value(value)) => matches!(value, None | Some(0)),
            (Held::Value(held), Want::Value(value)) => held == value,
            (Held::Length(held), Want::Length(length)) => held == length,
            (Held::Open, Want::Value(value)) => {
                let slot = &self.pieces.slots[slot];
                let is = slot.from.is_some() && slot.can_be.contains(&value);
                return is.then_some(Held::Value(value));
            }
            _ => false,
        };
        is.then_some(held)
    }

    /// Whether a member can go next, and settles nothing by that.
    fn is_free(&self, piece: usize, member: usize) -> bool {
        let own = &self.pieces.all[self.cluster[piece]].members[member];
        self.may_go(piece, member)
            && own.reads.iter().all(|(slot, want)| {
                let held = self.states.get(slot).map(|state| state.held);
                held != Some(Held::Open) && self.agrees(*slot, *want).is_some()
            })
    }

    fn keeps_sessions(&self) -> bool {
        self.plan.sessions && self.mutant != Mutant::TiesForgetSessions
    }

    fn may_go(&self, piece: usize, member: usize) -> bool {
        let is_placed = &self.is_placed[piece];
        let own = &self.pieces.all[self.cluster[piece]].members[member];
        let counts = self.keeps_sessions();
        !is_placed[member]
            && own.before.filter(|_| counts).is_none_or(|before| is_placed[before])
            && self.forced[piece].allows(member, is_placed)
    }

    /// Places the next member that fits.
    fn advance(&mut self, frame: &mut Frame) -> Option<Undo> {
        while let Some(member) = frame.choices.get(frame.tried).copied() {
            frame.tried += 1;
            if !self.may_go(frame.piece, member) {
                continue;
            }
            let found = self.place(frame.piece, member);
            if self.mutant == Mutant::FirstOrder {
                frame.tried = frame.choices.len();
            }
            if found.is_some() || self.mutant == Mutant::FirstOrder {
                return found;
            }
        }
        None
    }

    /// Places a member, if all that it reads is there and nobody is left without (A2).
    fn place(&mut self, piece: usize, member: usize) -> Option<Undo> {
        let pieces = self.pieces;
        let own = &pieces.all[self.cluster[piece]].members[member];
        let mut before = Vec::new();
        let mut is_right = true;
        for (slot, want) in &own.reads {
            let held = self.agrees(*slot, *want);
            let Some(state) = self.states.get_mut(slot) else { continue };
            before.push((*slot, state.held, state.chosen));
            state.left.entry(*want).or_default().readers -= 1;
            match held {
                Some(Held::Value(value)) if state.held == Held::Open => {
                    (state.held, state.chosen) = (Held::Value(value), Some(value));
                }
                Some(_) => {}
                None => is_right = false,
            }
        }
        for (slot, effect) in &own.writes {
            let known = match effect {
                Effect::Block(block) => self.has_place(*slot, block),
                Effect::Value(_) => true,
            };
            let Some(state) = self.states.get_mut(slot) else { continue };
            before.push((*slot, state.held, state.chosen));
            state.writers -= 1;
            let old = state.held;
            state.held = match (effect, old) {
                (Effect::Value(value), _) => {
                    state.left.entry(Want::Value(*value)).or_default().writers -= 1;
                    Held::Value(*value)
                }
                (Effect::Block(block), Held::Length(length)) => Held::Length(length + block.len()),
                (Effect::Block(_), other) => other,
            };
            is_right &= known && !is_lost(state, old) && self.leaves_right(*slot);
        }
        self.is_placed[piece][member] = true;
        let undo = (member, before);
        if is_right {
            return Some(undo);
        }
        self.undo(piece, undo);
        None
    }

    fn undo(&mut self, piece: usize, (member, before): Undo) {
        let own = &self.pieces.all[self.cluster[piece]].members[member];
        for (slot, want) in &own.reads {
            if let Some(state) = self.states.get_mut(slot) {
                state.left.entry(*want).or_default().readers += 1;
            }
        }
        for (slot, effect) in &own.writes {
            let Some(state) = self.states.get_mut(slot) else { continue };
            state.writers += 1;
            if let Effect::Value(value) = effect {
                state.left.entry(Want::Value(*value)).or_default().writers += 1;
            }
        }
        for (slot, held, chosen) in before.into_iter().rev() {
            if let Some(state) = self.states.get_mut(&slot) {
                (state.held, state.chosen) = (held, chosen);
            }
        }
        self.is_placed[piece][member] = false;
    }

    /// Whether a block stands in the longest list read where it would come.
    fn has_place(&self, slot: usize, block: &[i64]) -> bool {
        let (Some(spine), Some(Held::Length(length))) =
            (self.pieces.slots[slot].spine, self.states.get(&slot).map(|state| state.held))
        else {
            return true;
        };
        fits(block, (self.lists)(spine).get(length..).unwrap_or_default())
    }

    /// Whether what a slot has to leave is there, or still comes.
    fn leaves_right(&self, slot: usize) -> bool {
        let chosen = || self.states.get(self.settled_by.get(&slot)?)?.chosen;
        let (Some(leaves), Some(state)) =
            (self.pieces.slots[slot].leaves.or_else(chosen), self.states.get(&slot))
        else {
            return true;
        };
        match state.writers {
            0 => state.held == Held::Value(leaves),
            _ => state.left.get(&Want::Value(leaves)).is_some_and(|left| left.writers > 0),
        }
    }
}

/// Whether somebody still has to read what was overwritten, and nobody writes it again.
fn is_lost(state: &State, old: Held) -> bool {
    let is_waited_for = |want: &Want| {
        let left = state.left.get(want);
        left.is_some_and(|left| left.readers > 0 && left.writers == 0)
            && match want {
                Want::Value(value) => state.held != Held::Value(*value),
                Want::Length(_) => true,
            }
    };
    match (old, state.held) {
        (Held::Value(value), _) => is_waited_for(&Want::Value(value)),
        (Held::Length(_), Held::Length(length)) => {
            let mut shorter = state.left.range(..Want::Length(length));
            shorter.any(|(_, left)| left.readers > 0)
        }
        (Held::Length(_), _) => false,
        (Held::Initial | Held::Open, _) => state.left.keys().any(is_waited_for),
    }
}
