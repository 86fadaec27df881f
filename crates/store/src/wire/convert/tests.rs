//! What goes to the wire and back is what it was: a client derives the very bytes that the node
//! signed, and the node reads the very operation that the client meant.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::response as read;
use super::*;
use crate::wire::mutant::{Mutant, killed};
use crate::wire::proto::etcdserverpb as pb;
use avouch_promise::{Encode, Random};
use avouch_state::{
    AlarmAction, AlarmMember, AlarmRequest, AlarmResponse, CompactionRequest, CompactionResponse,
    Compare, DeleteRangeRequest, DeleteRangeResponse, Operand, Operation, Outcome, PutRequest,
    PutResponse, RangeRequest, RangeResponse, Relation, Response, SortOrder, SortTarget,
    TxnOperation, TxnRequest, TxnResponse, outcome_bytes,
};
use bytes::Bytes;
use prost::Message as _;

struct Draw(Random);

impl Draw {
    fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        self.0.pick(items).unwrap().clone()
    }
    fn flag(&mut self) -> bool {
        self.0.chance(0.5)
    }
    fn number(&mut self) -> i64 {
        let any = self.0.bits().cast_signed();
        self.pick(&[0, 1, -1, 77, i64::MAX, i64::MIN, any])
    }
    fn bytes(&mut self) -> Bytes {
        let length = self.0.below(6) as usize;
        (0..length).map(|_| self.0.bits() as u8).collect::<Vec<_>>().into()
    }
    fn many<T>(&mut self, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.0.below(4)).map(|_| one(self)).collect()
    }
    fn alarm(&mut self) -> AlarmType {
        self.pick(&[AlarmType::None, AlarmType::NoSpace, AlarmType::Corrupt])
    }

    fn range(&mut self) -> RangeRequest {
        use SortTarget as T;
        RangeRequest {
            key: self.bytes(),
            range_end: self.bytes(),
            limit: self.number(),
            revision: self.number(),
            sort_order: self.pick(&[SortOrder::None, SortOrder::Ascend, SortOrder::Descend]),
            sort_target: self.pick(&[T::Key, T::Version, T::Create, T::Mod, T::Value]),
            keys_only: self.flag(),
            count_only: self.flag(),
            min_mod_revision: self.number(),
            max_mod_revision: self.number(),
            min_create_revision: self.number(),
            max_create_revision: self.number(),
        }
    }
    fn put(&mut self) -> PutRequest {
        PutRequest {
            key: self.bytes(),
            value: self.bytes(),
            lease: self.number(),
            prev_kv: self.flag(),
            ignore_value: self.flag(),
            ignore_lease: self.flag(),
        }
    }
    fn delete(&mut self) -> DeleteRangeRequest {
        DeleteRangeRequest { key: self.bytes(), range_end: self.bytes(), prev_kv: self.flag() }
    }
    fn compare(&mut self) -> Compare {
        use Relation as R;
        let (number, value) = (self.number(), self.bytes());
        Compare {
            key: self.bytes(),
            range_end: self.bytes(),
            relation: self.pick(&[R::Equal, R::Greater, R::Less, R::NotEqual]),
            operand: self.pick(&[
                Operand::Version(number),
                Operand::Create(number),
                Operand::Mod(number),
                Operand::Value(value),
                Operand::Lease(number),
            ]),
        }
    }
    fn txn(&mut self, depth: usize) -> TxnRequest {
        TxnRequest {
            compare: self.many(Self::compare),
            success: self.many(|draw| draw.step(depth)),
            failure: self.many(|draw| draw.step(depth)),
        }
    }
    fn step(&mut self, depth: usize) -> TxnOperation {
        match self.0.below(if depth == 0 { 4 } else { 5 }) {
            0 => TxnOperation::Nothing,
            1 => TxnOperation::Range(self.range()),
            2 => TxnOperation::Put(self.put()),
            3 => TxnOperation::DeleteRange(self.delete()),
            _ => TxnOperation::Txn(self.txn(depth - 1)),
        }
    }
    fn operation(&mut self) -> Operation {
        use AlarmAction as A;
        match self.0.below(6) {
            0 => Operation::Range(self.range()),
            1 => Operation::Put(self.put()),
            2 => Operation::DeleteRange(self.delete()),
            3 => Operation::Txn(self.txn(3)),
            4 => Operation::Compact(CompactionRequest {
                revision: self.number(),
                physical: self.flag(),
            }),
            _ => Operation::Alarm(AlarmRequest {
                action: self.pick(&[A::Get, A::Activate, A::Deactivate]),
                member: self.0.bits(),
                alarm: self.alarm(),
            }),
        }
    }

    fn kv(&mut self) -> KeyValue {
        KeyValue {
            key: self.bytes(),
            create_revision: self.number(),
            mod_revision: self.number(),
            version: self.number(),
            value: self.bytes(),
            lease: self.number(),
        }
    }
    fn kv_response(&mut self, depth: usize) -> Response {
        match self.0.below(if depth == 0 { 3 } else { 4 }) {
            0 => Response::Range(RangeResponse {
                revision: self.number(),
                kvs: self.many(Self::kv),
                more: self.flag(),
                count: self.number(),
            }),
            1 => {
                let prev_kv = self.flag().then(|| self.kv());
                Response::Put(PutResponse { revision: self.number(), prev_kv })
            }
            2 => Response::DeleteRange(DeleteRangeResponse {
                revision: self.number(),
                deleted: self.number(),
                prev_kvs: self.many(Self::kv),
            }),
            _ => Response::Txn(TxnResponse {
                revision: self.number(),
                succeeded: self.flag(),
                responses: self.many(|draw| draw.kv_response(depth - 1)),
            }),
        }
    }
    fn response(&mut self) -> Response {
        match self.0.below(6) {
            0 => Response::Compact(CompactionResponse { revision: self.number() }),
            1 => Response::Alarm(AlarmResponse {
                alarms: self
                    .many(|draw| AlarmMember { alarm: draw.alarm(), member: draw.0.bits() }),
            }),
            _ => self.kv_response(3),
        }
    }
}

/// Over the wire as bytes.
#[allow(clippy::needless_pass_by_value, reason = "what is sent is gone")]
fn sent<M: prost::Message + Default>(message: M) -> M {
    M::decode(Bytes::from(message.encode_to_vec())).unwrap()
}

fn requested(operation: Operation) -> Operation {
    let asked = match operation {
        Operation::Range(request) => range(sent(range_message(request))).unwrap(),
        Operation::Put(request) => put(sent(put_message(request))),
        Operation::DeleteRange(request) => delete(sent(delete_message(request))),
        Operation::Txn(request) => txn(sent(txn_message(request))).unwrap(),
        Operation::Compact(CompactionRequest { revision, physical }) => {
            compact(sent(pb::CompactionRequest { revision, physical }))
        }
        Operation::Alarm(request) => alarm(sent(alarm_message(request))).unwrap(),
    };
    asked.operation
}

fn responded(response: Response) -> Response {
    fn via<M: Headed + prost::Message + Default>(response: Response) -> M {
        let header = pb::ResponseHeader {
            cluster_id: 7,
            member_id: 1,
            raft_term: 2,
            ..pb::ResponseHeader::default()
        };
        sent(M::from_response(response, header).unwrap())
    }
    match response {
        Response::Range(_) => read::range(via(response)),
        Response::Put(_) => read::put(via(response)),
        Response::DeleteRange(_) => read::delete(via(response)),
        Response::Txn(_) => read::txn(via(response)).unwrap(),
        Response::Compact(_) => read::compact(&via(response)),
        Response::Alarm(_) => read::alarm(via(response)).unwrap(),
    }
}

#[test]
fn every_operation_and_every_outcome_comes_back_byte_for_byte() {
    let seed = Random::seed_from_environment();
    let mut draw = Draw(Random::new(seed));
    for round in 0..3_000 {
        let repro = format!(
            "round {round}; repro: AVOUCH_SEED={seed} cargo test -p avouch-store every_operation"
        );
        let operation = draw.operation();
        assert_eq!(requested(operation.clone()).to_bytes(), operation.to_bytes(), "{repro}");
        let response = draw.response();
        let there: Outcome = Ok(response.clone());
        let back: Outcome = Ok(responded(response));
        assert_eq!(outcome_bytes(&back), outcome_bytes(&there), "{repro}");
    }
    for &error in avouch_state::Error::ALL {
        assert_eq!(read::error_from_status(&status_of_error(error)), Some(error));
    }
}

#[test]
fn a_transaction_is_serializable_when_it_asks_for_such_reads_and_nothing_else() {
    use pb::request_op::Request;
    let step = |request| pb::RequestOp { request: Some(request) };
    let reading = |serializable| {
        step(Request::RequestRange(pb::RangeRequest { serializable, ..Default::default() }))
    };
    let writing = step(Request::RequestPut(pb::PutRequest::default()));
    let nested =
        |success| step(Request::RequestTxn(pb::TxnRequest { success, ..Default::default() }));
    let cases = [
        (vec![reading(true)], vec![], true),
        (vec![reading(true)], vec![reading(true)], true),
        (vec![nested(vec![reading(true)])], vec![], true),
        (vec![reading(true)], vec![reading(false)], false),
        (vec![reading(true), writing.clone()], vec![], false),
        (vec![nested(vec![writing])], vec![], false),
        (vec![], vec![], false),
    ];
    for (success, failure, expected) in cases {
        let asked = txn(pb::TxnRequest { compare: vec![], success, failure }).unwrap();
        assert_eq!(asked.serializable, expected, "{asked:?}");
    }
}

#[test]
fn numbers_without_a_name_are_refused_and_foreign_operands_count_as_zero() {
    let sorted = pb::RangeRequest { key: "k".into(), sort_order: 9, ..Default::default() };
    assert_eq!(range(sorted).unwrap_err().got, "etcdserver: invalid sort option");
    assert!(alarm(pb::AlarmRequest { action: 3, ..Default::default() }).is_err());
    assert!(alarm(pb::AlarmRequest { alarm: -1, ..Default::default() }).is_err());
    let compare = |result, target, target_union| pb::TxnRequest {
        compare: vec![pb::Compare { result, target, target_union, ..Default::default() }],
        ..Default::default()
    };
    assert!(txn(compare(4, 0, None)).is_err());
    assert!(txn(compare(0, 5, None)).is_err());
    let foreign = Some(pb::compare::TargetUnion::Value("5".into()));
    let Operation::Txn(read) = txn(compare(0, 0, foreign)).unwrap().operation else {
        panic!("a transaction")
    };
    assert_eq!(read.compare.first().unwrap().operand, Operand::Version(0));
}

#[test]
fn any_bytes_are_a_message_or_an_error() {
    let seed = Random::seed_from_environment();
    let mut draw = Draw(Random::new(seed));
    let mut read_back = 0;
    for _ in 0..5_000 {
        let mut bytes = txn_message(draw.txn(2)).encode_to_vec();
        for _ in 0..draw.0.between(1, 3) {
            let at = draw.0.below(bytes.len().max(1) as u64) as usize;
            match draw.0.below(3) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at.min(bytes.len()), draw.0.bits() as u8),
                _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 0x55),
            }
        }
        let Ok(message) = pb::TxnRequest::decode(Bytes::from(bytes)) else { continue };
        if let Ok(asked) = txn(message) {
            read_back += 1;
            assert_eq!(requested(asked.operation.clone()), asked.operation, "seed {seed}");
        }
    }
    assert!(read_back > 200, "only {read_back} of 5000 were read: the bending is too strong");
}

#[test]
fn the_round_trip_notices_a_revision_that_is_lost() {
    let check = every_operation_and_every_outcome_comes_back_byte_for_byte;
    assert!(killed(Mutant::InnerRevisionLost, check));
}
