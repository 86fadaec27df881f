//! The Precision Time Protocol (IEEE 1588-2008): whom it follows.
//!
//! - [`best_master`]: which grandmaster a domain follows.
//!
//! Messages and exchanges are not here yet.

pub mod best_master;
