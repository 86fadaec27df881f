//! Logs of messages: each key (a topic's partition) is a log, each message stands at an offset of
//! it, and consumers poll what follows the place that they have reached (Jepsen's `kafka`).
//!
//! ```text
//!   asked  [:send k v]            [:poll]
//!   got    [:send k [offset v]]   [:poll {k [[offset v] [offset v]], ...}]
//!   assign, subscribe [k ...]     a consumer begins anew, by its own choice or the broker's
//! ```
//!
//! | judged | anomalies (names by Jepsen's workload) |
//! |---|---|
//! | log | inconsistent offsets, duplicate message, lost message, unexpected message |
//! | seen | unseen: acknowledged, and nobody polled it although somebody asked |
//! | polls in order | poll skip, nonmonotonic poll |
//! | sends in order | nonmonotonic send: sent after another one was acknowledged, and yet before it |
//! | read committed | G1a, aborted read; precommitted read; G1c, circular information flow |
//!
//! Offsets need not be contiguous: markers of transactions take some. Messages of transactions
//! interleave, so write-write cycles (G0) are no anomaly, and sends are compared one by one; that
//! one's sends have another's between them (Jepsen's send skip, which it allows, too) is noted. A
//! consumer that subscribed may be given other keys at any moment: its gaps are counted, no more;
//! so are those of a key that the operation itself says was reassigned (`:rebalance-log`). Of a
//! consumer that sought, or whose poll failed or is of unknown outcome, the place is not known.

mod circular;
mod log;
mod message;
mod order;
mod unseen;
mod verify;

#[cfg(test)]
mod tests;

use super::anomaly::Anomaly;
use super::history::Operation;
use super::mutant::Mutant;
use super::{Judged, Part, name, push};
use crate::meter::Meter;
use log::Logs;

pub(super) use message::is_step;
pub(super) use verify::accepts;

/// The functions of this workload; those of the last two say nothing of messages.
pub(super) const FUNCTIONS: [&str; 7] =
    ["send", "poll", "txn", "assign", "subscribe", "crash", "debug-topic-partitions"];

/// Judges logs.
pub(super) fn judge(all: &[Operation], meter: &mut Meter<'_>, mutant: Mutant) -> Judged {
    let mut logs = Logs::default();
    // The bound that any of these may have met is asked of the meter.
    let _ = logs.read(all, meter);
    let mut notes =
        vec![format!("messages polled: {}, of keys: {}", logs.polled.len(), logs.reached.len())];
    let again = logs.again.map(|(key, value)| {
        format!("{value} was sent to key {key} more than once: which message is which is not known")
    });
    let (found, open) = logs.contents(all, meter, mutant);
    let mut parts = vec![Part::new("log", found, open.or_else(|| again.clone()), meter)];
    let (found, left) = unseen::messages(all, &logs, meter, mutant);
    let told = "messages were acknowledged, and nobody has polled so far";
    let open = (left > 0).then(|| format!("{left} {told}"));
    parts.push(Part::new("seen", found, open, meter));
    let (found, excused) = order::polls(all, &logs, meter, mutant);
    parts.push(Part::new("polls in order", found, None, meter));
    if excused > 0 {
        notes.push(format!("{excused} gaps and repetitions may be of reassigned keys"));
    }
    let skips = order::send_skips(all, &logs, meter, mutant);
    if let Some(first) = skips.first() {
        let (title, told) = (first.title(), first.told(|place| name(all, place)));
        notes.push(format!("{title}: {told}; {} such, of which none is a violation", skips.len()));
    }
    let found = order::sends(all, meter, mutant);
    parts.push(Part::new("sends in order", found, None, meter));
    let mut found: Vec<Anomaly> = logs.of_failed(all, meter, mutant);
    found.extend(message::own(all, meter, mutant));
    found.extend(circular::shortest(all, &logs, meter, mutant));
    parts.push(Part::new("read committed", found, again, meter));
    Judged { parts, notes }
}
