//! The space-time diagram: a line for each node, time to the right, and every message as a slanted
//! line from whoever sent it to whoever got it, in a stretch that is worth looking at.

use super::chart::Across;
use crate::lab::page::Page;
use crate::lab::plot::escaped;
use crate::lab::run::Ran;
use crate::lab::scenario::Scenario;
use crate::lab::watch::Mark;
use avouch_promise::{Nanos, NodeId};

pub(super) const CAPTION: &str = "Green: entries and their acknowledgements; blue: elections; grey: other messages, heartbeats the \
    faintest. A red stub: a message that a link lost or stopped. A thick grey stretch: the node is down. A red bar: a call of the witness.";

const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 58.0;
const TOP: f64 = 20.0;
const APART: f64 = 62.0;

fn line(node: NodeId) -> f64 {
    TOP + f64::from(node.0.saturating_sub(1)) * APART
}

/// The colour of a message's word, and how strongly it is drawn.
fn ink(word: &str) -> (&'static str, &'static str) {
    match word {
        "append" | "accepted" | "decide" => ("--holds", ".7"),
        "prepare" | "promise" | "refused" => ("--read", ".9"),
        "heartbeat" => ("--faint", ".16"),
        _ => ("--faint", ".45"),
    }
}

/// The diagram of a stretch, for the report or with `standalone` colours of its own.
pub fn diagram(scenario: &Scenario, ran: &Ran, (from, until): (Nanos, Nanos)) -> String {
    let nodes = scenario.cluster.nodes();
    let across = Across { from, until, left: LEFT, right: WIDTH - 8.0 };
    let tall = line(NodeId(nodes)) + 40.0;
    let mut page = Page::new();
    page.line(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {tall:.0}\" role=\"img\" \
         aria-label=\"messages over time\">"
    ));
    for tick in across.ticks() {
        let x = across.at(tick);
        page.line(format_args!(
            "<line x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\" stroke=\"var(--line)\"/>\
             <text class=\"dim\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{:.2} s</text>",
            TOP - 8.0,
            tall - 24.0,
            tall - 8.0,
            super::chart::float(tick) / 1e9
        ));
    }
    for number in 1..=nodes {
        node(&mut page, &across, ran, NodeId(number));
    }
    calls(&mut page, &across, ran);
    for passage in &ran.passages {
        let (y1, y2) = (line(passage.from), line(passage.to));
        let x1 = across.at(passage.sent);
        let (colour, opacity) = ink(passage.word);
        match passage.arrives {
            Some(arrives) if arrives <= until => page.line(format_args!(
                "<line x1=\"{x1:.1}\" y1=\"{y1}\" x2=\"{:.1}\" y2=\"{y2}\" stroke=\"var({colour})\" opacity=\"{opacity}\"/>",
                across.at(arrives)
            )),
            Some(_) => {}
            None if passage.word == "heartbeat" => {}
            None => page.line(format_args!(
                "<line x1=\"{x1:.1}\" y1=\"{y1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"var(--fault)\" opacity=\".6\"/>",
                x1 + 4.0,
                y1 + (y2 - y1).signum() * 11.0
            )),
        }
    }
    page.line("</svg>");
    page.into_string()
}

fn node(page: &mut Page, across: &Across, ran: &Ran, node: NodeId) {
    let y = line(node);
    page.line(format_args!(
        "<line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{:.1}\" y2=\"{y}\" stroke=\"var(--ink)\" opacity=\".5\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" font-weight=\"700\">{node}</text>",
        across.right,
        LEFT - 8.0,
        y + 4.0
    ));
    let own = || ran.marks.iter().filter(|mark| mark.1 == node);
    for (at, ..) in own().filter(|mark| mark.2 == Mark::Down) {
        let up = own().find(|mark| mark.2 == Mark::Up && mark.0 > *at).map_or(ran.ended, |up| up.0);
        if up < across.from || *at > across.until {
            continue;
        }
        let (x, to) = (across.at(*at), across.at(up));
        page.line(format_args!(
            "<line x1=\"{x:.1}\" y1=\"{y}\" x2=\"{to:.1}\" y2=\"{y}\" stroke=\"var(--faint)\" stroke-width=\"7\"/>"
        ));
    }
    for (at, _, mark) in own() {
        if *at < across.from || *at > across.until || *mark == Mark::Down {
            continue;
        }
        let x = across.at(*at);
        page.line(format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y}\" r=\"4\" fill=\"var(--read)\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + 6.0,
            y - 6.0,
            mark.word()
        ));
    }
}

/// The calls of the witness, at the node that answered each.
fn calls(page: &mut Page, across: &Across, ran: &Ran) {
    for told in ran.story.iter().flat_map(|story| &story.lines) {
        let by = ran.findings.told.get(&told.call);
        let span = (told.began.time, told.ended.and_then(|ended| ended.time));
        let (Some(by), (Some(began), Some(ended))) = (by, span) else { continue };
        if ended < across.from || began > across.until {
            continue;
        }
        let (x, to, y) = (across.at(began), across.at(ended), line(by.node) + 15.0);
        page.line(format_args!(
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"7\" rx=\"3\" fill=\"var(--fault)\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" stroke=\"var(--card)\" stroke-width=\"4\" \
             paint-order=\"stroke\">{} {}</text>",
            y - 7.0,
            (to - x).max(4.0),
            x - 4.0,
            y,
            escaped(told.action.trim()),
            escaped(told.answer.trim())
        ));
    }
}

/// The same as a file of its own, with the colours of the report.
pub fn standalone(scenario: &Scenario, ran: &Ran, stretch: (Nanos, Nanos)) -> String {
    let picture = diagram(scenario, ran, stretch);
    match picture.split_once('>') {
        Some((head, rest)) => format!("{head}><style>{}</style>{rest}", super::style::STYLE),
        None => picture,
    }
}
