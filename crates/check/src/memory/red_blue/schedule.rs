//! Red-blue consistency by running replicas: every schedule of a few operations is tried.
//!
//! Each session has a site. A step is one of two: a site applies a write that was made elsewhere,
//! once it has applied all that its maker had; or a session does its next operation at its site,
//! a red one only where all that red ones before it had seen is applied. A read must return what
//! stands there. A history keeps the definition exactly if some schedule ends: of the order of the
//! steps and what each site had applied, the one order and the sites' are made, and the other way
//! around. It shares nothing with the judge but the operations.

use super::super::registers::{Registers, Source};
use std::collections::{BTreeMap, BTreeSet};

/// The most states of a search.
const STATES: usize = 2_000_000;

/// A site while it runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Site {
    /// Its session's next operation, among its own.
    next: usize,
    /// The writes that it has applied, as bits.
    applied: u64,
    /// What stands, by key.
    stands: Vec<Option<u32>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    sites: Vec<Site>,
    /// Of each operation that was done, what had been applied where it was, itself included.
    had: BTreeMap<u32, u64>,
    /// What red operations have seen or done so far.
    red: u64,
    /// The site that applied something last: it goes on until its session does something.
    busy: Option<usize>,
}

struct Run<'a> {
    from: &'a Registers,
    /// The operations of each session; those of unknown outcome are nobody's.
    own: Vec<Vec<u32>>,
    lost: Vec<u32>,
    dead: BTreeSet<State>,
}

/// Whether some schedule ends; nothing if there are too many to try, or too many operations.
pub(in crate::memory) fn holds(from: &Registers) -> Option<bool> {
    if from.operations.len() > 64 {
        return None;
    }
    let sessions: BTreeSet<u64> = from.operations.iter().map(|one| one.process).collect();
    let of = |session: &u64| {
        let own = (0..).zip(&from.operations);
        let own = own.filter(|(_, one)| one.process == *session && one.ended.is_some());
        own.map(|(number, _)| number).collect::<Vec<u32>>()
    };
    let own: Vec<Vec<u32>> = sessions.iter().map(of).collect();
    let lost = (0..).zip(&from.operations).filter(|(_, one)| one.ended.is_none());
    let lost = lost.map(|(number, _)| number).collect();
    let site = Site { next: 0, applied: 0, stands: vec![None; from.keys] };
    let sites = vec![site; own.len()];
    let state = State { sites, had: BTreeMap::new(), red: 0, busy: None };
    Run { from, own, lost, dead: BTreeSet::new() }.go(&state)
}

impl Run<'_> {
    fn go(&mut self, state: &State) -> Option<bool> {
        if state.had.len() == self.from.operations.len() {
            return Some(true);
        }
        if self.dead.contains(state) {
            return Some(false);
        }
        if self.dead.len() > STATES {
            return None;
        }
        for next in self.steps(state) {
            let found = self.go(&next);
            if found != Some(false) {
                return found;
            }
        }
        self.dead.insert(state.clone());
        Some(false)
    }

    /// The states after one step.
    fn steps(&self, state: &State) -> Vec<State> {
        let mut steps = Vec::new();
        let sites = (0..self.own.len()).filter(|at| state.busy.is_none_or(|busy| busy == *at));
        for at in sites {
            if let Some(number) = self.own[at].get(state.sites[at].next).copied() {
                steps.extend(self.act(state, at, number));
                steps.extend(self.deliveries(state, at));
            }
        }
        if state.busy.is_none() {
            steps.extend(self.lost.iter().filter_map(|number| self.lose(state, *number)));
        }
        steps
    }

    /// A session's next operation.
    fn act(&self, state: &State, at: usize, number: u32) -> Option<State> {
        let one = self.from.at(number);
        let site = &state.sites[at];
        if one.is_red && state.red & !site.applied != 0 {
            return None;
        }
        let stands = site.stands[one.key as usize];
        match one.read {
            None => {}
            Some(Source::Initial) if stands.is_none() => {}
            Some(Source::Write(writer)) if stands == Some(writer) => {}
            Some(_) => return None,
        }
        let mut next = state.clone();
        let site = &mut next.sites[at];
        site.next += 1;
        if one.is_write() {
            site.applied |= 1 << number;
            site.stands[one.key as usize] = Some(number);
        }
        if one.is_red {
            next.red |= site.applied;
        }
        next.had.insert(number, site.applied);
        next.busy = None;
        Some(next)
    }

    /// A write of unknown outcome, once its session has done what came before.
    fn lose(&self, state: &State, number: u32) -> Option<State> {
        let one = self.from.at(number);
        if state.had.contains_key(&number) {
            return None;
        }
        let mut had = match one.previous {
            Some(previous) => *state.had.get(&previous)?,
            None => 0,
        };
        let mut next = state.clone();
        had |= 1 << number;
        if one.is_red {
            had |= state.red;
            next.red = had;
        }
        next.had.insert(number, had);
        Some(next)
    }

    /// A site applies a write that was made elsewhere.
    fn deliveries(&self, state: &State, at: usize) -> Vec<State> {
        let site = &state.sites[at];
        let is_due = |(number, had): &(&u32, &u64)| {
            let own = 1_u64 << **number;
            self.from.at(**number).is_write()
                && site.applied & own == 0
                && **had & !own & !site.applied == 0
        };
        let due = state.had.iter().filter(is_due);
        due.map(|(number, _)| {
            let mut next = state.clone();
            next.sites[at].applied |= 1 << number;
            next.sites[at].stands[self.from.at(*number).key as usize] = Some(*number);
            next.busy = Some(at);
            next
        })
        .collect()
    }
}
