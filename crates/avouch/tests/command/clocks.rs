//! `clock`: every example of its help, what a stamp says, and what is no stamp.

use crate::examples::{commands, examples, shell};
use crate::place::Place;
use serde_json::Value;

#[test]
fn every_example_of_every_clock_command_runs_as_it_stands() {
    let place = Place::new("clock-examples");
    let commands = commands(&place, &["clock"]);
    let helps = commands.iter().map(|command| examples(&place, &["clock", command]));
    for line in helps.flatten().chain(examples(&place, &["clock"])) {
        shell(&place, &line);
    }
}

#[test]
//= §3.3.1 stamp-debugging test
fn a_stamp_says_its_time_and_counter() {
    let place = Place::new("clock-explain");
    // 2026-11-27 16:57:06.25 UTC is 1795798626.25 s since 1970; by 2^16, and 16 bits of counter.
    let text = "6b09b66240000003";
    let json = place.avouch(&["clock", "explain", text, "--format", "json"]).well();
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(told[0]["nanoseconds"], 1_795_798_626_250_000_000_i64);
    assert_eq!((&told[0]["counter"], &told[0]["stamp"]), (&3.into(), &text.into()));
    let told = place.avouch(&["clock", "explain", text, "2026-11-27T16:57:06.25Z"]).well();
    assert!(told.contains("time     2026-11-27 16:57:06.250000000 UTC"), "{told}");
    assert!(told.contains("is below 6b09b66240000003, in the same unit"), "{told}");
    let wrong = place.avouch(&["clock", "explain", "6b09b6624000000"]);
    assert_eq!(wrong.code, 3, "{wrong:?}");
    assert!(wrong.err.contains("hint: for example 6a28ec5b1eb80003"), "{wrong:?}");
}
