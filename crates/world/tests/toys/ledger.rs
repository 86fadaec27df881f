//! A ledger: node 1 owns a list of amounts, acknowledges an amount once it is durable, and copies
//! the list to its backups until they say that they have it.
//!
//! ```text
//!   client --Add--> owner --Persist--> (durable) --Added--> client
//!                     |  Copy{number}, again every 50 ms until   backup --Persist--> (durable)
//!                     +----------------------------------------->   |
//!                     <----------- Ack{have}, also every 100 ms ----+
//! ```
//!
//! Obligations, held by [`Oracle`]: what was acknowledged stays, and in the end every node has
//! the owner's list.

use avouch_machine::{CommandId, Effect, Effects, Env, Event, Protocol, Recovered, Seq};
use avouch_promise::{Nanos, NodeId, Random, WallTime};
use avouch_world::{Driver, Simulated, World};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ledger;

/// What may be wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    None,
    /// Acknowledges before the record is durable.
    AckBeforePersist,
    /// Acknowledges 50 ms after writing: "a sync never takes longer".
    AckByTimer,
    /// Sends each copy once.
    NoRetransmit,
    /// Gives a backup up after ten tries without an answer.
    GiveUp,
    /// "Who speaks to us has heard us": any word from a backup counts as an acknowledgement.
    TrustHearing,
    /// A backup takes every copy for a new one.
    NoDedupe,
    /// A backup takes copies in the order in which they arrive.
    TrustOrder,
    /// A backup takes an amount whose wall time is not later than the last one for a repetition.
    DedupeByWall,
    /// A node whose log has gaps goes on with what is left.
    IgnoreDoubt,
    /// Asks for truncation at once, and forgets what the image was for.
    IgnoreCheckpoint,
    /// Acknowledges only what every backup has that was not said to have stopped: right where
    /// nodes fail-stop, and stuck where one stops silently.
    WaitForTheLiving,
    /// The same, and does not listen to who has stopped.
    WaitForAll,
    /// Gives a silent backup up if another says that it hears it: "it has its reasons".
    TrustNeighbours,
}

#[derive(Clone, Debug)]
pub struct Config {
    pub me: NodeId,
    pub backups: Vec<NodeId>,
    pub bug: Bug,
}

pub fn cluster(nodes: u32, bug: Bug) -> Vec<Config> {
    let backups: Vec<_> = (2..=nodes).map(NodeId).collect();
    (1..=nodes).map(|me| Config { me: NodeId(me), backups: backups.clone(), bug }).collect()
}

const OWNER: NodeId = NodeId(1);

impl Config {
    fn owner(&self) -> bool {
        self.me == OWNER
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub amounts: Vec<u64>,
    next_seq: Seq,
    acked: BTreeMap<NodeId, (u64, u32)>,
    pub doubtful: bool,
    last_wall: WallTime,
    last_number: u64,
    /// The length of the list when copies were last repeated: only older ones are overdue.
    overdue: usize,
    waiting: VecDeque<(Nanos, Output)>,
    /// What is durable here and waits for backups.
    unshared: BTreeMap<u64, Output>,
    stopped: BTreeSet<NodeId>,
    /// When each other backup was heard.
    heard: BTreeMap<NodeId, Nanos>,
    /// Of each backup: when another vouched for it, and for how many silent rounds.
    vouched: BTreeMap<NodeId, (Nanos, u32)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    Copy {
        number: u64,
        amount: u64,
        wall: WallTime,
    },
    Ack {
        have: u64,
    },
    /// The sender has stopped for good.
    Farewell,
    /// "I am here": between backups.
    Here,
    /// "I hear that one."
    Hear(NodeId),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Output {
    Added { id: CommandId, number: u64, amount: u64 },
    Refused { id: CommandId },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    Retransmit,
    Hello,
    Acknowledge,
}

const CHECKPOINT_EVERY: u64 = 16;
const RETRANSMIT: Nanos = Nanos::from_millis(50);
const HELLO: Nanos = Nanos::from_millis(100);
/// In so many silent rounds a backup is vouched for before it is given up.
const VOUCHED_MAX: u32 = 10;

impl Protocol for Ledger {
    type Config = Config;
    type State = State;
    type Message = Message;
    type Command = u64;
    /// A number and its amount.
    type Record = (u64, u64);
    type Image = Vec<u64>;
    type Output = Output;
    type Observation = u64;
    type Timer = Timer;

    fn recover(config: &Config, recovered: Recovered<Self>) -> State {
        let mut amounts = recovered.checkpoint.map(|(_, image)| image).unwrap_or_default();
        let blind = config.bug == Bug::IgnoreDoubt;
        for (_, (number, amount)) in recovered.records {
            if number == amounts.len() as u64 + 1 || (blind && number > amounts.len() as u64) {
                amounts.push(amount);
            }
        }
        State {
            last_number: amounts.len() as u64,
            amounts,
            next_seq: recovered.next_seq,
            acked: BTreeMap::new(),
            doubtful: recovered.doubtful && !blind,
            last_wall: WallTime(i64::MIN),
            overdue: 0,
            waiting: VecDeque::new(),
            unshared: BTreeMap::new(),
            stopped: BTreeSet::new(),
            heard: BTreeMap::new(),
            vouched: BTreeMap::new(),
        }
    }

    fn step(
        config: &Config,
        state: &mut State,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Started { .. } => {
                let (timer, period) = if config.owner() {
                    (Timer::Retransmit, RETRANSMIT)
                } else {
                    (Timer::Hello, HELLO)
                };
                effects.set_timer(timer, env.monotonic().plus(period));
            }
            Event::Command { id, command } => state.add(config, id, command, env, effects),
            Event::Message { from, message } => state.hear(config, from, &message, env, effects),
            Event::Timer(Timer::Retransmit) => {
                state.retransmit(config, env, effects);
                effects.set_timer(Timer::Retransmit, env.monotonic().plus(RETRANSMIT));
            }
            Event::Timer(Timer::Hello) => {
                state.acknowledge(OWNER, effects);
                if config.bug == Bug::TrustNeighbours {
                    state.gossip(config, env, effects);
                }
                effects.set_timer(Timer::Hello, env.monotonic().plus(HELLO));
            }
            Event::Timer(Timer::Acknowledge) => {
                let now = env.monotonic();
                while state.waiting.front().is_some_and(|(due, _)| *due <= now) {
                    state
                        .waiting
                        .pop_front()
                        .into_iter()
                        .for_each(|(_, output)| effects.output(output));
                }
                if let Some((due, _)) = state.waiting.front() {
                    effects.set_timer(Timer::Acknowledge, *due);
                }
            }
            Event::Checkpointed(seq) => effects.push(Effect::Release { before: seq }),
            Event::Persisted(_) | Event::Loaded { .. } => {}
        }
    }
}

impl State {
    /// The last record written, on which everything that this node says depends.
    fn last(&self) -> Option<Seq> {
        Some(Seq(self.next_seq.0 - 1)).filter(|seq| seq.0 > 0)
    }

    fn hear(
        &mut self,
        config: &Config,
        from: NodeId,
        message: &Message,
        env: &mut dyn Env,
        effects: &mut Effects<Ledger>,
    ) {
        match *message {
            Message::Ack { have } => {
                let told = self.amounts.len() as u64;
                let tries = self.acked.get(&from).map_or(0, |(_, tries)| *tries);
                let rounds = self.vouched.get(&from).map_or(0, |(_, rounds)| *rounds);
                if (config.bug == Bug::GiveUp && tries > 10) || rounds >= VOUCHED_MAX {
                    return;
                }
                let have = if config.bug == Bug::TrustHearing { told } else { have };
                let before = self.acked.insert(from, (have, 0)).map_or(0, |(have, _)| have);
                self.vouched.remove(&from);
                effects.observe(have.max(before));
                self.share(config, effects);
            }
            Message::Copy { number, amount, wall } => {
                self.copy(config, number, amount, wall, effects);
                self.acknowledge(from, effects);
            }
            Message::Farewell if config.bug == Bug::WaitForAll => {}
            Message::Farewell => {
                self.stopped.insert(from);
                self.share(config, effects);
            }
            Message::Here => {
                self.heard.insert(from, env.monotonic());
            }
            Message::Hear(backup) => self.vouched.entry(backup).or_default().0 = env.monotonic(),
        }
    }

    fn acknowledge(&self, to: NodeId, effects: &mut Effects<Ledger>) {
        let message = Message::Ack { have: self.amounts.len() as u64 };
        effects.push(Effect::Send { to, message, after: self.last() });
    }

    fn add(
        &mut self,
        config: &Config,
        id: CommandId,
        amount: u64,
        env: &mut dyn Env,
        effects: &mut Effects<Ledger>,
    ) {
        if self.doubtful || !config.owner() {
            effects.output(Output::Refused { id });
            return;
        }
        let seq = self.append(config, amount, effects);
        let number = self.amounts.len() as u64;
        let value = Output::Added { id, number, amount };
        match config.bug {
            Bug::AckBeforePersist => effects.output(value),
            Bug::WaitForTheLiving | Bug::WaitForAll => {
                self.unshared.insert(number, value);
            }
            Bug::AckByTimer => {
                let due = env.monotonic().plus(RETRANSMIT);
                if self.waiting.is_empty() {
                    effects.set_timer(Timer::Acknowledge, due);
                }
                self.waiting.push_back((due, value));
            }
            _ => effects.push(Effect::Output { value, after: Some(seq) }),
        }
        let wall = env.wall().latest;
        for backup in &config.backups {
            effects.send_after(*backup, Message::Copy { number, amount, wall }, seq);
        }
    }

    /// Acknowledges what every backup that counts has.
    fn share(&mut self, config: &Config, effects: &mut Effects<Ledger>) {
        let living = config.backups.iter().filter(|backup| !self.stopped.contains(backup));
        let have = |backup| self.acked.get(backup).map_or(0, |(have, _)| *have);
        let everywhere = living.map(have).min().unwrap_or(u64::MAX);
        while let Some(entry) = self.unshared.first_entry().filter(|it| *it.key() <= everywhere) {
            effects.output(entry.remove());
        }
    }

    /// Tells the other backups that this one is here, and the owner whom it hears.
    fn gossip(&self, config: &Config, env: &mut dyn Env, effects: &mut Effects<Ledger>) {
        let now = env.monotonic();
        for backup in config.backups.iter().filter(|backup| **backup != config.me) {
            effects.send(*backup, Message::Here);
            if self.heard.get(backup).is_some_and(|at| now.minus(*at) < HELLO.times(2)) {
                effects.send(OWNER, Message::Hear(*backup));
            }
        }
    }

    /// Whether this backup is given up: it was silent in ten rounds in which another heard it.
    fn given_up(&mut self, backup: NodeId, now: Nanos) -> bool {
        let Some((at, rounds)) = self.vouched.get_mut(&backup) else { return false };
        if *rounds < VOUCHED_MAX && now.minus(*at) < HELLO.times(2) {
            *rounds += 1;
        }
        *rounds >= VOUCHED_MAX
    }

    fn append(&mut self, config: &Config, amount: u64, effects: &mut Effects<Ledger>) -> Seq {
        let seq = self.next_seq;
        self.amounts.push(amount);
        effects.persist(seq, (self.amounts.len() as u64, amount));
        self.next_seq = seq.next();
        if seq.0.is_multiple_of(CHECKPOINT_EVERY) {
            let image = self.amounts.clone();
            effects.push(Effect::Checkpoint { seq: self.next_seq, image });
            if config.bug == Bug::IgnoreCheckpoint {
                effects.push(Effect::Release { before: self.next_seq });
            }
        }
        seq
    }

    fn copy(
        &mut self,
        config: &Config,
        number: u64,
        amount: u64,
        wall: WallTime,
        effects: &mut Effects<Ledger>,
    ) {
        let new = match config.bug {
            Bug::NoDedupe => true,
            Bug::TrustOrder => number > self.last_number,
            Bug::DedupeByWall => wall > self.last_wall,
            _ => number == self.amounts.len() as u64 + 1,
        };
        if new {
            self.last_number = number;
            self.last_wall = wall;
            self.append(config, amount, effects);
        }
    }

    fn retransmit(&mut self, config: &Config, env: &mut dyn Env, effects: &mut Effects<Ledger>) {
        if config.bug == Bug::NoRetransmit {
            return;
        }
        let (wall, after) = (env.wall().latest, self.last());
        let overdue = std::mem::replace(&mut self.overdue, self.amounts.len());
        let now = env.monotonic();
        for backup in &config.backups {
            if config.bug == Bug::TrustNeighbours && self.given_up(*backup, now) {
                continue;
            }
            let (have, tries) = self.acked.entry(*backup).or_default();
            if *have >= overdue as u64 {
                continue;
            }
            *tries += 1;
            if config.bug == Bug::GiveUp && *tries > 10 {
                *have = u64::MAX;
                continue;
            }
            let rest = (*have + 1..).zip(self.amounts[..overdue].iter().skip(*have as usize));
            for (number, amount) in rest.take(32) {
                let message = Message::Copy { number, amount: *amount, wall };
                effects.push(Effect::Send { to: *backup, message, after });
            }
        }
    }
}

impl Simulated for Ledger {
    fn image_bytes(image: &Vec<u64>) -> Bytes {
        image.iter().flat_map(|amount| amount.to_le_bytes()).collect()
    }

    /// A frame is the fields and a checksum over them; without the checksum anything is believed.
    fn flipped(message: &Message, bit: u64, checked: bool) -> Option<Message> {
        if checked {
            return None;
        }
        let mut heard = message.clone();
        match &mut heard {
            Message::Copy { number, .. } if bit.is_multiple_of(2) => *number ^= 1 << (bit / 2 % 6),
            Message::Copy { amount, .. } => *amount ^= 1 << (bit / 2 % 20),
            Message::Ack { have } => *have ^= 1 << (bit % 6),
            _ => {}
        }
        Some(heard)
    }

    fn rewritten(_: NodeId, message: &Message, random: &mut Random) -> Option<Message> {
        match message.clone() {
            Message::Copy { number, wall, .. } => {
                Some(Message::Copy { number, amount: random.between(1, 1_000_000), wall })
            }
            Message::Ack { have } => Some(Message::Ack { have: have + random.between(1, 5) }),
            _ => None,
        }
    }

    fn farewell(_: NodeId) -> Option<Message> {
        Some(Message::Farewell)
    }
}

/// The workload and the obligations.
#[derive(Debug, Default)]
pub struct Oracle {
    next: u64,
    pub acknowledged: BTreeMap<u64, u64>,
    pub refused: u64,
    /// When something was acknowledged last.
    pub last: Nanos,
}

impl Driver<Ledger> for Oracle {
    fn on_begin(&mut self, world: &mut World<Ledger>) {
        world.wake(Nanos::from_millis(10), 0);
    }

    fn on_wakeup(&mut self, world: &mut World<Ledger>, _: u64) {
        self.next += 1;
        let amount = world.random().between(1, 1_000_000);
        world.command(OWNER, CommandId(self.next), amount);
        let pause = world.random().between(5_000_000, 15_000_000);
        world.wake(world.now().plus(Nanos(pause)), 0);
    }

    fn on_output(&mut self, world: &mut World<Ledger>, node: NodeId, output: Output) {
        match output {
            Output::Refused { .. } => self.refused += 1,
            Output::Added { number, amount, .. } => {
                self.last = world.now();
                if self.acknowledged.insert(number, amount).is_some() {
                    world.fail(format!("{node} acknowledged number {number} twice"));
                }
            }
        }
    }

    fn on_start(&mut self, world: &mut World<Ledger>, node: NodeId) {
        if node == OWNER {
            self.check_owner(world);
        }
    }
}

impl Oracle {
    fn check_owner(&self, world: &mut World<Ledger>) {
        let Some(owner) = world.state(OWNER).filter(|owner| !owner.doubtful) else { return };
        let kept = |(number, amount): &(&u64, &u64)| {
            owner.amounts.get(**number as usize - 1) == Some(*amount)
        };
        let lost = self.acknowledged.iter().find(|entry| !kept(entry));
        if let Some((number, amount)) = lost {
            world.fail(format!("number {number} of {amount} was acknowledged and is lost"));
        }
    }

    /// What must hold once everything is calm.
    pub fn check_end(&self, world: &mut World<Ledger>, expect_answers: bool) {
        self.check_owner(world);
        if world.is_gone(OWNER) {
            return;
        }
        let Some(owner) = world.state(OWNER).cloned() else {
            world.fail("the owner is down in the end");
            return;
        };
        if owner.doubtful {
            if expect_answers {
                world.fail("the owner refuses although nothing rotted");
            }
            return;
        }
        if world.now().minus(self.last) > Nanos::from_secs(1) {
            world.fail(format!("nothing was acknowledged since {}", self.last));
            return;
        }
        // What was added in the last moments may still be on its way.
        let settled = owner.amounts.len().saturating_sub(100);
        let nodes: Vec<_> = world.nodes().filter(|node| !world.is_gone(*node)).collect();
        for node in nodes {
            let Some(state) = world.state(node).cloned() else {
                world.fail(format!("{node} is down in the end"));
                return;
            };
            let short = state.amounts.len() < settled;
            if short || !owner.amounts.starts_with(&state.amounts) {
                let (have, of) = (state.amounts.len(), owner.amounts.len());
                world.fail(format!("{node} has another list than the owner: {have} of {of}"));
            }
        }
    }
}
