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
use avouch_promise::{Nanos, NodeId, WallTime};
use avouch_world::{Driver, Simulated, World};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};

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
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    Copy { number: u64, amount: u64, wall: WallTime },
    Ack { have: u64 },
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
            Event::Message { from, message: Message::Ack { have } } => {
                let told = state.amounts.len() as u64;
                let given_up = state.acked.get(&from).is_some_and(|(_, tries)| *tries > 10);
                if config.bug == Bug::GiveUp && given_up {
                    return;
                }
                let have = if config.bug == Bug::TrustHearing { told } else { have };
                let before = state.acked.insert(from, (have, 0)).map_or(0, |(have, _)| have);
                effects.observe(have.max(before));
            }
            Event::Message { from, message: Message::Copy { number, amount, wall } } => {
                state.copy(config, number, amount, wall, effects);
                state.acknowledge(from, effects);
            }
            Event::Timer(Timer::Retransmit) => {
                state.retransmit(config, env, effects);
                effects.set_timer(Timer::Retransmit, env.monotonic().plus(RETRANSMIT));
            }
            Event::Timer(Timer::Hello) => {
                state.acknowledge(OWNER, effects);
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
        for backup in &config.backups {
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
}

/// The workload and the obligations.
#[derive(Debug, Default)]
pub struct Oracle {
    next: u64,
    pub acknowledged: BTreeMap<u64, u64>,
    pub refused: u64,
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
        // What was added in the last moments may still be on its way.
        let settled = owner.amounts.len().saturating_sub(100);
        let nodes: Vec<_> = world.nodes().collect();
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
