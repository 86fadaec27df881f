//! Keepers with real files and sockets, and clocks that are set or sleep behind their back.
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]
#![allow(clippy::disallowed_methods, reason = "a server of a test has a thread of its own")]

use super::chronyd::Door;
use super::claimed::{self, Claimed};
use super::servers::{self, Heard};
use super::{Keeper, Source, machine};
use avouch_promise::{Basis, Claimant, Class, Lack, Nanos, Wall, WallTime};
use avouch_time::interval::{Drift, Measurement, Warning};
use avouch_time::ntp::{NtpStamp, Packet};
use avouch_time::segment::{Segment, Status};
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// Looks until the clock is as wanted; a machine whose cores are shared may take its time.
fn until(keeper: &Keeper, wanted: impl Fn(&Wall) -> bool) -> Wall {
    for _ in 0..6_000 {
        let wall = keeper.read();
        if wanted(&wall) {
            return wall;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    panic!("waited for another clock than {}", keeper.read());
}

/// A server on loopback that answers what `answer` makes of a datagram, until it is dropped.
struct Serving {
    address: String,
    asked: Arc<AtomicU32>,
    stop: Arc<AtomicBool>,
}

impl Serving {
    fn start(answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let (asked, stop) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stopped) = (Arc::clone(&asked), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut bytes = [0; 1_024];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut bytes) else { continue };
                count.fetch_add(1, Ordering::Relaxed);
                if let Some(answer) = answer(&bytes[..length]) {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        Self { address, asked, stop }
    }

    /// An NTP server whose clock is ahead, or that refuses by a kiss.
    fn ntp(ahead: i64, kiss: Option<[u8; 4]>) -> Self {
        Self::start(move |bytes| {
            let request = Packet::decode(bytes).ok()?;
            let clock = || NtpStamp::at(WallTime(machine::wall().0 + ahead));
            let receive = clock();
            let mut packet = request.answered(receive, Nanos(15_000));
            if let Some(code) = kiss {
                (packet.stratum, packet.reference_id) = (0, code);
            }
            packet.transmit = clock();
            Some(packet.encode().to_vec())
        })
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn of_servers(servers: &[&Serving]) -> Keeper {
    let names = servers.iter().map(|server| server.address.clone()).collect();
    let poll = Duration::from_millis(20);
    Keeper::start(&Source::Servers { names, trust: None, drift: Drift::ppm(50), poll }).unwrap()
}

//= §3.3.2 epsilon test
#[test]
fn servers_that_agree_give_a_hard_bound_and_those_that_do_not_give_none() {
    let (one, two) = (Serving::ntp(0, None), Serving::ntp(0, None));
    let liar = Serving::ntp(37_000_000_000, None);
    let wall = until(&of_servers(&[&one, &two, &liar]), |wall| {
        matches!(wall.basis, Basis::Measured { heard: 3, .. })
    });
    let agreed = Basis::Measured { agreeing: 2, heard: 3, sources: 3, drift_ppb: 50_000 };
    assert_eq!((wall.basis, wall.basis.class()), (agreed, Class::Hard));
    let wall = until(&of_servers(&[&one, &liar]), |wall| {
        wall.basis == Basis::None(Lack::NoMajority { agreeing: 1, needed: 2, heard: 2 })
    });
    assert!(!wall.is_bounded());
}

#[test]
fn who_does_not_answer_or_wants_to_be_left_alone_is_no_source() {
    let silent = Serving::start(|_| None);
    let kissing = Serving::ntp(0, Some(*b"DENY"));
    for server in [&silent, &kissing] {
        let keeper = of_servers(&[server]);
        until(&keeper, |_| server.asked.load(Ordering::Relaxed) > 0);
        assert_eq!(keeper.read(), Wall::none(Lack::Unheard));
    }
    // One that told to stay away is asked no more: meanwhile another one is asked ten times.
    let kissing = Serving::ntp(0, Some(*b"DENY"));
    let other = Serving::ntp(0, None);
    let keeper = of_servers(&[&kissing, &other]);
    until(&keeper, |_| other.asked.load(Ordering::Relaxed) > 10);
    assert_eq!(kissing.asked.load(Ordering::Relaxed), 1);
}

#[test]
fn a_name_without_an_address_is_asked_for_again_and_hinders_nobody() {
    let other = Serving::ntp(0, None);
    let names = vec!["clock.invalid".to_owned(), other.address.clone()];
    let poll = Duration::from_millis(20);
    let keeper =
        Keeper::start(&Source::Servers { names, trust: None, drift: Drift::ppm(50), poll })
            .unwrap();
    // Of two none may lie, so the one that was heard is believed.
    let wall = until(&keeper, Wall::is_bounded);
    assert!(matches!(wall.basis, Basis::Measured { heard: 1, sources: 2, .. }), "{wall}");
}

/// Invariant I1: what was measured before a sleep is not claimed after it.
#[test]
fn a_host_that_slept_knows_no_time_until_it_asks_again() {
    let mut heard = Heard::new(1, Drift::ppm(50));
    let sent = machine::moment();
    let (time, slept) = (machine::wall(), machine::slept());
    let received = machine::moment();
    let measured = Measurement {
        sent,
        server_received: time,
        server_sent: time,
        received,
        server_error: Nanos(1_000),
        warning: Warning::None,
    };
    heard.measured(0, &measured);
    assert!(servers::read(&heard, slept).is_bounded());
    let woken = slept.plus(Nanos::from_secs(2));
    assert_eq!(servers::read(&heard, woken), Wall::none(Lack::Disrupted));
}

fn claim(bound: Nanos, status: Status) -> Segment {
    let lasts = Nanos::from_secs(1_000);
    Segment { status, ..Segment::claim(machine::monotonic(), lasts, bound, Drift::ppm(50)) }
}

/// Invariant I2: a claim is of the clock that is set. Here it was set forward by five seconds after
/// the claim was made, so that the true time is five seconds before what it shows.
#[test]
fn a_claim_is_widened_by_what_the_clock_was_set_since() {
    let bound = Nanos::from_millis(1);
    let mut claimed = Claimed::of(claim(bound, Status::Synchronised));
    let now = |claimed: &Claimed| claimed::read(Claimant::Chrony, Some(claimed), machine::slept());
    let wall = now(&claimed);
    assert_eq!(wall.basis.class(), Class::Statistical);
    assert!(wall.epsilon().unwrap() < Nanos::from_secs(4), "{wall}");
    claimed.set -= 5_000_000_000;
    let wall = now(&claimed);
    let truth = machine::wall().minus(Nanos::from_secs(5));
    assert!(wall.interval.contains(truth), "{wall}");
    assert!(wall.epsilon().unwrap() >= Nanos::from_secs(5), "{wall}");
    let woken = claimed.slept.plus(Nanos::from_secs(1));
    let wall = claimed::read(Claimant::Chrony, Some(&claimed), woken);
    assert_eq!(wall, Wall::none(Lack::Disrupted));
}

#[test]
fn a_segment_is_followed_as_it_is_written_and_where_it_is_gone() {
    let path = std::env::temp_dir().join(format!("avouch-keeper-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let keeper = Keeper::start(&Source::Segment(path.clone())).unwrap();
    let none = Wall::none(Lack::Unclaimed(Claimant::Segment));
    assert_eq!(keeper.read(), none);
    let bound = Nanos::from_millis(3);
    std::fs::write(&path, claim(bound, Status::Synchronised).encode(2)).unwrap();
    let wall = until(&keeper, Wall::is_bounded);
    assert_eq!(wall.basis, Basis::Claimed(Claimant::Segment));
    assert!(wall.epsilon().unwrap() >= bound, "{wall}");
    std::fs::write(&path, claim(bound, Status::Disrupted).encode(4)).unwrap();
    until(&keeper, |wall| *wall == none);
    std::fs::write(&path, claim(bound, Status::FreeRunning).encode(6)).unwrap();
    until(&keeper, Wall::is_bounded);
    std::fs::remove_file(&path).unwrap();
    until(&keeper, |wall| *wall == none);
}

/// chronyd's answer to this request for tracking: root delay and dispersion of a second each.
fn tracking(request: &[u8]) -> Option<Vec<u8>> {
    const ONE: u32 = 0x0480_0000;
    let mut bytes = vec![6, 2, 0, 0];
    for field in [33_u16, 5, 0, 0, 0, 0] {
        bytes.extend(field.to_be_bytes());
    }
    bytes.extend(request.get(8..12)?);
    let mut body = vec![0, 0, 0xc000_0207, 0xc000_0207, 0, 0, 0, 0x0001_0000];
    body.extend([0x0003_0000, 0x7fff_ffff, 1_795_798_626, 250_000_000]);
    body.extend([0, ONE, 0, ONE, 0, ONE, ONE, ONE, ONE]);
    for field in body {
        bytes.extend(field.to_be_bytes());
    }
    Some(bytes)
}

#[test]
fn chronyd_is_asked_again_and_believed_for_a_while_without_an_answer() {
    let silent = Arc::new(AtomicBool::new(false));
    let hushed = Arc::clone(&silent);
    let daemon = Serving::start(move |request| {
        tracking(request).filter(|_| !hushed.load(Ordering::Relaxed))
    });
    let door = Door::of(&daemon.address).unwrap();
    let poll = Duration::from_millis(100);
    let keeper = Keeper::start(&Source::Chrony { door, drift: Drift::ppm(50), poll }).unwrap();
    let wall = until(&keeper, Wall::is_bounded);
    assert_eq!(wall.basis, Basis::Claimed(Claimant::Chrony));
    assert!(wall.epsilon().unwrap() >= Nanos::from_millis(1_500), "{wall}");
    silent.store(true, Ordering::Relaxed);
    let wall = until(&keeper, |wall| !wall.is_bounded());
    assert_eq!(wall, Wall::none(Lack::Unclaimed(Claimant::Chrony)));
    silent.store(false, Ordering::Relaxed);
    until(&keeper, Wall::is_bounded);
}
