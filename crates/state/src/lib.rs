//! Data and its merging: MVCC with the semantics of etcd v3, and the deduplication of retries.
//!
//! Everything here is a pure function: no clock, no randomness, no file. Replicas that apply the
//! same requests at the same log points hold equal states, give equal answers, and write equal
//! snapshots.

mod alarm;
mod check;
mod dedupe;
mod error;
mod key_value;
mod machine;
mod moment;
mod mutant;
mod mvcc;
mod number;
mod operation;
mod response;
mod snapshot;
#[cfg(test)]
mod tests;

pub use dedupe::Limits;
pub use error::Error;
pub use key_value::KeyValue;
pub use machine::{Applied, Machine};
pub use moment::Moment;
pub use mvcc::{ENTRY_OVERHEAD_BYTES, Projected, Store};
pub use operation::{
    AlarmAction, AlarmRequest, AlarmType, CompactionRequest, Compare, DeleteRangeRequest,
    MAX_DEPTH, Operand, Operation, PutRequest, RangeRequest, Relation, SortOrder, SortTarget,
    TxnOperation, TxnRequest, prefix_end,
};
pub use response::{
    AlarmMember, AlarmResponse, CompactionResponse, DeleteRangeResponse, Outcome, PutResponse,
    RangeResponse, Response, TxnResponse, outcome_bytes, outcome_from_bytes,
};
pub use snapshot::{Restoring, Snapshot};

/// The most operations that one list of a transaction may hold; each level of nesting takes the
/// longest list of the level around it away from this (etcd's default, `--max-txn-ops`).
pub const MAX_OPERATIONS: usize = 128;

/// The largest request (etcd's default, `--max-request-bytes`).
pub const MAX_REQUEST_BYTES: usize = 1_572_864;
