//! Models of single operations on registers, from linearizability down to one session guarantee:
//! the whole history is judged by one model, whatever each operation was promised.
//!
//! ```text
//! history -> gets and puts, whose write each get returned (registers)
//!    views (view) -> what they force (closure) -> an order (order), checked again (verify)
//!                                              -> a cycle -> fewest operations (witness), checked
//!                                                 again by trying every order (exhaustive)
//! ```
//!
//! What a model says is in `view` (sessions and causality) and in the file of its name. References:
//! Terry et al. 1994 (session guarantees); Brzezinski, Sobaniec and Wawrzyniak 2004 (them and
//! PRAM); Ahamad et al. 1995 (causal memory); Bouajjani, Enea, Guerraoui and Hamza 2017 (CC, `CCv`,
//! CM); Viotti and Vukolic 2016 (a survey of all).
//!
//! - M1: an operation of unknown outcome comes after what its session did before, and before
//!   nothing that it did later.
//! - M2: a violation is shown by operations that break the model alone, checked apart.

mod closure;
mod convergence;
mod exhaustive;
mod judge;
mod measure;
mod model;
mod mutant;
mod order;
pub(crate) mod promised;
mod red_blue;
mod registers;
mod regular;
mod sequential;
mod staleness;
mod two_atomic;
mod verify;
mod view;
mod views;
mod witness;

#[cfg(test)]
mod tests;

pub use judge::{decide, judge};
pub use model::Model;
