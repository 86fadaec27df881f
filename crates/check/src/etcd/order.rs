//! Whether revisions keep to real time, and whether each has one content.
//!
//! What is answered at a revision is seen by everything that is asked afterwards: a lower revision
//! then is a stale answer, and so is a write at the same one. What a watch has told is seen from
//! then on, too.

use super::judge::{Anomaly, Judge, Seen};
use super::log::{Source, writes};
use super::mutant::Mutant;
use crate::limits::Exhausted;
use crate::meter::Meter;

/// Revisions that go back, or that are there twice.
pub(super) fn judge(judge: &mut Judge<'_>, meter: &mut Meter<'_>) -> Result<(), Exhausted> {
    real_time(judge, meter)?;
    one_content(judge, meter)
}

fn real_time(judge: &mut Judge<'_>, meter: &mut Meter<'_>) -> Result<(), Exhausted> {
    if judge.mutant == Mutant::ForgetRealTime {
        return Ok(());
    }
    let run = judge.run;
    // What was known when, with its revision.
    let mut known: Vec<(u64, i64, Seen)> = Vec::new();
    for (place, one) in run.operations.iter().enumerate() {
        let revision = one.answer.as_ref().and_then(|answer| answer.revision);
        if let (Some(ended), Some(revision)) = (one.returned, revision) {
            known.push((ended, revision, Seen::Operation(place)));
        }
    }
    for (number, watch) in run.watches.iter().enumerate() {
        for (place, response) in watch.responses.iter().enumerate() {
            known.push((response.time, response.reaches(), Seen::Watch(number, place)));
        }
    }
    meter.hold(known.len() * size_of::<(u64, i64, Seen)>());
    meter.look(known.len())?;
    known.sort_by_key(|(time, ..)| *time);
    meter.pass("operations", run.operations.len(), 40..45);
    let (mut next, mut highest) = (0, None::<(i64, Seen)>);
    for (place, one) in run.operations.iter().enumerate() {
        meter.next()?;
        while let Some((time, revision, seen)) = known.get(next).filter(|known| known.0 < one.call)
        {
            let _ = time;
            if highest.is_none_or(|(most, _)| most < *revision) {
                highest = Some((*revision, *seen));
            }
            next += 1;
        }
        let own = one.answer.as_ref().and_then(|answer| answer.revision);
        let (Some(own), Some((before, seen))) = (own, highest) else { continue };
        let is_write = !writes(one).is_empty();
        if own < before || (own == before && is_write) {
            let what = if is_write { "a revision out of order" } else { "a stale answer" };
            judge.found(Anomaly {
                kind: what,
                title: format!("{what}: revision {own} after revision {before} was told"),
                seen: vec![seen, Seen::Operation(place)],
                because: vec![format!(
                    "revision {before} had been told before this was asked, so its answer should \
                     {} {before}, but is of revision {own}",
                    if is_write { "be of a revision after" } else { "be of revision" }
                )],
            });
        }
    }
    meter.release(known.len() * size_of::<(u64, i64, Seen)>());
    Ok(())
}

fn one_content(judge: &mut Judge<'_>, meter: &mut Meter<'_>) -> Result<(), Exhausted> {
    if judge.mutant == Mutant::ForgetTwice {
        return Ok(());
    }
    let seen = |source: Source| match source {
        Source::Answered(place) | Source::Read(place) => Seen::Operation(place),
        Source::Watch(number, place) => Seen::Watch(number, place),
    };
    let log = judge.log;
    let told = |key: &str, value: &Option<super::run::Value>| match value {
        Some(value) => format!("put {} = {value}", key.escape_debug()),
        None => format!("delete {}", key.escape_debug()),
    };
    for (revision, places) in log.answered.iter().filter(|(_, places)| places.len() > 1) {
        judge.found(Anomaly {
            kind: "two writes of one revision",
            title: format!("two writes of one revision: {revision}"),
            seen: places.iter().take(2).map(|place| Seen::Operation(*place)).collect(),
            because: vec![format!("both were answered that they are revision {revision}")],
        });
    }
    meter.pass("keys", log.keys().len(), 45..50);
    let mut last = None;
    for (key, revision, facts) in log.facts() {
        meter.look(facts.len())?;
        if last.replace(key) != Some(key) {
            meter.next()?;
        }
        let Some(first) = facts.first() else { continue };
        if let Some(other) = facts.iter().find(|fact| fact.value != first.value) {
            judge.found(Anomaly {
                kind: "two contents of one revision",
                title: format!("two contents of one revision: {revision}"),
                seen: vec![seen(first.source), seen(other.source)],
                because: vec![format!(
                    "revision {revision} is told as `{}` and as `{}`",
                    told(key, &first.value),
                    told(key, &other.value)
                )],
            });
        }
        let answered = log.answered.get(&revision).and_then(|places| places.first());
        if let Some(place) = answered.filter(|_| !matches!(first.source, Source::Answered(_))) {
            judge.found(Anomaly {
                kind: "two contents of one revision",
                title: format!("two contents of one revision: {revision}"),
                seen: vec![Seen::Operation(*place), seen(first.source)],
                because: vec![format!(
                    "revision {revision} is told as `{}`, but the write that was answered that it \
                     is revision {revision} wrote no such key",
                    told(key, &first.value)
                )],
            });
        }
        if revision < 2 {
            judge.found(Anomaly {
                kind: "a write from nowhere",
                title: format!("a write from nowhere: revision {revision}"),
                seen: vec![seen(first.source)],
                because: vec!["the first write of a store is revision 2".to_owned()],
            });
        }
    }
    Ok(())
}
