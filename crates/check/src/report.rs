//! What the judge found, as text (verdict first) and as JSON.

mod basis;
pub mod html;
mod json;
mod levels;
mod models;
mod proof;
mod story;
#[cfg(test)]
mod tests_unknown;

use crate::history::History;
use crate::limits::{Budget, Exhausted};
use crate::progress::{Phase, Seen};
use avouch_promise::quantity::counted;
use std::fmt;
use std::time::Duration;

pub use basis::{Basis, Version};
pub(crate) use levels::{About, settle};
pub use models::Model;
pub(crate) use models::{Standard, of_some};
pub use proof::{Case, Fact};
pub use story::{Dependency, Fault, Line, Story};
pub(crate) use story::{UNKNOWN, no_help};

/// The three words that a judge has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// Everything promised was kept.
    Holds,
    /// Something promised was broken.
    Violated,
    /// It could not be decided.
    Unknown,
}

impl Word {
    /// The exit code that says it: 0 holds, 1 violated, 2 unknown.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::Violated => 1,
            Self::Unknown => 2,
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::Unknown => "unknown",
        })
    }
}

/// What was found of one guarantee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It was kept.
    Holds {
        /// One order that shows it, as places in the history's calls; empty if another part has it.
        order: Vec<usize>,
        /// Whether an independent verifier has accepted it; not for one too long for that.
        checked: bool,
    },
    /// It was broken.
    Violated(Story),
    /// It could not be decided.
    Unknown {
        /// Why.
        reason: String,
        /// How far the judge came.
        story: Option<String>,
    },
}

impl Finding {
    /// Nothing, as the verifier refused what the judge found.
    pub(crate) fn fault(found: &str) -> Self {
        let reason =
            format!("the judge found {found} that its verifier does not accept: a fault of avouch");
        Self::Unknown { reason, story: None }
    }

    /// Nothing yet: whoever ends the judgement says why.
    pub(crate) fn open() -> Self {
        Self::Unknown { reason: String::new(), story: None }
    }

    /// The same without the order that shows it, which may be as long as the history.
    pub(crate) fn without_order(&self) -> Self {
        match self {
            Self::Holds { checked, .. } => Self::Holds { order: Vec::new(), checked: *checked },
            other => other.clone(),
        }
    }

    /// The finding in a word.
    pub fn word(&self) -> Word {
        match self {
            Self::Holds { .. } => Word::Holds,
            Self::Violated(_) => Word::Violated,
            Self::Unknown { .. } => Word::Unknown,
        }
    }
}

/// One guarantee of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub guarantee: String,
    /// How many operations carry it.
    pub operations: usize,
    /// What was found.
    pub finding: Finding,
}

/// What the judge found of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Each guarantee.
    pub parts: Vec<Part>,
    /// What is known of every model, and which follows from which.
    pub models: Vec<Model>,
    /// What an order is made of: operations or transactions.
    pub unit: &'static str,
    /// Operations judged.
    pub operations: usize,
    /// How many operations, or transactions, were answered; without any nothing holds.
    pub answered: usize,
    /// Operations whose outcome is unknown.
    pub unknown: usize,
    /// Operations left out because they certainly did not take effect.
    pub failed: usize,
    /// The format of the history.
    pub format: String,
    /// What a reader should know of how the history was read.
    pub notes: Vec<String>,
    /// Steps of the search.
    pub steps: u64,
    /// Time that it took.
    pub elapsed: Duration,
}

impl Report {
    pub(crate) fn new(history: &History, parts: Vec<Part>, budget: &Budget) -> Self {
        let operations = history.calls.len();
        let answered = history.calls.iter().filter(|call| call.ended.is_some()).count();
        Self {
            models: models::of_guarantees(&parts, operations),
            parts,
            unit: "operations",
            operations,
            answered,
            unknown: operations - answered,
            failed: history.failed,
            format: history.format.to_owned(),
            notes: history.notes.clone(),
            steps: budget.taken(),
            elapsed: budget.elapsed(),
        }
    }

    /// The same as what is said of a file: where nothing was answered, or nothing was asked, all
    /// that can be promised holds of it, and a reader would take that for a verdict on the store.
    /// Such a report says unknown instead, unless something is violated even so.
    #[must_use]
    pub fn of_answered(mut self) -> Self {
        let holds = |part: &Part| part.finding.word() == Word::Holds;
        let is_violated = self.verdict() == Word::Violated;
        if self.answered > 0 || is_violated || !self.parts.iter().any(holds) {
            return self;
        }
        let reason = match self.operations {
            0 => "there is no operation to judge",
            _ => "no operation was answered: there is nothing to judge",
        };
        for part in self.parts.iter_mut().filter(|part| holds(part)) {
            part.finding = Finding::Unknown { reason: reason.to_owned(), story: None };
        }
        self.models = self.models.into_iter().map(|model| Model { word: None, ..model }).collect();
        // The other levels and models, which would hold as well.
        self.notes
            .retain(|note| !note.starts_with("strongest that hold") && !note.ends_with(": holds"));
        self
    }

    /// A draft of it, as what is told where a bound ended the judgement: what was not decided is
    /// unknown by that bound.
    #[must_use]
    pub(crate) fn stopped(mut self, bound: Exhausted, seen: &Seen) -> Self {
        let counts = seen.phase == Phase::Judging;
        if counts {
            self.operations = usize::try_from(seen.total).unwrap_or(usize::MAX);
        }
        for part in &mut self.parts {
            if counts {
                part.operations = self.operations;
            }
            if part.finding == Finding::open() {
                let (reason, story) = (bound.to_string(), Some(seen.to_string()));
                part.finding = Finding::Unknown { reason, story };
            }
        }
        if seen.phase == Phase::Objects {
            let (reason, story) = (bound.to_string(), Some(seen.to_string()));
            self.parts.push(Part {
                guarantee: "each object alone".to_owned(),
                operations: 0,
                finding: Finding::Unknown { reason, story },
            });
        }
        Self { steps: seen.steps, elapsed: seen.elapsed, ..self }
    }

    /// The same without the orders that show what holds.
    #[must_use]
    pub(crate) fn without_orders(&self) -> Self {
        let part = |part: &Part| Part {
            guarantee: part.guarantee.clone(),
            operations: part.operations,
            finding: part.finding.without_order(),
        };
        Self {
            parts: self.parts.iter().map(part).collect(),
            models: self.models.clone(),
            format: self.format.clone(),
            notes: self.notes.clone(),
            ..*self
        }
    }

    /// Calls a level or model by the name by which it was asked for, and notes what that is.
    pub fn call(&mut self, known: &str, asked: &str) {
        if known.eq_ignore_ascii_case(asked) {
            return;
        }
        for part in &mut self.parts {
            if let Some(rest) = part.guarantee.strip_prefix(known)
                && (rest.is_empty() || rest.starts_with(' '))
            {
                part.guarantee = format!("{asked}{rest}");
            }
        }
        // Two things have this name.
        let other = match (known, asked.to_ascii_lowercase().as_str()) {
            ("prefix", "consistent-prefix") => {
                ", of transactions and in the order of each session; that of single gets, without \
                 sessions, is a model: --model consistent-prefix"
            }
            _ => "",
        };
        self.notes.push(format!("{asked} is {known}{other}"));
    }

    /// The verdict on the whole: violated if one guarantee is, else unknown if one is.
    pub fn verdict(&self) -> Word {
        let has = |word| self.parts.iter().any(|part| part.finding.word() == word);
        if has(Word::Violated) {
            Word::Violated
        } else if has(Word::Unknown) {
            Word::Unknown
        } else {
            Word::Holds
        }
    }

    /// Asserts that everything holds, for a test of one's own:
    ///
    /// ```should_panic
    /// use avouch_check::transaction::{Builder, Level, judge};
    /// use avouch_check::Limits;
    ///
    /// let mut history = Builder::default();
    /// history.begin(1).write("x", 1).write("y", 1);
    /// history.begin(2).read("x", 1).read_initial("y");
    /// judge(&history.build(), Some(Level::ReadAtomic), &Limits::default()).assert_holds();
    /// ```
    ///
    /// # Panics
    ///
    /// If something is violated, with the witness; and if something is unknown, for what was not
    /// decided has not been shown.
    #[track_caller]
    pub fn assert_holds(&self) {
        assert!(self.verdict() == Word::Holds, "{self}");
    }

    /// The exit code of a command that prints this: 0 holds, 1 violated, 2 unknown.
    pub fn exit_code(&self) -> u8 {
        self.verdict().exit_code()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} ({} of unknown outcome, {} failed left out), {}",
            self.verdict(),
            counted(self.operations, "operation"),
            self.unknown,
            self.failed,
            self.format
        )?;
        for part in &self.parts {
            let word = part.finding.word().to_string();
            let operations = counted(part.operations, "operation");
            write!(f, "  {word:<9} {} ({operations})", part.guarantee)?;
            match &part.finding {
                Finding::Holds { order, checked: true } if order.is_empty() => writeln!(f)?,
                Finding::Holds { order, checked: false } if order.is_empty() => {
                    writeln!(f, ": not checked again")?;
                }
                Finding::Holds { order, checked } => {
                    let apart = if *checked { "checked again apart" } else { "not checked again" };
                    writeln!(f, ": an order of {} {}, {apart}", order.len(), self.unit)?;
                }
                Finding::Violated(story) => write!(f, ": {story}")?,
                Finding::Unknown { reason, story } => {
                    writeln!(f, ": {reason}")?;
                    if let Some(story) = story {
                        writeln!(f, "    {story}")?;
                    }
                }
            }
        }
        for note in &self.notes {
            writeln!(f, "  note: {note}")?;
        }
        writeln!(f, "  {} steps in {:.1} ms", self.steps, self.elapsed.as_secs_f64() * 1e3)
    }
}
