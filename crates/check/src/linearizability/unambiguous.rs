//! One register, each value written once: an order in the time that sorting takes, where the
//! search may need exponential time (Gibbons and Korach, "Testing shared memories", 1997; one of
//! several types in Lee and Mathur, "Efficient decrease-and-conquer linearizability monitoring").
//!
//! A read names its write, so a write and its reads are a *cluster* that stands together in every
//! order: another cluster within it would overwrite the value. Of each cluster two moments matter:
//!
//! ```text
//! first end    the earliest end of any of its operations     [--write--]              [--read--]
//! last start   the latest start of any of its operations               ^ first end    ^ last start
//! ```
//!
//! One cluster comes before another if its first end is before the other's last start. The shortest
//! cycle of that relation, if there is any, has two clusters: the one with the earliest first end
//! in a cycle comes before everything that its own predecessor comes before.
//!
//! So a cluster may come next if its last start is not after the first end of any other one left.
//! The cluster with the earliest last start may, or the one with the earliest first end, or none:
//! two sorted lists, one walk. If none may, the two clusters that end first are the cycle.
//!
//! - I1: every operation of the part that is known, and every unknown write that was read, is in
//!   the order handed out. An unknown write that nobody read is left out: it helps nobody.
//! - I2: the operations handed out as suspects have no order by themselves, and what they leave
//!   out cannot mend that, as it reads and writes other values: an order of everything would be one
//!   of them. Whoever calls asks the search to confirm it.
//!
//! The initial state is a cluster whose write came before everything.

use super::mutant::Shortcut;
use crate::model::{RegisterUse, Sequential};
use crate::names::Names;
use crate::operation::Operation;

/// What is found of a part without a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An order, as places in the operations of the history.
    Order(Vec<usize>),
    /// A few operations that no order can hold.
    Suspects(Vec<usize>),
}

const NONE: u32 = u32::MAX;

/// A moment, moved so that the initial write's end is before all of them.
type Time = u64;

/// A write and its reads.
#[derive(Clone, Copy)]
struct Cluster {
    /// The write, or `NONE`.
    write: u32,
    is_read: bool,
    first_end: (Time, u32),
    last_start: (Time, u32),
}

const EMPTY: Cluster =
    Cluster { write: NONE, is_read: false, first_end: (Time::MAX, NONE), last_start: (0, NONE) };

/// The number of the cluster of the initial state.
const INITIAL: u32 = 0;

struct Member {
    cluster: u32,
    is_read: bool,
    place: u32,
}

/// Decides a part by itself; nothing if it is not of this kind.
pub(super) fn decide<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    part: &[usize],
    bug: Shortcut,
) -> Option<Found> {
    let (mut clusters, members) = clusters(model, operations, part, bug)?;
    let start = |place: u32| operations[place as usize].earliest.0.saturating_add(1);
    let end = |place: u32| {
        operations[place as usize].latest.map_or(Time::MAX, |latest| latest.0.saturating_add(1))
    };
    for Member { cluster: number, place, is_read } in &members {
        let cluster = &mut clusters[*number as usize];
        if *is_read && *number != INITIAL {
            if cluster.write == NONE {
                return Some(Found::Suspects(vec![*place as usize]));
            }
            if end(*place) < start(cluster.write) && bug != Shortcut::ReadsBeforeTheirWrite {
                return Some(Found::Suspects(vec![cluster.write as usize, *place as usize]));
            }
        }
        cluster.first_end = cluster.first_end.min((end(*place), *place));
        if !*is_read || bug != Shortcut::ReadsAnyTime {
            cluster.last_start = cluster.last_start.max((start(*place), *place));
        }
    }
    let mut rank = vec![NONE; clusters.len()];
    if let Err(pair) = arrange(&clusters, &mut rank, bug) {
        let mut suspects: Vec<usize> = pair
            .into_iter()
            .map(|at| clusters[at])
            .flat_map(|c| [c.write, c.first_end.1, c.last_start.1])
            .filter(|place| *place != NONE)
            .map(|place| place as usize)
            .collect();
        suspects.sort_unstable();
        suspects.dedup();
        return Some(Found::Suspects(suspects));
    }
    let mut order: Vec<_> = members
        .iter()
        .filter(|member| rank[member.cluster as usize] != NONE)
        .map(|Member { cluster, is_read, place }| {
            (rank[*cluster as usize], *is_read, start(*place), *place)
        })
        .collect();
    order.sort_unstable();
    Some(Found::Order(order.into_iter().map(|(.., place)| place as usize).collect()))
}

/// The clusters of a part, and which operation is in which.
fn clusters<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    part: &[usize],
    bug: Shortcut,
) -> Option<(Vec<Cluster>, Vec<Member>)> {
    let mut values = Names::default();
    // Nobody ends before the initial write.
    let end = if bug == Shortcut::InitialStateAnyTime { Time::MAX } else { 0 };
    let mut clusters = vec![Cluster { first_end: (end, NONE), ..EMPTY }];
    let mut members = Vec::with_capacity(part.len());
    let mut object: Option<&[u8]> = None;
    for place in part {
        let Operation { input, output, .. } = &operations[*place];
        let is_known = operations[*place].is_known();
        if !is_known && model.is_pure(input, output.as_ref()) {
            continue;
        }
        let (of, is_read, value) = match model.register_use(input, output.as_ref())? {
            RegisterUse::Write { object, value } => (object, false, Some(value)),
            RegisterUse::Read { object, value } => (object, true, value),
        };
        if *object.get_or_insert(of) != of {
            return None;
        }
        if !is_known && bug == Shortcut::UnknownWritesNeverAct {
            continue;
        }
        let number = value.map_or(INITIAL, |value| values.number(&value) + 1);
        if clusters.len() <= number as usize {
            clusters.push(EMPTY);
        }
        let cluster = &mut clusters[number as usize];
        let place = u32::try_from(*place).ok().filter(|place| *place != NONE)?;
        if is_read {
            cluster.is_read = true;
        } else if cluster.write == NONE || bug == Shortcut::LastWriteOfAValue {
            cluster.write = place;
        } else {
            return None;
        }
        members.push(Member { cluster: number, is_read, place });
    }
    // I1.
    members.retain(|Member { cluster, place, .. }| {
        operations[*place as usize].is_known() || clusters[*cluster as usize].is_read
    });
    Some((clusters, members))
}

/// Gives clusters with operations their ranks, or names two that each come before the other.
fn arrange(clusters: &[Cluster], rank: &mut [u32], bug: Shortcut) -> Result<(), [usize; 2]> {
    let is_used = |at: &u32| {
        let Cluster { first_end, is_read, .. } = clusters[*at as usize];
        first_end.1 != NONE || is_read
    };
    let all: Vec<u32> = (0..clusters.len() as u32).filter(is_used).collect();
    let first_end = |at: u32| clusters[at as usize].first_end.0;
    let last_start = |at: u32| clusters[at as usize].last_start.0;
    // Operations that only touch are concurrent.
    let is_before = |end: Time, start: Time| {
        end < start || bug == Shortcut::TouchingIsNotConcurrent && end == start
    };
    let mut by_end = all.clone();
    by_end.sort_unstable_by_key(|at| first_end(*at));
    let mut by_start = all;
    by_start.sort_unstable_by_key(|at| last_start(*at));
    let (mut end_at, mut start_at) = (0, 0);
    for next in 0..by_end.len() as u32 {
        while rank[by_end[end_at] as usize] != NONE {
            end_at += 1;
        }
        while rank[by_start[start_at] as usize] != NONE {
            start_at += 1;
        }
        let (ends, starts) = (by_end[end_at], by_start[start_at]);
        if starts != ends && !is_before(first_end(ends), last_start(starts)) {
            rank[starts as usize] = next;
            continue;
        }
        let others = by_end[end_at + 1..].iter().find(|at| rank[**at as usize] == NONE);
        match others {
            Some(other) if is_before(first_end(*other), last_start(ends)) => {
                return Err([ends as usize, *other as usize]);
            }
            _ => rank[ends as usize] = next,
        }
    }
    Ok(())
}
