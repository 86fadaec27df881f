//! Operations that fit in no order, as a space-time diagram: a row for each process, time to the
//! right, a bar from each invocation to its answer.
//!
//! ```text
//!   process 0   |== 1 put x = 1 -> done ==|
//!   process 3            |== 2 get x -> nothing ==|       red: it follows no order of the others
//! ```
//!
//! Not the length of time counts but what was before what: moments stand as far apart as the words
//! above the bars need.

use super::story_text::said;
use crate::history::Record;
use crate::picture::{Page, escaped, fitted, width};
use crate::report::{Line, Story};
use std::collections::BTreeMap;

const LEFT: f64 = 92.0;
const TOP: f64 = 12.0;
const ROW: f64 = 46.0;
/// The least distance between two moments.
const STEP: f64 = 30.0;
/// The most room that words above a bar get.
const WORDS: f64 = 330.0;
/// More operations than this are told in words alone.
const LINES_MAX: usize = 40;

/// An operation in the picture.
struct Bar<'a> {
    line: &'a Line,
    number: usize,
    row: usize,
    words: String,
}

/// Moments, each with its place across.
struct Across {
    places: BTreeMap<u64, f64>,
    right: f64,
}

impl Across {
    /// Places for every moment, so that the words above a bar end before the next bar of its row.
    fn new(bars: &[Bar<'_>]) -> Self {
        let mut moments: BTreeMap<u64, Vec<&Bar<'_>>> = BTreeMap::new();
        for bar in bars {
            moments.entry(bar.line.began.moment.0).or_default().push(bar);
            let end = bar.line.ended.map(|end| end.moment.0);
            moments.entry(end.unwrap_or(bar.line.began.moment.0)).or_default();
        }
        let mut taken: BTreeMap<usize, f64> = BTreeMap::new();
        let mut places = BTreeMap::new();
        let mut x = LEFT;
        for (moment, begins) in moments {
            let free = begins.iter().filter_map(|bar| taken.get(&bar.row)).copied();
            let at = free.fold(x, f64::max);
            for bar in begins {
                taken.insert(bar.row, at + width(&bar.words, false) + 16.0);
            }
            places.insert(moment, at);
            x = at + STEP;
        }
        let right = taken.into_values().fold(x, f64::max) + 10.0;
        Self { places, right }
    }

    fn at(&self, moment: u64) -> f64 {
        self.places.get(&moment).copied().unwrap_or(LEFT)
    }
}

fn moment(record: Record) -> String {
    match record.time {
        Some(time) => time.to_string(),
        None if record.line > 0 => format!("line {}", record.line),
        None => String::new(),
    }
}

/// The picture with its width and height; nothing for a story without operations.
pub(super) fn spans(story: &Story) -> Option<(String, f64, f64)> {
    let shown = &story.lines[..story.lines.len().min(LINES_MAX)];
    // Who is not named has a row for each operation: they may overlap.
    let row_of = |number: usize, line: &Line| match line.process {
        Some(process) => (process, 0),
        None => (u64::MAX, number),
    };
    let rows: BTreeMap<_, &str> = (1..)
        .zip(shown)
        .map(|(number, line)| (row_of(number, line), line.whose.as_str()))
        .collect();
    let bars: Vec<Bar<'_>> = shown
        .iter()
        .zip(1..)
        .map(|(line, number)| {
            let own = row_of(number, line);
            let row = rows.keys().position(|row| *row == own).unwrap_or(0);
            let words = fitted(&format!("{number}  {}", said(line)), WORDS);
            Bar { line, number, row, words }
        })
        .collect();
    bars.first()?;
    let across = Across::new(&bars);
    let mut page = Page::new();
    for (row, whose) in (0..).zip(rows.values()) {
        let y = TOP + ROW * (f64::from(row) + 0.6);
        let name = fitted(whose, LEFT - 14.0);
        page.line(format_args!(
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\" stroke=\"var(--line)\"/>\
             <text class=\"bold\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            across.right - 4.0,
            LEFT - 8.0,
            y + 4.0,
            escaped(&name)
        ));
    }
    for bar in &bars {
        draw(&mut page, &across, bar, story);
    }
    let tall = TOP + ROW * f64::from(rows.len() as u32) + 8.0;
    Some((page.into_string(), across.right, tall))
}

fn draw(page: &mut Page, across: &Across, bar: &Bar<'_>, story: &Story) {
    let y = TOP + ROW * (f64::from(bar.row as u32) + 0.6);
    let x = across.at(bar.line.began.moment.0);
    let end = bar.line.ended.map(|end| across.at(end.moment.0));
    let is_stuck = !story.order.is_empty() && !story.order.contains(&bar.line.call);
    let colour = if is_stuck { "--refuted" } else { "--read" };
    let to = end.unwrap_or(across.right - 4.0).max(x + 6.0);
    let (opacity, ends) = match (end, &bar.line.effect) {
        (Some(_), _) => (".85", bar.line.ended.map(moment).unwrap_or_default()),
        (None, None) => (".35", "never answered".to_owned()),
        (None, Some(effect)) => (".35", format!("never answered; {effect}")),
    };
    page.line(format_args!(
        "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"9\" rx=\"3\" fill=\"var({colour})\" \
         opacity=\"{opacity}\"><title>{}, {} to {ends}</title></rect>",
        y - 4.5,
        to - x,
        escaped(&said(bar.line)),
        moment(bar.line.began),
        ends = escaped(&ends)
    ));
    let digits = bar.number.to_string();
    let rest = bar.words.strip_prefix(&digits).unwrap_or(&bar.words);
    page.line(format_args!(
        "<text x=\"{x:.1}\" y=\"{:.1}\"><tspan class=\"bold\">{digits}</tspan>{}</text>",
        y - 9.0,
        escaped(rest)
    ));
}
