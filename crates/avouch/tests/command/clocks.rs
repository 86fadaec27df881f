//! `clock`: every example of its help, what a stamp says, what is no stamp, and what servers of
//! every kind are called.

use crate::examples::{commands, examples, shell};
use crate::place::Place;
use crate::time_server::{Manner, serving};
use serde_json::Value;

#[test]
fn every_example_of_every_clock_command_runs_as_it_stands() {
    let place = Place::new("clock-examples");
    let commands = commands(&place, &["clock"]);
    let helps = commands.iter().map(|command| examples(&place, &["clock", command]));
    serving(&[Manner::Honest; 3], |port| {
        for line in helps.flatten().chain(examples(&place, &["clock"])) {
            shell(&place, &line.replace(":11123", &format!(":{port}")));
        }
    });
}

/// Audits servers at 127.0.0.1, 127.0.0.2 and so on: the exit code and what is told as JSON.
fn audit(place: &Place, port: u16, count: usize, more: &[&str]) -> (i32, Value) {
    let sources: Vec<String> = (1..=count).map(|at| format!("127.0.0.{at}:{port}")).collect();
    let sources = sources.iter().flat_map(|source| ["--source", source]);
    let mut words: Vec<&str> =
        ["clock", "audit", "--format", "json"].into_iter().chain(sources).collect();
    words.extend(more);
    let ran = place.avouch(&words);
    let told = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (ran.code, told)
}

/// Each kind of server by its name; of nine, three that agree are too few to know the clock.
#[test]
//= §3.1.1 ntp-failure-handling test
//= §3.1.2 skew test
//= §3.1.2 sync-health test
fn every_kind_of_server_is_called_by_its_name() {
    use Manner::{Ahead, Forged, Garbage, Honest, Kiss, Silent, Unsynchronised};
    let place = Place::new("clock-audit");
    let bad = [Ahead(50_000_000), Unsynchronised, Kiss, Garbage, Silent, Forged];
    let of = |honest: usize| [vec![Honest], bad.to_vec(), vec![Honest; honest - 1]].concat();
    let more = ["--samples", "2", "--interval", "10ms"];
    let asked = |manners: Vec<Manner>| {
        let (code, told) = serving(&manners, |port| audit(&place, port, manners.len(), &more));
        let verdict = |at: usize| told["sources"][at]["verdict"].as_str().unwrap().to_owned();
        let found: Vec<String> = (0..manners.len()).map(verdict).collect();
        (code, found, told)
    };
    let expected = |heard: &'static str, ahead: &'static str, honest: usize| {
        let silent = ["unsynchronised", "refusing", "unintelligible", "unreachable"];
        let bad = [&[ahead][..], &silent, &["unintelligible"]].concat();
        [vec![heard], bad, vec![heard; honest - 1]].concat()
    };
    // Of nine four may lie, and four were heard: each of them may be a liar.
    let (code, found, told) = asked(of(3));
    assert_eq!(found, expected("undecided", "undecided", 3), "{told:#}");
    assert_eq!((code, &told["clock"]["class"]), (2, &"none".into()), "{told:#}");
    // Of thirteen six may, and seven agree.
    let (code, found, told) = asked(of(7));
    assert_eq!(found, expected("truechimer", "falseticker", 7), "{told:#}");
    assert_eq!((code, &told["clock"]["class"]), (0, &"hard".into()), "{told:#}");
    assert_eq!(told["sources"][3]["asked"], 1, "who wants to be left alone is asked once");
    assert_eq!(told["sources"][3]["why"], "told to stay away (DENY)");
    let offset = told["sources"][1]["offset_ns"].as_i64().unwrap();
    let error = told["sources"][1]["error_ns"].as_i64().unwrap();
    assert!((offset - 50_000_000).abs() <= error, "{offset} +- {error}");
}

/// A source that is ahead by the seconds between TAI and UTC is named for it, in each format.
#[test]
fn an_audit_names_a_source_that_counts_tai() {
    let place = Place::new("clock-alarms");
    let tai = [Manner::Honest, Manner::Honest, Manner::Ahead(37_000_000_000)];
    serving(&tai, |port| {
        let more = ["--samples", "2", "--interval", "10ms"];
        let (code, told) = audit(&place, port, 3, &more);
        let alarms = told["alarms"].as_array().unwrap();
        let named = |alarm: &&Value| alarm["alarm"] == "scale";
        let scale = alarms.iter().find(named).unwrap_or_else(|| panic!("{told:#}"));
        assert_eq!(scale["source"], format!("127.0.0.3:{port}").as_str(), "{told:#}");
        assert!(scale["says"].as_str().unwrap().contains("counts TAI"), "{told:#}");
        assert_eq!(code, 0, "an alarm is no verdict: {told:#}");
        let sources: Vec<String> = (1..=3).map(|at| format!("127.0.0.{at}:{port}")).collect();
        let sources: Vec<&str> = sources.iter().flat_map(|one| ["--source", one]).collect();
        let asked = |format: &'static str| {
            let words = [&["clock", "audit", "--format", format], &sources[..], &more].concat();
            place.avouch(&words).out
        };
        assert!(asked("text").contains(&format!("  alarm     127.0.0.3:{port} counts TAI")));
        let metric = format!("avouch_clock_alarm{{alarm=\"scale\",source=\"127.0.0.3:{port}\"}} 1");
        assert!(asked("prometheus").contains(&metric), "{}", asked("prometheus"));
    });
    // And of three that agree nothing is said of their scale.
    serving(&[Manner::Honest; 3], |port| {
        let (_, told) = audit(&place, port, 3, &["--samples", "2", "--interval", "10ms"]);
        let alarms = told["alarms"].as_array().unwrap();
        assert!(alarms.iter().all(|alarm| alarm["alarm"] != "scale"), "{told:#}");
    });
}

/// One that cannot be asked takes nothing from the others, and stays one of those that may lie.
#[test]
fn a_name_without_an_address_is_one_source_that_says_nothing() {
    let place = Place::new("clock-unresolved");
    let quick = ["--samples", "2", "--interval", "10ms", "--source", "clock.invalid"];
    let (code, told) = serving(&[Manner::Honest; 3], |port| audit(&place, port, 3, &quick));
    assert_eq!(
        (code, &told["clock"]["class"]),
        (0, &"hard".into()),
        "three of four agree: {told:#}"
    );
    let source = &told["sources"][3];
    assert_eq!(
        (&source["verdict"], &source["asked"]),
        (&"unresolved".into(), &0.into()),
        "{told:#}"
    );
    assert!(source["address"].is_null() && source["why"].as_str().unwrap().contains("invalid"));
    let alone = place.avouch(&["clock", "audit", "--source", "clock.invalid"]);
    assert!(alone.code == 2 && alone.out.contains("unresolved"), "{alone:?}");
    let help = place.avouch(&["clock", "audit", "--help"]).well();
    assert!(help.contains("4 environment") && help.contains("3 usage"), "{help}");
}

/// This host's clock is known by its own servers; what is asked of it decides how the command ends.
#[test]
fn a_clock_is_within_what_is_asked_or_it_is_not() {
    let place = Place::new("clock-within");
    let quick = ["--samples", "2", "--interval", "10ms", "--within"];
    let with = |within: &'static str| [&quick[..], &[within]].concat();
    serving(&[Manner::Honest; 3], |port| {
        let (code, told) = audit(&place, port, 3, &with("1s"));
        assert_eq!((code, &told["clock"]["class"]), (0, &"hard".into()), "{told:#}");
        let bound = |name: &str| told["clock"][name].as_i64().unwrap();
        assert!(bound("ahead_least_ns") <= 0 && 0 <= bound("ahead_most_ns"), "{told:#}");
        assert!(bound("holdover_ns") > 0);
        assert_eq!(audit(&place, port, 3, &with("1ns")).0, 2, "nobody can tell");
    });
    serving(&[Manner::Ahead(-3_600_000_000_000), Manner::Honest], |port| {
        let (code, told) = audit(&place, port, 1, &with("1s"));
        assert_eq!(code, 1, "an hour ahead of the only source: {told:#}");
        let (code, told) = audit(&place, port, 2, &with("1s"));
        assert_eq!(code, 2, "two that disagree: {told:#}");
        let reason = told["clock"]["reason"].as_str().unwrap();
        assert_eq!(reason, "1 of 2 sources agree, 2 must");
    });
    for (words, hint) in [
        (&["--source", "127.0.0.1", "--drift-bound", "0"][..], "an oscillator of a server"),
        (&["--source", "127.0.0.1", "--source", "127.0.0.1:123"], "has no two votes"),
        (&["--source", "127.0.0.1:0"], "for example time.example.org"),
        (&["--source", "127.0.0.1", "--interval", "2"], "write 250ms, 1.5s, 1m or 1h"),
    ] {
        let wrong = place.avouch(&[&["clock", "audit"], words].concat());
        assert_eq!(wrong.code, 3, "{wrong:?}");
        assert!(wrong.err.contains(hint), "{wrong:?}");
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
    let words = ["clock", "explain", text, "2026-11-27T16:57:06Z", text, text, "--format", "json"];
    let told: Value = serde_json::from_str(&place.avouch(&words).well()).unwrap();
    let relation = |at: usize| told[at]["beside_previous"]["relation"].clone();
    assert_eq!([relation(1), relation(2), relation(3)], ["below", "above", "same"], "{told:#}");
    assert_eq!(told[1]["beside_previous"]["apart_nanoseconds"], 250_000_000, "{told:#}");
    let says = told[2]["beside_previous"]["says"].as_str().unwrap();
    assert!(says.contains("did not happen before"), "{told:#}");
    assert_eq!(told[0]["beside_previous"], Value::Null, "nothing stands before the first");
    let told = place.avouch(&["clock", "explain", text, "2026-11-27T16:57:06.25Z"]).well();
    assert!(told.contains("time     2026-11-27 16:57:06.250000000 UTC"), "{told}");
    assert!(told.contains("is below 6b09b66240000003, in the same unit"), "{told}");
    let wrong = place.avouch(&["clock", "explain", "6b09b6624000000"]);
    assert_eq!(wrong.code, 3, "{wrong:?}");
    assert!(wrong.err.contains("hint: for example 6a28ec5b1eb80003"), "{wrong:?}");
    for text in ["2026-11-27", "2026-11-27T16:57:06", "2026-13-01T00:00:00Z", "16:57:06"] {
        let wrong = place.avouch(&["clock", "explain", text]);
        assert!(wrong.code == 3 && wrong.err.contains("YYYY-MM-DDTHH:MM:SSZ"), "{wrong:?}");
    }
}
