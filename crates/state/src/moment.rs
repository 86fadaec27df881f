//! A moment of a machine's past, as whoever reads sees it.
//!
//! ```text
//!   moment(5)   moment(6)   moment(7)            the one machine, which goes on
//!      |           |           |                      |
//!   ---5-----------6-----------7---- compaction ------8---->
//!      |           |           |         |
//!      +-----------+-----------+-- keep -+   the machine as it still was, shared by all of them
//! ```
//!
//! Every key has its history, so what was to be read at a revision can be read until a compaction
//! forgets it. A moment is therefore a few numbers and the alarms that were raised, however large
//! the machine. A clone of the machine would be as cheap to take, but every write after it copies
//! the paths of the trees that the two share. Only where the past ends, in a compaction or because
//! another machine takes this one's place, do moments keep a clone of what they read from.
//!
//! Invariants: I1, a moment is read on the machine that it was taken of, which has gone on without
//! forgetting anything, or on a clone that was kept before it forgot.

use crate::alarm::Alarms;
use crate::error::Error;
use crate::machine::Machine;
use crate::mutant::{Mutant, planted};
use crate::operation::Operation;
use crate::response::{Outcome, Response};
use avouch_promise::{LogPoint, invariant};
use std::sync::Arc;

/// What can be read of a machine right behind one of its log points.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    point: LogPoint,
    revision: i64,
    compacted: i64,
    alarms: Alarms,
    kept: Option<Arc<Machine>>,
}

impl Moment {
    /// The log point up to which requests were applied.
    pub fn point(&self) -> LogPoint {
        self.point
    }

    /// Keeps the machine as it is before it forgets what this moment reads. Of several keepings the
    /// first one counts.
    pub fn keep(&mut self, machine: &Arc<Machine>) {
        if self.kept.is_none() && !planted(Mutant::PastIsNotKept) {
            self.kept = Some(machine.clone());
        }
    }

    /// Answers an operation that only reads, as the machine would have answered it then; `now` is
    /// that machine as it has become.
    pub fn read(&self, now: &Machine, operation: &Operation) -> Outcome {
        let machine = self.kept.as_deref().unwrap_or(now);
        let (store, point) = (&machine.store, machine.point);
        invariant!(
            I1,
            store.compacted() == self.compacted && point >= self.point
                || planted(Mutant::PastIsNotKept),
            "{} compacted at {} is read at {point} compacted at {}",
            self.point,
            self.compacted,
            store.compacted()
        );
        operation.check()?;
        match operation {
            Operation::Range(range) => store.range_as_of(range, self.revision).map(Response::Range),
            Operation::Txn(txn) if txn.is_read_only() => {
                store.as_of(self.revision).txn(txn).map(Response::Txn)
            }
            Operation::Alarm(alarm) if operation.is_read_only() => {
                Ok(Response::Alarm(self.alarms.show(alarm.alarm)))
            }
            _ => Err(Error::NotReadOnly),
        }
    }
}

impl Machine {
    /// This moment of the machine.
    pub fn moment(&self) -> Moment {
        Moment {
            point: self.point,
            revision: self.store.revision(),
            compacted: self.store.compacted(),
            alarms: self.alarms.clone(),
            kept: None,
        }
    }
}
