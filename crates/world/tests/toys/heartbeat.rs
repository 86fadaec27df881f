//! Heartbeats: every node tells every other one that it is there, each period. With the `Hasty`
//! bug it takes the others from a `HashSet`, whose order differs from run to run.

use avouch_machine::{Effects, Env, Event, Protocol, Recovered};
use avouch_promise::{Nanos, NodeId};
use avouch_world::Simulated;
use bytes::Bytes;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Heartbeat;

#[derive(Clone, Debug)]
pub struct Config {
    pub others: Vec<NodeId>,
    pub period: Nanos,
    /// The bug: unordered iteration.
    pub unordered: bool,
}

pub fn cluster(nodes: u32, period: Nanos, unordered: bool) -> Vec<Config> {
    let others = |me| (1..=nodes).filter(|n| *n != me).map(NodeId).collect();
    (1..=nodes).map(|me| Config { others: others(me), period, unordered }).collect()
}

impl Protocol for Heartbeat {
    type Config = Config;
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
        beats: &mut u64,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        if !matches!(event, Event::Started { .. } | Event::Timer(())) {
            return;
        }
        *beats += 1;
        if config.unordered {
            #[expect(clippy::disallowed_types, reason = "the planted bug")]
            let others: std::collections::HashSet<NodeId> = config.others.iter().copied().collect();
            for other in &others {
                effects.send(*other, *beats);
            }
        } else {
            for other in &config.others {
                effects.send(*other, *beats);
            }
        }
        effects.set_timer((), env.monotonic().plus(config.period));
    }
}

impl Simulated for Heartbeat {
    fn image_bytes((): &()) -> Bytes {
        Bytes::new()
    }
}
