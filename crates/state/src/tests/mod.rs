//! The tests that span files: stories, planted bugs, properties, and bytes that went bad.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod fuzz;
mod moments;
mod mutants;
mod properties;
mod random;
mod story;
