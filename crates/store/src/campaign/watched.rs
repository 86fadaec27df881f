//! The shipped node with its lookout, as one protocol: what a host does beside the node's step is
//! done here, so that a world can hold it.
//!
//! ```text
//!   message in  -> Lookout::came -> the lookout's own are answered; the log's go to the node's step
//!   effect Send -> Lookout::sent, when it leaves: at once, or once its record is durable
//!   Persisted   -> Lookout::synced, by as long as the oldest of its records waited
//!   Timer::Look -> Lookout::look  -> probes, reports, and what is named as an observation
//!   Kernel      -> connections and the disk's queue, as the kernel of a real machine tells them
//! ```
//!
//! - I1 Whatever the lookout does, the node takes the same steps: nothing of it is fed back.

use crate::node::{self, Ask, MachineImage, Node, Output};
use avouch_agreement::gray::{Connection, GrayMutant, Lookout, Verdict};
use avouch_agreement::log::{self, Image, Message, Record};
use avouch_machine::{Effect, Effects, Env, Event, Loaded, Protocol, Recovered, Seq};
use avouch_promise::{Incarnation, Nanos, NodeId, Random};
use avouch_world::Simulated;
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};

/// The shipped node, watching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watched;

/// Its configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The node's.
    pub node: node::Config,
    /// A bug planted in the lookout.
    pub mutant: Option<GrayMutant>,
    /// Whether it has a lookout; without, it is the node alone, to which it is compared.
    pub watching: bool,
}

/// Its state.
#[derive(Debug)]
pub struct State {
    node: node::State,
    lookout: Option<Lookout>,
    /// Messages that wait for their record.
    held: BTreeMap<Seq, Vec<(NodeId, Message)>>,
    /// Records under way to the disk, and since when.
    writing: VecDeque<(Seq, Nanos)>,
    durable: Seq,
}

impl State {
    /// The node's.
    pub const fn node(&self) -> &node::State {
        &self.node
    }
}

/// What is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// By a client.
    Client(Ask),
    /// Nothing: the kernel tells.
    Kernel(Kernel),
}

/// What the kernel tells a node, from outside its process.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kernel {
    /// Of the connections to its peers.
    pub connections: Vec<(NodeId, Connection)>,
    /// Operations in the queue of its disk's device.
    pub queue: u32,
}

/// Its timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The node's.
    Node(node::Timer),
    /// The lookout's.
    Look,
}

/// What it tells whoever watches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Observation {
    /// The node's own.
    Node(node::Observation),
    /// It names a fault.
    Named(Verdict),
    /// Its detector takes a peer to have stopped.
    Suspected(NodeId),
}

impl Protocol for Watched {
    type Config = Config;
    type State = State;
    type Message = Message;
    type Command = Command;
    type Record = Record;
    type Image = Image<MachineImage>;
    type Output = Output;
    type Observation = Observation;
    type Timer = Timer;

    fn recover(config: &Config, recovered: Recovered<Self>) -> State {
        let Recovered { checkpoint, records, next_seq, doubtful } = recovered;
        let durable = Seq(next_seq.0.saturating_sub(1));
        let recovered = Recovered { checkpoint, records, next_seq, doubtful };
        State {
            node: Node::recover(&config.node, recovered),
            lookout: None,
            held: BTreeMap::new(),
            writing: VecDeque::new(),
            durable,
        }
    }

    fn step(
        config: &Config,
        state: &mut State,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        let now = env.monotonic();
        let event = match event {
            Event::Started { incarnation } => {
                state.start(config, incarnation, now, effects);
                Event::Started { incarnation }
            }
            Event::Message { from, message } => {
                let reply = state.lookout.as_mut().and_then(|one| one.came(now, from, &message));
                if let Some(reply) = reply {
                    effects.send(from, reply);
                }
                if message.is_of_lookout() {
                    return;
                }
                Event::Message { from, message }
            }
            Event::Command { id, command: Command::Client(command) } => {
                Event::Command { id, command: node::Command::Ask(command) }
            }
            Event::Command { command: Command::Kernel(told), .. } => return state.told(now, &told),
            Event::Timer(Timer::Look) => return state.look(now, env, effects),
            Event::Timer(Timer::Node(timer)) => Event::Timer(timer),
            Event::Persisted(seq) => {
                state.persisted(now, seq);
                Event::Persisted(seq)
            }
            Event::Checkpointed(seq) => Event::Checkpointed(seq),
            Event::Loaded { id, loaded } => Event::Loaded { id, loaded: of_node(loaded) },
        };
        let mut scratch = Effects::new();
        Node::step(&config.node, &mut state.node, event, env, &mut scratch);
        for effect in scratch.drain() {
            if config.watching {
                state.notice(now, &effect);
            }
            effects.push(outward(effect));
        }
    }
}

impl State {
    fn start(
        &mut self,
        config: &Config,
        incarnation: Incarnation,
        now: Nanos,
        effects: &mut Effects<Watched>,
    ) {
        if !config.watching {
            return;
        }
        let nodes = self.node.log().membership().voters.iter().copied().collect();
        let lookout = Lookout::new(config.node.log.me, incarnation, nodes, now);
        let lookout = lookout.with_mutant(config.mutant);
        effects.set_timer(Timer::Look, lookout.look_at());
        self.lookout = Some(lookout);
    }

    /// The lookout sees what leaves, and what is written.
    fn notice(&mut self, now: Nanos, effect: &Effect<Node>) {
        match effect {
            Effect::Send { to, message, after: Some(seq) } if *seq > self.durable => {
                self.held.entry(*seq).or_default().push((*to, message.clone()));
            }
            Effect::Send { to, message, .. } => self.sent(now, *to, message),
            Effect::Persist { seq, .. } => self.writing.push_back((*seq, now)),
            _ => {}
        }
    }

    fn sent(&mut self, now: Nanos, to: NodeId, message: &Message) {
        if let Some(lookout) = &mut self.lookout {
            lookout.sent(now, to, message);
        }
    }

    fn persisted(&mut self, now: Nanos, through: Seq) {
        self.durable = through;
        let later = self.held.split_off(&through.next());
        for (to, message) in std::mem::replace(&mut self.held, later).into_values().flatten() {
            self.sent(now, to, &message);
        }
        let mut oldest = None;
        while let Some((_, since)) =
            self.writing.front().copied().filter(|(seq, _)| *seq <= through)
        {
            oldest = oldest.or(Some(since));
            self.writing.pop_front();
        }
        if let (Some(since), Some(lookout)) = (oldest, &mut self.lookout) {
            lookout.synced(now, now.minus(since));
        }
    }

    fn told(&mut self, now: Nanos, told: &Kernel) {
        let Some(lookout) = &mut self.lookout else { return };
        lookout.device(now, told.queue.saturating_mul(1_000));
        for (peer, connection) in &told.connections {
            lookout.connection(now, *peer, *connection);
        }
    }

    fn look(&mut self, now: Nanos, env: &mut dyn Env, effects: &mut Effects<Watched>) {
        let Some(lookout) = &mut self.lookout else { return };
        let look = lookout.look(now, env);
        effects.set_timer(Timer::Look, lookout.look_at());
        for suspicion in lookout.suspicions(now).iter().filter(|one| one.suspected) {
            effects.observe(Observation::Suspected(suspicion.peer));
        }
        for (peer, message) in look.sends {
            self.sent(now, peer, &message);
            effects.send(peer, message);
        }
        for verdict in look.named {
            effects.observe(Observation::Named(verdict));
        }
    }
}

fn of_node(loaded: Loaded<Watched>) -> Loaded<Node> {
    match loaded {
        Loaded::Records(records) => Loaded::Records(records),
        Loaded::Chunk(chunk) => Loaded::Chunk(chunk),
        Loaded::Missing => Loaded::Missing,
        Loaded::Corrupt => Loaded::Corrupt,
    }
}

fn outward(effect: Effect<Node>) -> Effect<Watched> {
    match effect {
        Effect::Send { to, message, after } => Effect::Send { to, message, after },
        Effect::Persist { seq, record } => Effect::Persist { seq, record },
        Effect::Checkpoint { seq, image } => Effect::Checkpoint { seq, image },
        Effect::Release { before } => Effect::Release { before },
        Effect::Load { id, what } => Effect::Load { id, what },
        Effect::SetTimer { key, at } => Effect::SetTimer { key: Timer::Node(key), at },
        Effect::CancelTimer(key) => Effect::CancelTimer(Timer::Node(key)),
        Effect::Output { value, after } => Effect::Output { value, after },
        Effect::Observe(observation) => Effect::Observe(Observation::Node(observation)),
    }
}

impl Simulated for Watched {
    fn image_bytes(image: &Image<MachineImage>) -> Bytes {
        Node::image_bytes(image)
    }

    fn message_bytes(message: &Message) -> u64 {
        Node::message_bytes(message)
    }

    fn message_word(message: &Message) -> &'static str {
        Node::message_word(message)
    }

    fn through_wire(message: Message) -> Result<Message, String> {
        Node::through_wire(message)
    }

    fn flipped(message: &Message, bit: u64, checked: bool) -> Option<Message> {
        Node::flipped(message, bit, checked)
    }

    fn rewritten(from: NodeId, message: &Message, random: &mut Random) -> Option<Message> {
        Node::rewritten(from, message, random)
    }

    fn through_disk(record: log::Record) -> Result<log::Record, String> {
        Node::through_disk(record)
    }
}
