//! Real nodes: founded with `init`, one process each with `serve`; one dies and nothing is lost.
//! Configurations that are broken or contradict themselves are refused with their line.

use crate::place::{Place, Running};
use std::net::TcpListener;
use std::time::Duration;

/// So many free pairs of ports, a client's and the next one for peers. They are free now; whoever
/// takes one before the node does fails the test with a clear word.
pub(crate) fn free_pairs(count: usize) -> Vec<u16> {
    let mut pairs = Vec::new();
    let mut held = Vec::new();
    while pairs.len() < count {
        let first = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        let Some(next) = port.checked_add(1) else { continue };
        if let Ok(second) = TcpListener::bind(("127.0.0.1", next)) {
            pairs.push(port);
            held.push((first, second));
        }
    }
    pairs
}

pub(crate) fn init(place: &Place) {
    let nodes = free_pairs(3);
    let mut arguments = vec!["init".to_owned(), "--data".to_owned(), "nodes".to_owned()];
    for port in nodes {
        arguments.extend(["--node".to_owned(), format!("127.0.0.1:{port}")]);
    }
    place.avouch(&arguments).well();
}

pub(crate) fn serve(place: &Place, number: usize) -> Running {
    place.start(&["serve", "--config", &format!("nodes/n{number}/node.toml")])
}

#[test]
fn three_processes_serve_and_one_may_be_killed() {
    let place = Place::new("nodes");
    init(&place);
    let mut nodes: Vec<_> = (1..=3).map(|number| serve(&place, number)).collect();
    for number in 1..=3 {
        let near = format!("n{number}");
        let value = number.to_string();
        place.avouch(&["put", "a", &value, "--near", &near, "--evidence", "e"]).well();
        assert_eq!(place.avouch(&["get", "a", "--near", &near]).well(), format!("{value}\n"));
    }
    nodes.remove(0).kill();
    let told = place.avouch(&["get", "a", "--near", "n1", "--evidence", "e"]);
    assert!(told.err.contains("before that n1 gave no answer"), "{told:?}");
    assert_eq!(told.well(), "3\n");
    nodes.remove(0).kill();
    let alone = place.avouch(&["put", "a", "4", "--deadline", "3s"]);
    assert_eq!(alone.code, 2, "one of three may not write, and cannot know: {alone:?}");
    let weak = ["get", "a", "--guarantee", "eventual", "--near", "n3"];
    assert_eq!(place.avouch(&weak).well(), "3\n", "a weaker guarantee is still served");
    let again: Vec<_> = (1..=2).map(|number| serve(&place, number)).collect();
    let after = place.avouch(&["get", "a", "--evidence", "e"]).well();
    assert!(after == "3\n" || after == "4\n", "{after}");
    for node in again.into_iter().chain(nodes) {
        assert_eq!(node.stop(), 0);
    }
    place.avouch(&["verify", "e"]).well();
}

//= §4.1.1 fail-stop test
#[test]
#[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "what a user waits for")]
fn nodes_that_are_restarted_one_after_another_say_farewell() {
    let place = Place::new("rolling");
    init(&place);
    // A leader that is missed is missed for two periods at least: long ones, so that a disk that
    // stalls is not taken for that.
    let period = Duration::from_secs(5);
    for number in 1..=3 {
        let path = place.path(&format!("nodes/n{number}/node.toml"));
        let sound = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, sound.replace("\"500ms\"", "\"5s\"")).unwrap();
    }
    let mut nodes: Vec<_> = (1..=3).map(|number| Some(serve(&place, number))).collect();
    place.avouch(&["put", "a", "0"]).well();
    for number in 1..=3 {
        std::thread::sleep(Duration::from_secs(1));
        let start = std::time::Instant::now();
        let node = nodes[number - 1].take().unwrap();
        node.signal("-TERM");
        assert_eq!(node.wait(), 0);
        let near = format!("n{}", number % 3 + 1);
        place.avouch(&["put", "a", &number.to_string(), "--near", &near]).well();
        let waited = start.elapsed();
        println!("n{number} restarts: a write is answered after {} ms", waited.as_millis());
        assert!(waited < period, "{waited:?} without n{number}");
        nodes[number - 1] = Some(serve(&place, number));
    }
    assert_eq!(place.avouch(&["get", "a"]).well(), "3\n");
}

#[test]
fn a_broken_configuration_is_refused_with_its_line() {
    let place = Place::new("configurations");
    init(&place);
    let path = place.path("nodes/n1/node.toml");
    let sound = std::fs::read_to_string(&path).unwrap();
    let client = sound.lines().find(|line| line.starts_with("client")).unwrap().to_owned();
    let peer = sound.lines().find(|line| line.starts_with("peer ")).unwrap().to_owned();
    for (from, to, told) in [
        ("node = \"n1\"", "node = \"n2\"", "node.toml line 2"),
        ("node = \"n1\"", "node = \"n9\"", "it names n1 n2 n3"),
        ("node = \"n1\"", "", "missing field `node`"),
        ("election-period = \"500ms\"", "election-period = \"soon\"", "250ms"),
        (
            "election-period = \"500ms\"",
            "election-perod = \"500ms\"",
            "did you mean `election-period`?",
        ),
        ("# quota = \"2GiB\"", "quota = \"2 barrels\"", "64MiB"),
        ("# record = \"sampled\"", "record = \"some\"", "`full`"),
        ("[peers]", "[peers", "node.toml line "),
        ("n2 = ", "n7 = ", "it names n1 n2 n3"),
        (&client, "client = \"nowhere\"", "host:port"),
        (&peer, &client.replace("client", "peer"), "clients and peers have a port each"),
        ("data = \".\"", "data = \"../n2\"", "own"),
        ("data = \".\"", "data = \"../absent\"", "absent"),
    ] {
        assert!(sound.contains(from), "{from} in {sound}");
        std::fs::write(&path, sound.replacen(from, to, 1)).unwrap();
        let ran = place.avouch(&["serve", "--config", "nodes/n1/node.toml"]);
        assert_eq!(ran.code, 3, "{to}: {ran:?}");
        assert!(ran.err.contains(told), "{to} should be told {told}: {ran:?}");
    }
    let again = place.avouch(&["init", "--data", "nodes", "--node", "127.0.0.1:9"]);
    assert!(again.code == 3 && again.err.contains("another folder"), "{again:?}");
    let twice = ["init", "--data", "x", "--node", "127.0.0.1:9", "--node", "127.0.0.1:10"];
    let twice = place.avouch(&twice);
    assert!(twice.code == 3 && twice.err.contains("127.0.0.1:10 twice"), "{twice:?}");
}

#[test]
fn a_node_that_is_alone_says_what_it_waits_for() {
    let place = Place::new("alone");
    init(&place);
    let wait = "avouch serve --config nodes/n1/node.toml 2> err & \
        for i in $(seq 600); do grep -q 'no leader' err && break; sleep 0.1; done; \
        kill -TERM $!; wait $!; code=$?; cat err >&2; exit $code";
    let told = place.runs("sh", &["-c", wait]);
    assert!(told.err.contains("n1: no leader: waiting until a majority"), "{told:?}");
    assert!(told.code == 0 && told.err.contains("stopped"), "{told:?}");
}

/// Leaves bytes of a write that never ended behind the end of a node's log.
fn tear(place: &Place, folder: &str) {
    let segments = std::fs::read_dir(place.path(folder)).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name.starts_with("log-") && name.ends_with(".segment")).then_some(path)
    });
    let newest = segments.max().unwrap();
    let mut content = std::fs::read(&newest).unwrap();
    let end = content.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let next = end.next_multiple_of(4096);
    content[next..next + 100].fill(0x5a);
    std::fs::write(&newest, content).unwrap();
}

#[test]
fn a_sole_voter_with_a_torn_end_starts_once_its_operator_says_so() {
    let place = Place::new("torn");
    let address = format!("127.0.0.1:{}", free_pairs(1)[0]);
    place.avouch(&["init", "--data", "nodes", "--node", &address]).well();
    let node = serve(&place, 1);
    place.avouch(&["put", "a", "1"]).well();
    node.kill();
    tear(&place, "nodes/n1");
    let refused = place.avouch(&["serve", "--config", "nodes/n1/node.toml"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    let member = "accept-torn-tail = true";
    assert!(refused.err.contains(member), "the hint names it: {refused:?}");
    let path = place.path("nodes/n1/node.toml");
    let sound = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, sound.replacen("[peers]", &format!("{member}\n[peers]"), 1)).unwrap();
    let node = serve(&place, 1);
    assert_eq!(place.avouch(&["get", "a"]).well(), "1\n", "what was acknowledged is there");
    assert_eq!(node.stop(), 0);
    std::fs::write(&path, sound).unwrap();
    assert_eq!(serve(&place, 1).stop(), 0, "it is settled, and needs no word any more");
}
