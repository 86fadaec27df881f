//! Whether watches tell the log: in order, each event once, none left out, each with what was there
//! before.

use super::judge::{Anomaly, Judge, Seen};
use super::log::Source;
use super::mutant::Mutant;
use super::run::{Event, Watch};
use crate::limits::Exhausted;
use crate::meter::Meter;

/// Judges every watch.
pub(super) fn judge(judge: &mut Judge<'_>, meter: &mut Meter<'_>) -> Result<(), Exhausted> {
    let run = judge.run;
    meter.pass("watches", run.watches.len(), 90..100);
    for (number, watch) in run.watches.iter().enumerate() {
        meter.next()?;
        order(judge, number, watch);
        missed(judge, number, watch, meter)?;
        for (place, response) in watch.responses.iter().enumerate() {
            meter.look(response.events.len())?;
            for event in &response.events {
                before(judge, Seen::Watch(number, place), watch, event);
            }
        }
    }
    Ok(())
}

fn order(judge: &mut Judge<'_>, number: usize, watch: &Watch) {
    if judge.mutant == Mutant::ForgetWatchOrder {
        return;
    }
    // The last event told, or the revision up to which a notification says that all is told.
    let mut last: Option<(i64, Option<&str>, usize)> = None;
    for (place, response) in watch.responses.iter().enumerate() {
        for event in &response.events {
            let here = Seen::Watch(number, place);
            let Event { key, revision, .. } = event;
            let back = last.filter(|(before, at, _)| {
                revision < before || (revision == before && at.is_none_or(|at| at == key))
            });
            if let Some((before, _, from)) = back {
                judge.found(Anomaly {
                    kind: "a revision out of order",
                    title: format!("a revision out of order: {revision} after {before}"),
                    seen: vec![Seen::Watch(number, from), here],
                    because: vec![format!(
                        "the watch had told everything up to revision {before} before it told \
                         revision {revision}"
                    )],
                });
            }
            if !watch.has(key) || *revision < watch.request.revision {
                judge.found(Anomaly {
                    kind: "an event that was not asked for",
                    title: format!("an event that was not asked for: {}", key.escape_debug()),
                    seen: vec![here],
                    because: vec![format!(
                        "the watch is of {}{} from revision {}",
                        watch.request.key.escape_debug(),
                        if watch.request.with_prefix { "..." } else { "" },
                        watch.request.revision
                    )],
                });
            }
            if last.is_none_or(|(before, ..)| before <= *revision) {
                last = Some((*revision, Some(key), place));
            }
        }
        if response.is_progress_notify
            && last.is_none_or(|(before, ..)| before <= response.revision)
        {
            last = Some((response.revision, None, place));
        }
    }
}

/// What others tell of the keys and revisions that the watch covers.
fn missed(
    judge: &mut Judge<'_>,
    number: usize,
    watch: &Watch,
    meter: &mut Meter<'_>,
) -> Result<(), Exhausted> {
    if judge.mutant == Mutant::ForgetMissed {
        return Ok(());
    }
    let covers = watch.covers();
    let log = judge.log;
    for (key, revision, facts) in log.facts() {
        meter.look(facts.len())?;
        let tells =
            |fact: &super::log::Fact| matches!(fact.source, Source::Watch(one, _) if one == number);
        if !covers.contains(&revision) || !watch.has(key) || facts.iter().any(tells) {
            continue;
        }
        let Some(fact) = facts.first() else { continue };
        let later = watch.responses.iter().position(|response| response.reaches() >= revision);
        let seen = match fact.source {
            Source::Answered(place) | Source::Read(place) => Seen::Operation(place),
            Source::Watch(other, place) => Seen::Watch(other, place),
        };
        judge.found(Anomaly {
            kind: "a missed event",
            title: format!("a missed event: revision {revision}"),
            seen: std::iter::once(seen).chain(later.map(|at| Seen::Watch(number, at))).collect(),
            because: vec![format!(
                "the watch of client {} tells everything of {} up to revision {}, but not \
                 revision {revision}",
                watch.client,
                key.escape_debug(),
                covers.end()
            )],
        });
    }
    Ok(())
}

/// What an event says was there before.
fn before(judge: &mut Judge<'_>, here: Seen, watch: &Watch, event: &Event) {
    let Event { key, revision, is_create, prev_value, .. } = event;
    let last = judge.log.before(key, revision - 1);
    let after = last.map_or(1, |(at, _)| at);
    if judge.gap(key, after, revision - 1).is_some() {
        return;
    }
    let held = last.and_then(|(at, fact)| Some((at, fact.value.as_ref()?)));
    let told = prev_value.as_ref().map(|entry| (entry.mod_revision, &entry.value));
    let is_put = event.holds().is_some();
    let wrong = if watch.request.with_previous && told != held {
        let words = |of: Option<(i64, &super::run::Value)>| match of {
            Some((at, value)) => format!("{value} of revision {at}"),
            None => "nothing".to_owned(),
        };
        format!("before it the key held {}, but the event tells {}", words(held), words(told))
    } else if is_put && *is_create != held.is_none() {
        let there = if held.is_some() { "there" } else { "not there" };
        format!("before it the key was {there}, but the event tells the contrary")
    } else {
        return;
    };
    judge.found(Anomaly {
        kind: "a wrong past",
        title: format!("a wrong past: revision {revision}"),
        seen: vec![here],
        because: vec![wrong],
    });
}
