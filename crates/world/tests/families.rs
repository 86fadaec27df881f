//! Each family of faults against the bug that only it finds: the bug is missed while the family
//! is off, caught once it is on, and the protocol without the bug stands everything.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

mod toys;

use avouch_promise::{Nanos, NodeId, Random};
use avouch_world::{Count, Counters, Delay, Family, Mutants, Nemesis, Options, Outcome, World};
use toys::{lease, ledger, memory};

const CALM: Nanos = Nanos::from_secs(6);
const END: Nanos = Nanos::from_secs(9);

fn options() -> Options {
    let mut options = Options::default();
    options.link = options.link.in_order();
    options.disk.torn = 0.0;
    options.disk.sync =
        Delay::Uniform { low: Nanos::from_micros(500), high: Nanos::from_millis(6) };
    options
}

fn nemesis(nodes: usize, families: &[Family]) -> Nemesis {
    let mut nemesis = Nemesis::new(nodes, CALM).clocks(Nanos::from_millis(50), 95_000_000);
    for family in families {
        nemesis = nemesis.rate(*family, 0.8);
    }
    nemesis
}

fn ledger_run(bug: ledger::Bug, options: Options, families: &[Family], seed: u64) -> Outcome {
    let mut world = World::new(seed, options, ledger::cluster(3, bug));
    world.play(&nemesis(3, families).script(seed));
    let mut oracle = ledger::Oracle::default();
    world.run_until(&mut oracle, END);
    if world.violation().is_none() {
        oracle.check_end(&mut world, !families.iter().any(|family| family.damages_disk()));
    }
    world.note("acknowledged", oracle.acknowledged.len() as u64);
    Outcome::of(&world)
}

fn lease_run(bug: lease::Bug, options: Options, families: &[Family], seed: u64) -> Outcome {
    let mut world = World::new(seed, options, lease::cluster(bug));
    world.play(&nemesis(3, families).script(seed));
    let mut oracle = lease::Oracle::default();
    world.run_until(&mut oracle, END);
    world.note("worked", oracle.worked);
    Outcome::of(&world)
}

const SEEDS: u64 = 24;
/// So many seeds at most until a family has found its bug.
const PATIENCE: u64 = 240;

fn seeds(count: u64) -> impl Iterator<Item = u64> {
    let first = Random::seed_from_environment();
    first..first + count
}

fn repro(seed: u64, what: &str) -> String {
    format!("{what}\nrepro: AVOUCH_SEED={seed} cargo test -p avouch-world --test families")
}

/// The bug is missed under `baseline`, and caught once `family` is added.
fn only_this_family_finds(
    run: impl Fn(&[Family], u64) -> Outcome,
    baseline: &[Family],
    family: Family,
    count: Count,
) {
    for seed in seeds(SEEDS) {
        let outcome = run(baseline, seed);
        let seen = (outcome.violation, outcome.counters.of(count));
        assert_eq!(seen, (None, 0), "{}", repro(seed, &format!("{family} is off")));
    }
    let with: Vec<_> = baseline.iter().copied().chain([family]).collect();
    let mut counted = 0;
    let found = seeds(PATIENCE).position(|seed| {
        let outcome = run(&with, seed);
        counted += outcome.counters.of(count);
        outcome.violation.is_some()
    });
    assert!(counted > 0, "{family} did nothing");
    let tried = found.unwrap_or_else(|| panic!("{family} finds nothing in {PATIENCE} seeds"));
    println!("{family} found its bug after {} seeds, {} {counted}", tried + 1, count.name());
}

fn ledger_bug(bug: ledger::Bug, baseline: &[Family], family: Family, count: Count) {
    let run = |families: &[Family], seed| ledger_run(bug, options(), families, seed);
    only_this_family_finds(run, baseline, family, count);
}

fn lease_bug(bug: lease::Bug, baseline: &[Family], family: Family, count: Count) {
    let run = |families: &[Family], seed| lease_run(bug, options(), families, seed);
    only_this_family_finds(run, baseline, family, count);
}

#[test]
fn without_a_bug_every_family_together_finds_nothing() {
    let stood = |family: &Family| !family.exceeds_promise() && *family != Family::ClockStep;
    let all: Vec<_> = Family::ALL.into_iter().filter(stood).collect();
    let mut options = options();
    (options.disk.torn, options.disk.hole) = (0.5, 0.1);
    // Holes make even an unrotten log doubtful, so answers are not demanded of every seed.
    let mut acknowledged = 0;
    for seed in seeds(SEEDS) {
        let outcome = ledger_run(ledger::Bug::None, options.clone(), &all, seed);
        assert_eq!(outcome.violation, None, "{}", repro(seed, "ledger"));
        acknowledged += outcome.counters.named("acknowledged");
    }
    assert!(acknowledged > 50 * SEEDS, "only {acknowledged} acknowledged");
    // A lease does not survive the loss of the granter's memory: no crashes here.
    let running = [
        Family::Pause,
        Family::Partition,
        Family::OneWay,
        Family::Loss,
        Family::Duplicate,
        Family::Reorder,
        Family::Slow,
        Family::ClockDrift,
        Family::ClockOffset,
        Family::ClockStep,
        Family::SlowNode,
        Family::StopTheWorld,
        Family::Throttle,
        Family::SegmentLoss,
        Family::Blackouts,
        Family::Corrupt,
        Family::Clog,
        Family::SwizzleClog,
        Family::Triangle,
        Family::ClockWander,
        Family::LeapSecond,
    ];
    let mut worked = 0;
    for seed in seeds(SEEDS) {
        let outcome = lease_run(lease::Bug::None, options.clone(), &running, seed);
        assert_eq!(outcome.violation, None, "{}", repro(seed, "lease"));
        worked += outcome.counters.named("worked");
    }
    assert!(worked > 500 * SEEDS, "only {worked} worked");
}

#[test]
//= §4.1.1 crash-stop test
fn a_crash_finds_who_acknowledges_before_persisting() {
    ledger_bug(ledger::Bug::AckBeforePersist, &[], Family::Crash, Count::Crashes);
}

#[test]
fn lost_writes_find_who_acknowledges_before_persisting() {
    let family = Family::LostWrites;
    ledger_bug(ledger::Bug::AckBeforePersist, &[], family, Count::LostSyncs);
}

#[test]
//= §1.1.2 correlated failure (rack, region) is a named, separate fault test
fn an_outage_finds_who_keeps_everything_in_memory() {
    let run = |families: &[Family], seed| {
        let mut world = World::new(seed, options(), memory::cluster());
        world.play(&nemesis(3, families).down_at_most(1).script(seed));
        world.run_until(&mut memory::Oracle::default(), END);
        Outcome::of(&world)
    };
    only_this_family_finds(run, &[Family::Crash], Family::Outage, Count::Outages);
}

#[test]
fn loss_finds_who_sends_only_once() {
    ledger_bug(ledger::Bug::NoRetransmit, &[], Family::Loss, Count::Lost);
}

#[test]
fn a_partition_finds_who_gives_up() {
    ledger_bug(ledger::Bug::GiveUp, &[Family::Reorder], Family::Partition, Count::Partitions);
}

#[test]
//= §4.1.2 asymmetric partitions (A to B works, B to A fails), triangles; GC pauses test
fn a_one_way_partition_finds_who_takes_hearing_for_being_heard() {
    let both_ways = [Family::Duplicate, Family::Pause];
    ledger_bug(ledger::Bug::TrustHearing, &both_ways, Family::OneWay, Count::OneWays);
}

#[test]
fn duplication_finds_who_does_not_recognise_a_repetition() {
    ledger_bug(ledger::Bug::NoDedupe, &[], Family::Duplicate, Count::Duplicated);
}

#[test]
fn reordering_finds_who_relies_on_order() {
    ledger_bug(ledger::Bug::TrustOrder, &[], Family::Reorder, Count::Reordered);
}

#[test]
//= §4.1.2 asymmetric partitions (A to B works, B to A fails), triangles; GC pauses test
fn a_pause_finds_who_looks_at_the_clock_too_early() {
    lease_bug(lease::Bug::FlagByTimer, &[Family::Loss], Family::Pause, Count::Pauses);
}

#[test]
//= §1.1.2 unbounded message delays test
fn a_slow_link_finds_who_counts_a_lease_from_its_receipt() {
    lease_bug(lease::Bug::FromReceipt, &[Family::Loss], Family::Slow, Count::SlowSpells);
}

#[test]
fn drift_finds_who_leaves_no_margin() {
    lease_bug(lease::Bug::NoMargin, &[Family::Loss], Family::ClockDrift, Count::ClockDrifts);
}

#[test]
fn an_offset_finds_who_orders_by_wall_time() {
    let family = Family::ClockOffset;
    ledger_bug(ledger::Bug::DedupeByWall, &[], family, Count::ClockOffsets);
}

#[test]
fn a_step_finds_who_orders_by_wall_time() {
    ledger_bug(ledger::Bug::DedupeByWall, &[], Family::ClockStep, Count::ClockSteps);
}

#[test]
fn rot_finds_who_goes_on_with_what_is_left() {
    let baseline = [Family::Crash];
    ledger_bug(ledger::Bug::IgnoreDoubt, &baseline, Family::BitRot, Count::BitRots);
}

#[test]
fn a_slow_disk_finds_who_waits_for_a_time_instead_of_the_disk() {
    let baseline = [Family::LostWrites];
    ledger_bug(ledger::Bug::AckByTimer, &baseline, Family::DiskSlow, Count::DiskSlow);
}

#[test]
fn a_torn_write_finds_a_host_that_takes_it_for_rot() {
    let mut options = options();
    options.mutants.torn_is_rotted = true;
    let run =
        |families: &[Family], seed| ledger_run(ledger::Bug::None, options.clone(), families, seed);
    only_this_family_finds(run, &[Family::LostWrites], Family::TornWrite, Count::TornTails);
}

#[test]
fn a_full_disk_finds_a_host_that_swallows_the_failure() {
    let mut options = options();
    options.mutants.swallow_failed_write = true;
    let run =
        |families: &[Family], seed| ledger_run(ledger::Bug::None, options.clone(), families, seed);
    only_this_family_finds(run, &[Family::Crash], Family::DiskFull, Count::FailedWrites);
}

/// Everything that is found by what a lease does not allow for: an answer that comes late.
fn late_answer(family: Family, count: Count) {
    lease_bug(lease::Bug::FromReceipt, &[Family::Loss, Family::Duplicate], family, count);
}

#[test]
//= §4.1.2 slow-node test
fn a_slow_node_finds_who_counts_a_lease_from_its_receipt() {
    late_answer(Family::SlowNode, Count::SlowNodeSpells);
}

#[test]
//= §4.1.2 gc-pauses test
fn stops_of_a_process_find_who_looks_at_the_clock_too_early() {
    let baseline = [Family::Loss, Family::Reorder];
    lease_bug(lease::Bug::FlagByTimer, &baseline, Family::StopTheWorld, Count::StopSpells);
}

#[test]
//= §4.1.2 cpu-throttling test
fn throttling_finds_who_looks_at_the_clock_too_early() {
    let baseline = [Family::Loss, Family::Reorder];
    lease_bug(lease::Bug::FlagByTimer, &baseline, Family::Throttle, Count::ThrottleSpells);
}

#[test]
//= §4.1.2 disk-saturation test
fn a_saturated_disk_finds_who_waits_for_a_time_instead_of_the_disk() {
    let baseline = [Family::LostWrites];
    let family = Family::DiskSaturated;
    ledger_bug(ledger::Bug::AckByTimer, &baseline, family, Count::SaturationSpells);
}

#[test]
//= §4.1.2 tcp-retransmits test
fn segments_sent_again_find_who_counts_a_lease_from_its_receipt() {
    late_answer(Family::SegmentLoss, Count::Retransmits);
}

#[test]
//= §4.1.2 rto-spikes test
fn a_backed_off_connection_finds_who_counts_a_lease_from_its_receipt() {
    late_answer(Family::Blackouts, Count::RetransmitTimeouts);
}

/// A bug of the host, found by a family while the ledger on it has none.
fn host_bug(mutants: Mutants, baseline: &[Family], family: Family, count: Count) {
    let mut options = options();
    options.mutants = mutants;
    let run =
        |families: &[Family], seed| ledger_run(ledger::Bug::None, options.clone(), families, seed);
    only_this_family_finds(run, baseline, family, count);
}

#[test]
//= §4.1.1 crash-stop test
fn a_stop_for_good_finds_who_waits_for_who_was_not_said_to_have_stopped() {
    let baseline = [Family::Crash, Family::FailStop];
    let run = |families: &[Family], seed| {
        let mut outcome = ledger_run(ledger::Bug::WaitForTheLiving, options(), families, seed);
        if !families.contains(&Family::CrashStop) {
            outcome.counters = Counters::default(); // both families count the same
        }
        outcome
    };
    only_this_family_finds(run, &baseline, Family::CrashStop, Count::StoppedForGood);
}

#[test]
//= §4.1.1 fail-stop test
fn a_fail_stop_finds_who_does_not_listen() {
    let baseline = [Family::Crash];
    ledger_bug(ledger::Bug::WaitForAll, &baseline, Family::FailStop, Count::Farewells);
}

#[test]
//= §4.1.1 amnesia test
fn amnesia_finds_a_host_that_starts_on_another_disk() {
    let mutants = Mutants { start_without_memory: true, ..Mutants::default() };
    host_bug(mutants, &[Family::Crash, Family::LostWrites], Family::Amnesia, Count::DisksLost);
}

#[test]
fn subset_writes_find_who_goes_on_with_what_is_left() {
    let baseline = [Family::Crash, Family::LostWrites];
    ledger_bug(ledger::Bug::IgnoreDoubt, &baseline, Family::SubsetWrite, Count::SubsetWrites);
}

#[test]
//= §4.1.3 bit flips in memory, on the wire, on disk test
fn corruption_finds_a_host_that_believes_every_frame() {
    let mutants = Mutants { trust_wire: true, ..Mutants::default() };
    host_bug(mutants, &[Family::Loss, Family::Duplicate], Family::Corrupt, Count::Corrupted);
}

#[test]
fn a_clogged_link_finds_who_counts_a_lease_from_its_receipt() {
    lease_bug(lease::Bug::FromReceipt, &[Family::Loss], Family::Clog, Count::Clogs);
}

#[test]
fn swizzled_clogs_find_who_gives_up() {
    let baseline = [Family::Reorder, Family::Duplicate];
    ledger_bug(ledger::Bug::GiveUp, &baseline, Family::SwizzleClog, Count::SwizzleClogs);
}

#[test]
//= §4.1.2 triangle test
fn a_triangle_finds_who_believes_neighbours() {
    let baseline = [Family::Partition, Family::Loss, Family::Pause];
    let family = Family::Triangle;
    ledger_bug(ledger::Bug::TrustNeighbours, &baseline, family, Count::PartialPartitions);
}

/// No protocol on one disk stands it: the bug is to believe the disk.
#[test]
fn a_lying_sync_finds_who_believes_one_disk() {
    let baseline = [Family::Crash, Family::LostWrites];
    ledger_bug(ledger::Bug::None, &baseline, Family::LyingSync, Count::LiedRecords);
}

#[test]
fn a_lying_checkpoint_finds_a_host_that_goes_on_with_what_is_left() {
    let mutants = Mutants { trust_what_is_left: true, ..Mutants::default() };
    let family = Family::LyingCheckpoint;
    host_bug(mutants, &[Family::Crash, Family::LostWrites], family, Count::LiedCheckpoints);
}

#[test]
fn a_misdirected_write_finds_a_host_that_believes_every_place() {
    let mutants = Mutants { trust_place: true, ..Mutants::default() };
    let family = Family::MisdirectedWrite;
    host_bug(mutants, &[Family::Crash, Family::BitRot], family, Count::MisdirectedWrites);
}

#[test]
fn a_misdirected_read_finds_a_host_that_believes_every_place() {
    let mutants = Mutants { trust_place: true, ..Mutants::default() };
    let family = Family::MisdirectedRead;
    host_bug(mutants, &[Family::Crash, Family::BitRot], family, Count::MisdirectedReads);
}

#[test]
fn a_read_error_finds_a_host_that_takes_it_for_an_absence() {
    let mutants = Mutants { swallow_failed_read: true, ..Mutants::default() };
    host_bug(mutants, &[Family::Crash], Family::ReadError, Count::ReadErrors);
}

#[test]
fn a_wandering_clock_finds_who_orders_by_wall_time() {
    ledger_bug(ledger::Bug::DedupeByWall, &[], Family::ClockWander, Count::ClockWanders);
}

#[test]
fn a_frozen_clock_finds_who_orders_by_wall_time() {
    ledger_bug(ledger::Bug::DedupeByWall, &[], Family::ClockFreeze, Count::ClockFreezes);
}

#[test]
fn a_leap_second_finds_who_orders_by_wall_time() {
    ledger_bug(ledger::Bug::DedupeByWall, &[], Family::LeapSecond, Count::LeapSeconds);
}

#[test]
//= §1.1.2 correlated failure (rack, region) is a named, separate fault test
fn a_rack_outage_finds_who_keeps_its_only_copy_in_the_same_rack() {
    let rack = [[1, 2].map(NodeId).to_vec(), [3].map(NodeId).to_vec()];
    let run = |families: &[Family], seed| {
        let mut world = World::new(seed, options(), memory::neighbours());
        let nemesis = nemesis(3, families).down_at_most(1).racks(rack.to_vec());
        world.play(&nemesis.script(seed));
        world.run_until(&mut memory::Oracle::default(), END);
        Outcome::of(&world)
    };
    only_this_family_finds(run, &[Family::Crash], Family::RackOutage, Count::RackOutages);
}

/// No protocol without evidence stands it: the lists differ, and the oracle says so.
#[test]
//= §4.1.3 malicious: rewriting, equivocation test
fn a_byzantine_node_finds_who_believes_its_word() {
    let baseline = [Family::Corrupt, Family::Loss];
    ledger_bug(ledger::Bug::None, &baseline, Family::Byzantine, Count::Rewritten);
}

/// Every family stands in the table above.
#[test]
//= §1.1.2 independent failure modes test
fn every_family_has_a_bug_that_it_finds() {
    let table = include_str!("families.rs");
    for family in Family::ALL {
        let named = format!("Family::{family:?}");
        let rows = table.split("#[test]").filter(|row| {
            let finds = ["_bug(", "only_this_family", "late_answer("];
            row.contains(&named) && finds.iter().any(|call| row.contains(call))
        });
        assert!(rows.count() > 0, "no test shows a bug that {family} finds");
        let told = include_str!("../../../docs/faults.md").contains(&format!("| `{family}` "));
        assert!(told, "docs/faults.md does not tell of {family}");
    }
}
