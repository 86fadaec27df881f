//! Failure detectors and the consensus built on them, in a world that keeps, breaks or delays the
//! promises that they rest on.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

mod consensus;
mod suspicions;
