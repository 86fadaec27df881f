//! Every accidental flip in a message, a record or a checkpoint is noticed and made good by peers.

use avouch_promise::{Nanos, NodeId};
use avouch_store::campaign::{Plan, run};
use avouch_world::{Count, Fault, Path, Script};

fn calm() -> Plan {
    let (faults_for, calm_for) = (Nanos::from_millis(1_500), Nanos::from_millis(1_500));
    Plan { faults: false, faults_for, calm_for, ..Plan::default() }
}

fn ms(millis: u64) -> Nanos {
    Nanos::from_millis(millis)
}

//= §4.1.3 bit flips in memory, on the wire, on disk test
#[test]
fn bits_flipped_in_messages_are_all_seen_and_cost_a_repetition_only() {
    let mut flipped = 0;
    for seed in 1..=10 {
        let script =
            Script::new().at(Nanos(1), Fault::Corrupt { path: Path::ALL, probability: 0.1 });
        let outcome = run(&Plan { script, ..calm() }, seed);
        assert_eq!(outcome.violation, None, "seed {seed}");
        let counters = &outcome.counters;
        assert_eq!(counters.of(Count::Corrupted), counters.of(Count::CorruptionsSeen));
        flipped += counters.of(Count::Corrupted);
    }
    println!("{flipped} messages with a flipped bit, all of them seen");
    assert!(flipped > 5_000, "only {flipped}");
}

/// A record anywhere in a node's log rots, and the node starts again: unless a checkpoint covers
/// the record it doubts, its peers tell it what it lost, and it answers every read in the end.
//= §4.1.3 accidental, as opposed to malicious test
//= §4.1.3 Byzantine-lite hardening: checksums, peers repair test
#[test]
fn a_rotten_record_at_any_place_is_seen_and_made_good_by_peers() {
    let (mut rotten, mut rejoined) = (0, 0);
    for place in 1..=60 {
        let node = NodeId((place % 5) as u32 + 1);
        let script = Script::new()
            .at(ms(900), Fault::RotRecord { node, seq: None })
            .at(ms(901), Fault::Crash { node })
            .at(ms(950), Fault::Restart { node });
        let outcome = run(&Plan { script, ..calm() }, place);
        assert_eq!(outcome.violation, None, "seed {place}");
        let hit = outcome.counters.of(Count::BitRots);
        rotten += hit;
        rejoined += outcome.counters.named("rejoined").min(hit);
        assert_eq!(
            outcome.counters.of(Count::DoubtfulStarts) > 0,
            outcome.counters.named("rejoined") > 0
        );
    }
    println!("{rotten} records rotted, {rejoined} nodes doubted and rejoined");
    assert!(rotten == 60 && rejoined > 15, "{rotten} rotted, {rejoined} rejoined");
}

#[test]
fn a_rotten_checkpoint_is_seen_and_made_good_by_peers() {
    let (mut rotten, mut rejoined) = (0, 0);
    for seed in 1..=20 {
        let node = NodeId((seed % 5) as u32 + 1);
        let script = Script::new()
            .at(ms(1_200), Fault::RotCheckpoint { node })
            .at(ms(1_201), Fault::Crash { node })
            .at(ms(1_250), Fault::Restart { node });
        let outcome = run(&Plan { script, ..calm() }, seed);
        assert_eq!(outcome.violation, None, "seed {seed}");
        rotten += outcome.counters.of(Count::BitRots);
        rejoined += outcome.counters.named("rejoined");
    }
    println!("{rotten} checkpoints rotted, {rejoined} nodes rejoined");
    assert!(rotten > 5 && rejoined == rotten, "{rotten} rotted, {rejoined} rejoined");
}
