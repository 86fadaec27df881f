//! Small protocols in the shape, each with bugs that can be switched on: one for each family of
//! faults that must find it.
#![allow(dead_code, unreachable_pub, reason = "each test uses the toys that it needs")]

pub mod bulk;
pub mod heartbeat;
pub mod lease;
pub mod ledger;
pub mod memory;
pub mod ping_pong;
pub mod reader;
