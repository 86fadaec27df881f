//! Requests: etcd's messages to operations, which the node does, and back, which a client does.
//!
//! `serializable` is no part of an operation: it is a guarantee. [`Asked`] carries it beside. A
//! transaction counts as serializable when it asks for nothing but serializable reads, as in etcd.

use super::{alarm_number, alarm_type, unknown};
use crate::wire::proto::etcdserverpb as pb;
use avouch_promise::Error;
use avouch_state::{
    AlarmAction, AlarmRequest, CompactionRequest, Compare, DeleteRangeRequest, MAX_DEPTH, Operand,
    Operation, PutRequest, RangeRequest, Relation, SortOrder, SortTarget, TxnOperation, TxnRequest,
};
use pb::alarm_request::AlarmAction as ActionNumber;
use pb::compare::{CompareResult, CompareTarget, TargetUnion};
use pb::range_request::{SortOrder as OrderNumber, SortTarget as TargetNumber};
use pb::request_op::Request as Step;

/// An operation, and whether its message asked for serializable reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The operation.
    pub operation: Operation,
    /// Whether it reads only, and every read of it is marked serializable.
    pub serializable: bool,
}

/// A read's message, read.
pub fn range(message: pb::RangeRequest) -> Result<Asked, Error> {
    let serializable = message.serializable;
    Ok(Asked { operation: Operation::Range(take_range(message)?), serializable })
}

/// A write's message, read.
pub fn put(message: pb::PutRequest) -> Asked {
    Asked { operation: Operation::Put(take_put(message)), serializable: false }
}

/// A deletion's message, read.
pub fn delete(message: pb::DeleteRangeRequest) -> Asked {
    Asked { operation: Operation::DeleteRange(take_delete(message)), serializable: false }
}

/// A transaction's message, read.
pub fn txn(message: pb::TxnRequest) -> Result<Asked, Error> {
    let steps = || message.success.iter().chain(&message.failure);
    let serializable = steps().next().is_some() && steps().all(reads_serializably);
    Ok(Asked { operation: Operation::Txn(take_txn(message, MAX_DEPTH)?), serializable })
}

/// A compaction's message, read.
pub fn compact(message: pb::CompactionRequest) -> Asked {
    let pb::CompactionRequest { revision, physical } = message;
    let operation = Operation::Compact(CompactionRequest { revision, physical });
    Asked { operation, serializable: false }
}

/// A message about alarms, read.
pub fn alarm(message: pb::AlarmRequest) -> Result<Asked, Error> {
    let action = match ActionNumber::try_from(message.action) {
        Ok(ActionNumber::Get) => AlarmAction::Get,
        Ok(ActionNumber::Activate) => AlarmAction::Activate,
        Ok(ActionNumber::Deactivate) => AlarmAction::Deactivate,
        Err(_) => {
            return Err(unknown("an action: get 0, activate 1, deactivate 2", message.action));
        }
    };
    let alarm = alarm_type(message.alarm)?;
    let request = AlarmRequest { action, member: message.member_id, alarm };
    Ok(Asked { operation: Operation::Alarm(request), serializable: false })
}

fn reads_serializably(step: &pb::RequestOp) -> bool {
    match &step.request {
        Some(Step::RequestRange(range)) => range.serializable,
        Some(Step::RequestTxn(txn)) => {
            txn.success.iter().chain(&txn.failure).all(reads_serializably)
        }
        _ => false,
    }
}

fn take_range(message: pb::RangeRequest) -> Result<RangeRequest, Error> {
    // Numbers without a name are etcd's own refusal; it comes with etcd's own words.
    let invalid = || Error::from(avouch_state::Error::InvalidSortOption);
    Ok(RangeRequest {
        key: message.key,
        range_end: message.range_end,
        limit: message.limit,
        revision: message.revision,
        sort_order: match OrderNumber::try_from(message.sort_order) {
            Ok(OrderNumber::None) => SortOrder::None,
            Ok(OrderNumber::Ascend) => SortOrder::Ascend,
            Ok(OrderNumber::Descend) => SortOrder::Descend,
            Err(_) => return Err(invalid()),
        },
        sort_target: match TargetNumber::try_from(message.sort_target) {
            Ok(TargetNumber::Key) => SortTarget::Key,
            Ok(TargetNumber::Version) => SortTarget::Version,
            Ok(TargetNumber::Create) => SortTarget::Create,
            Ok(TargetNumber::Mod) => SortTarget::Mod,
            Ok(TargetNumber::Value) => SortTarget::Value,
            Err(_) => return Err(invalid()),
        },
        keys_only: message.keys_only,
        count_only: message.count_only,
        min_mod_revision: message.min_mod_revision,
        max_mod_revision: message.max_mod_revision,
        min_create_revision: message.min_create_revision,
        max_create_revision: message.max_create_revision,
    })
}

fn take_put(message: pb::PutRequest) -> PutRequest {
    let pb::PutRequest { key, value, lease, prev_kv, ignore_value, ignore_lease } = message;
    PutRequest { key, value, lease, prev_kv, ignore_value, ignore_lease }
}

fn take_delete(message: pb::DeleteRangeRequest) -> DeleteRangeRequest {
    let pb::DeleteRangeRequest { key, range_end, prev_kv } = message;
    DeleteRangeRequest { key, range_end, prev_kv }
}

fn take_txn(message: pb::TxnRequest, depth: usize) -> Result<TxnRequest, Error> {
    if depth == 0 {
        return Err(avouch_state::Error::TooManyOperations.into());
    }
    let steps = |steps: Vec<pb::RequestOp>| -> Result<Vec<TxnOperation>, Error> {
        steps.into_iter().map(|step| take_step(step, depth)).collect()
    };
    Ok(TxnRequest {
        compare: message.compare.into_iter().map(take_compare).collect::<Result<_, _>>()?,
        success: steps(message.success)?,
        failure: steps(message.failure)?,
    })
}

fn take_step(step: pb::RequestOp, depth: usize) -> Result<TxnOperation, Error> {
    Ok(match step.request {
        None => TxnOperation::Nothing,
        Some(Step::RequestRange(range)) => TxnOperation::Range(take_range(range)?),
        Some(Step::RequestPut(put)) => TxnOperation::Put(take_put(put)),
        Some(Step::RequestDeleteRange(delete)) => TxnOperation::DeleteRange(take_delete(delete)),
        Some(Step::RequestTxn(txn)) => TxnOperation::Txn(take_txn(txn, depth - 1)?),
    })
}

/// The target decides what is compared. An operand of another kind counts as none, and none as
/// zero or empty, as in etcd.
fn take_compare(message: pb::Compare) -> Result<Compare, Error> {
    let relation = match CompareResult::try_from(message.result) {
        Ok(CompareResult::Equal) => Relation::Equal,
        Ok(CompareResult::Greater) => Relation::Greater,
        Ok(CompareResult::Less) => Relation::Less,
        Ok(CompareResult::NotEqual) => Relation::NotEqual,
        Err(_) => return Err(unknown("a comparison's result, 0 to 3", message.result)),
    };
    let given = message.target_union;
    let operand = match CompareTarget::try_from(message.target) {
        Ok(CompareTarget::Version) => match given {
            Some(TargetUnion::Version(version)) => Operand::Version(version),
            _ => Operand::Version(0),
        },
        Ok(CompareTarget::Create) => match given {
            Some(TargetUnion::CreateRevision(revision)) => Operand::Create(revision),
            _ => Operand::Create(0),
        },
        Ok(CompareTarget::Mod) => match given {
            Some(TargetUnion::ModRevision(revision)) => Operand::Mod(revision),
            _ => Operand::Mod(0),
        },
        Ok(CompareTarget::Value) => match given {
            Some(TargetUnion::Value(value)) => Operand::Value(value),
            _ => Operand::Value(bytes::Bytes::new()),
        },
        Ok(CompareTarget::Lease) => match given {
            Some(TargetUnion::Lease(lease)) => Operand::Lease(lease),
            _ => Operand::Lease(0),
        },
        Err(_) => return Err(unknown("a comparison's target, 0 to 4", message.target)),
    };
    Ok(Compare { key: message.key, range_end: message.range_end, relation, operand })
}

/// A read's message; guarantees travel beside it, so it is never marked serializable.
pub fn range_message(range: RangeRequest) -> pb::RangeRequest {
    pb::RangeRequest {
        key: range.key,
        range_end: range.range_end,
        limit: range.limit,
        revision: range.revision,
        sort_order: match range.sort_order {
            SortOrder::None => OrderNumber::None,
            SortOrder::Ascend => OrderNumber::Ascend,
            SortOrder::Descend => OrderNumber::Descend,
        } as i32,
        sort_target: match range.sort_target {
            SortTarget::Key => TargetNumber::Key,
            SortTarget::Version => TargetNumber::Version,
            SortTarget::Create => TargetNumber::Create,
            SortTarget::Mod => TargetNumber::Mod,
            SortTarget::Value => TargetNumber::Value,
        } as i32,
        serializable: false,
        keys_only: range.keys_only,
        count_only: range.count_only,
        min_mod_revision: range.min_mod_revision,
        max_mod_revision: range.max_mod_revision,
        min_create_revision: range.min_create_revision,
        max_create_revision: range.max_create_revision,
    }
}

/// A write's message.
pub fn put_message(put: PutRequest) -> pb::PutRequest {
    let PutRequest { key, value, lease, prev_kv, ignore_value, ignore_lease } = put;
    pb::PutRequest { key, value, lease, prev_kv, ignore_value, ignore_lease }
}

/// A deletion's message.
pub fn delete_message(delete: DeleteRangeRequest) -> pb::DeleteRangeRequest {
    let DeleteRangeRequest { key, range_end, prev_kv } = delete;
    pb::DeleteRangeRequest { key, range_end, prev_kv }
}

/// A transaction's message.
pub fn txn_message(txn: TxnRequest) -> pb::TxnRequest {
    let steps = |steps: Vec<TxnOperation>| steps.into_iter().map(step_message).collect();
    pb::TxnRequest {
        compare: txn.compare.into_iter().map(compare_message).collect(),
        success: steps(txn.success),
        failure: steps(txn.failure),
    }
}

/// A message about alarms.
pub fn alarm_message(alarm: AlarmRequest) -> pb::AlarmRequest {
    let action = match alarm.action {
        AlarmAction::Get => ActionNumber::Get,
        AlarmAction::Activate => ActionNumber::Activate,
        AlarmAction::Deactivate => ActionNumber::Deactivate,
    };
    let kind = alarm_number(alarm.alarm);
    pb::AlarmRequest { action: action as i32, member_id: alarm.member, alarm: kind }
}

fn step_message(step: TxnOperation) -> pb::RequestOp {
    let request = match step {
        TxnOperation::Nothing => None,
        TxnOperation::Range(range) => Some(Step::RequestRange(range_message(range))),
        TxnOperation::Put(put) => Some(Step::RequestPut(put_message(put))),
        TxnOperation::DeleteRange(delete) => Some(Step::RequestDeleteRange(delete_message(delete))),
        TxnOperation::Txn(txn) => Some(Step::RequestTxn(txn_message(txn))),
    };
    pb::RequestOp { request }
}

fn compare_message(compare: Compare) -> pb::Compare {
    let (target, operand) = match compare.operand {
        Operand::Version(version) => (CompareTarget::Version, TargetUnion::Version(version)),
        Operand::Create(revision) => (CompareTarget::Create, TargetUnion::CreateRevision(revision)),
        Operand::Mod(revision) => (CompareTarget::Mod, TargetUnion::ModRevision(revision)),
        Operand::Value(value) => (CompareTarget::Value, TargetUnion::Value(value)),
        Operand::Lease(lease) => (CompareTarget::Lease, TargetUnion::Lease(lease)),
    };
    let result = match compare.relation {
        Relation::Equal => CompareResult::Equal,
        Relation::Greater => CompareResult::Greater,
        Relation::Less => CompareResult::Less,
        Relation::NotEqual => CompareResult::NotEqual,
    };
    pb::Compare {
        result: result as i32,
        target: target as i32,
        key: compare.key,
        range_end: compare.range_end,
        target_union: Some(operand),
    }
}
