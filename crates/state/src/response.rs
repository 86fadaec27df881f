//! What a client is answered: etcd's responses, or an error, in one canonical encoding.
//!
//! Every response carries the revision that etcd puts into its header. Of etcd's other header
//! fields (cluster, member, term) the wire knows; they are no function of the data.

use crate::error::Error;
use crate::key_value::KeyValue;
use crate::number;
use crate::operation::{AlarmType, MAX_DEPTH};
use avouch_promise::{Decode, DecodeError, Encode, Reader, Writer};

/// An answer: a response or a refusal. [`outcome_bytes`] and [`outcome_from_bytes`] are its
/// canonical encoding.
pub type Outcome = Result<Response, Error>;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Response {
    /// To [`crate::RangeRequest`].
    Range(RangeResponse),
    /// To [`crate::PutRequest`].
    Put(PutResponse),
    /// To [`crate::DeleteRangeRequest`].
    DeleteRange(DeleteRangeResponse),
    /// To [`crate::TxnRequest`].
    Txn(TxnResponse),
    /// To [`crate::CompactionRequest`].
    Compact(CompactionResponse),
    /// To [`crate::AlarmRequest`].
    Alarm(AlarmResponse),
}

/// The keys read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RangeResponse {
    /// The present revision, not the one that was read at.
    pub revision: i64,
    /// The keys, by `sort_target` and then by key; none when only counted.
    pub kvs: Vec<KeyValue>,
    /// Whether the limit left some out.
    pub more: bool,
    /// How many keys the range holds, before filters and limit.
    pub count: i64,
}

/// A key was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PutResponse {
    /// The revision that wrote it.
    pub revision: i64,
    /// What it was before, if that was asked for and it existed.
    pub prev_kv: Option<KeyValue>,
}

/// Keys were deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeleteRangeResponse {
    /// The revision that deleted them; the present one if there was nothing to delete.
    pub revision: i64,
    /// How many were deleted.
    pub deleted: i64,
    /// What they were, if that was asked for.
    pub prev_kvs: Vec<KeyValue>,
}

/// A transaction was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxnResponse {
    /// The revision after it. etcd leaves it out (0) in a nested transaction, and so do we.
    pub revision: i64,
    /// Whether every comparison held.
    pub succeeded: bool,
    /// One for each step of the branch taken, none of them an alarm or compaction.
    pub responses: Vec<Response>,
}

/// Old revisions were forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompactionResponse {
    /// The present revision.
    pub revision: i64,
}

/// The alarms that were asked about, raised or disarmed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlarmResponse {
    /// The alarms.
    pub alarms: Vec<AlarmMember>,
}

/// An alarm that a member has raised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlarmMember {
    /// Which alarm.
    pub alarm: AlarmType,
    /// The member; 0 where the machine itself raised it for the whole group.
    pub member: u64,
}

/// The canonical encoding of an answer: 0 and the response, or 1 and the error.
pub fn outcome_bytes(outcome: &Outcome) -> bytes::Bytes {
    let mut out = Writer::new();
    match outcome {
        Ok(response) => (out.u8(0), response.encode(&mut out)).1,
        Err(error) => (out.u8(1), error.encode(&mut out)).1,
    }
    out.finish()
}

/// Reads an answer that is the whole of `bytes`.
pub fn outcome_from_bytes(bytes: &[u8]) -> Result<Outcome, DecodeError> {
    let mut input = Reader::new(bytes);
    let error = input.error("a response or an error");
    let outcome = match input.u8()? {
        0 => Ok(Response::decode(&mut input)?),
        1 => Err(Error::decode(&mut input)?),
        _ => return Err(error),
    };
    input.end()?;
    Ok(outcome)
}

impl Encode for Response {
    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Range(range) => {
                out.u8(1);
                number::put(out, range.revision);
                out.list(&range.kvs);
                out.bool(range.more);
                number::put(out, range.count);
            }
            Self::Put(put) => {
                out.u8(2);
                number::put(out, put.revision);
                out.option(put.prev_kv.as_ref());
            }
            Self::DeleteRange(delete) => {
                out.u8(3);
                number::put(out, delete.revision);
                number::put(out, delete.deleted);
                out.list(&delete.prev_kvs);
            }
            Self::Txn(txn) => {
                out.u8(4);
                number::put(out, txn.revision);
                out.bool(txn.succeeded);
                out.list(&txn.responses);
            }
            Self::Compact(compaction) => {
                out.u8(5);
                number::put(out, compaction.revision);
            }
            Self::Alarm(alarm) => {
                out.u8(6);
                out.list(&alarm.alarms);
            }
        }
    }
}
impl Decode for Response {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        take_response(input, MAX_DEPTH)
    }
}

fn take_response(input: &mut Reader<'_>, depth: usize) -> Result<Response, DecodeError> {
    let error = input.error("a response");
    Ok(match input.u8()? {
        1 => Response::Range(RangeResponse {
            revision: number::take(input)?,
            kvs: input.list()?,
            more: input.bool()?,
            count: number::take(input)?,
        }),
        2 => {
            Response::Put(PutResponse { revision: number::take(input)?, prev_kv: input.option()? })
        }
        3 => Response::DeleteRange(DeleteRangeResponse {
            revision: number::take(input)?,
            deleted: number::take(input)?,
            prev_kvs: input.list()?,
        }),
        4 if depth > 0 => Response::Txn(TxnResponse {
            revision: number::take(input)?,
            succeeded: input.bool()?,
            responses: (0..input.count()?)
                .map(|_| take_response(input, depth - 1))
                .collect::<Result<_, _>>()?,
        }),
        5 => Response::Compact(CompactionResponse { revision: number::take(input)? }),
        6 => Response::Alarm(AlarmResponse { alarms: input.list()? }),
        _ => return Err(error),
    })
}

impl Encode for AlarmMember {
    fn encode(&self, out: &mut Writer) {
        self.alarm.encode(out);
        out.u64(self.member);
    }
}
impl Decode for AlarmMember {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { alarm: AlarmType::decode(input)?, member: input.u64()? })
    }
}
