//! From events (somebody asked, somebody was answered) to calls.
//!
//! A process has at most one call open. A call whose outcome is unknown, or that is open when the
//! history ends, may take effect at any later moment, or never; a call that failed never did.

use super::{Call, History, Malformed, Record};
use crate::model::key_value::{Action, KeyValue, Outcome};
use crate::operation::Moment;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{LogPoint, Nanos};
use std::collections::BTreeMap;

/// What happened to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It was made.
    Invoked(Action, Guarantee),
    /// It was answered; the guarantee and log point are those that the answer achieved, if it says
    /// so.
    Answered(Outcome, Option<Guarantee>, Option<LogPoint>),
    /// It certainly did not take effect.
    Failed,
    /// Nobody knows, but evidence may name the log point at which it took effect.
    Unknown(Option<LogPoint>),
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose call it is.
    pub process: u64,
    /// What happened.
    pub kind: Kind,
    /// When, if the history says so.
    pub time: Option<Nanos>,
    /// The line that says so, from 1.
    pub line: usize,
}

/// Collects events into a history.
#[derive(Debug, Default)]
pub struct Events {
    all: Vec<Event>,
    open: BTreeMap<u64, usize>,
    /// When something of each process happened last, and the line that says so.
    last: BTreeMap<u64, (Nanos, usize)>,
}

impl Events {
    /// The action of the call that `process` has open.
    pub fn open_action(&self, process: u64) -> Option<&Action> {
        let event = self.all.get(*self.open.get(&process)?)?;
        if let Kind::Invoked(action, _) = &event.kind { Some(action) } else { None }
    }

    /// Adds the next event; `text` is its line.
    pub fn add(&mut self, event: Event, text: &str) -> Result<(), Malformed> {
        let Event { process, line, .. } = event;
        let wrong = |expected: String| Malformed::at(line, text, 0, expected);
        if let Some(time) = event.time
            && let Some((before, at)) = self.last.insert(process, (time, line))
            && time < before
        {
            return Err(wrong(format!(
                "a time of process {process} that is not before its {} ns of line {at}",
                before.0
            )));
        }
        if matches!(event.kind, Kind::Invoked(..)) {
            if let Some(open) = self.open.insert(process, self.all.len()) {
                let began = self.all.get(open).map_or(0, |event| event.line);
                return Err(wrong(format!(
                    "the outcome of process {process}'s call of line {began} before its next call"
                )));
            }
        } else if self.open.remove(&process).is_none() {
            return Err(wrong(format!("process {process} to make a call before its outcome")));
        }
        self.all.push(event);
        Ok(())
    }

    /// The events as they came.
    pub(crate) fn into_all(self) -> Vec<Event> {
        self.all
    }

    /// The history of these events. Lines stand in the order in which things happened; where every
    /// event has a time, times decide, and lines only between equal times.
    pub fn finish(self, model: KeyValue, format: &'static str) -> History {
        let mut events = self.all;
        let timed = !events.is_empty() && events.iter().all(|event| event.time.is_some());
        let mut history = History { model, format, ..History::default() };
        if timed {
            events.sort_by_key(|event| event.time);
            history.times = events.iter().filter_map(|event| event.time).collect();
        }
        let mut open: BTreeMap<u64, usize> = BTreeMap::new();
        let mut failed = Vec::new();
        for (rank, Event { process, kind, time, line }) in events.into_iter().enumerate() {
            let record = Record { line, time, moment: Moment(2 * rank as u64 + 1) };
            let call = match kind {
                Kind::Invoked(action, guarantee) => {
                    open.insert(process, history.calls.len());
                    history.calls.push(Call {
                        process,
                        action,
                        answer: None,
                        guarantee,
                        point: None,
                        began: record,
                        ended: None,
                    });
                    continue;
                }
                _ => open.remove(&process),
            };
            let Some((call, place)) =
                call.and_then(|place| Some((history.calls.get_mut(place)?, place)))
            else {
                continue;
            };
            match kind {
                Kind::Answered(answer, achieved, point) => {
                    call.answer = Some(answer);
                    call.ended = Some(record);
                    call.point = point;
                    call.guarantee = achieved.unwrap_or(call.guarantee);
                }
                Kind::Unknown(point) => call.point = point,
                Kind::Failed => failed.push(place),
                Kind::Invoked(..) => {}
            }
        }
        failed.sort_unstable();
        history.failed = failed.len();
        let mut place = 0;
        history.calls.retain(|_| {
            place += 1;
            failed.binary_search(&(place - 1)).is_err()
        });
        history
    }
}
