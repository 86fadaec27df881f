//! Nodes that watch each other, as a protocol; and the reduction from weak to strong completeness.
//!
//! ```text
//!   every interval              send Heartbeat{sequence, suspects} to all
//!                               without gossip, the set is empty
//!   a heartbeat of q arrives    q's detector takes it in
//!                               with gossip: output := (output + suspects of q) - {q}
//!   own suspicion changes       output := (output + own suspects), or just these without gossip
//! ```
//!
//! With gossip, whoever crashed and is suspected by somebody who runs, for ever, is in the output
//! of everyone who runs, for ever: it sends nothing any more that would take it out. Whoever runs
//! and is suspected by nobody any more leaves every output with its next heartbeat. So weak
//! completeness becomes strong, and accuracy stays what it was.
//!
//! - I1 Nobody suspects itself.
//!
//! Under the explorer, the suspicions of [`Oracle::Adversary`] come from an adversary: any node may
//! start and stop to suspect any other at any time, by `choose`.
//!
//! Deviation: suspicions of a node by itself, which others tell it of, are left out: a node knows
//! that it runs.
//!
//! Reference: Chandra, Toueg 1996, §3, figure 3 and lemmas 4 to 8.

//= §1.2.2 failure-detector hierarchies and their reductions, weak to strong completeness

use super::watch::{Settings, Watch};
use crate::mutant::mutants;
use avouch_machine::{Effects, Env, Event, Protocol, Recovered};
use avouch_promise::{Incarnation, Nanos, NodeId, invariant};
use std::collections::BTreeSet;

/// Nodes that watch each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watching;

mutants! {
    /// A heartbeat does not take its sender out of the output.
    KeepWhoSpoke: Explorer,
    /// What others suspect replaces the output instead of adding to it.
    ReplaceBySuspects: Explorer,
    /// Own suspicions are not told.
    TellNothing: Explorer,
}

/// Who suspects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Oracle {
    /// Detectors, on the node's clock.
    Detectors(Settings),
    /// An adversary, at will.
    Adversary,
}

/// What never changes while a node runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// This node.
    pub me: NodeId,
    /// All nodes.
    pub members: BTreeSet<NodeId>,
    /// Who suspects.
    pub oracle: Oracle,
    /// Whether suspicions are told.
    pub gossip: bool,
    /// A planted bug.
    pub mutant: Option<Mutant>,
}

impl Config {
    /// The configurations of `count` nodes.
    pub fn cluster(count: u32, oracle: Oracle, gossip: bool) -> Vec<Self> {
        let members: BTreeSet<_> = (1..=count).map(NodeId).collect();
        let config =
            |me: &NodeId| Self { me: *me, members: members.clone(), oracle, gossip, mutant: None };
        members.iter().map(config).collect()
    }

    fn interval(&self) -> Nanos {
        match self.oracle {
            Oracle::Detectors(settings) => settings.interval,
            Oracle::Adversary => Nanos::from_millis(1),
        }
    }
}

/// What nodes tell each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Heartbeat {
    /// The sender's life.
    pub incarnation: Incarnation,
    /// Its number in that life, from 1.
    pub sequence: u64,
    /// Whom the sender's own detector suspects.
    pub suspects: BTreeSet<NodeId>,
}

/// What whoever watches a node sees of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seen {
    /// It heard `from` speak, and that `from` suspects these.
    Heard {
        /// Who spoke.
        from: NodeId,
        /// Whom that one suspects.
        suspects: BTreeSet<NodeId>,
    },
    /// The adversary has it suspect these now.
    Own(BTreeSet<NodeId>),
}

/// What comes due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The next heartbeat.
    Beat,
    /// The next suspicion.
    Deadline,
    /// The adversary changes its mind.
    Whim,
}

/// What a node knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    incarnation: Incarnation,
    started: Nanos,
    sequence: u64,
    watch: Option<Watch>,
    /// Whom the adversary has it suspect.
    whims: BTreeSet<NodeId>,
    output: BTreeSet<NodeId>,
}

impl State {
    /// Whom the node suspects, all told.
    pub fn output(&self) -> &BTreeSet<NodeId> {
        &self.output
    }

    /// Whom its own detector suspects at `now`.
    pub fn own(&self, now: Nanos) -> BTreeSet<NodeId> {
        self.watch.as_ref().map_or_else(|| self.whims.clone(), |watch| watch.suspects(now))
    }

    /// Which life of the node this is.
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// Its view of the others, unless an adversary has it.
    pub fn watch(&self) -> Option<&Watch> {
        self.watch.as_ref()
    }
}

impl Protocol for Watching {
    type Config = Config;
    type State = State;
    type Message = Heartbeat;
    type Command = ();
    type Record = ();
    type Image = ();
    /// The node's suspicions, whenever they change.
    type Output = BTreeSet<NodeId>;
    type Observation = Seen;
    type Timer = Timer;

    fn recover(_: &Config, _: Recovered<Self>) -> State {
        State::default()
    }

    fn step(
        config: &Config,
        state: &mut State,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        let now = env.monotonic();
        let before = state.output.clone();
        match event {
            Event::Started { incarnation } => {
                (state.incarnation, state.started) = (incarnation, now);
                match config.oracle {
                    Oracle::Detectors(settings) => {
                        state.watch = Some(Watch::new(settings, config.me, &config.members, now));
                    }
                    Oracle::Adversary => effects.set_timer(Timer::Whim, now),
                }
                effects.set_timer(Timer::Beat, now.plus(config.interval()));
            }
            Event::Message { from, message } => {
                effects.observe(Seen::Heard { from, suspects: message.suspects.clone() });
                hear(config, state, from, message, now);
            }
            Event::Timer(Timer::Beat) => beat(config, state, now, effects),
            Event::Timer(Timer::Whim) => {
                let others: Vec<_> = config.members.iter().filter(|id| **id != config.me).collect();
                if let Some(other) = others.get(env.choose(others.len() as u32) as usize)
                    && !state.whims.remove(other)
                {
                    state.whims.insert(**other);
                }
                effects.observe(Seen::Own(state.whims.clone()));
                effects.set_timer(Timer::Whim, now);
            }
            _ => {}
        }
        settle(config, state, now, &before, effects);
    }
}

fn hear(config: &Config, state: &mut State, from: NodeId, message: Heartbeat, now: Nanos) {
    if let Some(watch) = &mut state.watch {
        watch.heard(from, message.incarnation, message.sequence, now);
    }
    if config.gossip {
        if config.mutant == Some(Mutant::ReplaceBySuspects) {
            state.output.clear();
        }
        state.output.extend(message.suspects);
        state.output.remove(&config.me);
        if config.mutant != Some(Mutant::KeepWhoSpoke) {
            state.output.remove(&from);
        }
    }
}

fn beat(config: &Config, state: &mut State, now: Nanos, effects: &mut Effects<Watching>) {
    state.sequence += 1;
    let told = config.gossip && config.mutant != Some(Mutant::TellNothing);
    let suspects = if told { state.own(now) } else { BTreeSet::new() };
    // The explorer's adversary needs no numbers, and states would never repeat with them.
    let sequence = if state.watch.is_some() { state.sequence } else { 0 };
    let incarnation = state.incarnation;
    for other in config.members.iter().filter(|id| **id != config.me) {
        effects.send(*other, Heartbeat { incarnation, sequence, suspects: suspects.clone() });
    }
    state.sequence = sequence;
    let next = state.started.plus(config.interval().times(sequence + 1));
    effects.set_timer(Timer::Beat, next.max(now));
}

/// Brings the output up to date, tells when it changed, and waits for the next suspicion.
fn settle(
    config: &Config,
    state: &mut State,
    now: Nanos,
    before: &BTreeSet<NodeId>,
    effects: &mut Effects<Watching>,
) {
    let own = state.own(now);
    if config.gossip {
        state.output.extend(own);
    } else {
        state.output = own;
    }
    invariant!(I1, !state.output.contains(&config.me), "{} suspects itself", config.me);
    if let Some(deadline) = state.watch.as_ref().and_then(|watch| watch.deadline(now)) {
        effects.set_timer(Timer::Deadline, deadline);
    }
    if state.output != *before {
        effects.output(state.output.clone());
    }
}
