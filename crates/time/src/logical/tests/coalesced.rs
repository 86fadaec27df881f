//! Coalesced entries against causal histories: no order missed, and no more of what is concurrent
//! taken for known than the account's blocks allow.

use super::super::coalesced::Mutant;
use super::super::history::History;
use super::super::{Account, Coalesced, CoalescedStamp, LogicalClock, Relation};
use super::operations;
use avouch_promise::Random;

struct Process {
    clock: Coalesced,
    group: usize,
    known: History,
}

/// The most events of one account that some stamp was wrongly said to know, and how many bytes a
/// stamp took at most; or what is wrong.
fn most_wrong(fork: u64, block: u64, mutant: Mutant) -> Result<[u64; 2], String> {
    const MEMBERS: usize = 3;
    const EVENTS: usize = 400;
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(fork);
    let mut most = [0; 2];
    for run in 0..operations() / EVENTS {
        let mut random = root.fork(run as u64);
        let repro = || format!("repro: AVOUCH_SEED={seed}, run {run}");
        let accounts: Vec<_> = (0..2).map(|one| Account::with(one, block, mutant)).collect();
        let mut heard = vec![History::default(); accounts.len()];
        let join = |group: usize| Process {
            clock: Coalesced::new(&accounts[group]),
            group,
            known: History::default(),
        };
        let mut processes: Vec<Process> =
            (0..accounts.len() * MEMBERS).map(|one| join(one % accounts.len())).collect();
        let mut events: Vec<(CoalescedStamp, History, usize)> = Vec::new();
        for event in 0..EVENTS {
            let at = random.below(processes.len() as u64) as usize;
            if random.chance(0.02) {
                // One leaves, and another comes in its place.
                let group = processes[at].group;
                let gone = std::mem::replace(&mut processes[at], join(group));
                heard[group].unite(&gone.known);
                gone.clock.leave();
            }
            let one = &mut processes[at];
            if !events.is_empty() && random.chance(0.4) {
                let late = events.len().saturating_sub(1 + random.below(40) as usize);
                let (stamp, history, _) = &events[late];
                one.clock.hear(stamp);
                one.known.unite(history);
            }
            if one.clock.draws() {
                heard[one.group].unite(&one.known);
                one.known.unite(&heard[one.group]);
            }
            let stamp = one.clock.event();
            one.known.add(event);
            most[1] = most[1].max(Coalesced::bytes(&stamp) as u64);
            let mut wrong = [0; 2];
            for (number, (earlier, _, group)) in events.iter().enumerate() {
                let said = Coalesced::relation(earlier, &stamp) == Relation::Before;
                match (said, one.known.has(number)) {
                    (false, true) => return Err(format!("{}: an order is missed", repro())),
                    (true, false) => wrong[*group] += 1,
                    _ => {}
                }
            }
            most[0] = most[0].max(wrong[0]).max(wrong[1]);
            if most[0] > (MEMBERS as u64 - 1) * block {
                return Err(format!("{}: {} events too many", repro(), most[0]));
            }
            events.push((stamp, one.known.clone(), one.group));
        }
    }
    Ok(most)
}

#[test]
//= §3.2.2 escrow-based coalescing test
fn coalesced_entries_miss_no_order_and_err_within_their_bound() {
    for block in [1, 4, 16] {
        let found = most_wrong(30 + block, block, Mutant::None);
        let [wrong, bytes] = found.unwrap_or_else(|error| panic!("{error}"));
        println!("blocks of {block}: at most {wrong} of {} wrong, {bytes} bytes", 2 * block);
        assert!(wrong >= block, "{wrong}: the bound is far from what happens");
        assert_eq!(bytes, 36, "whoever came and went: two accounts, and its own number");
    }
}

#[test]
fn planted_bugs_of_coalescing_are_caught() {
    for mutant in [Mutant::GrantNothing, Mutant::TwiceTheBlock, Mutant::StayBelow] {
        let found = most_wrong(40, 4, mutant);
        println!("{mutant:?}: {found:?}");
        assert!(found.is_err(), "{mutant:?} is not caught");
    }
}
