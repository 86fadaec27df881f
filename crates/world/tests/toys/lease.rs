//! A lease: node 1 grants it, nodes 2 and 3 compete for it, and who holds it may work.
//!
//! ```text
//!   holder's clock    t0 --Request--> ......... works until t0 + 0.8 D
//!   granter's clock        g --Grant--> ....... grants to nobody else until g + D
//! ```
//!
//! t0 precedes g, so with clocks whose rates differ by less than 20 % the first end precedes the
//! second. Obligation, held by [`Oracle`]: nobody works under a number that is not the newest.

use avouch_machine::{CommandId, Effects, Env, Event, Protocol, Recovered};
use avouch_promise::{Nanos, NodeId};
use avouch_world::{Driver, Simulated, World};
use bytes::Bytes;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    None,
    /// Works for the whole of D, as if both clocks ran alike.
    NoMargin,
    /// Counts from the moment at which the grant arrived.
    FromReceipt,
    /// A timer takes the right to work away; the clock is not looked at again.
    FlagByTimer,
}

#[derive(Clone, Debug)]
pub struct Config {
    pub me: NodeId,
    pub bug: Bug,
}

pub fn cluster(bug: Bug) -> Vec<Config> {
    (1..=3).map(|me| Config { me: NodeId(me), bug }).collect()
}

const GRANTER: NodeId = NodeId(1);
const DURATION: Nanos = Nanos::from_millis(500);

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    holder: Option<NodeId>,
    number: u64,
    until: Nanos,
    asked_at: Nanos,
    token: u64,
    working: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    Request { token: u64 },
    Grant { token: u64, number: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Output {
    Granted(u64),
    Worked(u64),
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    Ask,
    Expire,
}

impl Protocol for Lease {
    type Config = Config;
    type State = State;
    type Message = Message;
    type Command = ();
    type Record = ();
    type Image = ();
    type Output = Output;
    type Observation = ();
    type Timer = Timer;

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
        let now = env.monotonic();
        match event {
            Event::Started { .. } if config.me == GRANTER => state.until = now.plus(DURATION),
            Event::Started { .. } | Event::Timer(Timer::Ask) => {
                // Now and then a node rests for long enough to lose the lease.
                if env.choose(6) == 0 {
                    let rest = Nanos::from_millis(u64::from(600 + env.choose(600)));
                    effects.set_timer(Timer::Ask, now.plus(rest));
                    return;
                }
                (state.asked_at, state.token) = (now, state.token + 1);
                effects.send(GRANTER, Message::Request { token: state.token });
                let pause = Nanos::from_millis(u64::from(20 + env.choose(80)));
                effects.set_timer(Timer::Ask, now.plus(pause));
            }
            Event::Message { from, message: Message::Request { token } } => {
                if state.holder == Some(from) && now < state.until {
                    state.until = now.plus(DURATION);
                } else if now >= state.until {
                    (state.holder, state.until) = (Some(from), now.plus(DURATION));
                    state.number += 1;
                    effects.output(Output::Granted(state.number));
                } else {
                    return;
                }
                effects.send(from, Message::Grant { token, number: state.number });
            }
            Event::Message { message: Message::Grant { token, number }, .. } => {
                if token != state.token {
                    return;
                }
                let margin = Nanos(DURATION.0 / 5);
                state.number = number;
                state.until = match config.bug {
                    Bug::NoMargin => state.asked_at.plus(DURATION),
                    Bug::FromReceipt => now.plus(DURATION.minus(margin)),
                    _ => state.asked_at.plus(DURATION.minus(margin)),
                };
                state.working = true;
                effects.set_timer(Timer::Expire, state.until);
            }
            Event::Timer(Timer::Expire) => state.working = false,
            Event::Command { .. } => {
                let right = config.bug == Bug::FlagByTimer || now < state.until;
                let may = state.working && right;
                effects.output(if may { Output::Worked(state.number) } else { Output::Refused });
            }
            _ => {}
        }
    }
}

impl Simulated for Lease {
    fn image_bytes((): &()) -> Bytes {
        Bytes::new()
    }
}

#[derive(Debug, Default)]
pub struct Oracle {
    newest: u64,
    pub worked: u64,
}

impl Driver<Lease> for Oracle {
    fn on_begin(&mut self, world: &mut World<Lease>) {
        world.wake(Nanos::from_millis(1), 0);
    }

    fn on_wakeup(&mut self, world: &mut World<Lease>, key: u64) {
        world.command(NodeId(2), CommandId(key), ());
        world.command(NodeId(3), CommandId(key), ());
        world.wake(world.now().plus(Nanos::from_millis(2)), key + 1);
    }

    fn on_output(&mut self, world: &mut World<Lease>, node: NodeId, output: Output) {
        match output {
            Output::Granted(number) => self.newest = number,
            Output::Worked(number) if number < self.newest => {
                let newest = self.newest;
                world.fail(format!("{node} worked under {number} when {newest} was granted"));
            }
            Output::Worked(_) => self.worked += 1,
            Output::Refused => {}
        }
    }
}
