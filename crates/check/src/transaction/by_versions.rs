//! The oracle of the levels that forbid cycles and have no order of all: every order of every key's
//! versions is tried, with all dependencies that follow (Adya 1999, chapter 4).

use super::exhaustive::{Read, orders, writes};
use super::history::Transactions;
use super::level::Level;

/// Whether some order of versions has no forbidden cycle, where reads are from these.
pub(super) fn holds(history: &Transactions, level: Level, reads: &[Read]) -> bool {
    let writers = |key: u32| {
        let all = (0..history.len()).filter(|one| history.is_committed(*one as u32));
        all.filter(|one| writes(history, *one, key)).collect::<Vec<usize>>()
    };
    let per_key: Vec<Vec<Vec<usize>>> = (0..history.keys() as u32)
        .map(|key| {
            let writers = writers(key);
            let named = |order: Vec<usize>| order.into_iter().map(|at| writers[at]).collect();
            orders(writers.len()).into_iter().map(named).collect()
        })
        .collect();
    let mut base = in_time(history, level);
    for (reader, .., writer) in reads {
        if let Some(writer) = writer {
            base[*writer][*reader] = true;
        }
    }
    any(&per_key, &mut Vec::new(), &mut |versions| is_clean(history, level, reads, &base, versions))
}

/// Who is before whom by sessions or real time, as far as a level counts them.
fn in_time(history: &Transactions, level: Level) -> Vec<Vec<bool>> {
    let count = history.len();
    let sessions = [Level::ParallelSnapshotIsolation, Level::StrongSessionReadUncommitted];
    let strong = [Level::StrongReadUncommitted];
    let session = |at: usize| history.transactions()[at].session;
    let spans = history.spans().unwrap_or_default();
    let is_before = |before: usize, after: usize| {
        let in_session = before < after && session(before) == session(after);
        let in_time = spans.get(before).zip(spans.get(after));
        let in_time = in_time.is_some_and(|(one, other)| one.ended < other.began);
        (sessions.contains(&level) && in_session)
            || (strong.contains(&level) && in_time && history.is_committed(before as u32))
    };
    (0..count).map(|one| (0..count).map(|other| is_before(one, other)).collect()).collect()
}

/// Whether one order of every key's versions has no forbidden cycle.
fn is_clean(
    history: &Transactions,
    level: Level,
    reads: &[Read],
    base: &[Vec<bool>],
    versions: &[&[usize]],
) -> bool {
    let count = history.len();
    let is_writer = |one: usize| (0..history.keys() as u32).any(|key| writes(history, one, key));
    let mut light = base.to_vec();
    let mut heavy = Vec::new();
    for order in versions {
        for (place, before) in order.iter().enumerate() {
            for after in &order[place + 1..] {
                light[*before][*after] = true;
            }
        }
    }
    for (reader, _, key, writer) in reads {
        let order = versions[*key as usize];
        let seen = order.iter().position(|one| Some(*one) == *writer);
        for (place, later) in order.iter().enumerate().skip(seen.map_or(0, |seen| seen + 1)) {
            if later == reader {
                continue;
            }
            if level == Level::CursorStability {
                // G-cursor(x): from there by ww edges of x back to the reader.
                if order[place..].contains(reader) {
                    return false;
                }
            } else if level == Level::UpdateSerializable && is_writer(*reader) {
                light[*reader][*later] = true;
            } else {
                heavy.push((*reader, *later));
            }
        }
    }
    for middle in 0..count {
        for from in 0..count {
            for to in 0..count {
                light[from][to] |= light[from][middle] && light[middle][to];
            }
        }
    }
    (0..count).all(|one| !light[one][one]) && heavy.iter().all(|(from, to)| !light[*to][*from])
}

/// Whether something is true of one choice from each.
fn any<'a>(
    choices: &'a [Vec<Vec<usize>>],
    chosen: &mut Vec<&'a [usize]>,
    is: &mut impl FnMut(&[&[usize]]) -> bool,
) -> bool {
    let Some(next) = choices.get(chosen.len()) else { return is(chosen) };
    next.iter().any(|order| {
        chosen.push(order);
        let found = any(choices, chosen, is);
        chosen.pop();
        found
    })
}
