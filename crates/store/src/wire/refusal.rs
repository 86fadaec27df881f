//! Refusals as gRPC statuses: etcd's code and words where etcd has them, since its clients decide
//! by them whether to try again; what a person wants to know goes beside, into metadata.

use super::ask::Refusal;
use super::metadata::{DETAIL, WRITE, visible};
use avouch_promise::{Blame, Error};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

/// The status of a refusal.
pub fn status(refusal: &Refusal) -> Status {
    let (code, words, detail) = match refusal {
        Refusal::Busy => (
            Code::ResourceExhausted,
            "etcdserver: too many requests",
            "the queue of requests is full; try again a little later",
        ),
        Refusal::NoLeader { detail } => {
            (Code::Unavailable, "etcdserver: no leader", detail.as_str())
        }
        Refusal::Deadline { detail } => {
            (Code::Unavailable, "etcdserver: request timed out", detail.as_str())
        }
        Refusal::Stopping => {
            (Code::Unavailable, "etcdserver: server stopped", "the node is going down")
        }
        Refusal::Error(error) => return fault(error),
    };
    let mut status = Status::new(code, words);
    let fate = if refusal.may_come_true() { "unknown" } else { "failed" };
    note(status.metadata_mut(), WRITE, fate);
    note(status.metadata_mut(), DETAIL, detail);
    status
}

/// The status of an error by its blame; nothing was begun.
pub fn fault(error: &Error) -> Status {
    let code = match error.blame {
        Blame::Caller => Code::InvalidArgument,
        Blame::Peer | Blame::Environment => Code::Unavailable,
        Blame::Corrupt => Code::DataLoss,
    };
    // A refusal in etcd's own words keeps them as they are: clients compare them.
    let etcds = error.got.starts_with("etcdserver: ").then(|| error.got.clone());
    let mut status = Status::new(code, etcds.unwrap_or_else(|| error.to_string()));
    note(status.metadata_mut(), WRITE, "failed");
    if !error.hint.is_empty() {
        note(status.metadata_mut(), DETAIL, &error.hint);
    }
    status
}

/// Adds a line of text to metadata.
pub(super) fn note(metadata: &mut MetadataMap, key: &'static str, text: &str) {
    if let Ok(value) = visible(text).parse() {
        metadata.insert(key, value);
    }
}
