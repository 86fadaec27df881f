//! A simulated client: one operation at a time, at any node, with any guarantee that is served.

use super::habit::Habit;
use crate::node::Ask;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::history::{Action, Outcome};
use avouch_promise::{ClusterId, Encode, KeyspaceId, Nonce, Random, Request, RequestId};
use avouch_state::{
    Compare, DeleteRangeRequest, Operand, Operation, PutRequest, RangeRequest, Relation, Response,
    TxnOperation, TxnRequest,
};
use bytes::Bytes;
use std::collections::BTreeMap;

/// One client.
#[derive(Debug)]
pub(super) struct Client {
    id: u64,
    sequence: u64,
    random: Random,
    values: u64,
    /// Which share of its values is large.
    pub(super) large: f64,
    /// What it does, in a scenario; none for the campaign's own mix.
    pub(super) habit: Option<Habit>,
    /// What it wrote to each key last, in a scenario.
    wrote: BTreeMap<Bytes, Bytes>,
}

/// What a client asks.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) action: Action,
    pub(super) guarantee: Guarantee,
    pub(super) ask: Ask,
    pub(super) nonce: Nonce,
}

impl Client {
    pub(super) fn new(id: u64, random: Random) -> Self {
        Self { id, sequence: 0, random, values: 0, large: 0.0, habit: None, wrote: BTreeMap::new() }
    }

    pub(super) fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// The next thing this client wants.
    pub(super) fn wish(&mut self, cluster: ClusterId, keys: u64, evidence: f64) -> Wish {
        if let Some(habit) = self.habit.take() {
            let (action, guarantee) = habit.next(self);
            let with_evidence = self.random.chance(habit.evidence);
            self.habit = Some(habit);
            return self.ask(cluster, action, guarantee, with_evidence);
        }
        let key = Bytes::from(format!("k{}", self.random.below(keys)));
        let guarantee = match self.random.below(10) {
            0 | 1 => Guarantee::ConsistentPrefix,
            2 => Guarantee::Eventual,
            _ => Guarantee::Linearizable,
        };
        let action = match (guarantee, self.random.below(10)) {
            (Guarantee::Linearizable, 0..=3) => Action::Put { key, value: self.value() },
            (Guarantee::Linearizable, 4) => Action::Delete { key },
            (Guarantee::Linearizable, 5) => {
                let guess = self.random.below(self.values + 1);
                let expected = Some(Bytes::from(format!("{}.{guess}", self.id)));
                Action::CompareAndSwap { key, expected, value: self.value() }
            }
            _ => Action::Get { key },
        };
        let with_evidence = self.random.chance(evidence);
        self.ask(cluster, action, guarantee, with_evidence)
    }

    /// A linearizable read of one key.
    pub(super) fn final_read(&mut self, cluster: ClusterId, key: Bytes) -> Wish {
        self.ask(cluster, Action::Get { key }, Guarantee::Linearizable, true)
    }

    fn value(&mut self) -> Bytes {
        self.values += 1;
        let padding = if self.random.chance(self.large) { 1_400 } else { 0 };
        Bytes::from(format!("{}.{}{:padding$}", self.id, self.values, ""))
    }

    /// A value that no other write has, of at least so many bytes.
    pub(super) fn value_of(&mut self, bytes: u64) -> Bytes {
        self.values += 1;
        let width = bytes as usize;
        Bytes::from(format!("{:width$}", format!("{}.{}", self.id, self.values)))
    }

    /// What this client wrote to a key last, or hopes that it holds.
    pub(super) fn guess(&mut self, key: &Bytes) -> Bytes {
        self.wrote.get(key).cloned().unwrap_or_else(|| Bytes::from_static(b"0.0"))
    }

    /// Notes what it is about to write.
    pub(super) fn writes(&mut self, key: &Bytes, value: &Bytes) {
        self.wrote.insert(key.clone(), value.clone());
    }

    fn ask(
        &mut self,
        cluster: ClusterId,
        action: Action,
        guarantee: Guarantee,
        evidence: bool,
    ) -> Wish {
        self.sequence += 1;
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.random.bits().to_le_bytes());
        nonce[8..].copy_from_slice(&self.random.bits().to_le_bytes());
        let operation = operation(&action);
        let request = Request {
            intent: operation.intent(),
            cluster,
            keyspace: KeyspaceId(0),
            id: RequestId { client: self.id, sequence: self.sequence },
            settled: self.sequence,
            nonce: Nonce(nonce),
            guarantee: guarantee.to_string(),
            token: Bytes::new(),
            body: operation.to_bytes(),
        };
        let ask = Ask { request: request.to_bytes(), evidence, deadline: None };
        Wish { action, guarantee, ask, nonce: Nonce(nonce) }
    }
}

fn range(key: &Bytes) -> RangeRequest {
    RangeRequest { key: key.clone(), ..RangeRequest::default() }
}

fn put(key: &Bytes, value: &Bytes) -> PutRequest {
    PutRequest { key: key.clone(), value: value.clone(), ..PutRequest::default() }
}

/// The operation of an action.
fn operation(action: &Action) -> Operation {
    match action {
        Action::Put { key, value } => Operation::Put(put(key, value)),
        Action::Delete { key } => Operation::DeleteRange(DeleteRangeRequest {
            key: key.clone(),
            ..DeleteRangeRequest::default()
        }),
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
        Action::Get { key } => Operation::Range(range(key)),
        _ => Operation::Range(RangeRequest::default()),
    }
}

/// What an answer says in the history's words; none when it is an error.
pub(super) fn outcome(action: &Action, bytes: &[u8]) -> Option<Outcome> {
    let response = avouch_state::outcome_from_bytes(bytes).ok()?.ok()?;
    Some(match (action, response) {
        (Action::Put { .. }, Response::Put(_)) => Outcome::Done,
        (Action::Delete { .. }, Response::DeleteRange(deleted)) => {
            Outcome::Deleted(deleted.deleted.unsigned_abs())
        }
        (Action::CompareAndSwap { .. }, Response::Txn(txn)) => Outcome::Swapped(txn.succeeded),
        (Action::Get { .. }, Response::Range(range)) => {
            Outcome::Value(range.kvs.first().map(|found| found.value.clone()))
        }
        _ => return None,
    })
}
