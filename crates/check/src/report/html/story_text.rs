//! The words of a witness's lines, as its pictures and tables use them.

use crate::report::{Line, UNKNOWN};

/// What a transaction is called.
pub(super) fn name(call: Option<usize>) -> String {
    call.map_or_else(|| "the initial state".to_owned(), |call| format!("T{call}"))
}

/// What a line says was done, without the name that stands beside it.
pub(super) fn steps(line: &Line) -> String {
    let own = format!("{}: ", name(Some(line.call)));
    line.action.strip_prefix(&own).unwrap_or(&line.action).trim().to_owned()
}

/// What a line asks and what came back.
pub(super) fn said(line: &Line) -> String {
    format!("{} → {}", steps(line), line.answer.trim())
}

impl Line {
    /// Whose it is and where it stands.
    pub(super) fn whose(&self) -> String {
        let mut words = self.whose.clone();
        match (&self.place, self.began.line) {
            (Some(place), _) => words.extend([", ", place]),
            (None, 0) => {}
            (None, line) => words.extend([", line ", &line.to_string()]),
        }
        if let answer @ ("aborted" | "unknown" | UNKNOWN) = self.answer.as_str() {
            words.extend([", ", answer]);
        }
        words
    }
}
