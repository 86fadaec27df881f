//! The command `avouch`, with its client as a module until that is large enough for a crate of its
//! own.
//!
//! ```text
//! arguments -> commands -> client -> (wire) -> node
//!                 |           '-> verify, before anything is shown
//!                 '-> screen: data on stdout, talk on stderr; exit: verdict or blame
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

pub mod address;
pub mod arguments;
pub mod client;
pub mod cluster;
pub mod commands;
pub mod embedded;
pub mod exit;
pub mod far;
pub mod lab;
pub mod node;
mod node_clock;
pub mod quantile;
pub mod quantity;
pub mod screen;
pub mod shell;
pub mod shown;
pub mod tour;
