//! Reports of whole runs, looked at as a reader would: no text over another, none outside its
//! picture, nothing in a program's notation.

use super::{Beside, report};
use crate::lab::run::{Look, run, stretch};
use crate::lab::scenario::Scenario;
use avouch_check::picture::inspect::{bare, between, faults};

/// A report of a scenario's first seed, or another.
fn page(text: &str, seed: u64) -> String {
    let scenario = Scenario::parse("tested", text).unwrap_or_else(|error| panic!("{error}"));
    let look = |look| run(&scenario, seed, look).unwrap_or_else(|error| panic!("{error}"));
    let stretch = stretch(&look(Look::Verdict));
    let ran = look(Look::Close(Some(stretch)));
    report(&scenario, &ran, &Beside { repro: "avouch lab run", shrunk: None, stretch })
}

fn shipped(name: &str, seed: u64) -> String {
    let shipped = crate::lab::shipped::named(name).unwrap_or_else(|error| panic!("{error}"));
    page(shipped.text, seed)
}

/// A cluster whose nodes and clients crowd into one corner of the world, two of them in one place.
const CROWDED: &str = r#"
name = "crowded"
summary = "many regions close to each other"
duration = "2s"
[cluster]
regions = ["eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-central-2", "eu-west-1", "eu-north-1"]
[[fault]]
at = "500ms"
do = "partition"
sides = [["n1", "n2"], ["n3", "n4", "n5", "n6", "n7"]]
for = "1s"
[[fault]]
at = "600ms"
do = "loss"
links = "* -> n3"
probability = 0.25
"#;

#[test]
fn no_text_covers_another_or_leaves_its_picture() {
    let pages = [
        shipped("split-brain-attempt", 1),
        shipped("stale-leader-reads", 2),
        shipped("bad-week", 1),
        shipped("rolling-restart", 1),
        page(CROWDED, 1),
    ];
    let mut seen = 0;
    for page in &pages {
        let title = between(page, "<title>", "</title>").expect("a title");
        let (faults, texts) = faults(page);
        assert!(faults.is_empty(), "{title}: {faults:?}");
        seen += texts;
    }
    assert!(seen > 150, "{seen} texts");
}

#[test]
fn nothing_is_told_in_a_programs_notation() {
    for page in
        [shipped("split-brain-attempt", 1), shipped("stale-leader-reads", 2), page(CROWDED, 1)]
    {
        let body = page.split("</style>").nth(1).expect("a body");
        let body = bare(body.split("<svg ").next().unwrap_or_default()) + &bare(body);
        for sign in ["[[", "[n", "[\"", "Some(", "None", "NodeId", "NaN", "  ,"] {
            assert!(!body.contains(sign), "{sign} in {body}");
        }
    }
    let crowded = page(CROWDED, 1);
    assert!(crowded.contains("<td>n1 n2 | n3 n4 n5 n6 n7</td>"), "{crowded}");
    assert!(crowded.contains("<td>all -&gt; n3</td><td>25 %</td>"), "{crowded}");
    assert!(
        crowded.contains("<tspan class=\"bold\">n1 n6</tspan> eu-west-1 (Dublin)"),
        "one caption a region"
    );
}

/// Every call of the witness is in its table, and its number at its bar in the diagram.
#[test]
fn the_witness_is_a_table_and_its_calls_are_in_the_diagram() {
    let page = shipped("stale-leader-reads", 2);
    let table = between(&page, "<h2>The witness</h2>", "</table>")
        .and_then(|table| table.split_once("<tbody>"))
        .map(|parts| parts.1)
        .expect("a witness");
    let calls = table.matches("<tr><th>").count();
    assert!(calls >= 2 && !table.contains("  "), "{table}");
    let diagram = between(&page, "aria-label=\"messages over time\"", "</svg>").expect("a diagram");
    for number in 1..=calls {
        let there = diagram.contains(&format!("<tspan class=\"bold\">{number}"));
        assert!(there, "call {number} of the witness is not named");
    }
}
