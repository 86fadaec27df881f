//! The oracle of the levels that ask for one order of the whole: every interleaving of a small
//! history is tried, against a store that holds the last value of each key.

use super::history::{Access, Transactions};
use super::level::Level;
use std::collections::BTreeSet;

/// What a level lets transactions do.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own to a level")]
struct Rules {
    /// A transaction reads and writes at one moment.
    serial: bool,
    /// Of two that overlap at most one writes any key.
    first_committer_wins: bool,
    in_session_order: bool,
    /// Who had ended before another one began must have committed before that starts.
    in_time: bool,
}

fn rules(level: Level) -> Rules {
    let (serial, first_committer_wins, in_session_order, in_time) = match level {
        Level::StrictSerializable => (true, false, false, true),
        Level::StrongSessionSerializable => (true, false, true, false),
        Level::Serializable | Level::RepeatableRead => (true, false, false, false),
        Level::StrongSnapshotIsolation => (false, true, false, true),
        Level::StrongSessionSnapshotIsolation => (false, true, true, false),
        Level::SnapshotIsolation => (false, true, false, false),
        Level::Prefix => (false, false, true, false),
        other => panic!("{other} asks for no order of the whole"),
    };
    Rules { serial, first_committer_wins, in_session_order, in_time }
}

/// What each key holds, who started and who ended: all that the future depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    last: Vec<Option<i64>>,
    started: Vec<bool>,
    ended: Vec<bool>,
}

struct Store<'a> {
    history: &'a Transactions,
    rules: Rules,
    /// States from which nothing leads to the end.
    hopeless: BTreeSet<State>,
}

/// Whether some interleaving explains every read.
pub(super) fn holds(history: &Transactions, level: Level) -> bool {
    let none = vec![false; history.len()];
    let state = State { last: vec![None; history.keys()], started: none.clone(), ended: none };
    Store { history, rules: rules(level), hopeless: BTreeSet::new() }.goes_on(&state)
}

impl Store<'_> {
    fn goes_on(&mut self, state: &State) -> bool {
        let count = state.ended.len();
        if state.ended.iter().all(|ended| *ended) {
            return true;
        }
        if self.hopeless.contains(state) {
            return false;
        }
        let found = (0..count)
            .any(|one| self.after_next_event(state, one).is_some_and(|after| self.goes_on(&after)));
        if !found {
            self.hopeless.insert(state.clone());
        }
        found
    }

    /// What is after a transaction's next event, if that may be now.
    fn after_next_event(&self, state: &State, one: usize) -> Option<State> {
        match (state.started[one], state.ended[one]) {
            (_, true) => None,
            (true, false) => self.commit(state, one),
            (false, false) => {
                let started = self.start(state, one)?;
                if self.rules.serial { self.commit(&started, one) } else { Some(started) }
            }
        }
    }

    fn start(&self, state: &State, one: usize) -> Option<State> {
        let session = |at: usize| self.history.transactions()[at].session;
        let in_turn = (0..one).all(|before| session(before) != session(one) || state.ended[before]);
        let committed = self.history.is_committed(one as u32);
        // By the ranks alone, whoever else is between.
        let spans = self.history.spans().unwrap_or_default();
        let on_time = spans.iter().enumerate().all(|(other, span)| {
            let is_late = span.ended < spans[one].began && self.history.is_committed(other as u32);
            !is_late || state.ended[other]
        });
        let may = (in_turn || !self.rules.in_session_order)
            && (on_time || !self.rules.in_time)
            && (!committed || self.sees(one, state.last.clone()));
        let mut after = state.clone();
        after.started[one] = true;
        may.then_some(after)
    }

    /// Whether a transaction that starts with these values sees what it reads.
    fn sees(&self, one: usize, mut values: Vec<Option<i64>>) -> bool {
        self.history.steps(one as u32).iter().all(|step| {
            let value = &mut values[step.key as usize];
            match step.access {
                Access::Write => {
                    *value = Some(step.value);
                    true
                }
                Access::Read => *value == Some(step.value),
                Access::ReadInitial => value.is_none(),
            }
        })
    }

    fn commit(&self, state: &State, one: usize) -> Option<State> {
        let mut after = state.clone();
        after.ended[one] = true;
        let writes = self.writes(one);
        // Whoever overlaps and writes one of its keys can never commit.
        let overlaps =
            |other: &usize| *other != one && state.started[*other] && !state.ended[*other];
        let mut others = (0..state.ended.len()).filter(overlaps);
        let collides =
            others.any(|other| self.writes(other).iter().any(|key| writes.contains(key)));
        let steps = self.history.steps(one as u32).iter().filter(|_| !writes.is_empty());
        for step in steps.filter(|step| step.access == Access::Write) {
            after.last[step.key as usize] = Some(step.value);
        }
        (!collides || !self.rules.first_committer_wins).then_some(after)
    }

    /// The keys that a transaction writes, if it commits.
    fn writes(&self, one: usize) -> BTreeSet<u32> {
        let committed = self.history.is_committed(one as u32);
        let steps = self.history.steps(one as u32).iter().filter(|_| committed);
        steps.filter(|step| step.access == Access::Write).map(|step| step.key).collect()
    }
}
