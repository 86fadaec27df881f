//! Ping-pong: two nodes return every ball that they get. The smallest load there is, by which
//! simulators are measured.

use avouch_machine::{Effects, Env, Event, Protocol, Recovered};
use avouch_promise::NodeId;
use avouch_world::Simulated;
use bytes::Bytes;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PingPong;

#[derive(Clone, Debug)]
pub struct Config {
    pub other: NodeId,
    /// How many balls this node serves at its start.
    pub serves: u64,
    /// What each ball carries.
    pub payload: Bytes,
}

/// Two nodes, of which the first serves.
pub fn pair(serves: u64, payload: &'static [u8]) -> Vec<Config> {
    let payload = Bytes::from_static(payload);
    vec![
        Config { other: NodeId(2), serves, payload: payload.clone() },
        Config { other: NodeId(1), serves: 0, payload },
    ]
}

impl Protocol for PingPong {
    type Config = Config;
    type State = u64;
    type Message = (u64, Bytes);
    type Command = ();
    type Record = ();
    type Image = ();
    type Output = u64;
    type Observation = u64;
    type Timer = ();

    fn recover(_: &Config, _: Recovered<Self>) -> u64 {
        0
    }

    fn step(
        config: &Config,
        returned: &mut u64,
        event: Event<Self>,
        _: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Started { .. } => {
                for ball in 0..config.serves {
                    effects.send(config.other, (ball, config.payload.clone()));
                }
            }
            Event::Message { from, message: (ball, payload) } => {
                *returned += 1;
                effects.observe(ball);
                effects.send(from, (ball + 1, payload));
            }
            _ => {}
        }
    }
}

impl Simulated for PingPong {
    fn image_bytes((): &()) -> Bytes {
        Bytes::new()
    }
}
