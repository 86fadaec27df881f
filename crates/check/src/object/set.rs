//! Sets that elements are added to and that are read whole: Jepsen's `set`, `set-full` and
//! `causal-reverse`.
//!
//! ```text
//!   add 1 |---|                    there from its end, or from that of a read that saw it
//!   add 2        |---|             began after 1 was there: who sees 2 sees 1 (causal reverse)
//!   read              |---| [1 2]  began after both were there (else stale, or lost)
//! ```
//!
//! A set that only grows is linearizable exactly if its reads are a chain by inclusion and each
//! pair of operations respects real time; these are the anomalies looked for, so the verdict is
//! exact.
//! That nothing is lost, duplicated or unexpected is a verdict of its own: a store that catches up
//! later keeps it.

//= §2.3.1 stale read

use super::anomaly::{Anomaly, Kind};
use super::datum::Datum;
use super::history::{NEVER, Operation};
use super::mutant::Mutant;
use super::{Judged, Part};
use crate::dependency::Fate;
use crate::limits::Exhausted;
use crate::meter::{Meter, entry};
use std::collections::BTreeMap;

/// Functions that add an element.
pub(super) const ADDS: [&str; 2] = ["add", "write"];

/// Anomalies of a kind that are kept; the others are counted.
const KEPT: usize = 8;

/// What is known of one element.
#[derive(Clone, Copy, Debug)]
struct Element {
    /// When the first addition that may have taken effect began, and which that was.
    began: (u32, usize),
    /// When the first addition that did so ended.
    added: (u32, usize),
    /// When it was certainly there, and by which operation.
    known: (u32, usize),
    /// When the last read that saw it ended.
    seen: Option<(u32, usize)>,
}

/// A read and the elements that it saw, by number, sorted.
struct Read {
    place: usize,
    elements: Vec<usize>,
}

#[derive(Default)]
struct Set<'a> {
    names: Vec<&'a Datum>,
    elements: Vec<Element>,
    reads: Vec<Read>,
    /// The first few of each kind.
    found: Vec<Anomaly>,
    /// How many more of a kind there are: they can be as many as reads times elements.
    more: BTreeMap<Kind, usize>,
    /// What a reader of the verdict should know.
    notes: Vec<String>,
}

impl<'a> Set<'a> {
    /// What is known of each element, and what each read saw.
    fn build(&mut self, all: &'a [Operation], meter: &mut Meter<'_>) -> Result<(), Exhausted> {
        let mut numbers: BTreeMap<&Datum, usize> = BTreeMap::new();
        meter.pass("operations", all.len(), 0..2);
        for (place, one) in all.iter().enumerate() {
            meter.next()?;
            if ADDS.contains(&one.function.as_str()) && one.fate != Fate::Aborted {
                let element = self.number(&mut numbers, &one.asked, meter);
                let element = &mut self.elements[element];
                element.began = element.began.min((one.began, place));
                if one.fate == Fate::Committed {
                    element.added = element.added.min((one.ended, place));
                }
            }
        }
        let read =
            |one: &'a Operation| one.answer().filter(|_| one.is("read")).and_then(Datum::list);
        let elements = all.iter().filter_map(read).map(<[Datum]>::len).sum::<usize>();
        meter.pass("elements read", elements, 2..58);
        for (place, one) in all.iter().enumerate() {
            let Some(list) = read(one) else { continue };
            meter.hold(size_of::<Read>() + list.len() * size_of::<usize>());
            meter.look(1)?;
            meter.next_few(list.len())?;
            let mut elements: Vec<usize> =
                list.iter().map(|value| self.number(&mut numbers, value, meter)).collect();
            elements.sort_unstable();
            if let Some(pair) = elements.windows(2).find(|pair| pair[0] == pair[1]) {
                let name = self.names[pair[0]];
                self.push(Kind::Duplicated, &[place], &[name], meter);
            }
            elements.dedup();
            for element in &elements {
                let element = &mut self.elements[*element];
                element.seen = element.seen.max(Some((one.ended, place)));
                element.known = element.known.min((one.ended, place));
            }
            self.reads.push(Read { place, elements });
        }
        for element in &mut self.elements {
            element.known = element.known.min(element.added);
        }
        self.notes = self.notes(all);
        // The numbers of elements go.
        meter.release(numbers.len() * entry::<(&Datum, usize)>());
        Ok(())
    }

    fn number(
        &mut self,
        numbers: &mut BTreeMap<&'a Datum, usize>,
        name: &'a Datum,
        meter: &mut Meter<'_>,
    ) -> usize {
        *numbers.entry(name).or_insert_with(|| {
            let never = (NEVER, usize::MAX);
            let table = size_of::<&Datum>() + size_of::<Element>();
            meter.hold(table + entry::<(&Datum, usize)>());
            self.names.push(name);
            self.elements.push(Element { began: never, added: never, known: never, seen: None });
            self.names.len() - 1
        })
    }

    fn add(&mut self, kind: Kind, operations: &[usize], elements: &[usize], meter: &mut Meter<'_>) {
        let names: Vec<&Datum> = elements.iter().map(|one| self.names[*one]).collect();
        self.push(kind, operations, &names, meter);
    }

    fn push(&mut self, kind: Kind, operations: &[usize], names: &[&Datum], meter: &mut Meter<'_>) {
        if self.found.iter().filter(|one| one.kind == kind).count() < KEPT {
            super::push(&mut self.found, Anomaly::new(kind, operations, names), meter);
        } else {
            *self.more.entry(kind).or_default() += 1;
        }
    }

    /// What each read must not have seen, and what it had to see.
    fn of_reads(
        &mut self,
        all: &[Operation],
        reversed: bool,
        meter: &mut Meter<'_>,
        mutant: Mutant,
    ) -> Result<(), Exhausted> {
        meter.pass("reads", self.reads.len(), 58..72);
        meter.hold(self.elements.len());
        for number in 0..self.reads.len() {
            meter.next()?;
            meter.look(self.elements.len())?;
            self.of_read(all, number, reversed, meter, mutant);
        }
        meter.release(self.elements.len());
        Ok(())
    }

    fn of_read(
        &mut self,
        all: &[Operation],
        number: usize,
        reversed: bool,
        meter: &mut Meter<'_>,
        mutant: Mutant,
    ) {
        let Read { place, elements } = &mut self.reads[number];
        // It is given back below.
        let (place, elements) = (*place, std::mem::take(elements));
        let read = &all[place];
        let mut is_in = vec![false; self.elements.len()];
        let mut latest: Option<(u32, usize, usize)> = None;
        for one in elements.iter().copied() {
            is_in[one] = true;
            let (began, addition) = self.elements[one].began;
            if began > read.ended && !reversed {
                self.add(Kind::Unexpected, &[place], &[one], meter);
            } else if began != NEVER {
                latest = latest.max(Some((began, addition, one)));
            }
        }
        self.reads[number].elements = elements;
        for missing in (0..is_in.len()).filter(|one| !is_in[*one]) {
            let Element { added, known, seen, .. } = self.elements[missing];
            if known.0 < read.began && !reversed && mutant != Mutant::ForgetMissing {
                match seen.filter(|(ended, _)| *ended > read.began) {
                    Some((_, other)) => {
                        self.add(Kind::Stale, &[known.1, place, other], &[missing], meter);
                    }
                    None => self.add(Kind::Lost, &[known.1, place], &[missing], meter),
                }
            }
            if let Some((began, addition, one)) = latest
                && added.0 < began
                && mutant != Mutant::ForgetReverse
            {
                let operations = [added.1, addition, place];
                self.add(Kind::CausalReverse, &operations, &[missing, one], meter);
            }
        }
    }

    /// Reads of which neither sees all that the other one sees.
    fn forks(&mut self, meter: &mut Meter<'_>) -> Result<(), Exhausted> {
        let mut by_size: Vec<usize> = (0..self.reads.len()).collect();
        by_size.sort_by_key(|one| self.reads[*one].elements.len());
        meter.hold(by_size.len() * size_of::<usize>());
        meter.pass("pairs of reads", by_size.len().saturating_sub(1), 72..100);
        for pair in by_size.windows(2) {
            meter.next()?;
            let (one, other) = (&self.reads[pair[0]], &self.reads[pair[1]]);
            meter.look(one.elements.len() + other.elements.len())?;
            let only = |these: &Read, those: &Read| {
                let is_not = |one: &&usize| those.elements.binary_search(one).is_err();
                these.elements.iter().find(is_not).copied()
            };
            if let (Some(first), Some(second)) = (only(one, other), only(other, one)) {
                let places = [one.place, other.place];
                self.add(Kind::LongFork, &places, &[first, second], meter);
            }
        }
        Ok(())
    }

    fn notes(&self, all: &[Operation]) -> Vec<String> {
        let count =
            |is: &dyn Fn(&Element) -> bool| self.elements.iter().filter(|one| is(one)).count();
        let last = self.reads.iter().map(|read| all[read.place].began).max();
        let is_unread = |one: &Element| {
            one.seen.is_none() && one.added.0 != NEVER && last.is_none_or(|last| one.added.0 > last)
        };
        let is_recovered =
            |one: &Element| one.seen.is_some() && one.added.0 == NEVER && one.began.0 != NEVER;
        let told = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
        let never = "elements were added after the last read began: never read";
        let recovered = "elements of unknown outcome were seen: recovered";
        [told(count(&is_unread), never), told(count(&is_recovered), recovered)]
            .into_iter()
            .flatten()
            .collect()
    }

    fn look(
        &mut self,
        all: &'a [Operation],
        meter: &mut Meter<'_>,
        mutant: Mutant,
    ) -> Result<(), Exhausted> {
        self.build(all, meter)?;
        self.of_reads(all, false, meter, mutant)?;
        if mutant == Mutant::ForgetForks { Ok(()) } else { self.forks(meter) }
    }
}

/// Judges a set.
pub(super) fn judge(all: &[Operation], meter: &mut Meter<'_>, mutant: Mutant) -> Judged {
    let mut set = Set::default();
    // The bound that it may have met is asked of the meter.
    let _ = set.look(all, meter, mutant);
    let unread = set.reads.is_empty().then(|| "the set was never read".to_owned());
    let kept = [Kind::Lost, Kind::Duplicated, Kind::Unexpected];
    let Set { found: all, more, notes, .. } = set;
    let found = all.iter().filter(|one| kept.contains(&one.kind)).cloned().collect();
    // Whatever is wrong fits in no order.
    let mut parts =
        vec![Part::new("set", found, unread, meter), Part::new("linearizable", all, None, meter)];
    parts[0].more = more.clone();
    parts[0].more.retain(|kind, _| kept.contains(kind));
    parts[1].more = more;
    Judged { parts, notes }
}

/// Judges only whether a later write was seen without an earlier one.
pub(super) fn judge_reverse(all: &[Operation], meter: &mut Meter<'_>, mutant: Mutant) -> Judged {
    let mut set = Set::default();
    // The bound that it may have met is asked of the meter.
    let _ = set.build(all, meter).and_then(|()| set.of_reads(all, true, meter, mutant));
    set.found.retain(|one| one.kind == Kind::CausalReverse);
    set.more.retain(|kind, _| *kind == Kind::CausalReverse);
    let mut parts = vec![Part::new("no causal reverse", set.found, None, meter)];
    parts[0].more = set.more;
    Judged { parts, notes: Vec::new() }
}
