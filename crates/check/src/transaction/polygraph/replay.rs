//! The verifier of orders: runs the transactions in them, on a store that keeps every version.
//!
//! It looks at nothing but the history: at a start, how many commits there were is noted; a read
//! gets the latest version committed by then, or its transaction's own write; at a commit the
//! writes become versions, and in snapshot isolation nobody may have committed one since the
//! start.

use super::shape::{Overwritten, Shape};
use crate::transaction::history::{Access, Step, Transactions};
use std::collections::{BTreeMap, BTreeSet};

/// The transactions of an order, by their commits.
pub(super) fn commits(shape: Shape, order: &[u32]) -> Vec<usize> {
    let is_commit = |node: &&u32| shape.commit(shape.transaction(**node)) == **node;
    order.iter().filter(is_commit).map(|node| shape.transaction(*node) as usize).collect()
}

/// Whether an order of starts and commits explains every read.
pub(super) fn accepts(history: &Transactions, shape: Shape, order: &[u32]) -> bool {
    let mut by_end: Vec<(u32, u32)> = Vec::new();
    if shape.timed {
        let Some(spans) = history.spans() else { return false };
        let all = (0..).zip(spans).filter(|(one, _)| history.is_committed(*one));
        by_end.extend(all.map(|(one, span)| (span.ended, one)));
        by_end.sort_unstable();
    }
    let mut replay = Replay {
        history,
        shape,
        versions: vec![Vec::new(); history.keys()],
        committed: 0,
        started: vec![None; history.len()],
        ended: vec![false; history.len()],
        by_end,
        passed: 0,
        there: BTreeSet::new(),
    };
    order.len() == shape.nodes(history.len())
        && order.iter().all(|node| replay.node(*node))
        && replay.ended.iter().all(|ended| *ended)
}

struct Replay<'a> {
    history: &'a Transactions,
    shape: Shape,
    /// Of each key: after how many commits each version was there.
    versions: Vec<Vec<(u32, i64)>>,
    committed: u32,
    /// How many commits there were when a transaction started.
    started: Vec<Option<u32>>,
    ended: Vec<bool>,
    /// When those that committed ended, if that counts; the earliest first.
    by_end: Vec<(u32, u32)>,
    /// How many of these have committed here, all before the next one.
    passed: usize,
    /// What was committed to each key, where the latest is not asked for.
    there: BTreeSet<(u32, i64)>,
}

impl Replay<'_> {
    fn node(&mut self, node: u32) -> bool {
        let transaction = self.shape.transaction(node);
        let (is_start, is_commit) =
            (self.shape.start(transaction) == node, self.shape.commit(transaction) == node);
        (!is_start || self.start(transaction)) && (!is_commit || self.commit(transaction))
    }

    fn start(&mut self, transaction: u32) -> bool {
        let Some(one) = self.history.transactions().get(transaction as usize) else { return false };
        let session = &self.history.sessions()[one.session as usize];
        let is_in_turn = !self.shape.sessions
            || transaction == session.start
            || self.ended[transaction as usize - 1];
        let is_first = self.started[transaction as usize].replace(self.committed).is_none();
        let counts = self.shape.timed && self.history.is_committed(transaction);
        is_first && is_in_turn && (!counts || self.is_in_time(transaction))
    }

    /// Whether nobody who is still to commit had ended before this one began.
    fn is_in_time(&mut self, transaction: u32) -> bool {
        let by_end = &self.by_end;
        while by_end.get(self.passed).is_some_and(|(_, one)| self.ended[*one as usize]) {
            self.passed += 1;
        }
        let Some(span) = self.history.spans().and_then(|all| all.get(transaction as usize)) else {
            return false;
        };
        by_end.get(self.passed).is_none_or(|(ended, _)| *ended >= span.began)
    }

    fn commit(&mut self, transaction: u32) -> bool {
        let place = transaction as usize;
        let Some(started) = self.started[place].filter(|_| !self.ended[place]) else {
            return false;
        };
        self.ended[place] = true;
        if !self.history.is_committed(transaction) {
            return true;
        }
        let mut own: BTreeMap<u32, i64> = BTreeMap::new();
        let steps = self.history.steps(transaction);
        for step in steps {
            let writes = |other: &Step| other.access == Access::Write && other.key == step.key;
            let asks = self.shape.latest
                && (self.shape.overwritten != Overwritten::OfKey || steps.iter().any(writes));
            if step.access == Access::Write {
                own.insert(step.key, step.value);
            } else if !self.reads(step, own.get(&step.key).copied(), (started, asks)) {
                return false;
            }
        }
        self.committed += 1;
        let committed = self.committed;
        own.into_iter().all(|(key, value)| {
            let versions = &mut self.versions[key as usize];
            let is_alone = versions.last().is_none_or(|(since, _)| *since <= started);
            versions.push((committed, value));
            if !self.shape.latest || self.shape.overwritten == Overwritten::OfKey {
                self.there.insert((key, value));
            }
            is_alone || !self.shape.conflicts
        })
    }

    fn reads(&self, step: &Step, own: Option<i64>, (started, asks): (u32, bool)) -> bool {
        let versions = &self.versions[step.key as usize];
        if !asks {
            let is_there = self.there.contains(&(step.key, step.value));
            return match (step.access, own) {
                (Access::Read, None) => is_there,
                (Access::Read, Some(own)) => own == step.value,
                _ => own.is_none(),
            };
        }
        let seen = versions.partition_point(|(since, _)| *since <= started);
        let version = seen.checked_sub(1).map(|last| versions[last].1);
        match own.or(version) {
            None => step.access == Access::ReadInitial,
            Some(value) => step.access == Access::Read && step.value == value,
        }
    }
}
