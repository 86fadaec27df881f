//! A progress bar on stderr, for people: where stderr is no terminal nothing is shown.

use std::io::{IsTerminal as _, Write as _};

/// How wide the bar is.
const WIDTH: u64 = 30;

/// The progress of one thing.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    total: u64,
    done: u64,
    shown: bool,
}

impl Progress {
    /// Nothing of `total` is done.
    pub fn new(what: &'static str, total: u64) -> Self {
        let progress = Self { what, total, done: 0, shown: std::io::stderr().is_terminal() };
        progress.show();
        progress
    }

    /// One more is done.
    pub fn advance(&mut self) {
        self.done += 1;
        self.show();
    }

    /// Takes the bar away.
    pub fn finish(self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }

    fn show(&self) {
        if self.shown {
            let mut talk = std::io::stderr();
            let _ = write!(talk, "\r{}", self.line());
            let _ = talk.flush();
        }
    }

    fn line(&self) -> String {
        let filled = self.done * WIDTH / self.total.max(1);
        let (full, empty) = (filled.min(WIDTH) as usize, WIDTH.saturating_sub(filled) as usize);
        let bar = format!("{}{}", "#".repeat(full), ".".repeat(empty));
        format!("{} [{bar}] {}/{}", self.what, self.done, self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills() {
        let at = |done| Progress { what: "w", total: 3, done, shown: false }.line();
        assert_eq!(at(0), format!("w [{}] 0/3", ".".repeat(30)));
        assert_eq!(at(1), format!("w [{}{}] 1/3", "#".repeat(10), ".".repeat(20)));
        assert_eq!(at(3), format!("w [{}] 3/3", "#".repeat(30)));
    }
}
