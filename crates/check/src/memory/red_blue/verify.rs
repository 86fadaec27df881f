//! Whether sites' orders show red-blue consistency, asked of its definition; apart from the judge.

use super::super::registers::Registers;
use super::super::verify::runs;
use std::collections::BTreeMap;

/// The most operations whose order is kept as sets.
const MOST: usize = 4_096;

/// Whether each site's order explains its reads, and keeps what all the sites' own operations and
/// the order of the red ones put before what. Nothing if the history is too long to ask.
pub(super) fn accepts(from: &Registers, red: &[u32], sites: &[(u64, Vec<u32>)]) -> Option<bool> {
    let count = from.operations.len();
    if count > MOST {
        return None;
    }
    let mut places: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for (session, order) in sites {
        let Some(place) = runs(from, Some(*session), order) else { return Some(false) };
        places.insert(*session, place);
    }
    let is_missing = |session| !places.contains_key(&session);
    if from.readers().into_iter().any(is_missing) || !is_all_red(from, red) {
        return Some(false);
    }
    let mut before: Vec<Vec<bool>> = vec![vec![false; count]; count];
    for pair in red.windows(2) {
        before[pair[1] as usize][pair[0] as usize] = true;
    }
    for (number, one) in from.operations.iter().enumerate() {
        if let Some(previous) = one.previous {
            before[number][previous as usize] = true;
        }
        // What the site had applied by then; a write of unknown outcome is nobody's.
        let Some(place) = places.get(&one.process).filter(|_| one.ended.is_some()) else {
            continue;
        };
        for (earlier, at) in place.iter().enumerate() {
            before[number][earlier] |= *at != u32::MAX && *at < place[number];
        }
    }
    if !close(&mut before) {
        return Some(false);
    }
    Some(places.values().all(|place| {
        let is_in = |at: usize| place[at] != u32::MAX;
        (0..count).filter(|later| is_in(*later)).all(|later| {
            let earlier = (0..count).filter(|one| before[later][*one] && is_in(*one));
            earlier.clone().all(|one| place[one] < place[later])
        })
    }))
}

/// Whether these are the red operations, each once.
fn is_all_red(from: &Registers, red: &[u32]) -> bool {
    let mut told = red.to_vec();
    told.sort_unstable();
    let own = (0..).zip(&from.operations).filter(|(_, one)| one.is_red);
    told == own.map(|(number, _)| number).collect::<Vec<u32>>()
}

/// Closes what is before each; false if something is before itself.
fn close(before: &mut [Vec<bool>]) -> bool {
    // 0: not begun, 1: under way, 2: closed.
    let mut state = vec![0_u8; before.len()];
    for start in 0..before.len() {
        let mut open = vec![start];
        while let Some(at) = open.last().copied() {
            let direct: Vec<usize> = (0..before.len()).filter(|one| before[at][*one]).collect();
            if state[at] == 0 {
                state[at] = 1;
                if direct.iter().any(|one| state[*one] == 1) {
                    return false;
                }
                open.extend(direct.into_iter().filter(|one| state[*one] == 0));
                continue;
            }
            open.pop();
            if state[at] == 1 {
                for one in direct {
                    let theirs = before[one].clone();
                    for (mine, theirs) in before[at].iter_mut().zip(theirs) {
                        *mine |= theirs;
                    }
                }
                state[at] = 2;
            }
        }
    }
    (0..before.len()).all(|at| !before[at][at])
}
