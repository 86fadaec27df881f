//! Reports byte by byte, what refuses, and whatever else may come.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::float_cmp, reason = "these are exact")]

use super::{
    ChronyFloat, Malformed, Mode, Peer, Question, Refusal, Report, ServerStatistics, State, accept,
    request,
};
use avouch_promise::{Nanos, Random, WallTime};

/// An answer's header, and behind it these words of 32 bits.
fn answer(code: u16, report: u16, status: u16, sequence: u32, body: &[u32]) -> Vec<u8> {
    let mut bytes = vec![6, 2, 0, 0];
    for field in [code, report, status, 0, 0, 0] {
        bytes.extend(field.to_be_bytes());
    }
    for field in [sequence, 0, 0].iter().chain(body) {
        bytes.extend(field.to_be_bytes());
    }
    bytes
}

const ONE: u32 = 0x0480_0000;
const HALF: u32 = 0x0280_0000;
const MINUS_QUARTER: u32 = 0x0180_0000;

/// chronyd at 127.0.0.1 follows 192.0.2.7 at stratum 3.
fn tracking() -> Vec<u8> {
    let peer = [0xc000_0207, 0, 0, 0, 0x0001_0000];
    let mut body = vec![0xc000_0207];
    body.extend(peer);
    body.extend([0x0003_0000, 0x7fff_ffff, 1_795_798_626, 250_000_000]);
    // Correction, last and RMS offset, frequency, residual, skew, delay, dispersion, interval.
    body.extend([MINUS_QUARTER, ONE, 0, ONE, 0, HALF, HALF, ONE, ONE]);
    answer(33, 5, 0, 9, &body)
}

#[test]
fn reals_are_what_chrony_sends() {
    let value = |bits| ChronyFloat(bits).value();
    assert_eq!((value(0), value(ONE), value(HALF)), (0.0, 1.0, 0.5));
    assert_eq!((value(MINUS_QUARTER), value(0x0500_0000)), (-0.25, -2.0));
    // The smallest exponent is -64, the largest coefficient 2^24 - 1.
    assert_eq!(value(0x8000_0001), 2.0_f64.powi(-89));
    assert_eq!(value(0x7eff_ffff), 16_777_215.0 * 2.0_f64.powi(63 - 25));
}

#[test]
//= §3.1.2 sync-health test
fn a_tracking_report_is_read_as_it_is_laid_out() {
    let bytes = tracking();
    assert_eq!(bytes.len(), 104);
    let Report::Tracking(said) = accept(&bytes, Question::Tracking, 9).unwrap() else {
        panic!("another report")
    };
    assert_eq!((said.stratum, said.leap), (3, 0));
    assert_eq!(said.peer, Peer::Address([192, 0, 2, 7].into()));
    assert_eq!(said.reference_time, WallTime(1_795_798_626_250_000_000));
    assert_eq!((said.last_offset, said.frequency_ppm, said.root_delay), (1.0, 1.0, 0.5));
    // Half of 0.5 s, 1 s, and a quarter that is left to correct.
    assert_eq!(said.claim(), Some(Nanos(1_500_000_000)));
    let unsynchronised = super::Tracking { leap: 3, ..said };
    assert_eq!(unsynchronised.claim(), None);
    assert_eq!(super::Tracking { root_dispersion: -9.0, ..said }.claim(), None);
}

#[test]
fn sources_and_statistics_are_read_as_they_are_laid_out() {
    let sources = answer(14, 2, 0, 1, &[7]);
    assert_eq!(accept(&sources, Question::Sources, 1), Ok(Report::Sources(7)));
    let six = [0x2001_0db8, 0, 0, 7, 0x0002_0000];
    let mut body = six.to_vec();
    // Poll -2, stratum 4; a falseticker that is asked; reach 0o17; never measured.
    body.extend([0xfffe_0004, 0x0002_0000, 0x0000_000f, u32::MAX, 0, ONE, HALF]);
    let source = answer(15, 3, 0, 1, &body);
    let Ok(Report::Source(said)) = accept(&source, Question::Source(3), 1) else { panic!() };
    assert_eq!((said.poll, said.stratum, said.age), (-2, 4, None));
    assert_eq!((said.state, said.mode), (State::Falseticker, Mode::Client));
    assert_eq!((said.reach.ratio(), said.reach.last()), (0.5, true));
    assert_eq!((said.peer.to_string().as_str(), said.offset), ("2001:db8::7", 1.0));
    let mut body = vec![0x4750_5300];
    body.extend([0; 5]);
    body.extend([6, 3, 40, HALF, ONE, ONE, 0, 0]);
    let statistics = answer(34, 6, 0, 1, &body);
    let asked = Question::SourceStatistics(0);
    let Ok(Report::SourceStatistics(said)) = accept(&statistics, asked, 1) else { panic!() };
    assert_eq!((said.samples, said.runs, said.span_seconds), (6, 3, 40));
    assert_eq!((said.peer, said.deviation), (Peer::Unspecified, 0.5));
    let expected = ServerStatistics {
        ntp_hits: 1,
        log_drops: 7,
        stamps_span_seconds: 11,
        nts_hits: 2,
        command_hits: 3,
        ntp_drops: 4,
        nts_drops: 5,
        command_drops: 6,
        authenticated_hits: 8,
        interleaved_hits: 9,
        stamps_held: 10,
        stamped: [0; 6],
    };
    let later = ServerStatistics { stamped: [12, 13, 14, 15, 16, 17], ..expected };
    let narrow: Vec<u32> = (1..=11).collect();
    let wide: Vec<u32> = (1..=17).flat_map(|number| [0, number]).chain([0; 8]).collect();
    for (report, body, expected) in [(24, narrow, expected), (25, wide, later)] {
        let bytes = answer(54, report, 0, 1, &body);
        let said = accept(&bytes, Question::ServerStatistics, 1);
        assert_eq!(said, Ok(Report::ServerStatistics(expected)));
    }
}

#[test]
fn what_is_no_answer_says_why() {
    let question = Question::Tracking;
    assert_eq!(accept(&tracking(), question, 8), Err(Refusal::NotToThis));
    assert_eq!(accept(&tracking(), Question::Sources, 9), Err(Refusal::NotToThis));
    let refused = accept(&answer(54, 1, 2, 5, &[]), Question::ServerStatistics, 5).unwrap_err();
    assert_eq!(refused.to_string(), "chronyd answers this only over its own socket");
    let other = accept(&answer(33, 3, 0, 5, &[0; 30]), question, 5);
    assert_eq!(other, Err(Refusal::Malformed(Malformed::Report(3))));
    let mut bytes = tracking();
    bytes[0] = 5;
    let version = accept(&bytes, question, 9).unwrap_err().to_string();
    assert_eq!(version, "version 5 of the command protocol where 6 is known");
    let mut bytes = tracking();
    bytes[28 + 4 + 17] = 9;
    let family = accept(&bytes, question, 9);
    assert_eq!(family, Err(Refusal::Malformed(Malformed::Family(9))));
    for length in 0..104 {
        let short = accept(&tracking()[..length], question, 9);
        let Err(Refusal::Malformed(Malformed::Short { got, needed })) = short else {
            panic!("{length}: {short:?}")
        };
        assert_eq!((got, needed), (length, if length < 28 { 28 } else { 104 }));
    }
    let asked = request(Question::Source(3), 0x0102_0304);
    assert_eq!(asked[..12], [6, 1, 0, 0, 0, 15, 0, 0, 1, 2, 3, 4]);
    assert_eq!(asked[20..24], [0, 0, 0, 3]);
}

/// Flipped and random bytes: read or refused, and a claim is never less than nothing.
#[test]
fn hostile_bytes_are_refused_or_read() {
    let mut random = Random::new(Random::seed_from_environment()).fork(63);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..200_000 {
        let mut bytes = tracking();
        for _ in 0..random.below(8) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << random.below(8);
        }
        bytes.truncate(104 - random.below(4).saturating_sub(2) as usize);
        if random.chance(0.3) {
            for byte in bytes.iter_mut().skip(28) {
                *byte = random.bits() as u8;
            }
        }
        match accept(&bytes, Question::Tracking, 9) {
            Ok(Report::Tracking(said)) => {
                assert!(said.root_delay.is_finite() && said.root_dispersion.is_finite());
                assert!(said.claim().is_none() || said.is_synchronised());
                read += 1;
            }
            Ok(other) => panic!("{other:?}"),
            Err(why) => {
                assert!(!why.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(read > 10_000 && refused > 10_000, "{read} {refused}");
}
