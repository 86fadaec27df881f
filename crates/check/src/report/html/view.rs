//! What a page shows of a history: all calls of a small one, of a large one those around what went
//! wrong.
//!
//! - I1: at most `SHOWN_MAX` calls are shown, however many there are.

use crate::append::Appends;
use crate::dependency::{Fate, Frame, Frames};
use crate::etcd::Run;
use crate::history::{Call, History};
use crate::input::Input;
use crate::model::key_value::{answered, asked};
use crate::object::{Objects, whose};
use crate::stamped::Stamped;
use crate::transaction::{Outcome, Places, Span, Transactions};
use std::collections::BTreeSet;

/// How many calls a page shows.
pub(super) const SHOWN_MAX: usize = 160;
/// How many calls around each one of a witness.
const AROUND: usize = SHOWN_MAX;
/// How many parts the strip of a whole history has.
pub(super) const PARTS: usize = 200;
/// How many letters of a call are shown.
const LETTERS: usize = 160;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Answered,
    Aborted,
    Unknown,
}

/// A call in the picture.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    /// Its place in the history, as witnesses name it.
    pub(super) call: usize,
    pub(super) process: String,
    /// The ranks of its invocation and answer; in a history without times, those in its session.
    pub(super) began: u64,
    pub(super) ended: Option<u64>,
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) end: Ended,
}

/// What is shown.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// Calls, by process or session and then by time.
    pub(super) bars: Vec<Bar>,
    /// How many calls there are.
    pub(super) total: usize,
    /// What a call is called.
    pub(super) unit: &'static str,
    /// Whether the history says what was before what between processes.
    pub(super) timed: bool,
    /// How many calls begin in each part of the history.
    pub(super) parts: Vec<u32>,
    /// Where the calls of witnesses are, each as a share of the whole.
    pub(super) marks: Vec<f64>,
}

/// A history, call by call.
trait Calls {
    const UNIT: &'static str;
    fn total(&self) -> usize;
    /// How far along a call is: among all, or in its session.
    fn rank(&self, call: usize) -> u64;
    /// The only calls that may stand near a call; nothing if the whole history is in one time.
    fn row(&self, _call: usize) -> Option<std::ops::Range<usize>> {
        None
    }
    fn bar(&self, call: usize) -> Option<Bar>;
}

fn short(text: String) -> String {
    if text.chars().count() <= LETTERS {
        return text;
    }
    text.chars().take(LETTERS).chain(['…']).collect()
}

impl Calls for History {
    const UNIT: &'static str = "operations";
    fn total(&self) -> usize {
        self.calls.len()
    }
    fn rank(&self, call: usize) -> u64 {
        self.calls.get(call).map_or(0, |call| call.began.moment.0)
    }
    fn bar(&self, place: usize) -> Option<Bar> {
        let Call { process, action, answer, began, ended, .. } = self.calls.get(place)?;
        let answer = answer.as_ref().map_or_else(|| "unknown".to_owned(), answered);
        Some(Bar {
            call: place,
            process: format!("process {process}"),
            began: began.moment.0,
            ended: ended.map(|ended| ended.moment.0),
            line: began.line,
            text: short(format!("{} → {answer}", asked(action))),
            end: if ended.is_some() { Ended::Answered } else { Ended::Unknown },
        })
    }
}

/// A transaction's frame as a bar.
fn framed(frames: &Frames, place: usize, text: String) -> Option<Bar> {
    let Frame { process, fate, began, ended, line, .. } = *frames.all().get(place)?;
    Some(Bar {
        call: place,
        process: format!("process {}", frames.process(process)),
        began: u64::from(began),
        ended: (ended != u32::MAX).then_some(u64::from(ended)),
        line: line as usize,
        text: short(text),
        end: match fate {
            Fate::Committed => Ended::Answered,
            Fate::Aborted => Ended::Aborted,
            Fate::Unknown => Ended::Unknown,
        },
    })
}

impl Calls for Appends {
    const UNIT: &'static str = "transactions";
    fn total(&self) -> usize {
        self.frames.all().len()
    }
    fn rank(&self, call: usize) -> u64 {
        self.frames.all().get(call).map_or(0, |frame| u64::from(frame.began))
    }
    fn bar(&self, place: usize) -> Option<Bar> {
        let frame = self.frames.all().get(place)?;
        let told = self.operations(frame).iter().take(SHOWN_MAX).map(|one| self.told(one));
        framed(&self.frames, place, told.collect::<Vec<_>>().join("; "))
    }
}

impl Transactions {
    /// The calls of the session that ran a transaction.
    fn session(&self, call: usize) -> Option<std::ops::Range<usize>> {
        let session = self.transactions().get(call)?.session as usize;
        let own = self.sessions().get(session)?;
        Some(own.start as usize..own.end as usize)
    }
}

impl Calls for Transactions {
    const UNIT: &'static str = "transactions";
    fn total(&self) -> usize {
        self.len()
    }
    fn rank(&self, call: usize) -> u64 {
        if let Some(span) = self.spans().and_then(|spans| spans.get(call)) {
            return u64::from(span.began);
        }
        let start = self.session(call).map_or(0, |session| session.start);
        call.saturating_sub(start) as u64 * 2
    }
    fn row(&self, call: usize) -> Option<std::ops::Range<usize>> {
        if self.spans().is_some() { None } else { self.session(call) }
    }
    fn bar(&self, place: usize) -> Option<Bar> {
        let one = self.transactions().get(place)?;
        let steps = self.steps(place as u32).iter().take(SHOWN_MAX);
        let text = steps.map(|step| self.told(step)).collect::<Vec<_>>().join("; ");
        let began = self.rank(place);
        let ended = match self.spans().and_then(|spans| spans.get(place)) {
            Some(span) => (span.ended != Span::NEVER).then_some(u64::from(span.ended)),
            None => Some(began + 1),
        };
        Some(Bar {
            call: place,
            process: self.whose(one.session),
            began,
            ended,
            line: if self.places == Places::Lines { one.line as usize } else { 0 },
            text: short(text),
            end: match one.outcome {
                Outcome::Aborted => Ended::Aborted,
                Outcome::Unknown => Ended::Unknown,
                Outcome::Committed if ended.is_none() => Ended::Unknown,
                Outcome::Committed => Ended::Answered,
            },
        })
    }
}

impl Calls for Run {
    const UNIT: &'static str = "operations";
    fn total(&self) -> usize {
        self.operations.len()
    }
    fn rank(&self, call: usize) -> u64 {
        self.operations.get(call).map_or(0, |one| one.call)
    }
    fn bar(&self, place: usize) -> Option<Bar> {
        let one = self.operations.get(place)?;
        let (action, answer) = one.told();
        Some(Bar {
            call: place,
            process: format!("client {}", one.client),
            began: one.call,
            ended: one.returned,
            line: one.line,
            text: short(format!("{action} → {answer}")),
            end: if one.returned.is_some() { Ended::Answered } else { Ended::Unknown },
        })
    }
}

impl Calls for Objects {
    const UNIT: &'static str = "operations";
    fn total(&self) -> usize {
        self.operations.len()
    }
    fn rank(&self, call: usize) -> u64 {
        self.operations.get(call).map_or(0, |one| u64::from(one.began))
    }
    fn bar(&self, place: usize) -> Option<Bar> {
        let one = self.operations.get(place)?;
        let (action, answer) = one.told();
        Some(Bar {
            call: place,
            process: whose(one.process),
            began: u64::from(one.began),
            ended: (one.ended != u32::MAX).then_some(u64::from(one.ended)),
            line: one.line,
            text: short(format!("{action} → {answer}")),
            end: match one.fate {
                Fate::Committed => Ended::Answered,
                Fate::Aborted => Ended::Aborted,
                Fate::Unknown => Ended::Unknown,
            },
        })
    }
}

impl Calls for Stamped {
    const UNIT: &'static str = "transactions";
    fn total(&self) -> usize {
        self.transactions().len()
    }
    fn rank(&self, call: usize) -> u64 {
        // The stamps are the time, from the first on.
        let first = self.first_start().physical;
        let one = self.transactions().get(call);
        one.map_or(0, |one| one.who.start.physical.abs_diff(first))
    }
    fn bar(&self, place: usize) -> Option<Bar> {
        let one = self.transactions().get(place)?;
        let first = self.first_start().physical;
        let who = &one.who;
        Some(Bar {
            call: place,
            process: format!("session {}", self.session(who.session)),
            began: who.start.physical.abs_diff(first),
            ended: Some(who.commit.physical.abs_diff(first)),
            line: who.line as usize,
            text: short(format!(
                "T{} {} to {}: {}",
                who.name,
                who.start,
                who.commit,
                self.told(one)
            )),
            end: Ended::Answered,
        })
    }
}

impl View {
    /// What to show of a history, whose witnesses name these calls.
    pub(super) fn of(input: &Input, witness: &[usize]) -> Self {
        match input {
            Input::Calls(history) => Self::around(history, witness),
            Input::Transactions(history) => Self::around(history, witness),
            Input::Appends(history) => Self::around(&**history, witness),
            Input::Objects(history) => Self::around(history, witness),
            Input::Etcd(run) => Self::around(&**run, witness),
            Input::Stamped(history) => Self::around(&**history, witness),
        }
    }

    fn around<C: Calls>(history: &C, witness: &[usize]) -> Self {
        let total = history.total();
        let most = (0..total).map(|call| history.rank(call)).max().unwrap_or(0).max(1);
        let part = |rank: u64| (rank * (PARTS as u64 - 1) / most) as usize;
        let mut parts = vec![0; PARTS];
        for call in 0..total {
            parts[part(history.rank(call))] += 1;
        }
        #[expect(clippy::cast_precision_loss, reason = "a place on a line")]
        let share = |call: &usize| history.rank(*call) as f64 / most as f64;
        let shown = chosen(history, witness);
        Self {
            bars: shown.into_iter().filter_map(|call| history.bar(call)).collect(),
            total,
            unit: C::UNIT,
            timed: total == 0 || history.row(0).is_none(),
            parts,
            marks: witness.iter().filter(|call| **call < total).map(share).collect(),
        }
    }
}

/// The calls to show, in the order of the history: those of the witness and the nearest to them.
fn chosen<C: Calls>(history: &C, witness: &[usize]) -> BTreeSet<usize> {
    let total = history.total();
    if total <= SHOWN_MAX {
        return (0..total).collect();
    }
    let known = witness.iter().copied().filter(|call| *call < total);
    let mut shown: BTreeSet<usize> = known.clone().take(SHOWN_MAX).collect();
    // In time, or in the session: the order of calls within what may stand near.
    let mut order: Vec<usize> = (0..total).collect();
    if history.row(0).is_none() {
        order.sort_by_key(|call| history.rank(*call));
    }
    let mut near: Vec<(usize, usize)> = Vec::new();
    for call in known {
        let row = history.row(call).unwrap_or(0..total);
        let at = order[row.clone()]
            .partition_point(|other| (history.rank(*other), *other) < (history.rank(call), call))
            + row.start;
        let from = at.saturating_sub(AROUND).max(row.start);
        let to = (at + AROUND + 1).min(row.end);
        near.extend((from..to).map(|place| (place.abs_diff(at), order[place])));
    }
    if near.is_empty() {
        near.extend(order.iter().take(SHOWN_MAX).map(|call| (0, *call)));
    }
    near.sort_unstable();
    for (_, call) in near {
        if shown.len() >= SHOWN_MAX {
            break;
        }
        shown.insert(call);
    }
    shown
}
