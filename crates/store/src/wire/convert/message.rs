//! Responses, as a node writes them: outcomes to etcd's messages and statuses.
//!
//! Inside a transaction each response's header holds its revision alone, as in etcd.

use super::{alarm_number, key_value_message};
use crate::wire::mutant::{Mutant, planted};
use crate::wire::proto::etcdserverpb as pb;
use avouch_state::{AlarmMember, Response};
use pb::response_op::Response as Step;
use tonic::{Code, Status};

/// A response message with the header that its node puts before it.
pub trait Headed: Sized {
    /// The message, when `response` is of its kind. `header` lacks the revision only.
    fn from_response(response: Response, header: pb::ResponseHeader) -> Option<Self>;
    /// The header of a message that came.
    fn header(&mut self) -> Option<&mut pb::ResponseHeader>;
}

/// The header of a message, as [`Headed`] wants it.
macro_rules! header {
    () => {
        fn header(&mut self) -> Option<&mut pb::ResponseHeader> {
            self.header.as_mut()
        }
    };
}

fn headed(header: pb::ResponseHeader, revision: i64) -> pb::ResponseHeader {
    // Only inside a transaction is a header without a cluster.
    let lost = planted(Mutant::InnerRevisionLost) && header.cluster_id == 0;
    pb::ResponseHeader { revision: if lost { 0 } else { revision }, ..header }
}

impl Headed for pb::RangeResponse {
    fn from_response(response: Response, header: pb::ResponseHeader) -> Option<Self> {
        let Response::Range(range) = response else { return None };
        Some(Self {
            header: Some(headed(header, range.revision)),
            kvs: range.kvs.into_iter().map(key_value_message).collect(),
            more: range.more,
            count: range.count,
        })
    }
    header!();
}
impl Headed for pb::PutResponse {
    fn from_response(response: Response, header: pb::ResponseHeader) -> Option<Self> {
        let Response::Put(put) = response else { return None };
        let prev_kv = put.prev_kv.map(key_value_message);
        Some(Self { header: Some(headed(header, put.revision)), prev_kv })
    }
    header!();
}
impl Headed for pb::DeleteRangeResponse {
    fn from_response(response: Response, header: pb::ResponseHeader) -> Option<Self> {
        let Response::DeleteRange(delete) = response else { return None };
        Some(Self {
            header: Some(headed(header, delete.revision)),
            deleted: delete.deleted,
            prev_kvs: delete.prev_kvs.into_iter().map(key_value_message).collect(),
        })
    }
    header!();
}
impl Headed for pb::TxnResponse {
    fn from_response(response: Response, header: pb::ResponseHeader) -> Option<Self> {
        let Response::Txn(txn) = response else { return None };
        Some(Self {
            header: Some(headed(header, txn.revision)),
            succeeded: txn.succeeded,
            responses: txn.responses.into_iter().map(step_message).collect(),
        })
    }
    header!();
}
impl Headed for pb::CompactionResponse {
    fn from_response(response: Response, header: pb::ResponseHeader) -> Option<Self> {
        let Response::Compact(compaction) = response else { return None };
        Some(Self { header: Some(headed(header, compaction.revision)) })
    }
    header!();
}
impl Headed for pb::AlarmResponse {
    fn from_response(response: Response, header: pb::ResponseHeader) -> Option<Self> {
        let Response::Alarm(alarm) = response else { return None };
        let member = |member: AlarmMember| pb::AlarmMember {
            member_id: member.member,
            alarm: alarm_number(member.alarm),
        };
        let alarms = alarm.alarms.into_iter().map(member).collect();
        Some(Self { header: Some(header), alarms })
    }
    header!();
}

fn step_message(response: Response) -> pb::ResponseOp {
    let bare = pb::ResponseHeader::default();
    let step = match response {
        Response::Range(_) => {
            pb::RangeResponse::from_response(response, bare).map(Step::ResponseRange)
        }
        Response::Put(_) => pb::PutResponse::from_response(response, bare).map(Step::ResponsePut),
        Response::DeleteRange(_) => {
            pb::DeleteRangeResponse::from_response(response, bare).map(Step::ResponseDeleteRange)
        }
        Response::Txn(_) => pb::TxnResponse::from_response(response, bare).map(Step::ResponseTxn),
        // No step of a transaction answers so.
        Response::Compact(_) | Response::Alarm(_) => None,
    };
    pb::ResponseOp { response: step }
}

/// The status of an operation that the state refused: etcd's code and words.
pub fn status_of_error(error: avouch_state::Error) -> Status {
    Status::new(Code::from_i32(error.code().cast_signed()), error.message())
}
