//! Real nodes that stop in good order: the others go on without an election timeout.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests wait for real nodes"
)]

mod host_common;

use avouch_agreement::Mutant;
use avouch_promise::{Nanos, NodeId};
use avouch_store::host::HostConfig;
use host_common::{Cluster, until};
use std::time::{Duration, Instant};

/// Long against everything else here, so that a machine under load does not look like an election.
const PERIOD: Duration = Duration::from_secs(2);

fn slow_election(config: &mut HostConfig) {
    config.node.log.timing.election = Nanos::from_secs(PERIOD.as_secs());
}

/// Stops the leader of three; how long until the others follow another one.
fn gap(test: &str, tune: fn(&mut HostConfig), stop: fn(&mut Cluster, u32)) -> Duration {
    let mut cluster = Cluster::start_tuned(test, 3, tune);
    let leader = cluster.leader();
    cluster.put(leader, "before", "1");
    // Everyone has ended a period in which it heard the others.
    std::thread::sleep(PERIOD * 3 / 2);
    assert_eq!(cluster.leader(), leader, "nothing happened, so nothing changes");
    let start = Instant::now();
    stop(&mut cluster, leader);
    let other = cluster.hosts.keys().next().copied().unwrap();
    until("another leader", || {
        let status = cluster.status(other).leader;
        status.filter(|node| *node != NodeId(leader)).filter(|node| {
            // It leads, and does not only try to.
            cluster.status(node.0).leader == Some(*node)
        })
    });
    let gap = start.elapsed();
    cluster.put(other, "after", "2");
    assert_eq!(cluster.get(other, "before").as_deref(), Some("1"));
    println!("{test}: another leader after {} ms", gap.as_millis());
    gap
}

//= §4.1.1 fail-stop test
#[test]
fn a_leader_that_is_stopped_hands_over_without_an_election_timeout() {
    let gap = gap("farewell", slow_election, Cluster::stop_node);
    assert!(gap < PERIOD / 2, "{gap:?}");
}

#[test]
fn one_that_is_killed_or_not_listened_to_is_missed_for_a_timeout() {
    let killed = gap("no-farewell", slow_election, Cluster::crash_node);
    assert!(killed > PERIOD / 2, "{killed:?}: the test above tells nothing apart");
    let unheard = gap(
        "deaf",
        |config| {
            slow_election(config);
            config.node.log.mutant = Some(Mutant::IgnoreFarewell);
        },
        Cluster::stop_node,
    );
    assert!(unheard > PERIOD / 2, "{unheard:?}: the planted bug survived");
}
