//! The words of a witness's lines, as its pictures and tables use them.

use crate::report::Line;

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
        match (self.began.line, self.answer.as_str()) {
            (0, "aborted" | "unknown") => format!("process {}, {}", self.process, self.answer),
            (0, _) => format!("process {}", self.process),
            (line, "aborted" | "unknown") => {
                format!("process {}, line {line}, {}", self.process, self.answer)
            }
            (line, _) => format!("process {}, line {line}", self.process),
        }
    }
}
