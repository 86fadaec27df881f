//! The report of each poll: on a terminal a view that is drawn over the one before; in a file a
//! line where something changed; in JSON a line each.

use super::finding::Finding;
use super::{Wish, told};
use crate::screen::{Format, Screen};
use std::fmt::Write as _;

/// What stands there now.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// Lines of the view that is to be drawn over.
    drawn: usize,
    /// What was said of the clock, and of each source.
    said: Option<Said>,
}

#[derive(Debug, PartialEq, Eq)]
struct Said {
    verdict: &'static str,
    class: String,
    sources: Vec<String>,
}

impl Live {
    /// Shows a report; the last one is told in full.
    pub(super) fn show(&mut self, wish: &Wish, finding: &Finding, last: bool, screen: &mut Screen) {
        if screen.format == Format::Json {
            let mut line = told::json(wish, finding);
            line["last"] = last.into();
            return screen.line(&line.to_string());
        }
        if screen.terminal {
            return self.draw(wish, finding, last, screen);
        }
        if last {
            return told::tell(wish, finding, screen);
        }
        let said = Said {
            verdict: told::word(finding.verdict),
            class: finding.reading.class.to_string(),
            sources: finding.sources.iter().map(|source| source.judged.to_string()).collect(),
        };
        let stepped = finding.sources.iter().any(|source| source.contradiction.is_some());
        if stepped || self.said.as_ref() != Some(&said) {
            screen.line(&line(wish, finding, screen));
            self.said = Some(said);
        }
    }

    fn draw(&mut self, wish: &Wish, finding: &Finding, last: bool, screen: &mut Screen) {
        let lines = told::text(wish, finding, screen);
        let mut view = String::new();
        if self.drawn > 0 {
            let _ = write!(view, "\x1b[{}A\x1b[J", self.drawn);
        }
        // What is wider than the terminal is cut while it is drawn over: it would take more lines.
        let (cut, whole) = if last { ("", "") } else { ("\x1b[?7l", "\x1b[?7h") };
        view.push_str(cut);
        for line in &lines {
            view.push_str(line);
            view.push('\n');
        }
        view.push_str(whole);
        self.drawn = lines.len();
        if !last {
            let _ = writeln!(view, "poll {}; Ctrl-C ends it", finding.poll);
            self.drawn += 1;
        }
        screen.data(view.as_bytes());
    }
}

/// A report in one line.
fn line(wish: &Wish, finding: &Finding, screen: &Screen) -> String {
    let mut parts = vec![format!("poll {}: {}", finding.poll, told::head(wish, finding, screen))];
    for ((name, _), source) in wish.sources.iter().zip(&finding.sources) {
        let stepped = source
            .contradiction
            .map_or_else(String::new, |found| format!(", stepped by {} at least", found.gap));
        parts.push(format!("{name} {}{stepped}", source.judged));
    }
    parts.join("; ")
}
