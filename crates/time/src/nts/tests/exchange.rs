//! Messages byte by byte, and whatever a server may send.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::nts::{Agreement, COOKIES_MAX, Direction, Refusal, accept, exporter_context, request};
use avouch_promise::Random;

fn record(kind: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_be_bytes().to_vec();
    bytes.extend((body.len() as u16).to_be_bytes());
    bytes.extend(body);
    bytes
}

/// NTP, our cipher, two cookies, another server and port, an unknown record that is not critical.
fn records() -> Vec<Vec<u8>> {
    vec![
        record(0x8001, &[0, 0]),
        record(0x8004, &[0, 15]),
        record(5, &[7; 100]),
        record(5, &[8; 100]),
        record(0x8006, b"time.example"),
        record(0x8007, &[0x2b, 0x73]),
        record(0x4000, b"whatever"),
        record(0x8000, &[]),
    ]
}

fn without(kind: u16) -> Vec<Vec<u8>> {
    records().into_iter().filter(|record| record[..2] != kind.to_be_bytes()).collect()
}

fn with(body: Vec<u8>) -> Result<Agreement, Refusal> {
    accept(&[body, records().concat()].concat())
}

#[test]
fn messages_are_laid_out_as_the_rfc_has_them() {
    let asked = [0x80, 1, 0, 2, 0, 0, 0x80, 4, 0, 2, 0, 15, 0x80, 0, 0, 0];
    assert_eq!(request(), asked);
    let agreed = accept(&records().concat()).unwrap();
    assert_eq!(agreed.cookies, [vec![7; 100], vec![8; 100]]);
    assert_eq!((agreed.server.as_deref(), agreed.port), (Some("time.example"), Some(11_123)));
    assert_eq!(exporter_context(Direction::ToServer), [0, 0, 0, 15, 0]);
    assert_eq!(exporter_context(Direction::ToClient), [0, 0, 0, 15, 1]);
}

#[test]
fn what_is_no_agreement_says_why() {
    let chosen = |kind: u16, body: &[u8]| {
        accept(&[record(kind, body), without(kind).concat()].concat()).unwrap_err()
    };
    assert_eq!(accept(&without(0x8001).concat()), Err(Refusal::Protocol(None)));
    assert_eq!(chosen(0x8001, &[]), Refusal::Protocol(None));
    assert_eq!(chosen(0x8001, &[0, 1]), Refusal::Protocol(Some(1)));
    assert_eq!(chosen(0x8001, &[0, 0, 0, 1]), Refusal::Body("protocols"));
    assert_eq!(accept(&without(0x8004).concat()), Err(Refusal::Cipher(None)));
    assert_eq!(chosen(0x8004, &[0, 30]), Refusal::Cipher(Some(30)));
    assert_eq!(accept(&without(5).concat()), Err(Refusal::NoCookie));
    assert_eq!(with(record(5, &[])), Err(Refusal::Body("a cookie")));
    assert_eq!(with(record(0x8002, &[0, 1])), Err(Refusal::Error(1)));
    assert_eq!(with(record(0x8002, &[1])), Err(Refusal::Body("an error")));
    assert_eq!(with(record(0x8003, &[0, 9])), Err(Refusal::Warning(9)));
    assert_eq!(with(record(0xc000, &[])), Err(Refusal::Unknown(0x4000)));
    assert_eq!(with(record(0x8001, &[0, 0])), Err(Refusal::Twice("protocols")));
    assert_eq!(with(record(6, b"other")), Err(Refusal::Twice("the server")));
    for name in [&b""[..], b"a b", b"a\n", "\u{e9}".as_bytes(), &[b'a'; 254]] {
        assert_eq!(chosen(0x8006, name), Refusal::Body("the server"));
    }
    assert_eq!(chosen(0x8007, &[0, 0]), Refusal::Body("the port"));
    assert_eq!(accept(&[records().concat(), vec![0]].concat()), Err(Refusal::Behind(1)));
    assert_eq!(with(record(0x8000, &[1])), Err(Refusal::Body("the end")));
}

#[test]
fn no_answer_fills_the_memory() {
    let many: Vec<u8> = (0..100).flat_map(|_| record(5, &[1; 100])).collect();
    assert_eq!(with(many.clone()).unwrap().cookies.len(), COOKIES_MAX);
    assert_eq!(with(many.repeat(2)), Err(Refusal::Long));
    assert_eq!(accept(&many.repeat(2)), Err(Refusal::Long));
}

/// Truncated, flipped and random bytes: what is agreed on is usable, and all else refused.
#[test]
fn hostile_bytes_are_refused_or_read_as_what_they_are() {
    let mut random = Random::new(Random::seed_from_environment()).fork(63);
    let whole = records().concat();
    for length in 0..whole.len() {
        assert_eq!(accept(&whole[..length]), Err(Refusal::Cut), "{length} bytes");
    }
    let (mut agreed, mut refused) = (0, 0);
    for _ in 0..100_000 {
        let mut bytes = whole.clone();
        for _ in 0..random.below(4) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << random.below(8);
        }
        if random.chance(0.1) {
            for byte in &mut bytes {
                *byte = random.bits() as u8;
            }
        }
        match accept(&bytes) {
            Ok(said) => {
                assert!((1..=COOKIES_MAX).contains(&said.cookies.len()));
                assert!(said.cookies.iter().all(|cookie| !cookie.is_empty()));
                assert!(said.server.is_none_or(|name| name.is_ascii()) && said.port != Some(0));
                agreed += 1;
            }
            Err(why) => {
                assert!(!why.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(agreed > 10_000 && refused > 10_000, "{agreed} {refused}");
}
