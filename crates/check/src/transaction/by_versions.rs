//! The oracle of the levels that forbid cycles with one rw edge: every order of every key's
//! versions is tried, with all dependencies that follow (Adya 1999, chapter 4).

use super::exhaustive::{orders, reads, writes};
use super::history::Transactions;
use super::level::Level;

/// Whether some order of versions has no forbidden cycle.
pub(super) fn holds(history: &Transactions, level: Level) -> bool {
    let Some(reads) = reads(history) else { return false };
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
    let count = history.len();
    let mut base = vec![vec![false; count]; count];
    if level == Level::ParallelSnapshotIsolation {
        for session in history.sessions() {
            for after in session.clone() {
                for before in session.start..after {
                    base[before as usize][after as usize] = true;
                }
            }
        }
    }
    for (reader, .., writer) in &reads {
        if let Some(writer) = writer {
            base[*writer][*reader] = true;
        }
    }
    let is_writer = |one: usize| (0..history.keys() as u32).any(|key| writes(history, one, key));
    any(&per_key, &mut Vec::new(), &mut |versions| {
        let mut light = base.clone();
        let mut heavy = Vec::new();
        for order in versions {
            for (place, before) in order.iter().enumerate() {
                for after in &order[place + 1..] {
                    light[*before][*after] = true;
                }
            }
        }
        for (reader, _, key, writer) in &reads {
            let order = versions[*key as usize];
            let seen = order.iter().position(|one| Some(*one) == *writer);
            for later in &order[seen.map_or(0, |seen| seen + 1)..] {
                if later == reader {
                    continue;
                }
                if level == Level::UpdateSerializable && is_writer(*reader) {
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
    })
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
