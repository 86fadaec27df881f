//! How far a long job is, on stderr: a bar on a terminal, now and then a line elsewhere, and
//! nothing at all for what takes less than a second.

use crate::screen::Screen;
use std::time::Duration;
#[expect(clippy::disallowed_types, reason = "how long a person has waited")]
use std::time::Instant;

/// Whoever waits is told nothing before this.
const SILENT: Duration = Duration::from_secs(1);
/// How often a bar is drawn anew.
const AGAIN: Duration = Duration::from_millis(100);
/// How often a line is said where there is no terminal.
const LINE: Duration = Duration::from_secs(20);
const WIDTH: usize = 24;

/// A job under way.
#[expect(clippy::disallowed_types, reason = "how long a person has waited")]
pub struct Bar {
    began: Instant,
    told: Option<Instant>,
    drawn: bool,
}

#[expect(clippy::disallowed_types, reason = "how long a person has waited")]
impl Bar {
    /// A job that begins now.
    pub fn start(screen: &Screen) -> Self {
        Self { began: Instant::now(), told: None, drawn: screen.talks_to_terminal() }
    }

    /// How long it has taken.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// So many of so many are done; shown if it is time to.
    pub fn tell(&mut self, screen: &mut Screen, done: u64, of: u64, note: &str) {
        let now = Instant::now();
        let every = if self.drawn { AGAIN } else { LINE };
        let since = now.duration_since(self.told.unwrap_or(self.began));
        let first = if self.drawn { SILENT } else { LINE };
        if since < if self.told.is_none() { first } else { every } {
            return;
        }
        self.told = Some(now);
        let text = bar(done, of, self.began.elapsed(), note);
        if self.drawn { screen.overwrite(&text) } else { screen.say(&text) }
    }

    /// Takes the bar away.
    pub fn end(self, screen: &mut Screen) {
        if self.drawn && self.told.is_some() {
            screen.overwrite("");
        }
    }
}

/// `[#####...................] 42 of 200, 1 failed, 12 s left`.
fn bar(done: u64, of: u64, elapsed: Duration, note: &str) -> String {
    let of = of.max(1);
    let filled =
        usize::try_from(u128::from(done.min(of)) * WIDTH as u128 / u128::from(of)).unwrap_or(WIDTH);
    let left = u128::from(elapsed.as_secs()) * u128::from(of.saturating_sub(done));
    let left = left.checked_div(done.into());
    let left = left.map_or(String::new(), |left| format!(", {left} s left"));
    let (full, empty) = ("#".repeat(filled), ".".repeat(WIDTH - filled));
    format!("[{full}{empty}] {done} of {of}{note}{left}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_says_how_far_and_how_long() {
        let half = bar(50, 100, Duration::from_secs(10), ", 1 failed");
        assert_eq!(half, "[############............] 50 of 100, 1 failed, 10 s left");
        assert_eq!(bar(0, 0, Duration::ZERO, ""), "[........................] 0 of 1");
        assert!(bar(1, u64::MAX, Duration::from_secs(9), "").contains(" 1 of "));
        assert!(bar(9, 3, Duration::ZERO, "").starts_with("[########################]"));
    }
}
