//! `lab divergence` and `lab gray`: what they show, and that a replica which skips entries and a
//! detector that trusts heartbeats are told.

use crate::examples::examples;
use crate::place::Place;

#[test]
//= §1.1.2 state divergence mechanics: which keys differ between which replicas, over time test
fn divergence_is_shown_returns_to_none_and_a_planted_bug_stays() {
    let place = Place::new("divergence");
    for line in examples(&place, &["lab", "divergence"]) {
        let ran = place.runs("sh", &["-c", &line]);
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        assert!(ran.out.contains("converged_since") || ran.out.starts_with("agree: "), "{ran:?}");
    }
    let svg = std::fs::read_to_string(place.path("divergence.svg")).unwrap();
    assert!(svg.contains("n4-n5") && svg.ends_with("</svg>\n"));

    // A seed in which the entry that is skipped has a write that matters.
    let run = ["lab", "divergence", "--seconds", "2s", "--seed", "1"];
    let told = place.avouch(&run).well();
    assert_eq!(told, place.avouch(&run).well(), "one seed, one run");
    let planted = place.avouch(&[&run[..], &["--plant", "skip-entry"]].concat());
    assert_eq!(planted.code, 1, "{planted:?}");
    assert!(planted.out.starts_with("differ: ") && planted.out.contains("n1-n2"), "{planted:?}");
    assert!(planted.out.contains(" for good: k"), "{planted:?}");
    let (_, repro) = planted.err.split_once("repro: ").unwrap();
    let again = place.runs("sh", &["-c", repro.trim()]);
    assert_eq!((again.code, &again.out), (1, &planted.out), "{repro}");

    let fine = place.avouch(&["lab", "divergence", "--every", "1ns"]);
    assert!(fine.code == 3 && fine.err.contains("raise --every"), "{fine:?}");
    let nowhere = place.avouch(&["lab", "divergence", "--seconds", "1s", "--svg", "no/where.svg"]);
    assert_eq!(nowhere.code, 4, "{nowhere:?}");
}

#[test]
//= §4.1.2 grey-detection test
fn gray_faults_are_named_with_what_spoke_for_them_and_a_planted_bug_misses_one() {
    let place = Place::new("gray");
    let mut planted = 0;
    for line in examples(&place, &["lab", "gray"]) {
        let ran = place.runs("sh", &["-c", &line]);
        if line.contains("--plant") {
            planted += 1;
            assert!(ran.code == 1 && ran.out.contains("never"), "{line}: {ran:?}");
            let (_, repro) = ran.err.split_once("repro: ").unwrap();
            let again = place.runs("sh", &["-c", repro.trim()]);
            assert_eq!((again.code, &again.out), (1, &ran.out), "{repro}");
        } else {
            assert_eq!(ran.code, 0, "{line}: {ran:?}");
            let evidence = ran.out.lines().any(|line| line.starts_with("  n"));
            assert!(evidence || line.contains("json"), "{line}: {ran:?}");
        }
    }
    assert_eq!(planted, 1);
    let run = ["lab", "gray", "--fault", "n3 crashes", "--healthy", "1m"];
    let told = place.avouch(&run).well();
    assert!(told.contains("crashed n3") && told.contains("1m with nothing wrong: 0 false alarms"));
    let json = place.avouch(&[&run[..], &["--format", "json"]].concat()).well();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["faults"][0]["expected"], "crashed n3");
    assert!(
        json["faults"][0]["named_after_ns"].as_u64().unwrap() < json["within_ns"].as_u64().unwrap()
    );
    let nothing = place.avouch(&["lab", "gray", "--fault", "n9"]);
    assert!(nothing.code == 3 && nothing.err.contains("n3 crashes"), "{nothing:?}");
    let bug = place.avouch(&["lab", "gray", "--plant", "nothing"]);
    assert!(bug.code == 3 && bug.err.contains("trusts-heartbeats"), "{bug:?}");
}

#[test]
//= §1.2.3 timing assumptions: a dial of partial synchrony, GST and delta test
fn the_shipped_log_goes_on_after_gst_in_a_scenario_and_is_refuted_without_one() {
    let place = Place::new("stabilisation");
    let held = place.avouch(&["lab", "run", "late-stabilisation", "--seeds", "1..15"]);
    assert!(held.code == 0 && held.out.contains("14 held"), "{held:?}");
    let text = place.avouch(&["lab", "show", "late-stabilisation"]).well();
    let never = text.replace("gst = \"3s\"", "gst = \"1h\"");
    assert_ne!(never, text);
    std::fs::write(place.path("never.toml"), never).unwrap();
    let refuted = place.avouch(&["lab", "run", "never.toml", "--seed", "1"]);
    assert!(refuted.code == 1 && refuted.out.contains("never answered"), "{refuted:?}");
    let folder = place.path("avouch-lab/late-stabilisation/1");
    let chart = std::fs::read_to_string(folder.join("divergence.svg")).unwrap();
    assert!(chart.contains("n1-n2") && chart.ends_with("</svg>\n"));
}
