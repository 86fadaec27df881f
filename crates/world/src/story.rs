//! The last lines of what happened, one line an event, in which the column is the node.
//!
//! ```text
//!    12.345 ms  n1  Command(7) Add(3)
//!    12.345 ms  n1    -> n2 Copy { number: 7 } after 9
//!    13.001 ms      n2  <- n1 Copy { number: 7 }
//!    14.000 ms  -- Crash { node: n2 }
//! ```

use avouch_promise::{Nanos, NodeId};
use std::collections::VecDeque;
use std::fmt;

/// The last lines of a run.
#[derive(Clone, Debug, Default)]
pub struct Story {
    lines: VecDeque<String>,
    keep: usize,
}

impl Story {
    pub(crate) fn new(keep: usize) -> Self {
        Self { lines: VecDeque::new(), keep }
    }

    /// Whether anything is kept. Ask before formatting a line.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.keep > 0
    }

    pub(crate) fn tell(&mut self, now: Nanos, node: Option<NodeId>, text: fmt::Arguments<'_>) {
        if self.lines.len() == self.keep {
            self.lines.pop_front();
        }
        #[expect(clippy::cast_precision_loss, reason = "for the eye only")]
        let millis = now.0 as f64 / 1e6;
        self.lines.push_back(match node {
            Some(node) => {
                let column = node.0.saturating_sub(1) as usize * 4;
                format!("{millis:>13.6} ms  {:column$}{node}  {text}", "")
            }
            None => format!("{millis:>13.6} ms  -- {text}"),
        });
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }
}
