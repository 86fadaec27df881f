//! The machine of a group's log: requests in, answers out, the same on every replica.
//!
//! ```text
//! request bytes --> known? --> its answer, once more
//!                     | no
//!                     v
//!                  alarms, quota --> store --> outcome, kept for retries
//! ```
//!
//! Invariants: I1, log points only grow. I2, an operation that is refused changes nothing but the
//! alarms and the kept answers.
//!
//! Deviations from etcd: the space that a nested transaction's puts take counts, too; an alarm
//! that the machine itself raises is of the whole group and names member 0.

use crate::alarm::Alarms;
use crate::dedupe::{Answer, Dedupe, Limits};
use crate::error::Error;
use crate::mutant::{Mutant, planted};
use crate::mvcc::{ENTRY_OVERHEAD_BYTES, Store};
use crate::operation::{AlarmType, Operation, PutRequest, TxnOperation, TxnRequest};
use crate::response::{AlarmMember, Outcome, Response, outcome_bytes};
use avouch_promise::{Decode, Digest, Envelope, LogPoint, Request, invariant};
use bytes::Bytes;

/// A group's state. A clone is O(1) and stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Machine {
    pub(crate) store: Store,
    pub(crate) dedupe: Dedupe,
    pub(crate) alarms: Alarms,
    pub(crate) limits: Limits,
    pub(crate) point: LogPoint,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Applied {
    /// The answer in its canonical encoding: see [`crate::outcome_from_bytes`].
    pub outcome: Bytes,
    /// The log point at which it was carried out: for a retry, where that was.
    pub point: LogPoint,
    /// Whether nothing was carried out now, because it had been before or may have been.
    pub duplicate: bool,
}

impl Default for Machine {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Machine {
    /// An empty machine.
    pub fn new(limits: Limits) -> Self {
        Self {
            store: Store::new(),
            dedupe: Dedupe::new(),
            alarms: Alarms::new(),
            limits,
            point: LogPoint::default(),
        }
    }

    /// Applies the request that stands at `point` of the log: canonical bytes of a
    /// [`Request`] whose body is an [`Operation`].
    pub fn apply(&mut self, point: LogPoint, request: &[u8]) -> Applied {
        self.apply_keeping(point, request, Request::digest(request), |_| {})
    }

    /// Applies a request whose digest is known. Before it forgets anything of the past, `keep` is
    /// shown the machine as it still is, for the moments that read from it.
    pub fn apply_keeping(
        &mut self,
        point: LogPoint,
        request: &[u8],
        digest: Digest,
        keep: impl FnOnce(&Self),
    ) -> Applied {
        invariant!(I1, point > self.point, "{point} applied after {}", self.point);
        self.point = point;
        let answer = |outcome: &Outcome, duplicate| Applied {
            outcome: outcome_bytes(outcome),
            point,
            duplicate,
        };
        let Ok(envelope) = Envelope::open(request) else {
            return answer(&Err(Error::Malformed), false);
        };
        let Ok(operation) = Operation::from_bytes(envelope.body) else {
            return answer(&Err(Error::Malformed), false);
        };
        if operation.is_read_only() {
            return answer(&self.read(&operation), false);
        }
        match self.dedupe.recall(envelope.id, digest) {
            Ok(Some(kept)) => {
                return Applied {
                    outcome: kept.outcome.clone(),
                    point: kept.point,
                    duplicate: true,
                };
            }
            Err(refusal) => return answer(&Err(refusal), true),
            Ok(None) => {}
        }
        if let Operation::Compact(compaction) = &operation
            && self.store.check_compaction(compaction).is_ok()
        {
            keep(self);
        }
        let sized = operation.check_size(envelope.body.len());
        let applied = answer(&sized.and_then(|()| self.carry_out(operation)), false);
        let kept = Answer { point, request: digest, outcome: applied.outcome.clone() };
        self.dedupe.keep(envelope.id, envelope.settled, kept, &self.limits);
        applied
    }

    /// Answers an operation that only reads, from the state as it is.
    pub fn read(&self, operation: &Operation) -> Outcome {
        operation.check()?;
        match operation {
            Operation::Range(range) => self.store.range(range).map(Response::Range),
            Operation::Txn(txn) if txn.is_read_only() => {
                self.store.clone().txn(txn).map(Response::Txn)
            }
            Operation::Alarm(alarm) if operation.is_read_only() => {
                Ok(Response::Alarm(self.alarms.show(alarm.alarm)))
            }
            _ => Err(Error::NotReadOnly),
        }
    }

    /// Carries out an operation, whoever asked for it and however often.
    pub fn execute(&mut self, operation: &Operation) -> Outcome {
        self.carry_out(operation.clone())
    }

    /// What is written is kept as it came, so that it is not shared with anything that goes.
    fn carry_out(&mut self, operation: Operation) -> Outcome {
        operation.check()?;
        if operation.is_read_only() && !planted(Mutant::ReadTakesRevision) {
            return self.read(&operation);
        }
        if let Operation::Alarm(alarm) = &operation {
            return Ok(Response::Alarm(self.alarms.apply(alarm)));
        }
        if self.alarms.raised(AlarmType::Corrupt) {
            return Err(Error::CorruptAlarm);
        }
        self.check_quota(&operation)?;
        match operation {
            Operation::Range(range) => self.store.range(&range).map(Response::Range),
            Operation::Put(put) => self.store.put(put).map(Response::Put),
            Operation::DeleteRange(delete) => {
                Ok(Response::DeleteRange(self.store.delete_range(&delete)))
            }
            Operation::Txn(txn) => self.store.txn(&txn).map(Response::Txn),
            Operation::Compact(compaction) => {
                self.store.compact(&compaction).map(Response::Compact)
            }
            Operation::Alarm(alarm) => Ok(Response::Alarm(self.alarms.apply(&alarm))),
        }
    }

    /// Refuses what takes space when there is none, and raises the alarm when there was some.
    fn check_quota(&mut self, operation: &Operation) -> Result<(), Error> {
        let cost_bytes = cost_bytes(operation);
        if cost_bytes == 0 {
            return Ok(());
        }
        if self.alarms.raised(AlarmType::NoSpace) {
            return Err(Error::NoSpace);
        }
        let full = self.size_bytes().saturating_add(cost_bytes) >= self.limits.quota_bytes;
        if full && !planted(Mutant::QuotaIgnored) {
            self.alarms.raise(AlarmMember { alarm: AlarmType::NoSpace, member: 0 });
            return Err(Error::NoSpace);
        }
        Ok(())
    }

    /// What counts against the quota: the store, and the answers kept for retries.
    pub fn size_bytes(&self) -> u64 {
        self.store.size_bytes() + self.dedupe.bytes()
    }

    /// The log point up to which requests are applied.
    pub fn point(&self) -> LogPoint {
        self.point
    }

    /// The data.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The limits that all replicas share.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The alarms that are raised.
    pub fn alarms(&self) -> Vec<AlarmMember> {
        self.alarms.iter().copied().collect()
    }

    /// One digest of all that can be read now: see [`Store::projection`].
    pub fn projection(&self) -> Digest {
        self.store.projection()
    }
}

/// The space that an operation may take: of a transaction, that of its larger branch.
fn cost_bytes(operation: &Operation) -> u64 {
    match operation {
        Operation::Put(put) => put_bytes(put),
        Operation::Txn(txn) => txn_bytes(txn),
        _ => 0,
    }
}

fn put_bytes(put: &PutRequest) -> u64 {
    ENTRY_OVERHEAD_BYTES + put.key.len() as u64 + put.value.len() as u64
}

fn txn_bytes(txn: &TxnRequest) -> u64 {
    let branch = |steps: &[TxnOperation]| -> u64 {
        let cost = |step: &TxnOperation| match step {
            TxnOperation::Put(put) => put_bytes(put),
            TxnOperation::Txn(nested) => txn_bytes(nested),
            _ => 0,
        };
        steps.iter().map(cost).sum()
    };
    branch(&txn.success).max(branch(&txn.failure))
}
