//! `lab divergence`: what it shows, and that a replica which skips entries is told.

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
