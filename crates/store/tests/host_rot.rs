//! Bytes that flip on a stopped node's disk: found at the next start, and repaired from peers or
//! refused; never served.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests wait for real nodes"
)]

mod host_common;

use avouch_promise::{Blame, Random};
use avouch_store::host::{Host, HostConfig};
use avouch_store::wire::client::Asking;
use host_common::{Cluster, get, repro, until, value_of};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Small files and few entries in memory, so that every way of catching up is taken.
fn small(config: &mut HostConfig) {
    config.segment_bytes = 64 << 10;
    config.node.checkpoint_entries = 25;
    config.node.log.bounds.memory = 8;
    config.node.log.bounds.chunk = 2 << 10;
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("log-") || name.starts_with("checkpoint-") || name == "identity"
        })
        .collect();
    files.sort();
    files
}

/// Flips one bit of what was written, mostly of a record rather than of the zeros that pad it to a
/// whole block; says where.
fn flip(path: &Path, random: &mut Random) -> String {
    let mut content = std::fs::read(path).unwrap();
    let written: Vec<usize> = (0..content.len()).filter(|at| content[*at] != 0).collect();
    let used = written.last().unwrap() + 1;
    let anywhere = random.below(used as u64) as usize;
    let at = if random.chance(0.8) { *random.pick(&written).unwrap() } else { anywhere };
    content[at] ^= 1 << random.below(8);
    std::fs::write(path, content).unwrap();
    format!("{} at byte {at} of {used}", path.file_name().unwrap().to_string_lossy())
}

struct Story {
    cluster: Cluster,
    /// What every key holds.
    truth: BTreeMap<String, u64>,
    count: u64,
    flips: String,
}

impl Story {
    /// Writes some keys again, with the largest value so far.
    fn write(&mut self, nodes: &[u32], writes: u64) {
        for _ in 0..writes {
            self.count += 1;
            let key = format!("key-{}", self.cluster.random.below(20));
            let value = format!("{:0>300}", self.count);
            let node = nodes[self.count as usize % nodes.len()];
            self.cluster.put(node, &key, &value);
            self.truth.insert(key, self.count);
        }
    }

    /// What `node` says now, wherever it stands: never a value that was not written to that key,
    /// and never one from the future. Whether it is all of the present.
    fn look(&self, node: u32) -> bool {
        let eventual = Asking { guarantee: Some("eventual".into()), ..Asking::default() };
        let mut present = true;
        for (key, count) in &self.truth {
            let seen = value_of(&self.cluster.ask(node, &get(key), &eventual));
            let seen = seen.map(|text| {
                assert_eq!(text.len(), 300, "{key}: {text}; {}", self.flips);
                text.parse::<u64>().unwrap_or_else(|_| panic!("{key}: {text}; {}", self.flips))
            });
            assert!(seen <= Some(*count), "{key}: {seen:?} after {count}; {}", self.flips);
            present &= seen == Some(*count);
        }
        present
    }

    fn notes(&self, node: u32) -> String {
        self.cluster.hosts[&node].handle().take_notes().join("\n")
    }
}

#[test]
fn flipped_bytes_are_found_and_repaired_from_peers() {
    let seed = Random::seed_from_environment();
    let repro = repro("host_rot", "flipped_bytes_are_found_and_repaired_from_peers", seed);
    let cluster = Cluster::start_tuned("rot", 3, small);
    let flips = String::new();
    let mut story = Story { cluster, truth: BTreeMap::new(), count: 0, flips };
    story.write(&[1, 2, 3], 70);
    let (mut found, mut refused, mut installed) = (0, 0, 0);
    let rounds = 12;
    for round in 0..rounds {
        let node = story.cluster.random.between(1, 3) as u32;
        let others: Vec<u32> = (1..=3).filter(|other| *other != node).collect();
        story.cluster.settle();
        story.cluster.stop_node(node);
        let folder = story.cluster.data(node);
        let files = files(&folder);
        // Every kind of file has its turn; the identity file is small and copied in the log.
        let kind = ["checkpoint-", "log-", "log-", "identity"][round % 4];
        let of_kind = |path: &&PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind))
        };
        let path = files.iter().rfind(of_kind).unwrap_or(&files[0]).clone();
        let whole = std::fs::read(&path).unwrap();
        let damage = flip(&path, &mut story.cluster.random);
        story.flips = format!("round {round}: n{node}'s {damage}; {repro}");
        if round % 3 == 1 {
            story.write(&others, 40); // so far that its peers have only a checkpoint for it
        }
        match Host::start(story.cluster.config(node)) {
            Ok(host) => {
                story.cluster.hosts.insert(node, host);
            }
            Err(error) => {
                assert_eq!(error.blame, Blame::Corrupt, "{error}; {}", story.flips);
                assert!(!error.hint.is_empty(), "{error}");
                refused += 1;
                std::fs::write(&path, whole).unwrap(); // from the copy that the hint asks for
                story.cluster.start_node(node);
            }
        }
        until(&format!("n{node} to catch up; {}", story.flips), || story.look(node).then_some(()));
        let notes = story.notes(node);
        found += u32::from(notes.contains("damaged") || notes.contains("torn"));
        installed += u32::from(notes.contains("took a peer's checkpoint"));
        // With one peer away it must be a full voter again.
        let away = others[0];
        story.cluster.stop_node(away);
        story.write(&[node], 3);
        story.cluster.start_node(away);
        story.cluster.settle();
    }
    println!(
        "{rounds} flips: {found} reported, {refused} refused, {installed} checkpoints fetched"
    );
    assert!(found >= 3, "only {found} of {rounds} flips were noticed; {repro}");
    // Nothing of the damage is left where a checkpoint has been taken since.
    story.write(&[1, 2, 3], 60);
    story.cluster.settle();
    for node in 1..=3 {
        story.cluster.stop_node(node);
        story.cluster.start_node(node);
        let notes = story.notes(node);
        assert!(!notes.contains("damaged"), "n{node}: {notes}; {repro}");
        until("the state", || story.look(node).then_some(()));
    }
}

#[test]
fn a_node_whose_checkpoint_is_lost_fetches_another() {
    let cluster = Cluster::start_tuned("lost-checkpoint", 3, small);
    let flips = String::new();
    let mut story = Story { cluster, truth: BTreeMap::new(), count: 0, flips };
    story.write(&[1, 2, 3], 120);
    story.cluster.settle();
    let node = story.cluster.follower();
    until("a checkpoint", || {
        let files = files(&story.cluster.data(node));
        let image = |path: &PathBuf| path.to_string_lossy().ends_with(".image");
        files.iter().any(image).then_some(())
    });
    story.cluster.stop_node(node);
    for path in files(&story.cluster.data(node)) {
        if path.to_string_lossy().ends_with(".image") {
            story.flips = flip(&path, &mut story.cluster.random);
        }
    }
    story.cluster.start_node(node);
    until("what the peers know", || story.look(node).then_some(()));
    let notes = story.notes(node);
    assert!(notes.contains("checkpoint before record") && notes.contains("damaged"), "{notes}");
    assert!(notes.contains("votes again"), "{notes}");
}

#[test]
fn a_log_that_ends_before_its_checkpoint_is_noticed_and_goes_on_behind_it() {
    let cluster = Cluster::start_tuned("short", 3, |config| {
        small(config);
        config.segment_bytes = 1 << 20;
    });
    let flips = String::new();
    let mut story = Story { cluster, truth: BTreeMap::new(), count: 0, flips };
    story.write(&[1, 2, 3], 60);
    story.cluster.settle();
    let node = story.cluster.follower();
    story.cluster.stop_node(node);
    // The disk forgets all that stood in the one segment, as if it had never been written.
    let mut forgotten = 0;
    for path in files(&story.cluster.data(node)) {
        if path.to_string_lossy().contains("log-") {
            let mut content = std::fs::read(&path).unwrap();
            content[8192..].fill(0);
            std::fs::write(&path, content).unwrap();
            forgotten += 1;
        }
    }
    assert!(forgotten > 0);
    story.cluster.start_node(node);
    let notes = story.notes(node);
    assert!(notes.contains("the log ends before record"), "{notes}");
    until("what the peers know", || story.look(node).then_some(()));
    // Several checkpoints later, and after another start, nothing stands in anybody's way.
    for _ in 0..2 {
        story.write(&[1, 2, 3], 60);
        story.cluster.settle();
        story.cluster.stop_node(node);
        story.cluster.start_node(node);
        until("the state", || story.look(node).then_some(()));
    }
    let notes = story.notes(node);
    assert!(!notes.contains("damaged") && !notes.contains("ends before"), "{notes}");
}

#[test]
fn a_sole_voter_with_damage_refuses_to_start() {
    let seed = Random::seed_from_environment();
    let repro = repro("host_rot", "a_sole_voter_with_damage_refuses_to_start", seed);
    let mut cluster = Cluster::start("sole", 1);
    for count in 0..30 {
        cluster.put(1, "k", &format!("{count:0>300}"));
    }
    cluster.stop_node(1);
    let log =
        files(&cluster.data(1)).into_iter().find(|path| path.to_string_lossy().contains("log-"));
    let log = log.unwrap();
    let whole = std::fs::read(&log).unwrap();
    let mut refused = 0;
    for _ in 0..6 {
        let damage = flip(&log, &mut cluster.random);
        match Host::start(cluster.config(1)) {
            Err(error) => {
                assert_eq!(error.blame, Blame::Corrupt, "{error}; {damage}; {repro}");
                refused += 1;
            }
            Ok(host) => {
                // What was hit means nothing, or stands twice: then everything is there.
                cluster.hosts.insert(1, host);
                let value = cluster.get(1, "k");
                assert_eq!(value, Some(format!("{:0>300}", 29)), "{damage}; {repro}");
                cluster.stop_node(1);
            }
        }
        std::fs::write(&log, &whole).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(refused > 0, "no flip was refused; {repro}");
    cluster.start_node(1);
    assert_eq!(cluster.get(1, "k"), Some(format!("{:0>300}", 29)));
}

/// Where `needle` stands in the newest segment of the log; changes the file there.
fn at_needle(folder: &Path, needle: &str, change: impl Fn(&mut [u8], usize)) {
    let log = files(folder).into_iter().rfind(|path| path.to_string_lossy().contains("log-"));
    let log = log.unwrap();
    let mut content = std::fs::read(&log).unwrap();
    let at = content.windows(needle.len()).rposition(|part| part == needle.as_bytes()).unwrap();
    change(&mut content, at);
    // In place: a running node has the file open.
    let file = std::fs::File::options().write(true).open(&log).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &content, 0).unwrap();
    file.sync_all().unwrap();
}

#[test]
fn a_running_node_that_is_idle_finds_what_flipped_under_it() {
    let cluster = Cluster::start("scrub", 3);
    cluster.put(1, "k", "a-needle-in-the-log");
    cluster.settle();
    let node = cluster.follower();
    at_needle(&cluster.data(node), "a-needle-in-the-log", |content, at| content[at] ^= 4);
    let mut notes = String::new();
    until("the scrub", || {
        notes += &cluster.hosts[&node].handle().take_notes().join("\n");
        notes.contains("is damaged").then_some(())
    });
    // The next entry brings a checkpoint that does not need the damaged record.
    cluster.put(1, "l", "more");
    until("a checkpoint", || {
        let image = |path: &PathBuf| path.to_string_lossy().ends_with(".image");
        files(&cluster.data(node)).iter().any(image).then_some(())
    });
    assert_eq!(cluster.get(node, "k").as_deref(), Some("a-needle-in-the-log"));
}

#[test]
fn a_sole_voter_with_a_torn_end_starts_on_its_operators_word() {
    let mut cluster = Cluster::start("torn", 1);
    cluster.put(1, "k", "first");
    cluster.put(1, "k", "a-torn-needle");
    cluster.stop_node(1);
    // As a power failure leaves it: half of the last group, and nothing behind it.
    at_needle(&cluster.data(1), "a-torn-needle", |content, at| content[at + 3..].fill(0));
    let Err(error) = Host::start(cluster.config(1)) else {
        panic!("it starts in doubt, with nobody to ask")
    };
    assert_eq!(error.blame, Blame::Corrupt, "{error}");
    assert!(error.hint.contains("accept-torn-tail"), "{error}");
    cluster.tune = |config| config.accept_torn_tail = true;
    cluster.start_node(1);
    assert_eq!(cluster.get(1, "k").as_deref(), Some("first"));
    cluster.put(1, "k", "third");
    cluster.stop_node(1);
    cluster.tune = |_| {};
    cluster.start_node(1);
    assert_eq!(cluster.get(1, "k").as_deref(), Some("third"));
}
