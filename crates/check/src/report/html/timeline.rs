//! The history over time: a strip of the whole with marks where it went wrong, and below it the
//! calls there, a row for each process.
//!
//! Calls stand by the order of their invocations and answers, not by how long they took; where
//! some in between are left out, the rows are broken. A bar leads to the call's words below.

use super::view::{Bar, Ended, PARTS, View};
use crate::picture::{Page, escaped, fitted};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 104.0;
const ROW: f64 = 21.0;
const STRIP: f64 = 34.0;
/// The room of one event, if the whole is to stay readable.
const STEP_MIN: f64 = 4.0;
const STEP_MAX: f64 = 26.0;

/// The strip: how many calls begin when, and where the witness is.
pub(super) fn strip(view: &View) -> (String, f64) {
    let mut page = Page::new();
    let most = f64::from(view.parts.iter().copied().max().unwrap_or(1).max(1));
    let across = |share: f64| LEFT + (WIDTH - LEFT - 10.0) * share;
    let mut path = Page::new();
    path.add(format_args!("M{LEFT} {STRIP}"));
    for (part, count) in (0..).zip(&view.parts) {
        let (from, to) = (f64::from(part), f64::from(part + 1));
        let y = STRIP - (STRIP - 6.0) * f64::from(*count) / most;
        let x = |part: f64| across(part / f64::from(PARTS as u32));
        path.add(format_args!("L{:.1} {y:.1}L{:.1} {y:.1}", x(from), x(to)));
    }
    let path = path.into_string();
    page.line(format_args!(
        "<path d=\"{path}V{STRIP}Z\" fill=\"var(--faint)\" opacity=\".35\"/>\
         <text class=\"dim\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">whole</text>",
        LEFT - 8.0,
        STRIP - 6.0
    ));
    for mark in &view.marks {
        let x = across(*mark);
        page.line(format_args!(
            "<path d=\"M{x:.1} 4v{:.1}\" stroke=\"var(--refuted)\" stroke-width=\"2\"/>\
             <circle cx=\"{x:.1}\" cy=\"5\" r=\"4\" fill=\"var(--refuted)\"/>",
            STRIP - 4.0
        ));
    }
    (page.into_string(), STRIP + 6.0)
}

/// Where the ranks of the calls shown stand across.
struct Across {
    places: BTreeMap<u64, f64>,
    right: f64,
}

impl Across {
    fn new(bars: &[Bar]) -> Self {
        let ranks: BTreeSet<u64> = bars
            .iter()
            .flat_map(|bar| [Some(bar.began), bar.ended].into_iter().flatten())
            .collect();
        let count = f64::from(ranks.len().max(1) as u32);
        let step = ((WIDTH - LEFT - 24.0) / count).clamp(STEP_MIN, STEP_MAX);
        let places = (0..).zip(ranks).map(|(at, rank)| (rank, LEFT + 6.0 + step * f64::from(at)));
        Self { places: places.collect(), right: LEFT + 6.0 + step * count }
    }

    fn at(&self, rank: u64) -> f64 {
        self.places.get(&rank).copied().unwrap_or(LEFT)
    }
}

/// The calls shown; `anchor` begins the names of the places that bars lead to.
pub(super) fn timeline(view: &View, witness: &[usize], anchor: &str) -> (String, f64, f64) {
    let across = Across::new(&view.bars);
    let mut rows: Vec<(&str, Vec<&Bar>)> = Vec::new();
    for bar in &view.bars {
        match rows.iter_mut().find(|(process, _)| *process == bar.process) {
            Some((_, own)) => own.push(bar),
            None => rows.push((&bar.process, vec![bar])),
        }
    }
    // Processes by their numbers.
    let number = |process: &str| {
        process.rsplit(' ').next().and_then(|digits| digits.parse::<i64>().ok()).unwrap_or(i64::MAX)
    };
    rows.sort_by_key(|(process, _)| number(process));
    let mut page = Page::new();
    for (row, (process, bars)) in (0..).zip(&rows) {
        let y = 8.0 + ROW * (f64::from(row) + 0.5);
        page.line(format_args!(
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\" stroke=\"var(--line)\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            across.right + 4.0,
            LEFT - 8.0,
            y + 4.0,
            escaped(&fitted(process, LEFT - 14.0))
        ));
        for bar in bars {
            draw(&mut page, &across, bar, y, (witness.contains(&bar.call), anchor));
        }
    }
    let tall = 16.0 + ROW * f64::from(rows.len() as u32);
    (page.into_string(), (across.right + 10.0).max(320.0), tall)
}

fn draw(page: &mut Page, across: &Across, bar: &Bar, y: f64, (is_witness, anchor): (bool, &str)) {
    let x = across.at(bar.began);
    let to = bar.ended.map_or(across.right, |ended| across.at(ended)).max(x + 3.0);
    let (colour, opacity) = match (is_witness, bar.end) {
        (true, _) => ("--refuted", ".95"),
        (_, Ended::Answered) => ("--read", ".55"),
        (_, Ended::Aborted) => ("--faint", ".6"),
        (_, Ended::Unknown) => ("--unknown", ".35"),
    };
    page.line(format_args!(
        "<a href=\"#{anchor}{}\"><rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"11\" rx=\"3\" \
         fill=\"var({colour})\" opacity=\"{opacity}\"><title>{}: {}</title></rect></a>",
        bar.call,
        y - 5.5,
        to - x,
        escaped(&bar.process),
        escaped(&bar.text)
    ));
}
