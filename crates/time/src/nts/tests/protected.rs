//! Answers of a server that we play, and of others on the way.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::ntp::{Leap, Mode, NtpShort, NtpStamp, Packet};
use crate::nts::protected::{cookie_field, put, seal};
use crate::nts::{Asked, Keys, Unprotected, open, protect};
use avouch_promise::Random;

const ASKED: Asked = Asked { nonce: 77, unique: [3; 32] };
const KEYS: Keys = Keys { to_server: [1; 32], to_client: [2; 32] };

fn packet() -> Packet {
    Packet {
        leap: Leap::None,
        version: 4,
        mode: Mode::Server,
        stratum: 2,
        poll: 6,
        precision: -23,
        root_delay: NtpShort(1),
        root_dispersion: NtpShort(1),
        reference_id: [127, 0, 0, 1],
        reference: NtpStamp(1 << 40),
        origin: NtpStamp(ASKED.nonce),
        receive: NtpStamp(1 << 63),
        transmit: NtpStamp(1 << 63 | 1),
    }
}

fn answer(unique: [u8; 32], key: &[u8; 32]) -> Vec<u8> {
    let mut bytes = packet().encode().to_vec();
    put(&mut bytes, 0x0104, &unique).unwrap();
    seal(&mut bytes, &cookie_field(&[9; 100]), [5; 16], key).unwrap();
    bytes
}

#[test]
fn a_request_is_laid_out_as_the_rfc_has_it() {
    let bytes = protect(&ASKED, &[9; 100], [5; 16], &KEYS).unwrap();
    assert_eq!(bytes[48..52], [1, 4, 0, 36]);
    assert_eq!(bytes[84..88], [2, 4, 0, 104]);
    assert_eq!(bytes[188..196], [4, 4, 0, 40, 0, 16, 0, 16]);
    assert_eq!(bytes.len(), 228);
    assert_eq!(protect(&ASKED, &vec![9; 65_534], [5; 16], &KEYS), None);
}

#[test]
fn only_the_servers_own_answer_to_this_request_is_taken() {
    let right = answer(ASKED.unique, &KEYS.to_client);
    let (said, cookies) = open(&right, &ASKED, &KEYS).unwrap();
    assert_eq!((said.packet, cookies), (packet(), vec![vec![9; 100]]));
    let open = |bytes: &[u8]| open(bytes, &ASKED, &KEYS).unwrap_err();
    assert_eq!(open(&answer([4; 32], &KEYS.to_client)), Unprotected::NotToThis, "replayed");
    assert_eq!(open(&answer(ASKED.unique, &[7; 32])), Unprotected::Forged, "another key");
    assert_eq!(open(&answer(ASKED.unique, &KEYS.to_server)), Unprotected::Forged, "reflected");
    assert_eq!(open(&right[..84]), Unprotected::Plain, "stripped of its authenticator");
    assert_eq!(open(&right[..48]), Unprotected::NotToThis, "stripped of all");
    let nak = Packet { stratum: 0, reference_id: *b"NTSN", ..packet() };
    assert_eq!(open(&[&nak.encode(), &right[48..84]].concat()), Unprotected::Nak);
    assert_eq!(open(&nak.encode()), Unprotected::NotToThis);
}

/// Whatever of an answer is changed or cut off: it is no measurement.
#[test]
fn no_changed_bit_is_a_measurement() {
    let right = answer(ASKED.unique, &KEYS.to_client);
    for bit in 0..right.len() * 8 {
        let mut bytes = right.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&bytes, &ASKED, &KEYS).is_err(), "bit {bit}");
    }
    for length in 0..right.len() {
        assert!(open(&right[..length], &ASKED, &KEYS).is_err(), "{length} bytes");
    }
    let mut random = Random::new(Random::seed_from_environment()).fork(64);
    for _ in 0..20_000 {
        let mut bytes = right.clone();
        bytes.truncate(random.below(right.len() as u64 + 1) as usize);
        bytes.extend((0..random.below(80)).map(|_| random.bits() as u8));
        assert!(bytes.starts_with(&right) || open(&bytes, &ASKED, &KEYS).is_err());
    }
}
