//! The explorer: walks every state that a system of nodes can reach within stated bounds,
//! breadth first, and tells the shortest way to a state that should not be.
//!
//! ```text
//!   describe                      explore                        tell
//!   Explorer::new(configs)        Search: level by level         Report: counts, bounds, goals
//!     .network .disk .clock   ->    Moves: state -> successors ->  Violation: story, choices
//!     .bounds .commands               perform: one node, one act   replay(choices)
//!     .invariant .reaches               Protocol::step
//! ```
//!
//! A step of the system is one of: a message received (and kept, lost or repeated as the network
//! and the budgets say), a command given, a timer fired, a prefix of the unsynced records made
//! durable, a checkpoint made durable, a load come back, a crash that keeps any prefix of the
//! unsynced records and any of the checkpoints being written, a restart, a tick of the clock. A
//! step with `choose(n)` is taken once per choice. Each distinct (node, act) runs the protocol
//! under the laws (laws.rs), and a panic inside is a violation with its trace.
//!
//! States are compared by 128-bit fingerprints of exact, interned parts; the report prints the
//! chance of having missed one. Not explored: released records coming back after a crash, and
//! partial writes within one record (the store's checksums turn those into lost or doubtful tails).
//!
//! References: Holzmann, *State compression in SPIN* (1997), for keeping equal parts once;
//! Lamport, *Specifying Systems* (2002), chapter 14, for breadth-first search by fingerprint.

pub mod act;
pub mod bounds;
mod kept;
mod moves;
pub mod node;
mod perform;
pub mod report;
mod search;
mod story;
pub mod system;
mod table;

pub use act::{Act, Fact, Served};
pub use bounds::{Bounds, Clock, Network, Sync, UNBOUNDED};
pub use node::{Disk, Envelope, Explorable, Held, Node};
pub use report::{Report, Story, Taken, Violation};
pub use system::{Snapshot, Spent, System};

use act::{ImageBytes, Rewrite, World};
use avouch_promise::{Error, Interval, Nanos, NodeId, WallTime};
use bytes::Bytes;
use search::Search;
use std::hash::Hash;

type Selects<P> = dyn Fn(NodeId, &Act<P>) -> bool;
type Predicate<P, H> = Box<dyn Fn(&System<'_, P, H>) -> bool>;
type Check<P, H> = Box<dyn Fn(&System<'_, P, H>) -> Result<(), String>>;

struct Named<P: Explorable, H> {
    name: String,
    holds: Predicate<P, H>,
}
struct Property<P: Explorable, H> {
    name: String,
    check: Check<P, H>,
}
struct Limit<P: Explorable> {
    name: String,
    count: u32,
    counts: Box<Selects<P>>,
}

/// An exploration: which system, in which world, within which bounds, held to what.
///
/// `H` is the model's history: what must be remembered of outputs, commands and crashes to judge
/// a state. It is a part of the state, so it should remember as little as the properties need.
pub struct Explorer<P: Explorable, H = ()> {
    configs: Vec<P::Config>,
    network: Network,
    sync: Sync,
    /// Nodes whose disk works another way.
    syncs: Vec<(NodeId, Sync)>,
    clock: Clock,
    wall: Box<dyn Fn(NodeId, Nanos) -> Interval>,
    image_bytes: Option<Box<ImageBytes<P>>>,
    bounds: Bounds,
    commands: Vec<(Option<NodeId>, P::Command)>,
    in_order: bool,
    interleaved: bool,
    laws: bool,
    limits: Vec<Limit<P>>,
    within: Vec<Named<P, H>>,
    properties: Vec<Property<P, H>>,
    goals: Vec<Named<P, H>>,
    #[expect(clippy::type_complexity, reason = "a closure that rewrites a system")]
    canonical: Option<Box<dyn Fn(&mut Snapshot<P, H>)>>,
    canonical_node: Option<Box<Rewrite<P>>>,
    history: H,
    #[expect(clippy::type_complexity, reason = "a closure that notes a fact")]
    record: Option<Box<dyn Fn(&mut H, &Fact<P>)>>,
}

impl<P: Explorable> Explorer<P> {
    /// A system with one node per configuration: the i-th is for n(i+1). All nodes have started
    /// on empty disks, messages travel unordered, the clock stands still at one second, and no
    /// fault is in the budget.
    pub fn new(configs: impl IntoIterator<Item = P::Config>) -> Self {
        Self::with_history(configs, (), |(), _| {}).unrecorded()
    }

    fn unrecorded(self) -> Self {
        Self { record: None, ..self }
    }
}

impl<P: Explorable, H: Clone + Eq + Hash> Explorer<P, H> {
    /// The same with a history: `record` notes facts in it as they happen, in order.
    pub fn with_history(
        configs: impl IntoIterator<Item = P::Config>,
        initial: H,
        record: impl Fn(&mut H, &Fact<P>) + 'static,
    ) -> Self {
        Self {
            configs: configs.into_iter().collect(),
            network: Network::default(),
            sync: Sync::default(),
            syncs: Vec::new(),
            clock: Clock::default(),
            wall: Box::new(|_, now| Interval::around(WallTime::default().plus(now), Nanos::ZERO)),
            image_bytes: None,
            bounds: Bounds::default(),
            commands: Vec::new(),
            in_order: false,
            interleaved: false,
            laws: true,
            limits: Vec::new(),
            within: Vec::new(),
            properties: Vec::new(),
            goals: Vec::new(),
            canonical: None,
            canonical_node: None,
            history: initial,
            record: Some(Box::new(record)),
        }
    }

    /// How messages travel.
    #[must_use]
    pub fn network(self, network: Network) -> Self {
        Self { network, ..self }
    }
    /// How the disk works.
    #[must_use]
    pub fn disk(self, sync: Sync) -> Self {
        Self { sync, ..self }
    }
    /// How the disk of this one node works, if not like the others': a story about one slow disk
    /// needs no others, and the steps of each multiply the states.
    #[must_use]
    pub fn disk_of(mut self, node: NodeId, sync: Sync) -> Self {
        self.syncs.push((node, sync));
        self
    }
    /// How time passes.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }
    /// What a node's wall clock shows, given its monotonic one. Unless given, both agree exactly.
    #[must_use]
    pub fn wall(self, wall: impl Fn(NodeId, Nanos) -> Interval + 'static) -> Self {
        Self { wall: Box::new(wall), ..self }
    }
    /// The bytes of a checkpoint, for protocols that load chunks of it.
    #[must_use]
    pub fn image_bytes(self, image_bytes: impl Fn(&P::Image) -> Bytes + 'static) -> Self {
        Self { image_bytes: Some(Box::new(image_bytes)), ..self }
    }
    /// How much of everything.
    #[must_use]
    pub fn bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }
    /// Commands, each given once to its node at any time, or never. The i-th is `CommandId(i+1)`.
    ///
    /// # Panics
    /// If there are more than 64 in all.
    #[must_use]
    pub fn commands(self, commands: impl IntoIterator<Item = (NodeId, P::Command)>) -> Self {
        let count = self.configs.len();
        let checked = commands.into_iter().map(|(to, command)| {
            assert!((1..=count).contains(&(to.0 as usize)), "no node {to} for {command:?}");
            (Some(to), command)
        });
        let checked: Vec<_> = checked.collect();
        self.offer(checked)
    }
    /// Commands, each given once to any one node at any time, or never.
    ///
    /// # Panics
    /// If there are more than 64 in all.
    #[must_use]
    pub fn commands_to_any(self, commands: impl IntoIterator<Item = P::Command>) -> Self {
        self.offer(commands.into_iter().map(|command| (None, command)))
    }
    fn offer(mut self, offers: impl IntoIterator<Item = (Option<NodeId>, P::Command)>) -> Self {
        self.commands.extend(offers);
        assert!(self.commands.len() <= 64, "an exploration takes at most 64 commands");
        self
    }
    /// Commands come in the order in which they were listed.
    #[must_use]
    pub fn commands_in_order(self) -> Self {
        Self { in_order: true, ..self }
    }
    /// At most `count` firings, in one run, of the timers that `counts` selects.
    #[must_use]
    pub fn timer_limit(
        self,
        name: impl Into<String>,
        count: u32,
        counts: impl Fn(&P::Timer) -> bool + 'static,
    ) -> Self {
        self.act_limit(name, count, move |_, act| matches!(act, Act::Fire(key) if counts(key)))
    }
    /// At most `count`, in one run, of the acts that `counts` selects among what nodes do by
    /// themselves: fire a timer, sync, crash, start, ... (not receive a message or a command).
    /// A node's first start counts only where [`Explorer::starts_interleaved`].
    #[must_use]
    pub fn act_limit(
        mut self,
        name: impl Into<String>,
        count: u32,
        counts: impl Fn(NodeId, &Act<P>) -> bool + 'static,
    ) -> Self {
        self.limits.push(Limit { name: name.into(), count, counts: Box::new(counts) });
        self
    }
    /// Nodes begin down, and start one by one between other steps.
    #[must_use]
    pub fn starts_interleaved(self) -> Self {
        Self { interleaved: true, ..self }
    }
    /// Runs steps once and unchecked, for speed. Unless said, every one is under the laws.
    #[must_use]
    pub fn without_laws(self) -> Self {
        Self { laws: false, ..self }
    }
    /// Expands only states in which `holds`: a bound in the model's own terms. Others are
    /// counted, judged and cut off.
    #[must_use]
    pub fn within(
        mut self,
        name: impl Into<String>,
        holds: impl Fn(&System<'_, P, H>) -> bool + 'static,
    ) -> Self {
        self.within.push(Named { name: name.into(), holds: Box::new(holds) });
        self
    }
    /// A property that must hold in every state.
    #[must_use]
    pub fn invariant(
        self,
        name: impl Into<String>,
        holds: impl Fn(&System<'_, P, H>) -> bool + 'static,
    ) -> Self {
        self.check(name, move |system| {
            let wrong = || "does not hold in the last state".to_owned();
            holds(system).then_some(()).ok_or_else(wrong)
        })
    }
    /// A property that must hold in every state, and says what it saw when it does not.
    #[must_use]
    pub fn check(
        mut self,
        name: impl Into<String>,
        check: impl Fn(&System<'_, P, H>) -> Result<(), String> + 'static,
    ) -> Self {
        self.properties.push(Property { name: name.into(), check: Box::new(check) });
        self
    }
    /// A goal: some state must satisfy it, or the exploration has proved less than it seems.
    #[must_use]
    pub fn reaches(
        mut self,
        name: impl Into<String>,
        holds: impl Fn(&System<'_, P, H>) -> bool + 'static,
    ) -> Self {
        self.goals.push(Named { name: name.into(), holds: Box::new(holds) });
        self
    }
    /// Rewrites each state to one that stands for all that behave alike: symmetry, counters
    /// rebased. Sound only if the rewriting commutes with every step and property. Then each
    /// step of a story holds up to that rewriting.
    #[must_use]
    pub fn canonical(self, rewrite: impl Fn(&mut Snapshot<P, H>) + 'static) -> Self {
        Self { canonical: Some(Box::new(rewrite)), ..self }
    }
    /// Rewrites each node after each of its acts, for what only the node itself knows (its
    /// clock, its incarnation). Cheaper than [`Explorer::canonical`].
    #[must_use]
    pub fn canonical_node(self, rewrite: impl Fn(&mut Node<P>) + 'static) -> Self {
        Self { canonical_node: Some(Box::new(rewrite)), ..self }
    }

    /// Explores.
    pub fn run(&self) -> Report {
        Search::new(self).run()
    }

    /// Takes the steps of an earlier [`Violation::choices`] again, in this same exploration or
    /// one with a mended protocol, and tells them.
    pub fn replay(&self, choices: &[u32]) -> Result<Story, Error> {
        Search::new(self).replay(choices)
    }

    fn world(&self, narrate: bool) -> World<'_, P> {
        World {
            configs: &self.configs,
            sync: self.sync,
            syncs: &self.syncs,
            clock: self.clock,
            wall: self.wall.as_ref(),
            image_bytes: self.image_bytes.as_deref(),
            canonical: self.canonical_node.as_deref(),
            laws: self.laws,
            facts: self.record.is_some(),
            narrate,
        }
    }

    fn judge(&self, system: &System<'_, P, H>) -> Option<(String, String)> {
        let failed = |property: &Property<P, H>| {
            let detail = (property.check)(system).err()?;
            Some((property.name.clone(), detail))
        };
        self.properties.iter().find_map(failed)
    }

    fn disks(&self) -> String {
        let own = self.syncs.iter().map(|(node, sync)| format!(" (of {node}: {sync})"));
        std::iter::once(self.sync.to_string()).chain(own).collect()
    }

    /// The bounds and the world, in words.
    fn describe(&self) -> String {
        let mut parts = vec![
            format!("{} nodes, network {}", self.configs.len(), self.network),
            format!("disk {}, clock {}", self.disks(), self.clock),
            format!(
                "{} commands{}",
                self.commands.len(),
                if self.in_order { " in order" } else { "" }
            ),
            self.bounds.to_string(),
        ];
        parts.extend(self.limits.iter().map(|limit| format!("{} {}", limit.name, limit.count)));
        parts.extend(self.within.iter().map(|constraint| format!("only {}", constraint.name)));
        parts.extend(self.canonical.is_some().then(|| "up to symmetry".to_owned()));
        parts.extend(self.canonical_node.is_some().then(|| "nodes rebased".to_owned()));
        parts.extend((!self.laws).then(|| "laws not checked".to_owned()));
        parts.join(", ")
    }
}
