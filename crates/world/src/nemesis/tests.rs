//! What a random schedule may hold, and that every family is in it.

use super::*;
use crate::fault::Fault;
use std::collections::BTreeSet;

fn nemesis() -> Nemesis {
    Nemesis::new(5, Nanos::from_secs(60)).everything()
}

#[test]
fn a_seed_names_its_schedule_and_it_ends_in_calm() {
    let script = nemesis().script(7);
    assert_eq!(script, nemesis().script(7));
    assert_ne!(script, nemesis().script(8));
    assert_eq!(script.iter().last(), Some(&(Nanos::from_secs(60), Fault::Calm)));
    assert!(script.len() > 200, "only {}", script.len());
}

#[test]
//= §1.1.2 independent failure modes test
fn families_have_processes_of_their_own() {
    let crashes = |script: &Script| -> Vec<Nanos> {
        let crash = |f: &Fault| matches!(f, Fault::Pause { .. });
        script.iter().filter(|(_, f)| crash(f)).map(|(at, _)| *at).collect()
    };
    let all = crashes(&nemesis().script(3));
    assert_eq!(all, crashes(&nemesis().without(Family::Partition).script(3)));
    assert!(all.len().abs_diff(24) < 15, "{}", all.len());
    assert!(crashes(&nemesis().without(Family::Pause).script(3)).is_empty());
}

#[test]
//= §1.1.2 correlated failure (rack, region) is a named, separate fault test
fn no_more_nodes_are_down_or_damaged_than_allowed() {
    let (mut lost, mut amnesiacs) = (0, 0);
    for seed in 0..50 {
        let (mut down, mut rotten) = (BTreeSet::new(), BTreeSet::new());
        let mut never = BTreeSet::new();
        let one_by_one = nemesis().without(Family::Outage).without(Family::RackOutage);
        let (mut gone, mut refused) = (0, false);
        for (_, fault) in one_by_one.script(seed).iter() {
            match fault {
                Fault::Crash { node }
                | Fault::LostWrites { node }
                | Fault::TornWrite { node }
                | Fault::DiskFull { node, full: true } => {
                    down.insert(*node);
                }
                Fault::ReadError { node, probability } if *probability > 0.0 => {
                    down.insert(*node);
                }
                Fault::CrashStop { node } | Fault::FailStop { node } | Fault::Amnesia { node } => {
                    down.insert(*node);
                    gone += 1;
                    rotten.insert(*node);
                    never.insert(*node);
                    refused |= matches!(fault, Fault::Amnesia { .. });
                }
                Fault::Restart { node } if !never.contains(node) => {
                    down.remove(node);
                }
                Fault::SubsetWrite { node } => {
                    down.insert(*node);
                    rotten.insert(*node);
                }
                Fault::RotRecord { node, .. }
                | Fault::RotCheckpoint { node }
                | Fault::MisdirectedWrite { node, .. }
                | Fault::LyingCheckpoint { node, .. }
                | Fault::MisdirectedRead { node, .. } => {
                    rotten.insert(*node);
                }
                _ => {}
            }
            assert!(down.len() <= 2 && rotten.len() <= 2, "seed {seed}: {down:?} {rotten:?}");
        }
        (lost, amnesiacs) = (lost + gone, amnesiacs + u32::from(refused));
    }
    assert!(lost > 15 && amnesiacs > 5, "{lost} lost, {amnesiacs} of them their memory");
}

#[test]
fn only_who_asks_for_it_gets_what_exceeds_the_promise() {
    let exceeding = |f: &Fault| matches!(f, Fault::LyingSync { .. } | Fault::Byzantine { .. });
    let script = nemesis().script(1);
    assert!(!script.iter().any(|(_, fault)| exceeding(fault)));
    for family in Family::ALL.into_iter().filter(|family| family.exceeds_promise()) {
        let script = Nemesis::new(5, Nanos::from_secs(60)).rate(family, 0.5).script(1);
        assert!(script.iter().filter(|(_, fault)| exceeding(fault)).count() > 10);
    }
}

#[test]
fn every_family_does_something() {
    for family in Family::ALL {
        let script = Nemesis::new(5, Nanos::from_secs(60)).rate(family, 0.5).script(1);
        assert!(script.len() > 2, "{family} does nothing");
    }
}
