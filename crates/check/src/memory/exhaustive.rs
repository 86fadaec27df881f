//! Each model by its definition, tried on every order of a few operations.
//!
//! It shares nothing with the judge but the operations. It is the judge's oracle on small
//! histories, and checks every witness again: what is shown as violated alone, is.

use super::model::Model;
use super::registers::{Registers, Source};
use crate::operation::Moment;
use avouch_promise::Nanos;
use std::collections::BTreeSet;

/// The most operations that orders are tried of, and the most states of a search.
const MOST: usize = 40;
const STATES: usize = 400_000;

/// A relation between operations, by their numbers.
type Relation = Vec<Vec<bool>>;

/// Whether the operations keep the model; nothing if that is too much to try, or not a question of
/// orders of what stands here.
pub(super) fn holds(from: &Registers, model: Model) -> Option<bool> {
    let count = from.operations.len();
    if count > MOST {
        return None;
    }
    let sessions = Sessions::new(from);
    let is_from_nowhere = |number: usize| from.operations[number].read == Some(Source::Nowhere);
    if model != Model::Safe && (0..count).any(is_from_nowhere) {
        return Some(false);
    }
    let reads: Vec<usize> = (0..count).filter(|at| !from.operations[*at].is_write()).collect();
    match model {
        Model::Sequential => orders(from, &(0..count).collect(), &sessions.before, &reads, 1),
        Model::RedBlue => super::red_blue::schedule::holds(from),
        Model::Linearizable => orders(from, &(0..count).collect(), &real_time(from), &reads, 1),
        Model::Versions(bound) => {
            let most = usize::try_from(bound).unwrap_or(usize::MAX).saturating_add(1);
            orders(from, &(0..count).collect(), &real_time(from), &reads, most)
        }
        Model::Time(bound) => {
            orders(from, &(0..count).collect(), &shifted(from, bound)?, &reads, 1)
        }
        Model::ConsistentPrefix => {
            // Of single keys: the writes in real time, and each read anywhere before its answer.
            let begun = |at: usize| from.operations[at].began;
            let is_early = |read: &usize| match from.operations[*read].read {
                Some(Source::Write(writer)) => {
                    from.operations[*read].ended.is_some_and(|end| begun(writer as usize) > end)
                }
                _ => false,
            };
            Some(!reads.iter().any(is_early))
        }
        Model::Convergent => agreed(from, &reads),
        Model::CausalPlus => match (sessions.arbitrated(from), agreed(from, &reads)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Model::CausalConvergence => sessions.arbitrated(from),
        Model::Causal => all(reads.iter().map(|read| {
            let past = |at: &usize| at == read || sessions.causes[*at][*read];
            let past: BTreeSet<usize> = (0..count).filter(past).collect();
            orders(from, &past, &sessions.causes, &[*read], 1)
        })),
        Model::Regular | Model::Safe => all(reads.iter().map(|read| {
            if model == Model::Safe && overlaps(from, *read) {
                return Some(true);
            }
            let all = (0..count).filter(|at| at == read || from.operations[*at].is_write());
            orders(from, &all.collect(), &real_time(from), &[*read], 1)
        })),
        Model::Pram
        | Model::CausalMemory
        | Model::ReadYourWrites
        | Model::MonotonicReads
        | Model::MonotonicWrites
        | Model::WritesFollowReads => {
            all(from.readers().into_iter().map(|session| sessions.view(from, model, session)))
        }
    }
}

/// Whether operations with spans keep what each was promised: one order within all spans, in which
/// those promised to be sequential, or more, keep the order of their sessions.
pub(super) fn promised(from: &Registers) -> Option<bool> {
    let count = from.operations.len();
    if count > MOST {
        return None;
    }
    if from.operations.iter().any(|one| one.read == Some(Source::Nowhere)) {
        return Some(false);
    }
    let mut relation = real_time(from);
    let at = |number: usize| &from.operations[number];
    for (one, before) in relation.iter_mut().enumerate() {
        for (other, is_before) in before.iter_mut().enumerate().skip(one + 1) {
            let is_session = at(one).process == at(other).process && at(one).ended.is_some();
            *is_before |= is_session && at(one).is_red && at(other).is_red;
        }
    }
    let reads: Vec<usize> = (0..count).filter(|number| !at(*number).is_write()).collect();
    orders(from, &(0..count).collect(), &relation, &reads, 1)
}

/// Whether all are; known as soon as one is not.
fn all(each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut told = Some(true);
    for one in each {
        match one {
            Some(false) => return Some(false),
            None => told = None,
            Some(true) => {}
        }
    }
    told
}

/// One ended before the other began.
fn real_time(from: &Registers) -> Relation {
    let ended_before = |one: usize, other: usize| {
        from.operations[one].ended.is_some_and(|ended| ended < from.operations[other].began)
    };
    let count = from.operations.len();
    (0..count).map(|one| (0..count).map(|other| ended_before(one, other)).collect()).collect()
}

/// The same, where reads begin so much earlier.
fn shifted(from: &Registers, bound: Nanos) -> Option<Relation> {
    let time = |moment: Moment| from.times.get(moment.0 as usize / 2).copied();
    let mut relation = real_time(from);
    for (other, read) in from.operations.iter().enumerate().filter(|(_, one)| !one.is_write()) {
        let began = time(read.began)?.0.saturating_sub(bound.0);
        for (one, before) in from.operations.iter().enumerate() {
            let ended = before.ended.map(time);
            relation[one][other] &= ended.is_some_and(|ended| ended.is_some_and(|at| at.0 < began));
        }
    }
    Some(relation)
}

/// Whether sessions that read a key after its last write agree in the end; nothing if none did.
fn agreed(from: &Registers, reads: &[usize]) -> Option<bool> {
    let at = |number: usize| &from.operations[number];
    let is_quiet = |read: &&usize| {
        let writes =
            from.operations.iter().filter(|one| one.is_write() && one.key == at(**read).key);
        writes.clone().all(|write| write.ended.is_some_and(|ended| ended < at(**read).began))
    };
    let is_last = |read: &&usize| {
        !reads.iter().any(|later| {
            later > *read
                && (at(*later).key, at(*later).process) == (at(**read).key, at(**read).process)
        })
    };
    let last: Vec<usize> = reads.iter().filter(is_quiet).filter(is_last).copied().collect();
    let pairs = last.iter().flat_map(|one| last.iter().map(move |other| (*one, *other)));
    let same = pairs.filter(|(one, other)| one < other && at(*one).key == at(*other).key);
    all(same.clone().map(|(one, other)| Some(at(one).read == at(other).read)))
        .filter(|agree| !agree || same.count() > 0)
}

/// Whether a write of the key may have been going on during a read.
fn overlaps(from: &Registers, read: usize) -> bool {
    let read = &from.operations[read];
    let ended = |began| read.ended.is_none_or(|ended| began < ended);
    from.unread.iter().any(|(key, began)| *key == read.key && ended(*began))
        || from.operations.iter().any(|one| {
            one.is_write()
                && one.key == read.key
                && ended(one.began)
                && one.ended.is_none_or(|ended| ended > read.began)
        })
}

/// What sessions and reads order.
struct Sessions {
    /// A session did one before the other.
    before: Relation,
    /// Over reads, too.
    causes: Relation,
}

impl Sessions {
    fn new(from: &Registers) -> Self {
        let count = from.operations.len();
        let mut before = vec![vec![false; count]; count];
        for (at, one) in from.operations.iter().enumerate() {
            if let Some(previous) = one.previous {
                before[previous as usize][at] = true;
            }
        }
        close(&mut before);
        let mut causes = before.clone();
        for (at, one) in from.operations.iter().enumerate() {
            if let Some(Source::Write(writer)) = one.read {
                causes[writer as usize][at] = true;
            }
        }
        close(&mut causes);
        Self { before, causes }
    }

    /// The one order of a session's reads and all writes.
    fn view(&self, from: &Registers, model: Model, session: u64) -> Option<bool> {
        let count = from.operations.len();
        let at = |number: usize| &from.operations[number];
        let is_own = |number: usize| at(number).process == session;
        let is_read = |number: usize| !at(number).is_write();
        let had_read = |writer: usize, other: usize| {
            (0..count).any(|read| {
                at(read).read == Some(Source::Write(writer as u32)) && self.before[read][other]
            })
        };
        let must = |one: usize, other: usize| {
            let in_order = self.before[one][other];
            let reads = in_order && is_read(one) && is_read(other);
            match model {
                Model::Pram => in_order,
                Model::CausalMemory => self.causes[one][other],
                Model::ReadYourWrites => in_order && !is_read(one) && is_read(other) && is_own(one),
                Model::MonotonicWrites => reads || in_order && !is_read(one) && !is_read(other),
                Model::WritesFollowReads => {
                    reads || !is_read(one) && !is_read(other) && had_read(one, other)
                }
                _ => reads,
            }
        };
        let relation: Relation =
            (0..count).map(|one| (0..count).map(|other| must(one, other)).collect()).collect();
        let members: BTreeSet<usize> =
            (0..count).filter(|number| !is_read(*number) || is_own(*number)).collect();
        let reads: Vec<usize> = members.iter().copied().filter(|at| is_read(*at)).collect();
        orders(from, &members, &relation, &reads, 1)
    }

    /// Whether some order of the writes gives each read the last one of its causal past.
    fn arbitrated(&self, from: &Registers) -> Option<bool> {
        let count = from.operations.len();
        if (0..count).any(|at| self.causes[at][at]) {
            return Some(false);
        }
        let writes: Vec<usize> = (0..count).filter(|at| from.operations[*at].is_write()).collect();
        let mut order = Vec::new();
        let mut tries = 0;
        self.arbitrate(from, &writes, &mut order, &mut tries)
    }

    fn arbitrate(
        &self,
        from: &Registers,
        writes: &[usize],
        order: &mut Vec<usize>,
        tries: &mut usize,
    ) -> Option<bool> {
        *tries += 1;
        if *tries > STATES {
            return None;
        }
        if order.len() == writes.len() {
            let is_right = |(at, one): (usize, &super::registers::Operation)| {
                let seen = |write: &&usize| {
                    self.causes[**write][at] && from.operations[**write].key == one.key
                };
                match (one.read, order.iter().rev().find(seen)) {
                    (Some(Source::Initial), None) | (None, _) => true,
                    (Some(Source::Write(source)), Some(last)) => source as usize == *last,
                    _ => false,
                }
            };
            return Some(from.operations.iter().enumerate().all(is_right));
        }
        for write in writes {
            let too_early = |other: &usize| self.causes[*other][*write] && !order.contains(other);
            if order.contains(write) || writes.iter().any(too_early) {
                continue;
            }
            order.push(*write);
            let found = self.arbitrate(from, writes, order, tries);
            order.pop();
            if found != Some(false) {
                return found;
            }
        }
        Some(false)
    }
}

fn close(relation: &mut Relation) {
    let count = relation.len();
    for middle in 0..count {
        for from in 0..count {
            for to in 0..count {
                relation[from][to] |= relation[from][middle] && relation[middle][to];
            }
        }
    }
}

/// Whether the members have an order that keeps a relation and in which each of these reads returns
/// one of the last `most` writes of its key.
fn orders(
    from: &Registers,
    members: &BTreeSet<usize>,
    before: &Relation,
    reads: &[usize],
    most: usize,
) -> Option<bool> {
    let mut search = Search { from, members, before, reads, most, dead: BTreeSet::new() };
    search.go(&mut BTreeSet::new(), &mut vec![Vec::new(); from.keys])
}

/// What was placed, and the last writes of each key.
type Dead = BTreeSet<(Vec<usize>, Vec<Vec<usize>>)>;

struct Search<'a> {
    from: &'a Registers,
    members: &'a BTreeSet<usize>,
    before: &'a Relation,
    reads: &'a [usize],
    most: usize,
    /// From which there is no way on.
    dead: Dead,
}

impl Search<'_> {
    fn go(&mut self, placed: &mut BTreeSet<usize>, last: &mut Vec<Vec<usize>>) -> Option<bool> {
        if placed.len() == self.members.len() {
            return Some(true);
        }
        let state = (placed.iter().copied().collect(), last.clone());
        if self.dead.contains(&state) {
            return Some(false);
        }
        if self.dead.len() > STATES {
            return None;
        }
        for next in self.members {
            let waits = |other: &usize| self.before[*other][*next] && !placed.contains(other);
            if placed.contains(next) || self.members.iter().any(waits) {
                continue;
            }
            let one = &self.from.operations[*next];
            let recent = &mut last[one.key as usize];
            let old = recent.clone();
            match one.read {
                None => {
                    recent.push(*next);
                    let many = recent.len().saturating_sub(self.most);
                    // Whether the initial state is still among the last is told by their number.
                    recent.drain(..many);
                }
                Some(source) if self.reads.contains(next) => {
                    let fits = match source {
                        Source::Initial => recent.len() < self.most,
                        Source::Write(writer) => recent.contains(&(writer as usize)),
                        Source::Nowhere => false,
                    };
                    if !fits {
                        continue;
                    }
                }
                Some(_) => {}
            }
            placed.insert(*next);
            let found = self.go(placed, last);
            placed.remove(next);
            last[one.key as usize] = old;
            if found != Some(false) {
                return found;
            }
        }
        self.dead.insert(state);
        Some(false)
    }
}
