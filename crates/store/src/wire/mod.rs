//! The wire: how a node is reached, by clients and by its peers.
//!
//! ```text
//!  etcdctl, avouch, curl                                     other nodes
//!        |  HTTP/2 (gRPC) or HTTP/1.1, one port                   |  TCP, one direction each
//!  listener -> http -> service -> metadata, convert          peer: frame, handshake, mesh
//!                         |                                       |
//!                        ask  ------------ the node --------------+
//! ```
//!
//! Nothing here knows etcd's rules or decides anything: those live in the deterministic node.

pub mod ask;
mod authority;
pub mod client;
pub mod convert;
pub mod http;
pub mod listener;
pub mod metadata;
pub mod metrics;
mod mutant;
pub mod naming;
pub mod peer;
pub mod proto;
pub mod refusal;
pub mod service;
