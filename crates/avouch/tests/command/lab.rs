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

/// The members of a manifest by path, such as `spec.template.spec.containers.0.name`. Block style
/// only, as the manifest is written: tabs, odd indents and doubled keys are refused.
fn manifest(text: &str) -> BTreeMap<String, String> {
    let mut members = BTreeMap::new();
    // Columns with the key, or the number of the item, that stands there.
    let mut path: Vec<(usize, String)> = Vec::new();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    for line in lines.filter(|line| !line.trim().is_empty()) {
        assert!(!line.contains('\t') && line.trim_end() == line, "{line:?}");
        let mut column = line.len() - line.trim_start().len();
        assert!(column % 2 == 0, "an odd indent: {line:?}");
        let mut rest = line.trim_start();
        if let Some(item) = rest.strip_prefix("- ") {
            path.retain(|(at, _)| *at <= column);
            match path.last_mut() {
                Some((at, number)) if *at == column => {
                    *number = (number.parse::<usize>().unwrap() + 1).to_string();
                }
                _ => path.push((column, "0".to_owned())),
            }
            (rest, column) = (item, column + 2);
        }
        path.retain(|(at, _)| *at < column);
        let plain = !rest.starts_with(['\'', '"']);
        let (key, value) = rest.split_once(':').filter(|_| plain).unwrap_or(("", rest));
        let names: Vec<_> = path.iter().map(|(_, name)| name.as_str()).chain([key]).collect();
        let name = names.join(".");
        let value = value.trim();
        assert!(members.insert(name.clone(), value.to_owned()).is_none(), "{name} twice");
        if value.is_empty() {
            path.push((column, key.to_owned()));
        }
    }
    members
}

#[test]
fn the_kubernetes_job_is_sound_and_gives_each_pod_its_share() {
    let text = include_str!("../../../../deploy/lab-job.yaml");
    let members = manifest(text);
    let at = |path: &str| members.get(path).map_or("", String::as_str).trim_matches('"');
    assert_eq!((at("apiVersion"), at("kind")), ("batch/v1", "Job"), "{members:#?}");
    assert_eq!(at("spec.completionMode"), "Indexed");
    assert_eq!(at("spec.template.spec.restartPolicy"), "Never");
    let container = "spec.template.spec.containers.0";
    assert_eq!(at(&format!("{container}.env.1.name")), "SHARDS");
    assert_eq!(at(&format!("{container}.env.1.value")), at("spec.completions"), "every share runs");
    // What a pod runs, run here as the third of eight with the scenario at hand.
    let args = at(&format!("{container}.args.0.")).trim_matches('\'');
    let place = Place::new("lab-job");
    let args =
        args.replace("/scenario/scenario.toml", "split-brain-attempt").replace("/runs", "runs");
    let line = format!("JOB_COMPLETION_INDEX=2 SHARDS=8 SEEDS=1..17; {args} --format json");
    let ran = place.runs("sh", &["-c", &line]).json();
    assert_eq!((&ran["from"], &ran["to"]), (&5.into(), &7.into()), "{ran}");
    for broken in [
        text.replace("  completions", "   completions"),
        text.replace("kind: Job", "kind: Job\nkind: Job"),
    ] {
        assert!(std::panic::catch_unwind(|| manifest(&broken)).is_err());
    }
}
