//! A counter that three nodes keep in memory only: it outlives any one of them, because a node
//! that starts asks the others before it says anything. It does not outlive all of them at once,
//! which is its one bug.

use avouch_machine::{CommandId, Effects, Env, Event, Protocol, Recovered};
use avouch_promise::{Nanos, NodeId};
use avouch_world::{Driver, Simulated, World};
use bytes::Bytes;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory;

#[derive(Clone, Debug)]
pub struct Config {
    pub others: Vec<NodeId>,
}

pub fn cluster() -> Vec<Config> {
    [[2, 3], [1, 3], [1, 2]].map(|others| Config { others: others.map(NodeId).to_vec() }).to_vec()
}

/// The same with copies at a neighbour only: 1 at 2, and 2 at 1.
pub fn neighbours() -> Vec<Config> {
    [2, 1, 1].map(|other| Config { others: vec![NodeId(other)] }).to_vec()
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    count: u64,
    waiting: BTreeMap<u64, CommandId>,
    ready: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    Ask,
    Tell(u64),
    Keep(u64),
    Kept(u64),
}

impl Protocol for Memory {
    type Config = Config;
    type State = State;
    type Message = Message;
    type Command = ();
    type Record = ();
    type Image = ();
    type Output = u64;
    type Observation = ();
    type Timer = ();

    fn recover(_: &Config, _: Recovered<Self>) -> State {
        State::default()
    }

    fn step(
        config: &Config,
        state: &mut State,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Started { .. } | Event::Timer(()) if !state.ready => {
                for other in &config.others {
                    effects.send(*other, Message::Ask);
                }
                effects.set_timer((), env.monotonic().plus(Nanos::from_millis(100)));
            }
            Event::Message { from, message: Message::Ask } => {
                effects.send(from, Message::Tell(state.count));
            }
            Event::Message { message: Message::Tell(count), .. } => {
                state.count = state.count.max(count);
                state.ready = true;
            }
            Event::Command { id, .. } if state.ready => {
                state.count += 1;
                state.waiting.insert(state.count, id);
                let keep = Message::Keep(state.count);
                for other in &config.others {
                    effects.send(*other, keep.clone());
                }
            }
            Event::Message { from, message: Message::Keep(count) } => {
                state.count = state.count.max(count);
                effects.send(from, Message::Kept(count));
            }
            Event::Message { message: Message::Kept(count), .. }
                if state.waiting.remove(&count).is_some() =>
            {
                effects.output(count);
            }
            _ => {}
        }
    }
}

impl Simulated for Memory {
    fn image_bytes((): &()) -> Bytes {
        Bytes::new()
    }
}

#[derive(Debug, Default)]
pub struct Oracle {
    pub newest: u64,
}

impl Driver<Memory> for Oracle {
    fn on_begin(&mut self, world: &mut World<Memory>) {
        world.wake(Nanos::from_millis(1), 0);
    }

    fn on_wakeup(&mut self, world: &mut World<Memory>, key: u64) {
        world.command(NodeId(1), CommandId(key), ());
        world.wake(world.now().plus(Nanos::from_millis(20)), key + 1);
    }

    fn on_output(&mut self, world: &mut World<Memory>, node: NodeId, count: u64) {
        if count <= self.newest {
            world.fail(format!("{node} gave {count} after {}", self.newest));
        }
        self.newest = self.newest.max(count);
    }
}
