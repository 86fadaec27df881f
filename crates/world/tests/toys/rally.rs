//! A rally over a lossy link: the first node serves a ball, the second returns it, and a ball that
//! does not come back in time is sent again. The same game that the peers of
//! `cargo xtask bench world` play.

use avouch_machine::{Effects, Env, Event, Protocol, Recovered};
use avouch_promise::{Nanos, NodeId};
use avouch_world::Simulated;
use bytes::Bytes;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rally;

#[derive(Clone, Debug)]
pub struct Config {
    pub other: NodeId,
    pub serves: bool,
    /// How long the server waits for its ball.
    pub patience: Nanos,
}

/// Two nodes, of which the first serves.
pub fn pair(patience: Nanos) -> Vec<Config> {
    vec![
        Config { other: NodeId(2), serves: true, patience },
        Config { other: NodeId(1), serves: false, patience },
    ]
}

fn serve(config: &Config, ball: u64, env: &mut dyn Env, effects: &mut Effects<Rally>) {
    effects.send(config.other, ball);
    effects.set_timer((), env.monotonic().plus(config.patience));
}

impl Protocol for Rally {
    type Config = Config;
    /// The ball that is out.
    type State = u64;
    type Message = u64;
    type Command = ();
    type Record = ();
    type Image = ();
    type Output = ();
    type Observation = ();
    type Timer = ();

    fn recover(_: &Config, _: Recovered<Self>) -> u64 {
        0
    }

    fn step(
        config: &Config,
        out: &mut u64,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Message { from, message } if !config.serves => effects.send(from, message),
            Event::Message { message, .. } if message == *out => {
                *out += 1;
                serve(config, *out, env, effects);
            }
            Event::Started { .. } | Event::Timer(()) if config.serves => {
                serve(config, *out, env, effects);
            }
            _ => {}
        }
    }
}

impl Simulated for Rally {
    fn image_bytes((): &()) -> Bytes {
        Bytes::new()
    }
}
