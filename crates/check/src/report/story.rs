//! Who did what when: the smallest witness of a violation as a few lines that a person can check.

use super::{Basis, Case, Fact};
use crate::history::{Call, History, Record};
use crate::model::key_value::{Action, Contents, KeyValue, answered, asked};
use crate::model::{Next, Sequential};
use avouch_promise::guarantee::Guarantee;
use bytes::Bytes;
use std::fmt;

/// One call of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its place in the history's calls.
    pub call: usize,
    /// The number of who asked; nothing where the history names nobody.
    pub process: Option<u64>,
    /// The same in words: `process 3`, `session 6`, `no process`.
    pub whose: String,
    /// Where it stands, if that is not told by lines: `byte 1534 of T6.log`.
    pub place: Option<String>,
    /// The invocation.
    pub began: Record,
    /// The answer.
    pub ended: Option<Record>,
    /// What was asked.
    pub action: String,
    /// What came back.
    pub answer: String,
    /// Of one whose outcome nobody knows, why it took effect all the same.
    pub effect: Option<String>,
    /// What it was promised.
    pub guarantee: String,
}

/// The answer of a transaction of which nobody was told how it ended.
pub(crate) const UNKNOWN: &str = "outcome unknown (:info)";

impl Line {
    fn new(history: &History, place: usize) -> Option<Self> {
        let call = history.calls.get(place)?;
        Some(Self {
            call: place,
            process: Some(call.process),
            whose: format!("process {}", call.process),
            place: None,
            began: call.began,
            ended: call.ended,
            action: asked(&call.action),
            answer: call.answer.as_ref().map_or_else(|| "unknown".to_owned(), answered),
            effect: None,
            guarantee: call.guarantee.to_string(),
        })
    }

    /// When: times if they were recorded, else lines, or where it stands in a file without lines.
    fn when(&self) -> String {
        if let Some(place) = &self.place {
            return place.clone();
        }
        if self.began.time.is_none() && self.began.line == 0 {
            return String::new();
        }
        if self.began.time.is_none() && self.ended.is_some_and(|end| end.line == self.began.line) {
            return format!("line {}", self.began.line);
        }
        let at = |record: Record| match record.time {
            Some(time) => time.to_string(),
            None => format!("line {}", record.line),
        };
        let end = self.ended.map_or_else(|| "never".to_owned(), at);
        format!("{} .. {end}", at(self.began))
    }
}

/// One edge of a cycle: why `from` has to come before `to`. Calls are those of [`Line::call`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The call that comes first; nothing for the state before the first call.
    pub from: Option<usize>,
    /// The call that comes later; nothing for the state before the first call.
    pub to: Option<usize>,
    /// What it rests on: `ww`, `wr`, `rw`, `process`, `realtime` or `initial`.
    pub kind: &'static str,
    /// The same in words.
    pub because: String,
    /// The same as data.
    pub basis: Basis,
}

/// What is wrong with a read or write whatever the order, as data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// The key.
    pub key: String,
    /// The value that was read, or seen too early or not at all.
    pub value: Option<String>,
    /// A value of the same writer: what it wrote later, of an intermediate read; what it wrote
    /// earlier, of appends in another order.
    pub other: Option<String>,
    /// Who wrote it.
    pub writer: Option<usize>,
    /// Who read it.
    pub reader: usize,
    /// Who read what does not agree.
    pub against: Option<usize>,
}

/// A violation, told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// What cannot be.
    pub title: String,
    /// The calls that it needs.
    pub lines: Vec<Line>,
    /// The end of the longest order that fits, and what does not follow it.
    pub conclusion: Vec<String>,
    /// Whether every line is needed.
    pub minimal: bool,
    /// The cycle, if the violation is one: each edge ends where the next begins.
    pub cycle: Vec<Dependency>,
    /// Of single operations, the longest order that fits.
    pub order: Vec<usize>,
    /// The weaker level that it implies and that is violated, if that is all.
    pub weaker: Option<String>,
    /// Of a read or write that no order can mend, what is wrong with it.
    pub fault: Option<Box<Fault>>,
    /// On which of the cycle's edges rest, if they are no steps of the history.
    pub facts: Vec<Fact>,
    /// Where two writers may come in either order: what follows of each.
    pub cases: Vec<Case>,
}

/// The room that is left for who asked, at least.
const WHOSE: usize = "process 999".len();

/// How many calls at the end of an order are told.
const TOLD: usize = 8;

/// That so many others make no difference.
pub(crate) fn no_help(count: usize, whose: &str) -> String {
    match count {
        1 => format!("1 other operation{whose} does not help, whether it took effect or not"),
        _ => format!("{count} other operations{whose} do not help, whichever took effect"),
    }
}

impl Story {
    /// The story of what is violated because something weaker is.
    pub(crate) fn of_weaker(weaker: impl fmt::Display) -> Self {
        let title = format!("it implies {weaker}, which is violated");
        let weaker = Some(weaker.to_string());
        Self { title, minimal: true, weaker, ..Self::default() }
    }

    /// The story of calls that fit in no order, given as places in the history's calls.
    pub(crate) fn tell(
        history: &History,
        essential: &[usize],
        optional: &[usize],
        furthest: &[usize],
        minimal: bool,
    ) -> Self {
        let mut essential = essential.to_vec();
        essential.sort_unstable();
        let lines: Vec<Line> =
            essential.iter().filter_map(|place| Line::new(history, *place)).collect();
        let mut conclusion = Vec::new();
        let (state, placed) = replay(history, furthest);
        let told: Vec<String> = placed
            .iter()
            .skip(placed.len().saturating_sub(TOLD))
            .filter_map(|place| history.calls.get(*place))
            .map(|call| format!("{} (process {})", asked(&call.action), call.process))
            .collect();
        let skipped = placed.len() - told.len();
        let start =
            if skipped > 0 { format!("... after {skipped} others, ") } else { String::new() };
        let order =
            if told.is_empty() { "none of them".to_owned() } else { start + &told.join(", ") };
        conclusion.push(format!("the longest order that fits: {order}"));
        for place in essential.iter().filter(|place| !placed.contains(place)) {
            if let Some(call) = history.calls.get(*place) {
                conclusion.extend(misfit(history.model, &state, call));
            }
        }
        conclusion.extend(promised_less(history, &essential));
        if !optional.is_empty() {
            conclusion.push(no_help(optional.len(), " of these keys"));
        }
        if !minimal {
            conclusion.push("a smaller set may exist: the bound on shrinking was reached".into());
        }
        let title = match lines.len() {
            1 => "this operation fits nowhere".to_owned(),
            count => format!("these {count} operations fit in no order"),
        };
        Self { title, lines, conclusion, minimal, order: placed, ..Self::default() }
    }

    /// The story of one call that shows a value which nobody had written.
    pub(crate) fn of_one(history: &History, place: usize, key: &Bytes, value: &Bytes) -> Self {
        let never = Action::Put { key: key.clone(), value: value.clone() };
        Self {
            title: "an answer from nowhere".to_owned(),
            lines: Line::new(history, place).into_iter().collect(),
            conclusion: vec![format!(
                "before it was answered, nobody had asked for `{}`",
                asked(&never)
            )],
            minimal: true,
            ..Self::default()
        }
    }

    /// A story told by its teller.
    pub(crate) fn of_calls(
        history: &History,
        title: &str,
        calls: &[usize],
        conclusion: Vec<String>,
    ) -> Self {
        let lines = calls.iter().filter_map(|place| Line::new(history, *place)).collect();
        let title = title.to_owned();
        Self { title, lines, conclusion, minimal: true, ..Self::default() }
    }
}

/// Of the writes in a witness that were promised less than a place in the one order: that they are
/// held to it all the same.
fn promised_less(history: &History, essential: &[usize]) -> Option<String> {
    let calls = essential.iter().filter_map(|place| history.calls.get(*place));
    let weak = calls.filter(|call| {
        let is_less = !matches!(
            call.guarantee,
            Guarantee::Linearizable
                | Guarantee::StrictSerializable
                | Guarantee::ByzantineLinearizable
                | Guarantee::ByzantineStrictSerializable
        );
        call.is_write() && is_less
    });
    let told: Vec<String> = weak
        .map(|call| {
            let (action, process) = (asked(&call.action), call.process);
            format!("`{action}` of process {process} was promised {} alone", call.guarantee)
        })
        .collect();
    (!told.is_empty()).then(|| {
        format!(
            "{}: a write is in the one order all the same, between its invocation and its answer; \
             one that was answered before it was in that order (asynchronously) explains this",
            told.join(", ")
        )
    })
}

/// Runs an order as far as it goes.
fn replay(history: &History, order: &[usize]) -> (Contents, Vec<usize>) {
    let model = history.model;
    let mut state = model.initial();
    let mut placed = Vec::new();
    for place in order {
        let Some(call) = history.calls.get(*place) else { break };
        match model.step(&state, &call.action, None) {
            Next::Same => {}
            Next::One(next) => state = next,
            Next::Impossible | Next::Many(_) => break,
        }
        placed.push(*place);
    }
    (state, placed)
}

/// Why a call does not follow.
fn misfit(model: KeyValue, state: &Contents, call: &Call) -> Option<String> {
    let answer = call.answer.as_ref()?;
    let would = model.apply(&mut state.clone(), &call.action);
    let (action, would, answer) = (asked(&call.action), answered(&would), answered(answer));
    (would != answer).then(|| {
        let process = call.process;
        format!("after that, `{action}` of process {process} would give {would}, but gave {answer}")
    })
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        let width = self.lines.iter().map(|line| line.when().len()).max().unwrap_or(0);
        let asked = self.lines.iter().map(|line| line.action.len()).max().unwrap_or(0);
        let whose = self.lines.iter().map(|line| line.whose.len()).fold(WHOSE, usize::max);
        for line in &self.lines {
            let Line { whose: who, action, answer, effect, guarantee, .. } = line;
            let when = match line.when() {
                when if width == 0 => when,
                when => format!("{when:<width$}  "),
            };
            writeln!(f, "    {when}{who:<whose$} {action:<asked$} -> {answer} [{guarantee}]")?;
            if let Some(effect) = effect {
                writeln!(f, "      {effect}")?;
            }
        }
        self.conclusion.iter().try_for_each(|line| writeln!(f, "    {line}"))
    }
}
