//! The timeline: a dot for each call, at the moment when it was asked and as high as it took; below
//! it the faults as bars, from each to what undoes it, and what the nodes went through.

use super::chart::{Across, LATENCIES, height};
use crate::lab::page::Page;
use crate::lab::plot::escaped;
use crate::lab::run::Ran;
use crate::lab::scenario::{Scenario, words};
use crate::lab::verdicts::took;
use crate::lab::watch::Mark;
use avouch_promise::{Nanos, NodeId};

pub(super) const CAPTION: &str = "Each dot is a call: blue reads, orange writes, red at the top those that nobody answered. \
    Shaded: while a fault lasts. Below: every fault, and who leads when.";

const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 58.0;
const TOP: f64 = 14.0;
const TALL: f64 = 250.0;
const ROW: f64 = 18.0;
/// More bars than this share rows.
const ROWS_MAX: usize = 14;

/// A fault while it lasts.
struct Bar {
    from: Nanos,
    until: Nanos,
    text: String,
}

/// The faults, each up to what undoes it; of those that nothing undoes, a moment.
fn bars(ran: &Ran, end: Nanos) -> Vec<Bar> {
    let faults: Vec<_> = ran.script.iter().collect();
    let mut ends = vec![false; faults.len()];
    let mut bars = Vec::new();
    for (place, (at, fault)) in faults.iter().enumerate() {
        if ends[place] {
            continue;
        }
        let undo = words::undo(fault);
        let is_end = |other: &usize| undo.as_ref() == Some(&faults[*other].1);
        let until = (place + 1..faults.len()).find(is_end);
        if let Some(other) = until {
            ends[other] = true;
        }
        let moment = at.plus(Nanos(end.0 / 250));
        let until = match (until, &undo) {
            (Some(other), _) => faults[other].0,
            (None, Some(_)) => end,
            (None, None) => moment,
        };
        let (word, members) = words::speak(fault);
        let who = members.first().map(|(_, value)| value.replace('"', "")).unwrap_or_default();
        bars.push(Bar { from: *at, until, text: format!("{word} {who}") });
    }
    bars
}

pub(super) fn timeline(scenario: &Scenario, ran: &Ran) -> String {
    let across = Across { from: Nanos::ZERO, until: ran.ended, left: LEFT, right: WIDTH - 8.0 };
    let bars = bars(ran, scenario.duration.min(ran.ended));
    let rows = bars.len().clamp(1, ROWS_MAX);
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    let below = rows as f64 * ROW;
    let leaders = TOP + TALL + 34.0 + below;
    let height_all = leaders + 34.0;
    let mut page = Page::new();
    page.line(format_args!(
        "<svg viewBox=\"0 0 {WIDTH} {height_all:.0}\" role=\"img\" aria-label=\"latency over time\">"
    ));
    for bar in &bars {
        let (x, to) = (across.at(bar.from), across.at(bar.until));
        page.line(format_args!(
            "<rect x=\"{x:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{TALL}\" fill=\"var(--fault)\" opacity=\".07\"/>",
            (to - x).max(1.0)
        ));
    }
    scales(&mut page, &across);
    dots(&mut page, &across, ran);
    for (place, bar) in bars.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a few rows")]
        let y = TOP + TALL + 26.0 + (place % rows) as f64 * ROW;
        let (x, to) = (across.at(bar.from), across.at(bar.until));
        let (anchor, text_x) =
            if x > WIDTH * 0.72 { ("end", x - 4.0) } else { ("start", to + 5.0) };
        page.line(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"9\" rx=\"2\" fill=\"var(--fault)\" opacity=\".75\"/>",
            (to - x).max(3.0)
        ));
        if bars.len() <= ROWS_MAX {
            page.line(format_args!(
                "<text x=\"{text_x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
                y + 9.0,
                escaped(&bar.text)
            ));
        }
    }
    marks(&mut page, &across, ran, leaders);
    page.line("</svg>");
    page.into_string()
}

fn scales(page: &mut Page, across: &Across) {
    for (nanos, text) in LATENCIES {
        let y = TOP + TALL - height(Nanos(nanos)) * TALL;
        page.line(format_args!(
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\" stroke=\"var(--line)\"/>\
             <text class=\"dim\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
            across.right,
            LEFT - 6.0,
            y + 4.0
        ));
    }
    for tick in across.ticks() {
        let x = across.at(tick);
        page.line(format_args!(
            "<text class=\"dim\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{:.1} s</text>",
            TOP + TALL + 17.0,
            super::chart::float(tick) / 1e9
        ));
    }
}

/// One path for each colour: a report of ten thousand calls stays small.
fn dots(page: &mut Page, across: &Across, ran: &Ran) {
    let (mut reads, mut writes, mut lost) = (Page::new(), Page::new(), Page::new());
    for call in &ran.findings.history.calls {
        let x = across.at(call.began.time.unwrap_or_default());
        match took(call) {
            Some(took) => {
                let y = TOP + TALL - height(took) * TALL;
                let dots = if call.is_write() { &mut writes } else { &mut reads };
                dots.add(format_args!("M{x:.1} {y:.1}h0"));
            }
            None => lost.add(format_args!("M{x:.1} {TOP}h0")),
        }
    }
    for (dots, colour, wide, opacity) in
        [(reads, "read", 3.4, ".5"), (writes, "write", 3.4, ".5"), (lost, "fault", 6.0, ".9")]
    {
        page.line(format_args!(
            "<path d=\"{}\" stroke=\"var(--{colour})\" stroke-width=\"{wide}\" stroke-linecap=\"round\" fill=\"none\" opacity=\"{opacity}\"/>",
            dots.into_string()
        ));
    }
}

/// Who leads when, and who goes down.
fn marks(page: &mut Page, across: &Across, ran: &Ran, y: f64) {
    page.line(format_args!(
        "<text class=\"dim\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">leads</text>",
        LEFT - 6.0,
        y + 11.0
    ));
    let leads: Vec<(Nanos, NodeId)> = ran
        .marks
        .iter()
        .filter(|mark| mark.2 == Mark::Leads)
        .map(|mark| (mark.0, mark.1))
        .collect();
    for (place, (at, node)) in leads.iter().enumerate() {
        let until = leads.get(place + 1).map_or(ran.ended, |next| next.0);
        let (x, to) = (across.at(*at), across.at(until));
        let shade = if node.0 % 2 == 0 { ".28" } else { ".16" };
        page.line(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"15\" fill=\"var(--holds)\" opacity=\"{shade}\"/>",
            (to - x).max(1.0)
        ));
        if to - x > 22.0 {
            page.line(format_args!(
                "<text x=\"{:.1}\" y=\"{:.1}\">{node}</text>",
                x + 4.0,
                y + 11.5
            ));
        }
    }
}
