//! The search for an order: Wing and Gong's (1993) with Lowe's (2017) memory of configurations.
//!
//! ```text
//! enter(state):
//!   place every operation that may come next, changes nothing anywhere, and fits this state
//!   all known operations placed?                            -> an order
//!   an answer can no longer come about (see needs)?         -> back
//!   the configuration is hopeless already (see memo)?       -> back
//!   for each operation that may come next, known ones first:  place it, enter(what it leaves)
//! ```
//!
//! Beyond the two papers, each step loses no order:
//! - I1 *reads at once*: an operation that changes no state whatever, and fits now, is placed now.
//!   Moving it here from its later place changes no state that another operation sees. It waits
//!   where an optional operation had ended before it began: that could not be placed behind it.
//! - I2 *twins*: of operations with the same input and output that may come next, only the one with
//!   the earliest end is tried: exchanging the two in an order that uses the other keeps it valid.
//!   Of unknown operations, which have no end, the first to start stands for all its twins. An
//!   operation stands for no other that starts before it if that may close out an optional one.
//! - I3 *known before unknown*: where a known operation leads to the state that an unknown one with
//!   the same input leads to, and can stand for it as a twin could, the unknown one is not tried.
//! - I4 *idle unknowns*: an unknown operation that would change nothing here is not tried here.
//! - I5 *unseen*: where an unknown operation led here and no read saw what it left, an operation
//!   that would do here just what it does without it is not tried: leaving the unknown one out
//!   keeps an order valid. So a configuration that is remembered says what the state was before.
//! - I6 *needs*: a state is left at once if an operation not placed needs what does not hold there
//!   and nothing left can bring about (see `needs`).
//!
//! An operation may also be *optional*: it is placed within its span or not at all. `shrink`
//! weakens operations to that.
//!
//! - I7 *closed*: an optional operation that ended before one that is placed began counts as used:
//!   it can be placed no more, so that configurations that differ in such ones alone are equal.
//!
//! References: Wing and Gong, "Testing and verifying concurrent objects", 1993; Lowe, "Testing for
//! linearizability", 2017; Horn and Kroening, "Faster linearizability checking via
//! P-compositionality", 2015.

use super::ground::{Fact, Ground};
use super::memo::{Configuration, Memo};
use super::mutant::Mutant;
use super::needs::Needs;
use super::placed::Placed;
use super::states::{States, Successors};
use super::timeline::Timeline;
use crate::hash::mix;
use crate::limits::{Budget, Exhausted};
use crate::model::Sequential;
use crate::operation::{Moment, Operation};

/// What a search found, with places in the slice of operations judged.
#[derive(Debug)]
pub(super) struct Outcome {
    /// An order of every known operation and the unknown ones used; nothing if there is none.
    pub(super) order: Result<Option<Vec<usize>>, Exhausted>,
    /// The longest start of an order that was met, if there is no order.
    pub(super) furthest: Vec<usize>,
}

/// An operation's number when there is none, and a state's when it is not computed yet.
const NONE: u32 = u32::MAX;

/// An operation to be ordered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    /// Its number in the ground.
    pub(super) number: u32,
    /// Whether it may be left out of the order although its answer came.
    pub(super) optional: bool,
}

/// What the search knows of an operation.
struct Member<'a, M: Sequential> {
    operation: &'a Operation<M::Input, M::Output>,
    /// Its number in the ground.
    number: u32,
    /// Its rank among the known operations, or among the others: the optional ones first, by end.
    rank: u32,
    known: bool,
    pure: bool,
    /// Equal for operations with equal inputs and outputs, of which all are known or none.
    twins: u32,
    /// Equal for operations with equal inputs.
    input: u32,
}

/// An operation to be tried.
#[derive(Clone, Copy)]
struct Choice {
    operation: u32,
    /// The state that it leaves, or `NONE` if that is not computed yet.
    state: u32,
    /// A known operation with the same input, or `NONE`.
    stand_in: u32,
}

struct Frame {
    state: u32,
    /// How much was placed before the operation that led here.
    trail: usize,
    /// Where this frame's choices begin.
    choices: usize,
    /// The state before the unknown operation that led here, if nothing saw yet what that left;
    /// else `NONE` (I5).
    unseen: u32,
}

/// A search for an order of one part of a history.
pub(super) struct Search<'g, 'a, M: Sequential> {
    ground: &'g Ground<'a, M>,
    members: Vec<Member<'a, M>>,
    known: usize,
    timeline: Timeline,
    placed: Placed,
    needs: Needs,
    /// The ends of those that may be left out and have one, in order: by rank.
    ends: Vec<Moment>,
    states: &'g mut States<'a, M>,
    memo: Memo,
    /// Scratch: the unknown operations used or closed.
    used: Vec<u64>,
    trail: Vec<u32>,
    /// The latest start among the operations placed up to each place of the trail.
    starts: Vec<Moment>,
    frames: Vec<Frame>,
    choices: Vec<Choice>,
    /// Per twins, per input: (the entry that saw it last, the operation seen).
    seen_twins: Vec<(u64, usize)>,
    seen_inputs: Vec<(u64, u32)>,
    entries: u64,
    furthest: (usize, Vec<u32>),
    mutant: Mutant,
}

impl<'g, 'a, M: Sequential> Search<'g, 'a, M> {
    /// Prepares the search for an order of `subjects`; `states` are those met on this ground.
    pub(super) fn new(
        ground: &'g Ground<'a, M>,
        states: &'g mut States<'a, M>,
        subjects: &[Subject],
        mutant: Mutant,
    ) -> Self {
        let mut members: Vec<Member<'a, M>> = Vec::with_capacity(subjects.len());
        for Subject { number, optional } in subjects {
            let Fact { operation, pure, twins, input, .. } = ground.facts[*number as usize];
            let known = operation.is_known() && !optional || mutant == Mutant::UnknownActsSoon;
            if !known && (pure || mutant == Mutant::UnknownNeverActs) {
                continue;
            }
            let twins = match mutant {
                Mutant::AllUnknownAreTwins if !known => NONE,
                _ => twins * 2 + u32::from(known),
            };
            let number = *number;
            members.push(Member { operation, number, rank: 0, known, pure, twins, input });
        }
        members.sort_unstable_by_key(|member| member.number);
        let ends = rank(&mut members);
        let known = members.iter().filter(|member| member.known).count();
        let spans: Vec<_> = members.iter().map(|member| span(member, mutant)).collect();
        let numbered = members.iter().map(|member| (member.number, member.known));
        let needs = Needs::new(ground, numbered, mutant);
        Self {
            ground,
            members,
            known,
            timeline: Timeline::new(&spans),
            placed: Placed::new(known, spans.len() - known),
            needs,
            ends,
            states,
            memo: Memo::default(),
            used: Vec::new(),
            trail: Vec::new(),
            starts: Vec::new(),
            frames: Vec::new(),
            choices: Vec::new(),
            seen_twins: vec![(0, 0); ground.facts.len() * 2 + 1],
            seen_inputs: vec![(0, NONE); ground.facts.len()],
            entries: 0,
            furthest: (0, Vec::new()),
            mutant,
        }
    }

    /// Searches until there is an order, there is none, or the budget is spent.
    pub(super) fn run(mut self, budget: &mut Budget) -> Outcome {
        let found = self.walk(budget);
        let places = |numbers: &[u32]| -> Vec<usize> {
            numbers.iter().map(|number| self.place_of(*number)).collect()
        };
        match found {
            Ok(true) => Outcome { order: Ok(Some(places(&self.trail))), furthest: Vec::new() },
            other => {
                let furthest = if self.placed.count() > self.furthest.0 {
                    places(&self.trail)
                } else {
                    places(&self.furthest.1)
                };
                Outcome { order: other.map(|_| None), furthest }
            }
        }
    }

    /// The place of a member among the operations judged.
    fn place_of(&self, number: u32) -> usize {
        self.ground.facts[self.members[number as usize].number as usize].place
    }

    fn walk(&mut self, budget: &mut Budget) -> Result<bool, Exhausted> {
        let mut entering = Some((0, 0));
        loop {
            if let Some((state, trail)) = entering.take() {
                budget.step(self.bytes())?;
                if self.enter(state, trail) {
                    return Ok(true);
                }
            }
            let Some(frame) = self.frames.last() else { return Ok(false) };
            let Frame { state, trail, choices, unseen } = *frame;
            if self.choices.len() == choices {
                self.frames.pop();
                self.take_back(trail);
            } else if let Some(choice) = self.choices.pop() {
                entering = self.choose((state, unseen), choice);
            }
        }
    }

    /// Enters a state; `trail` says how much was placed before the operation that led here.
    /// Whether everything known is placed.
    fn enter(&mut self, state: u32, trail: usize) -> bool {
        self.place_reads(state);
        if self.placed.count() == self.known {
            return true;
        }
        let unseen = self.unseen(trail);
        if self.is_lost(state, trail) || self.is_hopeless(state, unseen) {
            self.take_back(trail);
            return false;
        }
        self.frames.push(Frame { state, trail, choices: self.choices.len(), unseen });
        self.offer_choices();
        false
    }

    /// I1.
    fn place_reads(&mut self, state: u32) {
        loop {
            let before = self.trail.len();
            let mut at = self.timeline.first();
            while let Some(number) = at {
                let member = &self.members[number as usize];
                let idle = member.pure
                    || self.mutant == Mutant::IdleNowIsIdleForever
                        && member.known
                        && self.states.follow(state, member.number, member.operation)
                            == Successors::One(state);
                if idle
                    && self.states.allows(state, member.operation)
                    && !self.closes_out(member.operation.earliest)
                {
                    self.place(number);
                }
                at = self.timeline.after(number);
            }
            if self.trail.len() == before {
                return;
            }
        }
    }

    /// How many optional operations have an end before this moment.
    fn ended(&self, moment: Moment) -> usize {
        self.ends.partition_point(|end| *end < moment)
    }

    /// How many optional operations can be placed no more, or are placed: the first of their ranks.
    fn closed(&self) -> usize {
        self.starts.last().map_or(0, |now| self.ended(*now))
    }

    /// Whether an optional operation that is not placed could not be any more behind one that
    /// began at this moment, and can be now.
    fn closes_out(&self, earliest: Moment) -> bool {
        (self.closed()..self.ended(earliest)).any(|rank| !self.placed.has_unknown(rank as u32))
    }

    /// The state before the last operation, if that is unknown and no read was placed behind it.
    fn unseen(&self, trail: usize) -> u32 {
        let seen = self.mutant != Mutant::ReadsSeeNothing && self.trail.len() > trail + 1;
        match (self.trail.get(trail), self.frames.last()) {
            (Some(led), Some(frame)) if !seen && !self.members[*led as usize].known => frame.state,
            _ => NONE,
        }
    }

    /// I6; `trail` says how much was placed when the needs were looked at last.
    fn is_lost(&self, state: u32, trail: usize) -> bool {
        let lacks = |(number, grows): (u32, bool)| {
            let operation = self.members[number as usize].operation;
            let may = if grows {
                self.states.may_grow(state, operation)
            } else {
                self.states.allows(state, operation)
            };
            !may
        };
        if self.frames.is_empty() || self.needs.has_common() {
            return self.needs.critical(0).any(lacks);
        }
        let new = self.trail.get(trail..).unwrap_or_default();
        // The first changed the state; behind it are reads, which find what they need.
        let touched = new.first().map(|number| self.needs.touched(*number));
        touched.is_some_and(|group| self.needs.critical(group).any(lacks))
    }

    fn is_hopeless(&mut self, state: u32, unseen: u32) -> bool {
        let with_state = self.mutant != Mutant::MemoWithoutState;
        let states = (state, unseen);
        let state_hash =
            if with_state { mix(u64::from(state) << 32 | u64::from(unseen)) } else { 0 };
        // I7.
        let closed = if self.mutant == Mutant::AllOptionalAreClosed {
            self.ends.len()
        } else {
            self.closed()
        };
        self.placed.used(closed, &mut self.used);
        if self.mutant == Mutant::MemoWithoutUnknown {
            self.used.clear();
        }
        let (first_word, window) = self.placed.window();
        let hash = mix(self.placed.hash() ^ state_hash);
        let used = &self.used;
        !self.memo.enter(Configuration { hash, states, first_word, window, used }, with_state)
    }

    /// Puts the operations that may come next on the stack of choices, the first to try on top.
    fn offer_choices(&mut self) {
        self.entries += 1;
        let start = self.choices.len();
        for known in [true, false] {
            let mut at = self.timeline.first();
            while let Some(number) = at {
                let member = &self.members[number as usize];
                // Reads that wait are tried like others.
                if member.known == known && (!member.pure || !self.ends.is_empty()) {
                    self.offer(number, start);
                }
                at = self.timeline.after(number);
            }
        }
        self.choices[start..].reverse();
    }

    /// I2; remembers known inputs for I3.
    fn offer(&mut self, number: u32, start: usize) {
        let member = &self.members[number as usize];
        if !member.known && self.starts.last().is_some_and(|start| self.latest(number) < *start) {
            return;
        }
        let twins = (member.twins as usize).min(self.seen_twins.len() - 1);
        let (entry, place) = self.seen_twins[twins];
        let (input_entry, stand_in) = self.seen_inputs[member.input as usize];
        let stand_in = if input_entry == self.entries { stand_in } else { NONE };
        if entry == self.entries {
            let rival = self.choices[start + place].operation;
            if self.stands_for(rival, number) {
                return;
            }
            if self.stands_for(number, rival) {
                self.choices[start + place].operation = number;
                return;
            }
        }
        self.seen_twins[twins] = (self.entries, self.choices.len() - start);
        if member.known {
            self.seen_inputs[member.input as usize] = (self.entries, number);
        }
        let stand_in = if member.known { NONE } else { stand_in };
        self.choices.push(Choice { operation: number, state: NONE, stand_in });
    }

    fn latest(&self, number: u32) -> Moment {
        self.members[number as usize].operation.latest.unwrap_or(Moment(u64::MAX))
    }

    /// Whether an operation can be placed wherever this other one of the same effect is, now or
    /// later, and closes out no more if it is placed now.
    fn stands_for(&self, one: u32, other: u32) -> bool {
        let earliest = |number: u32| self.members[number as usize].operation.earliest;
        let ended = |number: u32| self.ended(earliest(number));
        let closes_more = || {
            let more = self.closed().max(ended(other))..ended(one);
            more.into_iter().any(|rank| !self.placed.has_unknown(rank as u32))
        };
        self.latest(one) <= self.latest(other)
            && (self.mutant == Mutant::TwinsCloseNothing
                || earliest(one) <= earliest(other)
                || !closes_more())
    }

    /// Tries a choice in `state`: the state to enter, and how much was placed before.
    fn choose(&mut self, (state, unseen): (u32, u32), choice: Choice) -> Option<(u32, usize)> {
        let Choice { operation: number, state: mut next, stand_in } = choice;
        let member = &self.members[number as usize];
        if next == NONE {
            let successors = self.states.follow(state, member.number, member.operation);
            next = match successors {
                Successors::None => return None,
                Successors::One(next) => next,
                Successors::Several { start, count } => {
                    for at in (start..start + count).rev() {
                        let state = self.states.several(at);
                        self.choices.push(Choice { state, ..choice });
                    }
                    return None;
                }
            };
            let idle = !member.known && next == state;
            let replaceable = stand_in != NONE && self.stands_for(stand_in, number) && {
                let Member { operation, number, .. } = self.members[stand_in as usize];
                self.states.follow(state, number, operation) == successors
            };
            if idle || replaceable || self.is_unseeing(unseen, number, successors) {
                return None;
            }
        }
        let trail = self.trail.len();
        self.place(number);
        Some((next, trail))
    }

    /// I5: whether an operation leaves what it would leave without the one before it.
    fn is_unseeing(&mut self, unseen: u32, number: u32, successors: Successors) -> bool {
        let Member { operation, number, .. } = self.members[number as usize];
        unseen != NONE && self.states.follow(unseen, number, operation) == successors
    }

    fn place(&mut self, number: u32) {
        let Member { known, rank, .. } = self.members[number as usize];
        if known {
            self.placed.add_known(rank);
        } else {
            self.placed.add_unknown(rank);
        }
        self.timeline.cut(number);
        self.needs.place(number, &self.ground.brought);
        self.trail.push(number);
        let earliest = self.members[number as usize].operation.earliest;
        self.starts.push(self.starts.last().map_or(earliest, |start| earliest.max(*start)));
    }

    fn take_back(&mut self, trail: usize) {
        if self.placed.count() > self.furthest.0 {
            self.furthest = (self.placed.count(), self.trail.clone());
        }
        while self.trail.len() > trail
            && let Some(number) = self.trail.pop()
        {
            let Member { known, rank, .. } = self.members[number as usize];
            if known {
                self.placed.remove_known(rank);
            } else {
                self.placed.remove_unknown(rank);
            }
            self.timeline.restore(number);
            self.needs.take_back(number, &self.ground.brought);
            self.starts.pop();
        }
    }

    fn bytes(&self) -> usize {
        self.memo.bytes()
            + self.states.bytes()
            + self.frames.len() * size_of::<Frame>()
            + self.choices.len() * size_of::<Choice>()
    }
}

/// Ranks the members; the ends of the optional ones, by rank.
fn rank<M: Sequential>(members: &mut [Member<'_, M>]) -> Vec<Moment> {
    let known = (0..).zip(members.iter_mut().filter(|member| member.known));
    known.for_each(|(rank, member)| member.rank = rank);
    let mut others: Vec<_> = members.iter_mut().filter(|member| !member.known).collect();
    let end = |member: &Member<'_, M>| member.operation.latest;
    others.sort_by_key(|member| (end(member).is_none(), end(member)));
    (0..).zip(&mut others).for_each(|(rank, member)| member.rank = rank);
    others.iter().map_while(|member| end(member)).collect()
}

/// The span that holds others up: what may be left out holds up nothing.
fn span<M: Sequential>(member: &Member<'_, M>, mutant: Mutant) -> (Moment, Option<Moment>) {
    let Operation { earliest, latest, .. } = member.operation;
    let latest = latest.filter(|_| member.known);
    match mutant {
        Mutant::NoRealTime => (Moment(0), latest.map(|_| Moment(u64::MAX))),
        Mutant::UnknownActsSoon => (*earliest, Some(latest.unwrap_or(Moment(earliest.0 + 4)))),
        _ => (*earliest, latest),
    }
}
