//! The span within which a call takes effect, by its label.

use crate::history::{Call, History, Label};
use crate::model::key_value::{Action, Answer};
use crate::operation::{Moment, Operation};
use avouch_promise::Nanos;

/// The call as an operation with its span.
pub(crate) fn operation(call: &Call, history: &History) -> Operation<Action, Answer> {
    Operation {
        input: call.action.clone(),
        output: call.answer.clone(),
        earliest: earliest(call, history),
        latest: call.ended.map(|ended| ended.moment),
    }
}

fn earliest(call: &Call, history: &History) -> Moment {
    match call.label {
        _ if call.is_write() => call.began.moment,
        Label::ConsistentPrefix | Label::Eventual => Moment(0),
        Label::BoundedStaleness(bound) => stale(call, bound, &history.times),
        Label::Linearizable | Label::Other(_) => call.began.moment,
    }
}

/// The moment just before the first event that is not older than `bound` at the invocation.
///
/// Without recorded times nothing is known of ages, and nothing is demanded.
//= §2.3.3 bounded staleness (time)
fn stale(call: &Call, bound: Nanos, times: &[Nanos]) -> Moment {
    let Some(began) = call.began.time else { return Moment(0) };
    let oldest = Nanos(began.0.saturating_sub(bound.0));
    let older = times.partition_point(|time| *time < oldest);
    Moment(2 * older as u64).min(call.began.moment)
}
