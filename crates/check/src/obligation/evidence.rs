//! Judging by evidence alone: the log points that answers carry give the order, and the judge only
//! checks that this order keeps every promise.
//!
//! ```text
//! log   1.1    1.2    2.1    ...      a write at 1.2 left the state 1.2
//!              ^ reads at 1.2 see writes up to 1.2
//! ```
//!
//! The order of evidence keeps the promises if
//! - E1 no two writes stand at one point;
//! - E2 each answer is what its point's state gives (writes of unknown outcome that have no point
//!   may be anywhere that real time allows);
//! - E3 nothing stands behind a call in the log whose span began after it was answered: no
//!   linearizable read is older than what was answered before it, and no answer comes from the
//!   future.
//!
//! If they hold, the history has an order in the sense of `linearizability`: the theorem behind the
//! guarantee table. Whoever holds only evidence needs no search.

use super::{Selection, is_ordered, span, unordered};
use crate::history::{Call, History};
use crate::limits::{Budget, Limits};
use crate::linearizability::{decide, verify_order};
use crate::model::key_value::{asked, changed_nothing};
use crate::operation::{Moment, Operation};
use crate::report::{Finding, Part, Report, Story};
use avouch_promise::LogPoint;

/// Judges a history by its log points alone.
//= §1.4.1 each guarantee's specification as a predicate over histories
pub fn judge_by_evidence(history: &History, limits: &Limits) -> Report {
    let mut budget = Budget::new(*limits);
    let chosen = history.calls.iter().enumerate().filter(|(_, call)| is_ordered(call));
    let ordered: Vec<usize> = chosen.map(|(place, _)| place).collect();
    let mut parts = vec![Part {
        guarantee: "the order of evidence".to_owned(),
        operations: ordered.len(),
        finding: judge_order(history, &ordered, &mut budget),
    }];
    parts.extend(unordered(history));
    Report::new(history, parts, &budget)
}

/// A call with its log point.
type Pointed = (LogPoint, usize);

fn judge_order(history: &History, ordered: &[usize], budget: &mut Budget) -> Finding {
    let calls = &history.calls;
    if let Some(place) =
        ordered.iter().find(|at| calls[**at].point.is_none() && calls[**at].ended.is_some())
    {
        let Call { action, process, .. } = &calls[*place];
        let action = asked(action);
        let reason = format!("`{action}` of process {process} was answered without a log point");
        return Finding::Unknown { reason, story: None };
    }
    let mut pointed: Vec<Pointed> = ordered
        .iter()
        .filter_map(|at| calls[*at].point.map(|point| (point, *at)))
        .filter(|(_, at)| changes(&calls[*at]) || calls[*at].ended.is_some())
        .collect();
    let place = |(point, at): &Pointed| (*point, !changes(&calls[*at]), calls[*at].began.moment);
    pointed.sort_by_cached_key(place);
    if let Some(story) = two_writes(history, &pointed).or_else(|| out_of_time(history, &pointed)) {
        return Finding::Violated(story);
    }
    answers(history, &pointed, ordered, budget)
}

/// E1.
fn two_writes(history: &History, pointed: &[Pointed]) -> Option<Story> {
    let writes: Vec<&Pointed> =
        pointed.iter().filter(|(_, at)| changes(&history.calls[*at])).collect();
    writes.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| {
        let because = vec![format!("both claim log point {}", pair[0].0)];
        Story::of_calls(history, "two writes at one log point", &[pair[0].1, pair[1].1], because)
    })
}

/// Whether a call certainly has an entry of the log to itself: a write whose answer does not say
/// that it changed nothing.
fn changes(call: &Call) -> bool {
    let idle = |answer| changed_nothing(&call.action, answer);
    call.is_write() && !call.answer.as_ref().is_some_and(idle)
}

/// E3: along the log, no call may have a span that ended before one placed earlier in the log
/// began.
fn out_of_time(history: &History, pointed: &[Pointed]) -> Option<Story> {
    let mut latest: Option<(Moment, LogPoint, usize)> = None;
    let mut group = 0;
    while let Some((point, _)) = pointed.get(group) {
        let same = pointed[group..].iter().take_while(|(other, _)| other == point).count();
        let members = &pointed[group..group + same];
        // Reads at one point have no order among each other; the write there comes first.
        for writes in [true, false] {
            let of_kind = |at: usize| changes(&history.calls[at]) == writes;
            for (point, at) in members.iter().filter(|(_, at)| of_kind(*at)) {
                let ended = history.calls[*at].ended.map(|ended| ended.moment);
                if let (Some(ended), Some((earliest, before, other))) = (ended, latest)
                    && ended < earliest
                {
                    let because = vec![format!(
                        "log point {point} comes after log point {before}, whose call began after this \
                         one was answered"
                    )];
                    let title = "the log orders these against real time";
                    return Some(Story::of_calls(history, title, &[*at, other], because));
                }
            }
            for (point, at) in members.iter().filter(|(_, at)| of_kind(*at)) {
                let earliest = span::earliest(&history.calls[*at], history);
                if latest.is_none_or(|(moment, ..)| moment < earliest) {
                    latest = Some((earliest, *point, *at));
                }
            }
        }
        group += same;
    }
    None
}

/// E2: the log's own order as time, in which only writes of unknown outcome and place are free.
fn answers(
    history: &History,
    pointed: &[Pointed],
    ordered: &[usize],
    budget: &mut Budget,
) -> Finding {
    let calls = &history.calls;
    let mut selection = Selection::with_room(ordered.len());
    let mut rank = 0;
    let mut last = None;
    let mut earliest_free: Vec<(Moment, Moment)> = Vec::new();
    for (point, at) in pointed {
        let call = &calls[*at];
        let key = (*point, !changes(call));
        if last != Some(key) || changes(call) {
            rank += 2;
            last = Some(key);
        }
        // A write of unknown outcome that has a point took effect there.
        let latest = Some(Moment(rank));
        selection.places.push(*at);
        selection.operations.push(Operation {
            input: call.action.clone(),
            output: call.answer.clone(),
            earliest: Moment(rank),
            latest,
        });
        earliest_free.extend(call.ended.map(|ended| (ended.moment, Moment(rank))));
    }
    let is_free = |at: &&usize| calls[**at].point.is_none() && calls[**at].is_write();
    for at in ordered.iter().filter(is_free) {
        let call = &calls[*at];
        let after = earliest_free.iter().filter(|(ended, _)| *ended < call.began.moment);
        let earliest = after.map(|(_, rank)| Moment(rank.0 + 1)).max().unwrap_or(Moment(0));
        selection.places.push(*at);
        selection.operations.push(Operation {
            input: call.action.clone(),
            output: None,
            earliest,
            latest: None,
        });
    }
    // Mostly the order is whole as it stands, and there is nothing to search for.
    let order: Vec<usize> = (0..pointed.len()).collect();
    if verify_order(&history.model, &selection.operations, &order).is_ok() {
        selection.places.truncate(pointed.len());
        return Finding::Holds { order: selection.places, checked: true };
    }
    let verdict = decide(&history.model, &selection.operations, budget);
    Finding::of(history, &selection.places, &verdict)
}
