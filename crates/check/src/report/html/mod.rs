//! The report as one self-contained page, and its witnesses as one picture: no script, no font and
//! no picture from elsewhere, light or dark as the reader's screen, readable on a phone.
//!
//! ```text
//!   verdict, in a sentence, with the way to the first error
//!   each guarantee's word
//!   what holds: the map of models, lit
//!   the witness: drawn, then told
//!   the history over time, around the first error
//! ```
//!
//! A page's size depends on what it shows and not on the history: of a million transactions it
//! shows those around the error, and says how many it leaves out.
//!
//! - I1: nothing of a history, nor a file's name, is markup.

mod cycle;
mod map;
mod spans;
mod story_text;
#[cfg(test)]
mod tests;
mod timeline;
mod view;

use super::{Finding, Part, Report, Story, Word};
use crate::composition::{Composition, Row};
use crate::input::Input;
use crate::picture::{Page, STYLE, escaped, fitted};
use avouch_promise::Error;
use avouch_promise::quantity::counted;
use std::fmt;
use story_text::{said, steps};
use view::View;

/// Markup inside an `svg`, its width and its height.
type Drawing = (String, f64, f64);

/// A history on a page.
#[derive(Debug)]
pub enum Shown<'a> {
    /// It was judged.
    Judged {
        /// What it is called.
        name: &'a str,
        /// What was judged.
        input: &'a Input,
        /// What was found.
        report: &'a Report,
        /// What was found of each of its objects alone, where that was asked.
        objects: Option<&'a Composition>,
    },
    /// It could not be read: there is no verdict.
    Unread {
        /// What it is called.
        name: &'a str,
        /// Why.
        error: &'a Error,
    },
}

const MORE_STYLE: &str = "
svg.natural{min-width:0;margin:0 auto 6px}figure{-webkit-overflow-scrolling:touch}
.jump{display:inline-block;margin:10px 0 0;padding:5px 14px;border:1px solid var(--refuted);border-radius:8px;color:var(--refuted);text-decoration:none;font-weight:600}
a{color:inherit}tr:target td,tr:target th{background:color-mix(in srgb,var(--refuted) 16%,transparent)}
tr.witness th{color:var(--refuted)}.calls td{overflow-wrap:anywhere}.calls th{white-space:nowrap;font-weight:600}
.calls td code{white-space:normal}ol.told{padding-left:22px}ol.told li,ul li{overflow-wrap:anywhere;margin:3px 0}td{overflow-wrap:anywhere}
@media (min-width:640px){.judges td:first-child,.judges th{width:1%;white-space:nowrap}.judges td,.judges th{padding-right:18px}
.calls td:not(:last-child){white-space:nowrap;width:1%}.calls th{width:1%}.calls td,.calls th{padding-right:18px}}
nav{margin:12px 0}nav a{margin-right:14px}.word a{text-decoration:none}
";

/// More lines of a witness than this are left to the text.
const LINES_MAX: usize = 60;

/// The page.
pub fn page(all: &[Shown<'_>]) -> String {
    let mut page = Page::new();
    let title = match all {
        [Shown::Judged { name, report, .. }] => format!("{}: {name}", report.verdict()),
        [Shown::Unread { name, .. }] => format!("no verdict: {name}"),
        _ => format!("{} histories", all.len()),
    };
    page.line("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    page.line(format_args!("<title>{}</title>", escaped(&title)));
    page.line(format_args!("<style>{STYLE}{MORE_STYLE}</style></head><body><main>"));
    if all.len() > 1 {
        page.line("<nav>");
        for (number, shown) in all.iter().enumerate() {
            let (name, word) = match shown {
                Shown::Judged { name, report, .. } => (name, report.verdict().to_string()),
                Shown::Unread { name, .. } => (name, "no verdict".to_owned()),
            };
            page.line(format_args!(
                "<p><span class=\"pill {word}\">{word}</span> <a href=\"#h{number}\">{}</a></p>",
                escaped(name)
            ));
        }
        page.line("</nav>");
    }
    for (number, shown) in all.iter().enumerate() {
        match shown {
            Shown::Judged { .. } => history(&mut page, number, shown),
            Shown::Unread { name, error } => page.line(format_args!(
                "<header id=\"h{number}\" class=\"unknown\"><p class=\"word\">no verdict</p><h1>{}</h1>\
                 <p class=\"sentence\">{}</p></header>",
                escaped(name),
                escaped(&error.to_string())
            )),
        }
    }
    page.line("</main></body></html>");
    page.into_string()
}

/// The stories of a report that show something, each once, with its part.
fn witnesses(report: &Report) -> Vec<(&Part, &Story)> {
    let mut found: Vec<(&Part, &Story)> = Vec::new();
    for part in &report.parts {
        let Finding::Violated(story) = &part.finding else { continue };
        let same = |other: &Story| {
            let calls =
                |story: &Story| story.lines.iter().map(|line| line.call).collect::<Vec<_>>();
            calls(other) == calls(story) && other.cycle == story.cycle && other.title == story.title
        };
        if !story.lines.is_empty() && !found.iter().any(|(_, other)| same(other)) {
            found.push((part, story));
        }
    }
    found
}

/// The call at which a reader should look first: one that fits nowhere, or the witness's first.
fn first_error(story: &Story) -> Option<usize> {
    let is_stuck = |line: &&super::Line| !story.order.contains(&line.call);
    let stuck = story.lines.iter().find(|line| !story.order.is_empty() && is_stuck(line));
    stuck.or_else(|| story.lines.first()).map(|line| line.call)
}

fn history(page: &mut Page, number: usize, shown: &Shown<'_>) {
    let Shown::Judged { name, input, report, objects } = *shown else { return };
    let verdict = report.verdict();
    let first = witnesses(report).first().copied();
    page.line(format_args!(
        "<header id=\"h{number}\" class=\"{verdict}\"><p class=\"word\">{verdict}</p>"
    ));
    page.line(format_args!("<h1>{}</h1>", escaped(name)));
    page.line(format_args!("<p class=\"sentence\">{}</p>", escaped(&sentence(report))));
    if let Some(call) = first.and_then(|(_, story)| first_error(story)) {
        page.line(format_args!(
            "<p><a class=\"jump\" href=\"#h{number}c{call}\">to the first error</a></p>"
        ));
    }
    page.line("</header>");
    guarantees(page, report);
    if let Some((drawn, wide, tall)) = map::map(&report.models) {
        let caption = "Each model implies those below it. Green holds, red is violated, amber is unknown; \
             dashed was not judged, and nothing follows for it.";
        section(page, "What holds", (&drawn, wide, tall), caption);
    }
    if let Some(composition) = objects {
        alone(page, composition);
    }
    for (part, story) in witnesses(report) {
        witness(page, part, story);
    }
    over_time(page, number, input, report);
}

/// The verdict in a sentence.
fn sentence(report: &Report) -> String {
    let of = |word| report.parts.iter().find(move |part| part.finding.word() == word);
    match (report.verdict(), witnesses(report).first().copied()) {
        (Word::Violated, Some((part, story))) => format!("{}: {}", part.guarantee, story.title),
        (Word::Violated, None) => {
            of(Word::Violated).map_or_else(String::new, |part| match &part.finding {
                Finding::Violated(story) => format!("{}: {}", part.guarantee, story.title),
                _ => part.guarantee.clone(),
            })
        }
        (Word::Unknown, _) => {
            of(Word::Unknown).map_or_else(String::new, |part| match &part.finding {
                Finding::Unknown { reason, .. } => format!("{}: {reason}", part.guarantee),
                _ => part.guarantee.clone(),
            })
        }
        (Word::Holds, _) => {
            let strongest = report.notes.iter().find(|note| note.starts_with("strongest"));
            strongest.cloned().unwrap_or_else(|| "every promise was kept".to_owned())
        }
    }
}

fn guarantees(page: &mut Page, report: &Report) {
    page.line("<section class=\"judges\"><table><tbody>");
    for part in &report.parts {
        let word = part.finding.word();
        let told = match &part.finding {
            Finding::Holds { order, .. } if order.is_empty() => String::new(),
            Finding::Holds { order, checked } => format!(
                "an order of {} {}{}",
                order.len(),
                report.unit,
                if *checked { ", checked again apart" } else { "" }
            ),
            Finding::Violated(story) => story.title.clone(),
            Finding::Unknown { reason, story } => {
                let story = story.as_ref().map_or_else(String::new, |story| format!("; {story}"));
                format!("{reason}{story}")
            }
        };
        page.line(format_args!(
            "<tr><td><span class=\"pill {word}\">{word}</span></td><th>{}</th><td>{}</td></tr>",
            escaped(&part.guarantee),
            escaped(&told)
        ));
    }
    page.line("</tbody></table>");
    page.line(format_args!(
        "<p class=\"faint\">{}, {} of unknown outcome, {} failed; {}; {} steps in {:.1} ms</p>",
        counted(report.operations, "operation"),
        report.unknown,
        report.failed,
        escaped(&report.format),
        report.steps,
        report.elapsed.as_secs_f64() * 1e3
    ));
    if !report.notes.is_empty() {
        page.line("<ul class=\"faint\">");
        for note in &report.notes {
            page.line(format_args!("<li>{}</li>", escaped(note)));
        }
        page.line("</ul>");
    }
    page.line("</section>");
}

/// What holds of each object alone, beside what holds of the whole.
fn alone(page: &mut Page, composition: &Composition) {
    page.line(format_args!(
        "<section class=\"judges\"><h2>Each object alone</h2><p>{}, {}.</p><table><tbody>",
        counted(composition.objects, "object"),
        if composition.spanning {
            "and some of what was done is on several"
        } else {
            "one at a time"
        }
    ));
    for Row { guarantee, whole, objects, against } in &composition.rows {
        let which = against.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
        let lost = if *objects == Word::Holds && *whole == Word::Violated {
            ": it holds of each and not of the whole"
        } else {
            ""
        };
        page.line(format_args!(
            "<tr><td><span class=\"pill {objects}\">{objects}</span></td><th>{}</th><td>of each object{}; \
             <span class=\"pill {whole}\">{whole}</span> of the whole{lost}</td></tr>",
            escaped(guarantee),
            escaped(&which)
        ));
    }
    page.line("</tbody></table></section>");
}

/// An element of a picture that is never drawn smaller than can be read.
fn svg(page: &mut Page, (drawn, wide, tall): (&str, f64, f64), label: &str) {
    page.line(format_args!(
        "<svg class=\"natural\" viewBox=\"0 0 {wide:.0} {tall:.0}\" style=\"min-width:{:.0}px;max-width:{:.0}px\" \
         role=\"img\" aria-label=\"{}\">{drawn}</svg>",
        wide * 0.78,
        wide * 1.25,
        escaped(label)
    ));
}

fn section(page: &mut Page, title: &str, picture: (&str, f64, f64), caption: &str) {
    page.line(format_args!("<section><h2>{title}</h2><figure>"));
    svg(page, picture, title);
    page.line(format_args!("<figcaption>{}</figcaption></figure></section>", escaped(caption)));
}

/// A story as a picture with its size.
fn drawn(story: &Story) -> Option<Drawing> {
    match cycle::cycle(story) {
        Some((drawn, tall)) => Some((drawn, cycle::WIDTH, tall)),
        None => spans::spans(story),
    }
}

fn witness(page: &mut Page, part: &Part, story: &Story) {
    page.line(format_args!(
        "<section><h2>The witness: {} is violated</h2><p>{}{}.</p>",
        escaped(&part.guarantee),
        escaped(&story.title),
        if story.minimal { ", and all of it is needed" } else { "" }
    ));
    if let Some((drawn, wide, tall)) = drawn(story) {
        page.line("<figure>");
        svg(page, (&drawn, wide, tall), &story.title);
        page.line(format_args!("<figcaption>{}</figcaption></figure>", caption(story)));
    }
    page.line("<table class=\"calls\"><tbody>");
    for (number, line) in (1..).zip(story.lines.iter().take(LINES_MAX)) {
        let (name, told) = if story.order.is_empty() && line.action.starts_with('T') {
            (format!("T{}", line.call), steps(line))
        } else {
            (format!("{number}"), said(line))
        };
        page.line(format_args!(
            "<tr><th>{name}</th><td>{}</td><td><code>{}</code>",
            escaped(&line.whose()),
            escaped(&told)
        ));
        if let Some(effect) = &line.effect {
            page.line(format_args!("<br><span class=\"faint\">{}</span>", escaped(effect)));
        }
        page.line("</td></tr>");
    }
    page.line("</tbody></table>");
    left_out(page, story.lines.len(), "lines of the witness");
    page.line("<ol class=\"told\">");
    for conclusion in story.conclusion.iter().take(LINES_MAX) {
        page.line(format_args!("<li>{}</li>", escaped(conclusion.trim())));
    }
    page.line("</ol></section>");
}

fn left_out(page: &mut Page, count: usize, what: &str) {
    if count > LINES_MAX {
        let more = count - LINES_MAX;
        page.line(format_args!("<p class=\"faint\">{more} more {what} are left out here</p>"));
    }
}

fn caption(story: &Story) -> &'static str {
    if story.cycle.is_empty() && story.order.is_empty() {
        "Time runs to the right, by what was before what."
    } else if story.cycle.is_empty() {
        "Time runs to the right, by what was before what. Red: it follows no order of the others."
    } else {
        "ww: the version after; wr: it reads what that one wrote; rw: that one overwrites what it read; \
         process: the same process ran it later; realtime: it had ended before that one began."
    }
}

fn over_time(page: &mut Page, number: usize, input: &Input, report: &Report) {
    let mut witness: Vec<usize> = Vec::new();
    for (_, story) in witnesses(report) {
        witness.extend(first_error(story));
        witness.extend(story.lines.iter().map(|line| line.call));
    }
    let view = View::of(input, &witness);
    if view.bars.is_empty() {
        return;
    }
    page.line("<section><h2>The history over time</h2><figure>");
    let shown = view.bars.len();
    if shown < view.total {
        let (drawn, tall) = timeline::strip(&view);
        svg(page, (&drawn, timeline::WIDTH, tall), "where in the history");
    }
    let (drawn, wide, tall) = timeline::timeline(&view, &witness, &format!("h{number}c"));
    svg(page, (&drawn, wide, tall), "calls over time");
    let what = match (shown == view.total, witness.is_empty()) {
        (true, _) => format!("All of {}", counted(view.total, view.unit.trim_end_matches('s'))),
        (false, true) => {
            format!("The first {shown} of {} {}; the others are left out", view.total, view.unit)
        }
        (false, false) => format!(
            "{shown} of {} {}, those around the first error; the others are left out",
            view.total, view.unit
        ),
    };
    let order = if view.timed {
        "in the order in which they began and ended"
    } else {
        "each session in its own order; this history does not say which were at one time"
    };
    page.line(format_args!(
        "<figcaption>{what}, {order}. Red: calls of the witness; amber: of unknown outcome; grey: aborted.{}</figcaption></figure>",
        if shown < view.total { " The strip above is the whole history." } else { "" }
    ));
    page.line("<table class=\"calls\"><tbody>");
    for bar in &view.bars {
        let class = if witness.contains(&bar.call) { " class=\"witness\"" } else { "" };
        let line = if bar.line > 0 { format!("line {}", bar.line) } else { String::new() };
        page.line(format_args!(
            "<tr id=\"h{number}c{call}\"{class}><th>{call}</th><td>{}</td><td class=\"faint\">{line}</td><td><code>{}</code></td></tr>",
            escaped(&bar.process),
            escaped(&bar.text),
            call = bar.call,
        ));
    }
    page.line("</tbody></table></section>");
}

/// The witnesses alone, as one picture.
pub fn picture(all: &[Shown<'_>]) -> String {
    const TITLE: f64 = 24.0;
    let mut blocks: Vec<(String, Option<Drawing>)> = Vec::new();
    for shown in all {
        match shown {
            Shown::Unread { name, .. } => blocks.push((format!("no verdict: {name}"), None)),
            Shown::Judged { name, report, .. } => {
                let before = blocks.len();
                blocks.extend(witnesses(report).into_iter().map(|(part, story)| {
                    let title = format!("{name}: {}, {}", part.guarantee, story.title);
                    (title, drawn(story))
                }));
                if blocks.len() == before {
                    blocks.push((format!("{}: {name}", report.verdict()), None));
                }
            }
        }
    }
    let wide =
        blocks.iter().filter_map(|block| Some(block.1.as_ref()?.1)).fold(cycle::WIDTH, f64::max);
    let tall = |block: &(String, Option<Drawing>)| {
        TITLE + block.1.as_ref().map_or(0.0, |drawn| drawn.2 + 12.0)
    };
    let whole: f64 = blocks.iter().map(tall).sum::<f64>() + 8.0;
    let mut page = Page::new();
    page.line(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide:.0} {whole:.0}\" width=\"{wide:.0}\" role=\"img\">\
         <style>{STYLE}svg{{min-width:0}}</style><rect width=\"100%\" height=\"100%\" fill=\"var(--card)\"/>"
    ));
    let mut y = 0.0;
    for block in &blocks {
        page.line(format_args!(
            "<text class=\"bold\" x=\"10\" y=\"{:.1}\">{}</text>",
            y + 16.0,
            escaped(&fitted(&block.0, (wide - 20.0) / 1.15))
        ));
        if let Some((drawn, ..)) = &block.1 {
            page.line(format_args!("<g transform=\"translate(0 {:.1})\">{drawn}</g>", y + TITLE));
        }
        y += tall(block);
    }
    page.line("</svg>");
    page.into_string()
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Judged { name, .. } | Self::Unread { name, .. } => name,
        })
    }
}
