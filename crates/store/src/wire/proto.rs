//! Messages, services and clients of etcd v3, generated from our own definitions in `proto/`.
//!
//! The same definitions serve both ends: the node answers with them, and the `avouch` command,
//! the tests and the benchmarks ask with them, be it an avouch or an etcd that answers.

/// The key-value type.
#[allow(clippy::pedantic, missing_docs, reason = "generated")]
pub mod mvccpb {
    include!(concat!(env!("OUT_DIR"), "/mvccpb.rs"));
}

/// Requests, responses, services and clients.
#[allow(clippy::pedantic, missing_docs, reason = "generated")]
pub mod etcdserverpb {
    include!(concat!(env!("OUT_DIR"), "/etcdserverpb.rs"));
}
