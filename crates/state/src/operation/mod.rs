//! What a client can ask: the operations of etcd's v3 KV service, and its alarms.
//!
//! Fields and their meaning are those of etcd's `rpc.proto`. Three differences, because here a
//! value that makes no sense does not construct: sort options and alarm types are enumerations
//! (the wire answers unknown numbers with [`crate::Error::InvalidSortOption`] and the like); a
//! comparison's target and its operand are one value; and `serializable` is missing, because that
//! is a guarantee and belongs to the request around the operation.

mod encoding;

use avouch_promise::Intent;
use bytes::Bytes;

pub use encoding::MAX_DEPTH;

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Read keys.
    Range(RangeRequest),
    /// Write one key.
    Put(PutRequest),
    /// Delete keys.
    DeleteRange(DeleteRangeRequest),
    /// Several at once, chosen by comparisons.
    Txn(TxnRequest),
    /// Forget old revisions.
    Compact(CompactionRequest),
    /// Show, raise or disarm alarms.
    Alarm(AlarmRequest),
}

/// Read keys: one, or all from `key` up to but without `range_end`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RangeRequest {
    /// The first key.
    pub key: Bytes,
    /// Empty: only `key`. A single zero byte: every key from `key` on. Else: the key to stop
    /// before.
    pub range_end: Bytes,
    /// At most this many; 0 or less for all.
    pub limit: i64,
    /// As of this revision; 0 or less for the present one.
    pub revision: i64,
    /// The order.
    pub sort_order: SortOrder,
    /// What is put in order.
    pub sort_target: SortTarget,
    /// Leave the values out.
    pub keys_only: bool,
    /// Only count.
    pub count_only: bool,
    /// Leave out what was last written before this; 0 for no bound. `count` is not reduced.
    pub min_mod_revision: i64,
    /// Leave out what was last written after this; 0 for no bound.
    pub max_mod_revision: i64,
    /// Leave out what was created before this; 0 for no bound.
    pub min_create_revision: i64,
    /// Leave out what was created after this; 0 for no bound.
    pub max_create_revision: i64,
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SortOrder {
    /// No order asked for: by key; by any other target, ascending.
    #[default]
    None,
    /// Smallest first.
    Ascend,
    /// Largest first.
    Descend,
}

/// By what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SortTarget {
    /// The key.
    #[default]
    Key,
    /// The version.
    Version,
    /// The revision that created it.
    Create,
    /// The revision that last wrote it.
    Mod,
    /// The value.
    Value,
}

/// Write one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PutRequest {
    /// The key.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// The lease to attach it to; 0 for none.
    pub lease: i64,
    /// Answer with what it was before.
    pub prev_kv: bool,
    /// Keep the present value.
    pub ignore_value: bool,
    /// Keep the present lease.
    pub ignore_lease: bool,
}

/// Delete one key, or all from `key` up to but without `range_end`, as in [`RangeRequest`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeleteRangeRequest {
    /// The first key.
    pub key: Bytes,
    /// The end, as in [`RangeRequest`].
    pub range_end: Bytes,
    /// Answer with what was deleted.
    pub prev_kv: bool,
}

/// If every comparison holds, `success`, else `failure`; all at one revision.
///
/// The comparisons of nested transactions are judged before anything is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxnRequest {
    /// The comparisons.
    pub compare: Vec<Compare>,
    /// What to do if all hold.
    pub success: Vec<TxnOperation>,
    /// What to do if one does not.
    pub failure: Vec<TxnOperation>,
}

/// One step of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TxnOperation {
    /// A step that names nothing; refused with [`crate::Error::KeyNotFound`], as by etcd.
    Nothing,
    /// Read keys.
    Range(RangeRequest),
    /// Write one key.
    Put(PutRequest),
    /// Delete keys.
    DeleteRange(DeleteRangeRequest),
    /// A transaction within.
    Txn(TxnRequest),
}

/// One comparison: `key`'s `operand` stands in `relation` to the one given. With a `range_end`,
/// every key of the range must. A key that does not exist has version, revisions and lease 0, and
/// no value: a comparison of its value never holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Compare {
    /// The first key.
    pub key: Bytes,
    /// The end, as in [`RangeRequest`].
    pub range_end: Bytes,
    /// How they must compare.
    pub relation: Relation,
    /// What is compared with what.
    pub operand: Operand,
}

/// How two things compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// The stored one equals the given one.
    #[default]
    Equal,
    /// The stored one is greater.
    Greater,
    /// The stored one is less.
    Less,
    /// They differ.
    NotEqual,
}

/// What of a key is compared, and with what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operand {
    /// The version.
    Version(i64),
    /// The revision that created it.
    Create(i64),
    /// The revision that last wrote it.
    Mod(i64),
    /// The value.
    Value(Bytes),
    /// The lease.
    Lease(i64),
}

/// Forget every revision before `revision` that is not needed to read at or after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompactionRequest {
    /// The first revision that stays readable.
    pub revision: i64,
    /// Answer only when the space is free. Here it always is by then.
    pub physical: bool,
}

/// Show, raise or disarm alarms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlarmRequest {
    /// What to do.
    pub action: AlarmAction,
    /// The member that it is about.
    pub member: u64,
    /// Which alarm; [`AlarmType::None`] shows all.
    pub alarm: AlarmType,
}

/// What to do about alarms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmAction {
    /// Show them.
    #[default]
    Get,
    /// Raise one.
    Activate,
    /// Disarm one.
    Deactivate,
}

/// Which alarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmType {
    /// None in particular.
    #[default]
    None,
    /// The quota is used up; writes that take space are refused.
    NoSpace,
    /// Replicas differ; every write is refused.
    Corrupt,
}

impl Operation {
    /// Whether it leaves the state as it is, whatever the state, and so needs no log.
    pub fn is_read_only(&self) -> bool {
        match self {
            Self::Range(_) => true,
            Self::Txn(txn) => txn.is_read_only(),
            Self::Alarm(alarm) => alarm.action == AlarmAction::Get,
            Self::Put(_) | Self::DeleteRange(_) | Self::Compact(_) => false,
        }
    }

    /// What a request for it has to say that it is to do.
    pub fn intent(&self) -> Intent {
        if self.is_read_only() { Intent::Read } else { Intent::Write }
    }
}

impl TxnRequest {
    /// Whether no branch of it, at any depth, writes.
    pub fn is_read_only(&self) -> bool {
        self.success.iter().chain(&self.failure).all(|step| match step {
            TxnOperation::Nothing | TxnOperation::Range(_) => true,
            TxnOperation::Put(_) | TxnOperation::DeleteRange(_) => false,
            TxnOperation::Txn(nested) => nested.is_read_only(),
        })
    }
}

/// The smallest key that follows every key with this prefix, for `range_end`; of no such key (an
/// empty prefix, or one of 0xff only), the single zero byte that means "to the end".
///
/// ```
/// # use avouch_state::prefix_end;
/// assert_eq!(prefix_end(b"stock/"), &b"stock0"[..]);
/// assert_eq!(prefix_end(b"a\xff"), &b"b"[..]);
/// assert_eq!(prefix_end(b"\xff"), &b"\0"[..]);
/// ```
pub fn prefix_end(prefix: &[u8]) -> Bytes {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Bytes::from(end);
        }
    }
    Bytes::from_static(&[0])
}
