//! Operations on one object, as they were recorded.
//!
//! An event that names no process belongs to the operation of the same function that is open, if
//! possible the one that was asked the same.

use super::datum::Datum;
use crate::dependency::Fate;
use crate::history::Malformed;
use crate::history::jepsen::{Event, Events, Happened, Values};
use crate::history::notation::{Notation, Reader};
use avouch_promise::{Blame, Error};

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Who asked; nothing where the history names nobody.
    pub process: Option<i64>,
    /// What: the name of a function.
    pub function: String,
    /// What it was asked with.
    pub asked: Datum,
    /// What came back; nothing if it did not.
    pub got: Option<Datum>,
    /// Whether it took effect.
    pub fate: Fate,
    /// Keys that its consumer lost or was given meanwhile (`:rebalance-log`).
    pub rebalanced: Vec<Datum>,
    /// The rank of its invocation among all events.
    pub began: u32,
    /// The rank of its answer; the largest number if none came.
    pub ended: u32,
    /// The line of its invocation.
    pub line: usize,
    /// The line of its answer.
    pub ended_line: usize,
}

/// What one who asks is called.
pub(crate) fn whose(process: Option<i64>) -> String {
    process.map_or_else(|| "no process".to_owned(), |process| format!("process {process}"))
}

impl Operation {
    /// Whether it had ended before another one began.
    pub fn is_before(&self, other: &Self) -> bool {
        self.ended < other.began
    }

    /// Whether it is of a function.
    pub fn is(&self, function: &str) -> bool {
        self.function == function
    }

    /// What was asked and what came back, in words.
    pub(crate) fn told(&self) -> (String, String) {
        let action = match &self.asked {
            Datum::Nil => self.function.clone(),
            asked => format!("{} {asked}", self.function),
        };
        let answer = match (&self.got, self.fate) {
            (Some(Datum::Nil), _) => "done".to_owned(),
            (Some(got), _) if *got == self.asked => "done".to_owned(),
            (Some(got), _) => got.to_string(),
            (None, Fate::Aborted) => "failed".to_owned(),
            (None, _) => "unknown".to_owned(),
        };
        (action, answer)
    }

    /// The error of one whose value is none that can be judged.
    pub(super) fn refused(&self, expected: &str, got: &Datum, line: usize) -> Error {
        let got = match line {
            0 => format!("`{got}` of {}", self.function),
            line => format!("`{got}` of {} at line {line}", self.function),
        };
        Error::new(Blame::Corrupt, expected, got)
            .hint("whole numbers of 64 bits are judged: write the value as one")
    }

    /// What came back of one that was done.
    pub fn answer(&self) -> Option<&Datum> {
        self.got.as_ref().filter(|_| self.fate == Fate::Committed)
    }
}

/// No answer.
pub(crate) const NEVER: u32 = u32::MAX;

#[derive(Default)]
struct Reading {
    datum: Option<Datum>,
    rebalanced: Vec<Datum>,
}

impl<'a> Values<'a> for Reading {
    fn value(&mut self, reader: &mut Reader<'a>, _: Happened) -> Result<(), Malformed> {
        self.datum = Some(Datum::read(reader)?);
        Ok(())
    }

    fn other(&mut self, name: &str, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        if name != "rebalance-log" {
            return reader.pass();
        }
        let log = Datum::read(reader)?;
        let keys = log.list().unwrap_or_default().iter().filter_map(|one| one.field("keys"));
        self.rebalanced.extend(keys.filter_map(Datum::list).flatten().cloned());
        Ok(())
    }
}

/// The operations of a text, in the order of their invocations.
pub(super) fn operations(text: &str, notation: Notation) -> Result<Vec<Operation>, Malformed> {
    let mut events = Events::new(text, notation)?;
    let mut reading = Reading::default();
    let mut all: Vec<Operation> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut rank = 0;
    while let Some(event) = events.next(&mut reading)? {
        let datum = reading.datum.take().unwrap_or(Datum::Nil);
        let rebalanced = std::mem::take(&mut reading.rebalanced);
        if event.happened == Happened::Invoke {
            begin(&mut all, &mut open, &events, &event, (datum, rank))?;
        } else {
            let fits = |one: &&usize| {
                let one = &all[**one];
                one.process == event.client()
                    && (event.names_process || one.function == event.function)
            };
            let same = |one: &&usize| fits(one) && all[**one].asked == datum;
            let found = open.iter().position(|one| same(&one));
            let found = found.or_else(|| open.iter().position(|one| fits(&one)));
            let Some(place) = found else {
                let whose = whose(event.client());
                let expected = format!("{whose} to invoke {} before its outcome", event.function);
                return Err(events.wrong(&event, expected));
            };
            let one = &mut all[open.remove(place)];
            one.rebalanced = rebalanced;
            end(one, &event, datum, rank);
        }
        rank += 1;
    }
    Ok(all)
}

fn begin(
    all: &mut Vec<Operation>,
    open: &mut Vec<usize>,
    events: &Events<'_>,
    event: &Event<'_>,
    (asked, began): (Datum, u32),
) -> Result<(), Malformed> {
    let is_its = |one: &&usize| event.names_process && all[**one].process == event.client();
    if let Some(before) = open.iter().find(is_its) {
        let (process, line) = (event.process, all[*before].line);
        let expected =
            format!("the outcome of process {process}'s operation of line {line} before its next");
        return Err(events.wrong(event, expected));
    }
    open.push(all.len());
    all.push(Operation {
        process: event.client(),
        function: event.function.to_owned(),
        asked,
        got: None,
        fate: Fate::Unknown,
        rebalanced: Vec::new(),
        began,
        ended: NEVER,
        line: event.line,
        ended_line: event.line,
    });
    Ok(())
}

fn end(one: &mut Operation, event: &Event<'_>, datum: Datum, rank: u32) {
    one.ended_line = event.line;
    (one.fate, one.got) = match event.happened {
        Happened::Ok => (Fate::Committed, Some(datum)),
        Happened::Fail => (Fate::Aborted, None),
        Happened::Invoke | Happened::Info => (Fate::Unknown, None),
    };
    if one.fate != Fate::Unknown {
        one.ended = rank;
    }
}
