//! Reports of whole runs, looked at as a reader would: no text over another, none outside its
//! picture, nothing in a program's notation.

use super::label::{Area, Side, Text};
use super::{Beside, report};
use crate::lab::run::{Look, run, stretch};
use crate::lab::scenario::Scenario;

/// Inside a tag or a text, what stands between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    rest.split_once(end).map(|parts| parts.0)
}

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

/// The text of an element, its markup taken out.
fn bare(markup: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in markup.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// What every text of a picture covers.
fn texts(svg: &str) -> Vec<(Area, String)> {
    let mut found = Vec::new();
    for element in svg.split("<text ").skip(1) {
        let element = element.split("</text>").next().unwrap_or_default();
        let (tag, content) = element.split_once('>').expect("a tag ends");
        let number = |name: &str| -> f64 {
            between(tag, &format!("{name}=\""), "\"")
                .and_then(|text| text.parse().ok())
                .unwrap_or(0.0)
        };
        let side = match between(tag, "text-anchor=\"", "\"") {
            Some("end") => Side::Left,
            Some("middle") => Side::Middle,
            _ => Side::Right,
        };
        let lines: Vec<_> = content
            .split("<tspan class=\"dim\"")
            .map(|line| match line.split_once("dy=") {
                Some((_, rest)) => bare(rest.split_once('>').map_or("", |parts| parts.1)),
                None => bare(line),
            })
            .collect();
        let text = Text { bold: String::new(), lines, dim: false };
        found.push((text.area((number("x"), number("y")), side), format!("{:?}", text.lines)));
    }
    found
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
        for svg in page.split("<svg ").skip(1).filter_map(|rest| rest.split("</svg>").next()) {
            let size = between(svg, "viewBox=\"0 0 ", "\"").expect("a size");
            let (wide, tall) = size.split_once(' ').expect("two numbers");
            let (wide, tall): (f64, f64) = (wide.parse().unwrap(), tall.parse().unwrap());
            let texts = texts(svg);
            for (place, (one, text)) in texts.iter().enumerate() {
                let inside =
                    one.left >= 0.0 && one.right <= wide && one.top >= -2.0 && one.bottom <= tall;
                assert!(inside, "{title}: {text} leaves the picture: {one:?} of {size}");
                for (other, beside) in &texts[place + 1..] {
                    assert!(
                        !one.overlaps(other),
                        "{title}: {text} {one:?} covers {beside} {other:?}"
                    );
                }
                seen += 1;
            }
        }
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
