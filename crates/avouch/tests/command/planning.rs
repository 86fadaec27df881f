//! `plan`: every example of its help, what it prints against figures known from elsewhere, and what
//! it refuses.

use crate::examples::{commands, examples, shell};
use crate::place::Place;
use serde_json::Value;

fn well(place: &Place, line: &str) -> String {
    place.avouch(&line.split(' ').collect::<Vec<_>>()).well()
}

fn json(place: &Place, line: &str) -> Value {
    serde_json::from_str(&well(place, &format!("{line} --format json"))).unwrap()
}

#[test]
fn every_example_of_every_plan_runs_as_it_stands() {
    let place = Place::new("plan-examples");
    let commands = commands(&place, &["plan"]);
    assert!(commands.len() >= 3, "{commands:?}");
    let helps = commands.iter().map(|command| examples(&place, &["plan", command]));
    for line in helps.flatten().chain(examples(&place, &["plan"])) {
        shell(&place, &line);
    }
}

//= §1.1.1 latency-floor against measured latency test
//= §1.1.1 equipment delays: serialisation, switching, NIC and kernel, summed per hop test
#[test]
fn two_regions_have_their_published_times_and_a_delay_whose_parts_add_up() {
    let place = Place::new("plan-rtt");
    let told = json(&place, "plan rtt us-east-1 us-west-2");
    let ms = |value: &Value| value.as_f64().unwrap() / 1e6;
    assert!((ms(&told["round_trip"]["p50_ns"]) - 64.4).abs() < 0.3, "{told}");
    assert_eq!((&told["class"], &told["fit"]), (&"cross-US".into(), &"within".into()));
    let (vacuum, fibre) = (&told["vacuum_floor_ns"], &told["fibre_floor_ns"]);
    assert!((ms(fibre) / ms(vacuum) - 1.468).abs() < 1e-4, "{told}");
    let stretch = told["stretch"].as_f64().unwrap();
    assert!((stretch - ms(&told["round_trip"]["p50_ns"]) / ms(fibre)).abs() < 1e-9, "{told}");
    for line in [
        "plan rtt us-east-1 us-west-2",
        "plan rtt Nairobi Lima --seed 7 --bytes 1MiB --rate 100Mbit",
        "plan rtt eu-west-1 eu-west-1 --hops 200",
        "plan rtt Frankfurt Ashburn --hops 0",
    ] {
        let message = json(&place, line)["message"].clone();
        let part = |name: &str| message["parts"][name].as_u64().unwrap();
        let parts = ["propagation_ns", "serialisation_ns", "equipment_ns", "queueing_ns"];
        let sum: u64 = parts.map(part).iter().sum();
        assert_eq!(sum, message["total_ns"].as_u64().unwrap(), "{line}");
        assert!(part("propagation_ns") >= message["floor_ns"].as_u64().unwrap(), "{line}");
        let wires = message["hops"].as_u64().unwrap() + 1;
        assert_eq!(part("serialisation_ns") % wires, 0, "{line}: the same on every wire");
        assert!(part("serialisation_ns") > 0, "{line}");
    }
    let text = well(&place, "plan rtt us-east-2 us-west-2");
    let first = text.lines().next().unwrap();
    assert!(first.contains("50.83 ms round trip, measured"), "the verdict comes first: {first}");
    assert!(text.contains("an exception, below that") && !text.contains('\x1b'), "{text}");
}

#[test]
fn the_whole_table_is_summed_up() {
    let place = Place::new("plan-all");
    let told = json(&place, "plan rtt --all");
    assert_eq!(told["pairs"], 1_056);
    let detours = told["triangle_violations"].as_array().unwrap();
    let gain = detours[0]["gain"].as_f64().unwrap();
    assert!(detours.len() == 127 && (gain - 1.29).abs() < 0.005, "{gain}");
    let text = well(&place, "plan rtt --all");
    assert!(text.contains("47.99 ms (me-south-1, us-west-2)"), "{text}");
    let places = json(&place, "plan rtt --places");
    assert!(places.as_array().unwrap().len() >= 33 + 200);
}

#[test]
fn queues_have_their_published_values_beside_their_simulation() {
    let place = Place::new("plan-queue");
    let queue = "plan queue --customers 200000 --service 1";
    let told = json(&place, &format!("{queue} --model M/M/c --servers 4 --arrival 3.2"));
    let near = |value: &Value, published: f64| (value.as_f64().unwrap() / published - 1.0).abs();
    assert!(near(&told["formula"]["waits"], 0.5964) < 1e-3, "{told}");
    assert!(near(&told["formula"]["wait"], 0.7455) < 1e-3, "{told}");
    let simulated = &told["simulated"]["wait"];
    assert!(near(&simulated["mean"], 0.7455) < 0.1, "{told}");
    assert!(simulated["half_width"].as_f64().unwrap() > 0.0, "{told}");
    let told = json(&place, &format!("{queue} --model M/M/1 --arrival 0.8"));
    assert!(near(&told["formula"]["response_quantiles"]["p99"], 23.026) < 1e-4, "{told}");
    let general = "--model G/G/c --arrival 0.8 --arrival-variation 4 --service-variation 0.5";
    let text = well(&place, &format!("{queue} {general}"));
    assert!(
        text.contains("Allen-Cunneen's approximation") && text.contains("formula is"),
        "{text}"
    );
    let rows = json(&place, "plan queue --errors --customers 20000");
    assert_eq!(rows.as_array().unwrap().len(), 16);
}

#[test]
fn guarantees_have_their_floors_and_the_best_placement_is_found() {
    let place = Place::new("plan-latency");
    let five = "us-east-1,us-west-2,eu-west-1,ap-northeast-1,sa-east-1";
    let told = json(&place, &format!("plan latency --regions {five}"));
    assert_eq!((&told["leader"], &told["placements"]), (&"us-east-1".into(), &5.into()));
    let ns = |value: &Value| value.as_u64().unwrap();
    let quorum = ns(&told["quorum"]["measured_ns"]);
    assert!(quorum.abs_diff(69_600_000) < 200_000, "a quorum of Ashburn reaches Dublin: {quorum}");
    let farthest = &told["way"]["clients"][3];
    assert_eq!(farthest["client"], "ap-northeast-1");
    let expected = 149_700_000 + 69_600_000 + 100_000;
    assert!(ns(&farthest["measured_ns"]).abs_diff(expected) < 500_000, "{farthest}");
    let guarantees = told["guarantees"].as_array().unwrap();
    assert_eq!(guarantees.len(), 17, "each row of the one table");
    for way in guarantees.iter().flat_map(|row| row["ways"].as_array().unwrap()) {
        for client in way["clients"].as_array().unwrap() {
            assert!(ns(&client["measured_ns"]) >= ns(&client["fibre_ns"]), "{way}");
        }
    }
    // The best leader is not worse than any other that one asks for.
    for leader in five.split(',') {
        let other = json(&place, &format!("plan latency --regions {five} --leader {leader}"));
        assert_eq!(other["leader"], leader);
        assert!(ns(&other["way"]["mean_ns"]) >= ns(&told["way"]["mean_ns"]), "{leader}");
    }
    let best = json(&place, "plan latency --replicas 3");
    assert_eq!(best["placements"], 33 * 496, "every leader with every two of the other 32");
    let text = well(&place, "plan latency --replicas 3 --guarantee eventual");
    assert!(text.lines().next().unwrap().starts_with("eventual: "), "the verdict first: {text}");
}

#[test]
fn what_cannot_be_planned_is_refused_with_a_hint() {
    let place = Place::new("plan-mistakes");
    for (line, hint) in [
        ("plan rtt lndon paris", "did you mean London?"),
        ("plan rtt us-east-1 eu-wset-1", "did you mean eu-west-1?"),
        ("plan rtt us-east-1", "PLACE"),
        ("plan rtt us-east-1 Paris --rate 10", "10Gbit"),
        ("plan rtt us-east-1 Paris --hops 999", "255"),
        ("plan queue --model M/M/1 --arrival 2 --service 1", "at least 3 servers"),
        ("plan queue --model M/M/k --arrival 2 --service 1", "did you mean M/M/"),
        ("plan queue --model M/M/1 --arrival -2 --service 1", "a rate such as"),
        ("plan queue --model M/M/1 --servers 2 --arrival 1 --service 1", "M/M/c"),
        ("plan queue --model M/D/1 --arrival 0.5 --service 1 --service-variation 2", "M/G/1"),
        ("plan queue --errors --utilisation 1", "keep up"),
        ("plan latency", "--replicas 3"),
        ("plan latency --regions us-east-1,eu-wset-1", "did you mean eu-west-1?"),
        ("plan latency --regions us-east-1,us-east-1", "fail together"),
        ("plan latency --regions us-east-1 --replicas 3", "more --regions"),
        ("plan latency --regions us-east-1 --leader eu-west-1", "--regions, too"),
        ("plan latency --replicas 7", "fewer"),
        ("plan latency --replicas 3 --guarantee linearisable", "did you mean `linearizable`?"),
        ("plan latency --regions us-east-1 eu-west-1", "one word with commas"),
        ("plan latency --replicas 3 --clients London", "the region there is eu-west-2"),
        ("plan queue --model M/M/1 --arrival 100ms --service 2", "a bare number"),
        ("plan latencies", "did you mean `plan latency`?"),
        ("plan latency --replicas 3 -g causal", "did you mean `causal-plus`?"),
        ("plan latency --replicas 3 -g strong", "did you mean `linearizable`?"),
        ("plan latency --replicas 3 -g xyzzy", "lists all 17"),
        ("plan latency --replicas 3 --guarantee byzantine-linearizable", "--replicas 5"),
    ] {
        let told = place.avouch(&line.split(' ').collect::<Vec<_>>());
        assert!(told.code == 3 && told.out.is_empty(), "{line}: {told:?}");
        assert!(told.err.contains(hint), "{line} should say {hint}: {told:?}");
    }
}
