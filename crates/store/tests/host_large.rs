//! Values just below etcd's limit, many at once: what is under way stays within what one message
//! and one record can carry, so a follower that fell behind is synchronised, and a restart reads
//! everything back.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests wait for real nodes"
)]

mod host_common;

use avouch_store::wire::client::{Asking, Connection};
use host_common::{Cluster, PATIENCE, put};

const LARGE: usize = 1_400_000;
const WRITES: usize = 40;

#[test]
fn many_large_values_at_once_are_all_written_and_survive_a_restart() {
    let mut cluster = Cluster::start("large", 3);
    let leader = cluster.leader();
    cluster.stop_node(cluster.follower()); // a laggard, and a quorum of two
    let address = cluster.clients[leader as usize - 1].to_string();
    let value = |number: usize| format!("{number:03}").repeat(LARGE / 3);
    let answered: Vec<_> = cluster.runtime.block_on(async {
        let connection = Connection::open(&address, PATIENCE).await.unwrap();
        let write = |number: usize| {
            let (connection, write) =
                (connection.clone(), put(&format!("k{number}"), &value(number)));
            let asking = Asking { deadline: Some(PATIENCE), ..Asking::default() };
            tokio::spawn(async move { connection.ask(write, &asking).await })
        };
        let writing: Vec<_> = (0..WRITES).map(write).collect();
        let mut answered = Vec::new();
        for (number, write) in writing.into_iter().enumerate() {
            if write.await.unwrap().is_ok_and(|told| told.outcome.is_ok()) {
                answered.push(number);
            }
        }
        answered
    });
    // Some may be refused as too many at once; those that were taken were answered.
    assert!(answered.len() >= WRITES / 2, "only {} of {WRITES}", answered.len());
    for node in 1..=3 {
        if cluster.hosts.contains_key(&node) {
            cluster.crash_node(node);
        }
    }
    (1..=3).for_each(|node| cluster.start_node(node));
    cluster.settle();
    for node in 1..=3 {
        for number in answered.iter().copied() {
            let read = cluster.get(node, &format!("k{number}"));
            assert!(read.is_some_and(|read| read == value(number)), "k{number} at n{node}");
        }
    }
}
