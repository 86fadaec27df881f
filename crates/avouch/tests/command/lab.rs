//! The lab as a user meets it: its folders are readable by the other commands, the same every time,
//! and a bad file is shown where it is bad.

use crate::examples::{examples, shell};
use crate::place::Place;
use std::collections::BTreeMap;

/// Every file below a folder.
fn files(place: &Place, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(place.path(folder)).unwrap();
    let each = entries.map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read(path).unwrap())
    });
    each.collect()
}

#[test]
fn a_run_leaves_a_folder_that_the_other_commands_read_and_that_never_differs() {
    let place = Place::new("lab-run");
    let told = place.avouch(&["lab", "run", "region-blackout", "--seed", "3"]);
    assert!(told.out.starts_with("holds: region-blackout with seed 3\n"), "{told:?}");
    told.well();
    let folder = "avouch-lab/region-blackout/3";
    let history = format!("{folder}/run.history");
    place.avouch(&["check", &history]).well();
    let (evidence, trust) = (format!("{folder}/run.evidence"), format!("{folder}/trust.json"));
    let verified = place.avouch(&["verify", &evidence, "--trust", &trust]).well();
    assert!(verified.contains(", 0 refuted, 0 unknown; no forks"), "{verified}");
    let first = files(&place, folder);
    let names: Vec<_> = first.keys().map(String::as_str).collect();
    for name in ["diagram.svg", "metrics.json", "metrics.prom", "report.html", "verdict.txt"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let report = String::from_utf8(first["report.html"].clone()).unwrap();
    for outside in ["src=", "href=", "url(", "@import", "<script", "<link"] {
        assert!(!report.contains(outside), "the report needs {outside}");
    }
    let verdict = report.find("class=\"word\">holds").unwrap();
    assert!(verdict < report.find("<svg").unwrap(), "the verdict comes first");
    // The kept scenario is the run: every fault at its time, and the seed.
    let kept = format!("{folder}/scenario.toml");
    let again = place.avouch(&["lab", "run", &kept, "--out", "again"]).well();
    let hash =
        |text: &str| text.lines().find(|line| line.starts_with("trace hash")).map(str::to_owned);
    assert_eq!(hash(&again), hash(&String::from_utf8(first["verdict.txt"].clone()).unwrap()));
    place.avouch(&["lab", "run", "region-blackout", "--seed", "3"]).well();
    assert_eq!(files(&place, folder), first, "the same seed, the same bytes");
}

#[test]
fn a_refuted_run_ends_with_one_line_that_repeats_it_and_a_smaller_one() {
    let place = Place::new("lab-refuted");
    let told = place.avouch(&["lab", "run", "stale-leader-reads"]);
    assert_eq!(told.code, 1, "{told:?}");
    let repros: Vec<_> = told.out.lines().filter_map(|line| line.strip_prefix("repro: ")).collect();
    let [repro] = repros[..] else { panic!("one repro line: {told:?}") };
    assert_eq!(repro, "avouch lab run stale-leader-reads --seed 2");
    let again = place.runs("sh", &["-c", repro]);
    assert_eq!((again.code, &again.out), (1, &told.out), "exactly the same");
    let shrunk = "avouch-lab/stale-leader-reads/2/shrunk.toml";
    let small = place.avouch(&["lab", "run", shrunk, "--out", "small", "--no-shrink"]);
    assert!(small.code == 1 && small.out.contains("fit in no order"), "{small:?}");
    let sound = std::fs::read_to_string(place.path(shrunk)).unwrap();
    let sound = sound.replace("plant = ", "# ").replace("verdict = \"refuted\"", "");
    std::fs::write(place.path("sound.toml"), sound).unwrap();
    place.avouch(&["lab", "run", "sound.toml", "--out", "sound"]).well();
    let history = "avouch-lab/stale-leader-reads/2/run.history";
    assert_eq!(place.avouch(&["check", history]).code, 1, "the judge alone finds it too");
    // A seed with which the planted bug does not show is no success.
    let missed = place.avouch(&["lab", "run", "stale-leader-reads", "--seed", "1"]);
    assert!(missed.code == 2 && missed.out.contains("not caught"), "{missed:?}");
}

/// Nodes that answer from their last beacon in a partition, whatever its age: who verifies refutes
/// them by their own readings, and without any evidence the history tells it.
//= §2.3.3 bounded-staleness-time test
#[test]
fn answers_older_than_asked_are_found_by_evidence_and_by_the_history_alone() {
    let place = Place::new("lab-stale");
    let shown = place.avouch(&["lab", "show", "careless-clock"]).well();
    let at = shown.find("[[fault]]").unwrap();
    let partition = "[[fault]]\nat = \"2s\"\ndo = \"partition\"\n\
                     sides = [[\"n5\"], [\"n1\", \"n2\", \"n3\", \"n4\"]]\nfor = \"3s\"\n\n\
                     [expect]\nverdict = \"refuted\"\n";
    let careless = format!("{}{partition}", &shown[..at]).replace("=2s\"", "=300ms\"");
    for (evidence, part) in [
        ("evidence = 1", "bounded-staleness=300ms was asked"),
        ("evidence = 0", "refuted  check              bounded-staleness=300ms"),
    ] {
        let text = careless.replace("evidence = 1", evidence);
        std::fs::write(place.path("stale.toml"), &text).unwrap();
        let told = place.avouch(&["lab", "run", "stale.toml", "--no-shrink"]);
        assert!(told.code == 1 && told.out.contains(part), "{evidence}: {told:?}");
        let sound = text.replace("plant = ", "# ").replace("verdict = \"refuted\"", "");
        std::fs::write(place.path("sound.toml"), sound).unwrap();
        place.avouch(&["lab", "run", "sound.toml", "--no-shrink"]).well();
    }
}

#[test]
fn shares_of_a_campaign_make_the_whole() {
    let place = Place::new("lab-shards");
    let run = |more: &[&str]| {
        let whole = ["lab", "run", "split-brain-attempt", "--seeds", "5..12", "--format", "json"];
        place.avouch(&[&whole[..], more].concat()).json()
    };
    let whole = run(&[]);
    assert_eq!((&whole["seeds"], &whole["holds"]), (&7.into(), &7.into()), "{whole}");
    let mut next = 5;
    let mut events = 0;
    for index in 1..=3 {
        let share = run(&["--shard", &format!("{index}/3")]);
        assert_eq!(share["from"], next, "{share}");
        next = share["to"].as_u64().unwrap();
        events += share["events"].as_u64().unwrap();
    }
    assert_eq!((next, Some(events)), (12, whole["events"].as_u64()));
}

#[test]
fn a_bad_scenario_is_shown_where_it_is_bad() {
    let place = Place::new("lab-bad");
    let good = place.avouch(&["lab", "show", "region-blackout"]).well();
    let bad = good.replace("do = \"crash\"", "do = \"crahs\"");
    std::fs::write(place.path("bad.toml"), bad).unwrap();
    let told = place.avouch(&["lab", "run", "bad.toml"]);
    assert_eq!(told.code, 3, "{told:?}");
    for part in [
        "the word of a fault at bad.toml:",
        "| do = \"crahs\"",
        "^^^^^^^\n",
        "hint: did you mean crash?",
    ] {
        assert!(told.err.contains(part), "{part} in {}", told.err);
    }
    let unknown = place.avouch(&["lab", "run", "region-blakout"]);
    assert!(
        unknown.code == 3 && unknown.err.contains("did you mean region-blackout?"),
        "{unknown:?}"
    );
    let absent = place.avouch(&["lab", "run", "absent.toml"]);
    assert!(absent.code == 3 && absent.err.contains("absent.toml"), "{absent:?}");
    for wrong in [["--seeds", "9..1"], ["--shard", "4/3"]] {
        let told = place.avouch(&[&["lab", "run", "bad.toml"][..], &wrong[..]].concat());
        assert!(told.code == 3 && told.err.contains("hint: "), "{told:?}");
    }
}

#[test]
fn the_examples_in_the_labs_help_do_what_they_say() {
    let place = Place::new("lab-examples");
    for command in ["run", "list", "show"] {
        for line in examples(&place, &["lab", command]) {
            shell(&place, &line);
        }
    }
    let list = place.avouch(&["lab", "list"]).well();
    assert!(list.lines().count() >= 12 && list.lines().all(|line| line.len() < 120), "{list}");
}

/// What a newcomer mistypes: each is told what to type instead.
#[test]
fn a_newcomers_mistakes_are_told_what_to_type() {
    let place = Place::new("lab-mistakes");
    std::fs::create_dir_all(place.path("folder")).unwrap();
    std::fs::create_dir_all(place.path("run")).unwrap();
    std::fs::write(place.path("run/scenario.toml"), "").unwrap();
    let head = "name = \"x\"\nsummary = \"y\"\n";
    for (name, text) in [
        ("zero.toml", format!("{head}duration = \"0s\"\n")),
        ("single.toml", format!("{head}duration = \"1s\"\n[fault]\nat = \"1s\"\n")),
        (
            "beyond.toml",
            format!(
                "{head}duration = \"1s\"\n[[fault]]\nat = \"0s\"\ndo = \"crash\"\nnode = \"n9\"\n"
            ),
        ),
    ] {
        std::fs::write(place.path(name), text).unwrap();
    }
    for (line, hint) in [
        ("lab observers", "did you mean `lab observer`?"),
        ("lab bad-week", "did you mean `lab run bad-week`?"),
        ("run bad-week", "did you mean `lab run`?"),
        ("synchrony", "did you mean `lab synchrony`?"),
        ("rtt us-east-1 eu-west-1", "did you mean `plan rtt`?"),
        ("lab run", "for example `avouch lab run split-brain-attempt`"),
        ("lab show", "for example `avouch lab show split-brain-attempt"),
        ("plan queue", "for example `avouch plan queue --model M/M/c"),
        ("plan rtt", "for example `avouch plan rtt us-east-1 eu-west-1`"),
        ("lab run --scenario bad-week", "`avouch lab run --help`"),
        ("lab run nosuch", "./mine.toml"),
        ("lab run bad-week.toml", "`avouch lab list`"),
        ("lab run bad-week --seed x", "digits alone"),
        ("lab run bad-week --seeds 5", "one seed is `--seed 5`"),
        ("lab run bad-week --seeds 1-5", "`--seeds 1..6`"),
        ("lab run bad-week --seeds 1..=5", "`--seeds 1..6`"),
        ("lab run bad-week --seeds ..5", "1..101 are"),
        ("lab run bad-week --shard 1/2", "--help"),
        ("lab run bad-week --seeds 1..3 --shard 0/2", "JOB_COMPLETION_INDEX"),
        ("lab run bad-week --seed 1 --seeds 1..2", "--help"),
        ("lab run folder", "name the file in it"),
        ("lab run run", "avouch lab run run/scenario.toml"),
        ("lab run zero.toml", "write \"10s\""),
        ("lab run single.toml", "[[fault]]"),
        ("lab run beyond.toml", "n1 to n5"),
        ("lab show bad-wek", "did you mean bad-week?"),
        ("lab list extra", "`avouch lab list --help`"),
        ("lab divergence --seconds 5", "write 250ms"),
        ("lab divergence --seconds 0", "write 250ms"),
        ("lab synchrony --seeds 0", "`avouch lab synchrony --help`"),
    ] {
        let told = place.avouch(&line.split(' ').collect::<Vec<_>>());
        assert!(told.code == 3 && told.out.is_empty(), "{line}: {told:?}");
        let hints = told.err.split("hint: ").nth(1).unwrap_or_default();
        assert!(hints.contains(hint), "{line} should say {hint}: {told:?}");
    }
}
