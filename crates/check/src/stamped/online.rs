//! The judge of streams of transactions with stamps: they arrive in the order of their completion,
//! and are judged in the order of their commit stamps, in memory that does not grow with them.
//!
//! ```text
//! arrivals -> window (waiting, by commit stamp) -> follow (versions that can still be read)
//! ```
//!
//! A transaction may arrive behind as many others with larger commit stamps as the window holds,
//! and its snapshot may be as old as versions are kept. What goes beyond either bound is told, and
//! the verdict is unknown from there on: never a guess. Memory is that of the window, of the
//! versions kept, of the last version of each key and the last transaction of each session; lists
//! are kept whole, for a read of one is compared whole.
//!
//! Where a transaction arrives too late, reads that disagreed with what had come by then are
//! unknown too, for it may have written what they read; other violations stand.
//!
//! Whoever listens is told of the first violation of each level at once. Once every level asked is
//! violated by what no late arrival can mend (all axioms but EXT), the stream is left.
//!
//! - O1: a level's word is the one that the judge of whole histories gives, unless it is unknown.

use super::follow::{Axiom, Follow};
use super::history::{Builder, Stamp, Stamped, Transaction};
use super::judge::{self, LEVELS};
use super::mutant::Mutant;
use super::story;
use crate::history::chronos::{self, Fields};
use crate::history::notation::{Notation, Reader};
use crate::history::{Malformed, text};
use crate::limits::{Budget, Limits};
use crate::report::{About, Finding, Part, Report};
use crate::stream::{self, Ending};
use crate::transaction::Level;
use avouch_promise::quantity::counted;
use avouch_promise::{Blame, Error};
use std::collections::BTreeMap;
use std::io::{BufRead, Read};

/// How a stream is judged.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The level; nothing for all that stamps decide.
    pub level: Option<Level>,
    /// The bounds.
    pub limits: Limits,
}

/// Who is told of the first violation of each level as soon as it is found.
pub type Tell<'a> = &'a mut dyn FnMut(&Part);

/// So many transactions wait for one that arrives late.
pub(super) const WINDOW: usize = 8_192;

/// So many transactions commit before a version that was overwritten goes.
pub(super) const KEPT_FOR: u64 = 32_768;

/// The longest transaction, in bytes of text.
const TEXT_MAX: usize = 1 << 26;

/// Where transactions come from, one by one.
pub(super) trait Source {
    /// The next one, in the order of arrival.
    fn next(&mut self) -> Result<Option<Transaction>, Error>;
    /// The names of what came so far.
    fn names(&self) -> &Stamped;
    /// What is to be told of how it ended.
    fn ending(&self) -> Option<String>;
}

/// JSON: objects, in lists or not.
struct Texts<R> {
    input: R,
    builder: Builder,
    line: usize,
    column: usize,
    object: Vec<u8>,
    /// Lists that are open, and where the text was cut within a transaction.
    lists: usize,
    cut: Option<usize>,
}

/// Whether a byte between objects begins one; brackets of lists and what parts are passed.
fn begins(byte: u8, (line, column): (usize, usize), lists: &mut usize) -> Result<bool, Error> {
    match byte {
        b'{' => return Ok(true),
        b'[' => *lists += 1,
        b']' if *lists > 0 => *lists -= 1,
        b',' | b' ' | b'\n' | b'\r' | b'\t' => {}
        _ => {
            let span = char::from(byte).to_string();
            let expected = "a transaction: {\"tid\": ...}".to_owned();
            return Err(chronos::hinted(Malformed { line, column, span, expected }));
        }
    }
    Ok(false)
}

impl<R: BufRead> Texts<R> {
    fn new(input: R) -> Self {
        let object = Vec::new();
        let builder = Builder::default();
        Self { input, builder, line: 1, column: 1, object, lists: 0, cut: None }
    }

    /// Collects the next object; where it begins, if there is one.
    fn object(&mut self) -> Result<Option<(usize, usize)>, Error> {
        self.object.clear();
        let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
        let mut start = None;
        loop {
            let found = self.input.fill_buf().map_err(|error| {
                Error::new(Blame::Environment, "a history that can be read", error.to_string())
            })?;
            if found.is_empty() {
                self.cut = start.map(|(line, _)| line);
                return Ok(None);
            }
            let mut taken = 0;
            let mut is_whole = false;
            for byte in found.iter().copied() {
                taken += 1;
                let here = (self.line, self.column);
                self.column += usize::from(byte & 0xc0 != 0x80);
                if byte == b'\n' {
                    (self.line, self.column) = (self.line + 1, 1);
                }
                if start.is_none() {
                    if !begins(byte, here, &mut self.lists)? {
                        continue;
                    }
                    (start, depth) = (Some(here), 1);
                } else if in_text {
                    in_text = escaped || byte != b'"';
                    escaped = byte == b'\\' && !escaped;
                } else {
                    match byte {
                        b'"' => in_text = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                }
                self.object.push(byte);
                if depth == 0 {
                    is_whole = true;
                    break;
                }
            }
            self.input.consume(taken);
            if is_whole {
                return Ok(start);
            }
            if self.object.len() > TEXT_MAX {
                let expected = format!("transactions of at most {TEXT_MAX} bytes");
                let line = start.map_or(self.line, |(line, _)| line);
                return Err(Error::new(Blame::Corrupt, expected, format!("more, at line {line}")));
            }
        }
    }
}

impl<R: BufRead> Source for Texts<R> {
    fn next(&mut self) -> Result<Option<Transaction>, Error> {
        let Some((line, column)) = self.object()? else { return Ok(None) };
        let placed = |error: Malformed| {
            let first = error.line == 1;
            let column = if first { error.column + column - 1 } else { error.column };
            chronos::hinted(Malformed { line: error.line + line - 1, column, ..error })
        };
        let object = text(&self.object).map_err(placed)?;
        let mut reader = Reader::new(object, Notation::Json);
        let read = Fields::default().transaction(&mut reader, &mut self.builder, line - 1);
        read.map_err(placed)?;
        Ok(Some(self.builder.take()))
    }

    fn names(&self) -> &Stamped {
        self.builder.named()
    }

    fn ending(&self) -> Option<String> {
        match self.cut {
            Some(line) => {
                Some(format!("the transaction that begins at line {line} is cut and was left out"))
            }
            None if self.lists > 0 => {
                Some("the list of transactions is cut: its closing bracket is missing".to_owned())
            }
            None => None,
        }
    }
}

/// A stream of our own.
struct Streamed<R> {
    reader: stream::Reader<R>,
    builder: Builder,
}

impl<R: Read> Source for Streamed<R> {
    fn next(&mut self) -> Result<Option<Transaction>, Error> {
        let Some(event) = self.reader.next() else { return Ok(None) };
        match event? {
            stream::Event::Stamped(one) => {
                let line = usize::try_from(self.reader.events()).unwrap_or(0);
                stream::add_stamped(&mut self.builder, &one, line)?;
                Ok(Some(self.builder.take()))
            }
            other => {
                let expected = "transactions with stamps";
                Err(Error::new(Blame::Corrupt, expected, other.content().name()))
            }
        }
    }

    fn names(&self) -> &Stamped {
        self.builder.named()
    }

    fn ending(&self) -> Option<String> {
        match self.reader.ending()? {
            Ending::Cut { block, bytes } => {
                Some(format!("block {block} is cut after {bytes} bytes and was left out"))
            }
            Ending::Whole => None,
        }
    }
}

/// Judges transactions with stamps as they arrive: JSON as Chronos and Aion read it.
///
/// # Errors
/// `Caller` for a malformed transaction or a level that stamps do not decide; `Environment` where
/// reading fails.
pub fn judge_text(input: impl BufRead, asked: Asked, tell: Tell<'_>) -> Result<Report, Error> {
    run(&mut Texts::new(input), asked, tell, (WINDOW, KEPT_FOR), Mutant::None)
}

/// The same of a stream of our own.
///
/// # Errors
/// As above, and `Corrupt` for a stream that was changed.
pub fn judge_stream(
    reader: stream::Reader<impl Read>,
    asked: Asked,
    tell: Tell<'_>,
) -> Result<Report, Error> {
    let builder = Builder::default();
    run(&mut Streamed { reader, builder }, asked, tell, (WINDOW, KEPT_FOR), Mutant::None)
}

/// What of a stream has been judged.
struct Judged {
    follow: Follow,
    /// The commit stamp and class judged last.
    last: Option<(Stamp, bool)>,
    count: usize,
    operations: usize,
    /// Why it goes no further.
    end: Option<String>,
}

impl Judged {
    /// Judges those that wait, but for the last `left`, whole groups at a time.
    fn judge(
        &mut self,
        waiting: &mut BTreeMap<(Stamp, bool, u64), Transaction>,
        left: usize,
        budget: &mut Budget,
    ) {
        while waiting.len() > left && self.end.is_none() {
            let Some((first, one)) = waiting.pop_first() else { return };
            let mut group = vec![one];
            while let Some(next) = waiting.first_entry()
                && (next.key().0, next.key().1) == (first.0, first.1)
            {
                group.push(next.remove());
            }
            self.last = Some((first.0, first.1));
            if let Err(met) = budget.step(self.follow.bytes()) {
                self.end = Some(format!("{met} after {} transactions", self.count));
                return;
            }
            self.follow.group(&group.iter().collect::<Vec<_>>());
            self.count += group.len();
            self.operations += group.iter().map(|one| one.steps.len()).sum::<usize>();
        }
    }
}

/// Which levels somebody was told of.
struct News {
    told: Vec<Level>,
    /// How many kinds of violations there were when it was looked last.
    kinds: usize,
    level: Option<Level>,
}

impl News {
    /// Tells what is new; true if every level asked is violated, whatever is still to come.
    fn tell(&mut self, judged: &Judged, names: &Stamped, tell: Tell<'_>) -> bool {
        let found = &judged.follow.found;
        if found.wrong.len() == self.kinds {
            return false;
        }
        self.kinds = found.wrong.len();
        let mut is_settled = true;
        for level in LEVELS.into_iter().filter(|one| self.level.is_none_or(|level| level == *one)) {
            let Some(tally) = judge::against(found, level) else {
                is_settled = false;
                continue;
            };
            // Who arrives later than the window allows may have written what was read.
            is_settled &= tally.first.axiom != Axiom::Ext;
            if !self.told.contains(&level) {
                self.told.push(level);
                let guarantee = judge::name(level);
                let story = story::tell(names, &guarantee, tally, |_| None);
                let finding = Finding::Violated(story);
                tell(&Part { guarantee, operations: judged.operations, finding });
            }
        }
        is_settled
    }
}

/// Judges what a source gives, with a window and versions kept as long as this.
pub(super) fn run(
    source: &mut dyn Source,
    asked: Asked,
    tell: Tell<'_>,
    (window, kept_for): (usize, u64),
    mutant: Mutant,
) -> Result<Report, Error> {
    asked.level.map(judge::decidable).transpose()?;
    let mut budget = Budget::new(asked.limits);
    let mut waiting = BTreeMap::new();
    let window = if mutant == Mutant::NoWindow { 0 } else { window };
    let forgives = matches!(mutant, Mutant::NoWindow | Mutant::ForgiveLate);
    let follow = Follow::new(kept_for, mutant);
    let mut judged = Judged { follow, last: None, count: 0, operations: 0, end: None };
    let mut news = News { told: Vec::new(), kinds: 0, level: asked.level };
    while let Some(one) = source.next()? {
        let (commit, class, place) = judge::rank(&one.who, mutant);
        if judged.last.is_some_and(|last| (commit, class) <= last) && !forgives {
            judged.end = Some(format!(
                "T{} of line {}, which commits at {commit}, arrives behind more than {window} \
                 transactions that wait for such: judge the history whole",
                one.who.name, one.who.line
            ));
            break;
        }
        judged.follow.arrived(&one.who);
        waiting.insert((commit, class, place), one);
        judged.judge(&mut waiting, window, &mut budget);
        if judged.end.is_none() && news.tell(&judged, source.names(), tell) {
            judged.end = Some(format!(
                "the stream was left after {} transactions, as what was asked is violated",
                judged.count + waiting.len()
            ));
        }
        if judged.end.is_some() {
            break;
        }
    }
    judged.judge(&mut waiting, 0, &mut budget);
    if judged.count == 0 && judged.end.is_none() {
        judged.end = source.ending().map(|cut| format!("nothing is left of the history: {cut}"));
    }
    if judged.end.is_some() {
        // What came too late, or was not looked at, may have written what was read.
        judged.follow.found.wrong.retain(|(_, axiom), _| *axiom != Axiom::Ext);
    }
    let names = source.names();
    let found = &judged.follow.found;
    let finding = |level: Level| match judge::against(found, level) {
        Some(tally) => Finding::Violated(story::tell(names, &judge::name(level), tally, |_| None)),
        None => match judged.end.clone().or_else(|| judge::unknown(names, found, level)) {
            Some(reason) => Finding::Unknown { reason, story: None },
            None => Finding::Holds { order: Vec::new(), checked: false },
        },
    };
    let findings = LEVELS.into_iter().map(|level| (level, finding(level))).collect();
    let mut notes = vec![counted(judged.count, "transaction")];
    notes.extend(source.ending());
    let about = About {
        format: "transactions with stamps as they came",
        operations: judged.operations,
        answered: judged.count,
        unknown: 0,
        failed: 0,
        notes,
    };
    Ok(judge::report(about, findings, asked.level, &budget))
}
