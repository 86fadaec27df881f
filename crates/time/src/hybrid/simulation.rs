//! Many events of many nodes, drawn: clocks that wander and are set, messages that come late, twice
//! and out of order, restarts, and stamps that strangers make up.
//!
//! A run is of one of three kinds, which differ in what has to hold (clock.rs, I1 to I3):
//!
//! | kind | order | near the time | counter | every honest stamp is let in |
//! |---|---|---|---|---|
//! | honest: every interval holds the true time | yes | the bound | yes | yes |
//! | strangers send stamps of their own | yes | the bound and the widest interval | yes | |
//! | set: clocks are set to anything in a restart | yes | | yes | |
//!
//! Order is asked of each event and those that it follows at once, from which it follows for all.

use super::clock::{farthest, middle};
use super::mutant::{ALL, Mutant};
use super::{HybridClock, Refused, SharedClock, Stamp};
use avouch_promise::{Interval, Nanos, Random, WallTime};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// 2026.
const EPOCH: i64 = 1_780_000_000_000_000_000;
/// Stamps that one run gives.
const EVENTS: u64 = 20_000;
/// Runs of one seed: a million events.
const RUNS: u64 = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Honest,
    Strangers,
    Set,
}

struct Node {
    clock: HybridClock,
    shared: SharedClock,
    durable: Stamp,
    /// The last stamp that it gave, which its clock may have forgotten.
    given: Stamp,
    /// How far off its middle is.
    off: i64,
    /// By how much its clock was set wrong.
    set: i64,
    /// Half its interval's width.
    half: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    events: u64,
    refused: u64,
    early: u64,
    restarts: u64,
    counter_most: u16,
    ahead_most: i64,
}

struct Run {
    random: Random,
    kind: Kind,
    bound: u64,
    /// How long a floor lasts.
    ahead: Nanos,
    nodes: Vec<Node>,
    now: i64,
    sent: Vec<Stamp>,
    /// How many stamps of a unit were given.
    alike: BTreeMap<u64, u64>,
    counts: Counts,
    mutant: Mutant,
}

impl Run {
    fn draw(mut random: Random, mutant: Mutant) -> Self {
        let kinds = [Kind::Honest, Kind::Honest, Kind::Strangers, Kind::Set];
        let kind = random.pick(&kinds).copied().unwrap_or(Kind::Honest);
        // From a microsecond to a second, each order of magnitude as often.
        let bound = 10_u64.pow(3 + random.below(7) as u32).max(1_000);
        let ahead = Nanos(random.below(4 * bound));
        let count = 2 + random.below(7) as usize;
        let node = |_| Node {
            clock: HybridClock::recover(Stamp::ZERO, Nanos(bound)).planted(mutant),
            shared: SharedClock::recover(Stamp::ZERO, Nanos(bound)),
            durable: Stamp::ZERO,
            given: Stamp::ZERO,
            off: 0,
            set: 0,
            half: bound,
        };
        let nodes = (0..count).map(node).collect();
        let (sent, alike, counts) = (Vec::new(), BTreeMap::new(), Counts::default());
        Self { random, kind, bound, ahead, nodes, now: EPOCH, sent, alike, counts, mutant }
    }

    /// What the node's clock shows: off by no more than it says, unless it was set wrong.
    fn wall(&mut self, at: usize) -> Interval {
        let node = &mut self.nodes[at];
        if self.random.chance(0.01) {
            node.half = self.random.below(self.bound + 1); // a better or a worse time source
        }
        if self.random.chance(0.3) {
            let span = 2 * node.half + 1;
            node.off = self.random.below(span).cast_signed() - node.half.cast_signed();
        }
        let half = node.half.cast_signed();
        node.off = node.off.clamp(-half, half);
        Interval::around(WallTime(self.now + node.off + node.set), Nanos(node.half))
    }

    /// An event with what arrived, on both clocks; the floor is raised where it has to be.
    fn ask(&mut self, at: usize, seen: Option<Stamp>, wall: Interval) -> Result<Stamp, Refused> {
        let node = &mut self.nodes[at];
        let ahead = self.ahead;
        let once = |node: &mut Node| match seen {
            Some(seen) => (node.clock.receive(seen, wall), node.shared.receive(seen, wall)),
            None => (node.clock.now(wall), node.shared.now(wall)),
        };
        let mut answers = once(node);
        if let Err(Refused::Floor(_)) = answers.0 {
            node.durable = node.clock.wanted(wall, ahead);
            node.clock.reserve(node.durable);
            node.shared.reserve(node.durable);
            answers = once(node);
        }
        assert!(self.mutant != Mutant::None || answers.0 == answers.1, "{answers:?}");
        answers.0
    }

    fn step(&mut self) -> Result<(), String> {
        let quick = self.random.chance(0.5);
        self.now += self.random.below(if quick { 200 } else { 40_000 }).cast_signed();
        let at = self.random.below(self.nodes.len() as u64) as usize;
        if self.random.chance(0.001) {
            self.restart(at);
        }
        let wall = self.wall(at);
        let stranger = self.kind == Kind::Strangers && self.random.chance(0.01);
        let seen = if stranger {
            Some(self.stranger(wall))
        } else if !self.sent.is_empty() && self.random.chance(0.5) {
            // The latest, mostly; any that was kept, at times.
            let kept = self.sent.len() as u64;
            let some = if self.random.chance(0.9) { kept.min(4) } else { kept };
            let back = self.random.below(some);
            Some(self.sent[(kept - 1 - back) as usize])
        } else {
            None
        };
        let before = self.nodes[at].clock.last();
        match self.ask(at, seen, wall) {
            Ok(stamp) => self.judge(at, seen, stamp, wall),
            Err(refused) => {
                self.counts.refused += 1;
                self.refusal(at, (seen, stranger), refused, (before, wall))
            }
        }
    }

    /// A made-up stamp: near the edge, or anything.
    fn stranger(&mut self, wall: Interval) -> Stamp {
        let edge = farthest(wall, Nanos(self.bound)).0;
        match self.random.below(4) {
            0 => Stamp(edge.saturating_add(self.random.below(1 << 20))),
            1 => Stamp(edge.saturating_sub(self.random.below(1 << 20))),
            2 => Stamp(u64::MAX),
            _ => Stamp(self.random.bits()),
        }
    }

    /// What is kept is the durable floor alone, and in some runs the clock is set.
    fn restart(&mut self, at: usize) {
        self.counts.restarts += 1;
        let hour = 3_600_000_000_000;
        let node = &mut self.nodes[at];
        if self.kind == Kind::Set {
            let far = self.random.chance(0.5);
            let most = if far { hour } else { self.bound * 4 };
            let set = self.random.below(2 * most).cast_signed() - most.cast_signed();
            node.set = if self.random.chance(0.5) { 0 } else { set };
        }
        let bound = Nanos(self.bound);
        node.clock = HybridClock::recover(node.durable, bound).planted(self.mutant);
        node.shared = SharedClock::recover(node.durable, bound);
    }

    fn judge(
        &mut self,
        at: usize,
        seen: Option<Stamp>,
        stamp: Stamp,
        wall: Interval,
    ) -> Result<(), String> {
        self.counts.events += 1;
        let (now, bound, kind) = (self.now, self.bound.cast_signed(), self.kind);
        let node = &mut self.nodes[at];
        if stamp <= node.given || seen.is_some_and(|seen| stamp <= seen) {
            return Err(format!("{stamp} does not follow {} and {seen:?}", node.given));
        }
        if seen.is_some_and(|seen| seen > farthest(wall, Nanos(self.bound))) {
            return Err(format!("{seen:?} was accepted, which no honest clock gave"));
        }
        if stamp >= node.durable {
            return Err(format!("{stamp} is above the durable floor {}", node.durable));
        }
        if stamp < Stamp::at(middle(wall)) {
            return Err(format!("{stamp} is before {:?}", middle(wall)));
        }
        node.given = stamp;
        // A unit's first stamps are of those whose clocks showed it, or of a floor; every other
        // counts one that was given before.
        let alike = self.alike.entry(stamp.units()).or_default();
        if kind != Kind::Strangers && u64::from(stamp.counter()) > *alike + 1 {
            return Err(format!("{stamp} has a counter above the {alike} that were given"));
        }
        *alike += 1;
        let ahead = stamp.time().0 - now;
        let most = match kind {
            Kind::Honest => bound,
            Kind::Strangers => 3 * bound,
            Kind::Set => i64::MAX,
        };
        // A unit's time may be rounded up by a nanosecond.
        if ahead - 1 > most {
            return Err(format!("{stamp} is {ahead} ns ahead of the true time, bound {bound}"));
        }
        let least = now - bound - Stamp::unit().0.cast_signed();
        if kind != Kind::Set && stamp.time().0 < least {
            return Err(format!("{stamp} is more than the bound behind the true time"));
        }
        let counts = &mut self.counts;
        counts.counter_most = counts.counter_most.max(stamp.counter());
        if kind == Kind::Honest {
            counts.ahead_most = counts.ahead_most.max(ahead * 1_000 / bound);
        }
        self.sent.push(stamp);
        if self.sent.len() > 256 {
            let gone = self.random.below(128) as usize;
            self.sent.remove(gone);
        }
        Ok(())
    }

    fn refusal(
        &mut self,
        at: usize,
        (seen, stranger): (Option<Stamp>, bool),
        refused: Refused,
        (before, wall): (Stamp, Interval),
    ) -> Result<(), String> {
        if self.nodes[at].clock.last() != before {
            return Err(format!("the clock moved when it refused: {refused}"));
        }
        let ahead = seen.is_some_and(|seen| seen > farthest(wall, Nanos(self.bound)));
        match refused {
            Refused::Ahead { .. } if ahead && (stranger || self.kind != Kind::Honest) => Ok(()),
            Refused::Early { wait, .. } => {
                self.counts.early += 1;
                // At times nothing else happens until it is over.
                if self.random.chance(0.05) {
                    self.now += wait.0.cast_signed();
                }
                Ok(())
            }
            _ => Err(format!("an honest stamp is refused: {refused}")),
        }
    }
}

fn simulate(random: Random, mutant: Mutant) -> Result<Counts, String> {
    let mut run = Run::draw(random, mutant);
    while run.counts.events < EVENTS {
        run.step().map_err(|what| {
            let (event, kind, bound) = (run.counts.events, run.kind, run.bound);
            format!("event {event} of a run that is {kind:?}, bound {bound} ns: {what}")
        })?;
    }
    Ok(run.counts)
}

fn root() -> Random {
    Random::new(Random::seed_from_environment()).fork(44)
}

/// Runs are of a campaign as many as its seeds have, of a test a few.
#[test]
//= §3.3.1 monotonic test
//= §3.3.1 skew-bound test
fn every_simulated_event_keeps_the_bounds() {
    let asked = std::env::var("AVOUCH_SEEDS").ok().and_then(|seeds| seeds.parse::<u64>().ok());
    let runs = asked.map_or(10, |seeds| seeds * RUNS);
    let next = AtomicU64::new(0);
    let work = || {
        let mut sum = Counts::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= runs {
                return sum;
            }
            let counts = simulate(root().fork(number), Mutant::None).unwrap_or_else(|found| {
                let seed = Random::seed_from_environment();
                panic!("repro: AVOUCH_SEED={seed}, run {number}: {found}")
            });
            sum.events += counts.events;
            sum.refused += counts.refused;
            sum.early += counts.early;
            sum.restarts += counts.restarts;
            sum.counter_most = sum.counter_most.max(counts.counter_most);
            sum.ahead_most = sum.ahead_most.max(counts.ahead_most);
        }
    };
    let counts: Vec<_> = std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.map(|all| all.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let sum = |of: fn(&Counts) -> u64| counts.iter().map(of).sum::<u64>();
    let (events, restarts, early) = (sum(|c| c.events), sum(|c| c.restarts), sum(|c| c.early));
    let counter = counts.iter().map(|counts| counts.counter_most).max().unwrap_or(0);
    let ahead = counts.iter().map(|counts| counts.ahead_most).max().unwrap_or(0);
    println!(
        "{events} events in {runs} runs, {restarts} restarts, {} refused ({early} too early after \
         a restart); counters up to {counter}; of the bound, {ahead} thousandths were reached",
        sum(|c| c.refused)
    );
    assert!(events == runs * EVENTS && restarts > 0 && early > 0 && counter > 0);
}

/// Each seeded bug is found within a few runs.
#[test]
fn every_planted_bug_of_the_hybrid_clock_is_caught_by_the_simulation() {
    for mutant in ALL {
        let found = (0..40).find_map(|run| simulate(root().fork(run), mutant).err());
        let seed = Random::seed_from_environment();
        let found = found.unwrap_or_else(|| panic!("{mutant:?} lives; AVOUCH_SEED={seed}"));
        println!("{mutant:?}: {found}");
    }
}
