//! Which clock when: what stamps and versions cost and what they get wrong, on the same steps.
//!
//! ```text
//! cargo xtask bench clocks [-- --brief]
//! ```
//!
//! Sizes and errors are the same on every machine for one `AVOUCH_SEED`; times are not, and say
//! most beside the vector clock's in the same table. docs/which-clock.md has the tables and what
//! follows.

#![expect(clippy::cast_precision_loss, reason = "figures for the eye")]
#![expect(clippy::disallowed_types, reason = "a benchmark measures time")]

//= §3.2.3 dotted-comparison
//= §3.2.3 use-cases

mod churn;
mod stamps;
mod versions;

use std::time::{Duration, Instant};

/// A stopwatch.
pub(crate) struct Watch(Instant);

impl Watch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn read(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What is done so often takes so long each, in nanoseconds.
pub(crate) fn each(took: Duration, count: usize) -> f64 {
    took.as_nanos() as f64 / count.max(1) as f64
}

/// A row of a table in Markdown.
pub(crate) fn row<S: AsRef<str>>(cells: &[S]) {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    println!("| {} |", cells.join(" | "));
}

/// The head of a table.
pub(crate) fn head(title: &str, cells: &[&str]) {
    println!("\n{title}\n");
    row(cells);
    row(&vec!["---"; cells.len()]);
}

fn main() {
    let brief = std::env::args().any(|word| word == "--brief");
    let groups: &[u32] = if brief { &[4] } else { &[4, 16, 64] };
    for processes in groups {
        stamps::table(*processes, if brief { 2_000 } else { 20_000 });
    }
    churn::table(groups, if brief { 2_000 } else { 20_000 });
    versions::table(if brief { &[10] } else { &[10, 100, 1_000] });
}
