//! Both rules in small worlds with drawn clocks, against the true order; each planted bug dies.
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

use super::leader::{self, Leader};
use super::snapshot::{self, Partition, Ready};
use avouch_promise::{Interval, Lack, Nanos, Random, Wall, WallTime};
use std::collections::BTreeMap;

const EPSILON: Nanos = Nanos::from_millis(4);

/// A clock within its bound, however it errs; now and then without a bound.
fn look(time: WallTime, random: &mut Random) -> Wall {
    if random.chance(0.02) {
        return Wall::none(Lack::Unheard);
    }
    let error = random.below(2 * EPSILON.0 + 1);
    Wall::stated(Interval::around(time.minus(EPSILON).plus(Nanos(error)), EPSILON))
}

/// What a run of three leaders violates, and how long commits waited in the middle of them all.
fn lead(seed: u64, mutant: leader::Mutant) -> (Result<(), &'static str>, Nanos) {
    let mut random = Random::new(seed);
    let mut leaders = vec![Leader::after(WallTime(0)); 3];
    for leader in &mut leaders {
        leader.mutant = mutant;
    }
    let mut now = WallTime(1_000_000_000);
    // By leader and stamp: when it began, and when a quorum has it.
    let mut begun: BTreeMap<(usize, WallTime), (WallTime, WallTime)> = BTreeMap::new();
    let (mut released, mut waits) = (WallTime(0), Vec::new());
    let mut safe = [WallTime(0); 3];
    for _ in 0..3_000 {
        now = now.plus(Nanos(random.below(400_000)));
        let at = random.below(3) as usize;
        let wall = look(now, &mut random);
        if random.chance(0.2) {
            if let Ok(stamp) = leaders[at].begin(&wall) {
                if stamp <= released {
                    return (Err("I1: a commit after a released one has no higher stamp"), EPSILON);
                }
                if stamp <= safe[at] {
                    return (Err("I3: a commit began at or below what was safe"), EPSILON);
                }
                let quorum = now.plus(Nanos(random.below(2 * EPSILON.0)));
                if begun.insert((at, stamp), (now, quorum)).is_some() {
                    return (Err("I2: two commits share a stamp"), EPSILON);
                }
            } else if wall.is_bounded() {
                return (Err("a clock with a bound gave no stamp"), EPSILON);
            }
        }
        for ((leader, stamp), (_, quorum)) in &begun {
            if *leader == at && *quorum <= now {
                leaders[at].replicated(*stamp, &wall);
            }
        }
        for stamp in leaders[at].release(&wall) {
            let (start, _) = begun.remove(&(at, stamp)).unwrap();
            if stamp <= safe[at] {
                return (Err("I3: a commit was released at or below what was safe"), EPSILON);
            }
            released = released.max(stamp);
            waits.push(now.0 - start.0);
        }
        let closed = leaders[at].close(&wall, Nanos::from_millis(1));
        if closed < safe[at] {
            return (Err("I3: safe time went back"), EPSILON);
        }
        safe[at] = closed;
    }
    waits.sort_unstable();
    assert!(waits.len() > 200, "{} commits say little", waits.len());
    (Ok(()), Nanos(waits[waits.len() / 2].unsigned_abs()))
}

//= §3.3.2 commit-wait test
//= §3.3.2 safe-time test
//= §3.3.3 loose-closed-timestamps test
#[test]
fn leaders_stamp_in_the_order_of_real_time_and_what_is_safe_stays_so() {
    let first = Random::seed_from_environment();
    for seed in first..first + 300 {
        let (held, _) = lead(seed, leader::Mutant::None);
        let repro = format!("repro: AVOUCH_SEED={seed} cargo test -p avouch-time leaders_stamp");
        assert_eq!(held, Ok(()), "{repro}");
    }
    for (mutant, broken) in [
        (leader::Mutant::StampsTheMiddle, "I1"),
        (leader::Mutant::WaitsForNothing, "I1"),
        (leader::Mutant::ForgetsOpen, "I3"),
        (leader::Mutant::ForgetsSafe, "I3"),
    ] {
        let found = (1..=100).find_map(|seed| lead(seed, mutant).0.err());
        assert!(found.is_some_and(|found| found.starts_with(broken)), "{mutant:?}: {found:?}");
    }
}

#[test]
fn a_commit_waits_beside_replication_and_not_after_it() {
    for seed in 1..=20 {
        let (_, beside) = lead(seed, leader::Mutant::None);
        let (_, after) = lead(seed, leader::Mutant::WaitsAfterReplication);
        // On average replication takes epsilon here, and a wait that follows it as long again.
        assert!(after.0 > beside.0 + EPSILON.0 / 4, "seed {seed}: {beside} and {after}");
    }
    let mut leader = Leader::after(WallTime(0));
    let at = |time| Wall::stated(Interval::around(WallTime(time), Nanos(10)));
    let stamp = leader.begin(&at(100)).unwrap();
    assert_eq!((stamp, leader.wait(&at(100))), (WallTime(110), Some(Nanos(21))));
    leader.replicated(stamp, &at(120));
    assert_eq!(leader.release(&at(120)), [], "the earliest is 110, which may be the stamp's time");
    assert_eq!((leader.wait(&at(121)), leader.release(&at(121))), (None, vec![stamp]));
    // Without a bound: no stamp, nothing released, and what was given and released is closed.
    let lost = Wall::none(Lack::Disrupted);
    assert_eq!(leader.begin(&lost), Err(Lack::Disrupted));
    assert_eq!(leader.close(&lost, Nanos(5)), stamp);
}

/// What a run of three partitions under Clock-SI violates.
fn partitions(seed: u64, mutant: snapshot::Mutant) -> Result<(), &'static str> {
    let mut random = Random::new(seed);
    let mut all = vec![Partition::new(); 3];
    for partition in &mut all {
        partition.mutant = mutant;
    }
    // Their clocks differ by as much as they like, and are set now and then.
    let mut ahead = [0_i64; 3];
    let mut read = [WallTime(0); 3];
    let mut open: BTreeMap<u64, WallTime> = BTreeMap::new();
    let (mut waited, mut answered) = (0, 0);
    let mut time = 1_000_000_i64;
    for number in 0..4_000 {
        time += random.below(100).cast_signed();
        if random.chance(0.01) {
            ahead[random.below(3) as usize] = random.below(4_000).cast_signed() - 2_000;
        }
        let clock = |at: usize| WallTime(time + ahead[at]);
        let at = random.below(3) as usize;
        match random.below(5) {
            0 => {
                let stamps: Vec<_> =
                    (0..3).map(|part| all[part].prepare(number, clock(part))).collect();
                open.insert(number, stamps.into_iter().max().unwrap());
            }
            1 | 2 => {
                let Some((&transaction, &stamp)) = open.first_key_value() else { continue };
                open.remove(&transaction);
                for part in 0..3 {
                    if stamp <= read[part] {
                        return Err("I1: a commit below a snapshot that was read");
                    }
                    all[part].decided(transaction);
                }
            }
            _ => {
                let snapshot = clock(random.below(3) as usize);
                match all[at].read(snapshot, clock(at)) {
                    Ready::Now => {
                        answered += 1;
                        read[at] = read[at].max(snapshot);
                    }
                    Ready::AfterClock(_) | Ready::After(_) => waited += 1,
                }
            }
        }
    }
    assert!(waited > 100 && answered > 100, "{waited} waited, {answered} were answered");
    Ok(())
}

//= §3.3.3 clock-si test
//= §3.3.3 logical-backstops test
#[test]
fn a_snapshot_stays_what_it_was_whatever_clocks_do() {
    let first = Random::seed_from_environment();
    for seed in first..first + 300 {
        let repro = format!("repro: AVOUCH_SEED={seed} cargo test -p avouch-time a_snapshot_stays");
        assert_eq!(partitions(seed, snapshot::Mutant::None), Ok(()), "{repro}");
    }
    for mutant in [snapshot::Mutant::IgnoresPrepared, snapshot::Mutant::TrustsClock] {
        assert!((1..=100).any(|seed| partitions(seed, mutant).is_err()), "{mutant:?}");
    }
}

#[test]
fn a_read_waits_for_the_clock_and_for_what_is_prepared() {
    let mut partition = Partition::new();
    assert_eq!(partition.read(WallTime(50), WallTime(40)), Ready::AfterClock(Nanos(11)));
    assert_eq!(partition.prepare(7, WallTime(45)), WallTime(45));
    assert_eq!(partition.read(WallTime(50), WallTime(51)), Ready::After(7));
    assert_eq!(partition.read(WallTime(44), WallTime(51)), Ready::Now);
    partition.decided(7);
    assert_eq!(partition.read(WallTime(50), WallTime(51)), Ready::Now);
    // The clock was set back: the backstop keeps what was read.
    assert_eq!(partition.prepare(8, WallTime(30)), WallTime(51));
    // Who does not wait for the clock reads a snapshot that is not over; without the backstop a
    // commit would fall into it.
    partition.mutant = snapshot::Mutant::ReadsAhead;
    partition.decided(8);
    assert_eq!(partition.read(WallTime(90), WallTime(40)), Ready::Now);
    partition.mutant = snapshot::Mutant::TrustsClock;
    assert!(partition.prepare(9, WallTime(41)) <= WallTime(90));
}
