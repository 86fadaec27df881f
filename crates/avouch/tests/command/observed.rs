//! `lab observer` and `lab synchrony`: short runs of their examples, and what they must show.

use crate::examples::examples;
use crate::place::{PROGRAM, Place};
use serde_json::Value;

#[test]
//= §1.1.3 how monitoring changes behaviour: off, sampled, full test
//= §1.1.3 quantile shift with its confidence, CPU per operation test
//= §1.1.3 schedules changed by the measured cost, counted under one seed test
fn monitoring_is_measured_and_its_cost_changes_schedules() {
    let place = Place::new("observer");
    let examples = examples(&place, &["lab", "observer"]);
    // The first one takes a minute.
    let short = examples.last().unwrap();
    assert!(examples.len() == 2 && short.contains("--seconds 6s"), "{examples:?}");
    let told: Value = place.runs_in_memory("sh", &["-c", short]).json();
    let levels = told["levels"].as_array().unwrap();
    let number = |level: usize, member: &str| levels[level][member].as_u64().unwrap();
    for (level, name) in ["off", "sampled", "full"].into_iter().enumerate() {
        assert_eq!(levels[level]["monitoring"], name);
        assert!(number(level, "operations") + number(level, "failed") > 60, "{told}");
        assert!(levels[level]["cpu_an_operation"]["mean_ns"].as_f64().unwrap() > 1_000.0);
        let shift = &levels[level]["shift"]["p99"];
        let at = |end: &str| shift[end].as_f64().unwrap();
        assert!(at("low_ns") <= at("mean_ns") && at("mean_ns") <= at("high_ns"), "{shift}");
    }
    assert_eq!((number(0, "scrapes"), number(0, "steps_recorded")), (0, 0), "{told}");
    assert!(number(1, "scrapes") > 0 && number(2, "scrapes") > number(1, "scrapes"), "{told}");
    assert!(number(1, "steps_recorded") > 0, "{told}");
    assert!(number(2, "steps_recorded") > 8 * number(1, "steps_recorded"), "{told}");
    let schedules = &told["schedules"];
    assert_eq!(schedules["changed_without_cost"], 0, "{schedules}");
    let more = schedules["step_more_ns"].as_u64().unwrap();
    let changed = schedules["order_changed"].as_u64().unwrap();
    assert!(
        schedules["step_ns"].as_u64().unwrap() > 0 && (more == 0 || changed > 0),
        "{schedules}"
    );

    let planted = ["--rate", "40", "--blocks", "4", "--seeds", "1", "--plant", "slow-recorder"];
    let planted =
        [&["lab", "observer", "--seconds", "6s", "--format", "json"], &planted[..]].concat();
    let told = place.runs_in_memory(PROGRAM, &planted).json();
    let shift = &told["levels"][2]["shift"]["p50"];
    // Several recorded steps an answer; a loaded machine widens the interval, to both sides.
    assert!(shift["high_ns"].as_f64().unwrap() > 1e6, "{told}");
    assert!(told["levels"][2]["quantiles_ns"]["p50"].as_u64().unwrap() > 2_000_000, "{told}");

    for (wrong, part) in [
        (&["--seconds", "3s"][..], "at least 6 s"),
        (&["--rate", "0"], "5"),
        (&["--blocks", "2"], "4"),
        (&["--seconds", "6s", "--blocks", "100", "--rate", "40"], "lower --blocks"),
    ] {
        let told = place.avouch(&[&["lab", "observer"], wrong].concat());
        assert!(told.code == 3 && told.err.contains(part), "{told:?}");
    }
}

#[test]
//= §1.2.3 heartbeat rate against detection time and cost test
//= §1.2.3 adaptive time-outs (timeout): Jacobson, phi, Chen on the same traces test
//= §1.2.3 timing assumptions: a dial of partial synchrony, GST and delta test
fn time_is_compared_on_simulated_and_on_recorded_round_trips() {
    let place = Place::new("synchrony");
    for line in examples(&place, &["lab", "synchrony"]) {
        let ran = place.runs("sh", &["-c", &format!("unset AVOUCH_DATA; {line}")]);
        assert!(ran.code == 0 && ran.out.contains("simulated: "), "{line}: {ran:?}");
    }
    let page = std::fs::read_to_string(place.path("synchrony.html")).unwrap();
    assert!(page.matches("<svg").count() == 3 && page.ends_with("</html>\n"));

    // Every tenth round trip is five times as long, and every hundredth is lost.
    let trip = |at: u32| match at {
        at if at.is_multiple_of(100) => "lost\n".to_owned(),
        at if at.is_multiple_of(10) => "200.0\n".to_owned(),
        _ => "40.0\n".to_owned(),
    };
    std::fs::create_dir_all(place.path("data/rtt")).unwrap();
    let lines: String = (0..2_000).map(trip).collect();
    std::fs::write(place.path("data/rtt/probe.rtt"), lines).unwrap();
    let run = |line: &str| place.runs("sh", &["-c", line]).json();
    let told =
        run("AVOUCH_DATA=data avouch lab synchrony --heartbeats 2000 --seeds 2 --format json");
    let again = run(
        "avouch lab synchrony --trace data/rtt/probe.rtt --heartbeats 2000 --seeds 1 --format json",
    );
    let series = &told["series"][0];
    for part in ["bounds", "heartbeat_rates", "detectors"] {
        assert_eq!(series[part], again["series"][0][part], "{part}: one file, one seed");
    }
    assert!(series["source"].as_str().unwrap().starts_with("recorded: "));
    let bounds = series["bounds"].as_array().unwrap();
    let double = bounds.iter().find(|row| row["name"] == "2.00 x median").unwrap();
    assert_eq!(
        (&double["broken"], &double["judged"], &double["lost"]),
        (&90.into(), &990.into(), &10.into())
    );
    let detectors = series["detectors"].as_array().unwrap();
    let mistakes = |part: &str| {
        let found = detectors.iter().find(|row| row["name"].as_str().unwrap().contains(part));
        found.unwrap()["mistakes"].as_u64().unwrap()
    };
    // One interval of silence more for each lost one: 20 of them, and 180 late by 80 ms.
    assert_eq!(mistakes("timeout, 5 intervals"), 0);
    assert!(
        mistakes("Chen") >= 20 && mistakes("phi 8, normal") <= mistakes("Jacobson"),
        "{detectors:?}"
    );
    let rates = series["heartbeat_rates"].as_array().unwrap();
    let of = |row: &Value, member: &str| row["strict"][member].as_f64().unwrap();
    assert!(
        rates.windows(2).all(|pair| {
            of(&pair[0], "detection_mean_ns") < of(&pair[1], "detection_mean_ns")
                && pair[0]["bytes_hz"].as_f64() > pair[1]["bytes_hz"].as_f64()
        }),
        "{rates:?}"
    );

    let promises = told["log_under_promises"].as_array().unwrap();
    let stuck: Vec<_> = promises.iter().map(|row| row["stuck"].as_u64().unwrap()).collect();
    assert_eq!(stuck[..3], [0, 0, 0], "{promises:?}");
    assert_eq!(promises[0]["decided_before_max"], 0, "{promises:?}");

    std::fs::write(place.path("bad.rtt"), "12.0\nsoon\n").unwrap();
    let wrong = place.avouch(&["lab", "synchrony", "--trace", "bad.rtt"]);
    assert!(wrong.code == 3 && wrong.err.contains("bad.rtt line 2"), "{wrong:?}");
    let absent = place.avouch(&["lab", "synchrony", "--trace", "absent.rtt"]);
    assert!(absent.code == 3 && absent.err.contains("absent.rtt"), "{absent:?}");
    let unknown = place.avouch(&["lab", "synchrony", "--pair", "us-east-1:eu-wset-1"]);
    assert!(unknown.code == 3 && unknown.err.contains("did you mean eu-west-1?"), "{unknown:?}");
}
