//! What is built on suspicions, explored exhaustively with an adversary for a detector: the
//! reduction between the classes of detectors, and consensus.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod consensus;
mod reduction;
