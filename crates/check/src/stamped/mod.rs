//! Transactions that carry the store's own stamps, judged by those stamps: a white-box judge.
//!
//! ```text
//! file -> history (each transaction with its start and its commit stamp)
//!      -> follow (in the order of the commit stamps: what did each have to read?)
//!      -> what is wrong by axioms (SESSION, INT, EXT, NOCONFLICT), checked again apart (verify)
//!      -> where that leaves equal stamps open: an order of them, or reads that none serves (ties)
//! or a stream of them, in any order within a window (online), in memory that does not grow with it
//! ```
//!
//! What is said is said *of the stamps*: a violation shows that the store did not do what its own
//! stamps say; an order that pays them no heed may still exist. What holds by stamps holds: the
//! order of the stamps shows it.
//!
//! - SESSION: a transaction starts after those of its session before it have committed.
//! - INT: a read after a read or write of the same key by the same transaction agrees with that.
//! - EXT: the first read of a key returns what the last transaction that committed before the
//!   snapshot wrote, or the initial state. The snapshot is at the start for snapshot isolation, and
//!   at the commit for serializability.
//! - NOCONFLICT: of two that write one key, one committed before the other started. Only snapshot
//!   isolation asks for it.
//!
//! # Equal stamps
//!
//! Stamps order events only as far as they differ, so a rule is needed for those that are equal.
//!
//! - T1: at one stamp commits come before starts: a snapshot at `s` contains what has committed at
//!   `s`. Stores of many versions read at `s` the last version with a stamp of at most `s`, and a
//!   session whose clock did not tick between a commit and the next start must see its own writes.
//! - T2: so at one stamp there come, in this order: the commits of those that started at smaller
//!   stamps; those that start and commit at it, each whole; the starts of the others.
//! - T3: within one of these classes stamps say nothing. Between those that touch no key which one
//!   of them writes, no order can be told from another. Of the others some order must fit. That of
//!   the history is tried first (it keeps sessions); where a read disagrees with it and no order of
//!   the equal ones is out of the question, the others are searched (`ties`). A stream keeps no
//!   history to search: there the level is unknown, with that reason, and a list that equal stamps
//!   once left open is unknown from then on, whatever is read of it.
//!
//! - P1: a level that holds has an order of starts and commits which T1 to T3 allow, in which every
//!   axiom is true; a level that is violated has none.
//! - P2: a level is unknown only where a bound was met; of a stream also where transactions that
//!   touch a key which one of them writes have equal stamps.
//!
//! NOCONFLICT needs no rule: two that write one key, started before it and committed at one stamp
//! did not see each other in any order.
//!
//! Source of the axioms and of judging in the order of stamps: Li, Wei, Ouyang, Chen, Yang, Zhang
//! and Pan, "Online timestamp-based transactional isolation checking of database systems" (2025;
//! arXiv 2504.01477), after Cerone and Gotsman. Deviations: lists are compared whole and not by
//! their last element; stamps may be equal; instead of judging again what was judged too early,
//! the judge of streams waits for a window of transactions before it judges.

mod follow;
mod history;
mod judge;
mod key;
mod mutant;
mod online;
mod story;
mod ties;
mod verify;
mod without;

#[cfg(test)]
mod exhaustive;
#[cfg(test)]
mod store;
#[cfg(test)]
mod tests;

pub use history::{Access, Builder, Mixed, Stamp, Stamped, Step, Transaction, Value, Who};
pub use judge::judge;
pub use online::{Asked, Tell, judge_stream, judge_text};
