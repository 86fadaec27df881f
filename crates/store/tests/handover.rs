//! How long nobody leads when a leader stops: without a word, said by others to have stopped for
//! good, or with a farewell of its own before a restart.
//!
//! ```text
//!   silent      stops ........ end of a period ........ end of a period: somebody leads
//!   fail-stop   stops, all are told -> the next in turn asks for promises -> leads
//!   departure   says farewell, stops -> the same, one way later
//! ```
#![allow(clippy::unwrap_used, reason = "a test may")]

use avouch_agreement::Mutant;
use avouch_agreement::explore::Reached;
use avouch_agreement::log::{Command, Observation, Output, State};
use avouch_machine::CommandId;
use avouch_promise::{Ballot, Nanos, NodeId, Random};
use avouch_store::campaign::partial::{Bare, Setup, Subject, TIMEOUT};
use avouch_world::{Delay, Driver, Fault, Link, Options, Outcome, World};
use std::collections::BTreeSet;

const SEEDS: u64 = 40;
/// When the first leader stops; the others follow.
const FIRST: Nanos = Nanos(30 * TIMEOUT.0);
/// How long a node that is restarted is down: its peers may hear it again only in the period in
/// which the next one stops.
const DOWN: Nanos = Nanos(TIMEOUT.0 / 4);
/// A handover is three messages and two syncs, below a period: farewell, question, promise.
const BOUND: Nanos = Nanos(TIMEOUT.0 * 3 / 4);

/// How a leader stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// It is gone for good, and nobody is told.
    Silent,
    /// It is gone for good, and everybody is told.
    Told,
    /// It says farewell, ends a sync later, and comes back.
    Departs,
}

impl Stop {
    /// From one stop to the next.
    fn between(self) -> Nanos {
        match self {
            Self::Departs => Nanos(TIMEOUT.0 * 12 / 10),
            Self::Silent | Self::Told => TIMEOUT.times(20),
        }
    }
}

/// Stops the leader so many times, and measures how long nobody leads.
struct Stops {
    how: Stop,
    times: u64,
    /// What the leader that stops has led.
    ballot: Ballot,
    stopping: Option<NodeId>,
    stopped_at: Option<Nanos>,
    gaps: Vec<Nanos>,
    proposed: u64,
    decided: BTreeSet<u64>,
}

const STOP: u64 = 0;
const PROPOSE: u64 = 1;
const END: u64 = 2;

impl Stops {
    fn run(how: Stop, times: u64, seed: u64, mutant: Option<Mutant>) -> Self {
        // Of three, the two that are left must both have been heard lately.
        let nodes = if how == Stop::Departs { 3 } else { 5 };
        let setup = Setup { nodes, timeout: TIMEOUT, seed };
        let mut configs = Bare::configs(&setup);
        for config in &mut configs {
            config.mutant = mutant;
        }
        let delay = Delay::log_normal(Nanos::from_millis(3), Nanos::from_millis(8));
        let options = Options { link: Link::with(delay).in_order(), ..Options::default() };
        let mut world: World<Bare> = World::new(seed, options, configs);
        let mut stops = Self {
            how,
            times,
            ballot: Ballot::default(),
            stopping: None,
            stopped_at: None,
            gaps: Vec::new(),
            proposed: 0,
            decided: BTreeSet::new(),
        };
        let until = FIRST.plus(how.between().times(times + 1)).plus(TIMEOUT.times(5));
        world.run_until(&mut stops, until);
        let outcome = Outcome::of(&world);
        assert_eq!(outcome.violation, None, "seed {seed}");
        assert_eq!(stops.gaps.len() as u64, times, "seed {seed}: nobody leads at the end");
        assert!(
            stops.decided.len() as u64 > stops.proposed * 9 / 10,
            "seed {seed}: little is decided"
        );
        stops
    }
}

impl Driver<Bare> for Stops {
    fn on_begin(&mut self, world: &mut World<Bare>) {
        // Anywhere within a period, for its end is what a silent stop is noticed at.
        let within = Nanos(world.random().below(TIMEOUT.0));
        for time in 0..self.times {
            world.wake(FIRST.plus(within).plus(self.how.between().times(time)), STOP);
        }
        world.wake(TIMEOUT, PROPOSE);
    }

    fn on_wakeup(&mut self, world: &mut World<Bare>, key: u64) {
        match key {
            PROPOSE => {
                let up: Vec<_> = world.nodes().filter(|node| world.is_up(*node)).collect();
                let node = up[self.proposed as usize % up.len()];
                let numbers = self.proposed..self.proposed + 1;
                self.proposed += 1;
                world.command(node, CommandId(self.proposed), Bare::propose(numbers));
                world.wake(world.now().plus(Nanos(TIMEOUT.0 / 10)), PROPOSE);
            }
            STOP => {
                let leads = |(node, state): (NodeId, &State<Reached>)| Some((state.leads()?, node));
                let (ballot, leader) = world.states().filter_map(leads).max().unwrap();
                self.ballot = ballot;
                self.stopping = Some(leader);
                self.stopped_at = Some(world.now());
                match self.how {
                    Stop::Silent => world.inject(Fault::CrashStop { node: leader }),
                    Stop::Told => world.inject(Fault::FailStop { node: leader }),
                    Stop::Departs => {
                        world.command(leader, CommandId(u64::MAX), Command::Depart);
                        // A host sends what there is to send, and ends.
                        world.wake(world.now().plus(Nanos::from_micros(100)), END);
                    }
                }
            }
            _ => {
                let node = self.stopping.unwrap();
                world.inject(Fault::Crash { node });
                world.schedule(world.now().plus(DOWN), Fault::Restart { node });
            }
        }
    }

    fn on_output(&mut self, _: &mut World<Bare>, _: NodeId, output: Output<Reached>) {
        let numbers = Bare::decided(&output).into_iter().map(|decided| decided.number);
        self.decided.extend(numbers);
    }

    fn on_observation(&mut self, world: &mut World<Bare>, _: NodeId, seen: Observation) {
        if let Observation::Leading(ballot) = seen
            && ballot > self.ballot
            && let Some(at) = self.stopped_at.take()
        {
            self.gaps.push(world.now().minus(at));
        }
    }
}

/// The times without a leader of many seeds, in order, and a line about them.
fn gaps(how: Stop, times: u64, mutant: Option<Mutant>) -> Vec<Nanos> {
    let first = Random::seed_from_environment();
    let runs = (first..first + SEEDS).map(|seed| Stops::run(how, times, seed, mutant));
    let mut gaps: Vec<_> = runs.flat_map(|run| run.gaps).collect();
    gaps.sort_unstable();
    let millis = |at: usize| gaps.get(at).map_or(0, |gap| gap.0 / 1_000_000);
    println!(
        "{how:?}, {mutant:?}: {} stops of a leader, nobody leads for min {} ms, p50 {} ms, p99 {} ms, max {} ms",
        gaps.len(),
        millis(0),
        millis(gaps.len() / 2),
        millis(gaps.len() * 99 / 100),
        millis(gaps.len() - 1),
    );
    gaps
}

/// Whether every stop was made good within the bound.
fn in_time(gaps: &[Nanos]) -> bool {
    gaps.iter().all(|gap| *gap <= BOUND)
}

//= §4.1.1 fail-stop test
#[test]
fn who_is_told_that_the_leader_has_stopped_does_not_wait_for_it() {
    assert!(in_time(&gaps(Stop::Told, 2, None)));
}

#[test]
fn a_leader_that_says_farewell_is_followed_by_another_within_a_period() {
    assert!(in_time(&gaps(Stop::Departs, 5, None)));
}

#[test]
fn without_a_word_an_election_takes_its_periods() {
    let gaps = gaps(Stop::Silent, 2, None);
    assert!(gaps.iter().all(|gap| *gap > BOUND), "the bound tells nothing apart");
    assert!(gaps.iter().all(|gap| *gap <= TIMEOUT.times(4)));
}

#[test]
fn who_does_not_listen_is_late() {
    for how in [Stop::Told, Stop::Departs] {
        assert!(!in_time(&gaps(how, 1, Some(Mutant::IgnoreFarewell))), "{how:?}");
    }
}
