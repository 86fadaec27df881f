//! How far a judgement is, in one line of a terminal that is written over and taken away.
//!
//! ```text
//!   reading: 34 % of 210.4 MB, about 3 s left of that; 1.6 s of at most 60 s
//!   judging: 41 % of 100000 operations, about 5 s left of that; 3.1 s of at most 60 s
//! ```
//!
//! What is left is told where the pace of the phase says it. Nothing is said of the phases to come.

use crate::screen::Screen;
use avouch_check::estimate::Estimate;
use avouch_check::progress::{Phase, Seen, WHOLE};
use std::time::Duration;

/// Whoever waits is told nothing before this.
const SILENT: Duration = Duration::from_secs(1);

/// The line of a terminal.
pub struct Line {
    estimate: Estimate,
    bound: Option<Duration>,
    drawn: bool,
    shown: bool,
}

impl Line {
    /// Of a judgement that begins now, and takes as long as `time` at most where that is bounded.
    pub fn start(is_bounded: bool, time: Duration, screen: &Screen) -> Self {
        let drawn = screen.talks_to_terminal();
        let bound = is_bounded.then_some(time);
        Self { estimate: Estimate::default(), bound, drawn, shown: false }
    }

    /// Shows what was seen.
    pub fn show(&mut self, seen: &Seen, screen: &mut Screen) {
        let left = self.estimate.left(seen);
        if self.drawn && seen.elapsed >= SILENT {
            self.shown = true;
            screen.overwrite(&told(seen, left, self.bound));
        }
    }

    /// Takes the line away.
    pub fn end(self, screen: &mut Screen) {
        if self.shown {
            screen.overwrite("");
        }
    }
}

/// What is told of what was seen.
fn told(seen: &Seen, left: Option<Duration>, bound: Option<Duration>) -> String {
    let Seen { phase, share, done, total, elapsed, .. } = *seen;
    let mut text = match (phase, done) {
        (Phase::Reading, 0) if total == 0 => phase.to_string(),
        (Phase::Reading, 0) => format!("{phase}: {}", megabytes(total)),
        (Phase::Reading, _) if total > 0 => {
            format!("{phase}: {} % of {}", share * 100 / WHOLE, megabytes(total))
        }
        _ => seen.to_string(),
    };
    let left = left.map(|left| format!(", about {} s left of that", left.as_secs_f64().ceil()));
    text.extend(left);
    let elapsed = elapsed.as_secs_f64();
    let bound = bound.map(|bound| format!(" of at most {} s", bound.as_secs_f64()));
    format!("{text}; {elapsed:.1} s{}", bound.unwrap_or_default())
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(phase: Phase, done: u64, total: u64, ms: u64) -> Seen {
        let share = (done * WHOLE).checked_div(total).unwrap_or(0);
        let elapsed = Duration::from_millis(ms);
        Seen { phase, share, done, total, steps: 0, levels: 0, decided: 0, elapsed }
    }

    #[test]
    fn a_line_says_what_is_done_and_within_what() {
        let bound = Some(Duration::from_secs(60));
        let (half, left) = (seen(Phase::Reading, 105, 210, 3_140), Some(Duration::from_secs(3)));
        let line = told(&half, left, bound);
        assert_eq!(line, "reading: 50 % of 0.0 MB, about 3 s left of that; 3.1 s of at most 60 s");
        let all = seen(Phase::Judging, 0, 77, 1_000);
        assert_eq!(told(&all, None, bound), "judging: 77 operations; 1.0 s of at most 60 s");
        let part = Seen { share: WHOLE * 2 / 5, ..all };
        let line = told(&part, None, bound);
        assert_eq!(line, "judging: 40 % of 77 operations; 1.0 s of at most 60 s");
        let stream = seen(Phase::Following, 9, 0, 1_000);
        assert_eq!(told(&stream, None, None), "judging as it comes: 9 operations so far; 1.0 s");
    }
}
