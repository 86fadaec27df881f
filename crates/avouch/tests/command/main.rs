//! The real program, run as a user runs it, against clusters that it starts itself.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod bounded;
mod chronyd;
mod claimed;
mod clocks;
mod daemon;
mod daemons;
mod etcdctl;
mod examples;
mod founding;
mod job;
mod judging;
mod keeping;
mod lab;
mod metered;
mod mistakes;
mod nodes;
mod observed;
mod place;
mod planning;
mod planted;
mod rechecking;
mod session;
mod stamps;
mod streaming;
mod suspected;
mod terminal;
mod time_server;
mod timed;
mod timekeeping;
mod vouched;
mod watching;
mod whose;
mod wording;
