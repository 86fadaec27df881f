//! The verifier of what the judge by stamps found: small, apart from it, and looking at nothing but
//! the history.
//!
//! Of a violation it asks the axiom of all transactions anew, by their stamps alone and with no
//! order of its own. Of an order it runs every start and commit one after another on one state.

use super::follow::{At, Axiom, Content, Wrong};
use super::history::{Access, Stamp, Stamped, Step, Transaction};
use std::collections::{BTreeMap, BTreeSet};

/// Orders of histories with more reads, writes and appends than this are not run again.
const STEPS_MAX: usize = 200_000;

/// Whether a violation is one.
pub(super) fn accepts(history: &Stamped, wrong: &Wrong) -> bool {
    let all = history.transactions();
    let Some(one) = all.get(wrong.who.place as usize) else { return false };
    let other = wrong.other.as_ref().and_then(|other| all.get(other.place as usize));
    match wrong.axiom {
        Axiom::Session => other.is_some_and(|other| {
            other.who.session == one.who.session
                && other.who.place < one.who.place
                && match wrong.at {
                    At::Start => one.who.start < other.who.commit,
                    // Ended later, or as late and began later: an instant comes behind the others.
                    At::Commit => {
                        one.who.commit < other.who.commit
                            || one.who.commit == other.who.commit
                                && other.who.start == other.who.commit
                                && one.who.start < one.who.commit
                    }
                }
        }),
        Axiom::NoConflict => other.is_some_and(|other| {
            let overlap = one.who.start < other.who.commit && other.who.start < one.who.commit;
            other.who.place != one.who.place
                && overlap
                && one.writes(wrong.key)
                && other.writes(wrong.key)
        }),
        Axiom::Int => inner(one, wrong) == Some(false),
        Axiom::Ext => inner(one, wrong).is_none() && outer(history, one, wrong),
    }
}

/// Whether a read agrees with its transaction's steps on the key before it; nothing if there are
/// none that settle it.
fn inner(one: &Transaction, wrong: &Wrong) -> Option<bool> {
    let read = one.steps.get(wrong.step)?;
    let before: Vec<&Step> =
        one.steps.iter().take(wrong.step).filter(|step| step.key == wrong.key).collect();
    let mut known: Option<Content> = None;
    let mut end: Vec<i64> = Vec::new();
    for step in before {
        match &step.access {
            Access::Write(value) => known = Some(Content::Value(*value)),
            Access::Append(value) => {
                end.push(*value);
                if let Some(Content::List(list)) = &mut known {
                    list.push(*value);
                }
            }
            Access::Read(value) => known = Some(read_of(*value, history_is_list(one, wrong.key))),
            Access::ReadList(list) => known = Some(Content::List(list.to_vec())),
        }
    }
    let got = match &read.access {
        Access::Read(value) => {
            read_of(*value, matches!(known, Some(Content::List(_))) || !end.is_empty())
        }
        Access::ReadList(list) => Content::List(list.to_vec()),
        Access::Write(_) | Access::Append(_) => return None,
    };
    match (known, &got) {
        (Some(known), got) => Some(known == *got),
        (None, Content::List(list)) if !list.ends_with(&end) => Some(false),
        (None, _) => None,
    }
}

fn history_is_list(one: &Transaction, key: u32) -> bool {
    one.steps.iter().any(|step| {
        step.key == key && matches!(step.access, Access::Append(_) | Access::ReadList(_))
    })
}

fn read_of(value: Option<i64>, is_list: bool) -> Content {
    if is_list && value.is_none() { Content::List(Vec::new()) } else { Content::Value(value) }
}

/// Whether a first read of a key is what no transaction in its snapshot, in any order of equal
/// stamps, explains.
fn outer(history: &Stamped, one: &Transaction, wrong: &Wrong) -> bool {
    let Some(read) = one.steps.get(wrong.step) else { return false };
    let key = wrong.key;
    let instant = one.who.start == one.who.commit;
    let place = match wrong.at {
        At::Start => (one.who.start, true),
        At::Commit => (one.who.commit, instant),
    };
    let is_among = wrong.at == At::Commit || instant;
    let writers = history
        .transactions()
        .iter()
        .filter(|other| other.who.place != one.who.place && other.writes(key));
    let rank = |other: &Transaction| (other.who.commit, other.who.start == other.who.commit);
    let (mut visible, mut peers) = (Vec::new(), Vec::new());
    for other in writers {
        if is_among && rank(other) == rank(one) {
            peers.push(other);
        } else if rank(other) <= place {
            visible.push(other);
        }
    }
    visible.sort_by_key(|other| (rank(other), other.who.place));
    let newest = visible.last().map(|other| rank(other));
    match &read.access {
        Access::Read(value) if !visible.iter().chain(&peers).any(|one| appends(one, key)) => {
            let is = |other: &&Transaction| other.last_write(key) == Some(*value);
            let of_last = visible.iter().rev().take_while(|other| Some(rank(other)) == newest);
            let is_initial = newest.is_none() && matches!(value, None | Some(0));
            !is_initial && !of_last.copied().any(|other| is(&other)) && !peers.iter().any(is)
        }
        Access::Read(_) | Access::ReadList(_) => {
            let list: &[i64] = match &read.access {
                Access::ReadList(list) => list,
                _ => &[],
            };
            let own = one.steps.iter().take(wrong.step).filter(|step| step.key == key);
            let own = own.filter(|step| matches!(step.access, Access::Append(_))).count();
            let base = list.get(..list.len().saturating_sub(own)).unwrap_or_default();
            let ranks: BTreeSet<_> = visible.iter().map(|other| rank(other)).collect();
            let is_tied = ranks.len() < visible.len() || !peers.is_empty();
            let appended = visible.iter().flat_map(|other| {
                other.steps.iter().filter(|step| step.key == key).filter_map(|step| {
                    match step.access {
                        Access::Append(value) => Some(value),
                        _ => None,
                    }
                })
            });
            !is_tied && !appended.eq(base.iter().copied())
        }
        Access::Write(_) | Access::Append(_) => false,
    }
}

fn appends(one: &Transaction, key: u32) -> bool {
    one.steps.iter().any(|step| step.key == key && matches!(step.access, Access::Append(_)))
}

/// The state of all keys.
type State = BTreeMap<u32, Content>;

fn apply(state: &mut State, step: &Step) {
    match step.access {
        Access::Write(value) => drop(state.insert(step.key, Content::Value(value))),
        Access::Append(value) => match state.get_mut(&step.key) {
            Some(Content::List(list)) => list.push(value),
            _ => drop(state.insert(step.key, Content::List(vec![value]))),
        },
        Access::Read(_) | Access::ReadList(_) => {}
    }
}

/// Whether a transaction reads what it would on a state of its own.
pub(super) fn reads(state: &mut State, one: &Transaction) -> bool {
    one.steps.iter().all(|step| {
        let held = state.get(&step.key);
        let agrees = match (&step.access, held) {
            (Access::Read(value), Some(Content::Value(held))) => value == held,
            (Access::Read(None), Some(Content::List(held))) => held.is_empty(),
            (Access::ReadList(list), None) => list.is_empty(),
            (Access::ReadList(list), Some(Content::List(held))) => **list == held[..],
            (Access::Write(_) | Access::Append(_), _) | (Access::Read(None | Some(0)), None) => {
                true
            }
            _ => false,
        };
        // What was read is there from then on: it must be read again.
        if let (Access::Read(value), None) = (&step.access, held) {
            state.insert(step.key, read_of(*value, history_is_list(one, step.key)));
        }
        apply(state, step);
        agrees
    })
}

/// Whether in an order of commits every axiom but SESSION is true; nothing of one too long to say.
pub(super) fn accepts_order(history: &Stamped, at: At, order: &[usize]) -> Option<bool> {
    if history.operations() > STEPS_MAX {
        return None;
    }
    let all = history.transactions();
    let mut is_left = vec![true; all.len()];
    let mut ordered = Vec::new();
    for place in order {
        let one = all.get(*place)?;
        if !std::mem::take(is_left.get_mut(*place)?) {
            return Some(false);
        }
        ordered.push(one);
    }
    let ranks = ordered.windows(2).all(|pair| {
        let of = |one: &Transaction| (one.who.commit, one.who.start == one.who.commit);
        of(pair[0]) <= of(pair[1])
    });
    if ordered.len() != all.len() || !ranks {
        return Some(false);
    }
    // What is behind a place in the order starts behind it.
    let starts: BTreeMap<Stamp, Vec<&Transaction>> = ordered
        .iter()
        .filter(|one| at == At::Start && one.who.start < one.who.commit)
        .fold(BTreeMap::new(), |mut starts, one| {
            starts.entry(one.who.start).or_insert_with(Vec::new).push(one);
            starts
        });
    let mut starts = starts.into_iter().peekable();
    let mut state = State::new();
    let (mut snapshots, mut changed) = (BTreeMap::new(), BTreeMap::new());
    for (now, one) in ordered.iter().enumerate() {
        while let Some((_, starting)) = starts.next_if(|(start, _)| *start < one.who.commit) {
            for one in starting {
                let keys: BTreeSet<_> = one.steps.iter().map(|step| step.key).collect();
                let held = keys.iter().filter_map(|key| Some((*key, state.get(key)?.clone())));
                snapshots.insert(one.who.place, (held.collect::<State>(), now));
            }
        }
        let (mut held, since) = snapshots.remove(&one.who.place).unwrap_or_else(|| {
            let keys = one.steps.iter().map(|step| step.key);
            (keys.filter_map(|key| Some((key, state.get(&key)?.clone()))).collect(), now)
        });
        if !reads(&mut held, one) {
            return Some(false);
        }
        for step in one.steps.iter().filter(|step| step.is_write()) {
            if changed.get(&step.key).is_some_and(|by| *by >= since && *by != now) {
                return Some(false);
            }
            changed.insert(step.key, now);
            apply(&mut state, step);
        }
    }
    Some(true)
}
