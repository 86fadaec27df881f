//! The judge of histories: did the answers keep the promises?
//!
//! ```text
//! file -> history (who asked what, was answered what, when, with which guarantee)
//!      -> operations with spans (obligation)  -> one order? (linearizability) -> report
//!      or operations by one model (memory)    -> views, an order or a cycle of each -> report
//!      or transactions (transaction, append)  -> an order or a cycle of each level -> report
//!      or the same with the store's stamps (stamped) -> what the stamps say of each level -> report
//!      or one object (object, model)          -> its anomalies, or an order of a model -> report
//!      or a run of etcd's tests (etcd)         -> its log of revisions, an order -> report
//! or a stream of it, compressed (stream); gets and puts are judged as they come, too (online)
//! ```
//!
//! A guarantee is judged by its own obligation, and every verdict comes with what shows it: an
//! order that an independent verifier has accepted, or a few operations that fit in none.

pub mod append;
pub mod bounded;
#[cfg(test)]
mod campaign;
pub mod composition;
pub mod dependency;
pub mod estimate;
pub mod etcd;
mod hash;
pub mod history;
mod input;
pub mod limits;
pub mod linearizability;
pub mod memory;
mod meter;
pub mod model;
mod names;
pub mod object;
pub mod obligation;
pub mod online;
pub mod operation;
pub mod picture;
pub mod progress;
pub mod recheck;
pub mod recorder;
pub mod report;
mod spelling;
pub mod stamped;
mod stopwatch;
pub mod stream;
pub mod transaction;

use avouch_promise::Error;
use std::path::Path;

pub use append::Appends;
pub use history::History;
pub use input::{Input, size, unreadable};
pub use limits::Limits;
pub use model::object::Model;
pub use object::Objects;
pub use obligation::{judge, judge_by_evidence};
pub use report::{Report, Word};
pub use stamped::Stamped;
pub use transaction::{Level, Transactions};

/// Reads a history in any format known and judges it.
pub fn judge_file(path: &Path, limits: &Limits) -> Result<Report, Error> {
    judge_file_by(path, None, limits)
}

/// Reads a history in any format known and judges it; transactions by one level, if it is named.
pub fn judge_file_by(path: &Path, level: Option<Level>, limits: &Limits) -> Result<Report, Error> {
    Input::read(path, limits)?.judge(level, limits)
}

/// Reads a history of operations on one object and judges it by a sequential model.
pub fn judge_file_as(path: &Path, model: Model, limits: &Limits) -> Result<Report, Error> {
    Input::read_objects(path, limits)?.judge_by_model(model, limits).map(Report::of_answered)
}

/// Reads a history of single operations and judges all of it by one model, whatever each operation
/// was promised.
pub fn judge_file_by_model(
    path: &Path,
    model: memory::Model,
    limits: &Limits,
) -> Result<Report, Error> {
    Input::read(path, limits)?.judge_by_model(model, limits)
}
