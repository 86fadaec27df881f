//! A node whose log is gone is not a new node: it may have promised and acknowledged what it knows
//! nothing of, so it is refused, whatever of its folder is left.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests wait for real nodes"
)]

mod host_common;

use avouch_promise::Blame;
use avouch_store::host::{Host, KEY_FILE, TRUST_FILE};
use host_common::Cluster;

//= §4.1.1 amnesia on restart test
#[test]
fn a_founded_node_without_its_log_does_not_start_as_a_new_one() {
    let mut cluster = Cluster::start("amnesia", 3);
    cluster.put(cluster.leader(), "k", "v");
    cluster.settle();
    let node = cluster.follower();
    for keeps_identity in [true, false] {
        cluster.stop_node(node);
        let folder = cluster.data(node);
        let away = folder.with_extension("away");
        std::fs::create_dir_all(&away).unwrap();
        let mut moved = Vec::new();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let stays = [KEY_FILE, TRUST_FILE].contains(&name.as_str())
                || (keeps_identity && name == "identity");
            if !stays {
                std::fs::rename(&path, away.join(&name)).unwrap();
                moved.push(name);
            }
        }
        let refused = Host::start(cluster.config(node)).err().expect("a node without memory");
        assert_eq!(refused.blame, Blame::Corrupt, "{refused}");
        assert!(refused.hint.contains("must not take part"), "{refused}");
        for name in moved {
            std::fs::rename(away.join(&name), folder.join(&name)).unwrap();
        }
        cluster.start_node(node);
        assert_eq!(cluster.get(node, "k").as_deref(), Some("v"), "with its log it is back");
    }
}
