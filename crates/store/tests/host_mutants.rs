//! Bugs planted in the host, each caught by what the other tests hold; and the same story without
//! the bug, which goes well.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests wait for real nodes"
)]

mod host_common;

use avouch_promise::evidence::Item;
use avouch_promise::{Nanos, WallTime};
use avouch_store::clock::Source;
use avouch_store::host::{HostConfig, HostMutant};
use avouch_store::wire::client::Asking;
use host_common::{Cluster, Tune, get, put, until};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// All nodes crash at once, right after a write was acknowledged: is it there afterwards?
fn survives_a_crash(test: &str, tune: Tune) -> bool {
    let mut cluster = Cluster::start_tuned(test, 3, tune);
    for count in 0..10 {
        cluster.put(1, "k", &count.to_string());
    }
    (1..=3).for_each(|node| cluster.crash_node(node));
    (1..=3).for_each(|node| cluster.start_node(node));
    cluster.get(2, "k").as_deref() == Some("9")
}

#[test]
fn acknowledged_before_the_sync_is_lost_in_a_crash() {
    assert!(survives_a_crash("sync", |_| {}));
    assert!(!survives_a_crash("skip-sync", |config| config.mutant = HostMutant::SkipSync));
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

/// Whether the wall interval of an answer lies between the asking and the receiving of it.
fn clock_is_fresh(test: &str, tune: Tune) -> bool {
    let mut cluster = Cluster::start_tuned(test, 1, tune);
    cluster.put(1, "k", "v");
    let mut fresh = true;
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(7)); // the node waits meanwhile
        let before = now();
        let item: Item = cluster.ask_verified(1, &get("k"), "eventual");
        let wall = item.verify(&cluster.trust).wall.unwrap().interval;
        assert_ne!(wall.earliest, WallTime(i64::MIN), "the clock has a bound");
        fresh &= before <= wall.latest.0 && wall.earliest.0 <= now();
    }
    fresh
}

#[test]
fn a_clock_that_was_read_before_the_request_came_shows_in_the_evidence() {
    let bound = |config: &mut HostConfig| config.clock = Source::Stated(Nanos::from_micros(1));
    assert!(clock_is_fresh("clock", bound));
    assert!(!clock_is_fresh("stale-clock", |config| {
        config.clock = Source::Stated(Nanos::from_micros(1));
        config.mutant = HostMutant::StaleClock;
    }));
}

/// Two of three nodes lose what they acknowledged to rot while all are down, and only those two
/// start. Gives what a linearizable read says, if it gets an answer at all.
fn two_rotten(test: &str, tune: Tune) -> Result<Option<String>, String> {
    let mut cluster = Cluster::start_tuned(test, 3, tune);
    for count in 0..10 {
        cluster.put(1, "k", &count.to_string());
    }
    cluster.settle();
    (1..=3).for_each(|node| cluster.stop_node(node));
    for node in [1, 2] {
        for entry in std::fs::read_dir(cluster.data(node)).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("log-") {
                let mut content = std::fs::read(&path).unwrap();
                // Every block but the two copies of the header has a record's byte flipped: one
                // that is not zero, wherever the record's fields put it.
                for block in content.chunks_mut(4096).skip(2) {
                    let written = block.iter_mut().skip(200).take(64).find(|byte| **byte != 0);
                    if let Some(byte) = written {
                        *byte ^= 1 << 3;
                    }
                }
                std::fs::write(&path, content).unwrap();
            }
        }
        cluster.start_node(node);
    }
    let asking = Asking { deadline: Some(Duration::from_secs(2)), ..Asking::default() };
    let mut asked = Err(String::new());
    for _ in 0..3 {
        asked = asked.or_else(|_| cluster.try_ask(1, &get("k"), &asking));
    }
    if asked.is_err() {
        let errors = until("doubt in the status", || {
            let errors = cluster.status(1).errors;
            (!errors.is_empty()).then_some(errors)
        });
        assert!(errors.iter().any(|error| error.contains("lost the tail")), "{errors:?}");
    }
    asked.map(|told| host_common::value_of(&told))
}

#[test]
fn nodes_that_lost_what_they_acknowledged_do_not_answer_among_themselves() {
    assert!(two_rotten("rotten", |_| {}).is_err());
    let hidden = two_rotten("hidden", |config| config.mutant = HostMutant::HideDamage);
    assert!(hidden.is_ok_and(|seen| seen.as_deref() != Some("9")), "the damage was served");
}

#[test]
fn a_retry_with_the_same_name_is_carried_out_once() {
    use avouch_promise::RequestId;
    use avouch_store::wire::metadata::Name;
    let cluster = Cluster::start("retry", 3);
    let name = Name { id: RequestId { client: 77, sequence: 1 }, settled: 1 };
    let asking = Asking { name: Some(name), ..Asking::default() };
    let first = cluster.ask(1, &put("k", "v"), &asking);
    cluster.put(2, "k", "later");
    let again = cluster.ask(3, &put("k", "v"), &asking);
    assert_eq!(first.outcome, again.outcome, "the same answer, with the same revision");
    assert_eq!(cluster.get(1, "k"), Some("later".into()));
}
