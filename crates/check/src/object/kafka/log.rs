//! What each log holds, as far as it was told: by sends that were acknowledged, and by polls.

use super::super::anomaly::{Anomaly, Kind};
use super::super::datum::Datum;
use super::super::history::Operation;
use super::super::mutant::Mutant;
use super::message::{polled, polls, sent};
use crate::dependency::Fate;
use std::collections::BTreeMap;

/// A message by its key and value.
type Name<'a> = (&'a Datum, &'a Datum);

/// All logs.
pub(super) struct Logs<'a> {
    /// Who sent a message.
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
    pub(super) fn of(all: &'a [Operation]) -> Self {
        let mut logs = Self {
            senders: BTreeMap::new(),
            again: None,
            at: BTreeMap::new(),
            polled: BTreeMap::new(),
            reached: BTreeMap::new(),
            torn: Vec::new(),
        };
        // Where each message stands, and who told it.
        let mut stands: BTreeMap<Name<'a>, (i64, usize)> = BTreeMap::new();
        for (place, one) in all.iter().enumerate() {
            let sends = sent(one);
            for message in &sends {
                if logs.senders.insert(message.name(), place).is_some() {
                    logs.again.get_or_insert(message.name());
                }
            }
            let polls = polled(one);
            for message in &polls {
                logs.polled.entry(message.name()).or_insert(place);
                if let Some(offset) = message.offset {
                    let reached = logs.reached.entry(message.key).or_insert((offset, place));
                    *reached = (*reached).max((offset, place));
                }
            }
            for message in sends.iter().chain(&polls) {
                let Some(offset) = message.offset else { continue };
                let log = logs.at.entry(message.key).or_default();
                let (value, first) = *log.entry(offset).or_insert((message.value, place));
                if value != message.value {
                    let values = [message.key.clone(), Datum::Integer(offset)];
                    logs.torn.push(Anomaly {
                        kind: Kind::InconsistentOffsets,
                        operations: vec![first, place],
                        values: values.to_vec(),
                    });
                }
                let (other, first) = *stands.entry(message.name()).or_insert((offset, place));
                if other != offset {
                    let values = [message.key, message.value];
                    logs.torn.push(Anomaly::new(Kind::DuplicateMessage, &[first, place], &values));
                }
            }
        }
        logs
    }

    //= §2.3.1 lost write
    /// What is wrong with what the logs hold; and why that is not known for sure.
    pub(super) fn contents(
        &self,
        all: &[Operation],
        mutant: Mutant,
    ) -> (Vec<Anomaly>, Option<String>) {
        let mut found = Vec::new();
        if mutant != Mutant::ForgetOffsets {
            // Of a message that was sent twice it is not known which one is where.
            let twice = |one: &Anomaly| one.kind == Kind::DuplicateMessage && self.again.is_some();
            found.extend(self.torn.iter().filter(|one| !twice(one)).cloned());
        }
        for ((key, value), place) in &self.polled {
            let sender = self.senders.get(&(*key, *value));
            if sender.is_none_or(|sender| all[*sender].began > all[*place].ended) {
                found.push(Anomaly::new(Kind::UnexpectedMessage, &[*place], &[key, value]));
            }
        }
        let (mut hidden, mut unseen) = (0, 0);
        let is_open = may_be_polled(all);
        for (place, one) in all.iter().enumerate() {
            for message in sent(one) {
                let is_seen = self.polled.contains_key(&message.name());
                if one.fate != Fate::Committed || is_seen || mutant == Mutant::ForgetLost {
                    continue;
                }
                let reached = self.reached.get(message.key);
                match reached.filter(|reached| message.offset.is_some_and(|it| it < reached.0)) {
                    None => unseen += 1,
                    Some((_, reader)) if !is_open && self.again.is_none() => {
                        let values = [message.key, message.value];
                        found.push(Anomaly::new(Kind::LostMessage, &[place, *reader], &values));
                    }
                    Some(_) => hidden += 1,
                }
            }
        }
        let mut open = None;
        if hidden > 0 {
            let told = "messages are missing, which polls of unknown outcome may have seen";
            open = Some(format!("{hidden} {told}"));
        } else if unseen > 0 {
            let told = "messages were acknowledged, and nobody has polled so far";
            open = Some(format!("{unseen} {told}"));
        }
        (found, open)
    }

    /// Messages of sends that failed and were polled.
    pub(super) fn of_failed(&self, all: &[Operation], mutant: Mutant) -> Vec<Anomaly> {
        if mutant == Mutant::ForgetFailed || self.again.is_some() {
            return Vec::new();
        }
        let aborted = self.polled.iter().filter_map(|(name, place)| {
            let sender = *self.senders.get(name)?;
            let values = [name.0, name.1];
            (all[sender].fate == Fate::Aborted)
                .then(|| Anomaly::new(Kind::AbortedMessage, &[sender, *place], &values))
        });
        aborted.collect()
    }
}

/// Whether an operation of unknown outcome may have polled what nobody else did: at any moment.
pub(super) fn may_be_polled(all: &[Operation]) -> bool {
    all.iter().any(|one| one.fate == Fate::Unknown && polls(one))
}
