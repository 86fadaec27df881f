//! Runs of etcd's robustness tests: what every client asked and was answered, and what watches
//! told, judged as a key-value store with revisions.
//!
//! ```text
//! DIR/client-1/operations.json   what a client asked and was answered (read.rs)
//! DIR/client-1/watch.json        what it was told without asking
//!   -> the log: what each revision wrote, from answers, watches and reads (log.rs)
//!   -> its order: revisions and real time (order.rs); its contents: answers (contents.rs)
//!   -> watches: in order, complete, as the log has it (watches.rs)
//!   -> an order of all operations, run again apart on a store with revisions (model.rs)
//! ```
//!
//! Revisions leave nothing to search: an answer of revision 7 saw the store between its 7th and 8th
//! write. So the one order is sorted by revision, and it is strictly serializable exactly if that
//! order keeps to real time and gives every answer.
//!
//! A write that a watch or a read tells and no operation at hand was answered for is one of an
//! unknown client: it took effect after everything that saw a lower revision was asked and before
//! anything that saw its own or a higher one was answered.
//!
//! - I1: no violation rests on what is missing: where a revision is told by nobody, or a watch is
//!   of other keys, whatever may stand there does.
//! - I2: nothing holds while a revision is told by nobody. An order is handed out only if the
//!   independent verifier has run it.
//!
//! Times are of one clock, as etcd's report has them. Compacted revisions and what a lease's end
//! deletes are taken as the watches tell them.

mod contents;
mod judge;
mod log;
mod model;
mod mutant;
mod order;
pub(crate) mod read;
mod run;
mod watches;
mod words;

#[cfg(test)]
mod played;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_bounds;

pub use run::Run;

/// How many, as revisions and counts are.
fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
