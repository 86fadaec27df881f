//! Gray failures on the shipped node, by its own traffic: each scripted fault is named rightly and
//! soon, and a healthy cluster is left in peace. The scenes are those of the detector's own test.

use avouch_agreement::gray::GrayMutant;
use avouch_promise::{Nanos, Random};
use avouch_store::campaign::gray::{Outcome, SOON, healthy, play};
use avouch_world::scenes::{self, Scene};

fn seed() -> u64 {
    Random::seed_from_environment()
}

fn repro(what: &str) -> String {
    format!("{what}\nrepro: AVOUCH_SEED={} cargo test -p avouch-store --test gray", seed())
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
        Some(after) if after > SOON => Some(format!("{title}: named after {after} only")),
        Some(_) => None,
    }
}

#[test]
//= §4.1.2 slow-node test
//= §4.1.2 grey-detection test
fn every_gray_fault_is_named_rightly_and_soon_on_the_shipped_node() {
    let wrong: Vec<_> = scenes::gray()
        .iter()
        .filter_map(|scene| fault_of(scene, &play(seed(), &scene.faults, None)))
        .collect();
    assert!(wrong.is_empty(), "{}", repro(&wrong.join("\n")));
}

#[test]
//= §4.1.2 asymmetric-partition test
//= §4.1.2 triangle-partition test
fn crashes_and_the_shapes_of_partitions_are_told_from_what_is_gray() {
    let wrong: Vec<_> = scenes::plain()
        .iter()
        .filter_map(|scene| fault_of(scene, &play(seed(), &scene.faults, None)))
        .collect();
    assert!(wrong.is_empty(), "{}", repro(&wrong.join("\n")));
}

#[test]
fn what_is_slow_everywhere_is_nobodys_fault() {
    let named = play(seed(), &scenes::load(), None).by;
    assert!(named.is_empty(), "{}", repro(&format!("{named:?}")));
}

/// Every rule of the detector holds on the node's own traffic, too: without it, a scene is named
/// wrongly or not at all.
#[test]
fn every_planted_bug_of_the_detector_is_seen_on_the_shipped_node() {
    let all: Vec<_> = scenes::gray().into_iter().chain(scenes::plain()).collect();
    for mutant in GrayMutant::ALL {
        let seen = match mutant {
            GrayMutant::ForgetsPopulation => {
                let named = play(seed(), &scenes::load(), Some(mutant)).by;
                named.keys().next().map(|what| format!("a burst of load was named {what}"))
            }
            // Seen by reports made by hand (`agreement::gray`): links must stand still by chance;
            // and by the lookout's own tests: a sleeper wakes, a report is old, a request refused.
            GrayMutant::BelievesSilence
            | GrayMutant::BelievesHiccups
            | GrayMutant::BelievesOwnDisk
            | GrayMutant::AccusesInItsSleep
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

/// The bounded form of the day that `cargo xtask bench gray` runs.
#[test]
//= §4.1.2 grey-detection test
fn a_healthy_cluster_is_left_in_peace() {
    let outcome = healthy(seed(), Nanos::from_secs(10 * 60), None, |_| ());
    assert!(outcome.by.is_empty(), "{}", repro(&format!("false alarms {:?}", outcome.by)));
    assert!(outcome.answered > 20_000, "{} requests answered", outcome.answered);
}
