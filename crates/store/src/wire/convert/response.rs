//! Responses, as a client reads them: etcd's messages and statuses to outcomes.

use super::{alarm_type, key_value};
use crate::wire::proto::etcdserverpb as pb;
use avouch_promise::{Blame, Error};
use avouch_state::{
    AlarmMember, AlarmResponse, CompactionResponse, DeleteRangeResponse, MAX_DEPTH, PutResponse,
    RangeResponse, Response, TxnResponse,
};
use pb::response_op::Response as Step;
use tonic::Status;

fn revision(header: Option<&pb::ResponseHeader>) -> i64 {
    header.map_or(0, |header| header.revision)
}
fn out_of_shape(got: &str) -> Error {
    Error::new(Blame::Peer, "a transaction's response", got)
        .hint("the server does not speak etcd's v3 interface")
}

/// Of a read.
pub fn range(message: pb::RangeResponse) -> Response {
    Response::Range(RangeResponse {
        revision: revision(message.header.as_ref()),
        kvs: message.kvs.into_iter().map(key_value).collect(),
        more: message.more,
        count: message.count,
    })
}
/// Of a write.
pub fn put(message: pb::PutResponse) -> Response {
    let revision = revision(message.header.as_ref());
    Response::Put(PutResponse { revision, prev_kv: message.prev_kv.map(key_value) })
}
/// Of a deletion.
pub fn delete(message: pb::DeleteRangeResponse) -> Response {
    Response::DeleteRange(DeleteRangeResponse {
        revision: revision(message.header.as_ref()),
        deleted: message.deleted,
        prev_kvs: message.prev_kvs.into_iter().map(key_value).collect(),
    })
}
/// Of a transaction.
pub fn txn(message: pb::TxnResponse) -> Result<Response, Error> {
    take_txn(message, MAX_DEPTH)
}
/// Of a compaction.
pub fn compact(message: &pb::CompactionResponse) -> Response {
    Response::Compact(CompactionResponse { revision: revision(message.header.as_ref()) })
}
/// Of a question about alarms.
pub fn alarm(message: pb::AlarmResponse) -> Result<Response, Error> {
    let member = |member: pb::AlarmMember| {
        let alarm = alarm_type(member.alarm)?;
        Ok(AlarmMember { alarm, member: member.member_id })
    };
    let alarms = message.alarms.into_iter().map(member).collect::<Result<_, Error>>()?;
    Ok(Response::Alarm(AlarmResponse { alarms }))
}

fn take_txn(message: pb::TxnResponse, depth: usize) -> Result<Response, Error> {
    if depth == 0 {
        return Err(out_of_shape("one nested too deep"));
    }
    let revision = revision(message.header.as_ref());
    let step = |step: pb::ResponseOp| match step.response {
        Some(Step::ResponseRange(message)) => Ok(range(message)),
        Some(Step::ResponsePut(message)) => Ok(put(message)),
        Some(Step::ResponseDeleteRange(message)) => Ok(delete(message)),
        Some(Step::ResponseTxn(message)) => take_txn(message, depth - 1),
        None => Err(out_of_shape("one with an empty step")),
    };
    let responses = message.responses.into_iter().map(step).collect::<Result<_, _>>()?;
    Ok(Response::Txn(TxnResponse { revision, succeeded: message.succeeded, responses }))
}

/// The state's refusal that a status stands for, if it does.
pub fn error_from_status(status: &Status) -> Option<avouch_state::Error> {
    let of_status = |error: &&avouch_state::Error| {
        error.message() == status.message() && error.code().cast_signed() == status.code() as i32
    };
    avouch_state::Error::ALL.iter().find(of_status).copied()
}
