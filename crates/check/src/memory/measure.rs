//! How stale a history's reads are at worst: the least bound that holds, in versions and in time.
//!
//! ```text
//!   0 ..... low ............. high .....
//!            |                 |
//!            |                 one order of the writes, and what each read missed in it
//!            what every order makes a read miss
//!   probes between: the deciders of `staleness` and of linearizability, each with a part of the
//!   budget; what they leave open is told as bounds
//! ```
//!
//! A write takes effect before the first read of it ends, so it counts as ended by then. A read of
//! `w` misses every write that began after `w` had ended and ended before the read began: so many
//! versions are behind it in every order, and so long ago the first of them ended (`low`). Each
//! write at its end, or each at its invocation, is an order that real time allows: what a read
//! misses in the better of the two bounds the least from above (`high`). Where both meet nothing is
//! searched. Bounds: O(n log n); a probe costs what its decider does.
//!
//! - I1: `low` is 0, or every smaller bound is violated; `high` holds.
//! - I2: a probe that meets its budget moves neither bound.

use super::model::Model;
use super::mutant::Mutant;
use super::registers::{Registers, Source};
use super::staleness;
use super::views::Found;
use super::witness;
use crate::history::History;
use crate::limits::{Budget, Limits};
use crate::operation::Moment;
use crate::report::{Finding, Word};
use avouch_promise::Nanos;

/// How stale reads were at worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worst {
    /// At least so much, at most so much; of exactly known the same twice.
    Within(u64, u64),
    /// No bound holds: a read returned what nobody wrote, or what was written after it.
    Unbounded,
}

/// The worst staleness, and the call that shows it where one is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) worst: Worst,
    pub(super) shown_by: Option<usize>,
}

/// Steps that one probe may take of the budget, so that one which never ends leaves the others
/// some.
const PROBE_STEPS: u64 = 2_000_000;

/// A bound and the read that shows it.
type Shown = (u64, Option<u32>);

/// The writes of one key, by when each ends at the latest.
struct Writes {
    /// End, and invocation.
    by_end: Vec<(Moment, Moment)>,
    by_began: Vec<Moment>,
}

/// When every write ends at the latest: never, if nobody knows.
fn ends(from: &Registers) -> Vec<Moment> {
    let never = Moment(u64::MAX);
    let mut ends: Vec<Moment> =
        from.operations.iter().map(|one| one.ended.unwrap_or(never)).collect();
    for one in &from.operations {
        if let (Some(Source::Write(writer)), Some(ended)) = (one.read, one.ended) {
            let end = &mut ends[writer as usize];
            *end = (*end).min(ended);
        }
    }
    ends
}

fn writes(from: &Registers, ends: &[Moment]) -> Vec<Writes> {
    let mut keys: Vec<Writes> =
        (0..from.keys).map(|_| Writes { by_end: Vec::new(), by_began: Vec::new() }).collect();
    for (one, end) in from.operations.iter().zip(ends).filter(|(one, _)| one.is_write()) {
        let key = &mut keys[one.key as usize];
        key.by_end.push((*end, one.began));
        key.by_began.push(one.began);
    }
    for key in &mut keys {
        key.by_end.sort_unstable();
        key.by_began.sort_unstable();
    }
    keys
}

/// How much one read misses: in every order, and in the order of ends and in that of invocations.
struct Missed {
    read: u32,
    /// Versions.
    at_least: u64,
    at_most: [u64; 2],
    /// The first of the writes missed: when it was there at the latest, or in these orders.
    first: Option<Moment>,
    in_order: [Option<Moment>; 2],
    began: Moment,
}

/// What every read misses; nothing if one read what no bound allows.
fn missed(from: &Registers, mutant: Mutant) -> Option<Vec<Missed>> {
    let ends = ends(from);
    let keys = writes(from, &ends);
    // Of each key the writes that had ended, by invocation, as the reads come.
    let mut reads: Vec<u32> = (0..)
        .zip(&from.operations)
        .filter(|(_, one)| !one.is_write())
        .map(|(number, _)| number)
        .collect();
    reads.sort_unstable_by_key(|read| from.at(*read).began);
    let mut counts: Vec<Counts> = keys.iter().map(|key| Counts::new(&key.by_began)).collect();
    let mut taken = vec![0; keys.len()];
    let mut found = Vec::with_capacity(reads.len());
    for number in reads {
        let read = from.at(number);
        let place = read.key as usize;
        let (key, count) = (&keys[place], &mut counts[place]);
        while let Some((end, began)) = key.by_end.get(taken[place]).filter(|one| one.0 < read.began)
        {
            count.add(*began, *end);
            taken[place] += 1;
        }
        let (began, end) = match read.read? {
            Source::Nowhere => return None,
            Source::Initial => (Moment(0), Moment(0)),
            Source::Write(writer) => {
                let began = from.at(writer).began;
                if read.ended.is_some_and(|ended| ended < began) {
                    return None;
                }
                (began, ends[writer as usize])
            }
        };
        // A planted bug takes writes that overlap the one read for later ones.
        let after = if mutant == Mutant::OverlapIsLater { began } else { end };
        let (at_least, first) = count.after(after);
        let by_end = key.by_end.partition_point(|(one, _)| *one <= end)..taken[place];
        let by_began = key.by_began.partition_point(|one| *one <= began)
            ..key.by_began.partition_point(|one| *one < read.began);
        found.push(Missed {
            read: number,
            at_least,
            at_most: [by_end.len() as u64, by_began.len() as u64],
            first,
            in_order: [
                key.by_end.get(by_end).and_then(|all| all.first()).map(|(end, _)| *end),
                key.by_began.get(by_began).and_then(|all| all.first()).copied(),
            ],
            began: read.began,
        });
    }
    Some(found)
}

/// Writes of one key that have ended, counted by invocation (a tree of Fenwick, 1994), with the
/// first end among those that began after a moment.
struct Counts<'a> {
    began: &'a [Moment],
    count: Vec<u64>,
    first: Vec<Option<Moment>>,
}

impl<'a> Counts<'a> {
    fn new(began: &'a [Moment]) -> Self {
        let size = began.len() + 1;
        Self { began, count: vec![0; size], first: vec![None; size] }
    }

    /// Of the last invocation place 1, so that a prefix is all that began after a moment.
    fn place(&self, began: Moment) -> usize {
        self.began.len() - self.began.partition_point(|one| *one <= began)
    }

    fn add(&mut self, began: Moment, end: Moment) {
        // Invocations are unlike, so it has a place of its own.
        let mut at = self.place(began) + 1;
        while at < self.count.len() {
            self.count[at] += 1;
            self.first[at] = Some(self.first[at].map_or(end, |first| first.min(end)));
            at += at & at.wrapping_neg();
        }
    }

    fn after(&self, moment: Moment) -> (u64, Option<Moment>) {
        let (mut at, mut count, mut first) = (self.place(moment), 0, None);
        while at > 0 {
            count += self.count[at];
            first = [first, self.first[at]].into_iter().flatten().min();
            at -= at & at.wrapping_neg();
        }
        (count, first)
    }
}

/// The bounds of the least from below and above, each with its read.
fn worst(
    all: &[Missed],
    low: impl Fn(&Missed) -> u64,
    high: impl Fn(&Missed, usize) -> u64,
) -> [Shown; 2] {
    let most = |of: &dyn Fn(&Missed) -> u64| {
        let found = all.iter().map(|one| (of(one), one.read));
        let found = found.filter(|(missed, _)| *missed > 0);
        found.reduce(|best, one| if one.0 > best.0 { one } else { best })
    };
    let shown = |found: Option<(u64, u32)>| match found {
        Some((missed, read)) => (missed, Some(read)),
        None => (0, None),
    };
    let highs = [0, 1].map(|order| shown(most(&|one| high(one, order))));
    let [one, other] = highs;
    [shown(most(&low)), if other.0 < one.0 { other } else { one }]
}

/// The time between a moment and the invocation of a read.
fn age(from: &Registers, missed: Option<Moment>, began: Moment) -> u64 {
    let time = |moment: Moment| from.times.get((moment.0 / 2) as usize).copied();
    match (missed.and_then(time), time(began)) {
        (Some(missed), Some(began)) => began.minus(missed).0,
        _ => 0,
    }
}

/// A part of a budget, for one probe; whoever asked pays for the steps.
fn probe<T>(budget: &mut Budget, work: impl FnOnce(&mut Budget) -> T) -> T {
    let left = budget.left();
    let mut own = Budget::new(Limits { steps: left.steps.min(PROBE_STEPS), ..left });
    let done = work(&mut own);
    let _ = budget.steps(own.taken(), 0); // whoever asks next is told
    done
}

/// Narrows bounds within which the least bound lies that holds; what a probe leaves open lies
/// between those that were left open.
pub(super) fn narrow(
    (mut low, mut high): (u64, u64),
    mut word: impl FnMut(u64) -> Word,
) -> (u64, u64) {
    // Bounds are most often met by their own ends: these first.
    let mut first = [low, high.saturating_sub(1)].into_iter();
    let mut open: Option<(u64, u64)> = None;
    while low < high {
        let middle = match (first.next(), open) {
            (Some(end), None) if (low..high).contains(&end) => end,
            (_, None) => low + (high - low) / 2,
            (_, Some((from, _))) if low < from => low + (from - low) / 2,
            (_, Some((_, to))) if to + 1 < high => to + 1 + (high - to - 1) / 2,
            _ => break,
        };
        match word(middle) {
            Word::Holds => high = middle,
            Word::Violated => low = middle + 1,
            Word::Unknown => {
                let (from, to) = open.unwrap_or((middle, middle));
                open = Some((from.min(middle), to.max(middle)));
            }
        }
        open = open.filter(|(from, to)| *to >= low && *from < high);
    }
    (low, high)
}

//= §2.3.3 bounded-staleness-versions
/// The most versions that a read was behind, in the order that is kindest to the history.
pub(super) fn versions(
    history: &History,
    from: &Registers,
    budget: &mut Budget,
    mutant: Mutant,
) -> Measured {
    let Some(all) = missed(from, mutant) else { return unbounded(history, from) };
    let [low, high] = worst(&all, |one| one.at_least, |one, order| one.at_most[order]);
    let word = |bound: u64, budget: &mut Budget| {
        probe(budget, |budget| match bound {
            0 => {
                staleness::by_obligation(history, Model::Linearizable, budget, Mutant::None).word()
            }
            _ => match staleness::versions(from, bound, budget, Mutant::None) {
                Ok(Found::Holds { .. }) => Word::Holds,
                Ok(Found::Violated(_)) => Word::Violated,
                _ => Word::Unknown,
            },
        })
    };
    let (least, most) = narrow((low.0, high.0), |bound| word(bound, budget));
    let shown_by = if least == low.0 && low.1.is_some() {
        low.1
    } else if least == 0 {
        None
    } else {
        // What one version less does not allow.
        probe(budget, |budget| {
            let broken = |part: &Registers, budget: &mut Budget| {
                let found = if least == 1 {
                    staleness::versions(part, 0, budget, Mutant::None)
                } else {
                    staleness::versions(part, least - 1, budget, Mutant::None)
                };
                match found {
                    Ok(Found::Violated(operations)) => Some(operations),
                    _ => None,
                }
            };
            let operations = broken(from, budget)?;
            let kept =
                witness::least(from, operations, |part| Some(broken(part, budget).is_some()));
            last_read(from, kept.0)
        })
    };
    let shown_by = shown_by.map(|read| from.at(read).call);
    Measured { worst: Worst::Within(least, most), shown_by }
}

/// Of some operations the read that began last.
fn last_read(from: &Registers, of: impl IntoIterator<Item = u32>) -> Option<u32> {
    let reads = of.into_iter().filter(|one| !from.at(*one).is_write());
    reads.max_by_key(|one| from.at(*one).began)
}

/// No bound, by the first read that no write explains.
fn unbounded(history: &History, from: &Registers) -> Measured {
    let is_it = |one: &&super::registers::Operation| match one.read {
        Some(Source::Nowhere) => true,
        Some(Source::Write(writer)) => one.ended.is_some_and(|end| end < from.at(writer).began),
        _ => false,
    };
    let shown_by = from.operations.iter().find(is_it).map(|one| one.call);
    debug_assert!(shown_by.is_none_or(|call| call < history.calls.len()));
    Measured { worst: Worst::Unbounded, shown_by }
}

/// The longest time for which what a read returned had not been the latest any more; of a history
/// with times.
pub(super) fn time(
    history: &History,
    from: &Registers,
    budget: &mut Budget,
    mutant: Mutant,
) -> Measured {
    let ends = if from.gap.is_some() {
        // Whose write a read saw is not known: any time of the history is possible.
        let span = match (history.times.first(), history.times.last()) {
            (Some(first), Some(last)) => last.minus(*first).0.saturating_add(1),
            _ => 0,
        };
        Some([(0, None), (span, None)])
    } else {
        missed(from, mutant).map(|all| {
            let low = |one: &Missed| age(from, one.first, one.began);
            worst(&all, low, |one, order| age(from, one.in_order[order], one.began))
        })
    };
    let Some([low, high]) = ends else { return unbounded(history, from) };
    // What the last probe found that was violated.
    let mut broken: Option<(u64, Finding)> = None;
    let mut word = |bound: u64| {
        let model = if bound == 0 { Model::Linearizable } else { Model::Time(Nanos(bound)) };
        let finding =
            probe(budget, |budget| staleness::by_obligation(history, model, budget, Mutant::None));
        let word = finding.word();
        if word == Word::Violated {
            broken = Some((bound, finding));
        }
        word
    };
    if from.gap.is_some() && word(high.0) == Word::Violated {
        return Measured { worst: Worst::Unbounded, shown_by: None };
    }
    let (least, most) = narrow((low.0, high.0), &mut word);
    let shown_by = match broken {
        _ if least == low.0 => low.1.map(|read| from.at(read).call),
        Some((_, Finding::Violated(story))) => {
            let calls = story.lines.iter().map(|line| line.call);
            let reads = calls.filter(|call| !history.calls[*call].is_write());
            reads.max_by_key(|call| history.calls[*call].began.moment)
        }
        _ => None,
    };
    Measured { worst: Worst::Within(least, most), shown_by }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_narrowed_as_far_as_probes_decide() {
        let word = |open: std::ops::Range<u64>, least: u64| {
            move |bound: u64| match bound {
                bound if open.contains(&bound) => Word::Unknown,
                bound if bound < least => Word::Violated,
                _ => Word::Holds,
            }
        };
        assert_eq!(narrow((0, 100), word(0..0, 37)), (37, 37));
        assert_eq!(narrow((3, 3), word(0..100, 3)), (3, 3), "nothing is asked");
        assert_eq!(narrow((0, 100), word(30..50, 37)), (30, 50), "what is open stays open");
        assert_eq!(
            narrow((0, 100), word(40..50, 37)),
            (37, 37),
            "what is decided below settles it"
        );
        assert_eq!(narrow((0, 100), word(0..100, 37)), (0, 100));
    }
}
