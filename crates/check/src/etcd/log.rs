//! The log of a run: what each revision wrote, by everybody who tells it.
//!
//! ```text
//!   key a   2 ------- 5 ------------- 9        facts: an answered write, a watch's event,
//!   key b        3 -------- 6                  or a read that shows the key with its revision
//!   told    [2 ......... 6]        [9]         revisions of which a key's writes are known: an
//!                                              answered write's own, and what its watches cover
//! ```

use super::run::{Act, Asked, Got, Key, Operation, Range, Run, Txn, TxnFound, Value};
use crate::limits::Exhausted;
use crate::meter::{Meter, entry};
use std::collections::{BTreeMap, BTreeSet};

/// Who tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// The answer of a write, by its place among the operations.
    Answered(usize),
    /// A response of a watch.
    Watch(usize, usize),
    /// A read.
    Read(usize),
}

/// What a revision let a key hold; nothing if it deleted the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) value: Option<Value>,
    pub(super) source: Source,
}

/// Revisions from one to another, both included.
pub(super) type Span = (i64, i64);

/// The log.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    /// By key and revision, in the order in which they were found; never empty.
    facts: BTreeMap<Key, BTreeMap<i64, Vec<Fact>>>,
    /// The answered writes of each revision.
    pub(super) answered: BTreeMap<i64, Vec<usize>>,
    /// What is told of each key.
    told: BTreeMap<Key, Vec<Span>>,
    /// Every watch's keys and revisions.
    covers: Vec<Span>,
    /// The highest revision that anybody speaks of.
    pub(super) last: i64,
}

/// What an answered transaction wrote; nothing of one that wrote nothing.
pub(super) fn writes(one: &Operation) -> Vec<(&Key, Option<&Value>)> {
    let Some(Got::Txn(found)) = one.answer.as_ref().map(|answer| &answer.got) else {
        return Vec::new();
    };
    let Asked::Txn(txn) = &one.asked else { return Vec::new() };
    written(txn, found)
}

/// What an answered transaction wrote.
pub(super) fn written<'a>(txn: &'a Txn, found: &TxnFound) -> Vec<(&'a Key, Option<&'a Value>)> {
    let mut all: BTreeMap<&Key, Option<&Value>> = BTreeMap::new();
    for (act, result) in txn.branch(found.failure).iter().zip(&found.results) {
        match act {
            Act::Put { put } => {
                all.insert(&put.key, Some(&put.value));
            }
            Act::Delete { delete } if result.deleted > 0 => {
                all.insert(&delete.key, None);
            }
            _ => {}
        }
    }
    all.into_iter().collect()
}

/// Spans in order, those that touch made one.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|(from, to)| from <= to);
    spans.sort_unstable();
    let mut all: Vec<Span> = Vec::new();
    for (from, to) in spans {
        match all.last_mut() {
            Some((_, end)) if from <= end.saturating_add(1) => *end = to.max(*end),
            _ => all.push((from, to)),
        }
    }
    all
}

/// The first revision after one and up to another that is in none of the spans.
fn first_gap(told: &[Span], after: i64, to: i64) -> Option<i64> {
    let mut next = after.max(1).saturating_add(1);
    let start = told.partition_point(|(_, end)| *end < next);
    for (from, end) in told.get(start..).unwrap_or_default() {
        if *from > next {
            break;
        }
        next = end.saturating_add(1);
    }
    (next <= to).then_some(next)
}

impl Log {
    /// Reads it of a run.
    pub(super) fn new(run: &Run, meter: &mut Meter<'_>) -> Result<Self, Exhausted> {
        let mut log = Self::default();
        meter.pass("operations", run.operations.len(), 0..5);
        for (place, one) in run.operations.iter().enumerate() {
            meter.next()?;
            let Some(answer) = &one.answer else { continue };
            log.last = log.last.max(answer.revision.unwrap_or(0));
            let written = writes(one);
            if let Some(revision) = answer.revision.filter(|_| !written.is_empty()) {
                log.answered.entry(revision).or_default().push(place);
                meter.hold(entry::<(i64, Vec<usize>)>() + size_of::<usize>());
                for (key, value) in written {
                    log.add(key, revision, value, Source::Answered(place), meter)?;
                }
            }
        }
        meter.pass("watches", run.watches.len(), 5..10);
        for (number, watch) in run.watches.iter().enumerate() {
            meter.next()?;
            meter.look(watch.responses.len())?;
            let covers = watch.covers();
            log.covers.push((*covers.start(), *covers.end()));
            log.last = log.last.max(*covers.end());
            for (place, response) in watch.responses.iter().enumerate() {
                for event in &response.events {
                    let source = Source::Watch(number, place);
                    log.add(&event.key, event.revision, event.holds(), source, meter)?;
                }
            }
        }
        meter.pass("operations", run.operations.len(), 10..30);
        for (place, one) in run.operations.iter().enumerate() {
            meter.next()?;
            for entry in read_entries(one) {
                let (key, value) = (&entry.key, Some(&entry.value));
                log.add(key, entry.mod_revision, value, Source::Read(place), meter)?;
            }
        }
        let keys: Vec<Key> = log.facts.keys().cloned().collect();
        meter.pass("keys", keys.len(), 30..40);
        for key in keys {
            meter.next()?;
            // As many as there are before they are merged.
            meter.look(log.covers.len() + log.answered.len())?;
            let spans = log.spans(run, &key);
            meter.hold(entry::<(Key, Vec<Span>)>() + key.len() + spans.len() * size_of::<Span>());
            log.told.insert(key, spans);
        }
        Ok(log)
    }

    fn add(
        &mut self,
        key: &Key,
        revision: i64,
        value: Option<&Value>,
        source: Source,
        meter: &mut Meter<'_>,
    ) -> Result<(), Exhausted> {
        self.last = self.last.max(revision);
        if !self.facts.contains_key(key) {
            meter.hold(entry::<(Key, BTreeMap<i64, Vec<Fact>>)>() + key.len());
            self.facts.insert(key.clone(), BTreeMap::new());
        }
        let Some(of_key) = self.facts.get_mut(key) else { return Ok(()) };
        let facts = of_key.entry(revision).or_insert_with(|| {
            meter.hold(entry::<(i64, Vec<Fact>)>());
            Vec::new()
        });
        meter.look(1 + facts.len())?;
        // Reads repeat each other without end: one is enough.
        let is_read = matches!(source, Source::Read(_));
        if !is_read || facts.iter().all(|fact| fact.value.as_ref() != value) {
            meter.hold(size_of::<Fact>() + value.map_or(0, Value::bytes));
            facts.push(Fact { value: value.cloned(), source });
        }
        Ok(())
    }

    fn spans(&self, run: &Run, key: &str) -> Vec<Span> {
        let watches = run.watches.iter().zip(&self.covers);
        let covered = watches.filter(|(watch, _)| watch.has(key)).map(|(_, span)| *span);
        merged(covered.chain(self.answered.keys().map(|one| (*one, *one))).collect())
    }

    /// Every fact, by key and revision.
    pub(super) fn facts(&self) -> impl Iterator<Item = (&Key, i64, &[Fact])> {
        self.facts.iter().flat_map(|(key, all)| {
            all.iter().map(move |(revision, facts)| (key, *revision, &facts[..]))
        })
    }

    pub(super) fn keys(&self) -> impl ExactSizeIterator<Item = &Key> {
        self.facts.keys()
    }

    /// How many spans a look for a gap of a range goes through.
    pub(super) fn spans_all(&self) -> usize {
        self.covers.len() + self.answered.len()
    }

    /// The last fact of a key up to a revision.
    pub(super) fn before(&self, key: &str, revision: i64) -> Option<(i64, &Fact)> {
        let (revision, facts) = self.facts.get(key)?.range(..=revision).next_back()?;
        Some((*revision, facts.first()?))
    }

    /// How often a key was written up to a revision since it came to be, as far as is known.
    pub(super) fn version(&self, key: &str, revision: i64) -> i64 {
        let Some(all) = self.facts.get(key) else { return 0 };
        let since = all.range(..=revision).rev();
        let is_there = |(_, facts): &(&i64, &Vec<Fact>)| {
            facts.first().is_some_and(|fact| fact.value.is_some())
        };
        super::count(since.take_while(is_there).count())
    }

    /// The first revision after one and up to another that may have written the key, untold.
    pub(super) fn gap(&self, run: &Run, key: &str, after: i64, to: i64) -> Option<i64> {
        let own;
        let told = if let Some(told) = self.told.get(key) {
            told
        } else {
            own = self.spans(run, key);
            &own
        };
        first_gap(told, after, to)
    }

    /// The same for every key of a range.
    pub(super) fn gap_of_range(&self, run: &Run, range: &Range, to: i64) -> Option<i64> {
        let watches = run.watches.iter().zip(&self.covers);
        let covered = watches.filter(|(watch, _)| watch.has_all(range)).map(|(_, span)| *span);
        let told = merged(covered.chain(self.answered.keys().map(|one| (*one, *one))).collect());
        first_gap(&told, 1, to)
    }

    /// The revisions that nobody tells at all.
    pub(super) fn untold(&self) -> Vec<Span> {
        let mut told: BTreeSet<i64> = self.answered.keys().copied().collect();
        told.extend(self.facts.values().flat_map(BTreeMap::keys).copied());
        let (mut next, mut all) = (2, Vec::new());
        for revision in told.into_iter().filter(|one| *one >= 2) {
            if revision > next {
                all.push((next, revision - 1));
            }
            next = revision.saturating_add(1);
        }
        if next <= self.last {
            all.push((next, self.last));
        }
        all
    }

    /// How many revisions are told.
    pub(super) fn revisions(&self) -> usize {
        self.facts.values().flat_map(BTreeMap::keys).collect::<BTreeSet<_>>().len()
    }

    /// What each revision wrote.
    pub(super) fn by_revision(&self) -> BTreeMap<i64, Vec<(Key, Option<Value>)>> {
        let mut all: BTreeMap<i64, Vec<(Key, Option<Value>)>> = BTreeMap::new();
        for (key, revision, facts) in self.facts() {
            let value = facts.first().and_then(|fact| fact.value.clone());
            all.entry(revision).or_default().push((key.clone(), value));
        }
        all
    }
}

/// The entries that an answer shows of what others wrote.
pub(super) fn read_entries(one: &Operation) -> Vec<&super::run::Entry> {
    let wrote = !writes(one).is_empty();
    let revision = |answer: &super::run::Answer| answer.revision.filter(|_| wrote);
    match one.answer.as_ref().map(|answer| (&answer.got, revision(answer))) {
        Some((Got::Range(found), _)) => found.entries.iter().collect(),
        // What a transaction wrote itself is its own fact already.
        Some((Got::Txn(found), own)) => found
            .results
            .iter()
            .flat_map(|result| &result.entries)
            .filter(|entry| Some(entry.mod_revision) != own)
            .collect(),
        _ => Vec::new(),
    }
}
