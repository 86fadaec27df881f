//! Building a history of transactions, from a file or by a test of one's own.

use super::history::{Access, Outcome, Places, Span, Step, Transaction, Transactions};
use crate::hash::{Index, hash_of};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The most transactions, and the most reads and writes, that one history holds: their numbers
/// have room for flags beside them.
const MOST: usize = (1 << 29) - 1;

/// Builds [`Transactions`]: `begin`, then reads and writes; the next `begin` ends it.
///
/// ```
/// use avouch_check::Limits;
/// use avouch_check::transaction::{Builder, Level, judge};
///
/// let mut history = Builder::default();
/// history.begin(1).write("x", 1).write("y", 1);
/// history.begin(2).read("x", 1).read_initial("y");
/// let report = judge(&history.build(), Some(Level::MonotonicAtomicView), &Limits::default());
/// assert!(report.to_string().starts_with("violated"), "{report}");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    transactions: Vec<Transaction>,
    steps: Vec<Step>,
    sessions: BTreeMap<u64, u32>,
    processes: Vec<i64>,
    names: Vec<u8>,
    keys: Vec<Range<usize>>,
    index: Index,
    spans: Option<Vec<Span>>,
}

impl Builder {
    /// Begins a transaction of a session, which counts as committed.
    pub fn begin(&mut self, session: u64) -> &mut Self {
        self.begin_at(session, 0)
    }

    /// Begins a transaction that stands at a line of a file.
    pub fn begin_at(&mut self, session: u64, line: usize) -> &mut Self {
        let next = self.sessions.len() as u32;
        let process = session.cast_signed();
        let session = *self.sessions.entry(session).or_insert_with(|| {
            self.processes.push(process);
            next
        });
        self.transactions.push(Transaction {
            session,
            outcome: Outcome::Committed,
            line: u32::try_from(line).unwrap_or(0),
            first: self.steps.len() as u32,
            count: 0,
        });
        self
    }

    /// Says which process ran the session of the transaction begun last, if it is not the one of
    /// the session's number.
    pub fn process(&mut self, process: i64) -> &mut Self {
        let session = self.transactions.last().map(|last| last.session as usize);
        if let Some(own) = session.and_then(|session| self.processes.get_mut(session)) {
            *own = process;
        }
        self
    }

    /// Says that the transaction begun last aborted: nobody may have read what it wrote.
    ///
    /// ```
    /// use avouch_check::Limits;
    /// use avouch_check::transaction::{Builder, Level, judge};
    ///
    /// let mut history = Builder::default();
    /// history.begin(1).write("x", 1).abort();
    /// history.begin(2).read("x", 1);
    /// let report = judge(&history.build(), Some(Level::ReadCommitted), &Limits::default());
    /// assert!(report.to_string().starts_with("violated"), "{report}");
    /// ```
    pub fn abort(&mut self) -> &mut Self {
        if let Some(last) = self.transactions.last_mut() {
            last.outcome = Outcome::Aborted;
        }
        self
    }

    /// Says that nobody was told how the transaction begun last ended, as Jepsen's `:info`. If
    /// somebody who committed read what it wrote, it counts as committed, at any time after it
    /// began, and what it read is not looked at. Else it is left out, which no one can tell from
    /// its having aborted. Where its session goes on after it, it is apart from the session.
    ///
    /// ```
    /// use avouch_check::Limits;
    /// use avouch_check::transaction::{Builder, Level, judge};
    ///
    /// let mut history = Builder::default();
    /// history.begin(1).write("x", 1).write("y", 1).info();
    /// history.begin(1).write("x", 2).info();
    /// history.begin(2).read("x", 1).read_initial("y");
    /// let history = history.build();
    /// assert_eq!((history.len(), history.unknown), (2, 2));
    ///
    /// let report = judge(&history, Some(Level::ReadAtomic), &Limits::default()).to_string();
    /// assert!(report.starts_with("violated"), "{report}");
    /// assert!(report.contains("it took effect: T1 reads x = 1 from it"), "{report}");
    /// ```
    pub fn info(&mut self) -> &mut Self {
        if let Some(last) = self.transactions.last_mut() {
            last.outcome = Outcome::Unknown;
        }
        self
    }

    /// Says when the transaction begun last ran, by the ranks of its events. What is said of one
    /// counts if it is said of all.
    pub fn ran(&mut self, began: u32, ended: u32) -> &mut Self {
        let spans = self.spans.get_or_insert_default();
        spans.truncate(self.transactions.len().saturating_sub(1));
        spans.push(Span { began, ended });
        self
    }

    /// Says that every transaction has its times, also where there is none.
    pub(crate) fn timed(&mut self) -> &mut Self {
        self.spans.get_or_insert_default();
        self
    }

    /// It wrote a value.
    pub fn write(&mut self, key: impl AsRef<[u8]>, value: i64) -> &mut Self {
        self.step(key.as_ref(), Access::Write, value)
    }

    /// It read a value.
    pub fn read(&mut self, key: impl AsRef<[u8]>, value: i64) -> &mut Self {
        self.step(key.as_ref(), Access::Read, value)
    }

    /// It read a key and saw that nobody has written it.
    pub fn read_initial(&mut self, key: impl AsRef<[u8]>) -> &mut Self {
        self.step(key.as_ref(), Access::ReadInitial, 0)
    }

    /// Whether as much is held as one history can.
    pub fn is_full(&self) -> bool {
        self.steps.len() >= MOST || self.transactions.len() >= MOST
    }

    fn step(&mut self, key: &[u8], access: Access, value: i64) -> &mut Self {
        if self.transactions.is_empty() {
            self.begin(0);
        }
        let key = self.number(key);
        self.steps.push(Step { value, key, access });
        if let Some(last) = self.transactions.last_mut() {
            last.count += 1;
        }
        self
    }

    /// The number of a key; a new one gets the next.
    fn number(&mut self, key: &[u8]) -> u32 {
        let hash = hash_of(&key);
        let Self { names, keys, index, .. } = self;
        let name = |number: u32| {
            let range = keys.get(number as usize).cloned().unwrap_or_default();
            names.get(range).unwrap_or_default()
        };
        if let Some(number) = index.find(hash, |number| name(number) == key) {
            return number;
        }
        let number = keys.len() as u32;
        index.insert(hash, number, |number| hash_of(&name(number)));
        keys.push(names.len()..names.len() + key.len());
        names.extend_from_slice(key);
        number
    }

    /// The history: those of one session stand together, in the order in which they began.
    pub fn build(self) -> Transactions {
        let unknown = self.transactions.iter().filter(|one| one.outcome == Outcome::Unknown);
        match unknown.count() {
            0 => self.arranged(),
            unknown => self.without_unread(unknown),
        }
    }

    /// The same without what is of unknown outcome and was not read, and without what others of
    /// unknown outcome read.
    fn without_unread(mut self, unknown: usize) -> Transactions {
        let read = self.read_of_unknown();
        let is_read = |one: &Transaction| {
            steps_of(&self.steps, one)
                .any(|step| step.access == Access::Write && read.contains(&(step.key, step.value)))
        };
        let is_kept = |one: &Transaction| one.outcome != Outcome::Unknown || is_read(one);
        let mut last = vec![0; self.processes.len()];
        for (place, one) in self.transactions.iter().enumerate().filter(|(_, one)| is_kept(one)) {
            last[one.session as usize] = place;
        }
        let spans = self.spans.take().filter(|spans| spans.len() == self.transactions.len());
        let mut kept = Self { spans: spans.as_ref().map(|_| Vec::new()), ..Self::default() };
        let sessions = self.processes.len();
        for (place, one) in self.transactions.iter().enumerate().filter(|(_, one)| is_kept(one)) {
            let is_unknown = one.outcome == Outcome::Unknown;
            let session = one.session as usize;
            let own = if is_unknown && place != last[session] { sessions + place } else { session };
            kept.begin_at(own as u64, one.line as usize).process(self.processes[session]);
            if let Some(span) = spans.as_ref().and_then(|spans| spans.get(place)) {
                kept.ran(span.began, if is_unknown { Span::NEVER } else { span.ended });
            }
            for step in steps_of(&self.steps, one) {
                if step.access == Access::Write || !is_unknown {
                    let name = &self.names[self.keys[step.key as usize].clone()];
                    kept.step(name, step.access, step.value);
                }
            }
            if let Some(last) = kept.transactions.last_mut() {
                last.outcome = one.outcome;
            }
        }
        let mut history = kept.arranged();
        history.unknown = unknown;
        history.notes.extend(left_out(self.transactions.len() - history.len()));
        history
    }

    /// What those of unknown outcome write and somebody who committed read.
    fn read_of_unknown(&self) -> BTreeSet<(u32, i64)> {
        let steps = |outcome: Outcome, access: Access| {
            let of = move |one: &&Transaction| one.outcome == outcome;
            let steps = self.transactions.iter().filter(of);
            let steps = steps.flat_map(|one| steps_of(&self.steps, one));
            let steps = steps.filter(move |step| step.access == access);
            steps.map(|step| (step.key, step.value))
        };
        let written: BTreeSet<_> = steps(Outcome::Unknown, Access::Write).collect();
        steps(Outcome::Committed, Access::Read).filter(|one| written.contains(one)).collect()
    }

    fn arranged(self) -> Transactions {
        let Self { mut transactions, steps, sessions, processes, names, keys, spans, .. } = self;
        let spans = spans.filter(|spans| spans.len() == transactions.len()).map(|spans| {
            let mut order: Vec<u32> = (0..transactions.len() as u32).collect();
            order.sort_by_key(|place| transactions[*place as usize].session);
            order.into_iter().map(|place| spans[place as usize]).collect()
        });
        transactions.sort_by_key(|one| one.session);
        let steps = in_order(&mut transactions, steps);
        let mut ranges = vec![0..0; sessions.len()];
        for (place, one) in transactions.iter().enumerate() {
            let range: &mut Range<u32> = &mut ranges[one.session as usize];
            if range.end == 0 {
                range.start = place as u32;
            }
            range.end = place as u32 + 1;
        }
        Transactions {
            all: transactions,
            steps,
            sessions: ranges,
            processes,
            names,
            keys,
            spans,
            unknown: 0,
            places: Places::default(),
            words: None,
            format: "built in code",
            notes: Vec::new(),
        }
    }
}

/// The steps in the order of their transactions, so that whoever looks at one after another does
/// not wait for memory at each.
fn in_order(transactions: &mut [Transaction], steps: Vec<Step>) -> Vec<Step> {
    if transactions.is_sorted_by_key(|one| one.first) {
        return steps;
    }
    let mut ordered = Vec::with_capacity(steps.len());
    for one in transactions {
        let first = ordered.len() as u32;
        let start = one.first as usize;
        ordered.extend_from_slice(&steps[start..start + one.count as usize]);
        one.first = first;
    }
    ordered
}

fn steps_of<'a>(steps: &'a [Step], one: &Transaction) -> impl Iterator<Item = &'a Step> + use<'a> {
    let first = one.first as usize;
    steps.get(first..first + one.count as usize).unwrap_or_default().iter()
}

/// The note on what was left out.
fn left_out(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 of unknown outcome was left out: nobody read from it".to_owned()),
        _ => Some(format!("{count} of unknown outcome were left out: nobody read from them")),
    }
}
