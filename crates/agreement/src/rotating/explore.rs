//! The worlds in which the rotating coordinator is explored exhaustively, and what it is held to.
//!
//! The detector is an adversary: whoever waits for a coordinator may suspect it at any moment. So
//! what holds here holds on every detector.

use super::{Config, Mutant, Oracle, Rotating, Timer, Value};
use avouch_machine::explorer::{Bounds, Explorer, Fact, Network, Sync, UNBOUNDED};
use avouch_promise::{Nanos, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// What a run has shown to clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shown {
    /// Every value that was ever decided.
    values: BTreeSet<Value>,
    /// How often each node decided in its present life.
    decisions: BTreeMap<NodeId, u32>,
}

fn record(shown: &mut Shown, fact: &Fact<Rotating>) {
    match fact {
        Fact::Output { node, value } => {
            shown.values.insert(*value);
            *shown.decisions.entry(*node).or_default() += 1;
        }
        Fact::Crashed(node) => {
            shown.decisions.remove(node);
        }
        _ => {}
    }
}

/// How much happens in one exploration of three nodes.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// What each node proposes.
    pub proposals: [u64; 3],
    /// The last round that anybody is in.
    pub rounds: u64,
    /// Suspicions, of all nodes together.
    pub suspicions: u32,
    /// Times that something is said again.
    pub resends: u32,
    /// Crashes.
    pub crashes: u32,
    /// Messages on their way at once.
    pub in_flight: u32,
    /// Unique states at most.
    pub states: u64,
}

impl Scope {
    /// Two values, two rounds, suspicions at will.
    pub const SMALL: Self = Self {
        proposals: [1, 1, 2],
        rounds: 2,
        suspicions: UNBOUNDED,
        resends: 0,
        crashes: 0,
        in_flight: UNBOUNDED,
        states: 3_000_000,
    };
}

/// Three nodes, held to agreement and validity. Messages may come again, late or never.
pub fn three(scope: Scope, mutant: Option<Mutant>) -> Explorer<Rotating, Shown> {
    let resend = if scope.resends > 0 { Nanos(1) } else { Nanos::ZERO };
    let mut configs = Config::cluster(&scope.proposals, Oracle::Adversary, resend);
    for config in &mut configs {
        config.mutant = mutant;
    }
    let bounds = Bounds {
        crashes: scope.crashes,
        in_flight: scope.in_flight,
        states: scope.states,
        ..Bounds::default()
    };
    let Scope { rounds, proposals, .. } = scope;
    Explorer::with_history(configs, Shown::default(), record)
        .network(Network::EverSent)
        .disk(Sync::Immediate)
        .bounds(bounds)
        .timer_limit("suspicions", scope.suspicions, |timer| *timer == Timer::Suspect)
        .timer_limit("resends", scope.resends, |timer| *timer == Timer::Resend)
        .within(format!("rounds up to {rounds}, and one node in the next"), move |system| {
            let beyond = || system.states().filter(|(_, state)| state.round() > rounds);
            beyond().count() <= 1 && beyond().all(|(_, state)| state.round() == rounds + 1)
        })
        .check("agreement: one value is decided", |system| {
            let one = system.history().values.len() <= 1;
            one.then_some(()).ok_or_else(|| "two values are decided".to_owned())
        })
        .check("validity: what is decided was proposed", move |system| {
            let alien = system.history().values.iter().find(|v| !proposals.contains(&v.0));
            alien.map_or(Ok(()), |value| Err(format!("{value:?} was never proposed")))
        })
        .check("integrity: a node decides once", |system| {
            let twice = system.history().decisions.iter().find(|(_, count)| **count > 1);
            twice.map_or(Ok(()), |(node, _)| Err(format!("{node} decided twice")))
        })
        .reaches("something is decided", |system| !system.history().values.is_empty())
}
