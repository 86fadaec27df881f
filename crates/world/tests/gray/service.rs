//! A service whose nodes ask each other all the time, and watch each other by that.
//!
//! ```text
//!   n1 --Request--> n2: from memory, or a record that has to be durable --Answer--> n1
//!   n1 --Tell(own report, those it has of others)--> all, every half second; combined by everybody
//! ```
//!
//! The report is also the heartbeat of the baseline: a plain timeout watches it.

use avouch_agreement::detector::{Detector, Timeout};
use avouch_agreement::gray::{
    Connection, GrayMutant, Observer, PERIOD, Report, Reports, Verdict, Watch, Work, combine,
};
use avouch_machine::{Effect, Effects, Env, Event, Protocol, Recovered, Seq};
use avouch_promise::{Nanos, NodeId};
use avouch_world::Simulated;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// The mean time between two requests of one node to another.
pub const PACE: Nanos = Nanos::from_millis(50);
/// Two requests of five have to be durable.
const DURABLE: u32 = 2;
/// A report that is older than this is missing.
const FRESH: Nanos = Nanos::from_secs(2);
/// The timeout of the baseline: four heartbeats.
const HEARTBEAT_TIMEOUT: Nanos = Nanos::from_secs(2);
const CHECKPOINT_EVERY: u64 = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service;

#[derive(Clone, Debug)]
pub struct Config {
    pub me: NodeId,
    pub nodes: BTreeSet<NodeId>,
    pub mutant: Option<GrayMutant>,
}

pub fn cluster(count: u32, mutant: Option<GrayMutant>) -> Vec<Config> {
    let nodes: BTreeSet<_> = (1..=count).map(NodeId).collect();
    nodes.iter().map(|me| Config { me: *me, nodes: nodes.clone(), mutant }).collect()
}

#[derive(Debug)]
pub struct State {
    observer: Option<Observer>,
    watch: Watch,
    /// The newest report of each node, with the time at which it was made, as far as known.
    reports: BTreeMap<NodeId, (Nanos, Arc<Report>)>,
    heartbeats: BTreeMap<NodeId, (u64, Timeout)>,
    /// When each own timer is due.
    due: BTreeMap<Timer, Nanos>,
    requests: u64,
    next_seq: Seq,
    writing: VecDeque<(Seq, Nanos)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    Request {
        number: u64,
        durable: bool,
    },
    Answer {
        number: u64,
    },
    /// The sender's report and those that it has of others, each with its age.
    Tell(Vec<(Nanos, Arc<Report>)>),
}

/// What the kernel tells a node, from outside its process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kernel {
    pub connections: Vec<(NodeId, Connection)>,
    pub queue: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Observation {
    /// This node names a fault.
    Named(Verdict),
    /// This node's plain timeout suspects another.
    Suspected(NodeId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    Ask(NodeId),
    Report,
}

impl Protocol for Service {
    type Config = Config;
    type State = State;
    type Message = Message;
    type Command = Kernel;
    type Record = u64;
    type Image = u64;
    type Output = ();
    type Observation = Observation;
    type Timer = Timer;

    fn recover(_: &Config, recovered: Recovered<Self>) -> State {
        State {
            observer: None,
            watch: Watch::default(),
            reports: BTreeMap::new(),
            heartbeats: BTreeMap::new(),
            due: BTreeMap::new(),
            requests: 0,
            next_seq: recovered.next_seq,
            writing: VecDeque::new(),
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
        match event {
            Event::Started { .. } => state.start(config, now, effects),
            Event::Message { from, message } => state.message(now, from, message, effects),
            Event::Command { command, .. } => state.kernel(now, &command),
            Event::Timer(timer) => {
                state.woke(now, timer);
                match timer {
                    Timer::Ask(peer) => state.ask(now, peer, env, effects),
                    Timer::Report => state.tell(config, now, effects),
                }
            }
            Event::Persisted(through) => state.persisted(now, through),
            Event::Checkpointed(seq) => effects.push(Effect::Release { before: seq }),
            Event::Loaded { .. } => {}
        }
    }
}

impl State {
    fn start(&mut self, config: &Config, now: Nanos, effects: &mut Effects<Service>) {
        let peers = config.nodes.iter().copied().filter(|peer| *peer != config.me);
        let observer = Observer::new(config.me, peers.clone()).with_mutant(config.mutant);
        self.observer = Some(observer);
        for peer in peers {
            self.set(Timer::Ask(peer), now, effects);
            self.heartbeats.insert(peer, (0, Timeout::new(HEARTBEAT_TIMEOUT, now)));
        }
        self.set(Timer::Report, now.plus(PERIOD), effects);
    }

    fn set(&mut self, timer: Timer, due: Nanos, effects: &mut Effects<Service>) {
        self.due.insert(timer, due);
        effects.set_timer(timer, due);
    }

    fn woke(&mut self, now: Nanos, timer: Timer) {
        if let (Some(due), Some(observer)) = (self.due.remove(&timer), &mut self.observer) {
            observer.woke(now, due);
        }
    }

    fn ask(&mut self, now: Nanos, peer: NodeId, env: &mut dyn Env, effects: &mut Effects<Service>) {
        self.requests += 1;
        let (number, durable) = (self.requests, env.choose(5) < DURABLE);
        let work = if durable { Work::Durable } else { Work::Memory };
        self.observer.iter_mut().for_each(|observer| observer.begin(now, peer, number, work));
        effects.send(peer, Message::Request { number, durable });
        let spread = Nanos(u64::from(env.choose(PACE.0 as u32 * 8 / 5)));
        self.set(Timer::Ask(peer), now.plus(Nanos(PACE.0 / 5)).plus(spread), effects);
    }

    fn message(
        &mut self,
        now: Nanos,
        from: NodeId,
        message: Message,
        effects: &mut Effects<Service>,
    ) {
        let Some(observer) = &mut self.observer else { return };
        observer.heard(now, from);
        match message {
            Message::Request { number, durable: false } => {
                effects.send(from, Message::Answer { number });
            }
            Message::Request { number, durable: true } => {
                let seq = self.next_seq;
                self.next_seq = seq.next();
                self.writing.push_back((seq, now));
                effects.persist(seq, number);
                effects.send_after(from, Message::Answer { number }, seq);
                if seq.0.is_multiple_of(CHECKPOINT_EVERY) {
                    effects.push(Effect::Checkpoint { seq, image: seq.0 });
                }
            }
            Message::Answer { number } => observer.end(now, from, number),
            Message::Tell(reports) => {
                if let Some((sequence, timeout)) = self.heartbeats.get_mut(&from) {
                    *sequence += 1;
                    timeout.heartbeat(*sequence, now);
                }
                for (age, report) in reports {
                    self.learn(now.minus(age), report);
                }
            }
        }
    }

    fn learn(&mut self, made: Nanos, report: Arc<Report>) {
        let known = self.reports.get(&report.observer).map(|(made, _)| *made);
        if known.is_none_or(|known| known < made) {
            self.reports.insert(report.observer, (made, report));
        }
    }

    fn kernel(&mut self, now: Nanos, told: &Kernel) {
        let Some(observer) = &mut self.observer else { return };
        observer.device(now, told.queue.saturating_mul(1_000));
        for (peer, connection) in &told.connections {
            observer.connection(now, *peer, *connection);
        }
    }

    fn persisted(&mut self, now: Nanos, through: Seq) {
        let mut oldest = None;
        while let Some((seq, since)) = self.writing.front().copied() {
            if seq > through {
                break;
            }
            oldest = oldest.or(Some(since));
            self.writing.pop_front();
        }
        if let (Some(since), Some(observer)) = (oldest, &mut self.observer) {
            observer.synced(now, now.minus(since));
        }
    }

    fn tell(&mut self, config: &Config, now: Nanos, effects: &mut Effects<Service>) {
        let Some(observer) = &mut self.observer else { return };
        let report = Arc::new(observer.report(now));
        self.reports.insert(config.me, (now, report));
        self.reports.retain(|_, (made, _)| now.minus(*made) <= FRESH);
        let told: Vec<_> = self
            .reports
            .values()
            .map(|(made, report)| (now.minus(*made), report.clone()))
            .collect();
        for peer in config.nodes.iter().filter(|peer| **peer != config.me) {
            effects.send(*peer, Message::Tell(told.clone()));
        }
        let reports: Reports =
            self.reports.iter().map(|(from, (_, report))| (*from, report.clone())).collect();
        for verdict in self.watch.take(combine(&config.nodes, &reports, config.mutant)) {
            effects.observe(Observation::Named(verdict));
        }
        for (peer, (_, timeout)) in &self.heartbeats {
            if timeout.verdict(now) == avouch_agreement::detector::Verdict::Suspect {
                effects.observe(Observation::Suspected(*peer));
            }
        }
        self.set(Timer::Report, now.plus(PERIOD), effects);
    }
}

impl Simulated for Service {
    fn image_bytes(image: &u64) -> Bytes {
        Bytes::copy_from_slice(&image.to_le_bytes())
    }
}
