//! Nodes that take their time from a server on loopback: what their evidence says of the clock, and
//! what becomes of each guarantee when the clock loses its bound.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests wait for real nodes"
)]

mod host_common;

use avouch_promise::evidence::{Check, Item, Judgement, Kind, Verdict};
use avouch_promise::{Basis, Class, Lack, Nanos, WallTime};
use avouch_store::clock::{Source, source};
use avouch_store::host::HostConfig;
use avouch_store::node::NodeMutant;
use avouch_store::wire::ask::Ask as _;
use avouch_store::wire::client::Asking;
use avouch_time::ntp::{NtpStamp, Packet};
use host_common::{Cluster, Tune, get, until, until_ok};
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// An NTP server of this test, whose clock the test sets.
struct TimeServer {
    address: String,
    restless: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

impl TimeServer {
    fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let (restless, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (steps, stopped) = (Arc::clone(&restless), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut ahead = 0;
            while !stopped.load(Ordering::Relaxed) {
                if answer(&socket, ahead) && steps.load(Ordering::Relaxed) {
                    ahead += 10_000_000_000;
                }
            }
        });
        Self { address, restless, stop }
    }
    /// Its clock steps by ten seconds after each answer, or does so no more.
    fn steps(&self, restless: bool) {
        self.restless.store(restless, Ordering::Relaxed);
    }
}

impl Drop for TimeServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn answer(socket: &UdpSocket, ahead: i64) -> bool {
    let mut bytes = [0; 512];
    let Ok((length, from)) = socket.recv_from(&mut bytes) else { return false };
    let clock = || NtpStamp::at(WallTime(now() + ahead));
    let receive = clock();
    let request = Packet::decode(&bytes[..length]).unwrap();
    let mut packet = request.answered(receive, Nanos(15_000));
    packet.transmit = clock();
    socket.send_to(&packet.encode(), from).is_ok()
}

/// The server that the nodes of all tests here ask; each test that moves it has its own.
fn asks(config: &mut HostConfig, server: &str) {
    config.clock = Source::Servers {
        trust: None,
        names: vec![server.to_owned()],
        drift: source::DRIFT,
        poll: Duration::from_millis(50),
    };
}

/// What a node answers within a while, with evidence; or why not.
fn ask(cluster: &mut Cluster, node: u32, guarantee: &str) -> Result<Judgement, String> {
    ask_for(cluster, node, guarantee, 2)
}

/// The same within so many seconds.
fn ask_for(
    cluster: &mut Cluster,
    node: u32,
    guarantee: &str,
    seconds: u64,
) -> Result<Judgement, String> {
    let nonce = cluster.nonce();
    let asking = Asking {
        guarantee: Some(guarantee.into()),
        nonce: Some(nonce),
        evidence: true,
        deadline: Some(Duration::from_secs(seconds)),
        ..Asking::default()
    };
    let told = cluster.try_ask(node, &get("k"), &asking)?;
    let carried = told.carried.ok_or("no evidence")?;
    let (request, response, evidence) = (carried.request, carried.response, carried.evidence);
    Ok(Item { request, response, evidence, nonce: Some(nonce) }.verify(&cluster.trust))
}

/// The same, once a node answers from a beacon.
fn ask_by_clock(cluster: &mut Cluster, node: u32, guarantee: &str) -> Judgement {
    until("an answer by a clock", || {
        let judgement = ask(cluster, node, guarantee).ok()?;
        (judgement.kind == Some(Kind::StalenessByTime)).then_some(judgement)
    })
}

#[test]
fn evidence_shows_the_bound_that_the_node_measured() {
    static SERVER: OnceLock<TimeServer> = OnceLock::new();
    SERVER.get_or_init(TimeServer::start);
    let tune: Tune = |config| asks(config, &SERVER.get().unwrap().address);
    let mut cluster = Cluster::start_tuned("measured", 1, tune);
    cluster.put(1, "k", "v");
    let before = now();
    let judgement = ask_by_clock(&mut cluster, 1, "bounded-staleness=10s");
    assert_eq!(judgement.verdict, Verdict::Holds, "{judgement}");
    let wall = judgement.wall.unwrap();
    let sole = Basis::Measured { agreeing: 1, heard: 1, sources: 1, drift_ppb: 50_000 };
    assert_eq!((wall.basis, wall.basis.class()), (sole, Class::Hard));
    assert!(before <= wall.interval.latest.0 && wall.interval.earliest.0 <= now(), "{wall}");
    let told = judgement.to_string();
    assert!(told.contains("clock of n1: +- "), "{told}");
    assert!(told.contains(", hard: one time server alone, a drift of at most 50 ppm"), "{told}");
    assert!(told.contains("n1's clock keeps its bound"), "{told}");
    // So does its page of metrics.
    let gauges = cluster.hosts[&1].handle().gauges();
    let bounded = gauges.iter().find(|gauge| gauge.name == "avouch_node_clock_bounded").unwrap();
    assert_eq!(bounded.labels, [("class", "hard".to_owned())]);
    assert!(gauges.iter().any(|gauge| gauge.name == "avouch_node_clock_epsilon_seconds"));
}

#[test]
fn a_node_without_a_source_says_so_and_serves_bounded_staleness_without_its_clock() {
    let mut cluster = Cluster::start("sourceless", 1);
    cluster.put(1, "k", "v");
    for _ in 0..3 {
        let judgement = ask(&mut cluster, 1, "bounded-staleness=10s").unwrap();
        assert_eq!((judgement.verdict, judgement.kind), (Verdict::Holds, Some(Kind::ReadIndex)));
        assert_eq!(judgement.wall.unwrap().basis, Basis::None(Lack::NoSource));
        let json = judgement.to_json();
        assert_eq!(json["clock"]["class"], "none");
        assert_eq!(json["clock"]["reason"], "no source of time is configured");
    }
    let gauges = cluster.hosts[&1].handle().gauges();
    let bounded = gauges.iter().find(|gauge| gauge.name == "avouch_node_clock_bounded").unwrap();
    assert_eq!((bounded.value, bounded.labels[0].1.as_str()), (0.0, "none"));
}

/// What becomes of a node alone: its clock was good when the others still were there, then they
/// stop; and then, perhaps, its server contradicts itself.
fn alone(test: &str, tune: Tune, server: &TimeServer, withdrawn: bool) -> Cluster {
    let mut cluster = Cluster::start_tuned(test, 3, tune);
    cluster.put(1, "k", "v");
    let node = cluster.follower();
    ask_by_clock(&mut cluster, node, "bounded-staleness=1000s");
    for other in (1..=3).filter(|other| *other != node) {
        cluster.stop_node(other);
    }
    if withdrawn {
        server.steps(true);
        until("a clock without a bound", || {
            let errors = cluster.status(node).errors;
            errors.iter().any(|error| error.contains("no bound: measurements say")).then_some(())
        });
    }
    cluster
}

#[test]
fn in_a_partition_a_clock_that_keeps_its_bound_answers_alone_as_long_as_it_may() {
    static SERVER: OnceLock<TimeServer> = OnceLock::new();
    let server = SERVER.get_or_init(TimeServer::start);
    let tune: Tune = |config| asks(config, &SERVER.get().unwrap().address);
    let mut cluster = alone("keeps", tune, server, false);
    let node = *cluster.hosts.keys().next().unwrap();
    let judgement = ask(&mut cluster, node, "bounded-staleness=1000s").unwrap();
    assert_eq!(judgement.verdict, Verdict::Holds, "{judgement}");
    assert_eq!(judgement.kind, Some(Kind::StalenessByTime));
    // What it has is older than this, and nobody tells it more.
    let error = ask(&mut cluster, node, "bounded-staleness=1us").unwrap_err();
    assert!(error.contains("has no state that its clock (+- "), "{error}");
    assert!(error.contains("shows to be bounded-staleness=1us"), "{error}");
}

#[test]
fn a_clock_that_loses_its_bound_makes_those_wait_that_need_it_and_no_other() {
    static SERVER: OnceLock<TimeServer> = OnceLock::new();
    let server = SERVER.get_or_init(TimeServer::start);
    let tune: Tune = |config| asks(config, &SERVER.get().unwrap().address);
    let mut cluster = alone("withdrawn", tune, server, true);
    let node = *cluster.hosts.keys().next().unwrap();
    // It waited for a quorum, which could have answered without a clock, and says both.
    let error = ask(&mut cluster, node, "bounded-staleness=1000s").unwrap_err();
    assert!(error.contains("minority side"), "{error}");
    assert!(error.contains("clock has no bound: measurements say that it was set"), "{error}");
    assert!(error.contains("so that no state's age is known"), "{error}");
    for guarantee in ["consistent-prefix", "eventual"] {
        let judgement = ask(&mut cluster, node, guarantee).unwrap();
        assert_eq!(judgement.verdict, Verdict::Holds, "{judgement}");
        assert_eq!(judgement.wall.unwrap().basis.class(), Class::None);
    }
    // Who waits longer is answered once the clock has a bound again, without the others.
    let wait = std::thread::scope(|scope| {
        let waits = scope.spawn(|| ask_for(&mut cluster, node, "bounded-staleness=9000000s", 60));
        std::thread::sleep(Duration::from_millis(500));
        server.steps(false);
        waits.join().unwrap()
    });
    let judgement = wait.unwrap();
    assert_eq!(judgement.verdict, Verdict::Holds, "{judgement}");
    assert_eq!(judgement.kind, Some(Kind::StalenessByTime));
    server.steps(true);
    until("a clock without a bound", || {
        let errors = cluster.status(node).errors;
        errors.iter().any(|error| error.contains("no bound: measurements say")).then_some(())
    });
    // The others come back: what needs no clock is answered, bounded staleness too.
    for other in (1..=3).filter(|other| *other != node) {
        cluster.start_node(other);
    }
    for guarantee in ["linearizable", "bounded-staleness=1000s"] {
        let judgement = until_ok(guarantee, || ask(&mut cluster, node, guarantee));
        assert_eq!(judgement.verdict, Verdict::Holds, "{judgement}");
        assert_eq!(judgement.kind, Some(Kind::ReadIndex));
    }
    server.steps(false);
    let judgement = ask_by_clock(&mut cluster, node, "bounded-staleness=1000s");
    assert_eq!(judgement.verdict, Verdict::Holds, "{judgement}");
}

/// The planted bug: a node that answers from its last beacon though its epsilon is withdrawn.
#[test]
fn who_answers_by_a_clock_that_lost_its_bound_is_refuted_by_the_client() {
    static SERVER: OnceLock<TimeServer> = OnceLock::new();
    let server = SERVER.get_or_init(TimeServer::start);
    let tune: Tune = |config| {
        asks(config, &SERVER.get().unwrap().address);
        config.node.mutant = Some(NodeMutant::AnswerWithoutClock);
    };
    let mut cluster = alone("careless", tune, server, true);
    let node = *cluster.hosts.keys().next().unwrap();
    let judgement = ask(&mut cluster, node, "bounded-staleness=1000s").unwrap();
    assert_eq!(judgement.verdict, Verdict::Refuted, "{judgement}");
    assert_eq!(judgement.failed, Some(Check::ClockBounded), "{judgement}");
    assert!(judgement.reason.contains("clock has no bound: measurements"), "{judgement}");
}
