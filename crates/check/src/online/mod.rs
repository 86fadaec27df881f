//! The judge of streams: events are judged as they come, in memory that does not grow with them.
//!
//! ```text
//! text or stream -> events, by their times -> of each key what can still matter (register)
//!                                           -> the first read that fits in no order, or holds
//! ```
//!
//! Linearizability composes over keys (Herlihy and Wing, 1990), so each key is judged alone. What
//! is not judged here is refused with the reason: other operations than gets and puts, a value put
//! again while the first may still be read, promises weaker than linearizable.
//!
//! # Why not the weaker models
//!
//! Under linearizability a value that was overwritten before a read began is gone for good, so that
//! little is kept. Of sessions' guarantees, PRAM, causal and sequential consistency nothing is ever
//! gone for a session that has not read the key: one session puts any n of 2 n values, another then
//! reads one of them, and that holds exactly if it is one of the n. So what a judge keeps has to
//! tell all choices of n apart: 2 n bits less a logarithm of n, whatever it does (the index problem
//! of one-way communication), even with values that are unlike and times that are known. Nor does a
//! window help to say *holds*: a read of what has left it, and one of what nobody put, look alike,
//! and what was put after it may still be what it read, as these models know no real time. What
//! monotonic reads and read your writes need beside that is small: of each session and key what it
//! read last and what it had read or put before. PRAM, monotonic writes and writes follow reads
//! compare, read after read, what was put by all sessions, so an order of all of it grows.
//!
//! Regular, safe, and staleness of so many versions or so long keep as little as linearizability
//! does; they are not judged on a stream yet.
//!
//! - O1: the word is the one that the judge of whole histories gives, unless it is unknown.

mod mutant;
mod register;
#[cfg(test)]
mod tests;

use crate::history::{
    Event, Kind, Record, chronos, dbcop_text, encoding, first_line, is_jepsen_log, is_native,
    jepsen, plume,
};
use crate::limits::{Budget, Limits};
use crate::memory::Model;
use crate::model::key_value::{Absent, Action, Outcome, answered, asked};
use crate::operation::Moment;
use crate::progress::{self, Phase};
use crate::report::{self, About, Finding, Line, Part, Report, Story};
use crate::stamped::{self, Tell};
use crate::stream::{self, Content, Ending};
use crate::transaction::Level;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::history::{self, HistoryReader};
use avouch_promise::{Blame, Error, Nanos};
use bytes::Bytes;
use mutant::Mutant;
use register::{Brief, Rank, Register, Wrong};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Cursor, Read};

/// So many events may stand between one and an earlier one by its time.
const WINDOW: usize = 4096;
/// Whoever waits is told how far it is once in so many operations.
const TOLD_EVERY: usize = 1024;

/// What a key, a cluster and an open operation take beside their texts, about.
const EACH_BYTES: usize = 256;

/// A call that is open.
#[derive(Clone, Debug)]
struct Open {
    key: Bytes,
    /// What is put; nothing for a read.
    value: Option<Bytes>,
    guarantee: Guarantee,
    rank: Rank,
    began: Record,
}

/// Why the stream is judged no further.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Violated(Box<Story>),
    Unknown(String),
}

/// Judges operations as they come.
#[derive(Debug)]
struct Judge {
    absent: Absent,
    /// Whether every operation is judged as linearizable, whatever it was promised.
    by_model: bool,
    mutant: Mutant,
    keys: BTreeMap<Bytes, Register>,
    open: BTreeMap<u64, Open>,
    rank: Rank,
    operations: usize,
    unknown: usize,
    failed: usize,
    /// Clusters kept, and bytes of keys.
    kept: usize,
    key_bytes: usize,
}

impl Judge {
    fn new(absent: Absent, by_model: bool, mutant: Mutant) -> Self {
        Self {
            absent,
            by_model,
            mutant,
            keys: BTreeMap::new(),
            open: BTreeMap::new(),
            rank: 0,
            operations: 0,
            unknown: 0,
            failed: 0,
            kept: 0,
            key_bytes: 0,
        }
    }

    /// The memory that it takes, about.
    fn bytes(&self) -> usize {
        self.key_bytes + (self.kept + self.keys.len() + self.open.len()) * EACH_BYTES
    }

    fn add(&mut self, event: Event) -> Result<(), End> {
        self.rank += 1;
        let record =
            Record { line: event.line, time: event.time, moment: Moment(2 * self.rank - 1) };
        let Event { process, kind, .. } = event;
        match kind {
            Kind::Invoked(action, guarantee) => self.invoked(process, action, guarantee, record),
            kind => {
                let Some(open) = self.open.remove(&process) else { return Ok(()) };
                let before = self.keys.get(&open.key).map_or(0, Register::len);
                let key = open.key.clone();
                let done = self.ended(process, open, kind, record);
                self.kept = (self.kept + self.keys.get(&key).map_or(0, Register::len)) - before;
                done
            }
        }
    }

    fn invoked(
        &mut self,
        process: u64,
        action: Action,
        guarantee: Guarantee,
        began: Record,
    ) -> Result<(), End> {
        let told = asked(&action);
        let (key, value) = match action {
            Action::Get { key } => (key, None),
            Action::Put { key, value } => (key, Some(value)),
            _ => {
                return Err(End::Unknown(format!(
                    "`{told}` of line {} is neither a get nor a put: a stream is judged of those",
                    began.line
                )));
            }
        };
        if self.absent == Absent::Empty && value.as_ref().is_some_and(Bytes::is_empty) {
            let line = began.line;
            return Err(End::Unknown(format!("line {line} puts what reads as nothing")));
        }
        if !self.keys.contains_key(&key) {
            self.key_bytes += key.len();
            self.kept += 1;
            self.keys.insert(key.clone(), Register::default());
        }
        let rank = self.rank;
        if let Some(register) = self.keys.get_mut(&key) {
            match &value {
                None => register.begin_read(rank),
                Some(value) => {
                    if !register.begin_write(value, rank, Brief { process, began, ended: None }) {
                        return Err(End::Unknown(format!(
                            "`{told}` of line {} puts a value again while the first may be read",
                            began.line
                        )));
                    }
                    self.kept += 1;
                }
            }
        }
        self.operations += 1;
        self.open.insert(process, Open { key, value, guarantee, rank, began });
        Ok(())
    }

    fn ended(&mut self, process: u64, open: Open, kind: Kind, ended: Record) -> Result<(), End> {
        let Open { key, value, guarantee, rank, began } = open;
        let (now, mutant, absent) = (self.rank, self.mutant, self.absent);
        let Some(register) = self.keys.get_mut(&key) else { return Ok(()) };
        match (kind, value) {
            (Kind::Failed, Some(value)) => {
                self.operations -= 1;
                self.failed += 1;
                if register.undo_write(&value) {
                    return Ok(());
                }
                let action = asked(&Action::Put { key, value });
                let lines = vec![told(process, began, Some(ended), action, "failed".to_owned())];
                let title = "this operation failed, and what it would have put was read".to_owned();
                let story = Story { title, lines, minimal: false, ..Story::default() };
                Err(End::Violated(Box::new(story)))
            }
            (Kind::Failed, None) => {
                self.operations -= 1;
                self.failed += 1;
                register.drop_read(rank);
                Ok(())
            }
            (Kind::Unknown(_), value) => {
                self.unknown += 1;
                if value.is_none() {
                    register.drop_read(rank);
                }
                Ok(())
            }
            (Kind::Answered(outcome, achieved, _), value) => {
                let guarantee = achieved.unwrap_or(guarantee);
                if !self.by_model && !is_linearizable(guarantee) {
                    let line = began.line;
                    let reason = format!("the operation of line {line} was promised {guarantee}");
                    return Err(End::Unknown(format!(
                        "{reason}, which is not judged on a stream; name --model linearizable"
                    )));
                }
                match (outcome, value) {
                    (Outcome::Done, Some(value)) => {
                        register.end_write(&value, now, ended, mutant);
                        Ok(())
                    }
                    (Outcome::Value(read), None) => {
                        let read =
                            read.filter(|value| absent == Absent::Distinct || !value.is_empty());
                        let wrong = register.end_read(read.as_ref(), (rank, now), mutant);
                        wrong.map_err(|wrong| {
                            let brief = Brief { process, began, ended: Some(ended) };
                            End::Violated(Box::new(story(&key, read.as_ref(), brief, *wrong)))
                        })
                    }
                    (outcome, _) => {
                        let (line, outcome) = (ended.line, answered(&outcome));
                        Err(End::Unknown(format!("line {line} answers with {outcome}")))
                    }
                }
            }
            (Kind::Invoked(..), _) => Ok(()),
        }
    }
}

fn is_linearizable(guarantee: Guarantee) -> bool {
    matches!(
        guarantee,
        Guarantee::Linearizable
            | Guarantee::StrictSerializable
            | Guarantee::ByzantineLinearizable
            | Guarantee::ByzantineStrictSerializable
    )
}

fn told(
    process: u64,
    began: Record,
    ended: Option<Record>,
    action: String,
    answer: String,
) -> Line {
    let guarantee = Guarantee::Linearizable.to_string();
    let whose = format!("process {process}");
    Line {
        call: began.line,
        process: Some(process),
        whose,
        place: None,
        began,
        ended,
        action,
        answer,
        effect: None,
        guarantee,
    }
}

/// A read that fits in no order.
fn story(key: &Bytes, read: Option<&Bytes>, brief: Brief, wrong: Wrong) -> Story {
    let got = answered(&Outcome::Value(read.cloned()));
    let action = asked(&Action::Get { key: key.clone() });
    let mut lines = vec![told(brief.process, brief.began, brief.ended, action, got.clone())];
    let mut put = |write: Option<Brief>, value: Option<&Bytes>| {
        let (Some(write), Some(value)) = (write, value) else { return };
        let action = asked(&Action::Put { key: key.clone(), value: value.clone() });
        let answer = if write.ended.is_some() { "done" } else { "unknown" };
        lines.push(told(write.process, write.began, write.ended, action, answer.to_owned()));
    };
    let why = match wrong {
        Wrong::NotThere(other) => {
            if let Some(other) = other {
                put(other.write, other.value.as_ref());
            }
            format!("{got} was not there: it had been overwritten before, or nobody had put it")
        }
        Wrong::Crossed(write, other) => {
            put(write, read);
            put(other.write, other.value.as_ref());
            let other = answered(&Outcome::Value(other.value));
            format!("{got} and {other} would each have to come before the other")
        }
    };
    lines.sort_by_key(|line| line.began.line);
    let hint = "the smallest reason is found by judging the lines around these as a history".into();
    let title = "a read of this key fits in no order".to_owned();
    Story { title, lines, conclusion: vec![why, hint], minimal: false, ..Story::default() }
}

/// Why a stream is not judged by a model; nothing for linearizable, which it is judged by.
pub fn why_not(model: Model) -> Option<&'static str> {
    match model {
        Model::Linearizable => None,
        Model::Regular
        | Model::Safe
        | Model::Versions(_)
        | Model::Time(_)
        | Model::ConsistentPrefix => Some(
            "it could be judged in memory that does not grow, but is not yet: judge the file \
             without --stream",
        ),
        Model::Convergent => Some(
            "it speaks of what is read after the last put, and a stream does not know which that \
             is: judge the file without --stream",
        ),
        Model::Sequential
        | Model::RedBlue
        | Model::CausalPlus
        | Model::CausalConvergence
        | Model::CausalMemory
        | Model::Causal
        | Model::Pram
        | Model::ReadYourWrites
        | Model::MonotonicReads
        | Model::MonotonicWrites
        | Model::WritesFollowReads => Some(
            "it lets a session that has not read a key read whatever was put there, however old, \
             so that every value put has to be kept: judge the file without --stream",
        ),
    }
}

/// How a stream is judged.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Whether all operations are judged as linearizable, whatever each was promised.
    pub by_model: bool,
    /// Of transactions with stamps, the level; nothing for all that stamps decide.
    pub level: Option<Level>,
    /// The bounds.
    pub limits: Limits,
}

/// So many bytes at most tell what a history is.
const START_MAX: usize = 512;

/// The start of a history: so much that its format can be told.
fn start(input: &mut impl Read) -> Result<Vec<u8>, Error> {
    let mut start = Vec::new();
    let mut byte = [0];
    // The first name of a text has two.
    let mut quotes = 0;
    while start.len() < START_MAX && !stream::is_stream(&start) && quotes < 2 {
        let read = input.read(&mut byte).map_err(|error| {
            Error::new(Blame::Environment, "a history that can be read", error.to_string())
        })?;
        if read == 0 {
            break;
        }
        start.push(byte[0]);
        quotes += usize::from(byte[0] == b'"');
    }
    Ok(start)
}

/// Judges a history as it comes: avouch's own, as text or stream, or transactions with the store's
/// stamps.
///
/// # Errors
/// `Corrupt` for what is no history, a malformed line or a stream that was changed, `Caller` for a
/// history that is not judged as it comes, `Environment` where reading fails. What was found before
/// is lost then.
pub fn judge(input: impl Read, asked: Asked) -> Result<Report, Error> {
    judge_and_tell(input, asked, &mut |_| {})
}

/// The same, and tells of the first violation of each level as soon as it is found. Of single
/// operations the first one ends the judgement.
///
/// # Errors
/// As above.
pub fn judge_and_tell(input: impl Read, asked: Asked, tell: Tell<'_>) -> Result<Report, Error> {
    judge_events(input, asked, tell).map(Report::of_answered)
}

fn judge_events(input: impl Read, asked: Asked, tell: Tell<'_>) -> Result<Report, Error> {
    progress::enter(Phase::Following, 0);
    let mut input = BufReader::with_capacity(1 << 16, input);
    let start = start(&mut input)?;
    let is_stream = stream::is_stream(&start);
    encoding::unpacked(&start)?;
    if encoding::is_nothing(&start) {
        return nothing(asked);
    }
    let start = encoding::unmarked(&start).to_vec();
    let has_stamps = chronos::is_start(&String::from_utf8_lossy(&start));
    // What is there already of the rest; nobody waits for more than a byte of it.
    let rest = input.fill_buf().map_err(|error| {
        Error::new(Blame::Environment, "a history that can be read", error.to_string())
    })?;
    let is_judged_whole = is_judged_whole(&[&start, rest].concat());
    let input = BufReader::with_capacity(1 << 16, Cursor::new(start).chain(input));
    if is_stream {
        streamed(input, asked, tell)
    } else if has_stamps {
        stamped::judge_text(input, of_stamps(asked)?, tell)
    } else if is_judged_whole {
        let expected = "avouch's own history, or transactions with stamps, to judge as they come";
        Err(Error::new(Blame::Caller, expected, "a history of another kind")
            .hint("judge the file without --stream"))
    } else {
        text(input, without_level(asked)?)
    }
}

/// The report on a history that tells of nothing, not even of what it is.
fn nothing(asked: Asked) -> Result<Report, Error> {
    match asked.level {
        Some(_) => stamped::judge_text(&b"[]"[..], of_stamps(asked)?, &mut |_| {}),
        None => run(
            std::iter::empty(),
            Judge::new(Absent::Distinct, asked.by_model, Mutant::None),
            asked,
        ),
    }
}

/// What is asked of transactions with stamps.
fn of_stamps(asked: Asked) -> Result<stamped::Asked, Error> {
    if asked.by_model {
        let expected = "single operations, to judge by a model";
        return Err(Error::new(Blame::Caller, expected, "transactions with stamps")
            .hint("name a level of transactions with --level, or leave the model out"));
    }
    Ok(stamped::Asked { level: asked.level, limits: asked.limits })
}

/// The same, of single operations: they have no level.
fn without_level(asked: Asked) -> Result<Asked, Error> {
    match asked.level {
        None => Ok(asked),
        Some(level) => {
            let expected = format!("transactions with stamps, to judge by {level} as they come");
            Err(Error::new(Blame::Caller, expected, "single operations")
                .hint("each operation is judged by its own guarantee: leave the level out"))
        }
    }
}

fn streamed(input: impl BufRead, asked: Asked, tell: Tell<'_>) -> Result<Report, Error> {
    let mut reader = stream::Reader::new(input)?;
    let header = reader.header().clone();
    if header.content == Content::Stamped {
        return stamped::judge_stream(reader, of_stamps(asked)?, tell);
    }
    if header.content != Content::Operations {
        let expected = "operations or transactions with stamps, to judge as they come";
        return Err(Error::new(Blame::Caller, expected, header.content.name())
            .hint("judge the file without --stream"));
    }
    let asked = without_level(asked)?;
    let mut line = 1;
    let events = reader.by_ref().map(|event| {
        line += 1;
        match event? {
            stream::Event::Operation(record) => Ok(stream::told(record, line, header.untimed)),
            other => Err(Error::new(Blame::Corrupt, "operations", other.content().name())),
        }
    });
    let mut report = run(events, Judge::new(header.absent, asked.by_model, Mutant::None), asked)?;
    if let Some(Ending::Cut { block, bytes }) = reader.ending() {
        cut(&mut report, format!("block {block} is cut after {bytes} bytes and was left out"));
    }
    Ok(report)
}

/// Says that a history is cut; one of which nothing is left holds nothing.
fn cut(report: &mut Report, told: String) {
    if report.operations == 0 {
        let reason = format!("nothing is left of the history: {told}");
        let finding = Finding::Unknown { reason, story: None };
        let guarantee = "linearizable".to_owned();
        report.parts = vec![Part { guarantee, operations: 0, finding }];
    }
    report.notes.push(told);
}

/// Whether a text begins as a history does that is judged only whole.
fn is_judged_whole(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    let is_maps = jepsen::notation(&text).is_some() && !is_native(&text);
    is_maps
        || is_jepsen_log(&text)
        || plume::is_line(first_line(&text))
        || dbcop_text::is_short(&text)
}

fn text(input: impl BufRead, asked: Asked) -> Result<Report, Error> {
    let hint = "what is judged as it comes is avouch's own history, or transactions with stamps: \
                judge another without --stream";
    let mut reader = HistoryReader::new(input).map_err(|error| Error::from(error).hint(hint))?;
    let mut line = 1;
    let events = reader.by_ref().map(|record| {
        line += 1;
        Ok(stream::told(record?, line, false))
    });
    let judge = Judge::new(Absent::Distinct, asked.by_model, Mutant::None);
    let mut report = run(events, judge, asked)?;
    if let Some(history::Ending::Cut { line, bytes }) = reader.ending() {
        cut(&mut report, format!("line {line} is cut after {bytes} bytes and was left out"));
    }
    Ok(report)
}

/// Judges events, which may stand so far from their places by time as the window is wide.
fn run(
    events: impl Iterator<Item = Result<Event, Error>>,
    mut judge: Judge,
    asked: Asked,
) -> Result<Report, Error> {
    let mut budget = Budget::new(asked.limits);
    let mut waiting: BTreeMap<(Option<Nanos>, usize), Event> = BTreeMap::new();
    let mut last = (None, 0);
    let mut end = None;
    for event in events {
        let event = event?;
        let place = (event.time, event.line);
        if place < last {
            end = Some(End::Unknown(format!(
                "line {} is earlier than one that stands more than {WINDOW} events before it; sort \
                 the history by time, or judge it whole",
                event.line
            )));
            break;
        }
        waiting.insert(place, event);
        if waiting.len() <= WINDOW {
            continue;
        }
        let Some((place, event)) = waiting.pop_first() else { continue };
        last = place;
        if judge.operations.is_multiple_of(TOLD_EVERY) {
            progress::reached(judge.operations);
        }
        let stepped = budget.step(judge.bytes());
        let stepped = stepped.map_err(|met| {
            End::Unknown(format!("{met} after {} of the operations", judge.operations))
        });
        if let Err(met) = stepped.and_then(|()| judge.add(event)) {
            end = Some(met);
            break;
        }
    }
    if end.is_none() {
        end = waiting.into_values().find_map(|event| judge.add(event).err());
    }
    let finding = match end {
        None => Finding::Holds { order: Vec::new(), checked: false },
        Some(End::Violated(story)) => Finding::Violated(*story),
        Some(End::Unknown(reason)) => Finding::Unknown { reason, story: None },
    };
    let guarantee = Guarantee::Linearizable.to_string();
    let part = Part { guarantee, operations: judge.operations, finding };
    let about = About {
        format: "avouch history as it came",
        operations: judge.operations,
        answered: judge.operations - judge.unknown - judge.open.len(),
        unknown: judge.unknown + judge.open.len(),
        failed: judge.failed,
        notes: Vec::new(),
    };
    Ok(report::Report::of_parts(about, vec![part], &budget))
}
