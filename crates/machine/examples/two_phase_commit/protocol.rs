//! Two-phase commit in the shape of a protocol: one coordinator (n1) and its participants.
//!
//! ```text
//!   participant:  working --prepare--> prepared --Commit--> committed
//!                    |                    |
//!                    +-- choose / Abort --+--Abort--> aborted
//!   coordinator:  deciding --all prepared--> committed       deciding --any time--> aborted
//! ```
//!
//! - On its timer `Prepare`, a participant records its vote and, once that is durable, says
//!   `Prepared`. On its timer `Refuse` it aborts alone. Both stand while it works.
//! - On `Prepared`, the coordinator counts the vote. While it decides, its timer `Abort` stands;
//!   once every participant has voted, so does `Commit`. Either records the decision and, once
//!   that is durable, sends it to all.
//! - On a decision, a participant records it and follows. Before it has voted it knows nothing that
//!   could contradict.
//!
//! - I1 No participant has aborted while another has committed.
//! - I2 A participant that has committed had voted.
//!
//! Deviation from the specification `TwoPhase` of the TLA+ examples (Lamport and Gray, *Consensus
//! on Transaction Commit*, 2006): what that leaves out (disks, restarts) is here; with an
//! immediate disk and the network of messages ever sent both have the same states.

use avouch_machine::{Effects, Env, Event, Protocol, Recovered, Seq};
use avouch_promise::{Nanos, NodeId};
use std::collections::BTreeSet;

/// Two-phase commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TwoPhaseCommit;

/// A way to break the protocol, to see that it is caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// The coordinator commits before everyone has voted.
    CommitWithoutAll,
    /// A participant says `Prepared` before its vote is durable.
    VoteBeforeDurable,
}

/// What a node is told at its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    /// How many participants there are: n2 and on.
    pub(crate) participants: u32,
    /// Which node this is.
    pub(crate) me: NodeId,
    /// How to break it.
    pub(crate) mutant: Option<Mutant>,
}

/// How far a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Phase {
    /// Not bound to anything.
    Working,
    /// Bound to follow the coordinator.
    Prepared,
    /// Done: yes.
    Committed,
    /// Done: no.
    Aborted,
}

/// What a node knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// How far it is.
    pub(crate) phase: Phase,
    /// The votes that the coordinator has seen.
    pub(crate) votes: BTreeSet<NodeId>,
    next: Seq,
}

/// What nodes tell each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Message {
    /// The sender has voted.
    Prepared,
    /// The coordinator decided yes.
    Commit,
    /// The coordinator decided no.
    Abort,
}

/// What comes due in a node by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// A participant votes.
    Prepare,
    /// A participant aborts alone.
    Refuse,
    /// The coordinator decides yes.
    Commit,
    /// The coordinator decides no.
    Abort,
}

/// The coordinator.
pub(crate) const COORDINATOR: NodeId = NodeId(1);

impl Config {
    /// The configurations of a whole system.
    pub(crate) fn system(participants: u32, mutant: Option<Mutant>) -> Vec<Self> {
        (1..=participants + 1).map(|id| Self { participants, me: NodeId(id), mutant }).collect()
    }
    fn participants(&self) -> impl Iterator<Item = NodeId> + use<> {
        (2..=self.participants + 1).map(NodeId)
    }
}

impl Protocol for TwoPhaseCommit {
    type Config = Config;
    type State = State;
    type Message = Message;
    type Command = ();
    type Record = Phase;
    type Image = ();
    type Output = ();
    type Observation = ();
    type Timer = Timer;

    fn recover(_: &Config, recovered: Recovered<Self>) -> State {
        let phase = recovered.records.last().map_or(Phase::Working, |(_, phase)| *phase);
        State { phase, votes: BTreeSet::new(), next: recovered.next_seq }
    }

    fn step(
        config: &Config,
        state: &mut State,
        event: Event<Self>,
        _: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Started { .. } => start(config, state, effects),
            Event::Message { from, message: Message::Prepared } => {
                if state.phase == Phase::Working && state.votes.insert(from) {
                    offer_commit(config, state, effects);
                }
            }
            Event::Message { message: Message::Commit, .. } => {
                follow(state, Phase::Committed, effects);
            }
            Event::Message { message: Message::Abort, .. } => {
                follow(state, Phase::Aborted, effects);
            }
            Event::Timer(Timer::Prepare) => {
                effects.push(avouch_machine::Effect::CancelTimer(Timer::Refuse));
                enter(state, Phase::Prepared, effects);
                say_prepared(config, state, effects);
            }
            Event::Timer(Timer::Refuse) => follow(state, Phase::Aborted, effects),
            Event::Timer(Timer::Commit) => decide(config, state, Phase::Committed, effects),
            Event::Timer(Timer::Abort) => decide(config, state, Phase::Aborted, effects),
            Event::Persisted(_)
            | Event::Command { .. }
            | Event::Loaded { .. }
            | Event::Checkpointed(_) => {}
        }
    }
}

type Sink = Effects<TwoPhaseCommit>;

fn start(config: &Config, state: &mut State, effects: &mut Sink) {
    let coordinator = config.me == COORDINATOR;
    match (coordinator, state.phase) {
        (true, Phase::Working) => {
            effects.set_timer(Timer::Abort, Nanos::ZERO);
            offer_commit(config, state, effects);
        }
        // What was durable may not have been said.
        (true, decided) => say_decision(config, state, decided, effects),
        (false, Phase::Working) => {
            effects.set_timer(Timer::Prepare, Nanos::ZERO);
            effects.set_timer(Timer::Refuse, Nanos::ZERO);
        }
        (false, Phase::Prepared) => say_prepared(config, state, effects),
        (false, Phase::Committed | Phase::Aborted) => {}
    }
}

fn enter(state: &mut State, phase: Phase, effects: &mut Sink) {
    state.phase = phase;
    effects.persist(state.next, phase);
    state.next = state.next.next();
}

fn say_prepared(config: &Config, state: &State, effects: &mut Sink) {
    if config.mutant == Some(Mutant::VoteBeforeDurable) {
        effects.send(COORDINATOR, Message::Prepared);
    } else {
        effects.send_after(COORDINATOR, Message::Prepared, Seq(state.next.0 - 1));
    }
}

fn offer_commit(config: &Config, state: &State, effects: &mut Sink) {
    let all = state.votes.len() == config.participants as usize;
    if all || config.mutant == Some(Mutant::CommitWithoutAll) {
        effects.set_timer(Timer::Commit, Nanos::ZERO);
    }
}

fn decide(config: &Config, state: &mut State, decision: Phase, effects: &mut Sink) {
    effects.push(avouch_machine::Effect::CancelTimer(Timer::Commit));
    effects.push(avouch_machine::Effect::CancelTimer(Timer::Abort));
    enter(state, decision, effects);
    say_decision(config, state, decision, effects);
}

fn say_decision(config: &Config, state: &State, decision: Phase, effects: &mut Sink) {
    let message = if decision == Phase::Committed { Message::Commit } else { Message::Abort };
    for participant in config.participants() {
        effects.send_after(participant, message, Seq(state.next.0 - 1));
    }
}

fn follow(state: &mut State, decision: Phase, effects: &mut Sink) {
    if matches!(state.phase, Phase::Working | Phase::Prepared) {
        effects.push(avouch_machine::Effect::CancelTimer(Timer::Prepare));
        effects.push(avouch_machine::Effect::CancelTimer(Timer::Refuse));
        enter(state, decision, effects);
    } else if state.phase != decision && decision == Phase::Committed {
        // The specification lets a participant follow whatever comes; that it never comes is what
        // the exploration shows.
        enter(state, decision, effects);
    }
}
