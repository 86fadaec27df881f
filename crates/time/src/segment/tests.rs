//! A segment byte by byte, what it claims as it ages, and whatever else may lie in its place.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{Decoded, Malformed, SEGMENT_BYTES, Segment, Status, generations};
use crate::interval::Drift;
use avouch_promise::{Nanos, Random};

fn segment() -> Segment {
    Segment {
        as_of: Nanos(100_000_000_007),
        void_after: Nanos(1_100_000_000_007),
        bound: Nanos(250_000),
        disruption_marker: 9,
        drift: Drift::ppm(50),
        status: Status::Synchronised,
        tells_disruptions: false,
    }
}

#[test]
//= §3.1.2 sync-health test
#[cfg(target_endian = "little")]
fn a_segment_is_laid_out_as_clients_of_clockbound_read_it() {
    let bytes = segment().encode(6);
    let mut expected = Vec::new();
    expected.extend([0x4e, 0x5a, 0x4d, 0x41, 0x00, 0x02, 0x42, 0x43, 80, 0, 0, 0, 2, 0, 6, 0]);
    expected.extend([100, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
    expected.extend([0x4c, 4, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
    expected.extend([0x90, 0xd0, 3, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
    expected.extend([0x50, 0xc3, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bytes.as_slice(), expected);
    assert_eq!(Segment::decode(&bytes), Ok(Decoded::Written(segment(), 6)));
}

#[test]
fn a_bound_grows_and_ends() {
    use Status::{Disrupted, FreeRunning, Synchronised, Unknown};
    let at = |status, seconds: u64, nanos: u64| {
        let segment = Segment { status, ..segment() };
        segment.at(Nanos::from_secs(seconds).plus(Nanos(nanos)))
    };
    // 50 ppm of 2 s are 100 us.
    assert_eq!(at(Synchronised, 102, 7), (Some(Nanos(350_000)), Synchronised));
    assert_eq!(at(Synchronised, 105, 6).1, Synchronised);
    assert_eq!(at(Synchronised, 105, 7), (Some(Nanos(500_000)), FreeRunning));
    assert_eq!(at(FreeRunning, 1_100, 6).1, FreeRunning);
    assert_eq!(at(FreeRunning, 1_100, 7), (None, Unknown));
    assert_eq!(at(Disrupted, 101, 0), (None, Disrupted));
    assert_eq!(at(Unknown, 101, 0), (None, Unknown));
    // A reader whose coarse clock is behind the writer's.
    assert_eq!(at(Synchronised, 100, 0), (Some(Nanos(250_000)), Synchronised));
}

#[test]
fn generations_are_odd_while_it_is_written_and_never_nothing() {
    assert_eq!(generations(0), (1, 2));
    assert_eq!(generations(2), (3, 4));
    // A writer that died while it wrote.
    assert_eq!(generations(5), (5, 6));
    assert_eq!(generations(65_534), (65_535, 2));
    let bytes = |generation| segment().encode(generation);
    assert_eq!(Segment::decode(&bytes(0)), Ok(Decoded::Empty));
    assert_eq!(Segment::decode(&bytes(7)), Ok(Decoded::Writing));
}

#[test]
fn what_is_no_segment_says_why() {
    let refused = |at: usize, byte: u8| {
        let mut bytes = segment().encode(2);
        bytes[at] = byte;
        Segment::decode(&bytes).unwrap_err().to_string()
    };
    for length in 0..SEGMENT_BYTES {
        let short = Segment::decode(&segment().encode(2)[..length]);
        assert_eq!(short, Err(Malformed::Short(length)));
    }
    if cfg!(target_endian = "little") {
        assert_eq!(refused(0, 0), "it begins with 414d5a00 43420200, as no segment does");
        assert_eq!(refused(12, 3), "version 3 where 2 is known");
        assert_eq!(refused(8, 72), "a size of 72 bytes where 80 are needed");
        assert_eq!(refused(27, 0x7f), "a time or a bound of 2130706439");
        assert_eq!(refused(55, 0xff), "a time or a bound of -72057594037677936");
        assert_eq!(refused(67, 0xff), "a drift of 4278240080 ppb, which is no clock's");
        assert_eq!(refused(68, 4), "status 4 where there are 0 to 3");
    }
}

/// Flipped bytes: refused, or read as what they are.
#[test]
fn hostile_bytes_are_refused_or_read_as_what_they_are() {
    let mut random = Random::new(Random::seed_from_environment()).fork(64);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..200_000 {
        let mut bytes = segment().encode(2);
        for _ in 0..random.below(5) {
            let at = random.below(SEGMENT_BYTES as u64) as usize;
            bytes[at] ^= 1 << random.below(8);
        }
        match Segment::decode(&bytes) {
            Ok(Decoded::Written(said, generation)) => {
                let again = Segment::decode(&said.encode(generation));
                assert_eq!(again, Ok(Decoded::Written(said, generation)));
                let (bound, _) = said.at(Nanos(random.bits()));
                assert!(bound.is_none_or(|bound| bound >= said.bound));
                read += 1;
            }
            Ok(Decoded::Writing | Decoded::Empty) => {}
            Err(why) => {
                assert!(!why.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(read > 10_000 && refused > 10_000, "{read} {refused}");
}
