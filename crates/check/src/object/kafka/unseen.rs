//! Messages that were acknowledged and that nobody polled, although a consumer that stood before
//! one asked again afterwards and was given nothing (Jepsen's `unseen`).
//!
//! ```text
//!   send m at 7 |---|                     acknowledged
//!   C polls 5            |---| ... |---|  given nothing, of any of its keys
//! ```
//!
//! Jepsen calls so whatever nobody has polled by the end. Here somebody has to have asked: one
//! whose place in the key is known, whose keys nobody takes away, and while nothing that sends to
//! the key is under way, for what stands behind an open transaction is not shown yet. A broker may
//! be slow and give nothing once; what it gives nobody until the history ends is told apart from
//! the contents of the log, in a part of its own.

use super::super::anomaly::{Anomaly, Kind};
use super::super::datum::Datum;
use super::super::history::Operation;
use super::super::mutant::Mutant;
use super::log::{Logs, may_be_polled};
use super::message::{polled, polls, sent};
use super::push;
use crate::dependency::Fate;
use crate::limits::Exhausted;
use crate::meter::{Meter, entry};
use std::collections::{BTreeMap, BTreeSet};

/// The last poll of a key that was given nothing, and the one before that tells the place.
type Empty = (usize, usize);

/// The messages that nobody was given, and how many more nobody has polled so far.
pub(super) fn messages(
    all: &[Operation],
    logs: &Logs<'_>,
    meter: &mut Meter<'_>,
    mutant: Mutant,
) -> (Vec<Anomaly>, usize) {
    let (mut found, mut left) = (Vec::new(), 0);
    let mut empty = BTreeMap::new();
    // The bound that it may have met is asked of the meter.
    let _ = empty_polls(all, &mut empty, meter, mutant);
    let is_open = logs.again.is_some() || may_be_polled(all);
    meter.pass("operations", all.len(), 68..70);
    for (place, one) in all.iter().enumerate().filter(|(_, one)| one.fate == Fate::Committed) {
        if meter.next().is_err() {
            break;
        }
        for message in sent(one) {
            let reached = logs.reached.get(message.key);
            let is_behind = |offset: i64| reached.is_none_or(|reached| reached.0 < offset);
            if logs.polled.contains_key(&message.name()) || !message.offset.is_none_or(is_behind) {
                continue;
            }
            let polls = empty.get(message.key).filter(|_| message.offset.is_some() && !is_open);
            match polls.filter(|(_, poll)| one.is_before(&all[*poll])) {
                Some((before, poll)) => {
                    let values = [message.key, message.value];
                    let operations = [place, *before, *poll];
                    push(&mut found, Anomaly::new(Kind::Unseen, &operations, &values), meter);
                }
                None => left += 1,
            }
        }
    }
    meter.release(empty.len() * entry::<(&Datum, Empty)>());
    (found, left)
}

/// Of each key the last poll that was given nothing while nothing was being sent to it.
fn empty_polls<'a>(
    all: &'a [Operation],
    empty: &mut BTreeMap<&'a Datum, Empty>,
    meter: &mut Meter<'_>,
    mutant: Mutant,
) -> Result<(), Exhausted> {
    // By which operation each process came where it is in each key.
    let mut places: BTreeMap<i64, BTreeMap<&Datum, usize>> = BTreeMap::new();
    let mut subscribed: BTreeSet<i64> = BTreeSet::new();
    // When the last send to a key ended.
    let mut busy: BTreeMap<&Datum, u32> = BTreeMap::new();
    meter.pass("operations", all.len(), 65..68);
    for (place, one) in all.iter().enumerate() {
        meter.next()?;
        let sends = sent(one);
        for message in &sends {
            let until = busy.entry(message.key).or_insert(0);
            *until = (*until).max(one.ended);
        }
        let Some(process) = one.process else { continue };
        if (one.is("assign") || one.is("subscribe")) && one.fate != Fate::Aborted {
            places.remove(&process);
            subscribed.remove(&process);
            subscribed.extend(one.is("subscribe").then_some(process));
        }
        if !one.rebalanced.is_empty() || (polls(one) && one.fate != Fate::Committed) {
            places.remove(&process);
            continue;
        }
        if !polls(one) {
            continue;
        }
        let own = places.entry(process).or_default();
        let given = polled(one);
        meter.look(given.len() + own.len())?;
        for message in given.iter().filter(|message| message.offset.is_some()) {
            if own.insert(message.key, place).is_none() {
                meter.hold(entry::<(&Datum, usize)>());
            }
        }
        if !given.is_empty() || !sends.is_empty() || subscribed.contains(&process) {
            continue;
        }
        for (key, before) in own {
            let is_quiet = busy.get(key).is_none_or(|until| *until < one.began);
            if (is_quiet || mutant == Mutant::ForgetOpen)
                && empty.insert(key, (*before, place)).is_none()
            {
                meter.hold(entry::<(&Datum, Empty)>());
            }
        }
    }
    let held: usize = places.values().map(BTreeMap::len).sum();
    meter.release(held * entry::<(&Datum, usize)>());
    Ok(())
}
