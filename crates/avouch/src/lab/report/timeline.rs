//! The timeline: a dot for each call, at the moment when it was asked and as high as it took; below
//! it the faults as bars, from each to what undoes it, and what the nodes went through.

use super::chart::{Across, LATENCIES, anchor, height};
use super::spell::{Spell, spells};
use crate::lab::run::Ran;
use crate::lab::scenario::Scenario;
use crate::lab::verdicts::took;
use crate::lab::watch::Mark;
use avouch_check::picture::{Area, Side, width};
use avouch_check::picture::{Page, escaped};
use avouch_promise::{Nanos, NodeId};
use std::collections::BTreeMap;

pub(super) const CAPTION: &str = "Each dot is a call: blue reads, orange writes, red at the top those that nobody answered. \
    Shaded: while a fault lasts. Below: every fault, and who leads when.";

const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 112.0;
const TOP: f64 = 14.0;
const TALL: f64 = 250.0;
const ROW: f64 = 17.0;
const BAR: f64 = 9.0;
/// If words beside the bars take more rows than this, each kind of fault has one row instead.
const ROWS_MAX: usize = 14;

/// A spell's bar, and where its words begin or end if they stand beside it.
type Bar<'a> = (&'a Spell, Area, Option<(f64, Side)>);

/// A row of bars: what stands left of it, and the bars with their own words.
struct Row<'a> {
    name: &'static str,
    bars: Vec<Bar<'a>>,
}

/// Where a spell's bar is drawn in a row at `y`.
fn bar(across: &Across, spell: &Spell, y: f64) -> Area {
    let (x, to) = (across.at(spell.from), across.at(spell.until.unwrap_or(spell.from)));
    Area { left: x, top: y, right: to.max(x + 3.0), bottom: y + BAR }
}

/// Each bar with its words beside it, in the first row in which both are free; none if that takes
/// too many rows.
fn told<'a>(across: &Across, spells: &'a [Spell]) -> Option<Vec<Row<'a>>> {
    let mut rows: Vec<(f64, Row<'a>)> = Vec::new();
    for spell in spells {
        let one = bar(across, spell, 0.0);
        let wide = width(&spell.title(), false) + 5.0;
        let (text, taken) = if one.right + wide <= across.right {
            ((one.right + 5.0, Side::Right), (one.left, one.right + wide))
        } else {
            ((one.left - 5.0, Side::Left), (one.left - wide, one.right))
        };
        let place = rows.iter().position(|(until, _)| *until + 4.0 <= taken.0);
        let place = place.unwrap_or_else(|| {
            rows.push((0.0, Row { name: "", bars: Vec::new() }));
            rows.len() - 1
        });
        rows[place].0 = taken.1;
        rows[place].1.bars.push((spell, one, Some(text)));
    }
    (rows.len() <= ROWS_MAX).then(|| rows.into_iter().map(|row| row.1).collect())
}

/// A row for each word, with all its bars.
fn by_word<'a>(across: &Across, spells: &'a [Spell]) -> Vec<Row<'a>> {
    let mut rows: BTreeMap<&'static str, Row<'a>> = BTreeMap::new();
    for spell in spells {
        let row =
            rows.entry(spell.word).or_insert_with(|| Row { name: spell.word, bars: Vec::new() });
        row.bars.push((spell, bar(across, spell, 0.0), None));
    }
    rows.into_values().collect()
}

pub(super) fn timeline(scenario: &Scenario, ran: &Ran) -> String {
    let across = Across { from: Nanos::ZERO, until: ran.ended, left: LEFT, right: WIDTH - 8.0 };
    let spells = spells(scenario, ran);
    let rows = told(&across, &spells).unwrap_or_else(|| by_word(&across, &spells));
    let first = TOP + TALL + 30.0;
    let leaders = first + f64::from(rows.len() as u32) * ROW + 8.0;
    let mut page = Page::new();
    page.line(format_args!(
        "<svg viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-label=\"latency over time, with the faults\">",
        leaders + 22.0
    ));
    // Many overlap, and what is below has to be seen.
    let shade = if spells.len() > ROWS_MAX { ".025" } else { ".06" };
    for spell in &spells {
        let Area { left, right, .. } = bar(&across, spell, 0.0);
        page.line(format_args!(
            "<rect x=\"{left:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{TALL}\" fill=\"var(--fault)\" opacity=\"{shade}\"/>",
            right - left
        ));
    }
    scales(&mut page, &across);
    dots(&mut page, &across, ran);
    for (row, place) in rows.iter().zip(0..) {
        draw(&mut page, row, first + f64::from(place) * ROW);
    }
    marks(&mut page, &across, ran, leaders);
    page.line("</svg>");
    page.into_string()
}

fn draw(page: &mut Page, row: &Row<'_>, y: f64) {
    if !row.name.is_empty() {
        page.line(format_args!(
            "<text class=\"dim\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            y + BAR,
            row.name
        ));
    }
    for (spell, area, text) in &row.bars {
        page.line(format_args!(
            "<rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR}\" rx=\"2\" fill=\"var(--fault)\" opacity=\".75\">\
             <title>{} {} at {}</title></rect>",
            area.left,
            area.right - area.left,
            escaped(&spell.title()),
            escaped(&spell.how),
            spell.from
        ));
        if let Some((x, side)) = text {
            page.line(format_args!(
                "<text class=\"bar\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{}\">{}</text>",
                y + BAR,
                side.anchor(),
                escaped(&spell.title())
            ));
        }
    }
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
            "<text class=\"dim\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{}\">{:.1} s</text>",
            TOP + TALL + 20.0,
            anchor(across, x),
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

#[cfg(test)]
mod tests {
    use super::*;

    const ACROSS: Across =
        Across { from: Nanos::ZERO, until: Nanos::from_secs(10), left: LEFT, right: WIDTH - 8.0 };

    fn spell(word: &'static str, from_ms: u64, for_ms: u64) -> Spell {
        let from = Nanos::from_millis(from_ms);
        let until = Some(from.plus(Nanos::from_millis(for_ms)));
        Spell { from, until, word, whom: "n1 n2 | n3 n4 n5".to_owned(), how: String::new() }
    }

    /// What a bar and its words cover, left and right.
    fn covered((spell, area, text): &Bar<'_>) -> (f64, f64) {
        let wide = width(&spell.title(), false);
        match text {
            Some((x, Side::Left)) => (x - wide, area.right),
            Some((x, _)) => (area.left, x + wide),
            None => (area.left, area.right),
        }
    }

    #[test]
    fn words_beside_bars_cover_neither_each_other_nor_the_edge() {
        let spells: Vec<_> =
            (0..24).map(|at| spell("partition", at * 400, 100 + at * 130 % 700)).collect();
        let rows = told(&ACROSS, &spells).expect("few rows are enough");
        assert!(rows.len() > 3, "they overlap in time");
        assert_eq!(rows.iter().map(|row| row.bars.len()).sum::<usize>(), 24);
        for row in &rows {
            for pair in row.bars.windows(2) {
                assert!(covered(&pair[0]).1 <= covered(&pair[1]).0, "{pair:?}");
            }
            for bar in &row.bars {
                let (left, right) = covered(bar);
                assert!(left >= 0.0 && right <= WIDTH, "{bar:?}");
            }
        }
    }

    #[test]
    fn too_many_faults_have_a_row_for_each_kind() {
        let spells: Vec<_> = (0..200)
            .map(|at| spell(if at % 2 == 0 { "loss" } else { "slow" }, at * 7, 900))
            .collect();
        assert!(told(&ACROSS, &spells).is_none());
        let rows = by_word(&ACROSS, &spells);
        assert_eq!(
            rows.iter().map(|row| (row.name, row.bars.len())).collect::<Vec<_>>(),
            [("loss", 100), ("slow", 100)]
        );
    }
}
