//! From weak to strong completeness by telling each other of suspicions.

use avouch_agreement::Killer;
use avouch_agreement::detector::Watching;
use avouch_agreement::detector::watching::{Config, Mutant, Oracle, Seen, Timer};
use avouch_machine::explorer::{Bounds, Explorer, Fact, Network, System};
use avouch_promise::{Incarnation, NodeId};
use std::collections::BTreeSet;

/// What has been said against whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Words {
    /// The first one has heard, or found itself, that the second one is suspected, and has not
    /// heard the second one speak since.
    against: BTreeSet<(NodeId, NodeId)>,
    /// The adversary has the first one suspect the second one.
    own: BTreeSet<(NodeId, NodeId)>,
    /// It has at some time.
    ever: BTreeSet<(NodeId, NodeId)>,
    crashed: BTreeSet<NodeId>,
}

fn record(words: &mut Words, fact: &Fact<Watching>) {
    match fact {
        Fact::Observation { node, observation: Seen::Heard { from, suspects } } => {
            let told = suspects.iter().filter(|whom| *whom != node).map(|whom| (*node, *whom));
            words.against.extend(told);
            if !words.own.contains(&(*node, *from)) {
                words.against.remove(&(*node, *from));
            }
        }
        Fact::Observation { node, observation: Seen::Own(suspects) } => {
            let own: BTreeSet<_> = suspects.iter().map(|whom| (*node, *whom)).collect();
            words.own.retain(|(by, _)| by != node);
            words.own.extend(&own);
            words.ever.extend(&own);
            words.against.extend(own);
        }
        Fact::Crashed(node) => {
            words.crashed.insert(*node);
            words.against.retain(|(by, _)| by != node);
            words.own.retain(|(by, _)| by != node);
        }
        _ => {}
    }
}

type Seeing<'a> = System<'a, Watching, Words>;

fn outputs<'a>(system: &'a Seeing<'_>) -> impl Iterator<Item = (NodeId, NodeId)> + 'a {
    let up = system.states().filter(|(id, _)| !system.history().crashed.contains(id));
    up.flat_map(|(by, state)| state.output().iter().map(move |whom| (by, *whom)))
}

/// Three nodes whose detectors an adversary has, and of which one may crash.
fn three(gossip: bool, mutant: Option<Mutant>) -> Explorer<Watching, Words> {
    let mut configs = Config::cluster(3, Oracle::Adversary, gossip);
    for config in &mut configs {
        config.mutant = mutant;
    }
    let explorer = Explorer::with_history(configs, Words::default(), record)
        .network(Network::Multiset)
        .bounds(Bounds { crashes: 1, in_flight: 4, states: 3_000_000, ..Bounds::default() })
        .timer_limit("changes of mind", 3, |timer| *timer == Timer::Whim)
        .timer_limit("heartbeats", 4, |timer| *timer == Timer::Beat)
        .within("nobody comes back", |system| {
            system.states().all(|(_, state)| state.incarnation() == Incarnation(1))
        })
        .check("nobody is suspected whom no detector ever suspected", |system| {
            let ever: BTreeSet<_> = system.history().ever.iter().map(|(_, whom)| whom).collect();
            let wrong = outputs(system).find(|(_, whom)| !ever.contains(whom));
            wrong.map_or(Ok(()), |(by, whom)| Err(format!("{by} suspects {whom} out of nothing")))
        })
        .reaches("a crash that one node noticed is suspected by all", |system| {
            let history = system.history();
            let noticed = |whom| history.ever.iter().filter(|(_, other)| *other == whom).count();
            let suspected = |whom| outputs(system).filter(|(_, other)| *other == whom).count();
            history.crashed.iter().any(|whom| noticed(*whom) == 1 && suspected(*whom) == 2)
        })
        .reaches("a mistake is made and taken back by all", |system| {
            !system.history().ever.is_empty() && outputs(system).count() == 0
        });
    if gossip { told(explorer) } else { explorer }
}

/// What holds where suspicions are told.
fn told(explorer: Explorer<Watching, Words>) -> Explorer<Watching, Words> {
    explorer
        .check("whom somebody suspects, whoever heard it suspects", |system| {
            let all: BTreeSet<_> = outputs(system).collect();
            let words = &system.history().against;
            let lost = words.iter().find(|word| !all.contains(word));
            lost.map_or(Ok(()), |(by, whom)| Err(format!("{by} does not suspect {whom}")))
        })
        .check("whoever spoke since the last word against it is trusted", |system| {
            let words = &system.history().against;
            let wrong = outputs(system).find(|pair| !words.contains(pair));
            wrong.map_or(Ok(()), |(by, whom)| Err(format!("{by} suspects {whom}")))
        })
}

#[test]
//= §1.2.2 failure-detector hierarchies and their reductions, weak to strong completeness test
fn gossip_makes_completeness_strong_and_keeps_accuracy() {
    let report = three(true, None).run();
    println!("{report}");
    report.verdict().unwrap();
    assert!(report.exhausted);
}

#[test]
fn without_gossip_completeness_stays_weak() {
    let said = three(false, None).run().verdict().unwrap_err();
    assert!(said.contains("a crash that one node noticed"), "{said}");
}

#[test]
fn every_bug_is_killed() {
    let killed = |mutant, wrong: &str| {
        let said = three(true, Some(mutant)).run().verdict().unwrap_err();
        assert!(said.contains(wrong), "{mutant:?}: {said}");
    };
    for mutant in Mutant::ALL {
        assert_eq!(mutant.killer(), Killer::Explorer);
        let wrong = match mutant {
            Mutant::KeepWhoSpoke => "whoever spoke since the last word against it is trusted",
            Mutant::ReplaceBySuspects => "whom somebody suspects, whoever heard it suspects",
            Mutant::TellNothing => "a crash that one node noticed is suspected by all",
        };
        killed(*mutant, wrong);
    }
}
