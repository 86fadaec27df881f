//! What a host says of a leap that was announced, and of a pause in the middle of a poll. What each
//! fault raises in the simulated world is tested there (`avouch_world::timekeeping`).

use super::{Host, Told};
use crate::detect::{Alarm, Mutant};
use crate::interval::{Drift, Measurement, Moment, Warning};
use avouch_promise::{Interval, Nanos, WallTime};

const SECOND: u64 = 1_000_000_000;
/// 2016-12-31T23:58:20Z, a hundred seconds before a leap.
const START: i64 = 1_483_228_700_000_000_000;

/// Three sources that are asked every 16 s, one a second after the other: what is told from
/// `jump_at` on, where all of them gain so much.
fn told(mutant: Mutant, warning: Warning, jump_at: u64, gained: i64) -> Vec<Told> {
    let mut host = Host { mutant, ..Host::new(3, Drift::ppm(15)) };
    let mut all = Vec::new();
    for second in 0..200 {
        let (source, at) = ((second % 16) as usize, second * SECOND);
        let by = if second >= jump_at { gained } else { 0 };
        let moment = |steady: u64| Moment {
            steady: Nanos(steady),
            wall: WallTime(START + steady.cast_signed()),
        };
        let there = moment(at + 100_000).wall.0 + by;
        let is_before = second < jump_at;
        let made = Measurement {
            sent: moment(at),
            server_received: WallTime(there),
            server_sent: WallTime(there),
            received: moment(at + 200_000),
            server_error: Nanos(1_000),
            warning: if is_before { warning } else { Warning::None },
        };
        if source < 3 {
            host.measured(source, &made, Interval::UNKNOWN);
        }
        if source == 15 {
            host.polled();
        }
        all.extend(host.take());
    }
    all
}

#[test]
fn a_leap_that_was_announced_is_no_jump() {
    let leap = |mutant, warning| told(mutant, warning, 100, -1_000_000_000);
    assert_eq!(leap(Mutant::None, Warning::Insertion), []);
    let jumps = |told: &[Told]| told.iter().any(|(_, alarm)| alarm.name() == "ran-ahead");
    assert!(jumps(&leap(Mutant::LeapsAreJumps, Warning::Insertion)));
    assert!(jumps(&leap(Mutant::None, Warning::None)), "nobody announced it");
}

/// The first source has been asked in that poll, the others have not.
#[test]
fn a_pause_in_the_middle_of_a_poll_is_the_hosts() {
    let pause = |mutant| told(mutant, Warning::None, 49, 300_000_000_000);
    let found = pause(Mutant::None);
    let [(None, Alarm::StoodStill { least })] = found.as_slice() else { panic!("{found:?}") };
    assert!(least.0.abs_diff(300_000_000_000) < 1_000_000, "{least}");
    let stepped = |(of, alarm): &Told| of.is_some() && alarm.name() == "source-stepped";
    assert!(pause(Mutant::ForgetsThePollBefore).iter().any(stepped));
}
