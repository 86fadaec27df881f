//! Watches a run: hands every hook on to the workload, notes what people will want to see, and
//! looks at the nodes on a fixed grid of virtual time.
//!
//! ```text
//!   world --hooks--> Watch --the same hooks--> Workload (clients, evidence, invariants)
//!                      '--> marks (elections, crashes, starts), lag and what is busy every 5 ms
//! ```
//!
//! A share of samples on a grid is a share of time as long as nothing else runs on that grid;
//! nothing in a run does, for its delays are drawn.

use avouch_agreement::log::Observation;
use avouch_promise::{LogIndex, Nanos, NodeId};
use avouch_store::campaign::{WATCH, Workload};
use avouch_store::node::{Node, Output};
use avouch_world::{Driver, World};

/// How often the nodes are looked at.
const EVERY: Nanos = Nanos::from_millis(5);

/// Something that a node went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It leads.
    Leads,
    /// It went down.
    Down,
    /// It came up.
    Up,
    /// It does not trust its disk, and does not vote.
    Doubtful,
    /// It votes again.
    Rejoined,
    /// It took a peer's checkpoint over.
    Installed,
}

impl Mark {
    /// The mark in a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Leads => "leads",
            Self::Down => "down",
            Self::Up => "up",
            Self::Doubtful => "doubtful",
            Self::Rejoined => "rejoined",
            Self::Installed => "installed",
        }
    }
}

/// What of a node may be busy.
pub const RESOURCES: [&str; 3] = ["disk", "uplink", "processor"];

/// What was seen of one node on the grid.
#[derive(Clone, Debug, Default)]
pub struct Sampled {
    /// How often it was looked at while it was up.
    pub looks: u64,
    /// How often its disk, its uplink and its processor were busy then.
    pub busy: [u64; 3],
    /// How many decided entries it had not applied.
    pub lag_entries: Vec<u64>,
    /// For how long the first of them had been decided.
    pub lag: Vec<Nanos>,
}

/// A watched workload.
pub struct Watch {
    /// The workload.
    pub workload: Workload,
    /// What the nodes went through.
    pub marks: Vec<(Nanos, NodeId, Mark)>,
    /// What was seen of each node.
    pub nodes: Vec<Sampled>,
    /// When each entry was first decided anywhere, by index from 1.
    decided: Vec<Nanos>,
}

impl Watch {
    /// A watch of `nodes` nodes.
    pub fn new(workload: Workload, nodes: u32) -> Self {
        let nodes = vec![Sampled::default(); nodes as usize];
        Self { workload, marks: Vec::new(), nodes, decided: Vec::new() }
    }

    /// How many entries were decided.
    pub fn decided(&self) -> usize {
        self.decided.len()
    }

    fn look(&mut self, world: &World<Node>) {
        for (place, sampled) in self.nodes.iter_mut().enumerate() {
            let node = NodeId(place as u32 + 1);
            let (Some(state), Some(disk)) = (world.state(node), world.disk(node)) else { continue };
            sampled.looks += 1;
            let busy = [disk.is_syncing(), world.is_sending(node), world.is_working(node)];
            for (sum, busy) in sampled.busy.iter_mut().zip(busy) {
                *sum += u64::from(busy);
            }
            let lacks = self.decided.get(state.applied().0 as usize..).unwrap_or_default();
            sampled.lag_entries.push(lacks.len() as u64);
            sampled.lag.push(lacks.first().map_or(Nanos::ZERO, |since| world.now().minus(*since)));
        }
    }

    fn mark(&mut self, world: &World<Node>, node: NodeId, mark: Mark) {
        self.marks.push((world.now(), node, mark));
    }
}

impl Driver<Node> for Watch {
    fn on_begin(&mut self, world: &mut World<Node>) {
        world.wake(EVERY, WATCH);
        self.workload.on_begin(world);
    }

    fn on_wakeup(&mut self, world: &mut World<Node>, key: u64) {
        if key == WATCH {
            self.look(world);
            world.wake(world.now().plus(EVERY), WATCH);
        } else {
            self.workload.on_wakeup(world, key);
        }
    }

    fn on_output(&mut self, world: &mut World<Node>, node: NodeId, output: Output) {
        self.workload.on_output(world, node, output);
    }

    fn on_observation(&mut self, world: &mut World<Node>, node: NodeId, observation: Observation) {
        let mark = match observation {
            Observation::Leading(_) => Some(Mark::Leads),
            Observation::Doubtful => Some(Mark::Doubtful),
            Observation::Rejoined => Some(Mark::Rejoined),
            Observation::Installed(_) => Some(Mark::Installed),
            _ => None,
        };
        if let Some(mark) = mark {
            self.mark(world, node, mark);
        }
        self.workload.on_observation(world, node, observation);
    }

    fn on_start(&mut self, world: &mut World<Node>, node: NodeId) {
        self.mark(world, node, Mark::Up);
        self.workload.on_start(world, node);
    }

    fn on_crash(&mut self, world: &mut World<Node>, node: NodeId) {
        self.mark(world, node, Mark::Down);
        self.workload.on_crash(world, node);
    }

    fn on_step(&mut self, world: &mut World<Node>, node: NodeId) {
        let decided = world.state(node).map_or(LogIndex(0), |state| state.log().decided());
        while (self.decided.len() as u64) < decided.0 {
            self.decided.push(world.now());
        }
        self.workload.on_step(world, node);
    }
}
