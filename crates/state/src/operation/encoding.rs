//! The canonical encoding of operations: what a request's body holds.
//!
//! ```text
//! operation  = tag (1) | fields in the order of the type
//! bytes      = length (varint) | bytes        number = zigzag varint
//! enum       = 1 byte                         flags  = 1 byte, one bit for each, lowest first
//! ```
//!
//! Invariant: I1, a transaction nests at most [`MAX_DEPTH`] deep, so decoding cannot exhaust the
//! stack.

use super::{
    AlarmAction, AlarmRequest, AlarmType, CompactionRequest, Compare, DeleteRangeRequest, Operand,
    Operation, PutRequest, RangeRequest, Relation, SortOrder, SortTarget, TxnOperation, TxnRequest,
};
use crate::number;
use avouch_promise::{Decode, DecodeError, Encode, Reader, Writer};
use bytes::Bytes;

/// How deep transactions may nest, the outermost included. The limit of operations, which each
/// level counts down, allows no more than this either: see [`crate::MAX_OPERATIONS`].
pub const MAX_DEPTH: usize = crate::MAX_OPERATIONS + 1;

/// An enumeration whose values are the bytes 0, 1, 2, ... of the encoding.
macro_rules! byte_enum {
    ($type:ident, $expected:literal, $($byte:literal => $name:ident),+) => {
        impl Encode for $type {
            fn encode(&self, out: &mut Writer) {
                out.u8(match self { $(Self::$name => $byte,)+ });
            }
        }
        impl Decode for $type {
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let error = input.error($expected);
                match input.u8()? { $($byte => Ok(Self::$name),)+ _ => Err(error) }
            }
        }
    };
}

byte_enum!(SortOrder, "a sort order", 0 => None, 1 => Ascend, 2 => Descend);
byte_enum!(SortTarget, "a sort target", 0 => Key, 1 => Version, 2 => Create, 3 => Mod, 4 => Value);
byte_enum!(Relation, "a relation", 0 => Equal, 1 => Greater, 2 => Less, 3 => NotEqual);
byte_enum!(AlarmAction, "an alarm action", 0 => Get, 1 => Activate, 2 => Deactivate);
byte_enum!(AlarmType, "an alarm type", 0 => None, 1 => NoSpace, 2 => Corrupt);

fn put_flags<const N: usize>(out: &mut Writer, flags: [bool; N]) {
    out.u8(flags.iter().rev().fold(0, |byte, flag| byte << 1 | u8::from(*flag)));
}

fn take_flags<const N: usize>(input: &mut Reader<'_>) -> Result<[bool; N], DecodeError> {
    let error = input.error("flags, and no others");
    let byte = input.u8()?;
    if byte >> N != 0 {
        return Err(error);
    }
    Ok(std::array::from_fn(|bit| byte >> bit & 1 == 1))
}

impl Encode for Operation {
    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Range(range) => (out.u8(1), range.encode(out)).1,
            Self::Put(put) => (out.u8(2), put.encode(out)).1,
            Self::DeleteRange(delete) => (out.u8(3), delete.encode(out)).1,
            Self::Txn(txn) => (out.u8(4), txn.encode(out)).1,
            Self::Compact(compaction) => (out.u8(5), compaction.encode(out)).1,
            Self::Alarm(alarm) => (out.u8(6), alarm.encode(out)).1,
        }
    }
}
impl Decode for Operation {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = input.error("an operation");
        match input.u8()? {
            1 => RangeRequest::decode(input).map(Self::Range),
            2 => PutRequest::decode(input).map(Self::Put),
            3 => DeleteRangeRequest::decode(input).map(Self::DeleteRange),
            4 => TxnRequest::decode(input).map(Self::Txn),
            5 => CompactionRequest::decode(input).map(Self::Compact),
            6 => AlarmRequest::decode(input).map(Self::Alarm),
            _ => Err(error),
        }
    }
}

impl Encode for RangeRequest {
    fn encode(&self, out: &mut Writer) {
        out.bytes(&self.key);
        out.bytes(&self.range_end);
        number::put(out, self.limit);
        number::put(out, self.revision);
        self.sort_order.encode(out);
        self.sort_target.encode(out);
        put_flags(out, [self.keys_only, self.count_only]);
        number::put(out, self.min_mod_revision);
        number::put(out, self.max_mod_revision);
        number::put(out, self.min_create_revision);
        number::put(out, self.max_create_revision);
    }
}
impl Decode for RangeRequest {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut range = Self {
            key: Bytes::decode(input)?,
            range_end: Bytes::decode(input)?,
            limit: number::take(input)?,
            revision: number::take(input)?,
            sort_order: SortOrder::decode(input)?,
            sort_target: SortTarget::decode(input)?,
            ..Self::default()
        };
        [range.keys_only, range.count_only] = take_flags(input)?;
        range.min_mod_revision = number::take(input)?;
        range.max_mod_revision = number::take(input)?;
        range.min_create_revision = number::take(input)?;
        range.max_create_revision = number::take(input)?;
        Ok(range)
    }
}

impl Encode for PutRequest {
    fn encode(&self, out: &mut Writer) {
        out.bytes(&self.key);
        out.bytes(&self.value);
        number::put(out, self.lease);
        put_flags(out, [self.prev_kv, self.ignore_value, self.ignore_lease]);
    }
}
impl Decode for PutRequest {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (key, value) = (Bytes::decode(input)?, Bytes::decode(input)?);
        let lease = number::take(input)?;
        let [prev_kv, ignore_value, ignore_lease] = take_flags(input)?;
        Ok(Self { key, value, lease, prev_kv, ignore_value, ignore_lease })
    }
}

impl Encode for DeleteRangeRequest {
    fn encode(&self, out: &mut Writer) {
        out.bytes(&self.key);
        out.bytes(&self.range_end);
        out.bool(self.prev_kv);
    }
}
impl Decode for DeleteRangeRequest {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            key: Bytes::decode(input)?,
            range_end: Bytes::decode(input)?,
            prev_kv: input.bool()?,
        })
    }
}

impl Encode for TxnRequest {
    fn encode(&self, out: &mut Writer) {
        out.list(&self.compare);
        out.list(&self.success);
        out.list(&self.failure);
    }
}
impl Decode for TxnRequest {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        take_txn(input, MAX_DEPTH)
    }
}

fn take_txn(input: &mut Reader<'_>, depth: usize) -> Result<TxnRequest, DecodeError> {
    if depth == 0 {
        return Err(input.error("a transaction nested less deep"));
    }
    let compare = input.list()?;
    let mut steps = || -> Result<Vec<TxnOperation>, DecodeError> {
        (0..input.count()?).map(|_| take_step(input, depth)).collect()
    };
    Ok(TxnRequest { compare, success: steps()?, failure: steps()? })
}

fn take_step(input: &mut Reader<'_>, depth: usize) -> Result<TxnOperation, DecodeError> {
    let error = input.error("a step of a transaction");
    match input.u8()? {
        0 => Ok(TxnOperation::Nothing),
        1 => RangeRequest::decode(input).map(TxnOperation::Range),
        2 => PutRequest::decode(input).map(TxnOperation::Put),
        3 => DeleteRangeRequest::decode(input).map(TxnOperation::DeleteRange),
        4 => take_txn(input, depth - 1).map(TxnOperation::Txn),
        _ => Err(error),
    }
}

impl Encode for TxnOperation {
    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Nothing => out.u8(0),
            Self::Range(range) => (out.u8(1), range.encode(out)).1,
            Self::Put(put) => (out.u8(2), put.encode(out)).1,
            Self::DeleteRange(delete) => (out.u8(3), delete.encode(out)).1,
            Self::Txn(txn) => (out.u8(4), txn.encode(out)).1,
        }
    }
}

impl Encode for Compare {
    fn encode(&self, out: &mut Writer) {
        out.bytes(&self.key);
        out.bytes(&self.range_end);
        self.relation.encode(out);
        match &self.operand {
            Operand::Version(number) => (out.u8(0), number::put(out, *number)).1,
            Operand::Create(number) => (out.u8(1), number::put(out, *number)).1,
            Operand::Mod(number) => (out.u8(2), number::put(out, *number)).1,
            Operand::Value(value) => (out.u8(3), out.bytes(value)).1,
            Operand::Lease(number) => (out.u8(4), number::put(out, *number)).1,
        }
    }
}
impl Decode for Compare {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (key, range_end) = (Bytes::decode(input)?, Bytes::decode(input)?);
        let relation = Relation::decode(input)?;
        let error = input.error("what of a key is compared");
        let operand = match input.u8()? {
            0 => Operand::Version(number::take(input)?),
            1 => Operand::Create(number::take(input)?),
            2 => Operand::Mod(number::take(input)?),
            3 => Operand::Value(Bytes::decode(input)?),
            4 => Operand::Lease(number::take(input)?),
            _ => return Err(error),
        };
        Ok(Self { key, range_end, relation, operand })
    }
}

impl Encode for CompactionRequest {
    fn encode(&self, out: &mut Writer) {
        number::put(out, self.revision);
        out.bool(self.physical);
    }
}
impl Decode for CompactionRequest {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { revision: number::take(input)?, physical: input.bool()? })
    }
}

impl Encode for AlarmRequest {
    fn encode(&self, out: &mut Writer) {
        self.action.encode(out);
        out.u64(self.member);
        self.alarm.encode(out);
    }
}
impl Decode for AlarmRequest {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            action: AlarmAction::decode(input)?,
            member: input.u64()?,
            alarm: AlarmType::decode(input)?,
        })
    }
}
