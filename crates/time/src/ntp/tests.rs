//! Packets bit by bit, eras, and whatever a server may send.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{Answer, Leap, Malformed, Mode, NtpShort, NtpStamp, Packet, Refusal, accept, request};
use avouch_promise::{Nanos, Random, WallTime};

const NANOS: i64 = 1_000_000_000;
/// 2026-11-27.
const NOW: i64 = 1_795_798_626;

fn answer(nonce: u64) -> Packet {
    Packet {
        leap: Leap::None,
        version: 4,
        mode: Mode::Server,
        stratum: 3,
        poll: 6,
        precision: -23,
        root_delay: NtpShort(0x100),
        root_dispersion: NtpShort(0x10),
        reference_id: *b"LOCL",
        reference: NtpStamp::at(WallTime(NOW * NANOS)),
        origin: NtpStamp(nonce),
        receive: NtpStamp::at(WallTime(NOW * NANOS + 1)),
        transmit: NtpStamp::at(WallTime(NOW * NANOS + 500)),
    }
}

/// A server's answer byte by byte, with an extension behind it.
#[test]
fn a_packet_is_laid_out_as_others_lay_it_out() {
    let mut bytes = [0; 52];
    bytes[..4].copy_from_slice(&[0x24, 3, 6, 0xe9]);
    bytes[12..16].copy_from_slice(&[127, 127, 1, 1]);
    bytes[24..32].copy_from_slice(&7_u64.to_be_bytes());
    bytes[32..40].copy_from_slice(&[0xee, 0xb3, 0xd7, 0xe2, 0x80, 0, 0, 0]);
    bytes[40..48].copy_from_slice(&[0xee, 0xb3, 0xd7, 0xe2, 0xc0, 0, 0, 0]);
    bytes[48..].copy_from_slice(&[1, 2, 3, 4]);
    let packet = Packet::decode(&bytes).unwrap();
    assert_eq!((packet.leap, packet.version, packet.mode), (Leap::None, 4, Mode::Server));
    assert_eq!((packet.stratum, packet.poll, packet.precision), (3, 6, -23));
    assert_eq!(packet.encode(), bytes[..48]);
    let said = accept(&bytes, 7).unwrap();
    let second = (0xeeb3_d7e2_i64 - 2_208_988_800) * NANOS;
    assert_eq!(said.received, WallTime(second + NANOS / 2));
    assert_eq!(said.sent, WallTime(second + NANOS / 4 * 3));
    // 2^-23 s is 119.2 ns.
    assert_eq!(said.error, Nanos(121));
    assert_eq!(request(7)[..4], [0x23, 0, 0, 0]);
    assert_eq!(request(7)[40..], 7_u64.to_be_bytes());
}

/// Era 1 begins on 2036-02-07; stamps of both are read right, and nothing of 1990 to 2126 is lost.
#[test]
fn stamps_go_on_behind_2036() {
    let roll = (1_i64 << 32) - 2_208_988_800;
    assert_eq!(NtpStamp::at(WallTime(roll * NANOS)), NtpStamp(0));
    let mut random = Random::new(Random::seed_from_environment()).fork(61);
    let pivot = super::stamp::PIVOT;
    for _ in 0..100_000 {
        let time = WallTime(random.between(640_000_000, 4_900_000_000).cast_signed() * NANOS);
        let time = time.plus(Nanos(random.below(1_000_000_000)));
        let read = NtpStamp::at(time).near(pivot);
        assert_eq!(read, time, "to the nanosecond");
        let other = WallTime(time.0.saturating_add(random.below(1 << 60).cast_signed()));
        assert_eq!(NtpStamp::at(time).near(other.min(time.plus(Nanos(1 << 60)))), time);
    }
    let late = WallTime((roll + 5) * NANOS);
    let mut packet = answer(9);
    (packet.receive, packet.transmit) = (NtpStamp::at(late), NtpStamp::at(late));
    assert_eq!(accept(&packet.encode(), 9).unwrap().sent, late);
}

#[test]
fn spans_are_rounded_up() {
    assert_eq!(NtpShort(1).span(), Nanos(15_259));
    assert_eq!(NtpShort::of(Nanos(15_259)), NtpShort(2));
    assert_eq!(NtpShort::of(Nanos(15_258)), NtpShort(1));
    assert_eq!(NtpShort::of(Nanos::MAX), NtpShort(u32::MAX));
    let error = accept(&answer(1).encode(), 1).unwrap().error;
    assert_eq!(error, Nanos(3_906_250_u64.div_ceil(2) + 244_141 + 120 + 1));
}

#[test]
fn what_is_no_answer_says_why() {
    let refused = |change: &dyn Fn(&mut Packet)| {
        let mut packet = answer(5);
        change(&mut packet);
        accept(&packet.encode(), 5).unwrap_err()
    };
    assert_eq!(refused(&|packet| packet.origin = NtpStamp(6)), Refusal::NotToThis);
    assert_eq!(refused(&|packet| packet.mode = Mode::Client), Refusal::NotToThis);
    assert_eq!(refused(&|packet| packet.mode = Mode::Other(5)), Refusal::NotToThis);
    let kiss = refused(&|packet| (packet.stratum, packet.reference_id) = (0, *b"RATE"));
    assert!(kiss.is_final());
    assert_eq!(kiss.to_string(), "told to stay away (RATE)");
    // What ntpsec says while it starts: it may be asked again.
    let starting = refused(&|packet| {
        (packet.leap, packet.stratum, packet.reference_id) = (Leap::Unsynchronised, 0, *b"INIT");
    });
    assert!(!starting.is_final());
    assert_eq!(starting.to_string(), "no time yet (INIT)");
    for change in [
        &(|packet: &mut Packet| packet.leap = Leap::Unsynchronised) as &dyn Fn(&mut Packet),
        &|packet| (packet.stratum, packet.reference_id) = (0, [0; 4]),
        &|packet| packet.stratum = 16,
        &|packet| packet.stratum = 255,
        &|packet| packet.transmit = NtpStamp::ZERO,
        &|packet| packet.receive = NtpStamp::ZERO,
    ] {
        assert!(matches!(refused(change), Refusal::Unsynchronised { .. }));
    }
    let far = refused(&|packet| packet.root_dispersion = NtpShort(16 << 16));
    assert!(far.to_string().starts_with("the server is up to 16.0"), "{far}");
    assert_eq!(refused(&|packet| packet.version = 2), Refusal::Malformed(Malformed::Version(2)));
    // A kiss that answers no request of ours is nobody's word.
    let mut forged = answer(1);
    (forged.stratum, forged.reference_id) = (0, *b"DENY");
    assert_eq!(accept(&forged.encode(), 2), Err(Refusal::NotToThis));
}

/// Truncated, prolonged, flipped and random bytes: read as what they are, or refused.
#[test]
fn hostile_bytes_are_refused_or_read_as_what_they_are() {
    let mut random = Random::new(Random::seed_from_environment()).fork(62);
    let whole = answer(77).encode();
    for length in 0..48 {
        let short = Refusal::Malformed(Malformed::Short(length));
        assert_eq!(accept(&whole[..length], 77), Err(short));
    }
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..300_000 {
        let mut bytes = whole.to_vec();
        bytes.resize(48 + random.below(80) as usize, random.bits() as u8);
        for _ in 0..random.below(6) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << random.below(8);
        }
        if random.chance(0.2) {
            for byte in &mut bytes {
                *byte = random.bits() as u8;
            }
        }
        if let Ok(packet) = Packet::decode(&bytes) {
            assert_eq!(packet.encode(), bytes[..48]);
        }
        match accept(&bytes, 77) {
            Ok(Answer { packet, error, .. }) => {
                assert!(
                    packet.stratum >= 1 && packet.stratum < 16 && error < Nanos::from_secs(3_700)
                );
                accepted += 1;
            }
            Err(why) => {
                assert!(!why.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(accepted > 10_000 && refused > 10_000, "{accepted} {refused}");
}
