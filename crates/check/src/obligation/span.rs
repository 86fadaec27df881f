//! The obligations that this judge knows, and the span within which each lets a call take effect.

use crate::history::{Call, History};
use crate::model::key_value::{Action, Outcome};
use crate::operation::{Moment, Operation};
use avouch_promise::Nanos;
use avouch_promise::guarantee::Guarantee;

/// What a call must see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Obligation {
    /// The state at one moment between invocation and answer.
    Latest,
    /// A state that was the latest at most this long before the invocation.
    NoOlderThan(Nanos),
    /// The state at any one point of the log, up to the answer.
    Prefix,
    /// For each key, something that was written to it.
    Written,
}

impl Obligation {
    /// The obligation of a call; nothing if this judge does not know its guarantee.
    ///
    /// All writes take their places in the one order of the log between invocation and answer.
    pub(super) fn of(call: &Call) -> Option<Self> {
        match call.guarantee {
            _ if call.is_write() => Some(Self::Latest),
            Guarantee::Linearizable
            | Guarantee::StrictSerializable
            | Guarantee::ByzantineLinearizable
            | Guarantee::ByzantineStrictSerializable => Some(Self::Latest),
            Guarantee::StalenessByTime(bound) => Some(Self::NoOlderThan(Nanos(bound.get()))),
            Guarantee::ConsistentPrefix | Guarantee::ByzantineConsistentPrefix => {
                Some(Self::Prefix)
            }
            Guarantee::Eventual => Some(Self::Written),
            _ => None,
        }
    }
}

/// The call as an operation with its span.
pub(super) fn operation(call: &Call, history: &History) -> Operation<Action, Outcome> {
    Operation {
        input: call.action.clone(),
        output: call.answer.clone(),
        earliest: earliest(call, history),
        latest: call.ended.map(|ended| ended.moment),
    }
}

//= §2.3.3 consistent-prefix
/// The first moment at which the state that the call saw may have been the latest.
pub(crate) fn earliest(call: &Call, history: &History) -> Moment {
    match Obligation::of(call) {
        Some(Obligation::Latest) | None => call.began.moment,
        Some(Obligation::NoOlderThan(bound)) => stale(call, bound, &history.times),
        Some(Obligation::Prefix | Obligation::Written) => Moment(0),
    }
}

/// The moment just before the first event that is not older than `bound` at the invocation.
///
/// Without recorded times nothing is known of ages, and nothing is demanded.
//= §2.3.3 bounded-staleness-time
fn stale(call: &Call, bound: Nanos, times: &[Nanos]) -> Moment {
    let Some(began) = call.began.time else { return Moment(0) };
    let older = times.partition_point(|time| *time < began.minus(bound));
    Moment(2 * older as u64).min(call.began.moment)
}
