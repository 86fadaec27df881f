//! The host of each node: takes events to steps, starts and stops it.
//!
//! ```text
//!   Pending --> (cut? down? earlier life?) --> (paused? backlog) --> Event
//!           --> step(Env sampled now) --> laws --> effects, one by one (`effects`)
//! ```
//!
//! It keeps the promises H1 to H6 of [`avouch_machine::protocol`], and holds the protocol to its
//! own laws ([`avouch_machine::laws`]) at every step. What a step does to the world is traced;
//! observations are not, because dropping them must change nothing.

use crate::clock::Clock;
use crate::counters::Count;
use crate::disk::Crash;
use crate::fault::Fault;
use crate::link::node;
use crate::options::Tracing;
use crate::recorder::Header;
use crate::scheme::Scheme;
use crate::simulated::Simulated;
use crate::timers::Due;
use crate::world::{Node, Notice, Running, World};
use avouch_machine::laws::check_effects;
use avouch_machine::{CommandId, Env, Event, LoadId, Seq, What};
use avouch_promise::{Interval, Lack, Nanos, NodeId, Random, Signature, Wall};
use std::collections::{BTreeMap, VecDeque};
use std::hash::{Hash, Hasher};

/// What is still to happen. Nodes stand by their position in the list of nodes.
pub(crate) enum Pending<P: Simulated> {
    Start(usize),
    Deliver {
        from: usize,
        to: usize,
        message: P::Message,
    },
    /// News of another's end: no link carries it and none can cut it.
    Farewell {
        from: usize,
        to: usize,
        message: P::Message,
    },
    Command {
        node: usize,
        life: u64,
        id: CommandId,
        command: P::Command,
    },
    Timer {
        node: usize,
        key: P::Timer,
        ticket: u64,
    },
    Synced {
        node: usize,
        life: u64,
        plan: u64,
    },
    Persisted {
        node: usize,
        life: u64,
        through: Seq,
    },
    /// The disk has read something back.
    ReadBack {
        node: usize,
        life: u64,
        plan: u64,
    },
    Load {
        node: usize,
        life: u64,
        id: LoadId,
        what: What,
    },
    CheckpointWritten {
        node: usize,
        life: u64,
        plan: u64,
    },
    Checkpointed {
        node: usize,
        life: u64,
        seq: Seq,
    },
    Resume {
        node: usize,
        life: u64,
    },
    /// Everything that waited during a pause has been taken in.
    CaughtUp {
        node: usize,
    },
    Wakeup(u64),
    Fault(Box<Fault>),
    /// An event whose step the node's processor has finished.
    Worked {
        node: usize,
        life: u64,
        plan: u64,
    },
    /// A message has left the wires that it shares.
    Flow {
        epoch: u64,
    },
}

/// What waits for a record to become durable.
pub(crate) enum Held<P: Simulated> {
    Send { to: NodeId, message: P::Message },
    Output(P::Output),
}

/// The environment of one step; clocks are read when asked.
struct NodeEnv<'a> {
    node: NodeId,
    clock: &'a Clock,
    sampled_ns: u64,
    choices: &'a mut Random,
    scheme: &'a Scheme,
}

impl Env for NodeEnv<'_> {
    fn monotonic(&self) -> Nanos {
        self.clock.monotonic(self.sampled_ns)
    }
    fn wall(&self) -> Interval {
        self.clock.wall(self.sampled_ns)
    }
    fn clock(&self) -> Wall {
        if self.clock.is_lost() {
            return Wall::none(Lack::Unheard);
        }
        Wall::stated(self.wall())
    }
    fn choose(&mut self, count: u32) -> u32 {
        self.choices.below(u64::from(count)) as u32
    }
    fn sign(&mut self, message: &[u8]) -> Signature {
        self.scheme.sign(self.node, message)
    }
    fn verify(&self, signer: NodeId, message: &[u8], signature: &Signature) -> bool {
        self.scheme.verify(signer, message, signature)
    }
}

/// Kinds in the trace: what happened, and what a step asked for.
#[derive(Clone, Copy)]
#[repr(u64)]
pub(crate) enum Kind {
    Start = 1,
    Deliver,
    Command,
    Timer,
    Persisted,
    Loaded,
    Checkpointed,
    Wakeup,
    Fault,
    Send,
    Persist,
    Checkpoint,
    Release,
    Load,
    SetTimer,
    CancelTimer,
    Output,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "Start",
            Self::Deliver => "Deliver",
            Self::Command => "Command",
            Self::Timer => "Timer",
            Self::Persisted => "Persisted",
            Self::Loaded => "Loaded",
            Self::Checkpointed => "Checkpointed",
            Self::Wakeup => "Wakeup",
            Self::Fault => "Fault",
            Self::Send => "Send",
            Self::Persist => "Persist",
            Self::Checkpoint => "Checkpoint",
            Self::Release => "Release",
            Self::Load => "Load",
            Self::SetTimer => "SetTimer",
            Self::CancelTimer => "CancelTimer",
            Self::Output => "Output",
        }
    }
}

impl<P: Simulated> Node<P> {
    /// The moment at which a step's clocks are read: now, unless the mutant is planted.
    fn sampled_ns(&self, now_ns: u64, stale: Option<Nanos>) -> u64 {
        let Some(tick) = stale else { return now_ns };
        let last = if self.catching_up { self.paused_at_ns } else { now_ns };
        last - last % tick.0.max(1)
    }
}

impl<P: Simulated> World<P> {
    #[inline]
    pub(crate) fn mark(&mut self, kind: Kind, node: usize, number: u64) {
        if self.recorder.is_some() {
            self.record(kind, node, number);
        }
        self.trace.word(((kind as u64) << 32) | node as u64);
        self.trace.word(number);
    }

    #[cold]
    fn record(&mut self, kind: Kind, at: usize, number: u64) {
        let hash = self.trace.finish();
        let header = Header {
            event: self.counters.of(Count::Events),
            at: Nanos(self.now_ns),
            node: (!matches!(kind, Kind::Wakeup | Kind::Fault)).then(|| node(at)),
            what: kind.name(),
            number,
            hash,
        };
        if let Some(recorder) = &mut self.recorder {
            recorder.add(header, hash);
        }
    }

    #[inline]
    pub(crate) fn mark_contents<T: Hash>(&mut self, value: &T) {
        if self.options.tracing == Tracing::Contents {
            self.trace.value(value);
        }
    }

    /// Takes one event in.
    pub(crate) fn take(&mut self, pending: Pending<P>) {
        match pending {
            Pending::Start(at) => self.start(at),
            Pending::Wakeup(key) => {
                self.mark(Kind::Wakeup, 0, key);
                self.notices.push(Notice::Wakeup(key));
            }
            Pending::Fault(fault) => {
                self.mark(Kind::Fault, 0, 0);
                if self.story.is_on() {
                    self.say(None, format_args!("{fault:?}"));
                }
                self.disturb(*fault);
                self.links.look_for_cuts();
            }
            Pending::Worked { node, life, plan } => self.worked(node, life, plan),
            Pending::Flow { epoch } => self.flow(epoch),
            Pending::Resume { node, life } => self.resume(node, life),
            Pending::CaughtUp { node } => self.nodes[node].catching_up = false,
            Pending::Synced { node, life, plan } => self.synced(node, life, plan),
            Pending::ReadBack { node, life, plan } => self.read_back(node, life, plan),
            Pending::CheckpointWritten { node, life, plan } => {
                self.checkpoint_written(node, life, plan);
            }
            of_a_node => self.process(of_a_node),
        }
    }

    /// Takes in an event of one node's process, which waits while the process is paused.
    fn process(&mut self, pending: Pending<P>) {
        let (at, life) = match &pending {
            Pending::Deliver { to, .. } | Pending::Farewell { to, .. } => (*to, None),
            Pending::Timer { node, .. } => (*node, None),
            Pending::Command { node, life, .. }
            | Pending::Persisted { node, life, .. }
            | Pending::Load { node, life, .. }
            | Pending::Checkpointed { node, life, .. } => (*node, Some(*life)),
            _ => return,
        };
        if let Pending::Deliver { from, to, .. } = &pending {
            let (from, to) = (node(*from), node(*to));
            if self.links.is_cut(from, to) {
                self.counters.add(Count::Cut);
                return;
            }
        }
        let Some(host) = self.nodes.get_mut(at) else { return };
        let same_life = life.is_none_or(|life| life == host.life);
        let Some(running) = host.running.as_mut().filter(|_| same_life) else {
            match pending {
                Pending::Deliver { .. } => self.counters.add(Count::Undelivered),
                Pending::Command { .. } => self.counters.add(Count::Refused),
                _ => {}
            }
            return;
        };
        if running.paused_until_ns.is_some() {
            running.backlog.push_back(pending);
            return;
        }
        if host.processor.is_some() {
            return self.work(at, pending);
        }
        self.begin(pending);
    }

    /// Takes in an event of a node that is up, not paused, and has the processor.
    fn begin(&mut self, pending: Pending<P>) {
        match pending {
            Pending::Deliver { from, to: at, message }
            | Pending::Farewell { from, to: at, message } => {
                self.counters.add(Count::Delivered);
                self.mark(Kind::Deliver, at, from as u64);
                self.step(at, Event::Message { from: node(from), message });
            }
            Pending::Command { node: at, id, command, .. } => {
                self.counters.add(Count::Commands);
                self.mark(Kind::Command, at, id.0);
                self.mark_contents(&command);
                self.step(at, Event::Command { id, command });
            }
            Pending::Timer { node, key, ticket } => self.timer(node, key, ticket),
            Pending::Persisted { node: at, through, .. } => {
                self.mark(Kind::Persisted, at, through.0);
                self.release_held(at, through);
                self.step(at, Event::Persisted(through));
            }
            Pending::Load { node: at, id, what, .. } => self.load(at, id, what),
            Pending::Checkpointed { node: at, seq, .. } => {
                self.mark(Kind::Checkpointed, at, seq.0);
                self.step(at, Event::Checkpointed(seq));
            }
            _ => {}
        }
    }

    /// Lets the node's processor work on an event; its step happens when that is done.
    fn work(&mut self, at: usize, pending: Pending<P>) {
        let (now, model) = (Nanos(self.now_ns), self.options.processor);
        let host = &mut self.nodes[at];
        let (Some(processor), Some(running)) = (&mut host.processor, &mut host.running) else {
            return;
        };
        if running.working.is_empty() {
            if !model.always && processor.is_well() {
                return self.begin(pending);
            }
            let planned = processor.begin(now, &model);
            let worked = Pending::Worked { node: at, life: host.life, plan: planned.number };
            self.queue.push(planned.at.0, worked);
        }
        running.working.push_back(pending);
    }

    /// The processor is done with what came first: its step happens, and the next one begins.
    fn worked(&mut self, at: usize, life: u64, plan: u64) {
        let (now, model) = (Nanos(self.now_ns), self.options.processor);
        let Some(host) = self.nodes.get_mut(at).filter(|host| host.life == life) else { return };
        let Some(running) = &mut host.running else { return };
        let Some(processor) = &mut host.processor else { return };
        if !processor.stands(plan) {
            return; // what it works on was planned anew meanwhile
        }
        if running.paused_until_ns.is_some() {
            return running.backlog.push_back(Pending::Worked { node: at, life, plan });
        }
        let Some(pending) = running.working.pop_front() else { return };
        if !running.working.is_empty() {
            let planned = processor.begin(now, &model);
            let worked = Pending::Worked { node: at, life, plan: planned.number };
            self.queue.push(planned.at.0, worked);
        }
        self.begin(pending);
    }

    /// Reads back for a node; a read that fails crashes it.
    fn load(&mut self, at: usize, id: LoadId, what: What) {
        let (now, mutants) = (Nanos(self.now_ns), self.options.mutants);
        let host = &mut self.nodes[at];
        if host.disk.read_fails(&mut host.disk_random) {
            self.counters.add(Count::ReadErrors);
            return self.stop(at, Crash::Plain);
        }
        let mut loaded = host.disk.read(now, what, &self.options, &mut host.disk_random);
        if host.disk.reads_elsewhere(&mut host.disk_random) {
            self.counters.add(Count::MisdirectedReads);
            loaded = host.disk.elsewhere(loaded, mutants.trust_place, &mut host.disk_random);
        }
        self.counters.add(Count::Loads);
        if loaded == avouch_machine::Loaded::Corrupt {
            self.counters.add(Count::CorruptLoads);
        }
        self.mark(Kind::Loaded, at, id.0);
        self.mark_contents(&loaded);
        self.step(at, Event::Loaded { id, loaded });
    }

    fn timer(&mut self, at: usize, key: P::Timer, ticket: u64) {
        let now_ns = self.now_ns;
        let host = &mut self.nodes[at];
        let Some(running) = &mut host.running else { return };
        let Due::At(reading) = running.timers.due(key, ticket) else { return };
        if host.clock.monotonic(now_ns) < reading {
            let due_ns = host.clock.when(reading, now_ns);
            running.timers.requeued(key, due_ns);
            self.queue.push(due_ns, Pending::Timer { node: at, key, ticket });
            return;
        }
        running.timers.remove(key);
        self.mark(Kind::Timer, at, 0);
        self.mark_contents(&key);
        self.step(at, Event::Timer(key));
    }

    /// Starts a node that is down.
    pub(crate) fn start(&mut self, at: usize) {
        let host = &mut self.nodes[at];
        if host.running.is_some() || host.gone {
            return;
        }
        let mutants = self.options.mutants;
        if host.is_amnesiac() && !mutants.start_without_memory {
            self.counters.add(Count::AmnesiacsRefused);
            return;
        }
        if host.disk.read_fails(&mut host.disk_random) && !mutants.swallow_failed_read {
            self.counters.add(Count::ReadErrors);
            return;
        }
        if host.disk.is_full() {
            // The start could not be counted durably, so there is none (H4).
            self.counters.add(Count::FailedWrites);
            return;
        }
        let (recovered, counted, findings) = host.disk.recover(&mutants, &mut host.disk_random);
        self.counters.add_many(Count::MisdirectedReads, findings.misread);
        self.counters.add_many(Count::ReadErrors, findings.unread);
        host.incarnation =
            if mutants.reuse_incarnation { avouch_promise::Incarnation(1) } else { counted };
        host.doubtful = findings.doubtful;
        host.clock.restart(self.now_ns, Nanos(self.clock_random.below(1 << 40)));
        host.life += 1;
        host.catching_up = false;
        let incarnation = host.incarnation;
        let (found, next) = (recovered.records.len(), recovered.next_seq);
        host.running = Some(Running {
            state: P::recover(&host.config, recovered),
            timers: crate::timers::Timers::new(),
            held: BTreeMap::new(),
            paused_until_ns: None,
            backlog: VecDeque::new(),
            working: VecDeque::new(),
        });
        if host.life > 1 {
            self.counters.add(Count::Restarts);
        }
        if findings.doubtful {
            self.counters.add(Count::DoubtfulStarts);
        }
        self.mark(Kind::Start, at, incarnation.0);
        self.trace.word(found as u64);
        self.trace.word(next.0);
        self.notices.push(Notice::Started(node(at)));
        self.step(at, Event::Started { incarnation });
        self.tell_farewells(at);
    }

    /// Takes a node down.
    pub(crate) fn stop(&mut self, at: usize, crash: Crash) {
        let host = &mut self.nodes[at];
        if host.running.take().is_none() {
            return;
        }
        let now = Nanos(self.now_ns);
        host.processor.iter_mut().for_each(|processor| processor.give_up(now));
        let losses = host.disk.crash(crash, &self.options.disk, &mut host.disk_random);
        let counters = &mut self.counters;
        counters.add(Count::Crashes);
        counters.add_many(Count::LostSyncs, u64::from(losses.records > 0));
        counters.add_many(Count::LostRecords, losses.records);
        counters.add_many(Count::LostCheckpoints, losses.checkpoints);
        counters.add_many(Count::TornTails, u64::from(losses.torn));
        counters.add_many(Count::Holes, u64::from(losses.hole));
        counters.add_many(Count::LiedRecords, losses.lied);
        counters.add_many(Count::LiedCheckpoints, losses.lied_checkpoints);
        counters.add_many(Count::SubsetWrites, u64::from(losses.subset));
        self.notices.push(Notice::Crashed(node(at)));
        self.say(Some(node(at)), format_args!("down: {losses:?}"));
    }

    fn resume(&mut self, at: usize, life: u64) {
        let now_ns = self.now_ns;
        let Some(host) = self.nodes.get_mut(at).filter(|host| host.life == life) else { return };
        let Some(running) = &mut host.running else { return };
        if running.paused_until_ns.is_none_or(|until| until > now_ns) {
            return;
        }
        running.paused_until_ns = None;
        host.catching_up = true;
        for pending in running.backlog.drain(..) {
            self.queue.push(now_ns, pending);
        }
        self.queue.push(now_ns, Pending::CaughtUp { node: at });
    }

    fn synced(&mut self, at: usize, life: u64, plan: u64) {
        let Some(host) = self.nodes.get_mut(at).filter(|host| host.life == life) else { return };
        let Some(through) = host.disk.syncs(plan).filter(|_| host.running.is_some()) else {
            return; // it was planned anew, or nobody waits for it
        };
        host.disk.finish_sync(through);
        self.counters.add(Count::Syncs);
        self.process(Pending::Persisted { node: at, life, through });
        self.sync(at);
    }

    fn read_back(&mut self, at: usize, life: u64, plan: u64) {
        let Some(host) = self.nodes.get_mut(at).filter(|host| host.life == life) else { return };
        if host.running.is_none() {
            return;
        }
        if let Some((id, what)) = host.disk.take_load(plan) {
            self.process(Pending::Load { node: at, life, id, what });
        }
    }

    fn checkpoint_written(&mut self, at: usize, life: u64, plan: u64) {
        let Some(host) = self.nodes.get_mut(at).filter(|host| host.life == life) else { return };
        if host.running.is_none() || !host.disk.writes(plan) {
            return;
        }
        let Some(seq) = host.disk.finish_checkpoint(&self.options.mutants) else { return };
        self.counters.add(Count::Checkpoints);
        self.process(Pending::Checkpointed { node: at, life, seq });
    }

    fn step(&mut self, at: usize, event: Event<P>) {
        let id = node(at);
        if self.story.is_on() {
            self.say(Some(id), format_args!("{event:?}"));
        }
        let host = &mut self.nodes[at];
        let sampled_ns = host.sampled_ns(self.now_ns, self.options.mutants.stale_clock);
        let Some(running) = &mut host.running else { return };
        let mut env = NodeEnv {
            node: id,
            clock: &host.clock,
            sampled_ns,
            choices: &mut host.choices,
            scheme: &self.options.scheme,
        };
        let mut effects = std::mem::take(&mut self.effects);
        P::step(&host.config, &mut running.state, event, &mut env, &mut effects);
        self.counters.add(Count::Steps);
        let mut next = host.disk.written().next();
        if let Err(breach) = check_effects(id, &mut next, effects.as_slice()) {
            self.fail(breach.to_string());
            effects.drain();
        }
        for effect in effects.drain() {
            if self.story.is_on() {
                self.say(Some(id), format_args!("  {effect:?}"));
            }
            self.apply(at, effect);
            if self.nodes[at].running.is_none() {
                break;
            }
        }
        self.effects = effects;
        self.sync(at);
        self.notices.push(Notice::Stepped(id));
    }
}
