//! The world: nodes, links and virtual time; one thread, one seed, one run.
//!
//! ```text
//!   pop the earliest event --> trace --> host: step, effects --> queue, links, disk
//!            ^                                 |
//!            +--- commands, faults, wakeups <--+-- driver's hooks
//! ```
//!
//! Everything random is drawn from streams that the seed names, one stream a purpose, so that a
//! change in one place does not shift the draws of another.
//!
//! Invariants:
//! - I1 The same seed, options, nodes and driver give the same trace hash.
//! - I2 A node's state is touched by its own steps and by recovery only.

use crate::bandwidth::Flows;
use crate::clock::{Clock, true_time};
use crate::counters::{Count, Counters};
use crate::disk::Disk;
use crate::driver::Driver;
use crate::fault::{Fault, Script};
use crate::host::{Held, Pending};
use crate::link::{Links, index, node};
use crate::options::Options;
use crate::passage::Passages;
use crate::processor::Processor;
use crate::queue::Queue;
use crate::recorder::{Header, Recorder};
use crate::saturation::Saturation;
use crate::simulated::Simulated;
use crate::story::Story;
use crate::synchrony::Dial;
use crate::timers::Timers;
use crate::trace::{Trace, TraceHash};
use avouch_machine::{CommandId, Effects, Seq};
use avouch_promise::{Incarnation, Nanos, NodeId, Random, WallTime};
use std::collections::{BTreeMap, VecDeque};
use std::hash::Hasher;

/// What a node has only while it is up.
pub(crate) struct Running<P: Simulated> {
    pub(crate) state: P::State,
    pub(crate) timers: Timers<P::Timer>,
    pub(crate) held: BTreeMap<(Seq, u64), Held<P>>,
    pub(crate) paused_until_ns: Option<u64>,
    pub(crate) backlog: VecDeque<Pending<P>>,
    /// What the processor works on, and what waits for it.
    pub(crate) working: VecDeque<Pending<P>>,
}

/// A node and what belongs to it.
pub(crate) struct Node<P: Simulated> {
    pub(crate) id: NodeId,
    pub(crate) config: P::Config,
    pub(crate) running: Option<Running<P>>,
    pub(crate) disk: Disk<P>,
    pub(crate) clock: Clock,
    pub(crate) drawn_clock: Clock,
    pub(crate) choices: Random,
    pub(crate) disk_random: Random,
    /// Counts lives, so that what was under way in an earlier one is recognised.
    pub(crate) life: u64,
    pub(crate) incarnation: Incarnation,
    pub(crate) doubtful: bool,
    pub(crate) paused_at_ns: u64,
    /// Whether what waited during a pause is being taken in.
    pub(crate) catching_up: bool,
    /// What steps cost; none while they cost nothing.
    pub(crate) processor: Option<Box<Processor>>,
    /// Others that keep the disk busy.
    pub(crate) saturation: Option<Box<Saturation>>,
    /// Whether it never starts again.
    pub(crate) gone: bool,
    /// How many of its messages it rewrites.
    pub(crate) rewrites: f64,
}

impl<P: Simulated> Node<P> {
    /// Whether its disk says that it never started, although it did.
    pub(crate) fn is_amnesiac(&self) -> bool {
        self.life > 0 && self.disk.is_blank()
    }
}

/// What the driver is still to hear.
pub(crate) enum Notice<P: Simulated> {
    Output(NodeId, P::Output),
    Observation(NodeId, P::Observation),
    Stepped(NodeId),
    Crashed(NodeId),
    Started(NodeId),
    Wakeup(u64),
}

/// A simulated world of nodes that run `P`, numbered from 1.
pub struct World<P: Simulated> {
    pub(crate) seed: u64,
    pub(crate) options: Options,
    pub(crate) now_ns: u64,
    pub(crate) queue: Queue<Pending<P>>,
    pub(crate) nodes: Vec<Node<P>>,
    pub(crate) links: Links,
    /// Messages that share wires; none while bandwidth is not limited.
    pub(crate) flows: Option<Box<Flows<P::Message>>>,
    pub(crate) link_random: Random,
    pub(crate) dial: Option<Box<Dial>>,
    pub(crate) clock_random: Random,
    driver_random: Random,
    pub(crate) trace: Trace,
    pub(crate) counters: Counters,
    pub(crate) story: Story,
    pub(crate) passages: Passages,
    pub(crate) effects: Effects<P>,
    pub(crate) notices: Vec<Notice<P>>,
    pub(crate) tickets: u64,
    pub(crate) violation: Option<String>,
    pub(crate) recorder: Option<Recorder>,
    /// Nodes of whose end every other one is told.
    pub(crate) farewells: Vec<usize>,
    begun: bool,
    at_this_instant: u64,
}

/// The purposes of the random streams.
mod purpose {
    pub(super) const LINKS: u64 = 1;
    pub(super) const CLOCKS: u64 = 2;
    pub(super) const DRIVER: u64 = 3;
    pub(super) const SYNCHRONY: u64 = 6;
    pub(super) const CHOICES: u64 = 1 << 32;
    pub(super) const DISKS: u64 = 2 << 32;
    pub(super) const PROCESSORS: u64 = 7 << 32;
}

impl<P: Simulated> World<P> {
    /// A world with one node for each configuration; all start at time 0, in order.
    pub fn new(seed: u64, options: Options, configs: Vec<P::Config>) -> Self {
        let root = Random::new(seed);
        let mut clock_random = root.fork(purpose::CLOCKS);
        let mut queue = Queue::new(options.mutants.unstable_ties);
        let mut nodes = Vec::with_capacity(configs.len());
        for (at, config) in configs.into_iter().enumerate() {
            let clock = Clock::draw(&options.clock, &mut clock_random);
            nodes.push(Node {
                id: node(at),
                config,
                running: None,
                disk: Disk::new(),
                drawn_clock: clock.clone(),
                clock,
                choices: root.fork(purpose::CHOICES + at as u64),
                disk_random: root.fork(purpose::DISKS + at as u64),
                life: 0,
                incarnation: Incarnation(0),
                doubtful: false,
                paused_at_ns: 0,
                catching_up: false,
                processor: options
                    .processor
                    .always
                    .then(|| Box::new(Processor::new(root.fork(purpose::PROCESSORS + at as u64)))),
                saturation: None,
                gone: false,
                rewrites: 0.0,
            });
            queue.push(0, Pending::Start(at));
        }
        Self {
            seed,
            now_ns: 0,
            queue,
            links: Links::new(nodes.len(), &options.link),
            flows: options.bandwidth.map(|limits| {
                let greedy = options.mutants.unfair_share;
                Box::new(Flows::new(vec![limits; nodes.len()], greedy))
            }),
            nodes,
            link_random: root.fork(purpose::LINKS),
            dial: Dial::of(
                options.synchrony,
                root.fork(purpose::SYNCHRONY),
                options.mutants.ignore_gst,
            )
            .map(Box::new),
            clock_random,
            driver_random: root.fork(purpose::DRIVER),
            trace: Trace::new(),
            counters: Counters::default(),
            story: Story::new(options.story_lines),
            recorder: options.record.then(Recorder::default),
            passages: Passages::default(),
            options,
            effects: Effects::new(),
            notices: Vec::new(),
            tickets: 0,
            violation: None,
            farewells: Vec::new(),
            begun: false,
            at_this_instant: 0,
        }
    }

    /// Runs until virtual time `until`, or until something was found wrong.
    pub fn run_until<D: Driver<P>>(&mut self, driver: &mut D, until: Nanos) {
        if !self.begun {
            self.begun = true;
            driver.on_begin(self);
        }
        while self.advance_until(driver, until.0) {}
        if self.violation.is_none() {
            self.now_ns = self.now_ns.max(until.0);
        }
    }

    /// Takes one event; false when none is left or something was found wrong.
    pub fn advance<D: Driver<P>>(&mut self, driver: &mut D) -> bool {
        self.advance_until(driver, u64::MAX)
    }

    fn advance_until<D: Driver<P>>(&mut self, driver: &mut D, until_ns: u64) -> bool {
        if self.violation.is_some() {
            return false;
        }
        let Some((at_ns, pending)) = self.queue.pop_until(until_ns) else { return false };
        self.at_this_instant = if at_ns == self.now_ns { self.at_this_instant + 1 } else { 0 };
        self.now_ns = at_ns;
        if self.at_this_instant > self.options.events_per_instant_max {
            self.fail(format!("time stands still: {} events at once", self.at_this_instant));
            return false;
        }
        self.counters.add(Count::Events);
        if let Some(recorder) = &mut self.recorder {
            recorder.settle(self.trace.finish());
        }
        self.trace.word(at_ns);
        self.take(pending);
        self.tell(driver);
        true
    }

    fn tell<D: Driver<P>>(&mut self, driver: &mut D) {
        let mut notices = std::mem::take(&mut self.notices);
        for notice in notices.drain(..) {
            match notice {
                Notice::Output(node, output) => driver.on_output(self, node, output),
                Notice::Observation(node, value) => driver.on_observation(self, node, value),
                Notice::Stepped(node) => driver.on_step(self, node),
                Notice::Crashed(node) => driver.on_crash(self, node),
                Notice::Started(node) => driver.on_start(self, node),
                Notice::Wakeup(key) => driver.on_wakeup(self, key),
            }
        }
        self.notices = notices;
    }

    /// Virtual time.
    pub fn now(&self) -> Nanos {
        Nanos(self.now_ns)
    }

    /// The true wall time, which no node knows.
    pub fn true_time(&self) -> WallTime {
        true_time(self.now_ns)
    }

    /// The seed of this run.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Every node, up or down.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<P> {
        (0..self.nodes.len()).map(node)
    }

    pub(crate) fn node(&self, id: NodeId) -> Option<&Node<P>> {
        self.nodes.get(index(id)?)
    }

    pub(crate) fn running(&self, id: NodeId) -> Option<&Running<P>> {
        self.node(id)?.running.as_ref()
    }

    /// A node's state; none while it is down.
    pub fn state(&self, id: NodeId) -> Option<&P::State> {
        self.running(id).map(|running| &running.state)
    }

    /// The states of all nodes that are up.
    pub fn states(&self) -> impl Iterator<Item = (NodeId, &P::State)> {
        self.nodes.iter().filter_map(|n| n.running.as_ref().map(|r| (n.id, &r.state)))
    }

    /// Whether a node is up, paused or not.
    pub fn is_up(&self, id: NodeId) -> bool {
        self.running(id).is_some()
    }

    /// Whether a node never starts again, because it stopped for good or because its disk is gone.
    pub fn is_gone(&self, id: NodeId) -> bool {
        let refused = !self.options.mutants.start_without_memory;
        self.node(id).is_some_and(|node| node.gone || (refused && node.is_amnesiac()))
    }

    /// Whether a node is up and paused.
    pub fn is_paused(&self, id: NodeId) -> bool {
        self.running(id).is_some_and(|running| running.paused_until_ns.is_some())
    }

    /// Whether a node's last start could not trust its disk.
    pub fn is_doubtful(&self, id: NodeId) -> bool {
        self.node(id).is_some_and(|node| node.doubtful)
    }

    /// A node's disk.
    pub fn disk(&self, id: NodeId) -> Option<&Disk<P>> {
        self.node(id).map(|node| &node.disk)
    }

    /// About how many operations wait for a node's disk or are served by it, its own sync included.
    pub fn disk_queue(&self, id: NodeId) -> u64 {
        let queue = self.node(id).and_then(|node| node.saturation.as_ref());
        let own = self.node(id).is_some_and(|node| node.disk.is_syncing());
        queue.map_or(0, |queue| queue.depth(self.now())) + u64::from(own)
    }

    /// Whether a node's uplink is busy; never while its bandwidth is not limited.
    pub fn is_sending(&self, id: NodeId) -> bool {
        let at = self.position(id);
        self.flows.as_ref().zip(at).is_some_and(|(flows, at)| flows.is_sending(at))
    }

    /// Whether a node's processor is busy; never while steps cost nothing.
    pub fn is_working(&self, id: NodeId) -> bool {
        let running = self.node(id).and_then(|node| node.running.as_ref());
        running.is_some_and(|running| !running.working.is_empty())
    }

    /// A node's clocks.
    pub fn clock(&self, id: NodeId) -> Option<&Clock> {
        self.node(id).map(|node| &node.clock)
    }

    /// How often a node has started.
    pub fn incarnation(&self, id: NodeId) -> Option<Incarnation> {
        self.node(id).map(|node| node.incarnation)
    }

    /// The links.
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// The links, to change their nature.
    pub fn links_mut(&mut self) -> &mut Links {
        self.links.suspect_cuts();
        &mut self.links
    }

    /// What is promised of the time that messages take: for drivers and reports, never for nodes.
    pub fn dial(&self) -> Option<&Dial> {
        self.dial.as_deref()
    }

    /// The driver's own stream of randomness.
    pub fn random(&mut self) -> &mut Random {
        &mut self.driver_random
    }

    /// Hands a command to a node, now; false when it is down, and then nothing happens.
    pub fn command(&mut self, node: NodeId, id: CommandId, command: P::Command) -> bool {
        let up = index(node).filter(|_| self.is_up(node));
        let Some((at, life)) = up.and_then(|at| Some((at, self.nodes.get(at)?.life))) else {
            self.counters.add(Count::Refused);
            return false;
        };
        self.queue.push(self.now_ns, Pending::Command { node: at, life, id, command });
        true
    }

    /// Wakes the driver at `at`, or now if that is past.
    pub fn wake(&mut self, at: Nanos, key: u64) {
        self.queue.push(at.0.max(self.now_ns), Pending::Wakeup(key));
    }

    /// Does a fault now, after what is already due.
    pub fn inject(&mut self, fault: Fault) {
        self.schedule(self.now(), fault);
    }

    /// Does a fault at `at`, or now if that is past.
    pub fn schedule(&mut self, at: Nanos, fault: Fault) {
        self.queue.push(at.0.max(self.now_ns), Pending::Fault(Box::new(fault)));
    }

    /// Schedules every fault of a script.
    pub fn play(&mut self, script: &Script) {
        for (at, fault) in script.iter() {
            self.schedule(*at, fault.clone());
        }
    }

    /// Something is wrong; the first such statement ends the run.
    pub fn fail(&mut self, what: impl Into<String>) {
        if self.violation.is_none() {
            let what = what.into();
            self.say(None, format_args!("VIOLATION {what}"));
            self.violation = Some(what);
        }
    }

    /// What was found wrong.
    pub fn violation(&self) -> Option<&str> {
        self.violation.as_deref()
    }

    /// The trace hash so far.
    pub fn trace_hash(&self) -> TraceHash {
        self.trace.hash()
    }

    /// The header of everything in the trace hash so far, if [`Options::record`] keeps them.
    pub fn headers(&self) -> Vec<Header> {
        let mut recorder = self.recorder.clone().unwrap_or_default();
        recorder.settle(self.trace.finish());
        recorder.headers().to_vec()
    }

    /// What the run exercised so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Counts something of the driver's own.
    pub fn note(&mut self, name: &'static str, by: u64) {
        self.counters.note(name, by);
    }

    /// The last lines of what happened, if [`Options::story_lines`] keeps any.
    pub fn story(&self) -> &Story {
        &self.story
    }

    /// Watches messages that leave within a stretch of time, at most so many.
    pub fn watch_messages(&mut self, from: Nanos, until: Nanos, most: usize) {
        self.passages.watch(from, until, most);
    }

    /// The messages that were watched.
    pub fn passages(&self) -> &Passages {
        &self.passages
    }

    /// Adds a line to the story, of a node or of the world.
    pub fn say(&mut self, node: Option<NodeId>, text: std::fmt::Arguments<'_>) {
        if self.story.is_on() {
            self.story.tell(Nanos(self.now_ns), node, text);
        }
    }
}
