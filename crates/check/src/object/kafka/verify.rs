//! Checks an anomaly of logs again, from the operations that it names alone, or from all of them
//! where it says that something is nowhere.

use super::super::anomaly::{Anomaly, Kind};
use super::super::datum::Datum;
use super::super::history::Operation;
use super::log::may_be_polled;
use super::message::{Message, polled, polls, sent};
use crate::dependency::Fate;

fn shown(one: &Operation) -> Vec<Message<'_>> {
    [sent(one), polled(one)].concat()
}

/// Whether it is one.
pub(in super::super) fn accepts(all: &[Operation], anomaly: &Anomaly) -> bool {
    let mut named = Vec::new();
    for place in &anomaly.operations {
        let Some(one) = all.get(*place) else { return false };
        named.push(one);
    }
    match (&named[..], &anomaly.values[..]) {
        (circle, []) => anomaly.kind == Kind::CircularMessages && is_circle(circle),
        ([one], [key, value]) => {
            let is = |message: &Message<'_>| message.name() == (key, value);
            let earlier = |other: &Operation| other.began < one.ended;
            let has = polled(one).iter().any(is);
            match anomaly.kind {
                Kind::UnexpectedMessage => {
                    has && !all.iter().any(|one| earlier(one) && sent(one).iter().any(is))
                }
                Kind::Precommitted => {
                    has && one.fate == Fate::Committed && sent(one).iter().any(is)
                }
                _ => false,
            }
        }
        ([one, before, poll], [key, value]) => {
            anomaly.kind == Kind::Unseen && is_unseen(all, (one, before, poll), (key, value))
        }
        ([one, other], [key, value]) => of_two(all, anomaly.kind, (one, other), (key, value)),
        _ => false,
    }
}

/// Whether one put a message there, and a consumer that had polled what stands before it asked
/// again afterwards, was given nothing, and nobody ever was given the message.
fn is_unseen(
    all: &[Operation],
    (one, before, poll): (&Operation, &Operation, &Operation),
    (key, value): (&Datum, &Datum),
) -> bool {
    let is = |message: &Message<'_>| message.name() == (key, value);
    let Some(at) = sent(one).into_iter().find(is).and_then(|message| message.offset) else {
        return false;
    };
    let is_before = |message: &Message<'_>| {
        message.key == key && message.offset.is_some_and(|offset| offset < at)
    };
    let is_its = |other: &&Operation| other.process == poll.process && other.began < poll.began;
    // Its keys are its own choice, and nothing moved it between.
    let chose = |other: &&Operation| other.is("assign") || other.is("subscribe");
    let chosen = all.iter().filter(is_its).filter(chose).rfind(|one| one.fate != Fate::Aborted);
    let stays = all.iter().filter(is_its).filter(|other| other.began > before.began).all(|other| {
        (other.fate == Fate::Committed || !polls(other))
            && other.rebalanced.is_empty()
            && (!chose(&other) || other.fate == Fate::Aborted)
    });
    let is_quiet = |other: &Operation| {
        let sends = sent(other).iter().any(|message| message.key == key);
        !sends || other.began >= poll.began || other.is_before(poll)
    };
    [one, before, poll].iter().all(|one| one.fate == Fate::Committed)
        && one.is_before(poll)
        && before.began < poll.began
        && poll.process.is_some()
        && before.process == poll.process
        && polled(before).iter().any(is_before)
        && (polls(poll) && polled(poll).is_empty() && poll.rebalanced.is_empty())
        && chosen.is_none_or(|one| one.is("assign"))
        && stays
        && all.iter().all(is_quiet)
        && !all.iter().any(|one| polled(one).iter().any(is))
        && !may_be_polled(all)
}

fn is_circle(circle: &[&Operation]) -> bool {
    let follows = |place: usize| {
        let (one, next) = (circle[place], circle[(place + 1) % circle.len()]);
        let sends = sent(next);
        polled(one).iter().any(|poll| sends.iter().any(|send| send.name() == poll.name()))
    };
    circle.len() > 1 && (0..circle.len()).all(follows)
}

fn of_two(
    all: &[Operation],
    kind: Kind,
    (one, other): (&Operation, &Operation),
    (key, value): (&Datum, &Datum),
) -> bool {
    let of_key = |one: &Message<'_>| one.key == key;
    let is = |message: &Message<'_>| message.name() == (key, value);
    let offsets = |messages: Vec<Message<'_>>, is: &dyn Fn(&Message<'_>) -> bool| {
        messages.iter().filter(|one| is(one)).filter_map(|one| one.offset).collect::<Vec<_>>()
    };
    let sender = |one: &Operation| sent(one).iter().any(is);
    match kind {
        Kind::InconsistentOffsets => {
            let at = |one: &Message<'_>| {
                one.key == key && one.offset.map(Datum::Integer).as_ref() == Some(value)
            };
            let (first, second) = (shown(one), shown(other));
            let differs = |mine: &Message<'_>| {
                second.iter().any(|theirs| at(theirs) && theirs.value != mine.value)
            };
            first.iter().any(|mine| at(mine) && differs(mine))
        }
        Kind::DuplicateMessage => {
            let (first, second) = (offsets(shown(one), &is), offsets(shown(other), &is));
            first.iter().any(|mine| second.iter().any(|theirs| theirs != mine))
        }
        Kind::AbortedMessage => {
            one.fate == Fate::Aborted && sender(one) && polled(other).iter().any(is)
        }
        Kind::LostMessage => {
            let sent_at = offsets(sent(one), &is);
            let polls = |one: &Operation| polled(one).iter().any(is);
            one.fate == Fate::Committed
                && offsets(polled(other), &of_key)
                    .iter()
                    .any(|reached| sent_at.iter().any(|sent_at| sent_at < reached))
                && !all.iter().any(polls)
                && !may_be_polled(all)
        }
        Kind::PollSkip => {
            // Somebody saw the skipped one between two that it polled one after the other.
            let seen: Vec<i64> = all.iter().flat_map(|one| offsets(shown(one), &is)).collect();
            let between = |pair: &[i64]| seen.iter().any(|at| pair[0] < *at && *at < pair[1]);
            is_same(one, other) && steps(one, other, &of_key).windows(2).any(between)
        }
        Kind::SendSkip => {
            // Another one's stands between two that it sent one after the other.
            let at = offsets(shown(other), &is);
            let between = |pair: &[i64]| at.iter().any(|at| pair[0] < *at && *at < pair[1]);
            one.fate == Fate::Committed
                && !sender(one)
                && offsets(sent(one), &of_key).windows(2).any(between)
        }
        Kind::NonmonotonicPoll => {
            is_same(one, other)
                && steps(one, other, &of_key).windows(2).any(|pair| pair[1] <= pair[0])
        }
        Kind::NonmonotonicSend if one.began == other.began => {
            offsets(sent(one), &of_key).windows(2).any(|pair| pair[1] <= pair[0])
        }
        Kind::NonmonotonicSend => {
            let (before, after) = (offsets(sent(one), &of_key), offsets(sent(other), &of_key));
            one.is_before(other) && before.iter().any(|it| after.iter().any(|mine| mine <= it))
        }
        _ => false,
    }
}

/// Whether one consumer polled both.
fn is_same(one: &Operation, other: &Operation) -> bool {
    one.began == other.began || (one.process.is_some() && one.process == other.process)
}

/// The offsets that a consumer polled in one operation or two, one after the other.
fn steps(one: &Operation, other: &Operation, of_key: &impl Fn(&Message<'_>) -> bool) -> Vec<i64> {
    let mut all = polled(one);
    if one.began == other.began {
        return all.iter().filter(|one| of_key(one)).filter_map(|one| one.offset).collect();
    }
    let last = all.drain(..).rfind(|one| of_key(one) && one.offset.is_some());
    let first = polled(other).into_iter().find(|one| of_key(one) && one.offset.is_some());
    last.into_iter().chain(first).filter_map(|one| one.offset).collect()
}
