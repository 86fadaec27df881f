//! What one node does in one step of an exploration: the host's part (disk, held messages,
//! timers, clock) around the protocol's, branched over every choice that the protocol makes.
//!
//! A pure function of the node and the act, which is why its results may be kept and used again
//! for every state of the system in which this node is in this state.

use crate::effect::{Effect, Effects, What};
use crate::env::Env;
use crate::event::{Chunk, Event, LoadId, Loaded, Seq};
use crate::explorer::act::{Act, Fact, Served, World};
use crate::explorer::bounds::{Clock, Sync};
use crate::explorer::node::{Envelope, Explorable, Held, Node};
use crate::laws::{panic_text, step_lawfully};
use avouch_promise::signature::{Symbolic, SymbolicVerifier};
use avouch_promise::{Interval, Nanos, NodeId, Signature, Signer, Verifier};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The outcome of one act under one sequence of choices.
pub(super) struct Performed<P: Explorable> {
    pub(super) node: Node<P>,
    pub(super) sends: Vec<Envelope<P>>,
    pub(super) facts: Vec<Fact<P>>,
    pub(super) choices: Vec<u32>,
    /// A law broken, a panic, or something that the model lacks.
    pub(super) trouble: Option<String>,
    pub(super) story: Vec<String>,
}

/// Performs `act` once for each sequence of choices.
pub(super) fn perform<P: Explorable>(
    world: &World<'_, P>,
    node: &Node<P>,
    act: &Act<P>,
) -> Vec<Performed<P>> {
    let mut outcomes = Vec::new();
    let mut choices: Vec<(u32, u32)> = Vec::new();
    loop {
        let mut stage = Stage::new(world, node.clone(), choices.clone());
        let attempt = catch_unwind(AssertUnwindSafe(|| stage.act(act)));
        if let Err(panic) = attempt {
            stage.trouble(format!("panic: {}", panic_text(panic.as_ref())));
        }
        choices.clone_from(&stage.choices);
        outcomes.push(stage.done());
        // The next sequence in the order of an odometer: the last choice moves first.
        while let Some((count, chosen)) = choices.pop() {
            if chosen + 1 < count {
                choices.push((count, chosen + 1));
                break;
            }
        }
        if choices.is_empty() {
            return outcomes;
        }
    }
}

/// One node while it acts.
struct Stage<'a, P: Explorable> {
    world: &'a World<'a, P>,
    node: Node<P>,
    /// The choices made so far or prescribed: of how many, which.
    choices: Vec<(u32, u32)>,
    chosen: usize,
    sends: Vec<Envelope<P>>,
    facts: Vec<Fact<P>>,
    trouble: Option<String>,
    story: Vec<String>,
}

impl<'a, P: Explorable> Stage<'a, P> {
    fn new(world: &'a World<'a, P>, node: Node<P>, choices: Vec<(u32, u32)>) -> Self {
        let (sends, facts, story) = (Vec::new(), Vec::new(), Vec::new());
        Self { world, node, choices, chosen: 0, sends, facts, trouble: None, story }
    }

    fn done(mut self) -> Performed<P> {
        if let Some(canonical) = self.world.canonical {
            canonical(&mut self.node);
        }
        Performed {
            node: self.node,
            sends: self.sends,
            facts: self.facts,
            choices: self.choices.iter().map(|(_, chosen)| *chosen).collect(),
            trouble: self.trouble,
            story: self.story,
        }
    }

    fn trouble(&mut self, text: String) {
        self.trouble.get_or_insert(text);
    }

    fn tell(&mut self, text: impl FnOnce() -> String) {
        if self.world.narrate {
            self.story.push(text());
        }
    }

    fn fact(&mut self, fact: Fact<P>) {
        if self.world.facts {
            self.facts.push(fact);
        }
    }

    fn act(&mut self, act: &Act<P>) {
        let node = self.node.id;
        match act {
            Act::Start => self.start(),
            Act::Receive(from, message) => {
                self.feed(Event::Message { from: *from, message: message.clone() });
            }
            Act::Command(id, command) => {
                self.fact(Fact::Command { node, id: *id, command: command.clone() });
                self.feed(Event::Command { id: *id, command: command.clone() });
            }
            Act::Fire(key) => {
                let deadline = self.node.timers.remove(key).unwrap_or_default();
                if self.world.clock == Clock::ByTimers {
                    self.node.now = self.node.now.max(deadline);
                }
                self.feed(Event::Timer(*key));
            }
            Act::Sync(to) => self.sync(*to),
            Act::Checkpoint => self.checkpoint(),
            Act::Load(id, served) => self.load(*id, *served),
            Act::Crash(survives, checkpoints) => self.crash(*survives, *checkpoints),
            Act::Tick(now) => self.node.now = *now,
        }
        if self.world.sync_of(node) == Sync::Immediate {
            self.settle();
        }
    }

    fn start(&mut self) {
        let recovered = self.node.disk.recovered();
        let count = recovered.records.len();
        self.tell(|| format!("recovers from {count} records"));
        let id = self.node.id;
        let config = &self.world.configs[id.0 as usize - 1];
        let state = P::recover(config, recovered.clone());
        if self.world.laws && P::recover(config, recovered) != state {
            self.trouble(format!("{id} recovers one disk to two different states"));
        }
        self.node.state = Some(state);
        self.node.incarnation.0 += 1;
        self.fact(Fact::Started(id));
        self.feed(Event::Started { incarnation: self.node.incarnation });
    }

    fn crash(&mut self, survives: Seq, checkpoints: usize) {
        let node = &mut self.node;
        let lost = node.disk.last().0 - survives.0;
        node.disk.crash(survives, checkpoints);
        node.state = None;
        node.held.clear();
        node.timers.clear();
        node.loads.clear();
        let id = node.id;
        self.tell(|| format!("loses {lost} records"));
        self.fact(Fact::Crashed(id));
    }

    fn sync(&mut self, to: Seq) {
        self.node.disk.durable = to;
        self.node.disk.doubtful = false;
        let held = std::mem::take(&mut self.node.held);
        for (after, what) in held {
            if after > to {
                self.node.held.push((after, what));
            } else {
                self.release(what);
            }
        }
        self.feed(Event::Persisted(to));
    }

    fn release(&mut self, what: Held<P>) {
        let node = self.node.id;
        match what {
            Held::Send(to, message) => {
                self.tell(|| format!("send {to} {message:?}"));
                self.sends.push(Envelope { from: node, to, message });
            }
            Held::Output(value) => {
                self.tell(|| format!("output {value:?}"));
                self.fact(Fact::Output { node, value });
            }
        }
    }

    fn hold_or_release(&mut self, after: Option<Seq>, what: Held<P>) {
        match after {
            Some(seq) if seq > self.node.disk.durable => {
                self.tell(|| match &what {
                    Held::Send(to, message) => {
                        format!("once {} is durable, send {to} {message:?}", seq.0)
                    }
                    Held::Output(value) => {
                        format!("once {} is durable, output {value:?}", seq.0)
                    }
                });
                self.node.held.push((seq, what));
            }
            _ => self.release(what),
        }
    }

    fn checkpoint(&mut self) {
        if !self.node.disk.writing.is_empty() {
            let newest = self.node.disk.writing.remove(0);
            let seq = newest.0;
            self.node.disk.checkpoint = Some(newest);
            self.node.disk.truncate();
            self.feed(Event::Checkpointed(seq));
        }
    }

    fn load(&mut self, id: LoadId, served: Served) {
        let Some(at) = self.node.loads.iter().position(|(load, _)| *load == id) else { return };
        let (_, what) = self.node.loads.remove(at);
        let loaded = match (served, what) {
            (Served::Corrupt, _) => Loaded::Corrupt,
            (Served::Gone, _) => Loaded::Missing,
            (_, What::Records { from, to }) => {
                let to = if served == Served::Short { from } else { to };
                let records = self.node.disk.records.iter();
                let found: Vec<_> =
                    records.filter(|(seq, _)| from <= *seq && *seq <= to).cloned().collect();
                match found.first() {
                    Some((first, _)) if *first == from => Loaded::Records(found),
                    _ => Loaded::Missing,
                }
            }
            (_, What::Chunk { checkpoint, offset, length }) => {
                self.chunk(checkpoint, offset, length)
            }
        };
        self.feed(Event::Loaded { id, loaded });
    }

    fn chunk(&mut self, checkpoint: Option<Seq>, offset: u64, length: u32) -> Loaded<P> {
        let Some((checkpoint, image)) = self.node.disk.readable(checkpoint).cloned() else {
            return Loaded::Missing;
        };
        self.node.disk.lend((checkpoint, image.clone()));
        let Some(image_bytes) = self.world.image_bytes else {
            self.trouble("the model loads a chunk: give Explorer::image_bytes".to_owned());
            return Loaded::Missing;
        };
        let image = image_bytes(&image);
        let start = (offset as usize).min(image.len());
        let end = start.saturating_add(length as usize).min(image.len());
        let bytes = image.slice(start..end);
        Loaded::Chunk(Chunk { checkpoint, offset, bytes, total: image.len() as u64 })
    }

    /// Does the disk's work until there is none left.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            let disk = &self.node.disk;
            if !self.node.is_up() || self.trouble.is_some() {
                return;
            } else if disk.durable < disk.last() {
                self.sync(disk.last());
            } else if !disk.writing.is_empty() {
                self.checkpoint();
            } else if let Some((id, _)) = self.node.loads.first() {
                self.load(*id, Served::Whole);
            } else {
                return;
            }
        }
        self.trouble("the node's disk is never done: every step asks it for more".to_owned());
    }

    /// Gives the protocol one event and carries out its effects.
    fn feed(&mut self, event: Event<P>) {
        let id = self.node.id;
        let config = &self.world.configs[id.0 as usize - 1];
        let Some(mut state) = self.node.state.take() else { return };
        let mut effects = Effects::new();
        let mut env = StageEnv {
            me: id,
            now: self.node.now,
            wall: (self.world.wall)(id, self.node.now),
            choices: &mut self.choices,
            at: &mut self.chosen,
        };
        if self.world.laws {
            let mut next = self.node.disk.next;
            let verdict = step_lawfully::<P>(
                id,
                &mut next,
                config,
                &mut state,
                &event,
                &mut env,
                &mut effects,
            );
            if let Err(breach) = verdict {
                self.trouble(breach.to_string());
            }
        } else {
            P::step(config, &mut state, event, &mut env, &mut effects);
        }
        self.node.state = Some(state);
        for effect in effects.drain() {
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect<P>) {
        let id = self.node.id;
        match effect {
            Effect::Send { to, message, after } => {
                if to.0 == 0 || to.0 as usize > self.world.configs.len() {
                    self.trouble(format!("{id} sends to {to}, which does not exist"));
                } else {
                    self.hold_or_release(after, Held::Send(to, message));
                }
            }
            Effect::Persist { seq, record } => {
                self.tell(|| format!("persist {} {record:?}", seq.0));
                self.node.disk.records.push((seq, record));
                self.node.disk.next = seq.next();
            }
            Effect::Checkpoint { seq, image } => {
                self.tell(|| format!("checkpoint before {}", seq.0));
                self.node.disk.writing.push((seq, image));
            }
            Effect::Release { before } => {
                self.node.disk.released = self.node.disk.released.max(before);
                self.node.disk.truncate();
            }
            Effect::Load { id, what } => {
                self.tell(|| format!("load {what:?}"));
                self.node.loads.push((id, what));
            }
            Effect::SetTimer { key, at } => {
                let still = self.world.clock == Clock::Still;
                self.node.timers.insert(key, if still { Nanos::ZERO } else { at });
            }
            Effect::CancelTimer(key) => {
                self.node.timers.remove(&key);
            }
            Effect::Output { value, after } => self.hold_or_release(after, Held::Output(value)),
            Effect::Observe(observation) => {
                self.tell(|| format!("observe {observation:?}"));
                self.fact(Fact::Observation { node: id, observation });
            }
        }
    }
}

/// The environment of one step: prescribed choices first, then the first of each.
struct StageEnv<'a> {
    me: NodeId,
    now: Nanos,
    wall: Interval,
    choices: &'a mut Vec<(u32, u32)>,
    at: &'a mut usize,
}

impl Env for StageEnv<'_> {
    fn monotonic(&self) -> Nanos {
        self.now
    }
    fn wall(&self) -> Interval {
        self.wall
    }
    fn choose(&mut self, count: u32) -> u32 {
        if *self.at == self.choices.len() {
            self.choices.push((count, 0));
        }
        *self.at += 1;
        self.choices[*self.at - 1].1
    }
    fn sign(&mut self, message: &[u8]) -> Signature {
        Symbolic(self.me).sign(message)
    }
    fn verify(&self, signer: NodeId, message: &[u8], signature: &Signature) -> bool {
        SymbolicVerifier.verify(signer, message, signature)
    }
}
