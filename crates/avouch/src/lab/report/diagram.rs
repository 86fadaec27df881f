//! The space-time diagram: a line for each node, time to the right, and every message as a slanted
//! line from whoever sent it to whoever got it, in a stretch that is worth looking at.

use super::chart::{Across, anchor};
use super::witness::said;
use crate::lab::run::Ran;
use crate::lab::scenario::Scenario;
use crate::lab::watch::Mark;
use avouch_check::picture::Page;
use avouch_check::picture::{Area, Labels, Side, Text};
use avouch_promise::{Nanos, NodeId};

pub(super) const CAPTION: &str = "Green: entries and their acknowledgements; blue: elections; grey: other messages, heartbeats the \
    faintest. A red stub: a message that a link lost or stopped. A thick grey stretch: the node is down. A red bar: a call of the witness, with its number there.";

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
    let tall = line(NodeId(nodes)) + 62.0;
    let mut page = Page::new();
    page.line(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {tall:.0}\" role=\"img\" \
         aria-label=\"messages over time\">"
    ));
    for tick in across.ticks() {
        let x = across.at(tick);
        page.line(format_args!(
            "<line x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\" stroke=\"var(--line)\"/>\
             <text class=\"dim\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{}\">{:.2} s</text>",
            TOP - 8.0,
            tall - 24.0,
            tall - 8.0,
            anchor(&across, x),
            super::chart::float(tick) / 1e9
        ));
    }
    let picture = Area { left: 0.0, top: 0.0, right: WIDTH, bottom: tall - 22.0 };
    let mut labels = Labels::new(picture);
    for number in 1..=nodes {
        // Nothing is written over the name of a node's line.
        labels.reserve(Area::around((LEFT - 20.0, line(NodeId(number))), 12.0));
    }
    for number in 1..=nodes {
        node(&mut page, &across, ran, NodeId(number), &mut labels);
    }
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
    calls(&mut page, &across, ran, &mut labels);
    labels.draw(&mut page);
    page.line("</svg>");
    page.into_string()
}

fn node(page: &mut Page, across: &Across, ran: &Ran, node: NodeId, labels: &mut Labels) {
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
        page.line(format_args!("<circle cx=\"{x:.1}\" cy=\"{y}\" r=\"4\" fill=\"var(--read)\"/>"));
        let places = (0..3).flat_map(|up| {
            let y = y - 7.0 - f64::from(up) * 12.0;
            [((x + 5.0, y), Side::Right), ((x - 5.0, y), Side::Left)]
        });
        labels.place(Text::line(mark.word()), places);
    }
}

/// More bars than this below one node's line have no room.
const LANES: u32 = 3;

/// The calls of the witness, at the node that answered each; numbered as in its table.
fn calls(page: &mut Page, across: &Across, ran: &Ran, labels: &mut Labels) {
    let mut bars: Vec<Area> = Vec::new();
    for told in ran.story.iter().flat_map(|story| &story.lines) {
        let by = ran.findings.told.get(&told.call);
        let span = (told.began.time, told.ended.and_then(|ended| ended.time));
        let (Some(by), (Some(began), Some(ended))) = (by, span) else { continue };
        if ended < across.from || began > across.until {
            continue;
        }
        let (x, to) = (across.at(began), across.at(ended));
        let lane = |lane: u32| {
            let top = line(by.node) + 8.0 + f64::from(lane) * 9.0;
            Area { left: x, top, right: to.max(x + 4.0), bottom: top + 7.0 }
        };
        let free = |area: &Area| !bars.iter().any(|other| other.overlaps(area));
        let area = (0..LANES).map(lane).find(free).unwrap_or_else(|| lane(LANES - 1));
        bars.push(area);
        labels.reserve(area);
        page.line(format_args!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"7\" rx=\"3\" fill=\"var(--fault)\"/>",
            area.left,
            area.top,
            area.right - area.left
        ));
    }
    let told = ran.story.iter().flat_map(|story| &story.lines).zip(1..);
    let shown = told.filter_map(|(told, number)| {
        let ended = told.ended.and_then(|ended| ended.time)?;
        ran.findings.told.get(&told.call)?;
        (across.from <= ended && told.began.time? <= across.until).then_some((told, number))
    });
    for ((told, number), area) in shown.zip(&bars) {
        let words = said(&told.action, &told.answer);
        let full = Text { bold: format!("{number} "), lines: vec![words], dim: false };
        let short = Text { bold: number.to_string(), lines: vec![String::new()], dim: false };
        let middle = f64::midpoint(area.left, area.right);
        let beside = |y: f64| {
            [
                ((area.left - 4.0, y), Side::Left),
                ((area.right + 4.0, y), Side::Right),
                ((middle, y), Side::Middle),
            ]
        };
        let places = || [7.0, 18.0, 30.0].into_iter().flat_map(|down| beside(area.top + down));
        if labels.place(full, places()).is_none() {
            labels.place(short, places());
        }
    }
}

/// The same as a file of its own, with the colours of the report.
pub fn standalone(scenario: &Scenario, ran: &Ran, stretch: (Nanos, Nanos)) -> String {
    let picture = diagram(scenario, ran, stretch);
    match picture.split_once('>') {
        Some((head, rest)) => {
            format!("{head}><style>{}</style>{rest}", avouch_check::picture::STYLE)
        }
        None => picture,
    }
}
