//! Random operations, requests and machines for the properties.

use super::story::request;
use crate::{
    AlarmAction, AlarmRequest, AlarmType, CompactionRequest, Compare, DeleteRangeRequest, Limits,
    Machine, Operand, Operation, PutRequest, RangeRequest, Relation, SortOrder, SortTarget,
    TxnOperation, TxnRequest,
};
use avouch_promise::{Encode, LogIndex, LogPoint, Random, RequestId};
use bytes::Bytes;

/// A few keys, so that they meet, the longest of them longer than a varint of one byte.
pub(super) fn key(random: &mut Random) -> Bytes {
    match random.below(12) {
        0 => Bytes::from(vec![b'k'; 200]),
        1 => Bytes::from_static(b"\0"),
        other => Bytes::from(vec![b'a' + (other % 5) as u8; 1 + other as usize % 2]),
    }
}

fn range_end(random: &mut Random) -> Bytes {
    match random.below(4) {
        0 => Bytes::from_static(b"\0"),
        1 => key(random),
        _ => Bytes::new(),
    }
}

fn number(random: &mut Random) -> i64 {
    match random.below(8) {
        0 => i64::MIN,
        1 => i64::MAX,
        2 => -1,
        3..6 => 0,
        _ => random.below(300).cast_signed(),
    }
}

/// Any range request.
pub(super) fn range(random: &mut Random) -> RangeRequest {
    use SortTarget::{Create, Key, Mod, Value, Version};
    RangeRequest {
        key: key(random),
        range_end: range_end(random),
        limit: number(random),
        revision: if random.chance(0.7) { 0 } else { number(random) },
        sort_order: *random
            .pick(&[SortOrder::None, SortOrder::Ascend, SortOrder::Descend])
            .unwrap(),
        sort_target: *random.pick(&[Key, Version, Create, Mod, Value]).unwrap(),
        keys_only: random.chance(0.2),
        count_only: random.chance(0.2),
        min_mod_revision: number(random),
        max_mod_revision: number(random),
        min_create_revision: number(random),
        max_create_revision: number(random),
    }
}

fn put(random: &mut Random) -> PutRequest {
    let length = random.below(40) as usize;
    let ignore_value = random.chance(0.1);
    PutRequest {
        key: key(random),
        value: if ignore_value { Bytes::new() } else { Bytes::from(vec![b'v'; length]) },
        lease: if random.chance(0.05) { number(random) } else { 0 },
        prev_kv: random.chance(0.3),
        ignore_value,
        ignore_lease: random.chance(0.05),
    }
}

fn delete(random: &mut Random) -> DeleteRangeRequest {
    DeleteRangeRequest {
        key: key(random),
        range_end: range_end(random),
        prev_kv: random.chance(0.3),
    }
}

fn txn(random: &mut Random, depth: u32) -> TxnRequest {
    let compares = random.below(3);
    let steps = |random: &mut Random| -> Vec<TxnOperation> {
        (0..random.below(4)).map(|_| step(random, depth)).collect()
    };
    TxnRequest {
        success: steps(random),
        failure: steps(random),
        compare: (0..compares).map(|_| compare(random)).collect(),
    }
}

fn step(random: &mut Random, depth: u32) -> TxnOperation {
    match random.below(20) {
        0 => TxnOperation::Nothing,
        1..5 => TxnOperation::Range(range(random)),
        5..11 => TxnOperation::Put(put(random)),
        11..15 => TxnOperation::DeleteRange(delete(random)),
        _ if depth > 0 => TxnOperation::Txn(txn(random, depth - 1)),
        _ => TxnOperation::Put(put(random)),
    }
}

fn compare(random: &mut Random) -> Compare {
    let operand = match random.below(5) {
        0 => Operand::Version(number(random)),
        1 => Operand::Create(number(random)),
        2 => Operand::Mod(number(random)),
        3 => Operand::Lease(number(random)),
        _ => Operand::Value(Bytes::from_static(b"vvv")),
    };
    let relations = [Relation::Equal, Relation::Greater, Relation::Less, Relation::NotEqual];
    Compare {
        key: key(random),
        range_end: range_end(random),
        relation: *random.pick(&relations).unwrap(),
        operand,
    }
}

/// Any operation; compactions near the revision given.
pub(super) fn operation(random: &mut Random, revision: i64) -> Operation {
    match random.below(40) {
        0..6 => Operation::Range(range(random)),
        6..18 => Operation::Put(put(random)),
        18..24 => Operation::DeleteRange(delete(random)),
        24..36 => Operation::Txn(txn(random, 3)),
        36..39 => Operation::Compact(CompactionRequest {
            revision: revision - random.below(30).cast_signed(),
            physical: random.chance(0.5),
        }),
        _ => {
            let actions = [AlarmAction::Get, AlarmAction::Activate, AlarmAction::Deactivate];
            Operation::Alarm(AlarmRequest {
                action: *random.pick(&actions).unwrap(),
                member: random.below(2),
                // The alarms that refuse writes would end the run.
                alarm: AlarmType::None,
            })
        }
    }
}

/// Any operation that only reads, mostly near the revision given.
pub(super) fn reading(random: &mut Random, revision: i64) -> Operation {
    let near = |random: &mut Random| {
        let revision =
            if random.chance(0.5) { revision - random.below(12).cast_signed() } else { 0 };
        let any = range(random);
        if random.chance(0.3) {
            any
        } else {
            RangeRequest {
                key: any.key,
                range_end: any.range_end,
                revision,
                ..RangeRequest::default()
            }
        }
    };
    match random.below(8) {
        0..5 => Operation::Range(near(random)),
        5..7 => Operation::Txn(TxnRequest {
            compare: (0..random.below(3)).map(|_| compare(random)).collect(),
            success: vec![TxnOperation::Range(near(random)), TxnOperation::Nothing],
            failure: vec![TxnOperation::Range(near(random)), TxnOperation::Range(near(random))],
        }),
        _ => {
            let (action, alarm) = (AlarmAction::Get, AlarmType::None);
            Operation::Alarm(AlarmRequest { action, member: 0, alarm })
        }
    }
}

/// Limits that a short run exceeds, except for the quota.
pub(super) const LIMITS: Limits = Limits { quota_bytes: 1 << 40, clients: 4, answers_bytes: 6_000 };

/// Applies random requests of a few clients, some of them twice.
pub(super) fn run(machine: &mut Machine, random: &mut Random, count: u64) {
    for _ in 0..count {
        let client = random.below(6);
        let sequence = machine.point().index.0 / 3 + random.below(6);
        let settled = sequence.saturating_sub(random.below(12));
        let body = operation(random, machine.store().revision()).to_bytes();
        let bytes = request(RequestId { client, sequence }, settled, body).to_bytes();
        for _ in 0..=random.below(2) {
            let at = machine.point();
            let next = LogPoint { index: LogIndex(at.index.0 + 1), position: 1 };
            let same_entry = LogPoint { position: at.position + 1, ..at };
            machine.apply(if random.chance(0.3) { same_entry } else { next }, &bytes);
        }
    }
}
