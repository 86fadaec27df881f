//! Bugs planted in log, node and host, each killed by the simulated world: by evidence, by the
//! judge, by an invariant or by a law.

use avouch_agreement::{Killer, Mutant};
use avouch_promise::Nanos;
use avouch_store::campaign::{Plan, run};
use avouch_store::node::NodeMutant;
use avouch_world::Mutants;

/// Runs seeds until one fails, and tells how; none when `seeds` of them pass.
fn killed(plan: &Plan, seeds: u64) -> Option<(u64, String)> {
    (1..=seeds).find_map(|seed| {
        let found = std::panic::catch_unwind(|| run(plan, seed).violation);
        let what = found.unwrap_or_else(|_| Some("an invariant panicked".to_owned()))?;
        Some((seed, what.lines().next().unwrap_or_default().to_owned()))
    })
}

fn assert_killed(name: &str, plan: &Plan, seeds: u64) {
    match killed(plan, seeds) {
        Some((seed, what)) => println!("{name}: killed by seed {seed}: {what}"),
        None => panic!("{name} survived {seeds} seeds"),
    }
}

fn rough(nodes: u32) -> Plan {
    Plan { nodes, ..Plan::rough() }
}

/// Leaders that depose each other as no election would let them.
fn usurping(nodes: u32) -> Plan {
    Plan { usurp: true, ..rough(nodes) }
}

/// A host that cuts its log wherever the node says so.
fn trusting(nodes: u32) -> Plan {
    let trusting = Mutants { truncate_uncovered: true, ..Mutants::default() };
    Plan { host_mutants: trusting, ..rough(nodes) }
}

/// A bug in the log, in the world in which it shows soonest.
fn in_log(mutant: Mutant, plan: &Plan, seeds: u64) {
    assert_killed(
        &format!("{mutant:?}"),
        &Plan { log_mutant: Some(mutant), ..plan.clone() },
        seeds,
    );
}

/// One test for each bug in the log, and the list of all of them.
macro_rules! killed_in_log {
    ($($test:ident: $mutant:ident = $plan:expr, $seeds:literal;)+) => {
        const KILLED: &[Mutant] = &[$(Mutant::$mutant),+];

        $(
            #[test]
            fn $test() {
                in_log(Mutant::$mutant, &$plan, $seeds);
            }
        )+
    };
}

killed_in_log! {
    acknowledge_before_persisting: AcknowledgeBeforePersisting = rough(3), 200;
    decide_without_a_quorum: DecideWithoutQuorum = rough(3), 50;
    read_without_a_quorum: ReadWithoutQuorum = rough(3), 50;
    vote_in_doubt: VoteInDoubt = rough(3), 100;
    ignore_a_promise: IgnorePromise = usurping(5), 1_000;
    skip_the_sync: SkipSync = usurping(3), 400;
    truncate_before_the_checkpoint_is_durable: TruncateBeforeCheckpoint = trusting(3), 1_000;
}

#[test]
fn every_bug_left_to_the_world_is_killed_here() {
    for mutant in Mutant::ALL.iter().filter(|mutant| mutant.killer() == Killer::World) {
        let planted = format!("Some(Mutant::{mutant:?})");
        let elsewhere = [
            include_str!("handover.rs"),
            include_str!("laggard.rs"),
            include_str!("../src/campaign/synchrony.rs"),
        ];
        let killed =
            KILLED.contains(mutant) || elsewhere.iter().any(|file| file.contains(&planted));
        assert!(killed, "no test kills {mutant:?}");
    }
}

#[test]
fn tell_of_records_before_they_are_durable() {
    let early = Mutants { persisted_too_early: true, ..Mutants::default() };
    assert_killed("persisted too early", &Plan { host_mutants: early, ..rough(3) }, 200);
}

#[test]
fn sample_the_clock_before_the_request() {
    let stale = Mutants { stale_clock: Some(Nanos::from_millis(20)), ..Mutants::default() };
    assert_killed(
        "stale clock",
        &Plan { faults: false, host_mutants: stale, ..Plan::default() },
        5,
    );
}

#[test]
fn bugs_of_the_node_itself() {
    for mutant in [
        NodeMutant::AnswerEarly,
        NodeMutant::AnswerLocally,
        NodeMutant::AnswerUndecided,
        NodeMutant::ForgetRetries,
    ] {
        let plan = Plan { node_mutant: Some(mutant), ..rough(3) };
        assert_killed(&format!("{mutant:?}"), &plan, 200);
    }
}

/// The judge of the history would find the lost write too; its evidence must not hold either, for
/// a client has nothing else.
#[test]
fn a_write_that_was_never_in_the_log_is_refuted_by_its_evidence() {
    let plan = Plan { node_mutant: Some(NodeMutant::ProveWriteByRead), ..rough(3) };
    let (seed, what) = killed(&plan, 20).unwrap_or_default();
    println!("ProveWriteByRead: killed by seed {seed}: {what}");
    assert!(what.contains("does not hold: refuted: read-index evidence proves no write"), "{what}");
}

/// What only an order by evidence finds, on seeds whose every answer carries some.
fn by_evidence(mutant: NodeMutant, expected: &str) {
    let plan = Plan { node_mutant: Some(mutant), evidence_alone_every: 1, ..rough(3) };
    let (seed, what) = killed(&plan, 50).unwrap_or_default();
    println!("{mutant:?}: killed by seed {seed}: {what}");
    assert!(what.contains(expected), "{mutant:?}: {what}");
}

#[test]
fn a_point_that_the_evidence_does_not_prove() {
    by_evidence(NodeMutant::MisstatePoint, "its evidence proves");
}

#[test]
fn a_state_that_is_not_the_one_at_the_proved_point() {
    by_evidence(NodeMutant::AnswerOldState, "not ordered_by_evidence_alone: violated");
}

#[test]
fn without_a_planted_bug_usurpation_breaks_nothing() {
    if let Some((seed, what)) = killed(&usurping(3), 100) {
        panic!("seed {seed}: {what}");
    }
}

#[test]
fn let_more_be_under_way_than_a_message_carries() {
    let crowd = Plan { clients: 16, large: 0.9, ..rough(3) };
    in_log(Mutant::FlightUnbounded, &crowd, 200);
    if let Some((seed, what)) = killed(&crowd, 40) {
        panic!("without the planted bug: seed {seed}: {what}");
    }
}
