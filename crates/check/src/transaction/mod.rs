//! Transactions over registers, and the judge of the weak isolation levels.
//!
//! ```text
//! file -> history (sessions of transactions of reads and writes)
//!      -> sources (which transaction does each read see?)
//!      -> what each level says of the commit order (monotonic, read_atomic, causal)
//!      -> one order (order) or a shortest cycle (cycle), checked again apart (verify,
//!         verify_claims, verify_order) -> story
//! ```
//!
//! The levels are those of Biswas and Enea, "On the complexity of checking transactional
//! consistency" (OOPSLA 2019); how little of the commit order has to be inferred to decide them is
//! due to Møldrup and Pavlogiannis, "AWDIT: an optimal weak database isolation tester" (PLDI 2025).

mod builder;
mod causal;
mod cycle;
mod history;
mod judge;
mod level;
mod monotonic;
mod mutant;
mod order;
mod parts;
mod polygraph;
mod read_atomic;
mod seen;
mod sources;
mod story;
mod uncommitted;
mod verify;
mod verify_claims;
mod verify_order;
mod writers;

#[cfg(test)]
mod by_versions;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod exhaustive;
#[cfg(test)]
mod interleaved;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod timed;
#[cfg(test)]
mod visible;

pub use builder::Builder;
pub use history::{Access, Outcome, Span, Step, Transaction, Transactions};
pub(crate) use history::{Places, Words};
pub use judge::{decide, judge};
pub use level::Level;
#[cfg(test)]
pub(crate) use tests::at_random;
