//! The goals, a line for each: `goal NAME VALUE UNIT target TARGET met|short`.

use crate::figures::{Cell, Measured, Table, Verb};

/// Whether more or less is better.
#[derive(Clone, Copy)]
enum Want {
    AtLeast(f64),
    AtMost(f64),
}

fn goal(name: &str, value: Option<f64>, unit: &str, want: Want) {
    let (met, target) = match want {
        Want::AtLeast(target) => (value.is_some_and(|value| value >= target), target),
        Want::AtMost(target) => (value.is_some_and(|value| value <= target), target),
    };
    let word = if met { "met" } else { "short" };
    match value {
        Some(value) => println!("goal {name} {value:.2} {unit} target {target} {word}"),
        None => println!("goal {name} none {unit} target {target} short"),
    }
}

/// Prints every goal.
pub(crate) fn print(table: &Table) {
    let cell = |verb, clients, evidence| Cell { verb, clients, evidence };
    let p50: fn(&Measured) -> f64 = |measured| measured.p50_us;
    let per_second: fn(&Measured) -> f64 = |measured| measured.per_second;
    for (verb, name) in [(Verb::Put, "put"), (Verb::Get, "get")] {
        let one = cell(verb, 1, false);
        let faster = table.ratio(("etcd", one), ("ours", one), p50);
        goal(&format!("{name}_1_p50_of_etcd_over_ours"), faster, "x", Want::AtLeast(1.0));
        let many = cell(verb, 64, false);
        let more = table.ratio(("ours", many), ("etcd", many), per_second);
        goal(&format!("{name}_64_throughput_over_etcd"), more, "x", Want::AtLeast(1.0));
    }
    let one = cell(Verb::Put, 1, false);
    goal("put_1_p50", table.median("ours", one, p50), "us", Want::AtMost(200.0));
    let many = cell(Verb::Put, 64, false);
    let more = table.ratio(("ours", many), ("etcd", many), per_second);
    goal("put_64_throughput_over_etcd_later", more, "x", Want::AtLeast(2.7));
    let mut lengths = Vec::new();
    for (verb, name) in [(Verb::Put, "put"), (Verb::Get, "get")] {
        let (bare, with) = (cell(verb, 64, false), cell(verb, 64, true));
        let kept = table.ratio(("ours", with), ("ours", bare), per_second);
        let cost = kept.map(|kept| (1.0 - kept) * 100.0);
        goal(&format!("{name}_64_evidence_cost"), cost, "%", Want::AtMost(5.0));
        for clients in [1, 64] {
            lengths.extend(table.rounds("ours", cell(verb, clients, true)));
        }
    }
    let most = |figure: fn(&Measured) -> Option<usize>| {
        lengths
            .iter()
            .filter_map(figure)
            .max()
            .map(|bytes| f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)))
    };
    // Certificates are not cached on connections yet, so every answer carries its own whole.
    goal("evidence_wire_p99_cached", most(|m| m.wire_p99), "B", Want::AtMost(400.0));
    goal("evidence_self_contained_p99", most(|m| m.evidence_p99), "B", Want::AtMost(2048.0));
}
