//! Heartbeat rate against detection time and cost, on one series of round trips.
//!
//! The detector is Chen's, with one margin for all rates: how far the 99.9th percentile of the
//! delay in the first half of the series stands above its median. Cost is that of every node
//! telling every other one, in the heartbeats that the log's own election sends.

//= §1.2.3 heartbeat rate against detection time and cost

use super::compared::{Crashes, detection};
use super::options::Options;
use super::trips::Trips;
use crate::quantile::nearest_rank;
use avouch_agreement::detector::{Chen, measure};
use avouch_agreement::election::Status;
use avouch_agreement::log::Message;
use avouch_promise::{Encode, Nanos};
use avouch_store::wire::peer::frame::HEADER;

/// What a frame takes on the wire beside its bytes: Ethernet 14, IPv4 20, TCP with timestamps 32.
const WIRE_BYTES: u64 = 66;
/// The rates, by the time between heartbeats.
const INTERVALS_MS: [u64; 7] = [20, 50, 100, 200, 500, 1_000, 2_000];

/// What a detector was worth.
#[derive(Clone, Debug)]
pub(super) struct Worth {
    /// From a crash to the lasting suspicion: mean and longest.
    pub(super) detection: (Nanos, Nanos),
    /// Wrong suspicions while it was up.
    pub(super) mistakes: u64,
    /// How many an hour.
    pub(super) mistakes_an_hour: f64,
}

/// One rate.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Between two heartbeats.
    pub(super) interval: Nanos,
    /// With the margin alone: every lost heartbeat is a mistake.
    pub(super) strict: Worth,
    /// With a margin longer by an interval.
    pub(super) forgiving: Worth,
    /// Heartbeats a second of all nodes to all others.
    pub(super) messages_hz: f64,
    /// What these take on the wire.
    pub(super) bytes_hz: f64,
}

/// The bytes of one heartbeat on the wire.
pub(super) fn heartbeat_bytes() -> u64 {
    let message = Message::Heartbeat { period: 1 << 20, status: Status::default() };
    message.to_bytes().len() as u64 + HEADER as u64 + WIRE_BYTES
}

/// The margin that this series asks for.
pub(super) fn margin(trips: &Trips) -> Nanos {
    let seen = Trips::sorted(trips.halves().0);
    let above = nearest_rank(&seen, 0.999)
        .unwrap_or_default()
        .minus(nearest_rank(&seen, 0.5).unwrap_or_default());
    Nanos((above.0 / 2).max(1_000_000))
}

/// Every rate on the series.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub(super) fn rows(trips: &Trips, options: &Options, crashes: &Crashes) -> Vec<Row> {
    let margin = margin(trips);
    let pairs = (options.nodes * (options.nodes - 1)) as f64;
    let row = |interval_ms: &u64| {
        let interval = Nanos::from_millis(*interval_ms);
        let trace = trips.heartbeats(interval, options.heartbeats);
        let worth = |margin: Nanos| {
            let detector = || Chen::new(interval, margin, Nanos::ZERO);
            let quality = measure(&mut detector(), &trace);
            Worth {
                detection: detection(&trace, crashes, || Box::new(detector())),
                mistakes: quality.mistakes,
                mistakes_an_hour: quality.mistake_rate_hz() * 3_600.0,
            }
        };
        let messages_hz = pairs * 1e9 / interval.0 as f64;
        Row {
            interval,
            strict: worth(margin),
            forgiving: worth(margin.plus(interval)),
            messages_hz,
            bytes_hz: messages_hz * heartbeat_bytes() as f64,
        }
    };
    INTERVALS_MS.iter().map(row).collect()
}
