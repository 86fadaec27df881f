//! The judge of histories.

pub mod history;
pub mod limits;
pub mod linearizability;
pub mod model;
pub mod obligation;
pub mod operation;
pub mod report;

use avouch_promise::Error;
use history::History;
use std::path::Path;

pub use limits::Limits;
pub use obligation::{judge, judge_by_evidence};
pub use report::Report;

/// Reads a history in any format known and judges it.
pub fn judge_file(path: &Path, limits: &Limits) -> Result<Report, Error> {
    Ok(judge(&History::read(path, limits)?, limits))
}
