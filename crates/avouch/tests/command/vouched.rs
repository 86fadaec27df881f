//! `clock audit` under Network Time Security, against the real chronyd: keys over TLS, and somebody
//! on the way who changes what it says.
//!
//! The certificates in `nts/` are of a test's authority, for 127.0.0.1 and `other.test`, until
//! 2126.

use crate::daemon::{Daemon, await_time, chronyd, free_ports, harmless, is_here};
use crate::place::{PROGRAM, Place};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Where the time is served in the eyes of the client: by somebody who passes it on.
const ON_THE_WAY: &str = "127.0.0.9";

/// What becomes of a datagram on the way to the client.
const PASSED_ON: usize = 0;
const CHANGED: usize = 1;
const STRIPPED: usize = 2;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/command/nts").join(name)
}

struct Served {
    place: Place,
    keys: u16,
    time: u16,
    /// What somebody on the way does.
    does: Arc<AtomicUsize>,
    daemon: Option<Daemon>,
}

impl Served {
    fn new(name: &str) -> Option<Self> {
        let place = Place::new(name);
        if !is_here(harmless(&place, "chronyd").arg("--version")) {
            println!("skipped: no chronyd on this machine");
            return None;
        }
        let ports = free_ports(2);
        let does = Arc::new(AtomicUsize::new(PASSED_ON));
        relay(ports[1], Arc::clone(&does));
        let mut served = Self { place, keys: ports[0], time: ports[1], does, daemon: None };
        served.start("first", "server.pem");
        Some(served)
    }

    /// chronyd anew, with the cookies' keys that this folder keeps.
    fn start(&mut self, folder: &str, certificate: &str) {
        self.daemon = None;
        let folder = self.place.path(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let lines = format!(
            "local stratum 3\nport {}\nbindaddress 127.0.0.1\ncmdport 0\nbindcmdaddress /\n\
             ntsport {}\nntsntpserver {ON_THE_WAY}\nntsserverkey {}\nntsservercert {}\nntsdumpdir {}",
            self.time,
            self.keys,
            fixture("server.key").display(),
            fixture(certificate).display(),
            folder.display()
        );
        let command = harmless(&self.place, "chronyd");
        self.daemon = Some(Daemon::start(&mut chronyd(&self.place, "nts", &lines, command)));
    }

    fn source(&self) -> String {
        format!("nts://127.0.0.1:{}", self.keys)
    }

    fn audit(&self, authority: &str, samples: &str) -> (i32, Value) {
        let authority = fixture(authority);
        let authority = authority.to_str().unwrap();
        let ran = self.place.avouch(
            &[
                ["clock", "audit", "--format", "json", "--interval", "20ms"].as_slice(),
                &["--source", &self.source(), "--nts-authority", authority, "--samples", samples],
            ]
            .concat(),
        );
        let told = serde_json::from_str(&ran.out);
        (ran.code, told.unwrap_or_else(|why| panic!("{why}: {ran:?}")))
    }
}

/// Passes datagrams on between one client after the other and the server on this port.
#[expect(clippy::disallowed_methods, reason = "somebody on the way is no protocol of ours")]
fn relay(port: u16, does: Arc<AtomicUsize>) {
    let front = UdpSocket::bind((ON_THE_WAY, port)).unwrap();
    std::thread::spawn(move || {
        let mut bytes = [0; 2_048];
        while let Ok((length, client)) = front.recv_from(&mut bytes) {
            let back = UdpSocket::bind("127.0.0.1:0").unwrap();
            back.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
            back.send_to(&bytes[..length], ("127.0.0.1", port)).unwrap();
            let Ok(length) = back.recv(&mut bytes) else { continue };
            let length = match does.load(Ordering::Relaxed) {
                // The server's receive stamp: some seconds more, in an otherwise right packet.
                CHANGED => {
                    bytes[35] ^= 0x04;
                    length
                }
                // The packet alone, as from a server without NTS.
                STRIPPED => 48,
                _ => length,
            };
            let _ = front.send_to(&bytes[..length], client);
        }
    });
}

fn source(told: &Value) -> (&str, &str) {
    let source = &told["sources"][0];
    (source["verdict"].as_str().unwrap(), source["why"].as_str().unwrap_or_default())
}

#[test]
fn a_vouched_time_is_known_and_a_changed_one_counts_for_nothing() {
    let Some(mut served) = Served::new("vouched") else { return };
    let told = await_time(|| served.audit("ca.pem", "1"));
    assert_eq!(told["sources"][0]["authentication"], "nts", "{told:#}");
    // More exchanges than there are cookies in an agreement: each answer brings a new one.
    let (code, told) = served.audit("ca.pem", "20");
    assert_eq!((code, &told["sources"][0]["answered"]), (0, &20.into()), "{told:#}");

    for (does, why) in [(CHANGED, "its authenticator is wrong"), (STRIPPED, "answers no request")] {
        served.does.store(does, Ordering::Relaxed);
        let (code, told) = served.audit("ca.pem", "1");
        let (verdict, says) = source(&told);
        assert_eq!((code, verdict), (2, "unvouched"), "{told:#}");
        assert!(says.contains(why), "{says}");
    }
    served.does.store(PASSED_ON, Ordering::Relaxed);

    // An authority that did not sign the server's certificate, and a certificate for another name.
    let (code, told) = served.audit("server.pem", "1");
    let (verdict, says) = source(&told);
    assert_eq!((code, verdict), (2, "unvouched"), "{told:#}");
    assert!(says.contains("UnknownIssuer"), "{says}");
    served.start("first", "other.pem");
    let told = await_time(|| {
        let told = served.audit("ca.pem", "1").1;
        (i32::from(source(&told).0 == "unreachable"), told)
    });
    let (verdict, says) = source(&told);
    assert_eq!(verdict, "unvouched", "{told:#}");
    assert!(says.contains("not valid for name"), "{says}");
}

/// A server that forgot its keys refuses the cookies; new ones are agreed on.
#[test]
fn a_server_that_forgot_its_keys_is_asked_for_new_ones() {
    let Some(mut served) = Served::new("forgetful") else { return };
    await_time(|| served.audit("ca.pem", "1"));
    let mut command = served.place.command(PROGRAM);
    let (source_name, authority) = (served.source(), fixture("ca.pem"));
    command.args(["clock", "audit", "--watch", "--format", "json", "--samples", "400"]);
    command.args(["--interval", "150ms", "--source", &source_name, "--nts-authority"]);
    command.arg(authority).stdout(Stdio::piped());
    let mut watching = command.spawn().unwrap();
    let out = BufReader::new(watching.stdout.take().unwrap());
    let _watching = Daemon::of(watching);
    let mut polls = out.lines().map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let answered = |told: &Value| told["sources"][0]["answered"].as_u64().unwrap();
    assert!(polls.any(|told| answered(&told) >= 2));
    served.start("second", "server.pem");
    let refused = polls.find(|told| source(told).1.contains("NTSN")).expect("cookies are refused");
    assert!(polls.any(|told| answered(&told) >= answered(&refused) + 2), "no new keys");
}
