//! Gray failures on a service under measured delays: each scripted fault is named rightly and soon,
//! a healthy cluster is left in peace, and every planted bug of the detector is seen.
#![allow(unreachable_pub, reason = "shared with the example")]

mod service;
mod stage;

use avouch_agreement::gray::{GrayMutant, What};
use avouch_promise::{Nanos, NodeId, Random};
use avouch_world::scenes::{self, Scene};
use stage::{Outcome, healthy, play};

fn seed() -> u64 {
    Random::seed_from_environment()
}

fn repro(what: &str) -> String {
    format!("{what}\nrepro: AVOUCH_SEED={} cargo test -p avouch-world --test gray", seed())
}

/// What is wrong with how a scene's fault was named.
fn fault_of(scene: &Scene, outcome: &Outcome) -> Option<String> {
    let Scene { title, expected, .. } = scene;
    let others: Vec<_> = outcome.named.keys().filter(|what| *what != expected).collect();
    if let [other, ..] = others[..] {
        return Some(format!("{title}: named {other}, which is not {expected}"));
    }
    match outcome.named_after(expected) {
        None => Some(format!("{title}: {expected} was not named")),
        Some(after) if after > stage::SOON => Some(format!("{title}: named after {after} only")),
        Some(_) => None,
    }
}

#[test]
//= §4.1.2 slow-node test
//= §4.1.2 grey-detection test
fn every_gray_fault_is_named_rightly_and_soon() {
    let scenes = scenes::gray();
    assert!(scenes.len() >= 21);
    let mut by_timeout = 0;
    for scene in &scenes {
        let outcome = play(seed(), &scene.faults, None);
        assert_eq!(fault_of(scene, &outcome), None, "{}", repro("a scripted fault"));
        by_timeout += usize::from(!outcome.suspected.is_empty());
        let evidence = outcome.named.values().all(|(_, verdict)| !verdict.evidence.is_empty());
        assert!(evidence, "{}", repro("a name without evidence"));
    }
    // Heartbeats go on through nearly all of them.
    assert!(by_timeout * 4 < scenes.len(), "{by_timeout} of {}", scenes.len());
}

#[test]
//= §4.1.2 asymmetric-partition test
//= §4.1.2 triangle-partition test
fn crashes_and_the_shapes_of_partitions_are_told_from_what_is_gray() {
    for scene in scenes::plain() {
        let outcome = play(seed(), &scene.faults, None);
        assert_eq!(fault_of(&scene, &outcome), None, "{}", repro("a crash or partition"));
    }
}

/// The bounded form of the day that `cargo xtask bench gray` runs.
#[test]
//= §4.1.2 grey-detection test
fn a_healthy_cluster_is_left_in_peace() {
    let alarms = healthy(seed(), Nanos::from_secs(15 * 60), None, |_| ()).by;
    assert!(alarms.is_empty(), "{}", repro(&format!("false alarms {alarms:?}")));
}

#[test]
fn what_is_slow_everywhere_is_nobodys_fault() {
    let named = play(seed(), &scenes::load(), None).by;
    assert!(named.is_empty(), "{}", repro(&format!("{named:?}")));
}

#[test]
fn every_planted_bug_of_the_detector_is_seen() {
    let all: Vec<_> = scenes::gray().into_iter().chain(scenes::plain()).collect();
    for mutant in GrayMutant::ALL {
        let seen = match mutant {
            GrayMutant::ForgetsPopulation => {
                let named = play(seed(), &scenes::load(), Some(mutant)).by;
                named.keys().next().map(|what| format!("a burst of load was named {what}"))
            }
            // Seen by reports made by hand: links must stand still by chance, one for seconds or
            // four at once; or by the lookout's and the shipped node's tests.
            GrayMutant::BelievesSilence
            | GrayMutant::BelievesHiccups
            | GrayMutant::AccusesInItsSleep
            | GrayMutant::BelievesOwnDisk
            | GrayMutant::IgnoresOwnDisk
            | GrayMutant::BelievesOldReports
            | GrayMutant::CountsRefusals => continue,
            _ => all.iter().find_map(|scene| {
                let outcome = play(seed(), &scene.faults, Some(mutant));
                fault_of(scene, &outcome)
            }),
        };
        let seen = seen.unwrap_or_else(|| panic!("{}", repro(&format!("{mutant:?} passes"))));
        println!("{mutant:?}: {seen}");
    }
}

/// The bugs are seen where they should be: each in a scene of its own.
#[test]
fn planted_bugs_are_seen_where_they_bite() {
    let named = |title: &str, mutant| {
        let scenes = scenes::gray().into_iter().chain(scenes::plain());
        let scene = scenes.into_iter().find(|scene| scene.title == title);
        let scene = scene.unwrap_or_else(|| panic!("no scene {title}"));
        let outcome = play(seed(), &scene.faults, Some(mutant));
        outcome.named.into_keys().collect::<Vec<_>>()
    };
    let (one, two) = (NodeId(1), NodeId(2));
    let mixed = named("n1 does not reach n2", GrayMutant::MixesDirections);
    assert_eq!(mixed, [What::OneWay(two, one)], "{}", repro("directions mixed"));
    // Without its tails a slow node is taken for one whose disk is slow; by heartbeats it is well.
    let slow = named("steps of 4 ms on n2", GrayMutant::IgnoresTails);
    assert_eq!(slow, [What::SlowDisk(two)], "{}", repro("tails ignored"));
    let slow = named("steps of 4 ms on n2", GrayMutant::TrustsHeartbeats);
    assert_eq!(slow, [], "{}", repro("heartbeats trusted"));
    let link = named("n1 to n2 takes 120 ms instead of 32", GrayMutant::BelievesOne);
    assert!(link.contains(&What::SlowNode(two)), "{}", repro(&format!("{link:?}")));
}
