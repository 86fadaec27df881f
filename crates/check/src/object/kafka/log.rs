//! What each log holds, as far as it was told: by sends that were acknowledged, and by polls.

use super::super::anomaly::{Anomaly, Kind};
use super::super::datum::Datum;
use super::super::history::Operation;
use super::super::mutant::Mutant;
use super::message::{polled, polls, sent};
use super::push;
use crate::dependency::Fate;
use crate::limits::Exhausted;
use crate::meter::{Meter, entry};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A message by its key and value.
type Name<'a> = (&'a Datum, &'a Datum);

/// All logs.
#[derive(Default)]
pub(super) struct Logs<'a> {
    /// Who sent a message first.
    pub(super) senders: BTreeMap<Name<'a>, usize>,
    /// One that was sent over again, if any was.
    pub(super) again: Option<Name<'a>>,
    /// What stands at each offset of each key, with an operation that told it.
    pub(super) at: BTreeMap<&'a Datum, BTreeMap<i64, (&'a Datum, usize)>>,
    /// Who first polled a message.
    pub(super) polled: BTreeMap<Name<'a>, usize>,
    /// The highest offset of a key that was polled, and who did.
    pub(super) reached: BTreeMap<&'a Datum, (i64, usize)>,
    /// Where logs contradict themselves.
    torn: Vec<Anomaly>,
}

impl<'a> Logs<'a> {
    /// Reads what operations tell of them.
    pub(super) fn read(
        &mut self,
        all: &'a [Operation],
        meter: &mut Meter<'_>,
    ) -> Result<(), Exhausted> {
        // Where each message stands, and who told it.
        let mut stands: BTreeMap<Name<'a>, (i64, usize)> = BTreeMap::new();
        meter.pass("operations", all.len(), 0..50);
        for (place, one) in all.iter().enumerate() {
            meter.next()?;
            let sends = sent(one);
            for message in &sends {
                match self.senders.entry(message.name()) {
                    Entry::Vacant(free) => {
                        meter.hold(entry::<(Name<'_>, usize)>());
                        free.insert(place);
                    }
                    // The first explains what was polled before the others.
                    Entry::Occupied(_) => {
                        self.again.get_or_insert(message.name());
                    }
                }
            }
            let polls = polled(one);
            for message in &polls {
                self.polled.entry(message.name()).or_insert_with(|| {
                    meter.hold(entry::<(Name<'_>, usize)>());
                    place
                });
                if let Some(offset) = message.offset {
                    let reached = self.reached.entry(message.key).or_insert_with(|| {
                        meter.hold(entry::<(&Datum, (i64, usize))>());
                        (offset, place)
                    });
                    *reached = (*reached).max((offset, place));
                }
            }
            meter.look(sends.len() + polls.len())?;
            for message in sends.iter().chain(&polls) {
                let Some(offset) = message.offset else { continue };
                let log = self.at.entry(message.key).or_default();
                let (value, first) = *log.entry(offset).or_insert_with(|| {
                    meter.hold(entry::<(i64, (&Datum, usize))>());
                    (message.value, place)
                });
                if value != message.value {
                    let values = [message.key.clone(), Datum::Integer(offset)];
                    let one = Anomaly {
                        kind: Kind::InconsistentOffsets,
                        operations: vec![first, place],
                        values: values.to_vec(),
                    };
                    push(&mut self.torn, one, meter);
                }
                let (other, first) = *stands.entry(message.name()).or_insert_with(|| {
                    meter.hold(entry::<(Name<'_>, (i64, usize))>());
                    (offset, place)
                });
                if other != offset {
                    let values = [message.key, message.value];
                    let one = Anomaly::new(Kind::DuplicateMessage, &[first, place], &values);
                    push(&mut self.torn, one, meter);
                }
            }
        }
        meter.release(stands.len() * entry::<(Name<'_>, (i64, usize))>());
        Ok(())
    }

    //= §2.3.1 lost write
    /// What is wrong with what the logs hold; and why that is not known for sure.
    pub(super) fn contents(
        &self,
        all: &[Operation],
        meter: &mut Meter<'_>,
        mutant: Mutant,
    ) -> (Vec<Anomaly>, Option<String>) {
        let mut found = Vec::new();
        if mutant != Mutant::ForgetOffsets {
            // Of a message that was sent twice it is not known which one is where.
            let twice = |one: &Anomaly| one.kind == Kind::DuplicateMessage && self.again.is_some();
            found.extend(self.torn.iter().filter(|one| !twice(one)).cloned());
        }
        meter.pass("messages", self.polled.len(), 50..60);
        for ((key, value), place) in &self.polled {
            if meter.next().is_err() {
                break;
            }
            let sender = self.senders.get(&(*key, *value));
            if sender.is_none_or(|sender| all[*sender].began > all[*place].ended) {
                let one = Anomaly::new(Kind::UnexpectedMessage, &[*place], &[key, value]);
                push(&mut found, one, meter);
            }
        }
        let mut hidden = 0;
        let is_open = may_be_polled(all);
        meter.pass("operations", all.len(), 60..65);
        for (place, one) in all.iter().enumerate() {
            if meter.next().is_err() {
                break;
            }
            for message in sent(one) {
                let is_seen = self.polled.contains_key(&message.name());
                if one.fate != Fate::Committed || is_seen || mutant == Mutant::ForgetLost {
                    continue;
                }
                let reached = self.reached.get(message.key);
                match reached.filter(|reached| message.offset.is_some_and(|it| it < reached.0)) {
                    // Whether it is unseen is judged by itself.
                    None => {}
                    Some((_, reader)) if !is_open && self.again.is_none() => {
                        let values = [message.key, message.value];
                        let one = Anomaly::new(Kind::LostMessage, &[place, *reader], &values);
                        push(&mut found, one, meter);
                    }
                    Some(_) => hidden += 1,
                }
            }
        }
        let told = "messages are missing, which polls of unknown outcome may have seen";
        (found, (hidden > 0).then(|| format!("{hidden} {told}")))
    }

    /// Messages of sends that failed and were polled.
    pub(super) fn of_failed(
        &self,
        all: &[Operation],
        meter: &mut Meter<'_>,
        mutant: Mutant,
    ) -> Vec<Anomaly> {
        let mut found = Vec::new();
        if mutant == Mutant::ForgetFailed || self.again.is_some() {
            return found;
        }
        meter.pass("messages", self.polled.len(), 85..90);
        for (name, place) in &self.polled {
            if meter.next().is_err() {
                break;
            }
            let sender = self.senders.get(name);
            if let Some(sender) = sender.filter(|sender| all[**sender].fate == Fate::Aborted) {
                let values = [name.0, name.1];
                let one = Anomaly::new(Kind::AbortedMessage, &[*sender, *place], &values);
                push(&mut found, one, meter);
            }
        }
        found
    }
}

/// Whether an operation of unknown outcome may have polled what nobody else did: at any moment.
pub(super) fn may_be_polled(all: &[Operation]) -> bool {
    all.iter().any(|one| one.fate == Fate::Unknown && polls(one))
}
