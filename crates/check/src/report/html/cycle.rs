//! A cycle as a picture: its transactions from top to bottom, each edge with its type and its
//! reason beside it, and the last one back up to where it began.
//!
//! ```text
//!    +-> [ T1  process 3: what it did ]
//!    |        | rw   T1 reads x = 0, and T2 overwrites that
//!    |   [ T2  ...                     ]
//!    |        | wr   ...
//!    +--------+
//! ```

use super::story_text::{name, steps};
use crate::picture::{Page, escaped, fitted, wrapped};
use crate::report::{Dependency, Line, Story};

/// How wide the picture is.
pub(super) const WIDTH: f64 = 560.0;
const LEFT: f64 = 34.0;
const RIGHT: f64 = WIDTH - 10.0;
/// Where the arrows stand.
const SHAFT: f64 = LEFT + 26.0;
const ROW: f64 = 15.0;
/// More edges than this are told in words alone.
const EDGES_MAX: usize = 40;

/// The colour of an edge's type; its name stands beside it.
pub(super) fn ink(kind: &str) -> &'static str {
    match kind {
        "ww" => "--write",
        "wr" => "--read",
        "rw" => "--refuted",
        "process" => "--ink",
        _ => "--unknown",
    }
}

/// The picture, and how tall it is; nothing for a story without a cycle.
pub(super) fn cycle(story: &Story) -> Option<(String, f64)> {
    let shown = &story.cycle[..story.cycle.len().min(EDGES_MAX)];
    let first = shown.first()?;
    let mut page = Page::new();
    let mut y = 12.0;
    let mut top = None;
    let is_whole = shown.len() == story.cycle.len();
    for (number, edge) in (1..).zip(shown) {
        let middle = node(&mut page, story, edge.from, &mut y);
        top.get_or_insert(middle);
        arrow(&mut page, edge, is_whole && number == shown.len(), &mut y);
    }
    let more =
        format!("{} more edges, back to {}", story.cycle.len() - shown.len(), name(first.from));
    if !is_whole {
        page.line(format_args!(
            "<text class=\"dim\" x=\"{LEFT}\" y=\"{:.1}\">{more}</text>",
            y + 12.0
        ));
        y += 24.0;
    }
    // Back to where it began.
    let (top, kind) = (top.unwrap_or(y), shown.last().map_or("", |edge| edge.kind));
    let dashed = if is_whole { "" } else { " stroke-dasharray=\"4 4\"" };
    page.line(format_args!(
        "<path d=\"M{SHAFT} {y:.1}v6q0 8 -8 8H20q-8 0 -8 -8V{:.1}q0 -8 8 -8H{:.1}\" fill=\"none\" \
         stroke=\"var({})\" stroke-width=\"2\"{dashed}/>",
        top + 8.0,
        LEFT - 7.0,
        ink(kind)
    ));
    head(&mut page, (LEFT - 1.0, top), (1.0, 0.0), kind);
    let tall = y + 26.0;
    Some((page.into_string(), tall))
}

/// A transaction's box; says where its middle is.
fn node(page: &mut Page, story: &Story, call: Option<usize>, y: &mut f64) -> f64 {
    let line = call.and_then(|call| story.lines.iter().find(|line| line.call == call));
    let title = name(call);
    let who = line.map(Line::whose).unwrap_or_default();
    let wide = RIGHT - LEFT - 24.0;
    let mut told = line.map(|line| wrapped(&steps(line), wide, 5)).unwrap_or_default();
    let effect = line.and_then(|line| line.effect.as_ref());
    told.extend(effect.into_iter().flat_map(|effect| wrapped(effect, wide, 2)));
    let tall = 24.0 + ROW * f64::from(told.len() as u32);
    page.line(format_args!(
        "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{tall:.1}\" rx=\"7\" \
         fill=\"var(--paper)\" stroke=\"var(--faint)\"/>",
        RIGHT - LEFT
    ));
    page.line(format_args!(
        "<text class=\"bold\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\
         <text class=\"dim\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
        LEFT + 12.0,
        *y + 16.0,
        escaped(&fitted(&title, wide / 3.0)),
        RIGHT - 12.0,
        *y + 16.0,
        escaped(&fitted(&who, wide * 0.64))
    ));
    for (row, text) in (1..).zip(&told) {
        page.line(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            LEFT + 12.0,
            *y + 16.0 + ROW * f64::from(row),
            escaped(text)
        ));
    }
    let middle = *y + tall / 2.0;
    *y += tall;
    middle
}

/// An edge downwards, with its type and its reason at its right; the last one goes back from here.
fn arrow(page: &mut Page, edge: &Dependency, goes_back: bool, y: &mut f64) {
    let told = wrapped(&edge.because, RIGHT - SHAFT - 84.0, 4);
    let tall = 22.0 + ROW * f64::from(told.len().max(1) as u32);
    let dashed = if edge.kind == "realtime" { " stroke-dasharray=\"5 4\"" } else { "" };
    let colour = ink(edge.kind);
    page.line(format_args!(
        "<line x1=\"{SHAFT}\" y1=\"{y:.1}\" x2=\"{SHAFT}\" y2=\"{:.1}\" stroke=\"var({colour})\" \
         stroke-width=\"2\"{dashed}/>\
         <text class=\"bold\" x=\"{:.1}\" y=\"{:.1}\" style=\"fill:var({colour})\">{}</text>",
        if goes_back { *y + tall } else { *y + tall - 5.0 },
        SHAFT + 12.0,
        *y + 21.0,
        edge.kind
    ));
    for (row, text) in (0..).zip(&told) {
        page.line(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            SHAFT + 74.0,
            *y + 21.0 + ROW * f64::from(row),
            escaped(text)
        ));
    }
    if !goes_back {
        head(page, (SHAFT, *y + tall - 1.0), (0.0, 1.0), edge.kind);
    }
    *y += tall;
}

/// An arrow's head at its point, in its direction.
fn head(page: &mut Page, (x, y): (f64, f64), (right, down): (f64, f64), kind: &str) {
    let back = (x - right * 8.0, y - down * 8.0);
    page.line(format_args!(
        "<path d=\"M{x:.1} {y:.1}L{:.1} {:.1}L{:.1} {:.1}Z\" fill=\"var({})\"/>",
        back.0 + down * 4.5,
        back.1 + right * 4.5,
        back.0 - down * 4.5,
        back.1 - right * 4.5,
        ink(kind)
    ));
}
