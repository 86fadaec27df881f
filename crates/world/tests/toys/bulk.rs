//! Bulk: at its start every node sends what its configuration says; who gets something says so.

use avouch_machine::{Effects, Env, Event, Protocol, Recovered};
use avouch_promise::NodeId;
use avouch_world::Simulated;
use bytes::Bytes;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bulk;

/// What a node sends at its start: to whom, and how many bytes.
pub type Config = Vec<(NodeId, u64)>;

impl Protocol for Bulk {
    type Config = Config;
    type State = ();
    type Message = u64;
    type Command = ();
    type Record = ();
    type Image = ();
    type Output = (NodeId, u64);
    type Observation = ();
    type Timer = ();

    fn recover(_: &Config, _: Recovered<Self>) {}

    fn step(
        config: &Config,
        (): &mut (),
        event: Event<Self>,
        _: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Started { .. } => {
                for (to, bytes) in config {
                    effects.send(*to, *bytes);
                }
            }
            Event::Message { from, message } => effects.output((from, message)),
            _ => {}
        }
    }
}

impl Simulated for Bulk {
    fn image_bytes((): &()) -> Bytes {
        Bytes::new()
    }

    fn message_bytes(message: &u64) -> u64 {
        *message
    }
}
