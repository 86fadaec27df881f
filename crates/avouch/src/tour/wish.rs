//! What a tour's client asks: an action of the history, the operation that it is for the store, and
//! the answer in the history's words.

use avouch_promise::Random;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::history::{Action, Outcome};
use avouch_state::{
    Compare, DeleteRangeRequest, Operand, Operation, PutRequest, RangeRequest, Relation, Response,
    TxnOperation, TxnRequest,
};
use bytes::Bytes;

/// How many keys all clients share: few, so that they meet.
pub(super) const KEYS: u64 = 8;
const PREFIX: &[u8] = b"stock/";
/// The keys that ranges span: two, for the judge searches one order for all keys that a range ties
/// together.
const SPAN: std::ops::Range<u64> = KEYS - 2..KEYS;

/// The guarantees that a tour asks for.
pub(super) const GUARANTEES: [Guarantee; 3] =
    [Guarantee::Linearizable, Guarantee::ConsistentPrefix, Guarantee::Eventual];

/// One thing to ask.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) action: Action,
    pub(super) guarantee: Guarantee,
}

/// What a client is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Appetite {
    /// Writes and linearizable reads.
    Strong,
    /// Consistent prefixes and eventual reads.
    Weak,
}

/// Draws one client's wishes.
pub(super) struct Wishes {
    /// The client's number, which makes its values its own.
    client: u64,
    values: u64,
    random: Random,
}

impl Wishes {
    pub(super) fn new(client: u64, random: Random) -> Self {
        Self { client, values: 0, random }
    }

    pub(super) fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// The next wish; a read if nothing may be written.
    pub(super) fn next(&mut self, appetite: Appetite, may_write: bool) -> Wish {
        let key = key(self.random.below(KEYS));
        match appetite {
            Appetite::Strong => {
                let action = match self.random.below(10) {
                    0..=3 if may_write => Action::Put { key, value: self.value() },
                    4 if may_write => Action::Delete { key },
                    5 if may_write => {
                        let guess = self.random.between(1, self.values.max(1));
                        let expected = Some(self.named(guess));
                        Action::CompareAndSwap { key, expected, value: self.value() }
                    }
                    _ => Action::Get { key },
                };
                Wish { action, guarantee: Guarantee::Linearizable }
            }
            Appetite::Weak => match self.random.below(6) {
                0..=1 => Wish { action: Action::Get { key }, guarantee: Guarantee::Eventual },
                2 => Wish { action: several(), guarantee: Guarantee::ConsistentPrefix },
                _ => Wish { action: Action::Get { key }, guarantee: Guarantee::ConsistentPrefix },
            },
        }
    }

    fn value(&mut self) -> Bytes {
        self.values += 1;
        self.named(self.values)
    }

    fn named(&self, value: u64) -> Bytes {
        Bytes::from(format!("{}.{value}", self.client))
    }
}

/// A key of the tour.
pub(super) fn key(number: u64) -> Bytes {
    [PREFIX, number.to_string().as_bytes()].concat().into()
}

/// Several keys at one point.
fn several() -> Action {
    Action::Range { from: key(SPAN.start), to: Some(key(SPAN.end)), limit: None }
}

/// The operation of an action.
pub(super) fn operation(action: &Action) -> Operation {
    let put = |key: &Bytes, value: &Bytes| PutRequest {
        key: key.clone(),
        value: value.clone(),
        ..PutRequest::default()
    };
    match action {
        Action::Put { key, value } => Operation::Put(put(key, value)),
        Action::Delete { key } => {
            let key = key.clone();
            Operation::DeleteRange(DeleteRangeRequest { key, ..DeleteRangeRequest::default() })
        }
        Action::CompareAndSwap { key, expected, value } => Operation::Txn(TxnRequest {
            compare: vec![Compare {
                key: key.clone(),
                range_end: Bytes::new(),
                relation: Relation::Equal,
                operand: Operand::Value(expected.clone().unwrap_or_default()),
            }],
            success: vec![TxnOperation::Put(put(key, value))],
            failure: vec![],
        }),
        Action::Get { key } => {
            Operation::Range(RangeRequest { key: key.clone(), ..RangeRequest::default() })
        }
        _ => Operation::Range(RangeRequest {
            key: key(SPAN.start),
            range_end: key(SPAN.end),
            ..RangeRequest::default()
        }),
    }
}

/// What a response says in the history's words; none when it answers something else.
pub(super) fn outcome(action: &Action, response: &Response) -> Option<Outcome> {
    Some(match (action, response) {
        (Action::Put { .. }, Response::Put(_)) => Outcome::Done,
        (Action::Delete { .. }, Response::DeleteRange(deleted)) => {
            Outcome::Deleted(deleted.deleted.unsigned_abs())
        }
        (Action::CompareAndSwap { .. }, Response::Txn(txn)) => Outcome::Swapped(txn.succeeded),
        (Action::Get { .. }, Response::Range(range)) => {
            Outcome::Value(range.kvs.first().map(|found| found.value.clone()))
        }
        (Action::Range { .. }, Response::Range(range)) => {
            let entry = |kv: &avouch_state::KeyValue| (kv.key.clone(), kv.value.clone());
            Outcome::Entries(range.kvs.iter().map(entry).collect())
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_drawn_is_everything_that_the_tour_speaks_of() {
        let mut wishes = Wishes::new(7, Random::new(1));
        let mut drawn = BTreeSet::new();
        let mut values = BTreeSet::new();
        for turn in 0..400 {
            let appetite = if turn % 2 == 0 { Appetite::Strong } else { Appetite::Weak };
            let Wish { action, guarantee } = wishes.next(appetite, true);
            let operation = operation(&action);
            assert!(operation.is_read_only() || guarantee == Guarantee::Linearizable);
            if let Action::Put { value, .. } | Action::CompareAndSwap { value, .. } = &action {
                assert!(values.insert(value.clone()), "each value is written once");
            }
            drawn.insert(guarantee.to_string());
            drawn.insert(format!("{:?}", std::mem::discriminant(&action)));
        }
        assert_eq!(drawn.len(), GUARANTEES.len() + 5, "{drawn:?}");
        let read = |_| operation(&wishes.next(Appetite::Strong, false).action).is_read_only();
        assert!((0..50).all(read), "nothing is written where nothing may be");
    }

    #[test]
    fn an_answer_to_something_else_is_no_answer() {
        let put = Response::Put(avouch_state::PutResponse::default());
        let range = Response::Range(avouch_state::RangeResponse::default());
        let (key, value) = (key(0), Bytes::from_static(b"1"));
        let write = Action::Put { key: key.clone(), value };
        assert_eq!(outcome(&write, &put), Some(Outcome::Done));
        assert_eq!(outcome(&write, &range), None);
        assert_eq!(outcome(&Action::Get { key }, &range), Some(Outcome::Value(None)));
        assert_eq!(outcome(&several(), &range), Some(Outcome::Entries(vec![])));
    }
}
