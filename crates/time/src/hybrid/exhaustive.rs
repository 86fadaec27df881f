//! Every schedule of a few nodes, up to a depth, against the definition of a hybrid stamp.
//!
//! A schedule is a list of moves, each with whatever the moving node's clock may show then:
//!
//! ```text
//!   tick         the true time goes on by one unit of 2^-16 s
//!   event        a local event, or a send: its stamp may arrive anywhere, any time, any number
//!                of times, in any order
//!   receive      an earlier event's stamp arrives; so does one that a stranger made up, around
//!                the edge of what may be accepted
//!   restart      the node forgets all but its durable floor, which is raised whenever it must be
//! ```
//!
//! A clock's middle is anywhere within ERROR units of the true time, also behind what it showed
//! before. What a stamp has to be is worked out from the causal past as a set, without the clock's
//! rules: the paper's theorems 1 to 4 and its corollary on the counter, and our refusals.

use super::clock::farthest;
use super::mutant::{ALL, Mutant};
use super::{HybridClock, Refused, SharedClock, Stamp};
use avouch_promise::{Interval, Nanos, WallTime};

/// How far off a clock's middle may be, in units.
const ERROR: i64 = 1;
/// 2026, in units.
const EPOCH: i64 = 1_780_000_000 << 16;
const MOST: usize = 12;

fn time(unit: i64) -> WallTime {
    Stamp(unit.unsigned_abs() << 16).time()
}

fn bound() -> Nanos {
    Stamp::unit().times(ERROR.unsigned_abs())
}

/// What happened at a node, with the set of what happened before it, itself included.
#[derive(Clone, Copy)]
struct Event {
    node: usize,
    stamp: Stamp,
    /// The unit that its clock showed; of a restart, nothing.
    shown: Option<i64>,
    past: u32,
}

#[derive(Clone)]
struct Node {
    clock: HybridClock,
    shared: (Stamp, Stamp, Stamp),
    /// Survives a restart.
    durable: Stamp,
}

/// One schedule so far.
#[derive(Clone)]
struct World {
    now: i64,
    nodes: Vec<Node>,
    events: Vec<Event>,
    mutant: Mutant,
    /// Whether a stranger's stamp was let in: the bound ahead of time is another one then.
    strange: bool,
}

/// What a schedule showed that must not be.
type Found = Result<(), String>;

#[derive(Default)]
struct Counts {
    schedules: u64,
    events: u64,
    refused: u64,
    early: u64,
}

fn recovered(durable: Stamp, mutant: Mutant) -> HybridClock {
    HybridClock::recover(durable, bound()).planted(mutant)
}

impl World {
    fn new(nodes: usize, mutant: Mutant) -> Self {
        let node = Node {
            clock: recovered(Stamp::ZERO, mutant),
            shared: (Stamp::ZERO, Stamp::ZERO, Stamp::ZERO),
            durable: Stamp::ZERO,
        };
        let (nodes, events) = (vec![node; nodes], Vec::new());
        Self { now: EPOCH, nodes, events, mutant, strange: false }
    }

    /// What node's clock shows when its middle is off by so many units.
    fn wall(&self, off: i64) -> Interval {
        Interval::around(time(self.now + off), bound())
    }

    fn past_of(&self, node: usize) -> u32 {
        let own = self.events.iter().rposition(|event| event.node == node);
        own.map_or(0, |last| self.events[last].past)
    }

    /// Asks a node for a stamp, and raises its floor first where that is needed.
    fn ask(&mut self, node: usize, seen: Option<Stamp>, off: i64) -> Result<Stamp, Refused> {
        let wall = self.wall(off);
        let node = &mut self.nodes[node];
        let once = |clock: &mut HybridClock| match seen {
            Some(seen) => clock.receive(seen, wall),
            None => clock.now(wall),
        };
        match once(&mut node.clock) {
            Err(Refused::Floor(_)) => {
                node.durable = node.clock.wanted(wall, Nanos::ZERO);
                node.clock.reserve(node.durable);
                once(&mut node.clock)
            }
            other => other,
        }
    }

    /// The same of the shared clock, whose state is put back from what it was left with.
    fn ask_shared(&mut self, node: usize, seen: Option<Stamp>, off: i64) -> Result<Stamp, Refused> {
        let wall = self.wall(off);
        let node = &mut self.nodes[node];
        let (start, last, floor) = node.shared;
        let clock = SharedClock::with(start, last, floor, bound());
        let once = || match seen {
            Some(seen) => clock.receive(seen, wall),
            None => clock.now(wall),
        };
        let answer = match once() {
            Err(Refused::Floor(_)) => {
                clock.reserve(clock.wanted(wall, Nanos::ZERO));
                once()
            }
            other => other,
        };
        node.shared = (start, clock.last(), clock.floor());
        answer
    }

    /// A node's event, with what arrived: an earlier event, or a stranger's stamp.
    fn step(&mut self, node: usize, from: Option<From>, off: i64, counts: &mut Counts) -> Found {
        let seen = from.map(|from| match from {
            From::Event(event) => self.events[event].stamp,
            From::Stranger(stamp) => stamp,
        });
        let (before, wall) = (self.nodes[node].clock.last(), self.wall(off));
        let answer = self.ask(node, seen, off);
        if self.mutant == Mutant::None && self.ask_shared(node, seen, off) != answer {
            return Err(format!("the shared clock gives something else than {answer:?}"));
        }
        counts.events += 1;
        let stamp = match answer {
            Ok(stamp) => stamp,
            Err(refused) => {
                counts.refused += 1;
                return self.refusal(node, from, refused, (before, wall), counts);
            }
        };
        let mut past = self.past_of(node);
        match from {
            Some(From::Event(event)) => past |= self.events[event].past,
            Some(From::Stranger(strange)) => {
                if strange > farthest(wall, bound()) {
                    return Err(format!("{strange} was accepted, which no honest clock gave"));
                }
                self.strange = true;
                // It counts as an event of nobody, which this one follows.
                let event = Event { node: MOST, stamp: strange, shown: None, past: 0 };
                past |= self.push(event);
            }
            None => {}
        }
        let shown = Some(self.now + off);
        self.push(Event { node, stamp, shown, past });
        self.judge()
    }

    fn push(&mut self, event: Event) -> u32 {
        let bit = 1 << self.events.len();
        self.events.push(Event { past: event.past | bit, ..event });
        bit
    }

    fn refusal(
        &self,
        node: usize,
        from: Option<From>,
        refused: Refused,
        (before, wall): (Stamp, Interval),
        counts: &mut Counts,
    ) -> Found {
        if self.nodes[node].clock.last() != before {
            return Err(format!("the clock moved when it refused: {refused}"));
        }
        match (refused, from) {
            (Refused::Ahead { .. }, Some(From::Stranger(stamp))) => {
                let most = farthest(wall, bound());
                if stamp <= most { Err(format!("{stamp} is not ahead of {most}")) } else { Ok(()) }
            }
            // What was let in from a stranger may be too far ahead for others.
            (Refused::Ahead { .. }, _) if self.strange => Ok(()),
            (Refused::Early { floor, wait }, _) => {
                counts.early += 1;
                let honest = wall.earliest.plus(bound()).0;
                let least = floor.time().0 - honest;
                let late = wait.0.cast_signed();
                if floor == self.nodes[node].durable && (1..=least.max(1)).contains(&late) {
                    return Ok(());
                }
                Err(format!("told to wait for {wait} at {honest} for {floor}"))
            }
            (refused, _) => Err(format!("an honest stamp is refused: {refused}")),
        }
    }

    /// The last event against all before it.
    fn judge(&self) -> Found {
        let Some((last, before)) = self.events.split_last() else { return Ok(()) };
        let is_past = |place: usize| last.past & (1 << place) != 0;
        let past = || before.iter().enumerate().filter(|(place, _)| is_past(*place));
        let stamp = last.stamp;
        // Theorem 1: what happened before has the lower stamp.
        if let Some((_, event)) = past().find(|(_, event)| event.stamp >= stamp) {
            return Err(format!("{stamp} does not follow {}, which happened before", event.stamp));
        }
        if stamp >= self.nodes[last.node].durable {
            return Err(format!("{stamp} is above the durable floor"));
        }
        // Theorem 2 and I3: the time is the latest of all that was shown before.
        let shown = last.shown.unwrap_or(0).unsigned_abs();
        let of = |event: &Event| event.shown.map_or(event.stamp.units(), i64::unsigned_abs);
        let latest = past().map(|(_, event)| of(event)).chain([shown]).max().unwrap_or(0);
        if stamp.units() != latest {
            return Err(format!("{stamp} is of unit {}, not {latest}", stamp.units()));
        }
        // Theorem 4: the counter is the longest chain of that time, which ends here. A chain's
        // members follow each other, so its length is one more than that of the event before.
        let alike = past().filter(|(_, event)| event.stamp.units() == latest);
        let chain = alike.map(|(_, event)| event.stamp.counter() + 1).max().unwrap_or(0);
        if stamp.counter() != chain {
            return Err(format!("{stamp} has counter {}, not {chain}", stamp.counter()));
        }
        self.close(last)
    }

    /// Theorem 3 and its corollary: near the true time, and few of one time.
    fn close(&self, last: &Event) -> Found {
        let stamp = last.stamp;
        let ahead = stamp.units().cast_signed() - self.now;
        let most = if self.strange { 3 * ERROR } else { ERROR };
        if !(-ERROR..=most).contains(&ahead) {
            return Err(format!("{stamp} is {ahead} units ahead of the true time"));
        }
        // The paper's clocks tick between any two events of a node, and go forward.
        let ticks = (0..self.nodes.len()).all(|node| {
            let own = self.events.iter().filter(|event| event.node == node);
            own.clone()
                .zip(own.skip(1))
                .all(|(one, next)| one.shown.is_some() && one.shown < next.shown)
        });
        let epsilon = 2 * ERROR.unsigned_abs(); // between any two clocks
        let most = self.nodes.len() as u64 * (epsilon + 1);
        if ticks && !self.strange && u64::from(stamp.counter()) >= most {
            return Err(format!("{stamp} has a counter of {most} or more"));
        }
        Ok(())
    }

    fn restart(&mut self, node: usize) {
        let durable = self.nodes[node].durable;
        let past = self.past_of(node);
        self.nodes[node].clock = recovered(durable, self.mutant);
        self.nodes[node].shared = (durable, durable, durable);
        // The floor is as a stamp that was given to nobody; all the node did is before it.
        self.push(Event { node, stamp: durable, shown: None, past });
    }
}

#[derive(Clone, Copy, Debug)]
enum From {
    Event(usize),
    Stranger(Stamp),
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Tick,
    Step(usize, Option<From>, i64),
    Restart(usize),
}

fn moves(world: &World, strangers: bool) -> Vec<Move> {
    let mut all = vec![Move::Tick];
    for node in 0..world.nodes.len() {
        for off in -ERROR..=ERROR {
            all.push(Move::Step(node, None, off));
            for (place, event) in world.events.iter().enumerate() {
                // Restarts and strangers sent nothing.
                if event.node != node && event.shown.is_some() {
                    all.push(Move::Step(node, Some(From::Event(place)), off));
                }
            }
            if strangers {
                let edge = farthest(world.wall(off), bound());
                // At the edge the counter carries, which is not what is looked at here.
                for stamp in [Stamp(edge.0 - 9), Stamp(edge.0 + 1), Stamp(u64::MAX)] {
                    all.push(Move::Step(node, Some(From::Stranger(stamp)), off));
                }
            }
        }
        // One that was never asked, or has restarted since, would be the same again.
        let last = world.events.iter().rfind(|event| event.node == node);
        if last.is_some_and(|event| event.shown.is_some()) {
            all.push(Move::Restart(node));
        }
    }
    all
}

fn explore(
    world: &World,
    depth: usize,
    strangers: bool,
    path: &mut Vec<Move>,
    counts: &mut Counts,
) -> Found {
    if depth == 0 {
        counts.schedules += 1;
        return Ok(());
    }
    for step in moves(world, strangers) {
        let mut next = world.clone();
        path.push(step);
        let found = match step {
            Move::Tick => {
                next.now += 1;
                Ok(())
            }
            Move::Step(node, from, off) => next.step(node, from, off, counts),
            Move::Restart(node) => {
                next.restart(node);
                Ok(())
            }
        };
        found.map_err(|what| format!("{what}; after {path:?}"))?;
        explore(&next, depth - 1, strangers, path, counts)?;
        path.pop();
    }
    Ok(())
}

fn all(nodes: usize, depth: usize, strangers: bool, mutant: Mutant) -> Result<Counts, String> {
    let mut counts = Counts::default();
    explore(&World::new(nodes, mutant), depth, strangers, &mut Vec::new(), &mut counts)?;
    Ok(counts)
}

/// One, two and three nodes: no schedule breaks a bound.
#[test]
//= §3.3.1 update-rules test
//= §3.3.1 monotonic test
//= §3.3.1 skew-bound test
fn every_schedule_of_a_few_nodes_keeps_the_bounds() {
    // A campaign looks further than a test has time for.
    let further = usize::from(std::env::var_os("AVOUCH_SEEDS").is_some());
    let depths = [
        (1, 7 + 2 * further, false),
        (2, 6 + further, false),
        (3, 5 + further, false),
        (1, 5 + further, true),
        (2, 4 + further, true),
        (3, 3 + further, true),
    ];
    for (nodes, depth, strangers) in depths {
        let counts = all(nodes, depth, strangers, Mutant::None).unwrap_or_else(|found| {
            panic!("{nodes} nodes, {depth} moves: {found}");
        });
        let Counts { schedules, events, refused, early } = counts;
        println!(
            "{nodes} nodes, {depth} moves{}: {schedules} schedules, {events} events, {refused} \
             refused ({early} too early after a restart)",
            if strangers { ", strangers" } else { "" }
        );
        assert!(early > 0 && (refused > early) == strangers, "{refused} {early}");
    }
}

/// Each seeded bug breaks one in a few moves.
#[test]
fn every_planted_bug_of_the_hybrid_clock_is_caught_by_a_schedule() {
    for mutant in ALL {
        let found = (1..=5).find_map(|depth| {
            [false, true].into_iter().find_map(|strangers| {
                let depth = if strangers { depth.min(3) } else { depth };
                all(2, depth, strangers, mutant).err()
            })
        });
        println!("{mutant:?}: {}", found.unwrap_or_else(|| panic!("{mutant:?} lives")));
    }
}
