//! What a replicated log promises nothing against: disks of a quorum that lie about a sync, and a
//! node that lies. What is lost then is noticed: by the evidence that clients hold, by the judge of
//! their histories, or by an invariant. Nothing of it is taken for honest.

use avouch_promise::{Nanos, NodeId};
use avouch_store::campaign::{Plan, run};
use avouch_world::{Fault, Outcome, Script};
use std::collections::BTreeMap;

/// Who noticed: the part of a violation that says so.
fn noticed(outcome: &Result<Outcome, String>) -> Option<&'static str> {
    let what = match outcome {
        Ok(outcome) => outcome.violation.as_deref()?,
        Err(panic) => panic,
    };
    let judges = [
        ("does not hold", "evidence"),
        ("its evidence proves", "evidence"),
        ("a fork across", "evidence against evidence"),
        ("ordered_by", "the judge"),
        ("was answered by an error", "the judge"),
        ("decided another log", "comparison of logs"),
        ("differ in state", "comparison of states"),
        ("never answered", "liveness"),
        ("without a checkpoint", "the host's law"),
        ("invariant", "an invariant of the node"),
    ];
    let found = judges.iter().find(|(words, _)| what.contains(words));
    Some(found.unwrap_or_else(|| panic!("nobody knows what this is: {what}")).1)
}

fn caught(plan: &Plan, seed: u64) -> Result<Outcome, String> {
    std::panic::catch_unwind(|| run(plan, seed)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("panic").to_owned()
    })
}

/// How many seeds were noticed by whom, and what they counted of `name`.
fn tally(
    plan: &Plan,
    seeds: u64,
    script: impl Fn(u64) -> Script,
    name: &str,
) -> (BTreeMap<&'static str, u64>, u64) {
    let (mut by, mut counted) = (BTreeMap::new(), 0);
    for seed in 1..=seeds {
        let outcome = caught(&Plan { script: script(seed), ..plan.clone() }, seed);
        if let Ok(outcome) = &outcome {
            counted += outcome.counters.named(name);
        }
        *by.entry(noticed(&outcome).unwrap_or("harmless")).or_default() += 1;
    }
    println!("{name} {counted}: {by:?}");
    (by, counted)
}

fn calm() -> Plan {
    let faults_for = Nanos::from_secs(4);
    Plan { faults: false, faults_for, evidence_alone_every: 2, ..Plan::default() }
}

/// Disks of `liars` nodes lie from the first second on; in the third all nodes lose power, and with
/// it what was not synced.
fn lies(liars: u32) -> Script {
    let all: Vec<_> = (1..=5).map(NodeId).collect();
    let ms = Nanos::from_millis;
    let mut script = Script::new();
    for node in &all {
        script.push(ms(3_000), Fault::LostWrites { node: *node });
    }
    for node in all.iter().take(liars as usize) {
        script.push(ms(1_000), Fault::LyingSync { node: *node, lies: true });
    }
    all.iter().fold(script, |script, node| script.at(ms(3_200), Fault::Restart { node: *node }))
}

//= §4.1.3 accidental, as opposed to malicious test
#[test]
fn a_quorum_of_lying_disks_loses_acknowledged_writes_and_that_is_noticed() {
    let (honest, lost) = tally(&calm(), 8, |_| lies(0), "lied_records");
    assert_eq!((honest.get("harmless"), lost), (Some(&8), 0), "honest disks stand the same cut");
    let (by, lost) = tally(&calm(), 8, |_| lies(5), "lied_records");
    assert!(lost > 8 * 20, "only {lost} records were lost");
    let harmless = by.get("harmless").copied().unwrap_or_default();
    assert!(
        harmless <= 1,
        "two seconds of acknowledged writes are gone, and {harmless} seeds saw nothing"
    );
}

//= §4.1.3 arbitrary behaviour test
//= §4.1.3 malicious: rewriting, equivocation test
//= §4.1.3 Byzantine-lite hardening: self-checking state, signed answers test
#[test]
fn a_node_that_rewrites_its_messages_is_outside_the_promise_and_is_noticed() {
    let script = |seed: u64| {
        let node = NodeId((seed % 5) as u32 + 1);
        let at = Nanos::from_millis(500);
        Script::new().at(at, Fault::Byzantine { node, probability: 0.5 })
    };
    let (by, told) = tally(&calm(), 15, script, "rewritten");
    assert!(told > 15 * 20, "only {told} lies were told");
    let noticed: u64 = by.iter().filter(|(who, _)| **who != "harmless").map(|(_, n)| n).sum();
    assert!(noticed >= 8, "a liar of five nodes does harm: {by:?}");
}

/// What a disk forgets is made good where others hold it and take part in the next election.
#[test]
fn what_a_minority_of_lying_disks_loses_is_made_good_by_the_others() {
    for liars in 1..=2 {
        let (by, lost) = tally(&calm(), 8, |_| lies(liars), "lied_records");
        assert!(lost > 8 * 20, "only {lost} records were lost");
        assert_eq!(by.get("harmless"), Some(&8), "{liars} lying disks of five");
    }
}

/// n1, n2 and n3 decide alone; then all lose power, and n1 comes back with n4 and n5 first. Only n1
/// is in both quorums.
fn sole_witness(lies: bool) -> Script {
    let nodes = |numbers: &[u32]| numbers.iter().copied().map(NodeId).collect::<Vec<_>>();
    let (sides, all) = (vec![nodes(&[1, 2, 3]), nodes(&[4, 5])], nodes(&[1, 2, 3, 4, 5]));
    let ms = Nanos::from_millis;
    let mut script = Script::new()
        .at(ms(1_000), Fault::LyingSync { node: NodeId(1), lies })
        .at(ms(1_000), Fault::Partition { sides: sides.clone() })
        .at(ms(3_000), Fault::Rejoin { sides });
    for node in all {
        script.push(ms(3_000), Fault::LostWrites { node });
        let back = if [2, 3].contains(&node.0) { 3_800 } else { 3_200 };
        script.push(ms(back), Fault::Restart { node });
    }
    script
}

/// So even one disk that lies exceeds the promise, wherever its word made a quorum.
//= §4.1.3 accidental, as opposed to malicious test
#[test]
fn one_lying_disk_between_two_quorums_loses_writes_and_that_is_noticed() {
    let (honest, _) = tally(&calm(), 8, |_| sole_witness(false), "lied_records");
    assert_eq!(honest.get("harmless"), Some(&8), "an honest n1 tells n4 and n5");
    let (by, lost) = tally(&calm(), 8, |_| sole_witness(true), "lied_records");
    assert!(lost > 8 * 10, "only {lost} records were lost");
    assert!(by.get("harmless").copied().unwrap_or_default() <= 1, "{by:?}");
}
