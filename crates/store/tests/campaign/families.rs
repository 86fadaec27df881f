//! Bugs of the host under the shipped node that one family of faults shows, and that are missed
//! while it is off. (`world/tests/families.rs` has a row for every family, on small protocols.)

use avouch_agreement::Mutant;
use avouch_promise::{Nanos, NodeId};
use avouch_store::campaign::{Plan, run};
use avouch_world::{Fault, Mutants, Path, Script};

const SEEDS: u64 = 10;

/// What a seed finds.
fn found(script: &Script, host_mutants: Mutants, seed: u64) -> Option<String> {
    let (nodes, faults_for) = (3, Nanos::from_secs(4));
    let script = script.clone();
    // The log has eyes of its own for a gap; a host that goes on shows with a log that has none.
    let log_mutant = host_mutants.trust_what_is_left.then_some(Mutant::FoldAcrossGap);
    let plan = Plan { nodes, faults: false, script, host_mutants, faults_for, ..Plan::default() };
    let plan = Plan { log_mutant, ..plan };
    let outcome = std::panic::catch_unwind(|| run(&plan, seed).violation);
    outcome.unwrap_or_else(|_| Some("an invariant panicked".to_owned()))
}

/// The bug shows with the fault, not without it; and the fault does no harm without the bug.
fn only_this_fault_finds(mutants: Mutants, without: &Script, with: &Script) {
    for seed in 1..=SEEDS {
        assert_eq!(found(without, mutants, seed), None, "seed {seed}, without the fault");
        assert_eq!(found(with, Mutants::default(), seed), None, "seed {seed}, without the bug");
    }
    let hit = (1..=SEEDS).find_map(|seed| Some((seed, found(with, mutants, seed)?)));
    let (seed, what) = hit.expect("the fault finds the bug");
    println!("seed {seed}: {}", what.lines().next().unwrap_or_default());
}

fn ms(millis: u64) -> Nanos {
    Nanos::from_millis(millis)
}

//= §4.1.3 silent corruption found by end-to-end checksums, bit rot on disk test
#[test]
fn flipped_bits_find_who_believes_every_frame() {
    let mutants = Mutants { trust_wire: true, ..Mutants::default() };
    let path = Path::ALL;
    let without = Script::new().at(ms(500), Fault::Loss { path, probability: 0.1 });
    let with = without.clone().at(ms(500), Fault::Corrupt { path, probability: 0.1 });
    only_this_fault_finds(mutants, &without, &with);
}

/// n1 and n2 decide without n3. Then n1 is down, n2 comes back, and n3 is in reach again: a quorum,
/// if n2 has its memory or is taken for a new node.
fn back_with(fault: Fault) -> Script {
    let sides = vec![vec![NodeId(1), NodeId(2)], vec![NodeId(3)]];
    Script::new()
        .at(ms(1_000), Fault::Partition { sides: sides.clone() })
        .at(ms(2_000), Fault::Crash { node: NodeId(1) })
        .at(ms(2_000), fault)
        .at(ms(2_000), Fault::LostWrites { node: NodeId(2) })
        .at(ms(2_001), Fault::Rejoin { sides })
        .at(ms(2_050), Fault::Restart { node: NodeId(2) })
        .at(ms(3_000), Fault::Restart { node: NodeId(1) })
}

//= §4.1.1 amnesia on restart test
#[test]
fn amnesia_finds_who_starts_on_another_disk() {
    let mutants = Mutants { start_without_memory: true, ..Mutants::default() };
    let without = back_with(Fault::LostWrites { node: NodeId(2) });
    let with = back_with(Fault::Amnesia { node: NodeId(2) });
    only_this_fault_finds(mutants, &without, &with);
}

/// What stands in a wrong place breaks the log there, and what follows no longer continues it. A
/// host that believes every place hands the node a shorter log, and nothing shows it.
#[test]
fn misdirected_writes_find_who_believes_every_place() {
    let mutants = Mutants { trust_place: true, ..Mutants::default() };
    let node = NodeId(2);
    let without = back_with(Fault::LostWrites { node });
    let with = back_with(Fault::MisdirectedWrite { node, seq: None });
    only_this_fault_finds(mutants, &without, &with);
}

/// A checkpoint that was never durable, and a log that was released for its sake: who goes on with
/// what is left has forgotten what it promised and accepted. Who doubts waits for a quorum of the
/// others, so a disk that lies about checkpoints alone costs nothing that was acknowledged.
//= §4.1.3 Byzantine-lite hardening: checksums, peers repair test
#[test]
fn lying_checkpoints_find_who_goes_on_with_what_is_left() {
    let mutants = Mutants { trust_what_is_left: true, ..Mutants::default() };
    let node = NodeId(2);
    let without = back_with(Fault::LostWrites { node });
    let with = back_with(Fault::LostWrites { node })
        .at(ms(500), Fault::LyingCheckpoint { node, lies: true })
        .at(ms(2_500), Fault::LyingCheckpoint { node, lies: false });
    only_this_fault_finds(mutants, &without, &with);
}

#[test]
fn misdirected_reads_find_who_believes_every_place() {
    let mutants = Mutants { trust_place: true, ..Mutants::default() };
    let node = NodeId(2);
    let without = back_with(Fault::LostWrites { node });
    let with = back_with(Fault::MisdirectedRead { node, probability: 0.2 })
        .at(ms(2_060), Fault::MisdirectedRead { node, probability: 0.0 });
    only_this_fault_finds(mutants, &without, &with);
}
