//! The order of a consumer's polls, and that of sends.

use super::super::anomaly::{Anomaly, Kind};
use super::super::datum::Datum;
use super::super::history::Operation;
use super::super::mutant::Mutant;
use super::log::Logs;
use super::message::{polled, polls as may_poll, sent};
use super::push;
use crate::dependency::Fate;
use crate::meter::{Meter, entry};
use std::collections::{BTreeMap, BTreeSet};

/// Polls that skip a message that is there, or that go back; and how many of those may be of keys
/// that were reassigned.
pub(super) fn polls(
    all: &[Operation],
    logs: &Logs<'_>,
    meter: &mut Meter<'_>,
    mutant: Mutant,
) -> (Vec<Anomaly>, usize) {
    // How far each process has come in each key, by which operation.
    let mut reached: BTreeMap<Option<i64>, BTreeMap<&Datum, (i64, usize)>> = BTreeMap::new();
    let mut subscribed: BTreeSet<Option<i64>> = BTreeSet::new();
    let (mut found, mut excused) = (Vec::new(), 0);
    meter.pass("operations", all.len(), 70..80);
    for (place, one) in all.iter().enumerate() {
        if meter.next().is_err() {
            break;
        }
        let is_chosen = one.is("assign");
        if (is_chosen || one.is("subscribe")) && one.fate != Fate::Aborted {
            reached.remove(&one.process);
            if is_chosen {
                subscribed.remove(&one.process);
            } else {
                subscribed.insert(one.process);
            }
        }
        if one.fate != Fate::Committed && may_poll(one) {
            reached.remove(&one.process);
        }
        if one.process.is_none() {
            // Of two that name nobody none knows whether one consumer polled both.
            reached.remove(&None);
        }
        let own = reached.entry(one.process).or_default();
        for message in polled(one) {
            let Some(offset) = message.offset else { continue };
            let Some((last, earlier)) = own.insert(message.key, (offset, place)) else {
                meter.hold(entry::<(&Datum, (i64, usize))>());
                continue;
            };
            let log = logs.at.get(message.key);
            let skipped = log
                .filter(|_| last < offset)
                .and_then(|log| log.range(last + 1..offset).next().map(|(_, (value, _))| *value));
            let anomaly = match skipped {
                Some(value) if mutant != Mutant::ForgetSkips => {
                    Anomaly::new(Kind::PollSkip, &[earlier, place], &[message.key, value])
                }
                None if offset <= last => {
                    let values = [message.key, message.value];
                    Anomaly::new(Kind::NonmonotonicPoll, &[earlier, place], &values)
                }
                _ => continue,
            };
            if subscribed.contains(&one.process) || one.rebalanced.contains(message.key) {
                excused += 1;
            } else {
                push(&mut found, anomaly, meter);
            }
        }
    }
    (found, excused)
}

/// Sends of one operation to one key that have another one's message between them. Logs may do
/// that, and Jepsen allows it (`int-send-skip`): it is told, and is no violation.
pub(super) fn send_skips(
    all: &[Operation],
    logs: &Logs<'_>,
    meter: &mut Meter<'_>,
    mutant: Mutant,
) -> Vec<Anomaly> {
    let mut found = Vec::new();
    if mutant == Mutant::ForgetSendSkips {
        return found;
    }
    for (place, one) in all.iter().enumerate() {
        let sends = sent(one);
        if one.fate != Fate::Committed || sends.len() < 2 {
            continue;
        }
        let mut last: BTreeMap<&Datum, i64> = BTreeMap::new();
        for message in &sends {
            if meter.look(1).is_err() {
                return found;
            }
            let Some(offset) = message.offset else { continue };
            let Some(before) = last.insert(message.key, offset) else { continue };
            let log = logs.at.get(message.key).filter(|_| before < offset);
            let between = log.and_then(|log| log.range(before + 1..offset).next());
            if let Some((_, (value, other))) = between {
                let values = [message.key, *value];
                push(&mut found, Anomaly::new(Kind::SendSkip, &[place, *other], &values), meter);
            }
        }
    }
    found
}

/// Sends that stand before one that had been acknowledged when they were asked for.
pub(super) fn sends(all: &[Operation], meter: &mut Meter<'_>, mutant: Mutant) -> Vec<Anomaly> {
    let mut found = Vec::new();
    if mutant == Mutant::ForgetSends {
        return found;
    }
    let mut ends: Vec<usize> =
        (0..all.len()).filter(|place| all[*place].fate == Fate::Committed).collect();
    ends.sort_unstable_by_key(|place| all[*place].ended);
    meter.hold(ends.len() * size_of::<usize>());
    meter.pass("operations", all.len(), 80..85);
    let mut ends = ends.into_iter().peekable();
    // The highest offset of each key that was acknowledged, and by whom.
    let mut highest: BTreeMap<&Datum, (i64, usize)> = BTreeMap::new();
    for (place, one) in all.iter().enumerate() {
        if meter.next().is_err() {
            break;
        }
        while let Some(ended) = ends.next_if(|ended| all[*ended].is_before(one)) {
            for message in sent(&all[ended]) {
                let Some(offset) = message.offset else { continue };
                let highest = highest.entry(message.key).or_insert_with(|| {
                    meter.hold(entry::<(&Datum, (i64, usize))>());
                    (offset, ended)
                });
                *highest = (*highest).max((offset, ended));
            }
        }
        // Within an operation the sends are in order, too.
        let mut own: BTreeMap<&Datum, i64> = BTreeMap::new();
        for message in sent(one) {
            let Some(offset) = message.offset else { continue };
            let before = highest.get(message.key).filter(|(last, _)| offset <= *last);
            let mine = own.insert(message.key, offset).filter(|last| offset <= *last);
            let earlier = before.map(|(_, earlier)| *earlier).or(mine.map(|_| place));
            if let Some(earlier) = earlier {
                let values = [message.key, message.value];
                let one = Anomaly::new(Kind::NonmonotonicSend, &[earlier, place], &values);
                push(&mut found, one, meter);
            }
        }
    }
    found
}
