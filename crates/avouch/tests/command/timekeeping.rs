//! `clock simulate`: faults of clocks in the simulated world, as a user plays them.

use crate::place::Place;

#[test]
//= §3.1.1 gnss test
fn a_fault_within_the_assumptions_is_harmless_and_one_beyond_is_told() {
    let place = Place::new("timekeeping");
    let listed = place.avouch(&["clock", "simulate"]).well();
    assert!(listed.contains("gps-spoofing") && listed.contains("lying-majority"), "{listed}");
    let simulate = |more: &[&str]| place.avouch(&[&["clock", "simulate"], more].concat());

    let told = simulate(&["gps-outage", "--hours", "6", "--format", "json"]);
    assert_eq!(told.code, 0, "{told:?}");
    let outage = told.json();
    assert_eq!((&outage["verdict"], &outage["wrong"]), (&"holds".into(), &0.into()));
    for master in outage["grandmasters"].as_array().unwrap() {
        let off = master["error_ns"].as_i64().unwrap().unsigned_abs();
        assert!(off <= master["claims_ns"].as_u64().unwrap(), "{master}");
        assert_eq!(master["holdover_s"], 5 * 3_600 - 1, "the last second has begun");
    }
    let better = ["gps-outage", "--hours", "6", "--format", "json", "--oscillator", "rubidium"];
    let better = simulate(&better).json();
    let claims = |told: &serde_json::Value| told["grandmasters"][0]["claims_ns"].as_u64().unwrap();
    assert!(claims(&better) < claims(&outage), "{better}");

    let told = simulate(&["rogue-grandmaster", "--hours", "2"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.out.contains("refuted") && told.out.contains("WRONG"), "{told:?}");
    assert_eq!(told.out, simulate(&["rogue-grandmaster", "--hours", "2"]).out, "one seed, one run");

    let told = simulate(&["gremlins"]);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.err.contains("lists them"), "{told:?}");
    assert_eq!(simulate(&["none", "--oscillator", "sundial"]).code, 3);
    assert_eq!(simulate(&["none", "--drift-bound", "0"]).code, 3);
}
