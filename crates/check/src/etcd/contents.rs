//! Whether every answer shows what the log has at its revision.
//!
//! Of a key whose writes between the one that is shown and the revision that is read are not all
//! told, nothing is said: it stays open.

use super::judge::{Anomaly, Judge, Seen};
use super::log::{Fact, Source};
use super::mutant::Mutant;
use super::run::{Act, Asked, Condition, Entry, Found, Got, Range, Txn, TxnFound, Value};
use crate::limits::Exhausted;
use crate::meter::Meter;
use std::collections::{BTreeMap, BTreeSet};

/// What a transaction has written itself so far: nothing for a key that it deleted.
type Own<'a> = BTreeMap<&'a str, Option<&'a Value>>;

/// Judges every answer.
pub(super) fn judge(judge: &mut Judge<'_>, meter: &mut Meter<'_>) -> Result<(), Exhausted> {
    let run = judge.run;
    meter.pass("operations", run.operations.len(), 50..80);
    for (place, one) in run.operations.iter().enumerate() {
        meter.next()?;
        let Some(answer) = &one.answer else { continue };
        match (&one.asked, &answer.got) {
            (Asked::Range(range), Got::Range(found)) => {
                let asked = Some(range.revision).filter(|asked| *asked > 0);
                match (asked, answer.revision) {
                    (Some(asked), Some(told)) if asked > told => judge.found(Anomaly {
                        kind: "a revision that is not there yet",
                        title: format!("a revision that is not there yet: {asked}"),
                        seen: vec![Seen::Operation(place)],
                        because: vec![format!("the store was at revision {told}")],
                    }),
                    (asked, told) => match asked.or(told) {
                        Some(at) => {
                            self::range(judge, place, range, (found, at), &Own::new(), meter)?;
                        }
                        None => judge.open("a range that tells no revision"),
                    },
                }
            }
            (Asked::Txn(txn), Got::Txn(found)) => match answer.revision {
                Some(revision) => transaction(judge, place, txn, (found, revision), meter)?,
                None => judge.open("a transaction that tells no revision"),
            },
            (Asked::Range(_) | Asked::Txn(_), Got::Done) => {
                judge.open("an answer that tells nothing but its revision");
            }
            _ => {}
        }
    }
    Ok(())
}

/// What is known of a key at a revision.
enum Known<'a> {
    /// The last write of it.
    Is(i64, &'a Fact),
    /// It was never written.
    Never,
    /// Not known: this revision may have written it.
    Gap(i64),
}

fn known<'a>(judge: &Judge<'a>, key: &str, revision: i64) -> Known<'a> {
    let last = judge.log.before(key, revision);
    let after = last.map_or(1, |(at, _)| at);
    match (judge.gap(key, after, revision), last) {
        (Some(gap), _) => Known::Gap(gap),
        (None, Some((at, fact))) => Known::Is(at, fact),
        (None, None) => Known::Never,
    }
}

fn source(fact: &Fact) -> Seen {
    match fact.source {
        Source::Answered(place) | Source::Read(place) => Seen::Operation(place),
        Source::Watch(number, place) => Seen::Watch(number, place),
    }
}

/// Whether an answer has the form of one: keys of the range, in order, no more than the limit.
fn form(judge: &mut Judge<'_>, place: usize, range: &Range, found: &Found) {
    let strange = found.entries.iter().find(|entry| !range.has(&entry.key));
    let unsorted = found.entries.windows(2).find(|pair| pair[0].key >= pair[1].key);
    let too_many = range.limit > 0 && super::count(found.entries.len()) > range.limit;
    let because = if let Some(entry) = strange {
        format!("{} is not in the range", entry.key.escape_debug())
    } else if let Some(pair) = unsorted {
        let (one, other) = (pair[0].key.escape_debug(), pair[1].key.escape_debug());
        format!("{one} comes before {other}")
    } else if too_many {
        format!("it shows more than the {} asked for", range.limit)
    } else {
        return;
    };
    judge.found(Anomaly {
        kind: "an answer to another question",
        title: "an answer to another question".to_owned(),
        seen: vec![Seen::Operation(place)],
        because: vec![because],
    });
}

/// Judges what a range shows of the state at a revision.
fn range(
    judge: &mut Judge<'_>,
    place: usize,
    range: &Range,
    (found, at): (&Found, i64),
    own: &Own<'_>,
    meter: &mut Meter<'_>,
) -> Result<(), Exhausted> {
    meter.look(judge.log.keys().len() + found.entries.len())?;
    form(judge, place, range, found);
    let shown: BTreeMap<&str, &Entry> =
        found.entries.iter().map(|entry| (&*entry.key, entry)).collect();
    for entry in found.entries.iter().filter(|entry| !own.contains_key(&*entry.key)) {
        self::entry(judge, place, entry, at);
    }
    // With a limit, what comes after the last key shown was cut off.
    let cut = range.limit > 0 && super::count(found.entries.len()) >= range.limit;
    let last = found.entries.iter().map(|entry| &*entry.key).max();
    let in_sight = |key: &str| !cut || last.is_some_and(|last| key <= last);
    let (mut live, mut is_open) = (0_i64, false);
    let keys = judge.log.keys().map(|key| &**key).chain(own.keys().copied());
    let keys: BTreeSet<&str> = keys.filter(|key| range.has(key)).collect();
    for key in keys {
        if let Some(value) = own.get(key) {
            live += i64::from(value.is_some());
            let is_shown = shown.get(key).map(|entry| (entry.mod_revision, &entry.value));
            if is_shown != value.map(|value| (at + 1, value)) && in_sight(key) {
                judge.found(Anomaly {
                    kind: "its own write unseen",
                    title: format!("its own write unseen: {}", key.escape_debug()),
                    seen: vec![Seen::Operation(place)],
                    because: vec!["a transaction sees what it wrote before".to_owned()],
                });
            }
        } else if shown.contains_key(key) {
            live += 1;
        } else {
            match hidden(judge, place, key, at, in_sight(key)) {
                Some(is_there) => live += i64::from(is_there),
                None => is_open = true,
            }
        }
    }
    // A key that nobody ever told may stand where some revision is not told.
    if live == found.count || judge.mutant == Mutant::ForgetLost {
        return Ok(());
    }
    meter.look(judge.log.spans_all())?;
    match judge.any_gap(range, at) {
        Some(gap) => judge.gap_at(gap),
        None if is_open => judge.open("a count that hangs on what nobody tells"),
        None => judge.found(Anomaly {
            kind: "a wrong count",
            title: format!("a wrong count: {}", found.count),
            seen: vec![Seen::Operation(place)],
            because: vec![format!("at revision {at} there are {live} such keys")],
        }),
    }
    Ok(())
}

/// Judges one key of the range that is not shown: whether it is there, if that is known.
fn hidden(judge: &mut Judge<'_>, place: usize, key: &str, at: i64, in_sight: bool) -> Option<bool> {
    match known(judge, key, at) {
        Known::Gap(gap) => {
            let was = judge.log.before(key, at).is_some_and(|(_, fact)| fact.value.is_some());
            if in_sight && was {
                judge.gap_at(gap);
            }
            None
        }
        Known::Is(revision, fact) => {
            let Some(value) = &fact.value else { return Some(false) };
            if in_sight && judge.mutant != Mutant::ForgetLost {
                let told = key.escape_debug();
                judge.found(Anomaly {
                    kind: "a lost write",
                    title: format!("a lost write: {told}"),
                    seen: vec![source(fact), Seen::Operation(place)],
                    because: vec![format!(
                        "at revision {at}, {told} = {value} of revision {revision} is there, but \
                         is not shown"
                    )],
                });
            }
            Some(true)
        }
        Known::Never => Some(false),
    }
}

/// Judges one key that is shown.
fn entry(judge: &mut Judge<'_>, place: usize, entry: &Entry, at: i64) {
    let Entry { key, value, mod_revision } = entry;
    let log = judge.log;
    let told = key.escape_debug();
    if *mod_revision > at {
        judge.found(Anomaly {
            kind: "a write from the future",
            title: format!("a write from the future: {told}"),
            seen: vec![Seen::Operation(place)],
            because: vec![format!("revision {mod_revision} is not in the state at {at}")],
        });
    } else if let Some((revision, fact)) =
        log.before(key, at).filter(|(revision, _)| *revision > *mod_revision)
    {
        if judge.mutant == Mutant::ForgetStale {
            return;
        }
        let held = match &fact.value {
            Some(value) => format!("holds {value}"),
            None => "is deleted".to_owned(),
        };
        judge.found(Anomaly {
            kind: "a stale value",
            title: format!("a stale value: {told}"),
            seen: vec![source(fact), Seen::Operation(place)],
            because: vec![format!(
                "from revision {revision} on {told} {held}, but at {at} it is shown as {value} of \
                 revision {mod_revision}"
            )],
        });
    } else if let Some(gap) = judge.gap(key, *mod_revision, at) {
        judge.gap_at(gap);
    }
}

/// Judges which branch a transaction took, and what it saw.
fn transaction(
    judge: &mut Judge<'_>,
    place: usize,
    txn: &Txn,
    (found, revision): (&TxnFound, i64),
    meter: &mut Meter<'_>,
) -> Result<(), Exhausted> {
    meter.look(txn.conditions.len() + found.results.len())?;
    let writes = !super::log::written(txn, found).is_empty();
    let base = if writes { revision - 1 } else { revision };
    if judge.mutant != Mutant::ForgetBranch {
        branch(judge, place, txn, found, base);
    }
    let mut own = Own::new();
    for (act, result) in txn.branch(found.failure).iter().zip(&found.results) {
        match act {
            Act::Range { range } => {
                self::range(judge, place, range, (result, base), &own, meter)?;
            }
            Act::Put { put } => {
                own.insert(&put.key, Some(&put.value));
            }
            Act::Delete { delete } => {
                let there = match own.get(&*delete.key) {
                    Some(value) => Some(value.is_some()),
                    None => match known(judge, &delete.key, base) {
                        Known::Is(_, fact) => Some(fact.value.is_some()),
                        Known::Never => Some(false),
                        Known::Gap(gap) => {
                            judge.gap_at(gap);
                            None
                        }
                    },
                };
                if let Some(there) = there.filter(|there| i64::from(*there) != result.deleted) {
                    judge.found(Anomaly {
                        kind: "a wrong delete",
                        title: format!("a wrong delete: {}", delete.key.escape_debug()),
                        seen: vec![Seen::Operation(place)],
                        because: vec![format!(
                            "at revision {base} the key is {}, but {} were deleted",
                            if there { "there" } else { "not there" },
                            result.deleted
                        )],
                    });
                }
                own.insert(&delete.key, None);
            }
        }
    }
    Ok(())
}

fn branch(judge: &mut Judge<'_>, place: usize, txn: &Txn, found: &TxnFound, base: i64) {
    let (mut failing, mut open) = (None, None);
    let mut facts = Vec::new();
    for condition in &txn.conditions {
        let Condition { key, expected_revision, expected_version } = condition;
        let (is, fact) = match known(judge, key, base) {
            Known::Is(at, fact) if fact.value.is_some() => (at, Some(fact)),
            Known::Is(..) | Known::Never => (0, None),
            Known::Gap(gap) => {
                open = Some(gap);
                continue;
            }
        };
        let holds = if *expected_version > 0 {
            if let Some(gap) = judge.gap(key, 1, base) {
                open = Some(gap);
                continue;
            }
            judge.log.version(key, base) == *expected_version
        } else {
            is == *expected_revision
        };
        facts.extend(fact);
        if !holds && failing.is_none() {
            failing = Some(format!(
                "at revision {base}, {} is of revision {is}: the condition is not met",
                key.escape_debug()
            ));
        }
    }
    let wrong = match (&failing, open, found.failure) {
        (Some(failing), _, false) => failing.clone(),
        (None, None, true) => format!("at revision {base} all conditions are met"),
        (None, Some(gap), _) => return judge.gap_at(gap),
        _ => return,
    };
    let mut seen: Vec<Seen> = facts.into_iter().map(source).collect();
    seen.push(Seen::Operation(place));
    judge.found(Anomaly {
        kind: "the wrong branch",
        title: format!("the wrong branch: {}", if found.failure { "else" } else { "then" }),
        seen,
        because: vec![wrong],
    });
}
