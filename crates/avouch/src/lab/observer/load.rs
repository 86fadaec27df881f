//! The clients: each asks the node of its own region at fixed times, and the same in every window
//! of a block.

use super::level::Level;
use crate::client::{Client, Terms};
use avouch_promise::evidence::Verdict;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Blame, Error, Random};
use avouch_state::{Operation, PutRequest, RangeRequest};
use bytes::Bytes;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How many keys there are.
const KEYS: u64 = 64;
/// The length of a value in bytes.
const VALUE_BYTES: usize = 64;
/// How long a client waits for one answer.
const DEADLINE: Duration = Duration::from_secs(5);

/// When a client asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// The first time.
    pub(super) first: Instant,
    /// From one to the next.
    pub(super) period: Duration,
    /// Nothing is asked from here on.
    pub(super) end: Instant,
    /// What should be asked before this is not counted.
    pub(super) counted_from: Instant,
}

/// What a client saw in a window.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// From when it should have asked to the answer, in nanoseconds.
    pub(super) latencies_ns: Vec<u64>,
    /// How many were not answered in time.
    pub(super) failed: u64,
}

/// Asks at these times. `random` names the operations.
///
/// # Errors
/// `Peer` when evidence did not hold.
pub(super) async fn ask(
    client: &mut Client,
    times: Times,
    level: Level,
    mut random: Random,
) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    let mut due = times.first;
    let mut number = 0;
    while due < times.end {
        let operation = operation(&mut random);
        sleep_until(due).await;
        let evidence = level.evidence(number);
        let terms = Terms { deadline: DEADLINE, evidence, ..Terms::new(Guarantee::Linearizable) };
        let counted = due >= times.counted_from;
        match client.ask(&operation, &terms).await {
            Ok(reply) if evidence && reply.worth.verdict() != Verdict::Holds => {
                let got = format!("{:?}", reply.worth.verdict());
                return Err(Error::new(Blame::Peer, "evidence that holds", got)
                    .hint("do not rely on this build: its nodes answer what they cannot show"));
            }
            Ok(_) if counted => {
                let took = crate::quantity::nanos(due.elapsed()).0;
                seen.latencies_ns.push(took);
            }
            Ok(_) => {}
            Err(_) => seen.failed += u64::from(counted),
        }
        due += times.period;
        number += 1;
    }
    Ok(seen)
}

/// Half of them write.
fn operation(random: &mut Random) -> Operation {
    let key = Bytes::from(format!("observed/{}", random.below(KEYS)));
    if random.chance(0.5) {
        let value = Bytes::from(vec![b'a' + random.below(26) as u8; VALUE_BYTES]);
        return Operation::Put(PutRequest { key, value, ..PutRequest::default() });
    }
    Operation::Range(RangeRequest { key, ..RangeRequest::default() })
}
